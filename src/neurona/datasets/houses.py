"""Tables of houses and their prices: what boston_housing and california_housing have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.datasets.number_archive import NUMBERS, read_arrays
from neurona.errors import ArgumentError, FormatError, check_number

Pair = tuple[np.ndarray, np.ndarray]


def read_table(path: Path, columns: int) -> Pair:
    """Return x (N, columns) and y (N,) of an archive.

    Raises:
        FormatError: a file that is no such table.
    """
    x, y = read_arrays(path, {"x": NUMBERS, "y": NUMBERS})
    if x.ndim != 2 or x.shape[1] != columns or y.shape != x.shape[:1]:
        raise FormatError(
            f"{path}: this is not the table that it should be.",
            got=f"x {x.shape}, y {y.shape}",
            expected=f"x (N, {columns}), y (N,)",
            hint="delete it and download it again",
        )
    return x, y


def check_test_split(test_split: float) -> float:
    """Return the part for testing, which is in [0, 1).

    Raises:
        ArgumentError: it is not.
    """
    test_split = check_number("test_split", test_split, low=0.0, high=1.0)
    if test_split == 1:
        raise ArgumentError("test_split is below 1.", got="1", hint="test_split=0.2")
    return test_split


def parted(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> tuple[Pair, Pair]:
    """Return the samples in Keras's order of a seed, the last ones for testing."""
    order = np.arange(len(x))
    as_random_state(seed).shuffle(order)
    size = int(len(x) * (1 - test_split))
    train, test = order[:size], order[size:]
    return (x[train], y[train]), (x[test], y[test])
