"""The bar of a notebook: one picture for all epochs of a `fit`, redrawn where it stands."""

from __future__ import annotations

import html
import sys
from typing import Any

from neurona.train.bar import Pace

_OUTER = "font:13px/1.7 ui-monospace,Menlo,Consolas,monospace;max-width:60em"
_TROUGH = "height:6px;border-radius:3px;background:rgba(128,128,128,.3);margin:2px 0 4px"
_PART = "display:inline-block;white-space:nowrap;margin-right:1.5em"


def is_notebook() -> bool:
    """Say whether what is shown goes to a notebook."""
    if "ipykernel" not in sys.modules or "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return hasattr(shell, "kernel")


class NotebookBar(Pace):
    """A bar in the output of a notebook's cell; it needs no widgets.

    >>> bar = NotebookBar(display=print)
    >>> bar.begin("Epoch 2/4", 10, 0, epochs=(1, 4)).fraction(5)
    0.375
    """

    def __init__(self, display: Any = None) -> None:
        super().__init__()
        self._display = display or sys.modules["IPython.display"]  # which every kernel has loaded
        self._handle: Any = None
        self._numbers: dict[str, str] = {}  # those of the last epoch stay until there are new ones
        self.begin("", None)

    def begin(
        self, title: str, total: int | None, done: int = 0, epochs: tuple[int, int] = (0, 1)
    ) -> NotebookBar:
        """Begin an epoch: the number of those before it, and of all."""
        Pace.__init__(self, done)
        self.title, self.total, self.epochs = title, total, epochs
        return self

    def fraction(self, done: int) -> float:
        """Return how much of all epochs is done."""
        before, count = self.epochs
        return (before + (done / self.total if self.total else 0)) / max(count, 1)

    def draw(self, done: int, numbers: list[tuple[str, str]], note: str = "") -> None:
        """Draw the bar with so many steps of the epoch done."""
        before, count = self.epochs
        left = (count - before) * self.total - done if self.total else None
        self._show(self.fraction(done), done, numbers, note or self.words(left))

    def finish(self, done: int, numbers: list[tuple[str, str]], seconds: float) -> None:
        """Draw it as it is at the end of an epoch."""
        self.total = done
        self._show(self.fraction(done) if done else 1.0, done, numbers, self.last_words(seconds))

    def close(self) -> None:
        """Leave it as it is."""

    def _show(self, part: float, done: int, numbers: list[tuple[str, str]], words: str) -> None:
        self._numbers.update(numbers)
        count = f"{done}/{self.total}" if self.total is not None else f"{done} steps"
        head = [self.title, count, *words.split(" · ")]
        data = {
            "text/html": picture(part, head, self._numbers),
            "text/plain": " ".join([*head, *(f"{k} {v}" for k, v in self._numbers.items())]),
        }
        if self._handle is None:
            self._handle = self._display.display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def picture(part: float, head: list[str], numbers: dict[str, str]) -> str:
    """Return a bar of which a part is full, with words above and numbers below it, as HTML.

    >>> "width:50.0%" in picture(0.5, ["Epoch 1/2"], {"loss": "0.1"})
    True
    """

    def line(parts: list[str]) -> str:
        return "".join(f'<span style="{_PART}">{part}</span>' for part in parts if part)

    words = [html.escape(text) for text in head]
    values = [f"{html.escape(name)} <b>{html.escape(v)}</b>" for name, v in numbers.items()]
    full = f"width:{100 * part:.1f}%;height:100%;border-radius:3px;background:#009E73"
    return (
        f'<div style="{_OUTER}"><div>{line(words)}</div>'
        f'<div style="{_TROUGH}"><div style="{full}"></div></div><div>{line(values)}</div></div>'
    )
