"""The reference engine: NumPy, one forward rule after the other. The oracle of all engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurona.core.graph import Graph
from neurona.engines.program import Program


def compile(graph: Graph) -> Program:
    """Return a Program that evaluates the Graph with NumPy."""
    dtypes = [graph.specs[v].dtype for v in graph.outputs]

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        with np.errstate(all="ignore"):  # inf and NaN are values here, as on every engine
            results = graph.evaluate(np, arrays)
        return [np.asarray(y, dtype) for y, dtype in zip(results, dtypes, strict=True)]

    return Program(graph, run, "reference")
