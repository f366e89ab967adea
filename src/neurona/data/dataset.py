"""Dataset: samples or batches that come one after the other, changed on the way.

    train = nn.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
    train = train.map(lambda x, y: (x / 255, y))
    model.fit(train, epochs=3)

It has of `tf.data.Dataset` what tutorials use, with its names. An element is an array, or a tuple
or dict of them. Numbers come as Tensors, texts as arrays; `as_numpy_iterator` gives arrays. Each
pass is computed anew, so a Dataset takes no memory but what `cache` keeps. Orders depend on the
seed and the number of the pass alone, so a run that is resumed sees the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.tree import flatten, map_leaves
from neurona.data.elements import as_arrays, as_tensors, batches_of, buffered, padded, stacked
from neurona.data.preparation import Preparation
from neurona.data.random_state import seed_or_drawn
from neurona.errors import ArgumentError, DataError, check_integer

AUTOTUNE = -1  # accepted wherever tf.data takes it
INFINITE, UNKNOWN = -1, -2  # what `cardinality` says besides numbers

Pass = Callable[[int], Iterator[Any]]  # the number of a pass -> its elements, of arrays


class Dataset:
    """What is gone through again and again, see the top of this file.

    Args:
        elements: a function of the number of a pass, from 0, that returns its elements: arrays, or
            tuples and dicts of them.
        length: how many elements a pass has; INFINITE, or UNKNOWN.

    Attributes:
        class_names, file_paths, preparation: what functions that read folders know of it, or None.
        batch_size: samples of an element, None if it is one sample.
        epoch: the number of the next pass.

    >>> data = Dataset.range(5).map(lambda n: n * n).batch(2)
    >>> [batch.tolist() for batch in data], len(data)
    ([[0, 1], [4, 9], [16]], 3)
    """

    class_names: Sequence[str] | None = None
    file_paths: Sequence[str] | None = None
    preparation: Preparation | None = None
    batch_size: int | None = None

    def __init__(self, elements: Pass, length: int = UNKNOWN) -> None:
        self._elements, self._length, self.epoch = elements, length, 0

    # --- made of ---------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Rows:
        """Return a Dataset of the rows of arrays: an array, or a tuple or dict of them.

        Raises:
            DataError: arrays of different lengths, or without rows.
        """
        leaves, structure = flatten(tensors if not isinstance(tensors, list) else np.array(tensors))
        arrays = [np.asarray(leaf) for leaf in leaves]
        if not arrays or any(a.ndim == 0 for a in arrays) or len({len(a) for a in arrays}) > 1:
            raise DataError(
                "the rows of arrays belong together.",
                got=", ".join(str(a.shape) for a in arrays) or "no array",
                expected="as many rows in each",
            )
        return Rows(lambda rows: structure.unflatten([a[rows] for a in arrays]), len(arrays[0]))

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """Return a Dataset of a single element."""
        kept = as_arrays(tensors)
        return Dataset(lambda number: iter([kept]), 1)

    @staticmethod
    def from_generator(generator: Callable[[], Iterable[Any]], *_: Any, **__: Any) -> Dataset:
        """Return a Dataset of what a function's generator yields; types and shapes are seen."""
        return Dataset(lambda number: map(as_arrays, generator()))

    @staticmethod
    def range(*limits: int) -> Rows:
        """Return a Dataset of integers, as `range` counts."""
        numbers = np.arange(*limits, dtype=np.int64)
        return Rows(lambda rows: numbers[rows], len(numbers))

    @staticmethod
    def zip(*datasets: Any) -> Dataset:
        """Return a Dataset of tuples, an element of each, up to the end of the shortest."""
        parts: tuple[Dataset, ...] = datasets[0] if len(datasets) == 1 else datasets
        known = [part._length for part in parts if part._length != INFINITE]
        length = INFINITE if not known else UNKNOWN if UNKNOWN in known else min(known)
        return Dataset(lambda number: zip(*(p._elements(number) for p in parts)), length)  # noqa: B905

    def _next(self, elements: Pass, length: int, batch_size: int | None = None) -> Dataset:
        """Return a Dataset behind this one, which knows what this one knows."""
        found = self._known_to(Dataset(elements, length))
        found.batch_size = batch_size or self.batch_size
        return found

    def _known_to(self, found: Any) -> Any:
        found.class_names, found.file_paths = self.class_names, self.file_paths
        found.preparation = self.preparation
        return found

    # --- gone through ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        return map(as_tensors, self.as_numpy_iterator())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Return the elements of the next pass as arrays."""
        number, self.epoch = self.epoch, self.epoch + 1
        return self._elements(number)

    def __len__(self) -> int:
        if self._length < 0:
            raise TypeError(
                "the Dataset has no end." if self._length == INFINITE else
                "the number of elements is only known at the end of a pass."
            )  # fmt: skip
        return self._length

    def __bool__(self) -> bool:
        return True

    def cardinality(self) -> int:
        """Return the number of elements, INFINITE or UNKNOWN."""
        return self._length

    @property
    def element_spec(self) -> Any:
        """The first element, with (shape, dtype) in the places of arrays."""
        first = next(iter(self._elements(0)))
        return map_leaves(lambda leaf: (np.shape(leaf), np.asarray(leaf).dtype), first)

    # --- changed ---------------------------------------------------------------------------------

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
    ) -> Dataset:
        """Return what a function makes of each element; a tuple's parts are its arguments.

        Layers called in it draw from the thread's random stream: a run that is resumed in the
        middle of an epoch may see other numbers than one that was not, which
        `nn.data.batches(augment=)` avoids.
        """

        def elements(number: int) -> Iterator[Any]:
            for given in map(as_tensors, self._elements(number)):
                yield as_arrays(map_func(*given) if isinstance(given, tuple) else map_func(given))

        found = self._next(elements, self._length)
        found.preparation = None  # which tells how a file became what `map_func` has changed
        return found

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Return the elements of which a function says True."""

        def elements(number: int) -> Iterator[Any]:
            for element in self._elements(number):
                given = as_tensors(element)
                if predicate(*given) if isinstance(given, tuple) else predicate(given):
                    yield element

        return self._next(elements, UNKNOWN)

    def batch(
        self, batch_size: int, drop_remainder: bool = False, num_parallel_calls: Any = None,
        deterministic: Any = None,
    ) -> Dataset:  # fmt: skip
        """Return so many elements at once, stacked along a new first axis."""
        return self._batched(stacked, batch_size, drop_remainder)

    def padded_batch(
        self, batch_size: int, padded_shapes: Any = None, padding_values: Any = None,
        drop_remainder: bool = False,
    ) -> Dataset:  # fmt: skip
        """Return so many elements at once, those that are shorter filled up at their ends.

        Args:
            batch_size: elements a batch.
            padded_shapes: accepted if it is None: each axis is as long as in the largest element.
            padding_values: 0 by default; "" for texts.
            drop_remainder: leave out a last batch that is smaller.
        """
        if padded_shapes is not None and any(s is not None for s in flatten(padded_shapes)[0]):
            raise ArgumentError(
                "padded_batch fills up to the largest element of a batch.",
                got=f"padded_shapes={padded_shapes!r}",
                expected="None",
                hint="map(lambda x: nn.data.pad_sequences([x], length)[0]) for one length",
            )
        return self._batched(
            lambda elements: stacked([*padded(elements, padding_values)]),
            batch_size,
            drop_remainder,
        )

    def _batched(
        self, joined: Callable[[list[Any]], Any], batch_size: int, drop_remainder: bool
    ) -> Dataset:
        size = check_integer("batch_size", batch_size, minimum=1)

        def elements(number: int) -> Iterator[Any]:
            source = self._elements(number)
            while len(chosen := list(itertools.islice(source, size))) == size:
                yield joined(chosen)
            if chosen and not drop_remainder:
                yield joined(chosen)

        return self._next(elements, batches_of(self._length, size, drop_remainder), size)

    def unbatch(self) -> Dataset:
        """Return the rows of each element."""

        def elements(number: int) -> Iterator[Any]:
            for element in self._elements(number):
                leaves, structure = flatten(element)
                yield from map(structure.unflatten, zip(*leaves, strict=True))

        found = self._next(elements, UNKNOWN)
        found.batch_size = None
        return found

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Return the elements in a random order, as tf.data finds one.

        Args:
            buffer_size: how many wait at a time; each next element is one of these.
            seed: of the order; None draws one, that `nn.utils.set_random_seed` decides.
            reshuffle_each_iteration: a new order in each pass.
        """
        size, seed = check_integer("buffer_size", buffer_size, minimum=1), seed_or_drawn(seed)

        def elements(number: int) -> Iterator[Any]:
            rng = np.random.default_rng([seed, number if reshuffle_each_iteration else 0])
            return buffered(self._elements(number), size, rng)

        return self._next(elements, self._length)

    def take(self, count: int) -> Dataset:
        """Return the first elements of each pass; -1 takes all."""
        if (count := check_integer("count", count, minimum=-1)) < 0:
            return self
        length = min(count, self._length) if self._length >= 0 else UNKNOWN
        length = count if self._length == INFINITE else length
        return self._next(lambda n: itertools.islice(self._elements(n), count), length)

    def skip(self, count: int) -> Dataset:
        """Return the elements behind the first ones of each pass."""
        count = check_integer("count", count, minimum=0)
        length = max(self._length - count, 0) if self._length >= 0 else self._length
        return self._next(lambda n: itertools.islice(self._elements(n), count, None), length)

    def repeat(self, count: int | None = None) -> Dataset:
        """Return several passes as one; without a count, or with -1, there is no end."""
        if count is None or count == -1:
            return self._next(self._endless, INFINITE)
        count = check_integer("count", count, minimum=0)

        def elements(number: int) -> Iterator[Any]:
            for turn in range(count):
                yield from self._elements(number * count + turn)

        return self._next(elements, self._length * count if self._length >= 0 else self._length)

    def _endless(self, number: int) -> Iterator[Any]:
        for turn in itertools.count():
            found = False
            for element in self._elements(turn):
                found = True
                yield element
            if not found:
                return

    def cache(self, filename: str = "") -> Dataset:
        """Return the elements of the first pass that came to its end, again and again, from memory.

        What comes before it is computed once: shuffle, and augment, behind it. A `filename` is
        accepted; nothing is written.
        """
        kept: list[list[Any]] = []

        def elements(number: int) -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            found = []
            for element in self._elements(number):
                found.append(element)
                yield element
            kept[:] = [found]

        return self._next(elements, self._length)

    def prefetch(self, buffer_size: int = AUTOTUNE) -> Dataset:
        """Return the same: elements are made when they are asked for, in the thread that asks."""
        return self

    def concatenate(self, dataset: Dataset) -> Dataset:
        """Return the elements of this Dataset, then those of another."""
        lengths = self._length, dataset._length
        length = (
            INFINITE if INFINITE in lengths else UNKNOWN if UNKNOWN in lengths else sum(lengths)
        )
        return self._next(
            lambda n: itertools.chain(self._elements(n), dataset._elements(n)), length
        )

    def enumerate(self, start: int = 0) -> Dataset:
        """Return (number, element), counted from `start`."""
        return self._next(
            lambda n: ((np.asarray(i), e) for i, e in enumerate(self._elements(n), start)),
            self._length,
        )

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """Return what a function makes of this Dataset."""
        return transformation_func(self)


