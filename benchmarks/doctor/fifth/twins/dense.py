"""Healthy trainings on tables of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.training import Training, explained

L = nn.layers


def asked(rows: int = 1500) -> tuple[Any, Any]:
    """Return eight columns of those who ask for a loan, in their units, and who pays it back."""
    random = np.random.default_rng(160)
    z, flags = random.normal(size=(rows, 5)), random.integers(0, 2, (rows, 3))
    good = 1.2 * z[:, 0] - 0.9 * z[:, 1] * (2 * flags[:, 0] - 1) + 0.8 * np.sin(2 * z[:, 2])
    y = (good + 0.5 * flags[:, 1] + random.normal(0, 0.1, rows) > 0.2).astype("int64")
    units = np.array([[52_000, 9_000, 41, 14, 620], [15_000, 4_000, 11, 5, 70]])
    x = np.concatenate([z * units[1] + units[0], flags], 1)
    return x.astype("float32"), y[:, None]


def loan_net(end: Any = "sigmoid", act: Any = "elu", outputs: int = 1, **given: Any) -> Any:
    """Return what makes a network of two hidden layers over eight columns."""
    return dense(8, (32, 32), outputs, act, end, **given)


def loans() -> Training:
    """Who pays a loan back, by standardised columns."""
    x, y = asked()
    return Training(
        loan_net(), **parted(scaled(x, x[:1000]), y, 1000, 200), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def orchard_net(end: Any = None, act: Any = "gelu", inputs: int = 6, **given: Any) -> Any:
    """Return what makes a network with a way around its second layer."""

    def model() -> Any:
        inner = nn.Input((inputs,))
        x = L.Dense(32, act, **given)(inner)
        x = L.Add()([x, L.Dense(32, act, **given)(x)])
        return nn.Model(inner, L.Dense(1, end, **given)(x))

    return model


def grown(rows: int = 1400) -> tuple[Any, Any]:
    """Return six columns of orchards in their units, and how much fruit they gave, in kilograms."""
    random = np.random.default_rng(161)
    z = random.normal(size=(rows, 6))
    y = np.tanh(z[:, 0]) * (1 + 0.5 * z[:, 1]) + 0.6 * np.abs(z[:, 2]) - 0.4 * z[:, 3] * z[:, 4]
    y = 4_100 + 1_300 * (y + random.normal(0, 0.1, rows))
    units = np.array([[700, 18, 6.5, 240, 12, 0.4], [150, 4, 0.6, 80, 5, 0.1]])
    return (z * units[1] + units[0]).astype("float32"), y.astype("float32")[:, None]


def orchards() -> Training:
    """How much fruit an orchard gives; columns and target are standardised."""
    x, y = grown()
    return Training(
        orchard_net(), **parted(scaled(x, x[:900]), scaled(y, y[:900]), 900, 200),
        loss="mse", metrics=("mae",), score=explained, optimizer=adam(0.005), epochs=15,
    )  # fmt: skip


def engine_net(end: Any = "softmax", act: Any = "silu", last: Any = None, **given: Any) -> Any:
    """Return what makes a network with layer normalisation over twelve bands of a sound."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12,)), L.Dense(32, act, **given), L.LayerNormalization()]
        parts += [L.Dense(32, act, **given), L.Dense(6, end, **given)]
        return nn.Sequential([*parts, *([last()] if last else [])])

    return model


def heard(rows: int = 1600) -> tuple[Any, Any]:
    """Return how loud twelve bands are, and which of six engines sounds so, slow or fast."""
    random = np.random.default_rng(162)
    y, fast = random.integers(0, 6, rows), random.integers(0, 3, rows)
    peaks = random.normal(size=(6, 3, 12))
    x = peaks[y, fast] + random.normal(0, 0.6, (rows, 12))
    return x.astype("float32"), y


def engines() -> Training:
    """Which of six engines is heard: numbers of classes, softmax, RMSprop."""
    x, y = heard()
    return Training(
        engine_net(), **parted(scaled(x, x[:1100]), y, 1100, 200),
        optimizer=lambda: nn.optimizers.RMSprop(0.003), epochs=10,
    )  # fmt: skip


def of_each(model: Any, training: Training) -> float:
    """The mean over several questions of how often yes and no are found."""
    x, y = training.test
    found: Any = np.asarray(model.predict(x, verbose=0)) > training.threshold
    right: Any = (found == (np.asarray(y) > 0.5)).astype("float64")
    yes: Any = np.asarray(y) > 0.5
    return float(np.mean([(right[yes[:, k], k].mean() + right[~yes[:, k], k].mean()) / 2
                          for k in range(yes.shape[1])]))  # fmt: skip


