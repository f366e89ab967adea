"""Observation: who asked to see which values inside of a computation.

An Observer takes values of the trace, or of the eager computation, that it was opened in. What is
traced on its own, such as the body of a loop or a jit function, gets an Observer that asks for the
same there; its values then come out as results of the loop or the function.
"""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from neurona.core import origin
from neurona.core.ambient import ambient, within
from neurona.core.graph import tracing
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, paths

GRADIENT = "gradient of "


class Observer:
    """Takes the values that somebody asked for.

    Args:
        patterns: which ones, see `observing`.

    Attributes:
        level: the trace whose values it takes.
        values: what it took so far, by name.
        offered: the names of all that it could have taken.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns, self.level = tuple(patterns), tracing()
        self.values: dict[str, Tensor] = {}
        self.offered: dict[str, None] = {}
        self._watched: list[tuple[str, Tensor]] = []  # whose gradients are asked for

    @property
    def present(self) -> bool:
        """Whether it takes the values of what is done now."""
        return tracing() == self.level

    def asks(self, name: str) -> bool:
        """Say whether a value is asked for."""
        return any(matches(name, p) for p in self.patterns)

    def offer(self, name: str, x: Tensor) -> None:
        """Take a value if it is asked for; note it if its gradient is."""
        self.offered[name] = None
        if self.asks(name):
            self.take(name, x if x.level else Tensor(x.data))
        if self.asks(GRADIENT + name):
            x.notes = tuple(note for note in x.notes if not note.goes_around)
            self._watched.append((name, x))

    def offer_gradients(self, key: Callable[[Tensor], Any], found: Mapping[Any, Tensor]) -> None:
        """Take gradients from what a reverse sweep found, by the keys of the tensors."""
        for name, x in self._watched:
            if (g := found.get(key(x))) is not None:
                self.offered[GRADIENT + name] = None
                self.take(GRADIENT + name, g if g.level else Tensor(g.data))

    def take(self, name: str, x: Tensor) -> None:
        """Take a value; a name that comes again gets a number."""
        number, free = 1, name
        while free in self.values:
            number += 1
            free = f"{name}#{number}"
        self.values[free] = x


def matches(name: str, pattern: str) -> bool:
    """Say whether a pattern asks for a value: by its name, or the end of it after a slash.

    >>> matches("mlp/hidden", "hidden"), matches("mlp/hidden", "*"), matches("mlp/hidden", "den")
    (True, True, False)
    >>> matches("gradient of mlp/hidden", "*"), matches("gradient of mlp/hidden", "gradient of *")
    (False, True)
    """
    if name.startswith(GRADIENT) != pattern.startswith(GRADIENT):
        return False
    path, wanted = name.removeprefix(GRADIENT), pattern.removeprefix(GRADIENT)
    return fnmatch.fnmatchcase(path, wanted) or fnmatch.fnmatchcase(path, f"*/{wanted}")


@contextlib.contextmanager
def opened(patterns: Sequence[str]) -> Iterator[Observer]:
    """Let a new Observer ask for values inside."""
    observer = Observer(patterns)
    scope = ambient.scope or origin.Scope(None)  # so that layers say which they are
    with within(observer=observer, scope=scope):
        yield observer


@contextlib.contextmanager
def observing(*patterns: str) -> Iterator[dict[str, Tensor]]:
    """Yield a dict that takes values inside: those with a name, and what layers return.

    Args:
        patterns: which ones, all by default. A value is called by the path of its layer and its
            name in `nn.observe`, such as "gpt/block/attention/weights"; what a layer returns, by
            the path of the layer. The end of a name will do, and `*` stands for anything.
            "gradient of NAME" asks for the gradient of a value, where one is taken inside.

    A name that comes again, as that of a layer that is called twice, gets a number: "net/shared#2".
    In the body of a `scan` a value is observed in each iteration, and stacked; its gradient is not
    found there. What is traced on its own, by `nn.trace` for example, hands out nothing.

    >>> import neurona as nn
    >>> dense = nn.layers.Dense(2, kernel_initializer="ones", name="dense")
    >>> with observing("dense", "gradient of dense") as seen:
    ...     _ = nn.grad(lambda x: (dense(x) * 3.0).sum())(nn.ops.ones((1, 4)))
    >>> {name: x.tolist() for name, x in seen.items()}
    {'dense': [[4.0, 4.0]], 'gradient of dense': [[3.0, 3.0]]}
    """
    with opened(patterns or ("*",)) as observer:
        yield observer.values


@contextlib.contextmanager
def within_body() -> Iterator[dict[str, Tensor]]:
    """Take in the body of a loop, while it is traced, what is asked for around the loop."""
    around = ambient.observer
    asked = around is not None and around.level == tracing() - 1
    with opened(around.patterns if asked else ()) as observer:
        yield observer.values


def offer(name: str, value: Any) -> None:
    """Offer the tensors in a value under a name, if anybody asks here."""
    observer = ambient.observer
    if observer is None or not observer.present:
        return
    leaves, structure = flatten(value)
    names = [name] if structure.kind is None else paths(structure, name)
    for leaf, x in zip(names, leaves, strict=True):
        if isinstance(x, Tensor):
            observer.offer(leaf, x.value)


def as_part(layer: Any, fn: Callable) -> Callable:
    """Return fn, to be called as part of a layer; what it returns can be observed."""

    def call(*args: Any, **kwargs: Any) -> Any:
        scope = origin.part(layer.name, type(layer).__name__)
        y = origin.inside(scope, fn, *args, **kwargs)
        offer(scope.path, y)
        return y

    return call
