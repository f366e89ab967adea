"""Guess: what guessing would reach on the targets, for a training to be held against."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.tensor import as_array
from neurona.core.tree import flatten
from neurona.doctor.scan import entropy, sample
from neurona.nn.losses.crossentropy import Crossentropy

LEAST = 1e-7  # a chance, as in the losses
TRIED = np.linspace(0, 1, 5)  # quantiles of the targets, as answers to a loss of the user's own
BETWEEN = ("huber_loss", "log_cosh")  # whose best constant lies between mean and median
CLASSES, FLAGS, NUMBERS = "classes", "flags", "numbers"


@dataclasses.dataclass(frozen=True)
class Guess:
    """What a model is to learn, as far as its loss tells.

    Attributes:
        kind: "classes" (one of several), "flags" (each yes or no), "numbers", or "" if unknown.
        loss: that of the best answer that is always the same; None if unknown.
        majority: the accuracy of always answering with the most frequent class; None if unknown.
        classes: how many there are; 0 if unknown.
        squared: whether the loss is the mean of squares.
        samples: how many there are.
        unseen: by how much guessing is worse on average where these are some of the samples: a
            sample's entropy is too low (Miller and Madow 1955).
        answer: that answer: a share of each class, a chance of each flag, means; None if unknown.
    """

    kind: str = ""
    loss: float | None = None
    majority: float | None = None
    classes: int = 0
    squared: bool = False
    samples: int = 0
    unseen: float = 0.0
    answer: np.ndarray | None = None

    def loss_of(self, answer: np.ndarray | None) -> float | None:
        """Return the loss of another answer that is always the same: larger than that of the best.

        By the Kullback-Leibler divergence, or by the square of the distance.
        """
        best = self.answer
        if self.loss is None or best is None or answer is None or answer.shape != best.shape:
            return self.loss
        if self.kind == NUMBERS:
            return self.loss + float(np.square(best - answer).mean())
        p, q = (np.clip(shares, LEAST, 1) for shares in (best, answer))
        if self.kind == CLASSES:
            return self.loss + float(p @ np.log(p / q))
        r, s = (np.clip(1 - shares, LEAST, 1) for shares in (best, answer))
        return self.loss + float(np.mean(p * np.log(p / q) + r * np.log(r / s)))


def guess_of(model: Any, y: Any, weight: Any = None, whole: bool = True) -> Guess:
    """Return the Guess of a compiled model with one output, from targets and sample weights.

    Args:
        model: that is trained.
        y, weight: of all samples, or of some.
        whole: which of both.
    """
    leaves = flatten(y)[0] if y is not None else []
    guess = dataclasses.replace(
        _guess(model, leaves, weight), samples=len(leaves[0]) if leaves else 0
    )
    if whole or guess.loss is None:
        return guess
    return dataclasses.replace(guess, loss=guess.loss + guess.unseen)


def guesses_of(model: Any, y: Any) -> dict[str, Guess]:
    """Return a Guess for each of several outputs of a compiled model, by its loss in logs."""
    losses = model._training.losses
    if len(losses.outputs or ()) < 2:
        return {}
    pairs = zip(losses.outputs, losses.targets(y), strict=True)
    return {
        output.tracker.name: _of_output(model, output, target, None)
        for output, target in pairs
        if output.tracker is not None and output.weight and target is not None
    }


def _guess(model: Any, leaves: list[Any], weight: Any) -> Guess:
    outputs: Any = model._training.losses.outputs or ()
    if len(outputs) != 1 or len(leaves) != 1 or outputs[0].loss is None or outputs[0].weight != 1:
        return Guess()
    return _of_output(model, outputs[0], leaves[0], weight)


def _of_output(model: Any, output: Any, target: Any, weight: Any) -> Guess:
    loss, targets, shape = output.loss, np.asarray(target), output.shape
    if isinstance(loss, Crossentropy):
        loss = loss.chosen(targets.shape, shape)
    plain = getattr(loss, "reduction", "sum_over_batch_size") == "sum_over_batch_size"
    padded = targets[:1].size > 1 and _has_masks(model)
    if not targets.size or not plain or padded or getattr(loss, "ignore_class", None) is not None:
        return Guess()
    name = str(getattr(loss, "name", ""))
    shares = _shares(weight, targets.shape)
    if name == "sparse_categorical_crossentropy":
        return _of_classes(targets.reshape(len(targets), -1), shape[-1], shares)
    if name == "categorical_crossentropy" and targets.ndim == 2:
        return _of_classes(targets.argmax(-1)[:, None], shape[-1], shares)
    if name == "binary_crossentropy":
        return _of_flags(targets.reshape(len(targets), -1), shares)
    guess = _of_numbers(loss, targets, weight)
    if type(loss).__name__ == "FunctionLoss" and weight is None and guess.loss is None:
        return Guess(NUMBERS, _of_the_user(loss, targets, shape))
    return guess


def _of_the_user(loss: Any, targets: np.ndarray, shape: tuple[int | None, ...]) -> float | None:
    """Return the least loss of a number that is always the answer, by a loss of the user's own.

    None where it can be 0 or less: then an answer need not be near anything.
    """
    y = sample(targets)
    if y.dtype.kind != "f":
        return None
    y, like = y.astype(np.float32), np.ones((len(y), *(n or 1 for n in shape[1:])), np.float32)
    known = np.unique(np.quantile(y, TRIED))
    numbers = np.concatenate([known, (known[:-1] + known[1:]) / 2])
    try:
        with random.undisturbed(), np.errstate(all="ignore"):
            losses = [np.mean(as_array(loss(y, (n * like).astype(np.float32)))) for n in numbers]
    except Exception:  # of the user's code, which wants other things
        return None
    least = float(min(losses))
    return least if np.isfinite(losses).all() and least > 0 else None


def _has_masks(model: Any) -> bool:
    """Whether some layer says which steps of a sequence are padding, which the loss leaves out."""
    kinds = [layer for layer in model.all_layers() if type(layer).__name__ == "Masking"]
    return bool(kinds) or any(getattr(layer, "mask_zero", False) for layer in model.all_layers())


def _shares(weight: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return a weight for each sample, or one for each of its places; None if there are none."""
    leaves = flatten(weight)[0] if weight is not None else []
    weights = np.asarray(leaves[0], float) if len(leaves) == 1 else None
    if weights is None or weights.shape[0] != shape[0]:
        return None
    places = weights.reshape(len(weights), -1)
    if places.shape[1] in (1, int(np.prod(shape[1:]))):
        return places
    return None


