"""FoldRun: one unit of a kernel that folds, as code."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from neurona.engines.native.cuts import Cut, cuts, walk
from neurona.engines.native.kernels.folds import Fold
from neurona.engines.native.kernels.units import replaced
from neurona.engines.native.llvm.lanes import Index, Lanes
from neurona.engines.native.llvm.text import Function

if TYPE_CHECKING:
    from neurona.engines.native.kernels.loops import Loops

Sums = list[list[list[str]]]  # for each vector of lanes and each fold its accumulators


class FoldRun:
    """One unit of a folding kernel while it is written."""

    def __init__(
        self, loops: Loops, f: Function, pointers: dict[Any, str], folds: list[Fold],
        chunked: int | None, size: int, part: str, parts: int,
    ) -> None:  # fmt: skip
        self.loops, self.f, self.pointers, self.folds = loops, f, pointers, folds
        self.space, self.lane, self.width, self.n = loops.space, loops.lane, loops.width, loops.n
        self.chunked, self.size, self.part, self.parts = chunked, size, part, parts

    def range(self, loop: int) -> tuple[str | int, str | int]:
        """The bounds of a loop, those of this part if it is cut into parts."""
        n = self.space.sizes[loop]
        if loop != self.chunked:
            return 0, n
        start = self.f.mul(self.part, self.size)
        return start, self.f.smaller(self.f.add(start, self.size), n)

    def cuts(self, *along: int) -> list[Cut]:
        """How the folded loops are cut, and one along the lanes that turns so often."""
        sizes = [self.size if k == self.chunked else self.space.sizes[k] for k in self.loops.inner]
        if not any(fold.rounds for fold in self.folds):
            return [()] * len([*sizes, *along])
        return cuts([*sizes, *along])

    @contextmanager
    def nest(
        self, index: list[str], cut: Sequence[Cut], lanes: Sequence[Lanes], slots: Sums
    ) -> Iterator[tuple[list[str], Sums]]:
        """Write the folded loops outside of the lanes; yields the indices and the accumulators."""
        inner = self.loops.inner
        ranges = [(*self.range(k), 1) for k in inner]
        with walk(self.f, ranges, cut, slots, self.beginning(lanes)) as (found, sums):
            index = list(index)
            for k, i in zip(inner, found, strict=True):
                index[k] = i
            yield index, sums

    def beginning(self, lanes: Sequence[Lanes]) -> Callable[[Sums], AbstractContextManager[Sums]]:
        """What begins accumulators for a block, those of some vectors of lanes."""

        @contextmanager
        def begin(slots: Sums) -> Iterator[Sums]:
            with ExitStack() as stack:
                yield [
                    [
                        stack.enter_context(fold.part(b, slot))
                        for fold, slot in zip(self.folds, of, strict=True)
                    ]
                    for b, of in zip(lanes, slots, strict=True)
                ]

        return begin

    def take(self, lanes: Lanes, index: list[str], slots: list[list[str]]) -> None:
        """Compute the elements at an index and fold them into the accumulators."""
        if not self.space.size(True):
            return  # there are none
        evaluator = self.loops.evaluator(lanes, self.pointers, index)
        for v in self.loops.kernel.stores:
            if v not in {n.outputs[0] for n in self.loops.kernel.folds}:
                evaluator.store(v)
        for fold, slot in zip(self.folds, slots, strict=True):
            position = fold.position(lanes, self.space, index, self.lane)
            fold.take_into(lanes, slot, evaluator.value(fold.input), position)

    def columns(self, index: list[str]) -> None:
        """Lanes go along what is kept: an accumulator for each element."""
        vectors = -(-self.n // self.width)
        group = min(vectors, 4 if len(self.folds) <= 2 else 2)
        main = self.n - self.n % (group * self.width)
        if main:
            with self.f.loop(0, main, group * self.width) as i:
                self._block(
                    index,
                    [
                        (Lanes(self.f, self.width), self.f.add(i, k * self.width))
                        for k in range(group)
                    ],
                )
        rest = []
        place = main
        while place + self.width <= self.n:
            rest.append((Lanes(self.f, self.width), str(place)))
            place += self.width
        if place < self.n and self.loops.machine.masks:
            rest.append((Lanes(self.f, self.width).first(self.n - place), str(place)))
        if rest:
            self._block(index, rest)
        if place < self.n and not self.loops.machine.masks:
            with self.f.loop(place, self.n) as i:
                self._block(index, [(Lanes(self.f, 1), i)])

    def _block(self, index: list[str], vectors: list[tuple[Lanes, str]]) -> None:
        slots = [[fold.open(lanes) for fold in self.folds] for lanes, _ in vectors]
        every = [lanes for lanes, _ in vectors]
        with self.nest(index, self.cuts(), every, slots) as (inner, sums):
            for (lanes, i), slot in zip(vectors, sums, strict=True):
                self.take(lanes, replaced(inner, self.lane, i), slot)
        for (lanes, i), slot in zip(vectors, slots, strict=True):
            self.write(lanes, replaced(index, self.lane, i), slot, self.lane)

    def rows(self, index: list[str]) -> None:
        """Lanes go along what is folded: they are folded together at the end."""
        f, width = self.f, self.width
        lanes = Lanes(f, width)
        group = 4 if self.n >= 8 * width and len(self.loops.kernel.nodes) <= 6 else 1
        slots = [[fold.open(lanes) for fold in self.folds] for _ in range(group)]
        main, grouped = self.n - self.n % width, self.n - self.n % (group * width)
        length = self.size if self.lane == self.chunked else self.n
        *cut, along = self.cuts(-(-length // (group * width)))
        every = [lanes] * group
        with self.nest(index, cut, every, slots) as (inner, sums), ExitStack() as stack:
            start, stop = self.range(self.lane)
            if grouped:
                last = grouped if isinstance(stop, int) else f.smaller(stop, grouped)
                ranges = [(start, last, group * width)]
                with walk(f, ranges, [along], sums, self.beginning(every)) as ((i,), own):
                    for k, slot in enumerate(own):
                        self.take(lanes, replaced(inner, self.lane, f.add(i, k * width)), slot)
            if self.n > grouped:
                if self.lane == self.chunked:
                    final = f.let(f"icmp eq i64 {self.part}, {self.parts - 1}")
                    stack.enter_context(f.when(final))
                if main > grouped:
                    with f.loop(grouped, main, width) as i:
                        self.take(lanes, replaced(inner, self.lane, i), sums[0])
                if self.n > main and self.loops.machine.masks:
                    tail = lanes.first(self.n - main)
                    self.take(tail, replaced(inner, self.lane, str(main)), sums[0])
        if self.n > main and not self.loops.machine.masks:
            slots.append(self._one_by_one(index, main))
        for extra in slots[1:group]:
            self._merge(lanes, slots[0], extra)
        single = Lanes(f, 1)
        narrow = [fold.narrow(lanes, slot) for fold, slot in zip(self.folds, slots[0], strict=True)]
        if len(slots) > group:
            self._merge(single, narrow, slots[group])
        self.write(single, index, narrow, -1)

    def _merge(self, lanes: Lanes, slots: list[list[str]], others: list[list[str]]) -> None:
        """Fold accumulators into others."""
        for fold, slot, other in zip(self.folds, slots, others, strict=True):
            fold.merge_into(lanes, slot, fold.read(lanes, other))

    def _one_by_one(self, index: list[str], main: int) -> list:
        """The last elements without masks: accumulators of their own."""
        f, single = self.f, Lanes(self.f, 1)
        slots = [fold.open(single) for fold in self.folds]
        *cut, _ = self.cuts(self.n - main)
        with self.nest(index, cut, [single], [slots]) as (inner, (sums,)), ExitStack() as stack:
            if self.lane == self.chunked:
                final = f.let(f"icmp eq i64 {self.part}, {self.parts - 1}")
                stack.enter_context(f.when(final))
            with f.loop(main, self.n) as i:
                self.take(single, replaced(inner, self.lane, i), sums)
        return slots

    def write(self, lanes: Lanes, index: list[str], slots: list, lane: int) -> None:
        """Write results, or partial results to the workspace."""
        f, kept, work = self.f, self.space.size(False), itertools.count()
        for fold, node, slot in zip(self.folds, self.loops.kernel.folds, slots, strict=True):
            y = node.outputs[0]
            where = [
                i if not folded else "0" for i, folded in zip(index, self.space.folded, strict=True)
            ]
            base = self.space.offset(y, where, f)
            step = self.space.strides[y][lane] if lane >= 0 else 0
            state = fold.read(lanes, slot)
            if self.parts == 1:
                lanes.store(self.pointers[y], fold.result(lanes, state), Index(base, step))
                continue
            base = f.add(f.mul(self.part, kept), base)
            for value in state:
                lanes.store(self.pointers[f"work{next(work)}"], value, Index(base, step))
