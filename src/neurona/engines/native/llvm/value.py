"""What native code computes with: a number, or one for each lane, and where lanes lie in memory."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

SCALARS = {"b1": "i1", "u1": "i8", "i4": "i32", "i8": "i64", "f4": "float", "f8": "double"}
BOOL, I32, I64 = np.dtype("bool"), np.dtype("int32"), np.dtype("int64")
F32, F64 = np.dtype("float32"), np.dtype("float64")


class Value(NamedTuple):
    """A number, or one for each lane.

    Attributes:
        text: how LLVM names it: %12, or a constant.
        dtype: the element type; bool is i1 in registers and a byte in memory.
        wide: whether there is one for each lane.
    """

    text: str
    dtype: np.dtype
    wide: bool


class Index(NamedTuple):
    """Where the lanes of a load or store are: `base + lane * step`, in elements.

    Attributes:
        base: i64, the element of lane 0.
        step: elements from lane to lane: 0 for all the same, 1 for neighbours, or any other.
        lanes: instead of a step, a wide int64 Value that is added to the base.
    """

    base: str
    step: int = 1
    lanes: Value | None = None


def literal(value: Any, dtype: np.dtype) -> str:
    """How LLVM writes a constant."""
    if dtype.kind == "f":
        # a float is written as the double of the same value, in hexadecimal: every bit counts
        exact = float(np.asarray(value, dtype))
        return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"
    if dtype == BOOL:
        return "true" if value else "false"
    return str(int(value))


def mangled(kind: str) -> str:
    """The name of a type within the name of an intrinsic: <16 x float> is v16f32."""
    if kind.startswith("<"):
        count, scalar = kind[1:-1].split(" x ")
        return f"v{count}{mangled(scalar)}"
    return {"float": "f32", "double": "f64", "ptr": "p0"}.get(kind, kind)
