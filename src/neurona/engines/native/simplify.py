"""Simplify a Graph: no identities, nothing twice, constants computed now, no long joins."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Elementwise, Joined, Opaque, Random, Scan, View
from neurona.engines.native.strides import contiguous

_SMALL = 4096  # elements of a constant that may be computed beforehand
_PIECES = 8  # that are joined at a time: each element asks so many


def simplify(graph: Graph) -> Graph:
    """Return a Graph that computes the same with fewer nodes."""
    result = Graph()
    result.specs, result.inputs = list(graph.specs), list(graph.inputs)
    result.constants = dict(graph.constants)
    names: dict[int, int] = {}  # value -> the value that stands for it
    seen: dict[Any, tuple[int, ...]] = {}
    places: dict[tuple[int, ...], int] = {}  # outputs -> the place of the node
    for node in graph.nodes:
        if not names.keys().isdisjoint(node.inputs):
            node = node._replace(inputs=tuple(names.get(v, v) for v in node.inputs))
        if (same := _identity(node, graph)) is not None:
            names[node.outputs[0]] = same
            continue
        key = (node.op.name, node.inputs, tuple(node.attributes.items()))
        if key in seen:
            names.update(zip(node.outputs, seen[key], strict=True))
            if seen[key] in places:
                result.join(places[seen[key]], node.origins)
            continue
        seen[key] = node.outputs
        if not _fold(node, result):
            node = _grouped(node, result)
            places[node.outputs] = len(result.nodes)
            result.nodes.append(node)
    return result.restricted([names.get(v, v) for v in graph.outputs])


class _Probe:
    """A builder that makes something new of everything, but for conversions to the same type."""

    def cast(self, x: Any, dtype: Any) -> Any:
        return x if x.dtype == np.dtype(dtype) else None

    def __getattr__(self, name: str) -> Any:
        return lambda *values: None


def _identity(node: Node, graph: Graph) -> int | None:
    """Return the input that a node only passes on, if it does."""
    if not node.inputs or graph.specs[node.inputs[0]] != graph.specs[node.outputs[0]]:
        return None
    x = node.inputs[0]
    if isinstance(node.op.lower, View):
        shape = graph.specs[x].shape
        steps = contiguous(shape)
        found = node.op.lower.strides(shape, steps, shape, **node.attributes)
        moved = [a != b for a, b, n in zip(found[0], steps, shape, strict=True) if n > 1]  # type: ignore[index]
        return None if any(moved) or found[1] else x  # type: ignore[index]
    if isinstance(node.op.lower, Elementwise) and len(node.inputs) == 1:
        value = graph.specs[x]  # stands for the value: it has a dtype
        return x if node.op.lower.scalar(_Probe(), value, **node.attributes) is value else None
    return None


def _fold(node: Node, result: Graph) -> bool:
    """Compute a node now if all its inputs are known and it is small."""
    if isinstance(node.op.lower, Scan | Opaque | Random | View) or len(node.outputs) != 1:
        return False
    (y,) = node.outputs
    if result.specs[y].size > _SMALL or any(v not in result.constants for v in node.inputs):
        return False
    with np.errstate(all="ignore"):
        array = node.op.forward(np, *[result.constants[v] for v in node.inputs], **node.attributes)
    result.constants[y] = np.asarray(array, result.specs[y].dtype)
    return True


def _grouped(node: Node, result: Graph) -> Node:
    """Return a node that joins few pieces; of many it joins what earlier nodes join, in groups."""
    pieces = node.inputs
    while isinstance(node.op.lower, Joined) and len(pieces) > _PIECES:
        groups = []
        for group in (pieces[i : i + _PIECES] for i in range(0, len(pieces), _PIECES)):
            y = group[0]
            if len(group) > 1:
                y = len(result.specs)
                specs = [result.specs[v] for v in group]
                result.specs.append(node.op.shape(*specs, **node.attributes))
                result.nodes.append(node._replace(inputs=group, outputs=(y,)))
            groups.append(y)
        pieces = tuple(groups)
    return node._replace(inputs=pieces)
