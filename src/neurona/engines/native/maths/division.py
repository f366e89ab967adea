"""Quotients rounded down and their remainders, for floats and integers."""

from __future__ import annotations

import math

from neurona.engines.native.maths.formula import Term, high, where, whole

_STEPS = 3


def floordiv(x: Term, y: Term) -> Term:
    """floor(x / y), as NumPy has it; for integers 0 where y is 0.

    Right where the remainder is (see `mod`), and within 1 ulp beyond.
    """
    if x.value.dtype.kind != "f":
        return _whole(x, y)[0]
    rest = _remainder(x, y)
    quotient = (x - rest) / y
    quotient = where(_opposite(rest, y), quotient - 1.0, quotient)
    nearest = whole(quotient)  # it is all but whole; halves go down
    quotient = where((nearest - quotient).equals(0.5), nearest - 1.0, nearest)
    quotient = where(quotient.equals(0.0), quotient.abs().with_sign(x / y), quotient)
    return where(y.equals(0.0), x / y, quotient)


def mod(x: Term, y: Term) -> Term:
    """x - floor(x / y) * y, with the sign of y; for integers 0 where y is 0.

    Exact (rounded once) while |x / y| is below 2^33 in float32 and 2^75 in float64;
    some number from 0 to y beyond.
    """
    if x.value.dtype.kind != "f":
        return _whole(x, y)[1]
    rest = _remainder(x, y)
    rest = where(_opposite(rest, y), rest + y, rest)
    return where(rest.equals(0.0), rest.abs().with_sign(y), rest)


def _opposite(rest: Term, y: Term) -> Term:
    """Whether a remainder has the other sign than its divisor."""
    return (rest < 0.0) & (y > 0.0) | (rest > 0.0) & (y < 0.0)


def _remainder(x: Term, y: Term) -> Term:
    """C's fmod: the remainder with the sign of x, by long division in digits of half a float."""
    a, d = x.abs(), y.abs()
    d_high = high(d)
    rest = a
    for _ in range(_STEPS):
        digit = high(whole((rest / d).at_most(2.0**120)))
        rest = (rest - digit * d_high) - digit * (d - d_high)
    rest = where(rest < 0.0, rest + d, rest)  # quotients were rounded to the nearest
    rest = where(rest.abs() < d, rest, 0.0)
    rest = where(d.equals(math.inf), a, rest)
    return where((a < math.inf) & (d > 0.0), rest, math.nan).with_sign(x)


def _whole(x: Term, y: Term) -> tuple[Term, Term]:
    """Quotient and remainder of integers; nothing traps."""
    if y.value.text.isdigit() and y.value.text != "0":
        return _by_number(x, int(y.value.text))
    zero = y.equals(0)
    if x.value.dtype.kind == "u":
        divisor = where(zero, 1, y)
        quotient = x.divided(divisor)
        return where(zero, 0, quotient), where(zero, 0, x - quotient * divisor)
    opposite = y.equals(-1)  # where the quotient of the lowest integer would overflow
    divisor = where(zero | opposite, 1, y)
    quotient = x.divided(divisor)
    rest = x - quotient * divisor
    down = rest.differs(0) & ((rest ^ divisor) < 0)
    quotient = where(down, quotient - 1, quotient)
    rest = where(down, rest + divisor, rest)
    return where(zero, 0, where(opposite, 0 - x, quotient)), where(zero, 0, rest)


def _by_number(x: Term, divisor: int) -> tuple[Term, Term]:
    """The same for a positive divisor that is known now: there is no division in the end."""
    if divisor & (divisor - 1) == 0 and x.value.dtype.kind == "i":
        return x >> (divisor.bit_length() - 1), x & (divisor - 1)
    quotient = x.divided(divisor)
    rest = x - quotient * divisor
    if x.value.dtype.kind == "u":
        return quotient, rest
    down = rest < 0
    return where(down, quotient - 1, quotient), where(down, rest + divisor, rest)
