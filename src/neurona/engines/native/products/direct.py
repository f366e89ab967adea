"""Direct sums: the kernel for whatever is no product of matrices: gradients of kernels by channel.

The lanes run along the last axis of the output, whatever x and w do there. A unit of work is a
row of it, for a few steps of the loops next to it: they share what they load.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurona.engines.native.cuts import Range, cuts, walk
from neurona.engines.native.llvm.lanes import I64, Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.padding import contiguous, vectors
from neurona.engines.native.products.part import Loop, Part, Planned
from neurona.engines.native.products.place import Finish, Place, Position
from neurona.engines.native.products.sums import total
from neurona.engines.native.stage import Stage

STEPS = 512  # of a sum that is cut
GROUPS = 16  # for as many threads; each goes through a piece of x and w that the cache can hold
TERMS = 64  # of one sum
TOGETHER = 12  # results that a unit computes at a time: sums that do not wait for each other


@dataclass(frozen=True)
class DirectSums:
    """A part as a kernel of its own.

    Attributes:
        part: what is computed.
        dtype: of all numbers.
        lanes: how many of them a vector register holds.
    """

    part: Part
    dtype: np.dtype
    lanes: int

    def plan(self) -> Planned:
        """Return its only stage or, for long sums of few results, those of groups and of all."""
        outer, block, tail, inner = self._roles()
        kept = (*outer, *block, *tail)
        units, flops = math.prod(loop.size for loop in outer), self.part.flops
        groups = 1
        if units < GROUPS and math.prod(loop.size for loop in inner) >= STEPS:
            groups = min(GROUPS, math.prod(loop.size for loop in inner[:-1]))
        if groups == 1:
            return Planned(self.part, kept, [Stage(units, self._emit, flops, True)], [])
        strides = contiguous([loop.size for loop in kept])
        results = math.prod(loop.size for loop in kept)

        def group_sums(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            with f.loop("%begin", "%end") as i:
                group, unit = f.digits(i, [groups, units])
                first = f.mul(group, results)
                for lanes, places, sums in self._walk(f, unit, pointers, (group, groups)):
                    for place, value in zip(places, sums, strict=True):
                        at = place.index(strides)
                        at = at._replace(base=f.add(at.base, first))
                        lanes.store(pointers["work0"], value, at)

        def totals(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            assert finish is not None
            with f.loop("%begin", "%end") as unit:
                for lanes, places, _ in self._walk(f, unit):
                    for place in places:
                        at = place.index(strides)
                        parts = [
                            at._replace(base=f.add(at.base, results * g)) for g in range(groups)
                        ]
                        values = [lanes.load(pointers["work0"], self.dtype, part) for part in parts]
                        finish(lanes, place, total(lanes, values))

        stages = [Stage(groups * units, group_sums, flops, False), Stage(units, totals, 0, True)]
        return Planned(self.part, kept, stages, [groups * results * self.dtype.itemsize])

    def _roles(self) -> tuple[list[Loop], list[Loop], list[Loop], list[Loop]]:
        """The loops outside of units, those of a block, those along lanes, those summed over."""
        kept = [loop for loop in self.part.loops if not loop.summed]
        tail = [loop for loop in kept if loop.y[-1]]
        outer = [loop for loop in kept if not loop.y[-1]]
        block: list[Loop] = []
        room = TOGETHER
        while outer and room > 1:
            loop = outer.pop()
            count = next(n for n in range(min(room, loop.size), 0, -1) if loop.size % n == 0)
            if count > 1:
                block.insert(0, loop._replace(size=count))
            if count < loop.size:
                steps = tuple(step * count for step in loop.y)
                outer.append(Loop(loop.size // count, loop.x * count, loop.w * count, steps))
                break
            room //= count
        if not tail:  # an axis of size 1
            tail = [Loop(1, 0, 0, (0,) * (len(self.part.y) - 1) + (1,))]
        return outer, block, tail, [loop for loop in self.part.loops if loop.summed]

    def _emit(self, f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        """Write all sums at once."""
        assert finish is not None
        with f.loop("%begin", "%end") as unit:
            for lanes, places, sums in self._walk(f, unit, pointers):
                for place, value in zip(places, sums, strict=True):
                    finish(lanes, place, value)

    def _walk(
        self, f: Function, unit: str, pointers: dict[str, str] | None = None,
        group: tuple[str, int] = ("0", 1),
    ) -> Iterator[tuple[Lanes, list[Place], list[Value]]]:  # fmt: skip
        """Write a loop over the vectors of a unit; yields the places of its cells and their sums.

        The sums are those of a group (its number, how many there are), none without pointers.
        """
        outer, block, tail, inner = self._roles()
        count = math.prod(loop.size for loop in tail)
        width = min(self.lanes, 1 << (count - 1).bit_length())
        rank = len(outer) + len(block) + len(tail)
        cells = list(itertools.product(*(range(loop.size) for loop in block)))
        at = f.digits(unit, [loop.size for loop in outer])
        x_at, w_at = (sum_of(f, at, [loop.strides[k] for loop in outer]) for k in (0, 1))
        for lanes, place in vectors(f, count, width):
            sums: list[Value] = []
            if pointers:
                read = [along(lanes, place, count, tail, k) for k in (0, 1)]
                bases = f.add(x_at, read[0].at.base), f.add(w_at, read[1].at.base)
                given = pointers["a"], pointers["b"]
                sums = self._sums(lanes, given, read, bases, block, cells, inner, group)
            positions = [Position((i,), (outer[i].size,), at[i]) for i in range(len(outer))]
            sizes = tuple(loop.size for loop in tail)
            last = Position(tuple(range(rank - len(tail), rank)), sizes, place)
            places = []
            for cell in cells:
                inside = [
                    Position((len(outer) + i,), (block[i].size,), "0", step)
                    for i, step in enumerate(cell)
                ]
                places.append(Place(f, rank, [*positions, *inside, last], rank - 1))
            yield lanes, places, sums

    def _sums(
        self, lanes: Lanes, pointers: tuple[str, str], reads: Sequence[Reading],
        bases: tuple[str, str], block: Sequence[Loop], cells: Sequence[tuple[int, ...]],
        inner: Sequence[Loop], group: tuple[str, int],
    ) -> list[Value]:  # fmt: skip
        """The sums of a block's cells, over the steps of a group."""
        f, kind = lanes.f, lanes.type(self.dtype, True)
        zero = lanes.spread(lanes.number(0, self.dtype))
        if any(loop.size == 0 for loop in inner):
            return [zero] * len(cells)
        slots = [f.slot(kind, zero.text) for _ in cells]

        @contextlib.contextmanager
        def part(slots: list[str]) -> Iterator[list[str]]:
            """Begin sums of a block, which are added to those outside at its end."""
            mine = [f.slot(kind, zero.text) for _ in slots]
            yield mine
            for slot, other in zip(slots, mine, strict=True):
                pair = [
                    Value(f.let(f"load {kind}, ptr {s}"), self.dtype, True) for s in (slot, other)
                ]
                f.do(f"store {kind} {lanes.add(*pair).text}, ptr {slot}")

        with nest(f, inner, slots, part, *group) as (*at, sums):
            loaded: dict[tuple[int, int], Value] = {}

            def read(k: int, cell: tuple[int, ...]) -> Value:
                """The factor for a cell, loaded once for all that need it."""
                place = sum(loop.strides[k] * i for loop, i in zip(block, cell, strict=True))
                if (k, place) not in loaded:
                    base = f.add(f.add(bases[k], at[k]), place)
                    loaded[k, place] = reads[k].load(pointers[k], self.dtype, base)
                return loaded[k, place]

            for cell, slot in zip(cells, sums, strict=True):
                value = Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True)
                value = added(lanes, read(0, cell), read(1, cell), value)
                f.do(f"store {kind} {value.text}, ptr {slot}")
        return [Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True) for slot in slots]


