"""Healthy trainings on tables of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.training import Training, explained

L = nn.layers


def bricks(rows: int = 1400) -> tuple[Any, Any]:
    """Return heat, hours, clay, water and pressure of bricks, and how much they bear."""
    random = np.random.default_rng(60)
    heat, hours = random.uniform(850, 1150, rows), random.uniform(4, 40, rows)
    clay, water = random.uniform(0.3, 0.9, rows), random.uniform(0.1, 0.3, rows)
    press = random.uniform(2, 12, rows)
    y = 25 * np.tanh((heat - 950) / 80) + 6 * np.log(hours) + 20 * clay * (1 - 2 * water)
    y += 8 * np.sin(press / 2) + random.normal(0, 1, rows)
    x = np.stack([heat, hours, clay, water, press], 1)
    return x.astype("float32"), y.astype("float32")[:, None]


def kilns() -> Training:
    """How much a brick bears; columns and target are standardised."""
    x, y = bricks()
    return Training(
        dense(5, (32, 32), 1, "relu", None),
        **parted(scaled(x, x[:900]), scaled(y, y[:900]), 900, 200),
        loss="mse", metrics=("mae",), score=explained, optimizer=adam(0.005), epochs=15,
    )  # fmt: skip


def readings(rows: int = 1500) -> tuple[Any, Any]:
    """Return six readings of turbines, each in a unit of its own, and which ones fail."""
    random = np.random.default_rng(61)
    z = random.normal(size=(rows, 6))
    risk = z[:, 0] + 0.8 * z[:, 1] * z[:, 2] + 0.9 * np.abs(z[:, 3]) - 0.5 * z[:, 4]
    y = (risk + random.normal(0, 0.2, rows) > 0.7).astype("int64")
    units = np.array([[40, 1500, 3, 12, 101_000, 0.2], [20, 400, 1, 5, 2_000, 0.1]])
    return (z * units[1] + units[0]).astype("float32"), y[:, None]


def turbine_net(end: Any = "sigmoid", act: Any = "relu", outputs: int = 1, **given: Any) -> Any:
    """Return what makes a network of two hidden layers with a little dropout."""

    def model() -> Any:
        parts = [L.Dense(32, act, **given), L.Dropout(0.1), L.Dense(32, act, **given)]
        return nn.Sequential([nn.Input((6,)), *parts, L.Dense(outputs, end, **given)])

    return model


def turbines() -> Training:
    """Which turbines fail, by standardised readings."""
    x, y = readings()
    return Training(
        turbine_net(), **parted(scaled(x, x[:1000]), y, 1000, 200), loss="binary_crossentropy",
        optimizer=adam(0.005), epochs=12,
    )  # fmt: skip


def found(rows: int = 1500) -> tuple[Any, Any]:
    """Return shares of nine elements in stones, and of which of five minerals they are."""
    random = np.random.default_rng(62)
    kinds = random.dirichlet(np.ones(9), (5, 2))
    y = random.integers(0, 5, rows)
    x = kinds[y, random.integers(0, 2, rows)] + random.normal(0, 0.04, (rows, 9))
    return x.astype("float32"), y


def minerals() -> Training:
    """Which of five minerals a stone is of: numbers of classes, softmax."""
    x, y = found()
    return Training(
        dense(9, (32, 32), 5, "relu"), **parted(scaled(x, x[:1000]), y, 1000, 200),
        optimizer=adam(0.005), epochs=10,
    )  # fmt: skip


def chess() -> Training:
    """Which colour a place on a small board has, by tanh; one-hot."""
    random = np.random.default_rng(63)
    x = random.uniform(-1.7, 1.7, (1700, 2))
    y = (np.floor(x / 1.13 + 0.5).sum(1) % 2).astype("int64")
    return Training(
        dense(2, (40, 40), 2, "tanh"),
        **parted(x.astype("float32"), np.eye(2, dtype="float32")[y], 1200, 200),
        loss="categorical_crossentropy", optimizer=adam(0.01), epochs=50,
    )  # fmt: skip


def profile_net(
    middle: int = 5, end: Any = None, act: Any = "tanh", neck: Any = None, **given: Any
) -> Any:
    """Return what makes a network that squeezes 14 columns into a few and unfolds them again."""

    def model() -> Any:
        layers = [L.Dense(40, act, **given), L.Dense(middle, neck, **given)]
        layers += [L.Dense(40, act, **given), L.Dense(14, end, **given)]
        return nn.Sequential([nn.Input((14,)), *layers])

    return model


def profiles() -> Training:
    """Fourteen standardised answers, squeezed into five numbers and written again."""
    random = np.random.default_rng(64)
    hidden, mix = random.normal(size=(1600, 4)), random.normal(size=(2, 4, 14))
    x = np.tanh(hidden @ mix[0] * 0.7) + 0.5 * hidden @ mix[1]
    x = scaled(x + random.normal(0, 0.1, x.shape), x[:1000])
    return Training(
        profile_net(), **parted(x, x, 1000, 200), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def near(y: Any, p: Any) -> Any:
    """The root of the mean of the squares of a row's errors, kept away from 0."""
    return nn.ops.sqrt(nn.ops.mean(nn.ops.square(y - p), axis=-1) + 1e-6)


def guests() -> Training:
    """How many guests come to two inns, often none: counts, a softplus, a loss of one's own."""
    random = np.random.default_rng(65)
    x = random.uniform(-1, 1, (1500, 5))
    rate = np.stack([2.5 * x[:, 0] + 2 * x[:, 1] * x[:, 2], 2 * x[:, 3] - x[:, 0] + x[:, 4]], 1)
    y = np.maximum(0, np.rint(1.5 * rate + random.normal(0, 0.2, rate.shape)))
    return Training(
        dense(5, (40, 40), 2, "relu", "softplus"),
        **parted(x.astype("float32"), y.astype("float32"), 1000, 200),
        loss=near, metrics=(), score=explained, optimizer=adam(0.005), epochs=15,
    )  # fmt: skip


class Sighted(nn.Model):
    """A network of SELU with a training step of its own, on a tape."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.first, self.second = L.Dense(40, "selu", **given), L.Dense(40, "selu", **given)
        self.last = L.Dense(4)

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(self.second(self.first(x)))

    def loss_of(self, y: Any, scores: Any) -> Any:
        """The cross-entropy of scores, by hand."""
        return -nn.ops.mean(nn.ops.sum(y * nn.ops.log_softmax(scores, axis=-1), axis=-1))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = self.loss_of(y, self(x))
        slopes = tape.gradient(value, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": value}


def beacons() -> Training:
    """Which of four harbours is nearest, by how far six beacons are; a step of one's own."""
    random = np.random.default_rng(66)
    places = random.uniform(-1, 1, (6, 2))
    harbours = np.array([[-0.7, -0.2], [0.1, 0.8], [0.6, 0.0], [-0.1, -0.9]])
    at = random.uniform(-1, 1, (1700, 2))
    y = ((at[:, None] - harbours) ** 2).sum(-1).argmin(1)
    x = np.sqrt(((at[:, None] - places) ** 2).sum(-1)) + random.normal(0, 0.03, (1700, 6))
    return Training(
        Sighted, **parted(scaled(x, x[:1100]), np.eye(4, dtype="float32")[y], 1100, 200),
        loss=nn.losses.CategoricalCrossentropy(from_logits=True), metrics=(),
        optimizer=adam(0.005), epochs=16,
    )  # fmt: skip
