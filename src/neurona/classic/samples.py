"""The door for data of the classic networks: they compute in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import DataError


def as_floats(name: str, value: Any) -> np.ndarray:
    """Return numbers as a float64 array.

    Raises:
        DataError: for what is no array of numbers, or has NaN or infinity.
    """
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} is not an array of numbers.",
            got=repr(value)[:60],
            hint="encode text as integers first, e.g. np.unique(y, return_inverse=True)[1]",
        ) from None
    if not np.isfinite(array).all():
        raise DataError(
            f"{name} contains NaN or infinity.",
            got=f"{np.count_nonzero(~np.isfinite(array))} of {array.size} values",
            hint="drop or fill these samples, e.g. np.nan_to_num",
        )
    return array
