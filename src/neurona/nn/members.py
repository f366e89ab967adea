"""What an object holds: the layers, parameters, metrics and optimisers among its attributes."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

NOTES = frozenset({"arguments"})  # how it was made: what this holds is elsewhere too
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
            if isinstance(value, kind):
                found.append((name, value))
            elif _opens(type(value)):
                _search(found, name, value, kind, ())
    return found


def _is_opened(cls: type) -> bool:
    """Say whether `items_of` opens objects of a class."""
    return issubclass(cls, (*CONTAINERS, SimpleNamespace)) or hasattr(cls, "__dataclass_fields__")


_opens: Callable[[type], bool] = functools.lru_cache(1024)(_is_opened)


def inside(name: str, value: Any, kind: type) -> list[tuple[str, Any]]:
    """Return (path, object) for what is of a kind in a value, as deep as `items_of` opens it.

    >>> inside("parts", [1j, {"large": 2j}, "x"], complex)
    [('parts/0', 1j), ('parts/1/large', 2j)]
    """
    found: list[tuple[str, Any]] = []
    if isinstance(value, kind):
        found.append((name, value))
    else:
        _search(found, name, value, kind, ())
    return found


def items_of(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return (name, object) for what is in a list, tuple, deque, dict, set, dataclass or namespace.

    The objects of a set come by their names, for its own order is another in each process.

    Returns:
        None for all else, which is not opened.
    """
    if type(value) is list or type(value) is tuple:
        return enumerate(value)
    if not _opens(type(value)):
        return None
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, set | frozenset):
        return enumerate(sorted(value, key=_by_name))
    if isinstance(value, CONTAINERS):
        return enumerate(value)
    return getattr(value, "__dict__", {}).items()


def _by_name(item: Any) -> tuple[str, int]:
    """Return what automatic names are sorted by: dense, dense_2, dense_10."""
    name = getattr(item, "name", item)
    word, _, number = str(name).rpartition("_")
    return (word, int(number)) if word and number.isdecimal() else (str(name), 0)


def _search(
    found: list[tuple[str, Any]], name: str, value: Any, kind: type, above: tuple[int, ...]
) -> None:
    """Look through what `items_of` opens."""
    cls = type(value)  # the frequent ones at once: this is run for each layer and each epoch
    if cls is list or cls is tuple:
        items: Iterable[tuple[Any, Any]] = enumerate(value)
    else:
        items = value.items() if cls is dict else items_of(value) or ()
    for key, item in items:
        if type(item) not in _PLAIN:
            if isinstance(item, kind):
                found.append((f"{name}/{key}", item))
            elif _opens(type(item)) and id(item) not in above:  # a record may hold its owner
                _search(found, f"{name}/{key}", item, kind, (*above, id(value)))
