"""A classifier of digits: 784-128-10, relu, dropout 0.2, softmax cross-entropy, Adam."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks import adam, floor, jax_loops, loops
from benchmarks.workload import Run, Task, Workload, dense

ROWS, SIZES, DROPOUT = 19_968, (784, 128, 10), 0.2


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    """Random pixels and labels: none is always 0, so no weight of Adam's becomes a denormal."""
    rng = np.random.default_rng(0)
    x = rng.random((ROWS, 784), np.float32)
    y = rng.integers(0, 10, ROWS).astype(np.int32)
    y[:10] = range(10)  # scikit-learn wants to see all classes in the first batch
    return x, y


def weights() -> list[np.ndarray]:
    return dense(np.random.default_rng(1), *SIZES)


def neurona(task: Task, batch: int) -> Run:
    return loops.fit(sequential(task.neurona(), task), task, *data(), batch)


def keras(task: Task, batch: int) -> Run:
    import keras

    return loops.fit(sequential(keras, task), task, *data(), batch)


def sequential(keras: Any, task: Task) -> Any:
    """Keras's script, for us and for Keras."""
    model = keras.Sequential([
        keras.layers.Input((784,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(task.rate(DROPOUT)),
        keras.layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    model.set_weights(weights())
    return model


def numpy(task: Task, batch: int) -> Run:
    w1, b1, w2, b2 = parameters = weights()
    gradients = [np.empty_like(w) for w in parameters]
    optimizer = adam.NumpyAdam(parameters)
    batches = loops.numpy_batches(task, data(), batch)
    rate, rows = task.rate(DROPOUT), np.arange(batch)
    keep, drawn = np.float32(1 / (1 - rate)), np.empty((batch, SIZES[1]), np.float32)

    def train(steps: int) -> float:
        total = 0.0
        for x, y in batches(steps):
            h = x @ w1
            h += b1
            np.maximum(h, 0, out=h)
            mask = (task.rng.random(out=drawn, dtype=np.float32) >= rate) * keep
            h *= mask
            p = h @ w2
            p += b2
            p -= p.max(1, keepdims=True)
            scores = p[rows, y]
            np.exp(p, out=p)
            sums = p.sum(1, keepdims=True)
            total += (np.log(sums[:, 0]) - scores).mean()
            p /= sums
            p[rows, y] -= 1
            p /= batch
            np.matmul(h.T, p, out=gradients[2])
            p.sum(0, out=gradients[3])
            g = p @ w2.T
            g *= mask
            g *= h > 0
            np.matmul(x.T, g, out=gradients[0])
            g.sum(0, out=gradients[1])
            optimizer.step(gradients)
        return total / steps

    return train


def torch(task: Task, batch: int, compiled: bool = False) -> Run:
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(),
        torch.nn.Dropout(task.rate(DROPOUT)), torch.nn.Linear(128, 10),
    )  # fmt: skip
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(), strict=True):
            p.copy_(torch.from_numpy(w.T))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, fused=True)
    x, y = data()
    tensors = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))

    def loss_of(x: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    return loops.torch(task, loss_of, optimizer, tensors, batch, compiled)


def jax(task: Task, batch: int, loop: Any = jax_loops.per_step) -> Run:
    import jax
    import jax.numpy as jnp

    rate = task.rate(DROPOUT)

    def loss_of(weights: Any, key: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = weights
        h = jax.nn.relu(x @ w1 + b1)
        if rate:
            h = jnp.where(jax.random.bernoulli(key, 1 - rate, h.shape), h / (1 - rate), 0)
        p = jax.nn.log_softmax(h @ w2 + b2)
        return -jnp.take_along_axis(p, y[:, None], 1).mean()

    return loop(task, loss_of, weights(), data(), batch, ROWS)


def tinygrad(task: Task, batch: int) -> Run:
    from tinygrad import Tensor
    from tinygrad.nn.optim import Adam

    w1, b1, w2, b2 = parameters = [Tensor(w).is_param_() for w in weights()]

    def loss_of(x: Any, y: Any) -> Any:
        h = (x @ w1 + b1).relu().dropout(task.rate(DROPOUT))
        return (h @ w2 + b2).sparse_categorical_crossentropy(y)

    batches = loops.numpy_batches(task, data(), batch)
    return loops.tinygrad(loss_of, Adam(parameters, 1e-3, eps=1e-7), batches)


def sklearn(task: Task, batch: int) -> Run:
    """Without dropout, which scikit-learn does not have."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = data()
    model = MLPClassifier(
        (128,), alpha=0, batch_size=batch, max_iter=1, shuffle=not task.check, warm_start=True,
        epsilon=1e-7,
    )  # fmt: skip
    model.fit(x[:batch], y[:batch])
    w1, b1, w2, b2 = weights()
    model.coefs_, model.intercepts_ = [w1, w2], [b1, b2]

    def train(steps: int) -> float:
        model.fit(x[: steps * batch], y[: steps * batch])
        return model.loss_

    return train


def products(task: Task, batch: int) -> Run:
    return floor.products(floor.network(batch, *SIZES))


MLP = Workload(
    "MNIST MLP 784-128-10, relu, dropout 0.2, Adam",
    {"batch 32": (32, 624), "batch 128": (128, 156)},
    {
        "neurona": neurona,
        "numpy": numpy,
        "torch": torch,
        "torch-compile": lambda task, batch: torch(task, batch, compiled=True),
        "jax": jax,
        "jax-scan": lambda task, batch: jax(task, batch, jax_loops.scanned),
        "keras-jax": keras,
        "sklearn": sklearn,
        "tinygrad": tinygrad,
        "floor": products,
    },
    data,
    check=8,
    starts=True,
)
