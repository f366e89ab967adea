"""Tables of numbers in text files: CSV."""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.errors import (
    ArgumentError,
    FormatError,
    check_choice,
    check_file,
    check_integer,
    unknown,
)

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
TRY_MISSING = 'missing="drop" leaves such rows out, "mean" fills in the column\'s mean'


@dataclass(frozen=True)
class Table:
    """What `from_csv` read; `X, y = from_csv(...)` unpacks the two arrays.

    Args:
        X: the features (N, D).
        y: the target (N,), or None if there is no target column.
        feature_names: the names of the columns of X, "0", "1", ... without a header.
        target_name: the name of the target column, or None.
        class_names: the text of each class number in y, in order; empty for a numeric target.
    """

    X: np.ndarray
    y: np.ndarray | None
    feature_names: tuple[str, ...]
    target_name: str | None
    class_names: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        return iter((self.X, self.y))


def from_csv(
    path: str | os.PathLike[str],
    target: int | str | None = -1,
    delimiter: str = ",",
    header: bool | str = "auto",
    dtype: Any = None,
    missing: str = "error",
) -> Table:
    """Read a table of numbers from a text file, one sample a line.

    Shapes: X (N, D), y (N,): int64 for whole numbers and for classes given as text, which are
    numbered in alphabetical order; else of the same type as X.
    Args:
        path: the file, UTF-8.
        target: the column to predict, by place (-1 the last) or name; None if there is none.
        delimiter: between columns; one character.
        header: whether the first line names the columns; "auto": if none of its cells is a number.
        dtype: of X; None takes the default float type.
        missing: what to do with empty cells, and with ? NA N/A NaN null None in any case:
            "error", "nan" (keep NaN), "mean" (of the column's other cells) or "drop" (the line).
    Raises:
        FormatError: no data, a line of another length, a cell that is no number; with the line.
        ArgumentError: no such target, or an unknown option.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "t.csv")
    >>> _ = path.write_text("width,height,kind\\n1,2,cat\\n3,4,ant\\n")
    >>> X, y = from_csv(path)
    >>> X.tolist(), y.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [1, 0])
    """
    check_choice("missing", missing, ("error", "nan", "mean", "drop"))
    if header not in (True, False, "auto"):
        raise unknown("header", header, ("True", "False", "auto"))
    if not (isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n'):
        raise ArgumentError(
            "delimiter must be one character.", got=repr(delimiter), expected="such as , ; or \\t"
        )
    reader = _Reader(check_file(path), delimiter, missing)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader.read(file, target, header)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: the file is not UTF-8 text.",
            got=f"byte {error.object[error.start]:#04x}",
            hint="save it as CSV with the encoding UTF-8",
        ) from None
    return reader.table(np.dtype(config.floatx() if dtype is None else dtype))


