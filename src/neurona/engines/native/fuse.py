"""Fuse the nodes of a Graph to kernels.

A kernel goes through a domain once. It computes elementwise nodes of that shape, folds along some
axes, or begins with an operation of its own (its `head`, such as a matrix product) whose results
are worked on while they are in registers. Nodes join the kernel of one of their inputs unless that
would make two kernels wait for each other.

Views cost nothing: they are layouts, other strides over the array that they look at.
"""

from __future__ import annotations

from typing import Any

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
from neurona.engines.native.beside import side_by_side
from neurona.engines.native.epilogue import lighten, suits_epilogue
from neurona.engines.native.fusion import Fusion, Kernel, Layout
from neurona.engines.native.strides import contiguous


def _copy_shape(x: Spec) -> Spec:
    return x


def _copy(xp: Any, x: Any) -> Any:
    """The same values in an array of their own."""
    return x


COPY = Op(_copy, _copy_shape, Elementwise(lambda b, x: x), "as is")


def fuse(graph: Graph) -> Fusion:
    """Return the kernels of a Graph and where its values lie."""
    placing = Placing(graph)
    for node in graph.nodes:
        placing.add(node)
    outputs = placing.keep_outputs()
    for kernel in placing.kernels:
        if kernel.head is not None and kernel.nodes:
            lighten(placing, kernel)
    placing.find_stores()
    kernels = placing.in_order()
    readers: dict[int, list[int]] = {}
    for time, kernel in enumerate(kernels):
        for root in {placing.layouts[v].root for v in kernel.inputs()}:
            readers.setdefault(root, []).append(time)
    return Fusion(
        graph, placing.specs, placing.layouts, placing.literals, outputs, kernels, readers
    )


class Placing:
    """Kernels while nodes are placed in them.

    Attributes:
        graph, specs, layouts, literals: as in a Fusion.
        kernels: by number.
        home: value -> the kernel that computes it.
        makers: value -> the node of the Graph that computes it.
        users: value -> the nodes that read it.
        given: the inputs of the Graph.
        kept: values that outputs hold.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.specs = list(graph.specs)
        self.layouts: dict[int, Layout] = {}
        self.literals: dict[int, Any] = {}
        self.kernels: list[Kernel] = []
        self.home: dict[int, Kernel] = {}
        self.given, self.kept = frozenset(graph.inputs), set(graph.outputs)
        self._folded: set[int] = set()
        self._followers: dict[int, set[int]] = {}  # number -> of kernels that read of that one
        self._looks: dict[int, list[int]] = {}  # root -> the values that lie in it
        for v in [*graph.inputs, *graph.constants]:
            self._own(v)
        for v, array in graph.constants.items():
            if array.size == 1 or (array.size and not any(array.strides)):
                self.literals[v] = array.reshape(-1)[0]
        self.users: dict[int, list[Node]] = {}
        self.makers = {v: node for node in graph.nodes for v in node.outputs}
        for node in graph.nodes:
            for v in node.inputs:
                self.users.setdefault(v, []).append(node)

    # --- placing nodes ---------------------------------------------------------------------------

    def _own(self, v: int) -> None:
        self._lay(v, Layout(v, contiguous(self.specs[v].shape)))

    def _lay(self, v: int, layout: Layout) -> None:
        self.layouts[v] = layout
        self._looks.setdefault(layout.root, []).append(v)

    def add(self, node: Node) -> None:
        """Put a node into a kernel, or note what a view looks at."""
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
            if isinstance(kind, Contraction):  # reads its arguments by their strides
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
                self._lay(y, Layout(layout.root, tuple(strides), layout.offset + offset))
                return
        raise AssertionError(f"{node.op.name} has no strides for what lies contiguous")

    def copy(self, x: int) -> int:
        """Return a value that is x in an array of its own."""
        y = len(self.specs)
        self.specs.append(self.specs[x])
        self._own(y)
        origins = self.makers[x].origins if x in self.makers else ()
        node = Node(COPY, (x,), (y,), {}, origins)
        self._new(self.specs[x].shape).nodes.append(node)
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
        users = (n for v in self._looks[root] for n in self.users.get(v, []))
        homes = {k for n in users if n.outputs and (k := self.home.get(n.outputs[0]))}
        for kernel in sorted(homes, key=lambda k: -k.number):
            alike = kernel.folds and kernel.domain == domain and kernel.axes == axes
            if alike and kernel is not self.home.get(root) and self._may_join(kernel, node):
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
        if any(k.before >> other.number & 1 for k in self._sources(kernel)):
            return False  # that waits for what `other` computes, and `kernel` for that
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

    def _sources(self, kernel: Kernel) -> set[Kernel]:
        """The kernels whose results a kernel reads."""
        roots = {self.layouts[v].root for v in kernel.inputs()}
        return {self.home[root] for root in roots if root in self.home}

    def _merge(self, kernel: Kernel, other: Kernel) -> None:
        kernel.nodes[:0] = other.nodes
        for node in other.nodes:
            for v in node.outputs:
                self.home[v] = kernel
        old, new = 1 << other.number, 1 << kernel.number
        for k in self._following(other):
            k.before = k.before & ~old | (0 if k is kernel else new)
        followers = self._followers.pop(other.number, set()) - {kernel.number}
        self._followers.setdefault(kernel.number, set()).update(followers)
        for source in self._sources(other):
            self._followers[source.number].discard(other.number)
            self._followers[source.number].add(kernel.number)
        self._run_after(kernel, other.before)
        self.kernels[other.number] = Kernel(other.number, (), before=-1)  # empty

    def _depend(self, kernel: Kernel, node: Node) -> None:
        """Note that a kernel runs after those that compute the inputs of a node."""
        before = 0
        for v in node.inputs:
            home = self.home.get(self.layouts[v].root)
            if home is not None and home is not kernel:
                before |= home.before | 1 << home.number
                self._followers.setdefault(home.number, set()).add(kernel.number)
        if before & ~kernel.before:
            self._run_after(kernel, before)

    def _run_after(self, kernel: Kernel, before: int) -> None:
        """Let a kernel, and all that run after it, run after others."""
        kernel.before |= before
        for k in self._following(kernel):
            k.before |= kernel.before

    def _following(self, kernel: Kernel) -> list[Kernel]:
        """The kernels that read what a kernel computes, or what those compute, and so on."""
        found: set[int] = set()
        waiting = [kernel.number]
        while waiting:
            new = self._followers.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return [self.kernels[number] for number in found]

    # --- what is kept -----------------------------------------------------------------------------

    def keep_outputs(self) -> list[int]:
        """Return for each output of the Graph the value, in an array of its own, that holds it."""
        outputs: list[int] = []
        self.kept = set()
        for v in self.graph.outputs:
            own = self.layouts[v].root == v and v in self.home and v not in self.kept
            outputs.append(v if own else self.copy(v))
            self.kept.add(outputs[-1])
        return outputs

    def find_stores(self) -> None:
        """Note in each kernel what others need of it."""
        needed = set(self.kept)
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

    def in_order(self) -> list[Kernel]:
        """Return the kernels, each after those that it needs, and loops beside each other."""
        waiting = [k for k in self.kernels if k.before >= 0]
        done, found = 0, []
        while waiting:
            kernel = next(k for k in waiting if not k.before & ~done & ~(1 << k.number))
            waiting.remove(kernel)
            done |= 1 << kernel.number
            found.append(kernel)
        return side_by_side(found)
