"""What a fold accumulates: a reduction one number, a search an element and its position."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Search
from neurona.core.shapes import Spec
from neurona.engines.native.kernels.space import Space
from neurona.engines.native.llvm.lanes import BOOL, I64, Lanes, Value

_NOWHERE = 2**63 - 1  # the position of no element yet


def fold_of(node: Node, specs: list[Spec]) -> Fold:
    """Return what a node accumulates."""
    return (SearchFold if isinstance(node.op.lower, Search) else Fold)(node, specs)


class Fold:
    """A reduction; accumulators live in slots, one for each type of the state.

    Attributes:
        input: the value that is folded.
        dtypes: types of the state.
    """

    def __init__(self, node: Node, specs: list[Spec]) -> None:
        self.kind: Any = node.op.lower
        self.input = node.inputs[0]
        self.dtype = specs[node.outputs[0]].dtype
        self.dtypes = [self.dtype]

    @property
    def rounds(self) -> bool:
        """Whether each step rounds, so that many steps are off by much; extremes are exact."""
        return self.dtype.kind == "f" and not isinstance(self.kind.identity, str)

    def identity(self) -> list[Any]:
        """The state of no elements."""
        value = self.kind.identity
        if isinstance(value, str):
            value = _limit(value, self.dtype)
        return [value]

    def combine(self, b: Lanes, state: list[Value], other: list[Value]) -> list[Value]:
        """One state of two."""
        return [self.kind.combine(b, state[0], other[0])]

    def position(self, b: Lanes, space: Space, index: list[str], lane: int) -> Value | None:
        """Where the element is along what is folded, if that matters."""
        return None

    def element(self, value: Value, position: Value | None) -> list[Value]:
        """The state of a single element."""
        return [value]

    def result(self, b: Lanes, state: list[Value]) -> Value:
        """What comes out in the end."""
        return state[0]

    # --- slots ------------------------------------------------------------------------------------

    def open(self, b: Lanes) -> list[str]:
        """Make accumulators that hold nothing yet."""
        slots = []
        for value, dtype in zip(self.identity(), self.dtypes, strict=True):
            start = b.spread(b.number(value, dtype))
            slots.append(b.f.slot(b.type(dtype, True), start.text))
        return slots

    def read(self, b: Lanes, slots: list[str]) -> list[Value]:
        """The state in accumulators."""
        return [
            Value(b.f.let(f"load {b.type(d, True)}, ptr {s}"), d, True)
            for s, d in zip(slots, self.dtypes, strict=True)
        ]

    def merge_into(self, b: Lanes, slots: list[str], state: list[Value]) -> None:
        """Combine a state with that in accumulators; lanes that do not count are left alone."""
        before = self.read(b, slots)
        after = self.combine(b, before, state)
        if b.mask is not None:
            mask = Value(b.mask, BOOL, True)
            after = [b.select(mask, y, x) for x, y in zip(before, after, strict=True)]
        for value, slot in zip(after, slots, strict=True):
            value = b.spread(value)
            b.f.do(f"store {b.type_of(value)} {value.text}, ptr {slot}")

    def take_into(self, b: Lanes, slots: list[str], value: Value, position: Value | None) -> None:
        """Fold elements into accumulators."""
        self.merge_into(b, slots, self.element(b.spread(value), position))

    @contextlib.contextmanager
    def part(self, b: Lanes, slots: list[str]) -> Iterator[list[str]]:
        """Begin a sum of its own, which is added to that outside at its end; exact ones go on."""
        if not self.rounds:
            yield slots
            return
        mine = self.open(b)
        yield mine
        self.merge_into(b, slots, self.read(b, mine))

    def narrow(self, b: Lanes, slots: list[str]) -> list[str]:
        """Fold the lanes of accumulators into single numbers: halves onto halves."""
        state, width = self.read(b, slots), b.width
        while width > 1:
            parts = []
            for first in (0, width // 2):
                lanes = ", ".join(f"i32 {first + i}" for i in range(width // 2))
                parts.append([_shuffled(b.f, x, width, lanes) for x in state])
            width //= 2
            b = Lanes(b.f, width)
            state = self.combine(b, *parts)
        narrow = self.open(Lanes(b.f, 1))
        for value, slot in zip(state, narrow, strict=True):
            b.f.do(f"store {b.type_of(value)} {value.text}, ptr {slot}")
        return narrow


class SearchFold(Fold):
    """The state is an element and its position; the lower position wins among equals."""

    def __init__(self, node: Node, specs: list[Spec]) -> None:
        super().__init__(node, specs)
        self.dtypes = [specs[self.input].dtype, np.dtype("int64")]

    def identity(self) -> list[Any]:
        return [0, _NOWHERE]

    def combine(self, b: Lanes, state: list[Value], other: list[Value]) -> list[Value]:
        (x, i), (y, k) = state, other
        nowhere = b.number(_NOWHERE, I64)
        tied = b.logical_not(b.logical_or(self.kind.leads(b, x, y), self.kind.leads(b, y, x)))
        better = b.logical_or(self.kind.leads(b, y, x), b.logical_and(tied, b.lt(k, i)))
        wins = b.logical_and(b.logical_or(better, b.eq(i, nowhere)), b.ne(k, nowhere))
        return [b.select(wins, y, x), b.select(wins, k, i)]

    def position(self, b: Lanes, space: Space, index: list[str], lane: int) -> Value | None:
        total, step = Value("0", I64, False), 1
        for loop in reversed(range(len(space.sizes))):
            if space.folded[loop]:
                i = b.line(index[loop]) if loop == lane else Value(index[loop], I64, False)
                total = b.add(total, b.mul(i, b.number(step, I64)))
                step *= space.sizes[loop]
        return total

    def element(self, value: Value, position: Value | None) -> list[Value]:
        assert position is not None
        return [value, position]

    def take_into(self, b: Lanes, slots: list[str], value: Value, position: Value | None) -> None:
        assert position is not None
        self.merge_into(b, slots, [b.spread(value), b.spread(position)])

    def result(self, b: Lanes, state: list[Value]) -> Value:
        return b.cast(state[1], self.dtype)


def _limit(name: str, dtype: np.dtype) -> Any:
    if dtype.kind == "f":
        return -np.inf if name == "lowest" else np.inf
    limits = np.iinfo(dtype)
    return limits.min if name == "lowest" else limits.max


def _shuffled(f: Any, x: Value, width: int, lanes: str) -> Value:
    half = width // 2
    kind = Lanes(f, width).type(x.dtype, True)
    if half == 1:
        number = lanes.split()[1]
        return Value(f.let(f"extractelement {kind} {x.text}, i32 {number}"), x.dtype, True)
    text = f.let(f"shufflevector {kind} {x.text}, {kind} poison, <{half} x i32> <{lanes}>")
    return Value(text, x.dtype, True)
