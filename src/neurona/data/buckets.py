"""Buckets: mini-batches of sequences of about one length, padded as little as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurona.data.random_state import seed_or_drawn
from neurona.data.sequences import pad_sequences
from neurona.errors import ArgumentError, DataError, check_choice, check_integer

_DISTINCT = 512


class Buckets:
    """Mini-batches of x, or of (x, y), each of sequences of one bucket, padded to its length.

    A length is a shape, and a shape is a program to compile: a few lengths instead of one for each
    batch keep their number small, and short sequences are not padded to the longest. Samples that
    do not fill a batch of their bucket go into the next longer one, so an epoch has at most one
    smaller batch.

    As in `Batches`, an epoch's batches depend on the seed and its number alone.

    Shapes: x: N sequences (T_i, ...) -> (B, T, ...), T the length of the bucket.
    Args:
        x: a list of sequences, or a tuple or dict of such lists for several inputs; all sequences
            of one sample are padded to the length of its longest.
        y: targets: an array (N, ...); or sequences, which are padded too: of different lengths, or
            as long as those of an input.
        batch_size: samples a batch, 1 or more.
        lengths: those of the buckets, ascending, or how many there are to be: then the ones that
            need the least padding. 8 keeps padding below some percent for most texts.
        shuffle: samples, and batches, in a new order each epoch.
        seed: of the order; None draws one, kept in `.seed`, that `nn.utils.set_random_seed`
            decides.
        value: the padding; 0 is what `Embedding(mask_zero=True)` passes over.
        padding: "post" puts it behind the sequence, "pre" before.
        drop_last: leave out a last batch that is smaller.
    Raises:
        DataError: inputs and targets of different numbers, no samples, or a sequence that is
            longer than the longest bucket.
        ArgumentError: lengths that do not ascend, or a number below 1.

    >>> buckets = Buckets([[1], [2, 3], [4], [5, 6, 7], [8, 9]], batch_size=2, lengths=2)
    >>> buckets.lengths
    [1, 3]
    >>> [batch.tolist() for batch in buckets]
    [[[1], [4]], [[2, 3, 0], [5, 6, 7]], [[8, 9, 0]]]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        lengths: int | Sequence[int] = 8,
        shuffle: bool = False,
        seed: int | None = None,
        value: Any = 0,
        padding: str = "post",
        drop_last: bool = False,
    ) -> None:
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.value, self.padding = value, check_choice("padding", padding, ("pre", "post"))
        self.shuffle, self.drop_last, self.epoch = bool(shuffle), bool(drop_last), 0
        self.seed = seed_or_drawn(seed)
        self._names = list(x) if isinstance(x, dict) else None
        self._several = isinstance(x, tuple | dict)
        inputs = list(x.values()) if self._names is not None else x if self._several else (x,)
        self._inputs = [_rows(column) for column in inputs]
        self._targets = [] if y is None else [_rows(y)]
        columns = self._inputs + self._targets
        if len({len(column) for column in columns}) > 1:
            raise DataError(
                "inputs and targets have different numbers of samples.",
                got=", ".join(str(len(column)) for column in columns),
            )
        if not columns or not columns[0] or any(c[0].ndim == 0 for c in self._inputs):
            raise DataError(
                "buckets are of sequences.",
                got="single numbers" if columns and columns[0] else "no samples",
                expected="a list of sequences, or a tuple or dict of such lists",
            )
        self.samples = len(columns[0])
        self._pads_targets = any(_is_stepwise(t, self._inputs) for t in self._targets)
        padded = columns if self._pads_targets else self._inputs
        longest = np.max([[max(len(r), 1) for r in column] for column in padded], axis=0)
        if isinstance(lengths, int | np.integer):
            self.lengths = best_lengths(longest, check_integer("lengths", lengths, minimum=1))
        else:
            self.lengths = _ascending(lengths)
        if longest.max() > self.lengths[-1]:
            place = int(longest.argmax())
            raise DataError(
                "a sequence is longer than the longest bucket.",
                got=f"{longest[place]} steps in sample {place}",
                expected=f"at most {self.lengths[-1]}",
                hint="cut it, or add a longer bucket",
            )
        self._bucket = np.searchsorted(self.lengths, longest)
        if len(self) == 0:
            raise DataError(
                "there is no batch to train on.",
                got=f"{self.samples} samples",
                expected=f"{self.batch_size} or more",
                hint="a smaller batch_size, or drop_last=False",
            )

    def __len__(self) -> int:
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return (self._batch(rows, length) for rows, length in self.plan(epoch))

    @property
    def contents(self) -> list[np.ndarray]:
        """All numbers that batches are made of: for each column the values, then the lengths."""
        columns = self._inputs + self._targets
        lengths = [np.array([row.size for row in column]) for column in columns]
        values = [np.concatenate([row.ravel() for row in column]) for column in columns]
        return [*values, *lengths, np.array(self.lengths)]

    def plan(self, epoch: int) -> list[tuple[np.ndarray, int]]:
        """Return what an epoch is made of: for each batch its samples, and its length."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(self.samples) if self.shuffle else np.arange(self.samples)
        buckets = self._bucket[order]
        found, waiting = [], np.zeros(0, np.intp)
        for number, length in enumerate(self.lengths):
            rows = np.concatenate([waiting, order[buckets == number]])
            whole = len(rows) // self.batch_size * self.batch_size
            found += [(r, length) for r in rows[:whole].reshape(-1, self.batch_size)]
            waiting = rows[whole:]
        if len(waiting) and not self.drop_last:
            found.append((waiting, self.lengths[self._bucket[waiting].max()]))
        if self.shuffle:
            found = [found[i] for i in rng.permutation(len(found))]
        return found

    def _batch(self, rows: np.ndarray, length: int) -> Any:
        columns = [self._padded(column, rows, length) for column in self._inputs]
        x: Any = tuple(columns) if self._several else columns[0]
        if self._names is not None:
            x = dict(zip(self._names, columns, strict=True))
        if not self._targets:
            return x
        targets = self._targets[0]
        if self._pads_targets:
            return x, self._padded(targets, rows, length)
        return x, np.stack([targets[row] for row in rows])

    def _padded(self, column: list[np.ndarray], rows: np.ndarray, length: int) -> np.ndarray:
        chosen = [column[row] for row in rows]
        kind = np.result_type(*chosen)
        return pad_sequences(chosen, length, dtype=kind, padding=self.padding, value=self.value)


def best_lengths(lengths: Any, number: int) -> list[int]:
    """Return the lengths, at most so many, to which sequences are padded with least padding.

    Shapes: lengths (N,) -> at most `number` lengths, ascending; the last is the longest.

    >>> best_lengths([3, 3, 3, 9, 10, 10], 2)
    [3, 10]
    """
    known, counts = np.unique(np.asarray(lengths, np.int64), return_counts=True)
    if len(known) > _DISTINCT:  # a coarser choice, rather than a table of millions
        chosen = known[np.linspace(0, len(known) - 1, _DISTINCT).round().astype(int)]
        counts = np.bincount(np.searchsorted(chosen, known), counts).astype(np.int64)
        known = chosen
    below = np.concatenate([[0], np.cumsum(counts)])
    # cost[j]: steps that the sequences up to length j take, with the buckets so far; and from
    # which length on the last of these buckets takes them.
    cost = below[1:] * known
    begins: list[np.ndarray] = []
    for _ in range(min(number, len(known)) - 1):
        # sequences i + 1 to j in a bucket of length j, those up to i in the buckets before
        more = cost[:, None] + (below[None, 1:] - below[1:, None]) * known[None, :]
        more[np.tril_indices(len(known))] = np.iinfo(np.int64).max
        begin = more.argmin(axis=0)
        better = more.min(axis=0) < cost
        begins.append(np.where(better, begin, -1))
        cost = np.minimum(more.min(axis=0), cost)
    last = len(known) - 1
    ends = [last]
    for begin in reversed(begins):
        if begin[last] >= 0:
            last = int(begin[last])
            ends.append(last)
    return [int(known[i]) for i in reversed(ends)]


def _rows(values: Any) -> list[np.ndarray]:
    try:
        return [np.asarray(row) for row in values]
    except (TypeError, ValueError):
        raise DataError(
            "buckets take lists of sequences.", got=type(values).__name__, hint="[[1, 2], [3]]"
        ) from None


def _is_stepwise(targets: list[np.ndarray], inputs: list[list[np.ndarray]]) -> bool:
    """Tell whether there is a target for each step, and not just for each sample."""
    if targets[0].ndim == 0:
        return False
    lengths = [len(row) for row in targets]
    return len(set(lengths)) > 1 or any(lengths == [len(row) for row in c] for c in inputs)


def _ascending(lengths: Sequence[int]) -> list[int]:
    found = [check_integer("a bucket's length", n, minimum=1) for n in lengths]
    if not found or sorted(set(found)) != found:
        raise ArgumentError("the lengths of buckets ascend.", got=repr(lengths)[:60])
    return found
