"""The keyword arguments that every layer takes besides its own.

A constructor has them as `**common: Unpack[LayerOptions]`, so that editors and type checkers know
them, and hands them on: `super().__init__(**common)`.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from neurona.core.shapes import as_dtype, as_shape, is_float
from neurona.errors import ArgumentError
from neurona.precision import COMPUTED, DTypePolicy


class RegularizedOptions(TypedDict, total=False):
    """What a layer takes that has an activity_regularizer among its own arguments."""

    name: str | None
    dtype: Any
    trainable: bool | None
    input_shape: Any


class LayerOptions(RegularizedOptions, total=False):
    """What every layer takes: see `Layer`."""

    activity_regularizer: Any


class OlderLayerOptions(LayerOptions, total=False):
    """And what older scripts say instead of input_shape."""

    input_dim: int | None
    batch_input_shape: Any


def float_type(dtype: Any) -> np.dtype:
    """Return the type that a layer computes in: by its name, or a policy or that one's name.

    Raises:
        ArgumentError: if it is no float type.

    >>> float_type("float64").name
    'float64'
    """
    if isinstance(dtype, DTypePolicy) or (isinstance(dtype, str) and dtype in COMPUTED):
        dtype = DTypePolicy(dtype).compute_dtype
    found = as_dtype(dtype)
    if not is_float(found):
        raise ArgumentError("a layer computes with floats.", got=found.name)
    return found


def sizes_given(input_shape: Any, input_dim: Any, batch_input_shape: Any) -> tuple | None:
    """Return the shape of an input without the batch axis, however it is given; or None."""
    if batch_input_shape is not None:
        input_shape = tuple(batch_input_shape)[1:]
    elif input_shape is None:
        input_shape = input_dim
    if input_shape is None:
        return None
    sizes = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
    as_shape([1 if s is None else s for s in sizes])
    return sizes
