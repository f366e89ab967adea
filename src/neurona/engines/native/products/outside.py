"""What a nest reads outside of x: the places and the taps of which a convolution skips products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurona.core.lowering import Affine, Nest
from neurona.engines.native.llvm.text import Function


class Border(NamedTuple):
    """An axis of x that is read outside: at `place * step + tap * hop + offset`.

    Attributes:
        place, tap: the loops, by their number in the nest; one names y, the other is summed over.
        step, hop: what they add to the index on the axis.
        offset: the index where both are at 0.
        size: of the axis.
        taps: how many there are.
    """

    place: int
    tap: int
    step: int
    hop: int
    offset: int
    size: int
    taps: int

    def inside(self, place: int, tap: int) -> bool:
        """Whether a tap reads an element of x."""
        return 0 <= place * self.step + tap * self.hop + self.offset < self.size

    def bounds(self, f: Function, place: str) -> tuple[str, str]:
        """The first tap inside and the one after the last, for a place."""
        at = f.mul(place, self.step)
        low = self._taps(f, f.pure(f"sub i64 {-self.offset}, {at}"))
        high = self._taps(f, f.pure(f"sub i64 {self.size - self.offset}, {at}"))
        return low, f.smaller(high, self.taps)

    def _taps(self, f: Function, elements: str) -> str:
        """How many taps begin within a number of elements, none if it is negative."""
        elements = f.larger(elements, 0)
        if self.hop == 1:
            return elements
        return f.pure(f"udiv i64 {f.add(elements, self.hop - 1)}, {self.hop}")


def borders(nest: Nest, shape: Sequence[int]) -> tuple[Nest, list[Border]] | None:
    """Return the axes of x that a nest reads outside, and the nest with taps in x's direction.

    None if there are none, or where several loops make it hard to say what is outside.
    """
    found = []
    for axis, size in enumerate(shape):
        place = nest.x[axis]
        loops = [i for i, s in enumerate(place.steps) if s and nest.sizes[i] != 1]
        kept = [i for i in loops if any(p.steps[i] for p in nest.y)]
        taps = [i for i in loops if i not in kept]
        for tap in taps:
            if place.steps[tap] < 0:
                nest = flipped(nest, tap)
        place = nest.x[axis]
        most = place.offset + sum(place.steps[i] * (nest.sizes[i] - 1) for i in loops)
        if place.offset >= 0 and most < size:
            continue
        if len(kept) != 1 or len(taps) != 1 or place.steps[kept[0]] < 0:
            return None
        (o,), (k,) = kept, taps
        steps = place.steps[o], place.steps[k]
        found.append(Border(o, k, *steps, place.offset, size, nest.sizes[k]))
    return (nest, found) if found else None


def flipped(nest: Nest, loop: int) -> Nest:
    """The same nest with a loop that goes backwards."""
    last = nest.sizes[loop] - 1

    def moved(p: Affine) -> Affine:
        steps = tuple(-s if i == loop else s for i, s in enumerate(p.steps))
        return Affine(steps, p.offset + p.steps[loop] * last)

    x, w, y = (tuple(map(moved, places)) for places in (nest.x, nest.w, nest.y))
    return Nest(nest.sizes, x, w, y)


def reads_outside(nest: Nest, axis: int, size: int) -> bool:
    """Whether an axis of x is read outside."""
    place = nest.x[axis]
    ends = [step * (n - 1) for step, n in zip(place.steps, nest.sizes, strict=True)]
    least = place.offset + sum(min(end, 0) for end in ends)
    most = place.offset + sum(max(end, 0) for end in ends)
    return least < 0 or most >= size
