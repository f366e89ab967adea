"""Pooling: the largest or the average element of each window, channels last.

The gradient of `window_max` sends each g to the winner of its window, the first largest element.
That is linear in g, so it is an op whose own gradient is the reverse: fetch what lies there.
"""

from __future__ import annotations

import functools
import math

from neurona.core.lowering import Indexed
from neurona.core.op import op
from neurona.core.shapes import DTYPES, Spec, is_float
from neurona.errors import DtypeError, ShapeError
from neurona.ops.windows import added, inside, output_sizes, padded, window_offsets

__all__ = ["max_pool_gather", "max_pool_scatter", "max_pool_winner", "window_max"]

WINNER = DTYPES["int32"]  # the number of an element in its window


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


def _fold_window(b, size, step, start):
    """Carry a value through step(offset, value) for all offsets in a window, the last axis first.

    A fold of the Builder for each axis: the code for a window is no longer than that for another.
    """
    if not size:
        return step((), start)

    def along(k, value):
        return (_fold_window(b, size[1:], lambda rest, v: step((k, *rest), v), value),)

    return b.fold(size[0], along, start)[0]


def _at_offset(b, x, window, offset, otherwise, strides, padding):
    """The element of x at an offset in the window with an index (b, *o, c), else `otherwise`."""
    index, inside = [window[0]], []
    for o, k, n, s, (low, high) in zip(
        window[1:-1], offset, x.shape[1:-1], strides, padding, strict=True
    ):
        place = b.add(b.mul(o, b.integer(s)), k)
        place = b.sub(place, b.integer(low)) if low else place
        inside += [b.ge(place, b.integer(0))] if low else []
        inside += [b.lt(place, b.integer(n))] if high else []
        index.append(place)
    index.append(window[-1])
    if not inside:
        return x.at(tuple(index))
    return x.at(tuple(index), functools.reduce(b.logical_and, inside), b.constant(otherwise, x))


def _largest(b, i, x, *, pool_size, strides, padding):
    def step(k, y):
        return b.maximum(y, _at_offset(b, x, i, k, -math.inf, strides, padding))

    return _fold_window(b, pool_size, step, b.constant(-math.inf, x))


def _first(b, i, x, y, *, pool_size, strides, padding):
    """From the last element of the window to the first: the number of one that is not below y."""
    top = y.at(i)

    def step(back, number):
        k = [b.sub(b.integer(size - 1), n) for n, size in zip(back, pool_size, strict=True)]
        below = b.lt(_at_offset(b, x, i, k, -math.inf, strides, padding), top)
        return b.select(below, number, _number(b, k, pool_size))

    return _fold_window(b, pool_size, step, b.cast(b.integer(0), WINNER))


def _number(b, offset, pool_size):
    """Which one of its window's elements has the offset, row by row."""
    number = b.integer(0)
    for k, size in zip(offset, pool_size, strict=True):
        number = b.add(b.mul(number, b.integer(size)), k)
    return b.cast(number, WINNER)


def _fetched(b, i, h, winner, *, pool_size, strides, padding):
    number = b.cast(winner.at(i), "int64")
    offset: tuple = ()
    for size in reversed(pool_size):
        offset = (b.mod(number, b.integer(size)), *offset)
        number = b.floordiv(number, b.integer(size))
    return _at_offset(b, h, i, offset, 0, strides, padding)


