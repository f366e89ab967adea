"""Advice: what to try next, derived from the numbers of a run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

EXPLODED = 2.5  # times the loss of guessing, as the mean of a first epoch
ABOVE = 1.3  # times the loss of guessing, where a network also ends with guesses
ROSE = 1.25  # times the lowest training loss, at the end


@dataclasses.dataclass(frozen=True)
class Advice:
    """What was seen, and what to try because of it.

    Attributes:
        seen, attempt: in words.
        wrong: whether training itself went wrong, so that no other advice means anything.
    """

    seen: str
    attempt: str
    wrong: bool = False


def on_training(
    history: Mapping[str, Sequence[float]], classes: int = 0, rate: float = 0.0, usual: float = 0.0
) -> list[Advice]:
    """Return advice on the curves: went wrong, or still falling, overfitted, noisy.

    Of a run that went wrong nothing else is worth saying.

    Args:
        history: losses and accuracies, a number each epoch.
        classes: how many a classifier tells apart by cross-entropy; 0 for anything else.
        rate, usual: the learning rate, and that of the recipe; 0 if there is none to name.

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
                f"{_smaller(rate, usual)}, or gradient clipping (clipnorm=1.0).",
                wrong=True,
            )
        ]
    if (wrong := _went_wrong(loss, history.get("accuracy", ()), classes, rate, usual)) is not None:
        return [wrong]
    checks = (_falling(held if len(held) else loss, bool(len(held))), _overfitted(loss, held))
    found = [advice for advice in (*checks, _noisy(loss)) if advice]
    found += _gap(history)
    return found


def _smaller(rate: float, usual: float) -> str:
    if usual and rate > 2 * usual:
        return f"A smaller learning rate: --lr {usual:g} is the recipe's own"
    return "A learning rate ten times smaller" + (f": --lr {rate / 10:g}" if rate else " (--lr)")


def _went_wrong(
    loss: np.ndarray, accuracy: Sequence[float], classes: int, rate: float, usual: float
) -> Advice | None:
    """Return advice on a loss that exploded, rose, or stayed where guessing is.

    Who guesses one of K classes has a loss of ln K. A mean of more in the first epoch comes from
    steps that were too large: a network is never that wrong by its first weights.
    """
    guessing = math.log(classes) if classes > 1 else math.inf
    guessed = f"guessing one of {classes} classes has {guessing:.2f}"
    if len(loss) and loss[0] > EXPLODED * guessing:
        return Advice(
            f"The training loss was {loss[0]:.3g} in the first epoch, where {guessed}: the steps "
            "were so large that they threw the weights away.",
            f"{_smaller(rate, usual)}.",
            wrong=True,
        )
    best = int(loss.argmin()) if len(loss) else 0
    lost = 0.1 * (min(loss[0], guessing) - loss[best]) if len(loss) else 0.0  # of what was learned
    if len(loss) > 2 and loss[-1] > max(ROSE * loss[best], loss[best] + lost):
        return Advice(
            f"The training loss was lowest in epoch {best + 1} ({loss[best]:.4g}) and rose to "
            f"{loss[-1]:.4g}: the steps were too large to stay where it is low.",
            f"{_smaller(rate, usual)}, or a schedule that lowers it.",
            wrong=True,
        )
    if not (classes and len(accuracy) and at_chance(accuracy[-1], classes)):
        return None
    seen = f"{100 * accuracy[-1]:.1f} % of the training samples are right, no more than by guessing"
    if loss[0] > ABOVE * guessing:
        return Advice(
            f"{seen}; the loss began at {loss[0]:.3g}, where {guessed}: the steps were too large.",
            f"{_smaller(rate, usual)}.",
            wrong=True,
        )
    if rate < usual / 2:
        attempt = f"A larger learning rate: --lr {usual:g} is the recipe's own."
    else:
        attempt = (
            "Look at some samples with their labels first; then a learning rate ten times larger "
            "or smaller (--lr), since steps may be too small to get anywhere, too."
        )
    return Advice(f"{seen}: nothing was learned.", attempt, wrong=True)


def at_chance(share: float, classes: int) -> bool:
    """Whether so many right answers among so many classes may come from guessing.

    >>> at_chance(0.11, 10), at_chance(0.3, 10), at_chance(0.52, 2)
    (True, False, True)
    """
    return share < (1 + 0.1 * classes**0.5) / classes


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
                "More epochs first (--epochs), then more units or layers.",
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
    if not wrong.any() or at_chance(np.trace(counts) / counts.sum(), len(counts)):
        return []  # no mistake, or nothing but guesses
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
