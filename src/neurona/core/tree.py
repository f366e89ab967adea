"""Nested structures of values: tuples, lists, dicts and None around leaves.

`flatten` takes a structure apart into its leaves and a Structure; `Structure.unflatten` puts other
leaves in the same places. Dicts are read in the order of their sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Structure:
    """The shape of a nested structure, without its leaves."""

    __slots__ = ("_hash", "children", "keys", "kind")

    def __init__(self, kind: Any, keys: tuple = (), children: tuple[Structure, ...] = ()) -> None:
        self.kind, self.keys, self.children = kind, keys, children
        self._hash = hash((kind, keys, children))  # of a child known already

    def __reduce__(self) -> Any:
        """Be made again: another process hashes strings in another way."""
        return Structure, self._parts()

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Return the structure with these leaves in it."""
        return self._take(iter(leaves))

    def _take(self, leaves: Any) -> Any:
        if self.kind is None:
            return next(leaves)
        values = [child._take(leaves) for child in self.children]
        if self.kind is dict:
            return dict(zip(self.keys, values, strict=True))
        if self.kind is type(None):
            return None
        return self.kind(*values) if hasattr(self.kind, "_fields") else self.kind(values)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Structure) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return self._hash

    def _parts(self) -> tuple:
        return self.kind, self.keys, self.children

    def __repr__(self) -> str:
        return repr(self.unflatten(["*"] * count(self)))


LEAF, NOTHING = Structure(None), Structure(type(None))


def count(structure: Structure) -> int:
    """Return the number of leaves."""
    return 1 if structure.kind is None else sum(map(count, structure.children))


def paths(structure: Structure, name: str) -> list[str]:
    """Return for each leaf how a program would reach it.

    >>> paths(flatten({"h": 0, "c": [1, 2]})[1], "carry")
    ["carry['c'][0]", "carry['c'][1]", "carry['h']"]
    """
    if structure.kind is None:
        return [name]
    keys = structure.keys if structure.kind is dict else range(len(structure.children))
    return [
        path
        for key, child in zip(keys, structure.children, strict=True)
        for path in paths(child, f"{name}[{key!r}]")
    ]


def flatten(value: Any) -> tuple[list[Any], Structure]:
    """Return the leaves of a nested structure in order, and the structure itself.

    >>> leaves, structure = flatten({"b": [1, 2], "a": (3,)})
    >>> leaves, structure.unflatten("xyz")
    ([3, 1, 2], {'a': ('x',), 'b': ['y', 'z']})
    """
    leaves: list[Any] = []
    return leaves, _flatten(value, leaves)


def _flatten(value: Any, leaves: list[Any]) -> Structure:
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        keys = tuple(sorted(value))
        return Structure(dict, keys, tuple(_flatten(value[k], leaves) for k in keys))
    if isinstance(value, list | tuple):
        return Structure(type(value), (), tuple(_flatten(v, leaves) for v in value))
    leaves.append(value)
    return LEAF


def map_leaves(fn: Callable[[Any], Any], value: Any) -> Any:
    """Return the structure with `fn` applied to each leaf."""
    leaves, structure = flatten(value)
    return structure.unflatten([fn(leaf) for leaf in leaves])
