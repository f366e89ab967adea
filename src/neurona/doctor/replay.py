"""Replay: a step computed node by node, to see where the first number is born that is not finite.

A number that is not finite comes from another, or it is born: of operands that are all finite, or
NaN of infinite ones that were written down (a mask of -inf is no fault). Each value knows the
births that its bad numbers come from, through loops too, so an infinity that `where` leaves out is
told from one that reaches the weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.lowering import Elementwise, Scan
from neurona.core.origin import Origin

NOWHERE = Origin("", "", "", 0)
TRIED = 8  # births that may be the cause: each is tried by a replay in which it is alone


@dataclasses.dataclass(frozen=True, eq=False)
class Birth:
    """A value with numbers that are not finite, and come from no other.

    Attributes:
        number: how many were born before.
        graph: what the node is part of: the step, or the body of a loop.
        node: what computed it; None for an input of the step.
        turns: in which iteration of each loop around it.
        operands: what it was computed of.
        array: the value.
        new: where it has numbers that were born; others may have come with its operands.
        input: the number of the step's input, if it is one.
    """

    number: int
    graph: Graph
    node: Node | None
    turns: tuple[int, ...]
    operands: tuple[np.ndarray, ...]
    array: np.ndarray
    new: np.ndarray
    input: int | None = None

    @property
    def key(self) -> tuple:
        """What tells it from others, in every replay of the step."""
        outputs = self.node.outputs if self.node is not None else ()
        return id(self.graph), self.input, outputs, self.turns

    @property
    def origin(self) -> Origin:
        """Where the node comes from: rather what computes than its gradient, if it is both."""
        origins = self.node.origins if self.node is not None else ()
        return min(origins, key=lambda o: len(o.role), default=NOWHERE)

    @property
    def index(self) -> tuple[int, ...]:
        """Of the first bad number: NaN before infinity."""
        wrong = self.new & np.isnan(self.array)
        wrong = wrong if wrong.any() else self.new
        return tuple(int(i) for i in np.argwhere(wrong)[0])

    def at_index(self) -> list[float] | None:
        """Return the operands at the first bad number; None if it is made of many numbers."""
        if self.node is None or not isinstance(self.node.op.lower, Elementwise):
            return None
        return [float(np.broadcast_to(a, self.array.shape)[self.index]) for a in self.operands]


class Seen:
    """A value of the replay: an array, and the births that its bad numbers come from."""

    __slots__ = ("array", "births")

    def __init__(self, array: np.ndarray, births: frozenset[Birth] = frozenset()) -> None:
        self.array, self.births = array, births

    def __getitem__(self, i: int) -> Seen:
        """Return a row: what a loop reads of a sequence."""
        row = np.asarray(self.array[i])
        return Seen(row, self.births if self.births and not _finite(row) else frozenset())


@dataclasses.dataclass
class Replay:
    """What a replay has found.

    Attributes:
        outputs: the values of the Graph's outputs.
        births: all, in the order in which they happened.
        largest: part of the step -> the largest number that it computed, as far as all was finite.
    """

    outputs: list[Seen]
    births: list[Birth]
    largest: dict[str, float]

    def bad(self, watched: Iterable[int]) -> bool:
        """Whether some numbers of some outputs are not finite."""
        return not all(_finite(self.outputs[i].array) for i in watched)


class _Run:
    """One replay; with `alone`, the bad numbers of all other births are taken to be 1."""

    def __init__(self, alone: Birth | None = None) -> None:
        self.alone = alone
        self.births: list[Birth] = []
        self.largest: dict[str, float] = {}

    # --- what a loop asks of the namespace of its arrays

    def stack(self, column: Sequence[Seen]) -> Seen:
        """Return the value whose rows are these."""
        births = frozenset[Birth]().union(*[x.births for x in column])
        return Seen(np.stack([x.array for x in column]), births)

    def zeros(self, shape: Any, dtype: Any) -> Seen:
        """Return a constant."""
        return Seen(np.zeros(shape, dtype))

    def born(
        self, graph: Graph, node: Node | None, turns: tuple[int, ...],
        operands: tuple[np.ndarray, ...], array: np.ndarray, new: np.ndarray,
        input: int | None = None,
    ) -> Seen:  # fmt: skip
        """Return a value that is a birth, or what it would be if that were mended."""
        birth = Birth(len(self.births), graph, node, turns, operands, array, new, input)
        self.births.append(birth)
        if self.alone is None or self.alone.key == birth.key:
            return Seen(birth.array, frozenset([birth]))
        return Seen(np.where(new, 1, array).astype(array.dtype))

    def run(self, graph: Graph, inputs: Sequence[Seen], turns: tuple[int, ...] = ()) -> list[Seen]:
        """Compute a Graph; values go after their last use."""
        values = {v: Seen(array) for v, array in graph.constants.items()}
        values.update(zip(graph.inputs, inputs, strict=True))
        for (_, _, _, _, last), node in zip(graph.plan, graph.nodes, strict=True):
            given = [values[v] for v in node.inputs]
            if isinstance(node.op.lower, Scan):
                results = self._loop(node, given, turns)
            else:
                results = self._computed(graph, node, given, turns)
            values.update(zip(node.outputs, results, strict=True))
            for v in last:
                values.pop(v, None)
        return [values[v] for v in graph.outputs]

    def _loop(self, node: Node, given: Sequence[Seen], turns: tuple[int, ...]) -> list[Seen]:
        body = node.attributes["body"]

        def turn(i: int, values: Sequence[Seen]) -> Generator[None, None, list[Seen]]:
            yield from ()
            return self.run(body, values, (*turns, i))

        steps = node.op.lower.walk(self, given, turn, **node.attributes)  # type: ignore[union-attr]
        try:
            next(steps)
        except StopIteration as end:
            return list(end.value)
        raise AssertionError("a loop that yields")

    def _computed(
        self, graph: Graph, node: Node, given: Sequence[Seen], turns: tuple[int, ...]
    ) -> list[Seen]:
        arrays = tuple(x.array for x in given)
        result = node.op.forward(np, *arrays, **node.attributes)
        single = len(node.outputs) == 1 and not isinstance(result, tuple)
        found = []
        for v, value in zip(node.outputs, (result,) if single else result, strict=True):
            array = np.asarray(value, graph.specs[v].dtype)
            births = frozenset[Birth]()
            if array.dtype.kind == "f" and not _finite(array):
                births = _inherited(node, given, array)
                new = _new(node, given, array)
                if new.any():
                    seen = self.born(graph, node, turns, arrays, array, new)
                    array, births = seen.array, births | seen.births
            elif array.dtype.kind == "f" and not self.births:
                self._note(node, array)
            found.append(Seen(array, births))
        return found

    def _note(self, node: Node, array: np.ndarray) -> None:
        for origin in node.origins[:1]:
            if origin.part and array.size:
                most = float(np.abs(array).max())
                self.largest[origin.part] = max(most, self.largest.get(origin.part, 0.0))


def _finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _touches(node: Node, x: Seen, array: np.ndarray) -> bool:
    """Whether bad numbers of an operand may have become bad ones of the result."""
    if _finite(x.array):
        return False
    if not isinstance(node.op.lower, Elementwise):
        return True
    return bool((~np.isfinite(x.array) & ~np.isfinite(array)).any())


def _inherited(node: Node, given: Sequence[Seen], array: np.ndarray) -> frozenset[Birth]:
    births = [x.births for x in given if x.births and _touches(node, x, array)]
    return frozenset[Birth]().union(*births)


def _new(node: Node, given: Sequence[Seen], array: np.ndarray) -> np.ndarray:
    """Say which bad numbers of a result come from no operand's."""
    bad = [x.array for x in given if not _finite(x.array)]
    wrong = ~np.isfinite(array)
    if not bad:
        return wrong
    if not isinstance(node.op.lower, Elementwise):
        inherited = any(x.births for x in given) or any(np.isnan(a).any() for a in bad)
        return np.zeros_like(wrong) if inherited else np.isnan(array)
    new = wrong
    for a in bad:
        new = new & np.isfinite(a)
    written = any(not x.births and not _finite(x.array) for x in given)
    if written and node.op.name != "where":  # inf - inf, 0 * inf of what was written down
        nan = np.isnan(array)
        for x in given:
            nan = nan & (np.isfinite(x.array) if x.births else ~np.isnan(x.array))
        new = new | nan
    return new


