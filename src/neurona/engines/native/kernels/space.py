"""Space: the loops of a kernel, as few as its arrays allow.

Axes of size 1 go, and neighbours that every array steps through without a gap become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Space:
    """Loops over a domain.

    Attributes:
        sizes: of the loops, outermost first.
        folded: whether a loop goes along what is reduced.
        strides: array -> its step on each loop, in elements.
        axes: for each loop the axes of the domain that it stands for.
        rank: number of axes of the domain.
    """

    sizes: list[int]
    folded: list[bool]
    strides: dict[Any, list[int]]
    axes: list[tuple[int, ...]]
    rank: int

    def offset(self, array: Any, index: Sequence[str], f: Any) -> str:
        """Write where an array is at an index of the loops."""
        total = "0"
        for i, step in zip(index, self.strides[array], strict=True):
            if step:
                total = f.add(total, f.mul(i, step))
        return total

    def lane(self) -> int:
        """Return the loop along which most arrays step by one element, the last one of equals."""
        if not self.sizes:
            return -1

        def score(loop: int) -> tuple[float, int]:
            steps = [s[loop] for s in self.strides.values()]
            near = sum(1.0 if abs(s) == 1 else 0.5 if s == 0 else 0.0 for s in steps)
            return (near if self.sizes[loop] > 1 else -1.0), loop

        return max(range(len(self.sizes)), key=score)

    def size(self, folded: bool) -> int:
        """Return how many points the kept or the folded loops have together."""
        total = 1
        for size, f in zip(self.sizes, self.folded, strict=True):
            total *= size if f == folded else 1
        return total


def collapse(
    domain: Sequence[int], folded: Sequence[int], strides: dict[Any, Sequence[int]], keep: bool
) -> Space:
    """Return the loops for a domain; `keep` if its axes are asked for and must stay apart."""
    space = Space([], [], {k: [] for k in strides}, [], len(domain))
    for axis, size in enumerate(domain):
        if size == 1:
            continue
        fold = axis in folded
        steps = {k: s[axis] for k, s in strides.items()}
        merges = (
            not keep
            and space.sizes
            and space.folded[-1] == fold
            and all(space.strides[k][-1] == size * steps[k] for k in steps)
        )
        if merges:
            space.sizes[-1] *= size
            space.axes[-1] += (axis,)
            for k in steps:
                space.strides[k][-1] = steps[k]
        else:
            space.sizes.append(size)
            space.folded.append(fold)
            space.axes.append((axis,))
            for k in steps:
                space.strides[k].append(steps[k])
    return space
