"""Sums, products and extremes with all of NumPy's arguments, and what is made of them."""

from __future__ import annotations

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import as_dtype, is_float, normalize_axis
from neurona.errors import ArgumentError, ShapeError
from neurona.ops import reduce
from neurona.ops.arithmetic import clip, maximum, minimum
from neurona.ops.arranging import ravel
from neurona.ops.comparison import ne
from neurona.ops.elements import alike
from neurona.ops.functions import sqrt
from neurona.ops.joining import concatenate
from neurona.ops.matmul import matmul
from neurona.ops.movement import broadcast_to, expand_dims, moveaxis, reshape, transpose
from neurona.ops.reduce import mean, sum

__all__ = [
    "amax", "amin", "average", "corrcoef", "count_nonzero", "cumprod", "cumsum", "diff", "max",
    "min", "prod", "ptp", "trapezoid",
]  # fmt: skip


def _typed(x, dtype):
    x = as_tensor(x)
    return x if dtype is None or as_dtype(dtype) == x.dtype else cast(x, dtype=as_dtype(dtype).name)


def max(x, axis=None, keepdims=False, initial=None):
    """Largest element over axes, at least `initial`; equal ones share the gradient.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [2.0, 3.0]
    """
    return _extreme(reduce.max, maximum, x, axis, keepdims, initial)


def min(x, axis=None, keepdims=False, initial=None):
    """Smallest element over axes, at most `initial`; equal ones share the gradient.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> min([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [1.0, 0.0]
    """
    return _extreme(reduce.min, minimum, x, axis, keepdims, initial)


def _extreme(fold, other, x, axis, keepdims, initial):
    if initial is None:
        return fold(x, axis=axis, keepdims=keepdims)
    x = as_tensor(x)
    if not x.size:  # of nothing it is the initial value
        kept = sum(x, axis=axis, keepdims=keepdims).shape
        return broadcast_to(as_tensor(initial, x.dtype), kept)
    return other(fold(x, axis=axis, keepdims=keepdims), initial)


def amax(x, axis=None, keepdims=False):
    """Largest element over axes: `max`.

    >>> amax([1.0, 3.0]).item()
    3.0
    """
    return reduce.max(x, axis=axis, keepdims=keepdims)


def amin(x, axis=None, keepdims=False):
    """Smallest element over axes: `min`.

    >>> amin([1.0, 3.0]).item()
    1.0
    """
    return reduce.min(x, axis=axis, keepdims=keepdims)


def ptp(x, axis=None, keepdims=False):
    """From the smallest element to the largest: max - min over axes.

    >>> ptp([1.0, 5.0, 2.0]).item()
    4.0
    """
    largest = reduce.max(x, axis=axis, keepdims=keepdims)
    return largest - reduce.min(x, axis=axis, keepdims=keepdims)


def prod(x, axis=None, keepdims=False, dtype=None):
    """Product over axes, in another type if one is given; of integers and booleans in int64.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [2.0, 12.0]
    """
    y = reduce.prod(_typed(x, dtype), axis=axis, keepdims=keepdims)
    return _typed(y, dtype)


def count_nonzero(x, axis=None):
    """How many elements over axes are not 0, as int32.

    >>> count_nonzero([[0, 1], [2, 3]], axis=0).tolist()
    [1, 2]
    """
    return cast(sum(ne(as_tensor(x), 0), axis=axis), dtype="int32")


# --- along an axis -----------------------------------------------------------------------------


