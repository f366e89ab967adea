"""Mending: what is done about findings while a training runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from neurona.doctor.case import Case
from neurona.doctor.finding import Finding
from neurona.doctor.live.record import Record
from neurona.doctor.repair.changes import Ending, Rate, change_of
from neurona.doctor.repair.race import hindrance, race
from neurona.doctor.repair.repair import Repair
from neurona.doctor.repair.saved import Best
from neurona.doctor.statics import pairing
from neurona.errors import NeuronaError
from neurona.train.source import ArraySource

BACK = ("GD502", "GD506")  # findings on steps that went wrong: what they did is taken back
MOST = {"safe": 4, "race": 3}  # repairs of a rule, and races of a training


class Mending:
    """Applies the fixes of findings, as far as a training may be changed.

    Args:
        model: that is trained.
        race: whether fixes that may help are tried, too.
        told: takes each Repair.
    """

    def __init__(self, model: Any, race: bool, told: Callable[[Repair], None]) -> None:
        self.model, self.race, self._told = model, race, told
        self.best = Best(model)  # to go back to
        self._top = Best(model)  # to end with
        self._times: dict[str, int] = {}
        self._races: dict[str, int] = {}
        self._waiting: list[Finding] = []
        self._ending = False

    def begin(self) -> None:
        """Mend what is known before the first step: a loss that takes scores for probabilities."""
        source = self.model._training.run.source
        x, y = source.arrays[:2] if isinstance(source, ArraySource) else source.peek()[:2]
        try:
            found = [f for f in pairing.pairing(Case(self.model, x, y)) if f.rule.auto == "safe"]
        except NeuronaError:  # the model cannot be looked at, which is no reason not to train it
            return
        for finding in found:
            if (change := change_of(finding, self.model)) is not None:
                change.apply()
                self._told(Repair(finding.id, "before training", change.what, change.diff))

    def epoch_ended(self, logs: dict[str, Any], epoch: int, record: Record) -> None:
        """Take the logs of an epoch, from 1; hold the races that wait for its end."""
        most = record.scale if record.scale > 0 and record.looks else math.inf
        if not self._ending:
            self.best.see(logs, epoch, most)
            self._top.see(logs, epoch, math.inf)
        waiting, self._waiting = self._waiting, []
        for finding in waiting:
            self._raced(finding, epoch, record)

    def mend(self, finding: Finding, epoch: int, batch: int) -> bool:
        """Apply the fix of a finding if it can do no harm; say whether it is to be looked for anew.

        What may help is raced at the end of the epoch.
        """
        auto, times = finding.rule.auto, self._times.get(finding.id, 0)
        if auto == "race" and self.race and finding.id not in self._races:
            self._waiting.append(finding)
            return False
        change = change_of(finding, self.model) if auto == "safe" else None
        if change is None or times >= MOST["safe"]:
            return False
        self._times[finding.id] = times + 1
        what = change.what
        if finding.id in BACK:
            self.best.put_back()
            what += f" The weights are {self.best} again."
        change.apply()
        self._ending = self._ending or isinstance(change, Ending)
        self._told(Repair(finding.id, _when(epoch, batch), what, change.diff))
        return finding.id in BACK

    def ended(self) -> None:
        """Put the best weights back if the training was ended for them."""
        if self._ending:
            self._top.put_back()

    def _raced(self, finding: Finding, epoch: int, record: Record) -> None:
        change = change_of(finding, self.model)
        if change is None or self.model.stop_training:
            return
        when = f"epoch {epoch}"
        left = "no epoch is left" if epoch >= record.epochs else ""
        if why := left or hindrance(self.model):
            what = f"{change.what} It was not tried: {why}."
            self._told(Repair(finding.id, when, what, change.diff, kept=False))
            return
        while sum(self._races.values()) < MOST["race"]:
            self._races[finding.id] = self._races.get(finding.id, 0) + 1
            outcome = race(self.model, change, record.total or record.steps)
            if outcome.better:
                change.apply()
            what = f"{change.what} {outcome}"
            self._told(Repair(finding.id, when, what, change.diff, kept=outcome.better))
            if not outcome.better or not isinstance(change, Rate):
                return
            change = Rate(change.optimizer, change.factor)  # as much again, as long as it helps


def _when(epoch: int, batch: int) -> str:
    return f"epoch {epoch}, batch {batch}" if batch else f"epoch {epoch}"
