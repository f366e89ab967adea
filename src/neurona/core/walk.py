"""Walk through a Graph with values: what each node computes, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurona.core.lowering import Scan
from neurona.core.origin import located
from neurona.errors import NeuronaError

if TYPE_CHECKING:
    from neurona.core.graph import Graph, Node


class Computed(NamedTuple):
    """A node and what it computes.

    Attributes:
        node: one of the Graph, or of the body of a loop.
        values: an array for each of its outputs.
        turns: in which iteration of each loop around it, the outermost first; () outside of loops.
    """

    node: Node
    values: tuple[Any, ...]
    turns: tuple[int, ...]


def walk(
    graph: Graph, xp: Any, arrays: Sequence[Any], turns: tuple[int, ...] = ()
) -> Generator[Computed, None, list[Any]]:
    """Yield what each node computes; return the values of the outputs. See `Graph.walk`."""
    values: dict[int, Any] = dict(graph.constants)
    values.update(zip(graph.inputs, arrays, strict=True))
    for (_, inputs, outputs, attributes, last), node in zip(graph.plan, graph.nodes, strict=True):
        given = [values[v] for v in inputs]
        try:
            if isinstance(node.op.lower, Scan):
                body = attributes["body"]
                result = yield from node.op.lower.walk(
                    xp, given, lambda i, a, body=body: walk(body, xp, a, (*turns, i)), **attributes
                )
            else:
                result = node.op.forward(xp, *given, **attributes)
        except NeuronaError as error:
            raise located(error, node.origins) from None
        single = len(outputs) == 1 and not isinstance(result, tuple)
        results = (result,) if single else tuple(result)
        values.update(zip(outputs, results, strict=True))
        yield Computed(node, results, turns)
        for v in last:
            values.pop(v, None)
    return [values[v] for v in graph.outputs]


class NotFinite(NamedTuple):
    """A value that is not finite.

    Attributes:
        node: what computed it; None for an input of the Graph.
        value: its number.
        array: the value itself.
        turns: in which iteration of each loop around the node.

    >>> str(NotFinite(None, 0, np.array([1.0, np.nan, np.inf]), ()))
    'the input %0: 2 of 3 numbers are not finite (1 nan, 1 inf), the first at (1,).'
    """

    node: Node | None
    value: int
    array: np.ndarray
    turns: tuple[int, ...]

    def __str__(self) -> str:
        wrong = ~np.isfinite(self.array)
        nan = int(np.isnan(self.array).sum())
        kinds = [(nan, "nan"), (int(wrong.sum()) - nan, "inf")]
        counts = ", ".join(f"{count} {kind}" for count, kind in kinds if count)
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        name = f"the input %{self.value}" if self.node is None else self.node.op.name
        text = (
            f"{name}: {wrong.sum()} of {wrong.size} numbers are not finite ({counts}), "
            f"the first at {first}."
        )
        if self.turns:
            text += f"\nin iteration {', '.join(map(str, self.turns))}."
        if self.node is not None and self.node.origins:
            text += f"\nof {self.node.origins[0].described}."
        return text


def first_not_finite(
    graph: Graph, arrays: Sequence[Any], infinite: bool = True
) -> NotFinite | None:
    """Return the first value that holds NaN or infinite numbers, None if all values are finite.

    Args:
        graph: what is computed.
        arrays: its inputs.
        infinite: whether infinite numbers count, or NaN alone.
    """
    for v, array in zip(graph.inputs, arrays, strict=True):
        if _is_wrong(array, infinite):
            return NotFinite(None, v, np.asarray(array), ())
    with np.errstate(all="ignore"):
        for node, values, turns in graph.walk(np, arrays):
            for v, array in zip(node.outputs, values, strict=True):
                if _is_wrong(array, infinite):
                    return NotFinite(node, v, np.asarray(array), turns)
    return None


def _is_wrong(array: Any, infinite: bool) -> bool:
    if np.asarray(array).dtype.kind != "f":
        return False
    return bool((~np.isfinite(array)).any() if infinite else np.isnan(array).any())
