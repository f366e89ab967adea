"""The parts that parameters are made of: initialisers, regularisers, constraints.

A layer has them as attributes that are named after the parameter: `kernel_initializer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.ambient import ambient
from neurona.core.budget import limited
from neurona.core.shapes import Shape, product
from neurona.core.tensor import as_array
from neurona.errors import ShapeError
from neurona.nn import constraints, initializers, regularizers

_FAMILIES = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}


def check_parts(arguments: Mapping[str, Any]) -> None:
    """Look the parts among a constructor's arguments up, so that a misspelt name fails there.

    Raises:
        ArgumentError: if there is none of a name.
    """
    for name, value in arguments.items():
        for part, get in _FAMILIES.items():
            if value is not None and name.endswith(f"_{part}"):
                get(value)


def parts_for(layer: Any, name: str) -> dict[str, Any]:
    """Return the parts that a layer has for a parameter: of its name, its first words or its last.

    >>> class Cell:
    ...     recurrent_initializer, bias_initializer = "orthogonal", "zeros"
    >>> parts_for(Cell, "recurrent_kernel"), parts_for(Cell, "recurrent_bias")
    ({'initializer': 'orthogonal'}, {'initializer': 'zeros'})
    """
    for word in (name, name.removesuffix("_kernel"), name.rpartition("_")[2]):
        attributes = {part: f"{word}_{part}" for part in _FAMILIES}
        found = {p: getattr(layer, a) for p, a in attributes.items() if hasattr(layer, a)}
        if found:
            return found
    return {}


def initial_value(name: str, shape: Shape, dtype: np.dtype, initializer: Any) -> np.ndarray:
    """Return what a parameter begins with; without an initialiser Glorot uniform, or zeros.

    Raises:
        ShapeError: if the initialiser gives another shape.
    """
    if initializer is None:
        initializer = "glorot_uniform" if len(shape) >= 2 else "zeros"
    start: Any = initializers.get(initializer)
    if (budget := ambient.budget) is not None:
        budget.take_parameters(product(shape))
        if budget.filled:
            start = np.zeros
    with random.outside(), limited(None):
        value = as_array(start(shape, dtype=dtype), dtype)
    if value.shape != shape:
        raise ShapeError(
            f"the initializer of {name!r} gives another shape.",
            got=str(value.shape),
            expected=str(shape),
        )
    return value
