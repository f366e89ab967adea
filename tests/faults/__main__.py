"""`python -m tests.faults --count 100 --seed 1`: kills, faults and writers at once, by hand."""

import argparse
import tempfile
from pathlib import Path

from tests.faults.trials import run, together

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "shared").mkdir()
    several = together(Path(folder, "shared"), 4, 4, given.count // 4)
    print("together:", dict(several), flush=True)
    broken = several["torn"] + several["failed"] + several["left"]
    for kills in (True, False):
        place = Path(folder, str(kills))
        place.mkdir()
        found = run(place, given.count, given.seed, kills)
        print("kills:" if kills else "faults:", dict(found), flush=True)
        broken += found["broken"] + found["raw"]
raise SystemExit(broken > 0)
