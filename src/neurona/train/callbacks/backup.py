"""One file that holds the whole state of a training run, replaced as a whole or not at all.

The file is in the safetensors format: the arrays of the model's state and of the callbacks' states,
and in its metadata everything else as JSON, with checksums of both. Nothing in it is ever run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.core import origin
from neurona.data.augmenting import Augmenting
from neurona.errors import FormatError, NeuronaError, StateError
from neurona.files import remove_leftovers, rename
from neurona.nn.layer import Layer
from neurona.nn.members import inside
from neurona.nn.nested import read_nested, write_nested
from neurona.strict_json import read_json, write_json
from neurona.train.callbacks.callback import Callback
from neurona.train.tensor_file import read_tensors, write_tensors

FORMAT = "neurona backup 2"


@dataclasses.dataclass
class Saved:
    """The state of a training run: arrays by name, the rest as JSON values."""

    arrays: dict[str, np.ndarray]
    info: dict[str, Any]


# --- what is saved ----------------------------------------------------------------------------


def collect(model: Any, identity: dict[str, Any]) -> Saved:
    """Return the state of the training that a model is in."""
    arrays, info = model.get_state()
    arrays = {f"model/{name}": array for name, array in arrays.items()}
    callbacks = {
        name: pack(callback.get_state(), f"callbacks/{name}", arrays)
        for name, callback in _stateful(model).items()
    }
    return Saved(
        arrays,
        {
            "identity": identity,
            "model": info,
            "callbacks": callbacks,
            "stop_training": bool(model.stop_training),
        },
    )


def restore(model: Any, saved: Saved) -> None:
    """Put a model and the callbacks of the running `fit` into a saved state.

    Raises:
        FormatError: if the state is none of this model and these callbacks.
    """
    start, info = "model/", saved.info
    arrays = {k.removeprefix(start): a for k, a in saved.arrays.items() if k.startswith(start)}
    with _malformed():
        states = {n: unpack(info["callbacks"][n], saved.arrays) for n in _stateful(model)}
        for name, callback in _stateful(model).items():
            if _is_ours(callback):
                _check_alike(name, callback.get_state(), states[name])
        model.set_state(arrays, info["model"])
        model.stop_training = bool(info["stop_training"])
    for name, callback in _stateful(model).items():
        with _malformed() if _is_ours(callback) else contextlib.nullcontext():
            callback.set_state(states[name])


def _is_ours(callback: Callback) -> bool:
    return type(callback).__module__.startswith("neurona.")


@contextlib.contextmanager
def _malformed() -> Iterator[None]:
    """Say so if anything at all goes wrong: a file may hold anything at all."""
    try:
        yield
    except (NeuronaError, OSError):
        raise
    except Exception as error:
        raise FormatError(
            "BackupAndRestore: the state in the backup is malformed.",
            got=f"{type(error).__name__}: {error}"[:200],
            hint="delete it to start anew, or put back a copy",
        ) from error


_KINDS = (bool | int | float, str, list | tuple, dict, np.ndarray)


def _check_alike(name: str, now: dict[str, Any], then: Any) -> None:
    """Refuse a state that this callback could not have had: it sets attributes."""
    if not isinstance(then, dict) or {*now} != {*then}:
        raise FormatError(f"BackupAndRestore: the backup's state of {name} is malformed.")
    for key, value in then.items():
        known = next((kind for kind in _KINDS if isinstance(now[key], kind)), None)
        if value is not None and known is not None and not isinstance(value, known):
            raise FormatError(
                f"BackupAndRestore: the backup's state of {name} is malformed.",
                got=f"{key} {value!r:.80}",
            )


def _stateful(model: Any) -> dict[str, Callback]:
    """Return the callbacks that have a state, by class: EarlyStopping, EarlyStopping_1."""
    found: dict[str, Callback] = {}
    counts: Counter[str] = Counter()
    for callback in model._training.run.callbacks.wants("get_state"):
        kind = type(callback).__name__
        found[f"{kind}_{counts[kind]}" if counts[kind] else kind] = callback
        counts[kind] += 1
    return found


def pack(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return nested values as JSON, with their arrays put aside under names that begin so."""
    found = dict(inside(name, value, np.ndarray))
    arrays.update(found)
    names = iter(found)

    def leaf(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return {"$array": next(names)}
        return x.item() if isinstance(x, np.generic) else x

    return write_nested(value, leaf)


def unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return what `pack` was given.

    >>> aside = {}
    >>> unpack(pack({"best": (np.ones(2), 3)}, "state", aside), aside), [*aside]
    ({'best': (array([1., 1.]), 3)}, ['state/best/0'])
    """
    return read_nested(value, lambda x: arrays[x["$array"]] if isinstance(x, dict) else x)


# --- whose state it is ------------------------------------------------------------------------


def identity(model: Any) -> dict[str, Any]:
    """Return what a run must have in common with the one that made a backup, as JSON values."""
    held = model._training.run.validation
    described = {
        "layers": _with_all_below(model),
        "weights": [[p.name, list(p.shape), p.dtype.name, p.trainable] for p in model.weights],
        "optimizer": _plain(model.optimizer),
        "loss": _plain(model.loss),
        "metrics": [[m.name, _plain(m)] for m in model.metrics],
        "engine": "eager" if model.run_eagerly else model._training.engine or config.engine(),
        "data": data_identity(model._training.run.source),
        "validation data": held and data_identity(held.source),
        "callbacks": dict.fromkeys(_stateful(model), "present"),
    }
    return read_json(write_json(described), "the identity")


def _with_all_below(layer: Layer) -> list:
    return [[type(la).__name__, _plain(la.arguments)] for la in layer.all_layers()]


def _plain(value: Any) -> Any:
    """Describe a value without names of layers: automatic ones depend on what was made before."""
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if value != value else value  # NaN equals nothing, not itself
    if isinstance(value, Layer):
        return type(value).__name__
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items() if k != "name"}
    if isinstance(value, np.ndarray | np.generic):
        return [str(value.dtype), list(value.shape), checksum([value])]
    if hasattr(value, "arguments"):
        return [type(value).__name__, _plain(value.arguments)]
    return getattr(value, "__name__", type(value).__name__)


def data_identity(source: Any) -> dict[str, Any]:
    """Return the data's sizes, how they are cut into batches, and a checksum of all numbers."""
    found = {"steps": source.steps, "shuffle": bool(source.shuffle)}
    if source.size is not None:
        found["batch_size"] = source.batch_size
        found["arrays"] = [[list(a.shape), a.dtype.name] for a in source.leaves]
        found["checksums"] = [checksum([a]) for a in source.leaves]
    elif hasattr(source.given, "seed"):  # nn.data.batches: another seed is another order
        found["seed"] = source.given.seed
        if isinstance(augment := getattr(source.given, "augment", None), Augmenting):
            found["augment"] = [
                _with_all_below(step) if isinstance(step, Layer) else _plain(step)
                for step in augment.steps
            ]
    return found


def checksum(arrays: Sequence[Any]) -> int:
    """Return the CRC-32 of the elements of arrays."""
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, crc)
    return crc


