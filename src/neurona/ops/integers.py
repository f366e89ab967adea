"""Whole numbers: rows of bits, divisors, powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.lowering import Elementwise, Lowering, Opaque
from neurona.core.op import Op, as_tensor, op
from neurona.core.shapes import Spec, as_dtype, broadcast
from neurona.errors import ArgumentError, DtypeError, ShapeError
from neurona.ops.arithmetic import mul

__all__ = [
    "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "gcd", "lcm", "left_shift", "right_shift", "view",
]  # fmt: skip


def whole(name: str, kinds: str) -> Any:
    """Return the shape rule of a function of whole numbers of these kinds."""
    rule = broadcast(name)

    def checked(*specs):
        if specs[0].dtype.kind not in kinds:
            raise DtypeError(
                f"{name} takes integers{' or booleans' if 'b' in kinds else ''}.",
                got=specs[0].dtype.name,
                hint='x.astype("int32")',
            )
        return rule(*specs)

    return checked


def binary(name: str, formula: str, lower: Lowering, kinds: str = "iu") -> Op:
    """Declare a function of two whole numbers, whose forward rule is NumPy's of that name."""

    def forward(xp, x, y):
        return getattr(xp, name)(x, y)

    forward.__name__, forward.__doc__ = name, formula
    return op(shape=whole(name, kinds), lower=lower)(forward)


bitwise_and = binary(
    "bitwise_and", "The bits that are set in both.",
    Elementwise(lambda b, x, y: b.bit_and(x, y)), "biu",
)  # fmt: skip
bitwise_or = binary(
    "bitwise_or", "The bits that are set in one or both.",
    Elementwise(lambda b, x, y: b.bit_or(x, y)), "biu",
)  # fmt: skip
bitwise_xor = binary(
    "bitwise_xor", "The bits that are set in one of the two.",
    Elementwise(lambda b, x, y: b.bit_xor(x, y)), "biu",
)  # fmt: skip
left_shift = binary(
    "left_shift", "The bits of x moved up by y places, x * 2^y; 0 if none remains.",
    Elementwise(lambda b, x, y: b.shift_up(x, y)),
)  # fmt: skip
right_shift = binary(
    "right_shift", "The bits of x moved down by y places, floor(x / 2^y).",
    Elementwise(lambda b, x, y: b.shift_down(x, y)),
)  # fmt: skip
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


def _inverted(b, x):
    return b.logical_not(x) if x.dtype == np.bool_ else b.sub(b.constant(-1, x), x)


@op(shape=whole("bitwise_not", "biu"), lower=Elementwise(_inverted))
def bitwise_not(xp, x):
    """Each bit turned over: -1 - x of signed integers, not x of booleans.

    >>> bitwise_not([0, 5]).tolist()
    [-1, -6]
    """
    return xp.bitwise_not(x)


bitwise_invert = bitwise_not


@op(shape=whole("gcd", "iu"), lower=Opaque())
def gcd(xp, x1, x2):
    """The greatest common divisor of whole numbers.

    >>> gcd([12, 7], 18).tolist()
    [6, 1]
    """
    return xp.gcd(x1, x2)


@op(shape=whole("lcm", "iu"), lower=Opaque())
def lcm(xp, x1, x2):
    """The least common multiple of whole numbers.

    >>> lcm([4, 0], 6).tolist()
    [12, 0]
    """
    return xp.lcm(x1, x2)


@op(shape=whole("integer_power", "iu"), lower=Opaque())
def integer_power(xp, x1, x2):
    """x1^x2 of whole numbers, as one; the exponent is not negative.

    >>> integer_power([2, -3], 3).tolist()
    [8, -27]
    """
    if xp is np and np.any(x2 < 0):
        raise ArgumentError(
            "power: a whole number has no negative power that is whole.",
            got=f"an exponent of {np.min(x2)}",
            hint="power(x1, -2.0), a float",
        )
    return xp.power(x1, x2)


def power_of(x, n):
    """x^n for a whole n above 0, by squaring."""
    y = None
    while n:
        if n & 1:
            y = x if y is None else mul(y, x)
        n >>= 1
        x = mul(x, x) if n else x
    return y


def _view_shape(x, *, dtype):
    to = as_dtype(dtype)
    if to.itemsize == x.dtype.itemsize:
        return Spec(x.shape, to)
    if not x.shape or x.shape[-1] * x.dtype.itemsize % to.itemsize:
        raise ShapeError(
            "view: the bytes of the last axis do not make whole elements.", got=f"{x} as {to}"
        )
    return Spec((*x.shape[:-1], x.shape[-1] * x.dtype.itemsize // to.itemsize), to)


@op(shape=_view_shape, lower=Opaque(), types="as is")
def bits_as(xp, x, *, dtype):
    """The same bits read as another element type.

    >>> bits_as([1.0], dtype="int32").tolist()
    [1065353216]
    """
    return (np.ascontiguousarray(x) if xp is np else x).view(as_dtype(dtype))


def view(x, dtype=None):
    """The same bits read as another element type; as many of the last axis as they make.

    >>> view([1.0], "int32").tolist()
    [1065353216]
    """
    x = as_tensor(x)
    return x if dtype is None else bits_as(x, dtype=as_dtype(dtype).name)
