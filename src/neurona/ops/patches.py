"""Windows of images side by side, and the way back; channels to space, and space to channels."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_floats, as_tensor
from neurona.errors import ShapeError, check_integer, check_sizes
from neurona.ops.filled import zeros
from neurona.ops.index import scatter_add, take
from neurona.ops.movement import expand_dims, pad, reshape, squeeze, transpose
from neurona.ops.spatial import channels_first, with_channels_last
from neurona.ops.windows import explicit_padding, output_sizes

__all__ = [
    "depth_to_space", "extract_patches", "extract_patches_3d", "fold", "space_to_depth", "unfold",
]  # fmt: skip


def _places(count, kernel, stride, dilation):
    """The place of each element of each window on an axis, (windows * kernel,)."""
    need(8 * count * kernel)
    return (np.arange(count)[:, None] * stride + np.arange(kernel) * dilation).reshape(-1)


def _windows(x, first, kernel, strides, dilation, counts):
    """Return x with an axis of size n from `first` on as two: windows, and what is in one."""
    for axis, (k, s, d, n) in enumerate(zip(kernel, strides, dilation, counts, strict=True)):
        at = first + 2 * axis
        x = take(x, _places(n, k, s, d), axis=at)
        x = reshape(x, (*x.shape[:at], n, k, *x.shape[at + 1 :]))
    return x


def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """The windows of images, or volumes, each as one row of channels.

    Shapes: images (B, H, W, C) -> y (B, H', W', KH * KW * C), volumes (B, D, H, W, C) alike; also
    without the axis B, or with the channels first.

    Args:
        size: of a window, an integer or two for images, three for volumes.
        strides: `size` by default.
        dilation_rate: step within a window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    >>> extract_patches([[[1.0], [2.0]], [[3.0], [4.0]]], 2).tolist()
    [[[1.0, 2.0, 3.0, 4.0]]]
    """
    volumes = isinstance(size, list | tuple) and len(size) == 3
    args = (images, size, strides, dilation_rate, padding, data_format)
    return _patches("extract_patches", 3 if volumes else 2, *args)


def extract_patches_3d(
    volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None
):
    """The windows of volumes, each as one row of channels; see `extract_patches`.

    >>> import numpy as np
    >>> extract_patches_3d(np.ones((4, 4, 4, 2)), 2).shape
    (2, 2, 2, 16)
    """
    args = (volumes, size, strides, dilation_rate, padding, data_format)
    return _patches("extract_patches_3d", 3, *args)


def _patches(name, rank, x, size, strides, dilation_rate, padding, data_format):
    x = as_tensor(x)
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name}: the number of axes is wrong.", got=f"{x.shape}",
            expected=f"{rank + 1} or {rank + 2} axes",
        )  # fmt: skip
    kernel = check_sizes("size", size, rank)
    steps = kernel if not strides else check_sizes("strides", strides, rank)
    dilation = check_sizes("dilation_rate", dilation_rate, rank)

    def extracted(x):  # (B, *S, C)
        sizes = x.shape[1:-1]
        pairs = explicit_padding(name, padding, sizes, kernel, steps, dilation)
        counts = output_sizes(name, sizes, kernel, steps, pairs, dilation)
        if any(map(any, pairs)):
            x = pad(x, ((0, 0), *pairs, (0, 0)))
        y = _windows(x, 1, kernel, steps, dilation, counts)  # (B, S', K, ..., C)
        order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1)
        channels = math.prod(kernel) * x.shape[-1]
        return reshape(transpose(y, order), (x.shape[0], *counts, channels))

    if x.ndim == rank + 2:
        return with_channels_last(data_format, x, extracted)
    return squeeze(with_channels_last(data_format, expand_dims(x, 0), extracted), 0)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images, each as one column: im2col, as in PyTorch, with the channels first.

    Shapes: x (B, C, H, W) -> y (B, C * KH * KW, windows).

    Args:
        kernel_size, dilation, padding, stride: an integer, or one for each of H and W.

    >>> unfold([[[[1.0, 2.0], [3.0, 4.0]]]], (1, 2)).tolist()
    [[[1.0, 3.0], [2.0, 4.0]]]
    """
    x = as_tensor(x)
    if x.ndim != 4:
        raise ShapeError("unfold takes images.", got=f"x {x.shape}", expected="(B, C, H, W)")
    kernel, steps, pairs, step, counts = _folds(
        "unfold", x.shape[2:], kernel_size, dilation, padding, stride
    )
    if any(map(any, pairs)):
        x = pad(x, ((0, 0), (0, 0), *pairs))
    y = _windows(x, 2, kernel, steps, step, counts)  # (B, C, H', KH, W', KW)
    y = transpose(y, (0, 1, 3, 5, 2, 4))
    return reshape(y, (x.shape[0], x.shape[1] * math.prod(kernel), math.prod(counts)))


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Images of the columns of their windows, added up where they overlap: adjoint of `unfold`.

    Shapes: x (B, C * KH * KW, windows) -> y (B, C, H, W) with (H, W) = `output_size`.

    >>> fold([[[1.0, 3.0], [2.0, 4.0]]], (2, 2), (1, 2)).tolist()
    [[[[1.0, 2.0], [3.0, 4.0]]]]
    """
    x = as_floats(x)
    sizes = check_sizes("output_size", output_size, 2)
    kernel, steps, pairs, step, counts = _folds(
        "fold", sizes, kernel_size, dilation, padding, stride
    )
    if x.ndim != 3 or x.shape[1] % math.prod(kernel) or x.shape[2] != math.prod(counts):
        raise ShapeError(
            "fold takes the columns of windows.", got=f"x {x.shape}",
            expected=f"(B, C * {math.prod(kernel)}, {math.prod(counts)})",
        )  # fmt: skip
    batch, channels = x.shape[0], x.shape[1] // math.prod(kernel)
    y = transpose(reshape(x, (batch, channels, *kernel, *counts)), (0, 1, 4, 2, 5, 3))
    for axis in (1, 0):  # the windows of one axis, added up at their places
        at, n = 2 + 2 * axis, sizes[axis] + sum(pairs[axis])
        y = reshape(y, (*y.shape[:at], counts[axis] * kernel[axis], *y.shape[at + 2 :]))
        empty = zeros((*y.shape[:at], n, *y.shape[at + 1 :]), y.dtype)
        places = _places(counts[axis], kernel[axis], steps[axis], step[axis])
        y = scatter_add(empty, places, y, axis=at)
    (top, _), (left, _) = pairs
    return y[:, :, top : top + sizes[0], left : left + sizes[1]]


def _folds(name, sizes, kernel_size, dilation, padding, stride):
    kernel = check_sizes("kernel_size", kernel_size, 2)
    steps, step = check_sizes("stride", stride, 2), check_sizes("dilation", dilation, 2)
    pairs = tuple((p, p) for p in check_sizes("padding", padding, 2, minimum=0))
    return kernel, steps, pairs, step, output_sizes(name, sizes, kernel, steps, pairs, step)


# --- channels and space ----------------------------------------------------------------------


def depth_to_space(x, block_size, data_format="channels_last"):
    """Each pixel's channels as a block of pixels, row by row.

    Shapes: x (B, H, W, b * b * C) -> y (B, b H, b W, C); or with the channels first, where they
    are (B, C * b * b, H, W), as in PyTorch's pixel shuffle.

    >>> depth_to_space([[[[1, 2, 3, 4]]]], 2).tolist()
    [[[[1], [2]], [[3], [4]]]]
    """
    x, b = _blocks("depth_to_space", x, block_size)
    first = channels_first(data_format)
    channels = x.shape[1 if first else -1]
    if channels % (b * b):
        raise ShapeError(
            "depth_to_space: the channels make no blocks.", got=f"{channels} channels",
            expected=f"a multiple of {b * b}",
        )  # fmt: skip
    if first:
        batch, _, h, w = x.shape
        y = transpose(reshape(x, (batch, -1, b, b, h, w)), (0, 1, 4, 2, 5, 3))
        return reshape(y, (batch, channels // b**2, h * b, w * b))
    batch, h, w, _ = x.shape
    y = transpose(reshape(x, (batch, h, w, b, b, -1)), (0, 1, 3, 2, 4, 5))
    return reshape(y, (batch, h * b, w * b, channels // b**2))


def space_to_depth(x, block_size, data_format="channels_last"):
    """Each block of pixels as the channels of one: the way back from `depth_to_space`.

    Shapes: x (B, b H, b W, C) -> y (B, H, W, b * b * C); or with the channels first.

    >>> space_to_depth([[[[1], [2]], [[3], [4]]]], 2).tolist()
    [[[[1, 2, 3, 4]]]]
    """
    x, b = _blocks("space_to_depth", x, block_size)
    first = channels_first(data_format)
    h, w = x.shape[2:] if first else x.shape[1:3]
    if h % b or w % b:
        raise ShapeError(
            "space_to_depth: the image makes no blocks.", got=f"{h} x {w} pixels, block_size {b}"
        )
    if first:
        batch, channels = x.shape[:2]
        y = transpose(reshape(x, (batch, channels, h // b, b, w // b, b)), (0, 1, 3, 5, 2, 4))
        return reshape(y, (batch, channels * b**2, h // b, w // b))
    batch, channels = x.shape[0], x.shape[-1]
    y = transpose(reshape(x, (batch, h // b, b, w // b, b, channels)), (0, 1, 3, 2, 4, 5))
    return reshape(y, (batch, h // b, w // b, channels * b**2))


def _blocks(name, x, block_size):
    x = as_tensor(x)
    if x.ndim != 4:
        raise ShapeError(f"{name} takes a batch of images.", got=f"x {x.shape}")
    return x, check_integer("block_size", block_size, minimum=1)
