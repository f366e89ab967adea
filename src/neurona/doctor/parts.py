"""Parts of the data: each array of x, y and the validation data, with the names that it has."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurona.core.tensor import Tensor
from neurona.core.tree import LEAF, Structure, flatten, paths
from neurona.errors import DataError, StateError
from neurona.train.arrays import holds_arrays
from neurona.train.data import is_iterable_of_batches

NUMBERS = "biuf"  # kinds of element types that can be trained on


class Part(NamedTuple):
    """An array of the data.

    Attributes:
        name: "x", "x['image']", "validation y".
        values: as the user gave them; Python objects as floats if all of them are numbers.
        columns: their names, if the user's table has such.
    """

    name: str
    values: np.ndarray
    columns: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether it is made of numbers."""
        return self.values.dtype.kind in NUMBERS and self.values.ndim > 0

    def column(self, index: int) -> str:
        """Return how a feature is called: "column 'age'", "column 3" (from 0)."""
        named = index < len(self.columns) == self.values.shape[-1]
        return f"column {self.columns[index]!r}" if named else f"column {index}"


def parts_of(name: str, value: Any) -> tuple[list[Part], Structure]:
    """Return the arrays of nested data, and how they were nested.

    Raises:
        StateError: for batches that come one by one.
        DataError: for rows of different lengths.
    """
    if value is None:
        return [], flatten(None)[1]
    if is_iterable_of_batches(value):
        raise StateError(f"{name} is a {type(value).__name__}: its batches are not looked at.")
    if isinstance(value, list | tuple) and value and not holds_arrays(value):
        value = _as_array(name, value)
    leaves, structure = flatten(value)
    names = [name] if structure == LEAF else paths(structure, name)
    parts = [
        Part(n, _numbers(_as_array(n, v)), _columns(v)) for n, v in zip(names, leaves, strict=True)
    ]
    return parts, structure


def _as_array(name: str, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        return value.numpy()
    try:
        return np.asarray(value)
    except ValueError:
        raise DataError(
            f"the rows of {name} have different lengths.",
            hint="nn.utils.pad_sequences(rows) makes them equally long",
        ) from None


def _numbers(array: np.ndarray) -> np.ndarray:
    """Return Python objects as floats, where all of them are numbers or missing."""
    if array.dtype.kind != "O":
        return array
    if any(isinstance(v, str | bytes) for v in array.flat):
        return array
    try:
        return array.astype("float64")  # None becomes NaN
    except (TypeError, ValueError):
        return array


def _columns(value: Any) -> tuple[str, ...]:
    """Return the names of the columns of a table, or that of the only one."""
    if (columns := getattr(value, "columns", None)) is not None:
        try:
            return tuple(map(str, columns))
        except TypeError:
            return ()
    name = getattr(value, "name", None)  # of a series
    return (name,) if isinstance(name, str) and not isinstance(value, Tensor) else ()
