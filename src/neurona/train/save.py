"""A model in one file: parameters, architecture, compile settings and where the training is.

The file is in the safetensors format; files of Keras are in `keras_files/`. Its arrays are those of
`train/state.py`; the rest is JSON in the metadata under "neurona". Loading runs no code from the
file: it can only name public classes and functions of neurona, and those that the caller gives as
`custom_objects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core import origin
from neurona.core.budget import Budget, limited
from neurona.core.shapes import as_dtype, as_shape, is_float, limited_sizes
from neurona.core.tensor import Tensor
from neurona.errors import (
    ArgumentError,
    FormatError,
    NeuronaError,
    StateError,
    check_integer,
)
from neurona.nn import layers, losses, metrics, recorded  # noqa: F401 - files name their classes
from neurona.nn.description import describe, rebuild, sharing
from neurona.nn.nested import read_nested
from neurona.optim import cosine, names  # noqa: F401 - and these
from neurona.strict_json import read_json, write_json
from neurona.train import prepared, state, steps
from neurona.train.file_names import check_ending, is_archive, is_of_keras
from neurona.train.keras_files import compiled, files, reading, weights
from neurona.train.tensor_file import ALWAYS, as_path, read_tensors, write_tensors
from neurona.train.trainer import Trainer

FORMAT = 1
CALLS, BYTES_FOR_A_CALL = 20_000, 4  # of layers and operations, in any case and for each byte
WEIGHTS = 2**31  # bytes of those that a text without any may ask for
LARGEST = 2**30  # elements of a tensor in the networks of a file, at a batch of 3


def save_model(model: Any, path: Any, overwrite: bool, include_optimizer: bool) -> None:
    """Write a model to a file; see `Model.save`."""
    target = _target(path, overwrite)
    _require_built(model)
    arrays, text = _told(model, include_optimizer)
    if is_of_keras(target):
        files.write_model(target, model, text, arrays)
    else:
        write_tensors(target, arrays, {"neurona": text})


def _told(model: Any, include_optimizer: bool) -> tuple[dict[str, np.ndarray], str]:
    """Return all that a model is made again from: its arrays, and the rest as JSON."""
    arrays, info = model.get_state()
    found: dict[str, Any] = {"format": FORMAT}
    with sharing():
        found["model"] = describe(model)
        found["compile"] = _compile_settings(model)
    if found["compile"] is not None:
        optimizers = state.all_optimizers_of(model)
        found["optimizers"] = {name: _choices(model, o) for name, o in optimizers.items()}
    found["frozen"] = [p for p, la in state.layer_paths(model).items() if not la.trainable]
    if not include_optimizer:
        arrays = {n: a for n, a in arrays.items() if not n.startswith("/")}
        info = {}
    found["state"] = info
    found |= prepared.told(model)
    return arrays, write_json(found)


def _compile_settings(model: Any) -> dict[str, Any] | None:
    """Return what `compile` was given; None if it was not called.

    A subclass may have a `compile` of its own, and give it what no file can tell: None as well.
    """
    if not model.compiled:
        return None
    given = {k: v for k, v in model._training.arguments.items() if k != "engine"}
    if model.overrides("compile"):
        try:
            return {k: describe(v) for k, v in given.items()}
        except ArgumentError:
            return None
    given.update({k: getattr(model, k) for k in ("run_eagerly", "steps_per_execution")})
    settings = {k: describe(v) for k, v in given.items() if k != "optimizer"}
    return {"optimizer": describe(model.optimizer), **settings}


def _choices(model: Any, optimizer: Any) -> dict[str, Any]:
    """Return what `exclude_from_weight_decay` and `scale_learning_rate` were given."""
    factors, pattern = optimizer._factors, optimizer._undecayed_names
    paths = state.parameter_paths(model)
    excluded = [path for path, p in paths.items() if p in optimizer._undecayed]
    return {
        "undecayed": {"paths": excluded, "names": None if pattern is None else [pattern.pattern]},
        "factors": {path: factors[p] for path, p in paths.items() if p in factors},
    }


def _choose(model: Any, optimizer: Any, found: dict[str, Any]) -> None:
    """Give an optimiser what `_choices` told, unless `compile` did."""
    present, parameters = _choices(model, optimizer), state.parameter_paths(model)
    undecayed, factors = found.get("undecayed"), found.get("factors", {})  # not in old files
    if undecayed is not None and undecayed != present["undecayed"]:
        excluded = [parameters[path] for path in undecayed["paths"]]
        optimizer.exclude_from_weight_decay(excluded, undecayed["names"])
    optimizer._factors.clear()
    for path, factor in factors.items():
        optimizer.scale_learning_rate(factor, [parameters[path]])


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    max_bytes: int | None = None,
    max_calls: int | None = None,
) -> Any:
    """Return the model in a file, ready to go on training where it stopped.

    Args:
        filepath: the file.
        custom_objects: name -> class or function, for what is not part of neurona. Only these, what
            `saving.register_keras_serializable` knows, and neurona's own are ever called.
        compile: also restore the optimiser, its slots and the random stream.
        safe_mode: accepted as in Keras; no code of a file is ever run.
        max_bytes: refuse a file that takes more memory than that besides the arrays in it, such as
            for totals of metrics; None takes 64 MB, since a few bytes can ask for gigabytes.
        max_calls: refuse a file whose layers and operations are called more often than that while
            the model is made; None takes 20,000 and one for 4 bytes of its description, which is
            seconds, since models that call each other twice double the calls.

    Raises:
        FormatError: if the file is damaged, needs something that `custom_objects` lacks, or takes
            more memory or calls.

    >>> import tempfile, neurona as nn
    >>> model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(folder + "/model.safetensors")
    ...     load_model(folder + "/model.safetensors").count_params()
    8
    """
    source = as_path(filepath)
    keras = files.opened(source)
    if keras is not None and (own := keras.own()) is not None:
        description, arrays = own
    elif keras is not None:
        return _guarded(
            source, lambda: _of_keras(keras, custom_objects, compile, max_bytes, max_calls)
        )
    else:
        arrays, metadata = read_tensors(source, max_bytes=max_bytes)
        if "neurona" not in metadata:
            raise FormatError(
                f"{source.name} holds arrays, but no model.",
                hint="build the model, then load_weights",
            )
        description = metadata.pop("neurona")
    found = read_json(description, f"the model in {source.name}")
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FormatError(
            f"{source.name} was written by another version of neurona.",
            got=f"format {found.get('format') if isinstance(found, dict) else None!r}",
            expected=f"format {FORMAT}",
        )
    parameters = sum(a.size for n, a in arrays.items() if not n.startswith("/"))
    stored = sum(a.nbytes for a in arrays.values())
    most, calls = _limits(description, max_bytes, max_calls)
    with limited(Budget(parameters, most + stored, calls)), limited_sizes(max(LARGEST, most)):
        return _guarded(source, lambda: _rebuilt(found, arrays, custom_objects, compile))


def _guarded(source: Path, make: Callable[[], Any]) -> Any:
    """Return what is made of a file; a FormatError says whatever is wrong with it."""
    try:
        return make()
    except FormatError:
        raise
    except Exception as error:  # anything at all: a file may hold anything at all
        rule = error.rule if isinstance(error, NeuronaError) else str(error)
        raise FormatError(
            f"the model in {source.name} cannot be made again.",
            got=f"{type(error).__name__}: {rule[:300]}",
        ) from error


def _limits(description: str, max_bytes: int | None, max_calls: int | None) -> tuple[int, int]:
    """Return how many bytes and calls a description may take."""
    if max_bytes is None:
        max_bytes = ALWAYS
    if max_calls is None:
        max_calls = CALLS + len(description) // BYTES_FOR_A_CALL
    return (
        check_integer("max_bytes", max_bytes, minimum=0),
        check_integer("max_calls", max_calls, minimum=0),
    )


def _rebuilt(
    found: dict[str, Any], arrays: dict[str, np.ndarray], custom_objects: Any, compile: bool
) -> Any:
    made: dict[int, Any] = {}
    thing = rebuild(found.get("model"), custom_objects, made)
    if not isinstance(thing, Trainer):
        raise FormatError("the file describes something that is no model.")
    model: Any = thing
    prepared.tell(model, found)
    paths = state.layer_paths(model)
    for name in found.get("frozen", []):
        if name not in paths:
            raise FormatError("the file names a layer that its model has not.", got=repr(name))
        paths[name]._trainable = False
    settings, info = found.get("compile"), found.get("state", {})
    if compile and settings is not None:
        given = {k: rebuild(v, custom_objects, made) for k, v in settings.items()}
        model.compile(*given.pop("*", ()), **given)
        optimizers = state.all_optimizers_of(model)
        for name, choices in found.get("optimizers", {"optimizer": found}).items():
            _choose(model, optimizers[name], choices)
        model.set_state(arrays, info)
    else:
        state.restore(model, arrays, {}, parameters_only=True)
    return model


def _of_keras(
    keras: files.KerasFile,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    max_bytes: int | None,
    max_calls: int | None,
) -> Any:
    """Return the model of a file that Keras wrote."""
    described = keras.description()
    most, calls = _limits(write_json(described), max_bytes, max_calls)
    budget = Budget(keras.size // 2, most + keras.size, calls)  # float16 has two bytes
    with limited(budget), limited_sizes(max(LARGEST, most)):
        model = reading.model(described, custom_objects)
        if not isinstance(model, Trainer):
            raise FormatError("the file describes something that is no model.")
        weights.load(keras.reader, model)
        if compile and (settings := keras.settings(described)) is not None:
            optimizer = compiled.compile_as(model, settings, custom_objects, keras.name)
            compiled.restore(keras.reader, keras.optimizer_places(), optimizer, model)
    return model


def save_weights(model: Any, path: Any, overwrite: bool) -> None:
    """Write the parameters of a model to a file."""
    target = _target(path, overwrite)
    _require_built(model)
    if is_archive(target):  # which is always that of a whole model
        arrays, text = _told(model, include_optimizer=False)
        files.write_model(target, model, text, arrays)
    elif is_of_keras(target):
        files.write_weights(target, model)
    else:
        write_tensors(target, {n: p.numpy() for n, p in state.parameter_paths(model).items()})


def load_weights(
    model: Any, path: Any, skip_mismatch: bool, by_name: bool, max_bytes: int | None
) -> None:
    """Read the parameters of a model from a file; see `Model.load_weights`."""
    source = as_path(path)
    _require_built(model)
    if (keras := files.opened(source)) is not None:
        weights.load(keras.reader, model, skip_mismatch=skip_mismatch, by_name=by_name)
        return
    arrays, _ = read_tensors(source, max_bytes=max_bytes)
    given = {n: a for n, a in arrays.items() if not n.startswith("/")}
    parameters = state.parameter_paths(model)
    chosen, missing, wrong = {}, [], []
    for name, p in parameters.items():
        places = name, p.path  # its place in the model; its layer's own name, automatic or not
        spelled = [*places, *(n.replace("/", ".") for n in places)]  # the last as others write them
        key = next((n for n in spelled if n in given), None)
        if key is None:
            missing.append(name)
        elif given[key].shape != p.shape or is_float(given[key].dtype) != is_float(p.dtype):
            wrong.append(f"{name} is {given[key].shape} in the file, {p.shape} in the model")
            given.pop(key)
        else:
            chosen[name] = given.pop(key)
    lenient = (skip_mismatch or by_name) and (chosen or wrong or not parameters)
    if (wrong and not skip_mismatch) or ((missing or given) and not lenient):
        problem = wrong or [f"{n} is not in the file" for n in missing]
        problem = problem or [f"{n} is not in the model" for n in given]
        raise FormatError(
            f"the parameters in {source.name} do not fit the model.",
            got="; ".join(problem[:3]) + (f" and {len(problem) - 3} more" if problem[3:] else ""),
            hint="build the same architecture, or load_weights(path, skip_mismatch=True)",
        )
    if skip_mismatch and (wrong or missing):
        skipped = ", ".join([*missing, *wrong][:5])
        origin.warn(f"load_weights left these as they were: {skipped}")
    for name, array in chosen.items():
        parameters[name].assign(array)


def _target(path: Any, overwrite: bool) -> Path:
    target = as_path(path)
    check_ending(target)
    if not overwrite and target.exists():
        raise StateError(f"{target} exists.", hint="overwrite=True, or another name")
    return target


def _require_built(model: Any) -> None:
    if not model.weights and not model.built:
        raise StateError(
            f"{model.name!r} has no parameters yet.",
            hint="call it on data, or begin with nn.Input(shape)",
        )


# --- architecture ------------------------------------------------------------------------------


def write_spec(x: Any) -> Any:
    """Return the shape and type of a tensor as JSON."""
    return {"shape": [*x.shape], "dtype": x.dtype.name} if isinstance(x, Tensor) else {"shape": []}


def build_on(model: Any, found: Any) -> None:
    """Build a model on abstract inputs as `written_spec` described them."""
    if found is None or model._network is not None:
        return

    def leaf(x: Any) -> np.ndarray:
        match x:
            case {"shape": list(shape), "dtype": str(dtype)}:
                return np.broadcast_to(np.zeros((), as_dtype(dtype)), as_shape(shape))  # no memory
        raise FormatError("the description of a model's inputs is malformed.")

    steps.abstractly(lambda x: model(x, training=False), read_nested(found, leaf))


def to_json(model: Any) -> str:
    """Return the architecture of a model as JSON."""
    with sharing():
        return write_json(describe(model))


def from_config(cls: Any, config: Mapping[str, Any], custom_objects: Any) -> Any:
    """Return the model of a class that `get_config` told, ours or Keras's."""
    if reading.is_keras(config):
        return reading.model({"class_name": cls.__name__, "config": config}, custom_objects)
    made: dict[int, Any] = {}
    return cls.from_description(config, lambda value: rebuild(value, custom_objects, made))


