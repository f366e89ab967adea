"""Nested structures as Keras sees them: lists, tuples, dicts, deques, and all else a leaf.

None is a leaf here, unlike in `core/tree.py`. Dicts are read in the order of their sorted keys,
an OrderedDict in its own.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neurona.errors import ArgumentError, DtypeError

Path = tuple[Any, ...]


class MAP_TO_NONE:
    """What a function of `traverse` returns to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Say whether it is a list, tuple, dict or deque.

    >>> is_nested([1]), is_nested("text"), is_nested(None)
    (True, False, False)
    """
    return isinstance(structure, list | tuple | dict | deque)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves in order.

    >>> flatten({"b": [1, None], "a": (2,)})
    [2, 1, None]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """Return (path, leaf) for each leaf: the keys and numbers that lead to it.

    >>> flatten_with_path([{"foo": 42}])
    [((0, 'foo'), 42)]
    """
    return list(_leaves(structure, ()))


def _leaves(structure: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if not is_nested(structure):
        yield path, structure
        return
    for key, item in _items(structure):
        yield from _leaves(item, (*path, key))


def _items(structure: Any) -> list[tuple[Any, Any]]:
    """Return (key, value) in the order of a structure."""
    if isinstance(structure, OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        try:
            return sorted(structure.items(), key=lambda item: item[0])
        except TypeError:
            raise ArgumentError(
                "the keys of a dict must be sortable.", got=repr(list(structure))[:80]
            ) from None
    return list(enumerate(structure))


def _like(structure: Any, keys: Sequence[Any], values: Sequence[Any]) -> Any:
    """Return a structure of the same kind with other values."""
    if isinstance(structure, dict):
        found = dict(zip(keys, values, strict=True))
        ordered = {key: found[key] for key in structure}
        if isinstance(structure, defaultdict):
            return defaultdict(structure.default_factory, ordered)
        return type(structure)(ordered)
    return type(structure)(*values) if hasattr(structure, "_fields") else type(structure)(values)


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """Return a structure of the same kind with other leaves.

    Raises:
        DtypeError: if they are no sequence.
        ArgumentError: if there are too few or too many.

    >>> pack_sequence_as({"b": 0, "a": [0]}, [1, 2])
    {'b': 2, 'a': [1]}
    """
    if not hasattr(flat_sequence, "__iter__"):
        raise DtypeError("pack_sequence_as takes a sequence.", got=repr(flat_sequence)[:60])
    leaves, expected = list(flat_sequence), len(flatten(structure))
    if len(leaves) != expected:
        raise ArgumentError(
            "another number of leaves.", got=str(len(leaves)), expected=str(expected)
        )
    given = iter(leaves)
    return map_structure(lambda _: next(given), structure)


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Return a structure of `func` of the leaves of one or more that are nested in the same way.

    Args:
        func: takes a leaf of each.
        structures: of the same layout.
        none_is_leaf: False leaves None as it is.

    Raises:
        DtypeError: if `func` is no function, or there is no structure.
        ArgumentError: if they differ.

    >>> map_structure(lambda x, y: x + y, [1, (2,)], [10, (20,)])
    [11, (22,)]
    """
    if not callable(func) or not structures:
        raise DtypeError(
            "map_structure takes a function and a structure.", got=repr((func, *structures))[:80]
        )
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return _mapped(func, structures[0], structures, none_is_leaf)


