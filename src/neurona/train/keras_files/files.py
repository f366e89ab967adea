"""Files of Keras as a whole: the archive `.keras`, and HDF5 as `.h5` and `.weights.h5`.

What Keras has no place for, such as where the training is, stands in the group `_neurona` of the
HDF5, which Keras passes over: a model of neurona comes back as it was.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.errors import FormatError, check_file
from neurona.files import write_bytes
from neurona.nn.parameter import Parameter
from neurona.strict_json import read_json, write_json
from neurona.train import state
from neurona.train.file_names import is_archive, is_of_keras
from neurona.train.keras_files import compiled, weights, writing
from neurona.train.keras_files.hdf5 import Reader, write_array, write_hdf5, write_names

VERSION = "3.15.1"  # of Keras, whose form is written
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_OWN, _TEXT, _NAMES, _ARRAYS = "_neurona", "_neurona/model", "names", "_neurona/arrays"
_LARGE, _GROWTH = 2**26, 100  # bytes in any case, and for each byte of the archive
_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_SINCE = (1980, 1, 1, 0, 0, 0)  # so that equal models are equal files


# --- writing -------------------------------------------------------------------------------------


def write_model(path: Path, model: Any, text: str, arrays: dict[str, np.ndarray]) -> None:
    """Write the file of a model; a warning says if Keras finds only its weights there.

    Args:
        path: its name says which kind of file.
        model: any model.
        text, arrays: all that `load_model` makes it again from.
    """
    try:
        described = writing.layer(model)
    except writing.Unwritable as cause:
        described = writing.name_of(model)
        origin.warn(
            f"Keras cannot make the model in {path.name} again, since {cause}; its weights can be "
            "loaded there. neurona reads all of it."
        )
    settings = compiled.settings(model) if any(n.startswith("/") for n in arrays) else None
    make = _archive if is_archive(path) else _by_layer
    write_bytes(path, make(model, described, settings, text, arrays))


def write_weights(path: Path, model: Any) -> None:
    """Write a model's weights as HDF5: by place if it is `.weights.h5`, else by layer."""

    def fill(file: Any) -> None:
        if path.name.lower().endswith(".weights.h5"):
            weights.write_places(file, model)
        else:
            weights.write_layers(file, model, VERSION)

    write_bytes(path, write_hdf5(fill))


def _archive(model: Any, described: dict, settings: Any, text: str, arrays: dict) -> bytes:
    if settings is not None:
        described = {**described, "compile_config": settings}

    def fill(file: Any) -> None:
        weights.write_places(file, model)
        _write_own(file, model, weights.places(model), text, arrays)
        if settings is not None:
            _link_optimizer(file, model, arrays, [f"optimizer/vars/{i}" for i in _numbers(model)])

    parts = {
        _METADATA: write_json({"keras_version": VERSION}).encode(),
        _CONFIG: write_json(described).encode(),
        _WEIGHTS: write_hdf5(fill),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _SINCE), part)
    return content.getvalue()


def _by_layer(model: Any, described: dict, settings: Any, text: str, arrays: dict) -> bytes:
    def fill(file: Any) -> None:
        file.attrs["backend"], file.attrs["keras_version"] = b"jax", VERSION.encode()
        told = {k: described[k] for k in ("class_name", "config")}
        file.attrs["model_config"] = write_json(told).encode()
        places = weights.write_layers(file.create_group("model_weights"), model, VERSION)
        _write_own(file, model, [(f"model_weights/{n}", p) for n, p in places], text, arrays)
        if settings is not None:
            rest = {k: compiled.spelled_out(v) for k, v in settings.items() if k != "optimizer"}
            training = {**rest, "optimizer_config": settings["optimizer"]}
            file.attrs["training_config"] = write_json(training).encode()
            names = [f"optimizer/{i}" for i in _numbers(model)]
            if names:
                group = file.create_group("optimizer_weights")
                write_names(group, "weight_names", names)
                _link_optimizer(file, model, arrays, [f"optimizer_weights/{n}" for n in names])

    return write_hdf5(fill)


def _write_own(
    file: Any, model: Any, places: list[tuple[str, Parameter]], text: str, arrays: dict
) -> None:
    """Write what neurona alone needs; what has a place already is there by a second name."""
    at = {id(p): place for place, p in places}
    known = {name: at.get(id(p)) for name, p in state.parameter_paths(model).items()}
    group = file.create_group(_ARRAYS)
    write_names(group, _NAMES, list(arrays))
    for number, (name, array) in enumerate(arrays.items()):
        place = known.get(name)
        if place is None:
            write_array(group, str(number), array)
        else:
            group[str(number)] = file[place]
    write_array(file, _TEXT, np.frombuffer(text.encode(), np.uint8))


def _numbers(model: Any) -> range:
    found = compiled.row(model.optimizer)
    return range(0 if found is None else len(found))


