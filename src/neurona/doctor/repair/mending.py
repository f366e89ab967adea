"""Mending: what is done about findings while a training runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.finding import Finding, reason
from neurona.doctor.live.record import Record
from neurona.doctor.repair.anew import Start
from neurona.doctor.repair.changes import Both, Change, Ending, Rate, change_of
from neurona.doctor.repair.layers import Layered
from neurona.doctor.repair.race import ERRORS, hindrance, measured, race
from neurona.doctor.repair.rates import tried
from neurona.doctor.repair.repair import Repair
from neurona.doctor.repair.saved import Best, Saved
from neurona.doctor.repair.starting import change_before
from neurona.doctor.stages import diagnose
from neurona.doctor.statics import pairing, weights
from neurona.errors import NeuronaError
from neurona.train.source import ArraySource

BACK = ("GD502", "GD506")  # findings on steps that went wrong: what they did is taken back
BEFORE = "before training"
ROUNDS = 4  # of diagnosis and repair before the first step
LEARNT = 0.9  # of the loss of guessing: weights that are better have learnt something
HALF = 0.5  # of a rate
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
        self._races = 0
        self._waiting: list[Finding] = []
        self._epochs = 1
        self._ending: Ending | None = None
        self._guess = math.inf  # the loss of always giving the same answer
        self._knows_right = False  # whether the share of right answers is known
        self._known: set[str] = set()  # what was mended, or tried, where the training began
        self._lost: dict[str, Finding] = {}  # alarms of which no race was won
        self._lost_alone: list[Change] = []  # layers that were no better, before the first step
        self._start: Start | None = None
        self._over = False  # whether all epochs have passed

    def begin(self, epochs: int = 1) -> None:
        """Mend what is known before the first step; with `race`, all that `diagnose` finds.

        Args:
            epochs: of the training.
        """
        self._epochs = epochs
        run = self.model._training.run
        source = run.source
        known = self._known
        for _ in range(ROUNDS):
            before = len(known)
            for finding in self._found_before(source, epochs):
                done = finding.id in known or finding.rule.auto == "never"
                if not done and finding.change is not None:
                    known.add(finding.id)
                    self._mend_before(finding, source, epochs)
                    break  # the others may have been its consequences
            if len(known) == before:
                break
        if known:
            run.feed.renew(self.model, run.callbacks)
            self.best, self._top = Best(self.model), Best(self.model)

    def first_step_comes(self) -> None:
        """Remember where the training begins, to begin anew there."""
        if self._start is not None:
            self._start.first_step_comes()
        elif self.race and not hindrance(self.model):
            self._start = Start(self.model)

    def is_last(self, epoch: int) -> bool:
        """Whether this is the last epoch of a training that may begin anew."""
        self._over = epoch >= self._epochs
        return self._over and self._start is not None

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
                callbacks=self.model._training.run.callbacks.callbacks,
            )  # fmt: skip
            if self.race and not self._gone_on():
                found = diagnose(case)
                return [*found.causes, *(f for f in found.infos if f.change is not None)]
            checks = [pairing.pairing, weights.alike]
        try:
            return [f for check in checks for f in check(case) if f.rule.auto == "safe"]
        except NeuronaError:
            return []

    def _gone_on(self) -> bool:
        """Whether the weights come from a training: its end, or where it was stopped."""
        place, optimizer = self.model._training.position, self.model.optimizer
        steps = int(np.asarray(optimizer.iterations)) if optimizer is not None else 0
        return bool(place.epoch or place.batch or steps)

    def _mend_before(self, finding: Finding, source: Any, epochs: int) -> None:
        change = change_before(finding.change, self.model, source)
        if change is None or isinstance(change, Ending):
            return
        safe = finding.rule.auto == "safe" or change.harmless
        if safe and not (isinstance(change, Rate) and not hindrance(self.model)):
            change.apply()
            self._told(Repair(finding.id, BEFORE, change.what, change.diff))
            return
        steps, more = epochs * source.steps, self._with_lost(finding, source)
        if self._hold(finding, change, BEFORE, steps, begins=True, more=more) is not None:
            self._lost_alone.clear()
        elif isinstance(change, Layered):
            self._lost_alone.append(change)

    def _with_lost(self, finding: Finding, source: Any) -> list[Change]:
        """Return a change together with layers that alone were no better, as x and y in units."""
        found: list[Change] = []
        for other in self._lost_alone:
            saved = Saved(self.model)
            other.apply()
            try:
                second = change_before(finding.change, self.model, source)
            finally:
                other.undo()
                saved.put_back()
            if second is not None:
                found.append(Both(other, second))
        return found

    def _hold(
        self, finding: Finding, change: Change, when: str, budget: int, begins: bool,
        given_up: int | None = None, reached: float = -math.inf, more: Sequence[Change] = (),
    ) -> Change | None:  # fmt: skip
        """Hold a race, apply what won, and tell how it came out; return it if it is better.

        Args:
            finding: that is to be mended.
            change: that may help.
            when: to tell.
            budget: steps of the training.
            begins: whether no step was made yet.
            given_up: steps of a training that begins anew if it is better.
            reached: what is measured of that; to be better than a whole training is enough.
            more: that are tried with it.
        """
        why = hindrance(self.model)
        forms = (
            tried(change, self.model, Best(self.model) if begins else self.best, begins)
            if isinstance(change, Rate)
            else change.variants()
        )
        try:
            outcome = None if why else race(self.model, [*forms, *more], budget, begins)
        except NeuronaError as error:
            outcome, why = None, reason(error).rstrip(".")
        if outcome is None:
            what = f"{change.what} It was not tried: {why}."
            self._told(Repair(finding.id, when, what, change.diff, kept=False))
            return None
        change = outcome.change
        # where a race is too early to tell, what was diagnosed decides: nothing is lost yet, or a
        # whole training, which comes back if it was better
        whole = begins and (given_up is None or self._over)
        passed = outcome.after + ERRORS * outcome.error < reached
        kept = outcome.better or passed or (outcome.undecided and finding.alarm and whole)
        free = given_up is not None and self._may_try_again(finding)
        kept = kept or (free and outcome.after < outcome.before)
        if kept:
            change.apply()
            self._lost.pop(finding.id, None)
        elif finding.alarm:
            self._lost[finding.id] = finding
        what, spent = f"{change.what} {outcome}", outcome.spent
        if kept and given_up is not None:
            what, spent = f"{what} The training begins anew with it.", spent + given_up
        self._told(Repair(finding.id, when, what, change.diff, kept, spent))
        return change if kept else None

    def epoch_ended(self, logs: dict[str, Any], epoch: int, record: Record) -> list[Finding]:
        """Take the logs of an epoch, from 1; hold the races that wait for its end.

        Returns: findings that were mended.
        """
        self._guess = record.scale if record.scale > 0 else math.inf
        most = record.scale if record.scale > 0 and record.looks else math.inf
        self.best.see(logs, epoch, most)
        self._knows_right = record.accuracy_name is not None
        self._top.see(logs, epoch, accuracy=record.accuracy_name)
        if self._ending is not None and epoch - self._top.epoch >= record.patience:
            self._ending.apply()
        waiting, self._waiting = self._waiting, []
        if self._learnt_nothing():
            known = {finding.id for finding in waiting}
            waiting += [lost for id_, lost in self._lost.items() if id_ not in known]
        won = (finding for finding in waiting if self._raced(finding, epoch, record))
        return list(itertools.islice(won, 1))  # the others were about how it was before

    def _learnt_nothing(self) -> bool:
        """Whether all epochs have passed for nothing: another training loses nothing."""
        return self._over and self._start is not None and self._top.value > LEARNT * self._guess

    def _may_try_again(self, finding: Finding) -> bool:
        return finding.id in self._lost and self._learnt_nothing()

    def mend(self, finding: Finding, epoch: int, batch: int, over: bool = False) -> bool:
        """Apply the fix of a finding if it can do no harm; say whether it is to be looked for anew.

        What may help is raced at the end of the epoch.

        Args:
            finding: that is to be mended.
            epoch, batch: where the training is, from 1.
            over: whether all epochs have passed: then it can only begin anew.
        """
        auto, times = finding.rule.auto, self._times.get(finding.id, 0)
        change = change_of(finding.change, self.model) if auto != "never" else None
        going_on = epoch < self._epochs or self._may_begin_anew(finding)
        later = going_on and not hindrance(self.model)
        may_help = auto == "race" or (isinstance(change, Rate) and later)
        if self.race and may_help and self._races < MOST["race"]:
            self._waiting.append(finding)
            return False
        if over or auto != "safe" or change is None or times >= MOST["safe"]:
            return False
        if isinstance(change, Ending):
            if not self._knows_right and self._top.value > LEARNT * self._guess:
                return False  # the best weights know no more than the first ones
            if self._rate_falls():
                return False  # small steps to come find back what large ones lost
            self._ending = change
        self._times[finding.id] = times + 1
        what = change.what
        if finding.id in BACK:
            self.best.put_back()
            what += f" The weights are {self.best} again."
        if not isinstance(change, Ending):
            change.apply()
        self._told(Repair(finding.id, _when(epoch, batch), what, change.diff))
        return finding.id in BACK

    def _rate_falls(self) -> bool:
        """Whether a schedule is to take the rate down to less than half of what it is now."""
        optimizer, source = self.model.optimizer, self.model._training.run.source
        schedule = getattr(optimizer, "_schedule", None)
        if schedule is None or source.steps is None:
            return False
        now, last = int(np.asarray(optimizer.iterations)), self._epochs * source.steps - 1
        rates = [float(np.asarray(schedule(step))) for step in (now, max(now, last))]
        return rates[1] < HALF * rates[0]

    def ended(self, epoch: int) -> None:
        """Put the best weights back if the training was to end with them, or those given up."""
        if self._ending is not None:
            self._top.put_back()
        while self._start is not None and (back := self._start.better_before(epoch)) is not None:
            self._told(back)

    def _raced(self, finding: Finding, epoch: int, record: Record) -> bool:
        """Hold a race; say whether the finding is to be looked for anew."""
        if finding.change is None or self.model.stop_training:
            return False
        self._races += 1
        budget = record.total or record.steps
        if self._may_begin_anew(finding) and self._began_anew(finding, epoch, budget):
            return True
        change = change_of(finding.change, self.model)
        if change is None:
            return False
        if epoch >= record.epochs:
            what = f"{change.what} It was not tried: no epoch is left."
            self._told(Repair(finding.id, f"epoch {epoch}", what, change.diff, kept=False))
            return False
        return self._hold(finding, change, f"epoch {epoch}", budget, begins=False) is not None

    def _may_begin_anew(self, finding: Finding) -> bool:
        new = finding.id not in self._known or self._may_try_again(finding)
        return self._start is not None and self._start.left > 0 and new

    def _began_anew(self, finding: Finding, epoch: int, budget: int) -> bool:
        """Race a change where the training began; if it is better, let it begin anew there."""
        start, run = self._start, self.model._training.run
        assert start is not None
        self._known.add(finding.id)
        given_up = start.gone
        start.put_back()
        change = change_before(finding.change, self.model, run.source)
        won = None
        if change is not None and not isinstance(change, Ending):
            start.leave()
            losses = measured(self.model, change)
            start.put_back()
            reached = float(losses.mean()) if self._over else -math.inf
            won = self._hold(finding, change, f"epoch {epoch}", budget, True, given_up, reached)
        if won is None:
            start.leave()
        else:
            start.begin_anew(finding, won, losses)
            self.best, self._top, self._ending = Best(self.model), Best(self.model), None
        run.feed.renew(self.model, run.callbacks)
        return won is not None


def _when(epoch: int, batch: int) -> str:
    return f"epoch {epoch}, batch {batch}" if batch else f"epoch {epoch}"
