"""What an object holds: the layers, parameters, metrics and optimisers among its attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# How it was made, and what is made of it: what these hold is elsewhere too.
_NOTES = ("arguments", "compile_arguments", "step_cache")


def members(owner: Any, kind: type) -> Iterator[tuple[str, Any]]:
    """Yield (name, object) for the attributes of a kind, alone or in lists, tuples and dicts.

    >>> class Owner: ...
    >>> owner = Owner()
    >>> owner.size, owner.sizes = 1, [2, {"large": 3}]
    >>> list(members(owner, int))
    [('size', 1), ('sizes/0', 2), ('sizes/1/large', 3)]
    """
    for name, value in vars(owner).items():
        if name not in _NOTES:
            yield from _inside(name, value, kind)


def _inside(name: str, value: Any, kind: type) -> Iterator[tuple[str, Any]]:
    if isinstance(value, kind):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _inside(f"{name}/{key}", item, kind)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _inside(f"{name}/{index}", item, kind)
