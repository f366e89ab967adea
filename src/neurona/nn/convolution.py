"""Convolutions over time, images and volumes, and their transposes."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer, check_sizes
from neurona.nn import activations
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions

CONVOLUTIONS = {1: ops.conv1d, 2: ops.conv2d, 3: ops.conv3d}
TRANSPOSED = {1: ops.conv1d_transpose, 2: ops.conv2d_transpose, 3: ops.conv3d_transpose}


def set_geometry(
    layer: Any, kernel_size: Any, strides: Any, padding: str, dilation_rate: Any,
    data_format: str | None, causal: bool = False,
) -> None:  # fmt: skip
    """Check and store where the windows of a convolution lie, and where the channels."""
    layer.kernel_size = check_sizes("kernel_size", kernel_size, layer.rank)
    layer.strides = check_sizes("strides", strides, layer.rank)
    layer.dilation_rate = check_sizes("dilation_rate", dilation_rate, layer.rank)
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ArgumentError(
            "strides and dilation_rate cannot both be above 1.",
            got=f"strides={layer.strides}, dilation_rate={layer.dilation_rate}",
            expected="one of them 1",
        )
    name = padding.lower() if isinstance(padding, str) else padding
    layer.padding = check_choice(
        "padding", name, ("valid", "same", *(("causal",) if causal else ()))
    )
    set_data_format(layer, data_format)


def finish(layer: Any, y: Tensor) -> Tensor:
    """Return activation(y + bias), its channels where those of the layer's input are."""
    return as_given(layer, layer.activation(y + layer.bias if layer.use_bias else y))


