"""A twin of a model, and a few samples: to try things that must leave no trace.

The twin is built, compiled and stepped; the model, its random numbers and the names that are given
next stay as they are. It begins with the weights that the model has, or would get.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.ambient import ambient, within
from neurona.core.tree import flatten, map_leaves
from neurona.errors import NeuronaError, StateError
from neurona.train.arrays import check_arrays, check_inputs, check_targets
from neurona.train.before import before_step
from neurona.train.data import is_iterable_of_batches, unpack
from neurona.train.steps import rehearse


class Batch(NamedTuple):
    """Some samples, as a step takes them."""

    x: Any
    y: Any
    weight: Any

    @property
    def size(self) -> int:
        """How many samples."""
        return len(flatten(self.x)[0][0])

    def some(self, rows: Any) -> Batch:
        """Return those of some rows."""
        return Batch(*(map_leaves(lambda a: a[rows], part) for part in self))


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let what happens inside draw no random numbers and take no names, as seen from outside."""
    names = ambient.names.copy()
    with random.undisturbed(), within(names=names):
        yield


@contextlib.contextmanager
def users_code() -> Iterator[None]:
    """Let an error of a user's code be told as the reason why something cannot be looked at.

    Raises:
        StateError: in place of it.
    """
    try:
        yield
    except NeuronaError:
        raise
    except Exception as error:
        raise StateError(
            "the model's own code fails.", got=f"{type(error).__name__}: {error}"
        ) from None


def twin_of(model: Any) -> Any:
    """Return a copy of a model that may be built and trained.

    Raises:
        StateError: if something in the model cannot be copied.
    """
    try:
        return copy.deepcopy(model)
    except NeuronaError:
        raise
    except Exception as error:  # of whatever a user's layer holds: a lock, a file, a generator
        raise StateError(
            "the model cannot be copied, and is not to be changed by a look at it.",
            got=f"{type(error).__name__}: {error}",
        ) from None


def first_batch(model: Any, x: Any, y: Any, weight: Any, most: int) -> Batch:
    """Return at most so many samples, spread evenly over all; of batches, those of the first.

    Args:
        model: the twin, whose front makes numbers of text.
        x, y, weight: as `fit` takes them.
        most: how many samples.

    Raises:
        StateError: if looking at batches would use them up.
        DataError: if they cannot be trained on.
    """
    if is_iterable_of_batches(x):
        if callable(x) or (not hasattr(x, "__getitem__") and iter(x) is x):
            raise StateError(
                "x can be gone through only once, and a look at it would take samples away.",
                got=type(x).__name__,
                hint="diagnose the arrays of one batch: model.diagnose(x, y)",
            )
        x, y, weight = unpack(x[0] if hasattr(x, "__getitem__") else next(iter(x)))
    parts = [_as_arrays(part) for part in (x, y, weight)]
    leaves = flatten(parts[0])[0]
    size = len(leaves[0]) if leaves and np.ndim(leaves[0]) else 0
    rows = np.linspace(0, size - 1, min(most, size)).round().astype(int)
    if all(np.ndim(a) and len(a) == size for a in flatten(parts)[0]):  # else it is refused below
        parts = [map_leaves(lambda a: a[rows], part) for part in parts]
    return Batch(*check_arrays(before_step(model, parts[0]), *parts[1:]))


def _as_arrays(value: Any) -> Any:
    """Return nested data as arrays; a list of numbers, of rows or of texts is one array."""
    if isinstance(value, list | tuple) and not any(
        hasattr(part, "__array__") or isinstance(part, dict) for part in value
    ):
        value = np.asarray(value)
    return map_leaves(np.asarray, value)


def ready(model: Any, batch: Batch) -> None:
    """Build a twin for a batch, its losses and metrics too.

    Raises:
        NeuronaError: if model, loss and data do not fit.
    """
    check_inputs(model, batch.x)
    kind = "train" if model.compiled or model.overrides("train_step") else "predict"
    rehearse(model, tuple(batch), kind)
    if kind == "train" and model._training.losses.outputs is not None:
        check_targets(model, batch.x, batch.y)
