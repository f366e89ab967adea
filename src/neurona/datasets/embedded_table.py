"""Small tables that ship with the package: decimal numbers, kept as integers and powers of ten."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from neurona.data.split import train_test_split
from neurona.datasets.card import Card
from neurona.datasets.table import Table
from neurona.errors import check_number

Pair = tuple[np.ndarray, np.ndarray]


def read(card: Card, target: str) -> Table:
    """Return the whole table in its order; to the last bit as its decimals say."""
    with (
        files("neurona.datasets").joinpath("embedded", f"{card.name}.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        x = archive["x"].T / 10.0 ** archive["decimals"]  # exact integers by exact powers of ten
        y = archive["y"].astype(np.int64)
    return Table(np.ascontiguousarray(x), y, card.features, target, card.classes)


def parted(table: Table, test_fraction: float) -> tuple[Pair, Pair]:
    """Return samples for training and testing, always the same, with each class in both.

    Raises:
        ArgumentError: test_fraction out of range.
        DataError: a fraction that leaves one of the parts without some class.
    """
    test_fraction = check_number("test_fraction", test_fraction, low=0.0, high=0.99)
    x, y = table
    if test_fraction == 0:
        return (x, y), (x[:0], y[:0])
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_fraction, random_state=0, stratify=y
    )
    return (x_train, y_train), (x_test, y_test)
