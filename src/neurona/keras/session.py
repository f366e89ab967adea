"""Small functions of Keras's `backend` and `utils`: types, names of inputs, and what is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

from neurona import config
from neurona.core.shapes import as_dtype, promote
from neurona.errors import ArgumentError
from neurona.nn.context import reset_names
from neurona.nn.symbolic import InputLayer, Symbolic
from neurona.train.data import unpack

_uids: Counter[str] = Counter()


def clear_session(free_memory: bool = True) -> None:
    """Begin automatic names anew: the next Dense is "dense". Nothing else is kept globally.

    Args:
        free_memory: accepted as in Keras; Python frees what is no longer used.
    """
    reset_names()
    _uids.clear()


def get_uid(prefix: str = "") -> int:
    """Return 1, 2, 3, ... for each call with a prefix, until `clear_session`."""
    _uids[prefix] += 1
    return _uids[prefix]


def standardize_dtype(dtype: Any) -> str:
    """Return the name of an element type; None is `floatx`.

    Raises:
        ArgumentError: if tensors have no such type.

    >>> import numpy as np
    >>> standardize_dtype(np.float64), standardize_dtype(None), standardize_dtype(int)
    ('float64', 'float32', 'int32')
    """
    name = getattr(dtype, "name", None) or dtype
    return as_dtype(str(name).removeprefix("torch.") if "torch." in str(name) else name).name


def is_float_dtype(dtype: Any) -> bool:
    """Say whether a type is one of floats.

    >>> is_float_dtype("float32"), is_float_dtype("int32")
    (True, False)
    """
    return standardize_dtype(dtype).startswith("float")


def is_int_dtype(dtype: Any) -> bool:
    """Say whether a type is one of integers, signed or not."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def result_type(*dtypes: Any) -> str:
    """Return the type of an operation on values of these types; None stands for Python's floats.

    >>> result_type("int32", "float32"), result_type("uint8", "int64")
    ('float32', 'int64')
    """
    if not dtypes:
        return config.floatx()
    return promote([as_dtype(standardize_dtype(d)) for d in dtypes], "result_type").name


def is_keras_tensor(x: Any) -> bool:
    """Say whether it is symbolic: what `Input` or a layer called on that returned."""
    return isinstance(x, Symbolic)


def get_source_inputs(tensor: Any) -> list[Symbolic]:
    """Return the inputs that a symbolic tensor was made from, each once.

    Raises:
        ArgumentError: if it is not symbolic.
    """
    if not isinstance(tensor, Symbolic):
        raise ArgumentError(
            "get_source_inputs takes a symbolic tensor.",
            got=repr(tensor)[:60],
            hint="nn.Input(...)",
        )
    found: dict[int, Symbolic] = {}
    seen: set[int] = set()
    pending = [tensor]
    while pending:
        x = pending.pop()
        if isinstance(x.call.layer, InputLayer):
            found[id(x)] = x
        elif id(x.call) not in seen:
            seen.add(id(x.call))
            pending += reversed(x.call.inputs)
    return list(found.values())


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return (x, y) or (x, y, sample_weight); without y it is x, or (x,) of a list or tuple.

    >>> pack_x_y_sample_weight([1], [2])
    ([1], [2])
    """
    if y is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return (x, y, sample_weight) of what `train_step` gets; what is not there is None.

    >>> unpack_x_y_sample_weight(("x", "y"))
    ('x', 'y', None)
    """
    return unpack(tuple(data) if isinstance(data, list) else data)
