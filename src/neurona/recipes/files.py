"""The files of a run that a person may read."""

from __future__ import annotations

import csv
from pathlib import Path

from neurona.errors import FormatError
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


def read_history(path: Path) -> dict[str, list[float]]:
    """Return the logs of a History that `write_history` wrote; none if there is no such file.

    Raises:
        FormatError: it is something else.

    >>> read_history(Path("no such file.csv"))
    {}
    """
    if not path.is_file():
        return {}
    try:
        names, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        logs = dict(zip(names, columns, strict=True))
        return {
            n: [float(v) for v in values if v]
            for n, values in logs.items()
            if n not in ("epoch", "")
        }
    except ValueError:
        raise FormatError(f"{path} holds no history.", expected="a CSV that a run wrote") from None
