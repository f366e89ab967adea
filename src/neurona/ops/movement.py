"""Ops that arrange the same elements differently: reshape, transpose, slice, pad.

`strided_slice` and `pad` are each other's gradient; all other cuts follow from them.
"""

from __future__ import annotations

import functools

import numpy as np

from neurona.core.lowering import Indexed, View
from neurona.core.op import as_tensor, op
from neurona.core.shapes import (
    Spec,
    as_shape,
    broadcast_shapes,
    normalize_axes,
    normalize_axis,
    product,
)
from neurona.errors import ArgumentError, ShapeError, check_integer

__all__ = [
    "broadcast_to", "diagonal", "expand_dims", "flip", "moveaxis", "reshape", "squeeze",
    "strided_slice", "swapaxes", "transpose",
]  # fmt: skip


def _reshaped(x, steps, y, newshape):
    if 0 in x:
        return (0,) * len(y), 0
    runs: list[
        tuple[int, int]
    ] = []  # (elements, stride) of axes that follow on each other without a gap
    for size, step in zip(x, steps, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == size * step:
            size *= runs.pop()[0]
        runs.append((size, step))
    strides, left, step = [], 1, 0
    for size in reversed(y):  # cut from the runs, innermost axis first
        if size > 1 and left == 1:
            left, step = runs.pop()
        if left % size:
            return None
        strides.append(step if size > 1 else 0)
        left, step = left // size, step * size
    return tuple(reversed(strides)), 0


def _reshape_shape(x, *, newshape):
    sizes = list(newshape) if isinstance(newshape, tuple) else [newshape]
    for size in sizes:
        check_integer("reshape: a size", size)
    if sizes.count(-1) == 1:
        rest = product([s for s in sizes if s != -1])
        if rest == 0 or x.size % rest:
            _wrong_size(x, newshape)
        sizes[sizes.index(-1)] = x.size // rest
    if any(s < 0 for s in sizes):
        raise ShapeError("reshape: at most one size may be -1.", got=str(newshape))
    if product(sizes) != x.size:
        _wrong_size(x, newshape)
    return Spec(tuple(sizes), x.dtype)


def _wrong_size(x, shape):
    raise ShapeError(
        "reshape: the number of elements would change.",
        got=f"x {x.shape} with {x.size} elements, shape {shape}",
        expected=f"sizes whose product is {x.size}",
    )


@op(
    shape=_reshape_shape,
    lower=View(_reshaped),
    types="as is",
)
def reshape(xp, x, *, newshape):
    """The same elements, in the same order, in another shape; one size may be -1.

    >>> reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    return xp.reshape(x, newshape)


@reshape.grad
def _(g, y, x, *, newshape):
    return reshape(g, x.shape)


def _transpose_shape(x, *, axes):
    order = _order(axes, x.ndim)
    return Spec(tuple(x.shape[a] for a in order), x.dtype)


def _order(axes, ndim):
    if axes is None:
        return tuple(reversed(range(ndim)))
    order = tuple(normalize_axis(a, ndim, "transpose") for a in axes)
    if sorted(order) != list(range(ndim)):
        raise ShapeError("transpose: axes must name each axis once.", got=f"{axes} for {ndim} axes")
    return order


@op(
    shape=_transpose_shape,
    lower=View(lambda x, steps, y, axes: (tuple(steps[a] for a in _order(axes, len(x))), 0)),
    types="as is",
)
def transpose(xp, x, *, axes=None):
    """Permute the axes: axis k of y is axis axes[k] of x; reversed by default.

    >>> transpose([[1, 2, 3], [4, 5, 6]]).tolist()
    [[1, 4], [2, 5], [3, 6]]
    """
    return xp.transpose(x, axes)


@transpose.grad
def _(g, y, x, *, axes):
    return transpose(g, tuple(np.argsort(_order(axes, len(x.shape))).tolist()))


def _broadcast_to_shape(x, *, shape):
    shape = as_shape(shape)
    if broadcast_shapes("broadcast_to", x.shape, shape) != shape:
        raise ShapeError(
            "broadcast_to: x does not stretch to the shape.", got=f"x {x.shape}, {shape}"
        )
    return Spec(shape, x.dtype)


def _stretched(x, steps, y, shape):
    new = (0,) * (len(y) - len(x))
    return (*new, *(0 if size == 1 else step for size, step in zip(x, steps, strict=True))), 0


@op(shape=_broadcast_to_shape, lower=View(_stretched), types="as is")
def broadcast_to(xp, x, *, shape):
    """Repeat along axes of size 1 and along new axes at the left.

    >>> broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    return xp.broadcast_to(x, shape)


@broadcast_to.grad
def _(g, y, x, *, shape):
    return g  # the sweep sums what was stretched


def _slice_shape(x, *, start, stop, step):
    if not len(start) == len(stop) == len(step) == x.ndim:
        raise ArgumentError("strided_slice: one start, stop and step for each axis.")
    sizes = []
    for size, a, b, s in zip(x.shape, start, stop, step, strict=True):
        if not (0 <= a <= size and 0 <= b <= size and s >= 1):
            raise ShapeError("strided_slice: outside of the axis.", got=f"{a}:{b}:{s} of {size}")
        sizes.append(len(range(a, b, s)))
    return Spec(tuple(sizes), x.dtype)


def _sliced(x, steps, y, start, stop, step):
    strides = tuple(a * b for a, b in zip(steps, step, strict=True))
    return strides, 0 if 0 in y else sum(a * b for a, b in zip(steps, start, strict=True))


@op(
    shape=_slice_shape,
    lower=View(_sliced),
    types="as is",
)
def strided_slice(xp, x, *, start, stop, step):
    """Every step-th element from start up to stop, on each axis. Write x[1:9:2] instead.

    >>> strided_slice([1, 2, 3, 4], start=(0,), stop=(4,), step=(2,)).tolist()
    [1, 3]
    """
    return x[tuple(slice(a, b, s) for a, b, s in zip(start, stop, step, strict=True))]


@strided_slice.grad
def _(g, y, x, *, start, stop, step):
    widths = []
    for size, a, s, n in zip(x.shape, start, step, y.shape, strict=True):
        used = (n - 1) * s + 1 if n else 0
        widths.append((a, size - a - used, s - 1) if n else (0, size, 0))
    return pad(g, widths)


def _pad_shape(x, *, widths, value):
    if len(widths) != x.ndim:
        raise ShapeError("pad: one width for each axis.", got=f"{len(widths)} for x {x.shape}")
    sizes = []
    for size, width in zip(x.shape, widths, strict=True):
        low, high, *inner = width
        if low < 0 or high < 0 or (inner and inner[0] < 0):
            raise ShapeError(
                "pad: a width is never negative.", got=str(widths), hint="slice instead"
            )
        sizes.append(low + high + size + (inner[0] if inner else 0) * max(size - 1, 0))
    return Spec(as_shape(sizes), x.dtype)


def _padded(b, i, x, widths, value):
    if 0 in x.shape:
        return b.constant(value, x)
    index, inside = [], []
    for k, n, (low, high, between) in zip(i, x.shape, ((*w, 0)[:3] for w in widths), strict=True):
        k = b.sub(k, b.integer(low)) if low else k
        inside += [b.ge(k, b.integer(0))] if low else []
        if between:
            step = b.integer(between + 1)
            inside.append(b.eq(b.mod(k, step), b.integer(0)))
            k = b.floordiv(k, step)
        inside += [b.lt(k, b.integer(n))] if high else []
        index.append(k)
    if not inside:
        return x.at(tuple(index))
    return x.at(tuple(index), functools.reduce(b.logical_and, inside), b.constant(value, x))


@op(shape=_pad_shape, lower=Indexed(_padded), types="as is")
def pad(xp, x, *, widths, value=0):
    """Surround with a constant: widths (before, after) for each axis, or (before, after, between).

    Shapes: x (..., n, ...) -> y (..., before + n + between * (n - 1) + after, ...).

    >>> pad([1, 2], [(1, 2)]).tolist()
    [0, 1, 2, 0, 0]
    """
    widths = [(*w, 0)[:3] for w in widths]
    sizes = [a + b + n + k * max(n - 1, 0) for n, (a, b, k) in zip(x.shape, widths, strict=True)]
    inner = tuple(
        slice(a, a + (n - 1) * (k + 1) + 1 if n else a, k + 1)
        for n, (a, _, k) in zip(x.shape, widths, strict=True)
    )
    y = np.full(sizes, value, x.dtype)
    if xp is not np:
        return xp.asarray(y).at[inner].set(x)
    y[inner] = x
    return y


@pad.grad
def _(g, y, x, *, widths, value):
    starts = tuple(w[0] for w in widths)
    steps = tuple((w[2] if len(w) > 2 else 0) + 1 for w in widths)
    stops = tuple(
        a + (n - 1) * s + 1 if n else a for a, n, s in zip(starts, x.shape, steps, strict=True)
    )
    return strided_slice(g, start=starts, stop=stops, step=steps)


def _flip_shape(x, *, axis):
    normalize_axes(axis, x.ndim, "flip")
    return x


def _flipped(x, steps, y, axis):
    axes = normalize_axes(axis, len(x), "flip")
    strides = tuple(-step if a in axes else step for a, step in enumerate(steps))
    return strides, 0 if 0 in x else sum((x[a] - 1) * steps[a] for a in axes)


@op(shape=_flip_shape, lower=View(_flipped), types="as is")
def flip(xp, x, *, axis=None):
    """Reverse the order along axes (all by default).

    >>> flip([[1, 2], [3, 4]], axis=1).tolist()
    [[2, 1], [4, 3]]
    """
    return xp.flip(x, axis)


@flip.grad
def _(g, y, x, *, axis):
    return flip(g, axis=axis)


# --- compositions ----------------------------------------------------------------------------


def expand_dims(x, axis):
    """Insert axes of size 1; `axis` counts in the result.

    >>> expand_dims([1, 2], -1).shape
    (2, 1)
    """
    x = as_tensor(x)
    several = axis if isinstance(axis, list | tuple) else (axis,)
    ndim = x.ndim + len(several)
    axes = normalize_axes(several, ndim, "expand_dims")
    sizes = iter(x.shape)
    return reshape(x, tuple(1 if a in axes else next(sizes) for a in range(ndim)))


def squeeze(x, axis=None):
    """Remove axes of size 1 (all of them by default).

    >>> squeeze([[[1, 2]]]).shape
    (2,)
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(x, tuple(s for s in x.shape if s != 1))
    axes = normalize_axes(axis, x.ndim, "squeeze")
    if any(x.shape[a] != 1 for a in axes):
        raise ShapeError("squeeze: only axes of size 1 can go.", got=f"x {x.shape}, axis {axis}")
    return reshape(x, tuple(s for a, s in enumerate(x.shape) if a not in axes))


def swapaxes(x, axis1, axis2):
    """Exchange two axes.

    >>> swapaxes([[[1, 2]]], 0, 2).shape
    (2, 1, 1)
    """
    x = as_tensor(x)
    order = list(range(x.ndim))
    a, b = (normalize_axis(axis, x.ndim, "swapaxes") for axis in (axis1, axis2))
    order[a], order[b] = b, a
    return transpose(x, order)


def moveaxis(x, source, destination):
    """Move an axis, or several ones, to other places; the others keep their order.

    >>> moveaxis([[[1, 2]]], 2, 0).shape
    (2, 1, 1)
    """
    x = as_tensor(x)
    pairs = [(v,) if isinstance(v, int) else tuple(v) for v in (source, destination)]
    old, new = ([normalize_axis(a, x.ndim, "moveaxis") for a in axes] for axes in pairs)
    if len(old) != len(new) or len(set(old)) != len(old) or len(set(new)) != len(new):
        raise ShapeError(
            "moveaxis: each axis has one place to go.", got=f"{source} to {destination}"
        )
    order = [k for k in range(x.ndim) if k not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


def diagonal(x, offset=0, axis1=0, axis2=1):
    """The elements on a diagonal of two axes, as the last axis of the result.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError("diagonal takes matrices.", got=f"x {x.shape}", expected="(..., M, N)")
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    *rest, rows, columns = x.shape
    first = max(offset, 0) if offset >= 0 else -offset * columns
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    flat = reshape(x, (*rest, rows * columns))
    return flat[..., first : first + count * (columns + 1) : columns + 1][..., :count]
