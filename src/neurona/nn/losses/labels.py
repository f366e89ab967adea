"""Are these targets what the loss needs? Asked once of all of them, before training starts.

While a step is traced nothing can be said about values, and a wrong label trains silently to
nonsense. So `fit` and `evaluate` call `check_labels` on the whole array of targets. All functions
here take the targets (B, ...) and the shape of the model's output, whose first size is not looked
at, and raise a DataError that says what to change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core import origin
from neurona.core.shapes import Shape, normalize_axis
from neurona.errors import DataError

HAIR = 1e-5  # how far outside of [0, 1] the rounding of what was scaled may be


def check_labels(loss: Any, y: Any, output_shape: Shape) -> None:
    """Raise a DataError if these targets do not fit the loss and the output of the model.

    Args:
        loss: a Loss, or None for no check.
        y: all targets, one array.
        output_shape: of the model's output, batch axis first (its size does not matter).

    Raises:
        DataError: names the first wrong value and its index, what is allowed, and what to change.

    >>> from neurona.nn.losses import get
    >>> check_labels(get("sparse_categorical_crossentropy"), [0, 1, 2], (None, 3))
    """
    if loss is not None and y is not None:
        loss.check(np.asarray(y), tuple(output_shape))


def check_same_shape(y: np.ndarray, output_shape: Shape, name: str) -> None:
    """Want one target for each output; (B,) stands for (B, 1)."""
    target, output = y.shape[1:], output_shape[1:]
    if output in (target, (*target, 1)) or target == (*output, 1):
        return
    if target in ((), (1,)) and len(output) == 1:
        hint = (
            f"Dense(1) as the last layer for one number each, or targets with {output[0]} numbers"
        )
    elif len(target) == len(output) and target[:-1] == output[:-1]:
        hint = f"Dense({target[-1]}) as the last layer, to have an output for each target"
    else:
        hint = "compare model.summary() with y.shape"
    raise DataError(
        f"{name}: there is one target for each output of the model.",
        got=f"y {y.shape} for outputs {_batch(output)}",
        expected=f"y {_batch(output)}",
        hint=hint,
    )


def check_classes(
    y: np.ndarray, output_shape: Shape, axis: int, name: str, ignore_class: int | None = None
) -> None:
    """Want whole class numbers from 0 to the number of outputs - 1."""
    axis = normalize_axis(axis, len(output_shape), name)
    classes = output_shape[axis]
    expected = output_shape[1:axis] + output_shape[axis + 1 :]
    if y.ndim == len(output_shape) and y.shape[axis] == 1:
        y = y.squeeze(axis)
    if y.shape[1:] != expected:
        if y.ndim == len(output_shape):
            raise DataError(
                f"{name}: the labels are class numbers, and these look one-hot.",
                got=f"y {y.shape}",
                expected=f"y {_batch(expected)} of whole numbers 0 to {classes - 1}",
                hint=f'loss="{_dense_name(name)}", or train on y.argmax({axis})',
            )
        raise DataError(
            f"{name}: there is one class number for each prediction.",
            got=f"y {y.shape} for outputs {_batch(output_shape[1:])}",
            expected=f"y {_batch(expected)}",
            hint="layers.Flatten() before the first Dense, if each sample has one class"
            if y.ndim == 1
            else "",
        )
    counted = np.ones(y.shape, bool) if ignore_class is None else y != ignore_class
    if y.dtype.kind == "f":
        _refuse(
            counted & (y != np.floor(y)),
            y,
            f"{name}: the labels are whole class numbers.",
            expected=f"0 to {classes - 1}",
            hint='for targets that are quantities use loss="mse"; for probabilities of the classes '
            f'use loss="{_dense_name(name)}"',
        )
    wrong = counted & ((y < 0) | (y >= classes))
    if not wrong.any():
        return
    low, high = int(y[counted].min()), int(y[counted].max())
    if low == 1 and high == classes:
        hint = "the labels start at 1: train on y - 1"
    elif low < 0:
        hint = f"number the classes from 0, or leave label {low} out: ignore_class={low}"
    else:
        hint = (
            f"Dense({high + 1}) as the last layer, or number the classes without gaps: "
            "np.unique(y, return_inverse=True)[1]"
        )
    _refuse(
        wrong,
        y,
        f"{name}: a label is out of range.",
        expected=f"0 to {classes - 1}, since the model has {classes} outputs",
        hint=hint,
        more=f", in labels from {low} to {high}",
    )


def _dense_name(name: str) -> str:
    return name.replace("sparse_", "") if name.startswith("sparse_") else "categorical_crossentropy"


def check_one_hot(y: np.ndarray, output_shape: Shape, axis: int, name: str) -> None:
    """Want one number for each class, one-hot or a distribution."""
    axis = normalize_axis(axis, len(output_shape), name)
    classes = output_shape[axis]
    if y.shape[1:] == output_shape[1:]:
        return
    sparse = y.ndim == len(output_shape) - 1 or (
        y.ndim == len(output_shape) and y.shape[axis] == 1 and classes > 1
    )
    if sparse:
        raise DataError(
            f"{name}: the targets are one-hot, and these look like class numbers.",
            got=f"y {y.shape}",
            expected=f"y {_batch(output_shape[1:])}",
            hint='loss="sparse_categorical_crossentropy", or '
            f"nn.utils.to_categorical(y, {classes})",
        )
    if y.ndim == len(output_shape):
        raise DataError(
            f"{name}: targets and model differ in the number of classes.",
            got=f"{y.shape[axis]} classes in y {y.shape}, {classes} outputs",
            expected=f"y {_batch(output_shape[1:])}",
            hint=f"Dense({y.shape[axis]}) as the last layer",
        )
    raise DataError(
        f"{name}: there is one target for each output.",
        got=f"y {y.shape} for outputs {_batch(output_shape[1:])}",
        expected=f"y {_batch(output_shape[1:])}",
    )


def check_binary(y: np.ndarray, output_shape: Shape, name: str) -> None:
    """Want targets in [0, 1], one for each output."""
    if y.shape[1:] in ((), (1,)) and len(output_shape) == 2 and output_shape[1] > 1:
        raise DataError(
            f"{name}: there is a yes or no for each output.",
            got=f"y {y.shape} for outputs {_batch(output_shape[1:])}",
            expected=f"y {_batch(output_shape[1:])}",
            hint="Dense(1) as the last layer for one question; for one of several classes use "
            'softmax and loss="sparse_categorical_crossentropy"',
        )
    check_same_shape(y, output_shape, name)
    wrong = (y < 0) | (y > 1)
    if not wrong.any():
        return
    off = float(max(-y.min(), y.max() - 1))
    if off <= HAIR:
        origin.warn(f"{name}: targets are up to {off:.2g} outside of [0, 1], by rounding it seems.")
        return
    if set(np.unique(y).tolist()) <= {-1, 1}:
        hint = 'train on (y + 1) / 2, or use loss="hinge" with labels -1 and 1'
    elif y.dtype.kind in "iu" or (y == np.floor(y)).all():
        hint = 'for several classes use softmax and loss="sparse_categorical_crossentropy"'
    else:
        hint = 'scale the targets to [0, 1], or use loss="mse" for quantities'
    _refuse(wrong, y, f"{name}: a target is out of range.", expected="numbers in [0, 1]", hint=hint)


def check_one_label(y: np.ndarray, name: str) -> None:
    """Want one whole class number for each sample, of any size."""
    if y.shape[1:] not in ((), (1,)):
        raise DataError(
            f"{name}: there is one class number for each sample.",
            got=f"y {y.shape}",
            expected="y (samples,)",
            hint="y.argmax(-1), if these are one-hot",
        )
    if y.dtype.kind == "f":
        _refuse(
            y != np.floor(y),
            y,
            f"{name}: the labels are whole class numbers.",
            expected="whole numbers",
            hint="samples of one class have the same number",
        )


def check_hinge(y: np.ndarray, output_shape: Shape, name: str) -> None:
    """Want labels that are all -1 or 1, or all 0 or 1, one for each output."""
    check_same_shape(y, output_shape, name)
    signed = ((y == -1) | (y == 1)).all()
    if signed or ((y == 0) | (y == 1)).all():
        return
    wrong = (y != -1) & (y != 0) & (y != 1)
    if not wrong.any():  # a mix of -1 and 0
        wrong = y == 0
    _refuse(
        wrong,
        y,
        f"{name}: the labels are two.",
        expected="-1 and 1 (or 0 and 1) in all of y",
        hint='for several classes use loss="categorical_hinge" with one-hot labels',
    )


def _batch(rest: Shape) -> str:
    return f"({', '.join(['samples', *map(str, rest)])}{'' if rest else ','})"


def _refuse(
    wrong: np.ndarray, y: np.ndarray, rule: str, *, expected: str, hint: str, more: str = ""
) -> None:
    """Raise for the first wrong value, if there is one."""
    if not wrong.any():
        return
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    value = y[index].item()
    value = int(value) if float(value).is_integer() else value
    place = index[0] if len(index) == 1 else index
    count = int(wrong.sum())
    others = "" if count == 1 else f" and {count - 1} more"
    raise DataError(
        rule, got=f"{value} at index {place}{others}{more}", expected=expected, hint=hint
    )
