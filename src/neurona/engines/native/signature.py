"""Signatures: kernels are equal if all is equal that their code depends on.

That is ops and attributes, shapes, strides, numbers. What is left out is where their arrays lie,
which their code is told.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Indexed, Scan, Scatter
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.schedule import Argument, Signature


def described(fusion: Fusion, kernel: Kernel) -> tuple[Signature, tuple[Argument, ...]]:
    """Return what a kernel has in common with equal ones, and the arrays that are its own."""
    writing = _Description(fusion)
    return writing.kernel(kernel), tuple(writing.arguments)


class _Description:
    """Values are described by where they come from: a number within the kernel, or an operand."""

    def __init__(self, fusion: Fusion) -> None:
        self.fusion = fusion
        self.arguments: dict[Argument, int] = {}
        self.made: dict[int, int] = {}

    def kernel(self, kernel: Kernel) -> Signature:
        head = None
        for node in kernel.all_nodes:
            for v in node.outputs:
                self.made[v] = len(self.made)
        if kernel.head is not None:
            inputs = [self._array(v) for v in kernel.head.inputs]
            head = (*self._node(kernel.head), *inputs, *self._faults(kernel.head))
        nodes = [(*self._node(n), *map(self._value, n.inputs)) for n in kernel.nodes]
        folds = [(*self._node(n), *map(self._value, n.inputs)) for n in kernel.folds]
        stores = [(self.made[v], self._operand(v)) for v in kernel.stores]
        return (
            kernel.domain, kernel.axes, head, tuple(nodes), tuple(folds), tuple(stores),
        )  # fmt: skip

    def _faults(self, head: Node) -> tuple[int, ...]:
        """What sets a loop apart whose body may note an error, which names the layer."""
        loop = isinstance(head.op.lower, Scan)
        return head.outputs if loop and may_report(head.attributes["body"]) else ()

    def _operand(self, root: int, offset: int = 0) -> int:
        return self.arguments.setdefault(Argument(root, offset), len(self.arguments))

    def _node(self, node: Node) -> Signature:
        """The op, and how what it makes looks."""
        try:
            attributes: Any = spelled(node.attributes) if node.attributes else ""
        except TypeError:
            attributes = object()  # equal to nothing else
        return node.op.name, attributes, *(self.fusion.specs[v] for v in node.outputs)

    def _value(self, v: int) -> Any:
        """An input of a node: made by another one, or read where it lies in an operand."""
        if v in self.made:
            return self.made[v]
        root, strides, offset = self.fusion.layouts[v]
        return self._literal(root) or self._operand(root), strides, offset, self.fusion.specs[v]

    def _array(self, v: int) -> Any:
        """An input of a head: it begins where the operand does."""
        root, strides, offset = self.fusion.layouts[v]
        spec = self.fusion.specs[v]
        place = self._literal(root) or self._operand(root, offset * spec.dtype.itemsize)
        return place, strides, spec

    def _literal(self, root: int) -> bytes:
        number = self.fusion.literals.get(root)
        return b"" if number is None else number.tobytes()


def may_report(graph: Graph) -> bool:
    """Whether the code of a Graph may note that an index is out of range."""
    return any(
        isinstance(n.op.lower, Indexed | Scatter)
        or (isinstance(n.op.lower, Scan) and may_report(n.attributes["body"]))
        for n in graph.nodes
    )


def spelled(value: Any) -> str:
    """Return a text that says exactly what an attribute is.

    Raises:
        TypeError: if that cannot be said of its type.
    """
    if isinstance(value, Graph):
        return value.fingerprint()
    if isinstance(value, dict):
        return ",".join(f"{k}={spelled(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return f"({','.join(map(spelled, value))})"
    if value is None or type(value) in (bool, int, float, str) or isinstance(value, np.dtype):
        return repr(value)
    raise TypeError(f"no exact text for {type(value).__name__}")
