"""Long sums as sums of sums: rounding errors grow with the terms of one sum, not with all terms.

One sum of n terms may be off by n / 2 units in the last place: of ten million, every number counted
0.1 % too small. In blocks, and blocks of blocks, that is the number of terms of each times the few
levels there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from neurona.engines.native.llvm.text import Count, Function

TERMS = 16  # of one sum

S = TypeVar("S")
Range = tuple[Count, Count, int]
Cut = tuple[int, ...]  # the lengths of the blocks of a loop, the longest first


def cuts(counts: Sequence[int], most: int = TERMS) -> list[Cut]:
    """Return how the loops of a sum, outermost first, are cut, given how often each turns.

    Sums of up to twice as many terms as `most` are left whole.
    """
    found: list[Cut] = []
    terms = 1
    for count in reversed(counts):
        lengths: list[int] = []
        if terms * count > 2 * most:
            length = max(most // terms, 1)
            while True:
                lengths.insert(0, length)
                terms = -(-count // length)
                if terms <= 2 * most:
                    break
                length *= most
        else:
            terms *= count
        found.insert(0, tuple(lengths))
    return found


@contextlib.contextmanager
def walk(
    f: Function, ranges: Sequence[Range], cut: Sequence[Cut], slots: S,
    part: Callable[[S], contextlib.AbstractContextManager[S]],
) -> Iterator[tuple[list[str], S]]:  # fmt: skip
    """Write loops within loops, with sums of its own for each block; yields counters and slots.

    Args:
        f: where to.
        ranges: where each loop begins and ends, and its step.
        cut: how each is cut; in turns.
        slots: where the sums are.
        part: begins sums in slots of their own, which are added to those outside in the end.
    """
    with contextlib.ExitStack() as stack:
        index = []
        for (start, stop, step), lengths in zip(ranges, cut, strict=True):
            for turns in lengths:
                i = stack.enter_context(f.loop(start, stop, turns * step))
                slots = stack.enter_context(part(slots))
                start, stop = i, f.smaller(f.add(i, turns * step), stop)
            index.append(stack.enter_context(f.loop(start, stop, step)))
        yield index, slots
