"""A step as a pure function, so one Graph: what assignments to Parameters become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.graph import Graph, trace
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten
from neurona.errors import StateError
from neurona.nn.parameter import Parameter, bound, rehearsal

_STATE = Spec((2,), np.dtype("int64"))


class Traced(NamedTuple):
    """A step for batches of one kind.

    Attributes:
        graph: (seed and step, parameter values, batch) -> (changed values, results).
        changed: numbers of the Parameters that the first outputs replace.
        results: how the other outputs are nested.
    """

    graph: Graph
    changed: list[int]
    results: Structure


def trace_step(
    fn: Callable, parameters: Sequence[Parameter], structure: Structure,
    batch: Sequence[np.ndarray],
) -> Traced:  # fmt: skip
    """Trace a function of a batch that reads Parameters and assigns to them.

    Args:
        fn: the function.
        parameters: all that it uses.
        structure: how batches are nested.
        batch: the leaves of such a batch, to see what they look like.

    Raises:
        StateError: if `fn` assigns to a Parameter that is not among `parameters`.
    """
    count, own = len(parameters), {id(p) for p in parameters}
    changed: list[int] = []
    shape: list[Structure] = []

    def pure(state: Tensor, *values: Tensor) -> list[Tensor]:
        given = values[:count]
        with bound(parameters, given), rehearsal() as assigned, random.use(state):
            leaves, results = flatten(fn(*structure.unflatten(values[count:])))
            shape.append(results)
            for p, before in assigned.values():
                if id(p) not in own and not before.level:
                    raise StateError(
                        "the step assigns to a Parameter that the model does not know.",
                        got=p.path,
                        hint="make it an attribute of the model or of one of its layers",
                    )
            values_now = [p.value for p in parameters]
            changed.extend(k for k in range(count) if values_now[k] is not given[k])
            return [values_now[k] for k in changed] + leaves

    graph = trace(pure, [_STATE, *[p.spec for p in parameters], *batch])
    return Traced(graph, changed, shape[0])
