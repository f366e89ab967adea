"""How people write numbers: read in one stated way, and recognised in the others."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from neurona.errors import ArgumentError

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
ABSENT = MISSING | {"-", "--", ".", "#n/a", "#na"}  # in tables that nobody has prepared

# what a cell looks like -> what it is called, and how to say what is meant
_LOOKS = [
    (r"[+-]?\d{1,3}(,\d{3})+\.\d+", "a comma between thousands", 'thousands=","'),
    (r"[+-]?\d{1,3}(,\d{3}){2,}", "commas between thousands", 'thousands=","'),
    (r"[+-]?\d{1,3}(\.\d{3})+,\d+", "a decimal comma", 'decimal=",", thousands="."'),
    (r"[+-]?\d{1,3}(\.\d{3}){2,}", "points between thousands", 'decimal=",", thousands="."'),
    (
        r"[+-]?\d{1,3},\d{3}",
        "a comma that stands between thousands, or for the decimal point",
        'thousands="," reads 1,234 as 1234, decimal="," as 1.234',
    ),
    (r"[+-]?\d*,\d+", "a decimal comma", 'decimal=","'),
    (r"[+-]?\d{1,3}([ '\u00a0\u202f]\d{3})+([.,]\d+)?", "gaps between thousands", 'thousands=" "'),
    (r"[+-]?[\d.,]+ ?%", "a percentage", "numbers without the sign, such as 0.12 for 12 %"),
    (
        r"[+-]?[$€£¥] ?[+-]?[\d.,]+|[+-]?[\d.,]+ ?[$€£¥]",
        "an amount of money",
        "numbers without the sign of the currency",
    ),
    (
        r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?",
        "a date, a time or a version",
        "columns of numbers for it, such as year, month and day",
    ),
    (
        r"[\d.,+-]*[\d][;\t|].*|.*[;\t|][\d.,+-]*\d",
        "several cells in one",
        'another delimiter, such as delimiter=";"',
    ),
]
_PATTERNS = [(re.compile(pattern), what, hint) for pattern, what, hint in _LOOKS]


def recognised(cell: str) -> tuple[str, str] | None:
    """Return what a text that is no number looks like, and what to try; None if it is a word.

    >>> recognised("20,000.5")
    ('a comma between thousands', 'thousands=","')
    >>> recognised("setosa")
    """
    cell = cell.strip()
    return next(((what, hint) for p, what, hint in _PATTERNS if p.fullmatch(cell)), None)


def _plain(cell: str) -> float:
    if "_" in cell:  # which Python takes between digits
        raise ValueError(cell)
    return float(cell)


def number_reader(decimal: str, thousands: str) -> Callable[[str], float]:
    """Return a function that reads a number as it is written here; others raise a ValueError.

    Args:
        decimal: what stands before the fraction: "." or ",".
        thousands: what stands between groups of three digits; "" if nothing does.

    Raises:
        ArgumentError: if they are not told apart.

    >>> number_reader(",", ".")("1.234,5")
    1234.5
    """
    if decimal not in (".", ","):
        raise ArgumentError("decimal is one character.", got=repr(decimal), expected='"." or ","')
    if thousands not in ("", ".", ",", " ", "'", "\u00a0", "\u202f") or thousands == decimal:
        raise ArgumentError(
            "thousands is one character, another than decimal.",
            got=f"thousands={thousands!r}, decimal={decimal!r}",
            expected='"", ".", ",", " " or "\'"',
        )
    if decimal == "." and not thousands:
        return _plain
    groups = re.compile(
        rf"[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
    )

    def read(cell: str) -> float:
        cell = cell.strip()
        if thousands and thousands in cell:
            if not groups.fullmatch(cell):
                raise ValueError(cell)
            cell = cell.replace(thousands, "")
        if decimal != ".":
            if "." in cell:
                raise ValueError(cell)
            cell = cell.replace(decimal, ".")
        return _plain(cell)

    return read


# How a column may write its numbers, (decimal, thousands): those of English first.
MARKS = ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
LARGEST = float(np.finfo(np.float32).max)  # of the numbers that a network can be given
_SIGNS = " \t\u00a0$€£¥%"  # around an amount or a percentage
_COMMA = re.compile(r"[+-]?(\d*,(\d{1,2}|\d{4,})|0,\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})")
_POINT = re.compile(
    r"[+-]?(\d*\.(\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})"
)


def marks_of(cells: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return MARKS, those first that the cells speak for: one with 1,5 has a decimal comma.

    >>> marks_of(["a", "1,5", "1.234"])[0]
    (',', '.')
    """
    commas = points = 0
    for cell in cells:
        amount = cell.strip(_SIGNS)
        commas += _COMMA.fullmatch(amount) is not None
        points += _POINT.fullmatch(amount) is not None
    return (MARKS[1], MARKS[0], *MARKS[2:]) if commas > points else MARKS


def numbers(cells: Sequence[str], decimal: str = ".", thousands: str = "") -> np.ndarray:
    """Return cells as numbers (N,) float64, NaN for what is none, or none that float32 can hold.

    A sign of a currency or of percent around a number is passed over.

    >>> numbers(["1.234,5 €", "n/a", "7"], ",", ".").tolist()
    [1234.5, nan, 7.0]
    """
    found: np.ndarray | None = None
    if decimal == ".":
        with contextlib.suppress(ValueError):
            found = np.array([float(cell) for cell in cells], np.float64)
    if found is None:
        read = number_reader(decimal, thousands)
        found = np.array([_number(cell, read) for cell in cells], np.float64)
    found[~(np.abs(found) <= LARGEST)] = np.nan
    return found


def _number(cell: str, read: Callable[[str], float]) -> float:
    try:
        return read(cell.strip(_SIGNS))
    except ValueError:
        return float("nan")
