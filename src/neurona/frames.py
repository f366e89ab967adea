"""Frames: whose lines a traceback shows.

An error of the library shows the user's lines that led to it. The library's own, for which its
message speaks, are left out unless the debug level is 1 or more:

* `Explained.__traceback__` is read without them, wherever the error was raised;
* busy doors, such as ops, layers and `fit`, `shorten` what goes out, so that also who asks Python
  itself (`traceback.format_exc`, logging, pytest) sees it so;
* what ends the program or a thread is shown without them, of any class, unless it happened there.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable)

OURS: set[str] = set()  # names of files that were asked about
_users: set[str] = set()
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_TYPER = os.path.join("site-packages", "typer", "")  # what runs the command neurona
_PYTHON = sysconfig.get_path("stdlib") + os.sep


def debug_level() -> int:
    """Return the debug level; `config` puts its own here."""
    return 0


def is_users(file: str) -> bool:
    """Say whether a file is neither of this package or its command, nor of Python's library."""
    if file in OURS or file in _users:
        return file in _users
    path = os.path.abspath(file)
    pythons = path.startswith(_PYTHON) and "site-packages" not in path
    command = _TYPER in path or os.path.basename(path) == "neurona"
    own = path.startswith(_PACKAGE) or pythons or command or file.startswith("<frozen ")
    (OURS if own else _users).add(file)
    return not own


class Explained(Exception):
    """An error whose message says what happened in the library."""

    @property
    def __traceback__(self) -> TracebackType | None:
        """The user's lines that led to it, and the library's at a debug level of 1 or more."""
        return _shown(_whole(self))

    @__traceback__.setter
    def __traceback__(self, value: TracebackType | None) -> None:
        self.with_traceback(value)

    def _render_traceback_(self) -> list[str]:  # what notebooks show
        shorten(self)
        entry = _whole(self)
        while entry is not None and "IPython" in _file(entry) and not debug_level():
            entry = entry.tb_next  # who runs the cell
        return "".join(traceback.format_exception(type(self), self, entry)).splitlines()


def shorten(error: BaseException) -> None:
    """Take the library's lines out of an error for good, and out of those that led to it.

    All of them: the lines of who called a door come to it on its way out.
    """
    if debug_level():
        return
    found = [error]
    for one in found:  # which grows
        for other in (one.__cause__, None if one.__suppress_context__ else one.__context__):
            if other is not None and all(other is not known for known in found):
                found.append(other)
    for one in found:
        one.with_traceback(_users_part(_whole(one)))


def door(fn: F) -> F:
    """Let errors of the library go out of a function `shorten`ed."""

    @functools.wraps(fn)
    def through(*args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        except Explained as error:
            shorten(error)
            raise  # so that this line is not in it either

    return cast(F, through)


def _whole(error: BaseException) -> TracebackType | None:
    return BaseException.__traceback__.__get__(error)  # type: ignore[union-attr]


def _entries(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _file(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename


def _is_library(file: str) -> bool:
    return os.path.abspath(file).startswith(_PACKAGE)


def _users_part(whole: TracebackType | None) -> TracebackType | None:
    """Leave out the library's frames, and those of Python's that they call."""
    kept, inside = [], False
    for entry in _entries(whole):
        inside = not is_users(_file(entry)) and (inside or _is_library(_file(entry)))
        if not inside:
            kept.append(entry)
    part = None
    for entry in reversed(kept):
        part = TracebackType(part, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return part


def _shown(whole: TracebackType | None) -> TracebackType | None:
    """What is to be shown of a traceback: all if nothing else were left."""
    return whole if debug_level() else _users_part(whole) or whole


def _has_library(whole: TracebackType | None) -> bool:
    return any(_is_library(_file(entry)) for entry in _entries(whole))


def _is_fault_of_library(error: BaseException) -> bool:
    """Whether an error of somebody else's class happened in the library: it must be seen whole."""
    if isinstance(error, Explained | KeyboardInterrupt):
        return False
    files = [_file(entry) for entry in _entries(_whole(error))]
    for file in reversed(files):
        if _is_library(file):
            return True
        if is_users(file) and "site-packages" not in file:  # not NumPy's, which somebody called
            return False
    return False


def _shorten_last(error: BaseException | None) -> None:
    """Shorten an error that nobody caught, and say so."""
    if error is None or debug_level() or _is_fault_of_library(error):
        return
    whole = _whole(error)
    shorten(error)
    if _whole(error) is None:  # it would be shown without any line
        error.with_traceback(whole)
    elif sys.stderr is not None and (isinstance(error, Explained) or _has_library(whole)):
        print("(neurona's own lines are hidden: NEURONA_DEBUG=1 shows them)", file=sys.stderr)


def _install() -> None:
    """Shorten what ends the program or a thread before it is shown."""
    of_program, of_thread = sys.excepthook, threading.excepthook

    def show(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
        _shorten_last(error)
        of_program(kind, error, _whole(error) if error is not None else tb)

    def show_of_thread(args: Any) -> None:
        kind, error, tb, thread = args
        _shorten_last(error)
        tb = _whole(error) if error is not None else tb
        of_thread(threading.ExceptHookArgs((kind, error, tb, thread)))

    sys.excepthook, threading.excepthook = show, show_of_thread


_install()
