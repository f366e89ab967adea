"""Add updates at computed places, or put them there, in order.

An axis of the updates whose index is an index of the result, too, divides the work: what is added
at one of its indices never meets another. Each unit of work goes through all updates that belong to
it, so the order of additions, and thereby every bit, is the same for any number of threads.

What is written over its first input needs no copy of it: the first stage compares the addresses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neurona.core.lowering import Scatter
from neurona.core.shapes import Spec
from neurona.engines.native.kernels.evaluate import Reader
from neurona.engines.native.kernels.sweep import blocks, sweep
from neurona.engines.native.llvm.lanes import BOOL, I64, Index, Lanes, Value
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.llvm.text import Function
from neurona.engines.native.stage import Stage
from neurona.engines.native.strides import contiguous

COPIED = 4096  # elements that a unit of the copy has


def plan(
    kind: Scatter, attributes: dict[str, Any], specs: Sequence[Spec], machine: Machine,
    fill: float | None = None,
) -> tuple[list[Stage], list[int]]:  # fmt: skip
    """Return two stages, copy and add, and no workspaces; operands "0", "1", ... and "y".

    With a number to `fill` the first operand is that number everywhere, and is not read.
    """
    additions = _Additions(kind, attributes, specs, machine)
    return [
        _copy(specs[0], machine, fill),
        Stage(additions.units, additions.emit, additions.flops, False),
    ], []


def _copy(x: Spec, machine: Machine, fill: float | None) -> Stage:
    width = machine.lanes(x.dtype.itemsize)

    def emit(f: Function, pointers: dict[str, str], finish: None = None) -> None:
        def body(lanes: Lanes, i: str) -> None:
            if fill is None:
                value = lanes.load(pointers["0"], x.dtype, Index(i))
            else:
                value = lanes.spread(lanes.number(fill, x.dtype))
            lanes.store(pointers["y"], value, Index(i))

        elsewhere = "true"
        if fill is None:
            elsewhere = f.let(f"icmp ne ptr {pointers['y']}, {pointers['0']}")
        with f.when(elsewhere), f.loop("%begin", "%end") as unit:
            sweep(f, machine, width, x.size, COPIED, unit, body)

    return Stage(-(-x.size // COPIED), emit, x.size, False)


class _Additions:
    def __init__(
        self, kind: Scatter, attributes: dict[str, Any], specs: Sequence[Spec], machine: Machine
    ) -> None:
        self.kind, self.attributes, self.specs, self.machine = kind, attributes, specs, machine
        self.x, self.updates = specs[0], specs[-1]
        self.flops = self.updates.size
        rank = self.updates.ndim
        axes = [_Probe(frozenset([j])) for j in range(rank)]
        found = kind.place(_Probe(), axes, *[_ProbeInput(s) for s in specs], **attributes)
        free = [j for j, axis in enumerate(axes) if any(axis is place for place in found)]
        # lanes go along the last axis if it is the same in the updates and in the result
        self.lane = rank - 1 if rank and found and found[-1] is axes[-1] else None
        self.shared = self.lane not in frozenset().union(*(p.axes for p in found[:-1]), ())
        self.outer = [j for j in free if j != self.lane]
        self.inner = [j for j in range(rank) if j not in free]
        self.width, self.block, pieces = 1, 1, 1
        if self.lane is not None:
            n = self.updates.shape[-1]
            self.width = machine.lanes(self.x.dtype.itemsize)
            self.block = blocks(n, self.width, 8)
            pieces = -(-n // self.block)
        self.sizes = [*(self.updates.shape[j] for j in self.outer), pieces]
        self.units = math.prod(self.sizes) if self.updates.size else 0

    def emit(self, f: Function, pointers: dict[str, str], finish: None = None) -> None:
        """Write all additions of the units."""
        index = [""] * self.updates.ndim
        with f.loop("%begin", "%end") as unit:
            *outer, piece = f.digits(unit, self.sizes)
            with f.nest(self.updates.shape[j] for j in self.inner) as inner:
                for j, i in zip([*self.outer, *self.inner], [*outer, *inner], strict=True):
                    index[j] = i
                self._at(f, pointers, index, piece)

    def _at(self, f: Function, pointers: dict[str, str], index: list[str], piece: str) -> None:
        """Add a piece of a row of updates, whose other indices are known."""
        if self.lane is None:
            self._add(Lanes(f, 1), pointers, index, None)
            return
        place = None
        if self.shared:  # by all lanes
            index[-1] = "0"
            place = self._place(Lanes(f, 1), pointers, index)[:-1]

        def body(lanes: Lanes, i: str) -> None:
            self._add(lanes, pointers, [*index[:-1], i], place)

        n = self.updates.shape[-1]
        sweep(f, self.machine, self.width, n, self.block, piece, body)

    def _add(self, b: Lanes, pointers: dict[str, str], index: list[str], place: Any) -> None:
        """Add or put one update, or one in each lane."""
        if place is None:
            place = self._place(b, pointers, index)
        else:
            place = (*place, b.line(index[-1]))
        base = "0"
        for i, step in zip(index, contiguous(self.updates.shape), strict=True):
            base = b.f.add(base, b.f.mul(i, step))
        update = b.load(pointers[str(len(self.specs) - 1)], self.x.dtype, Index(base))
        to = b.integer(0)
        for i, step in zip(place, contiguous(self.x.shape), strict=True):
            to = b.add(to, b.mul(i, b.integer(step)))
        where = b.where(to)
        if self.kind.replaces:
            b.store(pointers["y"], update, where)
            return
        before = b.load(pointers["y"], self.x.dtype, where)
        after = b.logical_or(before, update) if self.x.dtype == BOOL else b.add(before, update)
        b.store(pointers["y"], after, where)

    def _place(self, b: Lanes, pointers: dict[str, str], index: list[str]) -> tuple[Value, ...]:
        readers = [
            Reader(b, s.shape, s.dtype, pointers.get(str(n), "null"), contiguous(s.shape), 0)
            for n, s in enumerate(self.specs)
        ]
        values = [Value(i, I64, False) for i in index]
        if self.lane is not None:
            values[-1] = b.line(index[-1])
        return self.kind.place(b, tuple(values), *readers, **self.attributes)


class _Probe:
    """Stands for a builder and its values: says which axes of the updates a place depends on."""

    def __init__(self, axes: frozenset[int] = frozenset()) -> None:
        self.axes = axes

    def __getattr__(self, name: str) -> Any:
        return lambda *given: _Probe(_together(given))


class _ProbeInput:
    def __init__(self, spec: Spec) -> None:
        self.shape, self.dtype = spec.shape, spec.dtype

    def at(self, index: Sequence[_Probe], *more: Any) -> _Probe:
        """A value that depends on what the index depends on."""
        return _Probe(_together([*index, *more]))


def _together(given: Sequence[Any]) -> frozenset[int]:
    return frozenset().union(*(x.axes for x in given if isinstance(x, _Probe)))
