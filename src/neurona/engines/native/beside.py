"""Loops that do not need each other, such as the two directions of a bidirectional layer.

A loop is one step after another, and what a step can share among threads is little. Two loops side
by side need no waiting at all: each thread goes through one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurona.core.lowering import Scan
from neurona.engines.native.fusion import Kernel


def side_by_side(kernels: Sequence[Kernel]) -> list[Kernel]:
    """Return kernels, each after those that it needs, so that loops are neighbours if they can be.

    What the second of two loops needs moves in front of the first; it cannot need that one.
    """
    found = list(kernels)
    for first in range(len(found)):
        for second in range(first + 1, len(found) if is_loop(found[first]) else 0):
            loop = found[second]
            if is_loop(loop) and not needs(loop, found[first]):
                between = found[first + 1 : second]
                before = [k for k in between if needs(loop, k)]
                behind = [k for k in between if not needs(loop, k)]
                found[first : second + 1] = [*before, found[first], loop, *behind]
                break
    return found


def neighbours(kernels: Sequence[Kernel]) -> list[range]:
    """Return the numbers of loops that follow each other, and do not need each other."""
    found: list[range] = []
    members = range(0)
    for time, kernel in enumerate(kernels):
        joins = is_loop(kernel) and not any(needs(kernel, kernels[t]) for t in members)
        if joins and members.stop == time and members:
            members = found[-1] = range(members.start, time + 1)
        elif is_loop(kernel):
            members = range(time, time + 1)
            found.append(members)
    return [members for members in found if len(members) > 1]


def is_loop(kernel: Kernel) -> bool:
    """Whether a kernel is a loop with a body."""
    return kernel.head is not None and isinstance(kernel.head.op.lower, Scan)


def needs(kernel: Kernel, other: Kernel) -> bool:
    """Whether a kernel must run after another one."""
    return bool(kernel.before >> other.number & 1)
