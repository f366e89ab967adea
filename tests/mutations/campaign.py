"""Load changed files one after the other, and hold each load against the promises."""

import contextlib
import faulthandler
import gc
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from neurona.errors import NeuronaError
from tests.mutations.targets import made

SECONDS = 2.0  # of this process's time, since the machine may be busy
GROWTH, ALWAYS = 4, 2**26  # bytes of memory: for each byte of the file, and in any case
STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Report:
    """What came of a campaign."""

    counts: Counter = field(default_factory=Counter)  # of what the loads ended with
    broken: list[str] = field(default_factory=list)  # the promises that were, with their place
    slowest: float = 0.0
    largest: int = 0  # bytes of memory beyond GROWTH times the file

    def __str__(self) -> str:
        told = ", ".join(f"{k} {n}" for k, n in self.counts.most_common())
        return f"{told}; slowest {self.slowest:.2f} s, most memory {self.largest >> 20} MB"


def run(name: str, count: int, seed: int, first: int = 0, show: bool = False) -> Report:
    """Load `count` changed files; the changes depend on the seed and their number alone."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        gc.collect()
        target = made(name, Path(folder))
        for number in range(first, first + count):
            _try(target, f"{name} {seed} {number}", report, show)
    return report


def _try(target, place: str, report: Report, show: bool) -> None:
    size = target.change(Random(place))
    if show:
        print(place, file=sys.stderr, flush=True)
    start, before = time.process_time(), peak_from_here()
    problem = ""
    faulthandler.dump_traceback_later(60, exit=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            target.load()
            kind = "loaded"
        except NeuronaError as error:
            kind = type(error).__name__
            problem = "" if len(str(error)) < 5000 else f"a message of {len(str(error))} characters"
        except Exception as error:  # a broken promise
            kind = type(error).__name__
            frame = traceback.extract_tb(error.__traceback__)[-1]
            file = "/".join(Path(frame.filename).parts[-2:])
            problem = f"{kind} in {file}:{frame.lineno} {frame.line}: {str(error)[:60]}"
    faulthandler.cancel_dump_traceback_later()
    seconds, memory = time.process_time() - start, peak() - before - GROWTH * size
    report.counts[kind] += 1
    report.slowest, report.largest = max(report.slowest, seconds), max(report.largest, memory)
    if seconds > SECONDS:
        problem = f"{seconds:.1f} s"
    if memory > ALWAYS:
        problem = f"{memory >> 20} MB beyond {GROWTH} times the {size} bytes of the file"
    if problem:
        report.broken.append(f"{place}: {problem}")
        if show:
            print(report.broken[-1], flush=True)


def peak_from_here() -> int:
    with contextlib.suppress(OSError):
        PEAK.write_text("5")
    return peak()


def peak() -> int:
    """Return the largest memory so far in bytes; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) << 10
    return 0
