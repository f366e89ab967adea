"""Exponentials, logarithms and what is made of them, as vector code."""

from __future__ import annotations

import math
from typing import NamedTuple

from neurona.engines.native.maths.formula import F32, F64, FORMATS, Term, fma, polynomial, where

INF = math.inf


class Constants(NamedTuple):
    """The numbers of one floating-point type; polynomials are minimax, fitted in 50 digits.

    Attributes:
        ln2: ln 2 in two parts; the first is short, so that its product with an exponent is exact.
        highest: the largest number whose exponential is finite.
        lowest: the smallest number whose exponential is not denormal.
        exp: (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
        log: (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1).
        one: where tanh is 1 to the last place.
    """

    ln2: tuple[float, float]
    highest: float
    lowest: float
    exp: tuple[float, ...]
    log: tuple[float, ...]
    one: float


CONSTANTS = {
    F32: Constants(
        ln2=(0.693145751953125, 1.4286068203094173e-06),
        highest=88.72283172607422,
        lowest=-87.33654022216797,
        exp=(0.5, 0.16666539013385773, 0.04166661202907562, 0.008367250673472881,
             0.00139177858363837),
        log=(0.6666666269302368, 0.40000972151756287, 0.2849879264831543, 0.24278974533081055),
        one=10.0,
    ),
    F64: Constants(
        ln2=(0.6931471803691238, 1.9082149292705877e-10),
        highest=709.782712893384,
        lowest=-708.3964185322641,
        exp=(0.5, 0.1666666666666668, 0.04166666666661969, 0.008333333333319017,
             0.0013888888920636998, 0.00019841269894180902, 2.4801516180471106e-05,
             2.7557235287856565e-06, 2.762229499573715e-07, 2.5112307459396546e-08),
        log=(0.6666666666666734, 0.3999999999941653, 0.28571428742209226, 0.22222198565254134,
             0.18183566087784558, 0.15313971296758933, 0.14797079942526076),
        one=20.0,
    ),
}  # fmt: skip


# --- exponentials ------------------------------------------------------------------------------


def _reduce(x: Term, bias: int = 0) -> tuple[Term, Term, Term]:
    """x = n ln 2 + r with |r| <= ln(2) / 2: n + bias in the last bits of an integer; r; its error.

    Source: the reduction of Cody and Waite 1980.
    """
    form, (high, low) = FORMATS[x.value.dtype], CONSTANTS[x.value.dtype].ln2
    shifted = fma(x, 1 / math.log(2), form.magic + bias)
    n = shifted - (form.magic + bias)
    rest = fma(n, -high, x)
    r = fma(n, -low, rest)
    return shifted.bits(), r, fma(n, -low, rest - r)


def exp(x: Term) -> Term:
    """e^x, within 1 ulp (1.25 without fused multiply-add): 2^n e^r."""
    form, known = FORMATS[x.value.dtype], CONSTANTS[x.value.dtype]
    n, r, _ = _reduce(x)
    power = polynomial(r, (1.0, 1.0, *known.exp))
    y = (power.bits() + (n << form.fraction)).bits()
    y = where(x <= known.highest, y, x + INF)  # NaN too
    return where(x < known.lowest, 0.0, y)


def _expm1(x: Term) -> Term:
    """e^x - 1 where 2^n does not overflow: (2^n - 1) + 2^n r + 2^n (e^r - 1 - r)."""
    form, known = FORMATS[x.value.dtype], CONSTANTS[x.value.dtype]
    n, r, error = _reduce(x, form.bias)
    scale = (n << form.fraction).bits()
    tail = fma(r * r, polynomial(r, known.exp), error)
    return fma(scale, tail, fma(scale, r, scale - 1.0))


def expm1(x: Term) -> Term:
    """e^x - 1, within 1.5 ulp."""
    form, known = FORMATS[x.value.dtype], CONSTANTS[x.value.dtype]
    n, r, error = _reduce(x.at_least(-40.0), form.bias - 1)
    half = (n << form.fraction).bits()  # 2^(n-1), which is finite if the result is
    tail = fma(r * r, polynomial(r, known.exp), error)
    y = 2.0 * fma(half, tail, fma(half, r, half - 0.5))
    y = where(x <= known.highest, y, x + INF)
    return where(x.abs() < 2.0**-60, x, y)  # also -0


def _plain_exp(x: Term) -> Term:
    """e^x where the bits of 2^n say it: 0 and infinity come out next to the limits of n."""
    form, known = FORMATS[x.value.dtype], CONSTANTS[x.value.dtype]
    n, r, _ = _reduce(x, form.bias)
    return (n << form.fraction).bits() * polynomial(r, (1.0, 1.0, *known.exp))


def sigmoid(x: Term) -> Term:
    """1 / (1 + e^-x), within 2.75 ulp."""
    limit = CONSTANTS[x.value.dtype].highest + 0.125
    return 1.0 / (1.0 + _plain_exp((-x).at_most(limit).at_least(0.9375 - limit)))


def tanh(x: Term) -> Term:
    """(e^2x - 1) / (e^2x + 1), within 2.75 ulp."""
    e = _expm1(2.0 * x.abs().at_most(CONSTANTS[x.value.dtype].one))
    return (e / (e + 2.0)).with_sign(x)


