"""Plan memory: one arena for all that lives between kernels, each place used again and again."""

from __future__ import annotations

import bisect
import sys
from typing import Any

from neurona.engines.native.chain import Chain, ends
from neurona.engines.native.fusion import Fusion

ALIGNMENT = 64
Key = int | tuple[int, Any]


class Memory:
    """Where values lie.

    The table that kernels are given holds addresses: the arena, four words for errors, then the
    inputs, outputs and constants.

    Args:
        fusion: the kernels.
        works: for each kernel the bytes of its workspaces.
        chains: kernels that run together: what one of them reads or writes stays until their end,
            but for what they keep for themselves.
        nested: the constants of loops.

    Attributes:
        slots: root -> place in the table, for what lies in arrays of its own.
        offsets: root, or (kernel, workspace) -> bytes from the start of the arena.
        size: of the arena in bytes.
        constants: the constants in the table, in order; those of loops are (kernel, constant).
    """

    ARENA, STATUS = 0, 1

    def __init__(
        self, fusion: Fusion, works: list[list[int]], chains: list[Chain], nested: list[Key]
    ) -> None:
        graph = fusion.graph
        own = [v for v in graph.constants if v not in fusion.literals]
        self.constants: list[Key] = [*own, *nested]
        listed: list[Key] = [*graph.inputs, *fusion.outputs, *self.constants]
        self.slots: dict[Key, int] = {v: 2 + i for i, v in enumerate(listed)}
        self.offsets: dict[Key, int] = {}
        self.size = 0
        self._place(fusion, works, chains)

    def _place(self, fusion: Fusion, works: list[list[int]], chains: list[Chain]) -> None:
        """Give each value the lowest free place that is large enough, for as long as it is used."""
        until, elsewhere = ends(fusion, chains), {v for chain in chains for v in chain.inside}
        elsewhere.update(v for v in self.slots if isinstance(v, int))
        last = {root: until[times[-1]] for root, times in fusion.readers.items()}
        free = _Free()
        leaving: list[list[tuple[int, int]]] = [[] for _ in fusion.kernels]
        for time, kernel in enumerate(fusion.kernels):
            for start, stop in leaving[time - 1] if time else ():
                free.give(start, stop)
            wanted: list[tuple[Key, int, int]] = [
                (v, fusion.specs[v].nbytes, last.get(v, until[time]))
                for v in kernel.stores
                if v not in elsewhere
            ]
            wanted += [((time, i), size, time) for i, size in enumerate(works[time])]
            for name, size, end in wanted:
                size = max(-(-size // ALIGNMENT), 1) * ALIGNMENT
                start = self.offsets[name] = free.take(size)
                leaving[end].append((start, start + size))
                self.size = max(self.size, start + size)


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
