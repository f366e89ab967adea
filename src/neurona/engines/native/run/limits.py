"""The limits of this machine: arithmetic, and bytes to and from memory, in a second.

Measured with code that does nothing else: no program can need less time than its products or its
bytes do at this rate.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from neurona.engines.native.llvm.assemble import Code, assemble
from neurona.engines.native.llvm.lanes import F32, Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function, Module
from neurona.engines.native.once import once
from neurona.engines.native.run.executable import address
from neurona.engines.native.run.threads import Team
from neurona.engines.native.sharing import THREADS

CHAINS = 12  # sums that do not wait for each other; with two factors they fit into 16 registers
TURNS, UNROLLED = 20_000, 4
BYTES = 128 << 20  # of an array that no cache holds
SECONDS = 0.15  # for each measurement


class Limits(NamedTuple):
    """What some threads can do in a second.

    Attributes:
        threads: how many.
        flops: multiplications and additions in float32, fused where the machine can.
        read: bytes of a large array that is summed.
        copied: bytes of a large array that is copied, each counted once as read and once as
            written.
    """

    threads: int
    flops: float
    read: float
    copied: float


def limits(threads: int) -> Limits:
    """Measure what so many threads can do: the best of many tries, in half a second."""
    machine = Machine.chosen()
    code, lanes = _code(machine), machine.lanes(F32.itemsize)
    source, target = (np.ones(BYTES // F32.itemsize, np.float32) for _ in "ab")
    results = np.zeros((threads, 16), np.float64)  # a line of the cache for each thread
    table = (ctypes.c_void_p * 3)(*[address(a) for a in (source, target, results)])

    def best(name: str) -> float:
        run, place = Team.of(threads).run, ctypes.addressof(table)
        return _shortest(lambda: run(code.address(name), place))

    work = 2 * lanes * CHAINS * UNROLLED * TURNS * threads
    flops, read = work / best("multiply"), BYTES / best("read")
    return Limits(threads, flops, read, 2 * BYTES / best("copy"))


def limits_code(machine: Machine) -> str:
    """Return the IR of `multiply`, `read` and `copy`, which each thread of a team runs."""
    module, width = Module(), machine.lanes(F32.itemsize)
    for name, body in (("multiply", _multiply), ("read", _read), ("copy", _copy)):
        arguments = ["ptr %table", *THREADS]
        f = module.function(name, arguments, machine.attributes, linkage="external")
        body(f, Lanes(f, width))
    return str(module)


@once
def _code(machine: Machine) -> Code:
    return assemble(limits_code(machine), machine)


def _shortest(run: Callable[[], None]) -> float:
    """Return the seconds of the fastest run, of as many as there is time for."""
    run()
    end, shortest = time.perf_counter() + SECONDS, float("inf")
    while (start := time.perf_counter()) < end or shortest == float("inf"):
        run()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


# --- code --------------------------------------------------------------------------------------


class _Sums:
    """Vectors that are added to in turn, and noted at the end, so that none of it is in vain."""

    def __init__(self, f: Function, b: Lanes) -> None:
        self.f, self.b = f, b
        self.zero = b.spread(b.number(0, F32))
        self.kind = b.type_of(self.zero)
        self.slots = [f.slot(self.kind, self.zero.text) for _ in range(CHAINS)]

    def update(self, k: int, change: Callable[[Value], Value]) -> None:
        slot = self.slots[k % CHAINS]
        before = self.zero._replace(text=self.f.let(f"load {self.kind}, ptr {slot}"))
        self.f.do(f"store {self.kind} {change(before).text}, ptr {slot}")

    def note(self) -> None:
        """Write the sum to the thread's line of the results."""
        f, b, total = self.f, self.b, self.zero
        for slot in self.slots:
            total = b.add(total, self.zero._replace(text=f.let(f"load {self.kind}, ptr {slot}")))
        line = f.address(_pointer(f, 2), "[16 x double]", "%thread")
        b.store(line, total, Index("0"))


def _multiply(f: Function, b: Lanes) -> None:
    half, one = b.spread(b.number(0.5, F32)), b.spread(b.number(1, F32))
    sums = _Sums(f, b)
    with f.loop(0, TURNS):
        for k in range(UNROLLED * CHAINS):
            sums.update(k, lambda x: b.fma(x, half, one))
    sums.note()


def _read(f: Function, b: Lanes) -> None:
    source, sums = _pointer(f, 0), _Sums(f, b)
    with _own_blocks(f, b) as start:
        for k in range(CHAINS):
            value = b.load(source, F32, Index(f.add(start, k * b.width)))
            sums.update(k, functools.partial(b.add, value))
    sums.note()


def _copy(f: Function, b: Lanes) -> None:
    source, target = _pointer(f, 0), _pointer(f, 1)
    with _own_blocks(f, b) as start:
        for k in range(CHAINS):
            at = Index(f.add(start, k * b.width))
            b.store(target, b.load(source, F32, at), at)


@contextlib.contextmanager
def _own_blocks(f: Function, b: Lanes) -> Iterator[str]:
    """Write the loop over a thread's share of the array, a vector for each sum at a time."""
    block = CHAINS * b.width
    count = BYTES // F32.itemsize // block
    following = f.let("add i64 %thread, 1")
    first, last = (
        f.mul(f.let(f"udiv i64 {f.mul(thread, count)}, %threads"), block)
        for thread in ("%thread", following)
    )
    with f.loop(first, last, block) as start:
        yield start


def _pointer(f: Function, slot: int) -> str:
    return f.let(f"load ptr, ptr {f.address('%table', 'ptr', slot)}")
