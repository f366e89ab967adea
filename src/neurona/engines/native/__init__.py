"""The native engine: a Graph becomes machine code, through LLVM."""

from __future__ import annotations

import functools
import sys

from neurona import config
from neurona.core.graph import Graph
from neurona.engines.native.chain import chains
from neurona.engines.native.explain import shown
from neurona.engines.native.fuse import fuse
from neurona.engines.native.key import key_of
from neurona.engines.native.llvm.assemble import recall
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.memory import place
from neurona.engines.native.plan import constants, plan
from neurona.engines.native.program import NativeProgram
from neurona.engines.native.run.executable import Executable
from neurona.engines.native.schedule import ONCE, Book, Schedule, Turns
from neurona.engines.native.segments import segments
from neurona.engines.native.simplify import simplify
from neurona.engines.native.turn import turn
from neurona.engines.native.write import write
from neurona.engines.program import Program


def compile(graph: Graph) -> Program:
    """Return a Program of machine code: a Schedule, then its code, written or found in the cache.

    `config.debug()` says what is checked and shown.
    """
    made = schedule(graph, Machine.chosen())
    if lines := shown(made, config.debug()):
        print(*lines, sep="\n", file=sys.stderr)  # before LLVM has its say
    names = [segment.function for segment in made.segments if segment.function]
    code = recall(lambda: key_of(made), names, lambda: str(write(made)), made.machine)
    return NativeProgram(graph, Executable(made, code), "native")


def schedule(
    graph: Graph, machine: Machine, book: Book | None = None, prefix: str = "",
    turns: Turns = ONCE,
) -> Schedule:  # fmt: skip
    """Go through the passes, of which each reads what those before it found.

    simplify: no identities, nothing computed twice, constants computed now.
    turn: elements are computed in the order in which they lie.
    fuse: nodes to kernels, views to strides.
    plan: how each kernel is computed; equal ones are one routine.
    chains: kernels that go through rows together.
    place: where values lie in memory.
    segments: what the threads run, one after the other.

    Args:
        graph: what is computed; the bodies of its loops take the same way.
        machine: what code is made for.
        book: what was planned so far.
        prefix: of the names of functions.
        turns: of the loop whose body it is.
    """
    book = Book() if book is None else book
    simple = turn(simplify(graph))
    if config.debug():
        simple.check()
    fusion = fuse(simple)
    nested = functools.partial(schedule, machine=machine, book=book)
    uses = plan(fusion, machine, book, nested, turns)
    found = chains(fusion, [use.routine.stages for use in uses])
    arrays = constants(fusion, uses)
    memory = place(fusion, uses, found, list(arrays))
    functions, rows = segments(fusion, uses, found, memory, prefix)
    return Schedule(fusion, machine, uses, found, memory, functions, rows, arrays, book.faults)
