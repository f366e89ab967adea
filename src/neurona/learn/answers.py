"""Runs a reader's file, in a process of its own, and notes what each exercise gives.

`python -m neurona.learn.answers PAGE FILE RESULTS SECONDS NAME...` writes JSON: for each of these
exercises a list with a note for each case, `{"value": numbers}`, `{"open": true}` for what is not
written yet, `{"kind": words}` for what is no number, or `{"error": text}` with the reader's own
lines; under "" what is to be said of the file as a whole.
"""

from __future__ import annotations

import copy
import faulthandler
import json
import linecache
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from neurona.files import write_text
from neurona.learn import PAGES, Exercise


def note(value: Any) -> dict[str, Any]:
    """Return what can be written down of a value."""
    if value is ...:
        return {"open": True}
    if hasattr(value, "numpy"):
        value = value.numpy()
    if value is None:  # which NumPy would take for NaN
        return {"kind": "nothing"}
    try:
        return {"value": np.asarray(value, np.float64).tolist()}
    except (TypeError, ValueError):
        return {"kind": f"a {type(value).__name__}"}


def told(error: BaseException, file: Path) -> str:
    """Return an error with the lines of the reader's file that led to it, and no others."""
    lines = [
        f"line {frame.lineno}: {linecache.getline(str(file), frame.lineno or 0).strip()}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(file)
    ]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        lines.append(f"line {error.lineno}: {(error.text or '').strip()}")
    return "\n".join([*lines, f"{type(error).__name__}: {error}"])


def tried(exercise: Exercise, given: Any, file: Path) -> list[dict[str, Any]]:
    """Return a note for each case of an exercise."""
    if given is ...:
        return [{"open": True}]
    if not exercise.parameters:
        return [note(given)]
    if not callable(given):
        return [note("no function")] * len(exercise.cases)
    notes = []
    for case in exercise.cases:
        try:
            notes.append(note(given(*copy.deepcopy(case))))
        except (Exception, SystemExit) as error:
            notes.append({"error": told(error, file)})
    return notes


def main(page: int, file: Path, results: Path, seconds: float, wanted: list[str]) -> None:
    """Run the file, try its functions, and write what they gave, after each anew.

    Whatever takes longer than that many seconds ends the process, and where it was is written
    beside the results.
    """
    found: dict[str, Any] = {}
    sys.path.insert(0, str(file.parent))  # as for a file that Python is given
    with open(results.with_suffix(".where"), "w", encoding="utf-8") as where:
        faulthandler.dump_traceback_later(seconds, exit=True, file=where)
        try:
            names = runpy.run_path(str(file))
        except (Exception, SystemExit) as error:
            found[""] = [{"error": told(error, file)}]
            wanted = []
        else:
            found[""] = []
        write_text(results, json.dumps(found))
        for exercise in PAGES[page].exercises:
            if exercise.name in wanted:
                faulthandler.dump_traceback_later(seconds, exit=True, file=where)
                found[exercise.name] = tried(exercise, names.get(exercise.name, ...), file)
                write_text(results, json.dumps(found))
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
