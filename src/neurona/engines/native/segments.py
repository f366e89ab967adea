"""Segments: the functions that each thread runs, what they call, and what threads share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neurona.engines.native.chain import Chain, groups
from neurona.engines.native.fusion import Fusion
from neurona.engines.native.memory import Address, Key, Memory
from neurona.engines.native.schedule import FAULT, INSIDE, ChainFunction, Segment, Task, Use
from neurona.engines.native.stage import EMPTY

SHARED = 150_000  # operations of a stage from which on several threads share it


def segments(
    fusion: Fusion, uses: Sequence[Use], chains: Sequence[Chain], memory: Memory, prefix: str = "",
    apart: bool = False,
) -> tuple[list[Segment], list[ChainFunction]]:  # fmt: skip
    """Return the functions that run one after the other, and those of chains, which they call.

    Args:
        fusion, uses, chains, memory: what the passes before found.
        prefix: of the names of functions; the bodies of loops have their own.
        apart: whether each kernel, or chain of them, gets a segment of its own.
    """
    found: list[Segment] = []
    functions: list[ChainFunction] = []
    first: list[Task] = []
    for members, chain in _parts(fusion, uses, chains):
        native = bool(uses[members.start].routine.stages)
        if apart or not native or not found or not found[-1].function:
            found.append(Segment(f"{prefix}work{len(found)}" if native else "", [], []))
        found[-1].kernels.extend(members)
        calls = [call for time in members for call in _calls(time, uses[time], memory, chain)]
        if chain is not None:
            function = ChainFunction(f"{prefix}chain{members.start}", chain, tuple(calls))
            functions.append(function)
            flops = sum(call.flops for call in calls)
            calls = [_whole(Task(function.function, None, chain.blocks, flops))]
        elif len(members) > 1 and all(call.flops >= SHARED for call in calls):
            flops = sum(call.flops for call in calls)
            calls = [Task("", None, len(calls), flops, shared=True, beside=tuple(calls))]
        found[-1].calls.extend(call for call in calls if not call.once)
        first.extend(call for call in calls if call.once)
    if first:
        found.insert(0, Segment(f"{prefix}first", [], first, once=True))
    return found, functions


def _parts(
    fusion: Fusion, uses: Sequence[Use], chains: Sequence[Chain]
) -> Iterator[tuple[range, Chain | None]]:
    """Yield what runs together; what has no native code runs by itself."""
    for members, chain in groups(fusion, chains):
        if all(uses[time].routine.stages for time in members):
            yield members, chain
        else:
            yield from ((range(time, time + 1), None) for time in members)


def keys(time: int, use: Use) -> list[tuple[Key, int]]:
    """Return what the parameters of a kernel's functions stand for: keys in memory, and offsets."""
    routine = use.routine
    found: list[tuple[Key, int]] = [(root, offset) for root, offset in use.arguments]
    found += [(("work", time, i), 0) for i in range(len(routine.works))]
    if routine.body is not None:
        found += [(("constant", time, key), 0) for key in routine.body.constants]
    return found


def _calls(time: int, use: Use, memory: Memory, chain: Chain | None) -> list[Task]:
    """Return the calls of a kernel's stages."""
    routine, inside = use.routine, chain.inside if chain is not None else ()
    addresses: list[Address] = [
        (INSIDE, key) if isinstance(key, int) and key in inside else memory.at(key, offset)
        for key, offset in keys(time, use)
    ]
    if routine.reports:
        addresses += [(Memory.STATUS, 0), *((FAULT, number) for number in use.faults)]
    calls = [
        Task(
            f"{routine.name}_{number}", tuple(addresses), stage.units, stage.flops, once=stage.once
        )
        for number, stage in enumerate(routine.stages)
        if stage is not EMPTY
    ]
    if routine.body is not None:
        return [call._replace(loop=True, shared=routine.body.shared) for call in calls]
    return [_whole(call) for call in calls]


def _whole(call: Task) -> Task:
    """A call, shared if that is worth while."""
    return call._replace(shared=call.units != 1 and call.flops >= SHARED)
