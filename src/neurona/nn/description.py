"""Objects as JSON values, and made again from them.

`describe` turns an object and all that it was made of into plain JSON values, and `rebuild` makes
it again. Rebuilding only ever calls public classes of this library, and the classes and functions
that the caller names in `custom_objects` or has registered. It reads what Keras writes of an
object as well, {"class_name": "Dense", "config": {"units": 2}}.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import inspect
import keyword
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from neurona import ops
from neurona.core import later
from neurona.core.ambient import ambient, within
from neurona.core.op import Op
from neurona.core.shapes import as_dtype
from neurona.errors import ArgumentError, FormatError
from neurona.nn.custom import custom, get_registered_name, named
from neurona.nn.nested import read_nested, write_nested
from neurona.precision import DTypePolicy

LIBRARY: dict[str, Any] = {}  # what a description may name: "layers.Dense", "activations.relu"


def publish(namespace: str, *things: Any) -> None:
    """Let descriptions name these classes and functions, as in a public namespace."""
    LIBRARY.update({f"{namespace}.{thing.__name__}": thing for thing in things})


def published_classes(namespace: str) -> dict[str, Any]:
    """Return the classes of a namespace, by name."""
    return {
        thing.__name__: thing
        for name, thing in LIBRARY.items()
        if isinstance(thing, type) and name == f"{namespace}.{thing.__name__}"
    }


class Sharing:
    """What was described so far: layers that were met before, and things from outside neurona.

    A live description is rebuilt in the same process: what cannot be written is kept by reference.
    """

    def __init__(self, live: bool = False) -> None:
        self.live = live
        self.numbers: dict[int, int] = {}
        self.customs: dict[str, Any] = {}


@contextlib.contextmanager
def sharing(live: bool = False) -> Iterator[Sharing]:
    """Describe a layer that comes twice inside only once, so that it is rebuilt as one."""
    found = Sharing(live)
    with within(sharing=found):
        yield found


def _name_of(thing: Any) -> str:
    name = public_name(thing)
    if name is None:
        name = f"custom.{get_registered_name(thing)}"
        if ambient.sharing is not None:
            ambient.sharing.customs[thing.__name__] = thing
    return name


def _kept(value: Any) -> dict[str, Any] | None:
    """Return a reference to a value, if the description is live."""
    if ambient.sharing is None or not ambient.sharing.live:
        return None
    key = f"kept_{len(ambient.sharing.customs)}"
    ambient.sharing.customs[key] = value
    return {"function": f"custom.{key}"}


def _described_once(value: Any) -> dict[str, Any]:
    if ambient.sharing is None:
        return value.description()
    numbers = ambient.sharing.numbers
    if id(value) in numbers:
        return {"shared": numbers[id(value)]}
    numbers[id(value)] = len(numbers)
    return {**value.description(), "id": numbers[id(value)]}


def public_name(thing: Any) -> str | None:
    """Return the name of a class or function in the public namespaces, such as "layers.Dense"."""
    name = next((name for name, known in LIBRARY.items() if known is thing), None)
    own = getattr(thing, "__name__", "")
    if name is None and own and function_of_ops(own) is thing:
        return f"ops.{own}"
    return name


def function_of_ops(name: str) -> Callable | None:
    """Return the function or op of `neurona.ops` that has a name, or None."""
    found: Any = None if not name or name.startswith("_") else getattr(ops, name, None)
    public = inspect.isfunction(found) and found.__module__ == ops.__name__
    return found if isinstance(found, Op) or public else None


def describe(value: Any) -> Any:
    """Return a value as JSON: numbers, strings, lists, and objects by class and arguments."""
    return write_nested(value, _described)


def _described(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype | DTypePolicy):
        return value.name
    if isinstance(value, np.ndarray) or hasattr(value, "numpy"):
        array = np.asarray(value)
        return {"array": array.tolist(), "dtype": array.dtype.name}
    if hasattr(value, "arguments"):
        return _described_once(value) if value.one else value.description()
    if isinstance(value, slice):
        return {"slice": [describe(v) for v in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"slice": "..."}
    if isinstance(value, type) and issubclass(value, np.generic):
        return np.dtype(value).name
    if isinstance(value, type):
        return {"class": _name_of(value)}
    if callable(value):
        name = getattr(value, "__name__", "")
        if not name.isidentifier():
            if (kept := _kept(value)) is not None:
                return kept
            raise ArgumentError(
                "a lambda cannot be saved.",
                got=repr(value),
                hint="define a named function and load with custom_objects={'name': function}",
            )
        return {"function": _name_of(value)}
    if (kept := _kept(value)) is not None:
        return kept
    raise ArgumentError("this argument cannot be saved.", got=f"{type(value).__name__} {value!r}")


def describe_object(value: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an object made by its class from these arguments."""
    cls = type(value)
    return {
        "object": _name_of(cls),
        "arguments": {k: describe(v) for k, v in arguments.items()},
    }


def rebuild(
    value: Any,
    custom_objects: Mapping[str, Any] | None = None,
    made: dict[int, Any] | None = None,
) -> Any:
    """Make again what `describe` described.

    Args:
        value: the description.
        custom_objects: name -> class or function, for what is not part of neurona.
        made: objects that were made so far, for those that come twice.

    Raises:
        FormatError: if the description is malformed, or names a class that is neither public here
            nor in `custom_objects`.
    """
    made = {} if made is None else made
    return read_nested(value, functools.partial(_rebuilt, custom_objects=custom_objects, made=made))


