"""How many threads: the setting, the cores of the affinity mask, the control group's quota."""

import os

import pytest

from neurona.engines.native import cores
from neurona.engines.native.cores import available_cores, thread_count
from tests.settings import threads_set_to


@pytest.fixture(autouse=True)
def _counted_anew():
    available_cores.cache_clear()
    yield
    available_cores.cache_clear()


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system of four processors on two cores, without quota; files may be written to it."""
    for cpu, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / "cpu" / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings + "\n")
    groups = tmp_path / "cgroup"
    (groups / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("4:memory:/x\n0::/a/b\n")
    monkeypatch.setattr(cores, "_CPUS", tmp_path / "cpu")
    monkeypatch.setattr(cores, "_CGROUPS", groups)
    monkeypatch.setattr(cores, "_OWN_GROUP", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    return groups


def test_two_threads_of_a_core_count_once(system):
    assert available_cores() == 2


def test_the_affinity_mask_counts(system, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 3})
    assert available_cores() == 1


def test_processors_of_unknown_cores_count_each(system, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {7, 8, 9})
    assert available_cores() == 3


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        ("a/b/cpu.max", "100000 100000", 1),
        ("a/b/cpu.max", "50000 100000", 1),
        ("a/cpu.max", "150000 100000", 1),
        ("cpu.max", "150000 100000", 1),
        ("a/b/cpu.max", "400000 100000", 2),
        ("a/b/cpu.max", "max 100000", 2),
        ("a/b/cpu.max", "", 2),
    ],
)
def test_the_quota_counts(system, place, text, expected):
    (system / place).write_text(text + "\n")
    assert available_cores() == expected


@pytest.mark.parametrize(("quota", "expected"), [("100000", 1), ("-1", 2)])
def test_the_quota_of_older_systems_counts(system, quota, expected):
    (system / "cpu").mkdir()
    (system / "cpu" / "cpu.cfs_quota_us").write_text(quota + "\n")
    (system / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert available_cores() == expected


def test_without_affinity_masks_half_of_the_processors_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    for count, expected in [(8, 4), (1, 1), (None, 1)]:
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        available_cores.cache_clear()
        assert available_cores() == expected


def test_the_setting_decides_and_0_means_the_cores_at_most_8(monkeypatch):
    monkeypatch.setattr(cores, "available_cores", lambda: 64)
    for setting, count in ((0, 8), (13, 13)):
        with threads_set_to(setting):
            assert thread_count() == count
