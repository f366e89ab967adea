"""Arrays by name in one safetensors file: written as a whole or not at all, read with suspicion.

    8 bytes: length of the header; header: JSON {name: {dtype, shape, data_offsets}}; the data

Reading runs nothing and allocates nothing that the file does not hold: the header's length, every
name, type, shape and offset is checked against the size of the file first.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from neurona.errors import FormatError

MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors library too
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
    "I16": "<i2", "I8": "<i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1", "BOOL": "<u1",
}  # fmt: skip
_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8",
    "bool": "BOOL",
}  # fmt: skip


def write_tensors(
    path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> None:
    """Replace the file by these arrays.

    They are written under another name in the same folder and synchronised to the disk first, so
    that at any moment the file is either the old or the new one.
    """
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))  # aligned
    place = 0
    for name, array in ordered:
        entry = {"dtype": _NAMES[array.dtype.name], "shape": list(array.shape)}
        header[name] = {**entry, "data_offsets": [place, place + array.nbytes]}
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, array in ordered:
                little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
                file.write(little.reshape(-1).view(np.uint8).data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _synchronise(path.parent)


def _synchronise(folder: Path) -> None:
    """Write the folder's list of names to the disk, where the system can do that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays in a file, and its metadata.

    Raises:
        FormatError: if it is no safetensors file, or is damaged.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER + 1
        if length > min(MAX_HEADER, size - 8):
            raise _broken(path, "its header is longer than the file" if size > 8 else "it is empty")
        header = parse_json(file.read(length), path)
        data = np.fromfile(file, np.uint8)
    if not isinstance(header, dict):
        raise _broken(path, "its header is no table of arrays")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _broken(path, "its metadata are no texts")
    arrays: dict[str, np.ndarray] = {}
    ranges: list[tuple[int, int]] = []
    for name, entry in header.items():
        begin, end = _range(path, name, entry, len(data))
        ranges.append((begin, end))
        arrays[name] = _array(entry["dtype"], data[begin:end]).reshape(entry["shape"])
    place = 0
    for begin, end in sorted(ranges):
        if begin != place:
            raise _broken(path, "its arrays overlap or leave gaps")
        place = end
    if place != len(data):
        raise _broken(path, "there is more data than its arrays need")
    return arrays, metadata


def _range(path: Path, name: str, entry: Any, size: int) -> tuple[int, int]:
    """Return where an array's bytes are, after checking what the header says about it."""
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [begin, end]}:
            numbers = [*shape, begin, end]
            if dtype in _TYPES and all(type(n) is int and 0 <= n < 2**63 for n in numbers):
                width = np.dtype(_TYPES[dtype]).itemsize
                fits = len(shape) <= 32 and math.prod(shape) * width == end - begin
                if fits and begin <= end <= size:
                    return begin, end
    raise _broken(path, f"the entry of {name[:60]!r} is not valid")


def _array(dtype: str, data: np.ndarray) -> np.ndarray:
    found = np.frombuffer(data.tobytes(), _TYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32
        return (found.astype("<u4") << 16).view("<f4")
    return found != 0 if dtype == "BOOL" else found


def parse_json(text: bytes | str, path: Path) -> Any:
    """Return JSON that may come from anybody: no key twice, no nesting without end."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"its JSON cannot be read ({type(error).__name__})") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _broken(path: Path, why: str) -> FormatError:
    return FormatError(
        f"{path.name} is no safetensors file, or it is damaged: {why}.",
        hint="use another copy of the file, or save the model again",
    )
