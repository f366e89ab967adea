"""neurona: neural networks from scratch, from one neuron to a GPT, at native speed.

>>> import neurona as nn
>>> nn.grad(lambda x: nn.ops.tanh(x))(0.0).item()
1.0
"""

import importlib
from typing import TYPE_CHECKING, Any

from neurona import (
    activations,
    callbacks,
    config,
    constraints,
    data,
    errors,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    utils,
)
from neurona.autodiff import grad, jacobian, value_and_grad
from neurona.core.graph import Graph, trace
from neurona.core.tensor import Tensor, tensor
from neurona.engines.jit import jit
from neurona.gradcheck import GradientCheck, gradcheck
from neurona.models import Model, Sequential
from neurona.nn.parameter import Parameter, gradients
from neurona.nn.symbolic import Input
from neurona.train.recipe import recipe

if TYPE_CHECKING:
    from neurona import classic, datasets, plots

__version__ = "0.1.0"

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
]

_LAZY = ("classic", "datasets", "plots")  # not needed to build and train a network


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"neurona.{name}")
    raise AttributeError(f"module 'neurona' has no attribute {name!r}")
