"""The key of a Schedule: what its code was found by when it was kept, without writing any of it.

Code depends on the Schedule (kernels with their shapes, strides and numbers; what calls them, where
things lie), on the rules of ops, on the engine that writes it, and on LLVM and the machine, which
the cache adds. Rules and engine are known by the library's source, so a Schedule with an op of
somebody else has no key: its code is written, and known by its text.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import time
from pathlib import Path

from neurona.core.op import OPS, Op
from neurona.engines.native.fuse import COPY
from neurona.engines.native.schedule import Schedule

PACKAGE = Path(__file__).parents[2]
ROOMS = ("core", "ops", "engines")  # whose source decides what code is written
_LOADED = time.time()


def key_of(schedule: Schedule) -> str | None:
    """Return a text that equals that of another Schedule only if their code is the same.

    Returns:
        None if there is no such text: an op is not the library's own, or its source is not there.
    """
    own, routines = source(), schedule.routines()
    if own is None or not all(map(_known, {n.op for r in routines for n in r.kernel.all_nodes})):
        return None
    digest = hashlib.sha256(f"{own} {dataclasses.astuple(schedule.machine)}".encode())
    for routine in routines:
        stages = [(s.units, s.flops, s.final, s.step, s.once) for s in routine.stages]
        digest.update(repr((routine.name, routine.signature, stages, routine.works)).encode())
        if routine.body is not None:
            digest.update(_calls(routine.body).encode())
    digest.update(_calls(schedule).encode())
    return digest.hexdigest()


def _calls(schedule: Schedule) -> str:
    """What calls the routines, with which addresses."""
    segments = [(name, list(map(tuple, calls))) for name, _, calls, _ in schedule.segments]
    rows = [(name, tuple(chain), list(map(tuple, calls))) for name, chain, calls in schedule.rows]
    return repr((segments, rows, schedule.memory.slots, schedule.memory.size))


@functools.cache
def _known(op: Op) -> bool:
    """Whether an op is the library's own, with its rules."""
    rules = [getattr(op.lower, f.name) for f in dataclasses.fields(op.lower)]
    return (op is COPY or OPS.get(op.name) is op) and all(
        getattr(rule, "__module__", "").startswith("neurona.") for rule in rules if callable(rule)
    )


@functools.cache
def source() -> str | None:
    """Return a hash of the source that decides what code is written.

    Returns:
        None where it cannot be read, or was changed since this process has loaded it.
    """
    digest = hashlib.sha256()
    with contextlib.suppress(OSError):
        paths = [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
        for path in paths:
            if path.stat().st_mtime > _LOADED:
                return None
            digest.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes())
        return digest.hexdigest() if paths else None
    return None
