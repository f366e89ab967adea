"""Convolutions that skip what lies outside of x, instead of multiplying copied zeros.

The tile is some places o along the last spatial axis, times some vectors of columns. Which taps k
of that axis lie inside of x is known for each place when the code is written, as the taps are
unrolled: the first and the last tile of a line have forms of their own. Along the other axes the
place is known when the code runs, and bounds the loop over taps.

In the gradient of a kernel, o and k change roles. Tiles lie within channels, so that k is known
when the code runs on all axes, and bounds the loops over o.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurona.core.lowering import Nest
from neurona.engines.native.cuts import cuts, walk
from neurona.engines.native.llvm.lanes import Index, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.choice import NONE, Roles, choose, rows_first
from neurona.engines.native.products.outside import Border, borders
from neurona.engines.native.products.packing import Packing, worthwhile
from neurona.engines.native.products.part import Operand, Planned, along, part
from neurona.engines.native.products.parts import CHUNK_BYTES, Parts
from neurona.engines.native.products.place import Finish, Position
from neurona.engines.native.products.shuffles import sums_of_lanes
from neurona.engines.native.products.sums import finished, multiply_add, part_of
from neurona.engines.native.products.tiles import BLOCK, Cut, Span, Tile, Tiles
from neurona.engines.native.stage import Stage

TAPS = 5  # that are unrolled; more make long code
FORMS = 4  # of tiles along a line
COLUMNS = 4  # that are few for a vector
ROWS = 8  # that are few for a tile, of channels where these are cut
RESULTS = 1 << 19  # bytes of a gradient that parts of sums repay
PLACES = 128  # that repay panels of a kernel that the first cache cannot hold
FIRST_CACHE = 1 << 15
DOT_PLACES = 128  # that do not repay the transposing of a kernel
DOT_STEPS = 512  # of a sum that repay adding lanes up


@dataclass(frozen=True)
class Bordered:
    """Tiles of a convolution, and where they read outside.

    Attributes:
        tiles: the last axis of rows is cut; if it has a border, its taps are summed over last.
        line: that border, None if there is none.
        others: for each loop over other taps None, or the places that bound it and the border.
        lines: how the second one of these is cut, if it is.
        together: columns that are summed at a time, where lanes run along the sum.
    """

    tiles: Tiles
    line: Border | None
    others: tuple[tuple[Span, Border] | None, ...]
    lines: Cut | None = None
    together: int = 0

    def stages(self, flops: int) -> tuple[list[Stage], list[int]]:
        """Return the stages, of which the first packs b if that pays, and the workspaces."""
        if self.line is None and (parts := self._parts()):
            return parts.stages(flops), [parts.groups * parts.room * self.tiles.dtype.itemsize]
        stages, works, made, right = [], [], self, "b"
        if not self.tiles.dots and (worthwhile(self.tiles) or self._panels()):
            packing, right = Packing(self.tiles), "work0"
            made = replace(self, tiles=packing.packed())

            def pack(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
                packing.emit(f, pointers["b"], pointers["work0"])

            stages.append(Stage(packing.units, pack, packing.room, False))
            works.append(packing.room * self.tiles.dtype.itemsize)

        def emit(f: Function, pointers: dict[str, str], finish: Finish | None) -> None:
            assert finish is not None
            made.emit(f, pointers["a"], pointers[right], finish)

        return [*stages, Stage(made.tiles.units, emit, flops, True)], works

    def _panels(self) -> bool:
        """Whether many places read panels of a large kernel, which lie apart in its rows."""
        tiles = self.tiles
        places = math.prod(span.size for span in (*tiles.rows, tiles.cut.span))
        steps = math.prod(span.size for span in tiles.inner)
        size = steps * tiles.columns.span.size * tiles.dtype.itemsize
        return tiles.columns.tiles > 1 and size > FIRST_CACHE and places >= PLACES

    def _parts(self) -> Parts | None:
        """Long sums are cut along the images, and large images along their lines."""
        tiles = self.tiles
        images, *inside = tiles.inner
        spans = (*tiles.outer, *tiles.rows, tiles.cut.span, tiles.columns.span)
        results = math.prod(span.size for span in spans) * tiles.dtype.itemsize
        image = math.prod(span.size for span in (*inside, tiles.columns.span))
        image *= tiles.dtype.itemsize
        if self.others[0] is not None or not tiles.contiguous or results > RESULTS:
            return None
        count = max(CHUNK_BYTES // image, 1)
        count = next(n for n in range(count, 0, -1) if images.size % n == 0)
        over, made = [Cut(images, count).over], self
        if image > CHUNK_BYTES and inside:
            lines = Cut(inside[0], -(-inside[0].size // -(-image // CHUNK_BYTES)))
            over.append(lines.over)
            inside[0] = lines.span._replace(size=lines.step)
            made = replace(self, lines=lines)
        chunks = math.prod(span.size for span in over)
        within = replace(tiles, inner=(images._replace(size=count), *inside))
        made = replace(made, tiles=within)

        def products(tile: Tile, a: str, b: str) -> list[list[Value]]:
            return made._sums(tile, a, b, made.forms(tile.shape[0])[0][1])

        groups = min(chunks, 16 if results <= 1 << 17 else 8)
        return Parts(within, tuple(over), groups, products)

    def emit(self, f: Function, a: str, b: str, finish: Finish) -> None:
        """Write a kernel that computes the tiles from %begin to %end."""
        loop = self.tiles.area > 4 * self.tiles.width
        for tile in self.tiles.walk(f, "%begin", "%end"):
            for test, rows in self._forms(tile):
                with f.when(test) if test else contextlib.nullcontext():
                    sums = self._dots if self.tiles.dots else self._sums
                    finished(tile, sums(tile, a, b, rows), finish, loop)

    def forms(self, rows: int) -> list[tuple[tuple[int, int], list[list[int]]]]:
        """For tiles of so many rows: the range where they begin, and the rows inside by tap."""
        if self.line is None:
            return [((0, 0), [list(range(rows))])]
        size, step = self.tiles.cut.span.size, self.tiles.cut.step
        found: list[tuple[tuple[int, int], list[list[int]]]] = []
        for start in range(0, size, step):
            if min(step, size - start) != rows:
                continue
            inside = [
                [row for row in range(rows) if self.line.inside(start + row, tap)]
                for tap in range(self.line.taps)
            ]
            first = start
            if found and found[-1][1] == inside:
                (first, _), _ = found.pop()
            found.append(((first, start), inside))
        return found

    def _forms(self, tile: Tile) -> list[tuple[str, list[list[int]]]]:
        """For each form: the test for it, and for each tap the rows that are inside."""
        forms = self.forms(tile.shape[0])
        if len(forms) == 1:
            return [("", forms[0][1])]
        f, at = tile.f, tile.at[self.tiles.cut.span]
        result = []
        for (first, last), inside in forms:
            low = f.pure(f"icmp sge i64 {at}, {first}")
            high = f.pure(f"icmp sle i64 {at}, {last}")
            result.append((f.pure(f"and i1 {low}, {high}"), inside))
        return result

    def _limits(self, tile: Tile, number: int) -> tuple[str | int, str | int]:
        """Where a loop over other taps begins and ends."""
        f, limited = tile.f, self.others[number]
        cut = self.lines if number == 1 else None
        size = cut.span.size if cut else self.tiles.inner[number].size
        low, high = limited[1].bounds(f, tile.at[limited[0]]) if limited else (0, size)
        if not cut:
            return low, high
        begin = f.mul(tile.at[cut.over], cut.step)
        low, high = (f.pure(f"sub i64 {end}, {begin}") for end in (low, high))
        return f.larger(low, 0), f.smaller(high, cut.step)

    def _sums(self, tile: Tile, a: str, b: str, inside: list[list[int]]) -> list[list[Value]]:
        """Sum over all taps inside, for each row and vector of a tile."""
        f, tiles, lanes = tile.f, self.tiles, tile.lanes
        a, b = tile.address(a, "a"), tile.address(b, "b")
        column = 1 if tiles.packed else tiles.columns.span.b
        zero = lanes.spread(lanes.number(0, tiles.dtype))
        outer, line = tiles.inner[: len(self.others)], (*tiles.inner, NONE)[len(self.others)]
        slots = [tile.slot(zero) for _ in itertools.product(tile.starts, tile.vectors)]
        limits = [self._limits(tile, number) for number in range(len(outer))]
        *cut, _ = cuts([*(span.size for span in outer), len(inside)], BLOCK // 2)
        ranges = [(*limit, 1) for limit in limits]
        with walk(f, ranges, cut, slots, functools.partial(part_of, tile)) as (index, own):
            a_at = b_at = "0"
            for i, span in zip(index, outer, strict=True):
                a_at, b_at = f.add(a_at, f.mul(i, span.a)), f.add(b_at, f.mul(i, span.b))
            a_now, b_now = f.address(a, tiles.scalar, a_at), f.address(b, tiles.scalar, b_at)
            sums = tile.rows_of([tile.load(slot) for slot in own])
            for tap, rows in enumerate(inside):
                at, here = tap * line.b, f.again(a_now, tap) if tap else a_now
                right = [
                    (lanes if tiles.packed else some).load(
                        b_now, tiles.dtype, Index(str(at + v * tiles.width * column), column)
                    )
                    for v, some in enumerate(tile.vectors)
                ]
                for r in rows:
                    place = Index(str(tap * line.a + tile.starts[r]), 0)
                    left = lanes.load(here, tiles.dtype, place)
                    for v, factor in enumerate(right):
                        sums[r][v] = multiply_add(lanes, left, factor, sums[r][v])
            for slot, value in zip(own, itertools.chain(*sums), strict=True):
                f.do(f"store {tile.kind} {value.text}, ptr {slot}")
        return tile.rows_of([tile.load(slot) for slot in slots])

    def _dots(self, tile: Tile, a: str, b: str, inside: list[list[int]]) -> list[list[Value]]:
        """The same where lanes run along the sum: some columns at a time, then all lanes' sums."""
        f, tiles, lanes = tile.f, self.tiles, tile.lanes
        a, b = tile.address(a, "a"), tile.address(b, "b")
        zero, width = lanes.spread(lanes.number(0, tiles.dtype)), tiles.width
        outer, line = tiles.inner[: len(self.others)], (*tiles.inner, NONE)[len(self.others)]
        column, together = tiles.columns.span.b, self.together
        sums = f.slot(f"[{len(tile.starts) * width} x {tile.kind}]")
        limits = [self._limits(tile, number) for number in range(len(outer))]
        with f.loop(0, tile.columns, together) as c:
            corner = f.address(b, tiles.scalar, f.mul(c, column))
            slots = [[tile.slot(zero) for _ in range(together)] for _ in tile.starts]
            with contextlib.ExitStack() as stack:
                a_at = b_at = "0"
                for number, (span, limit) in enumerate(zip(outer, limits, strict=True), 1):
                    step = width if number == len(outer) else 1
                    i = stack.enter_context(f.loop(*limit, step))
                    a_at, b_at = f.add(a_at, f.mul(i, span.a)), f.add(b_at, f.mul(i, span.b))
                a_now = f.address(a, tiles.scalar, a_at)
                b_now = f.address(corner, tiles.scalar, b_at)
                now = [[tile.load(slot) for slot in row] for row in slots]
                for tap, rows in enumerate(inside):
                    here = f.again(a_now, tap) if tap else a_now
                    right = [
                        lanes.load(b_now, tiles.dtype, Index(str(tap * line.b + j * column)))
                        for j in range(together)
                    ]
                    for r in rows:
                        place = Index(str(tap * line.a + tile.starts[r]))
                        left = lanes.load(here, tiles.dtype, place)
                        for j, factor in enumerate(right):
                            now[r][j] = multiply_add(lanes, left, factor, now[r][j])
                for row, values in zip(slots, now, strict=True):
                    for slot, value in zip(row, values, strict=True):
                        f.do(f"store {tile.kind} {value.text}, ptr {slot}")
            for r, row in enumerate(slots):
                for j, slot in enumerate(row):
                    place = Index(f.mul(f.add(c, r * width + j), width))
                    lanes.store(sums, tile.load(slot), place)
        results = []
        for r in range(len(tile.starts)):
            places = [Index(str((r * width + c) * width)) for c in range(tile.columns)]
            vectors = [lanes.load(sums, tiles.dtype, place) for place in places]
            missing = [zero] * (width - tile.columns)
            results.append([sums_of_lanes(lanes, [*vectors, *missing])])
        return results


