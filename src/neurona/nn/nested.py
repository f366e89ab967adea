"""Nested values as JSON: lists, tuples, dicts and None, around leaves that the caller writes.

    [...]                           a list
    {"tuple": [...]}                a tuple
    {"dict": [[key, value], ...]}   a dict, in its order
    null                            None

A leaf is written as a plain value, or as a dict with keys of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neurona.errors import FormatError

_PLAIN = str | int | float | bool | None


def write_nested(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Return nested values as JSON, with `leaf(x)` for each leaf x."""
    if value is None:
        return None
    if isinstance(value, list):
        return [write_nested(v, leaf) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [write_nested(v, leaf) for v in value]}
    if isinstance(value, Mapping):
        return {
            "dict": [
                [k if isinstance(k, _PLAIN) else write_nested(k, leaf), write_nested(v, leaf)]
                for k, v in value.items()
            ]
        }
    return leaf(value)


def read_nested(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Return what `write_nested` wrote, with `leaf(x)` for each leaf x.

    Raises:
        FormatError: if a dict is malformed.
    """
    match value:
        case None:
            return None
        case list(items):
            return [read_nested(v, leaf) for v in items]
        case {"tuple": list(items)}:
            return tuple(read_nested(v, leaf) for v in items)
        case {"dict": list(items)}:
            if not all(isinstance(i, list) and len(i) == 2 for i in items):
                raise FormatError("a dict in a description is malformed.")
            return {_key(k, leaf): read_nested(v, leaf) for k, v in items}
    return leaf(value)


def _key(key: Any, leaf: Callable[[Any], Any]) -> Any:
    key = key if isinstance(key, _PLAIN) else read_nested(key, leaf)
    if not isinstance(key, _PLAIN | tuple):
        raise FormatError("the key of a dict is malformed.", got=repr(key))
    return key
