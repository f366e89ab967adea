"""Settings of the test run: no windows, no network, the reference state of the library."""

import os
import shutil
import tempfile
from collections import Counter

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

# What the run compiles is kept for the run: its workers inherit the folder.
_cache = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _cache = os.environ["NEURONA_CACHE"] = tempfile.mkdtemp(prefix="neurona-tests-")


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
