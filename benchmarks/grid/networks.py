"""Training steps of dense networks: relu, softmax cross-entropy, Adam, shuffled rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

import numpy as np

from benchmarks import loops
from benchmarks.grid.case import Call, Case
from benchmarks.workload import Task, dense

# (batch, sizes of the layers)
NETWORKS = [
    (32, (20, 32, 32, 2)),
    (32, (784, 128, 10)),
    (128, (784, 128, 10)),
    (64, (100, 256, 256, 256, 10)),
    (32, (256, *[256] * 20, 10)),
    (128, (784, 1024, 1024, 10)),
    (64, (784, 4096, 4096, 10)),
    (512, (2048, 2048, 2048, 10)),
]
FLOPS = 2e9  # of the steps that are timed together, about
MOST = 200  # steps


def cases() -> Iterator[Case]:
    """A case for each network: an epoch of some steps."""
    for batch, sizes in NETWORKS:
        runs = [(n, len(list(run))) for n, run in groupby(sizes)]
        name = "-".join(
            f"{n}x{count}" if count > 2 else "-".join([str(n)] * count) for n, count in runs
        )
        flops = 2 * batch * sum(3 * a * b for a, b in pairwise(sizes))
        flops -= 2 * batch * sizes[0] * sizes[1]  # nobody asks for the gradient of the data
        steps = int(min(max(FLOPS // flops, 2), MOST))
        yield Case(
            f"{name}, batch {batch}",
            flops,
            lambda batch=batch, sizes=sizes, steps=steps: _neurona(batch, sizes, steps),
            lambda batch=batch, sizes=sizes, steps=steps: _torch(batch, sizes, steps),
            steps,
        )


def _data(batch: int, sizes: tuple[int, ...], steps: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((batch * steps, sizes[0]), np.float32)
    return x, rng.integers(0, sizes[-1], batch * steps).astype(np.int32)


def _neurona(batch: int, sizes: tuple[int, ...], steps: int) -> Call:
    import neurona as nn

    model = nn.Sequential([
        nn.layers.Input(sizes[:1]),
        *(nn.layers.Dense(n, activation="relu") for n in sizes[1:-1]),
        nn.layers.Dense(sizes[-1]),
    ])  # fmt: skip
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=nn.optimizers.Adam(1e-3), loss=loss)
    model.set_weights(dense(np.random.default_rng(1), *sizes))
    train = loops.fit(model, Task(), *_data(batch, sizes, steps), batch)
    return lambda: train(steps)


def _torch(batch: int, sizes: tuple[int, ...], steps: int) -> Call:
    import torch

    layers: list[torch.nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    weights = dense(np.random.default_rng(1), *sizes)
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights, strict=True):
            p.copy_(torch.from_numpy(w.T))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, fused=True)
    x, y = _data(batch, sizes, steps)
    tensors = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))

    def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(x), y)

    train = loops.torch(Task(), loss_of, optimizer, tensors, batch, False)
    return lambda: train(steps)
