"""The child of a fork: it has one thread, so locks and threads of the others must be made anew.

Who holds a lock while another thread forks is not in the child, and would hold it there for ever.
"""

from __future__ import annotations

import os
import threading
import weakref


class Renewed:
    """What begins anew in the child of every fork, as long as it is there."""

    def __init__(self) -> None:
        self.begin_anew()
        _all.add(self)

    def begin_anew(self) -> None:
        """Be as new: nobody holds its locks, and it has no threads."""
        raise NotImplementedError


class Lock(Renewed):
    """A lock that a thread may take again, and that is free in the child of a fork.

    Attributes:
        now: the lock to take. A block that took it and has forked gives back the one it took.

    >>> lock = Lock()
    >>> with lock.now, lock.now:
    ...     print("mine")
    mine
    """

    def begin_anew(self) -> None:
        self.now = threading.RLock()


def _begin_anew() -> None:
    for thing in _all:
        thing.begin_anew()


_all: weakref.WeakSet[Renewed] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
