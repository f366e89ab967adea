"""Plan memory: one arena for all that lives between kernels, each place used again and again."""

from __future__ import annotations

import bisect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurona.engines.native.chain import Chain, ends
from neurona.engines.native.fusion import Fusion

if TYPE_CHECKING:
    from neurona.engines.native.schedule import Use

ALIGNMENT = 64
Key = int | tuple  # a root; ("work", kernel, number); ("constant", kernel, key in its loop)
Address = tuple[int, int]  # a place in the table, and bytes from what stands there


@dataclass(frozen=True)
class Memory:
    """Where values lie.

    The table that functions are given holds addresses: the arena, four words for errors, then the
    inputs, outputs and constants.

    Attributes:
        slots: key -> place in the table, for what lies in arrays of its own.
        offsets: key -> bytes from the start of the arena.
        size: of the arena in bytes.
    """

    slots: dict[Key, int]
    offsets: dict[Key, int]
    size: int

    ARENA, STATUS = 0, 1

    def holds(self, key: Key) -> bool:
        """Whether something has a place: what only a chain reads has none."""
        return key in self.slots or key in self.offsets

    def at(self, key: Key, offset: int = 0) -> Address:
        """Return where something lies."""
        slot = self.slots.get(key)
        return (Memory.ARENA, self.offsets[key] + offset) if slot is None else (slot, offset)


def place(
    fusion: Fusion, uses: Sequence[Use], chains: Sequence[Chain], constants: list[Key]
) -> Memory:
    """Give each value the lowest free place that is large enough, for as long as it is used.

    Args:
        fusion: the kernels.
        uses: for each kernel what it needs: workspaces, and some of them as long as a loop turns.
        chains: kernels that run together, as loops side by side do: what one of them reads or
            writes stays until their end, but for what chains keep for themselves.
        constants: what lies in arrays of its own besides inputs and outputs.
    """
    listed: list[Key] = [*fusion.graph.inputs, *fusion.outputs, *constants]
    slots = {key: 2 + i for i, key in enumerate(listed)}
    until, elsewhere = ends(fusion, chains), {v for chain in chains for v in chain.inside}
    last = {root: until[times[-1]] for root, times in fusion.readers.items()}
    free, top = _Free(), 0
    leaving: list[list[tuple[int, int]]] = [[] for _ in fusion.kernels]  # with each kernel's end
    offsets: dict[Key, int] = {}

    def take(key: Key, size: int) -> tuple[int, int]:
        size = max(-(-size // ALIGNMENT), 1) * ALIGNMENT
        start = offsets[key] = free.take(size)
        return start, start + size

    works = [list(enumerate(use.routine.works)) for use in uses]
    for time, use in enumerate(uses):
        if use.routine.prepares:
            for i, size in works[time]:
                top = take(("work", time, i), size)[1]
            works[time] = []
    for time, kernel in enumerate(fusion.kernels):
        for start, stop in leaving[time - 1] if time else ():
            free.give(start, stop)
        wanted: list[tuple[Key, int, int]] = [
            (v, fusion.specs[v].nbytes, last.get(v, until[time]))
            for v in kernel.stores
            if v not in elsewhere and v not in slots
        ]
        wanted += [(("work", time, i), size, until[time]) for i, size in works[time]]
        for key, size, end in wanted:
            leaving[end].append(take(key, size))
            top = max(top, leaving[end][-1][1])
    return Memory(slots, offsets, top)


class _Free:
    """The gaps of an arena, in order; the last one has no end."""

    def __init__(self) -> None:
        self._gaps: list[tuple[int, int]] = [(0, sys.maxsize)]

    def take(self, size: int) -> int:
        """Return the start of the lowest gap that is large enough, and use it."""
        for i, (start, stop) in enumerate(self._gaps):
            if stop - start >= size:
                self._gaps[i : i + 1] = [(start + size, stop)] if stop - start > size else []
                return start
        raise AssertionError("the last gap is large enough")

    def give(self, start: int, stop: int) -> None:
        """Make a gap of what was used, together with the gaps beside it."""
        i = bisect.bisect(self._gaps, (start, stop))
        first = i
        if i and self._gaps[i - 1][1] == start:
            first, start = i - 1, self._gaps[i - 1][0]
        if i < len(self._gaps) and self._gaps[i][0] == stop:
            stop, i = self._gaps[i][1], i + 1
        self._gaps[first:i] = [(start, stop)]
