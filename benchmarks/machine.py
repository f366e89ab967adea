"""What the machine is, and what a process takes of it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


def describe() -> dict[str, object]:
    """Return processor, cores, memory and system."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "vectors": _vectors(),
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }  # fmt: skip


def peak_memory() -> int:
    """Return the most bytes that this process has held in memory so far."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return ""


def _processor() -> str:
    name = _cpuinfo("model name") or platform.processor() or platform.machine()
    family = _cpuinfo("cpu family")
    return f"{name}, family {family}, model {_cpuinfo('model')}" if family else name


def _vectors() -> str:
    flags = _cpuinfo("flags").split()
    return next((v for v in ("avx512f", "avx2", "sse2") if v in flags), "")


def _memory() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return 0.0
