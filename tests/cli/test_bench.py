"""`neurona bench`: what it says, not how fast this machine is."""

import importlib.util
import json

import numpy as np
import pytest

from neurona import config
from neurona.cli import bench, workloads
from neurona.cli.main import main
from neurona.engines.native.run import limits


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Two small workloads, hardly any time for each, and an array that is quickly read."""
    monkeypatch.setattr(bench, "WORKLOADS", [workloads.WORKLOADS[0], workloads.WORKLOADS[4]])
    monkeypatch.setattr(workloads, "SECONDS", 1e-4)
    monkeypatch.setattr(limits, "SECONDS", 0)
    monkeypatch.setattr(limits, "BYTES", 1 << 20)
    monkeypatch.setattr(limits, "_code", lambda m: limits.assemble(limits.limits_code(m), m))
    before = dict(config._settings)
    yield
    config._settings.update(before)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["bench", *arguments])
    assert not left.value.code
    return capsys.readouterr().out


def test_json_has_numbers_of_machine_and_workloads(capsys):
    facts = json.loads(run(capsys, "--json", "--engine", "native", "--threads", "2"))
    assert facts["engine"] == "native"
    assert facts["vector_bytes"] in (16, 32, 64)
    assert [limit["threads"] for limit in facts["limits"]] == [1, 2]
    assert all(limit[key] > 0 for limit in facts["limits"] for key in ("flops", "read", "copied"))
    xor, one_row = facts["workloads"]
    assert one_row["products"] == 784 * 128 + 128 * 10
    # forward, and both gradients but that of the data, of 4 rows
    assert xor["products"] == 4 * (2 * 2 * 4 + 3 * 4 * 1)
    for row in facts["workloads"]:
        assert min(row["seconds"], row["first"]) > 0
        assert row["floor"] == pytest.approx(2 * row["products"] / facts["limits"][-1]["flops"])
        assert row["share"] == pytest.approx(row["floor"] / row["seconds"])


def test_the_table_names_limits_and_workloads(capsys):
    out = run(capsys, "--engine", "native", "--threads", "1")
    for text in ("GF/s", "GB/s", "1 thread", "XOR 2-4-1", "predict 1 row", "%", "LLVM"):
        assert text in out
    assert max(map(len, out.splitlines())) <= 80


def test_without_llvm_there_are_times_only(capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "llvmlite" else find(name, *a)
    )
    out = run(capsys, "--engine", "reference")
    assert "llvmlite is not installed" in out
    assert "GF/s" not in out
    assert "XOR 2-4-1" in out


def test_every_workload_makes_the_model_that_it_names():
    sizes = {"XOR": 17, "MLP": 784 * 128 + 128 + 1290, "CNN": 160 + 4640 + 800 * 10 + 10}
    for workload in workloads.WORKLOADS:
        model = workload.model()
        assert model.count_params() == sizes[workload.name[:3]]
        assert model(np.zeros((2, *workload.shape), np.float32)).shape[0] == 2
