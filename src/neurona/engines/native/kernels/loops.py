"""Kernels without a head as loops: elementwise nodes, and folds along axes.

Lanes go along the loop on which most arrays lie in a row. The loops outside of it that are kept are
the units of work; those that are folded run inside of a unit.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core.lowering import Indexed
from neurona.engines.native.cuts import cuts, walk
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.kernels.evaluate import Evaluator
from neurona.engines.native.kernels.fold_run import FoldRun
from neurona.engines.native.kernels.folds import Fold, fold_of
from neurona.engines.native.kernels.space import Space, collapse
from neurona.engines.native.kernels.squares import squares
from neurona.engines.native.kernels.sweep import sweep_units, tail
from neurona.engines.native.kernels.units import bounds, indices, leading, replaced
from neurona.engines.native.llvm.lanes import I64, Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage
from neurona.engines.native.strides import aligned, contiguous

SINGLE = 8  # vectors up to which a kernel with a single loop is one unit
CHUNK = 8192  # elements that one partial result of a fold is made of, about
UNROLLED = 4  # vectors of a short row that are written one by one, whatever is computed
WRITTEN = 256  # and of a longer one, if that is no more of nodes
Body = Callable[[Lanes, Sequence[str]], None]
UNITS = 16  # fewer units than this are too few to share a large fold


def plan(fusion: Fusion, kernel: Kernel, machine) -> tuple[list[Stage], list[int]]:
    """Return the stages of a kernel without a head, and the sizes of its workspaces in bytes."""
    loops = Loops(fusion, kernel, machine)
    if kernel.folds:
        return loops.fold_stages()
    by_squares = squares(loops)
    return [by_squares.stage() if by_squares else loops.map_stage()], []


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

    def evaluator(
        self, lanes: Lanes, pointers: dict, index: Sequence[str], known: dict | None = None
    ) -> Evaluator:
        """Values at an index of the loops, that of lane 0 on the lane loop; some are known."""

        def locate(v: int, offset: int) -> Index:
            base = lanes.f.add(self.space.offset(v, index, lanes.f), offset)
            return Index(base, self.space.strides[v][self.lane] if self.lane >= 0 else 0)

        def places() -> tuple[Value, ...]:
            found = [Value("0", I64, False)] * self.space.rank
            for loop, (axis,) in enumerate(self.space.axes):
                i = index[loop]
                found[axis] = lanes.line(i) if loop == self.lane else Value(i, I64, False)
            return tuple(found)

        return Evaluator(self.fusion, self.kernel, lanes, pointers, locate, places, known)

    # --- elementwise ------------------------------------------------------------------------------

    def map_stage(self) -> Stage:
        """Return the stage of a kernel that only computes elements."""
        if self.kept:
            units = leading(self.space, self.kept)
            count = int(np.prod([self.space.sizes[k] for k in units]))
            step = self._in_order(units, count)
        else:
            step = self.width if self.n > SINGLE * self.width else self.n
            count = -(-self.n // step)

        def emit(f: Function, pointers: dict[Any, str], finish) -> None:
            body = self.body(pointers)
            if not self.kept:
                row = [] if self.lane < 0 else ["0"]
                sweep_units(
                    f, self.machine, self.width, self.n, step,
                    lambda lanes, i: body(lanes, replaced(row, self.lane, i)),
                )  # fmt: skip
                return
            begin, end = bounds(count)
            rest = self.kept[len(units) :]
            with f.loop(begin, end) as unit:
                index = indices(f, self.space, units, unit)
                with f.nest(self.space.sizes[k] for k in rest) as inner:
                    for k, i in zip(rest, inner, strict=True):
                        index[k] = i
                    self.along(f, index, body)

        return Stage(count, emit, self.flops, step=step)

    def body(self, pointers: dict[Any, str], known: dict | None = None) -> Body:
        """Return what writes all that is stored at an index of the loops."""

        def write(lanes: Lanes, index: Sequence[str]) -> None:
            evaluator = self.evaluator(lanes, pointers, index, known)
            for v in self.kernel.stores:
                evaluator.store(v)

        return write

    def _in_order(self, loops: list[int], units: int) -> int:
        """Return the elements of a unit, if units go through the outermost loops: `Stage.step`."""
        size = self.space.size(True) * self.space.size(False)
        return size // units if loops == list(range(len(loops))) else 0

    def along(self, f: Function, index: list[str], body: Body) -> None:
        """Go along the lane loop with the other indices given."""
        main = self.n - self.n % self.width
        if self.lane < 0:
            body(Lanes(f, 1), index)
            return
        if self.kernel.indexed and self._short(main // self.width):
            for start in range(0, main, self.width):  # what is known of the place is computed once
                body(Lanes(f, self.width), replaced(index, self.lane, str(start)))
        elif main:
            with f.loop(0, main, self.width) as i:
                body(Lanes(f, self.width), replaced(index, self.lane, i))
        if self.n > main:
            self.remaining(f, index, body)

    def remaining(self, f: Function, index: list[str], body: Body) -> None:
        """Go over what is left of the lane loop behind its last whole vector."""
        tail(
            f, self.machine, self.width, self.n,
            lambda lanes, i: body(lanes, replaced(index, self.lane, i)),
        )  # fmt: skip

    def _short(self, vectors: int) -> bool:
        """Whether a row is written vector by vector: which parts are joined where is known then."""
        return vectors <= UNROLLED or vectors * len(self.kernel.nodes) <= WRITTEN

    # --- folds ------------------------------------------------------------------------------------

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

        def emit(f: Function, pointers: dict[Any, str], finish) -> None:
            begin, end = bounds(units * parts)
            with f.loop(begin, end) as u:
                unit, part = ("0", u) if units == 1 else f.digits(u, (units, parts))
                index = indices(f, self.space, self.kept, unit)
                run = FoldRun(self, f, pointers, folds, chunked, size, part, parts)
                if along:
                    run.rows(index)
                else:
                    run.columns(index)

        step = self._in_order(self.kept, units) if parts == 1 and units else 0
        first = Stage(units * parts, emit, self.flops, step=step)
        if parts == 1:
            return [first], []
        return [first, self._combining(folds, parts, kept)], works

    def _combining(self, folds: list[Fold], parts: int, kept: int) -> Stage:
        width = min(self.machine.vector_bytes // 4, power_of_two(kept))
        block = width * 4
        count = -(-kept // block)

        def emit(f: Function, pointers: dict[Any, str], finish) -> None:
            def body(lanes: Lanes, i: str) -> None:
                work = itertools.count()
                for fold, node in zip(folds, self.kernel.folds, strict=True):
                    names = [f"work{next(work)}" for _ in fold.dtypes]
                    slots = fold.open(lanes)
                    cut = cuts([parts]) if fold.rounds else [()]
                    part = functools.partial(fold.part, lanes)
                    with walk(f, [(0, parts, 1)], cut, slots, part) as ((p,), sums):
                        place = Index(f.add(f.mul(p, kept), i), 1)
                        state = [
                            lanes.load(pointers[name], d, place)
                            for name, d in zip(names, fold.dtypes, strict=True)
                        ]
                        fold.merge_into(lanes, sums, state)
                    result = fold.result(lanes, fold.read(lanes, slots))
                    lanes.store(pointers[node.outputs[0]], result, Index(i, 1))

            sweep_units(f, self.machine, width, kept, block, body)

        return Stage(count, emit, len(folds) * parts * kept)


# --- shapes of loops ------------------------------------------------------------------------------


def space_of(fusion: Fusion, kernel: Kernel) -> Space:
    """Return the loops of a kernel with the steps of all arrays that it reads and writes."""
    rank = len(kernel.domain)
    strides: dict[int, Sequence[int]] = {}
    folded = {n.outputs[0] for n in kernel.folds}
    for v in kernel.inputs():
        if fusion.layouts[v].root not in fusion.literals and not indexed_only(kernel, v):
            strides[v] = aligned(fusion.layouts[v].strides, fusion.specs[v].shape, rank)
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
