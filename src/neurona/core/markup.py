"""How values look in a notebook: HTML that takes its colours from the page, light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

MOST = 20  # rows and columns of an array that is a table; larger ones are text

_FONT = "font:13px/1.5 ui-monospace,Menlo,Consolas,monospace"


def escaped(text: str) -> str:
    """Return a text for HTML.

    >>> escaped("a < b")
    'a &lt; b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def titled(title: str, details: str, body: str) -> str:
    """Return what is shown, with a title and its details above it."""
    return (
        f'<div style="{_FONT};overflow-x:auto"><div><b>{escaped(title)}</b> '
        f'<span style="opacity:.7">{escaped(details)}</span></div>{body}</div>'
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a table of texts.

    Args:
        head: names of the columns, or nothing.
        rows: the cells.
        right: numbers of the columns that are aligned on the right.
    """

    def line(cells: Sequence[str], kind: str) -> str:
        sides = ["right" if i in right else "left" for i in range(len(cells))]
        return "".join(
            f'<{kind} style="text-align:{side};padding:1px 10px 1px 0">{escaped(cell)}</{kind}>'
            for side, cell in zip(sides, cells, strict=True)
        )

    top = f"<thead><tr>{line(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    style = f"{_FONT};border-collapse:collapse;margin:4px 0"
    return f'<table style="{style}">{top}<tbody>{body}</tbody></table>'


def of_array(title: str, array: np.ndarray) -> str:
    """Return an array as a table if it is small and flat, else as NumPy prints it.

    >>> "<td" in of_array("Tensor", np.eye(2)), "<pre" in of_array("Tensor", np.zeros((2, 2, 2)))
    (True, True)
    """
    details = f"{array.shape} {array.dtype.name}"
    if 1 <= array.ndim <= 2 and array.size and max(array.shape) <= MOST:
        flat = array[None] if array.ndim == 1 else array
        texts = [[_number(value) for value in row] for row in flat]
        return titled(title, details, table([], texts, right=range(flat.shape[1])))
    text = np.array2string(array, separator=", ", threshold=400)
    return titled(title, details, f'<pre style="margin:4px 0">{escaped(text)}</pre>')


def _number(value: np.generic) -> str:
    return f"{float(value):.4g}" if value.dtype.kind == "f" else str(value)
