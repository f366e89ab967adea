"""The bar of a terminal, and how numbers and times are written beside it."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from neurona.terminal import showable
from neurona.train.callbacks.callback import Logs

_BAR_WIDTH = 20
_NARROWEST = 5  # a bar of fewer characters says nothing

Piece = tuple[str, str]  # text and style


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


class Pace:
    """How fast steps are done, and how it is said.

    Args:
        done: steps that were done before.
    """

    def __init__(self, done: int = 0) -> None:
        self._first = self._last = (time.perf_counter(), done)
        self._timed = done > 0

    def note_time(self, now: float, done: int) -> None:
        """Take into account that so many steps are done."""
        self._last = now, done
        if not self._timed:  # the first step compiles: it says nothing about the others
            self._first, self._timed = self._last, True

    def _rate(self) -> float:
        seconds, steps = self._last[0] - self._first[0], self._last[1] - self._first[1]
        return steps / seconds if seconds > 0 else 0.0

    def words(self, left: int | None) -> str:
        """Return speed, and the time that so many steps more will take."""
        rate = self._rate()
        if not rate:
            return ""
        return _speed(rate) + (f" · {duration(math.ceil(left / rate))} left" if left else "")

    def last_words(self, seconds: float) -> str:
        """Return how long it took, and the speed."""
        rate = self._rate()
        return f"{duration(seconds)} · {_speed(rate)}" if rate else duration(seconds)


class Bar(Pace):
    """A bar that is drawn where it stands, over and over, with rich.

    Args:
        title: what stands before it.
        total: its full length, None if it is not known.
        done: where it starts.
    """

    def __init__(self, title: str, total: int | None, done: int = 0) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(done)
        self.title, self.total = title, total
        self._live = Live(console=Console(file=sys.stdout), auto_refresh=False)
        self._live.start()
        self._live.update(self._picture(done, [], ""), refresh=True)

    def draw(self, done: int, numbers: list[tuple[str, str]], note: str = "") -> None:
        """Draw the bar with so many steps done."""
        words = note or self.words(self.total and self.total - done)
        self._live.update(self._picture(done, numbers, words), refresh=True)

    def finish(self, done: int, numbers: list[tuple[str, str]], seconds: float) -> None:
        """Draw the bar for the last time and leave it there."""
        self.total = done
        self._live.update(self._picture(done, numbers, self.last_words(seconds)))
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


def layout(
    width: int,
    title: str,
    done: int,
    total: int | None,
    words: str,
    numbers: list[tuple[str, str]],
) -> list[list[Piece]]:
    """Return the rows of a report, each as (text, style).

    One row, if it fits with a shorter bar, or without, or with the time and three decimals alone;
    else the numbers go below.

    >>> rows = layout(60, "Epoch 1/2", 5, 10, "9 steps/s", [("loss", "0.5")])
    >>> print(*(" ".join(text for text, _ in row) for row in rows), sep="\\n")
    Epoch 1/2 ━━━━━━━━━━────────── 5/10 9 steps/s loss 0.5
    """
    head: list[Piece] = [(title, "bold")] if title else []
    count = (f"{done}/{total}" if total is not None else f"{done} steps", "")
    speaking: list[Piece] = [(words, "cyan")] if words else []
    brief: list[Piece] = [(words.partition(" · ")[0], "cyan")] if words else []
    whole = [(f"{name} {value}", "") for name, value in numbers]
    rounded = [(f"{name} {_rounded(value)}", "") for name, value in numbers]

    def room(pieces: list[Piece]) -> int:
        return width - sum(len(text) + 1 for text, _ in pieces) + 1

    def bar(pieces: list[Piece], narrowest: int) -> list[Piece]:
        size = min(_BAR_WIDTH, room(pieces) - 1)
        if total is None or size < narrowest:
            return []
        full = min(size, size * done // max(total, 1))
        return [("━" * full + "─" * (size - full), "green")]

    for tail, narrowest in (
        ([count, *speaking, *whole], 8), ([count, *brief, *whole], 8), ([count, *whole], 8),
        ([count, *brief, *whole], 0), ([*brief, *whole], 0), ([*brief, *rounded], 0),
    ):  # fmt: skip
        drawn = bar([*head, *tail], narrowest) if narrowest else []
        if room([*head, *tail]) >= 0 and (drawn or not narrowest or total is None):
            return [[*head, *drawn, *tail]]
    for tail in ([count, *speaking], [count]):
        drawn = bar([*head, *tail], _NARROWEST)
        if drawn:
            break
    rows = [[*head, *drawn, *tail]]
    for piece in whole:
        if room([*rows[-1], piece]) < 0:
            rows.append([(" ", "")])
        rows[-1].append(piece)
    return rows


def _rounded(value: str) -> str:
    return value if "e" in value or len(value.partition(".")[2]) < 4 else f"{float(value):.3f}"


def _plain(text: str, encoding: str) -> str:
    return showable(text.replace("━", "=").replace("─", "-").replace("·", "|"), encoding)


def _speed(rate: float) -> str:
    return f"{rate:.0f} steps/s" if rate >= 10 else f"{rate:.1f} steps/s"
