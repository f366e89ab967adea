"""Mini-batches: slices of the data in a new order every epoch, augmented on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.data.augmenting import Augmenting
from neurona.data.random_state import as_random_state, seed_or_drawn
from neurona.data.samples import as_arrays
from neurona.errors import DataError, check_integer


class Batches:
    """Mini-batches of x, or of (x, y), that can be gone through again and again.

    Epoch e is `order = permutation(seed, e)`, batch b of it `x[order[b * B : (b + 1) * B]]`, and
    its augmentation draws from `(seed, e, b)`: nothing depends on what was read before, so a run
    that is resumed with `epoch` set gets the same batches.

    Shapes: x (N, ...), y (N, ...) -> x (B, ...), y (B, ...); the last batch may be smaller.
    Args:
        x: the inputs.
        y: the targets; None yields x alone.
        batch_size: samples a batch, 1 or more; 32 as in Keras.
        shuffle: a new order each epoch.
        seed: the order and the augmentation; None draws one, kept in `.seed`,
            that `nn.utils.set_random_seed` decides.
        drop_last: leave out a last batch that is smaller.
        augment: a layer such as `nn.layers.RandomFlip`, a function of (x of a batch, generator), or
            a list of these, in order. `MixUp` and `CutMix` are given the targets too.
    Raises:
        DataError: x and y differ in length, or there are no samples or no whole batch.
        ArgumentError: batch_size below 1, or a negative seed.

    >>> batches = Batches(np.arange(5), batch_size=2)
    >>> [batch.tolist() for batch in batches]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int | None = None,
        drop_last: bool = False,
        augment: Any = None,
    ) -> None:
        arrays, self.samples = as_arrays("batches", (x,) if y is None else (x, y))
        self.x, self.y = arrays[0], arrays[1] if len(arrays) == 2 else None
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        self.augment = None if augment is None else Augmenting(augment)
        self.seed = seed_or_drawn(seed)
        self.epoch = 0
        if len(self) == 0:
            raise DataError(
                "there is no batch to train on.",
                got=f"{self.samples} samples",
                expected=f"{self.batch_size if self.drop_last else 1} or more",
                hint="a smaller batch_size, or drop_last=False" if self.samples else "",
            )

    def __len__(self) -> int:
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        order = self.order(epoch)
        return (self._batch(order, epoch, number) for number in range(len(self)))

    @property
    def contents(self) -> list[np.ndarray]:
        """All numbers that batches are made of."""
        return [self.x] if self.y is None else [self.x, self.y]

    def order(self, epoch: int) -> np.ndarray:
        """Return the sample numbers (N,) in the order in which `epoch` takes them."""
        if not self.shuffle:
            return np.arange(self.samples)
        return np.random.default_rng([self.seed, epoch]).permutation(self.samples)

    def _batch(self, order: np.ndarray, epoch: int, number: int) -> Any:
        start = number * self.batch_size
        chosen: Any = order[start : start + self.batch_size]
        if not self.shuffle:
            chosen = slice(start, start + self.batch_size)  # a view, no copy
        x, y = self.x[chosen], None if self.y is None else self.y[chosen]
        if self.augment is not None:
            x, y = self.augment(x, y, self.seed, epoch, number)
        return x if y is None else (x, y)


def batches(
    x: Any,
    y: Any = None,
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int | None = None,
    drop_last: bool = False,
    augment: Any = None,
) -> Batches:
    """Return mini-batches of the data, `Batches(x, y, ...)`, re-iterable and with a length.

    Shapes: x (N, ...), y (N, ...) -> x (B, ...), y (B, ...).
    Args: those of `Batches`.
    Raises: what `Batches` raises.

    >>> for xb, yb in batches(np.zeros((3, 2)), np.arange(3), batch_size=2):
    ...     print(xb.shape, yb)
    (2, 2) [0 1]
    (1, 2) [2]
    """
    return Batches(x, y, batch_size, shuffle, seed, drop_last, augment)


def shuffle(*arrays: Any, seed: Any = None) -> Any:
    """Return the arrays in one random order, the same for all: row i stays with row i.

    Shapes: each (N, ...) -> the same.
    Args:
        arrays: one or more; a single one comes back alone, several as a tuple.
        seed: an integer for the same order each time, a RandomState, or None.
    Raises:
        DataError: different numbers of samples.
    Source: the order is that of `sklearn.utils.shuffle(..., random_state=seed)`.

    >>> x, y = shuffle([10, 20, 30], [1, 2, 3], seed=0)
    >>> x.tolist(), y.tolist()
    ([30, 20, 10], [3, 2, 1])
    """
    found, samples = as_arrays("shuffle", arrays)
    order = np.arange(samples)
    as_random_state(seed).shuffle(order)
    result = tuple(array[order] for array in found)
    return result if len(result) > 1 else result[0]
