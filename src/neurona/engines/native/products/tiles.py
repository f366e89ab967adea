"""Tiles: the part of a product that one unit of work computes in registers.

A tile is some rows times some vectors of columns. For each step of the inner axes the vectors of b
are loaded, one number of a is spread for each row, and every pair is multiplied and added. Strides
are known, so that all addresses of a step are two bases and constants.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurona.engines.native.llvm.lanes import Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Finish, Place, Position

Loop = tuple[int, int, int]  # how often, the step in a, the step in b
AnyLoop = tuple[int | str, int, int]  # how often may be known only when the code runs
BLOCK = 1024  # steps of a sum that are added one after the other


class Span(NamedTuple):
    """Axes of a product that are walked as one, and its strides in a, b and c."""

    position: Position
    size: int
    a: int
    b: int
    c: int

    def around(self, inner: Span) -> Span:
        """This one and the one inside it, as one."""
        axes = self.position.axes + inner.position.axes
        sizes = self.position.sizes + inner.position.sizes
        return inner._replace(position=Position(axes, sizes, "0"), size=self.size * inner.size)


class Cut(NamedTuple):
    """A span in tiles of `step`; the last one may be smaller."""

    span: Span
    step: int

    @property
    def tiles(self) -> int:
        """How many there are."""
        return -(-self.span.size // self.step)

    @property
    def over(self) -> Span:
        """The span that counts them."""
        span, step = self.span, self.step
        return span._replace(size=self.tiles, a=span.a * step, b=span.b * step, c=span.c * step)


class Tile:
    """One form of tile, while its code is written.

    Attributes:
        f: where to.
        unit: its number.
        at: where it begins, along each span that the units, and chunks of sums, walk over.
        shape: its rows, along the cut span and the whole ones.
        columns: how many it has.
        lanes: of whole vectors; `kind` is LLVM's type of these.
        vectors: the lanes of each vector of columns.
    """

    def __init__(
        self, f: Function, tiles: Tiles, unit: str, at: dict[Span, str], rows: int, columns: int
    ) -> None:
        self.f, self.tiles, self.unit, self.at, self.columns = f, tiles, unit, at, columns
        self.shape = (rows, *(span.size for span in tiles.whole))
        self.lanes, width = Lanes(f, tiles.width), tiles.width
        self.kind = self.lanes.type(tiles.dtype, True)
        self.vectors = [
            self.lanes if start + width <= columns else self.lanes.first(columns - start)
            for start in range(0, columns, width)
        ]

    @property
    def starts(self) -> list[int]:
        """Where in a each row is, from the first."""
        spans = (self.tiles.cut.span, *self.tiles.whole)
        return [
            sum(i * span.a for i, span in zip(indices, spans, strict=True))
            for indices in itertools.product(*map(range, self.shape))
        ]

    def address(self, pointer: str, operand: str) -> str:
        """Where the tile begins in an operand."""
        place = "0"
        for span, index in self.at.items():
            place = self.f.add(place, self.f.mul(index, getattr(span, operand)))
        return self.f.address(pointer, self.tiles.scalar, place)

    def slot(self, value: Value) -> str:
        """A place for what changes in a loop."""
        return self.f.slot(self.kind, value.text)

    def load(self, slot: str) -> Value:
        """What it holds now."""
        return Value(self.f.let(f"load {self.kind}, ptr {slot}"), self.tiles.dtype, True)

    def rows_of(self, values: list[Value]) -> list[list[Value]]:
        """The values of its vectors, row by row."""
        across = len(self.vectors)
        return [values[k : k + across] for k in range(0, len(values), across)]

    def split(self, row: int) -> list[int]:
        """The indices of a row, along the cut span and the whole ones."""
        return [int(i) for i in np.unravel_index(row, self.shape)]

    def place(self, row: Sequence[str | int], vector: str | int) -> Place:
        """Where a vector of results stands; indices are known now, or i64 values."""
        tiles = self.tiles
        positions = [s.position._replace(base=self.at[s]) for s in (*tiles.outer, *tiles.rows)]
        for span, i in zip((tiles.cut.span, *tiles.whole), row, strict=True):
            positions.append(self._moved(span, i, 1))
        last = self._moved(tiles.columns.span, vector, tiles.width)
        positions.append(last)
        axis = last.axes[-1] if last.axes else tiles.rank - 1
        return Place(self.f, tiles.rank, [p for p in positions if p.axes], axis)

    def _moved(self, span: Span, steps: str | int, step: int) -> Position:
        """The tile's place along a span, and some steps more."""
        base = self.at.get(span, "0")
        if isinstance(steps, int):
            return span.position._replace(base=base, offset=steps * step)
        return span.position._replace(base=self.f.add(base, self.f.mul(steps, step)))

    def store(self, fetch: Callable[[str, str | int], Value], finish: Finish) -> None:
        """Write a loop over rows and vectors: fetch(row, vector) from memory, and finish."""
        f = self.f
        whole = sum(lanes.mask is None for lanes in self.vectors)
        with f.nest(self.shape) as indices:
            row = "0"
            for index, size in zip(indices, self.shape, strict=True):
                row = f.add(f.mul(row, size), index)
            if whole:
                with f.loop(0, whole) as v:
                    finish(self.lanes, self.place(indices, v), fetch(row, v))
            for last, lanes in enumerate(self.vectors[whole:], whole):
                finish(lanes, self.place(indices, last), fetch(row, last))


