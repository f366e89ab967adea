"""Write a Fusion as LLVM IR: a function for each stage of each kernel, and one that calls them."""

from __future__ import annotations

from dataclasses import dataclass

from neurona.core.lowering import Contraction
from neurona.engines.native import contraction, loops
from neurona.engines.native.evaluate import Evaluator, aligned
from neurona.engines.native.fuse import Fusion, Kernel
from neurona.engines.native.lanes import Index, Lanes, Value
from neurona.engines.native.machine import Machine
from neurona.engines.native.memory import Memory
from neurona.engines.native.simplify import contiguous
from neurona.engines.native.stage import Stage
from neurona.engines.native.team_code import BARRIER
from neurona.engines.native.text import Function, Module

SHARED = 150_000  # operations of a stage from which on several threads share it


@dataclass
class Segment:
    """Kernels that run one after the other without leaving native code, or one node in Python."""

    function: str
    kernels: list[int]
    shared: bool = False


class Emission:
    """The code of a Fusion.

    Attributes:
        segments: in order; those without a function run a kernel's head on the reference rule.
        stages: for each kernel its stages, none if it has no native code.
        memory: where values lie.
        text: the IR.
    """

    def __init__(self, fusion: Fusion, machine: Machine) -> None:
        self.fusion, self.machine = fusion, machine
        plans = [self._plan(kernel) for kernel in fusion.kernels]
        self.stages = [stages for stages, _ in plans]
        self.memory = Memory(fusion, [works for _, works in plans])
        self.module = Module()
        self.module.part("barrier", BARRIER)
        for time, (stages, works) in enumerate(plans):
            for number, stage in enumerate(stages):
                self._write(time, number, stage, len(works))
        self.segments = self._segments()

    # --- kernels -------------------------------------------------------------------------------

    def _plan(self, kernel: Kernel) -> tuple[list[Stage], list[int]]:
        if 0 in kernel.domain and not kernel.folds:
            return [EMPTY], []
        if kernel.head is None:
            return loops.plan(self.fusion, kernel, self.machine)
        if isinstance(kernel.head.op.lower, Contraction):
            return self._contraction(kernel)
        return [], []

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
        f = self.module.function(
            f"k{time}_{number}", ["ptr %table", "i64 %begin", "i64 %end"], self.machine.attributes
        )
        pointers = Pointers(f, self, time, works)
        if kernel.head is None:
            stage.emit(f, pointers, None)
            return
        for name, v in zip("xw", kernel.head.inputs, strict=False):
            pointers[name] = pointers.view(v)
        y = kernel.head.outputs[0]
        only = not kernel.nodes and kernel.stores == [y]
        if y in kernel.stores:
            pointers["y"] = pointers[y]
        stage.emit(f, pointers, None if only else self._finish(f, kernel, pointers))

    def _finish(self, f: Function, kernel: Kernel, pointers: Pointers):
        """What is done with the results of a head: the other nodes of its kernel."""
        fusion, rank = self.fusion, len(kernel.domain)
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

            known = {kernel.head.outputs[0]: value}
            evaluator = Evaluator(fusion, kernel, lanes, pointers, locate, None, known)
            for v in kernel.stores:
                evaluator.store(v)

        return finish

    # --- the whole -------------------------------------------------------------------------------

    def _segments(self) -> list[Segment]:
        segments: list[Segment] = []
        for time, stages in enumerate(self.stages):
            if not stages:
                segments.append(Segment("", [time]))
            elif segments and segments[-1].function:
                segments[-1].kernels.append(time)
            else:
                segments.append(Segment(f"work{len(segments)}", [time]))
        for segment in segments:
            if segment.function:
                segment.shared = self._work(segment)
        return segments

    def _work(self, segment: Segment) -> bool:
        """Write the function that each thread runs; return whether threads share any of it."""
        arguments = ["ptr %table", "i64 %thread", "i64 %threads", "ptr %team"]
        f = self.module.function(segment.function, arguments, self.machine.attributes, "external")
        calls = [
            (f"k{time}_{number}", stage)
            for time in segment.kernels
            for number, stage in enumerate(self.stages[time])
            if stage is not EMPTY
        ]
        any_shared, alone = False, []
        for name, stage in calls:
            if stage.units > 1 and stage.flops >= SHARED:
                self._run_alone(f, alone, any_shared)
                f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")
                begin = self._share(f, "%thread", stage.units)
                end = self._share(f, f.let("add i64 %thread, 1"), stage.units)
                f.do(f"call void @{name}(ptr %table, i64 {begin}, i64 {end})")
                any_shared, alone = True, []
            else:
                alone.append((name, stage))
        self._run_alone(f, alone, any_shared)
        return any_shared

    def _share(self, f: Function, thread: str, units: int) -> str:
        product = f.let(f"mul i64 {thread}, {units}")
        return f.let(f"udiv i64 {product}, %threads")

    def _run_alone(self, f: Function, calls: list[tuple[str, Stage]], barrier: bool) -> None:
        """Run small stages on the first thread."""
        if not calls:
            return
        if barrier:
            f.do("call void @barrier(ptr %team, i64 %thread, i64 %threads)")
        with f.when(f.let("icmp eq i64 %thread, 0")):
            for name, stage in calls:
                f.do(f"call void @{name}(ptr %table, i64 0, i64 {stage.units})")


EMPTY = Stage(0, lambda f, pointers, finish: None)


class Pointers(dict):
    """Addresses by root or name, written into a function when they are first asked for."""

    def __init__(self, f: Function, emission: Emission, time: int, works: int) -> None:
        super().__init__()
        self.f, self.emission, self.time = f, emission, time
        for i in range(works):
            self[f"work{i}"] = self._in_arena((time, i))

    def __missing__(self, root: int) -> str:
        memory = self.emission.memory
        slot = memory.slots.get(root)
        self[root] = self._in_arena(root) if slot is None else self._slot(slot)
        return self[root]

    def _slot(self, slot: int) -> str:
        # at the head of the function, wherever it is asked for
        place, name = self.f.name("p"), self.f.name("p")
        self.f.slots.append(f"  {place} = getelementptr ptr, ptr %table, i64 {slot}")
        self.f.slots.append(f"  {name} = load ptr, ptr {place}, !invariant.load !0")
        return name

    def _in_arena(self, key) -> str:
        if "arena" not in self:
            self["arena"] = self._slot(Memory.ARENA)
        name = self.f.name("p")
        offset = self.emission.memory.offsets[key]
        self.f.slots.append(f"  {name} = getelementptr i8, ptr {self['arena']}, i64 {offset}")
        return name

    def view(self, v: int) -> str:
        """The address of the first element of a value."""
        layout, f = self.emission.fusion.layouts[v], self.f
        name = f.name("p")
        size = self.emission.fusion.specs[v].dtype.itemsize
        base = self[layout.root]
        f.slots.append(f"  {name} = getelementptr i8, ptr {base}, i64 {layout.offset * size}")
        return name
