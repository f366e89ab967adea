"""The door for data: checks what `fit` and `predict` are given, and cuts it into batches.

Whatever comes in (arrays, dicts, Tensors, generators, iterables of batches), a source yields
batches (x, y, sample_weight) of NumPy arrays. All checks and conversions of arrays are made here
once, not in every batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.shapes import as_dtype, is_float
from neurona.core.tensor import Tensor, as_array
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ArgumentError, DataError, check_integer
from neurona.ops import draw

Batch = tuple[Any, Any, Any]


class Source:
    """Arrays, cut into batches.

    Attributes:
        size: number of samples, None if it is not known.
        steps: number of batches in an epoch, None if it is not known.
    """

    def __init__(self, x: Any, y: Any, weight: Any, batch_size: int, shuffle: bool = False) -> None:
        self.arrays = (x, y, weight)
        self.leaves, self.structure = flatten(self.arrays)
        self.size: int | None = len(self.leaves[0])
        self.batch_size, self.shuffle = batch_size, shuffle
        self.steps: int | None = -(-self.size // batch_size)

    def order(self) -> tuple[int, int] | None:
        """Take the random state that an epoch is shuffled by."""
        return random.take_state() if self.shuffle else None

    def batches(self, order: tuple[int, int] | None = None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from number `start` on."""
        assert self.size is not None
        indices = None
        if order is not None:
            with random.use(random.state_of(*order)):
                indices = draw.permutation(self.size).numpy()
        for first in range(start * self.batch_size, self.size, self.batch_size):
            chosen: Any = slice(first, first + self.batch_size)
            if indices is not None:
                chosen = indices[chosen]
            yield self.structure.unflatten([a[chosen] for a in self.leaves])


