"""Sine and cosine as vector code."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurona.engines.native.maths.angle import NEAR, angle
from neurona.engines.native.maths.formula import F32, F64, FORMATS, Term, fma, polynomial, where
from neurona.engines.native.maths.rare import where_rare


class Constants(NamedTuple):
    """The numbers of one floating-point type, for |r| <= pi / 4; fitted in 50 digits.

    Attributes:
        sine: (sin r - r) / r^3 in r^2.
        cosine: (cos r - 1 + r^2 / 2) / r^4 in r^2.
    """

    sine: tuple[float, ...]
    cosine: tuple[float, ...]


CONSTANTS = {
    F32: Constants(
        sine=(-0.16666655242443085, 0.008332191035151482, -0.00019517639884725213),
        cosine=(0.04166664555668831, -0.00138873013202101, 2.4430672056041658e-05),
    ),
    F64: Constants(
        sine=(-0.16666666666666632, 0.008333333333322486, -0.0001984126982983596,
              2.755731369185936e-06, -2.5050756712156115e-08, 1.589664212683593e-10),
        cosine=(0.0416666666666666, -0.0013888888888874474, 2.4801587289671032e-05,
                -2.755731440068687e-07, 2.0875729204912624e-09, -1.1359928706728866e-11),
    ),
}  # fmt: skip

# pi / 2 in parts of 23 bits, whose products with a quadrant below 2^30 are exact, and the rest.
_HALF_PI = (1.570796251296997, 7.549789415861596e-08, 5.390302529957765e-15, 3.2820035428735005e-22)


def sin(x: Term) -> Term:
    """Sine, within 1 ulp. NaN at infinity."""
    return _wave(x, 0)


def cos(x: Term) -> Term:
    """Cosine, within 1 ulp. NaN at infinity."""
    return _wave(x, 1)


def _wave(x: Term, ahead: int) -> Term:
    dtype = x.value.dtype
    known, form = CONSTANTS[dtype], FORMATS[dtype]
    quadrant, exact, low = _reduce(x.to(F64), x.abs() >= NEAR)
    r = exact.to(dtype)
    if dtype != F64:
        low = exact - r.to(F64)
    low, quadrant = low.to(dtype), quadrant.to(np.dtype(f"i{dtype.itemsize}")) + ahead
    z = r * r
    half = 0.5 * z
    sine = r + fma(r * z, polynomial(z, known.sine), low * (1.0 - half))
    near = 1.0 - half
    cosine = near + (((1.0 - near) - half) + fma(z * z, polynomial(z, known.cosine), -(r * low)))
    y = where((quadrant & 1).equals(0), sine, cosine)
    turned = (quadrant << (dtype.itemsize * 8 - 2)) & form.sign  # bit 1 of the quadrant as a sign
    y = (y.bits() ^ turned).bits()
    return y if ahead else where(x.equals(0.0), x, y)  # sin(-0) is -0


def _reduce(x: Term, far: Term) -> tuple[Term, Term, Term]:
    """x = n pi / 2 + r + low, with |r| <= pi / 4: the last bits of n; r; low. After Cody, Waite."""
    magic, (first, second, third, fourth) = FORMATS[F64].magic, _HALF_PI
    shifted = fma(x, 2 / math.pi, magic)
    n = shifted - magic
    exact = fma(n, -second, fma(n, -first, x))
    near = fma(n, -third, exact)
    rest = fma(n, -fourth, fma(n, -third, exact - near))
    r = near + rest
    quadrant, r, low = where_rare(
        far, "far_angle", angle, [x], [shifted.bits(), r, rest - (r - near)]
    )
    return quadrant, r, low
