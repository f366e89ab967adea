"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import check_choice
from neurona.nn import activations
from neurona.nn.options import LayerOptions, RegularizedOptions
from neurona.nn.recurrent.cell import Cell, Noise, States, gated
from neurona.nn.recurrent.rnn import RNN


class GRUCell(Cell):
    """One step of a gated recurrent unit: h' = z * h + (1 - z) * candidate.

        z, r = sigmoid of the first two parts of x @ W + h @ U + b
        candidate = tanh((x @ W + b)_3 + r * (h @ U + b')_3)     reset_after
                    tanh((x @ W + b)_3 + (r * h) @ U_3)          otherwise

    Shapes: x (B, D), states [h (B, units)] -> h' and [h'] (B, units); W = kernel (D, 3 * units),
    U = recurrent_kernel (units, 3 * units), bias (2, 3 * units), b and b', or b (3 * units,).

    Args: see GRU. Called by itself, a cell draws new masks of dropout at each step.

    Raises:
        ShapeError: if x or the state has another shape.

    >>> cell = GRUCell(2)
    >>> y, states = cell([[1.0, 2.0, 3.0]], cell.get_initial_state(batch_size=1))
    >>> y.shape, len(states)
    ((1, 2), 1)
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        implementation: int = 2,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            seed, implementation, **common,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = bool(reset_after)

    def bias_shape(self) -> Shape:
        """Return (2, 3 * units), for x and for h, with reset_after; else (3 * units,)."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def input_bias(self) -> Tensor:
        """Return b."""
        return self.bias[0] if self.reset_after else self.bias.value

    def step(self, x: Tensor, states: States, noise: Noise) -> tuple[Tensor, States]:
        """Return (h', [h']) for x, which is x @ W + b here."""
        (h,), sigmoid = states, self.recurrent_activation
        x_z, x_r, x_h = ops.split(x, 3, axis=-1)  # (B, units)
        if self.reset_after:
            inner = gated(h, noise.states, self.recurrent_kernel)  # (B, 3 units)
            if self.use_bias:
                inner = inner + self.bias[1]
            h_z, h_r, h_h = ops.split(inner, 3, axis=-1)
            z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
            candidate = self.activation(x_h + r * h_h)
        else:
            width = 2 * self.units
            inner = gated(h, noise.states[:2], self.recurrent_kernel[:, :width])
            h_z, h_r = ops.split(inner, 2, axis=-1)
            z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
            last = gated(r * h, noise.states[2:], self.recurrent_kernel[:, width:])
            candidate = self.activation(x_h + last)
        h = z * h + (1.0 - z) * candidate
        return h, [h]


class GRU(RNN):
    """The gated recurrent unit: h_t = z * h_(t - 1) + (1 - z) * candidate; y is the last h_t.

        z, r = sigmoid of the first two parts of x_t @ W + h_(t - 1) @ U + b
        candidate = tanh((x_t @ W + b)_3 + r * (h_(t - 1) @ U + b')_3)     reset_after
                    tanh((x_t @ W + b)_3 + (r * h_(t - 1)) @ U_3)          otherwise

    The gate z keeps the state, the gate r forgets it for the candidate: an LSTM with three quarters
    of the parameters.

    Shapes: x (B, T, D) -> y (B, units), or (B, T, units) with return_sequences; W = kernel
    (D, 3 * units), U = recurrent_kernel (units, 3 * units), bias (2, 3 * units), b and b', with
    reset_after, else b (3 * units,).

    Args:
        units: size of the state.
        activation, recurrent_activation: the tanh and the sigmoid above, or others.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: Glorot uniform; orthogonal,
            so that the state neither grows nor fades over many steps; and zeros.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each update.
        dropout, recurrent_dropout: share of the inputs, and of the state, that a step does not see
            in training, in [0, 1); which ones is drawn once for all steps of a call, and with
            recurrent_dropout for each gate apart.
        seed: for masks that do not depend on the global seed.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see
            RNN.
        reset_after: whether r acts after the product with U, as in cuDNN and PyTorch: one product a
            step instead of two.
        use_cudnn: taken for Keras's sake; there is one way to compute it.
        implementation: 1 draws the masks of dropout for each gate apart in any case.

    Raises: see RNN.

    Source: Cho et al. 2014; dropout of Gal and Ghahramani 2016.

    >>> GRU(4, return_state=True)(ops.ones((2, 5, 3)))[1].shape
    (2, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        implementation: int = 2,
        zero_output_for_mask: bool = False,
        **common: Unpack[RegularizedOptions],
    ) -> None:
        cell = GRUCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, reset_after, seed, implementation, dtype=common.get("dtype"),
        )  # fmt: skip
        if not isinstance(use_cudnn, bool):
            check_choice("use_cudnn", use_cudnn, ("auto",))
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            zero_output_for_mask, activity_regularizer=activity_regularizer, **common,
        )  # fmt: skip
