"""Compare neurona with its peers on this machine.

python -m benchmarks --python /path/to/peers/bin/python --out results
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.compare import Plan, Results, check, compare
from benchmarks.peers import PEERS
from benchmarks.process import Interpreters
from benchmarks.workloads import WORKLOADS


def main() -> None:
    options = parse()
    interpreters = Interpreters(sys.executable, options.python, options.engine)
    if options.check:
        sys.exit(0 if check(interpreters, options.workloads, options.peers) else 1)
    rounds, threads, peers = options.rounds or 5, options.threads or [1, 2], options.peers
    if options.quick:
        rounds, threads = options.rounds or 3, options.threads or [1]
        peers = [name for name in peers if PEERS[name].quick]
    plan = Plan(
        interpreters, options.workloads, peers, threads, rounds, 1.5 if options.quick else 3.0
    )
    facts = {
        "date": datetime.date.today().isoformat(),
        "machine": machine.describe(),
        "engine": options.engine or "the default",
        "rounds": rounds,
    }
    before = read(options.out) if options.add else None

    def found(results: Results) -> dict[str, Any]:
        return report.joined(before, facts | tables(results))

    results = compare(plan, lambda results: write(found(results), options.out))
    print(report.markdown(found(results)))


def tables(results: Results) -> dict[str, Any]:
    return {
        "versions": results.versions,
        "times": report.with_ratios(results.times),
        "starts": results.starts,
        "missing": results.missing,
    }


def write(found: dict[str, Any], folder: Path | None) -> None:
    """Write what is there so far, so that a run that is stopped has not run in vain."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmarks.md").write_text(report.markdown(found))
        (folder / "benchmarks.json").write_text(json.dumps(found, indent=1) + "\n")


def read(folder: Path | None) -> dict[str, Any]:
    """Return what an earlier run has written."""
    if folder is None or not (folder / "benchmarks.json").exists():
        sys.exit("--add: --out names no folder with a benchmarks.json of an earlier run")
    return json.loads((folder / "benchmarks.json").read_text())


def parse() -> argparse.Namespace:
    def names(known: Any) -> Any:
        def read(text: str) -> list[str]:
            found = text.split(",")
            if unknown := sorted(set(found) - set(known)):
                raise argparse.ArgumentTypeError(
                    f"unknown: {', '.join(unknown)}; known: {', '.join(known)}"
                )
            return found

        return read

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workloads", type=names(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--peers", type=names(PEERS), default=list(PEERS))
    parser.add_argument(
        "--threads", type=lambda s: [int(n) for n in s.split(",")], help="1,2 by default"
    )
    parser.add_argument(
        "--add", action="store_true", help="keep what --out holds of cases that are not measured"
    )
    parser.add_argument("--rounds", type=int, help="turns of each peer, 5 by default")
    parser.add_argument("--python", default=sys.executable, help="the peers' interpreter")
    parser.add_argument("--engine", help="of neurona; the library's default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and peers, 1 thread")
    parser.add_argument("--check", action="store_true", help="do all compute the same?")
    parser.add_argument("--out", type=Path, help="folder for benchmarks.md and benchmarks.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
