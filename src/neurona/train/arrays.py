"""The door for data: what cannot be trained on is refused here, before any step is compiled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core.shapes import as_dtype, channels_hint, is_float
from neurona.core.tensor import Tensor, as_array, of_no_numbers
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ArgumentError, DataError, NeuronaError
from neurona.nn.losses import check_labels
from neurona.nn.network import mismatch


def check_arrays(x: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """Return the data as arrays that can be trained on.

    Raises:
        DataError: if they are empty, of different lengths, no numbers, or not finite.
    """
    if x is None:
        raise DataError("there is no x to learn from.", got="x=None")
    parts = [as_batch("x", x), as_batch("y", y), as_batch("sample_weight", weight)]
    lengths = [
        (name, len(a))
        for name, part in zip(("x", "y", "sample_weight"), parts, strict=True)
        for a in flatten(part)[0]
    ]
    if not flatten(parts[0])[0]:
        raise DataError("there are no samples.", got=repr(x))
    if len({n for _, n in lengths}) > 1:
        raise DataError(
            "the data have different lengths.",
            got=", ".join(f"{name} {n}" for name, n in lengths),
            hint=_hint_for_lengths(parts),
        )
    if lengths[0][1] == 0:
        raise DataError("there are no samples.", got="x of length 0")
    return parts[0], parts[1], parts[2]


def _hint_for_lengths(parts: list) -> str:
    x, y = parts[:2]
    if isinstance(x, list) and isinstance(y, np.ndarray) and len(x) == len(y):
        return "a list of arrays means several inputs; np.stack(x) makes one array of the samples"
    return "every sample needs one target (and one weight)"


def as_batch(name: str, value: Any) -> Any:
    """Return nested data as arrays with a batch axis; floats get the library's float type."""
    if isinstance(value, list | tuple) and value and not holds_arrays(value):
        try:
            value = np.asarray(value)  # nested lists of numbers are one array
        except ValueError:
            raise DataError(
                f"the rows of {name} have different lengths.",
                hint="nn.utils.pad_sequences(rows) makes them equally long",
            ) from None
    return map_leaves(lambda leaf: checked(name, leaf), value)


def holds_arrays(value: list | tuple) -> bool:
    """Whether a list holds arrays, rather than numbers, however deeply nested."""
    first = value[0]
    if isinstance(first, list | tuple) and first:
        return holds_arrays(first)
    return isinstance(first, Tensor | dict) or (hasattr(first, "__array__") and np.ndim(first) > 0)


def checked(name: str, leaf: Any) -> np.ndarray:
    """Return an array of numbers with a batch axis; floats get the library's float type."""
    if type(leaf) is np.ndarray and leaf.dtype == as_dtype(None) and leaf.ndim and finite(leaf):
        return leaf
    if not isinstance(leaf, Tensor):
        leaf = np.asarray(leaf)
        if leaf.dtype.kind == "O":
            leaf = _of_objects(name, leaf)
        if leaf.dtype.kind not in "biuf":
            raise DataError(
                f"{name} is not made of numbers.",
                got=of_no_numbers(leaf),
                hint="encode text as integers first, e.g. np.unique(y, return_inverse=True)[1]",
            )
    array = as_array(leaf)
    if array.ndim == 0:
        raise DataError(f"{name} has no batch axis.", got="a single number")
    if is_float(array.dtype):
        if array.dtype != (wanted := as_dtype(None)):
            with np.errstate(over="ignore"):  # what overflows is reported below
                array = np.asarray(array, wanted)
        if not finite(array):
            bad = np.argwhere(~np.isfinite(array))
            first = tuple(bad[0].tolist())
            raise DataError(
                f"{name} contains NaN or infinity.",
                got=f"{len(bad)} of {array.size} values, the first at index {first}",
                hint="drop or fill these samples, e.g. np.nan_to_num",
            )
    return array


def _of_objects(name: str, array: np.ndarray) -> np.ndarray:
    """Return Python objects as numbers, if all are: tables of columns of several types hold such.

    Raises:
        DataError: if there is text, or nothing, in a cell.
    """
    kinds = {type(v) for v in array.flat}
    strange = {k for k in kinds if not issubclass(k, bool | int | float | np.number | np.bool_)}
    if not strange:
        whole = all(issubclass(k, bool | int | np.integer | np.bool_) for k in kinds)
        truth = all(issubclass(k, bool | np.bool_) for k in kinds)
        return array.astype(bool if truth else "int64" if whole else "float64")
    index, value = next((i, v) for i, v in np.ndenumerate(array) if type(v) in strange)
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        missing = f"{name} has missing values."
        hint = "fill or drop these samples, e.g. frame.fillna(0) or frame.dropna()"
        raise DataError(missing, got=f"{value!r} at index {index}", hint=hint)
    raise DataError(
        f"{name} is not made of numbers.",
        got=f"{array.dtype} data, {repr(value)[:40]} at index {index}",
        hint="encode text as integers first, e.g. np.unique(y, return_inverse=True)[1]",
    )


