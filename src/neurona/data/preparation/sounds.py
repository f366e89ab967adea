"""Sounds: recordings of any rate and length as samples of one rate and length."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from neurona.data.preparation.record import MOST, Preparation
from neurona.errors import check_integer


@dataclasses.dataclass(frozen=True)
class Sounds(Preparation):
    """Sound files as samples: one channel, a sample rate, and the loudest part of that length.

    A shorter sound lies in the middle of silence.

    Args:
        sample_rate: in Hz.
        length: samples of a sound.

    >>> str(Sounds(8000, 4000))
    'the loudest 0.5 s, 8000 samples a second, one channel'
    """

    kind: ClassVar[str] = "sounds"
    sample_rate: int
    length: int

    def __post_init__(self) -> None:
        self._set(
            sample_rate=check_integer("sample_rate", self.sample_rate, minimum=1),
            length=check_integer("length", self.length, minimum=1, maximum=MOST),
        )

    def apply(self, raw: Any) -> np.ndarray:
        """Return a sound file, or samples of this rate, as (length,) float32.

        Raises:
            MissingDataError: there is no such file.
            FormatError: it is no sound, or a damaged one.
        """
        from neurona.data.sound import loudest_part, read_sound

        given = isinstance(raw, np.ndarray | list)
        samples = np.asarray(raw) if given else read_sound(raw, self.sample_rate)[0]
        return loudest_part(samples, self.length).astype(np.float32)

    def __str__(self) -> str:
        seconds = self.length / self.sample_rate
        return f"the loudest {seconds:g} s, {self.sample_rate} samples a second, one channel"
