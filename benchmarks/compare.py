"""The comparison: all peers of a workload are prepared, and then take turns.

Each has a process of its own. A round is one turn of each, in an order that moves on from round to
round, so that what else happens on the machine meets all of them alike.
"""

from __future__ import annotations

import compileall
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.process import ROOT, Interpreters, Process
from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS

PAUSE = 0.3  # seconds before a turn: threads of the last one still wait for work, not asleep yet


@dataclass
class Plan:
    """What is compared.

    Attributes:
        budget: seconds of turns after which a peer is left out of further rounds, from the third.
    """

    interpreters: Interpreters
    workloads: list[str]
    peers: list[str]
    threads: list[int]
    rounds: int
    budget: float


@dataclass
class Results:
    """What was found: rows for tables, as JSON values."""

    times: list[dict[str, Any]] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


def compare(plan: Plan, keep: Callable[[Results], None]) -> Results:
    """Run all of it; `keep` is called with what is there after each workload."""
    results = Results()
    compileall.compile_dir(ROOT / "src", quiet=1)  # as pip does with what it installs
    with tempfile.TemporaryDirectory() as folder:
        for number, threads in enumerate(plan.threads):
            for name in plan.workloads:
                workload = WORKLOADS[name]
                if not workload.threads or threads in workload.threads:
                    begin = perf_counter()
                    _Comparison(plan, name, threads, Path(folder), number == 0).run(results)
                    say(f"{name}, {threads} threads: {perf_counter() - begin:.0f} s")
                    keep(results)
    return results


class _Comparison:
    """One workload with one number of threads."""

    def __init__(self, plan: Plan, name: str, threads: int, caches: Path, first: bool) -> None:
        self.plan, self.name, self.threads, self.caches = plan, name, threads, caches
        self.workload: Workload = WORKLOADS[name]
        self.starts = self.workload.starts and first
        self.peers = [
            p for p in self.workload.peers if p in plan.peers and (first or PEERS[p].leads)
        ]
        self.facts: dict[str, dict[str, Any]] = {}

    def run(self, results: Results) -> None:
        processes = self.prepare(results)
        try:
            times = self.rounds(processes, results)
        finally:
            for process in processes.values():
                process.close()
        for peer, cases in times.items():
            for case, seconds in cases.items():
                results.times.append(self.row(peer, case, seconds))

    def prepare(self, results: Results) -> dict[str, Process]:
        """Start all; several at once, unless the start itself is measured."""
        at_once = 1 if self.starts else max(1, (os.cpu_count() or 1) // self.threads)
        with ThreadPoolExecutor(at_once) as pool:
            started = dict(zip(self.peers, pool.map(self.start, self.peers), strict=True))
        ready = {}
        for peer, process in started.items():
            facts = self.facts[peer]
            if "error" in facts:
                self.miss(results, peer, facts["error"])
                process.close()
                continue
            ready[peer] = process
            results.versions.update([facts["version"].rsplit(" ", 1)])
            if self.starts and PEERS[peer].kind != "floor":
                results.starts.append(self.start_row(peer, facts))
        return ready

    def start(self, peer: str) -> Process:
        process = self.launch(peer, "--serve")
        self.facts[peer] = process.answer()
        return process

    def launch(self, peer: str, *options: str) -> Process:
        cache = self.caches / f"{self.name}-{peer}"
        cache.mkdir(exist_ok=True)
        options = ("--threads", str(self.threads), "--json", *options)
        return Process(self.plan.interpreters.command(self.name, peer, *options), cache)

    def start_row(self, peer: str, facts: dict[str, Any]) -> dict[str, Any]:
        found = {"workload": self.name, "peer": peer, "kind": PEERS[peer].kind}
        found |= {key: facts[key] for key in ("import_s", "first_step_s", "peak_bytes")}
        if PEERS[peer].caches:
            again = self.launch(peer, "--start")
            found["warm_first_step_s"] = again.answer().get("first_step_s")
            again.close()
        return found

    def rounds(self, processes: dict[str, Process], results: Results) -> dict[str, dict]:
        times: dict[str, dict[str, list[float]]] = {
            peer: {case: [] for case in self.workload.cases} for peer in processes
        }
        spent = dict.fromkeys(processes, 0.0)
        for number in range(self.plan.rounds):
            for peer in _rotated(list(spent), number):
                if number >= 2 and spent[peer] > self.plan.budget:
                    continue
                sleep(PAUSE)
                begin = perf_counter()
                found = processes[peer].turn()
                spent[peer] += perf_counter() - begin
                if "error" in found:
                    self.miss(results, peer, found["error"])
                    del spent[peer], times[peer]
                    continue
                for case, seconds in found.items():
                    times[peer][case] += seconds
        return times

    def row(self, peer: str, case: str, seconds: list[float]) -> dict[str, Any]:
        return {
            "workload": self.name, "case": case, "threads": self.threads, "peer": peer,
            "kind": PEERS[peer].kind, "unit": self.workload.unit,
            "median_s": statistics.median(seconds), "least_s": min(seconds),
            "windows": len(seconds), "count": self.facts[peer]["counts"][case],
        }  # fmt: skip

    def miss(self, results: Results, peer: str, why: str) -> None:
        row = {"workload": self.name, "threads": self.threads, "peer": peer, "why": why}
        results.missing.append(row)
        say(f"{self.name}: without {peer}: {why}")


def _rotated(items: list[str], by: int) -> list[str]:
    by %= max(len(items), 1)
    return items[by:] + items[:by]


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def check(interpreters: Interpreters, workloads: Iterable[str], peers: Iterable[str]) -> bool:
    """Say whether all peers compute the same from the same weights: losses of the first steps."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:

        def losses(pair: tuple[str, str]) -> dict[str, Any]:
            process = Process(interpreters.command(*pair, "--check"), Path(folder))
            found = process.answer()
            process.close()
            say(" ".join(pair))
            return found

        wanted = set(peers)
        pairs = [
            (name, peer)
            for name in workloads
            for peer in WORKLOADS[name].peers
            if peer in wanted and peer != "floor"  # which computes nothing to compare
        ]
        found = dict(zip(pairs, pool.map(losses, pairs), strict=True))
    verdicts = [_agrees(name, peer, found) for name, peer in pairs]
    return all(verdicts)


TOLERANCE = 1e-3  # PyTorch's Adam adds its epsilon at another place than Keras's


def _agrees(name: str, peer: str, found: dict[tuple[str, str], Any]) -> bool:
    losses = found[name, peer]
    if "error" in losses:
        print(f"{name:8} {peer:20} is left out: {losses['error']}")
        return True
    if reason := WORKLOADS[name].differs.get(peer):
        print(f"{name:8} {peer:20} is not compared: it {reason}")
        return True
    cases = losses["losses"]
    all_losses = [
        f["losses"]
        for (n, other), f in found.items()
        if n == name and "losses" in f and other not in WORKLOADS[name].differs
    ]
    middle = {case: statistics.median(other[case] for other in all_losses) for case in cases}
    error = max(abs(loss / middle[case] - 1) for case, loss in cases.items())
    good = error <= TOLERANCE
    shown = ", ".join(f"{loss:.6g}" for loss in cases.values())
    print(f"{name:8} {peer:20} {'agrees' if good else 'DIFFERS'} by {error:.1e}: {shown}")
    return good
