"""Counter-based random bits: Philox 4x32-10, the same in every engine.

A draw is a pure function of (seed, step) and of its own number within the step, so nothing hidden
has to be saved: a training step that is run again draws the same numbers, on any engine and any
number of threads.

    key     = (seed, low and high word)
    counter = (block, number of the draw, step, low and high word)

Each block gives four words of 32 bits; element i of a draw reads word i % 4 of block i // 4.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.errors import check_integer

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF


def philox(xp: Any, state: Any, draw: int, count: int) -> Any:
    """Return `count` random words as uint64 values below 2**32.

    Args:
        xp: numpy, or a module like it with 64-bit integers.
        state: the integers (seed, step), int64 of shape (2,); or arrays of them, (2, N, 1), for
            N rows of words.
        draw: number of the draw within the step; or (N, 1) of them.
        count: how many words.
    """
    u64 = xp.uint64
    low, shift = u64(_LOW), u64(32)
    seed, step = state[0].astype(u64), state[1].astype(u64)
    k0, k1 = seed & low, seed >> shift
    c0 = xp.arange(-(-count // 4), dtype=u64)
    c1 = xp.full_like(c0, 0) + xp.asarray(draw & _LOW, dtype=u64)
    c2 = xp.full_like(c0, 0) + (step & low)
    c3 = xp.full_like(c0, 0) + (step >> shift)
    for _ in range(10):
        p0, p1 = c0 * u64(MULTIPLIERS[0]), c2 * u64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (p1 >> shift) ^ c1 ^ k0, p1 & low, (p0 >> shift) ^ c3 ^ k1, p0 & low
        k0, k1 = (k0 + u64(WEYL[0])) & low, (k1 + u64(WEYL[1])) & low
    return xp.stack([c0, c1, c2, c3], axis=-1).reshape(*c0.shape[:-1], -1)[..., :count]


class Stream:
    """Where draws take their (seed, step) and number from.

    Outside of any program a draw is a step of its own. Inside one (`with use(state)`) the step is
    given, and the draws are numbered as they come: the order of calls in the traced function.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed, self.step = seed, 0
        self.state: Tensor | None = None
        self.own_seed: int | None = None
        self.draws: Counter[int | None] = Counter()

    def next(self) -> tuple[Tensor, int]:
        """Return the state (seed, step) and the number of the next draw."""
        if self.state is None:
            self.step += 1
            return state_of(self.seed, self.step - 1), 0
        self.draws[self.own_seed] += 1
        return self.state, self.draws[self.own_seed] - 1


_stream = Stream(int.from_bytes(os.urandom(7), "little"))


def state_of(seed: int, step: int) -> Tensor:
    """Return (seed, step) as the int64 Tensor that draws take."""
    return Tensor(np.array([seed, step], np.int64))


def set_seed(seed: int) -> None:
    """Start the random stream anew: the same seed gives the same bits."""
    seed = check_integer("seed", seed, minimum=0) & (2**63 - 1)
    _stream.seed, _stream.step = seed, 0


def next_state() -> tuple[Tensor, int]:
    """Return the state and number for one draw of the current stream."""
    return _stream.next()


def take_state() -> tuple[int, int]:
    """Take a fresh (seed, step) from the stream, for a program that draws by itself."""
    return take_states(1)


def take_states(count: int) -> tuple[int, int]:
    """Take `count` consecutive states; return the first."""
    _stream.step += count
    return _stream.seed, _stream.step - count


def get_position() -> tuple[int, int]:
    """Return (seed, step) of the stream, to be saved."""
    return _stream.seed, _stream.step


def set_position(seed: int, step: int) -> None:
    """Put the stream back to a saved (seed, step)."""
    _stream.seed, _stream.step = int(seed), int(step)


@contextlib.contextmanager
def use(state: Tensor) -> Iterator[Stream]:
    """Draw from the given (seed, step) inside; draws are numbered from 0."""
    before = _stream.state, _stream.draws
    _stream.state, _stream.draws = state, Counter()
    try:
        yield _stream
    finally:
        _stream.state, _stream.draws = before


@contextlib.contextmanager
def outside() -> Iterator[None]:
    """Draw from the global stream inside, even while a program is traced: for initial values."""
    before = _stream.state, _stream.draws
    _stream.state = None
    try:
        yield
    finally:
        _stream.state, _stream.draws = before


def own_seed() -> int | None:
    """Return the seed that replaces the stream's own, if `seeded` says so."""
    return _stream.own_seed


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Draw with a seed of one's own inside: other numbers at each step, whatever the stream's seed.

    Such draws are numbered by themselves, so they do not depend on what else is drawn. None
    changes nothing.
    """
    before = _stream.own_seed
    _stream.own_seed = before if seed is None else seed
    try:
        yield
    finally:
        _stream.own_seed = before
