"""Quotients rounded down and their remainders, for floats and integers."""

from __future__ import annotations

import math
from typing import Any

from neurona.engines.native.maths.formula import F32, F64, Term, high, where, whole
from neurona.engines.native.maths.rare import where_rare

_STEPS = 3
# Quotients that so many steps are enough for, and divisors whose halves are in the normal range.
_NEAR = {F32: (2.0**33, 2.0**-100), F64: (2.0**75, 2.0**-960)}


def floordiv(x: Term, y: Term) -> Term:
    """floor(x / y), as NumPy has it; for integers 0 where y is 0.

    Exact while it has no more digits than a float, and within 1 ulp beyond.
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

    Exact (rounded once), however large the quotient is.
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
    near, small = _NEAR[x.value.dtype]
    far = ((a / d >= near) | (d < small)) & (d > 0.0)
    (long,) = where_rare(far, "far_remainder", _divided, [a, d], [rest])
    rest = where(a < d, a, long)
    return where((a < math.inf) & (d > 0.0), rest, math.nan).with_sign(x)


def _divided(f: Any) -> None:
    """Write (double %x0, double %x1, ptr %y0): what 0 < x1 <= x0 leaves, 11 bits a step.

    What it makes of other numbers is not used; nothing traps.
    """
    fields, numbers = [], []
    for k in range(2):
        bits = f.let(f"bitcast double %x{k} to i64")
        field = f.let(f"lshr i64 {bits}, 52")
        one = f.let(f"select i1 {f.let(f'icmp eq i64 {field}, 0')}, i64 0, i64 {2**52}")
        numbers.append(f.let(f"or i64 {f.let(f'and i64 {bits}, {2**52 - 1}')}, {one}"))
        fields.append(f.larger(field, 1))
    numbers[1] = f.larger(numbers[1], 1)
    rest = f.slot("i64", f.let(f"urem i64 {numbers[0]}, {numbers[1]}"))
    count = f.let(f"sub i64 {fields[0]}, {fields[1]}")
    with f.loop(0, count, 11) as done:
        bits = f.smaller(f.let(f"sub i64 {count}, {done}"), 11)
        longer = f.let(f"shl i64 {f.let(f'load i64, ptr {rest}')}, {bits}")
        f.do(f"store i64 {f.let(f'urem i64 {longer}, {numbers[1]}')}, ptr {rest}")
    number = f.let(f"uitofp i64 {f.let(f'load i64, ptr {rest}')} to double")
    small = f.let(f"fmul double {number}, 0x3CB0000000000000")  # 2^-52
    scale = f.let(f"bitcast i64 {f.let(f'shl i64 {fields[1]}, 52')} to double")
    f.do(f"store double {f.let(f'fmul double {small}, {scale}')}, ptr %y0")


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
