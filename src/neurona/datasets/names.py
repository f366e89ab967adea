"""First names: 32,033 of them, for models that invent more."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.datasets.text_lines import read_lines

FILE = "names.txt"
CARD = Card(
    name="names",
    description="First names in lower case, the most common of the United States in 2018",
    samples=32_033,
    shape=(),
    classes=(),
    licence="public domain",
    homepage="https://www.ssa.gov/oact/babynames",
    files=remote_files(
        ("https://raw.githubusercontent.com/karpathy/makemore/988aa59/",),
        (FILE, 228_145, "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"),
    ),
)


def load_data(folder: Folder | None = None) -> list[str]:
    """Return the names, the most common ones first.

    Args:
        folder: where `names.txt`, or a `names/` with it, is. None looks into `names/` of
            NEURONA_DATA and of the cache, and then downloads it (0.2 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    Source: US Social Security Administration, as collected by Karpathy's makemore.
    """
    place = obtain(CARD, is_complete, folder)
    return [name for name in read_lines(place / FILE, "a name a line") if name]


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the file."""
    return (folder / FILE).is_file()
