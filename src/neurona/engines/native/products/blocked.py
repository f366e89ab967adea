"""Large products, block by block: the columns that a block reads are copied into its own cache.

A unit takes some blocks of results, each by chunks of the sum. The chunk of b is packed into panels
as wide as a tile, which stay in the second cache while all rows of the block meet them. The sums of
a row of tiles gather beside them, and are finished row by row: whatever is made of them is read and
written in the order of memory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from neurona.engines.native.llvm.lanes import BOOL, Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Finish, Place
from neurona.engines.native.products.shuffles import transposed
from neurona.engines.native.products.sums import block_sums
from neurona.engines.native.products.tiles import BLOCK, Tile, Tiles, variants

FAR = 1 << 20  # bytes of an operand that had better be packed block by block,
NEAR, WIDE = 1 << 18, 1 << 10  # or so many if its steps are so wide: they share sets and pages
ROWS, COLUMNS, STEPS = 512, 384, 384  # of a block, at most about: b's panels fill half a cache
FEW_ROWS, FEW_COLUMNS = 64, 96  # of a block, at least about: to pack is no work beside them
UNITS, SHARES = 64, 8  # ranges of blocks: at most, as each has a workspace; and enough for threads
CHUNKS = 64  # of one sum; the sums of more are sums of sums
AHEAD = 8  # steps from what is packed to what is fetched


@dataclass(frozen=True)
class Blocked:
    """A product cut into blocks.

    Attributes:
        tiles: with one span of rows, and one that is summed over.
        rows, columns: of a block, in whole tiles.
        steps: of a chunk.
    """

    tiles: Tiles
    rows: int
    columns: int
    steps: int

    @property
    def counts(self) -> list[int]:
        """How many blocks there are along the outer spans, the rows and the columns."""
        rows = -(-self.tiles.cut.span.size // self.rows)
        columns = -(-self.tiles.columns.span.size // self.columns)
        return [*(span.size for span in self.tiles.outer), rows, columns]

    @property
    def chunks(self) -> int:
        """How many there are."""
        return -(-self.tiles.inner[0].size // self.steps)

    @property
    def units(self) -> int:
        """How many ranges of blocks threads may take."""
        return min(math.prod(self.counts), UNITS)

    @property
    def packed(self) -> Tiles:
        """The tiles as they read the panels."""
        return replace(self.tiles, packed=True, unroll=1, chains=1)

    @property
    def kept(self) -> int:
        """Rows of sums that are kept: all if there are chunks to come, else a tile's."""
        return self.rows if self.chunks > 1 else self.tiles.cut.step

    @property
    def totals(self) -> int:
        """How far behind each sum is that of all sums of `CHUNKS` before; 0 if there is none."""
        return self.kept * self.columns if self.chunks > CHUNKS else 0

    @property
    def room(self) -> int:
        """Elements of a unit's workspace: panels and sums, and a line that parts two of them."""
        sums = self.kept * self.columns + self.totals
        return self.steps * self.columns + sums + 64 // self.tiles.dtype.itemsize

    def emit(self, f: Function, a: str, b: str, work: str, finish: Finish) -> None:
        """Write the kernel whose units are ranges of blocks."""
        tiles, (inner,), count = self.tiles, self.tiles.inner, math.prod(self.counts)
        first = f.let(f"udiv i64 {f.mul('%begin', count)}, {self.units}")
        last = f.let(f"udiv i64 {f.mul('%end', count)}, {self.units}")
        panels = f.address(work, tiles.scalar, f.mul("%begin", self.room))
        sums = f.address(panels, tiles.scalar, self.steps * self.columns)
        with f.loop(first, last) as unit:
            *outer, i, j = f.digits(unit, self.counts)
            block = _Block(self, f, outer, f.mul(i, self.rows), f.mul(j, self.columns))
            left, right = block.corner(a, "a"), block.corner(b, "b")
            with f.loop(0, self.chunks) as chunk:
                start = f.mul(chunk, self.steps)
                steps = f.smaller(_minus(f, inner.size, start), self.steps)
                block.pack(f.address(right, tiles.scalar, f.mul(start, inner.b)), panels, steps)
                left_now = f.address(left, tiles.scalar, f.mul(start, inner.a))
                for row, now in block.rows_of_tiles(sums, chunk):
                    block.multiply(row, left_now, panels, now, steps)
                    with f.when(f.pure(f"icmp eq i64 {chunk}, {self.chunks - 1}")):
                        block.finish(row, now, finish)


