"""Files that are whole or not there: each is written beside its place and moved into it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to, with the same ending; it becomes `path` when all went well.

    A reader, or a run that is killed, sees the old file or the new one, never a half of it.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
        made.chmod(0o644)
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step."""
    with replacing(path) as made:
        made.write_text(text, encoding="utf-8", newline="\n")


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
