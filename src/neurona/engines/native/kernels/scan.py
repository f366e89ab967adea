"""Loops whose body is a Graph: the body's kernels are called again and again with other addresses.

Each thread fills a table of its own for the body, the same as all others, and goes through the
whole loop. A carried value has two places, one to read from and one to write to, which change
their roles in each iteration; or one, that of the result, if it is updated in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurona.core.graph import Node
from neurona.core.lowering import Scatter
from neurona.engines.native.donation import in_place
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.memory import Memory
from neurona.engines.native.schedule import Turns
from neurona.engines.native.sharing import barrier
from neurona.engines.native.stage import Stage

if TYPE_CHECKING:
    from neurona.engines.native.schedule import Schedule


def turns(head: Node) -> Turns:
    """Return how often the body of a loop is computed, and what is the same each time."""
    given = head.attributes
    graph = given["body"]
    changing = given["carries"] + given["sequences"]
    return Turns(given["length"], frozenset([*graph.inputs[changing:], *graph.constants]))


def plan(body: Schedule, head: Node) -> tuple[list[Stage], list[int]]:
    """Return the stage of a loop, and the bytes of what it works in.

    That is the body's arena, and two places for each carried value that needs them.
    """
    graph, specs = body.fusion.graph, body.fusion.specs
    moved = _moved(body, head.attributes["carries"])
    carries = [specs[graph.inputs[k]].nbytes for k in moved]
    flops = body.flops * head.attributes["length"]

    def emit(f: Function, pointers: Any, finish: None = None) -> None:
        _write(f, pointers, body, head)

    return [Stage(1, emit, flops)], [body.memory.size, *carries, *carries]


def _moved(body: Schedule, carries: int) -> list[int]:
    """Return which carried values are not updated in place, by a few rows that are put into them.

    What is computed anew, element by element, reads and writes all of it anyway.
    """
    fusion = body.fusion
    put = {
        v for kernel in fusion.kernels if kernel.head and isinstance(kernel.head.op.lower, Scatter)
        for v in kernel.head.outputs
    }  # fmt: skip
    found = in_place(fusion, body.chains, {k: k for k in range(carries)})
    return [k for k in range(carries) if k not in found or fusion.outputs[k] not in put]


def _write(f: Function, pointers: Any, body: Schedule, head: Node) -> None:
    """Write the function of a loop."""
    graph, specs, given = body.fusion.graph, body.fusion.specs, head.attributes
    carries, length = given["carries"], given["length"]
    moving = graph.inputs[carries : carries + given["sequences"]]
    count = 2 + len(body.memory.slots)
    table = f.slot(f"[{count} x ptr]")

    def put(slot: int, address: str) -> None:
        f.do(f"store ptr {address}, ptr {f.address(table, 'ptr', slot)}")

    def run(once: bool) -> None:
        for segment in body.segments:
            if segment.once == once:
                given = f"ptr {table}, i64 %thread, i64 %threads, ptr %team"
                f.do(f"call void @{segment.function}({given})")

    put(Memory.ARENA, pointers["work0"])
    put(Memory.STATUS, pointers["status"])
    for key in body.constants:
        put(body.memory.slots[key], pointers["constant", key])
    inputs = {v: pointers.view(x) for v, x in zip(graph.inputs, head.inputs, strict=True)}
    for v in graph.inputs[carries + len(moving) :]:
        put(body.memory.slots[v], inputs[v])
    outputs = list(zip(body.fusion.outputs, head.outputs, strict=True))
    moved = _moved(body, carries)
    places = [(pointers[y], pointers[y]) for _, y in outputs[:carries]]
    for n, k in enumerate(moved):
        places[k] = pointers[f"work{1 + n}"], pointers[f"work{1 + len(moved) + n}"]
    first = f.let("icmp eq i64 %thread, 0")
    with f.when(first):
        for v, (place, _) in zip(graph.inputs, places, strict=False):
            _copy(f, place, inputs[v], specs[v].nbytes)
    run(once=True)
    if body.shared:
        barrier(f)
    with f.loop(0, length) as turn:
        i = f.let(f"sub i64 {length - 1}, {turn}") if given["reverse"] else turn
        odd = f.let(f"trunc i64 {turn} to i1")
        for v, (y, _), (a, b) in zip(graph.inputs, outputs, places, strict=False):
            put(body.memory.slots[v], f.let(f"select i1 {odd}, ptr {b}, ptr {a}"))
            put(body.memory.slots[y], f.let(f"select i1 {odd}, ptr {a}, ptr {b}"))
        for v in moving:
            put(body.memory.slots[v], f.address(inputs[v], "i8", f.mul(i, specs[v].nbytes)))
        for y, stacked in outputs[carries:]:
            place = f.address(pointers[stacked], "i8", f.mul(i, specs[y].nbytes))
            put(body.memory.slots[y], place)
        run(once=False)
        if body.shared:
            barrier(f)
    with f.when(first):
        for k in moved:
            y, final = outputs[k]
            _copy(f, pointers[final], places[k][length % 2], specs[y].nbytes)


def _copy(f: Function, to: str, source: str, size: int) -> None:
    target = f.module.declare("llvm.memcpy.p0.p0.i64", "void", "ptr", "ptr", "i64", "i1")
    f.do(f"call void {target}(ptr {to}, ptr {source}, i64 {size}, i1 false)")
