"""Four IDX files, images and labels for training and testing: the form of MNIST and its kin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.datasets.card import Card
from neurona.datasets.idx import read_idx
from neurona.datasets.locate import Folder, obtain
from neurona.datasets.number_archive import NUMBERS, read_arrays
from neurona.errors import FormatError

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

Pair = tuple[np.ndarray, np.ndarray]


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has all four files, each with or without `.gz`."""
    return all(_path(folder, name).is_file() for name in NAMES)


def load(card: Card, folder: Folder | None) -> tuple[Pair, Pair]:
    """Load ((x_train, y_train), (x_test, y_test)) of a data set in this form.

    Shapes: x (N, H, W) uint8 with the card's H and W, y (N,) uint8 below its number of classes.
    Raises:
        FormatError: a file that is no such IDX file, or images and labels that do not match.
        MissingDataError: no files and no network.
    """
    place = obtain(card, is_complete, folder)
    train_x, train_y, test_x, test_y = (_path(place, name) for name in NAMES)
    return _pair(card, train_x, train_y), _pair(card, test_x, test_y)


def _path(folder: Path, name: str) -> Path:
    packed, plain = folder / name, folder / name.removesuffix(".gz")
    return plain if plain.is_file() and not packed.is_file() else packed


def load_archive(card: Card, path: Path) -> tuple[Pair, Pair]:
    """Load ((x_train, y_train), (x_test, y_test)) of the archive that Keras has of it.

    Raises:
        FormatError: it is something else.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    train_x, train_y, test_x, test_y = read_arrays(path, dict.fromkeys(names, NUMBERS))
    return (
        _checked(card, train_x, train_y, path / "x_train", path / "y_train"),
        _checked(card, test_x, test_y, path / "x_test", path / "y_test"),
    )


def _pair(card: Card, images: Path, labels: Path) -> Pair:
    return _checked(card, read_idx(images), read_idx(labels), images, labels)


def _checked(card: Card, x: np.ndarray, y: np.ndarray, images: Path, labels: Path) -> Pair:
    if x.dtype != np.uint8 or x.shape[1:] != card.shape:
        raise FormatError(
            f"{images}: these are not images of {card.name}.",
            got=f"{x.dtype} {x.shape}",
            expected=f"uint8 (N, {', '.join(map(str, card.shape))})",
        )
    if y.dtype != np.uint8 or y.shape != x.shape[:1]:
        raise FormatError(
            f"{labels}: these are not the labels of {images.name}.",
            got=f"{y.dtype} {y.shape}",
            expected=f"uint8 ({len(x)},)",
        )
    if y.size and y.max() >= len(card.classes):
        raise FormatError(
            f"{labels}: a label is no class of {card.name}.",
            got=str(y.max()),
            expected=f"0 to {len(card.classes) - 1}",
        )
    return x, y
