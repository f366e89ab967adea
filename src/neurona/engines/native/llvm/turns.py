"""The Builder's `fold`: values carried through the turns of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurona.engines.native.llvm.value import I64, Value

UNROLLED = 4  # turns at most that are written one after another, with numbers that are known


def fold(
    b: Any, count: int, step: Callable[..., Sequence[Value]], values: Sequence[Value]
) -> Sequence[Value]:
    """Return the values after step(n, *values) for n = 0 ... count - 1: a loop, if not of a few."""
    if count <= UNROLLED:
        for n in range(count):
            values = step(b.integer(n), *values)
        return values
    values = [b.spread(x) for x in values]
    kinds = [b.type_of(x) for x in values]
    slots = [b.f.slot(kind, x.text) for kind, x in zip(kinds, values, strict=True)]

    def carried() -> list[Value]:
        loads = [b.f.let(f"load {k}, ptr {s}") for k, s in zip(kinds, slots, strict=True)]
        return [x._replace(text=text) for x, text in zip(values, loads, strict=True)]

    with b.f.loop(0, count) as n:
        after = step(Value(n, I64, False), *carried())
        for kind, slot, x in zip(kinds, slots, after, strict=True):
            b.f.do(f"store {kind} {b.spread(x).text}, ptr {slot}")
    return carried()
