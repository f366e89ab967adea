"""Pooling by the number of axes: `max_pool1d` to `max_pool3d`, averages, and to a given size.

Padding is given by name and sizes follow from it; the op behind is that of `pool.py`.
"""

from __future__ import annotations

import math

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.errors import ShapeError, check_sizes
from neurona.ops.convolutions import convolution
from neurona.ops.index import take
from neurona.ops.matmul import matmul
from neurona.ops.movement import reshape
from neurona.ops.pool import window_max
from neurona.ops.windows import explicit_padding, output_sizes

__all__ = [
    "average_pool1d", "average_pool2d",
    "average_pool3d", "max_pool1d", "max_pool2d", "max_pool3d",
]  # fmt: skip

_ONE = {"pool_size": 1, "strides": 1, "padding": (0, 0)}  # each element is a window


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
    return window_max(x, **windows)


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
    return _by_rows(x, **windows)


def max_pool3d(x, pool_size=2, strides=None, padding="valid"):
    """Largest element of each window of a volume; see `max_pool2d`.

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', C).

    >>> max_pool3d([[[[[1.0], [2.0]], [[4.0], [3.0]]], [[[5.0], [0.0]], [[1.0], [2.0]]]]]).tolist()
    [[[[[5.0]]]]]
    """
    x, windows = _pooling("max_pool3d", 3, x, pool_size, strides, padding)
    return _by_rows(x, **windows)


def _by_rows(x, **windows):
    """Pool, large windows first within rows, then across them: a + b elements instead of a * b.

    The first largest element is in the first of the rows that have one.
    """
    size, steps = windows["pool_size"], windows["strides"]
    for axis in range(len(size) - 1, 0, -1):
        row, rows, step = size[axis], math.prod(size[:axis]), math.prod(steps[:axis])
        if 2 * (rows + row * step) >= rows * row:
            break
        within = {
            name: tuple(value if a == axis else _ONE[name] for a, value in enumerate(given))
            for name, given in windows.items()
        }
        windows = {
            name: tuple(_ONE[name] if a == axis else value for a, value in enumerate(given))
            for name, given in windows.items()
        }
        x = window_max(x, **within)
    return window_max(x, **windows)


def _average(name, rank, x, pool_size, strides, padding):
    x, windows = _pooling(name, rank, x, pool_size, strides, padding)
    size, steps, pairs = windows["pool_size"], windows["strides"], windows["padding"]
    channels, ones = x.shape[-1], (1,) * rank
    need(8 * channels * math.prod(size))
    weights = np.full((*size, 1, channels), 1 / math.prod(size), x.dtype)
    y = convolution(x, weights, strides=steps, padding=pairs, dilation=ones, groups=channels)
    if not any(max(pair) for pair in pairs):
        return y
    need(8 * (max(y.shape[1:-1]) + math.prod(y.shape[1:-1])))
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


def average_pool3d(x, pool_size=2, strides=None, padding="valid"):
    """Average of each window of a volume; padding is not counted.

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', C).

    Args and Raises: those of `max_pool2d`.

    >>> average_pool3d([[[[[1.0], [2.0]], [[4.0], [3.0]]]]], (1, 2, 2)).tolist()
    [[[[[2.5]]]]]
    """
    return _average("average_pool3d", 3, x, pool_size, strides, padding)


# --- to a given size ---------------------------------------------------------------------------


def adaptive_average_pool(x, output_size):
    """Average of each of `output_size` windows an axis, y_o = mean of x from floor(o S / O) on.

    Window o of an axis of S elements ends before ceil((o + 1) S / O), so all windows are as long as
    they can be alike; they overlap where O does not divide S.

    Shapes: x (B, *S, C) -> y (B, *O, C) with O = `output_size`.

    Args:
        x: with one to three axes between batch and channels; any number will do.
        output_size: how many windows, an integer or one for each axis.

    Raises:
        ArgumentError: if a size is not positive.
        ShapeError: if x has no axis between batch and channels, or nothing along one.

    >>> adaptive_average_pool([[[1.0], [2.0], [3.0], [4.0], [8.0]]], 2).tolist()
    [[[2.0], [5.0]]]
    """
    x, sizes = _adaptive("adaptive_average_pool", x, output_size)
    for axis, count in enumerate(sizes, 1):
        before, size, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
        if size % count == 0:
            split = reshape(x, (*before, count, size // count, *after))
            x = split.mean(axis=axis + 1)
            continue
        need(8 * count * size)
        first, end = _windows(size, count)
        places = np.arange(size)
        inside = (places >= first[:, None]) & (places < end[:, None])
        shares = (inside / (end - first)[:, None]).astype(x.dtype)  # (O, S): the rows are means
        rows = reshape(x, (math.prod(before), size, math.prod(after)))
        x = reshape(matmul(shares, rows), (*before, count, *after))
    return x


def adaptive_max_pool(x, output_size):
    """Largest element of each of `output_size` windows an axis; see `adaptive_average_pool`.

    Shapes: x (B, *S, C) -> y (B, *O, C) with O = `output_size`.

    Args and Raises: those of `adaptive_average_pool`.

    >>> adaptive_max_pool([[[1.0], [2.0], [3.0], [4.0], [8.0]]], 2).tolist()
    [[[3.0], [8.0]]]
    """
    x, sizes = _adaptive("adaptive_max_pool", x, output_size)
    for axis, count in reversed([*enumerate(sizes, 1)]):  # by rows first, as in `_by_rows`
        size = x.shape[axis]
        first, end = _windows(size, count)
        width = int((end - first).max())
        if size % count:  # windows of one width, side by side; short ones have their end twice
            places = np.minimum(first[:, None] + np.arange(width), end[:, None] - 1)
            need(8 * places.size)
            x = take(x, places.reshape(-1), axis=axis)
        pool = tuple(width if a == axis else 1 for a in range(1, x.ndim - 1))
        x = window_max(x, pool_size=pool, strides=pool, padding=((0, 0),) * len(pool))
    return x


def _adaptive(name, x, output_size):
    x = as_tensor(x)
    x = x if is_float(x.dtype) else x.astype(float)
    if x.ndim < 3:
        raise ShapeError(
            f"{name}: the number of axes is wrong.",
            got=f"x {x.shape}",
            expected="x (batch, *sizes, channels)",
        )
    if 0 in x.shape[1:-1]:
        raise ShapeError(f"{name}: there is nothing to pool.", got=f"x {x.shape}")
    return x, check_sizes(f"{name}: output_size", output_size, x.ndim - 2)


def _windows(size, count):
    """Return where windows begin, and where they have ended."""
    need(32 * count)
    o = np.arange(count)
    return o * size // count, -(-(o + 1) * size // count)
