"""Baselines: what can be said without a network. Each learns from x (N, D) and tells of others.

For classes they return shares (M, K), for numbers (M,).
"""

from __future__ import annotations

import numpy as np

from neurona import ops

KNOWN = 20_000  # samples that a nearest neighbour is looked for among
ROWS = 1000  # at a time: their distances to 20,000 others are 160 MB
COUNTS = (1, 5, 15)  # of neighbours
STEPS, PRODUCTS = 30, 60  # of Newton's method, and of conjugate gradients in each


def guess(y: np.ndarray, classes: int, count: int, middle: bool = False) -> np.ndarray:
    """Return the same for all: the shares of the classes, or the mean (or median) of numbers.

    >>> guess(np.array([0, 0, 1, 0]), 2, 1).tolist(), guess(np.array([1.0, 3.0]), 0, 2).tolist()
    ([[0.75, 0.25]], [2.0, 2.0])
    """
    if classes:
        return np.tile(np.bincount(y, minlength=classes) / len(y), (count, 1))
    return np.full(count, np.median(y) if middle else y.mean())


def linear(
    x: np.ndarray, y: np.ndarray, asked: np.ndarray, penalty: float = 1.0, robust: bool = False
) -> np.ndarray:
    """Return X w + b with the least |y - X w - b|^2 + penalty |w|^2.

    Args:
        x, y, asked: what it learns from, and of what it tells.
        penalty: of the weights; 1 is little against thousands of samples.
        robust: count errors beyond 1.345 deviations by their size, not their square (Huber 1964),
            by weights that are found in ten rounds.

    >>> linear(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0]), [[3.0]], 1e-9).round(6)
    array([7.])
    """
    a = np.hstack([x, np.ones((len(x), 1))]).astype(np.float64)
    b = np.hstack([asked, np.ones((len(asked), 1))]).astype(np.float64)
    ridge = penalty * np.eye(a.shape[1])
    ridge[-1, -1] = 1e-9
    w = np.linalg.solve(a.T @ a + ridge, a.T @ y)
    for _ in range(9 if robust else 0):
        errors = np.abs(y - a @ w)
        spread = 1.4826 * np.median(errors) or 1.0
        weight = np.minimum(1.0, 1.345 * spread / np.maximum(errors, 1e-12))
        w = np.linalg.solve((a.T * weight) @ a + ridge, (a.T * weight) @ y)
    return b @ w


def logistic(
    x: np.ndarray,
    y: np.ndarray,
    asked: np.ndarray,
    classes: int,
    weights: np.ndarray | None = None,
    penalty: float = 1.0,
) -> np.ndarray:
    """Return softmax(X W) with the least sum of w_n cross-entropy_n + penalty/2 |W|^2.

    Newton's method; its equations are solved by conjugate gradients, with the Hessian's product
    H V = X^T (w P * (X V - sum(P * X V))) + penalty V, so that D x K may be thousands.

    Args:
        x, y, asked: what it learns from, and of what it tells.
        classes: K.
        weights: of the samples (N,).
        penalty: of the weights W; the constants have nearly none.

    >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> logistic(x, np.array([0, 0, 1, 1]), np.array([[3.0]]), 2)[0].round(2).tolist()
    [0.02, 0.98]
    """
    a = np.hstack([x, np.ones((len(x), 1))]).astype(np.float64)
    b = np.hstack([asked, np.ones((len(asked), 1))]).astype(np.float64)
    w = np.ones((len(a), 1)) if weights is None else weights[:, None].astype(np.float64)
    pull = np.full((a.shape[1], 1), penalty)
    pull[-1] = 1e-6
    goal, value = np.eye(classes)[y], np.zeros((a.shape[1], classes))

    def cost(v: np.ndarray) -> float:
        z = a @ v
        top = z.max(1)
        sums = np.log(np.exp(z - top[:, None]).sum(1)) + top
        return float((w[:, 0] * (sums - z[np.arange(len(y)), y])).sum() + (pull * v**2).sum() / 2)

    before = cost(value)
    for _ in range(STEPS):
        p = ops.softmax(a @ value).numpy()
        slope = a.T @ (w * (p - goal)) + pull * value
        step = _solved(a, w, p, pull, slope)
        rate = 1.0
        while (after := cost(value - rate * step)) > before and rate > 1e-6:
            rate /= 2
        if not after < before - 1e-9 * abs(before):
            break
        value, before = value - rate * step, after
    return ops.softmax(b @ value).numpy()


def _solved(
    a: np.ndarray, w: np.ndarray, p: np.ndarray, pull: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Return V with H V = slope, by conjugate gradients."""
    found = np.zeros_like(slope)
    left = slope.copy()
    way, size = left.copy(), float((left**2).sum())
    enough = 1e-8 * size
    for _ in range(PRODUCTS):
        if size <= enough:
            break
        z = a @ way
        product = a.T @ (w * p * (z - (p * z).sum(1, keepdims=True))) + pull * way
        rate = size / float((way * product).sum())
        found += rate * way
        left -= rate * product
        size, last = float((left**2).sum()), size
        way = left + size / last * way
    return found


def neighbours(
    x: np.ndarray, values: np.ndarray, asked: np.ndarray, count: int, seed: int = 0
) -> np.ndarray:
    """Return the mean of the values of the nearest samples.

    Shapes: x (N, D), values (N,) or (N, K), asked (M, D) -> (M,) or (M, K).

    >>> x = np.array([[0.0], [1.0], [9.0]])
    >>> neighbours(x, np.array([1.0, 3.0, 5.0]), np.array([[0.4]]), 2).tolist()
    [2.0]
    """
    if len(x) > KNOWN:
        chosen = np.random.default_rng(seed).choice(len(x), KNOWN, replace=False)
        x, values = x[chosen], values[chosen]
    x, asked = np.asarray(x, np.float32), np.asarray(asked, np.float32)
    count = min(count, len(x))
    half = (x**2).sum(axis=1) / 2
    found = []
    for start in range(0, len(asked), ROWS):
        nearness = half - asked[start : start + ROWS] @ x.T
        near = np.argpartition(nearness, count - 1, axis=1)[:, :count]
        found.append(values[near].mean(axis=1))
    return np.concatenate(found) if found else values[:0]


def votes_of_others(x: np.ndarray, flags: np.ndarray, count: int) -> np.ndarray:
    """Return how many of the nearest other samples have each flag.

    Shapes: x (N, D), flags (N, K) of 0 and 1 -> (N, K).

    >>> x = np.array([[0.0], [1.0], [9.0]])
    >>> votes_of_others(x, np.array([[1.0], [0.0], [1.0]]), 1).tolist()
    [[0.0], [1.0], [0.0]]
    """
    return neighbours(x, flags, x, count + 1) * (count + 1) - flags  # the nearest is itself
