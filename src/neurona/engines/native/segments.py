"""Segments: the functions that each thread runs, and how threads share what they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from neurona.engines.native.chain import Chain
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.memory import ALIGNMENT
from neurona.engines.native.parameters import address
from neurona.engines.native.stage import EMPTY

if TYPE_CHECKING:
    from neurona.engines.native.emit import Emission

SHARED = 150_000  # operations of a stage from which on several threads share it
THREADS = ["i64 %thread", "i64 %threads", "ptr %team"]


@dataclass
class Segment:
    """Kernels that run one after the other without leaving native code, or one node in Python."""

    function: str
    kernels: list[int]
    shared: bool = False


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


def segments(emission: Emission, apart: bool) -> list[Segment]:
    """Write the functions that each thread runs, one after the other, and return them.

    Args:
        emission: the functions of all stages are written.
        apart: whether each kernel, or chain of them, gets a segment of its own.
    """
    found: list[Segment] = []
    follows = {time for chain in emission.chains for time in chain.kernels[1:]}
    for time, stages in enumerate(emission.stages):
        if not stages:
            found.append(Segment("", [time]))
        elif time in follows or (found and found[-1].function and not apart):
            found[-1].kernels.append(time)
        else:
            found.append(Segment(f"{emission.prefix}work{len(found)}", [time]))
    for segment in found:
        if segment.function:
            segment.shared = _work(emission, segment)
    return found


def _work(emission: Emission, segment: Segment) -> bool:
    """Write the function of a segment; return whether threads share any of it."""
    calls = _calls(emission, segment)
    linkage = "internal" if emission.prefix else "external"
    arguments = ["ptr %table", *THREADS]
    f = emission.module.function(segment.function, arguments, emission.machine.attributes, linkage)
    any_shared, alone = False, []
    for call in calls:
        loop_shares = call.loop is not None and call.loop.shared
        if not loop_shares and (call.units == 1 or call.flops < SHARED):
            alone.append(call)
            continue
        _run_alone(f, alone, any_shared)
        _barrier(f)
        if loop_shares:
            call.write(f, "%thread", "%threads")
        else:
            call.write(f, *(_share(f, call.units, thread) for thread in (0, 1)))
        any_shared, alone = True, []
    _run_alone(f, alone, any_shared)
    return any_shared


def _run_alone(f: Function, calls: list[Call], barrier: bool) -> None:
    """Run small stages on the first thread."""
    if not calls:
        return
    if barrier:
        _barrier(f)
    with f.when(f.let("icmp eq i64 %thread, 0")):
        for call in calls:
            call.write(f, 0, call.units)


def _barrier(f: Function) -> None:
    f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")


def _share(f: Function, units: int, ahead: int) -> str:
    """Where the units of this thread begin, or of the one that is so many ahead."""
    return f.let(f"udiv i64 {f.mul(f.add('%thread', ahead), units)}, %threads")


# --- what is called -------------------------------------------------------------------------------


def _calls(emission: Emission, segment: Segment) -> list[Call]:
    """Return what the function of a segment calls: stages, and chains of them."""
    calls = []
    chains = {chain.kernels.start: chain for chain in emission.chains}
    follows = {time for chain in emission.chains for time in chain.kernels[1:]}
    for time in segment.kernels:
        stages = emission.stages[time]
        if time in chains:
            flops = sum(emission.stages[t][0].flops for t in chains[time].kernels)
            calls.append(Call(chains[time].blocks, flops, _chain(emission, chains[time])))
        elif time not in follows:
            calls += [
                Call(stage.units, stage.flops, _stage(emission, time, k), emission.loops.get(time))
                for k, stage in enumerate(stages)
                if stage is not EMPTY
            ]
    return calls


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
