"""Origins: the layer that a node belongs to, and the line of the user's that made it.

Tracing notes them, eager mode does not. A Scope stands for a part of the work, such as the call of
a layer; the line is that of the innermost frame outside of this package. Frames are looked at up to
the `inside` of the innermost Scope only, which remembers where it was entered from: a line costs
less than a microsecond.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, NamedTuple

from neurona.core.ambient import ambient
from neurona.errors import NeuronaError
from neurona.frames import OURS, is_users

MOST = 8  # origins of one node; equal nodes of a hundred layers are one

Line = tuple[str, int]  # file and line; ("", 0) if no line of the user's is known


class Origin(NamedTuple):
    """Where a node comes from.

    Attributes:
        path: of the layer, "mlp/hidden"; "" outside of layers.
        kind: the class of the layer, "Dense".
        file, line: of the user's code.
        role: what the node is to the layer: "" its own, "gradient of ", "update of ".

    >>> print(Origin("mlp/hidden", "Dense", "/home/me/train.py", 12).gradient())
    gradient of mlp/hidden, train.py:12
    """

    path: str
    kind: str
    file: str
    line: int
    role: str = ""

    def gradient(self) -> Origin:
        """Return the origin of what the reverse sweep makes of such a node."""
        return Origin(self.path, self.kind, self.file, self.line, f"gradient of {self.role}")

    @property
    def part(self) -> str:
        """Role and path: "gradient of mlp/hidden"; "" outside of layers, but for the role."""
        return self.role + self.path if self.path else self.role.removesuffix(" of ")

    @property
    def place(self) -> str:
        """File and line, without the folder: "train.py:12"."""
        return as_text((self.file, self.line))

    @property
    def described(self) -> str:
        """As errors say it: "gradient of Dense 'mlp/hidden', train.py:12"."""
        of = f"{self.role}{f'{self.kind} {self.path!r}'.lstrip()}" if self.path else self.part
        return ", ".join(filter(None, (of, self.place)))

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.part, self.place)))


def as_text(place: Line) -> str:
    """Return file and line as "train.py:12"; "" if they are not known."""
    file, line = place
    return f"{os.path.basename(file)}:{line}" if file else ""


Origins = tuple[Origin, ...]


def joined(some: Origins, more: Origins) -> Origins:
    """Return the origins of a node that stands for two equal ones, each once, at most `MOST`."""
    if len(some) >= MOST:
        return some
    return tuple(dict.fromkeys((*some, *more)))[:MOST]


def shown(origins: Iterable[Origin], most: int = 4) -> str:
    """Return the first of some origins as one line; those with one place share it.

    >>> a = Origin("mlp/hidden", "Dense", "train.py", 12)
    >>> shown([a, a.gradient(), a._replace(path="mlp/out", line=13)])
    'mlp/hidden, gradient of mlp/hidden, train.py:12; mlp/out, train.py:13'
    """
    found = list(dict.fromkeys((o.place, o.part) for o in origins if o.part or o.place))
    parts: dict[str, list[str]] = {}
    for place, part in found[:most]:
        parts.setdefault(place, []).append(part)
    texts = [", ".join(filter(None, (*names, place))) for place, names in parts.items()]
    rest = len(found) - most
    return "; ".join(texts) + (f"; {rest} more" if rest > 0 else "")


def located(error: NeuronaError, origins: Origins) -> NeuronaError:
    """Say in an error where the node comes from that it happened in; return it."""
    if not error.places and origins and (found := origins[0].described):
        error.within(f"{found}.")
    return error


@functools.lru_cache(512)
def pulled(origins: Origins) -> Origins:
    """Return the origins of what the reverse sweep makes of a node."""
    return tuple(origin.gradient() for origin in origins)


class Scope:
    """A part of the work that is being traced.

    Attributes:
        outer: the Scope around it.
        path, kind, role: of the Origins of what happens inside.
        place: where it was entered from; None until somebody asks.
        origins: those of all that happens inside, if they are known beforehand.
    """

    __slots__ = ("_at_place", "_known", "kind", "origins", "outer", "path", "place", "role")

    def __init__(
        self,
        outer: Scope | None,
        path: str = "",
        kind: str = "",
        role: str = "",
        place: Line | None = None,
        origins: Origins | None = None,
    ) -> None:
        self.outer, self.path, self.kind, self.role = outer, path, kind, role
        self.place, self.origins = place, origins
        self._known: dict[Line, Origins] = {}
        self._at_place: Origins = ()

    def at(self, place: Line) -> Origins:
        """Return the origins of what happens at a line of the user's."""
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = (Origin(self.path, self.kind, *place, self.role),)
        return known

    def at_place(self, frame: FrameType) -> Origins:
        """Return the origins of what happens in lines of our own; `frame` is that of `inside`."""
        if not self._at_place:
            self._at_place = self.at(_entry(self, frame))
        return self._at_place


