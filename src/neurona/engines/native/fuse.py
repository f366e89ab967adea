"""Fuse the nodes of a Graph to kernels.

A kernel goes through a domain once. It computes elementwise nodes of that shape, folds along some
axes, or begins with an operation of its own (its `head`, such as a matrix product) whose results
are worked on while they are in registers. Nodes join the kernel of one of their inputs unless that
would make two kernels wait for each other.

Views cost nothing: they are layouts, other strides over the array that they look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from neurona.core.graph import Graph, Node
from neurona.core.lowering import (
    Contraction,
    Elementwise,
    Indexed,
    Reduction,
    Scatter,
    Search,
    View,
)
from neurona.core.op import Op
from neurona.core.shapes import Shape, Spec, normalize_axes
from neurona.engines.native.epilogue import lighten, suits_epilogue
from neurona.engines.native.simplify import contiguous


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

    def inputs(self) -> set[int]:
        """The values that are read and not computed here."""
        all_nodes = [*self.nodes, *self.folds, *([self.head] if self.head else [])]
        made = {v for n in all_nodes for v in n.outputs}
        return {v for n in all_nodes for v in n.inputs} - made


def _copy_shape(x: Spec) -> Spec:
    return x


def _copy(xp: Any, x: Any) -> Any:
    """The same values in an array of their own."""
    return x


COPY = Op(_copy, _copy_shape, Elementwise(lambda b, x: x), "as is")


class Fusion:
    """What fusing finds: kernels in order, and where each value lies.

    Attributes:
        specs: Spec of each value; copies have been added.
        layouts: value -> Layout.
        literals: constants that are one number.
        outputs: for each output of the Graph the value that holds it, each an array of its own.
        kernels: in the order in which they run.
        home: value -> the kernel that computes it.
        users: value -> the nodes that read it.
        readers: root -> the numbers of the kernels that read it, in order.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.specs = list(graph.specs)
        self.layouts: dict[int, Layout] = {}
        self.literals: dict[int, Any] = {}
        self.kernels: list[Kernel] = []
        self.home: dict[int, Kernel] = {}  # root -> the kernel that computes it
        self._folded: set[int] = set()
        self._awaited = 0  # bits of the kernels that others run after
        for v in [*graph.inputs, *graph.constants]:
            self._own(v)
        for v, array in graph.constants.items():
            if array.size == 1 or (array.size and not any(array.strides)):
                self.literals[v] = array.reshape(-1)[0]
        self.users: dict[int, list[Node]] = {}
        for node in graph.nodes:
            for v in node.inputs:
                self.users.setdefault(v, []).append(node)
        for node in graph.nodes:
            self._add(node)
        self.outputs = self._outputs()
        for kernel in self.kernels:
            if kernel.head is not None and kernel.nodes:
                lighten(self, kernel)
        self._find_stores()
        self._sort()
        self.readers: dict[int, list[int]] = {}
        for time, kernel in enumerate(self.kernels):
            for root in {self.layouts[v].root for v in kernel.inputs()}:
                self.readers.setdefault(root, []).append(time)

    # --- placing nodes ---------------------------------------------------------------------------

    def _own(self, v: int) -> None:
        self.layouts[v] = Layout(v, contiguous(self.specs[v].shape))

    def _add(self, node: Node) -> None:
        kind = node.op.lower
        if isinstance(kind, View):
            self._view(node)
            return
        for v in node.outputs:
            self._own(v)
        if isinstance(kind, Elementwise | Indexed):
            self._place(node, self.specs[node.outputs[0]].shape)
        elif isinstance(kind, Reduction | Search):
            self._place_fold(node)
        else:
            if isinstance(kind, Contraction):  # reads its operands by their strides
                node = node._replace(inputs=tuple(map(self.array, node.inputs)))
            else:  # these take their inputs without gaps
                first, *rest = node.inputs  # a scatter into a number everywhere need not read it
                if not (isinstance(kind, Scatter) and self.layouts[first].root in self.literals):
                    first = self.compact(first)
                node = node._replace(inputs=(first, *map(self.compact, rest)))
            self._new(self.specs[node.outputs[0]].shape if len(node.outputs) == 1 else (), node)

    def _view(self, node: Node) -> None:
        (x,), (y,) = node.inputs, node.outputs
        for base in (x, None):
            base = self.copy(x) if base is None else base
            layout = self.layouts[base]
            found = node.op.lower.strides(  # type: ignore[union-attr]
                self.specs[x].shape, layout.strides, self.specs[y].shape, **node.attributes
            )
            if found is not None:
                strides, offset = found
                self.layouts[y] = Layout(layout.root, tuple(strides), layout.offset + offset)
                return
        raise AssertionError(f"{node.op.name} has no strides for what lies contiguous")

    def copy(self, x: int) -> int:
        """Return a value that is x in an array of its own."""
        y = len(self.specs)
        self.specs.append(self.specs[x])
        self._own(y)
        self._new(self.specs[x].shape).nodes.append(node := Node(COPY, (x,), (y,), {}))
        self.users.setdefault(x, []).append(node)
        self.home[y] = self.kernels[-1]
        self._depend(self.kernels[-1], node)
        return y

    def array(self, x: int) -> int:
        """Return x, or a copy if it is one number that no array holds."""
        return self.copy(x) if self.layouts[x].root in self.literals else x

    def compact(self, x: int) -> int:
        """Return x, or a copy if it does not lie in an array of its own."""
        layout = self.layouts[x]
        whole = self.specs[x].size == self.specs[layout.root].size and layout.offset == 0
        steps = contiguous(self.specs[x].shape)
        same = all(
            a == b or n == 1
            for a, b, n in zip(layout.strides, steps, self.specs[x].shape, strict=True)
        )
        literal = layout.root in self.literals
        return x if whole and same and not literal else self.copy(x)

    def _new(self, domain: Shape, head: Node | None = None) -> Kernel:
        kernel = Kernel(len(self.kernels), domain, head)
        self.kernels.append(kernel)
        if head is not None:
            for v in head.outputs:
                self.home[v] = kernel
            self._depend(kernel, head)
        return kernel

    def _place(self, node: Node, domain: Shape) -> Kernel:
        """Put an elementwise node into the kernel of one of its inputs, or into a new one."""
        homes = {self.home[v] for v in node.inputs if v in self.home}
        # the results of a head first: they are in registers
        for kernel in sorted(homes, key=lambda k: (k.head is None, -k.number)):
            if kernel.head is not None and not suits_epilogue(self, node):
                continue
            if kernel.domain == domain and self._may_join(kernel, node):
                break
        else:
            kernel = self._new(domain)
        kernel.nodes.append(node)
        for v in node.outputs:
            self.home[v] = kernel
        self._depend(kernel, node)
        for other in homes - {kernel}:
            if self._may_merge(kernel, other):
                self._merge(kernel, other)
        return kernel

    def _place_fold(self, node: Node) -> None:
        (x,) = node.inputs
        domain = self.specs[x].shape
        axis = node.attributes.get("axis")
        axes = tuple(sorted(normalize_axes(axis, len(domain), node.op.name)))
        kernel = self.home.get(x)
        fits = (
            kernel is not None
            and kernel.head is None
            and kernel.domain == domain
            and (not kernel.folds or kernel.axes == axes)
            and x not in self._folded
            and self.layouts[x].root == x
        )
        if kernel is None or not fits:
            kernel = self._sibling(x, domain, axes, node) or self._new(domain)
        kernel.folds.append(node)
        kernel.axes = axes
        for v in node.outputs:
            self.home[v] = kernel
            self._folded.add(v)
        self._depend(kernel, node)

    def _sibling(self, x: int, domain: Shape, axes: tuple[int, ...], node: Node) -> Kernel | None:
        """Return a kernel that folds the same domain along the same axes and reads x already."""
        root = self.layouts[x].root
        for kernel in reversed(self.kernels):
            if kernel.folds and kernel.domain == domain and kernel.axes == axes:
                read = {self.layouts[v].root for v in kernel.inputs()}
                if root in read and self._may_join(kernel, node):
                    return kernel
        return None

    def _may_join(self, kernel: Kernel, node: Node) -> bool:
        head = kernel.head
        if head is not None and not isinstance(head.op.lower, Contraction):
            return False
        indexed = isinstance(node.op.lower, Indexed)
        if head is not None and indexed:
            return False
        for v in node.inputs:
            home = self.home.get(self.layouts[v].root)
            if home is kernel:
                if indexed or self.layouts[v].root != v or v in self._folded:
                    return False
                if self.specs[v].shape != kernel.domain:
                    return False
            elif home is not None and home.before >> kernel.number & 1:
                return False
        return True

    def _may_merge(self, kernel: Kernel, other: Kernel) -> bool:
        """Whether all that `other` computes may be computed in `kernel`, which reads of it."""
        if other.head is not None or other.folds or other.domain != kernel.domain:
            return False
        if kernel.head is not None and other.indexed:
            return False
        if other.before >> kernel.number & 1:
            return False
        between = (k for k in self.kernels if kernel.before >> k.number & 1 and k is not other)
        if any(k.before >> other.number & 1 for k in between):
            return False
        reads = {v for n in [*kernel.nodes, *kernel.folds] for v in n.inputs}
        reads |= set(kernel.head.inputs) if kernel.head else set()
        made = {v for n in other.nodes for v in n.outputs}
        if any(self.layouts[v].root in made and v not in made for v in reads):
            return False  # read through a view, from memory
        needed = [n for n in kernel.nodes if isinstance(n.op.lower, Indexed)]
        needed += [kernel.head] if kernel.head else []
        if any(self.layouts[v].root in made for n in needed for v in n.inputs):
            return False
        return not any(
            v in made and self.specs[v].shape != kernel.domain
            for n in kernel.nodes
            for v in n.inputs
        )

    def _merge(self, kernel: Kernel, other: Kernel) -> None:
        kernel.nodes[:0] = other.nodes
        for node in other.nodes:
            for v in node.outputs:
                self.home[v] = kernel
        old, new = 1 << other.number, 1 << kernel.number
        for k in self.kernels:
            if k.before >= 0 and k.before & old:
                k.before = k.before & ~old | (0 if k is kernel else new)
                self._awaited |= new
        self._run_after(kernel, other.before)
        self.kernels[other.number] = Kernel(other.number, (), before=-1)  # empty

    def _depend(self, kernel: Kernel, node: Node) -> None:
        """Note that a kernel runs after those that compute the inputs of a node."""
        before = 0
        for v in node.inputs:
            home = self.home.get(self.layouts[v].root)
            if home is not None and home is not kernel:
                before |= home.before | 1 << home.number
        if before & ~kernel.before:
            self._run_after(kernel, before)

    def _run_after(self, kernel: Kernel, before: int) -> None:
        """Let a kernel, and all that run after it, run after others."""
        kernel.before |= before
        self._awaited |= before
        if self._awaited >> kernel.number & 1:
            for k in self.kernels:
                if k.before >= 0 and k.before >> kernel.number & 1:
                    k.before |= kernel.before

    # --- what is kept -----------------------------------------------------------------------------

    def _outputs(self) -> list[int]:
        outputs: list[int] = []
        for v in self.graph.outputs:
            own = self.layouts[v].root == v and v in self.home and v not in outputs
            outputs.append(v if own else self.copy(v))
        return outputs

    def _find_stores(self) -> None:
        needed = set(self.outputs)
        for kernel in self.kernels:
            inside = {v for n in kernel.nodes for v in n.outputs}
            inside |= set(kernel.head.outputs) if kernel.head else set()
            for node in [*kernel.nodes, *kernel.folds, *([kernel.head] if kernel.head else [])]:
                for v in node.inputs:
                    if v not in inside or isinstance(node.op.lower, Indexed):
                        needed.add(self.layouts[v].root)
        for kernel in self.kernels:
            head = [kernel.head] if kernel.head else []
            made = [v for n in [*head, *kernel.nodes, *kernel.folds] for v in n.outputs]
            if kernel.head is not None and not isinstance(kernel.head.op.lower, Contraction):
                needed.update(kernel.head.outputs)  # it writes them whether they are read or not
            kernel.stores = [v for v in made if v in needed]

    def _sort(self) -> None:
        """Order kernels so that each comes after those that it needs."""
        waiting = [k for k in self.kernels if k.before >= 0]
        done, self.kernels = 0, []
        while waiting:
            kernel = next(k for k in waiting if not k.before & ~done & ~(1 << k.number))
            waiting.remove(kernel)
            done |= 1 << kernel.number
            self.kernels.append(kernel)


def fuse(graph: Graph) -> Fusion:
    """Return the kernels of a Graph and where its values lie."""
    return Fusion(graph)