def cumsum(x, axis=None, dtype=None, reverse=False):
    """Running sum, y_i = x_0 + ... + x_i; from the end if `reverse`.

    Args:
        axis: along which; None for the flattened tensor.
        dtype: element type to add up in; of integers and booleans int64.

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    x, axis = (ravel(x), 0) if axis is None else (as_tensor(x), axis)
    return _typed(reduce.cumsum(_typed(x, dtype), axis=axis, reverse=reverse), dtype)


def cumprod(x, axis=None, dtype=None):
    """Running product, y_i = x_0 ... x_i; the flattened tensor's by default.

    Of pairs, of pairs of pairs, and so on: in log2(n) products of the whole, whose gradients are
    right where elements are 0.

    >>> cumprod([1.0, 2.0, 3.0]).tolist()
    [1.0, 2.0, 6.0]
    """
    x, axis = (ravel(x), 0) if axis is None else (as_tensor(x), axis)
    y = _typed(x, dtype)
    if dtype is None and not is_float(y.dtype):
        y = cast(y, dtype="int64")
    y = moveaxis(y, axis, -1)
    step, n = 1, y.shape[-1]
    while step < n:
        first = y[..., :step]
        y = concatenate([first, y[..., step:] * y[..., : n - step]], axis=-1)
        step *= 2
    return moveaxis(y, -1, axis)


def diff(a, n=1, axis=-1):
    """Differences of neighbours along an axis, y_i = x_(i+1) - x_i, taken n times.

    >>> diff([1.0, 4.0, 9.0]).tolist(), diff([1.0, 4.0, 9.0], n=2).tolist()
    ([3.0, 5.0], [2.0])
    """
    x = as_tensor(a)
    if n < 0 or not x.ndim:
        raise ArgumentError("diff: n is 0 or more, and x has an axis.", got=f"n {n}, x {x.shape}")
    x = moveaxis(x, axis, -1)
    for _ in range(n):
        later, earlier = x[..., 1:], x[..., :-1]
        x = ne(later, earlier) if x.dtype.kind == "b" else later - earlier
    return moveaxis(x, -1, axis)


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Integral along an axis by trapezoids, the sum of (y_i + y_(i+1)) / 2 times the distance.

    Args:
        x: where the y stand: a vector, or of y's shape.
        dx: their distance, if x is not given.

    >>> trapezoid([1.0, 2.0, 3.0]).item()
    4.0
    """
    y = moveaxis(as_floats(y), axis, -1)
    if x is None:
        width = dx
    else:
        x = as_tensor(x)
        width = diff(x if x.ndim == 1 else moveaxis(x, axis, -1))
    return sum((y[..., 1:] + y[..., :-1]) * 0.5 * width, axis=-1)


# --- averages ----------------------------------------------------------------------------------


def average(x, axis=None, weights=None):
    """Mean over axes, or that of weighted elements: sum(w x) / sum(w).

    Args:
        weights: of x's shape, or a vector along the one axis.

    >>> average([1.0, 3.0], weights=[3.0, 1.0]).item()
    1.5
    """
    if weights is None:
        return mean(x, axis=axis)
    x, w = (as_floats(v) for v in alike("average", x, weights))
    if w.shape != x.shape:
        if axis is None or isinstance(axis, list | tuple) or w.ndim != 1:
            raise ShapeError(
                "average: weights of x's shape, or a vector along one axis.",
                got=f"weights {w.shape}, x {x.shape}, axis {axis}",
            )
        axis = normalize_axis(axis, x.ndim, "average")
        w = reshape(w, (-1, *[1] * (x.ndim - 1 - axis)))
    return sum(x * w, axis=axis) / sum(broadcast_to(w, x.shape), axis=axis)


def corrcoef(x):
    """Correlation coefficients of variables, the rows of x: cov_ij / sqrt(cov_ii cov_jj).

    Shapes: x (variables, observations) -> y (variables, variables); of a vector a number.

    >>> corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]).numpy().round(3).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    x = as_floats(x)
    rows = expand_dims(x, 0) if x.ndim < 2 else x
    if rows.ndim != 2:
        raise ShapeError("corrcoef takes a matrix: variables, observations.", got=f"x {x.shape}")
    centred = rows - mean(rows, axis=1, keepdims=True)
    unit = centred / sqrt(sum(centred * centred, axis=1, keepdims=True))
    y = clip(matmul(unit, transpose(unit)), -1, 1)
    return reshape(y, ()) if x.ndim < 2 else y
