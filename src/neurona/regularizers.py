"""The regularisers, as in Keras: `from neurona import regularizers`."""

from neurona.nn.regularizers import L1, L1L2, L2, Regularizer, get

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get"]
