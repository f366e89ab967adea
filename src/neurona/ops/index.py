"""Ops that look values up by index, put them back, and order them."""

from __future__ import annotations

import numpy as np

from neurona.core.lowering import Indexed, Scatter, Sort
from neurona.core.op import as_tensor, cast, op
from neurona.core.shapes import DTYPES, Spec, normalize_axis
from neurona.errors import (
    ArgumentError,
    DtypeError,
    IndexRangeError,
    ShapeError,
    check_integer,
)
from neurona.ops.comparison import eq, where
from neurona.ops.filled import arange, zeros
from neurona.ops.movement import expand_dims, reshape
from neurona.ops.reduce import max

__all__ = [
    "add_along_axis", "gather", "multi_hot", "one_hot", "scatter_add", "scatter_set", "top_k",
]  # fmt: skip


def _indices(name, indices, size):
    if indices.dtype.kind not in "iu":
        raise DtypeError(
            f"{name}: indices are integers.", got=indices.dtype.name, hint='.astype("int32")'
        )
    if indices.size and not size:
        raise IndexRangeError(f"{name}: an axis of size 0 has nothing to index.")


def _outside(name, indices, size):
    """Return the error for indices of which NumPy refused one."""
    first = indices[(indices < -size) | (indices >= size)].ravel()[0]
    return IndexRangeError(
        f"{name}: an index is out of range.",
        got=str(first),
        expected=f"{-size} to {size - 1} for an axis of size {size}",
        hint="count from 0" if first == size else "",
    )


def _take_shape(x, indices, *, axis):
    axis = normalize_axis(axis, x.ndim, "take")
    _indices("take", indices, x.shape[axis])
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


def _row(b, i, x, indices, *updates, axis):
    """Where in x the element i of the rows by index stands."""
    axis = normalize_axis(axis, len(x.shape), "take")
    end = axis + len(indices.shape)
    return (*i[:axis], b.position(indices.at(i[axis:end]), x.shape[axis]), *i[end:])


