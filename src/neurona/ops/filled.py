"""Tensors of one value, and of numbers in a row."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_tensor, cast
from neurona.core.shapes import as_dtype, as_shape, is_float
from neurona.core.tensor import Tensor
from neurona.ops.movement import broadcast_to

__all__ = ["arange", "full", "ones", "ones_like", "zeros", "zeros_like"]


def full(shape, fill_value, dtype=None):
    """A tensor of one value, a float by default; it takes the memory of a single element.

    >>> full((2,), 7).tolist()
    [7.0, 7.0]
    """
    if dtype is None:
        x = as_tensor(fill_value)
        x = x if is_float(x.dtype) else cast(x, dtype=float)
    else:
        x = cast(as_tensor(fill_value, as_dtype(dtype)), dtype=dtype)  # a float64 keeps its digits
    return broadcast_to(x, as_shape(shape))


def zeros(shape, dtype=None):
    """A tensor of zeros.

    >>> zeros(2).tolist()
    [0.0, 0.0]
    """
    return full(shape, 0.0 if dtype is None else 0, dtype)


def ones(shape, dtype=None):
    """A tensor of ones.

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    return full(shape, 1.0 if dtype is None else 1, dtype)


def zeros_like(x, dtype=None):
    """A tensor of zeros with the shape and type of x.

    >>> zeros_like([1, 2]).tolist()
    [0, 0]
    """
    x = as_tensor(x)
    return zeros(x.shape, dtype or x.dtype)


def ones_like(x, dtype=None):
    """A tensor of ones with the shape and type of x.

    >>> ones_like([1, 2]).tolist()
    [1, 1]
    """
    x = as_tensor(x)
    return ones(x.shape, dtype or x.dtype)


def arange(start, stop=None, step=None, dtype=None):
    """Numbers from start up to stop, without it.

    >>> arange(3).tolist(), arange(0.0, 1.0, 0.5).tolist()
    ([0, 1, 2], [0.0, 0.5])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    start, stop, step = (
        v if isinstance(v, int | float) else as_tensor(v).item() for v in (start, stop, step)
    )
    floats = any(isinstance(v, float) for v in (start, stop, step))
    need(8 * _length(start, stop, step))
    return Tensor(
        np.arange(start, stop, step).astype(as_dtype(dtype or (float if floats else int)))
    )


def _length(start, stop, step):
    try:
        return max(0, math.ceil((stop - start) / step))
    except (ArithmeticError, ValueError):  # NumPy has a message for each
        return 0
