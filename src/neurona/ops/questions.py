"""Questions to each element, and logic with the answers; none is an op of its own."""

from __future__ import annotations

import math

from neurona.core.op import as_floats, as_tensor
from neurona.core.shapes import is_float
from neurona.ops import comparison
from neurona.ops.arithmetic import abs, div
from neurona.ops.comparison import eq, isfinite, le, lt, ne, where
from neurona.ops.elements import alike, truth
from neurona.ops.filled import full
from neurona.ops.reduce import all

__all__ = [
    "allclose", "isclose", "isinf", "isnan", "isneginf", "isposinf", "isreal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "signbit",
]  # fmt: skip


def isnan(x):
    """Whether it is NaN, no number.

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    x = as_tensor(x)
    return ne(x, x)


def isinf(x):
    """Whether it is infinite.

    >>> isinf([1.0, -float("inf")]).tolist()
    [False, True]
    """
    return eq(abs(as_floats(x)), math.inf)


def isposinf(x):
    """Whether it is plus infinity.

    >>> isposinf([-float("inf"), float("inf")]).tolist()
    [False, True]
    """
    return eq(as_floats(x), math.inf)


def isneginf(x):
    """Whether it is minus infinity.

    >>> isneginf([-float("inf"), float("inf")]).tolist()
    [True, False]
    """
    return eq(as_floats(x), -math.inf)


def isreal(x):
    """Whether it is real: there are no complex tensors, so all are.

    >>> isreal([1.0, 2.0]).tolist()
    [True, True]
    """
    return full(as_tensor(x).shape, True, "bool")


def signbit(x):
    """Whether the sign is minus, also that of -0.

    >>> signbit([-1.0, -0.0, 0.0]).tolist()
    [True, True, False]
    """
    x = as_tensor(x)
    negative = lt(x, 0)
    if not is_float(x.dtype):
        return negative
    return comparison.logical_or(negative, comparison.logical_and(eq(x, 0), lt(div(1, x), 0)))


def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |x1 - x2| <= atol + rtol |x2|; infinities are close to themselves.

    >>> isclose([1.0, 1.1], 1.000001).tolist()
    [True, False]
    """
    x1, x2 = (as_floats(x) for x in alike("isclose", x1, x2))
    near = le(abs(x1 - x2), atol + rtol * abs(x2))
    near = where(comparison.logical_and(isfinite(x1), isfinite(x2)), near, eq(x1, x2))
    both = comparison.logical_and(isnan(x1), isnan(x2))
    return comparison.logical_or(near, both) if equal_nan else near


def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all elements are close, as `isclose` says.

    >>> allclose([1.0, 2.0], [1.0, 2.000001]).item()
    True
    """
    return all(isclose(x1, x2, rtol, atol, equal_nan))


def logical_and(x1, x2):
    """Whether both are true (not 0).

    >>> logical_and([True, False], [2, 1]).tolist()
    [True, False]
    """
    return comparison.logical_and(truth(x1), truth(x2))


def logical_or(x1, x2):
    """Whether one or both are true (not 0).

    >>> logical_or([True, False], False).tolist()
    [True, False]
    """
    return comparison.logical_or(truth(x1), truth(x2))


def logical_xor(x1, x2):
    """Whether one is true (not 0), and the other is not.

    >>> logical_xor([True, False], True).tolist()
    [False, True]
    """
    return ne(truth(x1), truth(x2))


def logical_not(x):
    """Whether it is false (0).

    >>> logical_not([True, False]).tolist()
    [False, True]
    """
    return comparison.logical_not(truth(x))
