"""Step: one pass over a batch as one pure function, so one Graph, one Program.

A Step is written with assignments: `fn(batch)` reads Parameters and assigns to them. Tracing turns
this into a pure function

    (seed and step, parameter values, batch) -> (changed values, results)

and calling the Step runs its Program and puts the changed values back. Nothing else is captured, so
nothing goes stale. A batch of another size is a second Program of the same Step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.graph import trace
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten
from neurona.engines.program import Program, compile
from neurona.nn.parameter import Parameter, bound

_STATE = Spec((2,), np.dtype("int64"))


class Step:
    """A function of a batch that reads and assigns Parameters, compiled.

    Args:
        fn: called with a batch (nested tuples, lists and dicts of Tensors, None allowed); returns
            a nested structure of Tensors.
        parameters: all Parameters that `fn` uses.
        engine: name of the engine.

    Attributes:
        programs: the compiled Programs, by structure and specs of the batch.
    """

    def __init__(
        self, fn: Callable, parameters: Sequence[Parameter], engine: str | None = None
    ) -> None:
        self.fn, self.parameters, self.engine = fn, list(parameters), engine
        self.programs: dict[Any, tuple[Program, list[Parameter], Structure]] = {}

    def __call__(self, *batch: Any) -> Any:
        """Run the step on a batch, assign what it changed, and return its results."""
        arrays, (program, changed, outputs) = self._compiled(batch)
        state = np.array(random.take_state(), np.int64)
        results = program(state, *[p.data for p in self.parameters], *arrays)
        for p, array in zip(changed, results, strict=False):
            p.restore(Tensor(array, requires_grad=p.trainable))
        return outputs.unflatten(results[len(changed) :])

    def program(self, *batch: Any) -> Program:
        """Return the Program for batches like this one."""
        return self._compiled(batch)[1][0]

    def _compiled(self, batch: tuple) -> tuple[list[np.ndarray], tuple]:
        leaves, structure = flatten(batch)
        arrays = [np.asarray(x) for x in leaves]
        key = (structure, tuple((a.shape, a.dtype.str) for a in arrays))
        if key not in self.programs:
            self.programs[key] = self._compile(structure, arrays)
        return arrays, self.programs[key]

    def _compile(self, structure: Structure, arrays: list[np.ndarray]) -> tuple:
        count = len(self.parameters)
        changed: list[Parameter] = []
        shape: list[Structure] = []

        def pure(state: Tensor, *values: Tensor) -> list[Tensor]:
            given = values[:count]
            with bound(self.parameters, given), random.use(state):
                leaves, results = flatten(self.fn(*structure.unflatten(values[count:])))
                shape.append(results)
                changed.extend(
                    p
                    for p, before in zip(self.parameters, given, strict=True)
                    if p.value is not before
                )
                return [p.value for p in changed] + leaves

        graph = trace(pure, [_STATE, *[p.spec for p in self.parameters], *arrays])
        return compile(graph, self.engine), changed, shape[0]
