"""Say what a compiled Graph became: its kernels, what they cost, and how long each takes."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import numpy as np

from neurona.core.origin import shown as shown_origins
from neurona.core.shapes import Spec
from neurona.engines.native.chain import Chain, groups
from neurona.engines.native.cores import thread_count
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.llvm.assemble import assemble, assembly
from neurona.engines.native.run.executable import Executable, team
from neurona.engines.native.schedule import Schedule
from neurona.engines.native.segments import segments
from neurona.engines.native.sharing import THREADS
from neurona.engines.native.write import write

REPEATS = 30


def shown(schedule: Schedule, level: int) -> list[str]:
    """Return what a debug level shows: kernels from 2, LLVM IR from 3, assembly from 4."""
    lines = explain(schedule, timed=False) if level >= 2 else []
    text = str(write(schedule)) if level >= 3 else ""
    lines += [text] if text else []
    return lines + ([assembly(text, schedule.machine)] if level >= 4 else [])


def explain(schedule: Schedule, timed: bool) -> list[str]:
    """Return a line for each kernel.

    Its shape and ops, the operations and the bytes that it reads and writes, into how many units
    threads may split it, and if `timed` microseconds, GF/s and GB/s (the median of 30 calls on
    made-up data). The figures of a chain stand at its first kernel. Below a loop are the kernels of
    its body, with the figures of one iteration.
    """
    fusion = schedule.fusion
    times = measure(schedule) if timed else {}
    machine, threads = schedule.machine, thread_count()
    lines = [
        f"native code for {machine.name} ({machine.cpu}, vectors of {machine.vector_bytes} bytes), "
        f"{_count(threads, 'thread')}, {_count(len(fusion.kernels), 'kernel')}, "
        f"arena {_amount(schedule.memory.size, 'B')}"
    ]
    lines += _kernels(schedule, times, timed)
    if times:
        lines.append(f"  together {sum(times.values()) * 1e6:.1f} us")
    return lines


def _kernels(schedule: Schedule, times: dict[int, float], timed: bool) -> list[str]:
    """Return the lines of all kernels, and of those in the bodies of loops."""
    lines = []
    for members, chain in groups(schedule.fusion, schedule.chains):
        lines += _described(schedule, members, chain, times.get(members.start))
        for body in [schedule.uses[k].routine.body for k in members]:
            if body is not None:
                inner = _kernels(body, measure(body) if timed else {}, timed)
                lines += [f"    {line}" for line in inner]
    return lines


def _described(
    schedule: Schedule, members: range, chain: Chain | None, seconds: float | None
) -> list[str]:
    """Return the lines of a kernel, or of the kernels of a chain."""
    fusion, first, inside = schedule.fusion, members.start, chain.inside if chain else ()
    kernels = [fusion.kernels[k] for k in members]
    flops = sum(stage.flops for k in members for stage in schedule.uses[k].routine.stages)
    moved = traffic(fusion, kernels, inside)
    figures = f"{_amount(flops, 'F'):>8} {_amount(moved, 'B'):>8}"
    if seconds:
        rates = f"{flops / seconds / 1e9:6.1f} GF/s {moved / seconds / 1e9:6.1f} GB/s"
        figures += f" {seconds * 1e6:9.1f} us {rates}"
    units = "+".join(str(stage.units) for stage in schedule.uses[first].routine.stages) or "Python"
    if chain:
        units = f"{_count(chain.blocks, 'block')} of {_count(chain.rows, 'row')}"
    lines = [f"  k{first:<3}{figures}  {describe(kernels[0])}  [{units}]{_from(kernels[0])}"]
    follows = f"with k{first}".ljust(len(figures))
    return lines + [
        f"  k{k:<3}{follows}  {describe(kernel)}{_from(kernel)}"
        for k, kernel in zip(members[1:], kernels[1:], strict=True)
    ]


def _from(kernel: Kernel) -> str:
    """Return where the nodes of a kernel come from, to stand behind its line."""
    found = shown_origins(kernel.origins)
    return f"  # {found}" if found else ""


def describe(kernel: Kernel) -> str:
    """Return shape and ops of a kernel: (32, 128) matrix_product + add + where, sum(0,)."""
    shape = "(" + ", ".join(map(str, kernel.domain)) + ")"
    counts = Counter(n.op.name.lstrip("_") for n in kernel.nodes)
    names = [kernel.head.op.name] if kernel.head else []
    names += [name if n == 1 else f"{n} {name}" for name, n in counts.items()]
    parts = [shape, " + ".join(names)] if names else [shape]
    if kernel.folds:
        parts.append(f"-> {', '.join(n.op.name for n in kernel.folds)} over {kernel.axes}")
    return " ".join(parts)


def traffic(fusion: Fusion, kernels: Sequence[Kernel], inside: Collection[int] = ()) -> int:
    """Return the bytes that kernels read and write if they touch every element once.

    What lies `inside` of their cache does not count.
    """
    values = {fusion.layouts[v].root for k in kernels for v in k.inputs()} - set(fusion.literals)
    values |= {v for k in kernels for v in k.stores}
    specs = [fusion.specs[v] for v in values.difference(inside)]
    return sum(spec.nbytes for spec in specs)


def measure(schedule: Schedule) -> dict[int, float]:
    """Return the seconds that each kernel takes: compiled apart, each called by itself."""
    functions, rows = segments(
        schedule.fusion, schedule.uses, schedule.chains, schedule.memory, apart=True
    )
    separate = dataclasses.replace(schedule, segments=functions, rows=rows)
    module = write(separate)
    module.function("nothing", ["ptr %table", *THREADS], linkage="external")
    executable = Executable(separate, assemble(str(module), schedule.machine))
    rng = np.random.default_rng(0)
    arrays = [_made_up(rng, spec) for _, spec in executable.inputs]
    frame = executable.prepared(arrays)
    nothing = executable.code.address("nothing")
    samples: dict[int, list[float]] = {}
    for _ in range(REPEATS):
        for entry in executable.entries:
            call = _seconds(team(entry.shared).run, nothing, frame.address)
            took = _seconds(executable.run_entry, frame, entry)
            if entry.kernels:  # else it runs before a loop
                samples.setdefault(entry.kernels[0], []).append(took - call)
    return {k: max(float(np.median(s)), 1e-8) for k, s in samples.items()}


def _seconds(run: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def _made_up(rng: np.random.Generator, spec: Spec) -> np.ndarray:
    if spec.dtype.kind == "f":
        return rng.uniform(0.01, 1, spec.shape).astype(spec.dtype)
    return np.zeros(spec.shape, spec.dtype)


def _count(number: int, name: str) -> str:
    return f"{number} {name}" + ("" if number == 1 else "s")


def _amount(number: float, unit: str) -> str:
    """Return a number in thousands, millions or billions of a unit."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.1f} {prefix}{unit}"
    return f"{number:.0f} {unit}"
