"""Custom objects: classes and functions of one's own that a name or a file may ask for.

What a file names is looked for in the `custom_objects` that the call was given, in the scopes that
are open, and among what was registered: in this order, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

from neurona.core.ambient import ambient
from neurona.errors import ArgumentError, unknown

T = TypeVar("T")

_registered: dict[str, Any] = {}  # "package>name", or any name of `get_custom_objects()`
_names: dict[Any, str] = {}


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of what is registered, to read and to change: name -> class or function."""
    return _registered


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Return a decorator that registers a class or function, so that files may name it.

    Args:
        package: what stands before its name, "package>name".
        name: by default that of the class or function.

    Raises:
        ArgumentError: for a class without `get_config`.

    >>> @register_keras_serializable("mine")
    ... def double(x):
    ...     return 2 * x
    >>> get_registered_name(double), get_registered_object("mine>double") is double
    ('mine>double', True)
    """

    def register(thing: T) -> T:
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ArgumentError(
                "a class that is registered has a get_config.",
                got=thing.__name__,
                hint="derive it from a class of neurona, or write get_config",
            )
        key = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        _registered[key] = thing
        _names[thing] = key
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """Return the name that a class or function was registered under, or its own."""
    return _names.get(obj, obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what has a name in open scopes, the registry or these dicts; None if nothing has."""
    for known in (ambient.customs, _registered, custom_objects, module_objects):
        if known and name in known:
            return known[name]
    return None


class CustomObjectScope:
    """Let names stand for classes and functions of one's own inside.

    Args:
        custom_objects: name -> class or function.

    >>> from neurona import activations
    >>> with CustomObjectScope({"double": lambda x: 2 * x}):
    ...     activations.get("double")(3)
    6
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._before: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        self._before = ambient.customs
        ambient.customs = {**(self._before or {}), **self.custom_objects}
        return self

    def __exit__(self, *error: Any) -> None:
        ambient.customs = self._before


custom_object_scope = CustomObjectScope


def custom(name: str, given: Mapping[str, Any] | None = None) -> Any:
    """Return the custom object of a name, "mine>Scale" or "Scale"; None if there is none.

    Args:
        name: as it was registered, or of the class or function alone.
        given: what has precedence over scopes and registry.
    """
    short = name.rpartition(">")[2]
    for known in (given, ambient.customs, _registered):
        for key in (name, short) if known else ():
            if key in known:  # type: ignore[operator]
                return known[key]  # type: ignore[index]
    return next((v for k, v in _registered.items() if k.endswith(f">{name}")), None)


def named(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    """Return what a name stands for: a custom object, or one of those that are known.

    Args:
        kind: for the error: "activation".
        name: what was asked for.
        known: name -> object.

    Raises:
        ArgumentError: if there is no such; names the nearest.
    """
    if (found := custom(name) if _registered or ambient.customs else None) is not None:
        return found
    if name not in known:
        raise unknown(kind, name, known)
    return known[name]