def model_from_json(
    text: str,
    custom_objects: Mapping[str, Any] | None = None,
    *,
    max_bytes: int | None = None,
    max_calls: int | None = None,
) -> Any:
    """Return a new model with the architecture that `model.to_json()` gave, with new weights.

    Args:
        text: what `to_json` gave.
        custom_objects: as in `load_model`.
        max_bytes: refuse a text whose model takes more memory than that for its weights, and for
            all else; None takes 2 GiB and 64 MB.
        max_calls: as in `load_model`.

    Raises:
        FormatError: if the text is malformed, or asks for more.
    """
    found = read_json(text, "the text of a model")
    most, calls = _limits(text, max_bytes, max_calls)
    weights = WEIGHTS if max_bytes is None else most
    budget = Budget(weights // 4, most, calls, filled=False)
    with limited(budget), limited_sizes(max(LARGEST, most)):
        return rebuild(found, custom_objects)


def clone_model(model: Any) -> Any:
    """Return a model of the same architecture with new weights; it is not compiled.

    Raises:
        ArgumentError: if it is no model.
    """
    if not hasattr(model, "description"):
        raise ArgumentError("clone_model takes a model.", got=repr(model))
    with sharing(live=True) as found:
        described = describe(model)
    copy = rebuild(described, found.customs)
    prepared.tell(copy, prepared.told(model))
    return copy
