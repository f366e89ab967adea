"""KeptState: the values of a step's Parameters, in memory of an engine from step to step.

The Parameters lend their values: each gets a copy back when somebody looks, and what is assigned to
it meanwhile is brought to the engine before the next step.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from neurona.core.fork import Lock
from neurona.engines.program import Program
from neurona.engines.session import Session, State
from neurona.errors import ShapeError
from neurona.nn.parameter import Loan, Parameter


class KeptState:
    """The values of some Parameters, as the state of Programs.

    Args:
        parameters: whose values; none of them is lent before the first Session.
        take: where the places in the random stream of so many steps come from.
    """

    def __init__(
        self, parameters: Sequence[Parameter], take: Callable[[int], tuple[int, int]]
    ) -> None:
        self.parameters, self._take = parameters, take
        self._state: State | None = None
        self._lock = Lock()
        self._loans = [
            (p, Loan(functools.partial(self._read, k), self._lock))
            for k, p in enumerate(parameters)
        ]

    def session(self, program: Program, changed: Sequence[int]) -> Session | None:
        """Let a Program work on this state; None if its engine keeps none."""
        with self._lock.now:
            session = program.session([p.spec for p in self.parameters], changed, self._state)
            if session is not None:
                self._state = session.state
        return session

    @contextlib.contextmanager
    def lent(self, sessions: Sequence[Session], steps: int) -> Iterator[tuple[int, int]]:
        """Let the values be in the engine's memory while Sessions run, and stay there.

        Yields the place in the random stream of the first of the steps.
        """
        lock = self._lock.now
        with lock:
            elsewhere = self._load()
            while elsewhere:
                lock.release()  # who has them may be waiting for us
                try:
                    for p in elsewhere:
                        p.value  # noqa: B018 - to look at it brings it here
                finally:
                    lock.acquire()
                elsewhere = self._load()
            try:
                yield self._take(steps)
            finally:
                for session in sessions:
                    self._lend(session.changed)

    def _load(self) -> list[Parameter]:
        """Bring what was assigned meanwhile to the engine's memory.

        Returns the Parameters whose values somebody else has: they must be fetched first.

        Raises:
            ShapeError: if a value has another shape or type than its Parameter.
        """
        state, elsewhere = self._state, []
        assert state is not None
        for k, (p, loan) in enumerate(self._loans):
            kept = p.kept
            if kept is loan or kept is loan.copied:
                continue
            if isinstance(kept, Loan):
                elsewhere.append(p)
                continue
            assert kept.data is not None
            if kept.shape != p.shape or kept.dtype != p.dtype:  # compiled code would not notice
                raise ShapeError(
                    f"{p.path} is kept as what it was made as.",
                    got=f"{kept.dtype.name} {kept.shape}",
                    expected=f"{p.dtype.name} {p.shape}",
                    hint="p.assign(value) checks that at once",
                )
            state.load(k, kept.data)
            loan.copied = kept
        return elsewhere

    def _lend(self, changed: Sequence[int]) -> None:
        """Say that the current values are in the engine's memory, but for what was assigned now."""
        for k in changed:
            p, loan = self._loans[k]
            if p.kept is loan.copied:
                p.kept, loan.copied = loan, None

    def _read(self, k: int) -> np.ndarray:
        """Return a copy of the current value of a Parameter that is in the engine's memory."""
        assert self._state is not None
        return self._state.read(k)
