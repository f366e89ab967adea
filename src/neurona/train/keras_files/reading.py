"""Models made again from what Keras wrote of them; no code of a file is ever run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurona.core.shapes import as_dtype
from neurona.errors import FormatError
from neurona.nn.context import snake_case
from neurona.nn.description import LIBRARY, function_of_ops, rebuild
from neurona.nn.symbolic import Input

_FUNCTIONAL = ("Functional", "Model")


def is_keras(config: Any) -> bool:
    """Say whether the config of a model is as Keras writes it."""
    layers = config.get("layers") if isinstance(config, Mapping) else None
    if not isinstance(layers, list) or "arguments" in config:  # which ours has
        return False
    return all(isinstance(x, dict) and "config" in x for x in layers)


def model(described: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model, with new weights, that Keras described.

    Raises:
        FormatError: if it is malformed, has code in it, or layers that are not known.
    """
    match described:
        case {"class_name": "Sequential", "config": config}:
            return _sequential(_config(config, "Sequential"), custom_objects)
        case {"class_name": "Functional" | "Model", "config": config}:
            return _functional(_config(config, "Functional"), custom_objects)
        case {"class_name": str(), "config": _}:
            return rebuild(_plain(described), custom_objects)  # a class of the caller's
    raise FormatError("this is no description of a model of Keras's.", got=repr(described)[:80])


def _config(config: Any, kind: str) -> dict[str, Any]:
    if isinstance(config, list):  # Keras before 2.3 wrote a list of layers
        config = {"name": None, "layers": config}
    if not is_keras(config):
        raise FormatError(f"the description of a {kind} model has no list of layers.")
    return config


