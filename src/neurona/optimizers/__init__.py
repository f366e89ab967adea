"""The optimisers, as in Keras: `from neurona import optimizers`."""

from neurona.optim.adam import Adam, AdamW
from neurona.optim.optimizer import Optimizer, get
from neurona.optim.sgd import SGD
from neurona.optimizers import schedules

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "get", "schedules"]
