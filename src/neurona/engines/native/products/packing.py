"""Packing: operand b copied into panels, in the order in which tiles read it.

A panel is the columns of a tile: for each step of the inner axes they lie side by side, padded to
whole vectors. What is contiguous along the inner axes is transposed in registers, by blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from neurona.engines.native.llvm.lanes import Index, Lanes
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.shuffles import transposed
from neurona.engines.native.products.tiles import Loop, Span, Tiles, nest

ONCE = 1 << 14  # bytes of an operand that is packed before a loop: half of the first cache


@dataclass(frozen=True)
class Packing:
    """Copies b for `tiles`; its kernel has one unit for each vector of columns."""

    tiles: Tiles

    @property
    def outer(self) -> list[Span]:
        """The spans outside of panels that b depends on."""
        return [span for span in self.tiles.outer if span.b]

    @property
    def steps(self) -> int:
        """Steps of the inner axes."""
        return math.prod(span.size for span in self.tiles.inner)

    @property
    def vectors(self) -> int:
        """Vectors of columns."""
        return -(-self.tiles.columns.span.size // self.tiles.width)

    @property
    def units(self) -> int:
        """How many vectors there are to pack."""
        return self.vectors * math.prod(span.size for span in self.outer)

    @property
    def room(self) -> int:
        """Elements of all panels."""
        panels = self.tiles.columns.tiles * math.prod(span.size for span in self.outer)
        return panels * self.steps * self.tiles.columns.step

    def packed(self) -> Tiles:
        """The tiles that read the panels."""
        stride = panel = self.tiles.columns.step
        inner = []
        for span in reversed(self.tiles.inner):
            inner.append(span._replace(b=stride))
            stride *= span.size
        columns = self.tiles.columns.span._replace(b=stride // panel)
        stride *= self.tiles.columns.tiles
        outer = []
        for span in reversed(self.tiles.outer):
            outer.append(span._replace(b=stride if span.b else 0))
            stride *= span.size if span.b else 1
        return replace(
            self.tiles,
            outer=tuple(reversed(outer)),
            columns=self.tiles.columns._replace(span=columns),
            inner=tuple(reversed(inner)),
            packed=True,
        )

    def emit(self, f: Function, source: str, target: str) -> None:
        """Write the kernel that copies from b to the panels."""
        tiles, packed = self.tiles, self.packed()
        column, scalar = tiles.columns.span.b, tiles.scalar
        across = tiles.columns.step // tiles.width
        with f.loop("%begin", "%end") as unit:
            *indices, vector = f.digits(unit, [*(s.size for s in self.outer), self.vectors])
            read = f.mul(vector, tiles.width * column)
            panel, within = f.digits(vector, (0, across))
            write = f.add(f.mul(panel, self.steps * tiles.columns.step), f.mul(within, tiles.width))
            there = [span for span in packed.outer if span.b]
            for index, span, place in zip(indices, self.outer, there, strict=True):
                read = f.add(read, f.mul(index, span.b))
                write = f.add(write, f.mul(index, place.b))
            source = f.address(source, scalar, read)
            target = f.address(target, scalar, write)
            if tiles.inner and tiles.inner[-1].b == 1 != column and tiles.width > 1:
                self._transpose(f, source, target, vector)
            else:
                self._copy(f, source, target, vector)

    def _copy(self, f: Function, source: str, target: str, vector: str) -> None:
        """Copy a vector of columns, for all steps of the inner axes."""
        tiles, column = self.tiles, self.tiles.columns.span
        loops = self._loops()
        rest = column.size % tiles.width
        for part in (tiles.width, rest):
            if not part or part > column.size:
                continue
            whole = column.size // tiles.width
            test = f.let(f"icmp {'slt' if part == tiles.width else 'eq'} i64 {vector}, {whole}")
            with f.when(test), nest(f, loops) as (read, write):
                lanes = Lanes(f, tiles.width)
                some = lanes.first(part) if part < tiles.width else lanes
                value = some.load(source, tiles.dtype, Index(read, column.b))
                lanes.store(target, value, Index(write))

    def _transpose(self, f: Function, source: str, target: str, vector: str) -> None:
        """The same where b lies along the last of the inner axes, by square blocks."""
        tiles, column = self.tiles, self.tiles.columns.span
        width, size = tiles.width, tiles.inner[-1].size
        *loops, (_, _, step) = self._loops()
        offsets = [str(j * column.b) for j in range(width)]
        if column.size % width:  # past the last column: the last one again
            first = f.mul(vector, width)
            last = f.let(f"sub i64 {column.size - 1}, {first}")
            for j in range(width):
                offsets[j] = f.mul(f.smaller(last, j), column.b)
        block = min(width, size)
        lanes = Lanes(f, width)
        some = lanes.first(block) if block < width else lanes
        with nest(f, loops) as (read, write), f.loop(0, size, block) as k:
            if size % block:  # the last block begins where it ends with the axis
                k = f.smaller(k, size - block)
            read, write = f.add(read, k), f.add(write, f.mul(k, step))
            rows = [some.load(source, tiles.dtype, Index(f.add(read, at))) for at in offsets]
            for i, row in enumerate(transposed(lanes, rows)[:block]):
                lanes.store(target, row, Index(f.add(write, i * step)))

    def _loops(self) -> list[Loop]:
        """The inner axes, as (count, step in b, step in the panel)."""
        pairs = zip(self.tiles.inner, self.packed().inner, strict=True)
        return [(span.size, span.b, place.b) for span, place in pairs]


def worthwhile(tiles: Tiles, turns: int = 1) -> bool:
    """Whether the rows of results repay a copy of b, which is the same in so many turns."""
    rows = math.prod(span.size for span in (*tiles.rows, tiles.cut.span, *tiles.whole))
    steps = math.prod(span.size for span in tiles.inner)
    if not tiles.contiguous:
        return steps * tiles.columns.span.size > 16 and rows > 1 and tiles.width > 1
    size = steps * tiles.columns.span.size * tiles.dtype.itemsize
    stride = max((span.b for span in tiles.inner), default=0) * tiles.dtype.itemsize
    panel = tiles.columns.step * tiles.dtype.itemsize
    if turns > 1 and tiles.columns.tiles > 1:
        return rows > 1 and rows * turns >= 64 and size >= ONCE
    if panel <= 128 and stride % 256 == 0:  # narrow panels would share few sets of the cache
        return rows >= 64 and steps * panel >= 1 << 13
    return rows >= 256 and size >= 1 << 20 and stride >= 1 << 11
