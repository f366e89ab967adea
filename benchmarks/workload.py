"""What a workload is: cases to measure, and one function a peer that builds the thing to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Run = Callable[[int], float]  # does so many steps (or calls), returns the mean loss to compare


@dataclass
class Task:
    """What a peer's function is told besides the case.

    Attributes:
        engine: of neurona; None for the library's own default.
        check: compute what all peers must agree on: no dropout, no noise, rows in given order.
    """

    engine: str | None = None
    check: bool = False
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def order(self, rows: int) -> np.ndarray:
        """Return the rows' order in an epoch."""
        return np.arange(rows) if self.check else self.rng.permutation(rows)

    def rate(self, dropout: float) -> float:
        """Return the dropout rate: none where peers are compared."""
        return 0.0 if self.check else dropout

    def neurona(self) -> Any:
        """Return the library, set to the engine."""
        import neurona

        if self.engine is not None:
            neurona.config.set_engine(self.engine)
        return neurona


@dataclass(frozen=True)
class Workload:
    """Cases to measure, for each peer.

    Attributes:
        title: what is computed, in a line.
        unit: what `Run` counts.
        cases: name -> (argument for the peer's function, count of units that are timed together).
        peers: name -> function(task, argument) -> Run.
        data: makes what peers share, and keeps it.
        check: how many units are run to compare peers' numbers.
        differs: peers whose numbers cannot agree -> the reason.
        notes: peers -> what else a reader should know of them.
        threads: the numbers of threads that it is measured with, of those asked for.
        starts: whether time to first step and memory are reported for it.
    """

    title: str
    cases: dict[str, tuple[Any, int]]
    peers: dict[str, Callable[[Task, Any], Run]]
    data: Callable[[], Any]
    unit: str = "step"
    check: int = 4
    differs: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    threads: tuple[int, ...] = ()
    starts: bool = False


def glorot(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return initial weights: uniform in +-sqrt(6 / (fan_in + fan_out)), float32."""
    field_size = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (field_size * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def dense(rng: np.random.Generator, *sizes: int) -> list[np.ndarray]:
    """Return kernels and biases of dense layers: w1, b1, w2, b2, ..."""
    made = []
    for fan_in, fan_out in pairwise(sizes):
        made += [glorot(rng, fan_in, fan_out), np.zeros(fan_out, np.float32)]
    return made
