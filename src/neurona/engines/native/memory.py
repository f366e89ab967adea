"""Plan memory: one arena for all that lives between kernels, each place used again and again."""

from __future__ import annotations

from typing import Any

from neurona.engines.native.chain import Chain, ends
from neurona.engines.native.fuse import Fusion

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
        taken: list[tuple[int, int, int]] = []  # start, end, the last kernel that uses it
        for time, kernel in enumerate(fusion.kernels):
            taken = [t for t in taken if t[2] >= time]
            wanted: list[tuple[Key, int, int]] = [
                (v, fusion.specs[v].nbytes, last.get(v, until[time]))
                for v in kernel.stores
                if v not in elsewhere
            ]
            wanted += [((time, i), size, time) for i, size in enumerate(works[time])]
            for name, size, end in wanted:
                size = max(-(-size // ALIGNMENT), 1) * ALIGNMENT
                start = 0
                for low, high, _ in sorted(taken):
                    if low - start >= size:
                        break
                    start = max(start, high)
                taken.append((start, start + size, end))
                self.offsets[name] = start
                self.size = max(self.size, start + size)
