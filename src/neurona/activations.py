"""The activation functions, as in Keras: `from neurona import activations`."""

from neurona.nn.activations import *  # noqa: F403
from neurona.nn.activations import __all__ as __all__
