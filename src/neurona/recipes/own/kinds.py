"""What the columns of a table hold, found from their cells, and how each is then prepared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurona.data.preparation.table import PARTS, Category, Column, Date, Number
from neurona.data.table.dates import date_order, moments
from neurona.data.table.numerals import ABSENT, MARKS, numbers

MOST = 0.95  # of the cells have to be numbers
OWN = 0.9  # of the texts differ: names of the rows, from which nothing carries over to others
INPUTS = 30  # for the commonest texts of a column; the rarer ones share one
LONG = 40  # letters of a text that is a sentence
FAR = 8.0  # standard deviations: then a logarithm comes first
YES = {"yes", "no", "y", "n", "true", "false", "t", "f", "ja", "nein", "on", "off", "oui", "non"}
_ID = re.compile(r"(^|[^a-z])(id|ids|uuid|guid|key|nr|no|num|number|index|row|rowid)$")


@dataclass(frozen=True)
class Kind:
    """What a column holds.

    Args:
        name: of the column.
        what: "number", "category", "yes/no", "date" or "left out".
        told: more of it, in words.
        decimal, thousands: how numbers are written.
        order: of day, month and year.
    """

    name: str
    what: str
    told: str
    decimal: str = "."
    thousands: str = ""
    order: str = ""

    @property
    def used(self) -> bool:
        """Whether the network is given the column."""
        return self.what != "left out"


def present(cells: Sequence[str]) -> list[str]:
    """Return the cells that are not missing.

    >>> present(["1", "?", "", "n/a", "2"])
    ['1', '2']
    """
    return [cell for cell in cells if cell.lower() not in ABSENT]


def kind_of(name: str, cells: Sequence[str], marks: Sequence[tuple[str, str]] = MARKS) -> Kind:
    """Return what a column holds.

    Args:
        name: of the column.
        cells: all of them.
        marks: how numbers may be written, the likeliest way first.

    >>> kind_of("size", ["1", "2,000", "?", "3"]).told
    '1 to 2000; 1 missing'
    >>> kind_of("colour", ["red", "blue", "red", "blue"]).what
    'category'
    """
    there = present(cells)
    distinct = Counter(there)
    gaps = f"; {len(cells) - len(there):,} missing" if len(there) < len(cells) else ""
    if not there:
        return Kind(name, "left out", "empty")
    if len(distinct) == 1:
        (only,) = distinct
        if gaps:
            return Kind(name, "category", f"{only[:30]!r} or nothing{gaps}")
        return Kind(name, "left out", f"always {only[:30]!r}")
    found = _number(name, there, marks, gaps) or _date(name, there, gaps)
    return found or _text(name, distinct, gaps)


def number_marks(
    cells: Sequence[str], marks: Sequence[tuple[str, str]] = MARKS
) -> tuple[str, str] | None:
    """Return how a column writes its numbers, (decimal, thousands); None if it has others too."""
    read = {way: np.isfinite(numbers(cells, *way)).mean() for way in marks[:2]}
    if max(read.values()) < MOST:
        read = {way: np.isfinite(numbers(cells, *way)).mean() for way in marks}
    best = max(read, key=lambda way: read[way])  # of equal ones the first
    return best if read[best] >= MOST else None


def _number(
    name: str, there: list[str], marks: Sequence[tuple[str, str]], gaps: str
) -> Kind | None:
    way = number_marks(there, marks)
    if way is None:
        return None
    found = numbers(there, *way)
    wrong = [cell for cell, x in zip(there, found, strict=True) if not np.isfinite(x)]
    x = found[np.isfinite(found)]
    low, high = x.min(), x.max()
    if low == high:
        return Kind(name, "left out", f"always {low:g}")
    if len(x) > 4 and (x == np.rint(x)).all() and len(np.unique(x)) == len(there):
        counted = low in (0, 1) and high - low == len(x) - 1
        if counted and (np.diff(x) == 1).all():
            return Kind(name, "left out", f"counts the rows, {low:g} to {high:g}")
        if _ID.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()):
            return Kind(name, "left out", "a number of its own for each row")
    told = f"{low:g} to {high:g}"
    if way[0] == "," and any("," in cell for cell in there):
        told += ", with a decimal comma"
    if wrong:
        told += f"; {len(wrong)} no number, taken as missing ({wrong[0][:20]!r})"
    return Kind(name, "number", told + gaps, *way)


def _date(name: str, there: list[str], gaps: str) -> Kind | None:
    found = date_order(there)
    if found is None:
        return None
    order, unclear = found
    if order == "time":
        return Kind(name, "date", f"time of the day{gaps}", order=order)
    when = moments(there, order)
    wrong = np.isnan(when.year)
    ranked = [there[i] for i in np.argsort(when.year) if not wrong[i]]  # those that are none: last
    told = f"{ranked[0]} to {ranked[-1]}"
    if unclear:
        told += ", read with the month first"
    if wrong.any():
        first = there[int(wrong.argmax())][:20]
        told += f"; {wrong.sum()} no date, taken as missing ({first!r})"
    return Kind(name, "date", told + gaps, order=order)


def _text(name: str, distinct: Counter[str], gaps: str) -> Kind:
    count = distinct.total()
    if len(distinct) > OWN * count and count > 4:
        return Kind(name, "left out", "a text of its own for (nearly) each row")
    length = sum(len(text) * n for text, n in distinct.items()) / count
    if length > LONG and len(distinct) > count / 3:
        return Kind(name, "left out", "sentences, which this network cannot read")
    if len(distinct) == 2 and {text.lower() for text in distinct} <= YES:
        return Kind(name, "yes/no", f"{' or '.join(sorted(distinct))}{gaps}")
    names = [" ".join(text.split())[:20] for text, _ in distinct.most_common(3)]  # in a line
    told = f"{len(distinct)} texts: {', '.join(names)}{', ...' if len(distinct) > 3 else ''}"
    if len(distinct) > INPUTS:
        told += f"; the {INPUTS} commonest count"
    return Kind(name, "category", told + gaps)


def fitted(kind: Kind, cells: Sequence[str]) -> Column:
    """Return how a column is prepared: what is needed for it comes from these cells alone.

    Args:
        kind: what the column holds.
        cells: of the training rows.
    """
    if kind.what == "number":
        return _fitted_number(kind, cells)
    if kind.what == "date":
        return _fitted_date(kind, cells)
    there = present(cells)
    ranked = sorted(Counter(there).items(), key=lambda pair: (-pair[1], pair[0]))
    chosen = tuple(text for text, count in ranked[:INPUTS] if count > 1)
    other = len(chosen) < len(ranked)
    return Category(kind.name, chosen, other, missing=len(there) < len(cells))


def _fitted_number(kind: Kind, cells: Sequence[str]) -> Number:
    x = numbers(cells, kind.decimal, kind.thousands)
    absent = np.isnan(x)
    fill = float(np.median(x[~absent])) if not absent.all() else 0.0
    x = np.where(absent, fill, x)
    scale = float(x.std()) or 1.0
    log = bool(np.abs(x - x.mean()).max() > FAR * scale)
    if log:
        x = np.sign(x) * np.log1p(np.abs(x))
        scale = float(x.std()) or 1.0
    return Number(
        kind.name, fill, float(x.mean()), scale, bool(absent.any()), log, kind.decimal,
        kind.thousands,
    )  # fmt: skip


def _fitted_date(kind: Kind, cells: Sequence[str]) -> Date:
    when = moments(cells, kind.order)
    there = ~np.isnan(when.year)
    parts = tuple(
        part
        for part, values in zip(PARTS, when, strict=True)
        if len(np.unique(values[there].round(6))) > 1
    )
    year = when.year[there] if there.any() else np.zeros(1)
    mean, scale = float(year.mean()), float(year.std()) or 1.0
    return Date(kind.name, kind.order, parts or ("year",), mean, scale, not there.all())
