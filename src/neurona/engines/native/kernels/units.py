"""Units of work as code: their range, and the indices of the loops that a unit stands for."""

from __future__ import annotations

from collections.abc import Sequence

from neurona.engines.native.kernels.space import Space
from neurona.engines.native.llvm.text import Function


def leading(space: Space, loops: list[int]) -> list[int]:
    """Return the outer loops that units are made of: as many as it takes for 256 units."""
    count, chosen = 1, []
    for k in loops:
        chosen.append(k)
        count *= space.sizes[k]
        if count >= 256:
            break
    return chosen


def bounds(units: int) -> tuple[str | int, str | int]:
    """Return the range of units; a single one needs no loop."""
    return (0, 1) if units == 1 else ("%begin", "%end")


def quotient(f: Function, a: str, b: int) -> str:
    """a // b of numbers that are not negative."""
    return a if b == 1 else f.pure(f"udiv i64 {a}, {b}")


def remainder(f: Function, a: str, b: int) -> str:
    """a % b of numbers that are not negative."""
    return "0" if b == 1 else f.pure(f"urem i64 {a}, {b}")


def split(f: Function, space: Space, loops: list[int], unit: str, index: list[str]) -> None:
    """Take the number of a unit apart into the indices of its loops."""
    for k in reversed(loops[1:]):
        index[k] = remainder(f, unit, space.sizes[k])
        unit = quotient(f, unit, space.sizes[k])
    if loops:
        index[loops[0]] = unit


class unit_loops:
    """The loop over units, as indices of the loops that they stand for."""

    def __init__(self, f: Function, space: Space, loops: list[int], begin, end) -> None:
        self.f, self.space, self.loops = f, space, loops
        self.loop = f.loop(begin, end)

    def __enter__(self) -> list[str]:
        index = ["0"] * len(self.space.sizes)
        split(self.f, self.space, self.loops, self.loop.__enter__(), index)
        return index

    def __exit__(self, *error) -> None:
        self.loop.__exit__(*error)


def replaced(index: Sequence[str], loop: int, i: str) -> list[str]:
    """The same indices, but for one loop, if there is any."""
    changed = list(index)
    if loop >= 0:
        changed[loop] = i
    return changed