def added(lanes: Lanes, x: Value, w: Value, total: Value) -> Value:
    """x * w + total."""
    if total.dtype.kind == "f":
        return lanes.fma(x, w, total)
    return lanes.add(lanes.mul(x, w), total)


def sum_of(f: Function, at: Sequence[str], strides: Sequence[int]) -> str:
    """The elements from an array's start to a place."""
    total = "0"
    for i, stride in zip(at, strides, strict=True):
        total = f.add(total, f.mul(i, stride))
    return total


class Reading(NamedTuple):
    """How the lanes read an operand.

    Attributes:
        lanes: that load.
        at: where, from the start of the row.
        repeat: for how many lanes each of the loaded numbers is.
    """

    lanes: Lanes
    at: Index
    repeat: int = 1

    def load(self, pointer: str, dtype: np.dtype, base: str) -> Value:
        """Return the numbers at a place."""
        lanes, f = self.lanes, self.lanes.f
        loaded = lanes.load(pointer, dtype, self.at._replace(base=base))
        if self.repeat == 1:
            return loaded
        picks = ", ".join(f"i32 {i // self.repeat}" for i in range(lanes.width * self.repeat))
        kind = lanes.type_of(loaded)
        mask = f"<{lanes.width * self.repeat} x i32> <{picks}>"
        return loaded._replace(
            text=f.pure(f"shufflevector {kind} {loaded.text}, {kind} poison, {mask}")
        )


