"""Elementary functions that are rarer: roots, logarithms of other bases, angles, hyperbolas.

Each is a row: name, formula, the scalar rule of native code, and the gradient. Its forward rule is
NumPy's function of that name. Composed of other ops they would lose digits, or be slow eagerly.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from neurona.core.lowering import Elementwise, Opaque
from neurona.core.op import Op, op
from neurona.core.shapes import broadcast, same_shape
from neurona.ops.arithmetic import square
from neurona.ops.comparison import eq, where
from neurona.ops.functions import exp, rsqrt

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cosh",
    "exp2", "hypot", "log2", "log10", "logaddexp", "nextafter", "sinh", "tan",
]  # fmt: skip

LN2 = math.log(2)
LARGE = 1e9  # from here on x + 1 is x, or x^2 + 1 is x^2, to the last place


def unary(name: str, formula: str, scalar: Any, gradient: Any) -> Op:
    """Declare a function of one number."""

    def forward(xp, x):
        return getattr(xp, name)(x)

    forward.__name__, forward.__doc__ = name, formula
    declared = op(shape=same_shape, lower=Elementwise(scalar), types="float")(forward)
    declared.grad(gradient)
    return declared


def binary(name: str, formula: str, scalar: Any, gradient: Any) -> Op:
    """Declare a function of two numbers."""

    def forward(xp, x1, x2):
        return getattr(xp, name)(x1, x2)

    forward.__name__, forward.__doc__ = name, formula
    declared = op(shape=broadcast(name), lower=Elementwise(scalar), types="float")(forward)
    declared.grad(gradient)
    return declared


# --- scalar rules ------------------------------------------------------------------------------


def _horner(b, x, coefficients):
    """c0 x^n + ... + cn."""
    return functools.reduce(
        lambda y, c: b.add(b.mul(y, x), b.constant(c, x)),
        coefficients[1:],
        b.constant(coefficients[0], x),
    )


def _signed(b, x, y):
    """y with the sign of x."""
    return b.mul(b.sign(x), y)


# Cephes, S. L. Moshier, atan.c: (arctan(x) - x) / x^3 in x^2, for |x| <= 0.66
_ARCTAN = (
    (-8.750608600031904122785e-1, -1.615753718733365076637e1, -7.500855792314704667340e1,
     -1.228866684490136173410e2, -6.485021904942025371773e1),
    (1.0, 2.485846490142306297962e1, 1.650270098316988542046e2, 4.328810604912902668951e2,
     4.853903996359136964868e2, 1.945506571482613964425e2),
)  # fmt: skip


def _arctan(b, x):
    one, a = b.constant(1, x), b.abs(x)
    far = b.gt(a, b.constant(1 + math.sqrt(2), x))  # tan(3 pi / 8)
    middle = b.gt(a, b.constant(0.66, x))
    t = b.select(middle, b.div(b.sub(a, one), b.add(a, one)), a)
    t = b.select(far, b.neg(b.div(one, a)), t)
    z = b.mul(t, t)
    above, below = (_horner(b, z, coefficients) for coefficients in _ARCTAN)
    y = b.add(b.mul(b.mul(t, z), b.div(above, below)), t)
    start = b.select(middle, b.constant(math.pi / 4, x), b.constant(0, x))
    return _signed(b, x, b.add(b.select(far, b.constant(math.pi / 2, x), start), y))


def _arcsin(b, x):
    one = b.constant(1, x)
    return _arctan(b, b.div(x, b.sqrt(b.mul(b.sub(one, x), b.add(one, x)))))


def _arccos(b, x):
    one = b.constant(1, x)
    half = _arctan(b, b.sqrt(b.div(b.sub(one, x), b.add(one, x))))
    return b.add(half, half)


def _negative(b, x):
    """Whether the sign is minus, also that of -0."""
    zero = b.constant(0, x)
    below = b.lt(b.div(b.constant(1, x), x), zero)
    return b.logical_or(b.lt(x, zero), b.logical_and(b.eq(x, zero), below))


def _arctan2(b, y, x):
    zero, one = b.constant(0, x), b.constant(1, x)
    size, other = b.abs(y), b.abs(x)
    alike = b.select(b.eq(size, zero), zero, one)  # 0 / 0 and inf / inf, too
    ratio = b.select(b.eq(size, other), alike, b.div(size, other))
    a = _arctan(b, ratio)
    a = b.select(_negative(b, x), b.sub(b.constant(math.pi, x), a), a)
    return b.select(_negative(b, y), b.neg(a), a)


def _half_exponential(b, x):
    return b.exp(b.mul(b.constant(0.5, x), b.abs(x)))


def _sinh(b, x):
    """From e^x - 1, which is exact near 0; far away the square of e^(x/2), which is finite."""
    half, a = b.constant(0.5, x), b.abs(x)
    e, root = b.expm1(a), _half_exponential(b, x)
    near = b.mul(half, b.add(e, b.div(e, b.add(e, b.constant(1, x)))))
    far = b.mul(b.mul(half, root), root)
    return _signed(b, x, b.select(b.lt(a, b.constant(20, x)), near, far))


def _cosh(b, x):
    half, root = b.constant(0.5, x), _half_exponential(b, x)
    return b.add(b.mul(b.mul(half, root), root), b.div(b.div(half, root), root))


def _log_of_double(b, x):
    return b.add(b.log(x), b.constant(LN2, x))


def _arcsinh(b, x):
    one, a = b.constant(1, x), b.abs(x)
    z = b.mul(a, a)
    near = b.log1p(b.add(a, b.div(z, b.add(one, b.sqrt(b.add(one, z))))))
    far = b.gt(a, b.constant(LARGE, x))
    return _signed(b, x, b.select(far, _log_of_double(b, a), near))


def _arccosh(b, x):
    one = b.constant(1, x)
    t = b.sub(x, one)
    near = b.log1p(b.add(t, b.sqrt(b.mul(t, b.add(x, one)))))
    y = b.select(b.gt(x, b.constant(LARGE, x)), _log_of_double(b, x), near)
    return b.select(b.lt(x, one), b.constant(math.nan, x), y)


def _arctanh(b, x):
    a = b.abs(x)
    y = b.log1p(b.div(b.add(a, a), b.sub(b.constant(1, x), a)))
    return _signed(b, x, b.mul(b.constant(0.5, x), y))


def _cbrt(b, x):
    """e^(ln(x) / 3), and a step of Newton's method, which doubles its digits."""
    a, third = b.abs(x), b.constant(1 / 3, x)
    y = b.exp(b.mul(third, b.log(a)))
    y = b.sub(y, b.mul(third, b.sub(y, b.div(a, b.mul(y, y)))))
    plain = b.logical_or(b.eq(x, b.constant(0, x)), b.logical_not(b.isfinite(x)))
    return b.select(plain, x, _signed(b, x, y))


