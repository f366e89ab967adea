"""Feed: the batches of a source for a step, in groups.

A group is one call of the engine: up to the next moment at which Python has to do something.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from neurona.nn.settings import changes
from neurona.train import steps
from neurona.train.callbacks.callback import CallbackList
from neurona.train.source import ArraySource

GROUP_SECONDS = 0.1  # of work in a call: between two pictures of a bar, and until Ctrl-C is heard


class Pace:
    """How many steps make up a group, from the time that they took so far."""

    def __init__(self) -> None:
        self.steps = 1

    @contextlib.contextmanager
    def timed(self, steps: int) -> Iterator[None]:
        """Learn from the time that some steps take.

        A group that was cut short can only show that they are faster: the way into the engine is
        most of its time.
        """
        begin = time.perf_counter()
        yield
        fitting = GROUP_SECONDS * steps / max(time.perf_counter() - begin, 1e-9)
        least = 1 if 2 * steps >= self.steps else self.steps
        self.steps = max(least, min(int(fitting), 10 * max(steps, self.steps)))


class Feed:
    """Runs a step on the batches of a source, group by group.

    Args:
        model: for its `steps_per_execution`.
        step: the Step, or what runs it.
        source: the data.
        each: whether callbacks are to be called for each batch, or each `steps_per_execution`.

    Attributes:
        coming: returns the first batch of the group that is yet to run.
    """

    coming: Callable[[], Any]

    def __init__(self, model: Any, step: Any, source: Any, each: bool) -> None:
        self.step, self.source, self.turns = step, source, model._training.turns
        self.fixed = model.steps_per_execution if each else None
        self.given = model.steps_per_execution
        self.pace = Pace()
        self._changes = changes()

    def follow(self, model: Any, callbacks: CallbackList) -> None:
        """Go on with another training step if a callback has changed a setting."""
        if self._changes != changes():
            self.renew(model, callbacks)

    def renew(self, model: Any, callbacks: CallbackList) -> None:
        """Go on with a training step for the model as it is now."""
        self._changes = changes()
        with self.turns:
            self.step = callbacks.around(steps.training_step(model))

    def groups(
        self, order: Any = None, start: int = 0, undisturbed: Callable[[int], int] | None = None
    ) -> Iterator[Any]:
        """Yield (how many batches, a function that runs them and returns the last results).

        Args:
            order, start: what the epoch is made from, and its first batch.
            undisturbed: says how many batches from one on may be a group.
        """
        if isinstance(self.source, ArraySource):
            return self._of_arrays(order, start, None if self.fixed else undisturbed)
        return self._as_they_come(order, start)

    def _of_arrays(
        self, order: Any, start: int, undisturbed: Callable[[int], int] | None
    ) -> Iterator[Any]:
        def run() -> Any:
            with self.turns.last(), self.pace.timed(stop - start):
                return self.step.run(self.source, self.source.stretch(order, start, stop))

        def coming() -> Any:
            return next(self.source.cut(self.source.stretch(order, start, start + 1)))

        self.source.begin(order)
        self.coming = coming
        while start < self.source.steps:
            stop = min(start + (self.fixed or self.pace.steps), self.source.steps)
            if undisturbed is not None:
                stop = min(stop, start + undisturbed(start))
            yield stop - start, run
            start = stop

    def _as_they_come(self, order: Any, start: int) -> Iterator[Any]:
        def run() -> Any:
            with self.turns.last():
                return self.step.run_batches(group)

        batches = self.source.batches(order, start)
        self.coming = lambda: group[0]
        if self.source.steps is not None:
            batches = itertools.islice(batches, max(self.source.steps - start, 0))
        while group := list(itertools.islice(batches, self.given)):
            yield len(group), run
        self.source.end()
