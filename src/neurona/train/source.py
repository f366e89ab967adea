"""ArraySource: arrays in memory, cut into batches, in the order of an epoch."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.tree import flatten
from neurona.errors import DataError
from neurona.ops import draw

Batch = tuple[Any, Any, Any]
Order = tuple[int, ...]


class Stretch(NamedTuple):
    """Batches of an ArraySource that follow each other.

    Attributes:
        rows: numbers of the samples in their order; None: as they lie.
        pieces: batches of one size: the first sample (its place in `rows`), the size, how many.
        epochs: how often all that comes.
        stride: how much further each epoch begins in `rows` than the one before.
        redrawn: whether `rows` is only the order of the first epoch, and others are drawn like it.
    """

    rows: np.ndarray | None
    pieces: list[tuple[int, int, int]]
    epochs: int = 1
    stride: int = 0
    redrawn: bool = False


class ArraySource:
    """Arrays, cut into batches.

    With `steps`, an epoch is so many batches, and the next one goes on behind them; without, an
    epoch is one pass over the data.

    Attributes:
        size: number of samples.
        steps: number of batches in an epoch.
        form: how batches are nested, and what their arrays look like.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        weight: Any,
        batch_size: int,
        shuffle: bool = False,
        steps: int | None = None,
    ) -> None:
        self.size = len(flatten(x)[0][0])
        self.hold((x, y, weight))
        self.shuffle, self._going_on = shuffle, steps is not None
        self.cut_into(batch_size, steps)
        self._last: Order | None = None
        self._known: tuple[Any, np.ndarray] | None = None  # the last permutations

    def hold(self, arrays: Batch) -> None:
        """Take arrays of as many samples, in place of those that are held.

        Raises:
            DataError: if they are of another number of samples.
        """
        leaves, self.structure = flatten(arrays)
        if other := [len(a) for a in leaves if len(a) != self.size]:
            raise DataError(
                "a source's arrays have as many samples as those before.",
                got=str(other[0]),
                expected=str(self.size),
            )
        self.arrays, self.leaves = arrays, leaves
        self.form = self.structure, tuple([(a.shape[1:], a.dtype) for a in leaves])
        self.__dict__.pop("in_memory", None)

    def cut_into(self, batch_size: int, steps: int | None = None) -> None:
        """Take batches of a size, so many an epoch, or all of a pass."""
        self.batch_size = batch_size
        self.whole = -(-self.size // batch_size)  # batches in a pass
        self.steps = steps or self.whole

    def peek(self) -> Batch:
        """Return the first batch in the given order."""
        return self.structure.unflatten([a[: self.batch_size] for a in self.leaves])

    def order(self) -> Order | None:
        """Return what the next epoch is made from: a random state, and the first batch's number."""
        if not self._going_on:
            return random.take_state() if self.shuffle else None
        if self._last is None:
            seed, step = random.take_state() if self.shuffle else (0, 0)
            return seed, step, 0
        seed, step, first = self._last
        return seed, step, first + self.steps

    def batches(self, order: Order | None = None, start: int = 0) -> Iterator[Batch]:
        """Return the batches of an epoch from number `start` on."""
        self.begin(order)
        while start < self.steps:
            number = self._first(order) + start
            stop = min(start + self.whole - number % self.whole, self.steps)
            yield from self.cut(self.stretch(order, start, stop))
            start = stop

    def begin(self, order: Order | None) -> None:
        """Note which epoch runs: the next one may go on behind it."""
        self._last = order if self._going_on else None

    def stretch(self, order: Order | None, start: int, stop: int) -> Stretch:
        """Return the batches of an epoch with the numbers from `start` up to `stop`."""
        number, end = self._first(order) + start, self._first(order) + stop
        if self.whole == 1 and not self.shuffle:
            return Stretch(None, self._pieces(0, 0, 1), end - number)
        first_pass = number // self.whole
        rows = self._permutations(order, first_pass, -(-end // self.whole))
        pieces: list[tuple[int, int, int]] = []
        while number < end:
            passed, place = divmod(number, self.whole)
            count = min(self.whole - place, end - number)
            base = 0 if rows is None else (passed - first_pass) * self.size
            for piece in self._pieces(base, place, place + count):
                _append(pieces, piece)
            number += count
        return Stretch(rows, pieces)

    def epochs(self, order: Order | None, count: int, redrawn: bool = False) -> Stretch | None:
        """Return several epochs, as they come one after the other if nothing else draws numbers.

        The first has an order already. A step takes a number of the random stream, so does each
        order; with `redrawn` these are left to the engine.
        """
        pieces = self._pieces(0, 0, self.whole)
        if self._going_on or order is None:
            return None if self._going_on else Stretch(None, pieces, count)
        if redrawn:
            return Stretch(draw.permutations(self.size, [order])[0], pieces, count, redrawn=True)
        seed, step = random.get_position()
        following = [(seed, step + e * (self.steps + 1) - 1) for e in range(1, count)]
        rows = draw.permutations(self.size, [order, *following]).reshape(-1)
        return Stretch(rows, pieces, count, self.size)

    def cut(self, stretch: Stretch) -> Iterator[Batch]:
        """Return the batches of a stretch."""
        for first, size, count in stretch.pieces * stretch.epochs:
            for start in range(first, first + size * count, size):
                rows: Any = slice(start, start + size)
                if stretch.rows is not None:
                    rows = stretch.rows[rows]
                yield self.structure.unflatten([a[rows] for a in self.leaves])

    def batch_of(self, size: int) -> list[np.ndarray]:
        """Return the leaves of some batch of a size, to see what they look like."""
        return [a[:size] for a in self.leaves]

    @functools.cached_property
    def in_memory(self) -> list[np.ndarray]:
        """The arrays, their rows one behind the other in memory."""
        return [np.require(a, requirements=["C", "A"]) for a in self.leaves]

    def _first(self, order: Order | None) -> int:
        return order[2] if order is not None and self._going_on else 0

    def _pieces(self, base: int, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return batches of a pass that begins at the row `base`."""
        full = self.size // self.batch_size
        whole = min(stop, full) - start
        pieces = [(base + start * self.batch_size, self.batch_size, whole)] if whole > 0 else []
        if stop > full:
            pieces.append((base + full * self.batch_size, self.size - full * self.batch_size, 1))
        return pieces

    def _permutations(self, order: Order | None, begin: int, end: int) -> np.ndarray | None:
        """Return the samples' order in some passes: the draws of these numbers from one state."""
        if order is None or not self.shuffle:
            return None
        key = (order[:2], begin, end)
        if self._known is None or self._known[0] != key:
            found = draw.permutations(self.size, [order[:2]], np.arange(begin, end))
            self._known = key, found.reshape(-1)
        return self._known[1]


def _append(pieces: list[tuple[int, int, int]], piece: tuple[int, int, int]) -> None:
    """Add a piece; one that goes on where the last one ends makes that longer."""
    first, size, count = piece
    if pieces and pieces[-1][1] == size and pieces[-1][0] + size * pieces[-1][2] == first:
        pieces[-1] = (pieces[-1][0], size, pieces[-1][2] + count)
    else:
        pieces.append(piece)
