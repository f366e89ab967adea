"""Turn: what lies transposed is computed in the order in which it lies.

A layer with the channels first looks at its input, and at its output, through transposes. Where two
such layers meet these cancel out. What stands between them, a normalisation or a sum of branches,
would go through memory across its rows; so f(transpose(x)) becomes transpose(f(x)), for elementwise
f, folds and joins, and the transposes meet behind it; slices are parts of either. Chains that end
in no such meeting stay: a transpose may be there because what follows reads better so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Elementwise, Joined, Reduction, View
from neurona.core.op import Op
from neurona.core.shapes import Shape, Spec, normalize_axes, normalize_axis
from neurona.engines.native.strides import contiguous

Axes = tuple[int, ...]  # axis k of the turned value is axis axes[k] of what lies in memory


def _padded(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + tuple(shape)


def _turned_shape(x: Spec, *, axes: Axes) -> Spec:
    sizes = _padded(x.shape, len(axes))
    return Spec(tuple(sizes[a] for a in axes), x.dtype)


def _turned_strides(
    x: Shape, steps: Sequence[int], y: Shape, *, axes: Axes
) -> tuple[Sequence[int], int]:
    steps = (*[0] * (len(axes) - len(x)), *steps)
    return tuple(steps[a] for a in axes), 0


def _turned(xp: Any, x: Any, *, axes: Axes) -> Any:
    """A transpose of x, with axes of size 1 in front as far as it has fewer."""
    return xp.transpose(xp.reshape(x, _padded(x.shape, len(axes))), axes)


TURNED = Op(_turned, _turned_shape, View(_turned_strides), "as is")


def turn(graph: Graph) -> Graph:
    """Return a Graph that computes the same, with elements in the order in which they lie."""
    search = _Search(graph)
    return _Writer(search).graph() if search.wanted else graph


class _Search:
    """What could be turned, and what should be.

    Attributes:
        graph: what is computed.
        axes: turned value -> how it lies.
        base: value that a transpose makes -> what lies in memory.
        slices: values that are parts of turned ones.
        mixed: values that are made of what lies so and what does not.
        meetings: value that two transposes give back -> the first one's result.
        wanted: values of nodes that stand between two transposes.
        near: what they look at through transposes.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.axes: dict[int, Axes] = {}
        self.base: dict[int, int] = {}
        self.meetings: dict[int, int] = {}
        self.slices: set[int] = set()
        self.mixed: set[int] = set()
        self._spread: set[int] = set()  # views of fewer elements: as near in any order
        for v, array in graph.constants.items():
            if array.size and not any(array.strides):
                self._spread.add(v)
        for node in graph.nodes:
            self._look(node)
        self.wanted: set[int] = set()
        self.near: set[int] = set()
        if self.meetings:
            self._want()

    def whole(self, node: Node) -> list[int]:
        """The inputs of a node that decide in which order it goes through its elements."""
        if isinstance(node.op.lower, Reduction | Joined):
            return list(node.inputs)
        shape = self.graph.specs[node.outputs[0]].shape
        return [
            v for v in node.inputs if self.graph.specs[v].shape == shape and v not in self._spread
        ]

    def _look(self, node: Node) -> None:
        (*_, y), kind, specs = node.outputs, node.op.lower, self.graph.specs
        if isinstance(kind, View):
            (x,) = node.inputs
            axes = _permutation(node, specs[x].shape, specs[y].shape)
            if specs[x].size < specs[y].size or (axes and x in self._spread):
                self._spread.add(y)
            elif axes:
                before = self.axes.get(x)
                after = axes if before is None else tuple(before[a] for a in axes)
                if before is not None and after == tuple(range(len(after))):
                    self.meetings[y] = x
                else:
                    self.axes[y], self.base[y] = after, self.base.get(x, x)
            elif x in self.axes and _is_slice(node, specs[x].shape, specs[y].shape):
                self.axes[y], self.base[y] = self.axes[x], self.base.get(x, x)
                self.slices.add(y)
        elif isinstance(kind, Elementwise | Joined) and len(node.outputs) == 1:
            found = {self.axes.get(v) for v in self.whole(node)}
            if len(found - {None}) == 1:
                if None in found:
                    self.mixed.add(y)
                self.axes[y] = next(axes for axes in found if axes)
        elif isinstance(kind, Reduction) and (axes := self.axes.get(node.inputs[0])):
            left = _left(axes, node, specs)
            if left != tuple(range(len(left))):
                self.axes[y] = left

    def _want(self) -> None:
        """From each meeting back to the transposes before it."""
        asked = set(self.meetings.values())
        for node in reversed(self.graph.nodes):
            y = node.outputs[0]
            if y not in asked or y not in self.axes:
                continue
            if isinstance(node.op.lower, View):
                self.near.add(self.base[y])
                asked.update(node.inputs)
            else:
                self.wanted.add(y)
                asked.update(v for v in self.whole(node) if v in self.axes)


