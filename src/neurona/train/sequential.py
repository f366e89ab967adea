"""Sequential: a model that is a chain of layers."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError
from neurona.nn.layer import Layer
from neurona.train.model import Model


class Sequential(Model):
    """Layers one after the other: y = layer_n(... layer_1(x))."""

    def __init__(self, layers: Any = None) -> None:
        self.layers: list[Layer] = []
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Append a layer."""
        if not isinstance(layer, Layer):
            raise ArgumentError("Sequential takes layers.", got=repr(layer))
        self.layers.append(layer)

    def contained(self) -> list[Layer]:
        """Return the layers in order."""
        return self.layers

    def call(self, x: Any) -> Any:
        """Call the layers in order."""
        for number, layer in enumerate(self.layers, start=1):
            layer.place = f" (layer {number} of {len(self.layers)} of Sequential {self.name!r})"
            x = layer(x)
        return x
