"""Arithmetic on each element, with NumPy's broadcasting between several inputs.

Gradient rules leave broadcasting alone: the reverse sweep sums each gradient to its input's shape.
"""

from __future__ import annotations

from neurona.core.lowering import Elementwise
from neurona.core.op import cast, op
from neurona.core.shapes import broadcast, same_shape
from neurona.errors import DtypeError
from neurona.ops.comparison import eq, gt, logical_and, logical_or, lt, where
from neurona.ops.functions import floor, log

__all__ = [
    "abs", "add", "alias", "cast", "clip", "div", "floordiv", "maximum", "minimum", "mod",
    "mul", "neg", "pow", "sign", "square", "stop_gradient", "sub",
]  # fmt: skip


def _arithmetic(name):
    rule = broadcast(name)

    def checked(*specs):
        if specs[0].dtype.kind == "b":
            raise DtypeError(
                f"{name}: booleans have no arithmetic.", hint='cast first, e.g. x.astype("float32")'
            )
        return rule(*specs)

    return checked


@op(shape=_arithmetic("add"), lower=Elementwise(lambda b, x, y: b.add(x, y)))
def add(xp, x1, x2):
    """Sum, x1 + x2.

    >>> add([1.0, 2.0], 3).tolist()
    [4.0, 5.0]
    """
    return xp.add(x1, x2)


@add.grad
def _(g, z, x, y):
    return g, g


@op(shape=_arithmetic("sub"), lower=Elementwise(lambda b, x, y: b.sub(x, y)))
def sub(xp, x1, x2):
    """Difference, x1 - x2.

    >>> sub([1.0, 2.0], 3).tolist()
    [-2.0, -1.0]
    """
    return xp.subtract(x1, x2)


@sub.grad
def _(g, z, x, y):
    return g, -g


@op(shape=_arithmetic("mul"), lower=Elementwise(lambda b, x, y: b.mul(x, y)))
def mul(xp, x1, x2):
    """Product, x1 * x2, element by element.

    >>> mul([1.0, 2.0], 3).tolist()
    [3.0, 6.0]
    """
    return xp.multiply(x1, x2)


@mul.grad
def _(g, z, x, y):
    return g * y, g * x


@op(shape=broadcast("div"), lower=Elementwise(lambda b, x, y: b.div(x, y)), types="float")
def div(xp, x1, x2):
    """Quotient, x1 / x2; integers are converted to floats first.

    >>> div([1, 2], 4).tolist()
    [0.25, 0.5]
    """
    return xp.divide(x1, x2)


@div.grad
def _(g, z, x, y):
    q = g / y
    return q, -q * z


@op(shape=_arithmetic("floordiv"), lower=Elementwise(lambda b, x, y: b.floordiv(x, y)))
def floordiv(xp, x1, x2):
    """Quotient rounded down, floor(x1 / x2). Its gradient is zero.

    >>> floordiv([7, -7], 2).tolist()
    [3, -4]
    """
    return xp.floor_divide(x1, x2)


@op(shape=_arithmetic("mod"), lower=Elementwise(lambda b, x, y: b.mod(x, y)))
def mod(xp, x1, x2):
    """Remainder, x1 - floor(x1 / x2) * x2, with the sign of x2.

    >>> mod([7, -7], 3).tolist()
    [1, 2]
    """
    return xp.mod(x1, x2)


@mod.grad
def _(g, z, x, y):
    return g, -g * stop_gradient(floor(x / y))


@op(shape=_arithmetic("neg"), lower=Elementwise(lambda b, x: b.neg(x)))
def neg(xp, x):
    """Opposite, -x.

    >>> neg([1.0, -2.0]).tolist()
    [-1.0, 2.0]
    """
    return xp.negative(x)


@neg.grad
def _(g, y, x):
    return -g


@op(shape=broadcast("pow"), lower=Elementwise(lambda b, x, y: b.pow(x, y)), types="float")
def pow(xp, x1, x2):
    """Power, x1 ** x2; integers are converted to floats first. x2 has a gradient for x1 > 0.

    At 0 the gradient of roots, 0 < x2 < 1, is 0 as that of `sqrt`.

    >>> pow([2.0, 3.0], 2).tolist()
    [4.0, 9.0]
    """
    return xp.power(x1, x2)


