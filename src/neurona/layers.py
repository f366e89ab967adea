"""The layers, as in Keras: `from neurona import layers`."""

from neurona.nn.layers import *  # noqa: F403
from neurona.nn.layers import __all__ as __all__
