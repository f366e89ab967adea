"""A team of threads that stays: posting a job to it and joining it is one call of native code.

The workers are Python threads, so that Python knows them, but each enters native code once and
stays there, without the interpreter's lock, until the team is dismissed. They wait for the next
job, and for each other, by spinning briefly and then sleeping.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from neurona import config
from neurona.core.fork import Renewed
from neurona.engines.native.cores import available_cores
from neurona.engines.native.llvm.assemble import assemble
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.once import once
from neurona.engines.native.run.team_code import has_futex, team_code
from neurona.errors import check_integer

# Microseconds of spinning before sleeping. To sleep and be woken costs some 50 us on a virtual
# machine, so spinning about as long costs at most twice the better choice. Between two jobs Python
# prepares the next. Threads beyond the cores must not spin: who they wait for needs the core.
SPIN, IDLE_SPIN = 50, 100
CROWDED_SPIN = 1

_LINE = 128


class TeamMemory(ctypes.Structure):
    """What the threads of a team share; `%Team` in team_code.py is the same structure."""

    _fields_ = (
        ("meet", ctypes.c_void_p),
        ("threads", ctypes.c_int64),
        ("spins", ctypes.c_int64),
        ("idle_spins", ctypes.c_int64),
        ("doze", ctypes.c_void_p),
        ("nap", ctypes.c_void_p),
        ("core", ctypes.c_void_p),
        ("_1", ctypes.c_char * 72),
        ("posted", ctypes.c_int32),
        ("busy", ctypes.c_int32),
        ("function", ctypes.c_void_p),
        ("table", ctypes.c_void_p),
        ("_2", ctypes.c_char * 104),
        ("phase", ctypes.c_int32),
        ("arrived", ctypes.c_int32),
        ("_3", ctypes.c_char * 120),
        ("cores", ctypes.c_int32 * 32),
    )


class Native:
    """The native half: its functions, and the system's functions that it calls."""

    def __init__(self, machine: Machine, futex: bool) -> None:
        # Level 0: compiled in a quarter of the time, and a barrier is but 5 ns slower.
        self.code = assemble(team_code(machine, futex), machine, level=0)
        self.doze, self.nap, self.core = _system_functions(futex)
        self.meet = self.code.address("meet")
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self.run = self._function("run", None, pointer, pointer, pointer)
        self.serve = self._function("serve", None, pointer, number)
        self.dismiss = self._function("dismiss", ctypes.c_int32, pointer)
        self.relax = self._function("relax", None, number)
        self.spins_per_microsecond = self._measure()

    def _function(self, name: str, *types: Any) -> Callable:
        return ctypes.CFUNCTYPE(*types)(self.code.address(name))

    def _measure(self) -> float:
        """Count how often a thread looks at a word in a microsecond: the best of some tries."""
        times = 1000
        shortest = 1e9
        for _ in range(5):
            start = time.perf_counter_ns()
            self.relax(times)
            shortest = min(shortest, (time.perf_counter_ns() - start) / 1000)
        return times / max(shortest, 0.1)


def _system_functions(futex: bool) -> list[int | None]:
    """Return the addresses of what team_code.py calls: `doze`, `nap` and `core`, or None."""
    if sys.platform == "win32":
        library, names = ctypes.CDLL("kernel32"), ["SwitchToThread", "Sleep", ""]
    else:
        library = ctypes.CDLL(None)
        names = ["syscall", "", "sched_getcpu"] if futex else ["sched_yield", "usleep", ""]
    functions = [getattr(library, name, None) for name in names]
    return [ctypes.cast(f, ctypes.c_void_p).value if f else None for f in functions]


@once
def native(futex: bool | None = None) -> Native:
    """Return the native half, compiled at the first call; `futex` overrides what the system has."""
    machine = Machine.chosen()
    return Native(machine, has_futex(machine) if futex is None else futex)


class Team(Renewed):
    """Some threads that run one native function together, the caller as the first of them.

    The function is `void work(ptr %table, i64 %thread, i64 %threads, ptr %team)`. Every thread runs
    it from start to end; `call void @barrier(ptr %team, i64 %thread, i64 %threads)` in between (its
    text: `sharing.BARRIER`) waits until all have come as far. Denormals are flushed and rounding
    is to nearest on all threads; the caller's own floating-point mode is restored.

    A team works for one caller at a time. Another that comes meanwhile (from a second Python
    thread) does not wait: it runs the function alone, with `threads` = 1. Hence what `work`
    computes must not depend on the number of threads, and a `table` has one caller at a time.

    More threads than cores work, only slower: they do not spin. Workers begin at the first run;
    after a fork the child's team begins anew; at the interpreter's exit they are dismissed. Ctrl-C
    is noticed after the run.

    Args:
        threads: how many, the caller included; 1 means no workers.
    """

    def __init__(self, threads: int, half: Native | None = None) -> None:
        self.threads = check_integer("threads", threads, minimum=1, maximum=config.MAX_THREADS)
        self.native = half or native()
        self._enter = self.native.run
        super().__init__()

    @staticmethod
    def of(threads: int) -> Team:
        """Return the process's team of so many threads, the same at every call."""
        team = _teams.get(threads)
        return team if team is not None else _teams.setdefault(threads, Team(threads))

    def run(self, function: int, table: int) -> None:
        """Run the function at an address on all threads; return when all are done."""
        if not self._address:
            self._start()
        self._enter(self._address, function, table)

    def dismiss(self) -> None:
        """Send the workers home, unless they are busy; from then on each caller works alone."""
        if self._address and self.native.dismiss(self._address):
            for worker in self._workers:
                worker.join(timeout=1)

    def begin_anew(self) -> None:
        self._starting = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._memory: Any = None
        self._address = 0

    def _start(self) -> None:
        with self._starting:
            if self._address:
                return
            memory, address = self._lay_out()
            workers = []
            try:
                for k in range(1, self.threads):
                    worker = threading.Thread(
                        target=self._serve, args=(memory, address, k), daemon=True,
                        name=f"neurona {k}/{self.threads}",
                    )  # fmt: skip
                    workers.append(worker)
                    worker.start()
            except RuntimeError:  # the process may start no more threads: the caller works alone
                self.native.dismiss(address)
            except BaseException:
                self.native.dismiss(address)
                raise
            self._memory, self._workers, self._address = memory, workers, address

    def _serve(self, memory: Any, address: int, thread: int) -> None:
        """Run as a worker; holds the memory and the code for as long as it uses them."""
        self.native.serve(address, thread)

    def _lay_out(self) -> tuple[Any, int]:
        """Return new memory, its parts on lines of their own, and its address."""
        block = (ctypes.c_char * (ctypes.sizeof(TeamMemory) + _LINE))()
        start = ctypes.addressof(block)
        offset = -start % _LINE
        memory = TeamMemory.from_buffer(block, offset)
        crowded = self.threads > available_cores()
        per_microsecond = self.native.spins_per_microsecond
        memory.meet = self.native.meet
        memory.threads = self.threads
        memory.spins = int((CROWDED_SPIN if crowded else SPIN) * per_microsecond)
        memory.idle_spins = int((CROWDED_SPIN if crowded else IDLE_SPIN) * per_microsecond)
        memory.doze, memory.nap = self.native.doze, self.native.nap
        memory.core = self.native.core
        memory.cores[:] = range(-1, -33, -1)  # not known yet: no two the same
        return memory, start + offset


_teams: dict[int, Team] = {}


def _dismiss_all() -> None:
    for team in _teams.values():
        team.dismiss()


atexit.register(_dismiss_all)
