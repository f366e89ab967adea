"""The layers, as in Keras: `from neurona import layers`."""

from neurona.nn.dense import Dense
from neurona.nn.layer import Layer

__all__ = ["Dense", "Layer"]
