"""Time neurona and torch side by side, one op at a time, over a grid of shapes.

python -m benchmarks.grid --python /path/to/peers/bin/python --threads 1 --part 1/4
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import NamedTuple

from benchmarks.grid.case import Case
from benchmarks.grid.kinds import KINDS
from benchmarks.process import Process

PAUSE = (
    0.02  # seconds before a turn: the threads of the other library wait for work, not asleep yet
)
LIBRARIES = ("neurona", "torch")


class Row(NamedTuple):
    """What was found: the least seconds of a call of each library."""

    case: Case
    threads: int
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Our time over theirs."""
        return self.ours / self.theirs

    def __str__(self) -> str:
        rates = (f"{self.case.flops / s / 1e9:7.1f}" for s in (self.ours, self.theirs))
        times = (f"{s * 1e6:10.2f}" for s in (self.ours, self.theirs))
        return f"{self.case.name:32}{''.join(times)}  {' '.join(rates)}  {self.ratio:5.2f}"


def main() -> None:
    options = parse()
    wanted = [case for kind in options.kinds for case in KINDS[kind]()]
    if options.match:
        wanted = [case for case in wanted if options.match in case.name]
    part, parts = options.part
    wanted = wanted[part - 1 :: parts]
    with tempfile.TemporaryDirectory() as folder:
        cache = options.cache or Path(folder)
        for threads in options.threads:
            print(f"{threads} threads:{'us: ours, torch':>42}{'GF/s':>16}{'ratio':>10}")
            rows = list(measure(wanted, threads, options, cache))
            print(summary(rows))


def measure(
    wanted: list[Case], threads: int, options: argparse.Namespace, cache: Path
) -> Iterable[Row]:
    """Time the cases one after the other; in each the two libraries take turns."""
    interpreters = {"neurona": sys.executable, "torch": options.python}
    processes = {
        library: Process(
            [interpreters[library], "-m", "benchmarks.grid.worker", library, str(threads)], cache
        )
        for library in LIBRARIES
    }
    try:
        for case in wanted:
            with ThreadPoolExecutor(len(processes)) as pool:
                order = f"prepare {case.name}"
                answers = list(pool.map(lambda p, o=order: p.ask(o), processes.values()))
            best = dict.fromkeys(processes, math.inf)
            for _ in range(options.rounds):
                for library, process in processes.items():
                    sleep(PAUSE)
                    answers.append(process.ask("turn"))
                    best[library] = min(best[library], answers[-1].get("seconds", math.inf))
            if errors := [a["error"] for a in answers if "error" in a]:
                print(f"{case.name}: {errors[0]}", file=sys.stderr)
                continue
            row = Row(case, threads, *best.values())
            print(row, flush=True)
            yield row
    finally:
        for process in processes.values():
            process.close()


def summary(rows: list[Row]) -> str:
    """The geometric mean of the ratios, the worst, and how many are above 1 and 1.25."""
    if not rows:
        return "nothing measured"
    ratios = [row.ratio for row in rows]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    worst = max(rows, key=lambda row: row.ratio)
    above = ", ".join(f"{sum(r > limit for r in ratios)} above {limit}" for limit in (0.9, 1, 1.25))
    return (
        f"{len(rows)} cases: geometric mean {mean:.3f}, worst {worst.ratio:.2f} "
        f"({worst.case.name}), {above}"
    )


def parse() -> argparse.Namespace:
    def part(text: str) -> tuple[int, int]:
        number, _, count = text.partition("/")
        return int(number), int(count)

    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=__doc__)
    parser.add_argument("--kinds", type=lambda s: s.split(","), default=list(KINDS))
    parser.add_argument("--match", help="only cases whose name contains this text")
    parser.add_argument(
        "--part", type=part, default=(1, 1), help="1/4: every 4th case, from the 1st"
    )
    parser.add_argument("--threads", type=lambda s: [int(n) for n in s.split(",")], default=[1])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each library")
    parser.add_argument("--python", default=sys.executable, help="the interpreter with torch")
    parser.add_argument("--cache", type=Path, help="a folder that keeps compiled code")
    return parser.parse_args()


if __name__ == "__main__":
    main()
