"""Digits: 1,797 handwritten digits, 8 x 8, which ship with the package."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from neurona.data.split import train_test_split
from neurona.datasets.card import Card
from neurona.errors import check_number

CARD = Card(
    name="digits",
    description="Handwritten digits, grey, 17 levels; inside the package, no download",
    samples=1_797,
    shape=(8, 8),
    classes=tuple("0123456789"),
    licence="CC BY 4.0",
    homepage="https://doi.org/10.24432/C50P49",
)

Pair = tuple[np.ndarray, np.ndarray]


def load_data(test_fraction: float = 0.2) -> tuple[Pair, Pair]:
    """Load the digits: ((x_train, y_train), (x_test, y_test)), always the same split.

    The split is stratified, `train_test_split(x, y, test_size=test_fraction, random_state=0,
    stratify=y)`: with 0.2 there are 1,437 and 360 images.

    Shapes: x (N, 8, 8) uint8, 0 paper to 16 ink (divide by 16); y (N,) int64, 0 to 9.
    Args:
        test_fraction: part for testing, in [0, 0.99]; 0 keeps all 1,797, in their order, to train.
    Raises:
        ArgumentError: test_fraction out of range.
        DataError: a fraction that leaves one of the parts without all ten classes.
    Source: Alpaydin and Kaynak 1998, UCI; the test set, as scikit-learn's `load_digits` has it.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    test_fraction = check_number("test_fraction", test_fraction, low=0.0, high=0.99)
    with (
        files("neurona.datasets").joinpath("embedded", "digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        x, y = archive["x"], archive["y"].astype(np.int64)
    if test_fraction == 0:
        return (x, y), (x[:0], y[:0])
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_fraction, random_state=0, stratify=y
    )
    return (x_train, y_train), (x_test, y_test)
