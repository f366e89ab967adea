"""Tables of numbers in text files: CSV."""

from __future__ import annotations

import bisect
import csv
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.data.table.numerals import MISSING, number_reader, recognised
from neurona.errors import (
    ArgumentError,
    FormatError,
    check_choice,
    check_file,
    check_integer,
    unknown,
)

TRY_MISSING = 'missing="drop" leaves such rows out, "mean" fills in the column\'s mean'
MAX_CLASSES = 2**16
SHOWN = 4  # names, in a line


def listed(names: Sequence[str]) -> str:
    """Return the first names.

    >>> listed(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d, ...'
    """
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _other(row: list[str], delimiter: str) -> str:
    """Say which delimiter a line seems to have, if the one that was told does not part it.

    >>> _other(["rooms;price"], ","), _other(["rooms", "price"], ",")
    ("delimiter=';'", '')
    """
    found = [d for d in ";\t|," if d in row[0] and d != delimiter] if len(row) == 1 else []
    return f"delimiter={max(found, key=row[0].count)!r}" if found else ""


def _classes(found: Any) -> str:
    return f", classes {listed(found.class_names)}" if found.class_names else ""


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        target = "" if self.y is None else f", y {self.y.shape} {self.target_name}"
        return f"Table(X {self.X.shape} {listed(self.feature_names)}{target}{_classes(self)})"


def from_csv(
    path: str | os.PathLike[str],
    target: int | str | None = -1,
    delimiter: str = ",",
    header: bool | str = "auto",
    dtype: Any = None,
    missing: str = "error",
    *,
    decimal: str = ".",
    thousands: str = "",
    target_kind: str = "auto",
) -> Table:
    """Read a table of numbers from a text file, one sample a line.

    Nothing is guessed in silence: a cell that could be a number in another notation (1,234 or 12 %
    or 2024-05-01), or a target that is a number here and text there, is an error that says how to
    say what is meant.

    Shapes: X (N, D), y (N,): int64 for whole numbers and for classes given as text, which are
    numbered in alphabetical order; else of the same type as X.
    Args:
        path: the file, UTF-8.
        target: the column to predict, by place (-1 the last) or name; None if there is none.
        delimiter: between columns; one character.
        header: whether the first line names the columns; "auto": if none of its cells is, or looks
            like, a number and one of the features has a name.
        dtype: of X; None takes the default float type.
        missing: what to do with empty cells, and with ? NA N/A NaN null None in any case:
            "error", "nan" (keep NaN), "mean" (of the column's other cells) or "drop" (the line).
        decimal: what stands before a fraction, "." or ",".
        thousands: what stands between groups of three digits, such as ","; "" if nothing does.
        target_kind: "number"; "class" (each text is one, numbers too); "auto": numbers if the
            first is one, else classes.
    Raises:
        FormatError: no data, a line of another length, a cell that is no number, a target of two
            kinds, or more than 65,536 classes; with the line.
        ArgumentError: no such target, or an unknown option.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "t.csv")
    >>> _ = path.write_text("width,height,kind\\n1,2,cat\\n3,4,ant\\n")
    >>> X, y = from_csv(path)
    >>> X.tolist(), y.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [1, 0])
    """
    check_choice("missing", missing, ("error", "nan", "mean", "drop"))
    check_choice("target_kind", target_kind, ("auto", "number", "class"))
    if header not in (True, False, "auto"):
        raise unknown("header", header, ("True", "False", "auto"))
    if not (isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '"\r\n'):
        raise ArgumentError(
            "delimiter must be one character.", got=repr(delimiter), expected="such as , ; or \\t"
        )
    read_number = number_reader(decimal, thousands)
    chosen = np.dtype(config.floatx() if dtype is None else dtype)
    reader = _Reader(check_file(path), missing, target_kind, read_number, chosen)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader.read(csv.reader(file, delimiter=delimiter), target, header)
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: the file is not UTF-8 text.",
            got=f"byte {error.object[error.start]:#04x}",
            hint="save it as CSV with the encoding UTF-8",
        ) from None
    return reader.table()


