"""What a tensor looks like, and ways in and out. No op: a symbolic tensor answers as others do."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.shapes import as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.ops.arithmetic import alias, cast
from neurona.ops.creation import array

__all__ = [
    "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "is_tensor", "ndim", "shape", "size",
]  # fmt: skip


def shape(x: Any) -> tuple:
    """The sizes of the axes, as a tuple; None for what is not known yet.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return tuple(as_tensor(x).shape)


def ndim(x: Any) -> int:
    """The number of axes.

    >>> ndim([[1, 2, 3]])
    2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements; None if it is not known yet.

    >>> size([[1, 2, 3]])
    3
    """
    sizes = shape(x)
    return None if None in sizes else int(np.prod(sizes, dtype=int))


def dtype(x: Any) -> str:
    """The element type, as a name.

    >>> dtype([1.0])
    'float32'
    """
    return as_tensor(x).dtype.name


def is_tensor(x: Any) -> bool:
    """Whether it is a Tensor.

    >>> is_tensor(np.zeros(2))
    False
    """
    return isinstance(x, Tensor)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Tensor:
    """A Tensor of what is one already, an array, numbers, lists; of a type if one is given.

    Raises:
        ArgumentError: for a sparse or ragged one; there are none.

    >>> convert_to_tensor([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        raise ArgumentError("convert_to_tensor: tensors are neither sparse nor ragged.")
    if not isinstance(x, Tensor):
        return array(x, dtype)
    same = dtype is None or as_dtype(dtype) == x.dtype
    return x.value if same else cast(x, dtype=as_dtype(dtype).name)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as a NumPy array of one's own.

    Raises:
        TraceError: while tracing, where there are no values.

    >>> convert_to_numpy([1, 2])
    array([1, 2], dtype=int32)
    """
    return as_tensor(x).numpy()


def copy(x: Any) -> Tensor:
    """The same values as a tensor of its own.

    >>> copy([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return alias(x)
