"""Graph: what tracing a function of Tensors yields.

A value is a number: `specs[v]` says how it looks. Values come from the inputs, from constants, or
from a Node; nodes stand in dependency order. Tracing leaves out what no output needs and merges
nodes that compute the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core import origin
from neurona.core.ambient import ambient, within
from neurona.core.lowering import Scan
from neurona.core.op import Op, as_tensor
from neurona.core.origin import Origins
from neurona.core.shapes import Spec, as_dtype, as_shape
from neurona.core.tensor import Source, Tensor
from neurona.core.tree import Structure, flatten
from neurona.core.walk import Computed, walk
from neurona.errors import NeuronaError, TraceError

_NOTHING: Mapping[int, Tensor] = {}


class Node(NamedTuple):
    """One application of an op to values; `origins` say of which layer it is, and made where."""

    op: Op
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: dict[str, Any]
    origins: Origins = ()


class Graph:
    """A traced function: nodes in order, inputs, outputs.

    Attributes:
        specs: Spec of each value.
        inputs, outputs: the values that are given and asked for.
        constants: value -> array.
        nodes: the Nodes, each after those that it needs.
        structure: how the flat outputs were nested in what the function returned.

    >>> from neurona.ops import tanh
    >>> print(trace(lambda x: tanh(x) * tanh(x), [Spec((2,), np.dtype("float32"))]))
    graph(%0: f32[2]) -> %2
      %1: f32[2] = tanh(%0)
      %2: f32[2] = mul(%1, %1)
    """

    def __init__(self) -> None:
        self.specs: list[Spec] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.constants: dict[int, np.ndarray] = {}
        self.nodes: list[Node] = []
        self.structure: Structure | None = None
        self._fingerprint: str | None = None
        self._plan: list[tuple] | None = None

    def value(self, spec: Spec) -> int:
        """Add a value and return its number."""
        self.specs.append(spec)
        return len(self.specs) - 1

    def join(self, place: int, origins: Origins) -> tuple[int, ...]:
        """Let the node at a place stand for an equal one, too; return its outputs."""
        node = self.nodes[place]
        if node.origins is not origins:
            both = origin.joined(node.origins, origins)
            if both is not node.origins:
                self.nodes[place] = node._replace(origins=both)
        return node.outputs

    def check(self) -> Graph:
        """Raise a TraceError if the Graph is not well formed; return it.

        Every value has one origin, nodes use values that exist by then, and the shape rules give
        the Specs that are written down.
        """
        known = [*self.inputs, *self.constants]
        if len(set(known)) != len(known):
            raise TraceError("graph: a value has two origins.")
        ready = set(known)
        for value, array in self.constants.items():
            if Spec(array.shape, array.dtype) != self.specs[value]:
                raise TraceError(f"graph: the constant %{value} is not what its Spec says.")
        for node in self.nodes:
            if missing := [v for v in node.inputs if v not in ready]:
                raise TraceError(f"graph: {node.op.name} uses %{missing[0]} before it is computed.")
            specs = node.op.shape(*[self.specs[v] for v in node.inputs], **node.attributes)
            specs = (specs,) if isinstance(specs, Spec) else tuple(specs)
            if specs != tuple(self.specs[v] for v in node.outputs):
                raise TraceError(f"graph: {node.op.name} does not give what its Specs say.")
            if ready & set(node.outputs):
                raise TraceError(f"graph: {node.op.name} computes a value again.")
            ready.update(node.outputs)
        if missing := [v for v in self.outputs if v not in ready]:
            raise TraceError(f"graph: the output %{missing[0]} is never computed.")
        return self

    def fingerprint(self) -> str:
        """Return a hash of all that the Graph computes, equal for equal Graphs."""
        if self._fingerprint is None:
            digest = hashlib.sha256(str(self).encode())
            for value, array in self.constants.items():
                splat = array.size and not any(array.strides)  # one element, stretched
                array = array.reshape(-1)[:1] if splat else np.ascontiguousarray(array)
                digest.update(f"%{value}".encode() + array.tobytes())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.fingerprint() == other.fingerprint()

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def explain(self) -> str:
        """Return the Graph as text, with the origin of each node, and the bodies of loops."""
        return "\n".join(self._lines(explained=True))

    def _lines(self, explained: bool = False) -> list[str]:
        heads = ", ".join(f"%{v}: {self.specs[v]}" for v in self.inputs)
        lines = [f"graph({heads}) -> {', '.join(f'%{v}' for v in self.outputs)}"]
        for value, array in self.constants.items():
            numbers = str(array.tolist()) if array.size <= 8 else "..."
            lines.append(f"  %{value}: {self.specs[value]} = constant {numbers}")
        for node in self.nodes:
            left = ", ".join(f"%{v}: {self.specs[v]}" for v in node.outputs)
            right = [f"%{v}" for v in node.inputs]
            right += [f"{k}={_shown(v)}" for k, v in node.attributes.items()]
            lines.append(f"  {left} = {node.op.name}({', '.join(right)})")
            if explained and (text := origin.shown(node.origins)):
                lines[-1] += f"  # {text}"
            if explained and isinstance(node.op.lower, Scan):
                lines += [f"    {line}" for line in node.attributes["body"]._lines(explained)]
        return lines

    def evaluate(self, xp: Any, arrays: Sequence[Any]) -> list[Any]:
        """Run the forward rules in order on `xp` arrays; values go after their last use."""
        values: list[Any] = [None] * len(self.specs)
        for v, array in self.constants.items():
            values[v] = array
        for v, array in zip(self.inputs, arrays, strict=True):
            values[v] = array
        outputs: tuple[int, ...] = ()
        try:
            for forward, inputs, outputs, attributes, last in self.plan:
                result = forward(xp, *[values[v] for v in inputs], **attributes)
                if len(outputs) == 1 and not isinstance(result, tuple):
                    values[outputs[0]] = result
                else:
                    for v, array in zip(outputs, result, strict=True):
                        values[v] = array
                for v in last:
                    values[v] = None
        except NeuronaError as error:
            node = next(node for node in self.nodes if node.outputs == outputs)
            raise origin.located(error, node.origins) from None
        return [values[v] for v in self.outputs]

    def walk(self, xp: Any, arrays: Sequence[Any]) -> Iterator[Computed]:
        """Run the forward rules in order on `xp` arrays and yield (node, its values, turns).

        Values go after their last use, unless the reader keeps them. A loop yields the nodes of its
        body for each iteration, whose number `turns` says, and then itself.

        >>> graph = trace(lambda x: x * x + 1.0, [np.float32(3)])
        >>> [(node.op.name, y.item()) for node, (y,), _ in graph.walk(np, [np.float32(3)])]
        [('mul', 9.0), ('add', 10.0)]
        """
        return walk(self, xp, arrays)

    def inline(
        self, inputs: Sequence[Tensor], known: Mapping[int, Tensor] = _NOTHING
    ) -> list[Tensor]:
        """Apply the ops in order to Tensors: what tracing took apart, done again.

        Args:
            inputs: a Tensor for each input.
            known: Tensors that some nodes' only outputs are equal to: gradients go through these
                nodes, and yet they are not computed again.
        """
        values: dict[int, Tensor] = {v: Tensor(array) for v, array in self.constants.items()}
        values.update(zip(self.inputs, inputs, strict=True))
        with origin.known() as scope:
            for node in self.nodes:
                scope.origins = node.origins
                result = node.op.apply(tuple(values[v] for v in node.inputs), node.attributes)
                results = result if isinstance(result, tuple) else (result,)
                values.update(zip(node.outputs, results, strict=True))
                if node.outputs[0] in known and results[0].source is not None:
                    results[0].source.known = known[node.outputs[0]]
        return [values[v] for v in self.outputs]

    def needed(self, values: Iterable[int]) -> set[int]:
        """Return the values that some are made from, these among them."""
        live = set(values)
        for node in reversed(self.nodes):
            if live.intersection(node.outputs):
                live.update(node.inputs)
        return live

    def restricted(self, outputs: Sequence[int]) -> Graph:
        """Return the Graph of the same inputs that computes only these values."""
        graph = Graph()
        graph.specs, graph.inputs, graph.outputs = self.specs, self.inputs, list(outputs)
        live = self.needed(outputs)
        graph.nodes = [node for node in self.nodes if live.intersection(node.outputs)]
        graph.constants = {v: a for v, a in self.constants.items() if v in live}
        return graph

    @property
    def plan(self) -> list[tuple]:
        """For each node (forward, inputs, outputs, attributes, values used for the last time)."""
        if self._plan is None:
            seen = set(self.outputs)
            plan = []
            for node in reversed(self.nodes):
                last = [v for v in {*node.inputs, *node.outputs} if v not in seen]
                seen.update(last)
                plan.append((node.op.forward, node.inputs, node.outputs, node.attributes, last))
            self._plan = plan[::-1]
        return self._plan


def _shown(value: Any) -> str:
    return f"<{value.fingerprint()[:12]}>" if isinstance(value, Graph) else str(value)


def tracing() -> int:
    """Return the number of traces that are open in this thread: 0 while it traces nothing."""
    return len(ambient.traces)


def another_input(spec: Spec, level: int) -> Tensor:
    """Return a new input, behind those that it has, of the open trace with this number."""
    inputs = ambient.traces[level - 1]
    inputs.append(Tensor(None, spec, level=level))
    return inputs[-1]


def trace(fn: Callable, specs: Sequence[Any]) -> Graph:
    """Run `fn` on abstract Tensors and return what it did as a Graph.

    Args:
        fn: a function of Tensors that returns Tensors, nested in tuples, lists and dicts.
        specs: for each argument a Spec, or anything with a `shape` and a `dtype`.

    Raises:
        TraceError: if `fn` asks for values, or returns a Tensor of another trace.
    """
    graph, captured = trace_open(fn, specs)
    if captured:
        raise TraceError(
            "the function uses a Tensor of an outer trace."
            if captured[0].level
            else "the function reads a Tensor that may be asked for a gradient, like a parameter.",
            got=str(captured[0].spec),
            hint="pass it as an argument",
        )
    return graph


def trace_open(fn: Callable, specs: Sequence[Any]) -> tuple[Graph, list[Tensor]]:
    """Trace a function that may use tensors of its surroundings.

    Returns the Graph and the captured Tensors: those from outer traces, or with a gradient to
    receive. They are the Graph's last inputs. Other surrounding tensors become constants.
    """
    level = tracing() + 1
    inputs = [Tensor(None, _as_spec(s), level=level) for s in specs]
    with within(traces=(*ambient.traces, inputs)):
        leaves, structure = flatten(origin.inside(origin.part(""), fn, *inputs))
        outputs = [as_tensor(x) for x in leaves]
        return _extract(inputs, outputs, structure, level)


def infer(fn: Callable, specs: Sequence[Any]) -> Any:
    """Run `fn` on abstract Tensors and return what it returns, for its shapes: no Graph is made.

    >>> infer(lambda x: [x + 1], [Spec((2, 3), np.dtype("float32"))])
    [Tensor(f32[2,3], traced)]
    """
    inputs = [Tensor(None, _as_spec(s), level=tracing() + 1) for s in specs]
    with within(traces=(*ambient.traces, inputs)):
        return origin.inside(origin.part(""), fn, *inputs)


def _as_spec(like: Any) -> Spec:
    return like if isinstance(like, Spec) else Spec(as_shape(like.shape), as_dtype(like.dtype))


def _extract(
    inputs: list[Tensor], outputs: list[Tensor], structure: Structure, level: int
) -> tuple[Graph, list[Tensor]]:
    """Walk back from the outputs and write what they need as a Graph."""
    graph = Graph()
    graph.structure = structure
    numbers: dict[Any, int] = {id(x): graph.value(x.spec) for x in inputs}
    graph.inputs = list(numbers.values())
    captured: list[Tensor] = []
    made: dict[tuple[int, int], int] = {}  # (serial of source, index) -> value
    merged: dict[Any, int] = {}  # what a node is -> its place; what a constant is -> its value

    def inside(x: Tensor) -> bool:
        return x.level >= level and x.source is not None

    def number(x: Tensor) -> int:
        if inside(x):
            return made[x.source.serial, x.index]  # type: ignore[union-attr]
        key = id(x) if x.source is None else (x.source.serial, x.index)
        if (known := numbers.get(key)) is not None:
            return known
        if x.level >= level:
            raise TraceError(
                "a Tensor has leaked out of a trace that has ended.",
                got=str(x.spec),
                hint="return it from the traced function, and give it to the next one",
            )
        if x.level or x.tracked:
            captured.append(x)
            value = graph.value(x.spec)
            graph.inputs.append(value)
        else:
            value = _constant(graph, x.data, merged)  # type: ignore[arg-type]
        numbers[key] = value
        return value

    for source in _needed([x.source for x in outputs if inside(x)], level):  # type: ignore[misc]
        if source.known is not None:
            made[source.serial, 0] = number(source.known)
            continue
        arguments = tuple(number(x) for x in source.inputs)
        key = (source.op.name, arguments, tuple(source.attributes.items()))
        place = merged.get(key)
        if place is None:
            values = tuple(graph.value(spec) for spec in source.specs)
            merged[key] = len(graph.nodes)
            attributes, origins = source.attributes, source.origins
            graph.nodes.append(Node(source.op, arguments, values, attributes, origins))
        else:
            values = graph.join(place, source.origins)
        made.update({(source.serial, i): v for i, v in enumerate(values)})
    graph.outputs = [number(x) for x in outputs]
    _narrow(graph)
    return graph, captured


def _narrow(graph: Graph) -> None:
    """Take from each loop the outputs that nothing uses; what only they needed goes as well."""
    if not any(isinstance(node.op.lower, Scan) for node in graph.nodes):
        return
    live = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if not live.intersection(node.outputs):
            continue
        if isinstance(node.op.lower, Scan):
            used = [i for i, v in enumerate(node.outputs) if v in live]
            attributes, made = node.op.lower.narrow(node.attributes, used)
            outputs = tuple(node.outputs[i] for i in made)
            node = node._replace(outputs=outputs, attributes=attributes)
        live.update(node.inputs)
        kept.append(node)
    graph.nodes = kept[::-1]


def _needed(sources: list[Source], level: int) -> list[Source]:
    found: dict[int, Source] = {}
    while sources:
        source = sources.pop()
        if source.serial not in found:
            found[source.serial] = source
            read = source.inputs if source.known is None else (source.known,)
            sources += [x.source for x in read if x.source is not None and x.level >= level]
    return [found[serial] for serial in sorted(found)]


def _constant(graph: Graph, array: np.ndarray, merged: dict) -> int:
    key = (array.shape, array.dtype.str, array.tobytes()) if array.size <= 64 else id(array)
    if key not in merged:
        merged[key] = graph.value(Spec(array.shape, array.dtype))
        graph.constants[merged[key]] = array
    return merged[key]
