"""A variational autoencoder: 784-400-20-400-784, relu, sampled codes, Adam.

The loss of an image is its cross-entropy, summed over the pixels, plus the divergence of its code
from a normal distribution: -1/2 sum(1 + log v - m^2 - v).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks import adam, floor, jax_loops, loops
from benchmarks.workload import Run, Task, Workload, dense

STEPS, BATCH, CODE = 60, 128, 20


@cache
def data() -> tuple[np.ndarray]:
    return (np.random.default_rng(0).random((STEPS * BATCH, 784), np.float32),)


def weights() -> list[np.ndarray]:
    """Kernels and biases: hidden, mean, log variance, hidden, output."""
    rng = np.random.default_rng(1)
    encoder = dense(rng, 784, 400) + dense(rng, 400, CODE) + dense(rng, 400, CODE)
    return encoder + dense(rng, CODE, 400, 784)


def neurona(task: Task, batch: int) -> Run:
    nn = task.neurona()
    return loops.fit(_model(nn, task, nn.random.normal), task, *data(), None, batch)


def keras(task: Task, batch: int) -> Run:
    import keras

    seeds = keras.random.SeedGenerator(0)
    return loops.fit(_model(keras, task, keras.random.normal, seeds), task, *data(), None, batch)


def _model(keras: Any, task: Task, normal: Any, seeds: Any = None) -> Any:
    """Keras's script, for us and for Keras."""
    layers, ops, softplus = keras.layers, keras.ops, keras.activations.softplus

    class Autoencoder(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.seeds = seeds  # Keras wants to hold the state of its random numbers
            self.encoder = layers.Dense(400, activation="relu")
            self.mean, self.log_variance = layers.Dense(CODE), layers.Dense(CODE)
            self.decoder = layers.Dense(400, activation="relu")
            self.pixels = layers.Dense(784)

        def call(self, x: Any) -> Any:
            h = self.encoder(x)
            m, log_v = self.mean(h), self.log_variance(h)
            z = m
            if not task.check:
                z = m + ops.exp(log_v / 2) * normal((x.shape[0], CODE), seed=self.seeds)
            return self.pixels(self.decoder(z)), m, log_v

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
            training: bool = True,
        ) -> Any:  # fmt: skip
            logits, m, log_v = y_pred
            entropy = ops.sum(softplus(logits) - x * logits, axis=1)
            divergence = -0.5 * ops.sum(1 + log_v - ops.square(m) - ops.exp(log_v), axis=1)
            return ops.mean(entropy + divergence)

    model = Autoencoder()
    model(data()[0][:BATCH])  # builds it
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    model.set_weights(weights())
    return model


def numpy(task: Task, batch: int) -> Run:
    parameters = weights()
    w1, b1, wm, bm, wv, bv, w2, b2, w3, b3 = parameters
    optimizer = adam.NumpyAdam(parameters)
    batches = loops.numpy_batches(task, data(), batch)
    half = np.float32(0.5)

    def train(steps: int) -> float:
        total = 0.0
        for (x,) in batches(steps):
            h = np.maximum(x @ w1 + b1, 0)
            m, log_v = h @ wm + bm, h @ wv + bv
            v = np.exp(log_v)
            noise = task.rng.standard_normal((batch, CODE), np.float32) * (not task.check)
            spread = np.sqrt(v) * noise
            z = m + spread
            d = np.maximum(z @ w2 + b2, 0)
            logits = d @ w3
            logits += b3
            e = np.exp(-np.abs(logits))
            entropy = (np.maximum(logits, 0) + np.log1p(e) - x * logits).sum()
            total += (entropy - 0.5 * (1 + log_v - m * m - v).sum()) / batch

            g = np.where(logits >= 0, 1, e) / (1 + e)  # the sigmoid
            g -= x
            g /= batch
            g3, gb3 = d.T @ g, g.sum(0)
            g = (g @ w3.T) * (d > 0)
            g2, gb2 = z.T @ g, g.sum(0)
            gz = g @ w2.T
            gm = gz + m / batch
            gv = gz * spread * half + (v - 1) * (half / batch)
            g = (gm @ wm.T + gv @ wv.T) * (h > 0)
            optimizer.step([
                x.T @ g, g.sum(0), h.T @ gm, gm.sum(0), h.T @ gv, gv.sum(0), g2, gb2, g3, gb3
            ])  # fmt: skip
        return total / steps

    return train


