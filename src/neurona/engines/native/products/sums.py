"""The sums of a tile, and what is done with them.

Most tiles are sums of outer products: lanes run along columns. A product of a single row, whose b
lies along the sum, is dot products: lanes run along the sum too, and are added up at its end.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator, Sequence

from neurona.engines.native.cuts import Range, cuts, walk
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Finish
from neurona.engines.native.products.shuffles import sums_of_lanes
from neurona.engines.native.products.tiles import BLOCK, AnyLoop, Loop, Tile, Tiles, nest, passed

FAR = 1024  # bytes from step to step of a: the processor does not see where it goes
STEPS = 64  # of one of the sums of a dot product
AHEAD = 16  # steps from what is summed to what is fetched then


def emit(f: Function, tiles: Tiles, a: str, b: str, finish: Finish, loop: bool = False) -> None:
    """Write a kernel that computes the tiles from %begin to %end.

    With `loop`, results go by way of the stack to a loop over rows, so that a long `finish` is
    written for one row only.
    """
    for tile in tiles.walk(f, "%begin", "%end"):
        sums = dot_products(tile, a, b) if tiles.dots else outer_products(tile, a, b)
        finished(tile, sums, finish, loop)


def finished(tile: Tile, sums: list[list[Value]], finish: Finish, loop: bool) -> None:
    """Finish the results of a tile, `loop` as for `emit`."""
    if loop:
        _through_stack(tile, sums, finish)
        return
    for row, results in enumerate(sums):
        indices = tile.split(row)
        for v, result in enumerate(results):
            finish(tile.vectors[v], tile.place(indices, v), result)


def _through_stack(tile: Tile, sums: list[list[Value]], finish: Finish) -> None:
    """Store results on the stack, and finish them row by row."""
    lanes, across = tile.lanes, len(tile.vectors)
    stack = tile.f.slot(f"[{len(sums) * across} x {tile.kind}]")
    for r, row in enumerate(sums):
        for v, value in enumerate(row):
            lanes.store(stack, value, Index(str((r * across + v) * lanes.width)))

    def fetch(row: str, v: str | int) -> Value:
        at = tile.f.mul(tile.f.add(tile.f.mul(row, across), v), lanes.width)
        return lanes.load(stack, tile.tiles.dtype, Index(at))

    tile.store(fetch, finish)


def outer_products(tile: Tile, a: str, b: str) -> list[list[Value]]:
    """Sum over the inner axes, for each row and vector of a tile.

    Long sums are sums of blocks: rounding errors grow with the number of steps of one sum.
    """
    f, tiles, lanes = tile.f, tile.tiles, tile.lanes
    a, b = tile.address(a, "a"), tile.address(b, "b")
    loops, steps = tiles.steps()
    *cut, _ = cuts([*(count for count, _, _ in loops), len(steps)], BLOCK // 2)
    if not any(cut):
        return block_sums(tile, a, b, loops, steps, None)
    last = max(k for k, lengths in enumerate(cut) if lengths)
    *longer, turns = cut[last]
    count, a_step, b_step = loops[last]
    ranges: list[Range] = [*((0, n, 1) for n, _, _ in loops[:last]), (0, count, turns)]
    cut = [*cut[:last], tuple(length // turns for length in longer)]
    zero = lanes.spread(lanes.number(0, tiles.dtype))
    slots = [tile.slot(zero) for _ in itertools.product(tile.starts, tile.vectors)]
    with walk(f, ranges, cut, slots, functools.partial(part_of, tile)) as (index, own):
        a_at, b_at = passed(f, index, loops)
        left = f.smaller(f.add(count, f.mul(index[-1], -1)), turns) if count % turns else turns
        inside = [(left, a_step, b_step), *loops[last + 1 :]]
        starts = f.address(a, tiles.scalar, a_at), f.address(b, tiles.scalar, b_at)
        sums = block_sums(tile, *starts, inside, steps, None)
        for slot, value in zip(own, itertools.chain(*sums), strict=True):
            f.do(f"store {tile.kind} {lanes.add(tile.load(slot), value).text}, ptr {slot}")
    return tile.rows_of([tile.load(slot) for slot in slots])


def block_sums(
    tile: Tile, a: str, b: str, loops: Sequence[AnyLoop], steps: list[tuple[int, int]],
    start: list[list[Value]] | None,
) -> list[list[Value]]:  # fmt: skip
    """The sums over some loops, whose body is so many steps, in registers."""
    f, tiles, lanes = tile.f, tile.tiles, tile.lanes
    column = 1 if tiles.packed else tiles.columns.span.b
    zero = lanes.spread(lanes.number(0, tiles.dtype))
    rows, across = tile.starts, len(tile.vectors)
    cells = list(itertools.product(range(len(rows)), range(across), range(tiles.chains)))
    sums: dict[tuple[int, int, int], Value | None] = dict.fromkeys(cells)
    for r, row in enumerate(start or ()):
        sums.update({(r, v, 0): value for v, value in enumerate(row)})
    slots = {cell: tile.slot(sums[cell] or zero) for cell in cells} if loops else {}
    with nest(f, loops) as (a_at, b_at):
        a_now, b_now = f.address(a, tiles.scalar, a_at), f.address(b, tiles.scalar, b_at)
        if loops and loops[-1][1] * tiles.dtype.itemsize >= FAR:
            ahead = f.address(a_now, tiles.scalar, AHEAD * loops[-1][1])
            lanes.fetch(ahead, tiles.dtype, Index("0"))
        for cell, slot in slots.items():
            sums[cell] = tile.load(slot)
        for step, (a_step, b_step) in enumerate(steps):
            right = [
                (lanes if tiles.packed else some).load(
                    b_now, tiles.dtype, Index(str(b_step + v * tiles.width * column), column)
                )
                for v, some in enumerate(tile.vectors)
            ]
            for r, place in enumerate(rows):
                left = lanes.load(a_now, tiles.dtype, Index(str(a_step + place), 0))
                for v, factor in enumerate(right):
                    cell = r, v, step % tiles.chains
                    sums[cell] = multiply_add(lanes, left, factor, sums[cell])
        for cell, slot in slots.items():
            f.do(f"store {tile.kind} {(sums[cell] or zero).text}, ptr {slot}")
    for cell, slot in slots.items():
        sums[cell] = tile.load(slot)
    chains = range(tiles.chains)
    return [
        [total(lanes, [sums[r, v, s] or zero for s in chains]) for v in range(across)]
        for r in range(len(rows))
    ]


def dot_products(tile: Tile, a: str, b: str) -> list[list[Value]]:
    """The same for a tile of one row and one vector, by one vector of sums for each result."""
    f, tiles, lanes = tile.f, tile.tiles, tile.lanes
    a, b = tile.address(a, "a"), tile.address(b, "b")
    zero = lanes.spread(lanes.number(0, tiles.dtype))
    slots = [tile.slot(zero) for _ in range(tile.columns)]
    *outer, last = [(span.size, span.a, span.b) for span in tiles.inner]
    count, rest = divmod(last[0], tiles.width)
    done = count * tiles.width

    def add(some: Lanes, a_at: str, b_at: str, sums: list[str]) -> None:
        left = some.load(a, tiles.dtype, Index(a_at))
        for j, slot in enumerate(sums):
            right = some.load(b, tiles.dtype, Index(f.add(b_at, j * tiles.columns.span.b)))
            result = multiply_add(lanes, left, right, tile.load(slot))
            f.do(f"store {tile.kind} {result.text}, ptr {slot}")

    with in_blocks(tile, [*outer, (count, tiles.width, tiles.width)], slots) as (a_at, b_at, sums):
        add(lanes, a_at, b_at, sums)
    if rest:
        with in_blocks(tile, outer, slots) as (a_at, b_at, sums):
            add(lanes.first(rest), f.add(a_at, done), f.add(b_at, done), sums)
    missing = tiles.width - tile.columns
    return [[sums_of_lanes(lanes, [*map(tile.load, slots), *[zero] * missing])]]


@contextlib.contextmanager
def in_blocks(
    tile: Tile, loops: Sequence[Loop], slots: list[str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Loops within loops, cut so that no sum is of many steps: a `nest` that yields slots too."""
    f, counts = tile.f, [count for count, _, _ in loops]
    ranges = [(0, count, 1) for count in counts]
    part = functools.partial(part_of, tile)
    with walk(f, ranges, cuts(counts, STEPS), slots, part) as (index, sums):
        yield *passed(f, index, loops), sums


@contextlib.contextmanager
def part_of(tile: Tile, slots: list[str]) -> Iterator[list[str]]:
    """Begin sums of a block, which are added to those outside at its end."""
    zero = tile.lanes.spread(tile.lanes.number(0, tile.tiles.dtype))
    mine = [tile.slot(zero) for _ in slots]
    yield mine
    for slot, other in zip(slots, mine, strict=True):
        value = tile.lanes.add(tile.load(slot), tile.load(other))
        tile.f.do(f"store {tile.kind} {value.text}, ptr {slot}")


def multiply_add(lanes: Lanes, x: Value, y: Value, sum: Value | None) -> Value:
    """x * y + sum."""
    if sum is None:
        return lanes.mul(lanes.spread(x), y)
    if x.dtype.kind != "f":
        return lanes.add(lanes.mul(x, y), sum)
    return lanes.fma(x, y, sum)


def total(lanes: Lanes, values: list[Value]) -> Value:
    """The sum, by halves."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return lanes.add(total(lanes, values[:half]), total(lanes, values[half:]))
