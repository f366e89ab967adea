"""Batches that the user makes: what the doctor can see of them without using them up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.data.batches import Batches
from neurona.train.data import is_iterable_of_batches, unpack

MOST, VALUES = 32, 2_000_000  # batches, and values of x, that are looked at


class Opened(NamedTuple):
    """Data as arrays.

    Attributes:
        x, y, sample_weight: nested arrays.
        whole: whether they are all of the data.
        batch_size: of the first batch; None if the arrays were given as such.
        steps: batches of an epoch, None if that is not known.
        shuffle: whether samples come in a new order each epoch; None if `fit` decides. Batches
            stand as they come, shuffled already if anybody does so.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    whole: bool = True
    batch_size: int | None = None
    steps: int | None = None
    shuffle: bool | None = None


def opened(x: Any, y: Any = None, sample_weight: Any = None) -> Opened:
    """Return data as arrays; of batches the first ones, if these can be gone through again.

    What is used up by looking at it, such as a generator, is returned as it is; so is a function,
    of which nobody knows what it does.
    """
    again = hasattr(x, "__iter__") or hasattr(x, "__getitem__")
    if not is_iterable_of_batches(x) or hasattr(x, "__next__") or not again:
        return Opened(x, y, sample_weight)
    if type(x) is Batches and x.augment is None:
        return Opened(x.x, x.y, None, True, x.batch_size, len(x), x.shuffle)
    before = getattr(x, "epoch", None)
    try:
        with random.undisturbed():
            batches = _some(x)
            parts = [joined(parts) for parts in zip(*batches, strict=True)]
    except Exception:  # of the user's own code, or no batches at all: `fit` will tell
        batches = []
    finally:
        if before is not None:
            x.epoch = before
    if not batches:
        return Opened(x, y, sample_weight)
    size = len(flatten(batches[0][0])[0][0])
    return Opened(parts[0], parts[1], parts[2], False, size, _length(x), shuffle=False)


def _some(x: Any) -> list[tuple[Any, Any, Any]]:
    """Return the first batches, those that have the shapes of the first one."""
    found: list[tuple[Any, Any, Any]] = []
    values = 0
    for batch in itertools.islice(_iterator(x), MOST):
        parts = unpack(batch)
        if found and _shapes(parts) != _shapes(found[0]):
            continue
        found.append(parts)
        values += sum(_array(a).size for a in flatten(parts[0])[0])
        if values > VALUES:
            break
    return found


def _iterator(x: Any) -> Iterator[Any]:
    if hasattr(x, "__getitem__") and not isinstance(x, list | tuple) and _length(x):
        return (x[i] for i in range(_length(x) or 0))
    return iter(x)


def _length(x: Any) -> int | None:
    try:
        return len(x)
    except TypeError:
        return None


def _array(x: Any) -> np.ndarray:
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)


def _shapes(parts: Any) -> list[tuple]:
    return [_array(a).shape[1:] for a in flatten(parts)[0]]


def joined(parts: tuple[Any, ...]) -> Any:
    """Return nested arrays of several batches one behind the other."""
    structure = flatten(parts[0])[1]
    rows = [[_array(a) for a in flatten(part)[0]] for part in parts]
    return structure.unflatten([np.concatenate(leaves) for leaves in zip(*rows, strict=True)])
