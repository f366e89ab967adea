"""A convolutional classifier of digits: 32 3x3, pool, 64 3x3, pool, dropout 0.5, Dense10, Adam."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks import floor, jax_loops, loops
from benchmarks.workload import Run, Task, Workload, dense, glorot

STEPS, BATCH, DROPOUT = 6, 128, 0.5


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = STEPS * BATCH
    x = rng.random((rows, 28, 28, 1), np.float32)
    return x, rng.integers(0, 10, rows).astype(np.int32)


def weights() -> list[np.ndarray]:
    """Kernels as (height, width, channels, filters); the dense one reads rows of pixels."""
    rng = np.random.default_rng(1)
    convolutions = [
        glorot(rng, 3, 3, 1, 32), np.zeros(32, np.float32),
        glorot(rng, 3, 3, 32, 64), np.zeros(64, np.float32),
    ]  # fmt: skip
    return convolutions + dense(rng, 1600, 10)


def channels_first(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return the weights as torch and tinygrad lay them out: (filters, channels, height, width)."""
    k1, b1, k2, b2, w, b = weights
    w = w.reshape(5, 5, 64, 10).transpose(3, 2, 0, 1).reshape(10, 1600)
    return [
        np.ascontiguousarray(a) for a in (k1.T.swapaxes(2, 3), b1, k2.T.swapaxes(2, 3), b2, w, b)
    ]


def neurona(task: Task, batch: int) -> Run:
    return loops.fit(sequential(task.neurona(), task), task, *data(), batch)


def keras(task: Task, batch: int) -> Run:
    import keras

    return loops.fit(sequential(keras, task), task, *data(), batch)


def sequential(keras: Any, task: Task) -> Any:
    """Keras's script, for us and for Keras."""
    model = keras.Sequential([
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dropout(task.rate(DROPOUT)),
        keras.layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    model.set_weights(weights())
    return model


def torch(task: Task, batch: int, channels_last: bool = False, compiled: bool = False) -> Run:
    import torch
    from torch import nn

    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(task.rate(DROPOUT)), nn.Linear(1600, 10),
    )  # fmt: skip
    with torch.no_grad():
        for p, w in zip(model.parameters(), channels_first(weights()), strict=True):
            p.copy_(torch.from_numpy(w))
    x, y = data()
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, fused=True)

    def loss_of(x: Any, y: Any) -> Any:
        return nn.functional.cross_entropy(model(x), y)

    tensors = images, torch.from_numpy(y.astype(np.int64))
    return loops.torch(task, loss_of, optimizer, tensors, batch, compiled)


def jax(task: Task, batch: int, loop: Any = jax_loops.per_step) -> Run:
    import jax
    import jax.numpy as jnp
    from jax import lax

    rate = task.rate(DROPOUT)

    def convolve(x: Any, kernel: Any, bias: Any) -> Any:
        names = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=names)
        return jax.nn.relu(y + bias)

    def pool(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss_of(weights: Any, key: Any, x: Any, y: Any) -> Any:
        k1, b1, k2, b2, w, b = weights
        h = pool(convolve(pool(convolve(x, k1, b1)), k2, b2)).reshape(len(x), -1)
        if rate:
            h = jnp.where(jax.random.bernoulli(key, 1 - rate, h.shape), h / (1 - rate), 0)
        p = jax.nn.log_softmax(h @ w + b)
        return -jnp.take_along_axis(p, y[:, None], 1).mean()

    return loop(task, loss_of, weights(), data(), batch, STEPS * BATCH)


def tinygrad(task: Task, batch: int) -> Run:
    from tinygrad import Tensor
    from tinygrad.nn.optim import Adam

    parameters = [Tensor(w).is_param_() for w in channels_first(weights())]
    k1, b1, k2, b2, w, b = parameters

    def loss_of(x: Any, y: Any) -> Any:
        h = x.conv2d(k1, b1).relu().max_pool2d(2).conv2d(k2, b2).relu().max_pool2d(2)
        h = h.flatten(1).dropout(task.rate(DROPOUT))
        return (h @ w.T + b).sparse_categorical_crossentropy(y)

    x, y = data()
    images = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    batches = loops.numpy_batches(task, (images, y), batch)
    return loops.tinygrad(loss_of, Adam(parameters, 1e-3, eps=1e-7), batches)


def products(task: Task, batch: int) -> Run:
    convolutions = floor.convolutions(batch, [(28, 1, 32, 3, 1, 0), (13, 32, 64, 3, 1, 0)])
    output = [("nn", batch, 1600, 10), ("tn", 1600, batch, 10), ("nt", batch, 10, 1600)]
    return floor.both(convolutions, floor.products(output))


CNN = Workload(
    "MNIST CNN Conv32-pool-Conv64-pool-Dropout-Dense10, Adam",
    {"batch 128": (BATCH, STEPS)},
    {
        "neurona": neurona,
        "torch": torch,
        "torch-channels-last": lambda task, batch: torch(task, batch, channels_last=True),
        "torch-compile": lambda task, batch: torch(task, batch, channels_last=True, compiled=True),
        "jax": jax,
        "keras-jax": keras,
        "keras-torch": keras,
        "tinygrad": tinygrad,
        "floor": products,
    },
    data,
    starts=True,
)
