"""Evaluate the nodes of a kernel at one place, for all lanes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Node
from neurona.core.lowering import Indexed
from neurona.core.shapes import Shape
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.llvm.lanes import I64, Index, Lanes, Value


class Reader:
    """An input of an indexed node: an array that is read anywhere."""

    def __init__(
        self, lanes: Lanes, shape: Shape, dtype: np.dtype, pointer: str,
        strides: Sequence[int], offset: int,
    ) -> None:  # fmt: skip
        self.lanes, self.shape, self.dtype = lanes, shape, dtype
        self.pointer, self.strides, self.offset = pointer, strides, offset

    def at(self, index: Sequence[Value], where: Value | None = None, otherwise: Any = 0) -> Value:
        """Read an element, or only where a condition holds; `otherwise` elsewhere."""
        b = self.lanes
        place = b.number(self.offset, I64)
        for i, step in zip(index, self.strides, strict=True):
            place = b.add(place, b.mul(i, b.number(step, I64)))
        if where is None:
            return b.load(self.pointer, self.dtype, b.where(place))
        return b.load_where(self.pointer, self.dtype, place, where, otherwise)


class LiteralReader:
    """An input that is one number everywhere."""

    def __init__(self, lanes: Lanes, shape: Shape, value: Value) -> None:
        self.lanes, self.shape, self.dtype, self.value = lanes, shape, value.dtype, value

    def at(self, index: Sequence[Value], where: Value | None = None, otherwise: Any = 0) -> Value:
        """Read an element, or only where a condition holds; `otherwise` elsewhere."""
        b = self.lanes
        if where is None:
            return self.value
        other = otherwise if isinstance(otherwise, Value) else b.number(otherwise, self.dtype)
        return b.select(where, self.value, other)


class Evaluator:
    """Values of a kernel's nodes at one place of its domain.

    Args:
        fusion, kernel: what is computed.
        lanes: the builder.
        pointers: root -> the name of its address.
        locate: (value, offset) -> the Index of the lanes in the value's array.
        places: the index on each axis of the domain, for nodes that ask for it.
        known: values that are known already, such as results of the head.
    """

    def __init__(
        self, fusion: Fusion, kernel: Kernel, lanes: Lanes, pointers: Mapping[Any, str],
        locate: Callable[[int, int], Index], places: Callable[[], tuple[Value, ...]] | None = None,
        known: dict[int, Value] | None = None,
    ) -> None:  # fmt: skip
        self.fusion, self.lanes, self.pointers = fusion, lanes, pointers
        self.locate, self.places = locate, places
        self.values: dict[int, Value] = dict(known or {})
        self.nodes = {v: node for node in kernel.nodes for v in node.outputs}

    def value(self, v: int) -> Value:
        """The value, computed or read."""
        waiting = [v]  # no recursion: a chain may have thousands of nodes
        while waiting:
            u = waiting.pop()
            if u in self.values:
                continue
            if missing := self._missing(u):
                waiting += [u, *reversed(missing)]
                continue
            node = self.nodes.get(u)
            self.values[u] = self._read(u) if node is None else self._compute(node)
        return self.values[v]

    def _missing(self, v: int) -> list[int]:
        """What a value is computed from and is not known yet."""
        node = self.nodes.get(v)
        if node is None or isinstance(node.op.lower, Indexed):  # these read from memory
            return []
        return [u for u in node.inputs if u not in self.values]

    def store(self, v: int) -> None:
        """Write a value that has the shape of the domain."""
        self.lanes.store(self.pointers[v], self.value(v), self.locate(v, 0))

    def _compute(self, node: Node) -> Value:
        kind, attributes = node.op.lower, node.attributes
        if isinstance(kind, Indexed):
            readers = [self._reader(v) for v in node.inputs]
            assert self.places is not None
            self.lanes.f.fault = lambda: self.pointers["fault", node.outputs[0]]
            return kind.element(self.lanes, self.places(), *readers, **attributes)
        values = [self.values[v] for v in node.inputs]
        return kind.scalar(self.lanes, *values, **attributes)  # type: ignore[union-attr]

    def _read(self, v: int) -> Value:
        """Read a value, with broadcasting, from memory."""
        dtype, layout = self.fusion.specs[v].dtype, self.fusion.layouts[v]
        if layout.root in self.fusion.literals:
            return self.lanes.number(self.fusion.literals[layout.root], dtype)
        return self.lanes.load(self.pointers[layout.root], dtype, self.locate(v, layout.offset))

    def _reader(self, v: int) -> Reader | LiteralReader:
        spec, (root, strides, offset) = self.fusion.specs[v], self.fusion.layouts[v]
        if root in self.fusion.literals:
            value = self.lanes.number(self.fusion.literals[root], spec.dtype)
            return LiteralReader(self.lanes, spec.shape, value)
        pointer = self.pointers[root]
        return Reader(self.lanes, spec.shape, spec.dtype, pointer, strides, offset)
