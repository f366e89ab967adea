"""Objects as Keras writes them: {"module", "class_name", "config", "registered_name"}.

What stands in "config" is `get_config()`. `nn/description.py` reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

from neurona.errors import FormatError
from neurona.nn.custom import CustomObjectScope, get_registered_name
from neurona.nn.description import LIBRARY, describe, public_name, rebuild


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as JSON values: class and arguments, or the name of a function.

    Raises:
        ArgumentError: if it cannot be written, as a lambda.

    >>> from neurona.initializers import Constant
    >>> serialize_keras_object(Constant(2.0))["config"]
    {'value': 2.0}
    """
    if hasattr(obj, "arguments"):
        return {**_place(type(obj)), "config": obj.get_config()}
    if isinstance(obj, list | tuple):
        return type(obj)(serialize_keras_object(item) for item in obj)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(item) for key, item in obj.items()}
    if isinstance(obj, FunctionType) and "function" in (found := describe(obj)):
        name = found["function"].removeprefix("custom.")
        return {**_place(obj), "class_name": "function", "config": name.rpartition(".")[2]}
    return describe(obj)


def _place(thing: Any) -> dict[str, Any]:
    name = public_name(thing)
    module = getattr(thing, "__module__", None) if name is None else f"neurona.{name}"
    return {
        "module": module if name is None else str(module).rpartition(".")[0],
        "class_name": thing.__name__,
        "registered_name": get_registered_name(thing) if name is None else None,
    }


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return what `serialize_keras_object`, Keras or `get_config` wrote.

    Args:
        config: JSON values; a name alone stands for a class or function of that name.
        custom_objects: name -> class or function, for what is not part of neurona.
        safe_mode: accepted as in Keras; no code of a file is ever run.

    Raises:
        FormatError: if it is malformed, or names what is nowhere known.

    >>> from neurona.initializers import Constant
    >>> deserialize_keras_object(serialize_keras_object(Constant(2.0)))
    Constant(value=2.0)
    """
    if isinstance(config, list | tuple):
        return type(config)(deserialize_keras_object(item, custom_objects) for item in config)
    if isinstance(config, str):
        config = {"class_name": "function", "config": config}
    if isinstance(config, dict) and not config.keys() & {"class_name", "object", "function"}:
        if config.keys() & {"array", "slice", "class"}:
            return rebuild(config, custom_objects)
        return {k: deserialize_keras_object(v, custom_objects) for k, v in config.items()}
    with CustomObjectScope(custom_objects):
        return rebuild(config, custom_objects)


def serialize(obj: Any) -> Any:
    """Return a function by its name, and all else as class and arguments.

    >>> from neurona import activations
    >>> serialize(activations.relu)
    'relu'
    """
    if not isinstance(obj, FunctionType):
        return serialize_keras_object(obj)
    return obj.__name__ if obj in LIBRARY.values() else get_registered_name(obj)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the layer or schedule that `serialize` told; see `deserialize_keras_object`.

    Raises:
        FormatError: if it is malformed.
    """
    if not isinstance(config, dict):
        raise FormatError("this is no description of an object.", got=repr(config)[:80])
    return deserialize_keras_object(config, custom_objects)
