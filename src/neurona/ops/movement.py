"""Ops that arrange the same elements differently: reshape, transpose, slice, pad.

`strided_slice` and `pad` are each other's gradient; all other cuts follow from them.
"""

from __future__ import annotations

import numpy as np

from neurona.core.lowering import Kernel, View
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
    "broadcast_to", "expand_dims", "flip", "moveaxis", "pad", "reshape", "squeeze", "strided_slice",
    "swapaxes", "transpose",
]  # fmt: skip


def _unravel(i, shape):
    place = []
    for size in reversed(shape):
        place.append(i % size)
        i = i // size
    return tuple(reversed(place))


def _ravel(place, shape):
    flat = 0
    for i, size in zip(place, shape, strict=True):
        flat = flat * size + i
    return flat


def _reshape_shape(x, *, shape):
    sizes = list(shape) if isinstance(shape, tuple) else [shape]
    for size in sizes:
        check_integer("reshape: a size", size)
    if sizes.count(-1) == 1:
        rest = product([s for s in sizes if s != -1])
        if rest == 0 or x.size % rest:
            _wrong_size(x, shape)
        sizes[sizes.index(-1)] = x.size // rest
    if any(s < 0 for s in sizes):
        raise ShapeError("reshape: at most one size may be -1.", got=str(shape))
    if product(sizes) != x.size:
        _wrong_size(x, shape)
    return Spec(tuple(sizes), x.dtype)


def _wrong_size(x, shape):
    raise ShapeError(
        "reshape: the number of elements would change.",
        got=f"x {x.shape} with {x.size} elements, shape {shape}",
        expected=f"sizes whose product is {x.size}",
    )


@op(
    shape=_reshape_shape,
    lower=View(lambda i, x, y, shape: _unravel(_ravel(i, y), x)),
    types="as is",
)
def reshape(xp, x, *, shape):
    """The same elements, in the same order, in another shape; one size may be -1.

    >>> reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    return xp.reshape(x, shape)


@reshape.grad
def _(g, y, x, *, shape):
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
    lower=View(
        lambda i, x, y, axes: tuple(i[_order(axes, len(x)).index(a)] for a in range(len(x)))
    ),
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


def _stretched(i, x, y, shape):
    return tuple(0 if size == 1 else k for k, size in zip(i[len(i) - len(x) :], x, strict=True))


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


@op(
    shape=_slice_shape,
    lower=View(
        lambda i, x, y, start, stop, step: tuple(
            a + k * s for k, a, s in zip(i, start, step, strict=True)
        )
    ),
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


@op(shape=_pad_shape, lower=Kernel(), types="as is")
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


def _flipped(i, x, y, axis):
    axes = normalize_axes(axis, len(x), "flip")
    return tuple(x[a] - 1 - k if a in axes else k for a, k in enumerate(i))


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
    """Move one axis to another place; the others keep their order.

    >>> moveaxis([[[1, 2]]], 2, 0).shape
    (2, 1, 1)
    """
    x = as_tensor(x)
    a, b = (normalize_axis(axis, x.ndim, "moveaxis") for axis in (source, destination))
    order = [k for k in range(x.ndim) if k != a]
    order.insert(b, a)
    return transpose(x, order)
