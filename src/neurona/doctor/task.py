"""Task: what is to be learnt, from the loss and the targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurona.doctor.scan import sample

MOST_CLASSES = 20  # of whole numbers that could be quantities as well


class Task(NamedTuple):
    """What is to be learnt.

    Attributes:
        name: "classes" (one of several), "binary" (yes or no), "labels" (several yes or no),
            "numbers", "tokens" (a class at each place), or "other".
        classes: how many, where there are such.
        labels: the class of each sample, of "classes" and "binary"; else empty.
    """

    name: str
    classes: int = 0
    labels: np.ndarray = np.zeros(0, int)


OTHER = Task("other")


def task_of(y: np.ndarray, kind: str, width: int, accuracy: bool) -> Task:
    """Return the task.

    Args:
        y: targets, without a last axis of 1.
        kind: of the loss, see `End.kind`.
        width: of the output.
        accuracy: whether accuracy is asked for.
    """
    if not y.size or not np.isfinite(y).all():
        return OTHER
    if kind == "class numbers":
        return Task("tokens", width) if y.ndim > 1 else _numbered(y, width)
    if y.ndim == 2 and y.shape[1] > 1:
        if is_one_hot(y):
            return Task("classes", y.shape[1], y.argmax(axis=1))
        return Task("labels", y.shape[1]) if _of(y, (0, 1)) else Task("numbers")
    if y.ndim > 2:
        return Task("tokens", width) if kind == "one-hot" else OTHER
    if _of(y, (0, 1)) or _of(y, (-1, 1)):
        return Task("binary", 2, (y > 0).astype(int))
    whole = is_whole(y) and y.min() >= 0
    if accuracy and whole and y.max() < MOST_CLASSES:
        return _numbered(y, int(y.max()) + 1)
    return Task("numbers")


def _numbered(y: np.ndarray, classes: int) -> Task:
    if not is_whole(y):
        return OTHER
    labels = y.astype(int)
    return Task("classes", max(classes, int(labels.max()) + 1), labels)


def is_whole(y: np.ndarray) -> bool:
    """Say whether all are whole numbers."""
    return y.dtype.kind in "biu" or bool((sample(y) % 1 == 0).all())


def is_one_hot(y: np.ndarray) -> bool:
    """Say whether each row has a single 1 and else zeros, and not always in the same place."""
    rows = sample(y)
    single = _of(rows, (0, 1)) and bool((rows.sum(axis=1) == 1).all())
    return single and (len(rows) == 1 or int(rows.any(axis=0).sum()) > 1)


def _of(y: np.ndarray, values: tuple[int, int]) -> bool:
    rows = sample(y)
    if rows.dtype.kind == "b":
        return values == (0, 1)
    return bool(((rows == values[0]) | (rows == values[1])).all())
