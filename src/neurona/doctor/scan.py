"""Statistics of an array: exact up to ten million values, else of a sample of a million."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

EXACT, SAMPLE = 10_000_000, 1_000_000  # values


class Scan(NamedTuple):
    """What an array holds.

    Attributes:
        rows: some samples (or all), flat: (N, features).
        exact: whether these are all samples.
        mean, std, low, high: of each feature.
    """

    rows: np.ndarray
    exact: bool
    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def rms(self) -> float:
        """The root of the mean square of all values."""
        return float(np.sqrt(np.mean(np.square(self.mean) + np.square(self.std))))

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest value."""
        return float(self.low.min()), float(self.high.max())

    @property
    def constant(self) -> np.ndarray:
        """Whether a feature has one value only."""
        return self.low == self.high


def entropy(mass: np.ndarray) -> float:
    """Return the least cross-entropy of a constant answer to classes of so much weight a sample.

    >>> entropy(np.array([0.5, 0.5])), entropy(np.array([1.0, 0.0]))
    (0.6931471805599453, 0.0)
    """
    p = mass[mass > 0]
    return float((p * -np.log(p / p.sum())).sum())


def share_error(share: float, samples: int, least: float = 1e-4) -> float:
    """Return the standard error of a share of so many samples; its variance is `least` at least."""
    return math.sqrt(max(share * (1 - share), least) / max(samples, 1))


def scaled(rows: np.ndarray) -> np.ndarray:
    """Return rows whose columns have a mean of 0 and a spread of 1; constant ones are 0."""
    spread = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)


def squared_distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the squared distance of each row to others, infinite to that of its own number."""
    sizes = np.square(rows).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    found = sizes - 2 * rows @ others.T
    np.fill_diagonal(found, np.inf)
    return found


def sample(values: np.ndarray) -> np.ndarray:
    """Return all samples of an array, or, of a large one, some that are always the same."""
    if values.size <= EXACT:
        return values
    count = max(1, min(len(values), SAMPLE * len(values) // values.size))
    chosen = np.random.default_rng(0).choice(len(values), count, replace=False)
    return values[np.sort(chosen)]


def scan(values: np.ndarray) -> Scan:
    """Return the statistics of an array of numbers; samples that are not finite are left out."""
    chosen = sample(values)
    rows = chosen.reshape(len(chosen), -1)
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        finite = np.isfinite(rows).all(axis=1)
        rows = rows[finite] if finite.any() else np.nan_to_num(rows, posinf=0.0, neginf=0.0)
    if not rows.size:
        rows = np.zeros((1, max(rows.shape[-1], 1)), rows.dtype)
    mean, std = rows.mean(axis=0, dtype=np.float64), np.zeros(rows.shape[1])
    step = max(1, 1_000_000 // rows.shape[1])
    for start in range(0, len(rows), step):  # pieces: float64 of all would be eight times x
        std += np.square(rows[start : start + step] - mean).sum(axis=0)
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    return Scan(rows, rows.shape[0] == len(values), mean, np.sqrt(std / len(rows)), low, high)
