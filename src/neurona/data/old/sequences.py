"""Windows of time series and pairs of words, as Keras's old helpers make them."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from neurona.data.old.moves import numpy_random
from neurona.data.py_dataset import PyDataset
from neurona.errors import ArgumentError, DataError, check_integer, check_number


class TimeseriesGenerator(PyDataset):
    """Batches (windows, targets) of a series; the target of the steps before i is targets[i].

    Shapes: data (T, ...), targets (T, ...) -> windows (B, length / sampling_rate, ...), (B, ...).

    Args:
        data: the steps.
        targets: as many.
        length: how many steps before a target its window begins.
        sampling_rate: from one step of a window to the next.
        stride: from one target to the next.
        start_index, end_index: the steps that are used, the last one included.
        shuffle: take targets at random, with repetitions.
        reverse: windows run backwards.
        batch_size: windows a batch.
        kwargs: those of `PyDataset`.
    Raises:
        DataError: data and targets of different lengths.
        ArgumentError: no window fits in.

    >>> x, y = TimeseriesGenerator(np.arange(6), np.arange(6), length=3, batch_size=2)[0]
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise DataError(
                "each step of a series has a target.",
                got=f"{len(data)} steps, {len(targets)} targets",
            )
        self.data, self.targets = data, targets
        self.length = check_integer("length", length, minimum=1)
        self.sampling_rate = check_integer("sampling_rate", sampling_rate, minimum=1)
        self.stride = check_integer("stride", stride, minimum=1)
        self.batch_size = check_integer("batch_size", batch_size, minimum=1)
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ArgumentError(
                "no step has a whole window before it.",
                got=f"start_index + length = {self.start_index}, end_index = {self.end_index}",
                hint="a smaller length",
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = numpy_random().randint(self.start_index, self.end_index + 1, self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        samples, targets = np.array(windows), np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """Return all arguments, data and targets as JSON."""
        names = "sampling_rate stride start_index end_index shuffle reverse batch_size"
        config = {name: getattr(self, name) for name in names.split()}
        return {
            "data": json.dumps(np.asarray(self.data).tolist()),
            "targets": json.dumps(np.asarray(self.targets).tolist()),
            "length": self.length,
            **config,
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return it as JSON; `kwargs` are those of `json.dumps`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """Return how likely the word of each rank is to be looked at: sqrt(t / f(rank)), at most 1.

    The frequency of a rank is that of Zipf's law, f(r) = 1 / (r (log r + 0.577) + 1/2 - 1 / 12 r).

    Shapes: (size,).
    Source: Mikolov et al. 2013, "Distributed Representations of Words", equation 5.

    >>> make_sampling_table(3).round(5).tolist()
    [0.00315, 0.00315, 0.00547]
    """
    rank = np.arange(check_integer("size", size, minimum=1))
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Return pairs of words with labels: 1 for neighbours, 0 for a word and one at random.

    Args:
        sequence: numbers of words; 0 is no word.
        vocabulary_size: the largest number + 1.
        window_size: how far away neighbours may be.
        negative_samples: pairs with label 0 for each with label 1.
        shuffle: pairs in a random order.
        categorical: labels [0, 1] and [1, 0].
        sampling_table: how likely each word is looked at, see `make_sampling_table`.
        seed: of the order; Python's `random` draws it, and all else.
    """
    check_integer("vocabulary_size", vocabulary_size, minimum=2)
    check_number("negative_samples", negative_samples, low=0.0)
    near, far = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples: list[list[int]] = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        around = range(max(0, place - window_size), min(len(sequence), place + window_size + 1))
        couples += [[word, sequence[i]] for i in around if i != place and sequence[i]]
    labels: list[Any] = [near] * len(couples)
    if negative_samples > 0 and couples:
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        count = int(len(labels) * negative_samples)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)
        ]
        labels += [far] * count
    if shuffle:
        seed = random.randint(0, 10**7) if seed is None else seed
        for items in (couples, labels):
            random.seed(seed)
            random.shuffle(items)
    return couples, labels