def read(value: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return `rebuild(value)`; a dict of a `get_config` of one's own is left as it is."""
    if isinstance(value, dict) and not value.keys() & _KEYS:
        return value
    return rebuild(value, custom_objects)


_KEYS = {"array", "slice", "function", "class", "shared", "object", "class_name", "dict", "tuple"}


def _rebuilt(value: Any, custom_objects: Mapping[str, Any] | None, made: dict[int, Any]) -> Any:
    if not isinstance(value, dict):
        return value
    again = functools.partial(rebuild, custom_objects=custom_objects, made=made)
    match value:
        case {"array": rows, "dtype": str(dtype)}:
            return _array(rows, dtype)
        case {"slice": "..."}:
            return Ellipsis
        case {"slice": [start, stop, step]}:
            return slice(again(start), again(stop), again(step))
        case {"function": str(name)} | {"class": str(name)}:
            return _named(name, custom_objects)
        case {"shared": int(number)} if number in made:
            return made[number]
        case {"class_name": str(name), "config": config}:
            registered = str(value.get("registered_name"))  # of one's own; Keras notes it always
            name = name if custom(registered, custom_objects) is None else registered
            return _of_keras(name, config, str(value.get("module") or ""), custom_objects)
        case {"object": str(name), **rest}:
            found = _made(name, rest, again, custom_objects)
            if isinstance(rest.get("id"), int):
                made[rest["id"]] = found
            return found
    raise FormatError("this is no description of an object.", got=f"keys {sorted(value)}"[:200])


def _array(rows: Any, dtype: str) -> np.ndarray:
    try:
        return np.array(rows, as_dtype(dtype))
    except (ValueError, TypeError, OverflowError):
        raise FormatError("the description of an array is malformed.") from None


def _made(
    name: str, rest: dict[str, Any], again: Callable, custom_objects: Mapping[str, Any] | None
) -> Any:
    cls: Any = _named(name, custom_objects)
    if not isinstance(cls, type):
        raise FormatError(f"{name} is no class.")
    if hasattr(cls, "from_description"):
        return cls.from_description(rest, again)
    return cls(**arguments_of(name, rest, again))


def arguments_of(name: str, rest: Mapping[str, Any], again: Callable) -> dict[str, Any]:
    """Return the arguments in the description of an object."""
    arguments = rest.get("arguments")
    if not isinstance(arguments, dict):
        raise FormatError(f"the description of {name} has no arguments.")
    return {k: again(v) for k, v in arguments.items()}


def _of_keras(name: str, config: Any, module: str, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return the object that Keras, or `serialize`, wrote as class_name and config."""
    if name == "function":
        return _named(_public(str(config), module), custom_objects)
    if name == "DTypePolicy":
        return config.get("name") if isinstance(config, dict) else config
    name = "Model" if name == "Functional" else name
    cls: Any = _named(_public(name, module), custom_objects)
    if not isinstance(cls, type) or not isinstance(config, dict):
        raise FormatError(f"the description of {name[:80]} is malformed.")
    from_config: Any = getattr(cls, "from_config", None)
    if from_config is None:
        raise FormatError(f"{name[:80]} has no from_config.")
    if getattr(from_config, "__module__", "").startswith("neurona."):
        taken = inspect.signature(cls).parameters
        config = {k: v for k, v in config.items() if k in taken or not _says_nothing(k, v)}
        return from_config(config, custom_objects)
    return from_config(config)


def _says_nothing(name: str, value: Any) -> bool:
    """Say whether an argument that a class has not asks for nothing: Keras writes them all."""
    return value is None or value is False or name in ("implementation", "renorm_momentum")


def _public(name: str, module: str) -> str:
    """Return a name as it is public here, "layers.Dense", or else as one of the caller's own."""
    places = {place.rpartition(".")[2].lower(): place for place in LIBRARY}
    if (exact := f"{module.partition('.')[2]}.{name}") in LIBRARY:
        return exact
    own = next((place for place in LIBRARY if place.rpartition(".")[2] == name), None)
    return own or places.get(name.lower(), f"custom.{name}")


def looked_up(kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """Return what a name or a description stands for; all else is itself.

    Raises:
        ArgumentError: if there is nothing of a name.
    """
    if isinstance(identifier, str):
        return named(kind, identifier, known)
    return rebuild(identifier) if isinstance(identifier, dict) else identifier


def _named(name: str, custom_objects: Mapping[str, Any] | None) -> Callable:
    is_own = name.startswith("custom.")
    last = name.removeprefix("custom.") if is_own else name.rpartition(".")[2]
    if custom_objects and last in custom_objects:
        return custom_objects[last]
    if is_own and (found := custom(last, custom_objects)) is not None:
        return found
    last = last.rpartition(">")[2]
    if name not in LIBRARY:
        later.load(name.partition(".")[0])
    if name in LIBRARY:
        return LIBRARY[name]
    if name == f"ops.{last}" and (function := function_of_ops(last)) is not None:
        return function
    own = is_own and last.isidentifier() and not hasattr(builtins, last)
    raise FormatError(
        f"the file needs {last[:80]!r}, which is not part of neurona.",
        hint=f"load_model(path, custom_objects={{{last!r}: {last}}}), if it is your own"
        if own and not keyword.iskeyword(last) and last not in sys.stdlib_module_names
        else "nothing that neurona saves names that: do not trust the file",
    )
