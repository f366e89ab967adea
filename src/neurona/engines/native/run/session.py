"""Session: a Program whose state stays in arrays of our own, step after step.

What is promised stands in `engines/session.py`; this is how it is done.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.shapes import Spec
from neurona.engines.native.donation import in_place
from neurona.engines.native.llvm.assemble import Code, assemble
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.memory import ALIGNMENT, Memory
from neurona.engines.native.once import once
from neurona.engines.native.run.executable import Executable, Frame, address, team
from neurona.engines.native.run.session_code import JOB, LEAF, MOVE, PLAN, PROGRAM, session_code
from neurona.engines.session import Epochs, Piece

_SMALL = 4096  # bytes of results that are copied, rather than written to where they stay
_RANDOM, _FIRST = 0, 1  # inputs of a step: (seed, step) of the random stream, then the state


def _structure(fields: tuple[str, ...]) -> type[Any]:
    """Return a ctypes structure of 64-bit words, as session_code.py reads them."""
    described = [(name, ctypes.c_int64) for name in fields]
    return type("Words", (ctypes.Structure,), {"_fields_": described})


_Leaf, _Move, _Program, _Job = (_structure(fields) for fields in (LEAF, MOVE, PROGRAM, JOB))
_Plan = _structure(PLAN)


class State:
    """The values that some Programs take and give back, each in one place.

    Attributes:
        arrays: value -> the array that Programs read; those that a Program changes are our own.
        random: seed and step of the random stream, which each step moves on by one.
        status: where the code notes an index that is out of range.
        version: grows when an array is replaced by another.
    """

    def __init__(self, count: int) -> None:
        self.arrays: list[Any] = [None] * count
        self.random, self.status = np.zeros(2, np.int64), np.zeros(4, np.int64)
        self.version = 0
        self._own: set[int] = set()

    def load(self, k: int, array: np.ndarray) -> None:
        """Set a value."""
        if k in self._own:
            self.arrays[k][...] = array
        else:
            self.arrays[k] = np.require(array, requirements=["C", "A"])
            self.version += 1

    def read(self, k: int) -> np.ndarray:
        """Return a copy of a value."""
        return self.arrays[k].copy()

    def seek(self, position: tuple[int, int]) -> None:
        """Set where in the random stream the next step is."""
        self.random[0], self.random[1] = position

    def run(
        self, position: tuple[int, int], pieces: Sequence[Piece], data: Sequence[np.ndarray],
        rows: np.ndarray | None = None, epochs: Epochs | None = None,
        outputs: Sequence[np.ndarray] = (),
    ) -> list[np.ndarray]:  # fmt: skip
        """Run many steps without coming back to Python in between."""
        self.seek(position)
        if len(pieces) == 1 and epochs is None and not outputs:  # the shortest way
            session, first, steps = pieces[0]
            assert isinstance(session, Session)
            return session.views(session.run(data, steps, first, rows)[None])
        return _run_all(pieces, data, rows, epochs or Epochs(), outputs)

    def own(self, k: int, spec: Spec) -> None:
        """Keep a value in an array of our own, since a Program changes it."""
        if k not in self._own:
            before, self.arrays[k] = self.arrays[k], empty(spec)
            if before is not None:
                self.arrays[k][...] = before
            self._own.add(k)
            self.version += 1


class Session:
    """A Program with its State.

    Args:
        executable: of a graph (seed and step, the state, a batch) -> (changed state, results).
        state: shared with the other Sessions of the step.
        changed: for each of the first outputs, which value of the state it replaces.

    Attributes:
        results: specs of what a step returns besides the state that it changed.
        batch: number of samples in a step.
    """

    def __init__(self, executable: Executable, state: State, changed: Sequence[int]) -> None:
        self.executable, self.state, self.changed = executable, state, changed
        inputs, outputs = executable.inputs, executable.outputs
        end, kept = _FIRST + len(state.arrays), len(changed)
        self.frame = Frame(executable.schedule)
        self.frame.status = state.status
        self.table = self.frame.table
        self.table[Memory.STATUS] = address(state.status)
        self.table[inputs[_RANDOM][0]] = address(state.random)
        self._slots = [slot for slot, _ in inputs[_FIRST:end]]
        self.leaves, self.outputs = inputs[end:], outputs[kept:]
        self.results = [spec for _, spec in self.outputs]
        self.batch = self.leaves[0][1].shape[0] if self.leaves and self.leaves[0][1].shape else 1

        schedule = executable.schedule
        replaced = {o: _FIRST + k for o, k in enumerate(changed)}
        direct = in_place(schedule.fusion, schedule.chains, replaced)
        self._changed = [  # value, slot, array beside the state's own if it may not be overwritten
            (k, slot, None if o in direct else empty(spec))
            for o, (k, (slot, spec)) in enumerate(zip(changed, outputs[:kept], strict=True))
        ]
        for k, (_, spec) in zip(changed, outputs[:kept], strict=True):
            state.own(k, spec)
        self._version = -1

        functions = [entry.function for entry in executable.entries]
        self.shared = any(entry.shared for entry in executable.entries)
        self._buffers: list[np.ndarray] | None = None
        self._places, self.bytes = _places(self.results)
        self._block = np.empty(self.bytes, np.uint8)
        self._put: np.ndarray | None = None  # where results are written to at present
        self._functions = (ctypes.c_int64 * len(functions))(*functions)
        rows = [*self.leaves, *self.outputs]
        self._leaves = (_Leaf * len(rows))()
        self._each_leaf = list(self._leaves)  # to look one up in the array takes long
        for leaf, (slot, spec) in zip(self._each_leaf, rows, strict=True):
            size = spec.size // max(spec.shape[0], 1) if spec.shape else spec.size
            leaf.bytes, leaf.slot = size * spec.dtype.itemsize, slot
        self._moves = (_Move * len(self._changed))()
        self._program = _Program(
            table=self.frame.address, random=address(state.random), status=address(state.status),
            batch=self.batch, results_bytes=self.bytes,
            functions=_at(self._functions), functions_count=len(functions),
            leaves=_at(self._leaves), leaves_count=len(self.leaves), moves=_at(self._moves),
        )  # fmt: skip
        self.address = _at(self._program)
        self._once = _Job(program=self.address)
        self._plan = _Plan(jobs=_at(self._once), count=1, epochs=1)
        self._plan_address = _at(self._plan)
        self._code = loop_code(Machine.chosen())  # there as long as somebody has its address
        self.many = self._code.address("many")

    def bind(self) -> None:
        """Let the table point to where the state is by now."""
        if self._version == self.state.version:
            return
        arrays = self.state.arrays
        for slot, array in zip(self._slots, arrays, strict=True):
            self.table[slot] = address(array)
        count = 0
        for k, slot, beside in self._changed:
            self.table[slot] = address(arrays[k] if beside is None else beside)
            if beside is not None:
                self._moves[count] = _Move(address(arrays[k]), address(beside), beside.nbytes)
                count += 1
        self._program.moves_count = count
        self._version = self.state.version

    def step(self, position: tuple[int, int], batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run one step on the arrays of a batch and return its results."""
        held = [
            a
            if a.flags.c_contiguous and a.flags.aligned
            else np.require(a, requirements=["C", "A"])
            for a in batch
        ]
        self.state.seek(position)
        return self.views(self.run(held))

    def run(
        self, leaves: Sequence[np.ndarray], steps: int = 1, first: int = 0,
        rows: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Run steps on samples and return the results of the last one, as a block of bytes."""
        self.bind()
        self.point_to(leaves, rows is not None)
        once = self._once
        once.steps, once.first, once.rows = steps, first, 0 if rows is None else address(rows)
        large = self.bytes > _SMALL
        block = np.empty(self.bytes, np.uint8) if large else self._block
        if self._put is not block:
            self.put_results(block)
        team(self.shared).run(self.many, self._plan_address)
        self.executable.check(self.frame)
        return block if large else block.copy()

    def point_to(
        self, leaves: Sequence[np.ndarray], gather: bool, outputs: Sequence[np.ndarray] = ()
    ) -> None:
        """Take batches from arrays of all samples, and let `many` put outputs to such arrays."""
        if gather and self._buffers is None:
            self._buffers = [empty(spec) for _, spec in self.leaves]
            for leaf, buffer in zip(self._each_leaf, self._buffers, strict=False):
                leaf.buffer = address(buffer)
        given = [*leaves, *outputs]
        for leaf, array in zip(self._each_leaf, given, strict=False):
            leaf.source = address(array)
        self._program.leaves_count = len(given)

    def put_results(self, block: np.ndarray) -> None:
        """Let results be written to a block of bytes."""
        self._put = block if block is self._block else None
        start = self._program.results = address(block)
        for (slot, _), place in zip(self.outputs, self._places, strict=True):
            self.table[slot] = start + place

    def views(self, block: np.ndarray) -> list[np.ndarray]:
        """Return the results in a block, or in a stack of blocks, as arrays that look into it."""
        row = block.strides[:-1]
        return [
            np.ndarray(
                (*block.shape[:-1], *shape), dtype, block, place,
                (*row, *_strides(shape, dtype.itemsize)),
            )
            for (_, (shape, dtype)), place in zip(self.outputs, self._places, strict=True)
        ]  # fmt: skip


class Order:
    """A Program that writes the order of an epoch from a place in the random stream.

    Attributes:
        fields: what a plan says of it.
    """

    def __init__(self, executable: Any, state: State, rows: np.ndarray) -> None:
        self.frame = Frame(executable.schedule)
        ((slot, _),), ((to, _),) = executable.inputs, executable.outputs
        self.frame.table[slot], self.frame.table[to] = address(state.random), address(rows)
        functions = [entry.function for entry in executable.entries]
        self._functions = (ctypes.c_int64 * len(functions))(*functions)
        self.fields = _at(self._functions), len(functions), self.frame.address


def _run_all(
    pieces: Sequence[Piece], data: Sequence[np.ndarray], rows: np.ndarray | None, epochs: Epochs,
    outputs: Sequence[np.ndarray],
) -> list[np.ndarray]:  # fmt: skip
    sessions = [piece.session for piece in pieces if isinstance(piece.session, Session)]
    last, each = sessions[-1], list(dict.fromkeys(sessions))
    state = last.state
    blocks = [np.empty(session.bytes, np.uint8) for session in each]
    for session, block in zip(each, blocks, strict=True):
        session.bind()
        session.point_to(data, rows is not None, outputs)
        session.put_results(block)
    record = np.empty((epochs.number, last.bytes), np.uint8)
    resets = (_Move * len(epochs.resets))(
        *(_Move(address(state.arrays[k]), address(a), a.nbytes) for k, a in epochs.resets.items())
    )
    plan = _Plan(
        count=len(pieces), epochs=epochs.number, stride=epochs.stride, record=address(record),
        resets=_at(resets), resets_count=len(resets), random=address(state.random),
        skip=epochs.skip,
    )  # fmt: skip
    if epochs.order is not None:
        assert rows is not None
        rows = rows.copy()  # to be written over
        order = Order(epochs.order.run, state, rows)
        plan.order, plan.order_count, plan.order_table = order.fields
    start = 0 if rows is None else address(rows)
    jobs = (_Job * len(pieces))(
        *(_Job(s.address, p.steps, start, p.first) for s, p in zip(sessions, pieces, strict=True))
    )
    plan.jobs = _at(jobs)
    team(any(session.shared for session in sessions)).run(last.many, _at(plan))
    last.executable.check(last.frame)
    return last.views(record)


@once
def loop_code(machine: Machine) -> Code:
    """Return the native loop over jobs, `many`."""
    return assemble(session_code(machine), machine)


def empty(spec: Spec) -> np.ndarray:
    """Return an array whose elements begin at a line of the cache."""
    size = max(spec.size, 1) * spec.dtype.itemsize
    block = np.empty(size + ALIGNMENT, np.uint8)
    start = -address(block) % ALIGNMENT
    return block[start : start + spec.nbytes].view(spec.dtype).reshape(spec.shape)


def _places(specs: Sequence[Spec]) -> tuple[list[int], int]:
    """Return where each of some arrays lies in a block of bytes, and the block's size."""
    places, end = [], 0
    for spec in specs:
        places.append(end)
        end += -(-max(spec.size, 1) * spec.dtype.itemsize // 16) * 16
    return places, max(end, 16)


@functools.cache
def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    return np.empty(shape, f"V{itemsize}").strides if 0 not in shape else (0,) * len(shape)


def _at(words: Any) -> int:
    return ctypes.addressof(words)
