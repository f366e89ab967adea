"""Machines: what the host can do, and the named ones."""

import subprocess
import sys

import pytest

from neurona import config
from neurona.engines.native.llvm.binding import llvm
from neurona.engines.native.llvm.machine import Machine
from neurona.errors import ArgumentError, EngineError


def test_the_host_has_the_vectors_that_its_features_say():
    host = Machine.host()
    assert host is Machine.host()
    assert host.runs_here
    assert host.cpu == llvm().get_host_cpu_name()
    has = llvm().get_host_cpu_features()
    assert (host.vector_bytes == 64) == bool(has.get("avx512vl"))
    assert host.fma or not has.get("fma")
    assert ('"prefer-vector-width"="512"' in host.attributes) == (host.vector_bytes == 64)


@pytest.mark.parametrize(
    ("name", "size", "registers", "architecture"),
    [
        ("avx512", 64, 32, "x86_64"),
        ("avx2", 32, 16, "x86_64"),
        ("baseline", 16, 16, "x86_64"),
        ("neon", 16, 32, "aarch64"),
        ("apple", 16, 32, "aarch64"),
    ],
)
def test_named_machines(name, size, registers, architecture):
    machine = Machine.named(name)
    assert (machine.vector_bytes, machine.registers) == (size, registers)
    assert machine.architecture == architecture
    assert machine.lanes(4) == size // 4
    same = machine.architecture == Machine.host().architecture
    assert same or not machine.runs_here


def test_an_unknown_machine_is_an_error_that_names_the_known_ones():
    with pytest.raises(ArgumentError, match="did you mean 'avx512'"):
        Machine.named("avx-512")
    with pytest.raises(ArgumentError, match="unknown target"):
        config.set_target("avx1024")


@pytest.mark.parametrize("name", ["", "host", "avx2"])
def test_the_setting_and_its_environment_variable_choose_the_machine(name):
    code = (
        "from neurona.engines.native.llvm.machine import Machine; print(Machine.chosen().name);"
        "from neurona import config; config.set_target('neon'); print(Machine.chosen().name)"
    )
    shown = run(code, NEURONA_TARGET=name)
    assert shown.split() == [name or "host", "neon"]


def test_without_llvmlite_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(EngineError, match="needs llvmlite") as error:
        llvm.__wrapped__()
    assert "pip install llvmlite" in str(error.value)
    assert 'engine="reference"' in str(error.value)


def run(code: str, **environment: str) -> str:
    """Run Python code in a process of its own; return what it printed."""
    import os

    import neurona

    source = os.path.dirname(os.path.dirname(neurona.__file__))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": source, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
