"""Snapshot: notices when what some objects hold is set anew.

A compiled step has read the attributes of layers, losses and optimisers once. Whoever is about to
use it asks the Snapshot that was taken before whether all is as it was.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from itertools import chain
from operator import attrgetter, is_
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.nn.configurable import Configurable
from neurona.nn.members import CONTAINERS, NOTES, items_of
from neurona.nn.parameter import Parameter

_SETTINGS = ("trainable", "regularizer", "constraint")  # of a Parameter
_MACHINERY = (type, FunctionType, MethodType, functools.partial, Tensor, np.ndarray)
_PLAIN = (bool, int, float, str, tuple)
LARGE = 1000  # items of a list: with more it is data, which is not looked through


class Snapshot:
    """What some objects hold, and what is held by parts of them: regularisers, schedules, lists.

    Args:
        owners: the objects.
        passed_over: (id of an object, attribute) of what does not count; see `pass_over`.
        learning: whether it counts if a Parameter is trainable, and how it is kept small.

    >>> class Owner: ...
    >>> owner = Owner()
    >>> owner.sizes = [1, 2]
    >>> snapshot = Snapshot([owner])
    >>> owner.sizes.append(3)
    >>> snapshot.holds()
    False
    """

    def __init__(
        self, owners: Iterable[Any], passed_over: set[tuple[int, str]] | None = None,
        learning: bool = True,
    ) -> None:  # fmt: skip
        self.owners, self.learning = list(owners), learning
        self.passed_over = set() if passed_over is None else passed_over
        self._take()

    def holds(self) -> bool:
        """Say whether everything is as it was; equal numbers and strings are the same."""
        same_sizes = list(map(len, self._held)) == self._sizes
        if same_sizes and all(map(is_, self._all_items(), self._items)):
            return True
        before = self._found
        after = self._walked()[0]
        if before.keys() != after.keys() or not all(map(_same, before.values(), after.values())):
            return False
        self._take()  # only what does not count is another
        return True

    def pass_over(self) -> None:
        """Let what has changed since not count: it was a trace that wrote it, not a user."""
        before, after = self._found, self._walked()[0]
        for key in before.keys() | after.keys():
            if before.get(key, self) is not after.get(key, self):
                self.passed_over.add(key[:2])
        self._take()

    def _take(self) -> None:
        self._found, self._held, self._parameters = self._walked()
        self._sizes = list(map(len, self._held))
        self._items = list(self._all_items())

    def _all_items(self) -> Iterable[Any]:
        held = chain.from_iterable(self._held)
        if not self._parameters:
            return held
        return chain(held, *(map(attrgetter(name), self._parameters) for name in _SETTINGS))

    def _walked(self) -> tuple[dict[tuple, Any], list[Any], list[Parameter]]:
        """Return what is held by its place, all collections that hold it, and the Parameters."""
        found: dict[tuple, Any] = {}
        held: list[Any] = []
        parameters: list[Parameter] = []
        seen: set[int] = set()

        def visit(owner: Any) -> None:
            seen.add(id(owner))
            if isinstance(owner, Parameter):
                parameters.append(owner)
                for name in _SETTINGS:
                    add((id(owner), name), getattr(owner, name))
                return
            held.append(vars(owner).values())
            unread = getattr(type(owner), "unread", NOTES)
            for name, value in vars(owner).items():
                key = (id(owner), name)
                if name not in unread and key not in self.passed_over:
                    add(key, value)

        def add(key: tuple, value: Any) -> None:
            found[key] = value
            if id(value) in seen:
                return
            if isinstance(value, CONTAINERS):
                if len(value) > LARGE:
                    return
                seen.add(id(value))
                held.append(value.values() if isinstance(value, dict) else value)
                for name, item in items_of(value) or ():
                    add((*key, name), item)
            elif _is_open(value) and (self.learning or not isinstance(value, Parameter)):
                visit(value)

        for owner in self.owners:
            if id(owner) not in seen:
                visit(owner)
        return found, held, parameters


def _is_open(value: Any) -> bool:
    """Say whether what an object holds counts: a part that is called, or a record.

    Layers, metrics and optimisers count if they are owners.
    """
    if hasattr(type(value), "variables"):
        return False
    if isinstance(value, Configurable | Parameter) or items_of(value) is not None:
        return True
    return callable(value) and hasattr(value, "__dict__") and not isinstance(value, _MACHINERY)


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and isinstance(a, _PLAIN) and a == b)
