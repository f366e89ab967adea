"""x ** y as vector code."""

from __future__ import annotations

import math

from neurona.engines.native import exponentials
from neurona.engines.native.formula import F64, FORMATS, Term, fma, high, polynomial, where

INF = math.inf

# log(m) = 2/3 s (3 + s^2 + s^4 L(s^2)) with s = (m - 1) / (m + 1), |s| < 0.1716; and the factor
# 2 / (3 ln 2) and ln 2 in two parts each, of which the first is short.
_LOG = (0.6, 0.4285714285716772, 0.3333333332629228, 0.2727272830696256, 0.23076835206760535,
        0.20004479897874763, 0.17512152452608606, 0.17984138424579624)  # fmt: skip
_FACTOR = (0.9617962837219238, 4.102040517767816e-07)
_LN2 = (0.6931467056274414, 4.7493250390316726e-07)


def pow(x: Term, y: Term) -> Term:
    """x ** y, within 1 ulp; special values are those of C and NumPy."""
    dtype = x.value.dtype
    if dtype == F64:
        size = _power(x.abs(), y)
    else:
        a, exponent = x.abs().to(F64), y.to(F64)
        size = exponentials.exp(exponent * exponentials.log(a)).to(dtype)
    whole, half = y.floor().equals(y), y * 0.5
    odd = whole & half.floor().differs(half)
    size = where(x.abs().equals(1.0), 1.0, size)
    z = where(odd, size.with_sign(x), size)
    no_number = (x < 0.0) & (x > -INF) & y.floor().differs(y)
    z = where(no_number, math.nan, z)
    return where(x.equals(1.0), 1.0, where(y.equals(0.0), 1.0, z))


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
    z = _exp2(product, rest)
    z = where(about < -1022.0, 0.0, where(about < 1024.0, z, INF))
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
