"""Values and shapes of tensors, as Keras's backend has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona import ops
from neurona.config import floatx
from neurona.core.op import as_tensor
from neurona.core.shapes import as_dtype, product
from neurona.core.tensor import Tensor, tensor
from neurona.nn.parameter import Parameter
from neurona.nn.symbolic import Input, Symbolic


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """Return a Parameter."""
    return Parameter(value, name, dtype=dtype, constraint=constraint)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """Return a tensor of a value, or of a shape filled with it."""
    x = tensor(value, dtype=dtype or (None if isinstance(value, np.ndarray) else floatx()))
    return x if shape is None else ops.broadcast_to(x, tuple(shape))


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False,
    name: str | None = None,
) -> Symbolic:  # fmt: skip
    """Return a symbolic input of a shape with the batch axis, or of so many axes of any size."""
    sizes = (None,) * (ndim or 0) if shape is None else shape
    return Input(batch_shape=sizes, dtype=dtype, name=name)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return a Parameter of zeros."""
    return variable(np.zeros(shape, as_dtype(dtype)), name=name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return a Parameter of ones."""
    return variable(np.ones(shape, as_dtype(dtype)), name=name)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return zeros in the shape of x."""
    return ops.zeros_like(x) if dtype is None else ops.zeros_like(x).astype(dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Return ones in the shape of x."""
    return ops.ones_like(x) if dtype is None else ops.ones_like(x).astype(dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Tensor:
    """Return start, start + step, ... below stop."""
    first, last = (0, start) if stop is None else (start, stop)
    return tensor(np.arange(first, last, step), dtype=dtype)


def get_value(x: Any) -> Any:
    """Return the values of a tensor as NumPy has them: an array, or a number of one."""
    found = np.asarray(as_tensor(x))
    return found if found.ndim else found[()]


eval = get_value


def set_value(x: Any, value: Any) -> None:
    """Give a Parameter, such as an optimiser's `learning_rate`, another value."""
    x.assign(value)


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """Return the values of several tensors."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Sequence[tuple[Any, Any]]) -> None:
    """Give several Parameters other values: pairs (parameter, value)."""
    for x, value in tuples:
        set_value(x, value)


def update(x: Any, new_x: Any) -> Any:
    """Assign to a Parameter, and return it."""
    x.assign(new_x)
    return x


def update_add(x: Any, increment: Any) -> Any:
    """Add to a Parameter, and return it."""
    x.assign_add(increment)
    return x


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtract from a Parameter, and return it."""
    x.assign_sub(decrement)
    return x


def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """Assign momentum * x + (1 - momentum) * value to a Parameter, and return it."""
    return update(x, x * momentum + value * (1.0 - momentum))


def shape(x: Any) -> tuple[int | None, ...]:
    """Return the sizes, None where one of a symbolic tensor is open."""
    return tuple(as_tensor(x).shape)


int_shape = shape


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return as_tensor(x).ndim


def dtype(x: Any) -> str:
    """Return the name of the element type."""
    return as_tensor(x).dtype.name


def count_params(x: Any) -> int:
    """Return the number of elements."""
    return product(as_tensor(x).shape)


def is_tensor(x: Any) -> bool:
    """Say whether it is a tensor."""
    return isinstance(x, Tensor)


def is_sparse(tensor: Any) -> bool:
    """Say whether a tensor is sparse: none is."""
    return False


def to_dense(tensor: Any) -> Any:
    """Return the tensor as it is: none is sparse."""
    return tensor
