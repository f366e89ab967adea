"""The digits of the package in MNIST's size: what `--quick` learns from instead of MNIST."""

from __future__ import annotations

import numpy as np

from neurona.datasets import digits

Pair = tuple[np.ndarray, np.ndarray]


def enlarged_digits() -> tuple[Pair, Pair]:
    """Return the 1,797 digits in the form of MNIST: each pixel is three by three, two at the edges.

    Shapes: x (N, 28, 28) uint8 from 0 paper to 255 ink; y (N,).

    >>> (x, y), _ = enlarged_digits()
    >>> x.shape[1:], x.dtype.name
    ((28, 28), 'uint8')
    """
    train, test = digits.load_data()
    return _enlarged(train), _enlarged(test)


def _enlarged(pair: Pair) -> Pair:
    x, y = pair
    ink = (np.asarray(x, np.float32) * (255 / 16)).round().astype(np.uint8)
    large = ink.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(large, ((0, 0), (2, 2), (2, 2))), y
