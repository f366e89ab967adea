"""What counting alone knows of the next token: the baseline of every language model."""

from __future__ import annotations

import numpy as np


def counted_nats(
    train: np.ndarray,
    test: np.ndarray,
    vocabulary_size: int,
    length: int,
    smoothing: float = 0.1,
    pad: int | None = None,
) -> float:
    """Return the mean of -ln p of each token of a text, p from counts of n-grams in another one.

    p(c | before) = (count(before c) + s V p'(c)) / (count(before) + s V), where p' is the same of
    one token less, and of none: 1 / V. So what was never seen is not impossible.

    Shapes: train (N,), test (M,) token numbers.
    Args:
        train, test: texts.
        vocabulary_size: number V of tokens.
        length: of the n-grams: 1 counts tokens, 2 pairs, 3 triples.
        smoothing: s, how much weight the shorter ones have.
        pad: a token that stands before texts and is never to be told.

    >>> counted_nats(np.array([0, 1] * 50), np.array([0, 1] * 5), 2, 2) < 0.05
    True
    """
    size = vocabulary_size
    weight = smoothing * size
    p = np.full(len(test) - length + 1, 1 / (size - (pad is not None)))
    for n in range(1, length + 1):
        grams = _grams(train, n, size)
        seen = np.bincount(grams[grams % size != pad], minlength=size**n)
        before = seen.reshape(-1, size).sum(axis=1)
        grams = _grams(test, n, size)[length - n :]
        p = (seen[grams] + weight * p) / (before[grams // size] + weight)
    return float(-np.log(p[test[length - 1 :] != pad]).mean())


def _grams(tokens: np.ndarray, n: int, size: int) -> np.ndarray:
    """Return the number of each n-gram."""
    whole = tokens.astype(np.int64)
    found = np.zeros(len(whole) - n + 1, np.int64)
    for i in range(n):
        found = found * size + whole[i : len(whole) - n + 1 + i]
    return found
