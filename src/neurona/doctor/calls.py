"""Calls: steps of a training that ran in one go, and how to run them once more, one by one."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.doctor.not_finite import At
from neurona.nn.parameter import Parameter
from neurona.ops import draw
from neurona.train.source import ArraySource, Stretch


@dataclasses.dataclass(eq=False)
class Call(abc.ABC):
    """Steps that the loop runs in one call of the engine.

    Attributes:
        epoch, batch: of the first step, from 0.
        place: in the random stream, before.
        assigned: Parameters that were assigned to since the call before, with their values: the
            learning rate of a schedule, totals that start anew.
    """

    epoch: int
    batch: int
    place: tuple[int, int] = (0, 0)
    assigned: list[tuple[Parameter, Tensor]] = dataclasses.field(default_factory=list)

    nbytes = 0  # of data that only this call still holds

    @abc.abstractmethod
    def run(self, step: Any) -> Any:
        """Run all steps, and return the results of the last one, or of each epoch."""

    @abc.abstractmethod
    def epochs(self) -> Iterator[Iterator[tuple[At, tuple]]]:
        """Yield for each epoch its steps: which one it is, and its batch."""

    def between(self) -> None:
        """Do what comes between two epochs."""
        raise AssertionError("a call of one epoch")

    def results(self, ends: Sequence[Any]) -> Any:
        """Return the results from those at the end of each epoch."""
        return ends[-1]

    @property
    @abc.abstractmethod
    def steps(self) -> int:
        """How many steps of its last epoch are done behind it."""

    def at(self, epoch: int, number: int, rows: np.ndarray | None) -> At:
        """Return which step it is: the epoch from 0 here, the number of the batch in the call."""
        return At(self.epoch + epoch + 1, self.batch + number + 1, rows)


@dataclasses.dataclass(eq=False)
class Batches(Call):
    """Batches that an iterable gave."""

    batches: Sequence[tuple] = ()

    def __post_init__(self) -> None:
        self.nbytes = sum(np.asarray(a).nbytes for b in self.batches for a in flatten(b)[0])

    def run(self, step: Any) -> Any:
        return step.run_batches(self.batches)

    def epochs(self) -> Iterator[Iterator[tuple[At, tuple]]]:
        yield ((self.at(0, i, None), tuple(batch)) for i, batch in enumerate(self.batches))

    @property
    def steps(self) -> int:
        return self.batch + len(self.batches)


@dataclasses.dataclass(eq=False)
class OfArrays(Call):
    """A stretch of arrays.

    Attributes:
        source, stretch: as the Step is given them.
    """

    source: ArraySource = None  # type: ignore[assignment]
    stretch: Stretch = None  # type: ignore[assignment]

    def run(self, step: Any) -> Any:
        return step.run(self.source, self.stretch)

    def epochs(self) -> Iterator[Iterator[tuple[At, tuple]]]:
        yield self._singles(0, self.stretch)

    def _singles(self, epoch: int, stretch: Stretch) -> Iterator[tuple[At, tuple]]:
        number = 0
        for first, size, count in stretch.pieces * stretch.epochs:
            for start in range(first, first + size * count, size):
                rows = np.arange(start, start + size)
                if stretch.rows is not None:
                    rows = stretch.rows[rows]
                batch = self.source.structure.unflatten([a[rows] for a in self.source.leaves])
                yield self.at(epoch, number, rows), tuple(batch)
                number += 1

    @property
    def steps(self) -> int:
        return self.batch + sum(n for _, _, n in self.stretch.pieces) * self.stretch.epochs


@dataclasses.dataclass(eq=False)
class Epochs(OfArrays):
    """Several whole epochs of arrays.

    Attributes:
        skip: numbers of the random stream between two epochs.
        resets: Parameters that start each epoch with the value that they have now.
    """

    skip: int = 0
    resets: Sequence[Parameter] = ()

    def __post_init__(self) -> None:
        self.starts = [(p, p.value) for p in self.resets]

    def run(self, step: Any) -> Any:
        return step.run_epochs(self.source, self.stretch, self.skip, self.resets)

    def epochs(self) -> Iterator[Iterator[tuple[At, tuple]]]:
        whole = self.stretch._replace(epochs=1)
        for e in range(self.stretch.epochs):
            yield self._singles(e, whole._replace(rows=self._rows(e)))

    def _rows(self, epoch: int) -> np.ndarray | None:
        rows, size = self.stretch.rows, self.source.size
        if rows is None or epoch == 0:
            return rows
        if not self.stretch.redrawn:
            return rows[epoch * self.stretch.stride :]
        seed, step = self.place  # each epoch takes a number for its order before its steps
        order = seed, step + epoch * (self.source.steps + 1) - 1
        return draw.permutations(size, [order])[0]

    def between(self) -> None:
        random.take_states(self.skip)
        for p, value in self.starts:
            p.restore(value)

    def results(self, ends: Sequence[Any]) -> Any:
        leaves = [flatten(end) for end in ends]
        columns = zip(*[found for found, _ in leaves], strict=True)
        return leaves[0][1].unflatten([np.stack(column) for column in columns])

    @property
    def steps(self) -> int:
        return self.source.steps
