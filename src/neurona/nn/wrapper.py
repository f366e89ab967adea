"""The base of layers that hold another one and add to it."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions


class Wrapper(Layer):
    """Base of layers of your own that hold another layer; write `call`, which calls `self.layer`.

    Args:
        layer: what is wrapped; it is built for the same inputs.

    Raises:
        ArgumentError: if it is no layer.

    >>> from neurona import layers
    >>> class Twice(Wrapper):
    ...     def call(self, x):
    ...         return self.layer(self.layer(x))
    >>> Twice(layers.Rescaling(3.0))([1.0]).tolist()
    [9.0]
    """

    def __init__(self, layer: Layer, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(layer, Layer):
            raise ArgumentError("Wrapper takes a layer.", got=repr(layer)[:60])
        self.layer = layer

    def ensure_built(self, inputs: Tensor | Any) -> None:
        """Create the parameters of the layer inside, then those of its own."""
        if not self.built:
            self.layer.ensure_built(inputs)
        super().ensure_built(inputs)
