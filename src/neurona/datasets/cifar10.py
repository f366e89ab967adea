"""CIFAR-10: 60,000 small colour photos of ten things, 32 x 32."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.datasets import packed
from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.errors import FormatError

ARCHIVE = "cifar-10-binary.tar.gz"
INNER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes, row by row
BATCH, MAX_FILE = 10_000 * RECORD, 50_000 * RECORD
MAX_ARCHIVE = 2**28  # unpacked it has 185 MB
MAX_MEMBERS = 100  # it has 9

# The binary version: the other two need pickle or MATLAB. The authors print the MD5 sum
# c32a1d4ab5d03f1284b67883e8d87530; the SHA-256 sum is that of the same file.
CARD = Card(
    name="cifar10",
    description="Colour photos of animals and vehicles, 50,000 for training, 10,000 for testing",
    samples=60_000,
    shape=(32, 32, 3),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    licence="none stated; cite Krizhevsky 2009",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    files=remote_files(
        (
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ),
        (
            ARCHIVE,
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
)

Pair = tuple[np.ndarray, np.ndarray]


def load_data(folder: Folder | None = None) -> tuple[Pair, Pair]:
    """Load CIFAR-10: ((x_train, y_train), (x_test, y_test)), as Keras returns it.

    Shapes: x (50000, 32, 32, 3) and (10000, 32, 32, 3) uint8; y (N, 1) uint8, a place in
    `CARD.classes`.
    Args:
        folder: where `cifar-10-binary.tar.gz`, `cifar-10-batches-bin/` or the six `.bin` files
            are, or a `cifar10/` with them. None looks into `cifar10/` of NEURONA_DATA and of the
            cache, and then downloads the archive (162 MB). Nothing is unpickled or unpacked.
    Raises:
        MissingDataError: no files and no network.
        FormatError: a file that is damaged.
    Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    place = obtain(CARD, is_complete, folder)
    unpacked = _unpacked(place)
    if unpacked is not None:
        data = {name: _read_file(unpacked / name) for name in TRAIN + TEST}
    else:
        data = _read_archive(place / ARCHIVE)
    _check_alike(data, place)
    return _pair(data, TRAIN), _pair(data, TEST)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the archive or all six binary files."""
    return (folder / ARCHIVE).is_file() or _unpacked(folder) is not None


def _unpacked(folder: Path) -> Path | None:
    for place in (folder, folder / INNER):
        if all((place / name).is_file() for name in TRAIN + TEST):
            return place
    return None


def _read_file(path: Path) -> bytes:
    _check_size(path, path.stat().st_size)
    return path.read_bytes()


def _check_size(path: Path, size: int) -> None:
    if size == 0 or size % RECORD or size > MAX_FILE:
        raise FormatError(
            f"{path}: this is not a CIFAR-10 batch.",
            got=f"{size} bytes",
            expected=f"{BATCH} bytes, or another number of records of {RECORD} bytes up to "
            f"{MAX_FILE}",
            hint="delete it and unpack the binary version again",
        )


def _check_alike(data: dict[str, bytes], place: Path) -> None:
    """Refuse a batch that was cut off between two records: all have as many."""
    most = max(map(len, data.values()))
    short = [name for name in TRAIN + TEST if len(data[name]) < most]
    if short:
        raise FormatError(
            f"{place}: {', '.join(short)} of CIFAR-10 is cut off, or the others are no batches.",
            got=f"{len(data[short[0]])} bytes",
            expected=f"{most}, as {max(data, key=lambda name: len(data[name]))}",
            hint="delete them and unpack the binary version again",
        )


def _read_archive(path: Path) -> dict[str, bytes]:
    def takes(name: str, size: int) -> bool:
        if name in TRAIN + TEST:
            _check_size(path / name, size)
        return name in TRAIN + TEST

    expected = f"the binary version of CIFAR-10, {CARD.files[0].size:,} bytes"
    data = dict(packed.members(path, takes, expected, MAX_MEMBERS, MAX_ARCHIVE))
    missing = [name for name in TRAIN + TEST if name not in data]
    if missing:
        raise FormatError(
            f"{path}: the archive is not the binary version of CIFAR-10.",
            got=f"no {', '.join(missing)}",
            hint=f"download {ARCHIVE}, not the Python or MATLAB version",
        )
    return data


def _pair(data: dict[str, bytes], names: tuple[str, ...]) -> Pair:
    records = np.concatenate(
        [np.frombuffer(data[name], np.uint8).reshape(-1, RECORD) for name in names]
    )
    y = records[:, :1].copy()
    if y.max() >= len(CARD.classes):
        raise FormatError(
            f"a label in {', '.join(names)} is no class of CIFAR-10.",
            got=str(y.max()),
            expected="0 to 9",
            hint="the files of CIFAR-100 have another form",
        )
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), y
