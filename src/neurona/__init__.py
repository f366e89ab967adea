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
from neurona.autodiff import grad, jacobian
from neurona.core import later as _later
from neurona.core.graph import Graph, trace
from neurona.core.observation import observing
from neurona.core.tensor import Tensor, tensor
from neurona.gradcheck import GradientCheck, gradcheck
from neurona.ops import observe
from neurona.version import __version__ as __version__

if TYPE_CHECKING:
    from neurona import (
        activations,
        callbacks,
        classic,
        constraints,
        data,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        plots,
        regularizers,
        utils,
        zoo,
    )
    from neurona.models import Model, Sequential
    from neurona.nn.gradients import gradients, value_and_grad
    from neurona.nn.jit import jit
    from neurona.nn.parameter import Parameter
    from neurona.nn.symbolic import Input
    from neurona.train.recipe import recipe

__all__ = [
    "GradientCheck",
    "Graph",
    "Input",
    "Model",
    "Parameter",
    "Sequential",
    "Tensor",
    "activations",
    "callbacks",
    "classic",
    "config",
    "constraints",
    "data",
    "datasets",
    "errors",
    "grad",
    "gradcheck",
    "gradients",
    "initializers",
    "jacobian",
    "jit",
    "layers",
    "losses",
    "metrics",
    "models",
    "observe",
    "observing",
    "ops",
    "optimizers",
    "plots",
    "random",
    "recipe",
    "regularizers",
    "tensor",
    "trace",
    "utils",
    "value_and_grad",
    "zoo",
]

# Loaded when they are first named, so that the import stays light: name -> its home.
_HOMES = {
    "Model": "neurona.models",
    "Sequential": "neurona.models",
    "Input": "neurona.models",
    "jit": "neurona.nn.jit",
    "Parameter": "neurona.nn.parameter",
    "gradients": "neurona.nn.gradients",
    "value_and_grad": "neurona.nn.gradients",
    "recipe": "neurona.train.recipe",
}
_NAMESPACES = {
    "activations", "callbacks", "classic", "constraints", "data", "datasets", "initializers",
    "layers", "losses", "metrics", "models", "optimizers", "plots", "regularizers", "utils", "zoo",
}  # fmt: skip

_later.ROOMS["zoo"] = lambda: importlib.import_module("neurona.zoo")


def __getattr__(name: str) -> Any:
    if name in _NAMESPACES:
        return importlib.import_module(f"neurona.{name}")
    if name in _HOMES:
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
    raise AttributeError(  # with what Python needs to say which name was meant
        f"module 'neurona' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
