"""A row of a table as the numbers that a network takes: columns by name, each with its rule."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurona.data.preparation.record import Preparation
from neurona.data.table.dates import ORDERS, moments
from neurona.data.table.numerals import ABSENT, number_reader, numbers
from neurona.errors import ArgumentError, DataError, FormatError, check_choice, check_number

MISSING_LABEL, OTHER_LABEL = "(missing)", "(other)"
FARTHEST = 100.0  # standard deviations: a number beyond says no more than that it is far


@dataclass(frozen=True)
class Number:
    """A column of numbers: (x - mean) / scale, a missing one filled first.

    Args:
        name: of the column.
        fill: what stands for a missing number: the median of the training rows.
        mean, scale: of the training rows, after the logarithm if there is one.
        missing: whether a second input says that the number is missing.
        log: whether x becomes sign(x) ln(1 + |x|) first, for columns with far outliers.
        decimal, thousands: how the numbers are written.
    """

    name: str
    fill: float
    mean: float
    scale: float
    missing: bool = False
    log: bool = False
    decimal: str = "."
    thousands: str = ""
    kind: ClassVar[str] = "number"

    def __post_init__(self) -> None:
        _check(self)
        check_number("fill", self.fill)
        check_number("mean", self.mean)
        check_number("scale", self.scale, low=0, open=True)
        number_reader(self.decimal, self.thousands)

    @property
    def inputs(self) -> list[str]:
        """What the inputs of the network are."""
        return [self.name, f"{self.name} {MISSING_LABEL}"] if self.missing else [self.name]

    def encode(self, cells: Sequence[str]) -> np.ndarray:
        """Return the inputs (N, 1), or (N, 2) with whether they are missing."""
        x = numbers(cells, self.decimal, self.thousands)
        absent = np.isnan(x)
        x = np.where(absent, self.fill, x)
        x = np.sign(x) * np.log1p(np.abs(x)) if self.log else x
        x = np.clip((x - self.mean) / self.scale, -FARTHEST, FARTHEST)
        return np.stack([x, absent], axis=1) if self.missing else x[:, None]

    def strange(self, cells: Sequence[str]) -> list[str]:
        """Say which cells are no numbers, though they are not empty, and which are too far."""
        wrong = np.isnan(numbers(cells, self.decimal, self.thousands))
        texts = [c for c, w in zip(cells, wrong, strict=True) if w and c.lower() not in ABSENT]
        told = [f"{self.name}: no number, taken as missing: {_listed(texts)}"] if texts else []
        outside = np.abs(self.encode(cells)[:, 0]) == FARTHEST
        if far := [c for c, o in zip(cells, outside, strict=True) if o]:
            told.append(
                f"{self.name}: more than {FARTHEST:g} standard deviations from the training rows, "
                f"taken as so far: {_listed(far)}"
            )
        return told


@dataclass(frozen=True)
class Category:
    """A column of texts: one input each, 1 for the text that is there, 0 for the others.

    Args:
        name: of the column.
        categories: the texts that have an input, the commonest first.
        other: whether one input stands for all other texts; if not, those are all 0.
        missing: whether one input stands for a missing text.
    """

    name: str
    categories: tuple[str, ...]
    other: bool = False
    missing: bool = False
    kind: ClassVar[str] = "category"

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "categories", _texts_once("categories", self.categories))

    @property
    def inputs(self) -> list[str]:
        """What the inputs of the network are."""
        more = [OTHER_LABEL] * self.other + [MISSING_LABEL] * self.missing
        return [f"{self.name} = {category}" for category in (*self.categories, *more)]

    def encode(self, cells: Sequence[str]) -> np.ndarray:
        """Return the inputs (N, K): a 1 in each row, or none for a text that is not known."""
        places = {category: place for place, category in enumerate(self.categories)}
        other = len(places) if self.other else -1
        absent = len(places) + self.other if self.missing else -1
        found = np.array(
            [absent if c.lower() in ABSENT else places.get(c, other) for c in cells], np.int64
        )
        return (found[:, None] == np.arange(len(self.inputs))).astype(np.float64)

    def strange(self, cells: Sequence[str]) -> list[str]:
        """Say which texts the training rows had not."""
        known = set(self.categories)
        new = [c for c in cells if c not in known and c.lower() not in ABSENT]
        if not new or self.other:  # the rare ones are not kept by name
            return []
        return [f"{self.name}: not seen in training, taken as none of the known: {_listed(new)}"]


PARTS = ("year", "season", "weekday", "hour")


@dataclass(frozen=True)
class Date:
    """A column of dates: the year as a number, season, weekday and hour as points on a circle.

    Args:
        name: of the column.
        order: "ymd", "dmy", "mdy", or "time" without a date.
        parts: of PARTS, those that differ in the training rows.
        mean, scale: of the year with its fraction.
        missing: whether one more input says that the date is missing.
    """

    name: str
    order: str
    parts: tuple[str, ...]
    mean: float
    scale: float
    missing: bool = False
    kind: ClassVar[str] = "date"

    def __post_init__(self) -> None:
        _check(self)
        check_choice("order", self.order, ORDERS)
        object.__setattr__(self, "parts", _texts_once("parts", self.parts))
        for part in self.parts:
            check_choice("part", part, PARTS)
        check_number("mean", self.mean)
        check_number("scale", self.scale, low=0, open=True)

    @property
    def inputs(self) -> list[str]:
        """What the inputs of the network are."""
        found = [f"{self.name} year"] if "year" in self.parts else []
        circles = [p for p in self.parts if p != "year"]
        found += [f"{self.name} {part} ({f})" for part in circles for f in ("sin", "cos")]
        return [*found, f"{self.name} {MISSING_LABEL}"] if self.missing else found

    def encode(self, cells: Sequence[str]) -> np.ndarray:
        """Return the inputs (N, K); those of a missing date are all 0 but the last."""
        when = moments(cells, self.order)
        angles = {"season": when.season, "weekday": when.weekday / 7, "hour": when.hour / 24}
        found = [(when.year - self.mean) / self.scale] if "year" in self.parts else []
        for part in self.parts:
            if part != "year":
                angle = 2 * np.pi * angles[part]
                found += [np.sin(angle), np.cos(angle)]
        absent = np.isnan(when.year)
        found = [np.where(absent, 0.0, values) for values in found]
        return np.stack([*found, absent] if self.missing else found, axis=1)

    def strange(self, cells: Sequence[str]) -> list[str]:
        """Say which cells are no dates, though they are not empty."""
        wrong = np.isnan(moments(cells, self.order).year)
        texts = [c for c, w in zip(cells, wrong, strict=True) if w and c.lower() not in ABSENT]
        return [f"{self.name}: no date, taken as missing: {_listed(texts)}"] if texts else []


Column = Number | Category | Date
KINDS: dict[str, type[Column]] = {kind.kind: kind for kind in (Number, Category, Date)}


@dataclass(frozen=True)
class Table(Preparation):
    """Rows of a table as inputs (D,): each column by its name, in any order, others ignored.

    Args:
        columns: what is taken, and how.
        target: the column that is predicted.

    Raises:
        ArgumentError: if there is no column, or one twice.

    >>> table = Table((Number("age", 30.0, 40.0, 10.0), Category("sex", ("f", "m"))), "income")
    >>> table.samples({"sex": ["m", "f"], "age": ["50", "?"]}).tolist()
    [[1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]]
    >>> table.inputs, str(table)  # doctest: +NORMALIZE_WHITESPACE
    (['age', 'sex = f', 'sex = m'],
     'a row of a table, as 3 numbers: 1 number and 1 category by name')
    """

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    target: str

    def __post_init__(self) -> None:
        given = self.columns if isinstance(self.columns, list | tuple) else (self.columns,)
        columns = tuple(c if isinstance(c, Column) else _column(c) for c in given)
        names = _texts_once("columns", [column.name for column in columns])
        if not names or not isinstance(self.target, str):
            raise ArgumentError(
                "a table has columns and a target.", got=f"{len(names)}, {self.target!r}"
            )
        self._set(columns=columns)

    @property
    def inputs(self) -> list[str]:
        """What the D inputs of the network are, in order."""
        return [name for column in self.columns for name in column.inputs]

    def apply(self, raw: Mapping[str, Any]) -> np.ndarray:
        """Return a row as inputs (D,) float32.

        Args:
            raw: a cell by the name of its column, as text or number; None if it is missing.

        Raises:
            DataError: a column is missing.
        """
        return self.samples({name: [raw[name]] for name in raw})[0]

    def samples(self, raws: Any) -> np.ndarray:
        """Return rows as inputs (N, D) float32.

        Args:
            raws: the cells of each column by its name: a dict of lists, a DataFrame, what
                `read_sheet` read; or the rows, each as `apply` takes it.

        Raises:
            DataError: a column is missing.
        """
        if not hasattr(raws, "keys"):
            return np.stack([self.apply(row) for row in raws])
        parts = [column.encode(cells) for column, cells in self._cells(raws)]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def notes(self, raws: Any) -> list[str]:
        """Say what is not as it was in training: columns that are ignored, texts never seen."""
        taken = {column.name for column in self.columns}
        extra = [str(name) for name in raws if name not in taken]
        told = [f"ignored columns: {_listed(extra)}"] if extra else []
        return told + [
            note for column, cells in self._cells(raws) for note in column.strange(cells)
        ]

    def _cells(self, raws: Any) -> list[tuple[Column, list[str]]]:
        names = [str(name) for name in raws]
        absent = [column.name for column in self.columns if column.name not in names]
        if absent:
            raise DataError(
                f"{'a column is' if len(absent) == 1 else 'columns are'} missing: "
                f"{_listed(absent)}.",
                got=f"the columns {_listed(names)}",
                hint="a first line with the names of the columns, as in the training data",
            )
        return [(c, _texts(raws[c.name], getattr(c, "decimal", "."))) for c in self.columns]

    def description(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        columns = [{"kind": c.kind, **dataclasses.asdict(c)} for c in self.columns]
        return {"kind": self.kind, "columns": columns, "target": self.target}

    def __str__(self) -> str:
        counts = Counter(column.kind for column in self.columns)
        plural = {"number": "numbers", "category": "categories", "date": "dates"}
        told = " and ".join(f"{n} {plural[kind] if n > 1 else kind}" for kind, n in counts.items())
        return f"a row of a table, as {len(self.inputs)} numbers: {told} by name"


def _column(found: Any) -> Column:
    """Return a column that `Table.description` told."""
    match found:
        case {"kind": str(name), **given} if name in KINDS:
            kind: Any = KINDS[name]
            known = {field.name: field for field in dataclasses.fields(kind)}
            needed = {n for n, field in known.items() if field.default is dataclasses.MISSING}
            if needed <= given.keys() <= known.keys():
                return kind(**{str(key): value for key, value in given.items()})
    raise FormatError(
        "a column of the preparation is of no known kind.",
        got=f"{found!r:.80}",
        expected=f"one of {', '.join(KINDS)}, with its settings",
    )


def _check(column: Any) -> None:
    """Check what all columns have, and that what is true or false is one of both."""
    if not isinstance(column.name, str) or not column.name:
        raise ArgumentError("a column has a name.", got=f"{column.name!r:.80}")
    for name in ("missing", "log", "other"):
        if not isinstance(getattr(column, name, False), bool):
            raise ArgumentError(f"{name} is True or False.", got=f"{getattr(column, name)!r:.80}")


def _texts_once(name: str, given: Any) -> tuple[str, ...]:
    texts = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(text, str) for text in texts) or len(set(texts)) < len(texts):
        raise ArgumentError(f"{name} are texts, each once.", got=f"{given!r:.80}")
    return texts


def _texts(cells: Sequence[Any], decimal: str) -> list[str]:
    """Return cells as the file would have them; numbers as its other numbers are written."""
    return [
        "" if cell is None
        else cell.strip() if isinstance(cell, str)
        else str(cell).replace(".", decimal) if isinstance(cell, float | np.floating)
        else str(cell)
        for cell in cells
    ]  # fmt: skip


def _listed(names: Sequence[Any], most: int = 5) -> str:
    distinct = list(dict.fromkeys(map(str, names)))
    shown = ", ".join(name[:40] or "''" for name in distinct[:most])
    return shown + (f" and {len(distinct) - most} more" if len(distinct) > most else "")
