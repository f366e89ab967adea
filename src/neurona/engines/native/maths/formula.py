"""Term: a Value of the Builder that reads as a formula.

`+ - * /` are rounded one by one, never contracted, so that the exact steps of an argument
reduction stay exact on every machine; `fma` is the one place where a product may go unrounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

F32, F64 = np.dtype("float32"), np.dtype("float64")


class Format(NamedTuple):
    """What the bits of a floating-point type mean.

    Attributes:
        fraction: number of bits of the fraction.
        bias: what is added to an exponent.
        sign: the sign bit, as the integer of these bits.
        magic: 1.5 * 2^fraction: a small number added to it is rounded to a whole one, which then
            stands in the last bits.
        tiny: the smallest number that is not denormal.
    """

    fraction: int
    bias: int
    sign: int
    magic: float
    tiny: float


FORMATS = {
    F32: Format(23, 127, -(2**31), 1.5 * 2**23, 2.0**-126),
    F64: Format(52, 1023, -(2**63), 1.5 * 2**52, 2.0**-1022),
}


class Term:
    """A number within a formula, or one for each lane; plain numbers are taken as constants."""

    __slots__ = ("b", "value")

    def __init__(self, b: Any, value: Any) -> None:
        self.b, self.value = b, value

    def like(self, other: Any) -> Term:
        """A constant of the same type."""
        if isinstance(other, Term):
            return other
        return Term(self.b, self.b.constant(other, self.value))

    def _do(self, instruction: str, x: Any, y: Any) -> Term:
        return Term(self.b, self.b.binary(instruction, self.like(x).value, self.like(y).value))

    def _arithmetic(self, name: str, x: Any, y: Any) -> Term:
        return self._do(("f" if self.value.dtype.kind == "f" else "") + name, x, y)

    def _compare(self, name: str, other: Any) -> Term:
        return Term(self.b, getattr(self.b, name)(self.value, self.like(other).value))

    def __add__(self, other: Any) -> Term:
        return self._arithmetic("add", self, other)

    def __radd__(self, other: Any) -> Term:
        return self._arithmetic("add", other, self)

    def __sub__(self, other: Any) -> Term:
        return self._arithmetic("sub", self, other)

    def __rsub__(self, other: Any) -> Term:
        return self._arithmetic("sub", other, self)

    def __mul__(self, other: Any) -> Term:
        return self._arithmetic("mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Term:
        return self._do("fdiv", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._do("fdiv", other, self)

    def __neg__(self) -> Term:
        return Term(self.b, self.b.neg(self.value))

    def __and__(self, other: Any) -> Term:
        return self._do("and", self, other)

    def __or__(self, other: Any) -> Term:
        return self._do("or", self, other)

    def __xor__(self, other: Any) -> Term:
        return self._do("xor", self, other)

    def __lshift__(self, count: int) -> Term:
        return self._do("shl", self, count)

    def __rshift__(self, count: int) -> Term:
        return self._do("lshr" if self.value.dtype.kind == "u" else "ashr", self, count)

    def down(self, count: int) -> Term:
        """Shift the bits down; zeros follow, also for a negative number."""
        return self._do("lshr", self, count)

    def __lt__(self, other: Any) -> Term:
        return self._compare("lt", other)

    def __le__(self, other: Any) -> Term:
        return self._compare("le", other)

    def __gt__(self, other: Any) -> Term:
        return self._compare("gt", other)

    def __ge__(self, other: Any) -> Term:
        return self._compare("ge", other)

    def equals(self, other: Any) -> Term:
        """Whether the two are the same number; -0 is 0, NaN is nothing."""
        return self._compare("eq", other)

    def differs(self, other: Any) -> Term:
        """Whether the two are different numbers; NaN differs from itself."""
        return self._compare("ne", other)

    def divided(self, other: Any) -> Term:
        """The quotient of integers, rounded towards 0; the divisor must not be 0."""
        return self._do("udiv" if self.value.dtype.kind == "u" else "sdiv", self, other)

    def bits(self) -> Term:
        """The bits of a float as an integer, or the reverse."""
        return Term(self.b, self.b.bits(self.value))

    def abs(self) -> Term:
        """Absolute value."""
        return Term(self.b, self.b.abs(self.value))

    def with_sign(self, other: Any) -> Term:
        """The magnitude of this with the sign of the other."""
        return Term(self.b, self.b.intrinsic("copysign", self.value, self.like(other).value))

    def to(self, dtype: np.dtype) -> Term:
        """As another type."""
        return Term(self.b, self.b.cast(self.value, dtype))

    def at_most(self, limit: float) -> Term:
        """min(self, limit), and NaN for NaN: in this order it is one instruction on x86."""
        return where(self.like(limit) < self, limit, self)

    def at_least(self, limit: float) -> Term:
        """max(self, limit), and NaN for NaN."""
        return where(self.like(limit) > self, limit, self)


def where(condition: Term, x: Any, y: Any) -> Term:
    """x where the condition holds, y elsewhere."""
    b = condition.b
    x, y = (x, x.like(y)) if isinstance(x, Term) else (y.like(x), y)
    return Term(b, b.select(condition.value, x.value, y.value))


def fma(x: Term, y: Any, z: Any) -> Term:
    """x * y + z, rounded once where the machine can."""
    return Term(x.b, x.b.fma(x.value, x.like(y).value, x.like(z).value))


def polynomial(x: Term, coefficients: Sequence[float]) -> Term:
    """c0 + c1 x + c2 x^2 + ... by Horner's rule."""
    result = x.like(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = fma(x, result, c)
    return result


def whole(x: Term) -> Term:
    """The nearest whole number, halves to the even one; SSE2 has no instruction for it."""
    limit = 2.0 ** FORMATS[x.value.dtype].fraction  # from here on all numbers are whole
    a = x.abs()
    return where(a < limit, ((a + limit) - limit).with_sign(x), x)


def high(x: Term) -> Term:
    """x without the last half of its fraction: products of two such numbers are exact."""
    form = FORMATS[x.value.dtype]
    return (x.bits() & -(2 ** (form.fraction // 2 + 1))).bits()
