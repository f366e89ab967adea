"""Convolution and pooling of any number of axes, with the channels first or last, as in Keras.

`conv` looks at the kernel, where `conv1d`, `conv2d` and `conv3d` say how many axes they mean.
"""

from __future__ import annotations

from neurona import config
from neurona.core.op import as_floats, as_tensor
from neurona.errors import ShapeError, check_choice
from neurona.ops import pooling
from neurona.ops.convolve import (
    conv1d,
    conv1d_transpose,
    conv2d,
    conv2d_transpose,
    conv3d,
    conv3d_transpose,
    depthwise_conv1d,
    depthwise_conv2d,
)
from neurona.ops.movement import moveaxis

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "conv", "conv_transpose",
    "depthwise_conv", "max_pool", "separable_conv",
]  # fmt: skip

CONV = {1: conv1d, 2: conv2d, 3: conv3d}
TRANSPOSED = {1: conv1d_transpose, 2: conv2d_transpose, 3: conv3d_transpose}
DEPTHWISE = {1: depthwise_conv1d, 2: depthwise_conv2d}
MAX_POOL = {1: pooling.max_pool1d, 2: pooling.max_pool2d, 3: pooling.max_pool3d}
AVERAGE_POOL = {1: pooling.average_pool1d, 2: pooling.average_pool2d, 3: pooling.average_pool3d}


def channels_first(data_format):
    """Whether the channels come first; None asks `config.image_data_format`."""
    return (
        check_choice("data_format", data_format or config.image_data_format(), config.DATA_FORMATS)
        == "channels_first"
    )


def with_channels_last(data_format, x, function):
    """Return function(x), where the function wants the channels last whatever x has."""
    if not channels_first(data_format) or x.ndim < 2:
        return function(x)
    return moveaxis(function(moveaxis(x, 1, -1)), -1, 1)


def _of_rank(name, functions, x):
    rank = x.ndim - 2
    if rank not in functions:
        raise ShapeError(
            f"{name}: the number of axes is wrong.", got=f"inputs {x.shape}",
            expected=f"{' or '.join(str(r + 2) for r in functions)} axes",
        )  # fmt: skip
    return functions[rank]


def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution along one, two or three axes; the groups follow from the channels of both.

    Shapes: inputs (B, *S, C), kernel (*K, C / groups, F) -> y (B, *S', F); or with the channels
    first, inputs (B, C, *S) -> y (B, F, *S').

    Args:
        strides, dilation_rate: an integer, or one for each axis of S.
        padding: "valid", "same", along one axis also "causal".
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    Raises:
        ShapeError: if the shapes do not fit.

    >>> conv([[[1.0], [2.0], [4.0]]], [[[1.0]], [[10.0]]]).tolist()
    [[[21.0], [42.0]]]
    """
    x, kernel = as_floats(inputs), as_tensor(kernel)
    function = _of_rank("conv", CONV, x)
    axis = 1 if channels_first(data_format) else -1
    inner = kernel.shape[-2] if kernel.ndim > 1 else 0
    groups = max(x.shape[axis] // inner, 1) if inner else 1
    if inner and x.shape[axis] % inner:
        raise ShapeError(
            "conv: the channels are no multiple of the kernel's.",
            got=f"{x.shape[axis]} channels, kernel {kernel.shape}",
        )
    return with_channels_last(
        data_format, x, lambda x: function(x, kernel, strides, padding, dilation_rate, groups)
    )


def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel by itself, M results a channel; see `conv`.

    Shapes: inputs (B, *S, C), kernel (*K, C, M) -> y (B, *S', C * M).

    >>> depthwise_conv([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0], [0.0]], [[1.0], [1.0]]]).tolist()
    [[[4.0, 4.0]]]
    """
    x = as_floats(inputs)
    function = _of_rank("depthwise_conv", DEPTHWISE, x)
    return with_channels_last(
        data_format, x, lambda x: function(x, kernel, strides, padding, dilation_rate)
    )


def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None,
    dilation_rate=1,
):  # fmt: skip
    """A depthwise convolution, and then one across the channels: `depthwise_conv`, then `conv`.

    Shapes: inputs (B, *S, C), depthwise_kernel (*K, C, M), pointwise_kernel (1..., C * M, F)
    -> y (B, *S', F).

    >>> separable_conv([[[1.0, 2.0]]], [[[1.0], [10.0]]], [[[1.0], [1.0]]]).tolist()
    [[[21.0]]]
    """
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, data_format=data_format)


def conv_transpose(
    inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None,
    dilation_rate=1,
):  # fmt: skip
    """Transposed convolution: the adjoint of `conv`, each element adds a kernel to y.

    Shapes: inputs (B, *S, C), kernel (*K, F, C) -> y (B, *S', F); see `conv1d_transpose`.

    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).tolist()
    [[[1.0], [10.0], [2.0], [20.0]]]
    """
    x = as_floats(inputs)
    function = _of_rank("conv_transpose", TRANSPOSED, x)
    return with_channels_last(
        data_format, x,
        lambda x: function(x, kernel, strides, padding, output_padding, dilation_rate),
    )  # fmt: skip


def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Largest element of each window along one, two or three axes.

    Shapes: inputs (B, *S, C) -> y (B, *S', C); or with the channels first.

    Args:
        pool_size: an integer, or one for each axis of S.
        strides: `pool_size` by default.
        padding: "valid" or "same".
        data_format: as in `conv`.

    >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    return _pooled("max_pool", MAX_POOL, inputs, pool_size, strides, padding, data_format)


def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Average of each window along one, two or three axes, padding not counted; see `max_pool`.

    >>> average_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[2.0], [1.0]]]
    """
    return _pooled("average_pool", AVERAGE_POOL, inputs, pool_size, strides, padding, data_format)


def _pooled(name, functions, inputs, pool_size, strides, padding, data_format):
    x = as_floats(inputs)
    function = _of_rank(name, functions, x)
    return with_channels_last(data_format, x, lambda x: function(x, pool_size, strides, padding))


def adaptive_average_pool(inputs, output_size, data_format=None):
    """Average of each of `output_size` windows an axis, as long as they can be alike.

    Shapes: inputs (B, *S, C) -> y (B, *O, C) with O = `output_size`; or with the channels first.

    Args:
        output_size: how many windows, an integer or one for each axis.
        data_format: as in `conv`.

    >>> adaptive_average_pool([[[1.0], [2.0], [3.0], [4.0], [8.0]]], 2).tolist()
    [[[2.0], [5.0]]]
    """
    return with_channels_last(
        data_format, as_floats(inputs), lambda x: pooling.adaptive_average_pool(x, output_size)
    )


def adaptive_max_pool(inputs, output_size, data_format=None):
    """Largest element of each of `output_size` windows an axis; see `adaptive_average_pool`.

    >>> adaptive_max_pool([[[1.0], [2.0], [3.0], [4.0], [8.0]]], 2).tolist()
    [[[3.0], [8.0]]]
    """
    return with_channels_last(
        data_format, as_floats(inputs), lambda x: pooling.adaptive_max_pool(x, output_size)
    )
