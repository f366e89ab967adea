"""Segments: the functions that each thread runs, and how threads share what they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from neurona.engines.native.chain import Chain, groups
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.memory import ALIGNMENT
from neurona.engines.native.parameters import address
from neurona.engines.native.run.team_code import THREADS, barrier, share
from neurona.engines.native.stage import EMPTY

if TYPE_CHECKING:
    from neurona.engines.native.emit import Emission

SHARED = 150_000  # operations of a stage from which on several threads share it

WriteCall = Callable[[Function, str | int, str | int], None]


class Call(NamedTuple):
    """What the function of a segment calls, for a range of units.

    Attributes:
        units, flops: of a Stage, or of a chain of them.
        write: `write(f, first, last)` writes the call.
        loop: what is called again and again, if it is a loop: its threads share each turn.
    """

    units: int
    flops: int
    write: WriteCall
    loop: Emission | None = None


@dataclass
class Segment:
    """Kernels that run one after the other without leaving native code, or one node in Python.

    Attributes:
        function: its name, none for a node in Python.
        kernels: their numbers.
        calls: what the function calls, in order.
        shared: whether threads share any of it.
    """

    function: str
    kernels: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    shared: bool = False


def segments(emission: Emission, apart: bool) -> list[Segment]:
    """Write the functions that each thread runs, one after the other, and return them.

    Args:
        emission: the functions of all stages are written.
        apart: whether each kernel, or chain of them, gets a segment of its own.
    """
    found: list[Segment] = []
    for members, chain in groups(emission.fusion, emission.chains):
        native = bool(emission.stages[members.start])
        if apart or not native or not found or not found[-1].function:
            found.append(Segment(f"{emission.prefix}work{len(found)}" if native else ""))
        found[-1].kernels.extend(members)
        found[-1].calls.extend(_calls(emission, members, chain))
    for segment in found:
        if segment.function:
            segment.shared = _work(emission, segment)
    return found


def _work(emission: Emission, segment: Segment) -> bool:
    """Write the function of a segment; return whether threads share any of it."""
    linkage = "internal" if emission.prefix else "external"
    arguments = ["ptr %table", *THREADS]
    f = emission.module.function(segment.function, arguments, emission.machine.attributes, linkage)
    any_shared, alone = False, []
    for call in segment.calls:
        loop_shares = call.loop is not None and call.loop.shared
        if not loop_shares and (call.units == 1 or call.flops < SHARED):
            alone.append(call)
            continue
        _run_alone(f, alone, any_shared)
        barrier(f)
        if loop_shares:
            call.write(f, "%thread", "%threads")
        else:
            call.write(f, share(f, call.units, 0), share(f, call.units, 1))
        any_shared, alone = True, []
    _run_alone(f, alone, any_shared)
    return any_shared


def _run_alone(f: Function, calls: list[Call], wait: bool) -> None:
    """Run small stages on the first thread."""
    if not calls:
        return
    if wait:
        barrier(f)
    with f.when(f.let("icmp eq i64 %thread, 0")):
        for call in calls:
            call.write(f, 0, call.units)


# --- what is called -------------------------------------------------------------------------------


def _calls(emission: Emission, members: range, chain: Chain | None) -> list[Call]:
    """Return what calls the stages of a kernel, or a chain."""
    time = members.start
    if chain:
        flops = sum(emission.stages[k][0].flops for k in members)
        return [Call(chain.blocks, flops, _chain(emission, chain))]
    return [
        Call(stage.units, stage.flops, _stage(emission, time, number), emission.loops.get(time))
        for number, stage in enumerate(emission.stages[time])
        if stage is not EMPTY
    ]


def _stage(emission: Emission, time: int, number: int) -> WriteCall:
    """What calls a stage for a range of units, or a loop as thread `first` of `last`."""
    name, keys = emission.calls[time, number]
    team = ["ptr %team"] if time in emission.loops else []

    def write(f: Function, first: str | int, last: str | int) -> None:
        given = [f"ptr {address(f, emission, time, key)}" for key in keys]
        given += [f"i64 {first}", f"i64 {last}", *team]
        f.do(f"call void @{name}({', '.join(given)})")

    return write


def _chain(emission: Emission, chain: Chain) -> WriteCall:
    """Write the function of a chain, and return what calls it for a range of blocks.

    Of what only the chain reads, it keeps the rows of one block, on the stack.
    """
    name = f"{emission.prefix}chain{chain.kernels.start}"
    arguments = ["ptr %table", "i64 %begin", "i64 %end"]
    f = emission.module.function(name, arguments, emission.machine.attributes, "internal")
    asked = dict.fromkeys(key for time in chain.kernels for key in emission.calls[time, 0][1])
    places = {
        key: address(f, emission, chain.kernels.start, key)
        for key in asked
        if key not in chain.inside
    }
    stacks = {
        v: f.slot(f"[{chain.rows * row} x i8], align {ALIGNMENT}")
        for v, row in chain.inside.items()
    }
    with f.loop("%begin", "%end") as block:
        for v, row in chain.inside.items():  # where row 0 would be if the block's rows lie here
            places[v] = f.address(stacks[v], "i8", f.mul(block, -chain.rows * row))
        for time, units in zip(chain.kernels, chain.units, strict=True):
            stage, (function, keys) = emission.stages[time][0], emission.calls[time, 0]
            first = f.mul(block, units)
            last = f.smaller(f.add(first, units), stage.units)
            given = "".join(f"ptr {places[key]}, " for key in keys)
            f.do(f"call void @{function}({given}i64 {first}, i64 {last})")

    def write(f: Function, first: str | int, last: str | int) -> None:
        f.do(f"call void @{name}(ptr %table, i64 {first}, i64 {last})")

    return write
