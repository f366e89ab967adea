"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona.errors import DataError, check_choice, check_integer


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Pad, and cut, sequences to one length, as Keras's function of the same name does.

    Shapes: N sequences (T_i, ...) -> (N, maxlen, ...).
    Args:
        sequences: a list of sequences; their steps may be numbers or equally shaped arrays.
        maxlen: the length of all; None takes that of the longest.
        dtype: the element type; "int32" suits word numbers. `object` takes strings.
        padding: "pre" puts the padding before, "post" behind; "pre", Keras's default, leaves the
            end of the sequence where a recurrent layer reads last.
        truncating: "pre" cuts the beginning of a longer sequence, "post" its end.
        value: the padding.
    Raises:
        DataError: an element is no sequence, or the steps differ in shape.
        ArgumentError: an unknown padding or truncating, or maxlen below 1.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
    [[0, 1], [2, 3], [5, 6]]
    """
    check_choice("padding", padding, ("pre", "post"))
    check_choice("truncating", truncating, ("pre", "post"))
    target = np.dtype(dtype)
    if not isinstance(sequences, Iterable) or isinstance(sequences, str):
        raise DataError(
            "pad_sequences takes a list of sequences.", got=_shown(sequences), hint="[[1, 2], [3]]"
        )
    rows = []
    for position, sequence in enumerate(sequences):
        try:
            row = np.asarray(sequence, dtype=target)
        except (TypeError, ValueError):
            raise DataError(
                f"pad_sequences: sequence {position} does not fit into {target}.",
                got=_shown(sequence),
                expected="steps of one shape and that type",
                hint="dtype=object for strings",
            ) from None
        if row.ndim == 0:
            raise DataError(
                f"pad_sequences: element {position} is not a sequence.",
                got=_shown(sequence),
                expected="a list of sequences",
            )
        rows.append(row)
    if maxlen is None:
        maxlen = max((len(row) for row in rows), default=0)
    else:
        maxlen = check_integer("maxlen", maxlen, minimum=1)
    step = next((row.shape[1:] for row in rows if len(row)), ())
    result = np.full((len(rows), maxlen) + step, value, dtype=target)
    for position, row in enumerate(rows):
        if len(row) == 0:
            continue  # all padding
        if row.shape[1:] != step:
            raise DataError(
                f"pad_sequences: the steps of sequence {position} have another shape.",
                got=str(row.shape[1:]),
                expected=f"{step}, as in the first sequence",
            )
        row = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        if padding == "pre":
            result[position, maxlen - len(row) :] = row
        else:
            result[position, : len(row)] = row
    return result


def windows(sequence: Any, length: int, stride: int = 1) -> np.ndarray:
    """Stretches of a sequence, each so many steps behind the one before.

    Shapes: sequence (T, ...) -> (N, length, ...), N = 1 + (T - length) // stride; a view, no copy.
    Args:
        sequence: numbers, or equally shaped arrays, step by step.
        length: of a stretch.
        stride: from the beginning of one to that of the next.
    Raises:
        DataError: the sequence is shorter than a stretch.
        ArgumentError: length or stride below 1.

    The first steps as inputs and the last ones as targets make a forecaster's data:

    >>> w = windows([1, 2, 3, 4, 5], 3)
    >>> w[:, :2].tolist(), w[:, 2].tolist()
    ([[1, 2], [2, 3], [3, 4]], [3, 4, 5])
    """
    length = check_integer("length", length, minimum=1)
    stride = check_integer("stride", stride, minimum=1)
    steps = np.asarray(sequence)
    if steps.ndim == 0 or len(steps) < length:
        raise DataError(
            "the sequence is shorter than a window.",
            got=f"{len(steps) if steps.ndim else 0} steps",
            expected=f"{length} or more",
        )
    found = np.lib.stride_tricks.sliding_window_view(steps, length, axis=0)[::stride]
    return np.moveaxis(found, -1, 1)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
