"""Schedule: a Graph as calls of native functions, and where its values lie. No code yet."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Indexed, Scatter
from neurona.engines.native.chain import Chain
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.memory import Address, Key, Memory
from neurona.engines.native.stage import Stage

Signature = tuple[Any, ...]
INSIDE, FAULT = -1, -2  # no places in the table: a value that a chain keeps; a node's number


class Argument(NamedTuple):
    """An array that code is told the address of: that of `root`, and so many bytes behind it."""

    root: int
    offset: int = 0


class Turns(NamedTuple):
    """How often a Graph is computed: the body of a loop in each of its turns, others once.

    Attributes:
        number: of turns.
        same: the values that do not change from turn to turn.
    """

    number: int = 1
    same: frozenset[int] = frozenset()

    def of(self, fusion: Fusion, kernel: Kernel) -> tuple[int, ...]:
        """Return for each input of a kernel's head in how many turns it is the same."""
        roots = [fusion.layouts[v].root for v in kernel.head.inputs] if kernel.head else []
        return tuple(self.number if root in self.same else 1 for root in roots)


ONCE = Turns()


@dataclass(frozen=True, eq=False)
class Routine:
    """The code that equal kernels share, called with the addresses of each.

    Attributes:
        name: its stages are the functions name_0, name_1, ...
        signature: equal for equal kernels.
        fusion, kernel: the first of them; code is written from it.
        arguments: of that kernel, in the order of the functions' parameters.
        stages: none if it has no native code.
        works: bytes of its workspaces.
        body: what a loop runs.
    """

    name: str
    signature: Signature
    fusion: Fusion
    kernel: Kernel
    arguments: tuple[Argument, ...]
    stages: tuple[Stage, ...]
    works: tuple[int, ...]
    body: Schedule | None = None

    @property
    def prepares(self) -> bool:
        """Whether it has a stage for the first turn of a loop alone."""
        return any(stage.once for stage in self.stages)

    @property
    def reporting(self) -> list[Node]:
        """The nodes whose code may note that an index is out of range."""
        return reporting(self.kernel)

    @property
    def reports(self) -> bool:
        """Whether its code, or that of the loop's body, may note an error."""
        return self.body is not None or bool(self.reporting)


def reporting(kernel: Kernel) -> list[Node]:
    """Return the nodes of a kernel whose code may note that an index is out of range."""
    return [n for n in kernel.all_nodes if isinstance(n.op.lower, Indexed | Scatter)]


class Use(NamedTuple):
    """A kernel as a call of its routine.

    Attributes:
        routine: what is called.
        arguments: the arrays that it works on.
        faults: the numbers by which its reporting nodes say that an error is their own.
    """

    routine: Routine
    arguments: tuple[Argument, ...]
    faults: tuple[int, ...]


class Book:
    """What a program and the bodies of its loops have in common, while it is planned.

    Attributes:
        routines: by signature.
        faults: the nodes that may note an error; their numbers begin with 1.
        numbers: of routines, for their names.
    """

    def __init__(self) -> None:
        self.routines: dict[Signature, Routine] = {}
        self.faults: list[Node] = []
        self.numbers = itertools.count()


class Task(NamedTuple):
    """The call of a function for a range of units: of a routine's stage, or of a chain.

    Attributes:
        function: its name.
        addresses: where its arguments lie, or (INSIDE, value), or (FAULT, number of a node); none
            for a chain, which is given the whole table.
        units: how many there are.
        flops: operations of all units.
        shared: whether threads share the units, or the turns of a loop.
        loop: whether it is a loop, which is told its thread instead of a range.
        beside: the calls of loops that threads may run side by side; it is no call itself then.
        once: whether it is called before the first turn of the loop that it stands in.
    """

    function: str
    addresses: tuple[Address, ...] | None
    units: int
    flops: int
    shared: bool = False
    loop: bool = False
    once: bool = False
    beside: tuple[Task, ...] = ()


class ChainFunction(NamedTuple):
    """The function of a chain.

    Attributes:
        function: its name.
        chain: the kernels.
        calls: of each kernel's stage.
    """

    function: str
    chain: Chain
    calls: tuple[Task, ...]


class Segment(NamedTuple):
    """Kernels that run one after the other without leaving native code, or one node in Python.

    Attributes:
        function: its name, none for a node in Python.
        kernels: their numbers.
        calls: what the function calls, in order.
        once: whether it runs before the first turn of a loop.
    """

    function: str
    kernels: list[int]
    calls: list[Task]
    once: bool = False

    @property
    def shared(self) -> bool:
        """Whether threads share any of it."""
        return any(call.shared for call in self.calls)


@dataclass(frozen=True)
class Schedule:
    """What the passes decided.

    Attributes:
        fusion: the kernels.
        machine: what code is made for.
        uses: for each kernel the routine that computes it, and with which arguments.
        chains: kernels that follow each other through rows.
        memory: where values lie.
        segments: what runs, in order; those without a function run a kernel's head on the
            reference rule.
        rows: what the functions of chains call.
        constants: arrays that the table points to, by their keys.
        faults: the nodes that may note an error, by the numbers that they note, from 1 on.
    """

    fusion: Fusion
    machine: Machine
    uses: list[Use]
    chains: list[Chain]
    memory: Memory
    segments: list[Segment]
    rows: list[ChainFunction]
    constants: dict[Key, np.ndarray]
    faults: list[Node]

    @property
    def native(self) -> bool:
        """Whether no node runs on its reference rule."""
        return all(segment.function for segment in self.segments)

    @property
    def shared(self) -> bool:
        """Whether threads share any of the work."""
        return any(segment.shared for segment in self.segments)

    @property
    def flops(self) -> int:
        """Operations of all stages, but for those before a loop."""
        stages = (stage for use in self.uses for stage in use.routine.stages)
        return sum(stage.flops for stage in stages if not stage.once)

    def routines(self) -> list[Routine]:
        """Return all that code is needed for, those in the bodies of loops first."""
        found: dict[str, Routine] = {}
        for routine, *_ in self.uses:
            if routine.stages and routine.name not in found:
                if routine.body is not None:
                    found.update((inner.name, inner) for inner in routine.body.routines())
                found[routine.name] = routine
        return list(found.values())
