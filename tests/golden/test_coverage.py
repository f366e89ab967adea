"""Every public layer, loss, metric, optimiser and so on has a golden case, or a reason for none."""

import inspect

import pytest

from .library import NAME, load, public

# What each exception rests on instead. A name that gains a golden case must leave this list.
WRAPPER = "wraps another layer: judged by that layer's cases and by the contract of all layers"
CHANCE = "left to chance: judged by exact properties and distributions in tests/nn"
CELL = "one step of RNN, whose cases in recurrent.json have it"
TRADE_OFF = "judged by hand-worked numbers in tests/nn"
ABSTRACT = "a base class: nothing to compute"
EXCEPTIONS = {
    "layers": {
        "Layer": ABSTRACT,
        "Input": "a placeholder: computes nothing",
        "InputLayer": "a placeholder: computes nothing",
        "InputSpec": "says what inputs are like: judged in tests/test_keras_surface.py",
        "ActivityRegularization": "the identity: its penalty is judged in tests/nn",
        "AugMix": CHANCE,
        "CutMix": CHANCE,
        "MaxNumBoundingBoxes": "moves no numbers but pads: judged in tests/nn",
        "Pipeline": WRAPPER,
        "RandAugment": CHANCE,
        "RandomElasticTransform": CHANCE,
        "RandomPerspective": CHANCE,
        "MixUp": CHANCE,
        "RandomAffine": "Keras has none: judged by its moves in tests/nn",
        "RandomColorJitter": "four others behind each other, which have cases",
        "RandomContrast": CHANCE,
        "RandomCrop": CHANCE,
        "RandomErasing": CHANCE,
        "Lambda": "computes whatever function it is given",
        "Masking": "moves no numbers: its mask is judged by masks.json",
        "Wrapper": ABSTRACT,
        "SpectralNormalization": "wraps another layer: judged by spectral.json",
        "TimeDistributed": WRAPPER,
        "GRUCell": CELL,
        "LSTMCell": CELL,
        "SimpleRNNCell": CELL,
        "StackedRNNCells": CELL,
    },
    "losses": {
        "Loss": ABSTRACT,
        "Crossentropy": ABSTRACT,
        "FunctionLoss": "computes whatever function it is given",
    },
    "metrics": {
        "Metric": ABSTRACT,
        "PrecisionAtRecall": TRADE_OFF,
        "RecallAtPrecision": TRADE_OFF,
        "SensitivityAtSpecificity": TRADE_OFF,
        "SpecificityAtSensitivity": TRADE_OFF,
        "MeanMetricWrapper": "Mean of a function: judged by the metrics made with it",
    },
    "optimizers": {
        "Optimizer": ABSTRACT,
        "LossScaleOptimizer": "Keras's runs in no eager step on JAX: judged by hand in tests/optim",
        "OptimizerMap": "what MultiOptimizer asks, whose case has one",
        "LBFGS": "Keras has none: judged on Rosenbrock's function in tests/optim",
    },
    "optimizers.schedules": {
        "LearningRateSchedule": ABSTRACT,
        "Schedule": ABSTRACT,
        "WarmUp": "Keras has none: judged by hand-worked numbers in tests/optim",
    },
    "regularizers": {"Regularizer": ABSTRACT},
    "constraints": {"Constraint": ABSTRACT},
}
FAMILIES = {
    "layers": ("layers spatial recurrent attention images encodings spectrograms", "class"),
    "losses": ("losses", "loss"),
    "metrics": ("metrics", "metric"),
    "optimizers": ("optimizers", "optimizer"),
    "optimizers.schedules": ("schedules", "schedule"),
    "regularizers": ("penalties", "class"),
    "constraints": ("penalties", "class"),
}


def judged(module):
    families, key = FAMILIES[module]
    return {case[key] for family in families.split() for case in load(family) if key in case}


def public_classes(module):
    """The public classes of a module; an alias is covered by the class that it stands for."""
    home = public(module)
    names = getattr(home, "__all__", None) or [n for n in dir(home) if not n.startswith("_")]
    return [(name, getattr(home, name)) for name in names if inspect.isclass(getattr(home, name))]


@pytest.mark.skipif(NAME != "neurona", reason="Keras has many more classes than we promise")
@pytest.mark.parametrize("module", FAMILIES)
def test_every_public_class_has_a_golden_case(module):
    covered = judged(module) | set(EXCEPTIONS[module])
    missing = [
        name
        for name, cls in public_classes(module)
        if name not in covered and cls.__name__ not in covered
    ]
    assert not missing, f"no golden case for {module}: {missing}; add one, or a reason for none"


@pytest.mark.parametrize("module", FAMILIES)
def test_no_exception_has_a_case(module):
    assert not judged(module) & set(EXCEPTIONS[module])