def finite(array: np.ndarray) -> bool:
    """Whether all numbers are finite, found piece by piece: the pieces stay in the cache.

    The sum of squares is found in half the time; it tells, unless it overflows itself.
    """
    rows = max(1, 65536 // max(array[:1].size, 1))
    for start in range(0, len(array), rows):
        piece = array[start : start + rows]
        if not math.isfinite(np.vdot(piece, piece)) and not np.isfinite(piece).all():
            return False
    return True


def weights_of_classes(y: Any, class_weight: Any, weight: Any) -> np.ndarray:
    """Return a weight for each sample from the weight of its class.

    Raises:
        DataError: if a class has no weight, or y is not one array of class labels.
        ArgumentError: if class_weight is no dict of class -> weight.
    """
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(
            "class_weight is a dict of class -> weight.",
            got=repr(class_weight),
            hint="class_weight={0: 1.0, 1: 5.0}",
        )
    for label, value in class_weight.items():
        number = isinstance(value, int | float | np.number) and np.isfinite(value) and value >= 0
        if not isinstance(label, int | np.integer) or isinstance(label, bool) or not number:
            raise ArgumentError(
                "class_weight: classes are integers, weights finite numbers of 0 or more.",
                got=f"{label!r}: {value!r}",
            )
    if not isinstance(y, np.ndarray):
        raise DataError("class_weight needs a single y.", got=type(y).__name__)
    one_hot = y.ndim > 1 and y.shape[-1] > 1
    labels = y.argmax(-1) if one_hot else y.reshape(y.shape[:1] + y.shape[1:-1])
    if labels.ndim != 1:
        raise DataError("class_weight needs one class for each sample.", got=f"y {y.shape}")
    strange = abs(y.sum(-1) - 1) > 1e-3 if one_hot else labels % 1 != 0
    if strange.any():
        first = int(strange.argmax())
        raise DataError(
            "class_weight needs one class for each sample.",
            got=f"y[{first}] = {y[first].tolist()}",
            expected="a class number, or shares of the classes that sum to 1",
            hint="sample_weight=weights, one for each sample, weighs several labels, or numbers: "
            "for labels of 0 and 1 such as (y * weight_of_each_label).max(axis=-1)",
        )
    labels = labels.astype(int)
    missing = sorted(set(np.unique(labels).tolist()) - {int(k) for k in class_weight})
    if missing:
        raise DataError(
            "class_weight: a class has no weight.",
            got=f"class {missing[0]}",
            expected="a weight for each class",
        )
    found = np.zeros(labels.shape, as_dtype(None))
    for label, value in class_weight.items():
        found[labels == label] = value
    return found if weight is None else found * weight


def check_inputs(model: Any, x: Any) -> None:
    """Raise a DataError if data cannot be fed to the inputs of a model.

    Only models whose inputs are known (functional ones, and Sequential with an Input) are looked
    at; others are asked themselves, and their layers complain later.
    """
    if model._network is None:
        model.check_data(flatten(x)[0][0])
        return
    network = model._network.fed
    if not model._fixed_inputs:
        leaves = flatten(x)[0]
        for layer in network.readers(network.input_leaves[0]) if len(leaves) == 1 else ():
            layer.check_data(leaves[0])
        return
    try:
        leaves = network.feed(x)
    except NeuronaError as error:
        raise DataError(
            f"x does not fit the model: {error.rule}", got=error.got, expected=error.expected
        ) from None
    for place, value in zip(network.input_leaves, leaves, strict=True):
        if mismatch(place, value.shape):
            got, want = value.shape, place.shape
            axis = "x[..., None] adds a channel axis" if len(want) == 4 else "x[None] is one sample"
            raise DataError(
                f"x does not fit the input {place.name!r} of the model.",
                got=f"x {got}",
                expected=str(want).replace("None", "batch", 1),
                hint=_hint(axis, got, want),
            )
        for layer in network.readers(place):
            layer.check_data(value)


def _hint(axis: str, got: tuple, want: tuple) -> str:
    if len(got) == len(want) - 1:
        return axis
    if hint := channels_hint(got, want):
        return hint
    if len(got) == len(want):
        return f"give x as the model was built for, or build it with Input({got[1:]})"
    return ""


def sample_shapes(x: Any) -> list[tuple]:
    """Return the shape of a sample of each array, or tensor, of some inputs.

    >>> sample_shapes({"a": np.zeros((8, 3)), "b": np.zeros(8)})
    [(3,), ()]
    """
    return [tuple(np.shape(leaf)[1:]) for leaf in flatten(x)[0]]


def check_targets(model: Any, x: Any, y: Any) -> None:
    """Raise a DataError if targets do not fit the losses and outputs of a model, for inputs."""
    compiled = model._training.losses
    if y is None:
        if compiled.has_loss:
            raise DataError("the loss needs targets.", got="y=None", hint="fit(x, y)")
        return
    outputs = compiled.outputs
    known = flatten(model._network.outputs)[0] if model._network is not None else []
    places = known if len(known) == len(outputs) else [None] * len(outputs)
    as_long = sample_shapes(x) == compiled.fed
    for output, target, place in zip(outputs, compiled.targets(y), places, strict=True):
        if target is None:
            continue
        try:
            _check_target(output, target, place, as_long)
        except DataError as error:
            raise error.within(f"output {output.name!r}.") if output.name else error from None


def _check_target(output: Any, y: Any, place: Any, as_long: bool) -> None:
    """Raise a DataError if targets do not fit an output.

    Where the size of an axis is open, that of another batch is another: it is the targets' where
    each step has one, and not known where labels tell of a whole sequence.

    Args:
        output: its loss, and its shape as seen of one batch.
        y: targets.
        place: the symbolic output, which may leave the size of an axis open; without one, all axes
            between the first and the last are.
        as_long: whether the inputs are as long as in that batch.
    """
    if output.loss is None:
        return
    shape, given = output.shape, np.shape(y)
    fixed = place.shape if place is not None else (*[None] * (len(shape) - 1), *shape[-1:])

    def size(axis: int) -> Any:
        if axis == 0 or fixed[axis] is not None:
            return shape[axis]
        if output.loss.of_sequences:
            return shape[axis] if as_long else None
        return given[axis] if axis < len(given) else shape[axis]

    check_labels(output.loss, y, tuple(size(axis) for axis in range(len(shape))))