@dataclass(frozen=True)
class Tiles:
    """A product cut into tiles; see `choose`.

    Attributes:
        outer: spans of which each index has its own tiles: batch, all columns but the last.
        rows: spans of rows that are walked outside of tiles.
        cut: the span of rows that is cut.
        whole: spans of rows inside it, that are within the tile from end to end.
        columns: the last span of columns, cut into a few vectors.
        inner: what is summed over.
        width: lanes of a vector.
        dtype: of all numbers.
        rows_first: whether neighbouring units share a's rows rather than b's columns.
        rank: number of axes of the result.
        packed: whether b is in panels of `columns.step` columns; see `packing.py`.
        dots: whether lanes run along the sum; see `sums.py`.
        swapped: whether a and b, rows and columns, have changed roles.
        unroll: steps of the innermost loop that are written out.
        chains: independent sums of each result, for tiles of few vectors.
    """

    outer: tuple[Span, ...]
    rows: tuple[Span, ...]
    cut: Cut
    whole: tuple[Span, ...]
    columns: Cut
    inner: tuple[Span, ...]
    width: int
    dtype: np.dtype
    rank: int
    packed: bool = False
    dots: bool = False
    swapped: bool = False
    rows_first: bool = False
    unroll: int = 1
    chains: int = 1

    @property
    def order(self) -> list[tuple[Span, int, int]]:
        """What the units walk over, outermost first: (span, tiles, step)."""
        outer = [(span, span.size, 1) for span in self.outer]
        rows = [(span, span.size, 1) for span in self.rows]
        rows.append((self.cut.span, self.cut.tiles, self.cut.step))
        columns = [(self.columns.span, self.columns.tiles, self.columns.step)]
        return outer + (rows + columns if self.rows_first else columns + rows)

    @property
    def units(self) -> int:
        """How many tiles there are."""
        return math.prod(count for _, count, _ in self.order)

    @property
    def contiguous(self) -> bool:
        """Whether the columns of b lie side by side."""
        return self.packed or self.columns.span.b == 1 or self.columns.span.size == 1

    @property
    def area(self) -> int:
        """Elements of a whole tile, padded to vectors."""
        height = self.cut.step * math.prod(span.size for span in self.whole)
        return height * -(-self.columns.step // self.width) * self.width

    @property
    def scalar(self) -> str:
        """LLVM's type of a number."""
        return {"f4": "float", "f8": "double", "i4": "i32", "i8": "i64"}[self.dtype.str[1:]]

    def walk(self, f: Function, begin: str, end: str) -> Iterator[Tile]:
        """Write a loop over units; yields the tiles of each form, whole or remaining, in turn."""
        one = self.units == 1
        some = f.when(f.let(f"icmp slt i64 {begin}, {end}")) if one else f.loop(begin, end)
        with some as unit:
            unit = unit or "0"
            indices = f.digits(unit, [count for _, count, _ in self.order])
            at = {
                span: f.mul(index, step)
                for index, (span, _, step) in zip(indices, self.order, strict=True)
            }
            for rows in variants(f, self.cut.span, self.cut.step, at):
                for columns in variants(f, self.columns.span, self.columns.step, at):
                    yield Tile(f, self, unit, at, rows, columns)

    def steps(self) -> tuple[list[Loop], list[tuple[int, int]]]:
        """How the sum is walked: loops, and the steps of the body."""
        loops = [(span.size, span.a, span.b) for span in self.inner]
        if not all(count for count, _, _ in loops):
            return [], []
        steps = [(0, 0)]
        unroll = self.unroll
        while loops and loops[-1][0] <= unroll:
            count, a, b = loops.pop()
            unroll //= count
            steps = [(i * a + x, i * b + y) for i in range(count) for x, y in steps]
        if loops and unroll > 1:
            count, a, b = loops.pop()
            part = max(n for n in range(1, unroll + 1) if count % n == 0)
            steps = [(i * a + x, i * b + y) for i in range(part) for x, y in steps]
            loops.append((count // part, part * a, part * b))
        return loops, steps


@contextlib.contextmanager
def nest(f: Function, loops: Sequence[AnyLoop]) -> Iterator[tuple[str, str]]:
    """Loops within loops, (count, step in x, step in y); yields the elements passed in x and y."""
    with f.nest(count for count, _, _ in loops) as index:
        yield passed(f, index, loops)


def passed(f: Function, index: Sequence[str], loops: Sequence[AnyLoop]) -> tuple[str, str]:
    """The elements passed in x and y where the first of the loops are at these counters."""
    a_at = b_at = "0"
    for i, (_, a, b) in zip(index, loops, strict=False):
        a_at, b_at = f.add(a_at, f.mul(i, a)), f.add(b_at, f.mul(i, b))
    return a_at, b_at


def variants(f: Function, span: Span, step: int, at: dict[Span, str]) -> Iterator[int]:
    """Yield the sizes of tiles along a span, whole and remaining, inside of the test for it."""
    rest = span.size % step
    if span.size < step or not rest:
        yield min(step, span.size)
        return
    test = f.let(f"icmp sle i64 {at[span]}, {span.size - step}")
    with f.when(test):
        yield step
    with f.when(f.let(f"icmp sgt i64 {at[span]}, {span.size - step}")):
        yield rest
