import os
from pathlib import Path

import pytest

import neurona


@pytest.fixture(scope="session")
def environment():
    """The environment of a command that uses this source and asks for no display."""
    source = str(Path(neurona.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": source, "MPLBACKEND": "agg", "COLUMNS": "100"}
