"""Advice: what to try next, derived from the numbers of a run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Advice:
    """What was seen, and what to try because of it."""

    seen: str
    attempt: str


def on_training(history: Mapping[str, Sequence[float]]) -> list[Advice]:
    """Return advice on the curves: diverged, still falling, overfitted, or noisy.

    >>> on_training({"loss": [1.0, 0.5, 0.3], "val_loss": [0.9, 0.5, 0.3]})[0].seen
    'The validation loss was still falling when training ended: 40 % in the last epoch.'
    """
    loss = np.asarray(history.get("loss", ()), float)
    held = np.asarray(history.get("val_loss", ()), float)
    if not np.isfinite(loss).all():
        first = int(np.flatnonzero(~np.isfinite(loss))[0]) + 1
        return [
            Advice(
                f"The loss was no longer a number in epoch {first}: the steps were too large.",
                "A learning rate ten times smaller (--lr), or gradient clipping (clipnorm=1.0).",
            )
        ]
    checks = (_falling(held if len(held) else loss, bool(len(held))), _overfitted(loss, held))
    found = [advice for advice in (*checks, _noisy(loss)) if advice]
    found += _gap(history)
    return found


def _falling(values: np.ndarray, held: bool) -> Advice | None:
    last = max(len(values) // 10, 1)  # the last tenth of the epochs
    if len(values) < 2 * last + 1 or not values[-1] < values[:-last].min():
        return None
    fall = 1 - values[-1] / values[-1 - last]
    if fall < 0.02:
        return None
    epochs = "epoch" if last == 1 else f"{last} epochs"
    return Advice(
        f"The {'validation' if held else 'training'} loss was still falling when training ended: "
        f"{100 * fall:.0f} % in the last {epochs}.",
        f"More epochs: --epochs {2 * len(values)}.",
    )


def _overfitted(loss: np.ndarray, held: np.ndarray) -> Advice | None:
    if len(held) < 3:
        return None
    best = int(held.argmin())
    if best == len(held) - 1 or held[-1] < 1.1 * held[best]:
        return None
    return Advice(
        f"The validation loss was lowest in epoch {best + 1} ({held[best]:.4g}) and rose to "
        f"{held[-1]:.4g}, while the training loss went on to {loss[-1]:.4g}: overfitting.",
        f"Stop earlier (--epochs {best + 1}, or EarlyStopping with restore_best_weights), more "
        "Dropout, weight decay, augmentation of the training images, or a smaller network.",
    )


def _noisy(loss: np.ndarray) -> Advice | None:
    tail = loss[len(loss) // 2 :]
    if len(tail) < 6 or not (np.diff(tail) > 0.02 * tail[:-1]).mean() > 0.35:
        return None
    return Advice(
        "In the second half, the training loss went up about as often as down.",
        "A smaller learning rate (--lr), a schedule that lowers it, or a larger --batch-size.",
    )


def _gap(history: Mapping[str, Sequence[float]]) -> list[Advice]:
    if "accuracy" not in history or "val_accuracy" not in history:
        return []
    seen, held = history["accuracy"][-1], history["val_accuracy"][-1]
    if seen < 0.9:
        return [
            Advice(
                f"Even the training samples are right in only {100 * seen:.1f} % of cases: "
                "the network has not learned them.",
                "More units or layers, more epochs, or a larger learning rate.",
            )
        ]
    if seen - held > 0.02:
        return [
            Advice(
                f"Training accuracy is {100 * seen:.1f} %, validation accuracy {100 * held:.1f} %: "
                "part of what was learned holds for the training samples only.",
                "More data, augmentation (nn.data.batches(augment=)), Dropout, or label smoothing.",
            )
        ]
    return []


def on_classes(counts: np.ndarray, names: Sequence[str]) -> list[Advice]:
    """Return advice on a confusion matrix: the most confused pair, and the weakest class.

    Shapes: counts (K, K), a row for each true class.

    >>> on_classes(np.array([[9, 1], [0, 10]]), ["cat", "dog"])[0].seen
    'The pair confused most often: cat taken for dog, 1 of 10 times.'
    """
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return []
    i, j = divmod(int(wrong.argmax()), len(counts))
    times = f"{wrong[i, j]:,.0f} of {counts[i].sum():,.0f} times"
    found = [
        Advice(
            f"The pair confused most often: {names[i]} taken for {names[j]}, {times}.",
            f"Look at them among the worst mistakes: would you tell {names[i]} from {names[j]}? "
            "More samples of both, or augmentation (nn.data.batches(augment=)), help most there.",
        )
    ]
    recall = np.diag(counts) / np.maximum(counts.sum(1), 1)
    weak = int(recall.argmin())
    if recall[weak] < np.trace(counts) / counts.sum() - 0.03:
        found.append(
            Advice(
                f"Class {names[weak]} is recognised least: {100 * recall[weak]:.1f} % of its "
                f"{counts[weak].sum():,.0f} samples.",
                "Give it more weight (class_weight in fit), or collect more of it.",
            )
        )
    return found


def on_chance(share: float, samples: int) -> Advice:
    """Return advice on how far to trust an accuracy that was measured on so many samples.

    >>> on_chance(0.98, 10000).seen
    'With 10,000 test samples, chance alone moves the accuracy by about ±0.14 points.'
    """
    error = 100 * math.sqrt(max(share * (1 - share), 1 / samples) / samples)
    return Advice(
        f"With {samples:,} test samples, chance alone moves the accuracy by about "
        f"±{error:.2g} points.",
        "Before you trust a smaller improvement, compare the mean of several --seed values.",
    )
