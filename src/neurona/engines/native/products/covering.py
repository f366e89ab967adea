"""Nests whose loops name every element of the output once, which a kernel can then sum and store.

The input gradient of a convolution adds g[o] * w[k] to y[o * s + k * d - low]: several points of
the loops meet in an element, and with strides some elements are met by none. Solved for o, it
becomes a convolution of stride 1: the elements of y with (index + low) % s == r, one nest for each
remainder r, are met by every (s / gcd(s, d))-th tap only, at o = q - j * d / gcd(s, d) + constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from neurona.core.lowering import Affine, Nest


def covering(nest: Nest, x_shape: Sequence[int], y_shape: Sequence[int]) -> list[Nest]:
    """Return nests that share y out among them; each names every element of its part once.

    Places in x may lie outside, even where those of the given nest do not: they count as zero.
    A nest with a loop of size 0 is for elements that nothing is added to.
    """
    nests = [nest]
    for axis, size in enumerate(y_shape):
        if not covered(nest, axis, size):
            nests = [part for n in nests for part in solved(n, axis, size, x_shape)]
    return nests


def covered(nest: Nest, axis: int, size: int) -> bool:
    """Whether the loops of an axis of y name each of its indices once, outermost loop first."""
    place, inside = nest.y[axis], 1
    loops = [(s, n) for s, n in zip(place.steps, nest.sizes, strict=True) if s and n != 1]
    for step, count in reversed(loops):
        if step != inside:
            return False
        inside *= count
    return inside == size and place.offset == 0


def solved(nest: Nest, axis: int, size: int, x_shape: Sequence[int]) -> list[Nest]:
    """Return nests of remainders, with the loops o and k of an axis of y exchanged."""
    place = nest.y[axis]
    o, k = pair(nest, place, x_shape)
    s, d = place.steps[o], place.steps[k]
    shared = math.gcd(s, d)
    parts = []
    for r in range(s):
        first = -((r + place.offset) // s)  # the smallest q with an index of at least 0
        count = len(range(s * first + r + place.offset, size, s))
        if count <= 0:
            continue
        tap = next((t for t in range(s // shared) if (t * d - r) % s == 0), None)
        taps = 0 if tap is None else len(range(tap, nest.sizes[k], s // shared))
        tap = tap or 0
        begin = first + (r - tap * d) // s
        sizes = list(nest.sizes)
        sizes[o], sizes[k] = count, taps

        def moved(p: Affine, tap: int = tap, begin: int = begin) -> Affine:
            """The place with o = q + begin - j * d / shared and k = tap + j * s / shared."""
            steps = list(p.steps)
            steps[k] = (p.steps[k] * s - p.steps[o] * d) // shared
            return Affine(tuple(steps), p.offset + p.steps[k] * tap + p.steps[o] * begin)

        ys = list(map(moved, nest.y))
        if not taps:  # the index of y, which no tap leads to
            ys[axis] = Affine(ys[axis].steps, s * first + r + place.offset)
        xs, ws = (tuple(map(moved, places)) for places in (nest.x, nest.w))
        parts.append(Nest(tuple(sizes), xs, ws, tuple(ys)))
    return gathered(parts) if s > 2 else parts  # two are few, and each can skip borders


def gathered(nests: Sequence[Nest]) -> list[Nest]:
    """Return fewer nests: a run of them, each the same step behind the one before, is a loop."""
    runs: list[list[Nest]] = []
    for nest in nests:
        if runs and follows(runs[-1], nest):
            runs[-1].append(nest)
        else:
            runs.append([nest])
    return [looped(run) for run in runs]


def follows(run: Sequence[Nest], nest: Nest) -> bool:
    """Whether a nest goes on where a run ends, in the same places of x."""
    first, step = run[0], shifts(run[-1], nest)
    same = (nest.sizes, nest.x) == (first.sizes, first.x)
    return same and step is not None and (len(run) == 1 or step == shifts(first, run[1]))


def shifts(nest: Nest, other: Nest) -> list[int] | None:
    """How far apart places in w and y begin, if they are alike otherwise."""
    pairs = list(zip((*nest.w, *nest.y), (*other.w, *other.y), strict=True))
    if any(a.steps != b.steps for a, b in pairs):
        return None
    return [b.offset - a.offset for a, b in pairs]


def looped(run: Sequence[Nest]) -> Nest:
    """Return the nests of a run as one, whose last loop goes through them."""
    first, last = run[0], run[-1]
    if first is last:
        return first

    def stepping(places: Sequence[Affine], ends: Sequence[Affine]) -> tuple[Affine, ...]:
        steps = ((b.offset - a.offset) // (len(run) - 1) for a, b in zip(places, ends, strict=True))
        return tuple(Affine((*p.steps, s), p.offset) for p, s in zip(places, steps, strict=True))

    sizes = (*first.sizes, len(run))
    return Nest(sizes, *(stepping(a, b) for a, b in zip(first[1:], last[1:], strict=True)))


def pair(nest: Nest, place: Affine, x_shape: Sequence[int]) -> tuple[int, int]:
    """Return the loop that walks an axis of x from end to end, and the other one of a place."""
    loops = [i for i, step in enumerate(place.steps) if step]
    for p, size in zip(nest.x, x_shape, strict=True):
        walking = [i for i, step in enumerate(p.steps) if step]
        if len(walking) == 1 and walking[0] in loops and len(loops) == 2:
            (o,) = walking
            (k,) = set(loops) - {o}
            if (p.steps[o], p.offset, nest.sizes[o]) == (1, 0, size) and place.steps[o] > 0:
                return o, k
    raise ValueError(f"no loop of {place} can be solved for")
