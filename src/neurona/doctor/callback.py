"""The callback that examines a training while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from neurona import terminal
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import ERROR, Finding
from neurona.errors import check_choice
from neurona.train.callbacks.callback import Callback
from neurona.train.diagnosed import LEVELS, REPAIRS

if TYPE_CHECKING:
    from neurona.doctor.guard import Guard
    from neurona.doctor.live.watch import Watch
    from neurona.doctor.not_finite import At
    from neurona.doctor.repair.mending import Mending
    from neurona.doctor.repair.repair import Repair


class Doctor(Callback):
    """Examines a training while it runs, says what is wrong and why, and may mend it.

    Args:
        level: how often a step is looked at from both sides: "guard" ten times in a run of up
            to 2,000 steps, most of them early, and at most 2,000 steps apart in a longer one;
            "full" 40 times, and at most 160.
        repair: "off" only tells; "safe" applies what cannot harm; "race" also tries what may help
            on a twin, and keeps it if that is better; what is found late may let all epochs come
            again, at most twice.

    Each step is committed only if all its numbers are finite. One that is not is computed again, op
    by op, to name where it went wrong; the training then stops with the last good weights, or with
    `repair` leaves the step out and goes on with half the learning rate.

    Attributes:
        diagnosis: what was found so far.
        repairs: what was changed, in order; `history.repairs` has the same as JSON values.

    Raises:
        ArgumentError: if level or repair is unknown.
    """

    each_batch = False
    in_bulk = diagnoses = True
    of_the_run: ClassVar = dict.fromkeys(("_watch", "_guard", "_mending"), lambda: None)

    def __init__(self, level: str = "guard", repair: str = "off") -> None:
        self.level = check_choice("level", level, LEVELS)
        self.repair = check_choice("repair", repair, REPAIRS)
        self.diagnosis = Diagnosis([])
        self._watch: Watch | None = None
        self._guard: Guard | None = None
        self._mending: Mending | None = None
        self.repairs: list[Repair] = []
        self._past: list[Finding] = []  # bad steps, and what was mended

    def around(self, step: Any) -> Any:
        from neurona.doctor.guard import Guard

        if self._guard is not None:
            self._guard.finish()
        if isinstance(step, Guard):  # of another Doctor
            return step
        self._guard = Guard(self.model, step, self.params.get("epochs", 0), self._treat)
        return self._guard

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from neurona.doctor.live.first_batch import of_first_batch

        self.repairs, self._past = [], []
        if self.repair != "off":
            from neurona.doctor.repair.mending import Mending

            self._mending = Mending(self.model, self.repair == "race", self.repaired)
            self._mending.begin(self.params.get("epochs", 1))
        self._watch = self._watching()
        self._past = of_first_batch(self.model)
        self._take(self._past)

    def _watching(self) -> Watch:
        from neurona.doctor.live.watch import Watch

        watch = Watch(self.model, self.level, self.params)
        watch.record.raced = self.repair == "race"
        return watch

    def undisturbed(self, epoch: int, batch: int) -> int:
        return self._watch.undisturbed() if self._watch is not None else 1

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._mending is not None:
            self._mending.first_step_comes()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._watch.before(batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None and (found := self._watch.after(batch)):
            self._take(found)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._take(self._watch.epoch_ended(logs or {}))
            self._epoch_ended(epoch, logs or {})

    def extend(self, first: int, columns: dict[str, list]) -> None:
        if self._watch is not None:
            self._take(self._watch.epochs_passed(columns))
            count = max(map(len, columns.values()), default=0)
            last = {name: values[-1] for name, values in columns.items()}
            self._epoch_ended(first + count - 1, last)

    def _epoch_ended(self, epoch: int, logs: dict[str, Any]) -> None:
        if self._mending is None or self._watch is None:
            return
        if self._mending.is_last(epoch + 1):
            self._take(self._watch.ended())
        for finding in self._mending.epoch_ended(logs, epoch + 1, self._watch.record):
            self._look_anew(finding)
        if self.model._training.position.epoch <= epoch:  # all begins anew
            self._watch = self._watching()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._guard is not None:
            self._guard.finish()
        if self._watch is not None:
            self._take(self._watch.ended())
        if self._mending is not None:
            self._mending.ended(self.model._training.position.epoch)

    def on_exit(self) -> None:
        self._watch = self._guard = self._mending = None

    def repaired(self, repair: Repair) -> None:
        """Tell a repair, and write it down."""
        self.repairs.append(repair)
        self.model._training.history.repairs.append(repair.as_dict())
        terminal.say(f"doctor: {repair}")

    def _treat(self, finding: Finding, at: At) -> bool:
        """Do something about a step that is not finite; say whether the training goes on."""
        from neurona.doctor.not_finite import GROWN_TOO_LARGE
        from neurona.doctor.repair.bad_steps import leave_out, stop_at

        self._past.append(finding)
        self._take([])
        if finding.severity != ERROR:
            return True
        going_on = self.repair != "off"
        if self._watch is not None and (going_on or finding.rule is not GROWN_TOO_LARGE):
            self._watch.leave_out()  # what was seen of it says nothing of the rate
        repair = None
        if self.repair != "off":
            before = sum(r.rule == finding.id for r in self.repairs)
            best = self._mending.best if self._mending is not None else None
            repair = leave_out(self.model, finding, at, before, best)
        if repair is None:
            return stop_at(self.model, finding)
        self.repaired(repair)
        return True

    def _mend(self, finding: Finding) -> None:
        """Apply the fix of a finding; if that takes steps back, what they showed is forgotten."""
        position = self.model._training.position
        if self._mending is None or self._watch is None:
            return
        over = self._watch.record.ended
        if self._mending.mend(finding, position.epoch + 1, position.batch, over):
            self._look_anew(finding)

    def _look_anew(self, finding: Finding) -> None:
        """Forget what steps showed before something was mended."""
        assert self._watch is not None
        self._past.append(finding)
        self._watch.findings.pop(finding.id, None)
        self._watch.record.forget()

    def _take(self, found: Sequence[Finding]) -> None:
        """Tell what is found now, each once, and keep the diagnosis of all so far."""
        from neurona.doctor.not_finite import NOT_FINITE

        assert self._watch is not None
        for finding in found:
            if finding.alarm:
                terminal.say(f"doctor: {finding}")
                self._mend(finding)
        watch = self._watch
        known = [*self._past, *watch.findings.values()]
        self.diagnosis = Diagnosis(known, [NOT_FINITE, *watch.checked], watch.skipped)
        self.model.history.diagnosis = self.diagnosis
