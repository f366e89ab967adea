"""Numbers in .csv and .npy files, as samples of a shape."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

import numpy as np

from neurona.errors import DataError, FormatError

ENDINGS = (".csv", ".npy")
LABELS = ("label", "labels", "target", "class", "y", "digit", "species")  # of a column


def read(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the numbers of a file; a column of labels beside those of samples is left out.

    Raises:
        FormatError: the file is damaged, or holds something else.
        DataError: it has no rows, or columns that the model does not take.
    """
    return _rows(path, math.prod(shape)) if path.suffix.lower() == ".csv" else _array(path)


def _rows(path: Path, size: int) -> np.ndarray:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [line for line in csv.reader(file) if any(cell.strip() for cell in line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path} is no CSV file.", got=str(error)) from None
    first = [_number(cell) for cell in lines[0]] if lines else []
    above = None in first and len(lines) > 1 and _numbers(lines[1]) is not None
    head = lines.pop(0) if lines and (above or not any(n is not None for n in first)) else []
    if not lines:
        raise DataError(f"{path} has no rows.")
    names = [name.strip().lower() for name in head]
    if len(head) == size + 1 and sum(name in LABELS for name in names) == 1:
        at = next(i for i, name in enumerate(names) if name in LABELS)
        print(f"note: {path}: the column {head[at]!r} is left out as the label.", file=sys.stderr)
        lines = [line[:at] + line[at + 1 :] for line in lines]
    width = len(lines[0])
    if all(len(line) == width for line in lines) and width != size:
        more = f"{width - size} more" if width > size else f"{size - width} fewer"
        raise DataError(
            f"{path} does not fit the model: {width} columns, {more} than it takes.",
            got=f"shape ({len(lines)}, {width})",
            expected=f"rows of {size} numbers",
            hint="leave the column of labels out, or name it label" if width == size + 1 else "",
        )
    found = [_numbers(line) for line in lines]
    for number, (line, row) in enumerate(zip(lines, found, strict=True), start=1):
        if row is None or len(line) != width:
            raise FormatError(
                f"{path}: row {number} does not hold {width} numbers.", got=", ".join(line)[:60]
            )
    return np.array(found)


def _numbers(cells: list[str]) -> list[float] | None:
    found = [_number(cell) for cell in cells]
    return None if None in found else found  # type: ignore[return-value]


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _array(path: Path) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        raise FormatError(
            f"{path} is no array that can be read safely.", got=str(error).partition("\n")[0]
        ) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise FormatError(f"{path} holds no numbers.", got=str(getattr(array, "dtype", "archive")))
    return array.astype(np.float64)


def fitted(samples: np.ndarray, shape: tuple[int, ...], path: Path) -> np.ndarray:
    """Return samples as (N, *shape): one or many, flat or not.

    Raises:
        DataError: they have another shape.
    """
    size = math.prod(shape)
    fits = samples.size and (samples.shape in (shape, (*shape, 1)) or samples.shape[1:] == shape)
    flat = samples.ndim <= 2 and samples.size and samples.shape[-1:] == (size,)
    rows = samples.ndim > 1 and samples.size and math.prod(samples.shape[1:]) == size
    one = samples.ndim > 1 and samples.size == size  # (8, 8) pixels for 64 numbers
    if not (fits or flat or rows or one):
        raise DataError(
            f"{path} does not fit the model.",
            got=f"shape {samples.shape}",
            expected=f"samples of shape {shape}, or rows of {size} numbers",
        )
    return samples.reshape(-1, *shape)
