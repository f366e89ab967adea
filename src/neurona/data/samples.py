"""Arrays that belong together: one row of each is one sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import DataError


def as_arrays(name: str, arrays: tuple[Any, ...]) -> tuple[list[np.ndarray], int]:
    """Return the arrays as NumPy arrays and their common number of samples.

    Shapes: each (N, ...) -> ([(N, ...), ...], N).
    Raises:
        DataError: no array, a scalar, rows of different lengths, or different numbers of samples.
    """
    if not arrays:
        raise DataError(f"{name} needs data.", got="no array", expected="one array or more")
    result = []
    for position, values in enumerate(arrays):
        try:
            array = np.asarray(values)
        except ValueError:
            raise DataError(
                f"{name}: array {position} has rows of different lengths.",
                expected="samples of one shape",
                hint="nn.data.pad_sequences(rows) makes them equally long",
            ) from None
        if array.ndim == 0:
            raise DataError(
                f"{name}: array {position} has no samples.",
                got=f"a single value, {values!r}",
                expected="an array (N, ...)",
            )
        result.append(array)
    lengths = [len(array) for array in result]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{name}: the arrays have different numbers of samples.",
            got=", ".join(str(n) for n in lengths),
            expected="one number for all",
        )
    return result, lengths[0]
