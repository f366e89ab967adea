"""Write a Schedule as LLVM IR: routines, the functions of chains, and those that threads run."""

from __future__ import annotations

from collections.abc import Sequence

from neurona.core.lowering import Contraction
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.kernels.evaluate import Evaluator
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.pieces import ONLY_CALLS
from neurona.engines.native.llvm.text import Function, Module
from neurona.engines.native.memory import ALIGNMENT, Address, Memory
from neurona.engines.native.parameters import Parameters
from neurona.engines.native.schedule import (
    FAULT,
    INSIDE,
    ChainFunction,
    Routine,
    Schedule,
    Segment,
    Task,
)
from neurona.engines.native.sharing import BARRIER, THREADS, barrier, share
from neurona.engines.native.stage import EMPTY, Stage
from neurona.engines.native.strides import aligned, contiguous

LONG = 100  # calls from which on a function takes longer to improve than it gains


def write(schedule: Schedule) -> Module:
    """Return the code of a Schedule."""
    module = Module()
    module.part("barrier", BARRIER)
    attributes = schedule.machine.attributes
    for routine in schedule.routines():
        for number, stage in enumerate(routine.stages):
            if stage is not EMPTY:
                _routine(module, routine, number, stage, attributes)
        if routine.body is not None:
            _segments(module, routine.body, "internal")
    _segments(module, schedule, "external")
    return module


# --- routines -------------------------------------------------------------------------------------


def _routine(module: Module, routine: Routine, number: int, stage: Stage, attributes: str) -> None:
    """Write the function of a stage."""
    pointers = Parameters(routine)
    units = ["i64 %begin", "i64 %end"] if routine.body is None else THREADS
    f = module.function(f"{routine.name}_{number}", [*pointers.declared, *units], attributes)
    f.status = pointers.get("status", f.status)
    fusion, kernel = routine.fusion, routine.kernel
    head = kernel.head
    if head is None or routine.body is not None:
        stage.emit(f, pointers, None)
        return
    f.fault = lambda: pointers["fault", head.outputs[0]]
    given = {f"work{i}": pointers[f"work{i}"] for i in range(len(routine.works))}
    y = head.outputs[0]
    if y in kernel.stores:
        given["y"] = pointers[y]
    if not isinstance(head.op.lower, Contraction):
        for i, v in enumerate(head.inputs):
            if fusion.layouts[v].root not in fusion.literals:
                given[str(i)] = pointers.view(v)
        given |= {f"y{i}": pointers[v] for i, v in enumerate(head.outputs) if i}
        stage.emit(f, given, None)
        return
    for name, v in zip("xw", head.inputs, strict=True):
        given[name] = pointers.view(v)
    only = not kernel.nodes and kernel.stores == [y]
    stage.emit(f, given, None if only else _finish(f, fusion, kernel, pointers))


def _finish(f: Function, fusion: Fusion, kernel: Kernel, pointers: Parameters):
    """What is done with the results of a head: the other nodes of its kernel."""
    rank = len(kernel.domain)
    assert kernel.head is not None
    (y,) = kernel.head.outputs
    strides = {v: contiguous(kernel.domain) for v in kernel.stores}
    for v in kernel.inputs():
        if fusion.specs[v].shape == kernel.domain:
            strides[v] = fusion.layouts[v].strides
        else:
            strides[v] = aligned(fusion.layouts[v].strides, fusion.specs[v].shape, rank)

    def finish(lanes: Lanes, place, value: Value) -> None:
        def locate(v: int, offset: int) -> Index:
            index = place.index(strides[v])
            return Index(f.add(index.base, offset), index.step)

        known = {y: value}
        evaluator = Evaluator(fusion, kernel, lanes, pointers, locate, None, known)
        for v in kernel.stores:
            evaluator.store(v)

    return finish


# --- what calls them ------------------------------------------------------------------------------


