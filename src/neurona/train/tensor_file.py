"""Arrays by name in one safetensors file: written as a whole or not at all, read with suspicion.

The safetensors library reads and writes the format; it checks the header's length, every shape and
every offset against the size of the file before anything is taken from it, and runs nothing.
"""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors.numpy import save

from neurona.core import origin
from neurona.errors import ArgumentError, FormatError, StateError, check_file
from neurona.files import write_bytes
from neurona.strict_json import read_json, write_json

# The library writes metadata in a new order in each process; in one entry they have one order, so
# that equal models are equal files.
_METADATA = "neurona"
_SUMS, _SUM = "checksums", "checksum"  # of the arrays by name; of all other metadata
ALWAYS = 2**26  # bytes that names and texts may need in memory in any case
_BYTES_OF_A_TENSOR = 1500  # in Python's objects, with its checksums, and without its elements
_MAX_HEADER = 100_000_000  # bytes, says the format
_MAX_AXES = 64  # NumPy's limit
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
    "I16": "<i2", "I8": "<i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1", "BOOL": "<u1",
}  # fmt: skip
_CODES = {np.dtype(t): c for c, t in _TYPES.items() if c not in ("BF16", "BOOL")}
_CODES[np.dtype(bool)] = "BOOL"
_FOREIGN = {  # how files begin that people have, too; ours with their length in 8 bytes
    b"\x89HDF": "an HDF5 file, such as the .h5 files of Keras",
    b"PK\x03\x04": "a ZIP archive, such as .keras, .npz and PyTorch's .pt files",
    b"\x80[\2-\5](?!\0{6})": "a pickle, which could run any code",
    b"\x93NUMPY": "an array of NumPy",
    rb"[\t\r\n -~]{8}": "a text",
}


