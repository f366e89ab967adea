"""Function: a compiled Graph that Tensors can be put into, and gradients drawn through.

To the reverse sweep a call is one op. Its gradient is a Function again, compiled when somebody asks
for it; so gradients of gradients work as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.autodiff import sweep
from neurona.core.graph import Graph, trace
from neurona.core.lowering import Opaque
from neurona.core.op import Op
from neurona.core.shapes import Spec, is_float
from neurona.core.tensor import Tensor
from neurona.engines.program import compile
from neurona.ops import alias

Gradients = Sequence[Tensor | None]


class Function:
    """A Graph, compiled.

    Attributes:
        graph, program: what it computes, and the Program.
    """

    def __init__(self, graph: Graph, engine: str | None = None) -> None:
        self.graph, self.engine = graph, engine
        self.program = compile(graph, engine)
        self._gradients: dict[Any, tuple[Function, list[int]]] = {}

    def __call__(self, *inputs: Tensor) -> Sequence[Tensor]:
        """Return the outputs; within a trace they are part of it."""
        tracked = False
        for x in inputs:
            if x.level:
                return self.graph.inline(inputs)
            tracked = tracked or x.requires_grad or x.source is not None
        if tracked:
            return call.apply(inputs, {"function": self})
        return [Tensor(y) for y in self.program(*[x.data for x in inputs])]  # type: ignore[arg-type]

    def pull(self, gs: Gradients, inputs: Sequence[Tensor]) -> Gradients:
        """Return the gradients of the inputs from those of the outputs."""
        given = tuple(i for i, g in enumerate(gs) if g is not None)
        wanted = tuple(i for i, x in enumerate(inputs) if x.tracked and is_float(x.dtype))
        if (given, wanted) not in self._gradients:
            self._gradients[given, wanted] = self._gradient(given, wanted)
        gradient, reached = self._gradients[given, wanted]
        found = gradient(*inputs, *[g for g in gs if g is not None])
        pulled = dict(zip(reached, found, strict=True))
        return [pulled.get(i) for i in range(len(inputs))]

    def _gradient(
        self, given: tuple[int, ...], wanted: tuple[int, ...]
    ) -> tuple[Function, list[int]]:
        """Compile the gradient of some outputs; return which of the wanted inputs they reach."""
        graph = self.graph
        reached: list[int] = []

        def pulled(*tensors: Tensor) -> list[Tensor]:
            xs, gs = list(tensors[: len(graph.inputs)]), tensors[len(graph.inputs) :]
            for i in wanted:  # rules look at what is tracked
                xs[i] = alias(xs[i])
            ys = graph.inline(xs)
            found = sweep([ys[i] for i in given], gs, [xs[i] for i in wanted])
            pairs = [(i, g) for i, g in zip(wanted, found, strict=True) if g is not None]
            reached.extend(i for i, _ in pairs)
            return [g for _, g in pairs]

        values = [*graph.inputs, *(graph.outputs[i] for i in given)]
        return Function(trace(pulled, [graph.specs[v] for v in values]), self.engine), reached


def _run(xp: Any, *arrays: np.ndarray, function: Function) -> tuple[np.ndarray, ...]:
    """Run a Function's Program."""
    return tuple(function.program(*arrays))


def _specs(*inputs: Spec, function: Function) -> tuple[Spec, ...]:
    return tuple(function.graph.specs[v] for v in function.graph.outputs)


call = Op(_run, _specs, Opaque(), "as is")  # never traced, so in no table of ops
call.grad(lambda gs, ys, *inputs, function: tuple(function.pull(gs, inputs)))
