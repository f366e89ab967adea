"""`neurona bench`: how fast this machine is, and how near to that the library comes."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console
from rich.table import Table

from neurona import config
from neurona.cli.listings import processor, usable_cores
from neurona.cli.workloads import WORKLOADS, measure
from neurona.engines.machine import measured
from neurona.strict_json import write_json


def bench(as_json: bool) -> None:
    """Measure, and print a table or JSON."""
    with Console(stderr=True).status("measuring, some seconds"):
        facts = report()
    if as_json:
        print(write_json(facts, indent=2))
    else:
        _print(facts)


def report() -> dict[str, Any]:
    """Return what there is to know, in numbers of seconds, bytes and operations.

    `floor` is the time that the products of a step need at the measured peak, `share` how much of
    the step's time that is; both are None without LLVM, whose code the peak is measured with.
    """
    machine = measured()
    limits = machine.get("limits", [])
    rows = []
    for workload in WORKLOADS:
        timing = measure(workload)
        floor = 2 * timing.products / limits[-1]["flops"] if limits else None
        rows.append({
            "name": workload.name, **dataclasses.asdict(timing), "floor": floor,
            "share": floor and floor / timing.seconds,
        })  # fmt: skip
    return {
        "processor": processor(), "cores": usable_cores(), "engine": config.engine(), **machine,
        "workloads": rows,
    }  # fmt: skip


def _print(facts: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(
        f"[bold]{facts['processor']}[/], {facts['cores']} cores, {facts['engine']} engine"
    )
    if limits := facts.get("limits"):
        bits = 8 * facts["vector_bytes"]
        console.print(f"{facts['llvm']} for {facts['target']}, vectors of {bits} bits\n")
        table = Table("the machine's limits", box=None, pad_edge=False)
        for limit in limits:
            n = limit["threads"]
            table.add_column(f"{n} thread{'s' if n > 1 else ''}", justify="right")
        for name, key, unit in _LIMITS:
            table.add_row(name, *(f"{limit[key] / 1e9:,.1f} {unit}" for limit in limits))
        console.print(table)
        if crowded(limits):
            console.print("note: threads did not get a core each; are other programs running?")
    else:
        console.print("llvmlite is not installed: no limits are measured")
    threads = facts.get("threads", 1)
    table = Table(f"a step, {threads} thread{'s' if threads > 1 else ''}", box=None, pad_edge=False)
    for name in ("time", "its products", "share", "first step"):
        table.add_column(name, justify="right")
    for row in facts["workloads"]:
        floor, share = row["floor"], row["share"]
        table.add_row(
            row["name"], duration(row["seconds"]), "-" if floor is None else duration(floor),
            "-" if share is None else f"{share:.0%}", duration(row["first"]),
        )  # fmt: skip
    console.print()
    console.print(table)


def crowded(limits: list[dict[str, float]]) -> bool:
    """Say whether all threads together did much less than each as much as one alone.

    >>> crowded([{"threads": 1, "flops": 1e11}, {"threads": 2, "flops": 1.1e11}])
    True
    """
    one, most = limits[0], limits[-1]
    return most["flops"] < 0.6 * most["threads"] * one["flops"]


_LIMITS = (
    ("arithmetic, float32", "flops", "GF/s"),
    ("memory, read", "read", "GB/s"),
    ("memory, copied", "copied", "GB/s"),
)


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit.

    >>> duration(4.2e-7), duration(0.0123), duration(2)
    ('420 ns', '12.3 ms', '2.00 s')
    """
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor:
            number = seconds / factor
            return f"{number:.{2 - min(len(str(int(number))) - 1, 2)}f} {unit}"
    return f"{seconds * 1e9:.0f} ns"
