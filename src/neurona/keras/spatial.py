"""Convolutions, pooling, padding and sizes of images, as Keras's backend names them."""

from __future__ import annotations

from typing import Any

from neurona import config, ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import check_choice

FIRST, LAST = "channels_first", "channels_last"


def channels(data_format: str | None) -> str:
    """Return where the channels are, by default as `config` says."""
    return check_choice("data_format", data_format or config.image_data_format(), (FIRST, LAST))


def _conv(
    x: Any, kernel: Any, strides: Any, padding: str, data_format: Any, dilation: Any
) -> Tensor:
    if padding == "causal":
        kept = (as_tensor(kernel).shape[0] - 1) * dilation
        x, padding = temporal_padding(x, (kept, 0)), "valid"
    return ops.conv(x, kernel, strides, padding, channels(data_format), dilation)


def conv1d(
    x: Any, kernel: Any, strides: int = 1, padding: str = "valid", data_format: str | None = None,
    dilation_rate: int = 1,
) -> Tensor:  # fmt: skip
    """Return a convolution of x (B, T, C) with a kernel (K, C, F); "causal" sees no later step."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(
    x: Any, kernel: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: str | None = None, dilation_rate: Any = (1, 1),
) -> Tensor:  # fmt: skip
    """Return a convolution of x (B, H, W, C) with a kernel (K, K, C, F)."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any, kernel: Any, strides: Any = (1, 1, 1), padding: str = "valid",
    data_format: str | None = None, dilation_rate: Any = (1, 1, 1),
) -> Tensor:  # fmt: skip
    """Return a convolution of x (B, D, H, W, C) with a kernel (K, K, K, C, F)."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: Any, kernel: Any, output_shape: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: str | None = None, dilation_rate: Any = (1, 1),
) -> Tensor:  # fmt: skip
    """Return a transposed convolution with a kernel (K, K, F, C), in the size of `output_shape`."""
    place = channels(data_format)
    y = ops.conv_transpose(x, kernel, strides, padding, None, place, dilation_rate)
    return y if output_shape is None else ops.reshape(y, (y.shape[0], *tuple(output_shape)[1:]))


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: str | None = None, dilation_rate: Any = (1, 1),
) -> Tensor:  # fmt: skip
    """Return a convolution of each channel by itself."""
    place = channels(data_format)
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, place, dilation_rate)


def separable_conv2d(
    x: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = (1, 1),
    padding: str = "valid", data_format: str | None = None, dilation_rate: Any = (1, 1),
) -> Tensor:  # fmt: skip
    """Return a convolution of each channel by itself, and products of channels behind it."""
    place = channels(data_format)
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, place, dilation_rate
    )


def pool2d(
    x: Any, pool_size: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: str | None = None, pool_mode: str = "max",
) -> Tensor:  # fmt: skip
    """Return the largest or the mean value of windows of x (B, H, W, C)."""
    mode = check_choice("pool_mode", pool_mode, ("max", "avg"))
    pool = ops.max_pool if mode == "max" else ops.average_pool
    return pool(x, pool_size, strides, padding, channels(data_format))


pool3d = pool2d


def _padded(x: Any, padding: Any, data_format: str | None) -> Tensor:
    widths = [tuple(side) for side in padding]
    inside = [(0, 0), *widths] if channels(data_format) == FIRST else [*widths, (0, 0)]
    return ops.pad(x, [(0, 0), *inside])


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Tensor:
    """Return x (B, T, C) with zeros before and behind its steps."""
    return _padded(x, [padding], LAST)


def spatial_2d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None
) -> Tensor:
    """Return images with zeros around them."""
    return _padded(x, padding, data_format)


def spatial_3d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Tensor:
    """Return volumes with zeros around them."""
    return _padded(x, padding, data_format)


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str | None = None,
    interpolation: str = "nearest",
) -> Tensor:  # fmt: skip
    """Return images that are so many times as high and wide."""
    x, place = as_tensor(x), channels(data_format)
    first = 2 if place == FIRST else 1
    size = (x.shape[first] * height_factor, x.shape[first + 1] * width_factor)
    return ops.resize(x, size, interpolation, data_format=place)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int,
    data_format: str | None = None,
) -> Tensor:  # fmt: skip
    """Return volumes whose voxels are repeated so many times along each axis."""
    first = 2 if channels(data_format) == FIRST else 1
    y = as_tensor(x)
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        y = ops.repeat(y, factor, axis=axis)
    return y
