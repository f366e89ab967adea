"""Turns: threads that use one model do so one after the other.

Whoever predicts, evaluates, saves or looks at all weights has the model for as long as that takes;
`fit` has it for a group of steps at a time, and lets those who wait go first. So each of them sees
the model as it is between two steps.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from neurona.core.fork import Renewed
from neurona.errors import StateError


class Turns(Renewed):
    """A lock that a thread may take again, and that who comes often can be last to take."""

    def begin_anew(self) -> None:
        self._lock, self._door = threading.RLock(), threading.Lock()
        self._take = self._lock.acquire
        self._depth = 0
        self._trainer: int | None = None  # the thread whose `fit` runs

    def __enter__(self) -> None:
        if not self._take(False):
            with self._door:  # where the next one stands
                self._lock.acquire()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        self._lock.release()

    @contextlib.contextmanager
    def last(self) -> Iterator[None]:
        """Take a turn after those who wait: for who has just had one."""
        if not self._mine():
            with self._door:
                pass
        with self:
            yield

    def _mine(self) -> bool:
        """Whether it is this thread's turn."""
        if not self._lock.acquire(blocking=False):
            return False
        mine = self._depth > 0
        self._lock.release()
        return mine

    @contextlib.contextmanager
    def training(self, name: str) -> Iterator[None]:
        """Be the only thread whose `fit` trains the model.

        Raises:
            StateError: if another thread's does.
        """
        me = threading.get_ident()
        with self:
            before = self._trainer
            if before not in (None, me):
                raise StateError(
                    f"{name!r} is being trained by another thread.",
                    got="two calls of fit at once",
                    hint="wait for the other, or train nn.models.clone_model(model)",
                )
            self._trainer = me
        try:
            yield
        finally:
            self._trainer = before
