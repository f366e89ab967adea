"""The Builders that read scalar rules: one makes Expressions, the other works on NumPy arrays.

An op says by its kind how an element of its output is computed (`core/lowering.py`). An engine
makes code of that rule; run with `Symbols`, the same rule tells the formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.shapes import as_dtype, is_float
from neurona.explanation.expression import (
    COMPARISONS,
    CONDITIONS,
    FUNCTIONS,
    Apply,
    Expression,
    Number,
    apply,
)

_RENAMED = {
    "minimum": "min", "maximum": "max", "logical_and": "and", "logical_or": "or",
    "logical_not": "not",
}  # fmt: skip


class Symbols:
    """Makes Expressions of scalar rules; what depends on a condition is decided by the values.

    Attributes:
        because: the comparisons that decided, for a note beside the formula.
    """

    def __init__(self) -> None:
        self.because: list[Expression] = []

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        fn = _RENAMED.get(name, name)
        if fn not in FUNCTIONS:
            raise AttributeError(name)
        return lambda *arguments: apply(fn, *arguments)

    def constant(self, value: Any, like: Any) -> Expression:
        """A number."""
        return Number(value)

    def integer(self, n: int) -> Expression:
        """A whole number."""
        return Number(n)

    def cast(self, x: Expression, dtype: Any) -> Expression:
        """The same number; what a condition gives is 1 or 0."""
        dtype = as_dtype(dtype)
        if dtype.kind == "b":
            return x
        if isinstance(x, Apply) and x.fn in CONDITIONS:
            return apply("is", x)
        if is_float(dtype) or x.value == int(x.value):
            return x
        return apply("trunc", x)

    def select(self, condition: Expression, x: Expression, y: Expression) -> Expression:
        """The one of two that the condition, which is known, chooses."""
        if isinstance(condition, Apply) and condition.fn in COMPARISONS:
            a, b = condition.arguments
            below = condition.fn in ("lt", "le")
            low, high = (a, b) if below else (b, a)
            if (x, y) == (high, low):  # where z <= 0 is 0, else z: max(0, z)
                return apply("max", *_ordered(a, b))
            if (x, y) == (low, high):
                return apply("min", *_ordered(a, b))
            if x != y:
                self.because.append(condition)
        return x if condition.value else y

    def position(self, k: Expression, size: int) -> Expression:
        """The place that an index means."""
        return Number(int(k.value) % size)

    def fold(self, count: int, step: Callable, *start: Any) -> Any:
        """Values carried through all steps."""
        for n in range(count):
            start = tuple(step(Number(n), *start))
        return start


def _ordered(a: Expression, b: Expression) -> tuple[Expression, Expression]:
    return (a, b) if isinstance(a, Number) else (b, a)


_SAME = {"add", "mod", "logical_and", "logical_or", "logical_not", "minimum", "maximum"}
_NUMPY = {
    "sub": "subtract", "mul": "multiply", "floordiv": "floor_divide", "eq": "equal",
    "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "select": "where",
}  # fmt: skip


class Places:
    """Computes places of many elements at once, as arrays."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in _SAME or name in _NUMPY:
            return getattr(np, _NUMPY.get(name, name))
        raise AttributeError(name)

    def constant(self, value: Any, like: Any) -> Any:
        """A number."""
        return np.asarray(value, like.dtype)

    def integer(self, n: int) -> Any:
        """A whole number."""
        return np.int64(n)

    def cast(self, x: Any, dtype: Any) -> Any:
        """Convert."""
        return x.astype(as_dtype(dtype))

    def position(self, k: Any, size: int) -> Any:
        """The places that indices mean."""
        return np.where(k < 0, k + np.int64(size), k).astype("int64")


class Readable:
    """An input of a rule for `Places`: an array that is read at computed places."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def at(self, index: Any, where: Any = True, otherwise: Any = None) -> Any:
        """The elements at places, or another value where the condition does not hold."""
        if otherwise is None:
            return self.array[tuple(np.broadcast_arrays(*index))]
        *places, where = np.broadcast_arrays(*index, where)
        return np.where(where, self.array[tuple(np.where(where, k, 0) for k in places)], otherwise)


class Element:
    """An input of a rule for `Symbols`: `read(index)` gives the Expression of an element.

    Attributes:
        seen: what was read, in order.
    """

    def __init__(self, shape: tuple, dtype: Any, read: Callable[[tuple], Expression]) -> None:
        self.shape, self.dtype, self._read = shape, dtype, read
        self.seen: list[Expression] = []

    def at(self, index: Any, where: Any = None, otherwise: Any = None) -> Expression:
        """The element at a place, or another value where the condition does not hold."""
        if where is not None and not where.value:
            return otherwise
        self.seen.append(self._read(tuple(int(k.value) for k in index)))
        return self.seen[-1]
