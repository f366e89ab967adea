"""The learning-rate schedules, as in Keras: `from neurona.optimizers import schedules`."""

from neurona.nn.serialization import deserialize, serialize
from neurona.optim.cosine import CosineDecay, CosineDecayRestarts, OneCycle, WarmUp
from neurona.optim.schedules import (
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "WarmUp",
    "deserialize",
    "serialize",
]