@op(
    shape=_take_shape,
    lower=Indexed(lambda b, i, x, indices, axis: x.at(_row(b, i, x, indices, axis=axis))),
    types="as is",
)
def take(xp, x, indices, *, axis=0):
    """Rows (or slices along `axis`) by index; negative ones count from the end.

    Shapes: x (..., n, ...), indices (I...) -> y (..., I..., ...). The embedding lookup.

    Raises:
        IndexRangeError: if an index is outside of the axis.

    >>> take([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0]).tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    try:
        return xp.take(x, indices, axis=axis)
    except IndexError:
        raise _outside("take", indices, x.shape[axis]) from None


@take.grad
def _(g, y, x, indices, *, axis):
    return scatter_add(zeros(x.shape, x.dtype), indices, g, axis=axis), None


def _scatter_shape(name):
    def shape(x, indices, updates, *, axis):
        axis = normalize_axis(axis, x.ndim, name)
        _indices(name, indices, x.shape[axis])
        expected = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
        if updates.shape != expected:
            raise ShapeError(
                f"{name}: one update for each index.",
                got=f"updates {updates.shape}",
                expected=str(expected),
            )
        if updates.dtype != x.dtype:
            raise DtypeError(f"{name}: x and updates are of one type.", got=f"{x}, {updates}")
        return x

    return shape


@op(shape=_scatter_shape("scatter_add"), lower=Scatter(_row), types="as is")
def scatter_add(xp, x, indices, updates, *, axis=0):
    """x with the updates added at the indices along an axis; repeated indices add up.

    Shapes: x (..., n, ...), indices (I...), updates (..., I..., ...) -> y like x.

    >>> scatter_add([0.0, 0.0], [1, 1], [2.0, 3.0]).tolist()
    [0.0, 5.0]
    """
    axis = axis % x.ndim
    place = (slice(None),) * axis + (indices,)
    if xp is not np:
        return x.at[place].add(updates)
    y = np.array(x)
    try:
        np.add.at(y, place, updates)
    except IndexError:
        raise _outside("scatter_add", indices, x.shape[axis]) from None
    return y


@scatter_add.grad
def _(g, y, x, indices, updates, *, axis):
    return g, None, take(g, indices, axis=axis)


@op(shape=_scatter_shape("scatter_set"), lower=Scatter(_row, replaces=True), types="as is")
def scatter_set(xp, x, indices, updates, *, axis=0):
    """x with the updates instead of what was at the indices along an axis; of equal ones the last.

    Shapes: x (..., n, ...), indices (I...), updates (..., I..., ...) -> y like x. In a loop that
    carries x, it is written in place if nobody reads x after that: it costs the updates alone.

    >>> scatter_set([1.0, 2.0, 3.0], [0, -1], [7.0, 8.0]).tolist()
    [7.0, 2.0, 8.0]
    """
    axis = axis % x.ndim
    place = (slice(None),) * axis + (indices,)
    if xp is not np:
        return x.at[place].set(updates)
    y = np.array(x)
    place = (*place[:-1], np.array(indices, order="C"))  # NumPy goes as the indices lie in memory
    try:
        y[place] = updates
    except IndexError:
        raise _outside("scatter_set", indices, x.shape[axis]) from None
    return y


@scatter_set.grad
def _(g, y, x, indices, updates, *, axis):
    n = x.shape[axis]
    number = reshape(arange(indices.size), indices.shape)
    last = take(scatter_set(zeros((n,), number.dtype), indices, number), indices)
    shape = (*indices.shape, *(1,) * (x.ndim - 1 - axis % x.ndim))
    stays = reshape(eq(last, number), shape)  # no later update stands at its place
    dx = scatter_set(g, indices, zeros(updates.shape, g.dtype), axis=axis)
    return dx, None, where(stays, take(g, indices, axis=axis), 0)


def _along_shape(x, indices, *, axis):
    axis = normalize_axis(axis, x.ndim, "take_along_axis")
    _indices("take_along_axis", indices, x.shape[axis])
    if indices.ndim != x.ndim:
        raise ShapeError(
            "take_along_axis: as many axes in x as in indices.",
            got=f"x {x.shape}, indices {indices.shape}",
        )
    rest = list(x.shape)
    rest[axis] = indices.shape[axis]
    if indices.shape != tuple(rest):
        raise ShapeError(
            "take_along_axis: the other axes must agree.",
            got=f"x {x.shape}, indices {indices.shape}",
            expected=str(tuple(rest)),
        )
    return Spec(indices.shape, x.dtype)


def _along(b, i, x, indices, *updates, axis):
    """Where in x the element i of those by index along an axis stands."""
    axis = normalize_axis(axis, len(x.shape), "take_along_axis")
    return (*i[:axis], b.position(indices.at(i), x.shape[axis]), *i[axis + 1 :])


@op(
    shape=_along_shape,
    lower=Indexed(lambda b, i, x, indices, axis: x.at(_along(b, i, x, indices, axis=axis))),
    types="as is",
)
def take_along_axis(xp, x, indices, *, axis=-1):
    """For each place, the element of x with that index along the axis: y_ij = x_i,indices_ij.

    Shapes: x (..., n, ...), indices (..., m, ...) -> y (..., m, ...).

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1).tolist()
    [[2.0], [3.0]]
    """
    try:
        return xp.take_along_axis(x, indices, axis=axis)
    except IndexError:
        raise _outside("take_along_axis", indices, x.shape[axis]) from None


@take_along_axis.grad
def _(g, y, x, indices, *, axis):
    if indices.shape[axis] == 1:  # of each row one, such as the class: a comparison, which fuses
        return where(_chosen(indices, x.shape[axis], axis), g, 0), None
    return add_along_axis(zeros(x.shape, x.dtype), indices, g, axis=axis), None


def _chosen(indices, n, axis):
    """Whether each place along an axis is the one that the single index there means."""
    indices = cast(indices, dtype="int32" if n < 2**31 else "int64")
    after = (1,) * (indices.ndim - 1 - axis % indices.ndim)
    places = reshape(arange(n, dtype=indices.dtype), (n, *after))
    return eq(where(indices < 0, indices + n, indices), places)


def _add_along_shape(x, indices, updates, *, axis):
    if updates != _along_shape(x, indices, axis=axis):
        raise ShapeError(
            "add_along_axis: one update of x's type for each index.",
            got=f"updates {updates}",
            expected=f"{Spec(indices.shape, x.dtype)}",
        )
    return x


@op(shape=_add_along_shape, lower=Scatter(_along), types="as is")
def add_along_axis(xp, x, indices, updates, *, axis):
    """x with each update added at its index along the axis: the gradient of take_along_axis.

    Shapes: x (..., n, ...), indices and updates (..., m, ...) -> y like x.

    >>> add_along_axis([[0.0, 0.0]], [[1, 1]], [[2.0, 3.0]], axis=1).tolist()
    [[0.0, 5.0]]
    """
    axis = axis % x.ndim
    place = [
        xp.arange(n).reshape((1,) * a + (n,) + (1,) * (x.ndim - a - 1))
        for a, n in enumerate(indices.shape)
    ]
    place[axis] = indices
    if xp is not np:
        return x.at[tuple(place)].add(updates)
    y = np.array(x)
    try:
        np.add.at(y, tuple(place), updates)
    except IndexError:
        raise _outside("add_along_axis", indices, x.shape[axis]) from None
    return y


@add_along_axis.grad
def _(g, y, x, indices, updates, *, axis):
    return g, None, take_along_axis(g, indices, axis=axis)


def _argsort_shape(x, *, axis, descending):
    normalize_axis(axis, x.ndim, "argsort")
    return Spec(x.shape, DTYPES["int32"])


@op(shape=_argsort_shape, lower=Sort(), types="as is")
def argsort(xp, x, *, axis=-1, descending=False):
    """Indices that sort along an axis; equal elements keep their order.

    Shapes: x (...) -> int32 (...).

    >>> argsort([3.0, 1.0, 2.0]).tolist()
    [1, 2, 0]
    """
    if not descending:
        return xp.argsort(x, axis=axis, stable=True).astype("int32")
    order = xp.argsort(xp.flip(x, axis), axis=axis, stable=True)  # equal ones in order again
    return (x.shape[axis] - 1 - xp.flip(order, axis)).astype("int32")


# --- compositions ----------------------------------------------------------------------------


def gather(x, indices, axis=-1):
    """Another name of `take_along_axis`, as in PyTorch.

    >>> gather([[1.0, 2.0]], [[1]], axis=1).tolist()
    [[2.0]]
    """
    return take_along_axis(x, indices, axis=axis)


def sort(x, axis=-1, descending=False):
    """Sorted elements along an axis; the gradient goes back to where each came from.

    >>> sort([3.0, 1.0, 2.0]).tolist()
    [1.0, 2.0, 3.0]
    """
    x = as_tensor(x)
    return take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis)


def top_k(x, k, sorted=True):
    """The k largest elements along the last axis and their indices, largest first.

    Shapes: x (..., n) -> values (..., k), indices int32 (..., k).

    >>> values, indices = top_k([1.0, 3.0, 2.0], 2)
    >>> values.tolist(), indices.tolist()
    ([3.0, 2.0], [1, 2])
    """
    x = as_tensor(x)
    if not 1 <= k <= x.shape[-1]:
        raise ArgumentError("top_k: k is out of range.", got=str(k), expected=f"1 to {x.shape[-1]}")
    indices = argsort(x, axis=-1, descending=True)[..., :k]
    return take_along_axis(x, indices, axis=-1), indices


def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """1 at the class that a number names, else 0, along a new axis; no class gives zeros.

    Shapes: x (...) -> y (..., num_classes).

    Args:
        x: integers; those outside of [0, num_classes) name no class.
        axis: where the new axis stands, the last by default.
        dtype: of y; the default float type.
        sparse: of Keras; tensors are dense here.

    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    _dense("one_hot", sparse)
    x = as_tensor(x)
    num_classes = check_integer("num_classes", num_classes, minimum=0)
    axis = normalize_axis(axis, x.ndim + 1, "one_hot")
    classes = reshape(arange(num_classes, dtype=x.dtype), (num_classes,) + (1,) * (x.ndim - axis))
    return cast(eq(expand_dims(x, axis), classes), dtype=dtype or float)


def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False):
    """1 for each class that a row names, else 0.

    Shapes: inputs (n,) -> y (num_classes,); inputs (B, n, ...) -> y (B, ..., num_classes).

    Args: those of `one_hot`.

    >>> multi_hot([[0, 2], [1, 1]], 3).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    _dense("multi_hot", sparse)
    if num_classes is None:
        raise ArgumentError("multi_hot: how many classes there are must be said.")
    x = cast(as_tensor(inputs), dtype="int32")
    return max(one_hot(x, num_classes, axis, dtype), axis=1 if x.ndim > 1 else 0)


def _dense(name, sparse):
    if sparse:
        raise ArgumentError(
            f"{name}: there are no sparse tensors.", got="sparse=True",
            hint="an Embedding layer looks rows up without them",
        )  # fmt: skip
