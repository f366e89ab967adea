"""Guessing: the loss of a model that knows nothing, which every fresh one should begin near."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurona.core.tensor import as_array

QUANTITIES = (
    "mean_squared_error", "mean_absolute_error", "huber_loss", "log_cosh",
    "mean_squared_logarithmic_error",
)  # fmt: skip


def guessing(loss: Any, shape: tuple[int | None, ...], y: np.ndarray | None = None) -> float | None:
    """Return ln K for one of K classes, ln 2 for yes or no, and for quantities the loss of 0.

    Args:
        loss: a Loss.
        shape: of the output, with a batch axis.
        y: targets; without them nothing is known of quantities.

    Returns: None where that is not known.

    >>> from neurona.losses import CategoricalCrossentropy, MeanSquaredError
    >>> round(guessing(CategoricalCrossentropy(), (None, 10)), 3)
    2.303
    >>> guessing(MeanSquaredError(), (None, 1), np.array([[1.0], [3.0]]))
    5.0
    """
    name = str(getattr(loss, "name", ""))
    if getattr(loss, "reduction", "sum") == "sum":
        return None
    if name.endswith("crossentropy"):
        width = shape[getattr(loss, "axis", -1)] if len(shape) > 1 else 1
        return math.log(2 if name.startswith("binary") else max(width or 2, 2))
    if name in QUANTITIES and y is not None and y.size:
        y = y.astype(np.float32)
        return float(np.mean(as_array(loss(y, np.zeros_like(y)))))
    return None
