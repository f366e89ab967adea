"""Pooling: the largest or the average element of each window, channels last.

The gradient of `max_pool` sends each g to the first largest element of its window. That is linear
in g, so it is an op whose own gradient is the reverse: fetch what lies at those elements.
"""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from neurona.core.lowering import Indexed
from neurona.core.op import as_tensor, op
from neurona.core.shapes import Spec, is_float
from neurona.errors import DtypeError, ShapeError, check_sizes
from neurona.ops.conv import conv
from neurona.ops.windows import (
    added,
    explicit_padding,
    inside,
    output_sizes,
    padded,
    window_offsets,
)

__all__ = [
    "average_pool1d", "average_pool2d", "max_pool", "max_pool1d", "max_pool2d", "max_pool_gather",
    "max_pool_scatter",
]  # fmt: skip


def _pool_shape(x, *, pool_size, strides, padding):
    if not is_float(x.dtype):
        raise DtypeError("max_pool takes floats.", got=str(x), hint='x.astype("float32")')
    if x.ndim != len(pool_size) + 2:
        raise ShapeError(
            "max_pool: the number of axes is wrong.", got=f"x {x.shape}, pool_size {pool_size}"
        )
    if any(max(pair) >= size for pair, size in zip(padding, pool_size, strict=True)):
        raise ShapeError(
            "max_pool: a window would see padding only.", got=f"{padding}, size {pool_size}"
        )
    ones = (1,) * len(pool_size)
    sizes = output_sizes("max_pool", x.shape[1:-1], pool_size, strides, padding, ones)
    return Spec((x.shape[0], *sizes, x.shape[-1]), x.dtype)


def _at_offset(b, x, window, offset, otherwise, strides, padding, valid=None):
    """The element of x at an offset in the window with an index (b, *o, c), else `otherwise`.

    Else is in the padding, or where `valid` says that there is no such window.
    """
    index, inside = [window[0]], [] if valid is None else [valid]
    for o, k, n, s, (low, high) in zip(
        window[1:-1], offset, x.shape[1:-1], strides, padding, strict=True
    ):
        place = o if s == 1 else b.mul(o, b.integer(s))
        place = b.add(place, b.integer(k - low)) if k != low else place
        inside += [b.ge(place, b.integer(0))] if k < low else []
        inside += [b.lt(place, b.integer(n))] if high else []
        index.append(place)
    index.append(window[-1])
    if not inside:
        return x.at(tuple(index))
    return x.at(tuple(index), functools.reduce(b.logical_and, inside), b.constant(otherwise, x))


def _largest(b, i, x, *, pool_size, strides, padding):
    y = None
    for k in itertools.product(*map(range, pool_size)):
        value = _at_offset(b, x, i, k, -math.inf, strides, padding)
        y = value if y is None else b.maximum(y, value)
    return y


def _fetched(b, i, h, x, y, *, pool_size, strides, padding):
    top, taken = y.at(i), b.constant(0, h)
    for k in reversed([*itertools.product(*map(range, pool_size))]):
        below = b.lt(_at_offset(b, x, i, k, -math.inf, strides, padding), top)
        taken = b.select(below, taken, _at_offset(b, h, i, k, 0, strides, padding))
    return taken


def _returned(b, i, g, x, y, *, pool_size, strides, padding):
    """From each window around x_i its g, if x_i is the first there that is not below y."""
    total, own = None, x.at(i)
    offsets = [*itertools.product(*map(range, pool_size))]
    for window, number, valid in _around(b, i, x, y, pool_size, strides, padding):
        inside = (valid, b.constant(0, y)) if valid is not None else ()
        top = y.at(window, *inside)
        first = b.logical_not(b.lt(own, top))
        for n, k in enumerate(offsets[:-1]):
            below = b.lt(_at_offset(b, x, window, k, -math.inf, strides, padding, valid), top)
            first = b.logical_and(first, b.logical_or(b.le(number, b.integer(n)), below))
        share = b.select(first, g.at(window, *inside), b.constant(0, g))
        total = share if total is None else b.add(total, share)
    return total


