"""Settings of the test run: no windows, no network, the reference state of the library."""

import os
import shutil
import sys
import tempfile
from collections import Counter

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

# What the run compiles is kept for the run, or where the caller says: its workers and the programs
# that tests start inherit the folder.
_cache = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _cache = tempfile.mkdtemp(prefix="neurona-tests-")
    os.environ.setdefault("NEURONA_CACHE", os.path.join(_cache, "code"))
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # beside the sources; each would compile all
        os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(_cache, "bytecode")
if "PYTHONPYCACHEPREFIX" in os.environ:
    sys.dont_write_bytecode, sys.pycache_prefix = False, os.environ["PYTHONPYCACHEPREFIX"]


@pytest.hookimpl(tryfirst=True)  # before the marks choose
def pytest_collection_modifyitems(items):
    """Of the cases of a test that is marked `sampled(n)`, leave all but each n-th to the slow run.

    An odd n goes through the values of all its parameters.
    """
    seen = Counter()
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark is None or item.get_closest_marker("slow"):
            continue
        test = item.nodeid.partition("[")[0]
        if seen[test] % mark.args[0]:
            item.add_marker(pytest.mark.slow)
        seen[test] += 1


def pytest_unconfigure():
    """Take the run's own cache away."""
    if _cache is not None:
        shutil.rmtree(_cache, ignore_errors=True)
