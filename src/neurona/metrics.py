"""The metrics, as in Keras: `from neurona import metrics`."""

from neurona.nn.metrics import *  # noqa: F403
from neurona.nn.metrics import __all__ as __all__
