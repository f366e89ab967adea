"""Executable: the code of a Graph and the memory that it works in."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core.origin import located
from neurona.engines.native.cores import thread_count
from neurona.engines.native.llvm.assemble import Code
from neurona.engines.native.memory import ALIGNMENT, Memory
from neurona.engines.native.run.threads import Team
from neurona.engines.native.schedule import Schedule
from neurona.errors import DataError, IndexRangeError, NeuronaError


class Frame:
    """What one call works with: the table of addresses, the arena, the words for errors."""

    def __init__(self, schedule: Schedule) -> None:
        memory = schedule.memory
        self.arena = np.empty(memory.size + ALIGNMENT, np.uint8)
        self.status = np.zeros(4, np.int64)
        self.table = (ctypes.c_void_p * (2 + len(memory.slots)))()
        start = address(self.arena)
        self.table[Memory.ARENA] = start + -start % ALIGNMENT
        self.table[Memory.STATUS] = address(self.status)
        for key, array in schedule.constants.items():
            self.table[memory.slots[key]] = address(array)
        self.address = ctypes.addressof(self.table)
        # What the inputs in the table point to: an array says its address in half a microsecond.
        self.seen: list[Any] = [None] * len(schedule.fusion.graph.inputs)
        self.held: list[np.ndarray] = []  # inputs that were copied for the call
        self.results: list[np.ndarray] = []


class Entry(NamedTuple):
    """A part of a call: native code, or a node that runs on its reference rule.

    Attributes:
        function: its address, 0 if there is none.
        shared: whether threads share the work.
        kernels: what it runs, by number.
    """

    function: int
    shared: bool
    kernels: list[int]


class Executable:
    """Runs the code: one call with the arrays of the inputs.

    Several Python threads may call at once: each gets a Frame of its own.

    Attributes:
        native: whether no node runs on its reference rule.
    """

    def __init__(self, schedule: Schedule, code: Code) -> None:
        self.schedule, self.code = schedule, code
        graph, memory = schedule.fusion.graph, schedule.memory
        self.specs = schedule.fusion.specs
        self.inputs = [(memory.slots[v], self.specs[v]) for v in graph.inputs]
        self.outputs = [(memory.slots[v], self.specs[v]) for v in schedule.fusion.outputs]
        self.entries = [
            Entry(self.code.address(s.function) if s.function else 0, s.shared, s.kernels)
            for s in schedule.segments
        ]
        self.native = all(entry.function for entry in self.entries)
        self.frames: list[Frame] = []

    def __call__(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        frame = self.prepared(arrays)
        results = frame.results
        self.run(frame)
        self.check(frame)
        frame.results = frame.held = []
        self.frames.append(frame)
        return results

    def prepared(self, arrays: Sequence[np.ndarray]) -> Frame:
        """Return a Frame whose table points to these inputs and to new outputs."""
        try:
            frame = self.frames.pop()
        except IndexError:
            frame = Frame(self.schedule)
        table, seen, held = frame.table, frame.seen, []
        for i, ((slot, spec), array) in enumerate(zip(self.inputs, arrays, strict=True)):
            if seen[i] is not None and seen[i]() is array:
                continue
            if array.shape != spec.shape or array.dtype != spec.dtype:
                raise DataError(
                    "a program was given another array than it was compiled for.",
                    got=f"{array.dtype}{array.shape}",
                    expected=str(spec),
                )
            flags = array.flags
            if type(array) is not np.ndarray or not (flags.c_contiguous and flags.aligned):
                array = np.require(np.asarray(array), requirements=["C", "A"])
                held.append(array)  # until the call has ended
                seen[i] = None
            else:
                seen[i] = weakref.ref(array)
            table[slot] = address(array)
        results = []
        for slot, (shape, dtype) in self.outputs:
            result = np.empty(shape, dtype)
            table[slot] = address(result)
            results.append(result)
        frame.held, frame.results = held, results
        return frame

    def check(self, frame: Frame) -> None:
        """Raise what the code could only note.

        Raises:
            IndexRangeError: if an index was outside of its axis.
        """
        if frame.status[0]:
            number, index, size, _ = frame.status.tolist()
            frame.status[0] = 0
            node = self.schedule.faults[number - 1]
            error = IndexRangeError(
                f"{node.op.name}: an index is out of range.",
                got=str(index),
                expected=f"{-size} to {size - 1} for an axis of size {size}",
                hint="count from 0" if index == size else "",
            )
            raise located(error, node.origins)

    def run(self, frame: Frame) -> None:
        """Run all entries on a Frame whose table is filled."""
        for entry in self.entries:
            self.run_entry(frame, entry)

    def run_entry(self, frame: Frame, entry: Entry) -> None:
        """Run one entry."""
        if entry.function:
            team(entry.shared).run(entry.function, frame.address)
        else:
            self._reference(frame, entry.kernels[0])

    def _reference(self, frame: Frame, time: int) -> None:
        """Run the head of a kernel on its reference rule."""
        node = self.schedule.fusion.kernels[time].head
        assert node is not None
        inputs = [self._array(frame, v) for v in node.inputs]
        try:
            with np.errstate(all="ignore"):
                result = node.op.forward(np, *inputs, **node.attributes)
        except NeuronaError as error:
            raise located(error, node.origins) from None
        results = result if isinstance(result, tuple) else (result,)
        for v, array in zip(node.outputs, results, strict=True):
            if self.schedule.memory.holds(v):
                self._array(frame, v)[...] = array

    def _array(self, frame: Frame, v: int) -> np.ndarray:
        """The array of a value in a Frame."""
        spec, memory, fusion = self.specs[v], self.schedule.memory, self.schedule.fusion
        root = fusion.layouts[v].root  # in which it lies without gaps
        if root in fusion.literals:
            return np.broadcast_to(np.asarray(fusion.literals[root], spec.dtype), spec.shape)
        slot, offset = memory.at(root)
        start, size = frame.table[slot] or 0, max(spec.nbytes, 1)
        buffer = (ctypes.c_char * size).from_address(start + offset)
        return np.frombuffer(memoryview(buffer), spec.dtype, spec.size).reshape(spec.shape)


def team(shared: bool) -> Team:
    """Return the team for work that threads share, or for work that is too small for that."""
    return Team.of(thread_count() if shared else 1)


def _slow_address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def _fast_address(array: np.ndarray) -> int:
    """Return where an array's elements begin.

    The address is the first thing behind the head of the object, as NumPy's C API has it. To ask
    the array takes nine times as long, more than a small kernel.
    """
    return _pointer(id(array) + object.__basicsize__).value or 0


def _is_fast() -> bool:
    """Say whether arrays look like that in this Python."""
    if sys.implementation.name != "cpython":
        return False
    array = np.empty((3, 2))
    return all(_fast_address(a) == _slow_address(a) for a in (array, array[1:, 1:]))


_pointer = ctypes.c_void_p.from_address
address = _fast_address if _is_fast() else _slow_address
