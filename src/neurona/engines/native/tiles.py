"""Tiles: the part of a product that one unit of work computes in registers.

A tile is some rows times some vectors of columns. For each step of the inner axes the vectors of b
are loaded, one number of a is spread for each row, and every pair is multiplied and added. Strides
are known, so that all addresses of a step are two bases and constants.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurona.engines.native.lanes import Index, Lanes, Value
from neurona.engines.native.place import Finish, Place, Position
from neurona.engines.native.text import Function


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


class Tile:
    """One form of tile, while its code is written.

    Attributes:
        f: where to.
        unit: its number.
        at: where it begins, along each span that the units walk over.
        shape: its rows, along the cut span and the whole ones.
        vectors: the lanes of each vector of columns.
    """

    def __init__(
        self, f: Function, tiles: Tiles, unit: str, at: dict[Span, str], rows: int, columns: int
    ) -> None:
        self.f, self.tiles, self.unit, self.at = f, tiles, unit, at
        self.shape = (rows, *(span.size for span in tiles.whole))
        width, lanes = tiles.width, Lanes(f, tiles.width)
        self.vectors = [
            lanes if start + width <= columns else lanes.first(columns - start)
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

    def offset(self, operand: str) -> str:
        """The elements from the start of an operand to the tile."""
        total = "0"
        for span, index in self.at.items():
            total = self.f.add(total, self.f.mul(index, getattr(span, operand)))
        return total

    def split(self, row: int) -> list[int]:
        """The indices of a row, along the cut span and the whole ones."""
        return [int(i) for i in np.unravel_index(row, self.shape)]

    def place(self, row: Sequence[int | str], vector: int) -> Place:
        """Where a vector of results stands; the indices of its row are known now, or i64 values."""
        tiles = self.tiles
        positions = [s.position._replace(base=self.at[s]) for s in (*tiles.outer, *tiles.rows)]
        for span, i in zip((tiles.cut.span, *tiles.whole), row, strict=True):
            base = self.at.get(span, "0")
            positions.append(
                span.position._replace(base=base, offset=i)
                if isinstance(i, int)
                else span.position._replace(base=self.f.add(base, i))
            )
        last = tiles.columns.span
        positions.append(last.position._replace(base=self.at[last], offset=vector * tiles.width))
        axis = last.position.axes[-1] if last.position.axes else tiles.rank - 1
        return Place(self.f, tiles.rank, [p for p in positions if p.axes], axis)


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

    def emit(self, f: Function, a: str, b: str, finish: Finish) -> None:
        """Write a kernel that computes the tiles from %begin to %end."""
        for tile in self.walk(f, "%begin", "%end"):
            sums = self.sums(tile, a, b)
            for row, results in enumerate(sums):
                indices = tile.split(row)
                for v, result in enumerate(results):
                    finish(tile.vectors[v], tile.place(indices, v), result)

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
            indices = number(f, unit, [count for _, count, _ in self.order])
            at = {
                span: f.mul(index, step)
                for index, (span, _, step) in zip(indices, self.order, strict=True)
            }
            for rows in _variants(f, self.cut.span, self.cut.step, at):
                for columns in _variants(f, self.columns.span, self.columns.step, at):
                    yield Tile(f, self, unit, at, rows, columns)

    def sums(self, tile: Tile, a: str, b: str) -> list[list[Value]]:
        """Sum over the inner axes, for each row and vector of a tile."""
        f, lanes = tile.f, Lanes(tile.f, self.width)
        a = f.address(a, self.scalar, tile.offset("a"))
        b = f.address(b, self.scalar, tile.offset("b"))
        kind, column = lanes.type(self.dtype, True), 1 if self.packed else self.columns.span.b
        zero = lanes.spread(lanes.number(0, self.dtype))
        rows, across = tile.starts, len(tile.vectors)
        loops, steps = self._steps()
        cells = list(itertools.product(range(len(rows)), range(across), range(self.chains)))
        sums: dict[tuple[int, int, int], Value | None] = dict.fromkeys(cells)
        slots = {cell: f.slot(kind, zero.text) for cell in cells} if loops else {}
        with nest(f, loops) as (a_at, b_at):
            for cell, slot in slots.items():
                sums[cell] = Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True)
            for step, (a_step, b_step) in enumerate(steps):
                a_base, b_base = f.add(a_at, a_step), f.add(b_at, b_step)
                right = [
                    (lanes if self.packed else some).load(
                        b, self.dtype, Index(f.add(b_base, v * self.width * column), column)
                    )
                    for v, some in enumerate(tile.vectors)
                ]
                for r, start in enumerate(rows):
                    left = lanes.load(a, self.dtype, Index(f.add(a_base, start), 0))
                    for v, factor in enumerate(right):
                        cell = r, v, step % self.chains
                        sums[cell] = _step(lanes, left, factor, sums[cell])
            for cell, slot in slots.items():
                f.do(f"store {kind} {(sums[cell] or zero).text}, ptr {slot}")
        for cell, slot in slots.items():
            sums[cell] = Value(f.let(f"load {kind}, ptr {slot}"), self.dtype, True)
        return [
            [_total(lanes, [sums[r, v, s] or zero for s in range(self.chains)])
             for v in range(across)] for r in range(len(rows))
        ]  # fmt: skip

    def _steps(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
        """The loops over inner axes, (count, step in a, step in b), and the steps of the body."""
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


def _step(lanes: Lanes, x: Value, y: Value, total: Value | None) -> Value:
    if total is None:
        return lanes.mul(lanes.spread(x), y)
    if x.dtype.kind != "f":
        return lanes.add(lanes.mul(x, y), total)
    return lanes.fma(x, y, total)


def _total(lanes: Lanes, values: list[Value]) -> Value:
    """The sum, by halves."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return lanes.add(_total(lanes, values[:half]), _total(lanes, values[half:]))


