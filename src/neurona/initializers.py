"""The initialisers, as in Keras: `from neurona import initializers`."""

from neurona.nn.initializers import *  # noqa: F403
from neurona.nn.initializers import __all__ as __all__
