"""One process: prepare one workload of one peer, then time it, turn by turn.

    python -m benchmarks.runner mlp numpy --threads 1 --json

With `--serve` a turn is one line on standard input, and its times are one line of JSON on standard
output: so another process can let several peers take turns.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

from benchmarks.machine import peak_memory
from benchmarks.peers import PEERS, limit

WINDOW = 0.3  # seconds: no more steps are timed together than fit in it
TURN = 0.12  # seconds: a turn repeats short windows for so long


def main() -> None:
    options = parse()
    send = writer(take_stdout())
    try:
        measure(options, send)
    except Exception as error:  # a peer that is missing or breaks must not end the comparison
        text = str(error).strip().splitlines()
        send({"error": f"{type(error).__name__}: {text[0] if text else ''}"[:200]})
        if os.environ.get("BENCHMARKS_TRACE"):
            raise


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engine", help="of neurona; the library's default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help="a turn for each line of input")
    parser.add_argument("--check", action="store_true", help="losses of 4 steps, nothing timed")
    parser.add_argument("--start", action="store_true", help="end after the first step")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    return parser.parse_args()


def measure(options: argparse.Namespace, send: Callable[[Any], None]) -> None:
    peer = PEERS[options.peer]
    limit(options.threads)
    os.environ.update(peer.variables)
    begin = perf_counter()
    importlib.import_module(peer.module)
    imported = perf_counter() - begin

    from benchmarks.workload import Task
    from benchmarks.workloads import WORKLOADS

    workload = WORKLOADS[options.workload]
    build = workload.peers[options.peer]
    workload.data()  # making it is not part of a peer's start
    if options.check:
        cases = workload.cases.items()
        losses = {
            name: float(build(Task(options.engine, check=True), argument)(workload.check))
            for name, (argument, _) in cases
        }
        return send({"losses": losses})

    runs, first = {}, 0.0
    for name, (argument, count) in workload.cases.items():
        begin = perf_counter()
        run = build(Task(options.engine), argument)
        run(1)
        first = first or imported + perf_counter() - begin
        if options.start:
            break
        runs[name] = (run, settle(run, count))
        if len(runs) == 1:
            memory = peak_memory()
    facts: dict[str, Any] = {"import_s": imported, "first_step_s": first, "version": version(peer)}
    if options.start:
        return send(facts)
    facts |= {"peak_bytes": memory, "counts": {name: count for name, (_, count) in runs.items()}}
    if options.serve:
        send(facts)
        for _ in sys.stdin:
            send(turn(runs))
    else:
        turns = [turn(runs) for _ in range(options.rounds)]
        times = {name: [t for one in turns for t in one[name]] for name in runs}
        send(facts | {"times": times} if options.json else as_text(times, workload.unit))


def settle(run: Callable[[int], float], count: int) -> int:
    """Warm up, and return how many units are timed together: `count`, fewer of a slow peer."""
    few = max(1, count // 20)
    run(few)
    begin = perf_counter()
    run(few)
    unit = (perf_counter() - begin) / few
    if unit * count > WINDOW:
        count = max(few, round(WINDOW / unit))
    if count > few:
        run(count)
    return count


def turn(runs: dict[str, tuple[Callable[[int], float], int]]) -> dict[str, list[float]]:
    """Return seconds per unit of each case, several windows each."""
    return {name: list(windows(run, count)) for name, (run, count) in runs.items()}


def windows(run: Callable[[int], float], count: int) -> Iterator[float]:
    end = perf_counter() + TURN
    while True:
        begin = perf_counter()
        run(count)
        now = perf_counter()
        yield (now - begin) / count
        if now > end:
            return


def version(peer: Any) -> str:
    name = {"sklearn": "scikit-learn"}.get(peer.module.split(".")[0], peer.module)
    try:
        found = f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:  # used from its source
        found = f"{name} {sys.modules[name].__version__}"
    backend = dict(peer.variables).get("KERAS_BACKEND")
    return found + (f" on {backend} {importlib.metadata.version(backend)}" if backend else "")


def as_text(times: dict[str, list[float]], unit: str) -> dict[str, str]:
    return {
        name: f"median {statistics.median(t) * 1e6:.2f} us a {unit}, "
        f"least {min(t) * 1e6:.2f} us, {len(t)} windows"
        for name, t in times.items()
    }


def take_stdout() -> TextIO:
    """Return standard output for our lines alone; what libraries print goes to standard error."""
    ours = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return ours


def writer(stream: TextIO) -> Callable[[Any], None]:
    return lambda message: print(json.dumps(message), file=stream, flush=True)


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent)]
    main()
