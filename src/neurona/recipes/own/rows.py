"""Rows: a table that is to be learned from, with what was assumed of it and what was left out."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neurona.data.table.numerals import marks_of, numbers
from neurona.data.table.sheet import DELIMITERS, Sheet, read_sheet
from neurona.errors import DataError, check_choice, unknown
from neurona.recipes.own.kinds import OWN, Kind, kind_of, present

TASKS = ("classification", "regression")
LEAST = 10  # rows
NUMBERED = 10  # classes with numbers for names, at most
LIKELY = ("target", "label", "y", "outcome")


@dataclass
class Rows:
    """A table, each row of it a sample with its target.

    Attributes:
        path: of the file.
        sheet: the cells of the rows that are used.
        target: the column to predict.
        task: "classification" or "regression".
        kinds: what each of the other columns holds.
        y: class numbers (N,) int64, or numbers (N,) float64.
        class_names: of the classes, in order; empty for numbers.
        assumed: what was assumed of the file and the target, in words by its name.
        notes: what was left out or put right, in words.
    """

    path: Path
    sheet: Sheet
    target: str
    task: str
    kinds: list[Kind]
    y: np.ndarray
    class_names: tuple[str, ...] = ()
    assumed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def used(self) -> list[Kind]:
        """The columns that the network is given."""
        return [kind for kind in self.kinds if kind.used]


def read_rows(
    path: str | os.PathLike[str], target: str | None = None, task: str | None = None
) -> Rows:
    """Read a table and find out what its columns hold.

    Args:
        path: a text file of cells.
        target: the column to predict, by name, or by place from 1 (-1 is the last); None takes one
            with a likely name, such as "target" or "label", else the last.
        task: "classification" or "regression"; None finds out from the target.

    Raises:
        FormatError: it is no table.
        ArgumentError: no such column or task.
        DataError: too few rows, one class, or no column that tells anything.
    """
    path = Path(path)
    if task is not None:
        check_choice("task", task, TASKS)
    sheet = read_sheet(path, () if target is None else (target,))
    if len(sheet.names) == 1:
        raise DataError(
            f"{path}: there is one column, and it would be the target.",
            got=repr(sheet.names[0]),
            expected="columns to learn from beside it, with , ; tab or | between them",
        )
    goal = _target(sheet, target)
    chosen = "" if target else "; --target names another"
    rows = Rows(path, sheet, goal, "", [], np.empty(0), notes=list(sheet.notes))
    rows.assumed["file"] = (
        f"{sheet.rows:,} rows, {len(sheet.names)} columns, {DELIMITERS.get(sheet.delimiter, '?')} "
        f"between the cells, {sheet.encoding}"
    )
    sample = [cell for name in sheet.names for cell in sheet[name][:1000]]
    marks = marks_of(sample)
    _drop_missing(rows)
    _check_count(rows)
    _drop_repeated(rows)
    _read_target(rows, task, marks)
    _check_count(rows)
    names = [name for name in rows.sheet.names if name != goal]
    rows.assumed["target"] += chosen
    rows.kinds = [kind_of(name, rows.sheet[name], marks) for name in names]
    _find_copies(rows)
    if not rows.used:
        why = "; ".join(f"{kind.name}: {kind.told}" for kind in rows.kinds[:6])
        raise DataError(f"{path}: no column tells anything of {goal!r}.", got=why)
    return rows


def _target(sheet: Sheet, target: str | None) -> str:
    if target is None:
        likely = [name for name in sheet.names if name.lower() in LIKELY]
        return likely[0] if len(likely) == 1 else sheet.names[-1]
    if target in sheet.names:
        return target
    same = [name for name in sheet.names if name.lower() == target.strip().lower()]
    if len(same) == 1:
        return same[0]
    if re.fullmatch(r"-?\d+", target) and 0 < abs(int(target)) <= len(sheet.names):
        place = int(target)
        return sheet.names[place - 1 if place > 0 else place]
    raise unknown("target", target, sheet.names)


def _keep(rows: Rows, kept: Sequence[int] | np.ndarray) -> None:
    rows.sheet = rows.sheet.take(int(row) for row in kept)
    if len(rows.y):
        rows.y = rows.y[np.asarray(kept, np.int64)]


def _check_count(rows: Rows) -> None:
    if rows.sheet.rows < LEAST:
        raise DataError(
            f"{rows.path}: there are too few rows to learn from and to test on.",
            got=f"{rows.sheet.rows} rows with a target",
            expected=f"{LEAST} or more; hundreds are better",
        )


def _drop_missing(rows: Rows) -> None:
    cells = rows.sheet[rows.target]
    kept = [row for row, cell in enumerate(cells) if present([cell])]
    if not kept:
        raise DataError(f"{rows.path}: the target {rows.target!r} is missing in each row.")
    if len(kept) < len(cells):
        rows.notes.append(
            f"{len(cells) - len(kept):,} rows without a target {rows.target!r}: left out"
        )
        _keep(rows, kept)


def _read_target(rows: Rows, task: str | None, marks: Sequence[tuple[str, str]]) -> None:
    cells = rows.sheet[rows.target]
    told = ""
    kind = kind_of("", [*cells, "", "?"], marks)  # of the cells alone: ids do not matter here
    if kind.what == "left out" and len(set(cells)) > 1:
        kind = Kind("", "category", "")
    if kind.what == "date" and task != "classification":
        raise DataError(
            f"{rows.path}: the target {rows.target!r} is a date.",
            got=repr(cells[0]),
            expected="a number or a class",
            hint="a column with the days since a first date, or --task classification",
        )
    if kind.what != "number" and task == "regression":
        raise DataError(
            f"{rows.path}: the target {rows.target!r} is no number.",
            got=repr(next((c for c in cells if not np.isfinite(numbers([c]))[0]), cells[0])[:60]),
            hint="--task classification, or another --target",
        )
    if kind.what == "number":
        y = numbers(cells, kind.decimal, kind.thousands)
        if wrong := int(np.isnan(y).sum()):
            rows.notes.append(f"{wrong:,} rows whose target is no number: left out")
            kept = np.flatnonzero(np.isfinite(y))
            rows.y = y
            _keep(rows, kept)
            y, cells = rows.y, rows.sheet[rows.target]
        if task is None:
            task = "classification" if _are_classes(y) else "regression"
            told = " (--task regression, if these numbers are amounts)"
        if task == "regression":
            rows.task, rows.y = task, y
            rows.assumed["target"] = f"{rows.target}, a number from {y.min():g} to {y.max():g}"
            return
        cells = [f"{value:g}" for value in y]
        order = sorted(set(cells), key=float)
    else:
        order = sorted(set(cells))
    _number_classes(rows, cells, order)
    rows.assumed["classes"] += told


def _are_classes(y: np.ndarray) -> bool:
    """Whether numbers are the names of classes: few, and without a gap (or two alone).

    >>> _are_classes(np.array([0.0, 1, 2] * 5)), _are_classes(np.array([100.0, 150, 300] * 5))
    (True, False)
    """
    values = np.unique(y)
    if len(values) == 2:
        return True
    whole = (values == np.rint(values)).all()
    return bool(whole and len(values) <= NUMBERED and values[-1] - values[0] == len(values) - 1
                and len(y) >= 3 * len(values))  # fmt: skip


def _number_classes(rows: Rows, cells: Sequence[str], order: Sequence[str]) -> None:
    counts = Counter(cells)
    if len(order) > 1 and len(order) > len(cells) / 2:
        raise DataError(
            f"{rows.path}: the target {rows.target!r} is a text of its own in most rows.",
            got=f"{len(order):,} texts in {len(cells):,} rows",
            expected="classes that come again",
            hint="another --target",
        )
    rare = [name for name in order if counts[name] < 2]
    if rare and len(order) - len(rare) > 1:
        rows.notes.append(f"classes of a single row: left out: {', '.join(rare[:5])}")
        kept = [row for row, cell in enumerate(cells) if counts[cell] > 1]
        _keep(rows, kept)
        cells = [cells[row] for row in kept]
        order = [name for name in order if counts[name] > 1]
    if len(order) == 1 or len(order) - len(rare) < 1:
        raise DataError(
            f"{rows.path}: the target {rows.target!r} has one class.",
            got=repr(order[0]),
            expected="two classes or more, each in two rows or more",
        )
    numbered = {name: number for number, name in enumerate(order)}
    rows.task = "classification"
    rows.y = np.array([numbered[cell] for cell in cells], np.int64)
    rows.class_names = tuple(order)
    shares = ", ".join(f"{' '.join(name.split())[:20]} {counts[name]:,}" for name in order[:6])
    rows.assumed["target"] = f"{rows.target}, one of {len(order)} classes"
    rows.assumed["classes"] = shares + (", ..." if len(order) > 6 else "")


def _drop_repeated(rows: Rows) -> None:
    """Leave rows out that come again, if that cannot be by chance.

    Where all columns have a few values each, equal rows are what is to be expected. Where one has
    many, they are copies: of one in the training part, the other in the test part would be known.
    """
    first: dict[tuple[str, ...], int] = {}
    for row, cells in enumerate(zip(*rows.sheet.columns, strict=True)):
        first.setdefault(cells, row)
    repeated = rows.sheet.rows - len(first)
    if not repeated:
        return
    distinct = max(len(set(column)) for column in rows.sheet.columns)
    if distinct > OWN * len(first) and repeated < len(first):
        rows.notes.append(f"{repeated:,} rows are copies of others: left out")
        _keep(rows, list(first.values()))
    else:
        rows.notes.append(f"{repeated:,} rows equal others, as is likely with so few values: kept")


def _find_copies(rows: Rows) -> None:
    """Leave columns out that say the target in other words."""
    names = rows.sheet[rows.target]
    for place, kind in enumerate(rows.kinds):
        if not kind.used or len(rows.used) == 1:
            continue
        cells = rows.sheet[kind.name]
        if rows.task == "classification":
            pairs = set(zip(cells, names, strict=True))
            copy = len(pairs) == len(set(cells)) == len(rows.class_names)
        else:
            x = numbers(cells, kind.decimal, kind.thousands)
            copy = kind.what == "number" and bool((x == rows.y).all())
        if copy:
            rows.kinds[place] = Kind(kind.name, "left out", f"it says {rows.target!r} already")
            rows.notes.append(
                f"{kind.name!r} says the target in other words: left out, since nothing would be "
                "left to learn"
            )
