"""The nearest neighbour: the baseline that learns nothing and keeps everything."""

from __future__ import annotations

import numpy as np

ROWS = 1000  # test samples at a time: their distances to 55,000 others are 220 MB


def nearest(known: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the label of the known sample with the smallest |a - k|^2 = |a|^2 - 2 a k + |k|^2.

    Shapes: known (N, ...), labels (N,), asked (M, ...) -> (M,).

    >>> nearest(np.array([[0.0], [4.0]]), np.array([7, 8]), np.array([[1.0], [3.0]])).tolist()
    [7, 8]
    """
    known = np.asarray(known, np.float32).reshape(len(known), -1)
    asked = np.asarray(asked, np.float32).reshape(len(asked), -1)
    half_squares = (known**2).sum(axis=1) / 2
    best = [
        (half_squares - asked[i : i + ROWS] @ known.T).argmin(axis=1)
        for i in range(0, len(asked), ROWS)
    ]
    return labels[np.concatenate(best)]


def strangeness(known: np.ndarray, asked: np.ndarray, count: int = 5) -> np.ndarray:
    """Return how far each sample is from its nearest known ones: 1 less the mean of their cosines.

    Shapes: known (N, ...), asked (M, ...) -> (M,), from 0.
    Args:
        known, asked: the samples; how long their vectors are does not matter.
        count: how many of the nearest.

    >>> known = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> strangeness(known, np.array([[3.0, 0.0], [1.0, 1.0]]), 1).round(3).tolist()
    [0.0, 0.293]
    """
    known, asked = unit(known), unit(asked)
    count = min(count, len(known))
    found = []
    for i in range(0, len(asked), ROWS):
        cosines = asked[i : i + ROWS] @ known.T
        found.append(1 - np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1))
    return np.concatenate(found)


def unit(x: np.ndarray) -> np.ndarray:
    """Return samples (N, ...) as vectors (N, D) of length 1, so that nearest means the same way."""
    x = np.asarray(x, np.float32).reshape(len(x), -1)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
