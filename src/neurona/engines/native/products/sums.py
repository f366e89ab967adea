"""The sums of a tile, and what is done with them.

Most tiles are sums of outer products: lanes run along columns. A product of a single row, whose b
lies along the sum, is dot products: lanes run along the sum too, and are added up at its end.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.products.place import Finish
from neurona.engines.native.products.shuffles import sums_of_lanes
from neurona.engines.native.products.tiles import AnyLoop, Tile, Tiles, nest

FAR = 1024  # bytes from step to step of a: the processor does not see where it goes
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


def outer_products(
    tile: Tile, a: str, b: str, start: list[list[Value]] | None = None
) -> list[list[Value]]:
    """Sum over the inner axes, for each row and vector of a tile; on top of `start`.

    Long sums are sums of blocks: rounding errors grow with the number of steps of one sum.
    """
    f, tiles, lanes = tile.f, tile.tiles, tile.lanes
    a, b = tile.address(a, "a"), tile.address(b, "b")
    outer, loops, steps = tiles.steps()
    if not outer:
        return block_sums(tile, a, b, loops, steps, start)
    zero = lanes.spread(lanes.number(0, tiles.dtype))
    zeros = [[zero] * len(tile.vectors) for _ in tile.starts]
    slots = [[tile.slot(value) for value in row] for row in start or zeros]
    with nest(f, outer) as (a_at, b_at):
        a, b = f.address(a, tiles.scalar, a_at), f.address(b, tiles.scalar, b_at)
        sums = block_sums(tile, a, b, loops, steps, None)
        for slot, value in zip(itertools.chain(*slots), itertools.chain(*sums), strict=True):
            f.do(f"store {tile.kind} {lanes.add(tile.load(slot), value).text}, ptr {slot}")
    return [[tile.load(slot) for slot in row] for row in slots]


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

    def add(some: Lanes, a_at: str, b_at: str) -> None:
        left = some.load(a, tiles.dtype, Index(a_at))
        for j, slot in enumerate(slots):
            right = some.load(b, tiles.dtype, Index(f.add(b_at, j * tiles.columns.span.b)))
            result = multiply_add(lanes, left, right, tile.load(slot))
            f.do(f"store {tile.kind} {result.text}, ptr {slot}")

    with nest(f, [*outer, (count, tiles.width, tiles.width)]) as (a_at, b_at):
        add(lanes, a_at, b_at)
    if rest:
        with nest(f, outer) as (a_at, b_at):
            add(lanes.first(rest), f.add(a_at, done), f.add(b_at, done))
    missing = tiles.width - tile.columns
    return [[sums_of_lanes(lanes, [*map(tile.load, slots), *[zero] * missing])]]


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
