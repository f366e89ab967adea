"""Lanes: the Builder of `core/lowering.py` over LLVM vectors of a fixed number of lanes.

A Value is either wide, one number for each lane, or a single number that all lanes share. Work on
single numbers is done once; they are spread when they meet a wide one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core.shapes import as_dtype
from neurona.engines.native.llvm import access
from neurona.engines.native.llvm.bounds import position
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.llvm.turns import fold
from neurona.engines.native.llvm.value import (
    BOOL,
    F32,
    F64,
    I32,
    I64,
    SCALARS,
    Index,
    Value,
    literal,
    mangled,
)
from neurona.engines.native.maths import mathematics


class Lanes:
    """Writes scalar rules as vector code.

    Args:
        function: where the code goes.
        width: number of lanes; 1 for plain scalar code.
        mask: `<width x i1>` of the lanes that count; loads give 0 in the others, and stores leave
            memory alone. None for all.
    """

    def __init__(self, function: Function, width: int, mask: str | None = None) -> None:
        self.f, self.width, self.mask = function, width, mask
        self._lines: dict[str, tuple[str, int]] = {}  # wide int64 values base + lane * step

    # --- types and constants -----------------------------------------------------------------

    def type(self, dtype: np.dtype, wide: bool) -> str:
        """LLVM's type of values."""
        scalar = SCALARS[dtype.str[1:]]
        return f"<{self.width} x {scalar}>" if wide and self.width > 1 else scalar

    def type_of(self, x: Value) -> str:
        """LLVM's type of a value."""
        return self.type(x.dtype, x.wide)

    def number(self, value: Any, dtype: np.dtype) -> Value:
        """A constant of a type."""
        return Value(literal(value, dtype), dtype, False)

    def constant(self, value: Any, like: Value) -> Value:
        """A constant of the type of another value."""
        return self.number(value, like.dtype)

    def spread(self, x: Value) -> Value:
        """The same number in all lanes."""
        if x.wide or self.width == 1:
            return Value(x.text, x.dtype, True)
        vector, scalar = self.type(x.dtype, True), self.type(x.dtype, False)
        if not x.text.startswith("%"):
            return Value(f"splat ({scalar} {x.text})", x.dtype, True)
        one = self.f.pure(f"insertelement {vector} poison, {scalar} {x.text}, i64 0")
        zeros = f"<{self.width} x i32> zeroinitializer"
        text = self.f.pure(f"shufflevector {vector} {one}, {vector} poison, {zeros}")
        return Value(text, x.dtype, True)

    def together(self, *values: Value) -> tuple[Value, ...]:
        """The values, all wide if one is."""
        return tuple(map(self.spread, values)) if any(v.wide for v in values) else values

    def line(self, base: str) -> Value:
        """base, base + 1, base + 2, ... as int64."""
        numbers = self.lane_numbers()
        if self.width == 1:
            return Value(base, I64, True)
        start = Value(base, I64, False)
        text = self.binary("add", start, numbers).text
        self._lines[text] = base, 1
        return Value(text, I64, True)

    def lane_numbers(self) -> Value:
        """0, 1, 2, ... as int64."""
        if self.width == 1:
            return Value("0", I64, True)
        numbers = ", ".join(f"i64 {i}" for i in range(self.width))
        return Value(f"<{numbers}>", I64, True)

    # --- instructions ------------------------------------------------------------------------

    def binary(self, instruction: str, x: Value, y: Value, dtype: np.dtype | None = None) -> Value:
        """One LLVM instruction of two operands; `dtype` is that of the result, x's by default."""
        x, y = self.together(x, y)
        text = self.f.pure(f"{instruction} {self.type_of(x)} {x.text}, {y.text}")
        return Value(text, x.dtype if dtype is None else dtype, x.wide)

    def intrinsic(self, name: str, *values: Value) -> Value:
        """An LLVM intrinsic `llvm.NAME.TYPE` of operands of one type."""
        values = self.together(*values)
        kind = self.type_of(values[0])
        suffix = mangled(kind)
        target = self.f.module.declare(f"llvm.{name}.{suffix}", kind, *[kind] * len(values))
        given = ", ".join(f"{kind} {v.text}" for v in values)
        return Value(self.f.pure(f"call {kind} {target}({given})"), values[0].dtype, values[0].wide)

    def convert(self, instruction: str, x: Value, dtype: np.dtype) -> Value:
        """A conversion instruction such as sext, fptrunc, bitcast."""
        to = self.type(dtype, x.wide)
        return Value(
            self.f.pure(f"{instruction} {self.type_of(x)} {x.text} to {to}"), dtype, x.wide
        )

    def bits(self, x: Value) -> Value:
        """The bits of a float as an integer of the same size, or the reverse."""
        other: np.dtype = {F32: I32, F64: I64, I32: F32, I64: F64}[x.dtype]  # type: ignore[assignment]
        return self.convert("bitcast", x, other)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z, rounded once where the machine can."""
        return self.intrinsic("fmuladd", x, y, z)

    # --- arithmetic --------------------------------------------------------------------------

    def _arithmetic(self, name: str, x: Value, y: Value) -> Value:
        if x.dtype.kind == "f":
            return self.binary(f"f{name} contract", x, y)
        if x.dtype != I64:
            return self.binary(name, x, y)
        if not x.wide and not y.wide and name != "sub":
            return Value(getattr(self.f, name)(x.text, y.text), I64, False)
        result = self.binary(name, x, y)
        self._follow(name, x, y, result)
        return result

    def _follow(self, name: str, x: Value, y: Value, result: Value) -> None:
        """Remember that a result is base + lane * step, so that what it reads lies in a row."""
        a = self._lines.get(x.text, None if x.wide else (x.text, 0))
        b = self._lines.get(y.text, None if y.wide else (y.text, 0))
        if a is None or b is None or not result.wide:
            return
        if name == "add":
            self._lines[result.text] = self.f.add(a[0], b[0]), a[1] + b[1]
        elif name == "sub" and not b[0].startswith("%"):
            self._lines[result.text] = self.f.add(a[0], -int(b[0])), a[1] - b[1]
        elif name == "mul" and b[1] == 0 and not b[0].startswith("%"):
            self._lines[result.text] = self.f.mul(a[0], b[0]), a[1] * int(b[0])
        elif name == "mul" and a[1] == 0 and not a[0].startswith("%"):
            self._lines[result.text] = self.f.mul(a[0], b[0]), b[1] * int(a[0])

    def add(self, x: Value, y: Value) -> Value:
        """x + y."""
        return self._arithmetic("add", x, y)

    def sub(self, x: Value, y: Value) -> Value:
        """x - y."""
        return self._arithmetic("sub", x, y)

    def mul(self, x: Value, y: Value) -> Value:
        """x * y."""
        return self._arithmetic("mul", x, y)

    def div(self, x: Value, y: Value) -> Value:
        """x / y, of floats."""
        return self.binary("fdiv", x, y)

    def neg(self, x: Value) -> Value:
        """-x."""
        if x.dtype.kind != "f":
            return self.sub(self.number(0, x.dtype), x)
        return Value(self.f.pure(f"fneg {self.type_of(x)} {x.text}"), x.dtype, x.wide)

    def floordiv(self, x: Value, y: Value) -> Value:
        """The largest integer that is not above x / y, in the type of x."""
        return mathematics.floordiv(self, x, y)

    def mod(self, x: Value, y: Value) -> Value:
        """What floordiv leaves: it has the sign of y."""
        return mathematics.mod(self, x, y)

    def minimum(self, x: Value, y: Value) -> Value:
        """The smaller one; NaN if either is."""
        return self._extreme("lt", x, y)

    def maximum(self, x: Value, y: Value) -> Value:
        """The larger one; NaN if either is."""
        return self._extreme("gt", x, y)

    def _extreme(self, comparison: str, x: Value, y: Value) -> Value:
        best = self.select(self._compare(comparison, x, y), x, y)
        if x.dtype.kind != "f":
            return best
        return self.select(self.binary("fcmp uno", x, x, BOOL), x, best)  # NaN if either is

    def abs(self, x: Value) -> Value:
        """x without its sign."""
        if x.dtype.kind == "f":
            return self.intrinsic("fabs", x)
        zero = self.number(0, x.dtype)
        return x if x.dtype.kind == "u" else self.select(self.lt(x, zero), self.neg(x), x)

    def sign(self, x: Value) -> Value:
        """1, 0 or -1; NaN stays."""
        zero, one = self.number(0, x.dtype), self.number(1, x.dtype)
        below = zero if x.dtype.kind == "u" else self.number(-1, x.dtype)
        found = self.select(self.gt(x, zero), one, self.select(self.lt(x, zero), below, x))
        return found  # x itself where neither: a zero, or NaN

    # --- comparison and logic ------------------------------------------------------------------

    def _compare(self, name: str, x: Value, y: Value) -> Value:
        if x.dtype.kind == "f":
            # all are false for NaN, but "not equal"
            return self.binary(f"fcmp {'une' if name == 'ne' else 'o' + name}", x, y, BOOL)
        sign = "" if name in ("eq", "ne") else "s" if x.dtype.kind == "i" else "u"
        return self.binary(f"icmp {sign}{name}", x, y, BOOL)

    def eq(self, x: Value, y: Value) -> Value:
        """x == y."""
        return self._compare("eq", x, y)

    def ne(self, x: Value, y: Value) -> Value:
        """x != y."""
        return self._compare("ne", x, y)

    def lt(self, x: Value, y: Value) -> Value:
        """x < y."""
        return self._compare("lt", x, y)

    def le(self, x: Value, y: Value) -> Value:
        """x <= y."""
        return self._compare("le", x, y)

    def gt(self, x: Value, y: Value) -> Value:
        """x > y."""
        return self._compare("gt", x, y)

    def ge(self, x: Value, y: Value) -> Value:
        """x >= y."""
        return self._compare("ge", x, y)

    def truth(self, x: Value) -> Value:
        """Whether x is not zero."""
        return x if x.dtype == BOOL else self.ne(x, self.number(0, x.dtype))

    def logical_and(self, x: Value, y: Value) -> Value:
        """Whether both are not zero."""
        return self.binary("and", self.truth(x), self.truth(y))

    def logical_or(self, x: Value, y: Value) -> Value:
        """Whether one is not zero."""
        return self.binary("or", self.truth(x), self.truth(y))

    def logical_not(self, x: Value) -> Value:
        """Whether x is zero."""
        return self.binary("xor", self.truth(x), self.number(True, BOOL))

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        """x where the condition holds, else y."""
        condition = self.truth(condition)
        condition, x, y = self.together(condition, x, y)
        kind = self.type_of(x)
        given = f"{self.type_of(condition)} {condition.text}, {kind} {x.text}, {kind} {y.text}"
        return Value(self.f.pure(f"select {given}"), x.dtype, x.wide)

    def isfinite(self, x: Value) -> Value:
        """Whether x is neither infinite nor NaN."""
        return self.lt(self.abs(x), self.number(np.inf, x.dtype))

    # --- functions -----------------------------------------------------------------------------

    def sqrt(self, x: Value) -> Value:
        """Square root."""
        return self.intrinsic("sqrt", x)

    def rsqrt(self, x: Value) -> Value:
        """1 / square root."""
        return self.div(self.number(1, x.dtype), self.sqrt(x))

    def floor(self, x: Value) -> Value:
        """The largest integer that is not above x, as a float."""
        return self.intrinsic("floor", x)

    def round(self, x: Value) -> Value:
        """The nearest integer, of two the even one, as a float."""
        return self.intrinsic("rint", x)

    def __getattr__(self, name: str) -> Any:
        """exp, log, sin, tanh, pow, bit_and, shift_up and others: see `mathematics.py`."""
        rule = mathematics.FUNCTIONS.get(name)
        if rule is None:
            raise AttributeError(f"the Builder has no {name}")
        return lambda *values: rule(self, *values)

    def cast(self, x: Value, dtype: Any) -> Value:
        """Convert to another element type, as NumPy does."""
        to = as_dtype(dtype)
        if x.dtype == to:
            return x
        if to == BOOL:
            return self.truth(x)
        signed = x.dtype.kind == "i"
        if x.dtype.kind in "biu" and to.kind in "iu":
            smaller = to.itemsize <= x.dtype.itemsize and x.dtype != BOOL
            if to.itemsize == x.dtype.itemsize and x.dtype != BOOL:
                return x._replace(dtype=to)
            return self.convert("trunc" if smaller else "sext" if signed else "zext", x, to)
        if x.dtype.kind in "biu":
            return self.convert("sitofp" if signed else "uitofp", x, to)
        if to.kind == "f":
            return self.convert("fptrunc" if to == F32 else "fpext", x, to)
        # through int64, as NumPy does it; what is out of range is anything, but never a trap
        whole = Value(self._saturated(x), I64, x.wide)
        return self.cast(whole, to)

    def _saturated(self, x: Value) -> str:
        source, to = self.type_of(x), self.type(I64, x.wide)
        name = f"llvm.fptosi.sat.{mangled(to)}.{mangled(source)}"
        return self.f.pure(
            f"call {to} {self.f.module.declare(name, to, source)}({source} {x.text})"
        )

    # --- memory --------------------------------------------------------------------------------

    def load(self, pointer: str, dtype: np.dtype, index: Index) -> Value:
        """Read the lanes of an array; one number if they are all at the same place."""
        return access.load(self, pointer, dtype, index)

    def store(self, pointer: str, x: Value, index: Index) -> None:
        """Write the lanes to an array."""
        access.store(self, pointer, x, index)

    def fetch(self, pointer: str, dtype: np.dtype, index: Index) -> None:
        """Ask for what `load` of the same will want some time; it may lie outside of the array."""
        access.fetch(self, pointer, dtype, index)

    def where(self, place: Value) -> Index:
        """The index that an int64 value says."""
        if not place.wide:
            return Index(place.text, 0)
        if self.width == 1:
            return Index(place.text, 1)
        if found := self._lines.get(place.text):
            return Index(*found)
        return Index("0", 1, place)

    def load_where(
        self, pointer: str, dtype: np.dtype, place: Value, condition: Value, otherwise: Any
    ) -> Value:
        """Read an array where a condition holds; nothing is touched elsewhere."""
        return access.load_where(self, pointer, dtype, place, condition, otherwise)

    def integer(self, n: int) -> Value:
        """An int64 number."""
        return self.number(n, I64)

    def position(self, k: Value, size: int) -> Value:
        """The place on an axis that an index means; one outside is reported, see `bounds.py`."""
        return position(self, k, size)

    def fold(
        self, count: int, step: Callable[..., Sequence[Value]], *start: Value
    ) -> Sequence[Value]:
        """Values carried through turns of a loop; see `turns.py`."""
        return fold(self, count, step, start)

    def masked(self, mask: str) -> Lanes:
        """The same lanes, but only those of the mask count."""
        return Lanes(self.f, self.width, mask)

    def first(self, count: str | int) -> Lanes:
        """The same lanes, but only the first `count` of them count."""
        if self.width == 1:
            return self
        if not str(count).startswith("%"):
            flags = ", ".join(
                f"i1 {'true' if i < int(count) else 'false'}" for i in range(self.width)
            )
            return self.masked(f"<{flags}>")
        limit = self.spread(Value(str(count), I64, False))
        return self.masked(self.lt(self.lane_numbers(), limit).text)
