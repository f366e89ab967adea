"""The list of data sets: what each is, under which licence, and whether it is here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurona.datasets import (
    boston_housing,
    breast_cancer,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    fsdd,
    imdb,
    iris,
    mnist,
    mnist_format,
    multi30k,
    names,
    reuters,
    series,
    tinyshakespeare,
    wine,
)
from neurona.datasets.card import Card
from neurona.datasets.locate import Folder, folders, locate


@dataclass(frozen=True)
class Entry:
    """A data set of the catalogue; `location` is where it is, or where a download would go."""

    name: str
    description: str
    samples: int
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    licence: str
    download_bytes: int
    available: bool
    location: Path


def catalog(folder: Folder | None = None) -> list[Entry]:
    """Return the data sets with a `load_data`, and whether each is on this machine.

    Args:
        folder: look there first, as `load_data(folder=...)` does.

    >>> entry = catalog()[0]
    >>> entry.name, entry.shape, entry.available
    ('digits', (8, 8), True)
    """
    embedded = Path(digits.__file__).with_name("embedded")
    return [
        *(_entry(module.CARD, embedded) for module in (digits, iris, wine, breast_cancer)),
        _entry(mnist.CARD, locate(mnist.CARD, mnist_format.is_complete, folder)),
        _entry(fashion_mnist.CARD, locate(fashion_mnist.CARD, mnist_format.is_complete, folder)),
        *(
            _entry(module.CARD, locate(module.CARD, module.is_complete, folder))
            for module in (
                cifar10, cifar100, imdb, reuters, boston_housing, california_housing,
                names, tinyshakespeare, multi30k, series, fsdd,
            )
        ),
    ]  # fmt: skip


def _entry(card: Card, found: Path | None) -> Entry:
    return Entry(
        name=card.name,
        description=card.description,
        samples=card.samples,
        shape=card.shape,
        classes=card.classes,
        licence=card.licence,
        download_bytes=sum(file.size or 0 for file in card.files),
        available=found is not None,
        location=found or folders(card.name)[-1],
    )
