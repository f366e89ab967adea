"""Penalties on parameters, added to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number, unknown
from neurona.nn.record import remember
from neurona.ops import abs, square, sum


class Regularizer:
    """Base of the regularisers: a function of a parameter's value to a scalar."""

    arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls)

    def __call__(self, w: Tensor) -> Tensor:
        """Return the penalty."""
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 * sum |w| + l2 * sum w^2.

    Args:
        l1, l2: factors, 0 or more.

    >>> L1L2(l1=0.1, l2=0.01)(Tensor([1.0, -2.0])).item()  # doctest: +SKIP
    0.35
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = check_number("l1", 0.0 if l1 is None else l1, low=0)
        self.l2 = check_number("l2", 0.0 if l2 is None else l2, low=0)

    def __call__(self, w: Tensor) -> Tensor:
        return self.l1 * sum(abs(w)) + self.l2 * sum(square(w))


class L1(L1L2):
    """l1 * sum |w|: drives weights to exactly 0."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """l2 * sum w^2: keeps weights small."""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


NAMES: dict[str, type[Regularizer]] = {"l1": L1, "l2": L2, "l1_l2": L1L2}


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """Return a regulariser by name, or the callable itself; None stays None."""
    if identifier is None:
        return None
    if isinstance(identifier, str):
        if identifier.lower() not in NAMES:
            raise unknown("regularizer", identifier, NAMES)
        return NAMES[identifier.lower()]()
    if callable(identifier):
        return identifier
    raise ArgumentError("a regularizer is a name or a function.", got=repr(identifier))
