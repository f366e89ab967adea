"""Labels: their range and their shape, against the loss and the outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.ends import End
from neurona.doctor.finding import WARNING, Finding, Rule
from neurona.doctor.fixes import Pair
from neurona.doctor.parts import Part
from neurona.errors import NeuronaError

RANGE = Rule(
    "GD102",
    "labels out of range",
    "error",
    "The loss looks up the output that a label numbers; where there is none, it learns nothing or "
    "something else.",
    because=("GD101",),
)
SEVERAL = dataclasses.replace(RANGE, auto="race")  # labels of a sample, each yes or no
SHAPE = Rule(
    "GD103",
    "labels of another shape",
    "error",
    "Each output needs a target of its own; shapes that merely broadcast compare every sample with "
    "every other.",
    source="TensorFlow issues 37770 and 30040",
)
MIXED = Rule(
    "GD203",
    "loss that does not fit the task",
    "warning",
    "Loss, last activation and targets belong together: yes or no: sigmoid and binary "
    "cross-entropy; one of several: softmax and categorical; numbers: no activation, and mse.",
    auto="race",
    accepted=("no activation, and the loss with from_logits=True",),
    source="NeuraLint, TOSEM 2021",
)


def labels(case: Case) -> Iterator[Finding]:
    """Ask each loss whether it can use the targets."""
    every = (*case.x_parts, *case.y_parts)
    lengths = {part.name: len(part.values) for part in every if part.values.ndim}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {n:,}" for name, n in lengths.items())
        yield SHAPE.found(
            f"the data have different lengths: {told}",
            evidence=lengths,
            threshold="one target for each sample",
            fix="print(x.shape, y.shape)  # look at where they are made",
        )
    if case.custom:
        return
    if case.y is None and case.model._training.losses.has_loss:
        yield SHAPE.found("the loss needs targets, and y is None", evidence={}, fix="fit(x, y)")
    if case.refused is not None:
        error = case.refused
        yield SHAPE.found(
            f"{error.rule.rstrip('.')}: {error.got}", where="y",
            evidence={"got": error.got}, threshold=error.expected, fix=error.hint,
        )  # fmt: skip
    for end in case.ends:
        if end.loss is not None and end.target is not None and end.target.numeric:
            yield from _refused(end, end.target)


def _refused(end: End, target: Part) -> Iterator[Finding]:
    """Turn what the loss refuses into a finding: zeros of that shape tell which fault it is."""
    y = target.values
    zeros = np.broadcast_to(np.zeros((), y.dtype), y.shape)
    error = _error(end, zeros)
    if error is not None:
        mixed = "one-hot" in error.rule
        yield (MIXED if mixed else SHAPE).found(
            f"{error.rule.rstrip('.')}: {target.name} {y.shape}, outputs {end.shape[1:]}",
            where=end.place,
            evidence={"y": list(y.shape), "outputs": list(end.shape[1:]), "loss": end.loss.name},
            threshold=error.expected,
            fix=error.hint,
            severity="error",
        )
    elif end.kind == "class numbers" and end.width == 1:
        return  # that there is one output only is the fault, see statics/pairing.py
    elif np.isfinite(y).all() and (error := _error(end, y)) is not None:
        yield _out_of_range(end, target, error)
    elif end.kind == "one-hot" and y.ndim == len(end.shape):
        yield from _no_distribution(end, target)


def _error(end: End, y: np.ndarray) -> NeuronaError | None:
    try:
        end.loss.check(y, (None, *end.shape[1:]))
    except NeuronaError as error:
        return error
    return None


def _out_of_range(end: End, target: Part, error: NeuronaError) -> Finding:
    y = target.values
    low, high = _short(y.min()), _short(y.max())
    fix = error.hint
    if end.kind == "class numbers":
        said = (
            f"labels run from {low} to {high}, but the model has {end.width} outputs, numbered 0 "
            f"to {end.width - 1}"
        )
        if low == 1 and high == end.width:
            fix = "- model.fit(x, y)\n+ model.fit(x, y - 1)"
        elif (y % 1 != 0).any():
            said = f"labels are whole class numbers, and {_short(y[y % 1 != 0][0])} is none"
    else:
        said = f"targets run from {low} to {high}, and {end.loss.name} takes {error.expected}"
        if low == 0 and high > 1 and bool(((y == 0) | (y == y.max())).all()):  # masks of 0 and 255
            fix = f"- model.fit(x, y)\n+ model.fit(x, y / {high})"
    return RANGE.found(
        said,
        where=end.place,
        evidence={"lowest": low, "highest": high, "outputs": end.width, "first": error.got},
        threshold=error.expected,
        fix=fix,
    )


def _no_distribution(end: End, target: Part) -> Iterator[Finding]:
    """Look for rows of one-hot targets that do not sum to 1: several labels, or none."""
    sums = target.values.sum(axis=getattr(end.loss, "axis", -1), dtype=np.float64)
    wrong = abs(sums - 1) > 1e-3
    wrong &= sums != 0  # a way to leave samples out
    if not wrong.any():
        return
    first = np.argwhere(wrong)[0].tolist()
    several = np.isin(target.values, (0, 1)).all() and end.activation == "softmax"
    yield (SEVERAL if several else RANGE).found(
        f"{wrong.sum():,} of {sums.size:,} rows of {target.name} do not sum to 1: row {first[0]} "
        f"sums to {_short(sums[tuple(first)])}",
        where=end.place,
        evidence={"rows": int(wrong.sum()), "of": sums.size, "first": first[0]},
        threshold="each row sums to 1",
        fix=Pair('"softmax", loss="categorical_crossentropy"', "binary_crossentropy", "sigmoid"),
        severity=WARNING,
    )


def _short(value: object) -> float | int:
    number = float(value)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else round(number, 4)


CHECKS = {labels: (RANGE, SEVERAL, SHAPE, MIXED)}
