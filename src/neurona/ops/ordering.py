"""Looking elements up and putting them in order, with NumPy's arguments."""

from __future__ import annotations

from neurona.core.op import as_tensor
from neurona.core.shapes import normalize_axis
from neurona.errors import ArgumentError
from neurona.ops import index
from neurona.ops.arranging import ravel

__all__ = ["argpartition", "argsort", "sort", "take", "take_along_axis"]


def take(x, indices, axis=None):
    """Elements, or slices along an axis, by index; negative ones count from the end.

    Shapes: x (..., n, ...), indices (I...) -> y (..., I..., ...). With axis=0 the embedding lookup.

    Args:
        axis: along which; None looks elements of the flattened tensor up.

    Raises:
        IndexRangeError: if an index is outside of the axis.

    >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0], axis=0).tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    return index.take(ravel(x), indices, axis=0) if axis is None else index.take(x, indices, axis)


def take_along_axis(x, indices, axis=None):
    """For each place, the element of x with that index along the axis: y_ij = x_i,indices_ij.

    Shapes: x (..., n, ...), indices (..., m, ...) -> y (..., m, ...). Without an axis, of the
    flattened tensor; then indices are a vector.

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1).tolist()
    [[2.0], [3.0]]
    """
    if axis is None:
        return index.take_along_axis(ravel(x), ravel(indices), axis=0)
    return index.take_along_axis(x, indices, axis)


def argsort(x, axis=-1, descending=False):
    """Indices that sort along an axis (None: the flattened tensor); equal ones keep their order.

    Shapes: x (...) -> int32 (...).

    >>> argsort([3.0, 1.0, 2.0]).tolist()
    [1, 2, 0]
    """
    x, axis = _along(x, axis)
    return index.argsort(x, axis=axis, descending=descending)


def sort(x, axis=-1, descending=False):
    """Sorted elements along an axis, or of the flattened tensor if None; NaN comes last.

    The gradient goes back to where each came from.

    >>> sort([3.0, 1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    x, axis = _along(x, axis)
    return index.sort(x, axis, descending)


def _along(x, axis):
    x = as_tensor(x)
    return (ravel(x), 0) if axis is None or not x.ndim else (x, axis)


def argpartition(x, kth, axis=-1):
    """Indices that put the element kth along an axis where sorting would, smaller ones before it.

    All of them are in order here, which is one of the orders that fit.

    >>> argpartition([3.0, 1.0, 2.0], 1).tolist()
    [1, 2, 0]
    """
    x, axis = _along(x, axis)
    n = x.shape[normalize_axis(axis, x.ndim, "argpartition")]
    if not -n <= kth < n:
        raise ArgumentError("argpartition: kth is a place on the axis.", got=f"{kth} of {n}")
    return index.argsort(x, axis=axis)
