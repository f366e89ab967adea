"""Sources of batches: whatever is given to `fit`, `evaluate` and `predict` becomes one of them.

A source yields batches (x, y, sample_weight) of NumPy arrays. Arrays are checked and converted
here once, not in every batch; what comes from the user batch by batch is checked as it comes.

An epoch is described by its `order`, a few integers: a run that is resumed in the middle of an
epoch passes the same order again and gets the same batches.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from neurona import config
from neurona.core import origin
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.data.py_dataset import one_pass
from neurona.errors import ArgumentError, DataError, NeuronaError, check_integer
from neurona.train.arrays import check_arrays, weights_of_classes
from neurona.train.source import ArraySource, Batch, Order

Before = Callable[[Any], Any] | None  # what is done to x before the step


class IterableSource:
    """Batches that the user makes: a generator, an iterable, or a function that returns one.

    With `steps`, an epoch is so many batches, and what can be gone through again starts anew at its
    end. An object with `epoch` (as `nn.data.batches`) is told which epoch it is in.
    """

    size = None
    shuffle = False
    check: Callable[[Any, Any], None] | None = None  # of x and y of each batch

    def __init__(
        self, batches: Any, steps: int | None, class_weight: Any = None, before: Before = None
    ) -> None:
        self.given, self.class_weight, self.before = batches, class_weight, before
        self.steps, self._going_on = steps, steps is not None
        if steps is None:
            self.steps = _length(batches)
            if self.steps == 0:
                raise DataError(
                    "there are no batches.", got=f"{type(batches).__name__} of length 0"
                )
        self._makes = callable(batches) and not hasattr(batches, "__iter__")
        self._once = hasattr(batches, "__next__") and not _by_number(batches)  # a generator
        self._running: Iterator | None = None
        self._pass = self._taken = 0  # number of the pass that runs, and batches that it has given

    def peek(self) -> Batch:
        """Return the first batch; it is not lost for the epoch."""
        if self._running is None:
            self._begin(self._next_pass())
        try:
            batch = next(self._running)  # type: ignore[arg-type]
        except StopIteration:
            raise self._used_up() from None
        self._running = itertools.chain([batch], self._running)  # type: ignore[arg-type]
        return self._unpack(batch)

    def used_up(self) -> bool:
        """Say whether the generator has ended; if not, its next batch is not lost."""
        if not self._once or self._running is None:
            return False
        for batch in self._running:
            self._running = itertools.chain([batch], self._running)
            return False
        return True

    def order(self) -> Order:
        """Return where the next epoch begins: in which pass, behind how many of its batches."""
        if self._going_on and self._running is not None:
            return self._pass, self._taken
        return self._anew()

    def _anew(self) -> Order:
        """Return where a new pass begins; the running one, if nothing was taken or it is all."""
        if self._running is not None and (self._once or not self._taken):
            return self._pass, self._taken
        return self._next_pass(), 0

    def batches(self, order: Order | None = None, start: int = 0) -> Iterator[Batch]:
        """Return the batches of an epoch; those before `start` are taken and dropped."""
        self._go_to(order if order is not None else self._anew())
        for _ in range(start):
            self._take()
        return self._give(start)

    def _give(self, start: int) -> Iterator[Batch]:
        count = start
        while not self._going_on or count < self.steps:  # type: ignore[operator]
            batch = self._take()
            if batch is None:
                if count == 0:
                    raise self._used_up()
                if self._going_on:
                    origin.warn(
                        f"the {type(self.given).__name__} has no more batches: {count} of "
                        f"{self.steps} steps were made."
                    )
                return
            count += 1
            yield self._unpack(batch[0])

    def end(self) -> None:
        """Let what gives batches by number hear that all of a pass were used."""
        if _by_number(self.given) and not self._going_on and self._taken == self.steps:
            self._next()

    def _next_pass(self) -> int:
        return int(getattr(self.given, "epoch", 0))

    def _begin(self, number: int) -> None:
        if hasattr(self.given, "epoch"):
            self.given.epoch = number
        self._running = _iterate(self.given() if self._makes else self.given)
        self._pass, self._taken = number, 0

    def _go_to(self, order: Order) -> None:
        """Let the next batch be that of an order, which a run that was killed may have left."""
        number, taken = order
        here = self._running is not None and (self._once or (self._pass, self._taken) == order)
        if not here:
            self._begin(number)
        while self._taken < taken and self._next() is not None:
            pass

    def _take(self) -> tuple[Any] | None:
        """Return the next batch in a tuple; behind the last one begin anew, or return None."""
        batch = self._next()
        if batch is None and not self._once:
            self._running = None
            if self._going_on:
                self._begin(self._next_pass())
                batch = self._next()
        return batch

    def _next(self) -> tuple[Any] | None:
        for batch in self._running or ():
            self._taken += 1
            return (batch,)
        return None

    def _used_up(self) -> DataError:
        return DataError(
            "the generator has no more batches." if self._once else "there are no batches.",
            got=type(self.given).__name__,
            hint="give a list of batches or nn.data.batches(x, y), which can be gone through "
            "again, or steps_per_epoch with a generator that does not end",
        )

    def _unpack(self, batch: Any) -> Batch:
        try:
            x, y, weight = unpack(batch)
            x, y, weight = check_arrays(x if self.before is None else self.before(x), y, weight)
            if self.class_weight is not None:
                weight = weights_of_classes(y, self.class_weight, weight)
            if self.check is not None:
                self.check(x, y)
        except NeuronaError as error:
            number = max(self._taken, 1)
            raise error.within(f"batch {number} of the {type(self.given).__name__}.") from None
        return x, y, weight


def _length(batches: Any) -> int | None:
    """Return how many batches a pass has, None if that is not known before."""
    if not hasattr(batches, "__len__"):
        return None
    try:
        return len(batches)
    except TypeError:  # as Datasets say it
        return None


def _by_number(batches: Any) -> bool:
    """Say whether batches are given by their numbers, as Keras's PyDatasets do."""
    gives = hasattr(batches, "__getitem__") and not isinstance(batches, list | tuple)
    return gives and (hasattr(batches, "on_epoch_end") or not hasattr(batches, "__iter__"))


