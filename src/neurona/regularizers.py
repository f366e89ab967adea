"""The regularisers, as in Keras: `from neurona import regularizers`."""

from neurona.nn.regularizers import *  # noqa: F403
from neurona.nn.regularizers import __all__ as __all__
