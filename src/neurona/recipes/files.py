"""The files of a run that a person may read."""

from __future__ import annotations

from pathlib import Path

from neurona.files import write_text


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
