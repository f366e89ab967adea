"""Sounds as a model wants them: its sample rate, its length, one channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurona.data.sound import loudest_part, read_sound
from neurona.errors import ArgumentError, DataError

ENDINGS = (".wav", ".flac", ".ogg")


def read(path: Path, model: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a sound file as one sample (1, N) of a model that begins with `zoo.LogMel`.

    Raises:
        ArgumentError: there is no such file.
        FormatError: it is no sound, or a damaged one.
        DataError: the model takes no sounds.
    """
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}.")
    samples, _ = read_sound(path, sample_rate(model, shape))
    return loudest_part(samples, shape[0])[None]


def sample_rate(model: Any, shape: tuple[int, ...]) -> int:
    """Return the sample rate that a model takes, in Hz: that of the ear it begins with."""
    from neurona.zoo import LogMel

    first = next(iter(getattr(model, "layers", [])), None)
    if not isinstance(first, LogMel) or len(shape) != 1:
        raise DataError(
            "this model does not take sounds.",
            got=f"{type(first).__name__} as its first layer, inputs of shape {shape}",
            expected="zoo.LogMel as the first layer, which knows the sample rate",
            hint="neurona train speech makes such a model",
        )
    return first.sample_rate
