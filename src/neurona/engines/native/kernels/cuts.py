"""Long sums as sums of sums: rounding errors grow with the terms of one sum, not with all terms.

One sum of n terms may be off by n / 2 units in the last place: of ten million, every number counted
0.1 % too small. In blocks, and blocks of blocks, that is the number of terms of each times the few
levels there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from neurona.engines.native.llvm.text import Count, Function

TERMS = 16  # of one sum; up to twice as many need no blocks

Cut = tuple[int, ...]  # the lengths of the blocks of a loop, the longest first


def cuts(counts: Sequence[int]) -> list[Cut]:
    """Return how the loops of a sum, outermost first, are cut, given how often each turns."""
    found: list[Cut] = []
    terms = 1
    for count in reversed(counts):
        lengths: list[int] = []
        if terms * count > 2 * TERMS:
            length = max(TERMS // terms, 1)
            while True:
                lengths.insert(0, length)
                terms = -(-count // length)
                if terms <= 2 * TERMS:
                    break
                length *= TERMS
        else:
            terms *= count
        found.insert(0, tuple(lengths))
    return found


@contextlib.contextmanager
def in_blocks(
    f: Function, start: Count, stop: Count, length: int, step: int = 1
) -> Iterator[tuple[Count, Count]]:
    """Write a loop over blocks of so many turns of `step`; yields where one begins and ends."""
    with f.loop(start, stop, length * step) as i:
        yield i, f.smaller(f.add(i, length * step), stop)
