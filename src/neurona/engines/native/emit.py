"""Write a Fusion as LLVM IR: a function for each stage of each kernel, and those that call them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Contraction, Loop, Random, Running, Scatter, Sort
from neurona.engines.native.chain import chains
from neurona.engines.native.fuse import fuse
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.kernels import loops, philox, running, scan, scatter, sort
from neurona.engines.native.kernels.evaluate import Evaluator, aligned
from neurona.engines.native.llvm.lanes import Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function, Module
from neurona.engines.native.memory import Key, Memory
from neurona.engines.native.parameters import Parameters
from neurona.engines.native.products import contraction
from neurona.engines.native.run.team_code import BARRIER, THREADS
from neurona.engines.native.segments import segments
from neurona.engines.native.simplify import contiguous, simplify
from neurona.engines.native.stage import EMPTY, Stage


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
        self.segments = segments(self, apart)

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
        f.fault = lambda: pointers["fault", y]
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

    @property
    def shared(self) -> bool:
        """Whether threads share any of the work."""
        return any(segment.shared for segment in self.segments)
