"""neurona: neural networks from scratch, from one neuron to a GPT, at native speed.

>>> import neurona as nn
>>> nn.grad(lambda x: nn.ops.tanh(x))(0.0).item()
1.0
"""

from neurona import config, errors, ops, random
from neurona.autodiff import grad, jacobian, value_and_grad
from neurona.core.graph import Graph, trace
from neurona.core.tensor import Tensor, tensor
from neurona.engines.jit import jit
from neurona.gradcheck import GradientCheck, gradcheck

__version__ = "0.1.0"

__all__ = [
    "GradientCheck",
    "Graph",
    "Tensor",
    "config",
    "errors",
    "grad",
    "gradcheck",
    "jacobian",
    "jit",
    "ops",
    "random",
    "tensor",
    "trace",
    "value_and_grad",
]
