"""What reads and assigns Parameters, as a pure function of them.

    (seed and step, parameter values, batch) -> (changed values, results)

Nothing else is captured, so nothing goes stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core import random
from neurona.core.graph import Graph, trace, trace_open
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten
from neurona.nn.parameter import Parameter, bound, knowing, reading, rehearsal

STATE = Spec((2,), np.dtype("int64"))  # of the random stream: seed and step


class Pure(NamedTuple):
    """A traced function.

    Attributes:
        graph: its inputs are seed and step, the values of known parameters, the batch, and the
            values of what was found; its outputs the changed values, and the results.
        found: what it reads besides: Parameters, and Tensors that may be asked for a gradient.
        changed: numbers of the Parameters, known ones and then found ones, that outputs replace.
        results: how the other outputs are nested.
    """

    graph: Graph
    found: list[Tensor]
    changed: list[int]
    results: Structure


def trace_pure(
    fn: Callable, structure: Structure, arrays: Sequence[Any],
    parameters: Sequence[Parameter] | None = None,
) -> Pure:  # fmt: skip
    """Trace a function of a batch, and put back all that it does to Parameters.

    Args:
        fn: called with a batch of Tensors; returns Tensors, nested.
        structure: of the batch.
        arrays: its leaves, or their Specs.
        parameters: all Parameters that `fn` uses; None: whatever it reads is found.

    Raises:
        StateError: if `fn` reads or assigns a Parameter that is not among those that are given.
    """
    known = list(parameters or ())
    found: list[Tensor] = []
    changed: list[int] = []
    shape: list[Structure] = []

    def pure(state: Tensor, *values: Tensor) -> list[Tensor]:
        given = values[: len(known)]
        reads: Any = knowing(known) if parameters is not None else reading()
        with bound(known, given), reads as seen, rehearsal(), random.use(state):
            leaves, results = flatten(fn(*structure.unflatten(values[len(known) :])))
            shape.append(results)
            pairs = list(zip(known, given, strict=True))
            if seen is not None:
                pairs += seen.inputs.values()
            found.extend(p for p, _ in pairs[len(known) :])
            changed.extend(k for k, (p, x) in enumerate(pairs) if p.value is not x)
            return [pairs[k][0].value for k in changed] + leaves

    specs = [STATE, *[p.spec for p in known], *arrays]
    if parameters is not None:
        return Pure(trace(pure, specs), found, changed, shape[0])
    graph, captured = trace_open(pure, specs)
    return Pure(graph, [*found, *captured], changed, shape[0])
