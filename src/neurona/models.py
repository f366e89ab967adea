"""The models, as in Keras: `from neurona import models`."""

from neurona.nn.symbolic import Input
from neurona.train.model import Model
from neurona.train.sequential import Sequential

__all__ = ["Input", "Model", "Sequential"]
