"""Many threads at once do what each does alone. A crash ends a process of its own, one test."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import neurona as nn

SCRIPT = Path(__file__).parent / "together.py"
ENGINES = [
    "reference",
    pytest.param(
        "native",
        marks=pytest.mark.skipif(not importlib.util.find_spec("llvmlite"), reason="needs llvmlite"),
    ),
]
both = pytest.mark.parametrize("engine", ENGINES)


def run(cache, engine, *arguments):
    environment = {
        **os.environ,
        "NEURONA_CACHE": str(cache),
        "NEURONA_ENGINE": engine,
        "PYTHONPATH": str(Path(nn.__file__).parents[1]),
    }
    command = [sys.executable, "-X", "faulthandler", SCRIPT, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.sampled(2)
@both
def test_threads_train_models_of_their_own(tmp_path, engine):
    run(tmp_path, engine, "fit", 1)


@pytest.mark.slow
@both
def test_threads_train_many_times(tmp_path, engine):
    for k in range(3):
        run(tmp_path / str(k), engine, "fit", 1)  # nothing is in the cache
    run(tmp_path / "0", engine, "fit", 50)


@pytest.mark.sampled(2)
@both
def test_threads_predict_with_one_model(tmp_path, engine):
    run(tmp_path, engine, "predict", 12)


@pytest.mark.slow
@both
def test_threads_predict_many_times(tmp_path, engine):
    run(tmp_path, engine, "predict", 1000)


@pytest.mark.slow
def test_a_fit_is_the_same_beside_others(tmp_path):
    run(tmp_path, "reference", "beside", 1)


@pytest.mark.slow
@both
def test_a_long_fit_is_the_same_beside_others(tmp_path, engine):
    run(tmp_path, engine, "beside", 300 if engine == "native" else 5)


@pytest.mark.slow
@both
def test_pools_of_threads_and_processes(tmp_path, engine):
    run(tmp_path, engine, "pools")


@pytest.mark.sampled(2)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@both
def test_children_of_a_fork(tmp_path, engine):
    run(tmp_path, engine, "fork")


@pytest.mark.sampled(2)
@both
def test_the_interpreter_ends_while_daemons_train(tmp_path, engine):
    run(tmp_path, engine, "daemon")