def plan(
    nest: Nest, x: Operand, w: Operand, shape: Sequence[int], y: Sequence[int], dtype: np.dtype,
    machine: Machine,
) -> Planned | None:  # fmt: skip
    """Plan a nest that reads x, of a shape, outside; None if that is not its kind.

    `y` holds the strides of the output. Stages are those of a product: their pointers are a, b, c.
    """
    given = borders(nest, shape)
    if given is None or 0 in nest.sizes:
        return None
    nest, found = given
    one = part(nest, x, w)
    numbers = [i for i, size in enumerate(nest.sizes) if size != 1]
    loops = dict(zip(numbers, one.loops, strict=True))
    strides = {i: along(loop.y, y) for i, loop in loops.items()}
    kept = sorted((i for i in numbers if not loops[i].summed), key=lambda i: -strides[i])
    batch = [i for i in kept if loops[i].x and loops[i].w]
    columns = [i for i in kept if loops[i].w and not loops[i].x]
    rows = [i for i in kept if not loops[i].w]
    inner = [i for i in numbers if loops[i].summed]
    bounded = {border.tap: border for border in found}
    if not rows or kept[-1] not in columns or loops[kept[-1]].size < COLUMNS:
        return None
    if not all(border.place in rows for border in found):
        return None
    line = next((border for border in found if border.place == rows[-1]), None)
    if line.taps > TAPS if line else loops[rows[-1]].size < ROWS:
        return None
    order = [i for i in inner if line is None or i != line.tap]
    others = order[:]
    if line:
        order.append(line.tap)
    axes = [*batch, *rows, *columns]

    def spans(numbers: Sequence[int]) -> list[Span]:
        return [
            Span(
                Position((axes.index(i),) if i in axes else (0,), (loops[i].size,), "0"),
                loops[i].size, loops[i].x, loops[i].w, strides[i],
            )
            for i in numbers
        ]  # fmt: skip

    of = dict(zip(kept, spans(kept), strict=True))
    last = of[rows[-1]]
    roles = Roles(spans(batch), [last], spans(columns), spans(order))
    tiles = choose(roles, len(axes), dtype, machine)
    if tiles.swapped or tiles.cut.span != last:
        return None
    size = dtype.itemsize * math.prod(loops[i].size for i in order)
    results = math.prod(loops[i].size for i in rows)
    tiles = replace(
        tiles,
        rows=tuple(of[i] for i in rows[:-1]),
        inner=tuple(spans(order)),
        rows_first=rows_first(size * tiles.columns.span.size, size * results),
        unroll=1,
        chains=1,
    )
    limits = [(of[bounded[i].place], bounded[i]) if i in bounded else None for i in others]
    together = _columns_of_dots(tiles, others, machine)
    if together:
        most = min((machine.registers - 1) // together - 1, last.size)
        step = -(-last.size // -(-last.size // most))
        across = Cut(tiles.columns.span, tiles.width)
        tiles = replace(tiles, dots=True, cut=Cut(last, step), columns=across)
    bordered = Bordered(tiles, line, tuple(limits), together=together)
    forms = sum(
        len(bordered.forms(n)) for n in {tiles.cut.step, tiles.cut.span.size % tiles.cut.step}
    )
    if forms > FORMS:
        return None
    return Planned(one, tuple(loops[i] for i in axes), *bordered.stages(one.flops))


def _columns_of_dots(tiles: Tiles, others: Sequence[int], machine: Machine) -> int:
    """How many columns tiles of dot products have at a time; 0 if another kind is better.

    A few places do not repay panels of a kernel that would have to be transposed for them.
    """
    if tiles.contiguous or not others or tiles.width < machine.lanes(tiles.dtype.itemsize):
        return 0
    last, together = tiles.inner[len(others) - 1], 4 if machine.registers >= 32 else 2
    places = math.prod(span.size for span in (*tiles.rows, tiles.cut.span))
    steps = math.prod(span.size for span in tiles.inner)
    if (last.a, last.b, last.size % tiles.width) != (1, 1, 0) or places > DOT_PLACES:
        return 0
    return together if steps >= DOT_STEPS and tiles.columns.span.size % together == 0 else 0
