"""Settings of the test run: no windows, no network, the reference state of the library."""

import os
import shutil
import tempfile

os.environ.setdefault("MPLBACKEND", "Agg")

# What the run compiles is kept for the run: its workers inherit the folder.
_cache = None
if "PYTEST_XDIST_WORKER" not in os.environ:
    _cache = os.environ["NEURONA_CACHE"] = tempfile.mkdtemp(prefix="neurona-tests-")


def pytest_unconfigure():
    """Take the run's own cache away."""
    if _cache is not None:
        shutil.rmtree(_cache, ignore_errors=True)
