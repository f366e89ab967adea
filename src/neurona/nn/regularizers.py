"""Penalties on parameters, added to the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, ShapeError, check_choice, check_number
from neurona.nn.configurable import Configurable
from neurona.nn.custom import CustomObjectScope
from neurona.nn.description import looked_up
from neurona.nn.serialization import serialize
from neurona.ops import abs, full, matmul, maximum, norm, square, sum, transpose

__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2",
    "l2", "orthogonal_regularizer", "serialize",
]  # fmt: skip


class Regularizer(Configurable, namespace="regularizers"):
    """Base of the regularisers: a function of a parameter's value to a scalar."""

    def __call__(self, w: Tensor) -> Tensor:
        """Return the penalty."""
        raise NotImplementedError


class L1L2(Regularizer):
    """l1 * sum |w| + l2 * sum w^2.

    Args:
        l1, l2: factors, 0 or more.

    >>> import numpy as np
    >>> L1L2(l1=0.1, l2=0.01)(np.float32([1.0, -2.0])).numpy().round(4).item()
    0.35
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = check_number("l1", l1 or 0.0, low=0)
        self.l2 = check_number("l2", l2 or 0.0, low=0)

    def __call__(self, w: Tensor) -> Tensor:
        if not (self.l1 or self.l2):
            return full((), 0.0, w.dtype)
        penalty: Any = self.l1 * sum(abs(w)) if self.l1 else 0.0
        return penalty + self.l2 * sum(square(w)) if self.l2 else penalty


class L1(L1L2):
    """l1 * sum |w|: drives weights to exactly 0.

    Source: Tibshirani 1996, "Regression shrinkage and selection via the lasso".
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)


class L2(L1L2):
    """l2 * sum w^2: keeps weights small. Not halved, unlike in many textbooks.

    Source: Hoerl and Kennard 1970, "Ridge regression".
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)


class OrthogonalRegularizer(Regularizer):
    """factor * mean over pairs i < j of |w_i . w_j| / (|w_i| |w_j|), of rows or columns w_i.

    Args:
        factor: 0 or more.
        mode: "rows" or "columns": what is to be orthogonal.

    Raises:
        ShapeError: if the parameter is not a matrix with at least two rows (or columns).

    >>> import numpy as np
    >>> OrthogonalRegularizer(0.5)(np.float32([[1, 0], [3, 4]])).numpy().round(4).item()
    0.3
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = check_number("factor", factor, low=0)
        self.mode = check_choice("mode", mode, ("rows", "columns"))

    def __call__(self, w: Tensor) -> Tensor:
        if w.ndim != 2:
            raise ShapeError(
                "OrthogonalRegularizer: needs a matrix.", got=f"{w.shape}", expected="2 axes"
            )
        rows = w if self.mode == "rows" else transpose(w)
        count = rows.shape[0]
        if count < 2:
            raise ShapeError(
                f"OrthogonalRegularizer: one of {self.mode} has no other.", got=f"{w.shape}"
            )
        unit = rows / maximum(norm(rows, axis=1, keepdims=True), 1e-12)
        cosines = abs(matmul(unit, transpose(unit)))
        pairs = (sum(cosines) - sum(square(unit))) / 2.0  # each pair once, none with itself
        return self.factor * pairs / (count * (count - 1) / 2.0)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer  # Keras's other names

NAMES: dict[str, type[Regularizer]] = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "l1": L1,
    "l2": L2,
    "l1_l2": L1L2,
    "l1l2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "orthogonal_regularizer": OrthogonalRegularizer,
}
_START: dict[type[Regularizer], dict[str, float]] = {
    L1L2: {"l1": 0.01, "l2": 0.01}
}  # by name alone it would penalise nothing


def get(identifier: Any) -> Callable[[Tensor], Tensor] | None:
    """Return a regulariser by name or class, or the callable itself; None stays None.

    >>> get("l2").l2
    0.01
    """
    if identifier is None:
        return None
    found = looked_up("regularizer", identifier, NAMES)
    if isinstance(found, type) and issubclass(found, Regularizer):
        return found(**_START.get(found, {})) if isinstance(identifier, str) else found()
    if callable(found):
        return found
    raise ArgumentError("a regularizer is a name or a function.", got=repr(identifier))


def deserialize(config: Any, custom_objects: Any = None) -> Callable[[Tensor], Tensor] | None:
    """Return the regulariser that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)


def of_activity(regularizer: Callable[[Tensor], Tensor], outputs: Any) -> Any:
    """Return the mean penalty of a sample: that of all outputs, divided by the batch size.

    >>> import numpy as np
    >>> of_activity(L2(1.0), Tensor(np.ones((4, 3), "float32"))).item()
    3.0
    """
    total: Any = 0.0
    for y in flatten(outputs)[0]:
        total = regularizer(y) / float(max(y.shape[0], 1) if y.ndim else 1) + total
    return total
