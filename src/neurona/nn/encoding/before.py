"""Layers that run before the step: NumPy looks text and tables up, the step is given numbers.

A Tensor holds numbers only, and so does a compiled step. What a model's first layers make of text
is found beforehand, see `nn/front.py`; such a layer can be called on data by itself as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np

from neurona.core.shapes import as_dtype, check_size, is_float
from neurona.core.tensor import Tensor
from neurona.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    NeuronaError,
    ShapeError,
    StateError,
    check_choice,
)
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions

TEXT = np.dtype("U")  # of a symbolic input whose values are strings
MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
OLDER_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


class Outcome(NamedTuple):
    """What a layer makes of symbolic inputs."""

    shape: tuple[int | None, ...]
    dtype: np.dtype


class BeforeStep(Layer):
    """A layer that NumPy computes, before the step.

    A subclass has `encode`, of arrays, and `outcome`, which says what that returns for symbolic
    inputs. It learns nothing, and nothing before it learns.

    Args:
        output_mode: what is returned for ids, see `encoded`.
        dtype: of the output; int64 for ids, else as of every layer.
        sparse: there are no sparse tensors; False.
    """

    output_mode: str

    def __init__(
        self, output_mode: str, sparse: bool, modes: Sequence[str], **common: Unpack[LayerOptions]
    ) -> None:
        dtype = common.pop("dtype", None)
        whole = dtype is not None and not is_float(as_dtype(dtype))
        super().__init__(**common, **({} if whole or dtype is None else {"dtype": dtype}))
        self.output_mode = check_choice(
            "output_mode", OLDER_MODES.get(output_mode, output_mode), modes
        )
        if sparse:
            raise ArgumentError(
                f"{type(self).__name__}: there are no sparse tensors.",
                got="sparse=True",
                hint='sparse=False; output_mode="int" with an Embedding takes the least memory',
            )
        self._whole = as_dtype(dtype) if whole else np.dtype("int64")
        self.built = True

    @property
    def output_dtype(self) -> np.dtype:
        """The type of what is returned."""
        return self._whole if self.output_mode == "int" else self.dtype

    def parts(self, inputs: Any) -> list[Any]:
        """Return the inputs one by one: one, unless a subclass takes several."""
        return [inputs]

    def encode(self, *arrays: np.ndarray) -> np.ndarray:
        """Return numbers for arrays of text or numbers."""
        raise NotImplementedError

    def outcome(self, *shapes: tuple[int | None, ...]) -> Outcome:
        """Return shape and type of the output for inputs of these shapes."""
        raise NotImplementedError

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Encode data, or record the call on symbolic inputs: `layer(inputs)`.

        Raises:
            StateError: for values inside of a function that is traced.
        """
        (inputs,) = args
        parts = self.parts(inputs)
        shapes: list[Any] = []
        try:
            for x in parts:
                if isinstance(x, Tensor) and x.level < 0:
                    return x.record_layer(self, [inputs], {})  # type: ignore[attr-defined]
                if isinstance(x, Tensor) and x.level > 0:
                    raise StateError(
                        f"{type(self).__name__} runs before the step: NumPy looks its values up.",
                        got="a value inside of a compiled function",
                        hint="make it the first layer of a Sequential or functional model, or call "
                        "it on the data",
                    )
            arrays = [as_data(x) for x in parts]
            shapes = [a.shape for a in arrays]
            found = self.encode(*arrays)
        except NeuronaError as error:
            self._explain(error, shapes)
            raise
        y = Tensor(found) if found.dtype.kind in "biuf" else found
        self._note_shapes(shapes, y)
        return y

    def call(self, x: Any) -> Any:
        """Encode data."""
        return self(x)


