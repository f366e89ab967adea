"""How Lanes read and write memory: one place, neighbours, or places anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.engines.native.llvm.value import BOOL, I64, Index, Value, mangled

BYTE = np.dtype("uint8")  # what a bool is in memory


def load(b: Any, pointer: str, dtype: np.dtype, index: Index) -> Value:
    """Read the lanes of an array; one number if they are all at the same place."""
    if dtype == BOOL:
        return b.truth(load(b, pointer, BYTE, index))
    scalar, size = b.type(dtype, False), dtype.itemsize
    if alone(b, index):
        place = b.f.address(pointer, scalar, index.base)
        text = b.f.let(f"load {scalar}, ptr {place}, align {size}")
        return Value(text, dtype, index.step != 0)
    vector, zeros = b.type(dtype, True), "zeroinitializer"
    if not in_a_row(index):
        name = f"llvm.masked.gather.{mangled(vector)}.v{b.width}p0"
        given = places(b, pointer, scalar, index), mask(b), (vector, zeros)
        return Value(masked(b, name, vector, size, *given), dtype, True)
    place = b.f.address(pointer, scalar, index.base)
    if b.mask is None:
        return Value(b.f.let(f"load {vector}, ptr {place}, align {size}"), dtype, True)
    name = f"llvm.masked.load.{mangled(vector)}.p0"
    text = masked(b, name, vector, size, ("ptr", place), mask(b), (vector, zeros))
    return Value(text, dtype, True)


def store(b: Any, pointer: str, x: Value, index: Index) -> None:
    """Write the lanes to an array."""
    if x.dtype == BOOL:
        x = b.convert("zext", x, BYTE)
    scalar, size = b.type(x.dtype, False), x.dtype.itemsize
    if alone(b, index):
        place = b.f.address(pointer, scalar, index.base)
        b.f.do(f"store {scalar} {x.text}, ptr {place}, align {size}")
        return
    x, vector = b.spread(x), b.type(x.dtype, True)
    if not in_a_row(index):
        name = f"llvm.masked.scatter.{mangled(vector)}.v{b.width}p0"
        given = (vector, x.text), places(b, pointer, scalar, index), mask(b)
        masked(b, name, "void", size, *given, at=1)
        return
    place = b.f.address(pointer, scalar, index.base)
    if b.mask is None:
        b.f.do(f"store {vector} {x.text}, ptr {place}, align {size}")
        return
    if b.mask == b.first(1).mask:  # LLVM 22 writes too much of a truncated vector's only lane
        only = b.f.let(f"extractelement {vector} {x.text}, i64 0")
        b.f.do(f"store {scalar} {only}, ptr {place}, align {size}")
        return
    name = f"llvm.masked.store.{mangled(vector)}.p0"
    masked(b, name, "void", size, (vector, x.text), ("ptr", place), mask(b), at=1)


def fetch(b: Any, pointer: str, dtype: np.dtype, index: Index) -> None:
    """Ask for the first lane's line of memory, which may lie outside of the array."""
    place = b.f.address(pointer, b.type(dtype, False), index.base)
    b.f.call("llvm.prefetch.p0", "void", ("ptr", place), *[("i32", n) for n in ("0", "3", "1")])


def load_where(
    b: Any, pointer: str, dtype: np.dtype, place: Value, condition: Value, otherwise: Any
) -> Value:
    """Read an array where a condition holds; nothing is touched elsewhere."""
    other = otherwise if isinstance(otherwise, Value) else b.number(otherwise, dtype)
    index = b.where(place)
    if alone(b, index):
        return b.select(condition, _load_if(b, pointer, dtype, index, condition), other)
    where = b.spread(condition)
    if b.mask is not None:
        where = b.logical_and(where, Value(b.mask, BOOL, True))
    return b.select(condition, load(b.masked(where.text), pointer, dtype, index), other)


def _load_if(b: Any, pointer: str, dtype: np.dtype, index: Index, condition: Value) -> Value:
    """Read one place if the condition holds in any lane, else a place on the stack."""
    some = condition.text
    if condition.wide and b.width > 1:
        kind = f"<{b.width} x i1>"
        some = b.f.call(f"llvm.vector.reduce.or.v{b.width}i1", "i1", (kind, some))
    scalar = b.type(BYTE if dtype == BOOL else dtype, False)
    here, nowhere = b.f.address(pointer, scalar, index.base), b.f.slot(scalar)
    chosen = b.f.let(f"select i1 {some}, ptr {here}, ptr {nowhere}")
    return load(b, chosen, dtype, Index("0", index.step))


def alone(b: Any, index: Index) -> bool:
    """Say whether a single element is meant."""
    return index.lanes is None and (index.step == 0 or b.width == 1)


def in_a_row(index: Index) -> bool:
    """Say whether the lanes are neighbours."""
    return index.lanes is None and index.step == 1


def mask(b: Any) -> tuple[str, str]:
    """Return the type and the value of the mask."""
    return f"<{b.width} x i1>", b.mask or "splat (i1 true)"


def places(b: Any, pointer: str, scalar: str, index: Index) -> tuple[str, str]:
    """Return the type and the value of the addresses of all lanes."""
    if b.width == 1:
        raise ValueError("a single lane has one place")
    lanes = index.lanes
    if lanes is None:
        lanes = b.mul(b.lane_numbers(), b.number(index.step, I64))
    base = b.f.address(pointer, scalar, index.base)
    text = b.f.pure(f"getelementptr {scalar}, ptr {base}, {b.type(I64, True)} {lanes.text}")
    return f"<{b.width} x ptr>", text


def masked(b: Any, name: str, result: str, align: int, *given: tuple[str, str], at: int = 0) -> str:
    """Call a masked intrinsic; the pointer, argument number `at`, is aligned to its elements."""
    target = b.f.module.declare(name, result, *[t for t, _ in given])
    shown = [f"{t} {f'align {align} ' if i == at else ''}{v}" for i, (t, v) in enumerate(given)]
    line = f"call {result} {target}({', '.join(shown)})"
    if result == "void":
        b.f.do(line)
        return ""
    return b.f.let(line)
