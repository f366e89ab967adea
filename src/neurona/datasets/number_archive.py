"""NumPy's .npz archives from anybody: arrays of numbers, and arrays of lists of integers."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurona.datasets.integer_lists import integer_lists
from neurona.datasets.packed import ALWAYS, MAX_GROWTH
from neurona.errors import FormatError, check_file

NUMBERS, LISTS = "numbers", "lists of integers"
_MAX_HEADER = 10_000


def read_arrays(
    path: str | os.PathLike[str], members: Mapping[str, str], limit: int = 2**28
) -> list[Any]:
    """Return arrays of an archive: NumPy arrays, or lists of lists of integers.

    Args:
        path: the archive.
        members: the name of each array, and what it is of: NUMBERS or LISTS.
        limit: bytes that they may have together when they are unpacked; 64 MB, or four times the
            size of the file, are enough for less.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is damaged, holds something else, or far more than expected.
    """
    path = check_file(path)
    stored = path.stat().st_size
    left = min(limit, max(ALWAYS, MAX_GROWTH * stored))
    try:
        found = []
        with zipfile.ZipFile(path) as archive:
            for name, kind in members.items():
                content = _member(archive, f"{name}.npy", left)
                left -= len(content)
                found.append(_array(content, kind, name))
        return found
    except (
        zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, RuntimeError
    ) as error:  # fmt: skip
        reason = error.args[0] if isinstance(error, KeyError) and error.args else error
        raise FormatError(
            f"{path}: this is not the archive that it should be.",
            got=f"{reason}; {stored:,} bytes",
            expected=", ".join(f"{name} ({kind})" for name, kind in members.items()),
            hint="delete it and download it again",
        ) from None


def numbered_arrays(path: str | os.PathLike[str], limit: int) -> list[np.ndarray]:
    """Return the arrays that `np.savez(path, *arrays)` wrote, in their order.

    Args:
        path: the archive.
        limit: bytes that they may have together.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is damaged, or holds other arrays.
    """
    path = check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            count = len(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FormatError(f"{path}: this is no archive of arrays.", got=str(error)) from None
    return read_arrays(path, {f"arr_{number}": NUMBERS for number in range(count)}, limit)


def _member(archive: zipfile.ZipFile, name: str, left: int) -> bytes:
    size = archive.getinfo(name).file_size
    if size > left:
        raise ValueError(f"{name} would have {size:,} bytes, {left:,} at most")
    with archive.open(name) as stream:  # ends at the size that it says, and checks its sum
        content = stream.read(size + 1)
    if len(content) != size:
        raise EOFError(f"{len(content):,} bytes of {size:,} in {name}")
    return content


def _array(content: bytes, kind: str, name: str) -> Any:
    """Return the array of an .npy file."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"{name} has an unknown version")
    # versions 2 and 3 have the same length of the header, which is all that differs for us
    read = np.lib.format.read_array_header_1_0
    if version > (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file, max_header_size=_MAX_HEADER)
    if kind == LISTS:
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(f"{name} is {dtype} {shape}")
        lists = integer_lists(content[file.tell() :])
        if shape != (len(lists),):
            raise ValueError(f"{name} is {shape}, and has {len(lists)} lists")
        return lists
    if dtype.kind not in "biuf":
        raise ValueError(f"{name} is {dtype} {shape}")
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or count * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name} is {dtype} {shape}, of {len(content) - file.tell():,} bytes")
    values = np.frombuffer(content, dtype, offset=file.tell())
    return values.reshape(shape, order="F" if fortran else "C").copy()
