"""`neurona doctor`: what is wrong with a run that was trained."""

from __future__ import annotations

from pathlib import Path

from neurona.recipes import findings, record
from neurona.strict_json import write_json


def doctor(run: Path, as_json: bool) -> None:
    """Print the findings of a run, those of its training first.

    Args:
        run: its folder, or its name in `runs`.
        as_json: print JSON.

    Raises:
        ArgumentError: if there is no such run.
    """
    folder = record.find(str(run))
    found = findings.read(folder)
    found = found or [findings.afterwards(folder, _model(folder))]
    if as_json:
        print(write_json([e.as_dict() for e in found], indent=1))
    else:
        print("\n\n".join(map(str, findings.grouped(found))))


def _model(folder: Path) -> object | None:
    from neurona.models import load_model

    file = folder / "model.safetensors"
    return load_model(file) if file.is_file() else None
