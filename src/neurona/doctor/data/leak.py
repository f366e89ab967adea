"""Leaks: a column of x that is the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.data.inputs import ids_of
from neurona.doctor.ends import End
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.parts import Part

LEAK = Rule(
    "GD109",
    "a column that is the answer",
    "warning",
    "One column alone tells the target, so nothing else is learnt; when the answer is not known "
    "yet, that column will not be either.",
    accepted=("keep it, if it really is known beforehand",),
)
ROWS, FEATURES = 200, 500
SURE = 0.999  # accuracy, or correlation
SMALL = 1e-6  # of the spread of the targets
IMAGES, OF_CLASS, NOISY = 1000, 10, 0.5  # images; of each class; share of places without noise
NEXT = 0.99  # correlation of other columns: a smooth series is no leak


def leak(case: Case) -> Iterator[Finding]:
    """Predict y from each column alone."""
    if len(case.ends) != 1 or case.ends[0].target is None:
        return
    words = ids_of(case)  # places of a text are no columns: the first may well be asked for
    for part in case.x_parts:
        look = LOOKS.get(part.values.ndim)
        if part.numeric and part.name not in words and look is not None:
            yield from look(part, case.ends[0])


def _column(part: Part, end: End) -> Iterator[Finding]:
    """Look for a column of a table that tells the target; each step of series is a row of it."""
    values, task = part.values, end.task
    features, shape = values.shape[-1], values.shape[:-1]
    n = math.prod(shape)
    if not 2 <= features <= FEATURES or n < ROWS or end.values.size < n:
        return
    chosen = np.random.default_rng(0).permutation(n)[:20_000]
    x = values.reshape(n, features)[chosen].astype(np.float64)
    labels = end.values if task.name == "tokens" else task.labels
    if task.name in ("classes", "binary", "tokens") and labels.shape == shape:
        labels = labels.reshape(n)[chosen].astype(int)
        found, score, word = _of_classes(x, labels, task.classes)
    elif task.name == "numbers" and end.values.shape == shape:
        found, score, word = _of_numbers(x, end.values.reshape(n)[chosen].astype(np.float64))
    else:
        return
    for j in found:
        yield LEAK.found(
            f"{part.column(j)} of {part.name} alone tells the target ({word} {score[j]:.4f})",
            where=part.name,
            evidence={"column": part.column(j), word: score[j]},
            threshold=f"{word} below {SURE} from one column",
            fix=f"+ x = np.delete(x, {j}, axis={values.ndim - 1})  # before the model is made",
        )


def _last_step(part: Part, end: End) -> Iterator[Finding]:
    """Look whether windows end with the very number that is asked for: cut one step too late."""
    x, y = part.values, end.values
    if y.shape == x.shape[:2]:
        yield from _column(part, end)
    if end.task.name != "numbers" or y.ndim != 1 or len(x) != len(y) or len(y) < ROWS:
        return
    near = SMALL * max(float(y.std()), 1e-12)
    for j, column in enumerate(x[:, -1].T):
        if float(np.abs(column - y).max()) <= near:
            yield LEAK.found(
                f"the last step of {part.name} is the target itself, in all {len(y):,} windows",
                where=part.name,
                evidence={"step": x.shape[1] - 1, "feature": j, "windows": len(y)},
                threshold="the target comes after the window",
                fix="- model.fit(x, y)\n+ model.fit(x[:, :-1], y)",
            )


def _mark(part: Part, end: End) -> Iterator[Finding]:
    """Look for a place at the border of images, or films, that has one value for each class."""
    task, n = end.task, len(part.values)
    if task.name not in ("classes", "binary") or task.labels.ndim != 1 or n < ROWS:
        return
    chosen = np.random.default_rng(0).permutation(n)[:IMAGES]
    images, labels = part.values[chosen], task.labels[chosen]
    each = [images[labels == k] for k in np.unique(labels)]
    if len(each) < 2 or len(task.labels) != n or min(map(len, each)) < OF_CLASS:
        return
    low = np.stack([one.min(axis=0) for one in each])
    high = np.stack([one.max(axis=0) for one in each])
    still = (low == high).all(axis=0)  # within each class
    ordered = np.sort(low, axis=0)
    tells = still & (ordered[1:] != ordered[:-1]).all(axis=0)
    border = np.ones(tells.shape, bool)
    border[..., 1:-1, 1:-1, :] = False
    # clean drawings are as still everywhere: a mark is where pictures have noise
    if not tells.any() or (tells & ~border).any() or still.mean() > NOISY:
        return
    *frame, row, column, channel = (int(i) for i in np.argwhere(tells)[0])
    slices = ", ".join((*[":"] * (1 + len(frame)), str(row), str(column)))
    yield LEAK.found(
        f"the pixel ({row}, {column}) of {part.name} has one value for each class, in all "
        f"{len(labels):,} images looked at: a mark that tells the target",
        where=part.name,
        evidence={"row": row, "column": column, "channel": channel, "pixels": int(tells.sum())},
        threshold="no pixel that is the target",
        fix=f"+ x[{slices}] = 0  # and its neighbours: {int(tells.sum())} pixels in all",
    )


def _of_numbers(x: np.ndarray, y: np.ndarray) -> tuple[list[int], np.ndarray, str]:
    centred, target = x - x.mean(axis=0), y - y.mean()
    size = np.sqrt((centred**2).sum(axis=0) * (target**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.nan_to_num(np.abs(centred.T @ target) / size)
    sure = np.flatnonzero(score >= SURE)
    others = (score >= NEXT).sum() - len(sure)
    return ([] if others or len(sure) > 2 else sure.tolist()), score, "correlation"


def _of_classes(
    x: np.ndarray, labels: np.ndarray, classes: int
) -> tuple[list[int], np.ndarray, str]:
    """Give each value of a column the class that it has most often; others get no score.

    A threshold alone is none: two clusters that lie far apart are told by one as well.
    """
    score = np.zeros(x.shape[1])
    for j, column in enumerate(x.T):
        values, number = np.unique(column, return_inverse=True)
        if len(values) > max(2 * classes, 20):
            most = values[np.bincount(number).argmax()]
            values, number = values[:2], (column == most).astype(int)  # that value, and others
        table = np.bincount(number * classes + labels, minlength=len(values) * classes)
        if len(values) > 1:
            score[j] = table.reshape(len(values), classes).max(axis=1).sum() / len(labels)
    base = np.bincount(labels).max() / len(labels)
    sure = np.flatnonzero(score >= SURE) if base < NEXT else np.zeros(0, int)
    return ([] if len(sure) > 2 else sure.tolist()), score, "accuracy"


LOOKS = {2: _column, 3: _last_step, 4: _mark, 5: _mark}  # by the axes of an array
CHECKS = {leak: (LEAK,)}
