"""Long short-term memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import check_choice
from neurona.nn import activations, initializers
from neurona.nn.options import LayerOptions, RegularizedOptions
from neurona.nn.recurrent.cell import Cell, Noise, States, gated
from neurona.nn.recurrent.rnn import RNN


class LSTMCell(Cell):
    """One step of a long short-term memory, with a state h and a memory c.

        i, f, g, o = the four parts of x @ W + h @ U + b
        c' = sigmoid(f) * c + sigmoid(i) * tanh(g);  h' = sigmoid(o) * tanh(c')

    Shapes: x (B, D), states [h, c] (B, units) -> h' and [h', c'] (B, units); W = kernel
    (D, 4 * units), U = recurrent_kernel (units, 4 * units), b = bias (4 * units,).

    Args: see LSTM. Called by itself, a cell draws new masks of dropout at each step.

    Raises:
        ShapeError: if x or a state has another shape.

    >>> cell = LSTMCell(2)
    >>> y, states = cell([[1.0, 2.0, 3.0]], cell.get_initial_state(batch_size=1))
    >>> y.shape, len(states)
    ((1, 2), 2)
    """

    gates, state_count = 4, 2

    def __init__(
        self,
        units: int,
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
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
        self.unit_forget_bias = bool(unit_forget_bias)
        if self.unit_forget_bias:
            self.bias_initializer = forget_bias_of(bias_initializer)

    def step(self, z: Tensor, states: States, noise: Noise) -> tuple[Tensor, States]:
        """Return (h', [h', c']) for z = x @ W + b."""
        return remembered(self, z, states, gated(states[0], noise.states, self.recurrent_kernel))


def forget_bias_of(others: Any) -> Callable:
    """Return an initialiser of the bias: 1 for the forget gate, else as others say."""
    return functools.partial(forget_bias, initializers.get(others))


def forget_bias(others: Callable, shape: Shape, dtype: Any = None) -> Tensor:
    """Return a bias (4 * units,) that is 1 for the forget gate, the second quarter, else as given.

    >>> forget_bias(ops.zeros, (8,)).tolist()
    [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    units = shape[0] // 4
    first, last = others((units,), dtype=dtype), others((2 * units,), dtype=dtype)
    return ops.concatenate([first, ops.ones((units,), dtype), last], axis=0)


def remembered(
    cell: Any, x: Tensor, states: States, recurrent: Tensor
) -> tuple[Tensor, States]:  # (B, ..., 4 units)
    """Return (h', [h', c']) from what the gates get of x and of h."""
    _, c = states
    i, f, g, o = ops.split(x + recurrent, 4, axis=-1)  # (B, ..., units)
    i, f, o = map(cell.recurrent_activation, (i, f, o))
    c = f * c + i * cell.activation(g)
    h = o * cell.activation(c)
    return h, [h, c]


class LSTM(RNN):
    """Long short-term memory: a state h, and a memory c that gates write, keep and read.

        i, f, g, o = the four parts of x_t @ W + h_(t - 1) @ U + b
        c_t = sigmoid(f) * c_(t - 1) + sigmoid(i) * tanh(g);  h_t = sigmoid(o) * tanh(c_t)

    y is the last h_t. Where sigmoid(f) is near 1, c passes errors back over many steps as they are.

    Shapes: x (B, T, D) -> y (B, units), or (B, T, units) with return_sequences; W = kernel
    (D, 4 * units), U = recurrent_kernel (units, 4 * units), b = bias (4 * units,). The states are
    [h, c].

    Args:
        units: size of the state.
        activation, recurrent_activation: the tanh and the sigmoid above, or others.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: Glorot uniform; orthogonal,
            so that the state neither grows nor fades over many steps; and zeros.
        unit_forget_bias: whether the bias of f begins at 1, so that c is kept at first.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each update.
        dropout, recurrent_dropout: share of the inputs, and of the state, that a step does not see
            in training, in [0, 1); which ones is drawn once for all steps of a call, and with
            recurrent_dropout for each gate apart.
        seed: for masks that do not depend on the global seed.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see
            RNN.
        use_cudnn: taken for Keras's sake; there is one way to compute it.
        implementation: 1 draws the masks of dropout for each gate apart in any case.

    Raises: see RNN.

    Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000 and its bias
    of Jozefowicz et al. 2015; dropout of Gal and Ghahramani 2016.

    >>> LSTM(4, return_sequences=True)(ops.ones((2, 5, 3))).shape
    (2, 5, 4)
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
        use_cudnn: Any = "auto",
        implementation: int = 2,
        zero_output_for_mask: bool = False,
        **common: Unpack[RegularizedOptions],
    ) -> None:
        cell = LSTMCell(
            units, activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint, dropout, recurrent_dropout, seed, implementation,
            dtype=common.get("dtype"),
        )  # fmt: skip
        if not isinstance(use_cudnn, bool):
            check_choice("use_cudnn", use_cudnn, ("auto",))
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            zero_output_for_mask, activity_regularizer=activity_regularizer, **common,
        )  # fmt: skip