class IterableSource:
    """Batches that the user makes: a generator, an iterable, or a function that returns one."""

    def __init__(self, batches: Any, steps: int | None, class_weight: Any = None) -> None:
        self.given, self.class_weight = batches, class_weight
        self.size = None
        self.steps = steps
        if steps is None and hasattr(batches, "__len__"):
            self.steps = len(batches)
        self.shuffle = False
        self._running: Iterator | None = None

    def order(self) -> None:
        """Return None: the user decides on the order."""
        return

    def batches(self, order: Any = None, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch; those before `start` are taken and dropped."""
        for number, batch in enumerate(self._epoch()):
            if number >= start:
                yield self._unpack(batch)

    def _epoch(self) -> Iterator[Any]:
        if self._running is None:
            self._running = iter(self.given() if callable(self.given) else self.given)
        count = 0
        while self.steps is None or count < self.steps:
            try:
                batch = next(self._running)
            except StopIteration:
                once = iter(self.given) is self.given if not callable(self.given) else False
                self._running = None
                if count == 0 and once:
                    raise DataError(
                        "the generator is used up.",
                        hint="give a list of batches, or steps_per_epoch",
                    ) from None
                return
            count += 1
            yield batch
        if iter(self.given) is not self.given if not callable(self.given) else True:
            self._running = None  # a list starts anew; a generator goes on where it was

    def _unpack(self, batch: Any) -> Batch:
        x, y, weight = unpack(batch)
        x, y, weight = check_arrays(x, y, weight)
        if self.class_weight is not None:
            weight = weights_of_classes(y, self.class_weight, weight)
        return x, y, weight


def unpack(batch: Any) -> Batch:
    """Return (x, y, sample_weight) of a batch that is x, (x,), (x, y) or (x, y, sample_weight)."""
    if (
        isinstance(batch, list)
        and len(batch) in (1, 2, 3)
        and isinstance(batch[0], np.ndarray | Tensor)
    ):
        batch = tuple(batch)
    if isinstance(batch, tuple):
        if not 1 <= len(batch) <= 3:
            raise DataError(
                "a batch is (x, y) or (x, y, sample_weight).", got=f"{len(batch)} parts"
            )
        return (*batch, None, None)[:3]
    return batch, None, None


def check_arrays(x: Any, y: Any, weight: Any) -> Batch:
    """Return the data as arrays that can be trained on.

    Raises:
        DataError: if they are empty, of different lengths, no numbers, or not finite.
    """
    if x is None:
        raise DataError("there is no x to learn from.")
    parts = [_convert("x", x), _convert("y", y), _convert("sample_weight", weight)]
    lengths = [
        (name, len(a))
        for name, part in zip(("x", "y", "sample_weight"), parts, strict=True)
        for a in flatten(part)[0]
    ]
    if len({n for _, n in lengths}) > 1:
        raise DataError(
            "the data have different lengths.",
            got=", ".join(f"{name} {n}" for name, n in lengths),
            hint="every sample needs one target (and one weight)",
        )
    if lengths[0][1] == 0:
        raise DataError("there are no samples.", got="x of length 0")
    return tuple(parts)


def _convert(name: str, value: Any) -> Any:
    def leaf(array: Any) -> np.ndarray:
        if not isinstance(array, Tensor) and np.asarray(array).dtype.kind not in "biuf":
            raise DataError(
                f"{name} is not made of numbers.",
                got=f"{np.asarray(array).dtype} data",
                hint="encode text as integers first, e.g. np.unique(y, return_inverse=True)[1]",
            )
        array = as_array(array)
        if array.ndim == 0:
            raise DataError(f"{name} has no batch axis.", got="a single number")
        if is_float(array.dtype):
            array = np.asarray(array, as_dtype(None))
            if not np.isfinite(array).all():
                bad = np.argwhere(~np.isfinite(array))
                raise DataError(
                    f"{name} contains NaN or infinity.",
                    got=f"{len(bad)} of {array.size} values, the first at index {tuple(bad[0].tolist())}",
                    hint="drop or fill these samples, e.g. np.nan_to_num",
                )
        return array

    if isinstance(value, list) and value and not hasattr(value[0], "shape"):
        try:
            value = np.asarray(value)  # nested lists of numbers are one array
        except ValueError:
            raise DataError(f"the rows of {name} have different lengths.") from None
    return map_leaves(leaf, value)


def weights_of_classes(y: Any, class_weight: dict[int, float], weight: Any) -> np.ndarray:
    """Return a weight for each sample from the weight of its class.

    Raises:
        DataError: if a class has no weight, or y is not one array of class labels.
    """
    if not isinstance(y, np.ndarray):
        raise DataError("class_weight needs a single y.")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    labels = labels.astype(int)
    missing = sorted(set(np.unique(labels).tolist()) - set(class_weight))
    if missing:
        raise DataError(
            "class_weight: a class has no weight.",
            got=f"class {missing[0]}",
            expected="a weight for each class",
        )
    table = np.zeros(labels.max() + 1, as_dtype(None))
    for label, value in class_weight.items():
        if label <= labels.max():
            table[label] = value
    found = table[labels]
    return found if weight is None else found * weight


def source_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = False,
    steps: int | None = None,
    class_weight: Any = None,
    check: Callable[[Any], None] | None = None,
) -> Any:
    """Return the source of batches for what the user gave.

    Args:
        x, y, sample_weight: arrays, or nested; or x alone, an iterable of batches.
        batch_size: 32 by default.
        shuffle: a new order in each epoch (arrays only).
        steps: batches in an epoch, for iterables that do not end.
        class_weight: class -> weight.
        check: called with y, to check labels against the model.
    """
    if batch_size is not None:
        batch_size = check_integer("batch_size", batch_size, minimum=1)
    if steps is not None:
        steps = check_integer("steps_per_epoch", steps, minimum=1)
    if _is_iterable_of_batches(x):
        if y is not None:
            raise ArgumentError("y comes with the batches when x is an iterable of them.")
        return IterableSource(x, steps, class_weight)
    x, y, weight = check_arrays(x, y, sample_weight)
    if check is not None and y is not None:
        check(y)
    if class_weight is not None:
        weight = weights_of_classes(y, class_weight, weight)
    source = Source(x, y, weight, batch_size or 32, shuffle)
    if steps is not None:
        source.steps = min(steps, source.steps or steps)
    return source


def _is_iterable_of_batches(x: Any) -> bool:
    if isinstance(x, np.ndarray | Tensor | dict | str) or x is None or hasattr(x, "__array__"):
        return False
    if isinstance(x, list | tuple):
        return bool(x) and isinstance(x[0], tuple)
    return isinstance(x, Iterable) or callable(x)
