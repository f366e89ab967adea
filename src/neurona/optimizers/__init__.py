"""The optimisers, as in Keras: `from neurona import optimizers`."""

from neurona.optim.adafactor import Adafactor
from neurona.optim.adagrad import Adadelta, Adagrad
from neurona.optim.adam import Adam, Adamax, AdamW, Nadam
from neurona.optim.ftrl import Ftrl
from neurona.optim.lamb import Lamb
from neurona.optim.lbfgs import LBFGS
from neurona.optim.lion import Lion
from neurona.optim.loss_scale import LossScaleOptimizer
from neurona.optim.muon import Muon
from neurona.optim.names import deserialize, get, serialize
from neurona.optim.optimizer import Optimizer
from neurona.optim.rmsprop import RMSprop
from neurona.optim.schedule_free import ScheduleFreeAdamW
from neurona.optim.several import MultiOptimizer, OptimizerMap
from neurona.optim.sgd import SGD
from neurona.optimizers import legacy, schedules
from neurona.places import old

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]

experimental = old("optimizers.experimental")
