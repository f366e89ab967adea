"""Functions of each element that are composed of others: rounding, limits, parts, logic."""

from __future__ import annotations

import builtins
import math

import numpy as np

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import as_dtype, is_float, promote
from neurona.errors import DtypeError
from neurona.ops import functions
from neurona.ops.arithmetic import abs, clip, div, mod
from neurona.ops.arithmetic import pow as power_of_floats
from neurona.ops.comparison import eq, gt, logical_or, lt, ne, where
from neurona.ops.elementary import LN2, arctan2, exp2, logaddexp
from neurona.ops.filled import zeros_like
from neurona.ops.functions import floor, sin
from neurona.ops.integers import integer_power, power_of

__all__ = [
    "angle", "ceil", "conj", "conjugate", "deg2rad", "divide_no_nan", "fabs", "fmax", "fmin",
    "fmod", "heaviside", "imag", "ldexp", "logaddexp2", "nan_to_num", "power", "rad2deg", "real",
    "reciprocal", "round", "saturate_cast", "sinc", "trunc",
]  # fmt: skip


def truth(x):
    """Return a tensor of booleans: whether the numbers are not 0."""
    x = as_tensor(x)
    return x if x.dtype.kind == "b" else cast(x, dtype="bool")


def alike(name, *xs):
    """Return tensors; a Python number takes the type of those that it meets."""
    numbers = (bool, int, float)
    known = [as_tensor(x).dtype for x in xs if not isinstance(x, numbers)]
    like = promote(known, name) if known else None
    return [as_tensor(x, like) for x in xs]


# --- rounding ----------------------------------------------------------------------------------


def ceil(x):
    """Smallest whole number that is not below x. Its gradient is zero.

    >>> ceil([1.2, -1.7]).tolist()
    [2.0, -1.0]
    """
    return -floor(-as_floats(x))


def trunc(x):
    """x without what stands behind the point: rounded towards 0. Its gradient is zero.

    >>> trunc([1.7, -1.7]).tolist()
    [1.0, -1.0]
    """
    x = as_tensor(x)
    return where(lt(x, 0), ceil(x), floor(x)) if is_float(x.dtype) else x


def round(x, decimals=0):
    """Rounded to so many places behind the point (before it, if negative), halves to the even one.

    Integers stay integers. The gradient is zero.

    >>> round([0.5, 1.5, -1.2]).tolist(), round([17, 25], -1).tolist()
    ([0.0, 2.0, -1.0], [20, 20])
    """
    x = as_tensor(x)
    if not is_float(x.dtype):
        if decimals >= 0:
            return x
        return cast(round(cast(x, dtype="float64"), decimals), dtype=x.dtype)
    if decimals == 0:
        return functions.round(x)
    scale = 10.0 ** builtins.abs(decimals)
    return (
        functions.round(x * scale) / scale if decimals > 0 else functions.round(x / scale) * scale
    )


