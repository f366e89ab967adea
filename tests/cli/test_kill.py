"""Killed at any moment, the same command comes to the same bytes."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.first import first

EPOCHS = "16"  # long enough that what disturbs it finds it at work


def command(out):
    return [
        sys.executable, "-m", "neurona", "train", "digits",
        "--epochs", EPOCHS, "--out", str(out), "--force",  # whether it had ended or not
    ]  # fmt: skip


def run(out, environment):
    return subprocess.run(
        command(out), capture_output=True, text=True, env=environment, timeout=300, check=True
    ).stdout


def digests(out):
    return {
        name: hashlib.sha256((out / name).read_bytes()).hexdigest()
        for name in ("model.safetensors", "history.csv")
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory, environment):
    """What a run that nobody disturbs writes, and how long it takes."""
    out = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    run(out, environment)
    return digests(out), time.monotonic() - started


def killed(out, environment, delay, number):
    """Start the command and kill it after a delay; say whether it was still running."""
    process = subprocess.Popen(
        command(out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    text = process.communicate(timeout=60)[1]
    return process.returncode, text


def check_kills(expected, environment, out, kills, seed):
    digest, seconds = expected
    chance = random.Random(seed)
    for _ in range(kills):
        code, text = killed(out, environment, chance.uniform(0, seconds), signal.SIGKILL)
        assert code in (0, -signal.SIGKILL), text
    run(out, environment)
    assert digests(out) == digest
    assert not (out / "backup").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("seed", first(range(10), 0, 1, mark=pytest.mark.long))
def test_a_hundred_kills_leave_no_trace(expected, environment, tmp_path, seed):
    check_kills(expected, environment, tmp_path, kills=10, seed=100 + seed)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT")
def test_ctrl_c_saves_and_says_how_to_go_on(expected, environment, tmp_path):
    digest, _ = expected
    process = subprocess.Popen(
        command(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip
    for line in process.stdout:
        if line.startswith("Epoch 1/"):
            break
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped " in text
    assert "Give the same command again to go on from there." in text
    assert "Traceback" not in text
    assert (tmp_path / "backup").exists()
    assert "going on with epoch" in run(tmp_path, environment)
    assert digests(tmp_path) == digest
