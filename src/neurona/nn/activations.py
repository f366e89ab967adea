"""Activation functions, by name or as functions of a Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, unknown


def linear(x: Any) -> Tensor:
    """y = x."""
    return as_tensor(x)


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """y = max(x, 0), with an optional slope below the threshold and a ceiling.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    x = as_tensor(x)
    if threshold == 0.0 and negative_slope == 0.0:
        y = ops.where(x > 0.0, x, 0.0)
    else:
        y = ops.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else ops.minimum(y, max_value)


def sigmoid(x: Any) -> Tensor:
    """y = 1 / (1 + e^-x); it remembers x as its logits, for exact cross-entropy."""
    x = as_tensor(x)
    y = ops.sigmoid(x)
    y.logits = x
    return y


def tanh(x: Any) -> Tensor:
    """y = (e^x - e^-x) / (e^x + e^-x)."""
    return ops.tanh(x)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """y_i = e^x_i / sum of e^x_j; it remembers x as its logits, for exact cross-entropy."""
    return ops.softmax(x, axis=axis)


NAMES: dict[str, Callable[..., Tensor]] = {
    "linear": linear,
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
}


def get(identifier: Any) -> Callable[..., Tensor]:
    """Return an activation by name, or the callable itself; None is `linear`.

    >>> get("relu") is relu
    True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        if identifier not in NAMES:
            raise unknown("activation", identifier, NAMES)
        return NAMES[identifier]
    if callable(identifier):
        return identifier
    raise ArgumentError("an activation is a name or a function.", got=repr(identifier))
