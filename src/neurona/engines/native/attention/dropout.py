"""Dropout of weights: the numbers that `Random` draws for all of them, where they are needed."""

from __future__ import annotations

from collections.abc import Callable

from neurona.engines.native.attention.blocks import Blocks, Count
from neurona.engines.native.kernels.philox import Philox, doubles, singles
from neurona.engines.native.llvm.lanes import F32, Lanes, Value

Keep = Callable[[Value], Value]  # x or 0


class Dropout:
    """Writes which weights are kept; they are numbered like elements of (B, N, T, S).

    Args:
        b: what the code is written with.
        state: address of the seed and the step.
    """

    def __init__(self, b: Blocks, state: str) -> None:
        self.b, self.given = b, b.given
        self.lanes = Lanes(b.f, b.given.lanes * b.given.dtype.itemsize // 8)
        self.philox = Philox(self.lanes, state, b.given.draw)

    def row(self, head: str, query: str, key: Count) -> Callable[[str], list[Keep]]:
        """Return what draws, for the keys from a column on, for two vectors: x -> x or 0.

        What is kept is 1 / (1 - dropout) times as large.
        """
        f, given = self.b.f, self.given
        line = f.mul(f.add(f.mul(head, given.t), query), given.s)
        words = 1 if given.dtype == F32 else 2  # of a number

        def draw(column: str) -> list[Keep]:
            place = f.add(f.add(line, key), column)
            block = f.pure(f"udiv i64 {place}, {4 // words}")
            found = self.philox.words(self.lanes.line(block))
            numbers = (singles if words == 1 else doubles)(self.lanes, found)
            return [self._keep(self._half(numbers, half)) for half in (0, 1)]

        return draw

    def _half(self, numbers: str, half: int) -> Value:
        """The first or the second vector of two."""
        width = self.given.lanes
        order = ", ".join(f"i32 {half * width + i}" for i in range(width))
        kind = f"<{2 * width} x {self.given.scalar}>"
        mask = f"<{width} x i32> <{order}>"
        text = f"shufflevector {kind} {numbers}, {kind} poison, {mask}"
        return Value(self.b.f.pure(text), self.given.dtype, True)

    def _keep(self, number: Value) -> Keep:
        b = self.b
        kept = b.lanes.ge(number, b.number(self.given.dropout))
        factor = b.number(1.0 / (1.0 - self.given.dropout))
        return lambda x: b.lanes.select(kept, b.lanes.mul(x, factor), b.number(0.0))
