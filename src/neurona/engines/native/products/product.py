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
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from neurona.engines.native.llvm.lanes import Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products import sums
from neurona.engines.native.products.blocked import Blocked
from neurona.engines.native.products.blocked import cut as cut_blocks
from neurona.engines.native.products.choice import choose, roles
from neurona.engines.native.products.packing import Packing, worthwhile
from neurona.engines.native.products.parts import cut
from neurona.engines.native.products.place import Finish, Place
from neurona.engines.native.products.tiles import Tiles
from neurona.engines.native.stage import Stage


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


def plan(
    product: Product, machine: Machine, a_turns: int = 1, b_turns: int = 1
) -> tuple[list[Stage], list[int]]:
    """Decide how to compute a product.

    Args:
        product: what is computed.
        machine: what code is made for.
        a_turns, b_turns: of a loop in which an operand is the same: it is packed once for all.

    Returns:
        The stages in order, with a barrier between them, and the bytes of work0, work1, ...
    """
    results = product.batch + product.rows + product.columns
    if not all(axis.size for axis in results):
        return [Stage(0, lambda f, pointers, finish: None, 0, True)], []
    tiles = choose(roles(product), len(results), product.dtype, machine)
    left, right = "ba" if tiles.swapped else "ab"
    turns = a_turns if tiles.swapped else b_turns
    packs = worthwhile(tiles, turns)
    if not (packs and turns > 1) and (blocked := cut_blocks(tiles)):
        stage = _in_blocks(product, blocked, left, right)
        return [stage], [blocked.units * blocked.room * product.dtype.itemsize]
    stages, rooms = [], []
    parts = cut(tiles) if tiles.contiguous else None
    if not parts and packs:
        packing = Packing(tiles)
        stages.append(replace(_packing(packing, right), once=turns > 1))
        rooms.append(packing.room)
        tiles, right = packing.packed(), "work0"
        parts = cut(tiles)
    if parts:
        names = left, right, f"work{len(rooms)}"
        stages += parts.stages(product.flops, names, lambda given: _store(product, given["c"]))
        rooms.append(parts.groups * parts.room)
    else:
        stages.append(_at_once(product, tiles, left, right))
    return stages, [room * product.dtype.itemsize for room in rooms]


def _packing(packing: Packing, right: str) -> Stage:
    """Copy an operand into panels."""

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        packing.emit(f, pointers[right], pointers["work0"])

    return Stage(packing.units, emit, packing.room, False)


def _at_once(product: Product, tiles: Tiles, left: str, right: str) -> Stage:
    """Sum and finish every tile."""
    steps = math.prod(axis.size for axis in product.inner)

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        loop = finish is not None and steps >= 24 and tiles.area > 4 * tiles.width
        target = finish or _store(product, pointers["c"])
        sums.emit(f, tiles, pointers[left], pointers[right], target, loop)

    return Stage(tiles.units, emit, product.flops, True)


def _in_blocks(product: Product, blocked: Blocked, left: str, right: str) -> Stage:
    """Pack, sum and finish block by block."""

    def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
        target = finish or _store(product, pointers["c"])
        blocked.emit(f, pointers[left], pointers[right], pointers["work0"], target)

    return Stage(blocked.units, emit, product.flops, True)


def _store(product: Product, pointer: str) -> Finish:
    """Store results by their strides."""
    strides = [axis.c for axis in product.batch + product.rows + product.columns]

    def store(lanes: Lanes, place: Place, value: Value) -> None:
        lanes.store(pointer, value, place.index(strides))

    return store
