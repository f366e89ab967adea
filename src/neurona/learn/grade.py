"""Grades what a reader's file gives: right, open or wrong, and then why."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from neurona.learn import PAGES, Exercise
from neurona.learn.exercise import Function

SECONDS = 60  # for a file; a loop without an end is ended


@dataclasses.dataclass(frozen=True)
class Grade:
    """What became of an exercise: "right", "open" (not written yet) or "wrong", and words on it."""

    name: str
    state: str
    words: str = ""


def grades(page: int, file: Path, seconds: float = SECONDS) -> list[Grade]:
    """Run a reader's file in a process of its own, and grade each exercise of a page.

    Args:
        page: its number.
        file: the reader's.
        seconds: after which it is ended.
    """
    exercises = PAGES[page].exercises
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [
            sys.executable,
            "-m",
            "neurona.learn.answers",
            str(page),
            str(file),
            str(results),
        ]
        try:
            ended = subprocess.run(
                command,
                timeout=seconds,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "MPLBACKEND": "Agg"},  # no window waits to be closed
            )
        except subprocess.TimeoutExpired:
            words = (
                f"the file did not end within {seconds:g} s.\nhint: is there a loop without an end?"
            )
            return [Grade(file.name, "wrong", words)]
        if not results.exists():
            return [Grade(file.name, "wrong", f"Python ended with exit code {ended.returncode}.")]
        found = json.loads(results.read_bytes())
    if "error" in found:
        return [Grade(file.name, "wrong", found["error"])]
    return [graded(exercise, found[exercise.name]) for exercise in exercises]


def graded(exercise: Exercise, notes: list[dict[str, Any]]) -> Grade:
    """Compare what a reader's function gave in each case with the right numbers."""
    if all("open" in note for note in notes):
        return Grade(exercise.name, "open")
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
    if exercise.read is not np.asarray:
        read, wanted = _short(exercise.read(got)), _short(exercise.read(want))
        return f"is {_short(got)}, which gives {read}; expected {wanted}."
    return f"is {_short(got)}; expected {_short(want)}."


def _wanted(exercise: Exercise) -> str:
    if not exercise.parameters:
        return f"a value is expected: {exercise.name} = ..."
    return "numbers are expected"


def _short(value: Any) -> str:
    """Numbers as one reads them, in a line."""
    if not isinstance(value, np.ndarray | list | tuple | float | int):
        return repr(value)
    text = np.array2string(np.asarray(value), precision=4, separator=", ", threshold=12)
    return " ".join(text.split())
