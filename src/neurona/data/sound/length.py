"""Sounds of one length, as a model takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.sound.spectrum import as_sound
from neurona.errors import check_integer


def loudest_part(x: Any, length: int) -> np.ndarray:
    """The `length` samples with the most energy; a shorter sound in the middle of silence.

    Shapes: x (N,) -> (length,).
    Args:
        x: samples.
        length: how many, 1 or more.
    Raises:
        DataError: x is no sound.
        ArgumentError: a length below 1.

    >>> loudest_part([0.0, 0.1, 0.5, 0.4], 2).tolist(), loudest_part([0.5], 3).tolist()
    ([0.5, 0.4], [0.0, 0.5, 0.0])
    """
    length = check_integer("length", length, minimum=1)
    x = as_sound(x)
    if (spare := length - len(x)) >= 0:
        return np.pad(x, (spare // 2, spare - spare // 2))
    energy = np.concatenate([[0.0], np.cumsum(x.astype(np.float64) ** 2)])
    start = int((energy[length:] - energy[:-length]).argmax())
    return x[start : start + length]
