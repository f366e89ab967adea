"""Settings of the test run: no windows, no network, the reference state of the library."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")
