"""No read or write outside of an array: each lies between protected pages, see `guarded.py`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurona.engines.native.llvm.machine import Machine

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's mprotect")


def python(*arguments, target="host"):
    environment = {
        **os.environ,
        "NEURONA_TARGET": target,
        "NEURONA_CODE_CACHE": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    given = [sys.executable, *arguments]
    return subprocess.run(given, capture_output=True, text=True, env=environment)


def hold(target, floatx, first, count):
    if not Machine.named(target).runs_here:
        pytest.skip("another kind of processor")
    done = python("-m", "tests.native.guarded", floatx, str(first), str(count), target=target)
    last = (done.stdout.splitlines() or [""])[-1]
    assert last == "all is well", f"{last}: {done.stderr[-2000:]}"
    assert done.returncode == 0


@pytest.mark.slow
def test_all_ops_stay_inside_their_arrays():
    hold("host", "float32", 0, 20)


@pytest.mark.slow
@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize("target", ["host", "avx2", "baseline"])
def test_ops_and_random_graphs_stay_inside_their_arrays(target, floatx):
    hold(target, floatx, 1000, 300)


@pytest.mark.parametrize("missing", [0, 4])
def test_the_guard_is_awake(missing):
    code = f"""
import numpy as np
from tests.native.guarded import run
run(lambda x: x + 1.0, [np.ones(33, "float32")], True, {missing})
print("alive")
"""
    done = python("-c", code)
    assert ("alive" in done.stdout) == (not missing)
    assert (done.returncode < 0) == bool(missing), done.stderr
