"""Whether the rows of a Graph's outputs each depend on their own row of the inputs.

A value that depends on the batch has it along one axis. A node keeps the rows apart if the element
of its output in row r is made of elements in row r, in the same way for every r. The kind of an op
tells, and in doubt the answer is no.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import (
    Affine,
    Attention,
    Contraction,
    Elementwise,
    Indexed,
    Reduction,
    Running,
    Search,
    Sort,
    View,
)
from neurona.core.shapes import Spec

FAR = 2**40  # a stride that no other could be mistaken for
Axes = dict[int, int]  # value -> the axis of the rows, for those that depend on them


def axes_of_rows(graph: Graph, batch: Sequence[int]) -> Axes | None:
    """Return where the rows of each value are; None if they are not kept apart.

    Args:
        graph: its outputs have their rows on the first axis.
        batch: the inputs whose first axis is the batch.

    >>> from neurona.core.graph import trace
    >>> from neurona.ops import mean, tanh
    >>> graph = trace(lambda x: tanh(x) * 2 - mean(x, axis=1, keepdims=True), [np.ones((4, 3))])
    >>> axes_of_rows(graph, graph.inputs) is not None
    True
    >>> graph = trace(lambda x: x - mean(x, axis=0), [np.ones((4, 3))])
    >>> axes_of_rows(graph, graph.inputs) is None
    True
    """
    shapes = [graph.specs[v].shape for v in batch]
    if any(not shape or shape[0] != shapes[0][0] for shape in shapes) or shapes[0][0] < 2:
        return None
    axes: Axes = dict.fromkeys(batch, 0)
    for node in graph.nodes:
        if any(v in axes for v in node.inputs):
            axis = _axis(graph, node, axes, shapes[0][0])
            several = len(node.outputs) != 1 and not isinstance(node.op.lower, Attention)
            if axis is None or several:
                return None
            axes.update(dict.fromkeys(node.outputs, axis))
    return axes if all(axes.get(v) == 0 for v in graph.outputs) else None


def _axis(graph: Graph, node: Node, axes: Axes, rows: int) -> int | None:
    """Return where the rows of a node's output are; None if it mixes them."""
    kind, given = node.op.lower, node.attributes
    shapes = [graph.specs[v].shape for v in node.inputs]
    y = graph.specs[node.outputs[0]].shape
    at = [axes.get(v) for v in node.inputs]
    found: int | None = None
    if isinstance(kind, Elementwise):
        found = _aligned(graph, node, shapes, at, len(y))
    elif isinstance(kind, Reduction | Search):
        found = _kept(shapes[0], at[0], given["axis"], given["keepdims"])
    elif isinstance(kind, Running | Sort):
        found = at[0] if given["axis"] % len(shapes[0]) != at[0] else None
    elif isinstance(kind, View):
        found = _viewed(kind, shapes[0], at[0], y, given)
    elif isinstance(kind, Attention):  # samples come first everywhere; a mask may be one for all
        apart = (a == 0 or (a is None and s[0] == 1) for a, s in zip(at, shapes, strict=True))
        found = 0 if all(apart) else None
    elif isinstance(kind, Contraction):
        found = _summed(kind, shapes, at, y, given)
    elif isinstance(kind, Indexed):
        specs = [graph.specs[v] for v in node.inputs]
        along = (k for k in range(len(y)) if y[k] == rows)
        found = next((k for k in along if _read_apart(kind, specs, at, k, len(y), given)), None)
    return found if found is not None and y[found] == rows else None


def _aligned(graph: Graph, node: Node, shapes: list, at: list, rank: int) -> int | None:
    places = {a + rank - len(s) for a, s in zip(at, shapes, strict=True) if a is not None}
    if len(places) != 1:
        return None
    (place,) = places
    for v, shape, a in zip(node.inputs, shapes, at, strict=True):
        own = place - (rank - len(shape))
        if a is None and own >= 0 and shape[own] != 1 and not _is_splat(graph, v):
            return None  # it has something of its own for each row
    return place


def _is_splat(graph: Graph, v: int) -> bool:
    return v in graph.constants and not any(graph.constants[v].strides)


def _kept(shape: tuple, at: int | None, axis: Any, keepdims: bool) -> int | None:
    if axis is None or at is None:
        return None
    gone = {k % len(shape) for k in (axis if isinstance(axis, tuple) else (axis,))}
    if at in gone:
        return None
    return at if keepdims else at - sum(k < at for k in gone)


