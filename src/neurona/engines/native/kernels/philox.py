"""Uniform random numbers as vector code: the bits of `core/random.py`.

A counter of 32 bits stands in a lane of 64, so that the product of 32 by 32 bits is a single
instruction. What it leaves in the upper half is junk that nobody reads.
"""

from __future__ import annotations

from neurona.core.random import MULTIPLIERS, WEYL
from neurona.core.shapes import Spec
from neurona.engines.native.llvm.lanes import F32, F64, I32, I64, Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage

BLOCK = 256  # numbers in a unit of work
ROUNDS = 10


def plan(y: Spec, draw: int, machine: Machine) -> tuple[list[Stage], list[int]]:
    """Return the stage that draws y from the state, operand "0"; and no workspaces."""
    width = machine.lanes(8)  # twice as many gain a tenth, and double the code
    words = 1 if y.dtype == F32 else 2  # of a number
    step = 4 * width // words  # numbers of all lanes together
    kind = f"<{step} x {'float' if words == 1 else 'double'}>"

    def emit(f: Function, pointers: dict[str, str], finish: None = None) -> None:
        b = Lanes(f, width)
        philox = Philox(b, pointers["0"], draw)
        aside = f.slot(kind) if y.size % step else ""  # for the end, where not all fit
        stop = f.smaller(f.mul("%end", BLOCK), y.size)
        with f.loop(f.mul("%begin", BLOCK), stop, step) as place:
            block = f.pure(f"udiv i64 {place}, {4 // words}")
            numbers = (singles if words == 1 else doubles)(b, philox.words(b.line(block)))
            to = f.address(pointers["y"], kind.split()[2][:-1], place)
            if aside:
                whole = f.let(f"icmp sle i64 {place}, {y.size - step}")
                target = f.let(f"select i1 {whole}, ptr {to}, ptr {aside}")
                f.do(f"store {kind} {numbers}, ptr {target}, align {y.dtype.itemsize}")
                with f.when(f.let(f"xor i1 {whole}, true")), f.loop(0, y.size % step) as i:
                    one = Lanes(f, 1)
                    one.store(to, one.load(aside, y.dtype, Index(i)), Index(i))
            else:
                f.do(f"store {kind} {numbers}, ptr {to}, align {y.dtype.itemsize}")

    return [Stage(-(-y.size // BLOCK), emit, final=False)], []


class Philox:
    """Four words for each counter; seed, step and the keys of all rounds are read once."""

    def __init__(self, b: Lanes, state: str, draw: int) -> None:
        self.b = b
        one = Lanes(b.f, 1)
        seed, step = (one.load(state, I64, Index(str(i)))._replace(wide=False) for i in (0, 1))
        self.keys = [
            [b.spread(b.add(key, b.number(n * weyl, I64))) for n in range(ROUNDS)]
            for key, weyl in zip((seed, _upper(b, seed)), WEYL, strict=True)
        ]
        self.rest = b.number(draw, I64), step, _upper(b, step)

    def words(self, counters: Value) -> tuple[Value, ...]:
        """The four words of each counter, in the lower halves."""
        b = self.b
        c0, (c1, c2, c3) = counters, self.rest
        for k0, k1 in zip(*self.keys, strict=True):
            p0, p1 = (
                b.mul(_lower(b, c), b.number(m, I64))
                for c, m in zip((c0, c2), MULTIPLIERS, strict=True)
            )
            c0, c1 = _xor(b, _upper(b, p1), c1, k0), p1
            c2, c3 = _xor(b, _upper(b, p0), c3, k1), p0
        return c0, c1, c2, c3


def singles(b: Lanes, words: tuple[Value, ...]) -> str:
    """The top 24 bits of each word as float32 in [0, 1)."""
    pairs = [
        b.binary("or", _lower(b, even), b.binary("shl", odd, b.number(32, I64)))
        for even, odd in (words[:2], words[2:])
    ]
    every = Lanes(b.f, 4 * b.width)
    kind = every.type(I32, True)
    text = b.f.pure(f"bitcast <{2 * b.width} x i64> {_alternating(b, *pairs)} to {kind}")
    top = every.binary("lshr", Value(text, I32, True), every.number(8, I32))
    return every.mul(every.cast(top, F32), every.number(2.0**-24, F32)).text


def doubles(b: Lanes, words: tuple[Value, ...]) -> str:
    """The top 27 and 26 bits of two words as float64 in [0, 1)."""
    numbers = []
    for first, second in (words[:2], words[2:]):
        high = b.binary(
            "shl", b.binary("lshr", _lower(b, first), b.number(5, I64)), b.number(26, I64)
        )
        low = b.binary("lshr", _lower(b, second), b.number(6, I64))
        whole = b.convert("uitofp", b.binary("or", high, low), F64)
        numbers.append(b.mul(whole, b.number(2.0**-53, F64)))
    return _alternating(b, *numbers)


def _alternating(b: Lanes, x: Value, y: Value) -> str:
    """x_0 y_0 x_1 y_1 ..., twice as many lanes."""
    order = ", ".join(f"i32 {i}, i32 {b.width + i}" for i in range(b.width))
    kind = b.type_of(x)
    mask = f"<{2 * b.width} x i32> <{order}>"
    return b.f.pure(f"shufflevector {kind} {x.text}, {kind} {y.text}, {mask}")


def _lower(b: Lanes, x: Value) -> Value:
    return b.binary("and", x, b.number(0xFFFFFFFF, I64))


def _upper(b: Lanes, x: Value) -> Value:
    return b.binary("lshr", x, b.number(32, I64))


def _xor(b: Lanes, *values: Value) -> Value:
    x, y, z = values
    return b.binary("xor", b.binary("xor", x, y), z)
