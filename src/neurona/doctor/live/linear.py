"""Linear: what a single linear layer reaches on the training data, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.doctor.live.guess import CLASSES, FLAGS, NUMBERS
from neurona.doctor.scan import share_error

ROWS, HELD = 2000, 1000  # what it learns from; other rows that it is scored on, in turn
FOLDS = 3
FEATURES, WIDTH = 4096, 256  # as many at most, mixed to so few: what a line then reaches is less
RIDGE = 1e-2
MARGIN = 0.05  # points of accuracy, or of the explained part of the spread


class Linear:
    """A ridge regression on the inputs (one column a class), scored on other rows.

    Attributes:
        measure: "accuracy", "R2", or "the explained part" of absolute errors.
        score: what it reaches.
        plain: what guessing reaches.
        error: the standard error of the score, which is of some hundred rows.
    """

    def __init__(self, measure: str, score: float, plain: float, error: float = 0.0) -> None:
        self.measure, self.score, self.plain, self.error = measure, score, plain, error

    @property
    def finds(self) -> bool:
        """Whether it is better than guessing."""
        return self.score - self.plain >= MARGIN

    def beats(self, record: Any, margin: float = MARGIN) -> str:
        """Say how much better it is than a training so far; "" if that is not known or better."""
        if self.score - self.plain < margin:
            return ""
        reached = reached_by(record)
        if reached is None or reached >= self.score - margin - self.error:
            return ""
        return f"{self.measure} is {reached:.2f}, and a linear model reaches {self.score:.2f}"


def reached_by(record: Any) -> float | None:
    """Return the share of right answers of a training so far, or the explained part of numbers.

    It is None if that is not known; of squares it is R2.
    """
    if record.guess.kind in (CLASSES, FLAGS):
        name = record.accuracy_name
        if name and (found := record.column(name)):
            return max([*found[-2:], *record.column(f"val_{name}")[-2:]])
        rights = [look.right for look in record.recent if look.right is not None]
        return float(np.mean(rights)) if len(rights) >= 5 else None
    if not (guessing := record.guess.loss):
        return None
    loss = record.loss
    if epochs := record.column("loss"):  # lately are some looks; an epoch is all samples
        loss = min(loss, epochs[-1] - record.looks[-1].penalty)
    return 1 - loss / guessing


def passes_line(record: Any) -> bool:
    """Whether a training has learnt more than a line, which learns something: the rest is noise."""
    line, reached = record.linear, reached_by(record)
    return line is not None and line.finds and reached is not None and reached > line.score


def linear_of(guess: Any, x: Any, y: Any) -> Linear | None:
    """Return the Linear of a guess's arrays; None if they are no single table of numbers."""
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)) or x.dtype.kind not in "fiu":
        return None
    width = int(np.prod(x.shape[1:]))
    fitted = guess.kind in (CLASSES, NUMBERS) or y[:1].size == 1
    if not fitted or not guess.kind or guess.loss is None or len(x) < 100 or width > FEATURES:
        return None
    if guess.kind == CLASSES and y[:1].size > 1 and not _one_hot(y, guess.classes):
        return None
    if guess.kind == NUMBERS and y[:1].size == width > 1:
        return None  # rebuilt, maybe through a code, which a line has not
    if guess.kind == NUMBERS and x.ndim > 2 and y.ndim > 1 and y.shape[1] == x.shape[1]:
        return None  # of each step, which may see the past alone, and a line sees all
    from neurona.classic import baselines  # brings networks; most trainings never ask

    rows = chosen_rows(len(x), ROWS + HELD)
    targets = _columns(guess, y[rows])
    a, found, mean = standardised(x[rows]), np.empty_like(targets), np.empty_like(targets)
    for fold in range(FOLDS):  # each row is told by the others, so no lucky part decides
        held = np.arange(len(rows)) % FOLDS == fold
        ridge = RIDGE * float((~held).sum())
        found[held] = baselines.linear(a[~held], targets[~held], a[held], ridge)
        mean[held] = targets[~held].mean(axis=0)
    return _scored(guess, found, targets, mean)


def chosen_rows(samples: int, most: int = ROWS) -> np.ndarray:
    """Return the indices of some samples, spread over all, in an order that says nothing."""
    rows = np.linspace(0, samples - 1, min(samples, most)).astype(int)
    return rows[np.random.default_rng(0).permutation(len(rows))]


def standardised(x: np.ndarray) -> np.ndarray:
    """Return samples as rows whose columns have their mean and spread taken away.

    More than 256 columns are mixed to so many, which keeps distances.
    """
    a = x.reshape(len(x), -1).astype(np.float32)
    width = a.shape[1]
    a -= a.mean(axis=0)
    spread = np.sqrt(np.einsum("nd,nd->d", a, a) / len(a))
    scale = 1 / np.where(spread > 1e-9, spread, np.inf)
    if width <= WIDTH:
        return a * scale
    mixing = np.random.default_rng(0).standard_normal((width, WIDTH), np.float32)
    return a @ (mixing * (scale * width**-0.5)[:, None])


def _one_hot(y: np.ndarray, classes: int) -> bool:
    """Whether rows are shares of the classes, not as many labels by chance."""
    return y.shape[1:] == (classes,) and bool(np.allclose(y.sum(axis=-1), 1, atol=1e-3))


def _columns(guess: Any, y: np.ndarray) -> np.ndarray:
    if guess.kind == CLASSES:
        labels = y.reshape(len(y)) if y[:1].size == 1 else y.argmax(-1)
        return np.eye(guess.classes)[labels.astype(int)]
    return y.reshape(len(y), -1).astype(np.float64)


def _scored(guess: Any, found: np.ndarray, targets: np.ndarray, mean: np.ndarray) -> Linear:
    if guess.kind == CLASSES:
        right = found.argmax(-1) == targets.argmax(-1)
    elif guess.kind == FLAGS:
        right = (found > 0.5) == (targets > 0.5)
    else:
        power, measure = (2, "R2") if guess.squared else (1, "the explained part")
        rest, spread = (
            (abs(a - targets) ** power).reshape(len(targets), -1).mean(axis=1)
            for a in (found, mean)
        )
        whole = max(float(spread.mean()), 1e-12)
        left = float(rest.mean()) / whole
        error = float((rest - left * spread).std()) / whole / len(rest) ** 0.5  # of a ratio
        return Linear(measure, 1 - left, 0.0, error)
    share = float(right.mean())
    return Linear("accuracy", share, float(guess.majority), share_error(share, len(right)))
