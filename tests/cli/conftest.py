import os
import signal
from pathlib import Path

import pytest

import neurona

# A shell that runs the tests in the background lets them ignore Ctrl-C, and so would all commands
# that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def environment():
    """The environment of a command that uses this source and asks for no display."""
    source = str(Path(neurona.__file__).parents[1])
    settings = {"PYTHONPATH": source, "MPLBACKEND": "agg", "COLUMNS": "100"}
    return {**os.environ, **settings, "PYTHONUNBUFFERED": ""}  # pipes are buffered, as for users
