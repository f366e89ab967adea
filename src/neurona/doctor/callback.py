"""The callback that examines a training while it runs."""

from __future__ import annotations

from typing import Any

from neurona.doctor.diagnosis import Diagnosis
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

    def __init__(self, level: str = "guard", repair: str = "off") -> None:
        self.level = check_choice("level", level, LEVELS)
        self.repair = check_choice("repair", repair, REPAIRS)
        self.diagnosis = Diagnosis([])

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.diagnosis = Diagnosis([])
