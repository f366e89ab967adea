"""gzip and tar files from anybody: nothing is written, and never more is unpacked than expected."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from neurona.errors import FormatError, check_file

MAX_GROWTH, ALWAYS = 4, 2**26  # times larger unpacked than packed it may be; 64 MB in any case
_CHUNK, _BLOCK = 2**20, 512
_FIELDS = {"name": (0, 100), "size": (124, 136), "sum": (148, 156)}  # of a header of tar


def read_packed(path: Path, expected: str, limit: int = ALWAYS) -> bytes:
    """Return the bytes of a file, unpacked if it is gzip.

    Raises:
        FormatError: damaged, or more than `limit` bytes.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "x.gz")
    >>> _ = path.write_bytes(gzip.compress(b"text"))
    >>> read_packed(path, "a text")
    b'text'
    """
    path = check_file(path)
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    stored = path.stat().st_size
    try:
        with gzip.open(path) if packed else open(path, "rb") as stream:
            return b"".join(_Bounded(stream, path, min(limit, max(ALWAYS, MAX_GROWTH * stored))))
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, FormatError):
            raise
        raise _damaged(path, error, expected) from None


def members(
    path: Path, takes: Callable[[str, int], bool], expected: str, most: int, limit: int
) -> Iterator[tuple[str, bytes]]:
    """Yield the plain files of a tar.gz archive: the name without folders, and the content.

    Plain files and their names are all that is needed of the format; what else there may be in an
    archive, such as links, long names and files with holes, is passed over.

    Args:
        path: the archive.
        takes: whether a file of such a name and size is wanted; may raise.
        expected: what it should be, for messages.
        most: how many members are looked at.
        limit: bytes that it may have unpacked.
    Raises:
        FormatError: damaged, or larger than `limit`.
    """
    stored = path.stat().st_size
    try:
        with gzip.open(path) as file:
            stream = _Bounded(file, path, min(limit, max(ALWAYS, MAX_GROWTH * stored)))
            for _ in range(most):
                header = stream.whole(_BLOCK)
                if header == bytes(_BLOCK):
                    break
                name, size = _member(header)
                rest = size + -size % _BLOCK
                if name and takes(name, size):
                    yield name, stream.whole(size)
                    rest -= size
                while rest:
                    rest -= len(stream.whole(min(_CHUNK, rest)))
            for _ in stream:  # to the end, where the checksum is
                pass
    except (EOFError, OSError, zlib.error, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise _damaged(path, error, expected) from None


class _Bounded:
    """A stream that refuses to give more than `limit` bytes: no archive is a bomb behind it."""

    def __init__(self, stream: Any, path: Path, limit: int) -> None:
        self.stream, self.path, self.limit, self.left = stream, path, limit, limit

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(_CHUNK):
            yield chunk

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        chunk = self.stream.read(min(size, self.left + 1))
        self.left -= len(chunk)
        if self.left < 0:
            raise FormatError(
                f"{self.path}: there is far more in it than expected.",
                got=f"more than {self.limit} bytes in {self.path.stat().st_size}",
                hint="delete it and download it again",
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


def _damaged(path: Path, error: Exception, expected: str) -> FormatError:
    return FormatError(
        f"{path}: the archive is damaged.",
        got=f"{error}; {path.stat().st_size:,} bytes",
        expected=expected,
        hint="delete it and download it again",
    )
