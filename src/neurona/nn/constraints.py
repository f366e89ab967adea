"""Limits on parameters, applied after each update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number
from neurona.nn.axes import checked_axis
from neurona.nn.configurable import Configurable
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up
from neurona.nn.serialization import serialize
from neurona.ops import clip, maximum, norm

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm",
    "min_max_norm", "non_neg", "serialize", "unit_norm",
]  # fmt: skip

_EPSILON = 1e-7  # Keras's, so that a weight of 0 stays 0


class Constraint(Configurable, namespace="constraints"):
    """Base of the constraints: a function of a parameter's value to the nearest allowed value."""

    def __call__(self, w: Tensor) -> Tensor:
        """Return the allowed value."""
        raise NotImplementedError


class NonNeg(Constraint):
    """No weight below 0: w <- max(w, 0).

    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w: Tensor) -> Tensor:
        return maximum(w, 0.0)


class MaxNorm(Constraint):
    """Norms of at most max_value: w <- w * min(|w|, max_value) / |w|.

    Args:
        max_value: the largest norm, above 0.
        axis: the axis or axes that a norm is taken over: 0, the inputs of each unit of a Dense
            kernel (D, units); (0, 1, 2) for the filters of a Conv2D kernel (KH, KW, C, F).

    Source: Srivastava et al. 2014, who use it with dropout.

    >>> MaxNorm(1.0)([[3.0, 0.3], [4.0, 0.4]]).numpy().round(4).tolist()
    [[0.6, 0.3], [0.8, 0.4]]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = check_number("max_value", max_value, low=0, open=True)
        self.axis = checked_axis(axis)

    def __call__(self, w: Tensor) -> Tensor:
        n = norm(w, axis=self.axis, keepdims=True)
        return w * (clip(n, 0.0, self.max_value) / (_EPSILON + n))


class UnitNorm(Constraint):
    """Norms of 1: w <- w / |w|.

    Args:
        axis: see MaxNorm.

    >>> UnitNorm()([[3.0], [4.0]]).numpy().round(4).tolist()
    [[0.6], [0.8]]
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = checked_axis(axis)

    def __call__(self, w: Tensor) -> Tensor:
        return w / (_EPSILON + norm(w, axis=self.axis, keepdims=True))


class MinMaxNorm(Constraint):
    """Norms led into a range: w <- w * (rate * clip(|w|, min, max) + (1 - rate) * |w|) / |w|.

    Args:
        min_value, max_value: the range of the norms.
        rate: 1 enforces the range at once, less leads towards it step by step; in [0, 1].
        axis: see MaxNorm.

    >>> MinMaxNorm(0.0, 1.0)([[3.0], [4.0]]).numpy().round(4).tolist()
    [[0.6], [0.8]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value = check_number("min_value", min_value, low=0)
        self.max_value = check_number("max_value", max_value, low=self.min_value)
        self.rate = check_number("rate", rate, low=0, high=1)
        self.axis = checked_axis(axis)

    def __call__(self, w: Tensor) -> Tensor:
        n = norm(w, axis=self.axis, keepdims=True)
        wanted = self.rate * clip(n, self.min_value, self.max_value) + (1.0 - self.rate) * n
        return w * (wanted / (_EPSILON + n))


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm  # Keras's too

NAMES: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm,
    "MinMaxNorm": MinMaxNorm,
    "NonNeg": NonNeg,
    "UnitNorm": UnitNorm,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """Return a constraint by name or class, or the callable itself; None stays None.

    >>> get("max_norm").max_value
    2.0
    """
    if identifier is None:
        return None
    found = looked_up("constraint", identifier, NAMES)
    if isinstance(found, type) and issubclass(found, Constraint):
        return found()
    if callable(found):
        return found
    raise ArgumentError("a constraint is a name or a function.", got=repr(identifier))


def deserialize(config: Any, custom_objects: Any = None) -> Callable[[Tensor], Tensor] | None:
    """Return the constraint that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)