@contextlib.contextmanager
def nest(f: Function, loops: list[tuple[int, int, int]]) -> Iterator[tuple[str, str]]:
    """Loops within loops, (count, step in x, step in y); yields the elements passed in x and y."""
    with contextlib.ExitStack() as stack:
        a_at = b_at = "0"
        for count, a, b in loops:
            i = stack.enter_context(f.loop(0, count))
            a_at, b_at = f.add(a_at, f.mul(i, a)), f.add(b_at, f.mul(i, b))
        yield a_at, b_at


def _variants(f: Function, span: Span, step: int, at: dict[Span, str]) -> Iterator[int]:
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


def number(f: Function, unit: str, counts: Sequence[int]) -> list[str]:
    """The indices of unit number `unit`, the last one running fastest."""
    indices, inside = [], math.prod(counts)
    for i, count in enumerate(counts):
        inside //= count
        if count == 1:
            indices.append("0")
            continue
        index = f.pure(f"udiv i64 {unit}, {inside}") if inside > 1 else unit
        outside = math.prod(counts[:i]) > 1
        indices.append(f.pure(f"urem i64 {index}, {count}") if outside else index)
    return indices


def choose(
    batch: list[Span], rows: list[Span], columns: list[Span], inner: list[Span], rank: int,
    dtype: np.dtype, vector_bytes: int, registers: int,
) -> Tiles:  # fmt: skip
    """The tiles that a product of these axes takes the fewest instructions with."""
    none = Span(Position((), (), "0"), 1, 0, 0, 0)
    last = columns[-1] if columns else none
    width = min(vector_bytes // dtype.itemsize, 1 << (last.size - 1).bit_length())
    vectors = -(-last.size // width)
    options = []
    for whole in range(max(len(rows), 1)):
        cut = rows[-1 - whole] if rows else none
        within = math.prod(span.size for span in rows[len(rows) - whole :])
        for step, across in itertools.product(range(1, min(cut.size, 32) + 1), range(1, 9)):
            height = step * within
            if across > vectors or height * across + min(height, across) + 1 > registers:
                continue
            cost = sum(
                n * m * _cycles(r * within, v)
                for n, r in _parts(cut.size, step)
                for m, v in _parts(vectors, across)
            )
            variants = len(_parts(cut.size, step)) * len(_parts(last.size, across * width))
            others = math.prod(span.size for span in rows[: len(rows) - whole - 1])
            options.append((cost * others * (1 + 0.02 * variants), whole, step, across))
    _, whole, step, across = min(options)
    height = step * math.prod(span.size for span in rows[len(rows) - whole :])
    steps = math.prod(span.size for span in inner)
    chains = 1
    while height * across * chains < 5 and steps >= 8 * chains and chains < 4:
        chains *= 2
    unroll = max(2, chains)
    if height * across * steps <= 128:
        unroll = max(unroll, steps)
    return Tiles(
        outer=(*batch, *columns[:-1]),
        rows=tuple(rows[: len(rows) - whole - 1]),
        cut=Cut(rows[-1 - whole] if rows else none, step),
        whole=tuple(rows[len(rows) - whole :]),
        columns=Cut(last, across * width),
        inner=tuple(inner),
        width=width,
        dtype=dtype,
        rank=rank,
        unroll=unroll,
        chains=chains,
    )


def _parts(size: int, step: int) -> list[tuple[int, int]]:
    """Tiles of a size: (how many, how large)."""
    parts = [(size // step, step), (1, size % step)]
    return [(count, part) for count, part in parts if count and part]


def _cycles(height: int, across: int) -> float:
    """The time of one step of a tile: multiplications wait for each other if there are few."""
    return max(height * across, 4) + 0.15 * (height + across)
