"""Tiny networks, full batch, plain SGD: XOR 2-4-1, and two moons with 2 to 16 hidden units.

Sigmoid in both layers, mean squared error, as textbooks have it. What counts here is everything
but arithmetic.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import loops
from benchmarks.workload import Run, Task, Workload, dense

LR = 0.5


@cache
def xor() -> tuple[np.ndarray, np.ndarray]:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return x, np.array([[0], [1], [1], [0]], np.float32)


@cache
def moons() -> tuple[np.ndarray, np.ndarray]:
    """Two interleaving half circles of 100 points each."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, np.pi, 100)
    upper = np.stack([np.cos(t), np.sin(t)], 1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], 1)
    x = np.concatenate([upper, lower]) + 0.1 * rng.standard_normal((200, 2))
    return x.astype(np.float32), np.repeat([[0], [1]], 100, axis=0).astype(np.float32)


def weights(units: int) -> list[np.ndarray]:
    return dense(np.random.default_rng(1), 2, units, 1)


def neurona(data: Any, task: Task, units: int) -> Run:
    model, x, y = _sequential(task.neurona(), units), *data()

    def train(steps: int) -> float:
        history = model.fit(
            x, y, batch_size=len(x), steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0
        )
        return history.history["loss"][0]

    return train


def neurona_epochs(data: Any, task: Task, units: int) -> Run:
    model, x, y = _sequential(task.neurona(), units), *data()

    def train(steps: int) -> float:
        history = model.fit(x, y, batch_size=len(x), epochs=steps, shuffle=False, verbose=0)
        return float(np.mean(history.history["loss"]))

    return train


def keras(data: Any, task: Task, units: int) -> Run:
    import keras

    model, x, y = _sequential(keras, units), *data()

    def train(steps: int) -> float:
        return sum(float(model.train_on_batch(x, y)) for _ in range(steps)) / steps

    return train


def _sequential(keras: Any, units: int) -> Any:
    """Keras's script, for us and for Keras."""
    model = keras.Sequential([
        keras.layers.Input((2,)),
        keras.layers.Dense(units, activation="sigmoid"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile(optimizer=keras.optimizers.SGD(LR), loss="mean_squared_error")
    model.set_weights(weights(units))
    return model


def numpy(data: Any, task: Task, units: int) -> Run:
    x, y = data()
    w1, b1, w2, b2 = weights(units)
    scale = np.float32(2 / len(x))
    lr = np.float32(LR)

    def train(steps: int) -> float:
        total = 0.0
        for _ in range(steps):
            h = 1 / (1 + np.exp(-(x @ w1 + b1)))
            p = 1 / (1 + np.exp(-(h @ w2 + b2)))
            e = p - y
            total += (e * e).mean()
            g2 = e * p * (1 - p) * scale
            g1 = (g2 @ w2.T) * h * (1 - h)
            np.subtract(w2, lr * (h.T @ g2), out=w2)
            np.subtract(b2, lr * g2.sum(0), out=b2)
            np.subtract(w1, lr * (x.T @ g1), out=w1)
            np.subtract(b1, lr * g1.sum(0), out=b1)
        return total / steps

    return train


def torch(data: Any, task: Task, units: int, compiled: bool = False) -> Run:
    import torch

    x, y = (torch.from_numpy(a) for a in data())
    model = torch.nn.Sequential(
        torch.nn.Linear(2, units), torch.nn.Sigmoid(), torch.nn.Linear(units, 1), torch.nn.Sigmoid()
    )
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(units), strict=True):
            p.copy_(torch.from_numpy(w.T))
    optimizer = torch.optim.SGD(model.parameters(), LR)

    def loss_of(x: Any, y: Any) -> Any:
        return torch.nn.functional.mse_loss(model(x), y)

    if compiled:
        loss_of = torch.compile(loss_of)

    def train(steps: int) -> float:
        total = torch.zeros(())
        for _ in range(steps):
            loss = loss_of(x, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total) / steps

    return train


def jax(data: Any, task: Task, units: int) -> Run:
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(a) for a in data())

    @partial(jax.jit, donate_argnums=0)
    def step(carry: Any, x: Any, y: Any) -> Any:
        return _jax_step(carry, x, y)

    state = [jnp.asarray(w) for w in weights(units)]

    def train(steps: int) -> float:
        nonlocal state
        carry = (state, jnp.zeros(()))
        for _ in range(steps):
            carry = step(carry, x, y)
        state = carry[0]
        return float(carry[1]) / steps

    return train


def jax_scan(data: Any, task: Task, units: int) -> Run:
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(a) for a in data())

    @partial(jax.jit, static_argnums=3)
    def steps_of(state: Any, x: Any, y: Any, steps: int) -> Any:
        start = (state, jnp.zeros(()))
        return jax.lax.scan(lambda c, _: (_jax_step(c, x, y), None), start, length=steps)[0]

    state = [jnp.asarray(w) for w in weights(units)]

    def train(steps: int) -> float:
        nonlocal state
        state, total = steps_of(state, x, y, steps)
        return float(total) / steps

    return train