def _iterate(batches: Any) -> Iterator[Any]:
    """Return an iterator; a length and `[i]`, as Sequences of Keras have, are enough."""
    if _by_number(batches) and (hasattr(batches, "__len__") or hasattr(batches, "num_batches")):
        return one_pass(batches)
    if not hasattr(batches, "__iter__"):
        raise DataError(
            "there are no batches to go through.",
            got=type(batches).__name__,
            expected="an iterable of batches, or a function that returns one",
        )
    return iter(batches)


def unpack(batch: Any) -> Batch:
    """Return (x, y, sample_weight) of a batch that is x, (x,), (x, y) or (x, y, sample_weight).

    >>> unpack(("x", "y"))
    ('x', 'y', None)
    """
    if isinstance(batch, list) and len(batch) in (2, 3) and _is_array(batch[0]):
        batch = tuple(batch)
    if isinstance(batch, tuple):
        if not 1 <= len(batch) <= 3:
            raise DataError(
                "a batch is x, (x, y) or (x, y, sample_weight).", got=f"{len(batch)} parts"
            )
        return (*batch, None, None)[:3]
    return batch, None, None


def pack(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch as `train_step` gets it: x, (x, y) or (x, y, sample_weight).

    >>> pack("x"), pack("x", "y")
    ('x', ('x', 'y'))
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, list | tuple) else x


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray | Tensor) or hasattr(x, "__array__")


def source_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = False,
    steps: int | None = None,
    class_weight: Any = None,
    before: Before = None,
) -> Any:
    """Return the source of batches for what the user gave.

    Args:
        x, y, sample_weight: arrays, or nested; or x alone, an iterable of batches.
        batch_size: 32 by default.
        shuffle: a new order in each epoch (arrays only).
        steps: batches in an epoch, for iterables that do not end.
        class_weight: class -> weight.
        before: what is done to x before the step: text is looked up.
    """
    if batch_size is not None:
        batch_size = check_integer("batch_size", batch_size, minimum=1)
    if steps is not None:
        steps = check_integer("steps", steps, minimum=1)
    if is_iterable_of_batches(x):
        if y is not None or sample_weight is not None:
            raise ArgumentError(
                f"{'y' if y is not None else 'sample_weight'} comes with the batches when x is an "
                "iterable of them.",
                got=f"x={type(x).__name__}",
            )
        return IterableSource(x, _limited(steps, _length(x)), class_weight, before)
    x, y, weight = check_arrays(x if before is None else before(x), y, sample_weight)
    if class_weight is not None:
        weight = weights_of_classes(y, class_weight, weight)
    source = ArraySource(x, y, weight, batch_size or 32, shuffle, steps)
    limit = _limited(steps, source.whole)
    return source if limit == steps else ArraySource(x, y, weight, batch_size or 32, shuffle, limit)


def _limited(steps: int | None, whole: int | None) -> int | None:
    """Return the steps of an epoch within the setting's limit; `whole` is what the data have."""
    limit = config.max_steps_per_epoch()
    if limit is None or (steps or whole or limit + 1) <= limit:
        return steps
    return limit


def is_iterable_of_batches(x: Any) -> bool:
    """Say whether x gives batches rather than being data itself."""
    if isinstance(x, np.ndarray | Tensor | dict | str) or x is None or hasattr(x, "__array__"):
        return False
    if isinstance(x, list | tuple):
        first = x[0][0] if x and isinstance(x[0], tuple) and x[0] else None
        return _is_array(first) or isinstance(first, dict)
    return isinstance(x, Iterable) or callable(x) or hasattr(x, "__getitem__")


def split_arrays(
    x: Any, y: Any, sample_weight: Any, share: float, before: Before = None
) -> tuple[Batch, Batch]:
    """Part arrays into training and validation: the last `share` of the samples is held out.

    Raises:
        ArgumentError: if the share is not in (0, 1), or x is an iterable of batches.
        DataError: if a part would be empty.
    """
    if not 0 < share < 1:
        raise ArgumentError("validation_split is between 0 and 1.", got=repr(share))
    if is_iterable_of_batches(x):
        raise ArgumentError(
            "validation_split needs arrays.",
            got=f"x={type(x).__name__}",
            hint="validation_data=(x_val, y_val), or an iterable of batches",
        )
    x = x if before is None else before(x)
    leaves, structure = flatten(check_arrays(x, y, sample_weight))
    size = len(leaves[0])
    place = int(size * (1 - share))
    if place in (0, size):
        raise DataError(
            "validation_split leaves nothing for one of the parts.",
            got=f"{size} samples, validation_split={share}",
        )
    return (
        structure.unflatten([a[:place] for a in leaves]),
        structure.unflatten([a[place:] for a in leaves]),
    )
