"""What the tests of optimisers share: all classes, a few settings of each, prescribed gradients."""

import numpy as np

import neurona as nn
from neurona import optimizers

CLASSES = {
    name: cls
    for name, cls in vars(optimizers).items()
    if isinstance(cls, type) and issubclass(cls, optimizers.Optimizer)
    if cls is not optimizers.Optimizer
    if name not in ("LossScaleOptimizer", "MultiOptimizer")  # which hand the work to these
}
RULES = sorted(set(CLASSES) - {"LBFGS"})  # those that need the gradients only

RATE = 0.125  # exact in float32, in which rates are kept
SETTINGS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_2": 0.6}),
    ("AdamW", {"weight_decay": 0.25}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Lion", {}),
    ("Adafactor", {"clip_threshold": 0.75}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.5, "beta": 0.25}),
    ("Lamb", {}),
    ("Muon", {}),
    ("ScheduleFreeAdamW", {"warmup_steps": 4}),
]


def label(value):
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value


def starting_weights():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, 2)), rng.normal(size=2)]


def prescribed_gradients(steps):
    rng = np.random.default_rng(1)
    return [[rng.normal(size=(3, 2)), rng.normal(size=2)] for _ in range(steps)]


def parameters(dtype="float64"):
    return [nn.Parameter(np.asarray(w, dtype)) for w in starting_weights()]


def numbers(tensors):
    return [t.numpy() for t in tensors]
