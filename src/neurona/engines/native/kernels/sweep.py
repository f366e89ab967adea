"""Go along a row with vectors of lanes, and with masks or one by one along what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neurona.engines.native.llvm.lanes import Lanes
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function

Body = Callable[[Lanes, str], None]


def sweep(
    f: Function, machine: Machine, width: int, size: int, block: int, number: str, body: Body
) -> None:
    """Write `body(lanes, i)` for the elements of a row that belong to a block.

    Args:
        f: where to.
        machine: whether it has masks.
        width: number of lanes.
        size: elements of the row.
        block: elements of a block, a multiple of the width.
        number: which block, an i64; only the last one may be shorter.
        body: i is the element of lane 0.
    """
    main = size - size % width
    start = f.mul(number, block)
    if main:
        stop = f.smaller(f.add(start, block), main)
        with f.loop(start, stop, width) as i:
            body(Lanes(f, width), i)
    if size > main:
        with f.when(f.pure(f"icmp eq i64 {number}, {-(-size // block) - 1}")):
            if machine.masks:
                body(Lanes(f, width).first(size - main), str(main))
            else:
                with f.loop(main, size) as i:
                    body(Lanes(f, 1), i)


def indices(f: Function, number: str, sizes: Sequence[int]) -> list[str]:
    """Take the number of an element apart into an index for each axis."""
    found = []
    for size in reversed(sizes[1:]):
        found.append("0" if size == 1 else f.pure(f"urem i64 {number}, {size}"))
        number = number if size == 1 else f.pure(f"udiv i64 {number}, {size}")
    return [number, *reversed(found)] if sizes else []


def blocks(size: int, width: int, most: int) -> int:
    """How long blocks are if a row has at most so many; two vectors or more."""
    return max(-(-size // (most * width)), 2) * width
