"""What models that make images share: losses of their own, and labels that they may be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DataError, check_integer
from neurona.train.data import unpack

CHOSEN = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")  # by the model


def refuse_losses(model: Any, options: Mapping[str, Any], hint: str) -> None:
    """Raise an ArgumentError for what `compile` would take and the model never look at."""
    given = [name for name in CHOSEN if options.get(name) is not None]
    if given:
        raise ArgumentError(
            f"{type(model).__name__} has losses of its own, and compile chooses how they learn.",
            got=", ".join(given),
            hint=hint,
        )


def check_labels(
    labels: Any, classes: int, error: type[ArgumentError | DataError] = ArgumentError
) -> np.ndarray:
    """Return labels as int32 (N,), or raise an error unless each is the number of a class.

    >>> check_labels([0, 2], 3).tolist()
    [0, 2]
    """
    try:
        found = np.asarray(labels)
    except ValueError:  # rows of several lengths
        found = np.asarray(None)
    if found.ndim != 1 or not found.size or found.dtype.kind not in "biuf":
        raise error(
            "labels are a row of class numbers, one for each image.",
            got=f"{found.dtype} {found.shape}",
            hint="labels (N,), such as [0, 1, 2]; y[:, 0] of a column, y.argmax(1) of one-hot rows",
        )
    wrong = (found < 0) | (found >= classes) | (found != np.floor(found))
    if wrong.any():
        first = int(wrong.argmax())
        raise error(
            "a label is the number of a class.",
            got=f"{found[first]} at index {first}",
            expected=f"whole numbers from 0 to {classes - 1}",
        )
    return found.astype(np.int32)


def check_asked(labels: Any, classes: int | None, hint: str) -> None:
    """Raise an ArgumentError if there are labels without classes, or the other way round."""
    if (labels is not None) != bool(classes):
        raise ArgumentError(
            "an image of a class is made by a model with classes.",
            got=f"classes={classes}, labels={labels!r:.40}",
            hint=hint if classes else "leave the labels out, or a model with classes=10",
        )


def check_seed(seed: Any) -> int | None:
    """Return a seed that a stream of random numbers can begin with, or None."""
    return None if seed is None else check_integer("seed", seed, minimum=0, maximum=2**63 - 1)


def images_and_labels(model: Any, data: Any) -> tuple[Tensor, Tensor | None]:
    """Return what `fit` was given as (x, y), y being None without classes.

    Raises:
        DataError: if labels are missing, or not asked for, or there are weights.
    """
    x, y, weight = unpack(data)
    name = type(model).__name__
    if weight is not None:
        raise DataError(
            f"{name} weighs all samples alike.",
            got="weights",
            hint="fit without sample_weight and class_weight",
        )
    if (y is not None) != bool(model.classes):
        raise DataError(
            f"{name} learns from images and their labels if it has classes.",
            got=f"classes={model.classes}, labels {'missing' if y is None else 'given'}",
            hint="fit(x, y)" if model.classes else "fit(x), or classes=10",
        )
    return x, y