def _of_classes(labels: np.ndarray, classes: int, weight: np.ndarray | None) -> Guess:
    known = (labels >= 0) & (labels < classes)
    if not known.all():
        return Guess(CLASSES, classes=classes)
    column = labels.astype(np.int64)
    weights = None if weight is None else np.broadcast_to(weight, column.shape).ravel()
    counts = np.bincount(column.ravel(), minlength=classes)
    mass = np.bincount(column.ravel(), weights, classes) / column.size
    majority = float(counts.max() / counts.sum())
    unseen = float((np.count_nonzero(counts) - 1) / (2 * column.size))
    answer = mass / max(mass.sum(), LEAST)
    return Guess(CLASSES, entropy(mass), majority, classes, unseen=unseen, answer=answer)


def _of_flags(flags: np.ndarray, weight: np.ndarray | None) -> Guess:
    if flags.min() < 0 or flags.max() > 1:
        return Guess(FLAGS)
    w = 1.0 if weight is None else weight
    yes, no = (w * flags).mean(axis=0), (w * (1 - flags)).mean(axis=0)
    guessing = float(np.mean([entropy(np.array(pair)) for pair in zip(yes, no, strict=True)]))
    means = flags.mean(axis=0)
    majority = float(np.maximum(means, 1 - means).mean())
    answer = yes / np.maximum(yes + no, LEAST)
    return Guess(FLAGS, guessing, majority, 2, unseen=0.5 / len(flags), answer=answer)


def _of_numbers(loss: Any, targets: np.ndarray, weight: Any) -> Guess:
    if weight is not None:
        return Guess(NUMBERS)
    values, name = targets.astype(np.float64), str(getattr(loss, "name", ""))
    if name == "mean_squared_error":
        mean, error = values.mean(axis=0), float(values.var(axis=0).mean())
        return Guess(NUMBERS, error, squared=True, answer=mean)
    if name == "mean_absolute_error":
        return Guess(NUMBERS, float(np.abs(values - np.median(values, axis=0)).mean()))
    if name in BETWEEN:
        values = sample(values)
        mean, middle = values.mean(axis=0), np.median(values, axis=0)
        tried = [np.broadcast_to(m, values.shape) for m in (mean, middle, (mean + middle) / 2)]
        return Guess(NUMBERS, min(float(np.mean(as_array(loss(values, m)))) for m in tried))
    return Guess(NUMBERS)
