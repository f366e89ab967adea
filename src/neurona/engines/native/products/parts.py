"""Long sums in parts: few results, each over very many steps, as of the gradient of a kernel.

The steps are cut into chunks, small enough for what a chunk reads to stay in the cache while all
tiles go over it, and the chunks into groups. Each group is a unit of work with partial sums of its
own; a last stage adds these up, always in the same order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Finish
from neurona.engines.native.products.sums import outer_products, total
from neurona.engines.native.products.tiles import Span, Tile, Tiles
from neurona.engines.native.stage import Stage

CHUNK_BYTES = 1 << 17  # of b; a's part is often as large, and the second cache holds both
STEPS = 1024  # shorter sums are not cut
LEAST_STEPS = 64  # of a chunk: its tiles are loaded and stored once each
FEW_STEPS = 8  # or so few for one row: then the processor sees where b's lines go, and fetches them
GROUPS = 16  # for as many threads


@dataclass(frozen=True)
class Parts:
    """A product whose inner axes are cut.

    Attributes:
        tiles: of one chunk.
        chunks: the spans that count chunks.
        groups: how many units share the chunks.
        products: sums a tile: products(tile, a, b).
    """

    tiles: Tiles
    chunks: tuple[Span, ...]
    groups: int
    products: Callable[..., list[list[Value]]] = outer_products

    @property
    def room(self) -> int:
        """Elements of the partial sums of a group."""
        return self.tiles.units * self.tiles.area

    def stages(
        self, flops: int, names: Sequence[str] = ("a", "b", "work0"),
        store: Callable[[dict[str, str]], Finish] | None = None,
    ) -> list[Stage]:  # fmt: skip
        """Return the stages: the parts of the sums first, then their sum.

        Args:
            flops: operations of all sums.
            names: of the pointers to a, b and the partial sums.
            store: what is done with the results if nobody says, given the pointers.
        """
        a, b, work = names

        def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            self.emit(f, pointers[a], pointers[b], pointers[work])

        def add_up(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            if finish is None:
                assert store is not None
                finish = store(pointers)
            self.total(f, pointers[work], finish)

        first = Stage(self.groups, emit, flops, False)
        return [first, Stage(self.tiles.units, add_up, 0, True)]

    def emit(self, f: Function, a: str, b: str, work: str) -> None:
        """Write the kernel whose units are groups of chunks."""
        tiles, lanes = self.tiles, Lanes(f, self.tiles.width)
        sizes = [span.size for span in self.chunks]
        count = math.prod(sizes)
        zero = lanes.spread(lanes.number(0, tiles.dtype))
        with f.loop("%begin", "%end") as group:
            first = f.let(f"udiv i64 {f.mul(group, count)}, {self.groups}")
            last = f.let(f"udiv i64 {f.add(f.mul(group, count), count)}, {self.groups}")
            work = f.address(work, tiles.scalar, f.mul(group, self.room))
            with f.loop(0, self.room, tiles.width) as at:
                lanes.store(work, zero, Index(at))
            with f.loop(first, last) as chunk:
                places = dict(zip(self.chunks, f.digits(chunk, sizes), strict=True))
                for tile in tiles.walk(f, "0", str(tiles.units)):
                    tile.at.update(places)
                    self._chunk(tile, a, b, work)

    def _chunk(self, tile: Tile, a: str, b: str, work: str) -> None:
        """Add a chunk's steps to the partial sums of a tile."""
        f, tiles, lanes = tile.f, self.tiles, Lanes(tile.f, self.tiles.width)
        work = f.address(work, tiles.scalar, f.mul(tile.unit, tiles.area))
        across = len(tile.vectors)
        places = [
            [Index(str((r * across + v) * tiles.width)) for v in range(across)]
            for r in range(math.prod(tile.shape))
        ]
        sums = self.products(tile, a, b)
        for place, value in zip(itertools.chain(*places), itertools.chain(*sums), strict=True):
            before = lanes.load(work, tiles.dtype, place)
            lanes.store(work, lanes.add(before, value), place)

    def total(self, f: Function, work: str, finish: Finish) -> None:
        """Write the kernel that adds the groups up, tile by tile."""
        tiles, lanes = self.tiles, Lanes(f, self.tiles.width)
        for tile in tiles.walk(f, "%begin", "%end"):
            corner = f.mul(tile.unit, tiles.area)
            across = len(tile.vectors)

            def fetch(row: str, v: str | int, corner: str = corner, across: int = across) -> Value:
                at = f.mul(f.add(f.mul(row, across), v), tiles.width)
                at = f.add(corner, at)
                base = f.address(work, tiles.scalar, at)
                groups = [
                    lanes.load(base, tiles.dtype, Index(str(group * self.room)))
                    for group in range(self.groups)
                ]
                return total(lanes, groups)

            tile.store(fetch, finish)


def cut(tiles: Tiles) -> Parts | None:
    """Cut the sums of a product if that pays."""
    spans = (*tiles.outer, *tiles.rows, tiles.cut.span, *tiles.whole, tiles.columns.span)
    size = tiles.dtype.itemsize
    steps = math.prod(span.size for span in tiles.inner)
    step_bytes = size * math.prod(span.size for span in spans if span.b)
    results = math.prod(span.size for span in spans)
    streams = not tiles.packed and steps * step_bytes > 1 << 19  # b, again for each row of tiles
    few = tiles.units < GROUPS  # too few for the threads
    if tiles.dots or not (streams or few) or steps < STEPS or steps * results < 1 << 20:
        return None
    if results * size > 1 << 19:  # partial sums would not stay in the cache
        return None
    limit = min(CHUNK_BYTES, steps * step_bytes // GROUPS) // step_bytes
    rows = math.prod(span.size for span in (*tiles.rows, tiles.cut.span, *tiles.whole))
    least = FEW_STEPS if rows == 1 else LEAST_STEPS
    chunks, within = _cut(tiles.inner, max(limit, least))
    count = math.prod(span.size for span in chunks)
    if count < 2 or math.prod(span.size for span in within) < least // 2:
        return None
    groups = min(count, GROUPS if results * size <= 1 << 17 else GROUPS // 2)
    return Parts(replace(tiles, inner=within), chunks, groups)


def _cut(inner: Sequence[Span], limit: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The spans outside and inside of equal chunks, of at most so many steps if that can be."""
    inside, steps = list(inner), 1
    within: list[Span] = []
    while inside and steps * inside[-1].size <= limit:
        within.insert(0, inside.pop())
        steps *= within[0].size
    if inside:
        span = inside.pop()
        step = next(n for n in range(max(limit // steps, 1), 0, -1) if span.size % n == 0)
        over = span._replace(size=span.size // step, a=span.a * step, b=span.b * step)
        inside.append(over)
        if step > 1:
            within.insert(0, span._replace(size=step))
    return tuple(inside), tuple(within)