def as_data(value: Any) -> np.ndarray:
    """Return text or numbers as an array; strings are the objects of Python.

    >>> as_data([["a"], ["bc"]]).tolist(), as_data(b"d").item()
    ([['a'], ['bc']], 'd')
    """
    if isinstance(value, Tensor):
        return value.numpy()
    if isinstance(value, str | bytes):
        array = np.array(value, object)
    elif isinstance(value, list | tuple) and (shape := _shape_of_text(value)) is not None:
        array = _filled(value, shape)  # of one width for all, as NumPy would have it, 1 GB is soon
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            raise ShapeError(
                "the rows have different lengths.",
                got=f"a {type(value).__name__} of {len(value)}",
                hint="pad them, or give each sample as one string to TextVectorization",
            ) from None
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.dtype.kind in "UT":
        return array.astype(object)
    return _of_objects(array) if array.dtype.kind == "O" else array


def _shape_of_text(value: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists of strings; None for other things, or ragged rows."""
    if isinstance(value, str | bytes):
        return ()
    if not isinstance(value, list | tuple) or not value:
        return None
    shapes = {_shape_of_text(v) for v in value}
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)


def _filled(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(math.prod(shape), object)
    for _ in shape[1:]:
        value = [item for row in value for item in row]
    array[:] = value
    return _of_objects(array.reshape(shape))


def _of_objects(array: np.ndarray) -> np.ndarray:
    """Return Python objects as strings or numbers.

    Raises:
        DataError: if something is missing.
        DtypeError: for anything else.
    """
    kinds = {type(v) for v in array.flat}
    if kinds <= {str}:
        return array
    if all(issubclass(k, str | bytes) for k in kinds):
        texts = [v.decode() if isinstance(v, bytes) else str(v) for v in array.flat]
        return _filled(texts, (len(texts),)).reshape(array.shape)
    if all(issubclass(k, bool | int | np.integer) for k in kinds):
        return array.astype("int64")
    if all(issubclass(k, int | float | np.number) for k in kinds):
        return array.astype("float64")
    index, value = next((i, v) for i, v in np.ndenumerate(array) if not isinstance(v, str | bytes))
    if value is None or value != value or type(value).__name__ == "NAType":
        raise DataError(
            "the text has missing values.",
            got=f"{value!r} at index {index}",
            hint='fill or drop these samples, e.g. frame.fillna("")',
        )
    raise DtypeError(
        "text and other things are mixed.", got=f"{value!r:.60} at index {index}", expected="text"
    )


def as_text(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Return an array of strings as it is.

    Raises:
        DtypeError: if it holds numbers.
    """
    if x.dtype.kind != "O":
        raise DtypeError(
            f"{type(layer).__name__} takes text.",
            got=f"{x.dtype.name} {x.shape}",
            hint="IntegerLookup is for whole numbers",
        )
    return x


# --- what is returned for ids --------------------------------------------------------------------


def encoded(ids: np.ndarray, mode: str, depth: int, dtype: np.dtype) -> np.ndarray:
    """Return ids as they are, or as weights of `depth` places; what is below 0 counts nowhere.

    "one_hot" has a 1 for each id, on a new last axis or instead of a last one of size 1;
    "multi_hot" and "count" look at the last axis as one sample: which ids are in it, how often.

    >>> encoded(np.array([[0, 2, 2]]), "count", 4, np.dtype("float32")).tolist()
    [[1.0, 0.0, 2.0, 0.0]]
    """
    if mode == "int":
        return ids.astype(dtype)
    shape = encoded_shape(ids.shape, mode, depth)
    check_size(shape)
    y = np.zeros(shape, dtype)
    rows = y.reshape(-1, depth)
    ids = ids.reshape(len(rows), -1)
    row, place = np.nonzero((ids >= 0) & (ids < depth))
    if mode == "count":
        np.add.at(rows, (row, ids[row, place]), 1)
    else:
        rows[row, ids[row, place]] = 1
    return y


def encoded_shape(shape: tuple[Any, ...], mode: str, depth: int) -> tuple[Any, ...]:
    """Return the shape of what `encoded` returns.

    >>> [encoded_shape((3, 1), m, 5) for m in ("int", "one_hot", "count")]
    [(3, 1), (3, 5), (3, 5)]
    """
    if mode == "int":
        return shape
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    return (*shape[:-1], depth)
