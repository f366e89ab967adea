"""What an object holds: the layers, parameters, metrics and optimisers among its attributes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from operator import is_
from typing import Any

# How it was made, and what is made of it: what these hold is elsewhere too.
_NOTES = ("arguments", "compile_arguments", "step_cache")
_CONTAINERS = (dict, list, tuple)
_PLAIN = frozenset({type(None), bool, int, float, str})  # most attributes; never looked for


def members(owner: Any, kind: type) -> list[tuple[str, Any]]:
    """Return (name, object) for the attributes of a kind, alone or in lists, tuples and dicts.

    >>> class Owner: ...
    >>> owner = Owner()
    >>> owner.part, owner.parts = 1j, [2j, {"large": 3j}]
    >>> members(owner, complex)
    [('part', 1j), ('parts/0', 2j), ('parts/1/large', 3j)]
    """
    found: list[tuple[str, Any]] = []
    held = (kind, *_CONTAINERS)
    for name, value in vars(owner).items():
        if type(value) not in _PLAIN and isinstance(value, held) and name not in _NOTES:
            _add(found, name, value, held)
    return found


def inside(name: str, value: Any, kind: type) -> list[tuple[str, Any]]:
    """Return (path, object) for what is of a kind in nested lists, tuples and dicts.

    >>> inside("parts", [1j, {"large": 2j}, "x"], complex)
    [('parts/0', 1j), ('parts/1/large', 2j)]
    """
    found: list[tuple[str, Any]] = []
    held = (kind, *_CONTAINERS)
    if isinstance(value, held):
        _add(found, name, value, held)
    return found


def _add(found: list[tuple[str, Any]], name: str, value: Any, held: tuple[type, ...]) -> None:
    if isinstance(value, held[0]):
        found.append((name, value))
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if type(item) not in _PLAIN and isinstance(item, held):
            _add(found, f"{name}/{key}", item, held)


class Snapshot:
    """Notices when an attribute of some objects is set anew, or an item of a list or dict in them.

    Args:
        owners: the objects.

    >>> class Owner: ...
    >>> owner = Owner()
    >>> owner.sizes = [1, 2]
    >>> snapshot = Snapshot([owner])
    >>> owner.sizes.append(3)
    >>> snapshot.holds()
    False
    """

    def __init__(self, owners: Iterable[Any]) -> None:
        self._held: list[Collection[Any]] = []  # lists, and views of dicts, as they are now
        self._sizes: list[int] = []
        self._items: list[Any] = []  # of all of them, as they were
        for owner in owners:
            self._see(vars(owner))
            for name, value in vars(owner).items():
                if name not in _NOTES:
                    self._add(value)

    def _add(self, value: Any) -> None:
        if isinstance(value, dict | list):
            self._see(value)
        if isinstance(value, dict | list | tuple):
            for item in value.values() if isinstance(value, dict) else value:
                self._add(item)

    def _see(self, held: dict | list) -> None:
        self._held.append(held.values() if isinstance(held, dict) else held)
        self._sizes.append(len(held))
        self._items.extend(self._held[-1])

    def holds(self) -> bool:
        """Say whether everything is as it was."""
        same_sizes = list(map(len, self._held)) == self._sizes
        return same_sizes and all(map(is_, chain.from_iterable(self._held), self._items))