def along(lanes: Lanes, place: str, count: int, tail: Sequence[Loop], k: int) -> Reading:
    """How lanes read operand k, 0 for x and 1 for w, from a place on `count` steps of the tail."""
    f, width = lanes.f, lanes.width
    strides, sizes = [loop.strides[k] for loop in tail], [loop.size for loop in tail]
    if all(a == n * b for a, b, n in zip(strides, strides[1:], sizes[1:], strict=False)):
        return Reading(lanes, Index(f.mul(place, strides[-1]), strides[-1]))
    repeat = sizes[-1]
    if strides == [1, 0] and width % repeat == 0 and width > repeat:
        some = Lanes(f, width // repeat)
        if lanes.mask:  # the last vector, at a place known now
            return Reading(
                some.first((count - int(place)) // repeat), Index(str(int(place) // repeat)), repeat
            )
        return Reading(some, Index(f.pure(f"udiv i64 {place}, {repeat}")), repeat)
    flat = lanes.add(lanes.lane_numbers(), Value(place, I64, False))
    total = lanes.number(0, I64)
    for size, stride in reversed(list(zip(sizes, strides, strict=True))):
        i = lanes.binary("urem", flat, lanes.number(size, I64))
        flat = lanes.binary("udiv", flat, lanes.number(size, I64))
        total = lanes.add(total, lanes.mul(i, lanes.number(stride, I64)))
    return Reading(lanes, Index("0", lanes=total))


@contextlib.contextmanager
def nest(
    f: Function, loops: Sequence[Loop], slots: list[str], part: Callable, group: str = "0",
    groups: int = 1,
) -> Iterator[tuple[str, str, list[str]]]:  # fmt: skip
    """Loops within loops; yields the elements passed in x and in w, and where the sums are.

    One of several groups goes through its share of the steps of all loops but the last.
    """
    sizes = [loop.size for loop in loops]
    ranges: list[Range] = [(0, size, 1) for size in sizes]
    counts, shared = sizes, 0
    if groups > 1:
        shared = len(sizes) - 1
        count = math.prod(sizes[:shared])
        share = f.mul(group, count)
        first = f.pure(f"udiv i64 {share}, {groups}")
        last = f.pure(f"udiv i64 {f.add(share, count)}, {groups}")
        ranges = [(first, last, 1), *ranges[shared:]]
        counts = [-(-count // groups), *sizes[shared:]]
    with walk(f, ranges, cuts(counts, TERMS), slots, part) as (at, sums):
        if groups > 1:
            at = [*f.digits(at[0], sizes[:shared]), *at[1:]]
        yield (
            sum_of(f, at, [loop.x for loop in loops]),
            sum_of(f, at, [loop.w for loop in loops]),
            sums,
        )