def _returned(b, i, g, winner, *, size, pool_size, strides, padding):
    """From each window around x_i its g, if x_i is the winner there."""
    axes = [*zip(i[1:-1], size, g.shape[1:-1], pool_size, strides, padding, strict=True)]
    around = [-(-k // s) for *_, k, s, _ in axes]  # how many windows have x_i at most
    last = []  # the last one that does, and the offset of x_i in that
    for place, _, _, _, s, (low, _) in axes:
        place = b.add(place, b.integer(low)) if low else place
        steps = b.integer(s)
        apart = (b.floordiv(place, steps), b.mod(place, steps)) if s > 1 else (place, b.integer(0))
        last.append(apart)

    def step(back, total):
        window, offset, valid = [], [], []
        for t, (o, k), (_, n, count, extent, s, (low, _)), turns in zip(
            back, last, axes, around, strict=True
        ):
            o, k = b.sub(o, t), b.add(k, b.mul(t, b.integer(s)))
            valid += [b.ge(o, b.integer(0))] if low // s < turns - 1 else []
            valid += [b.lt(k, b.integer(extent))] if extent < turns * s else []
            valid += [b.lt(o, b.integer(count))] if (n - 1 + low) // s >= count else []
            window.append(o)
            offset.append(k)
        exists = [functools.reduce(b.logical_and, valid)] if valid else []
        none, nobody = b.constant(0, g), b.constant(-1, winner)
        there = (i[0], *window, i[-1]), *exists
        number = winner.at(*there, *[nobody for _ in exists])
        share = g.at(*there, *[none for _ in exists])
        won = b.eq(number, _number(b, offset, pool_size))
        return b.add(total, b.select(won, share, none))

    return _fold_window(b, around, step, b.constant(0, g))


def _windows(x_sizes, pool_size, strides, padding):
    """Return for each offset in a window, in order, the slice of padded x that lies there."""
    ones = (1,) * len(pool_size)
    outputs = output_sizes("max_pool", x_sizes, pool_size, strides, padding, ones)
    return [place for _, place in window_offsets(pool_size, outputs, strides, ones)]


@op(shape=_pool_shape, lower=Indexed(_largest))
def window_max(xp, x, *, pool_size, strides, padding):
    """Largest element of each window, y_bof = max over k of x_b(o * stride + k - low)f.

    Shapes: x (B, *S, C) -> y (B, *O, C) with O = (S + low + high - pool_size) // stride + 1.
    NaN if a window has one. The gradient goes to the first largest element.

    >>> windows = {"pool_size": (2,), "strides": (1,), "padding": ((0, 0),)}
    >>> window_max([[[1.0], [3.0], [2.0]]], **windows).tolist()
    [[[3.0], [3.0]]]
    """
    places = _windows(x.shape[1:-1], pool_size, strides, padding)
    x = padded(xp, x, padding, -math.inf)
    return functools.reduce(xp.maximum, (x[place] for place in places))


@window_max.grad
def _(g, y, x, **windows):
    winner = max_pool_winner(x, y, **windows)
    return max_pool_scatter(g, winner, size=x.shape[1:-1], **windows)


def _winner_shape(x, y, **windows):
    expected = _pool_shape(x, **windows)
    _check_like("max_pool_winner", y, "the result", expected.shape)
    return Spec(expected.shape, WINNER)


def _scatter_shape(g, winner, *, size, **windows):
    x = Spec((g.shape[0], *size, g.shape[-1]), g.dtype)
    expected = _pool_shape(x, **windows)
    _check_like("max_pool_scatter", g, "the result", expected.shape)
    _check_winner("max_pool_scatter", winner, expected.shape)
    return x


def _gather_shape(h, winner, **windows):
    expected = _pool_shape(h, **windows)
    _check_winner("max_pool_gather", winner, expected.shape)
    return expected


def _check_like(name, given, other, shape):
    if given.shape != shape:
        raise ShapeError(
            f"{name}: not of the shape of {other}.", got=str(given.shape), expected=str(shape)
        )


def _check_winner(name, winner, shape):
    _check_like(name, winner, "the result", shape)
    if winner.dtype != WINNER:
        raise DtypeError(f"{name}: winners are int32.", got=str(winner))


@op(shape=_winner_shape, lower=Indexed(_first))
def max_pool_winner(xp, x, y, *, pool_size, strides, padding):
    """Which element of each window is the largest: the number of the first that is not below y.

    Shapes: x (B, *S, C), y = window_max(x) (B, *O, C) -> int32 (B, *O, C). Elements of a window are
    numbered row by row; where y is NaN it is 0.

    >>> max_pool_winner([[[1.0], [3.0], [3.0]]], [[[3.0]]],
    ...                 pool_size=(3,), strides=(3,), padding=((0, 0),)).tolist()
    [[[1]]]
    """
    places = _windows(x.shape[1:-1], pool_size, strides, padding)
    x = padded(xp, x, padding, -math.inf)
    winner = xp.zeros(y.shape, WINNER)
    for n, place in reversed([*enumerate(places)]):  # the first one is written last
        winner = xp.where(x[place] < y, winner, xp.asarray(n, WINNER))
    return winner


@op(shape=_scatter_shape, lower=Indexed(_returned), types="as is")
def max_pool_scatter(xp, g, winner, *, size, pool_size, strides, padding):
    """Gradient of `window_max`: each g added at the element that won its window.

    Shapes: g and winner (B, *O, C), S = size -> dx (B, *S, C).

    >>> max_pool_scatter([[[5.0]]], [[[1]]], size=(2,),
    ...                  pool_size=(2,), strides=(1,), padding=((0, 0),)).tolist()
    [[[0.0], [5.0]]]
    """
    sizes = [n + low + high for n, (low, high) in zip(size, padding, strict=True)]
    dx = xp.zeros((g.shape[0], *sizes, g.shape[-1]), g.dtype)
    for n, place in enumerate(_windows(size, pool_size, strides, padding)):
        dx = added(dx, place, xp.where(winner == n, g, 0).astype(g.dtype))
    return dx[inside(size, padding)]


@max_pool_scatter.grad
def _(h, dx, g, winner, *, size, **windows):
    return max_pool_gather(h, winner, **windows), None


@op(shape=_gather_shape, lower=Indexed(_fetched), types="as is")
def max_pool_gather(xp, h, winner, *, pool_size, strides, padding):
    """From h take what lies where each window has its winner: the reverse of `max_pool_scatter`.

    Shapes: h (B, *S, C), winner (B, *O, C) -> (B, *O, C).

    >>> max_pool_gather([[[5.0], [6.0]]], [[[1]]],
    ...                 pool_size=(2,), strides=(1,), padding=((0, 0),)).tolist()
    [[[6.0]]]
    """
    places = _windows(h.shape[1:-1], pool_size, strides, padding)
    h = padded(xp, h, padding, 0)
    taken = xp.zeros(winner.shape, h.dtype)
    for n, place in enumerate(places):
        taken = xp.where(winner == n, h[place], taken)
    return taken


@max_pool_gather.grad
def _(g, taken, h, winner, **windows):
    return max_pool_scatter(g, winner, size=h.shape[1:-1], **windows), None
