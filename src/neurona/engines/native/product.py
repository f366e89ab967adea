"""Products of matrices and their kin (convolutions, batches), specialised to their shapes.

A result is c = sum of a * b over the `inner` axes. `plan` decides how: which tile of rows and
vectors of columns stays in registers, whether b is packed, whether the sum is cut into chunks.
Each Stage then writes one kernel.

`finish(lanes, place, value)` stores each vector of results, or whatever is made of it, while it is
in registers. `place.index(strides)` is where the lanes are in an array with those strides along
batch + rows + columns, as given in the Product; `place[i]` is the index of lane 0 along axis i. The
lanes run along axis `place.axis`: the last of the columns or, where that suits the product better,
the last of the rows. `lanes` has the mask of a tail.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from neurona.engines.native.lanes import Lanes, Value
from neurona.engines.native.packing import Packing, worthwhile
from neurona.engines.native.place import Finish, Place, Position
from neurona.engines.native.text import Function
from neurona.engines.native.tiles import Span, choose


class Axis(NamedTuple):
    """One axis of a product.

    Attributes:
        size: how many indices.
        a: the stride in operand a, in elements; 0 if a does not depend on this axis.
        b: the same for operand b.
        c: the same for the result.
    """

    size: int
    a: int
    b: int
    c: int


@dataclass(frozen=True)
class Product:
    """c = sum over `inner` of a * b, for all of batch, rows and columns.

    Attributes:
        batch: axes that a and b may both have; each index is a product of its own.
        rows: axes of a and c; b's stride is 0.
        columns: axes of b and c; a's stride is 0. Best where b's stride of the last is 1.
        inner: axes of a and b, summed over; c's stride is 0.
        dtype: of a, b and c.
    """

    batch: tuple[Axis, ...]
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    inner: tuple[Axis, ...]
    dtype: np.dtype

    @property
    def flops(self) -> int:
        """Multiplications and additions."""
        axes = self.batch + self.rows + self.columns + self.inner
        return 2 * math.prod(axis.size for axis in axes)


class Machine(Protocol):
    """What is known of the processor."""

    @property
    def vector_bytes(self) -> int:
        """Bytes of a vector register."""

    @property
    def registers(self) -> int:
        """How many there are."""


@dataclass(frozen=True)
class Stage:
    """One kernel `void @name(ptr %table, i64 %begin, i64 %end)`.

    Attributes:
        units: its units of work; however they are split, the bits are the same.
        emit: writes the body: emit(function, pointers, finish); `pointers` are those of 'a', 'b',
            'c', 'work0', ..., and `finish` None to store to 'c'.
        flops: multiplications and additions of floating-point numbers.
        final: whether this stage calls finish.
    """

    units: int
    emit: Callable[[Function, dict[str, str], Finish | None], None]
    flops: int
    final: bool


def plan(product: Product, machine: Machine) -> tuple[list[Stage], list[int]]:
    """Decide how to compute a product.

    Returns:
        The stages in order, with a barrier between them, and the bytes of work0, work1, ...
    """
    results = product.batch + product.rows + product.columns
    if not all(axis.size for axis in results):
        return [Stage(0, lambda f, pointers, finish: None, 0, True)], []
    strides = [axis.c for axis in results]
    tiles = choose(
        *spans(product), len(strides), product.dtype, machine.vector_bytes, machine.registers
    )
    stages, works, right = [], [], "b"
    packing = Packing(tiles)
    if worthwhile(tiles, math.prod(axis.size for axis in product.rows), product.dtype):

        def pack(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            packing.emit(f, pointers["b"], pointers["work0"])

        stages.append(Stage(packing.units, pack, 0, False))
        works.append(packing.room * product.dtype.itemsize)
        tiles, right = packing.packed(), "work0"

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        def store(lanes: Lanes, place: Place, value: Value) -> None:
            lanes.store(pointers["c"], value, place.index(strides))

        tiles.emit(f, pointers["a"], pointers[right], finish or store)

    return [*stages, Stage(tiles.units, emit, product.flops, True)], works


def spans(product: Product) -> tuple[list[Span], list[Span], list[Span], list[Span]]:
    """The axes by role: none of size 1, and neighbours joined that can be walked as one."""
    number, roles = 0, []
    for axes in (product.batch, product.rows, product.columns, product.inner):
        role: list[Span] = []
        for axis in axes:
            if axis.size != 1:
                one = Position((number,), (axis.size,), "0")
                role.append(Span(one, axis.size, axis.a, axis.b, axis.c))
            number += 1
        roles.append(role)
    batch, rows, columns, inner = roles
    return joined(batch), joined(rows), [*joined(columns[:-1]), *columns[-1:]], joined(inner)


def joined(axes: list[Span]) -> list[Span]:
    """Join neighbours whose strides chain in a, b and c."""
    result: list[Span] = []
    for axis in axes:
        if result and all(
            stride == axis.size * inner
            for stride, inner in zip(result[-1][2:], axis[2:], strict=True)
        ):
            axis = result.pop().around(axis)
        result.append(axis)
    return result
