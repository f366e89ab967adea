"""Stable argsort of rows.

Elements become unsigned integers in the same order (NaN last, equal zeros). In short rows each
element counts those that come before it; long rows are sorted digit by digit from the lowest (radix
sort). Neither has a branch that depends on the order, so all orders cost the same.
"""

from __future__ import annotations

import math

import numpy as np

from neurona.core.shapes import Spec
from neurona.engines.native.kernels.sweep import sweep
from neurona.engines.native.llvm.lanes import BOOL, I32, I64, Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage

SHORT = 64  # elements up to which a row is sorted by counting
UNITS = 16  # units of work; each has room of its own for one row


def plan(x: Spec, axis: int, descending: bool, machine: Machine) -> tuple[list[Stage], list[int]]:
    """Return the stage that sorts "0" along an axis into "y", and the sizes of its workspaces."""
    axis %= x.ndim
    rows = Rows(x, axis, descending, machine)
    units = min(rows.count, UNITS) if x.size else 0
    work = units * rows.n
    return [Stage(units, rows.emit, 8 * x.size, False)], [
        work * rows.key.itemsize,
        work * 4,
        work * 4,
    ]


class Rows:
    """The rows of a tensor along an axis, and how they are sorted."""

    def __init__(self, x: Spec, axis: int, descending: bool, machine: Machine) -> None:
        self.machine = machine
        self.dtype, self.n, self.descending = x.dtype, x.shape[axis], descending
        self.step = math.prod(x.shape[axis + 1 :])  # from element to element
        self.count = math.prod(x.shape[:axis]) * self.step
        self.key = I64 if x.dtype.itemsize == 8 else I32

    def emit(self, f: Function, pointers: dict[str, str], finish: None = None) -> None:
        """Write the loop over units, and over the rows of each."""
        units = min(self.count, UNITS)
        with f.loop("%begin", "%end") as unit:
            room = f.mul(unit, self.n)
            keys = f.address(pointers["work0"], f"i{8 * self.key.itemsize}", room)
            orders = [f.address(pointers[f"work{k}"], "i32", room) for k in (1, 2)]
            end = f.pure(f"udiv i64 {f.mul(f.add(unit, 1), self.count)}, {units}")
            start = f.pure(f"udiv i64 {f.mul(unit, self.count)}, {units}")
            with f.loop(start, end) as row:
                outer, inner = f.digits(row, (0, self.step))
                place = f.add(f.mul(outer, self.n * self.step), inner)
                self._read(f, pointers["0"], place, keys, orders[0])
                if self.n <= SHORT:
                    order = _by_counting(f, self.n, self.key, self.machine, keys, orders[0])
                else:
                    order = _by_digits(f, self.n, self.key, self.dtype.itemsize, keys, orders)
                self._write(f, order, pointers["y"], place)

    def _read(self, f: Function, x: str, place: str, keys: str, order: str) -> None:
        """Fill in the keys, and 0, 1, 2, ... as their first order."""
        b = Lanes(f, 1)
        with f.loop(0, self.n) as i:
            element = b.load(x, self.dtype, Index(f.add(place, f.mul(i, self.step))))
            key = _ordered(b, element, self.key)
            if self.descending:
                key = b.binary("xor", key, b.number(-1, self.key))
            b.store(keys, key, Index(i))
            b.store(order, b.cast(Value(i, I64, True), I32), Index(i))

    def _write(self, f: Function, order: str, y: str, place: str) -> None:
        b = Lanes(f, 1)
        with f.loop(0, self.n) as i:
            found = b.load(order, I32, Index(i))
            b.store(y, found, Index(f.add(place, f.mul(i, self.step))))


def _ordered(b: Lanes, x: Value, key: np.dtype) -> Value:
    """Bits that compare, as an unsigned integer, as x does; all ones for NaN."""
    sign = b.number(-(1 << (8 * key.itemsize - 1)), key)
    if x.dtype.kind != "f":
        bits = b.cast(x, key)
        return b.binary("xor", bits, sign) if x.dtype.kind == "i" else bits
    bits = b.bits(x)
    bits = b.select(b.eq(bits, sign), b.number(0, key), bits)  # -0 is 0
    negative = b.binary("ashr", bits, b.number(8 * key.itemsize - 1, key))
    ordered = b.binary("xor", bits, b.binary("or", negative, sign))
    return b.select(b.ne(x, x), b.number(-1, key), ordered)