def _logarithm(base):
    return lambda b, x: b.mul(b.log(x), b.constant(1 / math.log(base), x))


def _hypot(b, x, y):
    x, y = b.abs(x), b.abs(y)
    large, small = b.maximum(x, y), b.minimum(x, y)
    ratio = b.select(b.eq(small, large), b.constant(1, x), b.div(small, large))
    z = b.mul(large, b.sqrt(b.add(b.constant(1, x), b.mul(ratio, ratio))))
    infinite = b.constant(math.inf, x)
    either = b.logical_or(b.eq(x, infinite), b.eq(y, infinite))  # also beside NaN
    return b.select(either, infinite, z)


def _logaddexp(b, x, y):
    d = b.sub(x, y)
    z = b.add(b.maximum(x, y), b.log1p(b.exp(b.neg(b.abs(d)))))
    return b.select(b.eq(x, y), _log_of_double_exponential(b, x), z)


def _log_of_double_exponential(b, x):
    return b.add(x, b.constant(LN2, x))


def _slope_of_sinh(g, y, x):
    return g * cosh(x)


# --- the table ---------------------------------------------------------------------------------

tan = unary(
    "tan", "Tangent of an angle in radians, sin x / cos x.",
    lambda b, x: b.div(b.sin(x), b.cos(x)), lambda g, y, x: g * (1 + y * y),
)  # fmt: skip
arcsin = unary(
    "arcsin", "Angle whose sine is x, from -pi/2 to pi/2; NaN outside of [-1, 1].",
    _arcsin, lambda g, y, x: g * rsqrt((1 - x) * (1 + x)),
)  # fmt: skip
arccos = unary(
    "arccos", "Angle whose cosine is x, from 0 to pi; NaN outside of [-1, 1].",
    _arccos, lambda g, y, x: -g * rsqrt((1 - x) * (1 + x)),
)  # fmt: skip
arctan = unary(
    "arctan", "Angle whose tangent is x, from -pi/2 to pi/2.",
    _arctan, lambda g, y, x: g / (1 + x * x),
)  # fmt: skip
sinh = unary(
    "sinh", "Hyperbolic sine, (e^x - e^-x) / 2.",
    _sinh, _slope_of_sinh,
)  # fmt: skip
cosh = unary(
    "cosh", "Hyperbolic cosine, (e^x + e^-x) / 2.",
    _cosh, lambda g, y, x: g * sinh(x),
)  # fmt: skip
arcsinh = unary(
    "arcsinh", "Number whose hyperbolic sine is x, ln(x + sqrt(x^2 + 1)).",
    _arcsinh, lambda g, y, x: g * rsqrt(x * x + 1),
)  # fmt: skip
arccosh = unary(
    "arccosh", "Number whose hyperbolic cosine is x, ln(x + sqrt(x^2 - 1)); NaN below 1.",
    _arccosh, lambda g, y, x: g * rsqrt((x - 1) * (x + 1)),
)  # fmt: skip
arctanh = unary(
    "arctanh", "Number whose hyperbolic tangent is x, ln((1 + x) / (1 - x)) / 2.",
    _arctanh, lambda g, y, x: g / ((1 - x) * (1 + x)),
)  # fmt: skip
log2 = unary(
    "log2", "Logarithm of base 2.",
    _logarithm(2), lambda g, y, x: g / (x * LN2),
)  # fmt: skip
log10 = unary(
    "log10", "Logarithm of base 10.",
    _logarithm(10), lambda g, y, x: g / (x * math.log(10)),
)  # fmt: skip
exp2 = unary(
    "exp2", "Power of 2, 2^x.",
    lambda b, x: b.pow(b.constant(2, x), x), lambda g, y, x: g * y * LN2,
)  # fmt: skip
cbrt = unary(
    "cbrt", "Cube root, also of negative numbers; its gradient at 0 is 0, as that of `sqrt`.",
    _cbrt, lambda g, y, x: where(eq(y, 0), 0, g / (3 * square(where(eq(y, 0), 1, y)))),
)  # fmt: skip
arctan2 = binary(
    "arctan2", "Angle of the point (x2, x1), from -pi to pi: arctan(x1 / x2) in its quadrant.",
    _arctan2, lambda g, z, y, x: _around(g, y, x),
)  # fmt: skip
hypot = binary(
    "hypot", "Length of (x1, x2), sqrt(x1^2 + x2^2), without overflow; at 0 its gradient is 0.",
    _hypot, lambda g, z, x, y: _along(g, z, x, y),
)  # fmt: skip
logaddexp = binary(
    "logaddexp", "ln(e^x1 + e^x2), without overflow.",
    _logaddexp, lambda g, z, x, y: (g * _share(x, z), g * _share(y, z)),
)  # fmt: skip


def _around(g, y, x):
    size = hypot(x, y)
    size = where(eq(size, 0), 1, size)  # at (0, 0) the gradient is 0
    return g * (x / size / size), -g * (y / size / size)


def _along(g, z, x, y):
    z = where(eq(z, 0), 1, z)
    return g * x / z, g * y / z


def _share(x, z):
    """e^(x - z), and 0 where both are -inf."""
    return exp(where(eq(x, -math.inf), -math.inf, x - z))


@op(shape=broadcast("nextafter"), lower=Opaque(), types="float")
def nextafter(xp, x1, x2):
    """The number next to x1 in the direction of x2: the smallest step of its type.

    >>> nextafter([1.0], 2.0).item() - 1
    1.1920928955078125e-07
    """
    return xp.nextafter(x1, x2)
