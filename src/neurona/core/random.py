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
import itertools
import os
import random as python_random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.ambient import ambient
from neurona.core.tensor import Tensor
from neurona.errors import check_integer

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF
BLOCK = 1 << 14  # groups of four words that are made at a time
_FAR = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: its multiples lie far apart


def philox(xp: Any, state: Any, draw: Any, count: int) -> Any:
    """Return `count` random words as uint64 values below 2**32.

    Args:
        xp: numpy, or a module like it with 64-bit integers.
        state: the integers (seed, step), int64 of shape (2,); or arrays of them, (2, N, 1), for
            N rows of words.
        draw: number of the draw within the step; or (N, 1) of them.
        count: how many words.
    """
    groups = -(-count // 4)
    if xp is not np or state.ndim > 1 or groups <= 8 * BLOCK:
        words = _groups(xp, state, draw, xp.arange(groups, dtype=xp.uint64))
    else:  # the same, in pieces that stay in a processor's cache
        words = np.empty((groups, 4), np.uint64)
        for first in range(0, groups, BLOCK):
            some = np.arange(first, min(first + BLOCK, groups), dtype=np.uint64)
            words[first : first + BLOCK] = _groups(np, state, draw, some)
    return words.reshape(*words.shape[:-2], -1)[..., :count]


def _groups(xp: Any, state: Any, draw: Any, number: Any) -> Any:
    """Return four words for each number of a group, by ten rounds."""
    u64 = xp.uint64
    low, shift = u64(_LOW), u64(32)
    seed, step = state[0].astype(u64), state[1].astype(u64)
    k0, k1 = seed & low, seed >> shift
    c1 = xp.full_like(number, 0) + xp.asarray(draw & _LOW, dtype=u64)
    c2 = xp.full_like(number, 0) + (step & low)
    c3 = xp.full_like(number, 0) + (step >> shift)
    c0 = number + xp.full_like(c2, 0)
    for _ in range(10):
        p0, p1 = c0 * u64(MULTIPLIERS[0]), c2 * u64(MULTIPLIERS[1])
        c0, c2 = p1 >> shift, p0 >> shift
        c0 ^= c1
        c0 ^= k0
        c2 ^= c3
        c2 ^= k1
        p0 &= low
        p1 &= low
        c1, c3 = p1, p0
        k0, k1 = (k0 + u64(WEYL[0])) & low, (k1 + u64(WEYL[1])) & low
    return xp.stack([c0, c1, c2, c3], axis=-1)


class Stream:
    """Where a thread's draws take their (seed, step) and number from.

    Outside of any program a draw is a step of its own. Inside one (`with use(state)`) the step is
    given, and the draws are numbered as they come: the order of calls in the traced function.

    Attributes:
        seed, step: of the next draw.
        process: the process's seed that it was made from; None if the thread has a seed of its own.
        state: the (seed, step) of the program that is traced, or None.
        own_seed: what replaces the seed, see `seeded`.
        draws: how many there were of the program, with each seed.
        aside: the step at which numbers were last taken aside, and how many.
    """

    def __init__(self) -> None:
        self.seed, self.step = 0, 0
        self.process: ProcessSeed | None = None
        self.state: Tensor | None = None
        self.own_seed: int | None = None
        self.draws: Counter[int | None] = Counter()
        self.aside = -1, 0

    def next(self) -> tuple[Tensor, int]:
        """Return the state (seed, step) and the number of the next draw."""
        if self.state is None:
            self.step += 1
            return state_of(self.seed, self.step - 1), 0
        self.draws[self.own_seed] += 1
        return self.state, self.draws[self.own_seed] - 1


class ProcessSeed:
    """The process's seed, from which each thread's stream begins: at steps of its own.

    It is replaced, never changed, so there is nothing to lock.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.threads = itertools.count(1)  # the main thread begins at step 0


APART = 2**40  # steps from the beginning of one thread's stream to that of the next
_process = ProcessSeed(int.from_bytes(os.urandom(7), "little"))


def _stream() -> Stream:
    """Return this thread's stream; it begins anew when the process's seed is set."""
    stream = ambient.stream
    if stream is None:
        stream = ambient.stream = Stream()
    elif stream.process is _process or stream.process is None:
        return stream
    process = stream.process = _process
    number = 0 if _in_main_thread() else next(process.threads)
    stream.seed, stream.step = process.seed, APART * number
    return stream


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def state_of(seed: int, step: int) -> Tensor:
    """Return (seed, step) as the int64 Tensor that draws take."""
    return Tensor(np.array([seed, step], np.int64))


def set_seed(seed: int) -> None:
    """Start the random stream of this thread anew: the same seed gives the same bits.

    Set in the main thread it is the process's seed as well, from which other threads draw numbers
    of their own, none that another draws; which ones depends on how many threads drew before. It
    seeds the global generators of Python and NumPy too, as in Keras: one line is for all of a
    script, `train_test_split` without a seed among it.
    Set in another thread it is that thread's alone: then a run gives the same bits whatever other
    threads do, and the same as in the main thread.

    >>> set_seed(7)
    >>> before = python_random.random(), np.random.rand()
    >>> set_seed(7)
    >>> before == (python_random.random(), np.random.rand())
    True
    """
    global _process
    seed = check_integer("seed", seed, minimum=0) & (2**63 - 1)
    set_position(seed, 0)
    if _in_main_thread():
        ambient.stream.process = _process = ProcessSeed(seed)
        python_random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - the one that scripts use; it takes 32 bits


def next_state() -> tuple[Tensor, int]:
    """Return the state and number for one draw of the current stream."""
    return _stream().next()


def take_state() -> tuple[int, int]:
    """Take a fresh (seed, step) from the stream, for a program that draws by itself."""
    return take_states(1)


def take_states(count: int) -> tuple[int, int]:
    """Take `count` consecutive states; return the first."""
    stream = _stream()
    stream.step += count
    return stream.seed, stream.step - count


def take_aside(count: int) -> tuple[int, int]:
    """Take consecutive states that nothing else draws from, and leave the stream where it is.

    For what must not change the training that goes on behind it, such as a prediction: its numbers
    are new each time, and depend on the place in the stream and on what was taken aside there.
    """
    stream = _stream()
    step, taken = stream.aside
    if step != stream.step:
        step, taken = stream.step, 0
    stream.aside = step, taken + count
    return stream.seed, ((step + 1) * _FAR + taken) % 2**63


def get_position() -> tuple[int, int]:
    """Return (seed, step) of this thread's stream, to be saved."""
    stream = _stream()
    return stream.seed, stream.step


def set_position(seed: int, step: int) -> None:
    """Put this thread's stream to a saved (seed, step)."""
    stream = _stream()
    stream.seed, stream.step, stream.process = int(seed), int(step), None
    stream.aside = -1, 0


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Go on, after what happens inside, as if nothing had been drawn there."""
    stream = _stream()
    before = stream.seed, stream.step
    try:
        yield
    finally:
        stream.seed, stream.step = before


@contextlib.contextmanager
def at(seed: int, step: int) -> Iterator[None]:
    """Draw inside as if this thread's stream stood at (seed, step), and go on where it was."""
    with undisturbed():
        stream = _stream()
        stream.seed, stream.step = seed, step
        yield


@contextlib.contextmanager
def use(state: Tensor) -> Iterator[Stream]:
    """Draw from the given (seed, step) inside; draws are numbered from 0."""
    stream = _stream()
    before = stream.state, stream.draws
    stream.state, stream.draws = state, Counter()
    try:
        yield stream
    finally:
        stream.state, stream.draws = before


@contextlib.contextmanager
def outside() -> Iterator[None]:
    """Draw from the thread's stream inside, even while a program is traced: for initial values."""
    stream = _stream()
    before = stream.state, stream.draws
    stream.state = None
    try:
        yield
    finally:
        stream.state, stream.draws = before


def own_seed() -> int | None:
    """Return the seed that replaces the stream's own, if `seeded` says so."""
    return _stream().own_seed


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Draw with a seed of one's own inside: other numbers at each step, whatever the stream's seed.

    Such draws are numbered by themselves, so they do not depend on what else is drawn. None
    changes nothing.
    """
    stream = _stream()
    before = stream.own_seed
    stream.own_seed = before if seed is None else seed
    try:
        yield
    finally:
        stream.own_seed = before
