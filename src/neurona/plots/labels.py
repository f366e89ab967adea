"""What a classifier said: class ids, probabilities or scores, read as labels and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import ShapeError
from neurona.plots.canvas import as_array


def read_outputs(
    values: Any, name: str, *, signed: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return (labels (N,), probabilities (N, K) or None) of class ids, probabilities or scores.

    Whole numbers, booleans and texts in one column are class ids and have no probabilities. Other
    numbers in one column are the probability of class 1 when all lie in [0, 1], else logits, of
    which the sigmoid is taken. Several columns are probabilities when each row is positive and
    sums to 1, else scores, of which the softmax is taken; the label is the index of the largest.

    Args:
        values: (N,), (N, 1) or (N, K).
        name: of the argument, for messages.
        signed: whether one column of numbers has its border at 0 and means the classes -1 and 1,
            as the output of tanh does.

    Raises:
        ShapeError: if there are more than two axes.

    >>> labels, p = read_outputs([[0.9], [0.2]], "y_pred")
    >>> labels.tolist(), p.round(1).tolist()
    ([1, 0], [[0.1, 0.9], [0.8, 0.2]])
    """
    array = as_array(values, name)
    if array.ndim == 0 or array.ndim > 2:
        raise ShapeError(
            f"{name} has {array.ndim} axes.",
            got=str(array.shape),
            expected="(N,), (N, 1) or (N, K)",
        )
    if array.ndim == 2 and array.shape[1] > 1:
        p = array.astype(np.float64)
        if p.min(initial=0) < 0 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
            p = np.exp(p - p.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
        return p.argmax(axis=1), p
    column = array.ravel()
    if column.dtype.kind == "b":
        return column.astype(int), None
    if column.dtype.kind != "f":
        return column, None
    if np.isfinite(column).all() and (column == np.round(column)).all():
        return column.astype(int), None
    low, high = column.min(), column.max()
    if signed and low >= -1 and high <= 1:
        p = (column.astype(np.float64) + 1) / 2
    elif not signed and low >= 0 and high <= 1:
        p = column.astype(np.float64)
    else:
        p = 0.5 * (1 + np.tanh(column.astype(np.float64) / 2))  # the sigmoid, without overflow
    labels = (p >= 0.5).astype(int)
    return (2 * labels - 1 if signed else labels), np.stack([1 - p, p], axis=1)


def same_length(**arrays: np.ndarray) -> None:
    """Raise a ShapeError if the arrays differ in their number of rows."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ShapeError(
            f"{' and '.join(lengths)} differ in length.",
            got=", ".join(f"{name} with {n}" for name, n in lengths.items()),
            expected="one row for each example",
        )
