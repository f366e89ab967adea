"""Middle: the median of a few numbers, which NumPy takes 20 times as long for."""

from __future__ import annotations

from typing import Any

import numpy as np


def median(values: Any) -> Any:
    """Return the median along the first axis, NaN of none; NaN counts as the largest number.

    >>> float(median([3.0, 1.0, 2.0, 10.0]))
    2.5
    """
    ordered = np.sort(np.asarray(values), axis=0)
    if not (count := len(ordered)):
        return np.nan
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
