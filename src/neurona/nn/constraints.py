"""Limits on parameters, applied after each update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, unknown
from neurona.nn.record import remember
from neurona.ops import maximum


class Constraint:
    """Base of the constraints: a function of a parameter's value to the nearest allowed value."""

    arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        self.arguments = {}
        return self

    def __call__(self, w: Tensor) -> Tensor:
        """Return the allowed value."""
        raise NotImplementedError


class NonNeg(Constraint):
    """No weight below 0: w <- max(w, 0)."""

    def __call__(self, w: Tensor) -> Tensor:
        return maximum(w, 0.0)


NAMES: dict[str, type[Constraint]] = {"non_neg": NonNeg, "NonNeg": NonNeg}


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """Return a constraint by name, or the callable itself; None stays None."""
    if identifier is None:
        return None
    if isinstance(identifier, str):
        if identifier not in NAMES:
            raise unknown("constraint", identifier, NAMES)
        return NAMES[identifier]()
    if callable(identifier):
        return identifier
    raise ArgumentError("a constraint is a name or a function.", got=repr(identifier))
