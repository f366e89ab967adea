"""What the doctor is asked through a model: `diagnose` before training, `fit(doctor=...)` in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurona.core import later
from neurona.errors import check_choice
from neurona.frames import door

LEVELS = ("guard", "full")
REPAIRS = ("off", "safe", "race")

if TYPE_CHECKING:
    from neurona.doctor import Diagnosis


class Diagnosed:
    """What a Model inherits to be examined by `neurona.doctor`."""

    @door
    def diagnose(
        self, x: Any, y: Any = None, validation_data: Any = None, *, batch_size: int = 32,
        epochs: int | None = None, sample_weight: Any = None, class_weight: Any = None,
        shuffle: bool = True, callbacks: Any = None, thorough: bool = False,
    ) -> Diagnosis:  # fmt: skip
        """Say what is wrong before training: with the data, the model and its loss, one batch.

        Nothing is changed: weights, random numbers and metrics stay as they are.

        Args:
            x, y, validation_data, batch_size, epochs, sample_weight, class_weight, shuffle,
                callbacks: as `fit` would be given them.
            thorough: also train a copy on 16 samples, and hold gradients that functions say
                themselves (`custom_gradient`) against differences.

        Returns: a Diagnosis, the findings, causes first, and the rules that were looked at; it
            prints itself, in notebooks too, and has `to_json()`.
        """
        return later.load("doctor").diagnose_model(
            self, x, y, validation=validation_data, batch_size=batch_size, epochs=epochs,
            sample_weight=sample_weight, class_weight=class_weight, shuffle=shuffle,
            callbacks=listed(callbacks), thorough=thorough,
        )  # fmt: skip


def with_doctor(callbacks: Any, given: Any) -> Any:
    """Return the callbacks of a `fit`, with the Doctor that its argument `doctor` asks for.

    Args:
        callbacks: those of the user: one, a list, or None.
        given: False, True, a level, or a Doctor.

    Raises:
        ArgumentError: if the level is unknown.
    """
    if given is False or given is None:
        return callbacks
    if isinstance(given, bool | str):
        level = "guard" if given is True else check_choice("doctor", given, LEVELS)
        given = later.load("doctor").Doctor(level)
    return [*listed(callbacks), given]


def listed(callbacks: Any) -> tuple[Any, ...]:
    """Return callbacks as a tuple: `fit` takes one, several, or none."""
    if isinstance(callbacks, list | tuple):
        return tuple(callbacks)
    return () if callbacks is None else (callbacks,)
