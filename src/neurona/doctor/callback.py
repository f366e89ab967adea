"""The callback that examines a training while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from neurona import terminal
from neurona.doctor.diagnosis import Diagnosis
from neurona.doctor.finding import Finding
from neurona.doctor.live.watch import Watch
from neurona.errors import check_choice
from neurona.train.callbacks.callback import Callback
from neurona.train.diagnosed import LEVELS

REPAIRS = ("off", "safe", "race")


class Doctor(Callback):
    """Examines a training while it runs, says what is wrong and why, and may mend it.

    Args:
        level: "guard" looks at what is cheap, losses and numbers that are not finite; "full" looks
            into the layers as well.
        repair: "off" only tells; "safe" applies what cannot harm; "race" also tries what may help
            on a twin, and keeps it if that is better.

    Attributes:
        diagnosis: what was found so far.

    Raises:
        ArgumentError: if level or repair is unknown.
    """

    each_batch = False
    in_bulk = diagnoses = True
    _watch: Watch | None = None
    of_the_run: ClassVar = {"_watch": lambda: None}

    def __init__(self, level: str = "guard", repair: str = "off") -> None:
        self.level = check_choice("level", level, LEVELS)
        self.repair = check_choice("repair", repair, REPAIRS)
        self.diagnosis = Diagnosis([])

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._watch = Watch(self.model, self.level, self.params)
        self._take([])

    def undisturbed(self, epoch: int, batch: int) -> int:
        return self._watch.undisturbed() if self._watch is not None else 1

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._watch.before(batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._take(self._watch.after(batch))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._take(self._watch.epoch_ended(logs or {}))

    def extend(self, first: int, columns: dict[str, list]) -> None:
        if self._watch is not None:
            self._take(self._watch.epochs_passed(columns))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._watch is not None:
            self._take(self._watch.ended())

    def on_exit(self) -> None:
        self._watch = None

    def _take(self, found: Sequence[Finding]) -> None:
        """Tell what is found now, each once, and keep the diagnosis of all so far."""
        assert self._watch is not None
        for finding in found:
            if finding.alarm:
                terminal.say(f"doctor: {finding}")
        watch = self._watch
        self.diagnosis = Diagnosis([*watch.findings.values()], watch.checked, watch.skipped)
        self.model.history.diagnosis = self.diagnosis