class _Reader:
    """The state of reading one file, line by line; numbers are kept as they will be returned."""

    def __init__(
        self, path: Path, missing: str, target_kind: str,
        read_number: Callable[[str], float], dtype: np.dtype,
    ) -> None:  # fmt: skip
        self.path, self.missing, self.kind = path, missing, target_kind
        self.read_number, self.dtype = read_number, dtype
        self.names: list[str] = []
        self.named = False
        self.target: int | None = None
        self.cells = array("f" if dtype == np.float32 else "d")  # features, row after row
        self.goals = array("d")  # the target: numbers, or numbers of texts as they came
        self.texts: dict[str, int] = {}
        self.rows, self.gap = 0, 1  # how many so far; line of the last one less its place
        self.jumps = array("q"), array("q")  # rows where the gap changes, and the gaps from there

    def read(self, lines: Any, target: Any, header: bool | str) -> None:
        try:
            for row in lines:
                if not row or (len(row) == 1 and not row[0].strip()):
                    continue  # an empty line
                if not self.names:
                    is_header = self.is_header(row, target) if header == "auto" else header
                    self.start(row, target, bool(is_header), lines.dialect.delimiter)
                    if is_header:
                        continue
                self.add(row, lines.line_num)
        except csv.Error as error:
            raise FormatError(
                f"{self.path}, line {lines.line_num}: this is not CSV.", got=str(error)
            ) from None
        if not self.rows:
            raise FormatError(
                f"{self.path}: there are no data in the file.",
                got="a header alone" if self.named else "an empty file",
                hint="header=False, if the first line is a sample" if self.named else "",
            )

    def is_header(self, row: list[str], target: Any) -> bool:
        """Say whether the first line names the columns: no number in any notation, one name."""
        if isinstance(target, str) and target in (cell.strip() for cell in row):
            return True
        names = 0
        for place, cell in enumerate(row):
            if self.is_number(cell) or recognised(cell):
                return False
            feature = not isinstance(target, int) or place != target % len(row) or len(row) == 1
            names += feature and cell.strip().lower() not in MISSING
        return names > 0

    def is_number(self, cell: str) -> bool:
        try:
            self.read_number(cell)
        except ValueError:
            return False
        return True

    def start(self, row: list[str], target: Any, is_header: bool, delimiter: str) -> None:
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
                error = unknown("target", target, self.names)
                raise ArgumentError(
                    error.rule,
                    got=error.got,
                    expected=error.expected,
                    hint=_other(row, delimiter) or error.hint,
                )
            self.target = self.names.index(target)
        elif target is not None:
            place = check_integer("target", target)
            if not -len(row) <= place < len(row):
                raise ArgumentError(
                    "there is no such target column.",
                    got=str(place),
                    expected=f"{-len(row)} to {len(row) - 1}",
                    hint=_other(row, delimiter) or ("another delimiter" if len(row) == 1 else ""),
                )
            self.target = place % len(row)
        if len(row) == 1 and self.target is not None:
            raise FormatError(
                f"{self.path}: there is one column, and it is the target.",
                got=f"{row[0][:60]!r}",
                hint=_other(row, delimiter)
                or f"another delimiter than {delimiter!r}, or target=None",
            )

    def add(self, row: list[str], line: int) -> None:
        if len(row) != len(self.names):
            raise FormatError(
                f"{self.path}, line {line}: the line has another number of columns.",
                got=str(len(row)),
                expected=f"{len(self.names)}, as in the first line",
            )
        goal = None if self.target is None else row.pop(self.target).strip()
        read_number = self.read_number
        try:
            values = [read_number(cell) for cell in row]
        except ValueError:
            values = [self.number(cell, place, line) for place, cell in enumerate(row)]
        absent = goal is not None and goal.lower() in MISSING
        if self.missing == "drop" and (absent or any(value != value for value in values)):
            return
        if goal is not None:
            if absent:
                raise FormatError(
                    f"{self.path}, line {line}: the target is missing.",
                    got=repr(goal),
                    hint='missing="drop" leaves such rows out',
                )
            self.goals.append(self.goal(goal, line))
        self.cells.extend(values)
        if line - self.rows != self.gap:
            self.gap = line - self.rows
            self.jumps[0].append(self.rows)
            self.jumps[1].append(self.gap)
        self.rows += 1

    def line(self, row: int) -> int:
        """Return the line of a row, for messages."""
        before = bisect.bisect_right(self.jumps[0], row)
        return row + (self.jumps[1][before - 1] if before else 1)

    def number(self, cell: str, place: int, line: int) -> float:
        """Return a cell of the features as a number, NaN if it is missing."""
        if cell.strip().lower() in MISSING:
            return float("nan")
        try:
            return self.read_number(cell)
        except ValueError:
            what, hint = recognised(cell) or (
                "",
                "only the target may be text; leave the column out, or number its values; "
                "header=True, if this line names the columns; `neurona train` takes text and dates",
            )
            raise FormatError(
                f"{self.path}, line {line}, column {self.column(place)}: a feature is no number.",
                got=repr(cell[:60]) + (f", {what}" if what else ""),
                hint=hint,
            ) from None

    def goal(self, text: str, line: int) -> float:
        """Return a target as a number: its value, or the number of its class as they came."""
        if self.kind != "class":
            value, looks = None, None
            try:
                value = self.read_number(text)
            except ValueError:
                looks = recognised(text)
            if self.kind == "auto":
                self.kind = "number" if value is not None or looks else "text"
            if self.kind == "number" and value is not None:
                return value
            if self.kind == "number" or value is not None or looks:
                raise self.mixed(text, line, looks)
        number = self.texts.setdefault(text, len(self.texts))
        if number >= MAX_CLASSES:
            raise FormatError(
                f"{self.path}, line {line}: the target has more than {MAX_CLASSES} classes.",
                got=repr(text[:60]),
                hint="another target column: this one looks like a name of each sample",
            )
        return number

    def mixed(self, text: str, line: int, looks: tuple[str, str] | None) -> FormatError:
        """Return the error for a target that is not of the kind of the others."""
        what, hint = looks or ("", "")
        kind = "a number" if self.kind == "number" else "text"
        return FormatError(
            f"{self.path}, line {line}: the target is not clearly {kind}.",
            got=repr(text[:60]) + (f", {what}" if what else ""),
            expected=f"{kind}, as before" if self.rows else kind,
            hint=" or ".join(filter(None, [hint, 'target_kind="class", if each text is a class'])),
        )

    def column(self, place: int) -> str:
        """Return the name of a column of the features."""
        return repr([n for i, n in enumerate(self.names) if i != self.target][place])

    def table(self) -> Table:
        X = np.frombuffer(self.cells, self.cells.typecode) if self.cells else np.empty(0)
        X = X.reshape(self.rows, -1)
        absent = np.isnan(X)
        wrong = np.isinf(X) if self.missing != "error" else ~np.isfinite(X)
        if wrong.any():
            row, place = np.unravel_index(int(wrong.argmax()), wrong.shape)
            is_missing = bool(absent[row, place])
            raise FormatError(
                f"{self.path}, line {self.line(int(row))}, column {self.column(int(place))}: "
                f"a feature is {'missing' if is_missing else 'infinite'}.",
                expected=f"a finite number of {self.dtype.name}",
                hint=TRY_MISSING if is_missing else "",
            )
        if self.missing == "mean" and absent.any():
            self.fill(X, absent)
        y, classes = (None, ()) if self.target is None else self.target_values()
        names = tuple(n for i, n in enumerate(self.names) if i != self.target)
        goal = None if self.target is None else self.names[self.target]
        return Table(X.astype(self.dtype, copy=False), y, names, goal, classes)

    def fill(self, X: np.ndarray, absent: np.ndarray) -> None:
        counts = (~absent).sum(axis=0)
        if not counts.all():
            raise FormatError(
                f"{self.path}: column {self.column(int(np.argmin(counts)))} is missing throughout.",
                expected="one number or more, to have a mean",
            )
        means = np.where(absent, 0.0, X).sum(axis=0, dtype=np.float64) / counts
        X[absent] = np.broadcast_to(means, X.shape)[absent]

    def target_values(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the target as numbers, and the names of its classes if it is text."""
        values = np.frombuffer(self.goals, np.float64)
        if self.kind != "number":
            names = sorted(self.texts)
            places = np.empty(len(names), np.int64)
            places[[self.texts[name] for name in names]] = np.arange(len(names))
            return places[values.astype(np.int64)], tuple(names)
        if not np.isfinite(values).all():
            line = self.line(int(np.argmin(np.isfinite(values))))
            raise FormatError(f"{self.path}, line {line}: the target is infinite.")
        whole = bool((values == np.rint(values)).all() and (abs(values) < 2**53).all())
        return values.astype(np.int64 if whole else self.dtype), ()
