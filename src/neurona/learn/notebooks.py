"""The pages of the path as notebooks: text as text, each example as a cell with what it prints.

A notebook is JSON of the format 4.5 (https://nbformat.readthedocs.io), written without a package.
"""

from __future__ import annotations

import base64
import doctest
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from neurona.errors import ArgumentError, StateError

Cell = dict[str, Any]

_EXAMPLES = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
_OPTION = re.compile(r"\s*# doctest:.*")
_NOTE = "*Shift + Enter runs a cell, and goes on to the next. `neurona learn` lists all pages.*"


def sources() -> dict[int, Path]:
    """Return the pages' files by number: those of the package, or of the source beside it.

    Raises:
        StateError: they are not there.
    """
    here = Path(__file__).resolve()
    for folder in (here.parent / "pages", here.parents[3] / "docs" / "learn"):
        found = sorted(folder.glob("[0-9][0-9]-*.md"))
        if found:
            return {int(path.name[:2]): path for path in found}
    raise StateError(
        "the pages of the path are not here.", hint="install neurona again: pip install ."
    )


def number_of(pages: Collection[int], given: str) -> int:
    """Return the number of a page as a reader writes it: 3, 03, or the name of its file.

    Raises:
        ArgumentError: there is no such page.

    >>> number_of([1, 3], "03"), number_of([1, 3], "03-backpropagation.md")
    (3, 3)
    """
    digits = re.match(r"\d{1,9}(?=$|-)", Path(given).name)
    if digits is None or int(digits[0]) not in pages:
        raise ArgumentError(
            "there is no such page.", got=given, expected=", ".join(f"{n:02}" for n in pages)
        )
    return int(digits[0])


def title(page: Path) -> str:
    """Return a page's title, without its number."""
    first = page.read_text("utf-8").partition("\n")[0]
    return re.sub(r"^#\s*(\d+\.?\s+)?", "", first)


def notebook(page: Path) -> dict[str, Any]:
    """Return a page as a notebook.

    An example and those before it that print nothing are a cell, what it prints is the cell's
    output. A picture behind a cell that draws it is its output; others lie in the text's cell.
    """
    cells: list[Cell] = []
    for place, part in enumerate(_EXAMPLES.split(page.read_text("utf-8"))):
        if place % 2:
            cells += _code(part)
            continue
        if cells and _draws(cells[-1]):
            part = _shown(cells[-1], part, page.parent)
        if part.strip():
            cells.append(_text(part.strip(), page.parent))
    head, _, rest = cells[0]["source"].partition("\n")
    cells[0]["source"] = f"{head}\n\n{_NOTE}\n{rest}"
    for place, cell in enumerate(cells):
        cell["id"] = f"{page.stem}-{place}"[:64]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _text(part: str, folder: Path) -> Cell:
    """Return a cell of text, with its pictures inside."""
    pictures = {}

    def attached(match: re.Match[str]) -> str:
        path = folder / match[2]
        pictures[path.name] = {"image/png": _encoded(path)}
        return f"![{match[1]}](attachment:{path.name})"

    text = _LINK.sub(lambda match: _link(match[1], match[2], folder), part)
    cell: Cell = {"cell_type": "markdown", "metadata": {}, "source": _PICTURE.sub(attached, text)}
    if pictures:
        cell["attachments"] = pictures
    return cell


def _link(words: str, target: str, folder: Path) -> str:
    """Return a link to another page as one to its notebook, and of others the words alone."""
    if (folder / target) in sources().values():
        return f"[{words}]({Path(target).stem}.ipynb)"
    return words


def _code(part: str) -> list[Cell]:
    """Return the cells of a block of examples; each ends with the example that prints."""
    cells, lines = [], ""
    for example in doctest.DocTestParser().get_examples(part):
        lines += _OPTION.sub("", example.source)
        if example.want:
            cells.append(_cell(lines, example))
            lines = ""
    return [*cells, _cell(lines)] if lines else cells


def _cell(lines: str, example: doctest.Example | None = None) -> Cell:
    cell: Cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": lines.rstrip("\n"),
    }
    if example is None:
        return cell
    printed = example.want.replace("<BLANKLINE>", "")
    if example.exc_msg is None:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": printed}]
    else:
        kind, _, words = example.exc_msg.partition(": ")
        cell["metadata"] = {"tags": ["raises-exception"]}  # which does not end a run of all cells
        cell["outputs"] = [
            {
                "output_type": "error",
                "ename": kind.strip(),
                "evalue": words.strip(),
                "traceback": printed.splitlines(),
            }
        ]
    return cell


def _draws(cell: Cell) -> bool:
    """Whether a cell ends with a figure."""
    last = cell["source"].rpartition("\n")[2]
    return cell["cell_type"] == "code" and not cell["outputs"] and last.startswith("figure = ")


def _shown(cell: Cell, part: str, folder: Path) -> str:
    """Give a cell that draws the picture behind it as its output; return the text after that."""
    match = _PICTURE.match(part.lstrip())
    if match is None:
        return part
    cell["outputs"] = [
        {
            "output_type": "display_data",
            "data": {"image/png": _encoded(folder / match[2]), "text/plain": match[1]},
            "metadata": {},
        }
    ]
    return part.lstrip()[match.end() :]


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
