"""Function: what was recorded between symbolic tensors, as a function of its own."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.errors import ArgumentError
from neurona.nn.layer import Layer
from neurona.nn.network import Network
from neurona.nn.options import LayerOptions


class Function(Layer):
    """A recorded network as a function, `Function(inputs, outputs)(x)`: a Model without training.

    Args:
        inputs, outputs: symbolic tensors, one or nested in lists, tuples and dicts.

    >>> from neurona.nn.symbolic import Input
    >>> x = Input((2,))
    >>> Function(x, 2.0 * x + 1.0)([[1.0, 2.0]]).tolist()
    [[3.0, 5.0]]
    """

    def __init__(self, inputs: Any, outputs: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self._network = Network(inputs, outputs)
        self.inputs, self.outputs = self._network.input_leaves, self._network.output_leaves
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the outputs."""
        return self._network.run(inputs, mask)

    def sublayers(self) -> list[Layer]:
        """Return the layers between inputs and outputs."""
        return self._network.layers

    def description(self) -> dict[str, Any]:
        """Say that a Model is what can be saved.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(
            "a Function cannot be saved.", got=repr(self), hint="nn.Model(inputs, outputs)"
        )
