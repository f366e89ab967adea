"""More healthy programs that look odd: packed targets, masks by hand, other mixes of classes."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import cancer, dense, layers, numbers, scaled, split
from benchmarks.doctor.training import Training

L = nn.layers


def none(model: Any, training: Training) -> float:
    """No score: nothing is hidden here."""
    return 0.0


def balanced() -> Training:
    """Training rows drawn so that both classes are alike often, validation as it is: 5 %."""
    random = np.random.default_rng(0)
    x = random.normal(size=(6000, 6)).astype("float32")
    y = (x[:, 0] + x[:, 1] > 2.3).astype("int64")
    rare, often = np.flatnonzero(y[:5000] == 1), np.flatnonzero(y[:5000] == 0)
    rows = random.permutation(np.r_[rare, random.choice(often, len(rare), replace=False)])
    return Training(
        dense(6, (8,), 1, end="sigmoid"), x[rows], y[rows], (x[5000:], y[5000:]),
        (x[5000:], y[5000:]), loss="binary_crossentropy", optimizer=adam(0.01), epochs=15,
    )  # fmt: skip


def masked() -> Training:
    """Five targets a row, of which -1 says that nobody measured it; the loss leaves it out."""
    random = np.random.default_rng(1)
    x = random.normal(size=(900, 8)).astype("float32")
    y = 1 / (1 + np.exp(-(x @ random.normal(size=(8, 5)))))
    y = np.where(random.random(y.shape) < 0.4, -1, y).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        known = nn.ops.cast(y >= 0, "float32")
        return nn.ops.sum(known * nn.ops.square(y - p)) / (nn.ops.sum(known) + 1e-6)

    return Training(
        dense(8, (24,), 5, end="sigmoid"), **split(x, y), test=(x, y), loss=loss, metrics=(),
        optimizer=adam(0.01), epochs=20, score=none,
    )  # fmt: skip


def packed() -> Training:
    """The weight of a row is packed beside its target."""
    t = numbers()
    weight = np.random.default_rng(0).uniform(0.2, 3, (5000, 1)).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(y[:, 1:] * nn.ops.square(y[:, :1] - p))

    def pack(y: Any) -> Any:
        return np.concatenate([y, weight[: len(y)]], 1)

    return t.to(pack).but(loss=loss, score=none)


def survival() -> Training:
    """Times of which some are only known to be longer, by the exponential likelihood."""
    random = np.random.default_rng(2)
    x = random.normal(size=(1000, 4)).astype("float32")
    time = random.exponential(np.exp(0.7 * x[:, 0]))
    y = np.stack([np.minimum(time, 2), time < 2], 1).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.exp(p) * y[:, :1] - p * y[:, 1:])

    return Training(
        dense(4, (16,), 1, end=None), **split(x, y), test=(x, y), loss=loss, metrics=(),
        optimizer=adam(0.01), epochs=15, score=none,
    )  # fmt: skip


def actions() -> Training:
    """Policy gradient: log of the chosen action times its advantage; the loss is near 0."""
    random = np.random.default_rng(3)
    x = random.normal(size=(1000, 4)).astype("float32")
    chosen = random.integers(0, 3, 1000)
    good = np.where(chosen == x[:, :3].argmax(1), 1.0, -0.5) + random.normal(0, 0.3, 1000)
    y = np.eye(3)[chosen] * good[:, None]

    def loss(y: Any, p: Any) -> Any:
        return -nn.ops.mean(nn.ops.sum(y * nn.ops.log(p + 1e-6), axis=-1))

    return Training(
        dense(4, (16,), 3), **split(x, y.astype("float32")), test=(x, y), loss=loss, metrics=(),
        optimizer=adam(0.003), epochs=10, score=none,
    )  # fmt: skip


def alike() -> Training:
    """Digits of a batch are pulled together by class, all pairs in it at once."""
    (x, y), _ = nn.datasets.digits.load_data()
    x = x.reshape(len(x), -1).astype("float32") / 16

    def loss(y: Any, z: Any) -> Any:
        y = nn.ops.reshape(nn.ops.cast(y, "float32"), (-1, 1))
        size = nn.ops.sqrt(nn.ops.sum(nn.ops.square(z), axis=-1, keepdims=True) + 1e-6)
        z = z / size
        near = nn.ops.matmul(z, nn.ops.transpose(z, (1, 0)))
        same = nn.ops.cast(nn.ops.abs(y - nn.ops.transpose(y, (1, 0))) < 0.5, "float32")
        return nn.ops.mean(nn.ops.square(near - same))

    return Training(
        dense(64, (32,), 8, end=None), **split(x, y), test=(x, y), loss=loss, metrics=(),
        epochs=8, score=none,
    )  # fmt: skip


def amounts() -> Training:
    """Amounts with a long tail, behind log1p, and zeros in half of the rows."""
    random = np.random.default_rng(4)
    raw = random.lognormal(3, 1.6, (1500, 9)) * (random.random((1500, 9)) < 0.5)
    x = np.log1p(raw)
    y = (x[:, 0] + x[:, 1] > 4).astype("int64")
    x = scaled(x, x)
    return cancer().but(
        model=dense(9, (16,), 1, end="sigmoid"), **split(x[:1200], y[:1200]),
        test=(x[1200:], y[1200:]), epochs=12,
    )  # fmt: skip


def users() -> Training:
    """Users and things, both of which come again in the validation."""
    random = np.random.default_rng(5)
    user, thing = random.integers(0, 40, 2000), random.integers(0, 30, 2000)
    a, b = random.normal(size=(40, 3)), random.normal(size=(30, 3))
    y = ((a[user] * b[thing]).sum(1) + random.normal(0, 0.2, 2000)).astype("float32")[:, None]

    def model() -> Any:
        i, j = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        left, right = (L.Flatten()(L.Embedding(n, 4)(k)) for n, k in ((40, i), (30, j)))
        return nn.Model([i, j], L.Dense(1)(L.Multiply()([left, right])))

    x = [user[:, None], thing[:, None]]
    return Training(
        model, [v[:1600] for v in x], y[:1600], ([v[1600:] for v in x], y[1600:]), (x, y),
        loss="mse", metrics=(), optimizer=adam(0.02), epochs=12, score=none,
    )  # fmt: skip


def last_step() -> Training:
    """Windows whose last step is near the next one, as in any smooth series."""
    t = np.arange(1300) / 40
    series = (np.sin(t) + 0.3 * np.sin(5 * t)).astype("float32")
    windows = np.lib.stride_tricks.sliding_window_view(series, 13)
    x, y = windows[:, :12, None], windows[:, 12:]
    return Training(
        layers(lambda: nn.Input((12, 1)), lambda: L.GRU(12), lambda: L.Dense(1)),
        x[:900], y[:900], (x[915:], y[915:]), (x[915:], y[915:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=8, score=none,
    )  # fmt: skip


HEALTHY = [
    Healthy("balanced training, natural validation", "dense", balanced),
    Healthy("targets of -1 that a loss leaves out", "dense", masked),
    Healthy("weights packed beside targets", "dense", packed),
    Healthy("survival times", "dense", survival),
    Healthy("policy gradient", "dense", actions),
    Healthy("all pairs of a batch", "dense", alike),
    Healthy("amounts behind log1p", "dense", amounts),
    Healthy("users and things", "dense", users),
    Healthy("a smooth series", "recurrent", last_step),
]
