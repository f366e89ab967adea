"""Multi30k: what is seen in photos, told in English and in German."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.datasets.text_lines import read_lines
from neurona.errors import FormatError

SPLITS = ("train", "val", "test_2016_flickr")
LANGUAGES = ("en", "de")
CARD = Card(
    name="multi30k",
    description="Captions of photos, English and German: 29,000, 1,014 and 1,000 pairs",
    samples=31_014,
    shape=(),
    classes=(),
    licence="CC BY-NC-SA 4.0",
    homepage="https://github.com/multi30k/dataset",
    files=remote_files(
        ("https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/",),
        (
            "train.en.gz",
            568_929,
            "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
        ),
        (
            "train.de.gz",
            637_044,
            "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
        ),
        (
            "val.en.gz",
            21_650,
            "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
        ),
        (
            "val.de.gz",
            24_681,
            "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
        ),
        (
            "test_2016_flickr.en.gz",
            21_077,
            "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
        ),
        (
            "test_2016_flickr.de.gz",
            22_890,
            "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
        ),
    ),
)

Pairs = tuple[list[str], list[str]]


def load_data(folder: Folder | None = None) -> tuple[Pairs, Pairs, Pairs]:
    """Return sentences for training, validation and test (test_2016_flickr): (English, German).

    Args:
        folder: where the six `.gz` files, or a `multi30k/` with them, are. None looks into
            `multi30k/` of NEURONA_DATA and of the cache, and then downloads them (1.3 MB).
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged, or two of different lengths.
    Source: Elliott et al. 2016, "Multi30K: Multilingual English-German Image Descriptions".

    >>> (english, german), validation, test = load_data()  # doctest: +SKIP
    """
    place = obtain(CARD, is_complete, folder)
    train, validation, test = (_pairs(place, split) for split in SPLITS)
    return train, validation, test


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has all six files."""
    return all((folder / file.name).is_file() for file in CARD.files)


def _pairs(place: Path, split: str) -> Pairs:
    files = [place / f"{split}.{language}.gz" for language in LANGUAGES]
    english, german = (read_lines(file, "a sentence a line") for file in files)
    if len(english) != len(german):
        raise FormatError(
            f"{files[0]}: these are not the sentences of {files[1].name}.",
            got=f"{len(english)} and {len(german)} lines",
            expected="as many in both",
            hint="delete both and download them again",
        )
    return english, german