def check_identity(saved: Saved, now: dict[str, Any], path: Path) -> None:
    """Raise a StateError unless a backup was made by a run like this one."""
    then = saved.info["identity"]
    if now == then:
        return
    place, got, expected = _difference(now, then)
    raise StateError(
        f"BackupAndRestore: the backup {path} was made by another run: {place} differs.",
        got=str(got)[:200],
        expected=str(expected)[:200],
        hint="delete the backup to start anew, or give another backup_dir",
    )


def _difference(a: Any, b: Any, place: str = "") -> tuple[str, Any, Any]:
    """Return the first place where two nested values differ, and what is there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if a.get(key, "nothing") != b.get(key, "nothing"):
                inner = f"{place}.{key}" if place else str(key)
                return _difference(a.get(key, "nothing"), b.get(key, "nothing"), inner)
    if isinstance(a, list) and isinstance(b, list):
        for number, (x, y) in enumerate(itertools.zip_longest(a, b, fillvalue="nothing")):
            if x != y:
                return _difference(x, y, f"{place}[{number}]")
    return place, a, b


# --- the file ---------------------------------------------------------------------------------


def write(path: Path, saved: Saved, previous: Path | None = None) -> None:
    """Replace the file by a new state, as a whole.

    Args:
        path: the file.
        saved: the state.
        previous: where to keep the file that is replaced.
    """
    if previous is not None:
        rename(path, previous)
    metadata = {"format": FORMAT, "state": write_json(saved.info)}
    write_tensors(path, saved.arrays, metadata)


def read(path: Path) -> Saved:
    """Return the state in a file.

    Raises:
        FormatError: if it is no backup, or not as it was written.
    """
    try:
        arrays, metadata = read_tensors(path, checked=True, max_bytes=2**30)
        if metadata.get("format") != FORMAT:
            raise FormatError(f"its format is {metadata.get('format')!r}, not {FORMAT!r}.")
        info = read_json(metadata["state"], path.name)
        if not isinstance(info, dict) or "identity" not in info:
            raise FormatError("it has no state of a training.")
        return Saved(arrays, info)
    except (FormatError, OSError, KeyError) as error:
        raise FormatError(
            f"BackupAndRestore: the backup {path} cannot be read.",
            got=error.rule.rstrip(".") if isinstance(error, FormatError) else repr(error),
            hint="delete it to start anew, or put back a copy",
        ) from error


def remove(path: Path, *others: Path) -> None:
    """Remove a backup, and what an interrupted save left beside it."""
    for file in (path, *others):
        file.unlink(missing_ok=True)
    remove_leftovers(path.parent)


def read_newest(paths: Sequence[Path]) -> Saved | None:
    """Return the state in the first of the files that can be read, None if there is no file.

    Raises:
        FormatError: if there are files, but none can be read.
    """
    failure: FormatError | None = None
    for path in paths:
        if not path.exists():
            continue
        try:
            saved = read(path)
        except FormatError as error:
            failure = failure or error
            continue
        if failure is not None:
            origin.warn(f"{failure.rule} The one before it is used instead.")
        return saved
    if failure is not None:
        raise failure
    return None
