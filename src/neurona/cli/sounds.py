"""Sounds: what a model that begins with an ear takes."""

from __future__ import annotations

from typing import Any

from neurona.errors import DataError

ENDINGS = (".wav", ".flac", ".ogg")


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
