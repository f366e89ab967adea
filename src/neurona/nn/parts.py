"""What layers are called on, and the parts that parameters are made of: initialisers and others.

A layer has them as attributes that are named after the parameter: `kernel_initializer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.ambient import ambient, within
from neurona.core.budget import limited
from neurona.core.notes import carried
from neurona.core.op import cast
from neurona.core.shapes import Shape, is_float, product
from neurona.core.tensor import Tensor, as_array
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ShapeError
from neurona.nn import constraints, initializers, regularizers
from neurona.nn.parameter import Parameter
from neurona.nn.settings import same

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


def give_parts(
    parameters: Sequence[Parameter], before: Sequence[Parameter], after: Sequence[Parameter]
) -> None:
    """Give parameters those regularisers and constraints that differ between two of their kind."""
    for p, old, new in zip(parameters, before, after, strict=False):
        for part in ("regularizer", "constraint"):
            if not same(getattr(old, part), getattr(new, part)):
                setattr(p, part, getattr(new, part))


def as_inputs(value: Any, dtype: np.dtype) -> Any:
    """Return what a layer is called on as Tensors with their notes, floats in its type.

    Strings stay as they are.
    """

    def convert(x: Any) -> Any:
        if isinstance(x, str) or x is None:
            return x
        x = x.value if isinstance(x, Tensor) else Tensor(as_array(x))
        if not is_float(x.dtype) or x.dtype == dtype:
            return x
        return carried(lambda x: cast(x, dtype=dtype), x)

    if isinstance(value, list | tuple) and not any(
        isinstance(v, Tensor | np.ndarray) for v in flatten(value)[0]
    ):
        return convert(as_array(value, dtype))  # nested lists of numbers are one array
    return map_leaves(convert, value)


def abstract() -> AbstractContextManager[None]:
    """Let parameters that are made inside take no memory, so that large models can be counted.

    Each is zeros that are one number in memory; whoever assigns to it gives it its own.
    """
    return within(abstract=True)


def initial_value(name: str, shape: Shape, dtype: np.dtype, initializer: Any) -> np.ndarray:
    """Return what a parameter begins with; without an initialiser Glorot uniform, or zeros.

    Raises:
        ShapeError: if the initialiser gives another shape.
    """
    if initializer is None:
        initializer = "glorot_uniform" if len(shape) >= 2 else "zeros"
    start: Any = initializers.get(initializer)
    if ambient.abstract:
        return np.broadcast_to(np.zeros((), dtype), shape)
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
