"""Moments: the steps at which a training is looked at.

They depend on the number of steps alone, not on a clock, so a verdict is the same again. They are
dense at first, where most goes wrong, and then as far apart as the level's cost allows.
"""

from __future__ import annotations

import dataclasses

PLANNED = 2000  # steps for which a run is taken whose length is unknown, or larger


@dataclasses.dataclass(frozen=True)
class Level:
    """How closely a training is looked at.

    Attributes:
        looks: how many in a run of up to 2000 steps.
        power: of the number of a look, which says when it is: with 2, gaps grow evenly.
        gap: the way between two looks after these 2000.
    """

    looks: int
    power: int
    gap: int


CLOSENESS = {"guard": Level(10, 3, 2000), "full": Level(40, 2, 250)}


class Moments:
    """Counts steps, and says which are moments.

    Args:
        level: "guard" or "full".
        total: steps that are planned, or None.

    >>> moments = Moments("guard", 400)
    >>> [moments.pass_by() for _ in range(6)]
    [0, 1, 4, 12, 27, 51]
    """

    def __init__(self, level: str, total: int | None) -> None:
        self.level = CLOSENESS[level]
        self.unit = min(total or PLANNED, PLANNED) / self.level.looks**self.level.power
        self.next = self.passed = 0

    def until(self, step: int) -> int:
        """Return how many steps from one on end before the next moment; 1 at a moment."""
        return max(self.next - step, 1)

    def pass_by(self) -> int:
        """Return the moment that is reached, and go on to the next."""
        now = self.next
        power = self.level.power
        gap = ((self.passed + 1) ** power - self.passed**power) * self.unit
        self.next += max(1, round(gap)) if now < PLANNED else self.level.gap
        self.passed += 1
        return now
