"""Files that are whole or not there: each is written beside its place and moved into it."""

from __future__ import annotations

import os
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file as a whole: a reader, or a run that is killed, never sees a half of it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step."""
    write_bytes(path, text.encode())


def write_history(path: Path, history: dict[str, list[float]]) -> None:
    """Write a History as CSV: `epoch` from 0, then the logs in the order of their names.

    Numbers are written so that reading them gives the same bits; nothing depends on time or place.
    """
    names = sorted(history)
    rows = ["epoch," + ",".join(names)]
    for epoch in range(max((len(history[n]) for n in names), default=0)):
        values = (history[n][epoch] if epoch < len(history[n]) else "" for n in names)
        rows.append(f"{epoch}," + ",".join(repr(v) if v != "" else "" for v in values))
    write_text(path, "\n".join(rows) + "\n")
