"""The constraints, as in Keras: `from neurona import constraints`."""

from neurona.nn.constraints import *  # noqa: F403
from neurona.nn.constraints import __all__ as __all__