class _Block:
    """One block, while its code is written: its corner, and how much of it there is."""

    def __init__(self, cut: Blocked, f: Function, outer: list[str], row: str, column: str) -> None:
        self.cut, self.tiles, self.f = cut, cut.tiles, f
        self.outer, self.row, self.column = outer, row, column
        self.rows = f.smaller(_minus(f, self.tiles.cut.span.size, row), cut.rows)
        self.columns = f.smaller(_minus(f, self.tiles.columns.span.size, column), cut.columns)
        self.lanes = Lanes(f, self.tiles.width)
        self.spans = [*self.tiles.outer, self.tiles.cut.span, self.tiles.columns.span]

    def corner(self, pointer: str, operand: str) -> str:
        """Where the block begins in an operand."""
        place = "0"
        for span, at in zip(self.spans, [*self.outer, self.row, self.column], strict=True):
            place = self.f.add(place, self.f.mul(at, getattr(span, operand)))
        return self.f.address(pointer, self.tiles.scalar, place)

    def vectors(self) -> Iterator[tuple[Lanes, str]]:
        """Write a loop over the vectors of a row; yields lanes and the first column of each."""
        f, width = self.f, self.tiles.width
        rest = self.tiles.columns.span.size % width
        whole = f.pure(f"and i64 {self.columns}, {-width}") if rest else self.columns
        with f.loop(0, whole, width) as at:
            yield self.lanes, at
        if rest:
            with f.when(f.let(f"icmp slt i64 {whole}, {self.columns}")):
                yield self.lanes.first(rest), whole

    def pack(self, b: str, panels: str, steps: str) -> None:
        """Copy a chunk of b into panels."""
        f, tiles, (inner,) = self.f, self.tiles, self.tiles.inner
        column, panel, width = tiles.columns.span.b, tiles.columns.step, tiles.width
        if column != 1 and inner.b == 1 and width > 1:
            with f.loop(0, self.columns, width) as at:
                self._turn(b, at, f.address(panels, tiles.scalar, self._panel(at)), steps)
            return
        with f.loop(0, steps) as k:
            line = f.address(b, tiles.scalar, f.mul(k, inner.b))
            ahead = f.address(line, tiles.scalar, AHEAD * inner.b)
            for lanes, at in self.vectors():
                index = Index(f.mul(at, column), column)
                lanes.fetch(ahead, tiles.dtype, index)
                value = lanes.load(line, tiles.dtype, index)
                self.lanes.store(panels, value, Index(f.add(self._panel(at), f.mul(k, panel))))

    def _panel(self, column: str) -> str:
        """Where a column of the block begins among the panels."""
        f, panel = self.f, self.tiles.columns.step
        number = f.pure(f"udiv i64 {column}, {panel}")
        return f.add(f.mul(number, (self.cut.steps - 1) * panel), column)

    def _turn(self, b: str, at: str, target: str, steps: str) -> None:
        """Copy a vector of columns, each of which lies along the steps, by squares."""
        f, tiles, lanes, width = self.f, self.tiles, self.lanes, self.tiles.width
        column, last = tiles.columns.span.b, f.add(self.columns, -1)
        starts = [f.mul(f.smaller(f.add(at, j), last), column) for j in range(width)]
        with f.loop(0, steps, width) as k:
            k = f.smaller(k, f.add(steps, -width))  # the last square ends where the steps end
            rows = [lanes.load(b, tiles.dtype, Index(f.add(start, k))) for start in starts]
            to = f.mul(k, tiles.columns.step)
            for i, row in enumerate(transposed(lanes, rows)):
                lanes.store(target, row, Index(f.add(to, i * tiles.columns.step)))

    def rows_of_tiles(self, sums: str, chunk: str) -> Iterator[tuple[str, str]]:
        """Write a loop over rows of tiles; yields the first row, and where its sums are."""
        f, step, columns = self.f, self.tiles.cut.step, self.cut.columns
        with f.loop(0, self.rows, step) as row:
            if self.cut.chunks == 1:
                yield row, sums
                return
            now = f.address(sums, self.tiles.scalar, f.mul(row, columns))
            number = f.pure(f"urem i64 {chunk}, {CHUNKS}") if self.cut.totals else chunk
            start, width = f.pure(f"icmp eq i64 {number}, 0"), self.tiles.width
            with f.when(start), f.loop(0, step * columns, width) as at:
                if self.cut.totals:
                    self._add_to_total(now, at, chunk)
                self.lanes.store(now, self.lanes.number(0, self.tiles.dtype), Index(at))
            yield row, now

    def _add_to_total(self, sums: str, at: str, chunk: str) -> None:
        """Add sums to the totals; before the first chunk there are none, and no totals."""
        lanes, dtype, f = self.lanes, self.tiles.dtype, self.f
        there = Index(f.add(at, self.cut.totals))
        both = lanes.add(lanes.load(sums, dtype, there), lanes.load(sums, dtype, Index(at)))
        first = Value(f.pure(f"icmp eq i64 {chunk}, 0"), BOOL, False)
        lanes.store(sums, lanes.select(first, lanes.number(0, dtype), both), there)

    def multiply(self, row: str, a: str, panels: str, sums: str, steps: str) -> None:
        """Let a row of tiles meet every panel, over the steps of a chunk."""
        f, tiles, cut, panel = self.f, self.tiles, self.tiles.cut, self.tiles.columns.step
        a = f.address(a, tiles.scalar, f.mul(row, cut.span.a))
        last = {cut.span: f.add(self.row, row)}
        for rows in variants(f, cut.span, cut.step, last):
            with f.loop(0, self.columns, panel) as at:
                b = f.address(panels, tiles.scalar, f.mul(at, self.cut.steps))
                here = f.address(sums, tiles.scalar, at)
                span, column = tiles.columns.span, f.add(self.column, at)
                for columns in variants(f, span, panel, {span: column}):
                    self._tile(Tile(f, self.cut.packed, "0", {}, rows, columns), a, b, here, steps)

    def _tile(self, tile: Tile, a: str, b: str, sums: str, steps: str) -> None:
        """Add a tile's products to its sums.

        Up to a length as if there were no chunks, step after step: the same bits as without blocks.
        Longer sums are sums of chunks, as rounding errors grow with the number of steps.
        """
        tiles, lanes, across = self.tiles, self.lanes, range(len(tile.vectors))
        loop = (steps, tiles.inner[0].a, tiles.columns.step)
        places = [
            [Index(str(r * self.cut.columns + v * tiles.width)) for v in across]
            for r in range(len(tile.starts))
        ]
        before = None
        if self.cut.chunks > 1:
            before = [[lanes.load(sums, tiles.dtype, place) for place in row] for row in places]
        on_top = tiles.inner[0].size <= BLOCK
        found = block_sums(tile, a, b, [loop], [(0, 0)], before if on_top else None)
        for r, v in itertools.product(range(len(places)), across):
            value = found[r][v]
            if before and not on_top:
                value = lanes.add(before[r][v], value)
            lanes.store(sums, value, places[r][v])

    def finish(self, row: str, sums: str, finish: Finish) -> None:
        """Finish the sums of a row of tiles."""
        f, tiles, step = self.f, self.tiles, self.tiles.cut.step
        with f.loop(0, f.smaller(_minus(f, self.rows, row), step)) as i:
            line = f.address(sums, tiles.scalar, f.mul(i, self.cut.columns))
            for lanes, at in self.vectors():
                value = self.lanes.load(line, tiles.dtype, Index(at))
                if self.cut.totals:
                    total = self.lanes.load(line, tiles.dtype, Index(f.add(at, self.cut.totals)))
                    value = self.lanes.add(total, value)
                finish(lanes, self._place(f.add(row, i), at), value)

    def _place(self, row: str, column: str) -> Place:
        """Where a vector of results stands."""
        f = self.f
        bases = [*self.outer, f.add(self.row, row), f.add(self.column, column)]
        pairs = zip(self.spans, bases, strict=True)
        positions = [span.position._replace(base=base) for span, base in pairs]
        return Place(f, self.tiles.rank, positions, positions[-1].axes[-1])


