"""Ops that fold axes: sums, extremes, logic, and the running sum."""

from __future__ import annotations

import builtins

import numpy as np

from neurona.core.lowering import Reduction, Running, Search
from neurona.core.op import cast, op
from neurona.core.shapes import normalize_axes, normalize_axis, product, reduced
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DtypeError, ShapeError
from neurona.ops.comparison import eq
from neurona.ops.functions import sqrt
from neurona.ops.movement import broadcast_to, flip, pad, reshape, transpose
from neurona.ops.summation import block_sum, running_sum

__all__ = ["all", "any", "argmax", "argmin", "mean", "std", "sum", "var"]


def spread(y, x_shape, axis, keepdims):
    """Return what a reduction of x gave, stretched back over x's shape."""
    if not keepdims:
        axes = normalize_axes(axis, len(x_shape), "spread")
        y = reshape(y, tuple(1 if a in axes else s for a, s in enumerate(x_shape)))
    return broadcast_to(y, x_shape)


def _numeric(name, nonempty=False):
    rule = reduced(name, nonempty=nonempty)

    def checked(x, **attributes):
        if x.dtype.kind == "b":
            raise DtypeError(f"{name}: booleans have no {name}.", hint='x.astype("int32")')
        return rule(x, **attributes)

    return checked


@op(shape=reduced("sum"), lower=Reduction(lambda b, x, y: b.add(x, y), 0), types="wide")
def sum(xp, x, *, axis=None, keepdims=False):
    """Sum over axes (all by default); of integers and booleans in int64, as in NumPy.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    return block_sum(xp, x, axis, keepdims)


@sum.grad
def _(g, y, x, *, axis, keepdims):
    return spread(g, x.shape, axis, keepdims)


@op(
    shape=_numeric("max", nonempty=True), lower=Reduction(lambda b, x, y: b.maximum(x, y), "lowest")
)
def max(xp, x, *, axis=None, keepdims=False):
    """Largest element over axes; equal ones share the gradient.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [2.0, 3.0]
    """
    return xp.max(x, axis=axis, keepdims=keepdims)


@op(
    shape=_numeric("min", nonempty=True),
    lower=Reduction(lambda b, x, y: b.minimum(x, y), "highest"),
)
def min(xp, x, *, axis=None, keepdims=False):
    """Smallest element over axes; equal ones share the gradient.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> min([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [1.0, 0.0]
    """
    return xp.min(x, axis=axis, keepdims=keepdims)


@max.grad
@min.grad
def _(g, y, x, *, axis, keepdims):
    hit = cast(eq(x, spread(y, x.shape, axis, keepdims)), dtype=x.dtype)
    return hit * spread(g / sum(hit, axis=axis, keepdims=keepdims), x.shape, axis, keepdims)


@op(shape=reduced("prod"), lower=Reduction(lambda b, x, y: b.mul(x, y), 1), types="wide")
def prod(xp, x, *, axis=None, keepdims=False):
    """Product over axes; of integers and booleans in int64, as in NumPy.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [2.0, 12.0]
    """
    return xp.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


@prod.grad
def _(g, y, x, *, axis, keepdims):
    axes = normalize_axes(axis, x.ndim, "prod")
    order = [*(a for a in range(x.ndim) if a not in axes), *axes]
    moved = transpose(x, order)
    n = product([x.shape[a] for a in axes])
    rest = reshape(
        _others(reshape(moved, (product(x.shape) // builtins.max(n, 1), n))), moved.shape
    )
    back = [order.index(a) for a in range(x.ndim)]
    return spread(g, x.shape, axis, keepdims) * transpose(rest, back)


def _others(x):
    """For each element of a row the product of the others: y / x, but x may be 0.

    Pairs are multiplied, and pairs of pairs; what is outside of a pair times its other half is
    what is outside of one element. Shapes: x (B, n) -> (B, n), in about 3 n products.
    """
    rows, n = x.shape
    if n <= 1:
        return broadcast_to(Tensor(np.ones((), x.dtype)), x.shape)
    if n % 2:
        return _others(pad(x, ((0, 0), (0, 1)), value=1))[:, :n]
    pairs = reshape(x, (rows, n // 2, 2))
    outside = _others(reshape(pairs[:, :, :1] * pairs[:, :, 1:], (rows, n // 2)))
    return reshape(reshape(outside, (rows, n // 2, 1)) * flip(pairs, axis=2), (rows, n))


@op(
    shape=reduced("any", "bool"),
    lower=Reduction(lambda b, x, y: b.logical_or(x, y), 0),
    types="as is",
)
def any(xp, x, *, axis=None, keepdims=False):
    """Whether some element is true (not zero).

    >>> any([[True, False], [False, False]], axis=1).tolist()
    [True, False]
    """
    return xp.any(x, axis=axis, keepdims=keepdims)


@op(
    shape=reduced("all", "bool"),
    lower=Reduction(lambda b, x, y: b.logical_and(x, y), 1),
    types="as is",
)
def all(xp, x, *, axis=None, keepdims=False):
    """Whether every element is true (not zero).

    >>> all([[True, False], [True, True]], axis=1).tolist()
    [False, True]
    """
    return xp.all(x, axis=axis, keepdims=keepdims)


def _index_shape(name):
    def rule(x, *, axis=None, keepdims=False):
        if isinstance(axis, list | tuple):
            raise ArgumentError(f"{name}: one axis, or None for all.", got=str(axis))
        if x.size == 0:
            raise ShapeError(f"{name}: nothing has no {name}.", got=f"x {x.shape}")
        kept = reduced(name, "int32")(x, axis=axis, keepdims=keepdims)
        return kept

    return rule


def _first_nan(b, x, y):
    return b.logical_and(b.ne(x, x), b.eq(y, y))


def _larger(b, x, y):
    return b.logical_or(b.gt(x, y), _first_nan(b, x, y))


def _smaller(b, x, y):
    return b.logical_or(b.lt(x, y), _first_nan(b, x, y))


@op(shape=_index_shape("argmax"), lower=Search(_larger), types="as is")
def argmax(xp, x, *, axis=None, keepdims=False):
    """Index of the largest element along one axis, or in the flattened tensor; first of equals.

    Shapes: x (...) -> int32, without the axis, or with size 1 there if `keepdims`.

    >>> argmax([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [1, 0]
    """
    return xp.argmax(x, axis=axis, keepdims=keepdims).astype("int32")


@op(shape=_index_shape("argmin"), lower=Search(_smaller), types="as is")
def argmin(xp, x, *, axis=None, keepdims=False):
    """Index of the smallest element along one axis, or in the flattened tensor; first of equals.

    Shapes: x (...) -> int32, without the axis, or with size 1 there if `keepdims`.

    >>> argmin([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [0, 1]
    """
    return xp.argmin(x, axis=axis, keepdims=keepdims).astype("int32")


def _cumsum_shape(x, *, axis, reverse):
    normalize_axis(axis, x.ndim, "cumsum")
    return x


@op(shape=_cumsum_shape, lower=Running(lambda b, x, y: b.add(x, y), 0), types="wide")
def cumsum(xp, x, *, axis=-1, reverse=False):
    """Running sum along an axis, y_i = x_0 + ... + x_i; from the end if `reverse`.

    Shapes: x (...) -> y (...), int64 for integers and booleans.

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    x = xp.flip(x, axis) if reverse else x
    y = running_sum(xp, x, axis)
    return xp.flip(y, axis) if reverse else y


@cumsum.grad
def _(g, y, x, *, axis, reverse):
    return cumsum(g, axis=axis, reverse=not reverse)


def mean(x, axis=None, keepdims=False):
    """Average over axes, sum(x) / n; of nothing it is NaN.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [2.0, 3.0]
    """
    total = sum(x, axis=axis, keepdims=keepdims)
    shape = np.shape(x)
    n = product([shape[a] for a in normalize_axes(axis, len(shape), "mean")])
    return total / (n or float("nan"))


def var(x, axis=None, keepdims=False, ddof=0):
    """Variance over axes, sum((x - mean)^2) / (n - ddof); NaN where that is no positive number.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> var([1.0, 2.0, 3.0, 4.0]).item()
    1.25
    """
    centred = x - mean(x, axis=axis, keepdims=True)
    shape = np.shape(x)
    n = product([shape[a] for a in normalize_axes(axis, len(shape), "var")]) - ddof
    return sum(centred * centred, axis=axis, keepdims=keepdims) / (n if n > 0 else float("nan"))


def std(x, axis=None, keepdims=False, ddof=0):
    """Standard deviation over axes, sqrt(var(x)); where all are equal its gradient is 0.

    Shapes: x (...) -> y, without the axes, or with size 1 there if `keepdims`.

    >>> std([1.0, 3.0]).item()
    1.0
    """
    return sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))