def allergies() -> Training:
    """Which of five things somebody cannot bear, several or none: five times yes or no."""
    random = np.random.default_rng(163)
    x = random.normal(size=(1500, 10))
    way = random.normal(size=(2, 10, 5))
    y = (x @ way[0] + 0.8 * (x**2 - 1) @ way[1] * 0.6 > 0.5).astype("float32")
    return Training(
        dense(10, (64, 64), 5, "relu", "sigmoid"), **parted(x.astype("float32"), y, 1100, 150),
        loss="binary_crossentropy", metrics=("binary_accuracy",), score=of_each,
        optimizer=adam(0.005), epochs=20,
    )  # fmt: skip


def taxi_net(zones: int = 20, end: Any = None, **given: Any) -> Any:
    """Return what makes a network of two inputs: numbers of zones, and three columns."""

    def model() -> Any:
        ids, numbers = nn.Input((2,), dtype="int64"), nn.Input((3,))
        x = L.Concatenate()([L.Flatten()(L.Embedding(zones, 6)(ids)), numbers])
        x = L.Dense(40, "relu", **given)(L.Dense(40, "relu", **given)(x))
        return nn.Model([ids, numbers], L.Dense(1, end, **given)(x))

    return model


def driven(rows: int = 1900) -> tuple[Any, Any]:
    """Return from which zone to which a taxi drives and three columns, and for how long."""
    random = np.random.default_rng(164)
    places, ids = random.uniform(-1, 1, (20, 2)), random.integers(0, 20, (rows, 2))
    far = np.hypot(*(places[ids[:, 0]] - places[ids[:, 1]]).T)
    x = random.normal(size=(rows, 3))
    y = far * (1 + 0.4 * np.tanh(x[:, 0])) + 0.2 * np.maximum(x[:, 1], 0)
    y = (y + random.normal(0, 0.03, rows))[:, None]
    return (ids, x.astype("float32")), ((y - y.mean()) / y.std()).astype("float32")


def taxis() -> Training:
    """How long a taxi takes, from two zones and three columns; the target is standardised."""
    return Training(
        taxi_net(), **parted(*driven(), 1400, 200), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


def valve_net(middle: int = 5, end: Any = "sigmoid", act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that squeezes sixteen sensors and unfolds them again."""
    return dense(16, (32, middle, 32), 16, act, end, **given)


def valves() -> Training:
    """Sixteen sensors between 0 and 1, squeezed into five numbers and written again."""
    random = np.random.default_rng(165)
    hidden, mix = random.normal(size=(1700, 3)), random.normal(size=(3, 16))
    x = 1 / (1 + np.exp(-1.5 * hidden @ mix + random.normal(0, 0.15, (1700, 16))))
    x = x.astype("float32")
    return Training(
        valve_net(5, act="tanh"), **parted(x, x, 1200, 200), loss="mse", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


class Pulled(nn.Model):
    """A regression with a step and a loss of its own."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.first, self.second = L.Dense(32, "tanh", **given), L.Dense(32, "tanh", **given)
        self.last = L.Dense(1, **given)

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(self.second(self.first(x)))

    def loss_of(self, y: Any, found: Any) -> Any:
        """The mean of log cosh of the errors, which is smooth and grows slowly."""
        wrong = found - y
        return nn.ops.mean(wrong + nn.ops.softplus(-2.0 * wrong) - 0.6931472)

    def learnt(self) -> Any:
        """The weights that a step changes."""
        return self.trainable_variables

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = self.loss_of(y, self(x))
        slopes = tape.gradient(value, self.learnt())
        self.optimizer.apply_gradients(zip(slopes, self.learnt(), strict=True))
        return {"loss": value}


def springs() -> Training:
    """How far a spring is pulled after a while, by a step of one's own."""
    random = np.random.default_rng(166)
    x = random.uniform(-1, 1, (1600, 4))
    y = np.cos(2.5 * x[:, 0] + x[:, 1]) * np.exp(-0.5 * x[:, 2]) + 0.3 * x[:, 3]
    y = ((y - y.mean()) / y.std() + random.normal(0, 0.05, 1600)).astype("float32")
    return Training(
        Pulled, **parted((1.7 * x).astype("float32"), y[:, None], 1000, 200), loss="mse",
        metrics=(), score=explained, optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def lamps() -> Training:
    """Whether a lamp is lit by two switches that are measured badly, by tanh; one-hot."""
    random = np.random.default_rng(167)
    bits = random.integers(0, 2, (1500, 2))
    x = bits + random.normal(0, 0.18, bits.shape) - 0.5
    y = np.eye(2, dtype="float32")[bits[:, 0] ^ bits[:, 1]]
    return Training(
        dense(2, (16, 16), 2, "tanh"), **parted((2 * x).astype("float32"), y, 900, 200),
        loss="categorical_crossentropy", optimizer=adam(0.01), epochs=10,
    )  # fmt: skip