def replay(graph: Graph, arrays: Sequence[Any], alone: Birth | None = None) -> Replay:
    """Compute a Graph on NumPy and return what was born on the way.

    Args:
        graph: a step.
        arrays: its inputs.
        alone: a birth; the bad numbers of all others are taken to be 1: is it enough to do harm?
    """
    run = _Run(alone)
    with np.errstate(all="ignore"):
        inputs = []
        for number, given in enumerate(arrays):
            array = np.asarray(given)
            if _finite(array):
                inputs.append(Seen(array))
            else:
                inputs.append(run.born(graph, None, (), (), array, ~np.isfinite(array), number))
        outputs = run.run(graph, inputs)
    return Replay(outputs, run.births, run.largest)


def first(
    graph: Graph, arrays: Sequence[Any], watched: Sequence[int]
) -> tuple[Birth, Replay] | None:
    """Return the first birth that makes an output bad, and the replay; None if all is finite.

    Of several whose numbers reach an output it is the first that does so alone.
    """
    seen = replay(graph, arrays)
    reaching = {b for i in watched for b in seen.outputs[i].births}
    births = sorted(reaching, key=lambda b: b.number)
    if not births:
        return None
    for birth in births[:TRIED] if len(births) > 1 else ():
        if replay(graph, arrays, birth).bad(watched):
            return birth, seen
    return births[0], seen
