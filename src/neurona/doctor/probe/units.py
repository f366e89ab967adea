"""What the units of a model do on a batch: which are 0 for every sample, which are saturated.

Activations are found in the Graph, so that a user's own count too: what gives max(x, 0) of its
input is a ReLU, whoever wrote it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Attention, Contraction, Elementwise, Scan
from neurona.core.origin import Origin
from neurona.doctor.probe.attending import mass_on, weights_of

FEW_KEYS = 4  # of which one may well get nearly all
SPARSE = 0.02  # share of zeros from which on an output may be a ReLU's


@dataclasses.dataclass(eq=False)
class Units:
    """An activation, and what its units did so far.

    Attributes:
        origin: of the node.
        kind: "relu", "tanh" or "sigmoid".
        samples: how many values each unit had.
        alive: which units were not 0 once.
        slope: sum of the derivative for each unit, as a share of the largest possible one.
    """

    origin: Origin
    kind: str
    samples: int
    alive: np.ndarray
    slope: np.ndarray

    @property
    def count(self) -> int:
        """How many units."""
        return len(self.alive)

    @property
    def dead(self) -> int:
        """How many units were 0 for all samples."""
        return int((~self.alive).sum())

    @property
    def saturated(self) -> np.ndarray:
        """The mean derivative of each unit, as a share of the largest possible one."""
        return self.slope / max(self.samples, 1)


class Watch:
    """Walks through a Graph with values, and notes what activations do.

    Args:
        graph: of a training step.
        axis: of the units, such as the channels: -1, or 1.
        padding: for arrays of ids (B, T), where they are padding.

    Attributes:
        units: id of a node -> its Units, in the order of the forward pass.
        focus: id of a node that gives weights of attention -> its origin, and the mean share of the
            key that gets most.
        on_padding: id of such a node -> its origin, the weight on padding, and the share of that.
    """

    def __init__(self, graph: Graph, axis: int = -1, padding: Sequence[np.ndarray] = ()) -> None:
        self.graph, self.axis, self.padding = graph, axis, padding
        self.units: dict[int, Units] = {}
        self.focus: dict[int, tuple[Origin, float]] = {}
        self.on_padding: dict[int, tuple[Origin, float, float]] = {}
        self._squashes: dict[int, str] = {}  # id of a node that squashes a hidden unit -> its kind
        self._hidden: set[int] = set()  # ids of nodes that give hidden units
        self._note(graph, in_loop=False)

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """Evaluate the Graph; return its outputs."""
        values: dict[int, dict[int, Any]] = {0: dict(zip(self.graph.inputs, arrays, strict=True))}
        steps = self.graph.walk(np, arrays)
        with np.errstate(all="ignore"):
            while True:
                try:
                    node, results, turns = next(steps)
                except StopIteration as end:
                    return end.value
                here = values.setdefault(len(turns), {})
                self._look(node, results, here)
                here.update(zip(node.outputs, results, strict=True))

    def _look(self, node: Node, results: tuple, known: dict[int, Any]) -> None:
        kind, y = self._squashes.get(id(node), ""), results[0]
        if node.op.name == "div" and id(node) in self._hidden and _shares(y):
            late = y[..., y.shape[-2] // 2 :, :]  # early ones may see few keys
            self.focus[id(node)] = _of(node), float(late.max(axis=-1).mean())
        if self.padding and id(node) in self._hidden:
            self._look_at_padding(node, y, known)
        if not kind and not self._may_be_relu(node, y):
            return
        axes = tuple(i for i in range(y.ndim) if i != self.axis % y.ndim)
        if not kind:
            given = [known[v] for v in node.inputs if v in known]
            alike = [x for x in given if x.shape == y.shape and x.dtype == y.dtype]
            if not any((x < 0).any() and np.array_equal(y, np.maximum(x, 0)) for x in alike):
                return
            kind = "relu"
        found = self.units.get(id(node))
        if found is None:
            width = y.shape[self.axis]
            found = Units(_of(node), kind, 0, np.zeros(width, bool), np.zeros(width))
            self.units[id(node)] = found
        found.samples += y.size // y.shape[self.axis]
        found.alive |= (y != 0).any(axis=axes)
        slope = 1 - y * y if kind == "tanh" else 4 * y * (1 - y)
        found.slope += slope.sum(axis=axes) if kind != "relu" else (y != 0).sum(axis=axes)

    def _look_at_padding(self, node: Node, y: Any, known: dict[int, Any]) -> None:
        weights = weights_of(
            node, y, [known.get(v, self.graph.constants.get(v)) for v in node.inputs]
        )
        found = None if weights is None else mass_on(weights, self.padding)
        if found is not None:
            self.on_padding[id(node)] = _of(node), *found

    def _may_be_relu(self, node: Node, y: Any) -> bool:
        if id(node) in self.units:
            return True
        fits = isinstance(node.op.lower, Elementwise) and id(node) in self._hidden and y.ndim > 1
        return fits and y.dtype.kind == "f" and (y == 0).mean() > SPARSE

    # --- which nodes squash

    def _note(self, graph: Graph, in_loop: bool) -> None:
        """Note the hidden units of a Graph that a tanh or sigmoid squashes.

        A gate of a loop is none: it is open or shut for good reasons. So is a factor of its own
        input, as in x sigmoid(x): the input passes where the gate is open.
        """
        nodes = [n for n in graph.nodes if _forward(n)]
        hidden = _before_products(nodes)
        self._hidden |= {id(n) for n in nodes if in_loop or hidden.intersection(n.outputs)}
        for node in nodes:
            if isinstance(node.op.lower, Scan):
                self._note(node.attributes["body"], in_loop=True)
            if len(graph.specs[node.outputs[0]].shape) < 2:
                continue
            kind = _squash(node, graph)
            if kind == "sigmoid" and in_loop:
                continue
            if kind and id(node) in self._hidden and not _gates_itself(node, graph):
                self._squashes[id(node)] = kind


def _shares(y: Any) -> bool:
    """Whether values are shares of a whole, as the weights of attention are."""
    if y.ndim < 3 or y.shape[-1] < FEW_KEYS or y.dtype.kind != "f" or not (y >= 0).all():
        return False
    return bool(np.allclose(y.sum(axis=-1), 1, atol=1e-3))


def _of(node: Node) -> Origin:
    return node.origins[0] if node.origins else Origin("", "", "", 0)


def _forward(node: Node) -> bool:
    return not node.origins or not node.origins[0].role


def _before_products(nodes: Sequence[Node]) -> set[int]:
    """Return the values that lead to a product with weights: hidden ones."""
    found: set[int] = set()
    for node in reversed(nodes):
        product = isinstance(node.op.lower, Contraction | Attention | Scan)
        if product or found.intersection(node.outputs):
            found.update(node.inputs)
    return found


def _squash(node: Node, graph: Graph) -> str:
    """Return "tanh" or "sigmoid" if a node is one, also as a user writes it: 1 / (1 + e)."""
    if node.op.name in ("tanh", "sigmoid"):
        return node.op.name
    one = graph.constants.get(node.inputs[0]) if node.op.name == "div" else None
    if one is None or one.size != 1 or float(one.reshape(-1)[0]) != 1.0:
        return ""
    below = _maker(node.inputs[1], graph)
    parts = [] if below is None else [_maker(v, graph) for v in below.inputs]
    return "sigmoid" if any(p is not None and p.op.name == "exp" for p in parts) else ""


def _maker(value: int, graph: Graph) -> Node | None:
    return next((n for n in graph.nodes if value in n.outputs), None)


def _gates_itself(node: Node, graph: Graph) -> bool:
    """Whether what a node gives is multiplied with what it was made from, as in GELU and SiLU."""
    nodes = [n for n in graph.nodes if isinstance(n.op.lower, Elementwise) and _forward(n)]
    makers = {v: n for n in nodes if n is not node for v in n.outputs}
    sources = _upstream(node.inputs, makers) - graph.constants.keys()
    reached = set(node.outputs)
    for other in nodes:
        if reached.intersection(other.inputs):
            rest = [v for v in other.inputs if v not in reached]
            if other.op.name == "mul" and sources & _upstream(rest, makers):
                return True
            reached.update(other.outputs)
    return False


def _upstream(values: Sequence[int], makers: dict[int, Node]) -> set[int]:
    """Return values and all that they are made from element by element, a few steps far."""
    found = set(values)
    for _ in range(8):
        found |= {u for v in found if v in makers for u in makers[v].inputs}
    return found
