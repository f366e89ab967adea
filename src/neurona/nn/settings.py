"""Settings: the arguments of a constructor, set as attributes of what was constructed.

    layer.rate = 0.2
    optimizer.clipnorm = 1.0
    layer.kernel_regularizer = "l2"

The object becomes what its class makes of the new arguments, so a setting is checked as the
constructor checks it, reaches all that was made of it, and is saved. What decides parameters that
exist is refused.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.ambient import ambient, within
from neurona.core.graph import tracing
from neurona.core.tensor import Tensor
from neurona.errors import StateError
from neurona.nn.description import describe, rebuild, sharing
from neurona.nn.members import items_of
from neurona.nn.parameter import Parameter

_counter = itertools.count(1)
_changes = 0


def changes() -> int:
    """Return a number that is another one whenever a setting was changed."""
    return _changes


def are_taken() -> bool:
    """Say whether an assignment is a user's: not by `build`, or by a `call` that is traced."""
    return not (ambient.lasting or tracing())


def change(obj: Any, name: str, value: Any) -> None:
    """Set an argument of an object's constructor anew.

    Raises:
        StateError: if the argument decides parameters that exist, or layers that are held.
        NeuronaError: what the constructor raises for it.
    """
    global _changes
    before = _again(obj, obj.arguments)
    after = _again(obj, {**obj.arguments, name: value})
    old, new, seen = vars(before), vars(after), {(id(before), id(after))}
    made = sorted(k for k in old | new if k not in obj.unread)
    changed = [k for k in made if not _same(old.get(k), new.get(k), seen)]
    for key in changed:
        for part in itertools.chain(_kept(vars(obj).get(key)), _kept(new.get(key))):
            _refuse(obj, name, value, part)
    for key in changed:
        if key in new:
            object.__setattr__(obj, key, new[key])
        else:
            vars(obj).pop(key, None)
    obj.take_settings(before, after)
    obj.arguments[name] = value
    _changes = next(_counter)


def _refuse(obj: Any, name: str, value: Any, part: Any) -> None:
    what = type(obj).__name__
    own = getattr(obj, "name", "")
    if isinstance(part, Parameter):
        raise StateError(
            f"{what}.{name} cannot be changed any more: it decides parameters that exist.",
            got=f"{own + '.' if own else ''}{name} = {repr(value)[:60]}",
            hint=f"make a new {what} with {name}={repr(value)[:60]}"
            + (", and compile again" if hasattr(obj, "slots") else ""),
        )
    raise StateError(
        f"{what}.{name} cannot be changed any more: it decides layers or metrics inside.",
        got=f"{own + '.' if own else ''}{name} = {repr(value)[:60]}",
        hint=f"set it on {part.name!r}, or make a new {what}",
    )


def _again(obj: Any, arguments: dict[str, Any]) -> Any:
    """Return an object of the same class, made of these arguments, and built as this one is."""
    with within(names=ambient.names.copy()), random.undisturbed(), sharing(live=True) as shared:
        given = {
            k: rebuild(describe(v), shared.customs) if any(_kept(v)) else v
            for k, v in arguments.items()
        }
        made = type(obj)(**given)
        obj.build_alike(made)
    return made


def _kept(value: Any) -> Iterator[Any]:
    """Yield what stays what it is in a value: Parameters, layers, metrics."""
    if isinstance(value, Parameter) or getattr(value, "one", False) is True:
        yield value
        return
    for _, item in items_of(value) or ():
        yield from _kept(item)


def same(a: Any, b: Any) -> bool:
    """Say whether two values mean the same, functions and what is made from arguments as well.

    >>> same([1, {"a": np.zeros(2)}], [1, {"a": np.zeros(2)}]), same([1], [1.0])
    (True, False)
    """
    return _same(a, b, set())


def _same(a: Any, b: Any, seen: set[tuple[int, int]]) -> bool:
    if a is b or (id(a), id(b)) in seen:
        return True
    if type(a) is not type(b):
        return False
    seen = {*seen, (id(a), id(b))}
    if isinstance(a, Tensor | np.ndarray):
        if isinstance(a, Parameter) and a.trainable != b.trainable:
            return False
        return a.dtype == b.dtype and np.array_equal(np.asarray(a), np.asarray(b))
    if isinstance(a, FunctionType):
        pairs = [(a.__code__, b.__code__), (a.__defaults__, b.__defaults__)]
        cells = [[c.cell_contents for c in f.__closure__ or ()] for f in (a, b)]
        return all(_same(x, y, seen) for x, y in [*pairs, tuple(cells)])
    if isinstance(a, MethodType):
        return a.__func__ is b.__func__ and _same(a.__self__, b.__self__, seen)
    if isinstance(a, functools.partial):
        return _same((a.func, a.args, a.keywords), (b.func, b.args, b.keywords), seen)
    if hasattr(a, "arguments"):
        return _same(a.arguments, b.arguments, seen)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k], seen) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(_same(x, y, seen) for x, y in zip(a, b, strict=True))
    try:
        return bool(a == b) or (hasattr(a, "__dict__") and _same(vars(a), vars(b), seen))
    except Exception:  # a comparison of somebody else's objects may do anything
        return False
