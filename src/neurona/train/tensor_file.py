"""Arrays by name in one safetensors file: written as a whole or not at all, read with suspicion.

The safetensors library reads and writes the format; it checks the header's length, every shape and
every offset against the size of the file before anything is taken from it, and runs nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors.numpy import save

from neurona.errors import ArgumentError, FormatError, check_file

# The library writes metadata in a new order in each process; in one entry they have one order, so
# that equal models are equal files.
_METADATA = "neurona"
_MAX_AXES = 64  # NumPy's limit
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
    "I16": "<i2", "I8": "<i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1", "BOOL": "<u1",
}  # fmt: skip
_FOREIGN = {  # how files begin that people have, too
    b"\x89HDF": "an HDF5 file, such as the .h5 files of Keras",
    b"PK\x03\x04": "a ZIP archive, such as .keras, .npz and PyTorch's .pt files",
    b"\x80": "a pickle, which could run any code",
    b"\x93NUMPY": "an array of NumPy",
}


def write_tensors(
    path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None
) -> None:
    """Replace the file by these arrays.

    They are written under another name in the same folder and synchronised to the disk first, so
    that at any moment the file is either the old or the new one.
    """
    # order="C" keeps arrays without axes as they are
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    content = save(whole, {_METADATA: json.dumps(metadata, sort_keys=True)} if metadata else None)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
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
        MissingDataError: if there is no such file.
    """
    content = check_file(path).read_bytes()
    try:
        entries = safetensors.deserialize(content)
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise _foreign(path, content, str(error)) from None
    if _METADATA in metadata:
        metadata = parse_json(metadata[_METADATA], path)
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise _broken(path, "its metadata are no texts")
    return {name: _array(path, name, entry) for name, entry in entries}, metadata


def _array(path: Path, name: str, entry: dict[str, Any]) -> np.ndarray:
    dtype = entry["dtype"]
    if dtype not in _TYPES:
        raise _broken(path, f"{name[:60]!r} is of the type {dtype}, which neurona has not")
    found = np.frombuffer(bytes(entry["data"]), _TYPES[dtype])
    if dtype == "BF16":  # the upper half of a float32
        found = (found.astype("<u4") << 16).view("<f4")
    if len(entry["shape"]) > _MAX_AXES:
        raise _broken(path, f"{name[:60]!r} has {len(entry['shape'])} axes")
    return (found != 0 if dtype == "BOOL" else found).reshape(entry["shape"])


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


def _foreign(path: Path, content: bytes, why: str) -> FormatError:
    for signature, kind in _FOREIGN.items():
        if content.startswith(signature):
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
    return Path(os.fspath(path))


def _broken(path: Path, why: str) -> FormatError:
    return FormatError(
        f"{path.name} is no safetensors file, or it is damaged: {why}.",
        hint="use another copy of the file, or save the model again",
    )
