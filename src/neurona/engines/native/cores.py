"""How many threads to use."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from neurona import config

MOST = 8  # steps of small and medium models gain nothing from more

_CPUS = Path("/sys/devices/system/cpu")
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def thread_count() -> int:
    """Return `config.threads()`, or, when that is 0, the available cores, at most 8.

    More threads than cores work, only slower.
    """
    return config.threads() or min(available_cores(), MOST)


@functools.cache
def available_cores() -> int:
    """Count the physical cores that this process may use, at least 1; counted once.

    On Linux those of its affinity mask, and no more than its control group's share of time. Of
    other systems' processors, half: the second thread of a core adds little to arithmetic, nor do
    slow cores beside fast ones.
    """
    if not hasattr(os, "sched_getaffinity"):
        return max(1, (os.cpu_count() or 1) // 2)
    cores = {_siblings(cpu) for cpu in os.sched_getaffinity(0)}
    return max(1, int(min(len(cores), _quota())))


def _siblings(cpu: int) -> str:
    """Return the processors of a processor's core, such as "0,4"; its own number if unknown."""
    return _read(_CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu)


def _quota() -> float:
    """Return how many processors' time the control groups grant: the least up to the root."""
    groups = [line.partition("::")[2] for line in _read(_OWN_GROUP).splitlines()]
    own = next((group for group in groups if group), "/").strip("/")
    folders = [_CGROUPS / own, *(_CGROUPS / own).parents]
    shares = [_share(_read(f / "cpu.max").split()) for f in folders if f.is_relative_to(_CGROUPS)]
    old = _CGROUPS / "cpu"
    shares.append(_share([_read(old / f"cpu.cfs_{x}_us") for x in ("quota", "period")]))
    return min(shares)


def _share(quota_and_period: list[str]) -> float:
    """Return quota / period; infinity when there is none ("max", "-1" or nothing)."""
    match quota_and_period:
        case [quota, period] if quota.isdecimal() and period.isdecimal():
            return int(quota) / int(period)
    return float("inf")


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
