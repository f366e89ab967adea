"""Time series that textbooks use: temperatures, passengers, sunspots."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.datasets.text_lines import read_lines
from neurona.errors import FormatError, check_choice

NAMES = ("daily-min-temperatures", "airline-passengers", "monthly-sunspots")
CARD = Card(
    name="series",
    description="Daily temperatures of Melbourne, airline passengers, sunspots: three time series",
    samples=3_650 + 144 + 2_820,
    shape=(),
    classes=(),
    licence="public data; Australian Bureau of Meteorology, Box and Jenkins 1976, SIDC Brussels",
    homepage="https://github.com/jbrownlee/Datasets",
    files=remote_files(
        ("https://raw.githubusercontent.com/jbrownlee/Datasets/master/",),
        (
            "daily-min-temperatures.csv",
            67_921,
            "8b9de63ed6789492bf497625e7f9beb96a63d367b4b0a21754006f749fa5e5da",
        ),
        (
            "airline-passengers.csv",
            2_180,
            "8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
        ),
        (
            "monthly-sunspots.csv",
            45_039,
            "c4ec8cc57d9f6fb6ecdb3e1f37f25b6f4badd5124c55931052b0cd2fc3bc71f3",
        ),
    ),
)


def load_data(
    name: str = "daily-min-temperatures", folder: Folder | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a series: (dates, values).

    Shapes: dates (N,) datetime64, of days or months; values (N,) float64.
    Args:
        name: "daily-min-temperatures" (degrees Celsius, Melbourne, 1981 to 1990, two leap days
            left out), "airline-passengers" (thousands a month,
            1949 to 1960) or "monthly-sunspots" (1749 to 1983).
        folder: where the three CSV files, or a `series/` with them, are. None looks into `series/`
            of NEURONA_DATA and of the cache, and then downloads them (0.1 MB).
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    """
    check_choice("name", name, NAMES)
    path = obtain(CARD, is_complete, folder) / f"{name}.csv"
    rows = [line.split(",") for line in read_lines(path, "a date and a value a line")[1:]]
    try:
        dates = np.array([date.strip('"') for date, _ in rows], dtype="datetime64")
        values = np.array([float(value) for _, value in rows])
        if not (len(values) and np.isfinite(values).all() and (np.diff(dates) > 0).all()):
            raise ValueError("values that are missing, or days that do not ascend")
    except ValueError as error:
        raise FormatError(
            f"{path}: this is no series.", got=str(error)[:80], expected="a date and a value a line"
        ) from None
    return dates, values


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has all three files."""
    return all((folder / f"{name}.csv").is_file() for name in NAMES)
