"""Rare classes: whether they are found without weights."""

from __future__ import annotations

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.data.inputs import ids_of
from neurona.doctor.ends import End
from neurona.doctor.scan import scaled

NEAR, MOST, FEATURES, FEWEST = 5, 2000, 784, 20  # neighbours; rows; columns; of the rarest class
FOUND = 0.75  # of each class


def told_by_neighbours(case: Case, end: End) -> bool:
    """Say whether the nearest rows, which know of no weights, find each class."""
    parts = case.x_parts
    if len(parts) != 1 or not parts[0].numeric or parts[0].values.ndim < 2 or not case.whole:
        return False
    values, labels = parts[0].values.reshape(len(parts[0].values), -1), end.task.labels
    counts = np.bincount(labels)
    wide = values.shape[1] > FEATURES or len(values) != len(labels)
    if wide or counts[counts > 0].min() < FEWEST or parts[0].name in ids_of(case):
        return False
    from neurona.classic import baselines  # brings networks; only rare classes ask for it

    rows = np.random.default_rng(0).permutation(len(values))[:MOST]
    x, y = values[rows].astype(np.float32), labels[rows]
    if not np.isfinite(x).all():
        return False
    flags = np.eye(len(counts), dtype=np.float32)[y]
    said = baselines.votes_of_others(scaled(x), flags, NEAR).argmax(axis=-1)
    return all(float(np.mean(said[y == k] == k)) >= FOUND for k in np.unique(y))
