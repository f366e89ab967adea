"""Two recurrent layers that read a sequence from both ends."""

from __future__ import annotations

import copy
from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import assign_all
from neurona.nn.recurrent.rnn import apart

_MERGES = {
    "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2.0,
    "mul": lambda a, b: a * b,
}


class Bidirectional(Layer):
    """A recurrent layer and its like that goes backwards: y = merge(forward(x), backward(x)).

    With return_sequences, y_t has what came before t from the one and what comes after it from the
    other.

    Shapes: x (B, T, D) -> y (B, 2 * units), or (B, T, 2 * units) with return_sequences; the sizes
    of `layer` with another merge_mode than "concat".

    Args:
        layer: a recurrent layer, of which both are made anew: forward_layer and backward_layer.
        merge_mode: "concat", "sum", "ave" (mean), "mul" (product) or None: (forward, backward).
        weights: initial values of the parameters, as get_weights gives them.
        backward_layer: another one for the way back, with go_backwards and otherwise alike.

    With return_state the states of both follow: (y, *forward, *backward); `initial_state` has them
    in the same order. A padded step gives zeros in sequences.

    Raises:
        ArgumentError: if a layer is not recurrent, or the two do not go together.

    Source: Schuster and Paliwal 1997.

    >>> from neurona.nn.layers import GRU
    >>> Bidirectional(GRU(4, return_sequences=True))(ops.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        for one in (layer, *([] if backward_layer is None else [backward_layer])):
            if not isinstance(one, Layer) or not hasattr(one, "go_backwards"):
                raise ArgumentError(
                    "Bidirectional takes a recurrent layer.",
                    got=repr(one),
                    hint="Bidirectional(LSTM(32))",
                )
        if merge_mode is not None:
            check_choice("merge_mode", merge_mode, tuple(_MERGES))
        self.merge_mode = merge_mode
        self.forward_layer = _again(layer, name=_named("forward_", layer))
        self.backward_layer = (
            _again(layer, name=_named("backward_", layer), go_backwards=True)
            if backward_layer is None
            else backward_layer
        )
        self._check_pair()
        self.stateful, self.return_state = layer.stateful, layer.return_state
        self.return_sequences = layer.return_sequences
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = self.return_sequences
        self._initial_weights = weights

    def _check_pair(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ArgumentError(
                "Bidirectional: one of the layers goes backwards.",
                got=f"go_backwards={one.go_backwards} for both",
                hint="backward_layer=LSTM(..., go_backwards=True)",
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(one, name) != getattr(other, name):
                raise ArgumentError(
                    "Bidirectional: the layers do not go together.",
                    got=f"{name}={getattr(one, name)} and {name}={getattr(other, name)}",
                    expected="the same for both",
                )

    def build(self, shape: Any) -> None:
        """Build both layers."""
        for one in (self.forward_layer, self.backward_layer):
            one.ensure_built(_shaped(shape, self.dtype))
        if self._initial_weights is not None:
            assign_all(self.weights, self._initial_weights, f"Bidirectional {self.name!r}")

    def reset_state(self) -> None:
        """Make the states of stateful layers zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self) -> list[Any] | None:
        """The states of both stateful layers."""
        pair = self.forward_layer.states, self.backward_layer.states
        return None if None in pair else [*pair[0], *pair[1]]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: with return_sequences that of the inputs."""
        first, *rest = _listed(self.forward_layer.compute_mask(inputs, mask))
        outputs = [first] * (1 if self.merge_mode else 2)
        masks = [*outputs, *rest, *rest]
        return masks if len(masks) > 1 else masks[0]

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:  # (B, T, D)
        """Return y, or (y, *forward states, *backward states)."""
        x, initial_state = apart(sequences, initial_state)
        states: Any = None, None
        if initial_state is not None:
            half = len(initial_state) // 2
            states = initial_state[:half], initial_state[half:]
        forward, *after = _listed(
            self.forward_layer(x, initial_state=states[0], mask=mask, training=training)
        )
        backward, *before = _listed(
            self.backward_layer(x, initial_state=states[1], mask=mask, training=training)
        )
        if self.return_sequences:
            backward = ops.flip(backward, 1)
        y: Any = (forward, backward)
        if self.merge_mode is not None:
            y = (_MERGES[self.merge_mode](forward, backward),)
        y = (*y, *after, *before)
        return y if len(y) > 1 else y[0]


def _listed(y: Any) -> Any:
    return y if isinstance(y, list | tuple) else [y]


def _named(prefix: str, layer: Layer) -> str:
    return prefix + layer.name.removeprefix(prefix)


def _shaped(shape: Any, dtype: Any) -> Any:
    """Return something of a shape, or of several, to build a layer for."""
    if isinstance(shape[0], list | tuple):
        return [_shaped(s, dtype) for s in shape]
    return Tensor(None, Spec(tuple(shape), dtype))


def _again(layer: Layer, **changed: Any) -> Any:
    """Return a layer made anew from its arguments, with cells of its own and without values."""

    def anew(value: Any) -> Any:
        if isinstance(value, Layer):
            return _again(value)
        if isinstance(value, list | tuple):
            return type(value)(map(anew, value))
        return copy.copy(value)

    return type(layer)(**{**{k: anew(v) for k, v in layer.arguments.items()}, **changed})