def cut(tiles: Tiles) -> Blocked | None:
    """Cut a product into blocks if that pays."""
    if tiles.rows or tiles.whole or tiles.dots or len(tiles.inner) != 1:
        return None
    (inner,), rows, columns = tiles.inner, tiles.cut, tiles.columns
    if rows.span.size < FEW_ROWS // 2 or columns.span.size < FEW_COLUMNS or inner.size < 32:
        return None
    size, stride = inner.size * columns.span.size, inner.b * tiles.dtype.itemsize
    if size * tiles.dtype.itemsize < (NEAR if stride >= WIDE else FAR):
        return None
    outer = math.prod(span.size for span in tiles.outer)
    down, across = -(-rows.span.size // ROWS), -(-columns.span.size // COLUMNS)
    wanted = -(-2 * SHARES // (outer * down))  # narrower blocks first: what is packed stays as much
    across = max(across, min(wanted, columns.span.size // FEW_COLUMNS))
    down = max(down, min(-(-SHARES // (outer * across)), rows.span.size // FEW_ROWS))
    least = -(-inner.size // -(-inner.size // STEPS))
    whole = (n for n in range(least, inner.size + 1) if (inner.size - 1) % n + 1 >= tiles.width)
    return Blocked(
        tiles,
        _piece(rows.span.size, down, rows.step),
        _piece(columns.span.size, across, columns.step),
        next(whole),  # the last chunk is a vector at least, so that squares of it can be turned
    )


def _piece(size: int, count: int, step: int) -> int:
    """The length of so many pieces of a size, or of fewer, each of whole steps."""
    return -(-size // (count * step)) * step


def _minus(f: Function, size: int | str, at: str) -> str:
    return f.add(size, f.mul(at, -1))
