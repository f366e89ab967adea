"""Go along a row with vectors of lanes, and with masks or one by one along what is left."""

from __future__ import annotations

from collections.abc import Callable

from neurona.engines.native.kernels.units import bounds
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
            tail(f, machine, width, size, body)


def sweep_units(
    f: Function, machine: Machine, width: int, size: int, step: int, body: Body
) -> None:
    """The same for a row whose blocks of `step` elements are the units, which are one loop."""
    main, count = size - size % width, -(-size // step)
    begin, end = bounds(count)
    if main:
        stop = main if count == 1 else f.smaller(f.mul(end, step), main)
        with f.loop(f.mul(begin, step), stop, width) as i:
            body(Lanes(f, width), i)
    if size > main and count == 1:
        tail(f, machine, width, size, body)
    elif size > main:
        with f.when(f.let(f"icmp eq i64 {end}, {count}")):
            tail(f, machine, width, size, body)


def tail(f: Function, machine: Machine, width: int, size: int, body: Body) -> None:
    """Write what is done with the elements behind the last whole vector: masked, or one by one."""
    main = size - size % width
    if machine.masks:
        body(Lanes(f, width).first(size - main), str(main))
    else:
        with f.loop(main, size) as i:
            body(Lanes(f, 1), i)


def blocks(size: int, width: int, most: int) -> int:
    """How long blocks are if a row has at most so many; two vectors or more."""
    return max(-(-size // (most * width)), 2) * width