class Rows(Dataset):
    """A Dataset of samples that can be had by their numbers, many at once.

    Args:
        fetch: a function of numbers of samples (B,) that returns these, stacked.
        length: how many there are.
        order: a function of the number of a pass that returns the samples' order in it.
    """

    def __init__(
        self,
        fetch: Callable[[np.ndarray], Any],
        length: int,
        order: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        self._fetch = fetch
        self._order = order or (lambda number: np.arange(length))
        super().__init__(self._one_by_one, length)

    def _one_by_one(self, number: int) -> Iterator[Any]:
        for row in self._order(number):
            yield map_leaves(lambda leaf: leaf[0], self._fetch(np.array([row])))

    def _reordered(self, order: Callable[[int], np.ndarray], length: int) -> Rows:
        return self._known_to(Rows(self._fetch, length, order))

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Rows:
        """Return the samples in a random order; see `Dataset.shuffle`."""
        size, seed = check_integer("buffer_size", buffer_size, minimum=1), seed_or_drawn(seed)

        def order(number: int) -> np.ndarray:
            rng = np.random.default_rng([seed, number if reshuffle_each_iteration else 0])
            before = self._order(number)
            if size >= len(before):
                return rng.permutation(before)
            return np.fromiter(buffered(iter(before), size, rng), before.dtype, len(before))

        return self._reordered(order, self._length)

    def take(self, count: int) -> Rows:
        """Return the first samples; -1 takes all."""
        count = check_integer("count", count, minimum=-1)
        count = self._length if count < 0 else min(count, self._length)
        return self._reordered(lambda number: self._order(number)[:count], count)

    def skip(self, count: int) -> Rows:
        """Return the samples behind the first ones."""
        count = min(check_integer("count", count, minimum=0), self._length)
        return self._reordered(lambda number: self._order(number)[count:], self._length - count)

    def batch(
        self, batch_size: int, drop_remainder: bool = False, num_parallel_calls: Any = None,
        deterministic: Any = None,
    ) -> Dataset:  # fmt: skip
        """Return so many samples at once."""
        size = check_integer("batch_size", batch_size, minimum=1)
        length = batches_of(self._length, size, drop_remainder)

        def elements(number: int) -> Iterator[Any]:
            order = self._order(number)
            return (self._fetch(order[i * size : (i + 1) * size]) for i in range(length))

        return self._next(elements, length, size)