def _segments(module: Module, schedule: Schedule, linkage: str) -> None:
    """Write the functions that each thread runs, one after the other."""
    attributes = schedule.machine.attributes
    for rows in schedule.rows:
        _rows(module, rows, schedule.fusion, attributes)
    for segment in schedule.segments:
        if segment.function:
            long = f"{ONLY_CALLS} " if len(segment.calls) > LONG else ""
            arguments = ["ptr %table", *THREADS]
            f = module.function(segment.function, arguments, long + attributes, linkage)
            _segment(f, segment)


def _segment(f: Function, segment: Segment) -> None:
    """Write calls; between those that threads share, the first thread does what is small."""
    any_shared, alone = False, []
    for call in segment.calls:
        if not call.shared:
            alone.append(call)
            continue
        _run_alone(f, alone, any_shared)
        barrier(f)
        if call.beside:
            _side_by_side(f, call.beside)
        elif call.loop:
            _call(f, call, "%thread", "%threads")
        else:
            _call(f, call, share(f, call.units, 0), share(f, call.units, 1))
        any_shared, alone = True, []
    _run_alone(f, alone, any_shared)


def _side_by_side(f: Function, loops: Sequence[Task]) -> None:
    """Run each of several loops on a thread of its own.

    With more threads than loops, those whose steps are worth it are shared by all of them instead.
    """
    few = f.let(f"icmp ule i64 %threads, {len(loops)}")
    for number, loop in enumerate(loops):
        owner = f.let(f"urem i64 {number}, %threads")
        mine = f.let(f"icmp eq i64 %thread, {owner}")
        if loop.shared:
            with f.when(f.let(f"xor i1 {few}, true")):
                _call(f, loop, "%thread", "%threads")
            mine = f.let(f"and i1 {mine}, {few}")
        with f.when(mine):
            _call(f, loop, 0, 1)


def _run_alone(f: Function, calls: Sequence[Task], wait: bool) -> None:
    """Run small stages on the first thread."""
    if not calls:
        return
    if wait:
        barrier(f)
    with f.when(f.let("icmp eq i64 %thread, 0")):
        for call in calls:
            _call(f, call, 0, call.units)


def _call(f: Function, call: Task, first: str | int, last: str | int) -> None:
    """Task a function for a range of units, or a loop as thread `first` of `last`."""
    given = ["ptr %table"]
    if call.addresses is not None:
        given = [f"ptr {_address(f, address)}" for address in call.addresses]
    given += [f"i64 {first}", f"i64 {last}", *(["ptr %team"] if call.loop else [])]
    f.do(f"call void @{call.function}({', '.join(given)})")


def _address(f: Function, address: Address) -> str:
    """Write an address."""
    slot, offset = address
    if slot == FAULT:
        return f"inttoptr (i64 {offset} to ptr)"
    start = f.address("%table", "ptr", slot)
    if slot == Memory.ARENA:
        start = f.pure(f"load ptr, ptr {start}")
    else:
        start = f.let(f"load ptr, ptr {start}")
    return f.let(f"getelementptr i8, ptr {start}, i64 {offset}") if offset else start


def _rows(module: Module, rows: ChainFunction, fusion: Fusion, attributes: str) -> None:
    """Write the function of a chain.

    Of what only the chain reads, it keeps the rows of one block, on the stack.
    """
    chain = rows.chain
    arguments = ["ptr %table", "i64 %begin", "i64 %end"]
    f = module.function(rows.function, arguments, attributes)
    asked = dict.fromkeys(a for call in rows.calls for a in call.addresses or ())
    places = {address: _address(f, address) for address in asked if address[0] != INSIDE}
    stacks = {
        v: f.slot(f"[{chain.rows * row} x i8], align {ALIGNMENT}")
        for v, row in chain.inside.items()
    }
    with f.loop("%begin", "%end") as block:
        for v, row in chain.inside.items():  # where row 0 would be if the block's rows lie here
            places[INSIDE, v] = f.address(stacks[v], "i8", f.mul(block, -chain.rows * row))
        for call, units in zip(rows.calls, chain.units, strict=True):
            first = f.mul(block, units)
            last = f.smaller(f.add(first, units), call.units)
            given = "".join(f"ptr {places[address]}, " for address in call.addresses or ())
            f.do(f"call void @{call.function}({given}i64 {first}, i64 {last})")
