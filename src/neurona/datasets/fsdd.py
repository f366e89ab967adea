"""The Free Spoken Digit Dataset: people say the digits 0 to 9, each fifty times."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurona.data.download import RemoteFile
from neurona.data.sound import read_sound
from neurona.datasets import packed
from neurona.datasets.card import Card
from neurona.datasets.locate import Folder, obtain
from neurona.errors import FormatError

ARCHIVE, INNER = "recordings.tar.gz", "recordings"
SAMPLE_RATE = 8000
MAX_FILE, MAX_ARCHIVE, MAX_MEMBERS = 2**20, 2**27, 20_000
_NAME = re.compile(r"([0-9])_([a-z]+)_([0-9]{1,4})\.wav")
_TEST = 5  # recordings 0 to 4 of each speaker and digit are the official test set

CARD = Card(
    name="fsdd",
    description="Spoken digits, 8 kHz, 2,500 recordings of five people (3,000 of six, if found)",
    samples=2_500,
    shape=(),
    classes=tuple("0123456789"),
    licence="CC BY-SA 4.0",
    homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files=(
        RemoteFile(
            ARCHIVE,
            11_975_353,
            "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
            ("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",),
        ),
    ),
)

Split = tuple[list[np.ndarray], np.ndarray]


def load_data(folder: Folder | None = None) -> tuple[Split, Split]:
    """Load the recordings: ((x_train, y_train), (x_test, y_test)), in the official split.

    Shapes: x: a list of float32 arrays (N_i,) in [-1, 1], 8,000 samples a second; y (count,) uint8.
    Args:
        folder: where `recordings.tar.gz` or `recordings/` is, or an `fsdd/` with one. None looks
            into `fsdd/` of NEURONA_DATA and of the cache, and then downloads the archive (12 MB).
    Raises:
        MissingDataError: no recordings and no network, or no library soundfile.
        FormatError: a file that is damaged.
    Source: Jackson et al. 2018, "Free Spoken Digit Dataset".
    """
    place = obtain(CARD, is_complete, folder)
    found: dict[str, Any] = {}
    for name, content in _contents(place):
        samples, rate = read_sound(io.BytesIO(content))
        if rate != SAMPLE_RATE:
            raise FormatError(
                f"{place}: {name} has another sample rate.",
                got=f"{rate} Hz",
                expected=f"{SAMPLE_RATE} Hz",
            )
        found[name] = samples
    splits: list[Any] = [([], []), ([], [])]
    for name in sorted(found, key=_order):
        digit, _, number = _parts(name)
        x, y = splits[number < _TEST]
        x.append(found[name])
        y.append(digit)
    if not (splits[0][0] and splits[1][0]):
        raise FormatError(
            f"{place}: the recordings are not all there.",
            got=f"{len(splits[0][0])} for training, {len(splits[1][0])} for tests",
            hint=f"delete them and download {ARCHIVE} again",
        )
    (x, y), (x_test, y_test) = splits
    return (x, np.array(y, np.uint8)), (x_test, np.array(y_test, np.uint8))


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the archive or the recordings."""
    return (folder / ARCHIVE).is_file() or (folder / INNER).is_dir()


def _contents(place: Path) -> Iterator[tuple[str, bytes]]:
    if (place / INNER).is_dir():
        for path in (place / INNER).iterdir():
            if _NAME.fullmatch(path.name) and path.is_file():
                _check_size(path, path.stat().st_size)
                yield path.name, path.read_bytes()
        return
    path = place / ARCHIVE

    def takes(name: str, size: int) -> bool:
        if _NAME.fullmatch(name):
            _check_size(path / name, size)
        return _NAME.fullmatch(name) is not None

    yield from packed.members(path, takes, "recordings in a tar.gz", MAX_MEMBERS, MAX_ARCHIVE)


def _check_size(path: Path, size: int) -> None:
    if size > MAX_FILE:
        raise FormatError(
            f"{path}: a digit is not that long.",
            got=f"{size} bytes",
            expected=f"{MAX_FILE} at most",
        )


def _parts(name: str) -> tuple[int, str, int]:
    digit, speaker, number = _NAME.fullmatch(name).groups()  # type: ignore[union-attr]
    return int(digit), speaker, int(number)


def _order(name: str) -> tuple[int, str, int]:
    digit, speaker, number = _parts(name)
    return number, speaker, digit
