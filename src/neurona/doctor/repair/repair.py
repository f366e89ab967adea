"""Repair: a change that was made to a training, for `history.repairs`."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Repair:
    """What was changed, when, and why.

    Attributes:
        rule: id of the finding that it mends.
        when: "epoch 2, batch 14"; "before training".
        what: in a sentence.
        diff: lines that begin with "- " and "+ "; "" if nothing of the user's is changed.
        kept: whether it was kept: one that was raced may have been taken back.
        steps: training steps that races took, of all that ran in them.

    >>> print(Repair("GD401", "epoch 1, batch 3", "the step is left out."))
    GD401 repaired in epoch 1, batch 3: the step is left out.
    """

    rule: str
    when: str
    what: str
    diff: str = ""
    kept: bool = True
    steps: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        place = f"in {self.when}" if self.when.startswith("epoch") else self.when
        verb = "repaired" if self.kept else "tried and taken back"
        text = f"{self.rule} {verb} {place}: {self.what}"
        return "\n".join([text, *(f"  {line}" for line in self.diff.splitlines())])