def fmod(x1, x2):
    """Remainder of x1 / x2 with the sign of x1; `mod` has that of x2.

    >>> fmod([7.0, -7.0], 3.0).tolist()
    [1.0, -1.0]
    """
    x1, x2 = alike("fmod", x1, x2)
    rest = mod(abs(x1), abs(x2))
    return where(lt(x1, 0), -rest, rest) if rest.dtype.kind != "u" else rest


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced: by 0 and the ends of the type, or by other numbers.

    >>> nan_to_num([float("nan"), 1.0, float("inf")], posinf=9.0).tolist()
    [0.0, 1.0, 9.0]
    """
    x = as_tensor(x)
    if not is_float(x.dtype):
        return x
    ends = np.finfo(x.dtype)
    high = float(ends.max) if posinf is None else posinf
    low = float(ends.min) if neginf is None else neginf
    y = where(eq(x, math.inf), high, where(eq(x, -math.inf), low, x))
    return where(ne(x, x), nan, y)


def saturate_cast(x, dtype):
    """Another element type, with numbers beyond its ends at the ends instead of wrapped around.

    >>> saturate_cast([-3.0, 1.5, 300.0], "uint8").tolist()
    [0, 1, 255]
    """
    x, dtype = as_tensor(x), as_dtype(dtype)
    if dtype.kind in "iu" and x.dtype.kind in "iuf":
        ends, own = np.iinfo(dtype), x.dtype
        low, high = float(ends.min), float(ends.max)
        if is_float(own):  # the largest float that is not beyond
            high = float(np.nextafter(own.type(high), 0)) if float(own.type(high)) > high else high
        else:
            limits = np.iinfo(own)
            low, high = max(int(ends.min), int(limits.min)), min(int(ends.max), int(limits.max))
        x = clip(x, low, high)
    return cast(x, dtype=dtype.name)


# --- parts of numbers --------------------------------------------------------------------------


def real(x):
    """The real part of a real number: x itself.

    >>> real([1.0]).tolist()
    [1.0]
    """
    return as_tensor(x)


conj = conjugate = real


def imag(x):
    """The imaginary part of a real number: 0.

    >>> imag([1.0]).tolist()
    [0.0]
    """
    return zeros_like(x)


def angle(x):
    """The direction of a real number: 0, and pi for negative ones.

    >>> angle([1.0, -1.0]).numpy().round(4).tolist()
    [0.0, 3.1416]
    """
    return arctan2(0.0, as_floats(x))


def fabs(x):
    """Absolute value, as a float.

    >>> fabs([-2, 3]).tolist()
    [2.0, 3.0]
    """
    return abs(as_floats(x))


# --- arithmetic --------------------------------------------------------------------------------


def power(x1, x2):
    """x1^x2; of whole numbers a whole number, for which the exponent must not be negative.

    >>> power([2.0, 3.0], -1).numpy().round(4).tolist(), power([2, -3], 3).tolist()
    ([0.5, 0.3333], [8, -27])
    """
    kinds = {as_tensor(x).dtype.kind for x in (x1, x2)}
    if "f" in kinds or kinds == {"b"}:
        return power_of_floats(x1, x2)
    if isinstance(x2, int) and 0 < x2 < 64:
        return power_of(as_tensor(x1), x2)
    return integer_power(x1, x2)


def reciprocal(x):
    """1 / x.

    >>> reciprocal([2.0, 4.0]).tolist()
    [0.5, 0.25]
    """
    return div(1, x)


def divide_no_nan(x1, x2):
    """x1 / x2, and 0 where x2 is 0.

    >>> divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist()
    [0.0, 0.5]
    """
    zero = eq(x2, 0)
    return where(zero, 0, div(x1, where(zero, 1, x2)))


def ldexp(x1, x2):
    """x1 * 2^x2, for a whole x2.

    >>> ldexp([0.5, 3.0], [2, -1]).tolist()
    [2.0, 1.5]
    """
    x1, x2 = as_floats(x1), as_tensor(x2)
    if x2.dtype.kind not in "iu":
        raise DtypeError("ldexp: the exponent is an integer.", got=x2.dtype.name)
    half = x2 // 2  # in two steps: 2^x2 alone could be infinite
    rest = cast(x2 - half, dtype=x1.dtype.name)
    return x1 * exp2(cast(half, dtype=x1.dtype.name)) * exp2(rest)


def logaddexp2(x1, x2):
    """log2(2^x1 + 2^x2), without overflow.

    >>> logaddexp2([1.0], 1.0).tolist()
    [2.0]
    """
    return logaddexp(as_floats(x1) * LN2, as_floats(x2) * LN2) / LN2


def deg2rad(x):
    """Degrees as radians, x pi / 180.

    >>> deg2rad([180.0]).numpy().round(4).tolist()
    [3.1416]
    """
    return as_floats(x) * (math.pi / 180)


def rad2deg(x):
    """Radians as degrees, 180 x / pi.

    >>> rad2deg([1.0]).numpy().round(3).tolist()
    [57.296]
    """
    return as_floats(x) * (180 / math.pi)


def sinc(x):
    """sin(pi x) / (pi x), and 1 at 0.

    >>> sinc([0.0, 0.5]).numpy().round(4).tolist()
    [1.0, 0.6366]
    """
    x = as_floats(x)
    zero = eq(x, 0)
    y = math.pi * where(zero, 1, x)
    return where(zero, 1, sin(y) / y)


def heaviside(x1, x2):
    """0 where x1 is negative, x2 where it is 0, 1 where it is positive.

    >>> heaviside([-1.0, 0.0, 2.0], 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    x1, x2 = (as_floats(x) for x in alike("heaviside", x1, x2))
    y = where(lt(x1, 0), 0, where(eq(x1, 0), x2, 1))
    return where(ne(x1, x1), math.nan, y)


def fmax(x1, x2):
    """Larger of the two; beside NaN the number.

    >>> fmax([1.0, float("nan")], 0.0).tolist()
    [1.0, 0.0]
    """
    x1, x2 = alike("fmax", x1, x2)
    return where(logical_or(gt(x1, x2), ne(x2, x2)), x1, x2)


def fmin(x1, x2):
    """Smaller of the two; beside NaN the number.

    >>> fmin([1.0, float("nan")], 0.0).tolist()
    [0.0, 0.0]
    """
    x1, x2 = alike("fmin", x1, x2)
    return where(logical_or(lt(x1, x2), ne(x2, x2)), x1, x2)
