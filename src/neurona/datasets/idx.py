"""IDX, the format of MNIST: a magic number, the sizes, then the raw numbers, big endian.

A file is hostile until shown otherwise: what the header declares is held against a limit and the
size of the file before memory is taken, memory is taken as data come, and no more than that is ever
decompressed.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from neurona.errors import DtypeError, FormatError, check_file
from neurona.files import write_bytes

# third byte of the magic number; http://yann.lecun.com/exdb/mnist, "the IDX file format"
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_RANK = 8
MAX_BYTES = 2**31
_MAX_DEFLATE = 1032  # no deflate stream grows by more, says zlib's documentation
MAX_GROWTH, ALWAYS = 4, 2**26  # gzip files may be so many times larger unpacked; 64 MB in any case
_CHUNK = 2**20


def read_idx(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> np.ndarray:
    """Read an IDX file, plain or gzip, told apart by its first bytes.

    Shapes: the file's, 1 to 8 axes; the element type is the file's in this machine's byte order.
    Args:
        path: the file.
        max_bytes: refuse more data than that. None takes 2 GiB; of a gzip file 64 MB (MNIST has 47)
            or four times its size, since a few kilobytes can unpack to gigabytes.
    Raises:
        FormatError: no IDX file, truncated, too long, or sizes that cannot be.
        MissingDataError: there is no such file.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "x.idx")
    >>> write_idx(path, np.array([[1, 2, 3]], np.uint8))
    >>> read_idx(path).tolist()
    [[1, 2, 3]]
    """
    path = check_file(path)
    stored = path.stat().st_size
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            return _read(file, path, stored, stored, max_bytes or MAX_BYTES)
        if max_bytes is None:
            max_bytes = min(max(ALWAYS, MAX_GROWTH * stored), MAX_BYTES)
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                most = stored * _MAX_DEFLATE
                return _read(stream, path, stored, most, max_bytes)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FormatError(
                f"{path}: the gzip file is damaged.",
                got=f"{error}; {stored:,} bytes",
                expected="a whole gzip file",
                hint="delete it and download it again",
            ) from None


def _read(file: BufferedIOBase, path: Path, stored: int, most: int, max_bytes: int) -> np.ndarray:
    """Read header and data of a file of `stored` bytes that can hold `most` when unpacked."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise FormatError(
            f"{path}: this is not an IDX file.",
            got=f"the first bytes {magic.hex(' ')}" if magic else "an empty file",
            expected="00 00, a type (08 09 0b 0c 0d 0e) and the number of axes",
            hint="a web page saved by mistake? delete it and download it again",
        )
    dtype, rank = np.dtype(TYPES[magic[2]]), magic[3]
    if not 1 <= rank <= MAX_RANK:
        raise FormatError(
            f"{path}: an IDX file cannot have that many axes.",
            got=str(rank),
            expected=f"1 to {MAX_RANK}",
        )
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise _truncated(path, len(sizes), 4 * rank, "the sizes")
    shape = struct.unpack(f">{rank}I", sizes)
    length = math.prod(shape) * dtype.itemsize
    if math.prod(max(n, 1) for n in shape) >= 2**62:  # also with a size of 0, for NumPy
        raise _declares(path, shape, dtype, "sizes that no array has")
    if 4 + 4 * rank + length > most:
        raise _declares(path, shape, dtype, f"{length:,} bytes, in a file of {stored:,} bytes")
    if length > max_bytes:
        raise FormatError(
            f"{path}: the data are larger than max_bytes.",
            got=f"shape {shape} of {dtype.name}, {length} bytes",
            expected=f"{max_bytes} at most",
            hint=f"max_bytes={length}, if you trust the file",
        )
    data = bytearray()
    while len(data) < length:
        try:
            chunk = file.read1(min(_CHUNK, length - len(data)))  # what there is before a cut, too
        except EOFError:  # of a gzip file that was cut off
            raise _truncated(path, len(data), length, f"the data, after {stored:,} bytes") from None
        if not chunk:
            raise _truncated(path, len(data), length, "the data")
        data += chunk
    if file.read(1):
        raise FormatError(
            f"{path}: there is more behind the data.",
            got="trailing bytes",
            expected=f"shape {shape} of {dtype.name}, {length} bytes, and the end",
            hint="delete it and download it again",
        )
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _declares(path: Path, shape: tuple[int, ...], dtype: np.dtype, what: str) -> FormatError:
    return FormatError(
        f"{path}: the header declares more data than the file can hold.",
        got=f"shape {shape} of {dtype.name}, {what}",
        hint="delete it and download it again",
    )


def _truncated(path: Path, got: int, expected: int, what: str) -> FormatError:
    return FormatError(
        f"{path}: the file ends within {what}.",
        got=f"{got} bytes",
        expected=f"{expected} bytes",
        hint="delete it and download it again",
    )


def write_idx(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Write an array as an IDX file, gzip if the name ends in .gz, the same bytes each time.

    Shapes: array of 1 to 8 axes.
    Args:
        path: the file, overwritten.
        array: numbers of one of the six types of IDX: u1, i1, i2, i4, f4, f8.
    Raises:
        DtypeError: another type, or no axis, or more than 8.
    """
    array = np.asarray(array)
    codes = {np.dtype(name).newbyteorder("="): code for code, name in TYPES.items()}
    if array.dtype.newbyteorder("=") not in codes or not 1 <= array.ndim <= MAX_RANK:
        raise DtypeError(
            "an IDX file cannot hold this array.",
            got=f"{array.dtype} {array.shape}",
            expected=f"{', '.join(str(d) for d in codes)} with 1 to {MAX_RANK} axes",
        )
    code = codes[array.dtype.newbyteorder("=")]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = header + array.astype(TYPES[code]).tobytes()
    if os.fspath(path).endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    write_bytes(Path(path), data)
