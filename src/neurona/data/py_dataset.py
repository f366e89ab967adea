"""PyDataset: batches by their numbers, made by a class of yours."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from neurona.errors import check_integer


class PyDataset:
    """What gives batch i of n: `__getitem__(i)` and `__len__` are yours; as in Keras.

        class Photos(nn.utils.PyDataset):
            def __init__(self, paths, y, **kwargs):
                super().__init__(**kwargs)
                self.paths, self.y = paths, y

            def __len__(self):
                return len(self.paths) // 32

            def __getitem__(self, i):
                rows = slice(32 * i, 32 * i + 32)
                return np.stack([read(path) for path in self.paths[rows]]), self.y[rows]

        model.fit(Photos(paths, y, workers=4), epochs=3)

    `fit`, `evaluate` and `predict` take it. `on_epoch_begin` and `on_epoch_end` are called before
    and after each pass; what they change, such as an order, counts for the next.

    Args:
        workers: threads that make batches ahead of the training; with 1, each is made when it is
            asked for.
        use_multiprocessing: accepted; the workers are threads.
        max_queue_size: how many batches are made ahead.
    """

    _workers, _use_multiprocessing, _max_queue_size = 1, False, 10  # without super().__init__()

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads make batches."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = max(check_integer("workers", value, minimum=0), 1)

    @property
    def use_multiprocessing(self) -> bool:
        """What was given; the workers are threads in any case."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = bool(value)

    @property
    def max_queue_size(self) -> int:
        """How many batches are made ahead."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = check_integer("max_queue_size", value, minimum=1)

    def __getitem__(self, index: int) -> Any:
        """Return a batch: x, (x, y) or (x, y, sample_weight)."""
        raise NotImplementedError(f"{type(self).__name__} needs a __getitem__(self, index).")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are, `len(self)`; None says that there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs a __len__(self), or num_batches.")

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in numbers(self))

    def on_epoch_begin(self) -> None:
        """Be told that a pass begins."""

    def on_epoch_end(self) -> None:
        """Be told that a pass has ended."""


Sequence = PyDataset  # its old name


def numbers(batches: Any) -> Iterator[int]:
    """Return the numbers of the batches of an object that gives them by number."""
    known = hasattr(type(batches), "num_batches")
    count = batches.num_batches if known else len(batches)
    return itertools.count() if count is None else iter(range(count))


def one_pass(batches: Any) -> Iterator[Any]:
    """Return all batches of an object that gives them by number, and tell it where that is."""
    if hasattr(batches, "on_epoch_begin"):
        batches.on_epoch_begin()
    workers = getattr(batches, "workers", 1)
    if isinstance(workers, int) and workers > 1:
        yield from _ahead(batches, workers, max(getattr(batches, "max_queue_size", 10), 1))
    else:
        for index in numbers(batches):
            yield batches[index]
    if hasattr(batches, "on_epoch_end"):
        batches.on_epoch_end()


def _ahead(batches: Any, workers: int, most: int) -> Iterator[Any]:
    """Yield batches in their order, of which threads make some before they are asked for."""
    with ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[Any]] = deque()
        try:
            for index in numbers(batches):
                waiting.append(threads.submit(batches.__getitem__, index))
                if len(waiting) >= most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
