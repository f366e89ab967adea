"""Zeros around an operand: a copy in a workspace, where a nest reads outside of the array."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from neurona.core.lowering import Affine, Nest
from neurona.engines.native.llvm.lanes import Index, Lanes
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.part import Operand
from neurona.engines.native.stage import Stage
from neurona.engines.native.strides import contiguous

Margins = tuple[tuple[int, int], ...]


def margins(readings: Iterable[tuple[Nest, Sequence[Affine]]], shape: Sequence[int]) -> Margins:
    """Return how far the places of nests in an array reach out of it, (low, high) for each axis."""
    found = [(0, 0)] * len(shape)
    for nest, places in readings:
        if 0 in nest.sizes:
            continue
        for axis, (place, size) in enumerate(zip(places, shape, strict=True)):
            ends = [s * (n - 1) for s, n in zip(place.steps, nest.sizes, strict=True)]
            least = place.offset + sum(min(e, 0) for e in ends)
            most = place.offset + sum(max(e, 0) for e in ends)
            low, high = found[axis]
            found[axis] = max(low, -least), max(high, most - size + 1)
    return tuple(found)


class Padding:
    """A stage that copies an array with zeros around it; a unit is a row of the last two axes.

    Args:
        source: the array.
        to: name of the pointer of the copy.
        shape: of the array.
        around: its margins.
        lanes: how many elements a vector register holds.
    """

    def __init__(
        self, source: Operand, to: str, shape: Sequence[int], around: Margins, dtype: np.dtype,
        lanes: int,
    ) -> None:  # fmt: skip
        self.source, self.to, self.dtype, self.lanes = source, to, dtype, lanes
        self.shape = tuple(n + sum(ends) for n, ends in zip(shape, around, strict=True))
        self.strides = contiguous(self.shape)
        self._inner, self._from, self._around = tuple(shape), source.strides, around

    @property
    def bytes(self) -> int:
        """Size of the workspace."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def operand(self) -> Operand:
        """The copy, from index 0 of the array on."""
        first = sum(low * s for (low, _), s in zip(self._around, self.strides, strict=True))
        return Operand(self.to, self.strides, first)

    def stage(self) -> Stage:
        """Return the stage."""
        return Stage(math.prod(self.shape[:-2]), self._emit, math.prod(self.shape), False)

    def _emit(self, f: Function, pointers: dict[str, str], finish: object) -> None:
        with f.loop("%begin", "%end") as unit:
            inside, source = "true", "0"
            for axis, index in enumerate(f.digits(unit, self.shape[:-2])):
                low, high = self._around[axis]
                i = f.add(index, -low)
                source = f.add(source, f.mul(i, self._from[axis]))
                if low or high:  # unsigned: what lies before the first element is huge
                    here = f.pure(f"icmp ult i64 {i}, {self._inner[axis]}")
                    inside = f.pure(f"and i1 {inside}, {here}")
            to = f.mul(unit, math.prod(self.shape[-2:]))
            with f.when(inside):
                self._row(f, pointers, source, to)
            with f.when(f.pure(f"xor i1 {inside}, true")):
                self._zeros(f, pointers, to, math.prod(self.shape[-2:]))

    def _row(self, f: Function, pointers: dict[str, str], source: str, to: str) -> None:
        """Copy what there is of the last two axes, with zeros around it."""
        (h, w), ((top, bottom), (left, right)) = self._inner[-2:], self._around[-2:]
        (down, across), width = self._from[-2:], self.shape[-1]
        if not (left or right) and (down, across) == (w, 1):  # the lines are one
            h, w, width, down, top, bottom = 1, h * w, h * w, 0, top * width, bottom * width
        else:
            top, bottom = top * width, bottom * width
        self._zeros(f, pointers, to, top)
        with f.loop(0, h) as i:
            line = f.add(to, f.add(f.mul(i, width), top))
            self._zeros(f, pointers, line, left)
            self._copy(f, pointers, f.add(source, f.mul(i, down)), f.add(line, left), w, across)
            self._zeros(f, pointers, f.add(line, left + w), right)
        self._zeros(f, pointers, f.add(to, top + h * width), bottom)

    def _zeros(self, f: Function, pointers: dict[str, str], to: str, count: int) -> None:
        for lanes, i in vectors(f, count, self.lanes):
            zero = lanes.number(0, self.dtype)
            lanes.store(pointers[self.to], zero, Index(f.add(to, i)))

    def _copy(
        self, f: Function, pointers: dict[str, str], source: str, to: str, count: int, step: int
    ) -> None:
        for lanes, i in vectors(f, count, self.lanes):
            place = Index(f.add(source, f.mul(i, step)), step)
            value = lanes.load(pointers[self.source.name], self.dtype, place)
            lanes.store(pointers[self.to], value, Index(f.add(to, i)))


def vectors(f: Function, count: int, width: int) -> Iterator[tuple[Lanes, str]]:
    """Write a loop over `count` elements, vector by vector; yields lanes and the first element."""
    whole = count - count % width
    if whole:
        with f.loop(0, whole, width) as i:
            yield Lanes(f, width), i
    if count > whole:
        yield Lanes(f, width).first(count - whole), str(whole)
