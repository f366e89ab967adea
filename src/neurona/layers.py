"""The layers, as in Keras: `from neurona import layers`."""

from neurona.nn.dense import Dense
from neurona.nn.layer import Layer
from neurona.nn.symbolic import Input, InputLayer

__all__ = ["Dense", "Input", "InputLayer", "Layer"]
