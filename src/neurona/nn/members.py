"""What an object holds: the layers, parameters, metrics and optimisers among its attributes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

# How it was made, and what is made of it: what these hold is elsewhere too.
NOTES = frozenset({"arguments", "compile_arguments", "step_cache"})
CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_PLAIN = frozenset({type(None), bool, int, float, str})  # most attributes; never looked for


def members(owner: Any, kind: type) -> list[tuple[str, Any]]:
    """Return (name, object) for the attributes of a kind, alone or in what `items_of` opens.

    >>> class Owner: ...
    >>> owner = Owner()
    >>> owner.part, owner.parts = 1j, [2j, {"large": 3j}]
    >>> members(owner, complex)
    [('part', 1j), ('parts/0', 2j), ('parts/1/large', 3j)]
    """
    found: list[tuple[str, Any]] = []
    for name, value in vars(owner).items():
        if type(value) not in _PLAIN and name not in NOTES:
            _add(found, name, value, kind, ())
    return found


def inside(name: str, value: Any, kind: type) -> list[tuple[str, Any]]:
    """Return (path, object) for what is of a kind in a value, as deep as `items_of` opens it.

    >>> inside("parts", [1j, {"large": 2j}, "x"], complex)
    [('parts/0', 1j), ('parts/1/large', 2j)]
    """
    found: list[tuple[str, Any]] = []
    _add(found, name, value, kind, ())
    return found


def items_of(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return (name, object) for what is in a list, tuple, deque, dict, set, dataclass or namespace.

    The objects of a set come by their names, for its own order is another in each process.

    Returns:
        None for all else, which is not opened.
    """
    if isinstance(value, CONTAINERS):
        if isinstance(value, dict):
            return value.items()
        if isinstance(value, set | frozenset):
            return enumerate(sorted(value, key=_by_name))
        return enumerate(value)
    if isinstance(value, SimpleNamespace) or hasattr(type(value), "__dataclass_fields__"):
        return getattr(value, "__dict__", {}).items()
    return None


def _by_name(item: Any) -> tuple[str, int]:
    """Return what automatic names are sorted by: dense, dense_2, dense_10."""
    name = getattr(item, "name", item)
    word, _, number = str(name).rpartition("_")
    return (word, int(number)) if word and number.isdecimal() else (str(name), 0)


def _add(
    found: list[tuple[str, Any]], name: str, value: Any, kind: type, above: tuple[int, ...]
) -> None:
    if isinstance(value, kind):
        found.append((name, value))
        return
    items = items_of(value)
    if items is not None and id(value) not in above:  # a dataclass may hold its owner's owner
        above = (*above, id(value))
        for key, item in items:
            if type(item) not in _PLAIN:
                _add(found, f"{name}/{key}", item, kind, above)