class _Writer:
    """Writes the new Graph."""

    def __init__(self, search: _Search) -> None:
        self.search, old = search, search.graph
        self.result = Graph()
        self.result.specs, self.result.inputs = list(old.specs), list(old.inputs)
        self.result.constants = dict(old.constants)
        self.lying: dict[int, int] = {}  # turned value -> what it is a transpose of
        self.made: set[int] = set(search.near)  # what is computed as it lies
        self.names: dict[int, int] = {}

    def graph(self) -> Graph:
        """Return it."""
        search, old = self.search, self.search.graph
        for node in old.nodes:
            y = node.outputs[0]
            if isinstance(node.op.lower, View):
                (x,) = node.inputs
                if y in search.meetings and x in self.lying:
                    self.names[y] = self.lying[x]
                    continue
                if y in search.slices and x in self.lying:
                    self.result.nodes.append(node)
                    self.lying[y] = self._back(y, search.axes[y])
                    self.made.update({self.lying[y]} if self.lying[x] in self.made else ())
                    continue
                if y in search.axes and (x in self.lying or x not in search.axes):
                    self.lying[y] = self.lying.get(x, self._named(x))
            elif self._near(node):
                self._turn(node)
                continue
            self.result.nodes.append(node._replace(inputs=tuple(map(self._named, node.inputs))))
        return self.result.restricted(list(map(self._named, old.outputs)))

    def _named(self, v: int) -> int:
        """The value that stands for v."""
        return self.names.get(v, v)

    def _near(self, node: Node) -> bool:
        """Whether a node is wanted, or reads what others compute as it lies."""
        search = self.search
        whole = [v for v in search.whole(node) if v in self.lying] if self._fits(node) else []
        if not whole or node.outputs[0] in search.wanted:
            return bool(whole)
        return node.outputs[0] not in search.mixed and any(
            self.lying[v] in self.made for v in whole
        )

    def _fits(self, node: Node) -> bool:
        kind, axes = node.op.lower, self.search.axes
        if isinstance(kind, Reduction):
            return node.inputs[0] in axes
        return isinstance(kind, Elementwise | Joined) and node.outputs[0] in axes

    def _turn(self, node: Node) -> None:
        (y,), specs, axes = node.outputs, self.result.specs, self.search.axes
        if isinstance(node.op.lower, Reduction):
            (x,) = node.inputs
            along = normalize_axes(node.attributes.get("axis"), specs[x].ndim, node.op.name)
            base_axes = tuple(sorted(axes[x][a] for a in along))
            attributes = {**node.attributes, "axis": base_axes}
            node = node._replace(inputs=(self.lying[x],), attributes=attributes)
        else:
            inputs, attributes = tuple(self._input(v, axes[y]) for v in node.inputs), {}
            if isinstance(node.op.lower, Joined):
                axis = normalize_axis(node.attributes["axis"], specs[y].ndim, node.op.name)
                attributes = {"axis": axes[y][axis]}
            node = node._replace(inputs=inputs, attributes={**node.attributes, **attributes})
        after = axes.get(y)
        spec = node.op.shape(*[specs[v] for v in node.inputs], **node.attributes)
        base = y if after is None else self.result.value(spec)
        self.result.nodes.append(node._replace(outputs=(base,)))
        self.made.add(base)
        if after is not None:
            self.lying[y] = base
            self.result.nodes.append(Node(TURNED, (base,), (y,), {"axes": after}, node.origins))

    def _input(self, v: int, axes: Axes) -> int:
        """An input of a turned node, in the order of the others."""
        if v in self.lying and self.search.axes[v] == axes:
            return self.lying[v]
        v, specs = self._named(v), self.result.specs
        if specs[v].size == 1 and specs[v].ndim <= 1:
            return v
        return self._back(v, axes)

    def _back(self, v: int, axes: Axes) -> int:
        """A view of v in the order in which turned values lie."""
        specs, back = self.result.specs, tuple(axes.index(a) for a in range(len(axes)))
        made = self.result.value(_turned_shape(specs[v], axes=back))
        self.result.nodes.append(Node(TURNED, (v,), (made,), {"axes": back}))
        return made


def _permutation(node: Node, x: Shape, y: Shape) -> Axes | None:
    """The axes of x that those of y are, if a view is a transpose of more than two of them."""
    if len(x) != len(y) or len(x) < 3 or 0 in x or sorted(x) != sorted(y):
        return None
    steps = contiguous(x)
    found = node.op.lower.strides(x, steps, y, **node.attributes)  # type: ignore[union-attr]
    if found is None or found[1]:
        return None
    free, axes = list(range(len(x))), []
    for size, step in zip(y, found[0], strict=True):
        fits = [a for a in free if x[a] == size and (size == 1 or steps[a] == step)]
        if not fits:
            return None
        axes.append(fits[0])
        free.remove(fits[0])
    return None if axes == sorted(axes) else tuple(axes)


def _left(axes: Axes, node: Node, specs: Sequence[Spec]) -> Axes:
    """How the result of a fold of a turned value lies, where that is folded as it lies."""
    x, y = specs[node.inputs[0]], specs[node.outputs[0]]
    if x.ndim == y.ndim:
        return axes
    along = normalize_axes(node.attributes.get("axis"), x.ndim, node.op.name)
    kept = [axes[a] for a in range(x.ndim) if a not in along]
    return tuple(sorted(kept).index(a) for a in kept)


def _is_slice(node: Node, x: Shape, y: Shape) -> bool:
    """Whether a view takes some of the indices of each axis."""
    if len(x) != len(y) or 0 in y or any(a < b for a, b in zip(x, y, strict=True)):
        return False
    steps = contiguous(x)
    found = node.op.lower.strides(x, steps, y, **node.attributes)  # type: ignore[union-attr]
    return found is not None and all(
        size == 1 or (step % before == 0 and abs(step) < before * n)
        for size, n, step, before in zip(y, x, found[0], steps, strict=True)
    )
