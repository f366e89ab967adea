"""Activation functions, by name or as functions of a Tensor.

Most are functions of `ops`; here they get their names, and the defaults that Keras's activations
have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_floats, as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up, publish
from neurona.nn.serialization import serialize
from neurona.ops.activations import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    relu,
    relu6,
    selu,
    silu,
    soft_shrink,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)

__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear",
    "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "serialize", "sigmoid",
    "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
    "sparsemax", "squareplus", "step", "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip


def linear(x: Any) -> Tensor:
    """y = x.

    >>> linear([-1.0, 2.0]).tolist()
    [-1.0, 2.0]
    """
    return as_tensor(x)


def step(x: Any) -> Tensor:
    """y = 1 where x > 0, else 0: the first neurons' activation; its gradient is 0 everywhere.

    Source: McCulloch and Pitts 1943; Rosenblatt 1958.

    >>> step([-1.0, 0.0, 2.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    x = as_floats(x)
    return ops.where(x == x, ops.cast(x > 0.0, dtype=x.dtype), ops.stop_gradient(x))  # NaN stays


def exponential(x: Any) -> Tensor:
    """y = e^x.

    >>> exponential([0.0, 1.0]).numpy().round(4).tolist()
    [1.0, 2.7183]
    """
    return ops.exp(x)


def sigmoid(x: Any) -> Tensor:
    """y = 1 / (1 + e^-x); it notes x as its logits, for exact cross-entropy.

    >>> sigmoid([0.0, 2.0]).numpy().round(4).tolist()
    [0.5, 0.8808]
    """
    return ops.sigmoid(x)


def tanh(x: Any) -> Tensor:
    """y = (e^x - e^-x) / (e^x + e^-x).

    >>> tanh([0.0, 1.0]).numpy().round(4).tolist()
    [0.0, 0.7616]
    """
    return ops.tanh(x)


def softplus(x: Any) -> Tensor:
    """y = ln(1 + e^x).

    >>> softplus([0.0, 100.0]).numpy().round(4).tolist()
    [0.6931, 100.0]
    """
    return ops.softplus(as_floats(x))


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """y = x * P(Z <= x) with Z normal: x / 2 * (1 + erf(x / sqrt 2)).

    Args:
        approximate: use x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), as GPT-2 does.

    Source: Hendrycks and Gimpel 2016.

    >>> gelu([-1.0, 2.0]).numpy().round(4).tolist()
    [-0.1587, 1.9545]
    """
    return ops.gelu(x, approximate)


def mish(x: Any) -> Tensor:
    """y = x * tanh(softplus(x)).

    Source: Misra 2019.

    >>> mish([0.0, 2.0]).numpy().round(4).tolist()
    [0.0, 1.944]
    """
    x = as_floats(x)
    return x * ops.tanh(ops.softplus(x))


# --- over an axis ----------------------------------------------------------------------------


def softmax(x: Any, axis: int = -1) -> Tensor:
    """y_i = e^x_i / sum of e^x_j; it notes x as its logits, for exact cross-entropy.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """y_i = x_i - ln(sum of e^x_j).

    >>> log_softmax([0.0, 0.0]).numpy().round(4).tolist()
    [-0.6931, -0.6931]
    """
    return ops.log_softmax(x, axis=axis)


swish = silu
hard_swish = hard_silu

NAMES: dict[str, Callable[..., Tensor]] = {
    fn.__name__: fn
    for fn in (
        linear, step, relu, relu6, leaky_relu, hard_sigmoid, hard_silu, hard_tanh, elu, selu, celu,
        exponential, sigmoid, log_sigmoid, tanh, softplus, softsign, silu, gelu, mish, softmax,
        log_softmax, glu, hard_shrink, soft_shrink, tanh_shrink, threshold, squareplus, sparse_plus,
        sparse_sigmoid, sparsemax,
    )
}  # fmt: skip
NAMES |= {"swish": silu, "hard_swish": hard_silu}
publish("activations", *NAMES.values())


def get(identifier: Any) -> Callable[..., Tensor]:
    """Return an activation by name, or the callable itself; None is `linear`.

    >>> get("relu") is relu
    True
    """
    if identifier is None:
        return linear
    found = looked_up("activation", identifier, NAMES)
    if callable(found):
        return found
    raise ArgumentError("an activation is a name or a function.", got=repr(identifier))


def deserialize(config: Any, custom_objects: Any = None) -> Callable[..., Tensor]:
    """Return the activation that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)
