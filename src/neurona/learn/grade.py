"""Grades what a reader's file gives: right, open or wrong, and then why."""

from __future__ import annotations

import copy
import dataclasses
import json
import linecache
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurona.learn import PAGES, Exercise
from neurona.learn.exercise import Function

SECONDS = 30  # for a file, and for each function; a loop without an end is ended


@dataclasses.dataclass(frozen=True)
class Grade:
    """What became of an exercise: "right", "open" (not written yet) or "wrong", and words on it."""

    name: str
    state: str
    words: str = ""


def grades(page: int, file: Path, seconds: float = SECONDS) -> list[Grade]:
    """Run a reader's file in a process of its own, and grade each exercise of a page.

    A function that does not end, or ends Python, is graded as such, and the others are tried in
    another process.

    Args:
        page: its number.
        file: the reader's.
        seconds: after which it is ended; for the file, and for each function.
    """
    exercises = PAGES[page].exercises
    found: dict[str, list[dict[str, Any]]] = {}
    while missing := [e.name for e in exercises if e.name not in found]:
        notes, fault = _run(page, file, seconds, missing)
        of_file = notes.pop("", None)
        if of_file or of_file is None:
            words = of_file[0]["error"] if of_file else f"the file {fault}"
            return [Grade(file.name, "wrong", words)]
        found |= notes
        broken = [name for name in missing if name not in notes]
        if broken:
            found[broken[0]] = [{"fault": fault}]
    return [graded(exercise, found[exercise.name]) for exercise in exercises]


def _run(
    page: int, file: Path, seconds: float, names: list[str]
) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """Return what a process could note of these exercises, and why it did not come further."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        ended = subprocess.run(
            [sys.executable, "-m", "neurona.learn.answers", str(page), str(file), str(results)]
            + [str(seconds), *names],
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "MPLBACKEND": "Agg"},  # no window waits to be closed
        )
        notes = json.loads(results.read_bytes()) if results.exists() else {}
        place = results.with_suffix(".where")
        where = place.read_text("utf-8", "replace") if place.exists() else ""
    if not where:
        return notes, f"ends Python, with exit code {ended.returncode}."
    name = str(file).encode("ascii", "backslashreplace").decode()
    lines = [int(n) for n in re.findall(rf'File "{re.escape(name)}", line (\d+)', where)]
    told = [f"line {n}: {linecache.getline(str(file), n).strip()}" for n in reversed(lines[:3])]
    words = f"did not end within {seconds:g} s; it was here:" if told else "did not end."
    return notes, "\n".join([words, *told, "hint: is there a loop without an end?"])


def graded(exercise: Exercise, notes: list[dict[str, Any]]) -> Grade:
    """Compare what a reader's function gave in each case with the right numbers."""
    if all("open" in note for note in notes):
        return Grade(exercise.name, "open")
    if "fault" in notes[0]:
        return Grade(exercise.name, "wrong", f"{exercise.name} {notes[0]['fault']}")
    for case, note in zip(exercise.cases, notes, strict=True):
        if not _right(exercise, exercise.answer, case, note):
            words = f"{_call(exercise, case)} {_got(exercise, case, note)}"
            hint = _mistaken(exercise, notes) or (exercise.hint if "value" in note else "")
            return Grade(exercise.name, "wrong", words + (f"\nhint: {hint}" if hint else ""))
    return Grade(exercise.name, "right")


def _right(
    exercise: Exercise, function: Function, case: tuple[Any, ...], note: dict[str, Any]
) -> bool:
    """Whether what was given is what a function, the answer or a mistake, gives."""
    if "value" not in note:
        return False
    want, got = np.asarray(function(*copy.deepcopy(case))), np.asarray(note["value"])
    if got.shape != want.shape:
        return False
    want, got = exercise.read(want), exercise.read(got)
    close = exercise.tolerance * max(1e-3, float(np.abs(want).max(initial=0)))
    return np.allclose(got, want, exercise.tolerance, close)


def _mistaken(exercise: Exercise, notes: list[dict[str, Any]]) -> str:
    """The words on the first mistake that explains all that was given."""
    for mistake, words in exercise.mistakes:
        pairs = zip(exercise.cases, notes, strict=True)
        if all(_right(exercise, mistake, case, note) for case, note in pairs):
            return words
    return ""


def _call(exercise: Exercise, case: tuple[Any, ...]) -> str:
    if not exercise.parameters:
        return exercise.name
    return f"{exercise.name}({', '.join(map(_short, case))})"


def _got(exercise: Exercise, case: tuple[Any, ...], note: dict[str, Any]) -> str:
    if "error" in note:
        return f"fails:\n{note['error']}"
    if note.get("kind") == "nothing" and exercise.parameters:
        return "gives nothing: is a `return` missing?"
    if "kind" in note:
        return f"is {note['kind']}, and {_wanted(exercise)}."
    got, want = np.asarray(note["value"]), np.asarray(exercise.answer(*copy.deepcopy(case)))
    if got.shape != want.shape:
        return f"has the shape {got.shape}; expected {want.shape}."
    if np.isfinite(want).all() and not np.isfinite(got).all():
        return f"is {_short(got)}; {_not_finite(got)}"
    if exercise.read is not np.asarray:
        read, wanted = _short(exercise.read(got)), _short(exercise.read(want))
        return f"is {_short(got)}, which gives {read}; expected {wanted}."
    if not exercise.parameters:  # a value that is named is found
        return f"is {_short(got)}, and that is not right."
    return f"is {_short(got)}; expected {_short(want)}."


def _not_finite(got: np.ndarray) -> str:
    """Say how such numbers come about."""
    if np.isnan(got).any():
        return "nan is no number: it is what 0 / 0, inf - inf and the log of a negative give."
    return "inf is what a division by 0 gives, or a number beyond all bounds."


def _wanted(exercise: Exercise) -> str:
    if not exercise.parameters:
        return f"a value is expected: {exercise.name} = ..."
    return "numbers are expected"


def _short(value: Any) -> str:
    """Numbers as one reads them, in a line."""
    if not isinstance(value, np.ndarray | list | tuple | float | int):
        return repr(value)
    x = np.asarray(value)
    ends = 3 if x.ndim < 2 else 1  # of each axis that is too long to be shown
    text = np.array2string(x, precision=4, separator=", ", threshold=20, edgeitems=ends)
    return " ".join(text.split())
