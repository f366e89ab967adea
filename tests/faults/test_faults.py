"""Kills, faults and several writers, in small; `python -m tests.faults` does more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurona as nn

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork and kill of POSIX")
@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_a_save_that_is_killed_or_fails_leaves_the_old_or_the_new_file(count):
    """And one that raises the old one; no leftover stays for ever; no reader sees a half."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--count", str(count)],
        env={**os.environ, "PYTHONPATH": str(Path(nn.__file__).parents[1])},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "together:" in done.stdout
    assert "faults:" in done.stdout
