"""How `fit`, `evaluate` and `predict` report: a bar in terminals and notebooks, else lines."""

from __future__ import annotations

import sys
import time
from typing import Any

from neurona import config
from neurona.errors import ArgumentError
from neurona.terminal import say
from neurona.train.bar import Bar, shown
from neurona.train.callbacks.callback import Callback, Logs
from neurona.train.history import History
from neurona.train.notebook import NotebookBar, is_notebook

_INTERVAL = 0.1  # seconds between two pictures of a bar


def check_verbose(verbose: Any) -> Any:
    """Return `verbose` if it is "auto", 0, 1 or 2, or raise an ArgumentError."""
    if verbose == "auto" or (isinstance(verbose, int) and 0 <= verbose <= 2):
        return verbose
    raise ArgumentError(
        "verbose says how to report.",
        got=repr(verbose),
        expected='"auto" or 1 for a bar, 2 for a line each epoch, 0 for nothing',
    )


def can_draw() -> bool:
    """Say whether a bar can be redrawn where the output goes."""
    if not config.is_interactive_logging_enabled():
        return False
    if is_notebook():
        return True
    return bool(getattr(sys.stdout, "isatty", lambda: False)())


class ProgbarLogger(Callback):
    """Report how training, evaluation or prediction goes on; made by `fit` unless `verbose=0`.

    A terminal gets a bar for each epoch, a notebook one for all, drawn 10 times a second at most;
    elsewhere, and with `verbose=2`, there is a line when an epoch is over.
    """

    order = 2  # after History: the logs are complete
    each_batch = False
    _drawing = False  # one bar at a time: what runs inside another run reports by lines

    def __init__(self) -> None:
        self._bar: Bar | NotebookBar | None = None
        self._page: NotebookBar | None = None  # of all epochs of a `fit`
        self._in_fit = False
        self._steps: int | None = None
        self._epochs = 0, 1  # which one it is, of how many
        self._drop()

    def _drop(self) -> None:
        if self._bar is not None:
            self._bar.close()
            ProgbarLogger._drawing = False
        self._bar = None
        self._title, self._done, self._next = "", 0, 0.0
        self._began = time.perf_counter()

    def _begin(self, title: str, total: int | None, done: int = 0) -> None:
        self._drop()
        self._title, self._done = title, done
        verbose = check_verbose(self.params.get("verbose", "auto"))
        if verbose in ("auto", 1) and not ProgbarLogger._drawing and can_draw():
            ProgbarLogger._drawing = True
            if not is_notebook():
                self._bar = Bar(title, total, done)
                return
            self._page = self._page or NotebookBar()
            self._bar = self._page.begin(title, total, done, self._epochs)

    def _advance(self, done: int, logs: Logs | None, note: str = "") -> None:
        self._done = done
        if self._bar is None:
            return
        now = time.perf_counter()
        if not note:
            self._bar.note_time(now, done)
        if now >= self._next:
            self._bar.draw(done, shown(logs), note)
            self._next = now + _INTERVAL

    def _end(self, logs: Logs | None) -> None:
        seconds = time.perf_counter() - self._began
        if self._bar is not None:
            self._bar.finish(self._done, shown(logs), seconds)
        elif self.params.get("verbose", "auto") != 0:
            parts = [self._title or f"{self._done}/{self._done}", f"{seconds:.0f}s"]
            line = " - ".join([*parts, *(f"{name}: {text}" for name, text in shown(logs))])
            say(line)
        self._drop()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit, self._steps, self._page = True, self.params.get("steps"), None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        done = self.model._training.position.batch  # not 0 when a killed run goes on in the middle
        self._epochs = epoch, self.params["epochs"]
        self._begin(f"Epoch {epoch + 1}/{self.params['epochs']}", self._steps, done)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._steps = self._done  # of a generator it is known after the first epoch
        self._end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._begin("", self.params.get("steps"))

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._advance(batch + 1, logs)
        else:
            self._advance(self._done, logs, f"validation, batch {batch + 1}")

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin("", self.params.get("steps"))

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch + 1, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(None)

    def on_exit(self) -> None:
        self._in_fit, self._page, self._epochs = False, None, (0, 1)
        self._drop()


def with_progress(callbacks: Any, verbose: Any, history: bool = False) -> list[Callback]:
    """Return the callbacks of a run: the user's, and those that are always there."""
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    found = [c for c in given if c is not None]
    if history and not any(isinstance(c, History) for c in found):
        found.append(History())
    if check_verbose(verbose) and not any(isinstance(c, ProgbarLogger) for c in found):
        found.append(ProgbarLogger())
    return found
