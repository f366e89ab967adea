"""Convolutions of each channel by itself: depthwise, and separable, which mixes channels after."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_integer
from neurona.nn import activations
from neurona.nn.axes import channels_last
from neurona.nn.convolution import CONVOLUTIONS, finish, set_geometry
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions

BY_CHANNEL = {1: ops.depthwise_conv1d, 2: ops.depthwise_conv2d}


class _DepthwiseConv(Layer):
    """DepthwiseConv1D and DepthwiseConv2D, by their `rank`."""

    rank = 0
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    data_format: str

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.depth_multiplier = check_integer("depth_multiplier", depth_multiplier, minimum=1)
        set_geometry(self, kernel_size, strides, padding, dilation_rate, data_format)
        self.activation, self.use_bias = activations.get(activation), bool(use_bias)
        self.depthwise_initializer = depthwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.bias_initializer, self.bias_regularizer = bias_initializer, bias_regularizer
        self.bias_constraint = bias_constraint

    def build(self, shape: Any) -> None:
        """Create kernel (*kernel_size, C, depth_multiplier) and bias (C * depth_multiplier,)."""
        channels = channels_last(self, shape)[-1]
        self.kernel = self.parameter(
            "kernel", (*self.kernel_size, channels, self.depth_multiplier), parts="depthwise"
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (channels * self.depth_multiplier,))

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x, depthwise = channels_last(self, x), BY_CHANNEL[self.rank]
        y = depthwise(x, self.kernel, self.strides, self.padding, self.dilation_rate)
        return finish(self, y)  # (B, *S', C * depth_multiplier)


class DepthwiseConv1D(_DepthwiseConv):
    """Convolution over time of each channel alone: y_tcm = sum over k of x_(t + k)c kernel_kcm.

    Shapes: x (B, T, C) -> y (B, T', C * depth_multiplier); kernel (K, C, depth_multiplier).

    Args:
        kernel_size, strides, padding, data_format, dilation_rate: see Conv1D; not "causal".
        depth_multiplier: results for each channel.
        activation: name or function; none by default.
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: Glorot uniform, and zeros.
        depthwise_regularizer, bias_regularizer: penalties.
        depthwise_constraint, bias_constraint: limits applied after each update.

    Raises: see Conv1D.

    >>> layer = DepthwiseConv1D(2, depthwise_initializer="ones")
    >>> layer([[[1.0, 10.0], [2.0, 20.0]]]).tolist()
    [[[3.0, 30.0]]]
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Convolution over images of each channel alone: y_ijcm = sum of x_(i + k)(j + l)c kernel_klcm.

    Shapes: x (B, H, W, C) -> y (B, H', W', C * depth_multiplier); kernel (KH, KW, C,
    depth_multiplier).

    Args: as of DepthwiseConv1D, sizes being an integer or one for each of H and W.

    Raises: see Conv1D.

    Source: Howard et al. 2017, "MobileNets".
    """

    rank = 2


class _SeparableConv(Layer):
    """SeparableConv1D and SeparableConv2D, by their `rank`."""

    rank = 0
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    data_format: str

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.filters = check_integer("filters", filters, minimum=1)
        self.depth_multiplier = check_integer("depth_multiplier", depth_multiplier, minimum=1)
        set_geometry(self, kernel_size, strides, padding, dilation_rate, data_format)
        self.activation, self.use_bias = activations.get(activation), bool(use_bias)
        self.depthwise_initializer = depthwise_initializer
        self.depthwise_regularizer = depthwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_initializer = pointwise_initializer
        self.pointwise_regularizer = pointwise_regularizer
        self.pointwise_constraint = pointwise_constraint
        self.bias_initializer, self.bias_regularizer = bias_initializer, bias_regularizer
        self.bias_constraint = bias_constraint

    def build(self, shape: Any) -> None:
        """Create depthwise_kernel (*K, C, M), pointwise_kernel (1, ..., C * M, filters), bias."""
        channels = channels_last(self, shape)[-1]
        self.depthwise_kernel = self.parameter(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier)
        )
        self.pointwise_kernel = self.parameter(
            "pointwise_kernel", (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x, depthwise, conv = channels_last(self, x), BY_CHANNEL[self.rank], CONVOLUTIONS[self.rank]
        y = depthwise(x, self.depthwise_kernel, self.strides, self.padding, self.dilation_rate)
        return finish(self, conv(y, self.pointwise_kernel))  # (B, *S', filters)


class SeparableConv1D(_SeparableConv):
    """A depthwise convolution over time, then at each time a mixture of the channels.

    Shapes: x (B, T, C) -> y (B, T', filters); depthwise_kernel (K, C, M), pointwise_kernel
    (1, C * M, filters) with M = depth_multiplier.

    Args:
        filters: number of output channels.
        kernel_size, strides, padding, data_format, dilation_rate: see Conv1D; not "causal".
        depth_multiplier: depthwise results for each channel.
        activation: name or function, applied at the end; none by default.
        use_bias: whether to add a bias, at the end.
        depthwise_initializer, pointwise_initializer, bias_initializer: Glorot uniform, and zeros.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties.
        depthwise_constraint, pointwise_constraint, bias_constraint: limits applied after each
            update.

    Raises: see Conv1D.
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """A depthwise convolution over images, then at each place a mixture of the channels.

    Shapes: x (B, H, W, C) -> y (B, H', W', filters); depthwise_kernel (KH, KW, C, M),
    pointwise_kernel (1, 1, C * M, filters) with M = depth_multiplier.

    Args: as of SeparableConv1D, sizes being an integer or one for each of H and W.

    Raises: see Conv1D.

    Source: Chollet 2017, "Xception".
    """

    rank = 2


# Keras's longer names
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