@pow.grad
def _(g, z, x, y):
    base = where(gt(x, 0), x, 1)  # log of what is not positive would poison the whole gradient
    root = logical_and(eq(x, 0), logical_and(gt(y, 0), lt(y, 1)))
    dx = y * pow(where(root, 1, x), where(eq(y, 0), 1, y - 1))  # a known exponent stays known
    dx = where(logical_or(eq(y, 0), root), 0, dx)
    return g * dx, g * where(gt(x, 0), z * log(base), 0)


@op(shape=_arithmetic("maximum"), lower=Elementwise(lambda b, x, y: b.maximum(x, y)))
def maximum(xp, x1, x2):
    """Larger of x1 and x2; NaN if either is. At a tie each receives half of the gradient.

    >>> maximum([1.0, -1.0], 0).tolist()
    [1.0, 0.0]
    """
    return xp.maximum(x1, x2)


@maximum.grad
def _(g, z, x, y):
    return _share(g, x, y, gt(x, y))


@op(shape=_arithmetic("minimum"), lower=Elementwise(lambda b, x, y: b.minimum(x, y)))
def minimum(xp, x1, x2):
    """Smaller of x1 and x2; NaN if either is. At a tie each receives half of the gradient.

    >>> minimum([1.0, -1.0], 0).tolist()
    [0.0, -1.0]
    """
    return xp.minimum(x1, x2)


@minimum.grad
def _(g, z, x, y):
    return _share(g, x, y, lt(x, y))


def _share(g, x, y, x_wins):
    to_x = where(eq(x, y), 0.5 * g, where(x_wins, g, 0))
    return to_x, g - to_x


@op(
    shape=broadcast("clip"),
    lower=Elementwise(lambda b, x, low, high: b.minimum(b.maximum(x, low), high)),
)
def clip(xp, x, x_min, x_max):
    """Limit to a range, min(max(x, x_min), x_max); the gradient passes within and at the ends.

    >>> clip([-2.0, 0.5, 2.0], 0, 1).tolist()
    [0.0, 0.5, 1.0]
    """
    return xp.minimum(xp.maximum(x, x_min), x_max)


@clip.grad
def _(g, y, x, low, high):
    above = gt(maximum(x, low), high)  # also where low is above high
    to_high, rest = where(above, g, 0), where(above, 0, g)
    below = lt(x, low)
    return where(below, 0, rest), where(below, rest, 0), to_high


@op(shape=_arithmetic("square"), lower=Elementwise(lambda b, x: b.mul(x, x)))
def square(xp, x):
    """x * x.

    >>> square([2.0, -3.0]).tolist()
    [4.0, 9.0]
    """
    return xp.square(x)


@square.grad
def _(g, y, x):
    return g * 2 * x


@op(shape=_arithmetic("abs"), lower=Elementwise(lambda b, x: b.abs(x)))
def abs(xp, x):
    """Absolute value; the gradient at 0 is 0.

    >>> abs([-2.0, 3.0]).tolist()
    [2.0, 3.0]
    """
    return xp.abs(x)


@abs.grad
def _(g, y, x):
    return g * sign(x)


@op(shape=_arithmetic("sign"), lower=Elementwise(lambda b, x: b.sign(x)))
def sign(xp, x):
    """-1, 0 or 1. Its gradient is zero.

    >>> sign([-2.0, 0.0, 3.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return xp.sign(x)


# --- identity ----------------------------------------------------------------------------------


@op(shape=same_shape, lower=Elementwise(lambda b, x: x))
def alias(xp, x):
    """The same values as another Tensor, so that gradients can tell the two apart.

    >>> alias([1.0]).tolist()
    [1.0]
    """
    return x


@alias.grad
def _(g, y, x):
    return g


@op(shape=same_shape, lower=Elementwise(lambda b, variable: variable))
def stop_gradient(xp, variable):
    """The same values, treated as constants by gradients.

    >>> stop_gradient([1.0]).tolist()
    [1.0]
    """
    return variable