def _link_optimizer(file: Any, model: Any, arrays: dict, places: list[str]) -> None:
    """Let Keras find the optimiser's state, which is written already, at its own places."""
    number = {name: str(i) for i, name in enumerate(arrays)}
    path_of = {id(p): path for path, p in state.parameter_paths(model).items()}
    for place, (slot, of, p) in zip(places, compiled.row(model.optimizer) or (), strict=True):
        name = f"/optimizer/{slot}" if of is None else f"/optimizer/{slot}/{path_of[id(of)]}"
        if name in number:
            file[place] = file[_ARRAYS][number[name]]
        else:
            write_array(file, place, p.numpy())


# --- reading -------------------------------------------------------------------------------------


class KerasFile:
    """A file of Keras's in memory.

    Args:
        name: of the file, for messages.
        content: its bytes.

    Attributes:
        reader: of its HDF5.
        described: the architecture and what it was compiled with, as JSON text; None in a file of
            weights.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.size = name, len(content)
        self.described: bytes | str | None
        if content.startswith(_ZIP):
            parts = _parts(name, content)
            self.described = parts[_CONFIG]
            self.reader = Reader(name, parts[_WEIGHTS])
        else:
            self.reader = Reader(name, content)
            self.described = self.reader.text("", "model_config")

    def own(self) -> tuple[str, dict[str, np.ndarray]] | None:
        """Return the text and the arrays that neurona wrote, or None if it is a file of Keras's."""
        if not self.reader.has(_OWN):
            return None
        text, names = self.reader.array(_TEXT), self.reader.names(_ARRAYS, _NAMES)
        if text.dtype != np.uint8:
            raise self.reader.broken("its description is no text")
        arrays = {n: self.reader.array(f"{_ARRAYS}/{i}") for i, n in enumerate(names)}
        try:
            return text.tobytes().decode(), arrays
        except UnicodeDecodeError:
            raise self.reader.broken("its description is no text") from None

    def description(self) -> dict[str, Any]:
        """Return the architecture as Keras describes it.

        Raises:
            FormatError: if there is none, or it is malformed.
        """
        if self.described is None:
            raise FormatError(
                f"{self.name} holds weights, but no model.",
                hint="build the model, then load_weights",
            )
        found = read_json(self.described, f"the model in {self.name}")
        if not isinstance(found, dict):
            raise FormatError(f"the model in {self.name} is malformed.")
        return found

    def settings(self, described: dict[str, Any]) -> Any:
        """Return what the model was compiled with, as Keras writes it; None if it was not."""
        if "compile_config" in described:
            return described["compile_config"]
        text = self.reader.text("", "training_config")
        return None if text is None else read_json(text, f"the settings in {self.name}")

    def optimizer_places(self) -> list[str]:
        """Return where the state of the optimiser is, in order."""
        if self.reader.has("optimizer_weights"):
            names = self.reader.names("optimizer_weights", "weight_names")
            return [f"optimizer_weights/{name}" for name in names]
        return [f"optimizer/vars/{i}" for i in range(self.reader.count("optimizer/vars"))]


def opened(path: Path) -> KerasFile | None:
    """Return a file if it is one of Keras's by its name and by what it begins with.

    Earlier versions of neurona wrote their own format under these names.

    Raises:
        FormatError: if it begins as one and is none.
        MissingDataError: if there is no such file.
    """
    if not is_of_keras(path):
        return None
    with check_file(path).open("rb") as file:
        begins = file.read(8)
    if not begins.startswith((_HDF5, _ZIP)):
        return None
    return KerasFile(path.name, path.read_bytes())


def _parts(name: str, content: bytes) -> dict[str, bytes]:
    """Return the files in an archive that a model is made of."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            wanted = (_CONFIG, _WEIGHTS)
            if any(names.count(n) != 1 for n in wanted):
                raise FormatError(
                    f"{name} is a ZIP archive, but none of Keras's.",
                    got=f"files such as {', '.join(map(repr, names[:3]))}"[:200],
                    expected=" and ".join(wanted),
                )
            return {n: _part(name, archive, n) for n in wanted}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"{name} is no archive of Keras's, or it is damaged: {str(error)[:100]}.",
            hint="use another copy of the file, or save the model again",
        ) from None


def _part(name: str, archive: zipfile.ZipFile, part: str) -> bytes:
    info = archive.getinfo(part)
    if info.file_size > max(_LARGE, _GROWTH * info.compress_size):
        raise FormatError(
            f"{name} would grow to more than its file can hold: {part} in it is packed too well.",
            got=f"{info.file_size:,} bytes in {info.compress_size:,}",
            expected=f"{_GROWTH} for each byte at most",
        )
    with archive.open(part) as file:
        found = file.read(info.file_size + 1)
    if len(found) != info.file_size:
        raise FormatError(f"{name} is damaged: {part} in it has another size than it says.")
    return found
