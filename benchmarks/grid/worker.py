"""One process that times the calls of one library: a case for each line of input.

A line `prepare NAME` makes a case ready, `turn` times it; each is answered with a line of JSON.
"""

from __future__ import annotations

import sys
from time import perf_counter

from benchmarks.grid.case import Call
from benchmarks.grid.kinds import named
from benchmarks.peers import limit
from benchmarks.runner import take_stdout, writer

WINDOW = 3e-3  # seconds that calls are timed together, at least
TURN = 12e-3  # seconds of windows in a turn, at least


def main(library: str, threads: str) -> None:
    limit(int(threads))
    send = writer(take_stdout())
    call: Call = tuple
    count = units = 1
    for line in sys.stdin:
        order, _, name = line.strip().partition(" ")
        try:
            if order == "prepare":
                case = named(name)
                call = case.neurona() if library == "neurona" else case.torch()
                count, units = calls(call), case.units
                send({})
            else:
                send({"seconds": turn(call, count) / units})
        except Exception as error:  # told, and the other cases go on
            call = tuple
            send({"error": f"{type(error).__name__}: {error}"[:200]})


def calls(call: Call) -> int:
    """How many calls make a window."""
    call()
    count = 1
    while (taken := window(call, count)) < WINDOW / 2:
        count *= 2 if taken > WINDOW / 16 else 8
    return count


def window(call: Call, count: int) -> float:
    begin = perf_counter()
    for _ in range(count):
        call()
    return perf_counter() - begin


def turn(call: Call, count: int) -> float:
    """The least seconds of a call."""
    call()  # threads that slept are awake, and the operands in the cache
    end, best = perf_counter() + TURN, float("inf")
    while best == float("inf") or perf_counter() < end:
        best = min(best, window(call, count) / count)
    return best


if __name__ == "__main__":
    main(*sys.argv[1:])
