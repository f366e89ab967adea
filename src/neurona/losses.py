"""The losses, as in Keras: `from neurona import losses`."""

from neurona.nn.losses import *  # noqa: F403
from neurona.nn.losses import __all__ as __all__
