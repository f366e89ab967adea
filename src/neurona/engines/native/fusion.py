"""Fusion: what fusing finds, and the passes after it read: kernels, and where values lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Indexed
from neurona.core.origin import Origin
from neurona.core.shapes import Shape, Spec


class Layout(NamedTuple):
    """How a value lies in the array `root`: strides in elements, and where it begins."""

    root: int
    strides: tuple[int, ...]
    offset: int = 0


@dataclass(eq=False)
class Kernel:
    """Nodes that are computed together.

    Attributes:
        number: its place in the order of creation.
        domain: the shape that it goes through.
        head: the node that it begins with, if that is no elementwise one.
        nodes: elementwise and indexed nodes.
        folds: reductions and searches over the domain, all along `axes`.
        stores: values that are written to memory.
        before: bits of the numbers of all kernels that must run before it.
    """

    number: int
    domain: Shape
    head: Node | None = None
    nodes: list[Node] = field(default_factory=list)
    folds: list[Node] = field(default_factory=list)
    axes: tuple[int, ...] = ()
    stores: list[int] = field(default_factory=list)
    before: int = 0

    @property
    def indexed(self) -> bool:
        """Whether nodes ask where in the domain they are."""
        return any(isinstance(n.op.lower, Indexed) for n in self.nodes)

    @property
    def all_nodes(self) -> list[Node]:
        """Everything that is computed here; not in the order in which it can be."""
        return [*([self.head] if self.head else []), *self.nodes, *self.folds]

    @property
    def origins(self) -> list[Origin]:
        """Where its nodes come from, each origin once."""
        return list(dict.fromkeys(origin for node in self.all_nodes for origin in node.origins))

    def inputs(self) -> set[int]:
        """The values that are read and not computed here."""
        nodes = self.all_nodes
        return {v for n in nodes for v in n.inputs}.difference(v for n in nodes for v in n.outputs)


@dataclass(frozen=True)
class Fusion:
    """The kernels of a Graph.

    Attributes:
        graph: what is computed.
        specs: Spec of each value; copies have been added.
        layouts: value -> Layout.
        literals: constants that are one number.
        outputs: for each output of the Graph the value that holds it, each an array of its own.
        kernels: in the order in which they run.
        readers: root -> the numbers of the kernels that read it, in order.
    """

    graph: Graph
    specs: list[Spec]
    layouts: dict[int, Layout]
    literals: dict[int, Any]
    outputs: list[int]
    kernels: list[Kernel]
    readers: dict[int, list[int]]
