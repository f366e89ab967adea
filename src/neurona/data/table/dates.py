"""How people write dates: read in the order that a whole column speaks for."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ORDERS = ("ymd", "dmy", "mdy", "time")
MOST = 0.95  # of the cells have to be dates
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?"
_BEHIND = rf"(?:[t ,]\s*{_TIME}\s*(?:z|utc|[+-]\d\d:?\d\d)?)?"
_DIGITS = re.compile(rf"(\d{{4}}|\d{{1,2}})([-/.])(\d{{1,2}})(?:\2(\d{{4}}|\d{{1,2}}))?{_BEHIND}")
_DAY_FIRST = re.compile(
    rf"(?:[a-z]+,? )?(\d{{1,2}})\.?[ -]([a-z]{{3,9}})\.?[ ,-]+(\d{{4}}){_BEHIND}"
)
_MONTH_FIRST = re.compile(rf"(?:[a-z]+,? )?([a-z]{{3,9}})\.? (\d{{1,2}}),? (\d{{4}}){_BEHIND}")
_TIME_ALONE = re.compile(_TIME)


class Moments(NamedTuple):
    """What cells of dates say; NaN where a cell is none.

    Attributes:
        year: with its fraction, (N,).
        season: the part of the year that has passed, 0 to 1.
        weekday: Monday is 0; 0 for a time without a date.
        hour: with its fraction; 0 for a date without a time.
    """

    year: np.ndarray
    season: np.ndarray
    weekday: np.ndarray
    hour: np.ndarray


def moments(cells: Sequence[str], order: str) -> Moments:
    """Return the dates of cells, read in one order: "ymd", "dmy", "mdy", or "time" alone.

    >>> moments(["01.07.2021 12:30"], "dmy").hour.tolist()
    [12.5]
    >>> moments(["Jul 1, 2021", "?"], "mdy").year.round(2).tolist()
    [2021.5, nan]
    """
    known: dict[str, tuple[float, ...]] = {}
    none = (float("nan"),) * 4
    rows = []
    for cell in cells:
        if cell not in known:
            known[cell] = _moment(cell, order) or none
        rows.append(known[cell])
    return Moments(*np.array(rows, np.float64).reshape(-1, 4).T)


def date_order(cells: Sequence[str]) -> tuple[str, bool] | None:
    """Return the order in which nearly all cells are dates, and whether another would do as well.

    Of 3/4/2021 nothing says whether day or month comes first: with strokes, the month; with points,
    the day.

    >>> date_order(["2021-12-31"]), date_order(["3/4/2021"]), date_order(["3/14/2021"])
    (('ymd', False), ('mdy', True), ('mdy', False))
    >>> date_order(["red", "green"])
    """
    distinct = list(dict.fromkeys(cells))[:5000]
    if not distinct:
        return None
    read = {order: sum(_moment(c, order) is not None for c in distinct) for order in ORDERS}
    points = sum("." in c for c in distinct) > len(distinct) / 2
    ranked = ("ymd", "dmy", "mdy", "time") if points else ("ymd", "mdy", "dmy", "time")
    best = max(ranked, key=lambda order: read[order])
    if read[best] < MOST * len(distinct):
        return None
    unclear = best != "time" and read["dmy"] == read["mdy"] == read[best] and best != "ymd"
    named = any(re.search("[a-z]{3}", c.lower()) for c in distinct)
    return best, unclear and not named and not points


def _moment(cell: str, order: str) -> tuple[float, ...] | None:
    text = cell.strip().lower()
    if order == "time":
        alone = _TIME_ALONE.fullmatch(text)
        hour = None if alone is None else _hour(alone.groups())
        return None if hour is None else (0.0, 0.0, 0.0, hour)
    found = _date(text, order)
    if found is None:
        return None
    day, time = found
    hour = _hour(time)
    if hour is None:
        return None
    passed = (day.timetuple().tm_yday - 1 + hour / 24) / 366
    return day.year + passed, passed, float(day.weekday()), hour


def _date(text: str, order: str) -> tuple[datetime.date, tuple] | None:
    if found := _DIGITS.fullmatch(text):
        first, _, second, third, *time = found.groups()
        if third is None:  # 1949-01 is a month; 1.12 is a number
            if order != "ymd" or len(first) != 4:
                return None
            third = "1"
        if (len(first) == 4) != (order == "ymd") or (len(third) == 1 and order != "ymd"):
            return None
        year, month, day = {
            "ymd": (first, second, third), "dmy": (third, second, first),
            "mdy": (third, first, second),
        }[order]  # fmt: skip
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year, *time = found.groups()
    elif found := _MONTH_FIRST.fullmatch(text):
        month, day, year, *time = found.groups()
    else:
        return None
    if not month.isdigit():
        if month[:3] not in _MONTHS or order == "ymd":
            return None
        month = str(_MONTHS.index(month[:3]) + 1)
    whole = int(year)
    if len(year) == 2:
        whole += 1900 if whole > 68 else 2000  # as POSIX has it
    try:
        return datetime.date(whole, int(month), int(day)), tuple(time)
    except ValueError:
        return None


def _hour(parts: tuple) -> float | None:
    """Return the hour of (hours, minutes, seconds, am or pm), 0 if there are none."""
    hours, minutes, seconds, half = parts
    if hours is None:
        return 0.0
    whole = int(hours) % 12 + (12 if half == "pm" else 0) if half else int(hours)
    if whole > 24 or int(minutes) > 59:
        return None
    return whole + int(minutes) / 60 + int(seconds or 0) / 3600
