"""The benchmarks run: one round of the smallest workload, by neurona and by NumPy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import report

ROOT = Path(__file__).parent.parent
PEERS = "neurona,numpy"


def run(*options):
    command = [sys.executable, "-m", "benchmarks", "--workloads", "xor", "--peers", PEERS]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    done = run("--rounds", "1", "--threads", "1", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "benchmarks.json").read_text()), done.stdout


def test_each_peer_has_its_times_and_ratios(found):
    results, _ = found
    assert results["missing"] == []
    rows = {row["peer"]: row for row in results["times"]}
    assert sorted(rows) == ["neurona", "numpy"]
    for row in rows.values():
        assert 0 < row["least_s"] <= row["median_s"]
        assert row["threads"] == 1
        assert row["windows"] >= 1
    assert rows["numpy"]["to_best_peer"] == 1
    ratio = rows["neurona"]["median_s"] / rows["numpy"]["median_s"]
    assert rows["neurona"]["to_best_peer"] == pytest.approx(ratio)
    assert rows["neurona"]["to_floor"] is None


def test_the_tables_and_the_machine(found):
    results, text = found
    assert "| NumPy by hand |" in text
    assert "XOR, 2-4-1 sigmoid" in text
    assert results["machine"]["processor"]
    assert {"neurona", "numpy"} <= set(results["versions"])


def test_all_compute_the_same():
    done = run("--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("agrees") == 2


def test_a_page_of_several_runs_has_the_newest_figures_of_each(found):
    results, _ = found
    other = results["times"][0] | {"workload": "cnn", "case": "batch 128"}
    before = results | {
        "date": "2020-01-01",
        "times": [other, results["times"][0] | {"median_s": 9.0}],
        "versions": {"numpy": "1.0", "torch": "2.0"},
    }
    both = report.joined(before, results)
    assert both["times"] == [other, *results["times"]]
    assert both["date"] == f"2020-01-01 to {results['date']}"
    assert both["versions"] == {"torch": "2.0", **results["versions"]}
    assert report.joined(both, results)["date"] == both["date"]
    assert "cnn batch 128" in report.markdown(both)


def test_a_peer_that_is_unknown_is_named():
    command = [sys.executable, "-m", "benchmarks", "--peers", "nump"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "unknown: nump" in done.stderr