def write_tensors(
    path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> None:
    """Replace the file by these arrays, as a whole or not at all; see `files.replacing`.

    The metadata get a checksum of each array and one of themselves, so that damage is found.

    Raises:
        StorageError: if the file cannot be written.
        StateError: if names and metadata are longer than the format allows.
    """
    whole = {name: _as_written(np.asarray(array)) for name, array in arrays.items()}
    sums = {n: _checksum(_CODES.get(a.dtype, a.dtype.name), a.shape, a) for n, a in whole.items()}
    told = {**(metadata or {}), _SUMS: write_json(sums, sort_keys=True)}
    text = write_json({**told, _SUM: _sum_of(told)}, sort_keys=True)
    try:
        content = save(whole, {_METADATA: text})
    except safetensors.SafetensorError as error:
        raise StateError(
            f"{path.name} cannot be written: the names and settings are too long for the format.",
            got=f"{len(whole):,} arrays, {len(text):,} characters of settings",
            expected="less than 100 million bytes",
        ) from error
    write_bytes(path, content)


def _as_written(array: np.ndarray) -> np.ndarray:
    # order="C" keeps arrays without axes as they are
    return np.asarray(array, array.dtype.newbyteorder("<"), order="C")


def read_tensors(
    path: Path, *, checked: bool = False, max_bytes: int | None = None
) -> tuple[dict[str, np.ndarray], dict]:
    """Return the arrays in a file, and its metadata.

    A file of another library has no checksums: it is read all the same, with a warning.

    Args:
        path: the file.
        checked: refuse a file without checksums.
        max_bytes: refuse a file that needs more memory than that for its names and texts, in
            Python's objects; None takes 64 MB, or four times what they have in the file.

    Raises:
        FormatError: if it is no safetensors file, is damaged, or has more names and texts.
        MissingDataError: if there is no such file.
    """
    content = check_file(path).read_bytes()
    metadata = _metadata(path, content, max_bytes)
    try:
        entries = safetensors.deserialize(content)
    except safetensors.SafetensorError as error:
        declared = _declared(content)
        cut = f"it is cut off, {len(content):,} bytes of {declared:,}"
        raise _foreign(path, content, cut if declared > len(content) else str(error)) from None
    del content  # the library has copied it
    total = metadata.pop(_SUM, None)
    if total is not None:
        _check_sums(path, entries, metadata, total)
    elif checked:
        raise _broken(path, "it has no checksums")
    arrays = {name: _array(path, name, entry) for name, entry in entries}
    if total is None:
        origin.warn(
            f"{path.name} has no checksums, such as neurona writes: damage would go unseen. "
            "Saving it again adds them.",
        )
    return arrays, metadata


def _declared(content: bytes) -> int:
    """Return how many bytes a file says that it has, as far as it can be read; 0 if it does not."""
    if len(content) < 8:
        return 8
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        return 8 + length if length < _MAX_HEADER else 0
    try:
        header = read_json(content[8 : 8 + length], "header")
        ends = [e["data_offsets"][1] for n, e in header.items() if n != "__metadata__"]
        return 8 + length + max(ends, default=0)
    except (FormatError, AttributeError, LookupError, TypeError):
        return 0


def _check_sums(path: Path, entries: list, metadata: dict[str, str], total: str) -> None:
    if total != _sum_of(metadata):
        raise _broken(path, "the checksum of its metadata differs")
    known = _parsed(metadata.pop(_SUMS, "null"), path)
    if not isinstance(known, dict):
        raise _broken(path, "it has no checksums of its arrays")
    found = {n: _checksum(e["dtype"], tuple(e["shape"]), e["data"]) for n, e in entries}
    if wrong := [n for n in {**known, **found} if known.get(n) != found.get(n)]:
        raise _broken(path, f"the checksum of {wrong[0][:60]!r} differs")


def _metadata(path: Path, content: bytes, max_bytes: int | None) -> dict[str, str]:
    """Return the texts beside the arrays."""
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        return {}  # the library says what is wrong
    header = _parsed(content[8 : 8 + length], path)
    if not isinstance(header, dict):
        raise _broken(path, "its header is no object")
    _check_count(path, len(header), length, max_bytes)
    found = header.get("__metadata__") or {}
    if isinstance(found, dict) and isinstance(found.get(_METADATA), str):
        found = _parsed(found[_METADATA], path)
        if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
            raise _broken(path, "its metadata are no texts")
    return found


def _check_count(path: Path, tensors: int, length: int, max_bytes: int | None) -> None:
    most = max(ALWAYS, 4 * length) if max_bytes is None else max_bytes
    if (needed := tensors * _BYTES_OF_A_TENSOR) > most:
        raise FormatError(
            f"{path.name} has more arrays than reading it may take memory for.",
            got=f"{tensors:,} arrays, some {needed:,} bytes without their elements",
            expected=f"{most:,} bytes at most",
            hint=f"max_bytes={needed}, if you trust the file",
        )


def _parsed(text: bytes | str, path: Path) -> Any:
    try:
        return read_json(text, path.name)
    except FormatError as error:
        raise _broken(path, f"its JSON cannot be read, {error.got}") from None


def _checksum(code: str, shape: tuple[int, ...], data: Any) -> int:
    """Return the CRC-32 of an array: its type and shape, and the bytes of its elements."""
    crc = zlib.crc32(f"{code}{list(shape)}".encode())
    if isinstance(data, np.ndarray):
        data = data.reshape(-1).view(np.uint8).data
    return zlib.crc32(data, crc)


def _sum_of(metadata: dict[str, str]) -> str:
    return str(zlib.crc32(write_json(metadata, sort_keys=True).encode()))


def _array(path: Path, name: str, entry: dict[str, Any]) -> np.ndarray:
    dtype = entry["dtype"]
    if dtype not in _TYPES:
        raise _broken(path, f"{name[:60]!r} is of the type {dtype}, which neurona has not")
    found = np.frombuffer(entry["data"], _TYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32
        found = (found.astype("<u4") << 16).view("<f4")
    if len(entry["shape"]) > _MAX_AXES:
        raise _broken(path, f"{name[:60]!r} has {len(entry['shape'])} axes")
    return (found != 0 if dtype == "BOOL" else found).reshape(entry["shape"])


def _foreign(path: Path, content: bytes, why: str) -> FormatError:
    for signature, kind in _FOREIGN.items():
        if re.match(signature, content):
            return FormatError(
                f"{path.name} is no file of neurona.",
                got=kind,
                expected="a safetensors file, as model.save writes",
                hint="read its arrays with the library that wrote it, then set_weights",
            )
    return _broken(path, why.removeprefix("Error while deserializing: "))


def as_path(path: Any) -> Path:
    """Return what the user gave as the path of a file.

    Raises:
        ArgumentError: if it is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError("a file is given by its path.", got=repr(path)[:60])
    found = Path(os.fspath(path))
    if not found.name:  # "" and "."
        raise ArgumentError("a file has a name.", got=repr(os.fspath(path)))
    return found


def _broken(path: Path, why: str) -> FormatError:
    return FormatError(
        f"{path.name} is no safetensors file, or it is damaged: {why}.",
        hint="use another copy of the file, or save the model again",
    )
