"""Write a Fusion as LLVM IR: a function for each stage of each kernel, and one that calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Contraction, Loop, Random, Running, Scatter, Sort
from neurona.engines.native.chain import Chain, chains
from neurona.engines.native.fuse import Fusion, Kernel, fuse
from neurona.engines.native.kernels import loops, philox, running, scan, scatter, sort
from neurona.engines.native.kernels.evaluate import Evaluator, aligned
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function, Module
from neurona.engines.native.memory import ALIGNMENT, Key, Memory
from neurona.engines.native.parameters import Parameters, address
from neurona.engines.native.products import contraction
from neurona.engines.native.run.team_code import BARRIER
from neurona.engines.native.simplify import contiguous, simplify
from neurona.engines.native.stage import Stage

SHARED = 150_000  # operations of a stage from which on several threads share it


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


class Emission:
    """The code of a Fusion.

    Args:
        module: where the code goes.
        prefix: of the names of its functions; the bodies of loops have Emissions of their own.
        apart: whether each kernel gets a function that can be called, and timed, by itself.

    Attributes:
        segments: in order; those without a function run a kernel's head on the reference rule.
        stages: for each kernel its stages, none if it has no native code.
        chains: kernels that follow each other through rows.
        memory: where values lie.
        constants: arrays that the table points to, by their keys in `memory.constants`.
    """

    def __init__(
        self, fusion: Fusion, machine: Machine, module: Module | None = None, prefix: str = "",
        apart: bool = False,
    ) -> None:  # fmt: skip
        self.fusion, self.machine, self.prefix = fusion, machine, prefix
        self.module = module or Module()
        self.loops: dict[int, Emission] = {}
        self.calls: dict[tuple[int, int], tuple[str, list[Any]]] = {}
        plans = [self._plan(time, kernel) for time, kernel in enumerate(fusion.kernels)]
        self.stages = [stages for stages, _ in plans]
        self.constants: dict[Key, np.ndarray] = {
            v: np.ascontiguousarray(array)
            for v, array in fusion.graph.constants.items()
            if v not in fusion.literals
        }
        nested: dict[Key, np.ndarray] = {
            (t, k): c for t, loop in self.loops.items() for k, c in loop.constants.items()
        }
        self.constants.update(nested)
        self.chains = chains(fusion, self.stages)
        self.memory = Memory(fusion, [works for _, works in plans], self.chains, list(nested))
        self.module.part("barrier", BARRIER)
        for time, (stages, works) in enumerate(plans):
            for number, stage in enumerate(stages):
                self._write(time, number, stage, len(works))
        self.segments = self._segments(apart)

    @property
    def native(self) -> bool:
        """Whether no node runs on its reference rule."""
        return all(segment.function for segment in self.segments)

    # --- kernels -------------------------------------------------------------------------------

    def _plan(self, time: int, kernel: Kernel) -> tuple[list[Stage], list[int]]:
        kept = [n for axis, n in enumerate(kernel.domain) if axis not in kernel.axes]
        if 0 in kept:
            return [EMPTY], []
        if kernel.head is None:
            return loops.plan(self.fusion, kernel, self.machine)
        kind = kernel.head.op.lower
        if isinstance(kind, Contraction):
            return self._contraction(kernel)
        if isinstance(kind, Loop):
            return self._loop(time, kernel.head)
        return self._algorithm(kernel.head)

    def _algorithm(self, head: Node) -> tuple[list[Stage], list[int]]:
        """The stages of a head that is an algorithm of its own; none if it has no native code."""
        kind, given, machine = head.op.lower, head.attributes, self.machine
        x, y = self.fusion.specs[head.inputs[0]], self.fusion.specs[head.outputs[0]]
        if isinstance(kind, Random):
            return philox.plan(y, given["draw"], machine)
        if isinstance(kind, Scatter):
            specs = [self.fusion.specs[v] for v in head.inputs]
            fill = self.fusion.literals.get(self.fusion.layouts[head.inputs[0]].root)
            return scatter.plan(kind, given, specs, machine, fill)
        if isinstance(kind, Running):
            return running.plan(kind, x, y, machine=machine, **given)
        if isinstance(kind, Sort):
            return sort.plan(x, machine=machine, **given)
        return [], []

    def _loop(self, time: int, head: Node) -> tuple[list[Stage], list[int]]:
        body = fuse(simplify(head.attributes["body"]))
        before = self.module.state()
        emission = Emission(body, self.machine, self.module, f"{self.prefix}loop{time}_")
        if not emission.native:
            self.module.restore(before)
            return [], []
        self.loops[time] = emission
        stage = Stage(1, EMPTY.emit, emission.flops * head.attributes["length"])
        return [stage], scan.workspaces(emission, head)

    @property
    def flops(self) -> int:
        """Operations of all stages."""
        return sum(stage.flops for stages in self.stages for stage in stages)

    def _contraction(self, kernel: Kernel) -> tuple[list[Stage], list[int]]:
        head, fusion = kernel.head, self.fusion
        assert head is not None
        (x, w), (y,) = head.inputs, head.outputs
        shapes = [fusion.specs[v].shape for v in (x, w, y)]
        nest = head.op.lower.nest(*shapes, **head.attributes)  # type: ignore[union-attr]
        return contraction.plan(
            nest, fusion.layouts[x].strides, fusion.layouts[w].strides, shapes[2], shapes[0],
            shapes[1], fusion.specs[y].dtype, self.machine,
        )  # fmt: skip

    def _write(self, time: int, number: int, stage: Stage, works: int) -> None:
        kernel = self.fusion.kernels[time]
        loop = self.loops.get(time)
        units = ["i64 %begin", "i64 %end"] if loop is None else THREADS
        f = Function(self.module, "")
        pointers = Parameters(self.fusion)
        f.status = pointers["status"]
        if loop is not None:
            assert kernel.head is not None
            scan.write(f, pointers, loop, kernel.head, time)
        else:
            self._write_stage(f, pointers, kernel, stage, works)
        parameters = [*pointers.declared(), *units]
        name = f"{self.prefix}k{time}_{number}"
        self.calls[time, number] = (
            self.module.add_once(name, f, parameters, self.machine.attributes),
            pointers.keys_in_order,
        )

    def _write_stage(
        self, f: Function, pointers: Parameters, kernel: Kernel, stage: Stage, works: int
    ) -> None:
        if kernel.head is None:
            stage.emit(f, pointers, None)
            return
        f.op = kernel.head.op.name
        given = {f"work{i}": pointers[f"work{i}"] for i in range(works)}
        y = kernel.head.outputs[0]
        if y in kernel.stores:
            given["y"] = pointers[y]
        if not isinstance(kernel.head.op.lower, Contraction):
            for i, v in enumerate(kernel.head.inputs):
                if self.fusion.layouts[v].root not in self.fusion.literals:
                    given[str(i)] = pointers.view(v)
            stage.emit(f, given, None)
            return
        for name, v in zip("xw", kernel.head.inputs, strict=True):
            given[name] = pointers.view(v)
        only = not kernel.nodes and kernel.stores == [y]
        stage.emit(f, given, None if only else self._finish(f, kernel, pointers))

    def _finish(self, f: Function, kernel: Kernel, pointers: Parameters):
        """What is done with the results of a head: the other nodes of its kernel."""
        fusion, rank = self.fusion, len(kernel.domain)
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

    # --- the whole -------------------------------------------------------------------------------

    def _segments(self, apart: bool) -> list[Segment]:
        segments: list[Segment] = []
        follows = {time for chain in self.chains for time in chain.kernels[1:]}
        for time, stages in enumerate(self.stages):
            if not stages:
                segments.append(Segment("", [time]))
            elif time in follows or (segments and segments[-1].function and not apart):
                segments[-1].kernels.append(time)
            else:
                segments.append(Segment(f"{self.prefix}work{len(segments)}", [time]))
        for segment in segments:
            if segment.function:
                segment.shared = self._work(segment)
        return segments

    def _work(self, segment: Segment) -> bool:
        """Write the function that each thread runs; return whether threads share any of it."""
        calls = self._calls(segment)
        linkage = "internal" if self.prefix else "external"
        arguments = ["ptr %table", *THREADS]
        f = self.module.function(segment.function, arguments, self.machine.attributes, linkage)
        any_shared, alone = False, []
        for call in calls:
            loop_shares = call.loop is not None and call.loop.shared
            if not loop_shares and (call.units == 1 or call.flops < SHARED):
                alone.append(call)
                continue
            self._run_alone(f, alone, any_shared)
            f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")
            if loop_shares:
                call.write(f, "%thread", "%threads")
            else:
                begin = self._share(f, "%thread", call.units)
                end = self._share(f, f.let("add i64 %thread, 1"), call.units)
                call.write(f, begin, end)
            any_shared, alone = True, []
        self._run_alone(f, alone, any_shared)
        return any_shared

    @property
    def shared(self) -> bool:
        """Whether threads share any of the work."""
        return any(segment.shared for segment in self.segments)

    def _calls(self, segment: Segment) -> list[Call]:
        """Return what the function of a segment calls: stages, and chains of them."""
        calls = []
        chain_of = {time: chain for chain in self.chains for time in chain.kernels}
        for time in segment.kernels:
            chain = chain_of.get(time)
            if chain is None:
                calls += [
                    Call(stage.units, stage.flops, partial(self._call, time, number), loop)
                    for loop in [self.loops.get(time)]
                    for number, stage in enumerate(self.stages[time])
                    if stage is not EMPTY
                ]
            elif time == chain.kernels.start:
                flops = sum(self.stages[t][0].flops for t in chain.kernels)
                calls.append(Call(chain.blocks, flops, self._chain(chain)))
        return calls

    def _chain(self, chain: Chain) -> WriteCall:
        """Write the function of a chain, which goes through a range of its blocks.

        Of what only the chain reads, it keeps the rows of one block, on the stack.
        """
        name = f"{self.prefix}chain{chain.kernels.start}"
        arguments = ["ptr %table", "i64 %begin", "i64 %end"]
        f = self.module.function(name, arguments, self.machine.attributes, "internal")
        asked = dict.fromkeys(key for time in chain.kernels for key in self.calls[time, 0][1])
        places = {key: address(f, self, 0, key) for key in asked if key not in chain.inside}
        stacks = {
            v: f.slot(f"[{chain.rows * row} x i8], align {ALIGNMENT}")
            for v, row in chain.inside.items()
        }
        with f.loop("%begin", "%end") as block:
            for v, row in chain.inside.items():  # where row 0 would be if the block began there
                places[v] = f.address(stacks[v], "i8", f.mul(block, -chain.rows * row))
            for time, units in zip(chain.kernels, chain.units, strict=True):
                stage, (function, keys) = self.stages[time][0], self.calls[time, 0]
                first = f.mul(block, units)
                last = f.smaller(f.add(first, units), stage.units)
                given = "".join(f"ptr {places[key]}, " for key in keys)
                f.do(f"call void @{function}({given}i64 {first}, i64 {last})")

        def write(f: Function, first: str | int, last: str | int) -> None:
            f.do(f"call void @{name}(ptr %table, i64 {first}, i64 {last})")

        return write

    def _share(self, f: Function, thread: str, units: int) -> str:
        product = f.let(f"mul i64 {thread}, {units}")
        return f.let(f"udiv i64 {product}, %threads")

    def _run_alone(self, f: Function, calls: list[Call], barrier: bool) -> None:
        """Run small stages on the first thread."""
        if not calls:
            return
        if barrier:
            f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")
        with f.when(f.let("icmp eq i64 %thread, 0")):
            for call in calls:
                call.write(f, 0, call.units)

    def _call(self, time: int, number: int, f: Function, first: str | int, last: str | int) -> None:
        """Call a stage for a range of units, or a loop as thread `first` of `last`."""
        name, keys = self.calls[time, number]
        given = [f"ptr {address(f, self, time, key)}" for key in keys]
        given += [f"i64 {first}", f"i64 {last}", *(["ptr %team"] if time in self.loops else [])]
        f.do(f"call void @{name}({', '.join(given)})")


THREADS = ["i64 %thread", "i64 %threads", "ptr %team"]
EMPTY = Stage(0, lambda f, pointers, finish: None)
