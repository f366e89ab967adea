"""x ** y as vector code."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from neurona.engines.native.maths import exponentials
from neurona.engines.native.maths.formula import (
    F32,
    F64,
    FORMATS,
    Term,
    fma,
    high,
    polynomial,
    where,
)

INF = math.inf

# log(m) = 2/3 s (3 + s^2 + s^4 L(s^2)) with s = (m - 1) / (m + 1), |s| < 0.1716; and the factor
# 2 / (3 ln 2) and ln 2 in two parts each, of which the first is short.
_LOG = (0.6, 0.4285714285716772, 0.3333333332629228, 0.2727272830696256, 0.23076835206760535,
        0.20004479897874763, 0.17512152452608606, 0.17984138424579624)  # fmt: skip
_FACTOR = (0.9617962837219238, 4.102040517767816e-07)
_LN2 = (0.6931467056274414, 4.7493250390316726e-07)

# log2(m) = s L(s^2), error 2^-43 of it; and 2^r for |r| <= 1/2, error 2^-34.
_SHORT_LOG2 = (2.8853900817778495, 0.961796694113901, 0.5770779422152503, 0.4122092664199499,
               0.3199051585189587, 0.2829073880947554)  # fmt: skip
_SHORT_EXP2 = (0.9999999999594932, 0.6931471805350782, 0.24022651213580812, 0.055504109759440985,
               0.009618025604079589, 0.0013333422777501457, 0.00015469731676645166,
               1.5316431481434028e-05)  # fmt: skip


def pow(x: Term, y: Term) -> Term:
    """x ** y, within 1 ulp in float32 and 1.75 in float64; special values are those of C."""
    if (rule := _USUAL.get(_literal(y))) is not None:
        return rule(x)
    dtype = x.value.dtype
    form, a = FORMATS[dtype], y.abs()
    unit = 2.0**form.fraction  # from here on numbers are whole, from twice that they are even
    large = a >= unit
    shifted = where(large, a, a + unit)
    whole = large | (shifted - unit).equals(a)
    odd = whole & (a < 2.0 * unit) & (shifted.bits() & 1).equals(1)
    size = (_power if dtype == F64 else _short_power)(x.abs(), y)
    size = where(x.abs().equals(1.0), 1.0, size)
    z = where(odd, size.with_sign(x), size)
    z = where(whole | (x >= 0.0) | x.equals(-INF) | x.differs(x), z, math.nan)
    return where(x.equals(1.0) | y.equals(0.0), 1.0, z)


def _root(x: Term) -> Term:
    """x ** 0.5, which is 0 for -0 and infinity for -infinity."""
    root = Term(x.b, x.b.sqrt((x + 0.0).value))
    return where(x.equals(-INF), INF, root)


# Exponents that are common, and cheap if they are known when the code is written.
_USUAL: dict[float | None, Callable[[Term], Term]] = {
    -1.0: lambda x: 1.0 / x,
    -0.5: lambda x: 1.0 / _root(x),
    0.5: _root,
    1.0: lambda x: x,
    2.0: lambda x: x * x,
    3.0: lambda x: x * x * x,
}


def _literal(x: Term) -> float | None:
    """The number that is known already; LLVM writes it as a float64 in hexadecimal."""
    text: str = x.value.text
    return struct.unpack(">d", bytes.fromhex(text[2:]))[0] if text.startswith("0x") else None


def _short_power(a: Term, y: Term) -> Term:
    """a ** y for a >= 0 in float32, by shorter functions of float64."""
    n, m = exponentials.split(a.to(F64))
    f = m - 1.0
    s = f / (2.0 + f)
    log2 = fma(s, polynomial(s * s, _SHORT_LOG2), n)
    log2 = where(a < FORMATS[F32].tiny, -INF, where(a < INF, log2, a.to(F64)))
    x = (y.to(F64) * log2).at_most(200.0).at_least(-200.0)  # 0 and infinity in float32
    form = FORMATS[F64]
    shifted = x + form.magic
    power = polynomial(x - (shifted - form.magic), _SHORT_EXP2)
    return (power.bits() + (shifted.bits() << form.fraction)).bits().to(F32)


def _power(a: Term, y: Term) -> Term:
    """a ** y for a > 0 in float64: 2^(y log2 a), the exponent in two parts.

    Source: FreeBSD's e_pow.c (fdlibm), without its table.
    """
    log_high, log_low = _log2(a)
    log_about = where(a < FORMATS[F64].tiny, -INF, where(a < INF, log_high, a))
    about = y * log_about
    y_high = high(y)
    product = y_high * log_high
    rest = fma(y - y_high, log_high, y * log_low)
    over = (about > 1025.0) | ((product - 1024.0) + rest > 0.0)
    z = where(about < -1022.0, 0.0, where(over, INF, _exp2(product, rest)))
    return where(about.equals(about), z, math.nan)


def _log2(a: Term) -> tuple[Term, Term]:
    """log2(a) in two parts, the first short."""
    n, m = exponentials.split(a)
    f = m - 1.0
    d = 2.0 + f
    d_high = high(d)
    d_low = f - (d_high - 2.0)
    inverse = 1.0 / d
    s = f * inverse
    s_high = high(s)
    s_low = inverse * ((f - s_high * d_high) - s_high * d_low)
    z, z_high = s * s, s_high * s_high
    r = fma(z * z, polynomial(z, _LOG), s_low * (s_high + s))
    t_high = high(3.0 + z_high + r)
    t_low = r - ((t_high - 3.0) - z_high)
    p = s_high * t_high
    p_rest = fma(s_low, t_high, t_low * s)
    p_high = high(p + p_rest)
    p_low = p_rest - (p_high - p)
    q = _FACTOR[0] * p_high
    q_rest = fma(p_high, _FACTOR[1], p_low * sum(_FACTOR))
    log_high = high((q + q_rest) + n)
    return log_high, q_rest - ((log_high - n) - q)


def _exp2(x: Term, rest: Term) -> Term:
    """2^(x + rest), for results in the range of normal numbers."""
    form = FORMATS[F64]
    shifted = (x + rest) + form.magic
    x = x - (shifted - form.magic)
    t = high(x + rest)
    u = t * _LN2[0]
    v = fma(rest - (t - x), sum(_LN2), t * _LN2[1])
    r = u + v
    low = v - (r - u)
    about = 1.0 + r
    tail = fma(r * r, polynomial(r, exponentials.CONSTANTS[F64].exp), low)
    power = about + ((r - (about - 1.0)) + tail)
    return (power.bits() + (shifted.bits() << form.fraction)).bits()
