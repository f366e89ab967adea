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


def indices(f: Function, space: Space, loops: list[int], unit: str) -> list[str]:
    """Return an index for each loop of a space: the number of a unit says those of its loops."""
    index = ["0"] * len(space.sizes)
    for k, i in zip(loops, f.digits(unit, [space.sizes[k] for k in loops]), strict=True):
        index[k] = i
    return index


def replaced(index: Sequence[str], loop: int, i: str) -> list[str]:
    """The same indices, but for one loop, if there is any."""
    changed = list(index)
    if loop >= 0:
        changed[loop] = i
    return changed
