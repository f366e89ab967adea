"""What engines know of the machine that they work on: facts to print, and limits that are measured.

>>> sorted(facts())
['code cache', 'native code', 'threads']
"""

from __future__ import annotations

from typing import Any

from neurona import config
from neurona.engines.native.llvm import binding


def facts() -> dict[str, str]:
    """Return what code is made for, how many threads run it, and where it is kept."""
    return {"native code": _target(), "threads": _threads(), "code cache": _code_cache()}


def measured() -> dict[str, Any]:
    """Return what the machine can do, in numbers of seconds, bytes and operations.

    `limits` are measured with compiled code; without a compiler nothing is returned.
    """
    if not binding.installed():
        return {}
    from neurona.engines.native.cores import thread_count
    from neurona.engines.native.llvm.machine import Machine
    from neurona.engines.native.run.limits import limits

    machine, threads = Machine.chosen(), thread_count()
    return {
        "threads": threads,
        "target": machine.cpu,
        "vector_bytes": machine.vector_bytes,
        "llvm": binding.version(),
        "limits": [limits(n)._asdict() for n in sorted({1, threads})],
    }


def _target() -> str:
    if not binding.installed():
        return "none: llvmlite is not installed"
    from neurona.engines.native.llvm.machine import Machine

    machine = Machine.chosen()
    bits = 8 * machine.vector_bytes
    return f"{machine.cpu}, {machine.triple}, vectors of {bits} bits; {binding.version()}"


def _threads() -> str:
    if not binding.installed():
        return str(config.threads() or "chosen by NumPy")
    from neurona.engines.native.cores import thread_count

    chosen = "as set" if config.threads() else "one for each core, at most 8"
    return f"{thread_count()} ({chosen})"


def _code_cache() -> str:
    from neurona.engines.native.llvm.cache import ObjectCache

    cache = ObjectCache.chosen()
    if cache is None:
        return "none (NEURONA_CODE_CACHE)"
    count, size = cache.size()
    return (
        f"{cache.folder}: {count:,} objects, {size / 1e6:.1f} of at most {cache.limit / 1e6:.0f} MB"
    )
