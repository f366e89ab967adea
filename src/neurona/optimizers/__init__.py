"""The optimisers, as in Keras: `from neurona import optimizers`."""

from neurona.optim.adagrad import Adadelta, Adagrad
from neurona.optim.adam import Adam, Adamax, AdamW, Nadam
from neurona.optim.lbfgs import LBFGS
from neurona.optim.lion import Lion
from neurona.optim.names import deserialize, get, serialize
from neurona.optim.optimizer import Optimizer
from neurona.optim.rmsprop import RMSprop
from neurona.optim.sgd import SGD
from neurona.optimizers import schedules

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
