"""Try the doctor on faulty and healthy programs.

python -m benchmarks.doctor            the part that rules may be tuned on
python -m benchmarks.doctor --frozen   the part that is kept for the end
python -m benchmarks.doctor --second   more that is kept, by one who did not know the rules
python -m benchmarks.doctor --third    more of that kind
python -m benchmarks.doctor --fourth   more of that kind, most of it what people did in public
python -m benchmarks.doctor --fifth    more of that kind
python -m benchmarks.doctor --sixth    more of that kind
python -m benchmarks.doctor --threads  programs of public threads, which no rule was made for
python -m benchmarks.doctor --harm     which faults do harm, over five seeds, without the doctor
python -m benchmarks.doctor --rivals   what rule sets of other tools say of the same runs
python -m benchmarks.doctor --origins  whether the origins of planted NaN are found
python -m benchmarks.doctor --repairs  what repairs reach, beside random search
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.doctor import (
    convolutional,
    dense,
    fifth,
    fourth,
    recurrent,
    second,
    sixth,
    third,
    threads,
    transformers,
)
from benchmarks.doctor.fault import Fault, Healthy, frozen
from benchmarks.doctor.healthy import HEALTHY
from benchmarks.doctor.judge import hurts, lines, table
from benchmarks.doctor.record import recorded
from benchmarks.doctor.repairs import repairable, repaired, summed
from benchmarks.doctor.rivals import RIVALS
from benchmarks.doctor.rivals.judge import rivals_lines, rivals_table
from benchmarks.doctor.training import run

FAULTS = [*dense.FAULTS, *convolutional.FAULTS, *recurrent.FAULTS, *transformers.FAULTS]
WHOLE: dict[str, Any] = {  # not split by hash
    "threads": threads, "second": second, "third": third, "fourth": fourth,
    "fifth": fifth, "sixth": sixth,
}  # fmt: skip
FOLDER = Path(__file__).parent / "results"
HARM = Path(__file__).parent / "harm.json"  # what was proven: kept, for it takes hours


def case(name: str) -> Fault | Healthy:
    """Return the case of a name."""
    others = [c for part in WHOLE.values() for c in (*part.FAULTS, *part.HEALTHY)]
    return next(c for c in (*FAULTS, *HEALTHY, *others) if c.name == name)


def outcome(name: str, doctor: str | None, seed: int) -> dict[str, Any]:
    """Return what came of a case with a seed."""
    found = case(name)
    make = found.faulty if isinstance(found, Fault) else found.make
    with contextlib.redirect_stdout(io.StringIO()):
        return dataclasses.asdict(run(make, seed, doctor))


def told_by_rivals(name: str, seed: int) -> dict[str, list[str] | None]:
    """Return what each rule set of others says of a case with a seed; None if it fails."""
    found = case(name)
    told: dict[str, list[str] | None] = dict.fromkeys(RIVALS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            record = recorded(found.faulty if isinstance(found, Fault) else found.make, seed)
    except Exception as failed:  # no record of such a program
        print(f"{name}: no record, {failed!r}", file=sys.stderr, flush=True)
        return told
    for rival, rules in RIVALS.items():
        try:
            with np.errstate(all="ignore"):
                told[rival] = rules.symptoms(record)
        except Exception as failed:  # rules that were not meant for it; the page counts them
            print(f"{name}: {rival} fails, {failed!r}", file=sys.stderr, flush=True)
    return told


def outcomes(jobs: list[Any], workers: int) -> list[Any]:
    """Return what functions return, computed by several processes."""
    if workers == 1:
        return [job() for job in jobs]
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return [f.result() for f in [pool.submit(job) for job in jobs]]


def harm(faults: list[Fault], workers: int) -> None:
    """Write the score of each fault and of its twin, means of five seeds, and if it does harm.

    Each is written as soon as it is known; those that stand in the file already are left out. The
    order is drawn by the hash of the names: an interrupted proof is of faults of all kinds.
    """
    found: dict[str, Any] = json.loads(HARM.read_text())
    twins: dict[Any, list[Any]] = {}
    for fault in sorted(faults, key=lambda f: hashlib.sha256(f.name.encode()).digest()):
        if fault.name in found:
            continue
        if fault.twin not in twins:
            twins[fault.twin] = outcomes(_jobs(fault, True), workers)
        scores, twin = outcomes(_jobs(fault, False), workers), twins[fault.twin]
        held = hurts(scores, twin)
        found[fault.name] = {"score": _mean(scores), "twin": _mean(twin), "hurts": held}
        told = (f"{json.dumps(name)}: {json.dumps(what)}" for name, what in sorted(found.items()))
        HARM.write_text("{\n" + ",\n".join(told) + "\n}\n")
        print(f"{'hurts' if held else 'HARMLESS'}  {fault.name}", flush=True)


def _mean(scores: list[float | None]) -> float | None:
    """Return the mean of the scores; None if all runs stopped with an error."""
    known = [s for s in scores if s is not None]
    return round(float(np.mean(known)), 3) if known else None


def _jobs(fault: Fault, twin: bool) -> list[Any]:
    return [functools.partial(_score, fault.name, twin, seed) for seed in range(5)]


def origins() -> dict[str, Any]:
    """Return how many origins of planted numbers that are not finite are exact, and what is not."""
    from tests.doctor.planted import PLANTED
    from tests.doctor.test_origin import differs

    wrong = [found for found in map(differs, PLANTED) if found]
    print("\n".join(wrong))
    return {
        "figures": {"planted": len(PLANTED), "exact": len(PLANTED) - len(wrong)},
        "wrong": wrong,
    }


def _score(name: str, twin: bool, seed: int) -> float | None:
    fault = case(name)
    assert isinstance(fault, Fault)
    return run(fault.twin if twin else fault.faulty, seed).score


def repairs_of(name: str, seed: int) -> dict[str, Any]:
    """Return what repairs make of a fault with a seed, and what random search does."""
    fault = case(name)
    assert isinstance(fault, Fault)
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        return repaired(fault, seed)


def repairs(faults: list[Fault], seeds: int, workers: int) -> dict[str, Any]:
    """Return what repairs make of the faults that can be repaired."""
    every = [(f.name, seed) for f in faults if repairable(f) for seed in range(seeds)]
    jobs = [functools.partial(repairs_of, name, seed) for name, seed in every]
    found = outcomes(jobs, workers)
    return {"figures": summed(found), "cases": found}


def main() -> None:
    """Run what is asked for, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frozen", action="store_true", help="the part that is kept for the end")
    for name in WHOLE:
        words = "programs of public threads" if name == "threads" else f"the {name} part, all kept"
        parser.add_argument(f"--{name}", action="store_true", help=words)
    parser.add_argument("--harm", action="store_true", help="which faults do harm")
    parser.add_argument("--rivals", action="store_true", help="what other tools' rules say")
    parser.add_argument("--origins", action="store_true", help="origins of planted NaN")
    parser.add_argument("--repairs", action="store_true", help="what repairs reach")
    parser.add_argument("--only", nargs="*", help="cases whose names hold one of these texts")
    parser.add_argument("--level", default="full", choices=["guard", "full"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()

    def chosen(cases: list[Any]) -> list[Any]:
        named = [c for c in cases if not options.only or any(o in c.name for o in options.only)]
        if options.harm or whole:
            return named
        return [c for c in named if frozen(c.name) == options.frozen]

    whole = next((name for name in WHOLE if getattr(options, name)), "")
    part = WHOLE.get(whole, sys.modules[__name__])
    faults, healthy = chosen(part.FAULTS), chosen(part.HEALTHY)
    FOLDER.mkdir(exist_ok=True)
    if options.harm:
        harm(faults, options.workers)
        return
    kind = whole or ("frozen" if options.frozen else "open")
    if options.origins:
        write("origins", origins())
        return
    if options.repairs:
        made = repairs(faults, options.seeds, options.workers)
        print(json.dumps(made["figures"], indent=1))
        if not options.only:
            write(f"repairs-{kind}", made)
        return
    every = [(c.name, s) for c in (*faults, *healthy) for s in range(options.seeds)]
    make = told_by_rivals if options.rivals else functools.partial(outcome, doctor=options.level)
    jobs = [functools.partial(make, name, seed=seed) for name, seed in every]
    found: dict[str, list[Any]] = {}
    for (name, _), result in zip(every, outcomes(jobs, options.workers), strict=True):
        found.setdefault(name, []).append(result)
    said, summed = (rivals_lines, rivals_table) if options.rivals else (lines, table)
    print("\n".join(said(faults, healthy, found)))
    figures = summed(faults, healthy, found)
    print(json.dumps(figures, indent=1))
    if not options.only:
        write(f"rivals-{kind}" if options.rivals else kind, {"figures": figures, "cases": found})


def write(name: str, what: Any) -> None:
    """Write results as JSON."""
    (FOLDER / f"{name}.json").write_text(json.dumps(what, indent=1) + "\n")


if __name__ == "__main__":
    main()
