"""CIFAR-10: 60,000 small colour photos of ten things, 32 x 32."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.errors import FormatError

ARCHIVE = "cifar-10-binary.tar.gz"
INNER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)
RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes, row by row
MAX_FILE = 50_000 * RECORD
MAX_ARCHIVE = 2**28  # unpacked it has 185 MB

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
            expected=f"records of {RECORD} bytes, {MAX_FILE} bytes at most",
            hint="delete it and unpack the binary version again",
        )


class _Bounded:
    """A stream that refuses to give more than `limit` bytes: no archive is a bomb behind it."""

    def __init__(self, stream: gzip.GzipFile, path: Path, limit: int) -> None:
        self.stream, self.path, self.left = stream, path, limit

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(chunk)
        if self.left < 0:
            raise FormatError(
                f"{self.path}: the archive is far larger than CIFAR-10.",
                got=f"more than {MAX_ARCHIVE} bytes",
                hint=f"delete it and download {ARCHIVE} again",
            )
        return chunk


def _read_archive(path: Path) -> dict[str, bytes]:
    data: dict[str, bytes] = {}
    try:
        with open(path, "rb") as file, gzip.GzipFile(fileobj=file) as stream:
            bounded = _Bounded(stream, path, MAX_ARCHIVE)
            _read_members(bounded, path, data)  # type: ignore[arg-type]
    except FormatError:
        raise
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, RecursionError) as error:
        raise FormatError(
            f"{path}: the archive is damaged.",
            got=str(error),
            expected="the binary version of CIFAR-10",
            hint=f"delete it and download {ARCHIVE} again",
        ) from None
    missing = [name for name in TRAIN + TEST if name not in data]
    if missing:
        raise FormatError(
            f"{path}: the archive is not the binary version of CIFAR-10.",
            got=f"no {', '.join(missing)}",
            hint=f"download {ARCHIVE}, not the Python or MATLAB version",
        )
    return data


def _read_members(stream: BinaryIO, path: Path, data: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # read in passing: nothing is written
        for member in archive:
            name = PurePosixPath(member.name).name
            if member.isreg() and name in TRAIN + TEST and name not in data:
                _check_size(Path(os.fspath(path), name), member.size)
                content = archive.extractfile(member)
                data[name] = content.read() if content is not None else b""


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
