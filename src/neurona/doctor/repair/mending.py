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
from neurona.doctor.repair.starting import change_before
from neurona.doctor.stages import diagnose
from neurona.doctor.statics import pairing, weights
from neurona.errors import NeuronaError
from neurona.train.source import ArraySource

BACK = ("GD502", "GD506")  # findings on steps that went wrong: what they did is taken back
ROUNDS = 4  # of diagnosis and repair before the first step
LONGER = 2  # times as long is a second race before the first step
LEARNT, GAIN = 0.9, 0.1  # of the loss of guessing; accuracy that weights have gained since
MOST = {"safe": 4, "race": 4}  # repairs of a rule, and races of a training


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
        self._accuracy: dict[int, float] = {}  # on the validation data, by epoch
        self._guess = math.inf  # the loss of always giving the same answer

    def begin(self, epochs: int = 1) -> None:
        """Mend what is known before the first step; with `race`, all that `diagnose` finds.

        Args:
            epochs: of the training.
        """
        run = self.model._training.run
        source = run.source
        known: set[str] = set()
        for _ in range(ROUNDS if self.race else 1):
            before = len(known)
            for finding in self._found_before(source, epochs):
                if finding.id not in known and finding.rule.auto != "never":
                    known.add(finding.id)
                    self._mend_before(finding, source, epochs)
                    break  # the others may have been its consequences
            if len(known) == before:
                break
        if known:
            run.feed.renew(self.model, run.callbacks)
            self.best, self._top = Best(self.model), Best(self.model)

    def _found_before(self, source: Any, epochs: int) -> list[Finding]:
        """Return what is wrong before the first step; a model that cannot be looked at: nothing."""
        if not isinstance(source, ArraySource):
            case = Case(self.model, *source.peek()[:2])
            checks: Any = [pairing.pairing]
        else:
            x, y, weight = source.arrays
            held = self.model._training.run.validation
            known = held.source if held is not None else None
            given = known.arrays[:2] if isinstance(known, ArraySource) else None
            case = Case(
                self.model, x, y, weight, given,
                batch_size=source.batch_size, epochs=epochs, shuffle=source.shuffle,
            )  # fmt: skip
            if self.race:
                return [f for f in diagnose(case).causes if f.alarm]
            checks = [pairing.pairing, weights.alike]
        try:
            return [f for check in checks for f in check(case) if f.rule.auto == "safe"]
        except NeuronaError:
            return []

    def _mend_before(self, finding: Finding, source: Any, epochs: int) -> None:
        given = isinstance(source, ArraySource)
        fix = finding.change
        change = change_before(fix, self.model, source) if given else change_of(fix, self.model)
        if change is None or isinstance(change, Ending):
            return
        when, what, kept = "before training", change.what, True
        if finding.rule.auto == "race":
            if why := hindrance(self.model):
                what, kept = f"{what} It was not tried: {why}.", False
            else:
                outcome = race(self.model, change, epochs * source.steps)
                if not outcome.better and outcome.after < outcome.before:  # too early to be sure
                    outcome = race(self.model, change, LONGER * epochs * source.steps)
                what, kept = f"{what} {outcome}", outcome.better
        if kept:
            change.apply()
        self._told(Repair(finding.id, when, what, change.diff, kept=kept))

    def epoch_ended(self, logs: dict[str, Any], epoch: int, record: Record) -> None:
        """Take the logs of an epoch, from 1; hold the races that wait for its end."""
        accuracies = (v for k, v in logs.items() if k.startswith("val_") and "acc" in k)
        self._accuracy[epoch] = next(accuracies, 0.0)
        self._guess = record.scale if record.scale > 0 else math.inf
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
        change = change_of(finding.change, self.model) if auto == "safe" else None
        if change is None or times >= MOST["safe"]:
            return False
        if isinstance(change, Ending) and self._still_learning():
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

    def _still_learning(self) -> bool:
        """Whether accuracy has gone up since the best loss, which was no better than guessing."""
        then = self._accuracy.get(self._top.epoch, 0.0)
        now = self._accuracy[max(self._accuracy)] if self._accuracy else 0.0
        return self._top.value > LEARNT * self._guess and now > then + GAIN

    def ended(self) -> None:
        """Put the best weights back if the training was ended for them."""
        if self._ending:
            self._top.put_back()

    def _raced(self, finding: Finding, epoch: int, record: Record) -> None:
        change = change_of(finding.change, self.model)
        if change is None or self.model.stop_training:
            return
        when = f"epoch {epoch}"
        left = "no epoch is left" if epoch >= record.epochs else ""
        if why := left or hindrance(self.model):
            what = f"{change.what} It was not tried: {why}."
            self._told(Repair(finding.id, when, what, change.diff, kept=False))
            return
        won = False
        each = change.factor if isinstance(change, Rate) else 1.0
        while sum(self._races.values()) < MOST["race"]:
            self._races[finding.id] = self._races.get(finding.id, 0) + 1
            outcome = race(self.model, change, record.total or record.steps)
            if outcome.better:
                change.apply()
            what = f"{change.what} {outcome}"
            self._told(Repair(finding.id, when, what, change.diff, kept=outcome.better))
            if not isinstance(change, Rate) or (not outcome.better and (won or each < 1)):
                return
            won = won or outcome.better
            # as much again, as long as it helps; more, where it was too little to be seen
            change = Rate(change.optimizer, each if outcome.better else change.factor * each)


def _when(epoch: int, batch: int) -> str:
    return f"epoch {epoch}, batch {batch}" if batch else f"epoch {epoch}"