def torch(task: Task, batch: int, compiled: bool = False) -> Run:
    import torch
    from torch import nn
    from torch.nn import functional as F

    sizes = [(784, 400), (400, CODE), (400, CODE), (CODE, 400), (400, 784)]
    layers = nn.ModuleList([nn.Linear(*size) for size in sizes])
    with torch.no_grad():
        for p, w in zip(layers.parameters(), weights(), strict=True):
            p.copy_(torch.from_numpy(w.T))
    encoder, mean, log_variance, decoder, pixels = layers
    optimizer = torch.optim.Adam(layers.parameters(), 1e-3, eps=1e-7, fused=True)

    def loss_of(x: Any) -> Any:
        h = F.relu(encoder(x))
        m, log_v = mean(h), log_variance(h)
        z = m if task.check else m + torch.exp(log_v / 2) * torch.randn_like(m)
        logits = pixels(F.relu(decoder(z)))
        entropy = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (entropy - 0.5 * (1 + log_v - m * m - torch.exp(log_v)).sum()) / len(x)

    return loops.torch(task, loss_of, optimizer, (torch.from_numpy(data()[0]),), batch, compiled)


def jax(task: Task, batch: int, loop: Any = jax_loops.per_step) -> Run:
    import jax
    import jax.numpy as jnp

    def loss_of(weights: Any, key: Any, x: Any) -> Any:
        w1, b1, wm, bm, wv, bv, w2, b2, w3, b3 = weights
        h = jax.nn.relu(x @ w1 + b1)
        m, log_v = h @ wm + bm, h @ wv + bv
        z = m if task.check else m + jnp.exp(log_v / 2) * jax.random.normal(key, m.shape)
        logits = jax.nn.relu(z @ w2 + b2) @ w3 + b3
        entropy = (jax.nn.softplus(logits) - x * logits).sum()
        return (entropy - 0.5 * (1 + log_v - m * m - jnp.exp(log_v)).sum()) / len(x)

    return loop(task, loss_of, weights(), data(), batch, STEPS * BATCH)


def tinygrad(task: Task, batch: int) -> Run:
    from tinygrad import Tensor
    from tinygrad.nn.optim import Adam

    parameters = [Tensor(w).is_param_() for w in weights()]
    w1, b1, wm, bm, wv, bv, w2, b2, w3, b3 = parameters

    def loss_of(x: Any) -> Any:
        h = (x @ w1 + b1).relu()
        m, log_v = h @ wm + bm, h @ wv + bv
        z = m if task.check else m + (log_v / 2).exp() * Tensor.randn(*m.shape)
        logits = (z @ w2 + b2).relu() @ w3 + b3
        entropy = (logits.softplus() - x * logits).sum()
        return (entropy - 0.5 * (1 + log_v - m * m - log_v.exp()).sum()) / batch

    batches = loops.numpy_batches(task, data(), batch)
    return loops.tinygrad(loss_of, Adam(parameters, 1e-3, eps=1e-7), batches)


def products(task: Task, batch: int) -> Run:
    shapes = floor.network(batch, 784, 400)
    shapes += 2 * floor.network(batch, 400, CODE) + 2 * [("nt", batch, CODE, 400)]
    shapes += [("nt", batch, 400, CODE), *floor.network(batch, CODE, 400, 784)]
    return floor.products(shapes)


VAE = Workload(
    "VAE 784-400-20-400-784, Adam",
    {"batch 128": (BATCH, STEPS)},
    {
        "neurona": neurona,
        "numpy": numpy,
        "torch": torch,
        "torch-compile": lambda task, batch: torch(task, batch, compiled=True),
        "jax": jax,
        "jax-scan": lambda task, batch: jax(task, batch, jax_loops.scanned),
        "keras-jax": keras,
        "tinygrad": tinygrad,
        "floor": products,
    },
    data,
)
