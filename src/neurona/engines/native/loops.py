"""Kernels without a head as loops: elementwise nodes, and folds along axes.

Lanes go along the loop on which most arrays lie in a row. The loops outside of it that are kept are
the units of work; those that are folded run inside of a unit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np

from neurona.core.lowering import Indexed
from neurona.engines.native.evaluate import Evaluator, aligned
from neurona.engines.native.folds import Fold, fold_of
from neurona.engines.native.fuse import Fusion, Kernel
from neurona.engines.native.lanes import I64, Index, Lanes, Value
from neurona.engines.native.simplify import contiguous
from neurona.engines.native.space import Space, collapse
from neurona.engines.native.stage import Stage
from neurona.engines.native.text import Function

BLOCK = 8  # vectors in a unit of a kernel with a single loop
CHUNK = 8192  # elements that one partial result of a fold is made of, about
UNROLLED = 4  # vectors of a short row that are written one by one
UNITS = 16  # fewer units than this are too few to share a large fold


def plan(fusion: Fusion, kernel: Kernel, machine) -> tuple[list[Stage], list[int]]:
    """Return the stages of a kernel without a head, and the sizes of its workspaces in bytes."""
    loops = Loops(fusion, kernel, machine)
    return loops.fold_stages() if kernel.folds else ([loops.map_stage()], [])


class Loops:
    """The loops of one kernel."""

    def __init__(self, fusion: Fusion, kernel: Kernel, machine) -> None:
        self.fusion, self.kernel, self.machine = fusion, kernel, machine
        self.space = space_of(fusion, kernel)
        self.lane = self.space.lane()
        self.n = self.space.sizes[self.lane] if self.lane >= 0 else 1
        self.width = width_for(fusion, kernel, machine, self.n)
        work = len(kernel.nodes) + len(kernel.folds)
        self.flops = work * self.space.size(True) * self.space.size(False)
        others = [k for k in range(len(self.space.sizes)) if k != self.lane]
        self.kept = [k for k in others if not self.space.folded[k]]
        self.inner = [k for k in others if self.space.folded[k]]

    def evaluator(self, lanes: Lanes, pointers: dict, index: Sequence[str]) -> Evaluator:
        """Values at an index of the loops, that of lane 0 on the lane loop."""

        def locate(v: int, offset: int) -> Index:
            base = lanes.f.add(self.space.offset(v, index, lanes.f), offset)
            return Index(base, self.space.strides[v][self.lane] if self.lane >= 0 else 0)

        def places() -> tuple[Value, ...]:
            found = [Value("0", I64, False)] * self.space.rank
            for loop, (axis,) in enumerate(self.space.axes):
                i = index[loop]
                found[axis] = lanes.line(i) if loop == self.lane else Value(i, I64, False)
            return tuple(found)

        return Evaluator(self.fusion, self.kernel, lanes, pointers, locate, places)

    # --- elementwise -------------------------------------------------------------------------------

    def map_stage(self) -> Stage:
        """Return the stage of a kernel that only computes elements."""
        if self.kept:
            units = leading(self.space, self.kept)
            count = int(np.prod([self.space.sizes[k] for k in units]))
        else:
            count = -(-self.n // (BLOCK * self.width))

        def emit(f: Function, pointers: dict[str, str], finish) -> None:
            def body(lanes: Lanes, index: Sequence[str]) -> None:
                evaluator = self.evaluator(lanes, pointers, index)
                for v in self.kernel.stores:
                    evaluator.store(v)

            begin, end = bounds(count)
            if not self.kept:
                self._in_blocks(f, begin, end, count, body)
                return
            with unit_loops(f, self.space, units, begin, end) as index, ExitStack() as stack:
                for k in self.kept[len(units) :]:
                    index[k] = stack.enter_context(f.loop(0, self.space.sizes[k]))
                self._along(f, index, body)

        return Stage(count, emit, self.flops)

    def _in_blocks(self, f: Function, begin, end, count: int, body: Callable) -> None:
        """Go through a single loop, or none, whose units are blocks of vectors."""
        step = BLOCK * self.width
        main = self.n - self.n % self.width
        place = (lambda i: [i]) if self.lane >= 0 else (lambda i: [])
        if main:
            stop = main if count == 1 else smaller(f, f.mul(end, step), main)
            with f.loop(f.mul(begin, step) if count > 1 else 0, stop, self.width) as i:
                body(Lanes(f, self.width), place(i))
        if self.n > main:
            if count == 1:
                self._tail(f, lambda lanes, i: body(lanes, place(i)))
            else:
                with f.when(f.let(f"icmp eq i64 {end}, {count}")):
                    self._tail(f, lambda lanes, i: body(lanes, place(i)))

    def _along(self, f: Function, index: list[str], body: Callable) -> None:
        """Go along the lane loop with the other indices given."""
        main = self.n - self.n % self.width
        if self.lane < 0:
            body(Lanes(f, 1), index)
            return
        if self.kernel.indexed and main <= UNROLLED * self.width:
            for start in range(0, main, self.width):  # what is known of the place is computed once
                body(Lanes(f, self.width), replaced(index, self.lane, str(start)))
        elif main:
            with f.loop(0, main, self.width) as i:
                body(Lanes(f, self.width), replaced(index, self.lane, i))
        if self.n > main:
            self._tail(f, lambda lanes, i: body(lanes, replaced(index, self.lane, i)))

    def _tail(self, f: Function, body: Callable[[Lanes, str], None]) -> None:
        """The elements behind the last whole vector: masked, or one by one."""
        main = self.n - self.n % self.width
        if self.machine.masks:
            body(Lanes(f, self.width).first(self.n - main), str(main))
        else:
            with f.loop(main, self.n) as i:
                body(Lanes(f, 1), i)

    # --- folds -------------------------------------------------------------------------------------

    def fold_stages(self) -> tuple[list[Stage], list[int]]:
        """Return the stages of a kernel with folds: the folding, and the sum of partial results."""
        folds = [fold_of(node, self.fusion.specs) for node in self.kernel.folds]
        along = self.lane >= 0 and self.space.folded[self.lane]
        units = int(np.prod([self.space.sizes[k] for k in self.kept], dtype=np.int64))
        kept = self.space.size(False)
        total = kept * self.space.size(True)
        parts, chunked = 1, None
        if total > 4 * CHUNK and units < UNITS and (self.inner or along):
            chunked = self.inner[0] if self.inner else self.lane
            step = 1 if self.inner else 4 * self.width
            wanted = min(64, -(-total // CHUNK))
            size = -(-self.space.sizes[chunked] // wanted)
            size = -(-size // step) * step
            parts = -(-self.space.sizes[chunked] // size)
        if parts == 1:
            chunked, size = None, 0
        works = [kept * parts * d.itemsize for fold in folds for d in fold.dtypes]

        def emit(f: Function, pointers: dict[str, str], finish) -> None:
            begin, end = bounds(units * parts)
            with f.loop(begin, end) as u:
                index = ["0"] * len(self.space.sizes)
                part = u if units == 1 else remainder(f, u, parts)
                unit = "0" if units == 1 else quotient(f, u, parts)
                split(f, self.space, self.kept, unit, index)
                run = FoldRun(self, f, pointers, folds, chunked, size, part, parts)
                if along:
                    run.rows(index)
                else:
                    run.columns(index)

        first = Stage(units * parts, emit, self.flops)
        if parts == 1:
            return [first], []
        return [first, self._combining(folds, parts, kept)], works

    def _combining(self, folds: list[Fold], parts: int, kept: int) -> Stage:
        width = min(self.machine.vector_bytes // 4, power_of_two(kept))
        block = width * 4
        count = -(-kept // block)

        def emit(f: Function, pointers: dict[str, str], finish) -> None:
            begin, end = bounds(count)

            def body(lanes: Lanes, i: str) -> None:
                work = itertools.count()
                for fold, node in zip(folds, self.kernel.folds, strict=True):
                    names = [f"work{next(work)}" for _ in fold.dtypes]
                    slots = fold.open(lanes)
                    with f.loop(0, parts) as p:
                        place = Index(f.add(f.mul(p, kept), i), 1)
                        part = [
                            lanes.load(pointers[name], d, place)
                            for name, d in zip(names, fold.dtypes, strict=True)
                        ]
                        fold.merge_into(lanes, slots, part)
                    result = fold.result(lanes, fold.read(lanes, slots))
                    lanes.store(pointers[node.outputs[0]], result, Index(i, 1))

            main = kept - kept % width
            if main:
                stop = main if count == 1 else smaller(f, f.mul(end, block), main)
                with f.loop(f.mul(begin, block), stop, width) as i:
                    body(Lanes(f, width), i)
            if kept > main:
                with f.when(f.let(f"icmp eq i64 {end}, {count}")):
                    if self.machine.masks:
                        body(Lanes(f, width).first(kept - main), str(main))
                    else:
                        with f.loop(main, kept) as i:
                            body(Lanes(f, 1), i)

        return Stage(count, emit, len(folds) * parts * kept)


class FoldRun:
    """One unit of a folding kernel while it is written."""

    def __init__(
        self, loops: Loops, f: Function, pointers: dict[str, str], folds: list[Fold],
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
        return start, smaller(self.f, self.f.add(start, self.size), n)

    def nest(self, stack: ExitStack, index: list[str]) -> None:
        """Open the folded loops outside of the lanes."""
        for k in self.loops.inner:
            index[k] = stack.enter_context(self.f.loop(*self.range(k)))

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
        with ExitStack() as stack:
            inner = list(index)
            self.nest(stack, inner)
            for (lanes, i), slot in zip(vectors, slots, strict=True):
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
        with ExitStack() as stack:
            inner = list(index)
            self.nest(stack, inner)
            start, stop = self.range(self.lane)
            if grouped:
                last = grouped if isinstance(stop, int) else smaller(f, stop, grouped)
                with f.loop(start, last, group * width) as i:
                    for k, slot in enumerate(slots):
                        self.take(lanes, replaced(inner, self.lane, f.add(i, k * width)), slot)
            if self.n > grouped:
                if self.lane == self.chunked:
                    final = f.let(f"icmp eq i64 {self.part}, {self.parts - 1}")
                    stack.enter_context(f.when(final))
                if main > grouped:
                    with f.loop(grouped, main, width) as i:
                        self.take(lanes, replaced(inner, self.lane, i), slots[0])
                if self.n > main and self.loops.machine.masks:
                    tail = lanes.first(self.n - main)
                    self.take(tail, replaced(inner, self.lane, str(main)), slots[0])
        if self.n > main and not self.loops.machine.masks:
            slots.append(self._one_by_one(index, main))
        for extra in slots[1:group]:
            for fold, slot, other in zip(self.folds, slots[0], extra, strict=True):
                fold.merge_into(lanes, slot, fold.read(lanes, other))
        single = Lanes(f, 1)
        narrow = [fold.narrow(lanes, slot) for fold, slot in zip(self.folds, slots[0], strict=True)]
        if len(slots) > group:
            for fold, slot, other in zip(self.folds, narrow, slots[group], strict=True):
                fold.merge_into(single, slot, fold.read(single, other))
        self.write(single, index, narrow, -1)

    def _one_by_one(self, index: list[str], main: int) -> list:
        """The last elements without masks: accumulators of their own."""
        f, single = self.f, Lanes(self.f, 1)
        slots = [fold.open(single) for fold in self.folds]
        with ExitStack() as stack:
            inner = list(index)
            self.nest(stack, inner)
            if self.lane == self.chunked:
                final = f.let(f"icmp eq i64 {self.part}, {self.parts - 1}")
                stack.enter_context(f.when(final))
            with f.loop(main, self.n) as i:
                self.take(single, replaced(inner, self.lane, i), slots)
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


# --- shapes of loops -------------------------------------------------------------------------------


def space_of(fusion: Fusion, kernel: Kernel) -> Space:
    """Return the loops of a kernel with the steps of all arrays that it reads and writes."""
    rank, strides = len(kernel.domain), {}
    folded = {n.outputs[0] for n in kernel.folds}
    for v in kernel.inputs():
        if fusion.layouts[v].root not in fusion.literals:
            if not indexed_only(kernel, v):
                shape = fusion.specs[v].shape
                strides[v] = aligned(fusion.layouts[v].strides, shape, rank)
    for v in kernel.stores:
        if v not in folded:
            strides[v] = contiguous(kernel.domain)
    sizes = [1 if a in kernel.axes else n for a, n in enumerate(kernel.domain)]
    for v in folded:
        steps = contiguous(tuple(sizes))
        strides[v] = tuple(0 if a in kernel.axes else s for a, s in enumerate(steps))
    return collapse(kernel.domain, kernel.axes, strides, kernel.indexed)


def indexed_only(kernel: Kernel, v: int) -> bool:
    """Say whether only indexed nodes read a value: then it is no part of the loops."""
    users = [n for n in [*kernel.nodes, *kernel.folds] if v in n.inputs]
    return all(isinstance(n.op.lower, Indexed) for n in users)


def width_for(fusion: Fusion, kernel: Kernel, machine, n: int) -> int:
    """Return the number of lanes: a register of the kernel's floats, fewer where n is small."""
    values = {v for node in [*kernel.nodes, *kernel.folds] for v in (*node.inputs, *node.outputs)}
    dtypes = [fusion.specs[v].dtype for v in values]
    floats = [d.itemsize for d in dtypes if d.kind == "f"]
    size = max(floats) if floats else max(4, *(d.itemsize for d in dtypes))
    return min(machine.vector_bytes // size, power_of_two(n))


def power_of_two(n: int) -> int:
    """Return the power of two that is not below n."""
    return 1 << max(n - 1, 0).bit_length()


def leading(space: Space, loops: list[int]) -> list[int]:
    """Return the outer loops that units are made of: as many as it takes for 256 units."""
    count, chosen = 1, []
    for k in loops:
        chosen.append(k)
        count *= space.sizes[k]
        if count >= 256:
            break
    return chosen


def bounds(units: int) -> tuple[str | int, str | int]:
    """Return the range of units; a single one needs no loop."""
    return (0, 1) if units == 1 else ("%begin", "%end")


def smaller(f: Function, a: str | int, b: str | int) -> str:
    """The smaller of two i64."""
    target = f.module.declare("llvm.smin.i64", "i64", "i64", "i64")
    return f.pure(f"call i64 {target}(i64 {a}, i64 {b})")


def quotient(f: Function, a: str, b: int) -> str:
    """a // b of numbers that are not negative."""
    return a if b == 1 else f.pure(f"udiv i64 {a}, {b}")


def remainder(f: Function, a: str, b: int) -> str:
    """a % b of numbers that are not negative."""
    return "0" if b == 1 else f.pure(f"urem i64 {a}, {b}")


def split(f: Function, space: Space, loops: list[int], unit: str, index: list[str]) -> None:
    """Take the number of a unit apart into the indices of its loops."""
    for k in reversed(loops[1:]):
        index[k] = remainder(f, unit, space.sizes[k])
        unit = quotient(f, unit, space.sizes[k])
    if loops:
        index[loops[0]] = unit


class unit_loops:
    """The loop over units, as indices of the loops that they stand for."""

    def __init__(self, f: Function, space: Space, loops: list[int], begin, end) -> None:
        self.f, self.space, self.loops = f, space, loops
        self.loop = f.loop(begin, end)

    def __enter__(self) -> list[str]:
        index = ["0"] * len(self.space.sizes)
        split(self.f, self.space, self.loops, self.loop.__enter__(), index)
        return index

    def __exit__(self, *error) -> None:
        self.loop.__exit__(*error)


def replaced(index: Sequence[str], loop: int, i: str) -> list[str]:
    """The same indices, but for one loop, if there is any."""
    changed = list(index)
    if loop >= 0:
        changed[loop] = i
    return changed
