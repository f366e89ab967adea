"""`nn.baseline`: what can be said of data without a network, which a network has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurona.classic import baselines
from neurona.errors import DataError, check_choice
from neurona.frames import door
from neurona.train.arrays import check_arrays
from neurona.train.data import unpack

TASKS = ("classification", "regression")
FOLDS, ENOUGH, HELD = 5, 2000, 0.2  # parts of few samples; from so many on, one part of a fifth
MOST_CLASSES = 100  # that numbers without a fraction are taken for
WIDEST = 3000  # features with which equations are solved
NEIGHBOURS = 5


class Baselines(NamedTuple):
    """What was reached without a network.

    Attributes:
        task: "classification" or "regression".
        measure: of the scores: "accuracy" or "R2".
        scores: the score of each method on samples that it was not given.
        errors: standard error of each score.
        losses: cross-entropy, or mean squared error, of each: what a network's `val_loss` is.
        samples: how many samples the scores are of.
    """

    task: str
    measure: str
    scores: dict[str, float]
    errors: dict[str, float]
    losses: dict[str, float]
    samples: int

    @property
    def best(self) -> str:
        """The method with the best score."""
        return max(self.scores, key=lambda name: self.scores[name])

    def __repr__(self) -> str:
        loss = "cross-entropy" if self.task == TASKS[0] else "mse"
        wide = max(map(len, self.scores))
        head = f"without a network, on {self.samples:,} samples that were held out:"
        lines = [f"{'':{wide}}  {self.measure:>14}  {loss:>13}"]
        for name, score in self.scores.items():
            shown = f"{score:.3f} +- {self.errors[name]:.3f}"
            lines.append(f"{name:{wide}}  {shown:>14}  {self.losses[name]:>13.4g}")
        return "\n".join([head, *lines])


@door
def baseline(
    x: Any, y: Any, validation_data: Any = None, *, task: str | None = None, seed: int = 0
) -> Baselines:
    """Return what guessing, a linear model and the nearest neighbours reach.

    A network that is no better has learnt nothing that it is needed for. Features are standardised;
    images are taken pixel by pixel.

    Args:
        x: samples (N, ...), numbers.
        y: a class number, 0 or 1, or a number for each sample; or one-hot rows.
        validation_data: (x, y) to be scored on; by default a fifth of the samples is held out, and
            of fewer than 2,000 each fifth in turn.
        task: "classification" or "regression"; by default whole numbers and one-hot rows are
            classes.
        seed: of the parts.

    Returns:
        Baselines, which prints itself as a table.

    Raises:
        DataError: if there is no single table of numbers with a target for each row, or too few.

    >>> x = np.arange(40.0).reshape(-1, 1)
    >>> found = baseline(x, x[:, 0] > 19)
    >>> found.best, round(found.scores["always the commonest"], 1) < 0.7
    ('logistic regression', True)
    """
    if task is not None:
        check_choice("task", task, TASKS)
    x, y = _table(x, y)
    classes, y = _targets(y, task)
    if validation_data is not None:
        other, answers, _ = unpack(validation_data)
        asked, truth = _table(other, answers)
        _, truth = _targets(truth, TASKS[0] if classes else TASKS[1])
        if asked.shape[1] != x.shape[1]:
            raise DataError(
                "validation_data has other features.",
                got=f"{asked.shape[1]}", expected=f"{x.shape[1]} for each sample",
            )  # fmt: skip
        classes = max(classes, int(truth.max()) + 1) if classes else 0
        parts = [_told(x, y, asked, classes)]
    else:
        rows = np.random.default_rng(seed).permutation(len(x))
        folds = np.array_split(rows, FOLDS)
        folds = folds if len(x) < ENOUGH else folds[:1]
        rest = [np.setdiff1d(rows, fold) for fold in folds]
        parts = [
            _told(x[train], y[train], x[fold], classes)
            for train, fold in zip(rest, folds, strict=True)
        ]
        truth = y[np.concatenate(folds)]
    said = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _scored(said, truth, classes)


def _table(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y, _ = check_arrays(x, y, None)
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
        raise DataError(
            "baseline takes one array of samples and one of targets.",
            got=f"x {type(x).__name__}, y {type(y).__name__}",
        )
    if len(x) < 2 * FOLDS:
        raise DataError(
            "baseline needs some samples to hold out.", got=f"{len(x)}", expected="10 or more"
        )
    return x.reshape(len(x), -1).astype(np.float64), y


def _targets(y: np.ndarray, task: str | None) -> tuple[int, np.ndarray]:
    """Return the number of classes, 0 for numbers, and a target for each sample."""
    several = y.ndim == 2 and y.shape[1] > 1 and task != TASKS[1]
    if several and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        return y.shape[1], y.argmax(axis=1)
    if y.size != len(y):
        raise DataError(
            "baseline takes one target for each sample.", got=f"y {y.shape}",
            hint="baseline(x, y[:, 0]) for one of several columns",
        )  # fmt: skip
    y = y.reshape(len(y))
    whole = y.dtype.kind in "biu" or bool((y % 1 == 0).all())
    likely = whole and y.min() >= 0 and y.max() < MOST_CLASSES and y.max() < len(y) / 2
    if task == TASKS[1] or (task is None and not likely):
        return 0, y.astype(np.float64)
    if not whole or y.min() < 0:
        raise DataError(
            "classes are numbered 0, 1, 2, ...", got=f"targets from {y.min()} to {y.max()}",
            hint="np.unique(y, return_inverse=True)[1]",
        )  # fmt: skip
    return int(y.max()) + 1, y.astype(np.int64)


def _told(x: np.ndarray, y: np.ndarray, asked: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Return what each method says of some samples: shares of classes, or numbers."""
    middle, spread = x.mean(axis=0), x.std(axis=0)
    used = spread > 1e-9 * np.maximum(np.abs(middle), 1.0)
    x, asked = ((a[:, used] - middle[used]) / spread[used] for a in (x, asked))
    said = {
        "always the commonest" if classes else "always the mean": baselines.guess(
            y, classes, len(asked)
        )
    }
    if not x.shape[1]:
        return said
    few = x.shape[1] <= WIDEST
    fit: Callable[..., np.ndarray] = baselines.logistic if classes else baselines.linear
    if few and classes:
        said["logistic regression"] = fit(x, y, asked, classes)
    elif few:
        said["linear regression"] = fit(x, y, asked)
    values = np.eye(classes)[y] if classes else y
    near = baselines.neighbours(x, values, asked, NEIGHBOURS)
    if classes:  # none is impossible, however few neighbours are asked
        near = (NEIGHBOURS * near + 1 / classes) / (NEIGHBOURS + 1)
    said[f"{NEIGHBOURS} nearest neighbours"] = near
    return said


def _scored(said: dict[str, np.ndarray], truth: np.ndarray, classes: int) -> Baselines:
    scores, errors, losses = {}, {}, {}
    n = len(truth)
    spread = float(((truth - truth.mean()) ** 2).mean()) or 1.0
    for name, values in said.items():
        if classes:
            right = values.argmax(axis=1) == truth
            scores[name] = float(right.mean())
            errors[name] = float(right.std() / np.sqrt(n))
            chosen = values[np.arange(n), truth]
            losses[name] = float(-np.log(np.maximum(chosen, 1e-7)).mean())
        else:
            wrong = (values - truth) ** 2
            scores[name] = 1 - float(wrong.mean()) / spread
            errors[name] = float(wrong.std() / np.sqrt(n)) / spread
            losses[name] = float(wrong.mean())
    measure = "accuracy" if classes else "R2"
    return Baselines(TASKS[0] if classes else TASKS[1], measure, scores, errors, losses, n)
