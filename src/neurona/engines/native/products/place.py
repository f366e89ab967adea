"""Place: where a vector of results stands among the axes of a product."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.text import Function


class Position(NamedTuple):
    """`base + offset` along one axis, or along neighbours that are walked as one.

    Attributes:
        axes: the numbers of the axes, outermost first.
        sizes: their sizes.
        base: i64, the same for a whole tile.
        offset: a number known now.
    """

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    base: str
    offset: int = 0


class Place:
    """The indices of lane 0 of a vector of results, one for each axis of the product as given.

    `place[i]` is the index along axis i, as text. `place.index(strides)` is all that a load or a
    store needs, with cheap addresses: one base for the whole tile, and constants.

    Attributes:
        axis: the axis that the lanes run along, with step 1.
    """

    def __init__(self, f: Function, rank: int, positions: Sequence[Position], axis: int) -> None:
        self.f, self.rank, self.positions, self.axis = f, rank, positions, axis

    def __len__(self) -> int:
        return self.rank

    def __getitem__(self, axis: int) -> str:
        if not 0 <= axis < self.rank:
            raise IndexError(axis)
        for position in self.positions:
            if axis in position.axes:
                return self._along(position, position.axes.index(axis))
        return "0"

    def _along(self, position: Position, which: int) -> str:
        """The index along one of the axes of a position."""
        flat = self.f.add(position.base, position.offset)
        inside = math.prod(position.sizes[which + 1 :])
        if not flat.startswith("%"):
            return str(int(flat) // inside % position.sizes[which])
        if inside > 1:
            flat = self.f.pure(f"udiv i64 {flat}, {inside}")
        return self.f.pure(f"urem i64 {flat}, {position.sizes[which]}") if which else flat

    def index(self, strides: Sequence[int]) -> Index:
        """Where the lanes stand in an array with a stride, in elements, for each axis."""
        base, offset = "0", 0
        for position in self.positions:
            if chained(position, strides):
                stride = strides[position.axes[-1]]
                base = self.f.add(base, self.f.mul(position.base, stride))
                offset += position.offset * stride
            else:
                for axis in position.axes:
                    base = self.f.add(base, self.f.mul(self[axis], strides[axis]))
        return Index(self.f.add(base, offset), strides[self.axis] if strides else 0)


def chained(position: Position, strides: Sequence[int]) -> bool:
    """Whether an array's axes may be walked as one too."""
    pairs = zip(position.axes, position.axes[1:], position.sizes[1:], strict=False)
    return all(strides[outer] == size * strides[inner] for outer, inner, size in pairs)


Finish = Callable[[Lanes, Place, Value], None]
