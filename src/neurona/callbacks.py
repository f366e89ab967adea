"""The callbacks, as in Keras: `from neurona import callbacks`."""

from neurona.train.callbacks import Callback
from neurona.train.history import History

__all__ = ["Callback", "History"]