def _around(b, i, x, y, pool_size, strides, padding):
    """Yield the windows around x_i, the number of its offset in each, and whether there is one."""
    axes = [*zip(i[1:-1], x.shape[1:-1], y.shape[1:-1], pool_size, strides, padding, strict=True)]
    for back in itertools.product(*(range(-(-size // s)) for *_, size, s, _ in axes)):
        window, number, valid = [], b.integer(0), []
        for t, (place, n, count, size, s, (low, _)) in zip(back, axes, strict=True):
            place = b.add(place, b.integer(low)) if low else place
            k, o = b.integer(0), place
            if s > 1:
                o, k = b.floordiv(place, b.integer(s)), b.mod(place, b.integer(s))
            if t:
                o, k = b.sub(o, b.integer(t)), b.add(k, b.integer(t * s))
                valid += [b.ge(o, b.integer(0))] if low // s < t else []
            if size < (t + 1) * s:
                valid.append(b.lt(k, b.integer(size)))
            if (n - 1 + low) // s - t >= count:
                valid.append(b.lt(o, b.integer(count)))
            window.append(o)
            number = b.add(b.mul(number, b.integer(size)), k)
        exists = functools.reduce(b.logical_and, valid) if valid else None
        yield (i[0], *window, i[-1]), number, exists


def _windows(xp, x, y, pool_size, strides, padding):
    """Return padded x, and for each offset in the window its slice."""
    places = window_offsets(pool_size, y.shape[1:-1], strides, (1,) * len(pool_size))
    return padded(xp, x, padding, -math.inf), [place for _, place in places]


@op(shape=_pool_shape, lower=Indexed(_largest))
def max_pool(xp, x, *, pool_size, strides, padding):
    """Largest element of each window, y_bof = max over k of x_b(o * stride + k - low)f.

    Shapes: x (B, *S, C) -> y (B, *O, C) with O = (S + low + high - pool_size) // stride + 1.
    NaN if a window has one. The gradient goes to the first largest element.

    >>> max_pool([[[1.0], [3.0], [2.0]]], pool_size=(2,), strides=(1,), padding=((0, 0),)).tolist()
    [[[3.0], [3.0]]]
    """
    outputs = output_sizes(
        "max_pool", x.shape[1:-1], pool_size, strides, padding, (1,) * len(pool_size)
    )
    x = padded(xp, x, padding, -math.inf)
    y = None
    for _, place in window_offsets(pool_size, outputs, strides, (1,) * len(pool_size)):
        y = x[place] if y is None else xp.maximum(y, x[place])
    return y


@max_pool.grad
def _(g, y, x, **windows):
    return max_pool_scatter(g, x, y, **windows)


def _scatter_shape(g, x, y, **windows):
    _check_like("max_pool_scatter", g, "y", _pool_shape(x, **windows))
    return x


def _gather_shape(h, x, y, **windows):
    _check_like("max_pool_gather", h, "x", x)
    return _pool_shape(x, **windows)


def _check_like(name, given, other, spec):
    if given.shape != spec.shape:
        raise ShapeError(
            f"{name}: not of the shape of {other}.", got=str(given.shape), expected=str(spec.shape)
        )


@op(shape=_scatter_shape, lower=Indexed(_returned))
def max_pool_scatter(xp, g, x, y, *, pool_size, strides, padding):
    """Gradient of `max_pool`: each g added at the first element of its window that equals y.

    Shapes: g and y (B, *O, C), x (B, *S, C) -> dx (B, *S, C).

    >>> max_pool_scatter([[[1.0]]], [[[3.0], [3.0]]], [[[3.0]]],
    ...                  pool_size=(2,), strides=(1,), padding=((0, 0),)).tolist()
    [[[1.0], [0.0]]]
    """
    sizes = x.shape[1:-1]
    x, places = _windows(xp, x, y, pool_size, strides, padding)
    dx = xp.zeros(x.shape, x.dtype)
    open_ = xp.ones(y.shape, bool)  # windows whose largest element is not found yet
    for place in places:
        hit = open_ & ~(x[place] < y)  # where y is NaN: the first element
        dx = added(dx, place, xp.where(hit, g, 0).astype(g.dtype))
        open_ = open_ & ~hit
    return dx[inside(sizes, padding)]


@max_pool_scatter.grad
def _(h, dx, g, x, y, **windows):
    return max_pool_gather(h, x, y, **windows), None, None


@op(shape=_gather_shape, lower=Indexed(_fetched))
def max_pool_gather(xp, h, x, y, *, pool_size, strides, padding):
    """From h take what lies where each window of x has its first element that equals y.

    Shapes: h and x (B, *S, C), y (B, *O, C) -> (B, *O, C). The reverse of `max_pool_scatter`.

    >>> max_pool_gather([[[5.0], [6.0]]], [[[1.0], [3.0]]], [[[3.0]]],
    ...                 pool_size=(2,), strides=(1,), padding=((0, 0),)).tolist()
    [[[6.0]]]
    """
    h = padded(xp, h, padding, 0)
    x, places = _windows(xp, x, y, pool_size, strides, padding)
    taken = xp.zeros(y.shape, h.dtype)
    for place in reversed(places):  # the first one is written last
        taken = xp.where(x[place] < y, taken, h[place])
    return taken


@max_pool_gather.grad
def _(g, taken, h, x, y, **windows):
    return max_pool_scatter(g, x, y, **windows), None, None


# --- public forms ------------------------------------------------------------------------------


def _pooling(name, rank, x, pool_size, strides, padding):
    x = as_tensor(x)
    x = x if is_float(x.dtype) else x.astype(float)
    if x.ndim != rank + 2:
        raise ShapeError(
            f"{name}: the number of axes is wrong.", got=f"x {x.shape}", expected=f"{rank + 2} axes"
        )
    size = check_sizes(f"{name}: pool_size", pool_size, rank)
    steps = size if strides is None else check_sizes(f"{name}: strides", strides, rank)
    ones = (1,) * rank
    pairs = explicit_padding(name, padding, x.shape[1:-1], size, steps, ones)
    output_sizes(name, x.shape[1:-1], size, steps, pairs, ones)
    return x, {"pool_size": size, "strides": steps, "padding": pairs}


def max_pool1d(x, pool_size=2, strides=None, padding="valid"):
    """Largest element of each window along time; see `max_pool2d`.

    Shapes: x (B, T, C) -> y (B, T', C).

    >>> max_pool1d([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
    [[[3.0], [2.0]]]
    """
    x, windows = _pooling("max_pool1d", 1, x, pool_size, strides, padding)
    return max_pool(x, **windows)


def max_pool2d(x, pool_size=2, strides=None, padding="valid"):
    """Largest element of each window of an image.

    Shapes: x (B, H, W, C) -> y (B, H', W', C).

    Args:
        pool_size: size of the window, an integer or one for each of H and W.
        strides: step between windows; `pool_size` by default.
        padding: "valid" (no window reaches beyond x) or "same" (H' = ceil(H / strides)).

    Raises:
        ShapeError: if the window is larger than the input.

    >>> max_pool2d([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[4.0]]]]
    """
    x, windows = _pooling("max_pool2d", 2, x, pool_size, strides, padding)
    return max_pool(x, **windows)


def _average(name, rank, x, pool_size, strides, padding):
    x, windows = _pooling(name, rank, x, pool_size, strides, padding)
    size, steps, pairs = windows["pool_size"], windows["strides"], windows["padding"]
    channels, ones = x.shape[-1], (1,) * rank
    weights = np.full((*size, 1, channels), 1 / math.prod(size), x.dtype)
    y = conv(x, weights, strides=steps, padding=pairs, dilation=ones, groups=channels)
    if not any(max(pair) for pair in pairs):
        return y
    share = 1.0  # of each window, the part that is not padding
    for axis, (n, k, s, (low, _), m) in enumerate(
        zip(x.shape[1:-1], size, steps, pairs, y.shape[1:-1], strict=True)
    ):
        first = np.arange(m) * s - low
        count = np.minimum(first + k, n) - np.maximum(first, 0)
        share = share * (count / k).reshape((m,) + (1,) * (rank - axis))
    return y / np.asarray(share, x.dtype)


def average_pool1d(x, pool_size=2, strides=None, padding="valid"):
    """Average of each window along time; see `average_pool2d`.

    Shapes: x (B, T, C) -> y (B, T', C).

    >>> average_pool1d([[[1.0], [3.0], [2.0]]], padding="same").tolist()
    [[[2.0], [2.0]]]
    """
    return _average("average_pool1d", 1, x, pool_size, strides, padding)


def average_pool2d(x, pool_size=2, strides=None, padding="valid"):
    """Average of each window of an image; padding is not counted.

    Shapes: x (B, H, W, C) -> y (B, H', W', C).

    Args and Raises: those of `max_pool2d`.

    >>> average_pool2d([[[[1.0], [2.0]], [[4.0], [3.0]]]]).tolist()
    [[[[2.5]]]]
    """
    return _average("average_pool2d", 2, x, pool_size, strides, padding)