def _mapped(func: Callable, shape: Any, structures: Sequence[Any], none_is_leaf: bool) -> Any:
    if not is_nested(shape):
        skip = not none_is_leaf and all(s is None for s in structures)
        return None if skip else func(*structures)
    keys = [key for key, _ in _items(shape)]
    others = [dict(_items(s)) if isinstance(s, dict) else list(s) for s in structures]
    inner = [[o[k] for o in others] for k in keys]
    children = [item for _, item in _items(shape)]
    values = [
        _mapped(func, child, parts, none_is_leaf)
        for child, parts in zip(children, inner, strict=True)
    ]
    return _like(shape, keys, values)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Return `func` of what stands where a shallow structure has its leaves.

    Raises:
        ArgumentError: if a structure is not nested at least as deep, and alike.

    >>> map_structure_up_to([None, None], len, [[1, 1], [2]])
    [2, 1]
    """
    if not callable(func) or not structures:
        raise DtypeError(
            "map_structure_up_to takes a function and a structure.", got=repr(func)[:80]
        )
    for other in structures:
        _assert_alike(shallow_structure, other, (), deeper=True, kinds=True)
    return _mapped(func, shallow_structure, structures, True)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise an ArgumentError unless two structures are nested in the same way, of the same kinds.

    >>> assert_same_structure([(0, 1)], [(2, 3)])
    """
    _assert_alike(a, b, (), deeper=False, kinds=True)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise an ArgumentError unless the same keys and numbers lead to the leaves of both.

    >>> assert_same_paths([0, 1], (2, 3))
    """
    _assert_alike(a, b, (), deeper=False, kinds=False)


def _assert_alike(a: Any, b: Any, path: Path, *, deeper: bool, kinds: bool) -> None:
    if not is_nested(a) and (deeper or not is_nested(b)):
        return
    same = is_nested(a) and is_nested(b)
    if same and kinds:
        same = type(a) is type(b) or (isinstance(a, dict) and isinstance(b, dict))
    if same and not isinstance(a, dict) and not isinstance(b, dict):
        same = len(a) == len(b)
    elif same:
        same = {key for key, _ in _items(a)} == {key for key, _ in _items(b)}
    if not same:
        raise ArgumentError(
            "The two structures don't have the same nested structure.",
            got=f"{_shown(a)} and {_shown(b)}" + (f" at {list(path)}" if path else ""),
        )
    others = dict(_items(b))
    for key, item in _items(a):
        _assert_alike(item, others[key], (*path, key), deeper=deeper, kinds=kinds)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Go through all parts of a structure; what `func` returns of one that is not None replaces it.

    Args:
        func: gets each part, leaves and containers; `MAP_TO_NONE` stands for None.
        structure: the whole.
        top_down: whether containers come before what is in them, which is then not looked at if
            they are replaced.

    Raises:
        DtypeError: if `func` is no function.

    >>> traverse(lambda x: tuple(x) if isinstance(x, list) else None, [1, [2]], top_down=False)
    (1, (2,))
    """
    if not callable(func):
        raise DtypeError("traverse takes a function.", got=repr(func)[:60])

    def go(part: Any) -> Any:
        replaced = func(part) if top_down else None
        if replaced is None:
            if is_nested(part):
                items = _items(part)
                part = _like(part, [k for k, _ in items], [go(v) for _, v in items])
            replaced = None if top_down else func(part)
        if replaced is None:
            return part
        return None if replaced is MAP_TO_NONE else replaced

    return go(structure)


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples for lists.

    >>> lists_to_tuples([1, {"a": [2]}])
    (1, {'a': (2,)})
    """
    return traverse(lambda x: tuple(x) if type(x) is list else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Return a structure of `func` of shapes: tuples and lists of integers and None are leaves.

    >>> map_shape_structure(len, {"a": (None, 3), "b": [(1,), (2, 3, 4)]})
    {'a': 2, 'b': [1, 3]}
    """
    if not callable(func):
        raise DtypeError("map_shape_structure takes a function.", got=repr(func)[:60])
    if isinstance(structure, list | tuple) and all(s is None or type(s) is int for s in structure):
        return func(tuple(structure))
    if not is_nested(structure):
        raise DtypeError("there is something that is no shape.", got=repr(structure)[:60])
    items = _items(structure)
    return _like(structure, [k for k, _ in items], [map_shape_structure(func, v) for _, v in items])
