"""Activation functions, by name or as functions of a Tensor.

Where a formula has two branches, both are evaluated, so each is written on arguments at which it
cannot overflow: e^x in the branch for x <= 0 gets 0 elsewhere. Otherwise the branch that is not
taken would turn the gradient into NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up, publish
from neurona.nn.serialization import serialize

__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu",
    "relu6", "selu", "serialize", "sigmoid", "silu", "softmax", "softplus", "softsign", "step",
    "swish", "tanh",
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
    x = _floats(x)
    return ops.where(x == x, ops.cast(x > 0.0, dtype=x.dtype), ops.stop_gradient(x))  # NaN stays


# --- piecewise linear ------------------------------------------------------------------------


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """y = x where x > threshold, else negative_slope * (x - threshold); at most max_value.

    Args:
        negative_slope: slope below the threshold; 0 by default.
        max_value: ceiling; none by default.
        threshold: where the unit opens. Between 0 and the threshold the output jumps to x.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    x = _floats(x)
    below = negative_slope * (x - threshold) if negative_slope else 0.0
    y = ops.where(x <= threshold, below, x)  # asked like this, NaN stays NaN
    return y if max_value is None else ops.where(y >= max_value, max_value, y)


def relu6(x: Any) -> Tensor:
    """y = min(max(x, 0), 6).

    Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".

    >>> relu6([-1.0, 2.0, 8.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    return relu(x, max_value=6.0)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """y = x where x > 0, else negative_slope * x: no unit is ever quite dead.

    Source: Maas, Hannun, Ng 2013.

    >>> leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]
    """
    return relu(x, negative_slope)


def hard_sigmoid(x: Any) -> Tensor:
    """y = min(max(x / 6 + 1/2, 0), 1): a sigmoid of three straight lines.

    >>> hard_sigmoid([-4.0, 0.0, 4.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return relu6(_floats(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Tensor:
    """y = x * hard_sigmoid(x), also known as hard swish.

    Source: Howard et al. 2019, "Searching for MobileNetV3".

    >>> hard_silu([-4.0, 3.0]).tolist()
    [0.0, 3.0]
    """
    x = _floats(x)
    return x * hard_sigmoid(x)


def hard_tanh(x: Any) -> Tensor:
    """y = min(max(x, -1), 1).

    >>> hard_tanh([-4.0, 0.5]).tolist()
    [-1.0, 0.5]
    """
    return ops.clip(_floats(x), -1.0, 1.0)


# --- exponential below zero ------------------------------------------------------------------


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """y = x where x > 0, else alpha * (e^x - 1).

    Args:
        alpha: minus the limit for x -> -infinity; 1 makes the slope continuous.

    Source: Clevert, Unterthiner, Hochreiter 2016.

    >>> elu([-1.0, 2.0]).numpy().round(4).tolist()
    [-0.6321, 2.0]
    """
    x = _floats(x)
    return ops.where(x > 0.0, x, alpha * ops.expm1(_below_zero(x)))


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(x: Any) -> Tensor:
    """y = 1.0507 * elu(x, alpha=1.6733): keeps mean 0 and variance 1 through LeCun-normal layers.

    Source: Klambauer et al. 2017, "Self-normalizing neural networks".

    >>> selu([-1.0, 2.0]).numpy().round(4).tolist()
    [-1.1113, 2.1014]
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """y = max(x, 0) + min(alpha * (e^(x / alpha) - 1), 0): an ELU smooth for every alpha.

    Source: Barron 2017.

    >>> celu([-1.0, 2.0], alpha=2.0).numpy().round(4).tolist()
    [-0.7869, 2.0]
    """
    x = _floats(x)
    return ops.where(x > 0.0, x, alpha * ops.expm1(_below_zero(x) / alpha))


def _below_zero(x: Tensor) -> Tensor:
    return ops.where(x > 0.0, 0.0, x)  # minimum would share the gradient at 0


def exponential(x: Any) -> Tensor:
    """y = e^x.

    >>> exponential([0.0, 1.0]).numpy().round(4).tolist()
    [1.0, 2.7183]
    """
    return ops.exp(x)


# --- smooth ----------------------------------------------------------------------------------


def sigmoid(x: Any) -> Tensor:
    """y = 1 / (1 + e^-x); it notes x as its logits, for exact cross-entropy.

    >>> sigmoid([0.0, 2.0]).numpy().round(4).tolist()
    [0.5, 0.8808]
    """
    return ops.sigmoid(x)


def log_sigmoid(x: Any) -> Tensor:
    """y = ln(1 / (1 + e^-x)) = -softplus(-x).

    >>> log_sigmoid([0.0]).numpy().round(4).tolist()
    [-0.6931]
    """
    return -ops.softplus(-_floats(x))


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
    return ops.softplus(_floats(x))


def softsign(x: Any) -> Tensor:
    """y = x / (1 + |x|).

    >>> softsign([-1.0, 3.0]).tolist()
    [-0.5, 0.75]
    """
    x = _floats(x)
    return x / (1.0 + ops.abs(x))


def silu(x: Any) -> Tensor:
    """y = x * sigmoid(x), also known as swish.

    Source: Elfwing et al. 2018; Ramachandran et al. 2017.

    >>> silu([0.0, 2.0]).numpy().round(4).tolist()
    [0.0, 1.7616]
    """
    x = _floats(x)
    return x * ops.sigmoid(x)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """y = x * P(Z <= x) with Z normal: x / 2 * (1 + erf(x / sqrt 2)).

    Args:
        approximate: use x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), as GPT-2 does.

    Source: Hendrycks and Gimpel 2016.

    >>> gelu([-1.0, 2.0]).numpy().round(4).tolist()
    [-0.1587, 1.9545]
    """
    x = _floats(x)
    if approximate:
        # Past |x| = 1000 tanh has long been +-1, and x^3 in float32 might overflow
        c = ops.clip(x, -1000.0, 1000.0)
        return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2.0 / math.pi) * (c + 0.044715 * c * c * c)))
    return 0.5 * x * (1.0 + ops.erf(x * math.sqrt(0.5)))


def mish(x: Any) -> Tensor:
    """y = x * tanh(softplus(x)).

    Source: Misra 2019.

    >>> mish([0.0, 2.0]).numpy().round(4).tolist()
    [0.0, 1.944]
    """
    x = _floats(x)
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


def _floats(x: Any) -> Tensor:
    x = as_tensor(x)
    return x if x.dtype.kind == "f" else x.astype(float)


swish = silu
hard_swish = hard_silu

NAMES: dict[str, Callable[..., Tensor]] = {
    fn.__name__: fn
    for fn in (
        linear, step, relu, relu6, leaky_relu, hard_sigmoid, hard_silu, hard_tanh, elu, selu, celu,
        exponential, sigmoid, log_sigmoid, tanh, softplus, softsign, silu, gelu, mish, softmax,
        log_softmax,
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