def _jax_step(carry: Any, x: Any, y: Any) -> Any:
    import jax

    def loss_of(weights: Any) -> Any:
        w1, b1, w2, b2 = weights
        h = jax.nn.sigmoid(x @ w1 + b1)
        return ((jax.nn.sigmoid(h @ w2 + b2) - y) ** 2).mean()

    weights, total = carry
    loss, gradients = jax.value_and_grad(loss_of)(weights)
    return [w - LR * g for w, g in zip(weights, gradients, strict=True)], total + loss


def tinygrad(data: Any, task: Task, units: int) -> Run:
    from tinygrad import Tensor
    from tinygrad.nn.optim import SGD

    x, y = (Tensor(a).realize() for a in data())
    w1, b1, w2, b2 = parameters = [Tensor(w).is_param_() for w in weights(units)]

    def loss_of() -> Any:
        p = ((x @ w1 + b1).sigmoid() @ w2 + b2).sigmoid()
        return ((p - y) ** 2).mean()

    return loops.tinygrad(loss_of, SGD(parameters, LR), lambda steps: [()] * steps)


def sklearn(data: Any, task: Task, units: int) -> Run:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = data()
    labels = y.ravel().astype(int)
    model = MLPClassifier(
        (units,), "logistic", solver="sgd", alpha=0, batch_size=len(x), learning_rate_init=LR,
        momentum=0, nesterovs_momentum=False, shuffle=False, tol=0, n_iter_no_change=10**9,
        warm_start=True,
    )  # fmt: skip

    def train(steps: int) -> float:
        model.set_params(max_iter=steps).fit(x, labels)
        return float(np.mean(model.loss_curve_))

    return train


def numba(data: Any, task: Task, units: int) -> Run:
    from numba import njit

    @njit(fastmath=True)
    def steps_of(x, y, w1, b1, w2, b2, steps):  # type: ignore[no-untyped-def]
        rows, units = len(x), len(b1)
        h = np.empty(units, np.float32)
        gw1, gb1, gw2 = np.empty_like(w1), np.empty_like(b1), np.empty_like(w2)
        total, one, lr = np.float32(0), np.float32(1), np.float32(LR)
        for _ in range(steps):
            gw1[:], gb1[:], gw2[:], gb2 = 0, 0, 0, np.float32(0)
            for i in range(rows):
                for j in range(units):
                    h[j] = one / (one + np.exp(-(x[i, 0] * w1[0, j] + x[i, 1] * w1[1, j] + b1[j])))
                s = b2[0]
                for j in range(units):
                    s += h[j] * w2[j, 0]
                p = one / (one + np.exp(-s))
                e = p - y[i, 0]
                total += e * e
                g = e * p * (one - p)
                gb2 += g
                for j in range(units):
                    gw2[j, 0] += g * h[j]
                    d = g * w2[j, 0] * h[j] * (one - h[j])
                    gw1[0, j] += d * x[i, 0]
                    gw1[1, j] += d * x[i, 1]
                    gb1[j] += d
            scale = lr * np.float32(2) / np.float32(rows)
            for j in range(units):
                w1[0, j] -= scale * gw1[0, j]
                w1[1, j] -= scale * gw1[1, j]
                b1[j] -= scale * gb1[j]
                w2[j, 0] -= scale * gw2[j, 0]
            b2[0] -= scale * gb2
        return total / (steps * rows)

    x, y = data()
    parameters = weights(units)
    return lambda steps: float(steps_of(x, y, *parameters, steps))


def _peers(data: Any) -> dict[str, Any]:
    return {
        "neurona": partial(neurona, data),
        "numpy": partial(numpy, data),
        "torch": partial(torch, data),
        "jax": partial(jax, data),
        "jax-scan": partial(jax_scan, data),
        "keras-jax": partial(keras, data),
        "sklearn": partial(sklearn, data),
        "tinygrad": partial(tinygrad, data),
        "numba": partial(numba, data),
    }


DIFFERS = {"sklearn": "has no squared error behind a sigmoid; its log loss instead"}

XOR = Workload(
    "XOR, 2-4-1 sigmoid, full batch of 4, SGD, 10,000 steps",
    {"": (4, 10_000)},
    {
        **_peers(xor),
        "neurona-epochs": partial(neurona_epochs, xor),
        "torch-compile": partial(torch, xor, compiled=True),
    },
    xor, differs=DIFFERS, threads=(1,),
)  # fmt: skip
MOONS = Workload(
    "moons, 2-n-1 sigmoid, full batch of 200, SGD, 5,000 steps",
    {f"{n} units": (n, 5_000) for n in (2, 4, 8, 16)}, _peers(moons), moons,
    differs=DIFFERS, threads=(1,),
)  # fmt: skip
