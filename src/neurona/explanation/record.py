"""Record: one run of a Graph with every value kept, loops unrolled.

A value is a number: `arrays[id]` is what it was, `made[id]` how it was made. The engine that runs a
model keeps nothing of this; the record is computed again by the forward rules, which are the
meaning that every engine's code is held against.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Scan
from neurona.core.origin import Origin


class Made(NamedTuple):
    """How a value was made.

    Attributes:
        node: of the Graph, or of the body of a loop; its numbers are not those of the record.
        inputs, outputs: numbers of values of the record.
        turns: in which iteration of each loop around it.
    """

    node: Node
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    turns: tuple[int, ...] = ()

    @property
    def origin(self) -> Origin:
        """Where the node comes from, by the first of its origins."""
        return self.node.origins[0] if self.node.origins else Origin("", "", "", 0)


class Row(NamedTuple):
    """A value that is one row of another: what a loop reads of a sequence."""

    of: int
    number: int


class Rows(NamedTuple):
    """A value that has others for rows: what a loop hands out."""

    rows: tuple[int, ...]


class Traced:
    """A value inside of a loop: an array that knows its number in the record."""

    def __init__(self, record: Record, id: int) -> None:
        self.record, self.id = record, id

    def __getitem__(self, i: int) -> Traced:
        return Traced(self.record, self.record.add(self.record.arrays[self.id][i], Row(self.id, i)))


class Record:
    """A Graph with all its values.

    Args:
        graph: what was computed.
        inputs: its arrays.

    Attributes:
        graph: the Graph.
        arrays: each value.
        made: how each value was made: a Made, a Row or Rows; None for inputs and constants.
        constants: numbers of the values that are constants.
        inputs, outputs: numbers of the values that were given and asked for.
        id_of: number of a value of the Graph -> its number here.
    """

    def __init__(self, graph: Graph, inputs: Sequence[Any]) -> None:
        self.graph = graph
        self.arrays: list[np.ndarray] = []
        self.made: list[Made | Row | Rows | None] = []
        self.constants: set[int] = set()
        self.inputs = [self.add(np.asarray(a), None) for a in inputs]
        self.id_of: dict[int, int] = {}
        with np.errstate(all="ignore"):
            self.outputs = self._run(graph, self.inputs, (), self.id_of)

    def add(self, array: Any, made: Made | Row | Rows | None) -> int:
        """Add a value and return its number."""
        self.arrays.append(np.asarray(array))
        self.made.append(made)
        return len(self.arrays) - 1

    # --- what a loop asks of the namespace of its arrays

    def stack(self, column: Sequence[Traced]) -> Traced:
        """Return the value whose rows are these."""
        rows = tuple(x.id for x in column)
        return Traced(self, self.add(np.stack([self.arrays[r] for r in rows]), Rows(rows)))

    def zeros(self, shape: Any, dtype: Any) -> Traced:
        """Return a constant."""
        id = self.add(np.zeros(shape, dtype), None)
        self.constants.add(id)
        return Traced(self, id)

    def _run(
        self, graph: Graph, inputs: Sequence[int], turns: tuple[int, ...], ids: dict[int, int]
    ) -> list[int]:
        for value, array in graph.constants.items():
            ids[value] = self.add(array, None)
            self.constants.add(ids[value])
        ids.update(zip(graph.inputs, inputs, strict=True))
        for node in graph.nodes:
            given = [ids[v] for v in node.inputs]
            if isinstance(node.op.lower, Scan):
                results = self._loop(node, given, turns)
            else:
                arrays = [self.arrays[i] for i in given]
                result = node.op.forward(np, *arrays, **node.attributes)
                single = len(node.outputs) == 1 and not isinstance(result, tuple)
                specs = [graph.specs[v] for v in node.outputs]
                values = [
                    np.asarray(a, spec.dtype)
                    for a, spec in zip((result,) if single else result, specs, strict=True)
                ]
                start = len(self.arrays)
                outputs = tuple(range(start, start + len(values)))
                made = Made(node, tuple(given), outputs, turns)
                results = [self.add(a, made) for a in values]
            ids.update(zip(node.outputs, results, strict=True))
        return [ids[v] for v in graph.outputs]

    def _loop(self, node: Node, given: Sequence[int], turns: tuple[int, ...]) -> list[int]:
        body = node.attributes["body"]

        def turn(i: int, values: Sequence[Traced]) -> Generator[None, None, list[Traced]]:
            yield from ()
            inner = self._run(body, [x.id for x in values], (*turns, i), {})
            return [Traced(self, id) for id in inner]

        inputs = [Traced(self, id) for id in given]
        steps = node.op.lower.walk(self, inputs, turn, **node.attributes)  # type: ignore[union-attr]
        try:
            next(steps)
        except StopIteration as end:
            return [x.id for x in end.value]
        raise AssertionError("a loop that yields")