@dataclass
class _Reader:
    """The state of reading one file, line by line."""

    path: Path
    delimiter: str
    missing: str
    names: list[str] = field(default_factory=list)
    named: bool = False
    target: int | None = None
    cells: array = field(default_factory=lambda: array("d"))  # features, row after row
    targets: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # the line of each row, for messages

    def read(self, file: Any, target: Any, header: bool | str) -> None:
        rows = csv.reader(file, delimiter=self.delimiter)
        try:
            for row in rows:
                if not row or (len(row) == 1 and not row[0].strip()):
                    continue  # an empty line
                if not self.names:
                    is_header = not any(map(_is_number, row)) if header == "auto" else header
                    self.start(row, target, bool(is_header))
                    if is_header:
                        continue
                self.add(row, rows.line_num)
        except csv.Error as error:
            raise FormatError(
                f"{self.path}, line {rows.line_num}: this is not CSV.", got=str(error)
            ) from None
        if not self.lines:
            raise FormatError(
                f"{self.path}: there are no data in the file.",
                got="a header alone" if self.named else "an empty file",
                hint="header=False, if the first line is a sample" if self.named else "",
            )

    def start(self, row: list[str], target: Any, is_header: bool) -> None:
        """Take the number and names of the columns from the first line."""
        self.named = is_header
        self.names = [c.strip() for c in row] if is_header else [str(i) for i in range(len(row))]
        if isinstance(target, str):
            if not is_header:
                raise ArgumentError(
                    "a target by name needs a header.",
                    got=f"target={target!r}, and {self.path} starts with a sample",
                    hint="target=-1 is the last column, or header=True",
                )
            if target not in self.names:
                raise unknown("target", target, self.names)
            self.target = self.names.index(target)
        elif target is not None:
            place = check_integer("target", target)
            if not -len(row) <= place < len(row):
                raise ArgumentError(
                    "there is no such target column.",
                    got=str(place),
                    expected=f"{-len(row)} to {len(row) - 1}",
                    hint="another delimiter" if len(row) == 1 else "",
                )
            self.target = place % len(row)
        if len(row) == 1 and self.target is not None:
            raise FormatError(
                f"{self.path}: there is one column, and it is the target.",
                got=f"{row[0][:60]!r}",
                hint=f"another delimiter than {self.delimiter!r}, or target=None",
            )

    def add(self, row: list[str], line: int) -> None:
        if len(row) != len(self.names):
            raise FormatError(
                f"{self.path}, line {line}: the line has another number of columns.",
                got=str(len(row)),
                expected=f"{len(self.names)}, as in the first line",
            )
        goal = None if self.target is None else row.pop(self.target).strip()
        try:
            values = [float(cell) for cell in row]
        except ValueError:
            values = [self.number(cell, place, line) for place, cell in enumerate(row)]
        if self.missing == "drop" and (
            any(value != value for value in values)
            or (goal is not None and goal.lower() in MISSING)
        ):
            return
        self.cells.extend(values)
        self.lines.append(line)
        if goal is not None:
            self.targets.append(goal)

    def number(self, cell: str, place: int, line: int) -> float:
        """Return a cell of the features as a number, NaN if it is missing."""
        if cell.strip().lower() in MISSING:
            return float("nan")
        try:
            return float(cell)
        except ValueError:
            raise FormatError(
                f"{self.path}, line {line}, column {self.column(place)}: a feature is no number.",
                got=repr(cell[:60]),
                hint="only the target may be text; leave the column out, or number its values; "
                "header=True, if this line names the columns",
            ) from None

    def column(self, place: int) -> str:
        """Return the name of a column of the features."""
        return repr([n for i, n in enumerate(self.names) if i != self.target][place])

    def table(self, dtype: np.dtype) -> Table:
        X = np.frombuffer(self.cells, np.float64) if len(self.cells) else np.empty(0)
        X = X.reshape(len(self.lines), -1).copy()
        absent = np.isnan(X)
        wrong = np.isinf(X) if self.missing != "error" else ~np.isfinite(X)
        if wrong.any():
            row, place = (int(i) for i in np.argwhere(wrong)[0])
            is_missing = bool(absent[row, place])
            raise FormatError(
                f"{self.path}, line {self.lines[row]}, column {self.column(place)}: "
                f"a feature is {'missing' if is_missing else 'infinite'}.",
                expected="a finite number",
                hint=TRY_MISSING if is_missing else "",
            )
        if self.missing == "mean" and absent.any():
            self.fill(X, absent)
        y, classes = (None, ()) if self.target is None else self.goal(dtype)
        names = tuple(n for i, n in enumerate(self.names) if i != self.target)
        goal = None if self.target is None else self.names[self.target]
        return Table(X.astype(dtype), y, names, goal, classes)

    def fill(self, X: np.ndarray, absent: np.ndarray) -> None:
        counts = (~absent).sum(axis=0)
        if not counts.all():
            raise FormatError(
                f"{self.path}: column {self.column(int(np.argmin(counts)))} is missing throughout.",
                expected="one number or more, to have a mean",
            )
        means = np.where(absent, 0.0, X).sum(axis=0) / counts
        X[absent] = np.broadcast_to(means, X.shape)[absent]

    def goal(self, dtype: np.dtype) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the target as numbers, and the names of its classes if it is text."""
        for line, text in zip(self.lines, self.targets, strict=True):
            if text.lower() in MISSING:
                raise FormatError(
                    f"{self.path}, line {line}: the target is missing.",
                    got=repr(text),
                    hint='missing="drop" leaves such rows out',
                )
        if not all(map(_is_number, self.targets)):
            names, numbers = np.unique(np.array(self.targets), return_inverse=True)
            return numbers.astype(np.int64), tuple(names.tolist())
        values = np.array([float(text) for text in self.targets])
        if not np.isfinite(values).all():
            line = self.lines[int(np.argmin(np.isfinite(values)))]
            raise FormatError(f"{self.path}, line {line}: the target is infinite.")
        whole = bool((values == np.rint(values)).all() and (abs(values) < 2**53).all())
        return values.astype(np.int64 if whole else dtype), ()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