def _viewed(kind: View, shape: tuple, at: int | None, y: tuple, given: dict) -> int | None:
    steps = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
    assert at is not None
    steps[:at] = [s // shape[at] for s in steps[:at]]
    steps[at] = FAR
    found = kind.strides(shape, tuple(steps), y, **given)
    if found is None or not 0 <= found[1] < FAR // 2:
        return None
    far = [k for k, s in enumerate(found[0]) if abs(s) >= FAR // 2 and y[k] != 1]
    return far[0] if len(far) == 1 and found[0][far[0]] == FAR else None


def _summed(kind: Contraction, shapes: list, at: list, y: tuple, given: dict) -> int | None:
    nest = kind.nest(*shapes, y, **given)
    loops = set()
    for places, axis in zip((nest.x, nest.w), at, strict=True):
        if axis is not None:
            loop = _loop(places[axis])
            if loop is None:
                return None
            loops.add(loop)
    if len(loops) != 1:
        return None
    (loop,) = loops
    for places, axis in zip((nest.x, nest.w), at, strict=True):
        if any(p.steps[loop] for k, p in enumerate(places) if k != axis):
            return None
    found = [k for k, p in enumerate(nest.y) if p.steps[loop]]
    return found[0] if len(found) == 1 and _loop(nest.y[found[0]]) == loop else None


def _loop(place: Affine) -> int | None:
    """The loop whose index is the place, if it is just that."""
    used = [k for k, s in enumerate(place.steps) if s]
    return used[0] if place.offset == 0 and len(used) == 1 and place.steps[used[0]] == 1 else None


# --- ops that read anywhere: run on marks instead of numbers --------------------------------------


class _Mark:
    """A value of which only one thing is known: whether it depends on the number of the row."""

    def __init__(self, numbered: bool, dtype: Any = None) -> None:
        self.numbered, self.dtype = numbered, dtype


class _Mixed(Exception):
    """An element is read from another row."""


class _Marker:
    """A Builder of marks."""

    def __getattr__(self, name: str) -> Any:
        def operation(*values: Any, **_: Any) -> _Mark:
            return _Mark(any(isinstance(v, _Mark) and v.numbered for v in values))

        return operation

    def constant(self, value: Any, like: Any) -> _Mark:
        return _Mark(False)

    def integer(self, n: int) -> _Mark:
        return _Mark(False)

    def fold(self, count: int, step: Any, *values: _Mark) -> Sequence[_Mark]:
        for _ in range(min(count, len(values) + 1)):  # until a mark has come to all
            values = tuple(step(_Mark(False), *values))
        return values


class _Reader:
    """An input that is read at marked places."""

    def __init__(self, spec: Any, axis: int | None, row: _Mark) -> None:
        self.shape, self.dtype = spec
        self.axis, self.row = axis, row

    def at(self, index: Sequence[_Mark], *more: Any) -> _Mark:
        for k, i in enumerate(index):
            if (i is not self.row) if k == self.axis else i.numbered:
                raise _Mixed
        if any(isinstance(v, _Mark) and v.numbered for v in more):
            raise _Mixed
        return _Mark(False, self.dtype)


def _read_apart(
    kind: Indexed, specs: list, at: list, axis: int, rank: int, given: dict[str, Any]
) -> bool:
    row = _Mark(True)
    index = tuple(row if k == axis else _Mark(False) for k in range(rank))
    readers = [_Reader(spec, a, row) for spec, a in zip(specs, at, strict=True)]
    try:
        return not kind.element(_Marker(), index, *readers, **given).numbered
    except _Mixed:
        return False


# --- the same function for another number of rows -------------------------------------------------


def same_function(a: Graph, b: Graph, batch: int) -> bool:
    """Say whether two Graphs do the same to each row, for numbers of rows that differ.

    Args:
        a, b: traced from one function; a for two rows at least.
        batch: how many of the last inputs have rows on their first axis.
    """
    axes = axes_of_rows(a, a.inputs[len(a.inputs) - batch :])
    if axes is None or (a.inputs, a.outputs) != (b.inputs, b.outputs):
        return False
    if len(a.nodes) != len(b.nodes) or a.constants.keys() != b.constants.keys():
        return False
    sizes = a.specs[a.inputs[-1]].shape[0], b.specs[b.inputs[-1]].shape[0]
    return (
        all(_same_spec(a.specs[v], b.specs[v], k, sizes) for v, k in axes.items())
        and all(_same_constant(x, b.constants[v], sizes) for v, x in a.constants.items())
        and all(_same_node(x, y, axes, sizes) for x, y in zip(a.nodes, b.nodes, strict=True))
    )


def _same_spec(x: Spec, y: Spec, axis: int, sizes: tuple[int, int]) -> bool:
    shape = (*x.shape[:axis], sizes[1], *x.shape[axis + 1 :])
    return x.dtype == y.dtype and shape == y.shape


def _same_constant(x: np.ndarray, y: np.ndarray, sizes: tuple[int, int]) -> bool:
    if x.dtype != y.dtype:
        return False
    if x.shape == y.shape:
        return x.tobytes() == y.tobytes()
    splat = not any(x.strides) and not any(y.strides) and x.size and y.size
    return bool(splat) and (
        tuple(sizes[1] if s == sizes[0] else s for s in x.shape) == y.shape
        and x.flat[0].tobytes() == y.flat[0].tobytes()
    )


def _same_node(x: Node, y: Node, axes: Axes, sizes: tuple[int, int]) -> bool:
    if x.op is not y.op or x.inputs != y.inputs or x.outputs != y.outputs:
        return False
    axis = axes.get(x.outputs[0])
    same = functools.partial(_same_attribute, axis=axis, sizes=sizes)
    return x.attributes.keys() == y.attributes.keys() and all(
        same(value, y.attributes[name]) for name, value in x.attributes.items()
    )


def _same_attribute(x: Any, y: Any, axis: int | None, sizes: tuple[int, int]) -> bool:
    """Equal; or sizes, one for each axis, that differ at the rows' by their number only."""
    if type(x) is type(y) and x == y:
        return True
    if axis is None or not (isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y)):
        return False
    return all(
        u == v or (k == axis and _sizes(u, v, sizes))
        for k, (u, v) in enumerate(zip(x, y, strict=True))
    )


def _sizes(u: Any, v: Any, sizes: tuple[int, int]) -> bool:
    if isinstance(u, tuple) and isinstance(v, tuple) and len(u) == len(v):
        return all(a == b or (a, b) == sizes for a, b in zip(u, v, strict=True))
    return (u, v) == sizes