class _Conv(Layer):
    """Conv1D, Conv2D and Conv3D, by their `rank`."""

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
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.filters = check_integer("filters", filters, minimum=1)
        self.groups = check_integer("groups", groups, minimum=1)
        if self.filters % self.groups:
            raise ArgumentError(
                "the filters do not divide into the groups.",
                got=f"filters={filters}, groups={groups}",
            )
        causal = self.rank == 1
        set_geometry(self, kernel_size, strides, padding, dilation_rate, data_format, causal)
        self.activation, self.use_bias = activations.get(activation), bool(use_bias)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, shape: Any) -> None:
        """Create kernel (*kernel_size, C / groups, filters) and bias (filters,)."""
        channels = channels_last(self, shape)[-1]
        if channels % self.groups:
            raise ShapeError(
                f"{type(self).__name__}: the channels do not divide into the groups.",
                got=f"{channels} channels, {self.groups} groups",
            )
        self.kernel = self.parameter(
            "kernel", (*self.kernel_size, channels // self.groups, self.filters)
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x, conv = channels_last(self, x), CONVOLUTIONS[self.rank]
        y = conv(x, self.kernel, self.strides, self.padding, self.dilation_rate, self.groups)
        return finish(self, y)  # (B, *S', filters)


class Conv1D(_Conv):
    """Convolution over time: y_tf = activation(sum over k, c of x_(t + k)c kernel_kcf + bias_f).

    Shapes: x (B, T, C) -> y (B, T', filters); kernel (K, C / groups, filters).

    Args:
        filters: number of output channels.
        kernel_size: length K of the window.
        strides: step between windows.
        padding: "valid" (windows inside of x, T' = (T - K) // strides + 1), "same" (T' =
            ceil(T / strides)) or "causal" (y_t sees x_0 ... x_t).
        data_format: "channels_last", or "channels_first" for x (B, C, T) -> y (B, filters, T');
            what `nn.config.image_data_format()` says unless it is given.
        dilation_rate: step within a window; strides and it cannot both be above 1.
        groups: each group of channels makes its share of the filters.
        activation: name or function; none by default.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: Glorot uniform, and zeros.
        kernel_regularizer, bias_regularizer: penalties.
        kernel_constraint, bias_constraint: limits applied after each update.

    Raises:
        ArgumentError: if a size is not positive, or the filters do not divide into groups.
        ShapeError: if x has other axes or channels, or is smaller than the window.

    Source: Waibel et al. 1989, time-delay networks. The kernel is not flipped.

    >>> Conv1D(1, 2, kernel_initializer="ones")([[[1.0], [2.0], [4.0]]]).tolist()
    [[[3.0], [6.0]]]
    """

    rank = 1


class Conv2D(_Conv):
    """Convolution over images: y_ijf = activation(sum of x_(i + k)(j + l)c kernel_klcf + bias_f).

    Shapes: x (B, H, W, C) -> y (B, H', W', filters); kernel (KH, KW, C / groups, filters).

    Args: as of Conv1D, sizes being an integer or one for each of H and W; padding is "valid" or
        "same".

    Raises: see Conv1D.

    Source: LeCun et al. 1989. The kernel is not flipped.

    >>> Conv2D(1, 2, kernel_initializer="ones")([[[[1.0], [2.0]], [[3.0], [4.0]]]]).tolist()
    [[[[10.0]]]]
    """

    rank = 2


class Conv3D(_Conv):
    """Convolution over volumes: y_ijkf = activation(sum of x_(i + l)(j + m)(k + n)c kernel_lmncf).

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', filters); kernel (KD, KH, KW, C / groups,
    filters).

    Args: as of Conv1D, sizes being an integer or one for each of D, H and W; padding is "valid" or
        "same".

    Raises: see Conv1D.

    Source: Tran et al. 2015, "Learning spatiotemporal features with 3D convolutional networks".

    >>> Conv3D(4, 3, padding="same")(ops.ones((1, 5, 8, 8, 2))).shape
    (1, 5, 8, 8, 4)
    """

    rank = 3


class _ConvTranspose(Layer):
    """Conv1DTranspose, Conv2DTranspose and Conv3DTranspose, by their `rank`."""

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
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.filters = check_integer("filters", filters, minimum=1)
        set_geometry(self, kernel_size, strides, padding, dilation_rate, data_format)
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is not None:
            extra = check_sizes("output_padding", output_padding, self.rank, minimum=0)
            if any(e >= s for e, s in zip(extra, self.strides, strict=True)):
                raise ArgumentError(
                    "output_padding must be below the strides.",
                    got=f"output_padding={extra}, strides={self.strides}",
                )
            self.output_padding = extra
        self.activation, self.use_bias = activations.get(activation), bool(use_bias)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint

    def build(self, shape: Any) -> None:
        """Create kernel (*kernel_size, filters, C) and bias (filters,)."""
        channels = channels_last(self, shape)[-1]
        self.kernel = self.parameter("kernel", (*self.kernel_size, self.filters, channels))
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x, transposed = channels_last(self, x), TRANSPOSED[self.rank]
        y = transposed(
            x, self.kernel, self.strides, self.padding, self.output_padding, self.dilation_rate
        )
        return finish(self, y)  # (B, *S', filters)


class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution over time: each x_t adds x_t * kernel to y at t * strides.

    The way back through a Conv1D: it makes sequences longer.

    Shapes: x (B, T, C) -> y (B, T', filters); kernel (K, filters, C).

    Args: as of Conv1D (padding "valid" or "same", no groups), and
        output_padding: elements added at the end of y, below the strides; by default T' =
            T * strides + max(K - strides, 0) for "valid", T * strides for "same".

    Raises: see Conv1D.

    Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning".

    >>> Conv1DTranspose(1, 2, strides=2, kernel_initializer="ones")([[[1.0], [2.0]]]).tolist()
    [[[1.0], [1.0], [2.0], [2.0]]]
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images: each x_ij adds x_ij * kernel to y at (i, j) * strides.

    The way back through a Conv2D: it makes images larger.

    Shapes: x (B, H, W, C) -> y (B, H', W', filters); kernel (KH, KW, filters, C).

    Args: as of Conv1DTranspose, sizes being an integer or one for each of H and W.

    Raises: see Conv1D.

    Source: Zeiler et al. 2010; Dumoulin and Visin 2016.

    >>> Conv2DTranspose(4, 3, strides=2, padding="same")(ops.ones((1, 2, 2, 3))).shape
    (1, 4, 4, 4)
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes: each x_ijk adds x_ijk * kernel to y at its * strides.

    The way back through a Conv3D: it makes volumes larger.

    Shapes: x (B, D, H, W, C) -> y (B, D', H', W', filters); kernel (KD, KH, KW, filters, C).

    Args: as of Conv1DTranspose, sizes being an integer or one for each of D, H and W. As in Keras,
        data_format is the fifth and output_padding the sixth here.

    Raises: see Conv1D.

    >>> Conv3DTranspose(4, 3, strides=2, padding="same")(ops.ones((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 4)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate,
            activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, kernel_constraint, bias_constraint, **common,
        )  # fmt: skip


# Keras's longer names
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
