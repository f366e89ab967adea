"""Progbar: the bar of Keras's utils, for training loops of one's own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurona.errors import ArgumentError, check_choice, check_integer
from neurona.terminal import say
from neurona.train.bar import Bar, duration, number
from neurona.train.notebook import NotebookBar, is_notebook
from neurona.train.progress import can_draw


class Progbar:
    """Show how far a loop of one's own is: a bar in terminals and notebooks, else a line at last.

    Args:
        target: how many steps there are; None if it is not known.
        width: accepted as in Keras; the bar fits the terminal.
        verbose: 0 shows nothing, 1 the bar, 2 a line at the end.
        interval: seconds between two pictures of the bar.
        stateful_metrics: names of numbers that are shown as they are; others are averaged.
        stateless_metrics: instead of that, the names of those that are averaged.
        unit_name: what a step is called.

    Raises:
        ArgumentError: for a target below 0, or both kinds of names.

    >>> bar = Progbar(2, verbose=2)
    >>> bar.update(1, [("loss", 3.0)])
    >>> bar.update(2, [("loss", 1.0)], finalize=False)
    >>> bar.values
    {'loss': 2.0}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError("Progbar takes stateful_metrics or stateless_metrics.", got="both")
        self.target = None if target is None else check_integer("target", target, minimum=0)
        check_choice("verbose", str(verbose), ("0", "1", "2"))
        self.width, self.verbose, self.interval = width, int(verbose), float(interval)
        self.unit_name = unit_name
        self._stateful = None if stateful_metrics is None else set(stateful_metrics)
        self._stateless = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, float]] = {}  # name -> total and its weight
        self._began, self._next, self._seen = time.perf_counter(), 0.0, 0
        self._bar: Bar | NotebookBar | None = None

    @property
    def values(self) -> dict[str, float]:
        """The numbers as they are shown."""
        return {name: total / weight for name, (total, weight) in self._sums.items()}

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Say that so many steps are done.

        Args:
            current: how many.
            values: pairs (name, number of the last step).
            finalize: whether this is the end; by default where the target is reached.
        """
        end = (self.target is not None and current >= self.target) if finalize is None else finalize
        done = max(current - self._seen, 1)
        for name, value in values or ():
            x = float(np.mean(np.asarray(value)))
            if self._averages(name) and not (finalize and self.target is None):
                total, weight = self._sums.get(name, (0.0, 0.0))
                self._sums[name] = total + x * done, weight + done
            else:
                self._sums[name] = x, 1.0
        self._seen = current
        if self.verbose == 1 and can_draw():
            self._draw(current, end)
        elif end and self.verbose:
            say(self._line(current))

    def add(self, n: int, values: Any = None) -> None:
        """Say that n more steps are done."""
        self.update(self._seen + n, values)

    def _averages(self, name: str) -> bool:
        if self._stateless is not None:
            return name in self._stateless
        return name not in (self._stateful or ())

    def _draw(self, current: int, end: bool) -> None:
        now = time.perf_counter()
        if self._bar is None:
            page = is_notebook()
            self._bar = NotebookBar().begin("", self.target) if page else Bar("", self.target)
        self._bar.note_time(now, current)
        shown = [(name, number(value)) for name, value in self.values.items()]
        if end:
            self._bar.finish(current, shown, now - self._began)
            self._bar = None
        elif now >= self._next:
            self._bar.draw(current, shown)
            self._next = now + self.interval

    def _line(self, current: int) -> str:
        parts = [f"{current}/{self.target or current}", duration(time.perf_counter() - self._began)]
        return " - ".join([*parts, *(f"{k}: {number(v)}" for k, v in self.values.items())])
