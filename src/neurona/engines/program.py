"""Program: a Graph compiled by an engine, and the choice of the engine."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurona import config
from neurona.core.graph import Graph
from neurona.core.lowering import Attention, Contraction, Scan, View
from neurona.core.shapes import Spec
from neurona.engines.session import Session, State
from neurona.errors import check_choice


@dataclass
class Program:
    """A compiled Graph: call it with the arrays of the inputs, get the arrays of the outputs.

    Arrays must have the shapes and types of the Graph's inputs. What is returned may share memory
    with the inputs: treat both as read-only.

    An engine that can do more than compute overrides `session` and `detail`.

    Attributes:
        graph: what was compiled.
        run: the compiled function, list of arrays -> list of arrays.
        engine: the name of the engine.
    """

    graph: Graph
    run: Callable[[Sequence[np.ndarray]], list[np.ndarray]]
    engine: str

    def __call__(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """Run it on the arrays of the inputs."""
        return self.run(arrays)

    def session(
        self, specs: Sequence[Spec], changed: Sequence[int], state: State | None = None
    ) -> Session | None:
        """Let the engine keep the state of a step in memory of its own.

        The Graph is (seed and step of the random stream, state, batch) -> (changed state, results).

        Args:
            specs: of the state's values.
            changed: for each of the first outputs, which value of the state it replaces.
            state: that of another Session of the same step, to be shared; None for a new one.

        Returns:
            None if the engine keeps no state, or not for this Graph.
        """
        return None

    def detail(self, timed: bool) -> list[str]:
        """Return what the engine says about it, line by line; `timed` asks for measured times."""
        return []

    def cost(self) -> dict[str, int]:
        """Count the work of one call.

        Returns:
            `nodes`, those in loops counted once; `elements` that the nodes write, views left
            out; `products`, the multiplications of matrix products, convolutions and attention.
        """
        return cost_of(self.graph)

    def explain(self, timed: bool = False) -> str:
        """Return as text what it computes and how: its cost, its kernels, the Graph.

        Args:
            timed: measure the time of each kernel on made-up data, if the engine can.
        """
        cost = ", ".join(f"{k} {v:,}" for k, v in self.cost().items())
        head = f"engine {self.engine}: {cost}"
        return "\n".join([head, *self.detail(timed), self.graph.explain()])


def cost_of(graph: Graph) -> dict[str, int]:
    """Count the work of a Graph, see `Program.cost`."""
    nodes = elements = products = 0
    for node in graph.nodes:
        kind, nodes = node.op.lower, nodes + 1
        if isinstance(kind, View):
            continue
        if isinstance(kind, Scan):
            body = cost_of(node.attributes["body"])
            nodes += body["nodes"]
            elements += node.attributes["length"] * body["elements"]
            products += node.attributes["length"] * body["products"]
            continue
        elements += sum(graph.specs[v].size for v in node.outputs)
        if isinstance(kind, Contraction | Attention):
            shapes = [graph.specs[v].shape for v in (*node.inputs, *node.outputs)]
            products += kind.products(*shapes)
    return {"nodes": nodes, "elements": elements, "products": products}


def compile(graph: Graph, engine: str | None = None) -> Program:
    """Compile a Graph with an engine, `config.engine()` by default."""
    name = check_choice("engine", engine or config.engine(), config.ENGINES)
    if config.debug():
        graph.check()
    module: Any = importlib.import_module(f"neurona.engines.{name}")
    return module.compile(graph)