# --- logarithms --------------------------------------------------------------------------------


def split(x: Term) -> tuple[Term, Term]:
    """x = 2^n m with m from sqrt(1/2) to sqrt 2, for x > 0: (n as a float, m)."""
    form = FORMATS[x.value.dtype]
    one, half, magic = (x.like(v).bits() for v in (1.0, math.sqrt(0.5), form.magic))
    above = x.bits() - half + one
    biased = (above.down(form.fraction) | magic).bits()  # read as a float, without a conversion
    m = ((above & (2**form.fraction - 1)) + half).bits()
    return biased - (form.magic + form.bias), m


def _log(n: Term, f: Term) -> Term:
    """log(2^n (1 + f)).

    Source: FreeBSD's e_log.c (fdlibm): with s = f / (2 + f), log(1 + f) = f - (h - s (h + R)).
    """
    known = CONSTANTS[f.value.dtype]
    s = f / (2.0 + f)
    z, h = s * s, 0.5 * f * f
    rest = fma(n, known.ln2[1], s * fma(z, polynomial(z, known.log), h))
    return fma(n, known.ln2[0], f - (h - rest))


def log(x: Term) -> Term:
    """Natural logarithm, within 1 ulp."""
    n, m = split(x)
    return _with_poles(x, _log(n, m - 1.0), x < FORMATS[x.value.dtype].tiny, x < 0.0)


def log1p(x: Term) -> Term:
    """log(1 + x), within 1.5 ulp."""
    u = 1.0 + x
    lost = where(x < 1.0, x - (u - 1.0), 1.0 - (u - x))  # of 1 + x by rounding
    n, m = split(u)
    scale = (m.bits() - u.bits() + x.like(1.0).bits()).bits()  # 2^-n
    scale = where(u < 2.0**100, scale, 0.0)
    y = _with_poles(x, _log(n, fma(lost, scale, m - 1.0)), x <= -1.0, x < -1.0)
    return where(x.equals(0.0), x, y)  # also -0


def _with_poles(x: Term, y: Term, pole: Term, below: Term) -> Term:
    """The logarithm y of x: -inf at the pole, NaN below, inf and NaN as they are."""
    return where(below, math.nan, where(pole, -INF, where(x < INF, y, x)))


# --- the error function --------------------------------------------------------------------------

# erf(x) / x - 1 in x^2 for |x| <= 1, and -log(erfc(x)) for 1 <= x <= 4
_ERF_NEAR = (0.12837916612625122, -0.3761262595653534, 0.11283600330352783, -0.026854440569877625,
             0.005189529154449701, -0.0008020787499845028, 7.888938853284344e-05)  # fmt: skip
_ERF_FAR = (0.0003535576688591391, 1.1270407438278198, 0.6382246613502502, 0.10303820669651031,
            -0.021805671975016594, 0.0029396810568869114, -0.00018557974544819444)  # fmt: skip

# Rational approximations for double precision: Cephes, S. L. Moshier, ndtr.c; lowest power first.
# The first is that of erf(x) / x - 1 in x^2, for |x| <= 1; the second erfc(x) e^(x^2) in x.
_ERF_RATIO = (
    (6324.907040175902, -15625.674920261044, -2362.3184837629583,
     -431.3319300597684, -23.956740424879797, -1.0),
    (4.92673942608635921086e4, 2.26290000613890934246e4, 4.59432382970980127987e3,
     5.21357949780152679795e2, 3.35617141647503099647e1, 1.0),
)  # fmt: skip
_ERFC_RATIO = (
    (5.57535335369399327526e2, 1.02755188689515710272e3, 9.34528527171957607540e2,
     5.26445194995477358631e2, 1.96520832956077098242e2, 4.86371970985681366614e1,
     7.46321056442269912687e0, 5.64189564831068821977e-1, 2.46196981473530512524e-10),
    (5.57535340817727675546e2, 1.65666309194161350182e3, 2.24633760818710981792e3,
     1.82390916687909736289e3, 9.75708501743205489753e2, 3.54937778887819891062e2,
     8.67072140885989742329e1, 1.32281951154744992508e1, 1.0),
)  # fmt: skip


def erf(x: Term) -> Term:
    """2 / sqrt(pi) * integral of e^(-t^2) from 0 to x, within 1.75 ulp."""
    if x.value.dtype == F32:
        a = x.abs().at_most(4.0)  # from there on it is 1
        near = fma(a, polynomial(a * a, _ERF_NEAR), a)
        far = 1.0 - _plain_exp(-polynomial(a, _ERF_FAR))
        return where(a < 1.0, near, far).with_sign(x)
    a = x.abs().at_most(6.0)
    inner, z = a < 1.0, a * a
    above, below = (
        where(inner, polynomial(z, near), polynomial(a, far))
        for near, far in zip(_ERF_RATIO, _ERFC_RATIO, strict=True)
    )
    ratio = where(inner, above, _plain_exp(-z) * above) / below
    return fma(where(inner, a, -1.0), ratio, where(inner, a, 1.0)).with_sign(x)
