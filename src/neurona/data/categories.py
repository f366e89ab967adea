"""Class numbers as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import config
from neurona.errors import DataError, check_integer


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot vectors of class numbers, y[..., c] = 1 where x[...] = c, else 0.

    Shapes: x (...) or (..., 1) -> y (..., num_classes), of the default float type.
    Args:
        x: class numbers, 0 to num_classes - 1.
        num_classes: how many classes there are; None takes the largest number plus 1.
    Raises:
        DataError: a number that is no integer, is negative, or is num_classes or more.
    Source: Keras's `utils.to_categorical`, which drops a last axis of size 1 likewise.

    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x)
    with np.errstate(invalid="ignore"):  # NaN becomes some integer, and is found by the comparison
        whole = labels.dtype.kind in "fb"
        numbers = (
            labels.astype(np.int64) if whole else labels if labels.dtype.kind in "iu" else None
        )
    if numbers is None or not np.array_equal(numbers, labels):
        raise DataError(
            "to_categorical needs class numbers.",
            got=f"values of {labels.dtype}" if numbers is None else "numbers with a fraction",
            expected="integers from 0",
            hint="np.unique(labels, return_inverse=True)[1] numbers the classes",
        )
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    if num_classes is None:
        num_classes = int(numbers.max()) + 1 if numbers.size else 0
    num_classes = check_integer("num_classes", num_classes, minimum=0)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < num_classes):
        raise DataError(
            "a class number is out of range.",
            got=f"{numbers.min()} to {numbers.max()}",
            expected=f"0 to {num_classes - 1}" if num_classes else "0 or more",
            hint="labels that start at 1 need labels - 1" if numbers.min() > 0 else "",
        )
    result = np.zeros((numbers.size, num_classes), dtype=config.floatx())
    result[np.arange(numbers.size), numbers.ravel().astype(np.int64)] = 1
    return result.reshape(numbers.shape + (num_classes,))
