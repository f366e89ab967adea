"""neurona: neural networks from scratch, from one neuron to a GPT.

>>> import neurona as nn
>>> nn.grad(lambda x: nn.ops.tanh(x))(0.0).item()
1.0
"""

from neurona import beginning as beginning  # before all that takes time to import

# isort: split

import importlib
import sys
from typing import TYPE_CHECKING, Any

from neurona import config, errors, ops, random
from neurona import places as _places
from neurona.autodiff import grad, jacobian
from neurona.core import later as _later
from neurona.core.graph import Graph, trace
from neurona.core.observation import observing
from neurona.core.tensor import Tensor, tensor
from neurona.gradcheck import GradientCheck, gradcheck
from neurona.ops import observe
from neurona.version import __version__ as __version__
from neurona.version import version

if TYPE_CHECKING:
    from neurona import (
        activations,
        applications,
        backend,
        callbacks,
        classic,
        constraints,
        data,
        datasets,
        doctor,
        dtype_policies,
        initializers,
        keras,
        layers,
        losses,
        metrics,
        mixed_precision,
        models,
        optimizers,
        plots,
        preprocessing,
        regularizers,
        saving,
        tree,
        utils,
        visualization,
        zoo,
    )
    from neurona.doctor.tools import baseline, lr_finder, overfit_one_batch
    from neurona.explanation.explain import explain
    from neurona.initializers import Initializer
    from neurona.layers import InputSpec, Layer
    from neurona.losses import Loss
    from neurona.metrics import Metric
    from neurona.models import Model, Sequential
    from neurona.nn.gradients import gradients, value_and_grad
    from neurona.nn.jit import jit
    from neurona.nn.layer import Layer as Operation
    from neurona.nn.parameter import Parameter
    from neurona.nn.parameter import Parameter as Variable
    from neurona.nn.recorded import Function
    from neurona.nn.scopes import (
        RematScope,
        StatelessScope,
        SymbolicScope,
        device,
        name_scope,
        remat,
    )
    from neurona.nn.symbolic import Input
    from neurona.nn.symbolic import Symbolic as KerasTensor
    from neurona.nn.tape import GradientTape
    from neurona.optimizers import Optimizer
    from neurona.precision import DTypePolicy
    from neurona.precision import DTypePolicy as FloatDTypePolicy
    from neurona.recipes.model_report import report
    from neurona.regularizers import Regularizer
    from neurona.train.recipe import recipe

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "GradientCheck",
    "GradientTape",
    "Graph",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Parameter",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "SymbolicScope",
    "Tensor",
    "Variable",
    "activations",
    "applications",
    "backend",
    "baseline",
    "callbacks",
    "classic",
    "config",
    "constraints",
    "data",
    "datasets",
    "device",
    "doctor",
    "dtype_policies",
    "errors",
    "explain",
    "grad",
    "gradcheck",
    "gradients",
    "initializers",
    "jacobian",
    "jit",
    "keras",
    "layers",
    "losses",
    "lr_finder",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "observe",
    "observing",
    "ops",
    "optimizers",
    "overfit_one_batch",
    "plots",
    "preprocessing",
    "random",
    "recipe",
    "regularizers",
    "remat",
    "report",
    "saving",
    "tensor",
    "trace",
    "tree",
    "utils",
    "value_and_grad",
    "version",
    "visualization",
    "zoo",
]

# Loaded when they are first named, so that the import stays light: name -> its home, and its name
# there if that is another.
_HOMES = {
    "Model": "neurona.models",
    "Sequential": "neurona.models",
    "Input": "neurona.models",
    "Layer": "neurona.layers",
    "InputSpec": "neurona.layers",
    "Loss": "neurona.losses",
    "Metric": "neurona.metrics",
    "Optimizer": "neurona.optimizers",
    "Initializer": "neurona.initializers",
    "Regularizer": "neurona.regularizers",
    "explain": "neurona.explanation.explain",
    "baseline": "neurona.doctor.tools",
    "lr_finder": "neurona.doctor.tools",
    "overfit_one_batch": "neurona.doctor.tools",
    "jit": "neurona.nn.jit",
    "Parameter": "neurona.nn.parameter",
    "Variable": "neurona.nn.parameter Parameter",
    "KerasTensor": "neurona.nn.symbolic Symbolic",
    "Operation": "neurona.nn.layer Layer",
    "Function": "neurona.nn.recorded",
    "DTypePolicy": "neurona.precision",
    "FloatDTypePolicy": "neurona.precision DTypePolicy",
    "Quantizer": "neurona.refusals",
    "gradients": "neurona.nn.gradients",
    "value_and_grad": "neurona.nn.gradients",
    "GradientTape": "neurona.nn.tape",
    "recipe": "neurona.train.recipe",
    "report": "neurona.recipes.model_report",
    **dict.fromkeys(
        ("RematScope", "StatelessScope", "SymbolicScope", "device", "name_scope", "remat"),
        "neurona.nn.scopes",
    ),
}
_NAMESPACES = {
    "activations", "applications", "backend", "callbacks", "classic", "constraints", "data",
    "datasets", "doctor", "dtype_policies", "initializers", "keras", "layers", "losses", "metrics",
    "mixed_precision", "models", "optimizers", "plots", "preprocessing", "regularizers",
    "saving", "tree", "utils", "visualization", "zoo",
    "distillation", "distribution", "export", "quantizers", "wrappers",  # which are refused
    "legacy",
}  # fmt: skip

_places.room(__name__)
_later.ROOMS["initializers"] = lambda: importlib.import_module("neurona.nn.initializers")
_later.ROOMS["models"] = lambda: importlib.import_module("neurona.train.feature_space")
_later.ROOMS["doctor"] = lambda: importlib.import_module("neurona.doctor")
_later.ROOMS["zoo"] = lambda: importlib.import_module("neurona.zoo")


def __getattr__(name: str) -> Any:
    if name in _NAMESPACES:
        return importlib.import_module(f"neurona.{name}")
    if name in _HOMES:
        home, _, other = _HOMES[name].partition(" ")
        value = globals()[name] = getattr(importlib.import_module(home), other or name)
        return value
    raise AttributeError(  # with what Python needs to say which name was meant
        f"module 'neurona' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
