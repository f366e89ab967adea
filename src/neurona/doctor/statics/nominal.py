"""Nominal: whether whole numbers are names of classes, and no quantities; told by x alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.data.inputs import ids_of
from neurona.doctor.data.labels import MIXED
from neurona.doctor.finding import Checks, Finding
from neurona.doctor.scan import scaled, squared_distances
from neurona.doctor.task import is_whole

MOST, BALANCED, EACH = 20, 3.0, 15  # classes; times as many samples of one as of another; samples
ROWS, FEATURES, NEAR = 600, 4096, 10  # that are looked at; neighbours
CLEAR = 0.5  # of the way from chance to always right
JUMP = 0.5  # of the way from 1 to what chance has
SEVERAL, ORDERED = 5, 0.2  # classes that lie clearly apart; a correlation of distances and numbers


def nominal(x: np.ndarray, y: np.ndarray) -> bool:
    """Say whether samples near each other have one number, or another one at random.

    A quantity that x tells changes by little where x does: neighbours that differ differ by 1.
    Names jump: a 3 lies beside an 8. Counts and marks are no names for that reason, and are also
    seldom equally frequent.

    Args:
        x: (N, ...) numbers.
        y: (N,) whole numbers.
    """
    known, counts = np.unique(y, return_counts=True)
    k = len(known)
    if not 3 <= k <= MOST or known[0] not in (0, 1) or known[-1] != known[0] + k - 1:
        return False
    if counts.max() > BALANCED * counts.min() or counts.min() < EACH or x[:1].size > FEATURES:
        return False
    rows = np.random.default_rng(0).permutation(len(y))[:ROWS]
    flat = scaled(x[rows].reshape(len(rows), -1).astype(np.float64))
    labels = y[rows].astype(int)
    near = labels[np.argpartition(squared_distances(flat, flat), NEAR, axis=1)[:, :NEAR]]
    gaps = np.abs(near - labels[:, None])
    same, chance = float((gaps == 0).mean()), 1 / k
    others = gaps[gaps > 0]
    if same < chance + CLEAR * (1 - chance):
        return False
    if len(others) < EACH:
        return k >= SEVERAL and _in_order(flat, labels) < ORDERED
    return bool(others.mean() > 1 + JUMP * ((k + 1) / 3 - 1))


def _in_order(x: np.ndarray, labels: np.ndarray) -> float:
    """Return how far classes that lie apart have numbers that do: a correlation."""
    known = np.unique(labels)
    means = np.stack([x[labels == k].mean(axis=0) for k in known])
    first, second = np.triu_indices(len(known), 1)
    apart = np.sqrt(np.square(means[first] - means[second]).sum(axis=1))
    return float(np.corrcoef(apart, known[second] - known[first])[0, 1])


def named(case: Case) -> Iterator[Finding]:
    """Look for class numbers that one output is to meet, though nobody says that they are such."""
    parts, end = case.x_parts, next(iter(case.ends), None)
    if case.custom or end is None or len(case.ends) != 1 or len(parts) != 1:
        return
    if end.kind != "squared" or end.task.name != "numbers" or end.width != 1:
        return
    y = end.values
    if y.ndim != 1 or not parts[0].numeric or len(parts[0].values) != len(y) or not is_whole(y):
        return
    if parts[0].name not in ids_of(case) and nominal(parts[0].values, y):
        yield MIXED.found(
            f"{end.loss.name} takes numbers from {int(y.min())} to {int(y.max())} for quantities, "
            "and they are names of classes: samples that are alike have the same one or any other",
            where=end.place,
            evidence={"loss": end.loss.name, "classes": len(np.unique(y))},
            threshold="a cross-entropy for classes",
            fix=fixes.Pair(
                f'Dense({end.width}), loss="{end.loss.name}"',
                "sparse_categorical_crossentropy",
                "softmax",
                int(y.max()) + 1,
            ),
        )  # fmt: skip


CHECKS: Checks = {named: (MIXED,)}