def _layer(described: dict[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    """Return a layer; of an InputLayer its symbolic output."""
    name, config = described.get("class_name"), described["config"]
    if name in ("Sequential", *_FUNCTIONAL) and (isinstance(config, list) or is_keras(config)):
        return model(described, custom_objects)
    if name == "InputLayer" and isinstance(config, dict):
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        if not isinstance(shape, list | tuple):
            raise FormatError("an input in the file has no shape.", got=repr(shape)[:80])
        return Input(batch_shape=tuple(shape), dtype=_dtype(config), name=config.get("name"))
    return rebuild(_plain(described), custom_objects)


def _dtype(config: dict[str, Any]) -> str | None:
    dtype = config.get("dtype")
    return dtype if isinstance(dtype, str) else None


def _plain(described: dict[str, Any]) -> dict[str, Any]:
    """Return what says which object it is, without how Keras built it."""
    _refuse_code(described)
    keys = ("class_name", "config", "module", "registered_name")
    return {k: described[k] for k in keys if k in described}


def _refuse_code(value: Any) -> None:
    """Raise a FormatError for a function whose code is in the file."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            code = item.get("class_name") == "__lambda__"
            if code or item.get("function_type") == "lambda":
                raise FormatError(
                    "the file has a Lambda layer with code in it, which is never run.",
                    hint="define the model in Python, then load_weights; or use a named function",
                )
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item


def _sequential(config: dict[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    layers = [_layer(x, custom_objects) for x in config["layers"]]
    made = LIBRARY["models.Sequential"](layers, name=_name(config))
    shape = config.get("build_input_shape")
    if not made.built and isinstance(shape, list):
        made.build(tuple(shape))
    return _trained(made, config)


def _name(config: dict[str, Any]) -> str | None:
    name = config.get("name")
    return name if isinstance(name, str) else None


def _trained(made: Any, config: dict[str, Any]) -> Any:
    if config.get("trainable") is False:
        made.trainable = False
    return made


# --- functional models ---------------------------------------------------------------------------


def _functional(config: dict[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    tensors: dict[tuple[str, int], Any] = {}  # by layer and number of its call
    pending: list[tuple[str, int, Any, Any]] = []
    for described in config["layers"]:
        name = str(described.get("name") or described["config"].get("name"))
        if described.get("class_name") == "InputLayer":
            tensors[name, 0] = _layer(described, custom_objects)
            continue
        called = _called(described, custom_objects)
        nodes = described.get("inbound_nodes")
        if not isinstance(nodes, list):
            raise FormatError("a layer in the file does not say what it is called on.", got=name)
        pending += [(name, i, called, node) for i, node in enumerate(nodes)]
    find = _finder(tensors)
    while pending:  # a layer may stand before what it is called on
        later = [row for row in pending if not _run(row, tensors, find)]
        if len(later) == len(pending):
            raise FormatError(
                "a layer in the file is called on what is not there.", got=later[0][0]
            )
        pending = later
    inputs, outputs = (_ends(config.get(k), find) for k in ("input_layers", "output_layers"))
    return _trained(LIBRARY["models.Model"](inputs, outputs, name=_name(config)), config)


def _called(described: dict[str, Any], custom_objects: Mapping[str, Any] | None) -> Callable:
    """Return what is called on tensors: a layer, or a function of `ops` with its arguments."""
    config, module = described["config"], described.get("module")
    is_dict = isinstance(config, dict)
    bare = module is None and is_dict and not config.keys() & {"trainable", "layers"}
    if not bare and not str(module).startswith("keras.src.ops."):  # in `.h5` there are no modules
        return _layer(described, custom_objects)
    name = snake_case(str(described.get("class_name")))
    function = function_of_ops({"get_item": "getitem"}.get(name, name))
    if function is None or not is_dict:
        raise FormatError(f"the file needs ops.{name[:60]}, which neurona has not.")
    given = {k: v for k, v in config.items() if k not in ("name", "dtype") and v is not None}

    def called(*args: Any, **kwargs: Any) -> Any:
        if name == "get_item" and len(args) == 2 and isinstance(args[1], list):
            return function(args[0], tuple(args[1]))
        if name in ("concatenate", "stack"):
            return function(*args, **given, **kwargs)
        return function(*args, **{**given, **kwargs})

    return called


class _Missing(Exception):
    """A tensor that is not made yet."""


def _finder(tensors: dict[tuple[str, int], Any]) -> Callable[[Any, Any, Any], Any]:
    def find(name: Any, node: Any, index: Any) -> Any:
        if not (isinstance(name, str) and isinstance(node, int) and isinstance(index, int)):
            raise FormatError("the file refers to a tensor that is none.", got=repr(name)[:60])
        if (name, node) not in tensors:
            raise _Missing
        made = tensors[name, node]
        if isinstance(made, list | tuple):
            if not 0 <= index < len(made):
                raise FormatError("the file refers to an output that is not there.", got=name)
            return made[index]
        return made

    return find


def _run(row: tuple[str, int, Any, Any], tensors: dict, find: Callable) -> bool:
    """Call a layer if what it is called on is there, and say whether it was."""
    name, number, called, node = row
    try:
        args, kwargs = _arguments(node, find)
    except _Missing:
        return False
    tensors[name, number] = called(*args, **kwargs)
    return True


def _arguments(node: Any, find: Callable) -> tuple[list, dict[str, Any]]:
    def value(x: Any) -> Any:
        match x:
            case {"class_name": "__keras_tensor__", "config": {"keras_history": [name, n, i]}}:
                return find(name, n, i)
            case {"class_name": "__tensor__" | "__numpy__", "config": {"value": v, "dtype": d}}:
                return np.array(v, as_dtype(d))
            case {"class_name": "__tuple__" | "__list__", "items": list(items)}:
                return tuple(value(v) for v in items)
            case {
                "class_name": "slice" | "__slice__",
                "config": {"start": a, "stop": b, "step": c},
            }:
                return slice(a, b, c)
            case {"class_name": "__ellipsis__"}:
                return ...
            case dict():
                return {k: value(v) for k, v in x.items()}
            case list():
                return [value(v) for v in x]
        return x

    match node:
        case {"args": list(args), "kwargs": dict(kwargs)}:
            named = {k: value(v) for k, v in kwargs.items() if v is not None}
            if named.get("training") is False:  # as recorded; whoever runs the model decides
                del named["training"]
            return [value(a) for a in args], named
        case list(rows) if rows and all(isinstance(r, list) and len(r) in (3, 4) for r in rows):
            found = [find(*r[:3]) for r in rows]  # Keras 2: [[name, node, tensor, kwargs], ...]
            kwargs = rows[0][3] if len(rows[0]) == 4 and isinstance(rows[0][3], dict) else {}
            return [found if len(found) > 1 else found[0]], {
                k: v for k, v in kwargs.items() if v is not None and k != "training"
            }
    raise FormatError("a call in the file is malformed.", got=repr(node)[:80])


def _ends(told: Any, find: Callable) -> Any:
    """Return inputs or outputs, nested as they are told."""
    try:
        if isinstance(told, dict):
            return {k: _ends(v, find) for k, v in told.items()}
        if isinstance(told, list) and len(told) == 3 and isinstance(told[0], str):
            return find(*told)
        if isinstance(told, list) and told:
            found = [_ends(v, find) for v in told]
            return found[0] if len(found) == 1 else found
    except _Missing:
        pass
    raise FormatError("the file names inputs or outputs that are not there.", got=repr(told)[:80])
