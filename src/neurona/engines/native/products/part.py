"""Part: loops that name some elements of an output once, with their strides in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from neurona.core.lowering import Affine, Nest
from neurona.engines.native.llvm.lanes import Index
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Place
from neurona.engines.native.stage import Stage


class Loop(NamedTuple):
    """One loop of a part.

    Attributes:
        size: how many steps.
        x, w: the stride in the operands, in elements.
        y: the step on each axis of the output; all zeros for a loop that is summed over.
    """

    size: int
    x: int
    w: int
    y: tuple[int, ...]

    @property
    def strides(self) -> tuple[int, int]:
        """In x and w."""
        return self.x, self.w

    @property
    def summed(self) -> bool:
        """Whether the results of its steps are added."""
        return not any(self.y)


@dataclass(frozen=True)
class Operand:
    """An array that loops walk over.

    Attributes:
        name: of its pointer.
        strides: on each axis, in elements.
        offset: elements from the pointer to where the loops begin.
        turns: of a loop in which it is the same.
    """

    name: str
    strides: tuple[int, ...]
    offset: int
    turns: int = 1

    def pointer(self, f: Function, pointers: dict[str, str], dtype: np.dtype) -> str:
        """Return the address where the loops begin."""
        offset = self.offset * dtype.itemsize
        return f.address(pointers[self.name], "i8", offset)

    def starting(self, places: Sequence[Affine]) -> Operand:
        """The same, beginning at the offsets of places."""
        more = sum(p.offset * s for p, s in zip(places, self.strides, strict=True))
        return replace(self, offset=self.offset + more)


@dataclass(frozen=True)
class Part:
    """A nest over arrays in memory.

    Attributes:
        loops: none of size 1.
        x, w: the operands.
        y: where the output begins, on each axis.
    """

    loops: tuple[Loop, ...]
    x: Operand
    w: Operand
    y: tuple[int, ...]

    @property
    def flops(self) -> int:
        """Multiplications and additions."""
        return 2 * math.prod(loop.size for loop in self.loops)

    def swapped(self) -> Part:
        """The same with the operands exchanged."""
        loops = (Loop(n, w, x, y) for n, x, w, y in self.loops)
        return Part(tuple(loops), self.w, self.x, self.y)


def part(nest: Nest, x: Operand, w: Operand) -> Part:
    """Return a nest over operands."""
    loops = (
        Loop(
            size,
            sum(p.steps[i] * s for p, s in zip(nest.x, x.strides, strict=True)),
            sum(p.steps[i] * s for p, s in zip(nest.w, w.strides, strict=True)),
            tuple(p.steps[i] for p in nest.y),
        )
        for i, size in enumerate(nest.sizes)
        if size != 1
    )
    y = tuple(p.offset for p in nest.y)
    return Part(tuple(loops), x.starting(nest.x), w.starting(nest.w), y)


class Planned(NamedTuple):
    """How a part is computed.

    Attributes:
        part: what is computed.
        axes: its loops that are the axes of results, in the order of the stages' places.
        stages: with the pointers 'a' and 'b', where x and w begin, and 'work0', ...
        works: bytes of the workspaces.
    """

    part: Part
    axes: tuple[Loop, ...]
    stages: list[Stage]
    works: list[int]


class OutputPlace(Place):
    """The place in the output of a vector of results, from that among loops of a part.

    Args:
        f: where code goes.
        among: the place among `loops`.
        loops: those that name the output's elements.
        offsets: the index on each axis of the output where all loops are at 0.
    """

    def __init__(
        self, f: Function, among: Place, loops: Sequence[Loop], offsets: Sequence[int]
    ) -> None:
        self.f, self.rank = f, len(offsets)
        self._among, self._loops, self._offsets = among, loops, offsets
        steps = loops[among.axis].y if loops else ()
        self.axis = next((axis for axis, step in enumerate(steps) if step), self.rank - 1)
        # the index on that axis grows by so much from lane to lane
        self.step = steps[self.axis] if loops else 1

    def __getitem__(self, axis: int) -> str:
        if not 0 <= axis < self.rank:
            raise IndexError(axis)
        total = "0"
        for i, loop in enumerate(self._loops):
            if loop.y[axis]:
                total = self.f.add(total, self.f.mul(self._among[i], loop.y[axis]))
        return self.f.add(total, self._offsets[axis])

    def index(self, strides: Sequence[int]) -> Index:
        """Where the lanes stand in an array with a stride, in elements, for each axis."""
        steps = [along(loop.y, strides) for loop in self._loops]
        index = self._among.index(steps)
        return index._replace(base=self.f.add(index.base, along(self._offsets, strides)))


def along(steps: Sequence[int], strides: Sequence[int]) -> int:
    """Elements that steps on the axes of an array with such strides come to."""
    return sum(step * stride for step, stride in zip(steps, strides, strict=True))
