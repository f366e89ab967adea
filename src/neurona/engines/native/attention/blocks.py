"""Blocks of numbers in a workspace: copied there, multiplied, gone through row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from neurona.engines.native.attention.geometry import HEIGHT, Geometry
from neurona.engines.native.llvm.lanes import BOOL, I64, Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Position
from neurona.engines.native.products.shuffles import transposed
from neurona.engines.native.products.sums import block_sums
from neurona.engines.native.products.tiles import Cut, Span, Tile, Tiles

Count = int | str
NOWHERE = Position((), (), "0")


class Matrix(NamedTuple):
    """Numbers at `pointer + row * row_step + column * column_step`."""

    pointer: str
    row: int
    column: int = 1


class Blocks:
    """Writes what is done with blocks of numbers of one attention.

    Args:
        f: where to.
        given: sizes.
    """

    def __init__(self, f: Function, given: Geometry) -> None:
        self.f, self.given = f, given
        self.lanes, self.one = Lanes(f, given.lanes), Lanes(f, 1)

    def number(self, value: float) -> Value:
        """A constant."""
        return self.lanes.number(value, self.given.dtype)

    def at(self, pointer: str, *places: Count) -> str:
        """An address so many numbers further on."""
        place: Count = "0"
        for more in places:
            place = self.f.add(place, more)
        return self.f.address(pointer, self.given.scalar, place)

    def load(self, pointer: str, place: Count, step: int = 1) -> Value:
        """Read a vector; with step 0 one number."""
        return self.lanes.load(pointer, self.given.dtype, Index(str(place), step))

    def store(self, pointer: str, value: Value, place: Count) -> None:
        """Write a vector."""
        self.lanes.store(pointer, self.lanes.spread(value), Index(str(place)))

    def fill(self, pointer: str, count: Count, value: float) -> None:
        """Set whole vectors of numbers."""
        with self.f.loop(0, count, self.given.lanes) as i:
            self.store(pointer, self.number(value), i)

    def vectors(self, columns: int) -> Iterator[tuple[Lanes, str]]:
        """Write what is done with the vectors of a row; yields lanes that count, and a column."""
        whole = columns - columns % self.given.lanes
        with self.f.loop(0, whole, self.given.lanes) as column:
            if whole:
                yield self.lanes, column
        if whole < columns:
            yield self.lanes.first(columns - whole), str(whole)

    def copy_rows(
        self, target: str, source: Matrix, rows: Count, padded: Count, columns: int,
        factor: float = 1.0,
    ) -> None:  # fmt: skip
        """Copy rows, times a factor, to rows of whole vectors; zeros stand behind and below."""
        f, b, width = self.f, self.lanes, self.given.padded(columns)
        with f.loop(0, rows) as row:
            for lanes, column in self.vectors(columns):
                place = Index(f.add(f.mul(row, source.row), column))
                x = lanes.load(source.pointer, self.given.dtype, place)
                x = x if factor == 1.0 else b.mul(x, self.number(factor))
                self.store(target, x, f.add(f.mul(row, width), column))
        with f.loop(f.mul(rows, width), f.mul(padded, width), self.given.lanes) as behind:
            self.store(target, self.number(0.0), behind)

    def write_rows(
        self, target: Matrix, source: str, rows: Count, columns: int, factor: float = 1.0
    ) -> None:
        """Copy rows of whole vectors, times a factor, to where they are wanted."""
        f, b, width = self.f, self.lanes, self.given.padded(columns)
        with f.loop(0, rows) as row:
            for lanes, column in self.vectors(columns):
                x = self.load(source, f.add(f.mul(row, width), column))
                x = x if factor == 1.0 else b.mul(x, self.number(factor))
                lanes.store(target.pointer, x, Index(f.add(f.mul(row, target.row), column)))

    def copy_panels(
        self, target: str, source: Matrix, rows: Count, padded: Count, columns: int
    ) -> None:
        """Copy rows as columns of panels: for each column of the source the rows side by side.

        Behind the last row it stands again and again: finite numbers, that nobody looks at.
        """
        f, given, width = self.f, self.given, self.given.lanes
        last = f.add(rows, -1)
        with f.loop(0, padded, width) as row:
            starts = [f.mul(f.smaller(f.add(row, j), last), source.row) for j in range(width)]
            panel = f.pure(f"udiv i64 {row}, {given.panel}")
            to = f.add(row, f.mul(panel, (columns - 1) * given.panel))
            for lanes, column in self.vectors(columns):
                lines = [
                    lanes.load(source.pointer, given.dtype, Index(f.add(start, column)))
                    for start in starts
                ]
                whole = lanes.mask is None
                count = width if whole else columns % width
                for i, line in enumerate(transposed(self.lanes, lines)[:count]):
                    place = f.mul(f.add(column, i), given.panel)
                    self.store(target, line, f.add(to, place))

    def product(
        self, target: Matrix, left: Matrix, right: Matrix, rows: Count, steps: Count,
        columns: Sequence[tuple[Count, Count, int]], add: bool,
    ) -> None:  # fmt: skip
        """target (+)= left @ right, by tiles.

        Args:
            target: what the results are written to, or added to if `add`.
            left, right: rows of left are those of the target, columns of left are rows of right.
                The column step of right is from a tile of columns to the next, for each of them.
            rows: a multiple of HEIGHT.
            steps: how many are summed.
            columns: tiles of them: from, to, vectors of each.
        """
        f, given, lanes = self.f, self.given, self.lanes
        for start, stop, vectors in columns:
            width, height = vectors * given.lanes, HEIGHT
            tiles = Tiles(
                outer=(), rows=(), whole=(),
                cut=Cut(Span(NOWHERE, height, left.row, 0, 0), height),
                columns=Cut(Span(NOWHERE, width, 0, 1, 1), width),
                inner=(Span(NOWHERE, 1, left.column, right.row, 0),),
                width=given.lanes, dtype=given.dtype, rank=2,
            )  # fmt: skip
            with f.loop(start, stop, width) as column, f.loop(0, rows, height) as row:
                tile = Tile(f, tiles, "0", {}, height, width)
                a = self.at(left.pointer, f.mul(row, left.row))
                b = self.at(right.pointer, f.mul(column, right.column))
                c = self.at(target.pointer, f.mul(row, target.row), column)
                places = [
                    [str(r * target.row + v * given.lanes) for v in range(vectors)]
                    for r in range(height)
                ]
                before = [[self.load(c, place) for place in line] for line in places if add]
                loop = (steps, left.column, right.row)
                sums = block_sums(tile, a, b, [loop], [(0, 0)], before or None)
                for line, values in zip(places, sums, strict=True):
                    for place, value in zip(line, values, strict=True):
                        lanes.store(c, value, Index(place))

    def reduced(self, name: str, x: Value) -> Value:
        """The sum or the largest of the lanes, as one number."""
        if self.given.lanes == 1:
            return x._replace(wide=False)
        kind, scalar = self.lanes.type_of(x), self.given.scalar
        suffix = f"v{self.given.lanes}{'f32' if scalar == 'float' else 'f64'}"
        module = self.f.module
        if name == "sum":  # in halves: the same order everywhere
            target = module.declare(f"llvm.vector.reduce.fadd.{suffix}", scalar, scalar, kind)
            given = f"{scalar} -0.0, {kind} {x.text}"
            text = self.f.pure(f"call reassoc {scalar} {target}({given})")
        else:
            target = module.declare(f"llvm.vector.reduce.fmax.{suffix}", scalar, kind)
            text = self.f.pure(f"call {scalar} {target}({kind} {x.text})")
        return Value(text, x.dtype, False)

    def hidden(self, number: str, masks: str, row: str, first: Count) -> Callable[..., Value]:
        """Return what says of keys of a tile, from column on, whether query `row` sees them.

        Args:
            number: of the head.
            masks: address of the mask; "" without.
            row: the query.
            first: the tile's first key.
        """
        f, given, b = self.f, self.given, self.lanes
        stop: Count = given.s
        if given.causal:
            stop = f.smaller(stop, f.add(row, 1))
        limit = Value(str(f.add(stop, f.mul(first, -1))), I64, False)

        def seen(column: str) -> Value:
            near = b.lt(b.line(column), limit)
            if not masks:
                return near
            start, down, along = given.masked(f, number)
            last = f.smaller(row, given.t - 1)  # behind it there are rows that only fill a tile
            place = f.add(start, f.mul(last, down))
            if along:
                place = f.add(place, f.add(first, column))
                return b.masked(near.text).load(masks, BOOL, Index(place))
            return b.logical_and(near, b.load(masks, BOOL, Index(place, 0)))

        return seen
