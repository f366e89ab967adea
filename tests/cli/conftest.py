import os
from pathlib import Path

import pytest

import neurona


@pytest.fixture(scope="session")
def environment():
    """The environment of a command that uses this source and asks for no display."""
    source = str(Path(neurona.__file__).parents[1])
    settings = {"PYTHONPATH": source, "MPLBACKEND": "agg", "COLUMNS": "100"}
    return {**os.environ, **settings, "PYTHONUNBUFFERED": ""}  # pipes are buffered, as for users