def _by_counting(
    f: Function, n: int, key: np.dtype, machine: Machine, keys: str, order: str
) -> str:
    """Put each element behind as many as come before it; return the order."""

    def body(b: Lanes, i: str) -> None:
        own, number = b.load(keys, key, Index(i)), b.cast(b.line(i), key)
        kind = b.type(key, True)
        place = f.slot(kind, b.spread(b.number(0, key)).text)
        with f.loop(0, n) as j:
            other = b.load(keys, key, Index(j, 0))
            earlier = b.lt(b.cast(Value(j, I64, False), key), number)
            equal = b.logical_and(b.eq(other, own), earlier)
            before = b.logical_or(b.binary("icmp ult", other, own, BOOL), equal)
            count = Value(f.let(f"load {kind}, ptr {place}"), key, True)
            f.do(f"store {kind} {b.add(count, b.cast(before, key)).text}, ptr {place}")
        at = b.cast(Value(f.let(f"load {kind}, ptr {place}"), key, True), I64)
        b.store(order, b.cast(b.line(i), I32), b.where(at))

    width = min(machine.lanes(key.itemsize), 1 << (n - 1).bit_length())
    sweep(f, machine, width, n, n + width, "0", body)
    return order


def _by_digits(
    f: Function, n: int, key: np.dtype, digits: int, keys: str, orders: list[str]
) -> str:
    """Put the elements in the order of each byte of their keys; return the order."""
    b = Lanes(f, 1)
    counts = f.slot("[256 x i64]")
    source, target = f.slot("ptr", orders[0]), f.slot("ptr", orders[1])
    with f.loop(0, digits) as number:
        shift = b.cast(Value(f.mul(number, 8), I64, True), key)
        before, after = (f.let(f"load ptr, ptr {p}") for p in (source, target))

        def digit(element: Value) -> str:
            bits = b.load(keys, key, Index(b.cast(element, I64).text))
            low = b.binary("and", b.binary("lshr", bits, shift), b.number(255, key))
            return f.address(counts, "i64", b.cast(low, I64).text)

        f.do(f"call void {_clear(f)}(ptr {counts}, i8 0, i64 2048, i1 false)")
        with f.loop(0, n) as i:
            count = digit(Value(i, I64, True))
            more = f.let(f"add i64 {f.let(f'load i64, ptr {count}')}, 1")
            f.do(f"store i64 {more}, ptr {count}")
        # a digit that all elements share changes nothing
        shared = f.let(f"load i64, ptr {digit(b.number(0, I64))}")
        with f.when(f.let(f"icmp ne i64 {shared}, {n}")):
            _sum_up(f, counts)
            with f.loop(0, n) as i:
                element = b.load(before, I32, Index(i))
                place = digit(element)
                to = f.let(f"load i64, ptr {place}")
                b.store(after, element, Index(to))
                f.do(f"store i64 {f.let(f'add i64 {to}, 1')}, ptr {place}")
            f.do(f"store ptr {after}, ptr {source}")
            f.do(f"store ptr {before}, ptr {target}")
    return f.let(f"load ptr, ptr {source}")


def _sum_up(f: Function, counts: str) -> None:
    """Replace each count by the sum of those before it."""
    total = f.slot("i64", "0")
    with f.loop(0, 256) as i:
        place = f.address(counts, "i64", i)
        count, before = f.let(f"load i64, ptr {place}"), f.let(f"load i64, ptr {total}")
        f.do(f"store i64 {before}, ptr {place}")
        f.do(f"store i64 {f.let(f'add i64 {before}, {count}')}, ptr {total}")


def _clear(f: Function) -> str:
    return f.module.declare("llvm.memset.p0.i64", "void", "ptr", "i8", "i64", "i1")
