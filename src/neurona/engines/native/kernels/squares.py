"""Elementwise kernels that read an array along another loop than they write: square by square.

A transposed copy reads one column after the other: its lanes would gather elements from far apart.
Instead as many vectors as there are lanes are read in the order of memory, and turned in registers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neurona.engines.native.kernels.units import bounds, replaced
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.shuffles import transposed
from neurona.engines.native.stage import Stage

if TYPE_CHECKING:
    from neurona.engines.native.kernels.loops import Loops

LINES = 256  # values that are written out for a square, at most
FEWEST = 4  # lanes that repay it


class Squares:
    """The rows of a kernel, as many together as there are lanes.

    Args:
        loops: of the kernel.
        across: the loop that counts the rows.
        turned: the values that lie along it.
    """

    def __init__(self, loops: Loops, across: int, turned: list[int]) -> None:
        self.loops, self.across, self.turned = loops, across, turned

    def stage(self) -> Stage:
        """Return the stage, whose units are blocks of rows."""
        loops, across, width = self.loops, self.across, self.loops.width
        others = [k for k in loops.kept if k != across]
        whole, rest = divmod(loops.space.sizes[across], width)
        counts = [*(loops.space.sizes[k] for k in others), whole + (rest > 0)]

        def emit(f: Function, pointers: dict[Any, str], finish: None) -> None:
            def row(index: Sequence[str], r: str) -> list[str]:
                return replaced(index, across, f.add(index[across], r))

            body = loops.body(pointers)
            begin, end = bounds(math.prod(counts))
            with f.loop(begin, end) as unit:
                *places, block = f.digits(unit, counts)
                index = ["0"] * len(loops.space.sizes)
                for k, i in zip(others, places, strict=True):
                    index[k] = i
                index[across] = f.mul(block, width)
                with f.when(f.pure(f"icmp slt i64 {block}, {whole}")):
                    with f.loop(0, loops.n - loops.n % width, width) as i:
                        self._square(Lanes(f, width), pointers, replaced(index, loops.lane, i))
                    if loops.n % width:
                        with f.loop(0, width) as r:
                            loops.remaining(f, row(index, r), body)
                if rest:
                    with f.when(f.pure(f"icmp eq i64 {block}, {whole}")), f.loop(0, rest) as r:
                        loops.along(f, row(index, r), body)

        return Stage(math.prod(counts), emit, loops.flops)

    def _square(self, lanes: Lanes, pointers: dict[Any, str], index: Sequence[str]) -> None:
        """Write what is done with a square that begins at an index."""
        loops, f = self.loops, lanes.f
        columns: dict[int, list[Value]] = {}
        for v in self.turned:
            layout, step = loops.fusion.layouts[v], loops.space.strides[v][loops.lane]
            start = f.add(loops.space.offset(v, index, f), layout.offset)
            places = [Index(f.add(start, j * step)) for j in range(lanes.width)]
            pointer, dtype = pointers[layout.root], loops.fusion.specs[v].dtype
            columns[v] = transposed(lanes, [lanes.load(pointer, dtype, at) for at in places])
        for r in range(lanes.width):
            known = {v: column[r] for v, column in columns.items()}
            row = replaced(index, self.across, f.add(index[self.across], r))
            loops.body(pointers, known)(lanes, row)


def squares(loops: Loops) -> Squares | None:
    """Return the squares of a kernel that had better go by them."""
    space, width = loops.space, loops.width
    few = width * len(loops.kernel.nodes) <= LINES
    if loops.kernel.indexed or not few or not FEWEST <= width <= loops.n:
        return None
    read = loops.kernel.inputs()  # what is stored is in the strides too, and not known yet
    for across in loops.kept:
        turned = [v for v in space.strides if v in read and _is_turned(loops, v, across)]
        if turned and space.sizes[across] >= width:
            return Squares(loops, across, turned)
    return None


def _is_turned(loops: Loops, v: int, across: int) -> bool:
    """Whether a value lies along a loop that is not that of the lanes."""
    steps = loops.space.strides[v]
    floats = loops.fusion.specs[v].dtype.kind == "f"
    return floats and steps[across] == 1 and steps[loops.lane] not in (0, 1)