_ROOT = Scope(None)


def noted() -> bool:
    """Say whether parts of the work are told apart: not while nothing is traced or observed."""
    return ambient.scope is not None


def named(name: str) -> str:
    """Return the path of what has this name in the present part."""
    path = _scope().path
    return f"{path}/{name}" if path and name else path or name


def _scope() -> Scope:
    return ambient.scope or _ROOT


def inside(inner: Scope, fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """Return fn(*args, **kwargs), which happens inside of a Scope."""
    outer, ambient.scope = ambient.scope, inner
    try:
        return fn(*args, **kwargs)
    finally:
        ambient.scope = outer


def part(name: str, kind: str = "", role: str = "") -> Scope:
    """Return the Scope of a part of the present one: a layer of a model."""
    outer = _scope()
    return Scope(outer, named(name), kind or outer.kind, role)


def update_of(path: str, rule: Callable) -> Scope:
    """Return the Scope of the update of a parameter; for rules of our own without a look inside."""
    inner = part(path, type(rule.__self__).__name__, "update of ")  # type: ignore[attr-defined]
    if not is_users(rule.__code__.co_filename):
        inner.origins = inner.at(place())
    return inner


def recorded(place: Line) -> Scope:
    """Return a Scope for what is done now as it was recorded at a line of the user's."""
    outer = _scope()
    return Scope(outer, outer.path, outer.kind, outer.role, place)


@contextlib.contextmanager
def known() -> Iterator[Scope]:
    """Yield a Scope whose `origins` the caller sets before each thing that it does."""
    outer = ambient.scope
    inner = ambient.scope = Scope(outer, origins=())
    try:
        yield inner
    finally:
        ambient.scope = outer


def of_op() -> Origins:
    """Return the origins of the op that is being applied; for `Op.apply` alone."""
    inner = ambient.scope or _ROOT  # for a tensor that has leaked out of its trace
    if inner.origins is not None:
        return inner.origins
    frame = sys._getframe(3)  # behind `apply` and who calls it, which is no user
    while frame is not None:
        code = frame.f_code
        if code.co_filename not in OURS:
            if is_users(code.co_filename):
                return inner.at((code.co_filename, frame.f_lineno))
        elif code is _INSIDE:
            return inner.at_place(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return inner.at(NOWHERE)


def place() -> Line:
    """Return the line of the user's that is being run."""
    return _place(_scope(), sys._getframe(1))


def line() -> str:
    """Return the line of the user's that is being run, to stand behind the text of an error."""
    found = as_text(_place(_scope(), sys._getframe(1)))
    return f", {found}" if found else ""


def warn(message: str) -> None:
    """Warn the user at the line of theirs that is being run, however far up that is."""
    found = _place(_scope(), sys._getframe(1))
    warnings.warn_explicit(message, UserWarning, *found, registry=_warned)


def _place(inner: Scope, frame: FrameType | None) -> Line:
    """Walk out from a frame inside of a Scope to a frame of the user's."""
    while frame is not None:
        code = frame.f_code
        if code is _INSIDE:
            return _entry(inner, frame)
        if is_users(code.co_filename):
            return code.co_filename, frame.f_lineno
        frame = frame.f_back
    return NOWHERE


def _entry(inner: Scope, frame: FrameType) -> Line:
    """Return where a Scope was entered from; `frame` is that of `inside`."""
    if inner.place is None:
        inner.place = _place(inner.outer, frame.f_back) if inner.outer is not None else NOWHERE
    return inner.place


NOWHERE = ("", 0)
_warned: dict = {}  # where Python notes what it has shown
_INSIDE = inside.__code__
