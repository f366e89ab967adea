"""Convolutions by channel (depthwise ones): no matrices, but the same lanes in x, w and y.

A unit of work is some neighbours on a line of the output, the block, with all channels, vector by
vector. The taps along the line are unrolled: what of x is read serves all results that it meets,
and which taps lie inside of x is known for the first and the last block when the code is written.
Along other axes the place is known when the code runs, and bounds the loop over taps.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurona.core.lowering import Nest
from neurona.engines.native.llvm.lanes import Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.direct import added, sum_of
from neurona.engines.native.products.direct import along as reading
from neurona.engines.native.products.outside import Border, borders, reads_outside
from neurona.engines.native.products.padding import vectors
from neurona.engines.native.products.part import Loop, Operand, Part, Planned, along, part
from neurona.engines.native.products.place import Finish, Place, Position
from neurona.engines.native.stage import Stage

TAPS = 7  # that are unrolled; more make long code
FORMS = 4  # of blocks along a line

Inside = tuple[tuple[int, ...], ...]  # for each tap the results of a block that it is inside for


@dataclass(frozen=True)
class ByChannel:
    """A part as a kernel of its own.

    Attributes:
        part: what is computed.
        dtype: of all numbers.
        machine: what code is made for.
        outer: loops outside of lines.
        line: the loop along lines of the output.
        tail: the loops that lanes run along.
        tap: the loop over taps along lines.
        border: what they read outside, None if nothing.
        inner: the other loops that are summed over.
        bounds: for each of these None, or the number of the outer loop that bounds it and how.
    """

    part: Part
    dtype: np.dtype
    machine: Machine
    outer: tuple[Loop, ...]
    line: Loop
    tail: tuple[Loop, ...]
    tap: Loop
    border: Border | None
    inner: tuple[Loop, ...]
    bounds: tuple[tuple[int, Border] | None, ...]

    @property
    def step(self) -> int:
        """How many results a block has: sums that do not wait for each other."""
        most = min(self.machine.registers * 3 // 8, self.line.size)
        even = next(n for n in range(most, 0, -1) if self.line.size % n == 0)
        if 2 * even >= most:
            return even
        return -(-self.line.size // -(-self.line.size // most))

    @property
    def blocks(self) -> int:
        """How many there are on a line."""
        return -(-self.line.size // self.step)

    def forms(self) -> list[tuple[int, int, int, Inside]]:
        """The first and the last block of each form, how many results, and what is inside."""
        found: list[tuple[int, int, int, Inside]] = []
        for block in range(self.blocks):
            start = block * self.step
            count = min(self.step, self.line.size - start)
            inside = tuple(
                tuple(
                    i for i in range(count) if not self.border or self.border.inside(start + i, k)
                )
                for k in range(self.tap.size)
            )
            if found and found[-1][2:] == (count, inside):
                found[-1] = (found[-1][0], block, count, inside)
            else:
                found.append((block, block, count, inside))
        return found

    def plan(self) -> Planned:
        """Return its only stage."""

        def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            assert finish is not None
            self._emit(f, pointers["a"], pointers["b"], finish)

        units = math.prod(loop.size for loop in self.outer) * self.blocks
        stage = Stage(units, emit, self.part.flops, True)
        return Planned(self.part, (*self.outer, self.line, *self.tail), [stage], [])

    def _emit(self, f: Function, x: str, w: str, finish: Finish) -> None:
        count = math.prod(loop.size for loop in self.tail)
        width = min(self.machine.lanes(self.dtype.itemsize), 1 << (count - 1).bit_length())
        loops, rank = (*self.outer, self.line), len(self.outer) + 1 + len(self.tail)
        axes, sizes = tuple(range(len(loops), rank)), tuple(loop.size for loop in self.tail)
        with f.loop("%begin", "%end") as unit:
            *at, block = f.digits(unit, [*(loop.size for loop in self.outer), self.blocks])
            start = f.mul(block, self.step)
            corner = [sum_of(f, [*at, start], [loop.strides[k] for loop in loops]) for k in (0, 1)]
            limits = [
                bound[1].bounds(f, at[bound[0]]) if bound else (0, loop.size)
                for loop, bound in zip(self.inner, self.bounds, strict=True)
            ]
            for first, last, results, inside in self.forms():
                with self._when(f, block, first, last):
                    for lanes, place in vectors(f, count, width):
                        reads = [reading(lanes, place, count, self.tail, k) for k in (0, 1)]
                        bases = [
                            f.add(c, read.at.base) for c, read in zip(corner, reads, strict=True)
                        ]
                        sums = self._sums(lanes, (x, w), reads, bases, results, inside, limits)
                        outer = [
                            Position((i,), (loop.size,), at[i]) for i, loop in enumerate(self.outer)
                        ]
                        for i, total in enumerate(sums):
                            here = Position((len(outer),), (self.line.size,), start, i)
                            last_axes = Position(axes, sizes, place)
                            among = Place(f, rank, [*outer, here, last_axes], rank - 1)
                            finish(lanes, among, total)

    def _when(
        self, f: Function, block: str, first: int, last: int
    ) -> contextlib.AbstractContextManager[None]:
        """Begin what is done for the blocks of one form only."""
        if (first, last) == (0, self.blocks - 1):
            return contextlib.nullcontext()
        low, high = (
            f.pure(f"icmp {test} i64 {block}, {n}") for test, n in (("sge", first), ("sle", last))
        )
        return f.when(f.pure(f"and i1 {low}, {high}"))

    def _sums(
        self, lanes: Lanes, pointers: tuple[str, str], reads: Sequence, bases: Sequence[str],
        results: int, inside: Inside, limits: Sequence[tuple[str | int, str | int]],
    ) -> list[Value]:  # fmt: skip
        """The sums of a block."""
        f, kind = lanes.f, lanes.type(self.dtype, True)
        zero = lanes.spread(lanes.number(0, self.dtype))
        slots = [f.slot(kind, zero.text) for _ in range(results)]
        with contextlib.ExitStack() as stack:
            at = [stack.enter_context(f.loop(*limit)) for limit in limits]
            x_at, w_at = (
                f.add(base, sum_of(f, at, [loop.strides[k] for loop in self.inner]))
                for k, base in enumerate(bases)
            )
            sums = [Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True) for slot in slots]
            known: dict[int, Value] = {}
            for tap, cells in enumerate(inside):
                if not cells:
                    continue
                weight = reads[1].load(pointers[1], self.dtype, f.add(w_at, tap * self.tap.w))
                for i in cells:
                    place = i * self.line.x + tap * self.tap.x
                    if place not in known:
                        known[place] = reads[0].load(pointers[0], self.dtype, f.add(x_at, place))
                    sums[i] = added(lanes, known[place], weight, sums[i])
            for slot, value in zip(slots, sums, strict=True):
                f.do(f"store {kind} {value.text}, ptr {slot}")
        return [Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True) for slot in slots]


def plan(
    nest: Nest, x: Operand, w: Operand, shape: Sequence[int], y: Sequence[int], dtype: np.dtype,
    machine: Machine,
) -> Planned | None:  # fmt: skip
    """Plan a nest that reads x, of a shape, with the lanes of w and y; None if it is another kind.

    `y` holds the strides of the output. Stages are those of a product: their pointers are a, b, c.
    """
    if 0 in nest.sizes:
        return None
    outside = any(reads_outside(nest, axis, size) for axis, size in enumerate(shape))
    given = borders(nest, shape) if outside else (nest, [])
    if given is None:
        return None
    nest, found = given
    one = part(nest, x, w)
    numbers = [i for i, size in enumerate(nest.sizes) if size != 1]
    loops = dict(zip(numbers, one.loops, strict=True))
    kept = sorted((i for i in numbers if not loops[i].summed), key=lambda i: -along(loops[i].y, y))
    tail = [i for i in kept if loops[i].y[-1]]
    outer = [i for i in kept if not loops[i].y[-1]]
    if not tail or not outer or not (loops[tail[0]].x and loops[tail[0]].w):
        return None
    line = outer.pop()
    taps = [
        i
        for place in nest.x
        if place.steps[line]
        for i in numbers
        if loops[i].summed and place.steps[i]
    ]
    border = next((border for border in found if border.place == line), None)
    if len(taps) != 1 or loops[taps[0]].size > TAPS or loops[line].w or not loops[line].x:
        return None
    inner = [i for i in numbers if loops[i].summed and i != taps[0]]
    bounded = {border.tap: border for border in found}
    if not all(border.place in (*outer, line) for border in found):
        return None
    bounds = [(outer.index(bounded[i].place), bounded[i]) if i in bounded else None for i in inner]
    made = ByChannel(
        one, dtype, machine, tuple(loops[i] for i in outer), loops[line],
        tuple(loops[i] for i in tail), loops[taps[0]], border, tuple(loops[i] for i in inner),
        tuple(bounds),
    )  # fmt: skip
    return made.plan() if len(made.forms()) <= FORMS else None
