"""`python -m tests.mutations NAME... --count 20000 --seed 1`: a campaign by hand."""

import argparse

from tests.mutations.campaign import run
from tests.mutations.targets import TARGETS

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("names", nargs="*", default=list(TARGETS), help=", ".join(TARGETS))
parser.add_argument("--count", type=int, default=20_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--first", type=int, default=0, help="the number of the first change")
parser.add_argument("--show", action="store_true", help="each file before it is loaded")
given = parser.parse_args()
for name in given.names:
    report = run(name, given.count, given.seed, given.first, given.show)
    print(f"{name}: {report}", flush=True)
    kinds: dict[str, list[str]] = {}
    for line in report.broken:
        kinds.setdefault(line.partition(": ")[2][:300], []).append(line.partition(": ")[0])
    for kind, places in kinds.items():
        print(f"  {len(places)} x {kind}\n      first {places[0]}", flush=True)
