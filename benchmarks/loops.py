"""The loops over batches around a model, each in its library's own way.

All cut the shuffled rows of an epoch into batches and return the mean loss, which is kept without
waiting for it. JAX's are in `jax_loops.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workload import Run, Task


def fit(model: Any, task: Task, x: np.ndarray, y: np.ndarray | None, batch: int) -> Run:
    """`model.fit`, of neurona and of Keras."""

    def train(steps: int) -> float:
        rows = steps * batch
        labels = None if y is None else y[:rows]
        history = model.fit(
            x[:rows], labels, batch_size=batch, epochs=1, shuffle=not task.check, verbose=0
        )
        return history.history["loss"][0]

    return train


def torch(
    task: Task, loss_of: Callable, optimizer: Any, data: tuple, batch: int, compiled: bool
) -> Run:
    import torch

    if compiled:
        loss_of = torch.compile(loss_of)
    rows_of_data = len(data[0])

    def train(steps: int) -> float:
        order = torch.from_numpy(task.order(rows_of_data)[: steps * batch])
        total = torch.zeros(())
        for rows in order.split(batch):
            loss = loss_of(*(a[rows] for a in data))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total) / steps

    return train


def tinygrad(loss_of: Callable, optimizer: Any, batches: Callable[[int], Any]) -> Run:
    """A jitted step; it gathers rows by one-hot products, so NumPy gathers for it."""
    from tinygrad import Tensor, TinyJit
    from tinygrad.helpers import Context

    total = Tensor.zeros(1).contiguous().realize()

    @TinyJit
    def step(*batch: Any) -> None:
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        total.assign(total + loss.detach())
        Tensor.realize(total, *optimizer.schedule_step())

    def train(steps: int) -> float:
        total.assign(Tensor.zeros(1)).realize()
        with Context(TRAINING=1):
            for batch in batches(steps):
                step(*(Tensor(a).realize() for a in batch))
        return total.item() / steps

    return train


def numpy_batches(task: Task, data: tuple, batch: int) -> Callable[[int], Any]:
    """Return what gives so many shuffled batches."""

    def batches(steps: int) -> Any:
        order = task.order(len(data[0]))
        for start in range(0, steps * batch, batch):
            rows = order[start : start + batch]
            yield [a[rows] for a in data]

    return batches
