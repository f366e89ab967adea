"""CIFAR-10: 60,000 small colour photos of ten things, 32 x 32."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

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
MAX_GROWTH, ALWAYS = 4, 2**26  # times larger unpacked than packed it may be; 64 MB in any case
MAX_MEMBERS = 100  # it has 9
_CHUNK, _BLOCK = 2**20, 512
_FIELDS = {"name": (0, 100), "size": (124, 136), "sum": (148, 156)}  # of a header of tar

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


class _Bounded:
    """A stream that refuses to give more than `limit` bytes: no archive is a bomb behind it."""

    def __init__(self, stream: gzip.GzipFile, path: Path, limit: int) -> None:
        self.stream, self.path, self.limit, self.left = stream, path, limit, limit

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        chunk = self.stream.read(min(size, self.left + 1))
        self.left -= len(chunk)
        if self.left < 0:
            raise FormatError(
                f"{self.path}: the archive is far larger than CIFAR-10.",
                got=f"more than {self.limit} bytes in {self.path.stat().st_size}",
                hint=f"delete it and download {ARCHIVE} again",
            )
        return chunk

    def whole(self, size: int) -> bytes:
        """Return so many bytes; an EOFError says how many there were."""
        found = bytearray()
        while len(found) < size:
            chunk = self.read(min(_CHUNK, size - len(found)))
            if not chunk:
                raise EOFError(f"{len(found):,} bytes of {size:,}")
            found += chunk
        return bytes(found)


def _read_archive(path: Path) -> dict[str, bytes]:
    stored = path.stat().st_size
    try:
        with gzip.open(path) as stream:
            limit = min(MAX_ARCHIVE, max(ALWAYS, MAX_GROWTH * stored))
            data = _read_members(_Bounded(stream, path, limit), path)
    except FormatError:
        raise
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise FormatError(
            f"{path}: the archive is damaged.",
            got=f"{error}; {stored:,} bytes",
            expected=f"the binary version of CIFAR-10, {CARD.files[0].size:,} bytes",
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


def _read_members(stream: _Bounded, path: Path) -> dict[str, bytes]:
    """Return the batches of a tar archive, read in passing: nothing is written.

    Plain files and their names are all that it needs of the format; what else there may be in an
    archive, such as links, long names and files with holes, is passed over.
    """
    data: dict[str, bytes] = {}
    for _ in range(MAX_MEMBERS):
        header = stream.whole(_BLOCK)
        if header == bytes(_BLOCK):
            break
        name, size = _member(header)
        rest = size + -size % _BLOCK
        if name in TRAIN + TEST and name not in data:
            _check_size(path / name, size)
            data[name] = stream.whole(size)
            rest -= size
        while rest:
            rest -= len(stream.whole(min(_CHUNK, rest)))
    while stream.read(_CHUNK):  # to the end, where the checksum is
        pass
    return data


def _member(header: bytes) -> tuple[str, int]:
    """Return the name of a plain file, without folders, or "", and the size of a member."""
    field = {k: header[a:b].partition(b"\0")[0].strip() for k, (a, b) in _FIELDS.items()}
    if int(field["sum"], 8) != sum(header) - sum(header[148:156]) + 8 * ord(" "):
        raise ValueError("a header of a member is damaged")
    if not field["size"].isdigit():  # such as a sign
        raise ValueError("the size of a member is damaged")
    plain = header[156:157] in (b"0", b"\0")
    name = PurePosixPath(field["name"].decode("utf-8", "replace")).name
    return name if plain else "", int(field["size"], 8)


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
