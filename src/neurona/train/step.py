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
from neurona.core.tree import Structure, flatten, map_leaves
from neurona.engines.program import Program, compile
from neurona.errors import StateError
from neurona.nn.parameter import Parameter, bound, rehearsal

_STATE = Spec((2,), np.dtype("int64"))


class Step:
    """A function of a batch that reads and assigns Parameters, compiled.

    Args:
        fn: called with a batch (nested tuples, lists and dicts of Tensors, None allowed); returns
            a nested structure of Tensors.
        parameters: all Parameters that `fn` uses.
        engine: name of the engine; "eager" runs `fn` itself, so that it can print and be debugged.

    Attributes:
        programs: the compiled Programs, by structure and specs of the batch.

    Raises:
        StateError: if `fn` assigns to a Parameter that is not among `parameters`.
    """

    def __init__(
        self, fn: Callable, parameters: Sequence[Parameter], engine: str | None = None
    ) -> None:
        self.fn, self.parameters, self.engine = fn, list(parameters), engine
        self.programs: dict[Any, tuple[Program, list[Parameter], Structure]] = {}

    def __call__(self, *batch: Any) -> Any:
        """Run the step on a batch, assign what it changed, and return its results as arrays."""
        if self.engine == "eager":
            return self._eagerly(batch)
        arrays, (program, changed, outputs) = self._compiled(batch)
        state = np.array(random.take_state(), np.int64)
        results = program(state, *[p.data for p in self.parameters], *arrays)
        for p, array in zip(changed, results, strict=False):
            p.restore(Tensor(array, requires_grad=p.trainable))
        return outputs.unflatten(results[len(changed) :])

    def program(self, *batch: Any) -> Program:
        """Return the Program for batches like this one."""
        return self._compiled(batch)[1][0]

    def _eagerly(self, batch: tuple) -> Any:
        with random.use(random.state_of(*random.take_state())):
            results = self.fn(*map_leaves(lambda x: Tensor(np.asarray(x)), batch))
        return map_leaves(np.asarray, results)

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
            with bound(self.parameters, given), rehearsal() as assigned, random.use(state):
                leaves, results = flatten(self.fn(*structure.unflatten(values[count:])))
                shape.append(results)
                own = {id(p) for p in self.parameters}
                for p, before in assigned.values():
                    if id(p) not in own and not before.level:
                        raise StateError(
                            "the step assigns to a Parameter that the model does not know.",
                            got=p.path,
                            hint="make it an attribute of the model or of one of its layers",
                        )
                changed.extend(
                    p
                    for p, before in zip(self.parameters, given, strict=True)
                    if p.value is not before
                )
                return [p.value for p in changed] + leaves

        graph = trace(pure, [_STATE, *[p.spec for p in self.parameters], *arrays])
        return compile(graph, self.engine), changed, shape[0]
