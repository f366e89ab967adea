"""How `fit`, `evaluate` and `predict` report: a bar in terminals and notebooks, else lines."""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from typing import Any

from neurona import config
from neurona.errors import ArgumentError
from neurona.terminal import say, showable
from neurona.train.callbacks.callback import Callback, Logs
from neurona.train.history import History

_INTERVAL = 0.1  # seconds between two pictures of a bar
_BAR_WIDTH = 20


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
    if "ipykernel" in sys.modules:
        return importlib.util.find_spec("ipywidgets") is not None
    return bool(getattr(sys.stdout, "isatty", lambda: False)())


def number(value: float) -> str:
    """Return a number as it is shown: 4 decimals, and powers of ten when it is small.

    >>> number(0.69315), number(0.00001), number(2)
    ('0.6931', '1.0000e-05', '2.0000')
    """
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


def shown(logs: Logs | None) -> list[tuple[str, str]]:
    """Return the names and texts of those logs that are single numbers."""
    return [(k, number(v)) for k, v in (logs or {}).items() if isinstance(v, float | int)]


def duration(seconds: float) -> str:
    """Return a time as 0:07, 12:03 or 1:02:03.

    >>> duration(7.2), duration(3723)
    ('0:07', '1:02:03')
    """
    minutes, s = divmod(int(max(seconds, 0)), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


class ProgbarLogger(Callback):
    """Report how training, evaluation or prediction goes on; made by `fit` unless `verbose=0`.

    A terminal and a notebook with ipywidgets get a bar, drawn 10 times a second at most; elsewhere,
    and with `verbose=2`, there is a line when an epoch is over.
    """

    order = 2  # after History: the logs are complete
    each_batch = False
    _drawing = False  # one bar at a time: what runs inside another run reports by lines

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._in_fit = False
        self._steps: int | None = None
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
            self._bar = Bar(title, total, done)

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
        self._in_fit, self._steps = True, self.params.get("steps")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        done = self.model._training.position.batch  # not 0 when a killed run goes on in the middle
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
        self._in_fit = False
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


class Bar:
    """A bar that is drawn where it stands, over and over, with rich.

    Args:
        title: what stands before it.
        total: its full length, None if it is not known.
        done: where it starts.
    """

    def __init__(self, title: str, total: int | None, done: int = 0) -> None:
        from rich.console import Console
        from rich.live import Live

        self.title, self.total = title, total
        self._first = self._last = (time.perf_counter(), done)
        self._timed = done > 0
        self._live = Live(console=Console(file=sys.stdout), auto_refresh=False)
        self._live.start()
        self._live.update(self._picture(done, [], ""), refresh=True)

    def note_time(self, now: float, done: int) -> None:
        """Take into account that so many steps are done."""
        self._last = now, done
        if not self._timed:  # the first step compiles: it says nothing about the others
            self._first, self._timed = self._last, True

    def _rate(self) -> float:
        seconds, steps = self._last[0] - self._first[0], self._last[1] - self._first[1]
        return steps / seconds if seconds > 0 else 0.0

    def draw(self, done: int, numbers: list[tuple[str, str]], note: str = "") -> None:
        """Draw the bar with so many steps done."""
        words, rate = note, self._rate()
        if not note and rate:
            words = _speed(rate)
            if self.total is not None and done < self.total:
                words += f" · {duration(math.ceil((self.total - done) / rate))} left"
        self._live.update(self._picture(done, numbers, words), refresh=True)

    def finish(self, done: int, numbers: list[tuple[str, str]], seconds: float) -> None:
        """Draw the bar for the last time and leave it there."""
        self.total = done
        rate = self._rate()
        words = f"{duration(seconds)} · {_speed(rate)}" if rate else duration(seconds)
        self._live.update(self._picture(done, numbers, words))
        self.close()

    def close(self) -> None:
        """Leave the bar as it is and give the terminal back."""
        self._live.stop()

    def _picture(self, done: int, numbers: list[tuple[str, str]], words: str) -> Any:
        from rich.text import Text

        console = self._live.console
        rows = layout(console.width - 1, self.title, done, self.total, words, numbers)
        fancy = (console.encoding or "").startswith("utf")
        text = Text("\n", no_wrap=True, overflow="crop").join(
            Text(" ").join(
                Text(t if fancy else _plain(t, console.encoding), style) for t, style in row
            )
            for row in rows
        )
        return text


Piece = tuple[str, str]  # text and style


def layout(
    width: int,
    title: str,
    done: int,
    total: int | None,
    words: str,
    numbers: list[tuple[str, str]],
) -> list[list[Piece]]:
    """Return the rows of a report, each as (text, style), the numbers below if they do not fit.

    >>> rows = layout(60, "Epoch 1/2", 5, 10, "9 steps/s", [("loss", "0.5")])
    >>> print(*(" ".join(text for text, _ in row) for row in rows), sep="\\n")
    Epoch 1/2 ━━━━━━━━━━────────── 5/10 9 steps/s loss 0.5
    """
    head: list[Piece] = [(title, "bold")] if title else []
    tail: list[Piece] = [(f"{done}/{total}" if total is not None else f"{done} steps", "")]
    if words:
        tail.append((words, "cyan"))
    used = sum(len(text) + 1 for text, _ in [*head, *tail])
    bar = min(_BAR_WIDTH, width - used - 2)
    if bar < 5 and words:
        bar = min(_BAR_WIDTH, bar + len(words) + 1)
        tail.pop()
    if total is not None and bar >= 5:
        full = min(bar, bar * done // max(total, 1))
        head.append(("━" * full + "─" * (bar - full), "green"))
    rows = [[*head, *tail]]
    for name, value in numbers:
        piece = (f"{name} {value}", "")
        if sum(len(text) + 1 for text, _ in [*rows[-1], piece]) - 1 > width:
            rows.append([(" ", "")])
        rows[-1].append(piece)
    return rows


def _plain(text: str, encoding: str) -> str:
    return showable(text.replace("━", "=").replace("─", "-").replace("·", "|"), encoding)


def _speed(rate: float) -> str:
    return f"{rate:.0f} steps/s" if rate >= 10 else f"{rate:.1f} steps/s"
