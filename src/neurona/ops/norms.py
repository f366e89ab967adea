"""Norms of vectors and matrices, and distances."""

from __future__ import annotations

import math

from neurona.core.op import as_floats
from neurona.core.shapes import normalize_axes, normalize_axis
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.arithmetic import abs, pow
from neurona.ops.functions import sqrt
from neurona.ops.movement import expand_dims, transpose
from neurona.ops.reduce import max, min, sum
from neurona.ops.spectra import svd

__all__ = ["cdist", "norm"]


def norm(x, ord=None, axis=None, keepdims=False):
    """Norm of vectors or matrices. At zero the gradient of the 2-norm is 0.

    Args:
        ord: of vectors 2, 1, any p for (sum of |x|^p)^(1/p), inf or -inf for the largest or
            smallest |x|, 0 for how many are not 0. Of matrices "fro" (sqrt(sum of x^2)), "nuc" (sum
            of singular values), 2 or -2 (the largest or smallest), 1 or -1 (the largest or smallest
            sum of a column's |x|), inf or -inf (of a row). None: sqrt(sum of x^2), along any axes.
        axis: one for vectors, two for matrices (rows, columns). None: all; then x has one or two
            axes, unless ord is None.
        keepdims: keep the axes, with size 1.

    Raises:
        ArgumentError: if there is no such norm.
        ShapeError: if x has other axes.

    >>> norm([3.0, 4.0]).item(), norm([[1.0, 2.0], [3.0, 4.0]], ord=1).item()
    (5.0, 6.0)
    """
    x = as_floats(x)
    if axis is None and ord is not None and x.ndim not in (1, 2):
        raise ShapeError(
            "norm: of one or two axes.", got=f"x {x.shape}, ord={ord!r}", hint="axis=-1"
        )
    given = tuple(range(x.ndim)) if axis is None else axis
    given = given if isinstance(given, list | tuple) else (given,)
    axes = tuple(normalize_axis(a, x.ndim, "norm") for a in given)
    if ord is None and len(set(axes)) == len(axes):
        return sqrt(sum(x * x, axis=axes, keepdims=keepdims))
    if len(axes) == 1:
        return _of_vectors(x, ord, axes[0], keepdims)
    if len(axes) == 2 and axes[0] != axes[1]:
        return _of_matrices(x, ord, *axes, keepdims)
    raise ShapeError("norm: one axis, or two different ones.", got=str(axis))


def _of_vectors(x, ord, axis, keepdims):
    over = {"axis": axis, "keepdims": keepdims}
    if ord == 2:
        return sqrt(sum(x * x, **over))
    if ord == 1:
        return sum(abs(x), **over)
    if ord == math.inf:
        return max(abs(x), **over)
    if ord == -math.inf:
        return min(abs(x), **over)
    if ord == 0:
        return sum(x != 0, **over).astype(x.dtype)
    if isinstance(ord, str):
        raise ArgumentError("norm: unknown order.", got=repr(ord), expected="a number, for vectors")
    return pow(sum(pow(abs(x), ord), **over), 1.0 / ord)


def _of_matrices(x, ord, rows, columns, keepdims):
    if ord == "fro":
        return sqrt(sum(x * x, axis=(rows, columns), keepdims=keepdims))
    if ord in (1, -1, math.inf, -math.inf):
        within = rows if ord in (1, -1) else columns
        sums = sum(abs(x), axis=within, keepdims=True)
        extreme = max if ord in (1, math.inf) else min
        return extreme(sums, axis=(rows, columns), keepdims=keepdims)
    if ord not in ("nuc", 2, -2):
        raise ArgumentError(
            "norm: unknown order.", got=repr(ord),
            expected='"fro", "nuc", 1, -1, 2, -2, inf or -inf, for matrices',
        )  # fmt: skip
    rest = [a for a in range(x.ndim) if a not in (rows, columns)]
    s = svd(transpose(x, (*rest, rows, columns)), compute_uv=False)
    y = {"nuc": sum, 2: max, -2: min}[ord](s, axis=-1)
    axes = normalize_axes((rows, columns), x.ndim, "norm")
    return expand_dims(y, axes) if keepdims else y


def cdist(x, y):
    """Distances of each row of x from each row of y, sqrt(sum of (x_i - y_j)^2).

    Shapes: x (..., M, D), y (..., N, D) -> z (..., M, N). At zero the gradient is 0.

    >>> cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
    [[5.0, 1.0]]
    """
    x, y = as_floats(x), as_floats(y)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            "cdist: rows of one length.", got=f"x {x.shape}, y {y.shape}",
            expected="(..., M, D) and (..., N, D)",
        )  # fmt: skip
    apart = expand_dims(x, -2) - expand_dims(y, -3)
    return sqrt(sum(apart * apart, axis=-1))
