"""Comparison, logic and choice on each element, with NumPy's broadcasting."""

from __future__ import annotations

from neurona.core.lowering import Elementwise
from neurona.core.op import op
from neurona.core.shapes import boolean_shape, broadcast
from neurona.errors import DtypeError

__all__ = ["eq", "ge", "gt", "isfinite", "le", "lt", "ne"]


@op(shape=broadcast("eq", "bool"), lower=Elementwise(lambda b, x, y: b.eq(x, y)))
def eq(xp, x1, x2):
    """Whether x1 == x2, as bool.

    >>> eq([1, 2], 2).tolist()
    [False, True]
    """
    return xp.equal(x1, x2)


@op(shape=broadcast("ne", "bool"), lower=Elementwise(lambda b, x, y: b.ne(x, y)))
def ne(xp, x1, x2):
    """Whether x1 != x2, as bool.

    >>> ne([1, 2], 2).tolist()
    [True, False]
    """
    return xp.not_equal(x1, x2)


@op(shape=broadcast("lt", "bool"), lower=Elementwise(lambda b, x, y: b.lt(x, y)))
def lt(xp, x1, x2):
    """Whether x1 < x2, as bool.

    >>> lt([1, 2], 2).tolist()
    [True, False]
    """
    return xp.less(x1, x2)


@op(shape=broadcast("le", "bool"), lower=Elementwise(lambda b, x, y: b.le(x, y)))
def le(xp, x1, x2):
    """Whether x1 <= x2, as bool.

    >>> le([1, 3], 2).tolist()
    [True, False]
    """
    return xp.less_equal(x1, x2)


@op(shape=broadcast("gt", "bool"), lower=Elementwise(lambda b, x, y: b.gt(x, y)))
def gt(xp, x1, x2):
    """Whether x1 > x2, as bool.

    >>> gt([1, 3], 2).tolist()
    [False, True]
    """
    return xp.greater(x1, x2)


@op(shape=broadcast("ge", "bool"), lower=Elementwise(lambda b, x, y: b.ge(x, y)))
def ge(xp, x1, x2):
    """Whether x1 >= x2, as bool.

    >>> ge([1, 2], 2).tolist()
    [False, True]
    """
    return xp.greater_equal(x1, x2)


def _truth(name):
    rule = broadcast(name, "bool")

    def checked(*specs):
        if any(s.dtype.kind != "b" for s in specs):
            raise DtypeError(f"{name} takes booleans.", got=", ".join(s.dtype.name for s in specs))
        return rule(*specs)

    return checked


@op(shape=_truth("logical_and"), lower=Elementwise(lambda b, x, y: b.logical_and(x, y)))
def logical_and(xp, x1, x2):
    """Whether both are true.

    >>> logical_and([True, False], True).tolist()
    [True, False]
    """
    return xp.logical_and(x1, x2)


@op(shape=_truth("logical_or"), lower=Elementwise(lambda b, x, y: b.logical_or(x, y)))
def logical_or(xp, x1, x2):
    """Whether one or both are true.

    >>> logical_or([True, False], False).tolist()
    [True, False]
    """
    return xp.logical_or(x1, x2)


@op(shape=_truth("logical_not"), lower=Elementwise(lambda b, x: b.logical_not(x)))
def logical_not(xp, x):
    """Whether it is false.

    >>> logical_not([True, False]).tolist()
    [False, True]
    """
    return xp.logical_not(x)


@op(shape=boolean_shape, lower=Elementwise(lambda b, x: b.isfinite(x)), types="float")
def isfinite(xp, x):
    """Whether it is a number, neither infinite nor NaN.

    >>> isfinite([1.0, float("inf")]).tolist()
    [True, False]
    """
    return xp.isfinite(x)


def _where_shape(condition, x, y):
    if condition.dtype.kind != "b":
        raise DtypeError("where: the condition is bool.", got=condition.dtype.name, hint="x > 0")
    return broadcast("where")(x, y, condition)


@op(
    shape=_where_shape,
    lower=Elementwise(lambda b, condition, x, y: b.select(condition, x, y)),
    types=1,
)
def where(xp, condition, x1, x2):
    """x1 where the condition holds, else x2.

    The gradient of the branch that is not taken is 0, but 0 * inf is NaN: keep that branch finite
    by a `where` on its input.

    >>> where([True, False], [1.0, 2.0], 0).tolist()
    [1.0, 0.0]
    """
    return xp.where(condition, x1, x2)


@where.grad
def _(g, z, condition, x, y):
    return None, where(condition, g, 0), where(condition, 0, g)
