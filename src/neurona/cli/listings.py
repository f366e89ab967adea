"""`neurona recipes`, `datasets` and `info`: what there is."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from neurona import __version__, config

PACKAGES = ("numpy", "llvmlite", "safetensors", "matplotlib", "pillow", "rich", "typer")


def show(entries: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print names, each with lines beside it."""
    entries = list(entries)
    width = max(len(name) for name, _ in entries)
    for name, lines in entries:
        for number, line in enumerate(lines):
            print(f"{name if number == 0 else '':<{width}}  {line}")


def recipes() -> None:
    """Print the recipes with what they do and their default settings."""
    from neurona.recipes import RECIPES

    entries = []
    for recipe in RECIPES.values():
        defaults = dataclasses.asdict(recipe.defaults)
        told = [f"{k.replace('_', ' ')} {v}" for k, v in defaults.items() if v is not None]
        entries.append((recipe.name, (recipe.description, ", ".join(told))))
    show(entries)


def datasets() -> None:
    """Print the data sets, their size and licence, and where they are."""
    from neurona.datasets import catalog

    entries = []
    for entry in catalog():
        if entry.available:
            state = f"here: {entry.location}"
        else:
            state = f"a download of {entry.download_bytes / 1e6:.0f} MB, to {entry.location}"
        shape = " x ".join(map(str, entry.shape))
        facts = f"{entry.samples:,} of {shape}, licence {entry.licence}"
        entries.append((entry.name, (entry.description, facts, state)))
    show(entries)


def info() -> None:
    """Print versions, engine, processor, threads and folders."""
    facts = {"neurona": __version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            facts[package] = "not installed"
    facts["engine"] = f"{config.engine()} (of {', '.join(config.ENGINES)})"
    facts["native code"], facts["threads"] = _native()
    facts["float type"] = config.floatx()
    facts["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    facts["processor"] = processor()
    facts["cores"] = f"{usable_cores()} usable of {os.cpu_count()}"
    facts["your data"] = str(config.data_folder() or "not set (NEURONA_DATA)")
    facts["downloads"] = str(config.cache_folder())
    facts["code cache"] = _code_cache()
    show((name, (value,)) for name, value in facts.items())


def _native() -> tuple[str, str]:
    """Return what native code is made for, and the number of threads."""
    from neurona.engines.native.llvm.binding import installed, version

    if not installed():
        return "none: llvmlite is not installed", str(config.threads() or "chosen by NumPy")
    from neurona.engines.native.llvm.machine import Machine
    from neurona.engines.native.run.cores import thread_count

    machine = Machine.chosen()
    target = f"{machine.cpu}, {machine.triple}, vectors of {8 * machine.vector_bytes} bits"
    chosen = "as set" if config.threads() else "one for each core, at most 8"
    return f"{target}; {version()}", f"{thread_count()} ({chosen})"


def _code_cache() -> str:
    """Return where compiled code is kept, and how much there is."""
    from neurona.engines.native.llvm.cache import ObjectCache

    cache = ObjectCache.chosen()
    if cache is None:
        return "none (NEURONA_CODE_CACHE)"
    count, size = cache.size()
    return (
        f"{cache.folder}: {count:,} objects, {size / 1e6:.1f} of at most {cache.limit / 1e6:.0f} MB"
    )


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
