"""The plain recurrent network: the output is the state."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.nn.options import LayerOptions, RegularizedOptions
from neurona.nn.recurrent.cell import Cell, Noise, States, gated
from neurona.nn.recurrent.rnn import RNN


class SimpleRNNCell(Cell):
    """One step of a plain recurrent network: h' = activation(x @ W + h @ U + b).

    Shapes: x (B, D), states [h (B, units)] -> h' and [h'] (B, units); W = kernel (D, units), U =
    recurrent_kernel (units, units), b = bias (units,).

    Args: see SimpleRNN. Called by itself, a cell draws new masks of dropout at each step.

    Raises:
        ShapeError: if x or the state has another shape.

    >>> cell = SimpleRNNCell(2)
    >>> y, states = cell([[1.0, 2.0, 3.0]], cell.get_initial_state(batch_size=1))
    >>> y.shape, len(states)
    ((1, 2), 1)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
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
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            seed, **common,
        )  # fmt: skip

    def step(self, z: Tensor, states: States, noise: Noise) -> tuple[Tensor, States]:
        """Return (h', [h']) for z = x @ W + b."""
        (h,) = states
        h = self.activation(z + gated(h, noise.states, self.recurrent_kernel))
        return h, [h]


class SimpleRNN(RNN):
    """A plain recurrent network, h_t = activation(x_t @ W + h_(t - 1) @ U + b); y is the last h_t.

    Shapes: x (B, T, D) -> y (B, units), or (B, T, units) with return_sequences; W = kernel
    (D, units), U = recurrent_kernel (units, units), b = bias (units,).

    Args:
        units: size of the state.
        activation: name or function; tanh keeps the state in (-1, 1).
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: Glorot uniform; orthogonal,
            so that the state neither grows nor fades over many steps; and zeros.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: limits applied after each update.
        dropout, recurrent_dropout: share of the inputs, and of the state, that a step does not see
            in training, in [0, 1); which ones is drawn once for all steps of a call.
        return_sequences, return_state, go_backwards, stateful, unroll: see RNN.
        seed: for masks that do not depend on the global seed.

    Raises: see RNN.

    Source: Elman 1990, "Finding structure in time"; dropout of Gal and Ghahramani 2016.

    >>> layer = SimpleRNN(1, "linear", kernel_initializer="ones", recurrent_initializer="ones")
    >>> layer([[[1.0], [2.0], [4.0]]]).tolist()
    [[7.0]]
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
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
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        zero_output_for_mask: bool = False,
        **common: Unpack[RegularizedOptions],
    ) -> None:
        cell = SimpleRNNCell(
            units, activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout,
            seed, dtype=common.get("dtype"),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll,
            zero_output_for_mask, activity_regularizer=activity_regularizer, **common,
        )  # fmt: skip
