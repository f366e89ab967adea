"""LSTMs whose products are convolutions: sequences of rows, of images and of volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Shape, product
from neurona.core.tensor import Tensor
from neurona.nn import activations
from neurona.nn.axes import IMAGES, VOLUMES, check_axes, set_data_format
from neurona.nn.convolution import CONVOLUTIONS, set_geometry
from neurona.nn.options import LayerOptions, RegularizedOptions
from neurona.nn.recurrent.cell import Cell, Noise, States
from neurona.nn.recurrent.lstm import forget_bias_of, remembered
from neurona.nn.recurrent.rnn import RNN, apart

AXES = {1: ("batch", "rows", "channels"), 2: IMAGES, 3: VOLUMES}


class _ConvLSTMCell(Cell):
    """One step of a convolutional LSTM, see ConvLSTM2D; `units` are the filters, channels last."""

    gates, state_count = 4, 2
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    data_format: str

    def __init__(
        self, rank: int, filters: int, kernel_size: Any, strides: Any, padding: str,
        dilation_rate: Any, recurrent_activation: Any, unit_forget_bias: bool,
        parts: tuple[Any, ...], **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(filters, *(*parts, 1), **common)  # 1: masks for each gate
        self.rank, self.axes = rank, AXES[rank]
        set_geometry(self, kernel_size, strides, padding, dilation_rate, "channels_last")
        self.filters = self.units
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = bool(unit_forget_bias)
        if self.unit_forget_bias:
            self.bias_initializer = forget_bias_of(self.bias_initializer)

    def build(self, shape: Any) -> None:
        """Create kernel (*K, C, 4 filters), recurrent_kernel (*K, filters, 4 filters) and bias."""
        check_axes(self, shape, self.axes)
        self._shape, width = tuple(shape[1:]), 4 * self.filters
        self.kernel = self.parameter("kernel", (*self.kernel_size, shape[-1], width))
        self.recurrent_kernel = self.parameter(
            "recurrent_kernel", (*self.kernel_size, self.filters, width)
        )
        if self.use_bias:
            self.bias = self.parameter("bias", (width,))

    def x_shape(self) -> Shape:
        """Return (*S, C)."""
        return self._shape

    def state_shape(self) -> Shape:
        """Return (*S', filters)."""
        if self.padding == "same":
            sizes = [-(-s // step) for s, step in zip(self._shape, self.strides, strict=False)]
        else:
            windows = zip(
                self._shape, self.kernel_size, self.strides, self.dilation_rate, strict=False
            )
            sizes = [(s - (k - 1) * d - 1) // step + 1 for s, k, step, d in windows]
        return (*sizes, self.filters)

    def project(self, x: Tensor, noise: Noise) -> Tensor:  # (..., B, *S, C)
        """Return the convolution of x alone, for any number of steps."""

        def convolved(x: Tensor, kernel: Tensor) -> Tensor:
            lead, rest = x.shape[: -self.rank - 1], x.shape[-self.rank - 1 :]
            x = ops.reshape(x, (product(lead), *rest))
            y = CONVOLUTIONS[self.rank](x, kernel, self.strides, self.padding, self.dilation_rate)
            return ops.reshape(y, (*lead, *y.shape[1:]))

        z = _gated(x, noise.inputs, self.kernel, convolved)
        return z + self.bias if self.use_bias else z

    def step(self, z: Tensor, states: States, noise: Noise) -> tuple[Tensor, States]:
        """Return (h', [h', c']) for the projected x."""

        def convolved(h: Tensor, kernel: Tensor) -> Tensor:
            return CONVOLUTIONS[self.rank](h, kernel, padding="same")

        recurrent = _gated(states[0], noise.states, self.recurrent_kernel, convolved)
        return remembered(self, z, states, recurrent)


def _gated(x: Tensor, masks: Sequence[Tensor], kernel: Tensor, convolved: Callable) -> Tensor:
    """Return the convolution of x; with a mask of x for each gate's share of the kernel, if any."""
    if not masks:
        return convolved(x, kernel)
    parts = zip(masks, ops.split(kernel, len(masks), axis=-1), strict=True)
    return ops.concatenate([convolved(x * mask, part) for mask, part in parts], axis=-1)


class _ConvLSTM(RNN):
    """ConvLSTM1D, ConvLSTM2D and ConvLSTM3D, by their `rank`; the loop has the channels last."""

    rank = 0
    data_format: str

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **common: Unpack[RegularizedOptions],
    ) -> None:
        parts = (
            activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed,
        )  # fmt: skip
        cell = _ConvLSTMCell(
            self.rank, filters, kernel_size, strides, padding, dilation_rate,
            recurrent_activation, unit_forget_bias, parts, dtype=common.get("dtype"),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            zero_output_for_mask, activity_regularizer=activity_regularizer, **common,
        )  # fmt: skip
        set_data_format(self, data_format)

    def build(self, shape: Any) -> None:
        """Build the cell for x (B, T, *S, C)."""
        shape = shape[0] if isinstance(shape[0], list | tuple) else shape
        self._check_rank(shape)
        if self.data_format == "channels_first":
            shape = (*shape[:2], *shape[3:], shape[2])
        super().build(shape)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:  # (B, T, *S, C)
        if self.data_format == "channels_last":
            return super().call(sequences, initial_state, mask, training)
        x, initial_state = apart(sequences, initial_state)
        self._check_rank(x.shape)
        if initial_state is not None:
            initial_state = [ops.moveaxis(state, 1, -1) for state in initial_state]
        made = super().call(ops.moveaxis(x, 2, -1), initial_state, mask, training)
        y, *states = made if self.return_state else (made,)
        y = ops.moveaxis(y, -1, 2 if self.return_sequences else 1)
        states = [ops.moveaxis(state, -1, 1) for state in states]
        return (y, *states) if self.return_state else y

    def get_initial_state(self, batch_size: int) -> States:
        """Return the states to begin with: zeros."""
        states = super().get_initial_state(batch_size)
        if self.data_format == "channels_last":
            return states
        return [ops.moveaxis(state, -1, 1) for state in states]


class ConvLSTM1D(_ConvLSTM):
    """An LSTM over sequences of rows, whose products are convolutions along the rows.

    Shapes: x (B, T, S, C) -> y (B, S', filters), or (B, T, S', filters) with return_sequences;
    kernel (K, C, 4 * filters), recurrent_kernel (K, filters, 4 * filters), bias (4 * filters,).

    Args: as of ConvLSTM2D.

    Raises: see ConvLSTM2D.

    >>> ConvLSTM1D(4, 3, padding="same")(ops.ones((2, 5, 8, 1))).shape
    (2, 8, 4)
    """

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    """An LSTM over sequences of images, such as radar pictures: its products are convolutions.

        i, f, g, o = the four parts of x_t * W + h_(t - 1) * U + b, where * is a convolution
        c_t = sigmoid(f) c_(t - 1) + sigmoid(i) tanh(g);  h_t = sigmoid(o) tanh(c_t)

    Shapes: x (B, T, H, W, C) -> y (B, H', W', filters), or (B, T, H', W', filters) with
    return_sequences; kernel (KH, KW, C, 4 * filters), recurrent_kernel (KH, KW, filters,
    4 * filters), bias (4 * filters,).

    Args:
        filters: number of channels of the state.
        kernel_size: of both convolutions, an integer or one for each axis.
        strides, padding, dilation_rate: of the convolution of x, see Conv2D; that of the state has
            none, and padding "same".
        data_format: "channels_last", or "channels_first" for x (B, T, C, H, W) and states
            (B, filters, H', W'); what `nn.config.image_data_format()` says unless it is given.
        activation, recurrent_activation: the tanh and the sigmoid above, or others.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: Glorot uniform, orthogonal and
            zeros.
        unit_forget_bias: whether the bias of f begins at 1, so that c is kept at first.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each update.
        dropout, recurrent_dropout: share of x, and of the state, that a step does not see in
            training, for each gate apart; drawn once for all steps of a call.
        seed: for masks that do not depend on the global seed.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see
            RNN.

    Raises: see RNN and Conv2D.

    Source: Shi et al. 2015, "Convolutional LSTM network", without its peepholes.

    >>> ConvLSTM2D(4, 3, padding="same")(ops.ones((2, 5, 8, 8, 1))).shape
    (2, 8, 8, 4)
    """

    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """An LSTM over sequences of volumes, whose products are convolutions over volumes.

    Shapes: x (B, T, D, H, W, C) -> y (B, D', H', W', filters), or (B, T, D', H', W', filters) with
    return_sequences; kernel (KD, KH, KW, C, 4 * filters), recurrent_kernel (KD, KH, KW, filters,
    4 * filters), bias (4 * filters,).

    Args: as of ConvLSTM2D.

    Raises: see ConvLSTM2D.

    >>> ConvLSTM3D(4, 3, padding="same")(ops.ones((2, 5, 4, 4, 4, 1))).shape
    (2, 4, 4, 4, 4)
    """

    rank = 3
