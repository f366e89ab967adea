"""Principal components: the baseline of every compressor, and the plainest map of a space."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Principal(NamedTuple):
    """The k directions along which samples differ most: x = m + V a, with the least squares.

    Attributes:
        mean: m (D,).
        directions: V (D, k), orthogonal, the one of the largest variance first.
    """

    mean: np.ndarray
    directions: np.ndarray

    def codes(self, x: np.ndarray) -> np.ndarray:
        """Return a = V^T (x - m), (N, ...) -> (N, k)."""
        return (x.reshape(len(x), -1) - self.mean) @ self.directions

    def errors(self, x: np.ndarray) -> np.ndarray:
        """Return |x - m - V a|^2, (N, ...) -> (N,): what the k directions leave out."""
        a = self.codes(x)
        left = ((x.reshape(len(x), -1) - self.mean) ** 2).sum(axis=1) - (a**2).sum(axis=1)
        return np.maximum(left, 0.0)


def principal(x: np.ndarray, k: int) -> Principal:
    """Return the first k principal components of samples (N, ...).

    >>> found = principal(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), 1)
    >>> np.abs(found.codes(np.array([[2.0, 2.0], [3.0, 3.0]]))).round(3).ravel().tolist()
    [0.0, 1.414]
    """
    x = np.asarray(x).reshape(len(x), -1)
    mean = x.mean(axis=0)
    spread = x - mean
    _, directions = np.linalg.eigh(spread.T @ spread)  # the smallest first
    return Principal(mean, directions[:, ::-1][:, :k])


def whiten(known: np.ndarray, *others: np.ndarray, floor: float = 0.01) -> list[np.ndarray]:
    """Return codes turned and stretched so that the known ones differ as much in all directions.

    A network tells most in a few directions; distances would see those alone.

    Shapes: known (N, D), others (M, D) -> the same, in this order.
    Args:
        known, others: codes; the known ones decide.
        floor: a direction with less than this share of the largest variance is stretched no more.

    >>> codes = np.random.default_rng(0).normal(size=(1000, 2)) * [10.0, 2.0]
    >>> whiten(codes)[0].std(axis=0).round(1).tolist()
    [0.9, 1.0]
    """
    mean = known.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov((known - mean).T))
    stretched = directions / np.sqrt(variances + floor * variances.max())
    return [(codes - mean) @ stretched for codes in (known, *others)]
