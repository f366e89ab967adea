"""Session: what an engine offers that keeps state: many steps without bringing it back to Python.

A training step is a pure function

    (seed and step of the random stream, state, batch) -> (changed state, results)

and its state is large: parameters, slots, totals. An engine whose Programs have Sessions keeps it
in memory of its own. The Sessions of a step, each for another size of batch, share one State.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from neurona.core.shapes import Spec


class State(Protocol):
    """The values of a step's state, by their numbers, in memory of an engine."""

    def load(self, k: int, value: np.ndarray) -> None:
        """Set a value; each is set before the first step."""

    def read(self, k: int) -> np.ndarray:
        """Return a copy of a value."""

    def run(
        self, position: tuple[int, int], pieces: Sequence[Piece], data: Sequence[np.ndarray],
        rows: np.ndarray | None = None, epochs: Epochs | None = None,
        outputs: Sequence[np.ndarray] = (),
    ) -> list[np.ndarray]:  # fmt: skip
        """Run many steps, as if one after the other.

        Args:
            position: (seed, step) of the random stream at the first step; each moves on by one.
            pieces: the batches of an epoch, in order.
            data: arrays of all samples, without gaps.
            rows: numbers of the samples in the order in which they are taken; None: as they lie.
            epochs: how often to do it; once by default.
            outputs: arrays for the results for all samples, if each sample has its own.

        Returns:
            The results of the last step of each epoch, with a first axis for the epochs; nothing
            of use if there are `outputs`.

        Raises:
            IndexRangeError: if an index was outside of its axis; steps after that one are not done.
        """


class Session(Protocol):
    """A Program that works on a State.

    Attributes:
        state: where its values are.
        changed: which of them a step replaces.
        results: what a step returns besides.
    """

    @property
    def state(self) -> State: ...

    @property
    def changed(self) -> Sequence[int]: ...

    @property
    def results(self) -> Sequence[Spec]: ...

    def step(self, position: tuple[int, int], batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run one step on the arrays of a batch and return its results.

        Raises:
            IndexRangeError: if an index was outside of its axis.
        """


class Piece(NamedTuple):
    """Batches of one size, one behind the other.

    Attributes:
        session: for batches of that size.
        first: the first sample, or its place in `rows`.
        steps: how many batches.
    """

    session: Session
    first: int
    steps: int


class Epochs(NamedTuple):
    """How pieces are repeated.

    Attributes:
        number: how often they run.
        stride: how much further in `rows` each epoch begins than the one before.
        skip: numbers of the random stream that are left out between two epochs.
        resets: value of the state -> what it is at the start of each epoch.
        order: (seed and step of the random stream) -> `rows` of the next epoch, compiled by the
            same engine; it is given the first of the numbers that are left out. None: they stay.
    """

    number: int = 1
    stride: int = 0
    skip: int = 0
    resets: dict[int, np.ndarray] = {}  # noqa: RUF012 - never changed
    order: Any = None
