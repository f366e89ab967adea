"""Healthy trainings on tables of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense, scaled, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def loans(rows: int = 1600) -> tuple[Any, Any]:
    """Return age, income, debt, years in a job and three kinds of home; and who does not pay."""
    random = np.random.default_rng(20)
    age, years = random.uniform(20, 70, rows), random.uniform(0, 30, rows)
    income = 1000 * random.lognormal(3.5, 0.4, rows)
    debt, home = income * random.uniform(0, 1.5, rows), random.integers(0, 3, rows)
    risk = 3 * debt / income - 0.05 * np.abs(age - 45) - 0.04 * years
    risk += np.array([0.7, -0.7, 0])[home]
    x = np.stack([age, income, debt, years, *(home == np.arange(3)[:, None])], 1)
    return x.astype("float32"), (risk > np.median(risk)).astype("int64")[:, None]


def loan_net(end: Any = "sigmoid", act: Any = "relu", columns: int = 7, **given: Any) -> Any:
    """Return what makes a network of two hidden layers and a dropout between them."""

    def model() -> Any:
        parts = [L.Dense(32, act, **given), L.Dropout(0.1), L.Dense(16, act, **given)]
        return nn.Sequential([nn.Input((columns,)), *parts, L.Dense(1, end)])

    return model


def credit() -> Training:
    """Who pays a loan back."""
    x, y = loans()
    return Training(
        loan_net(), **parted(scaled(x, x[:1000]), y, 1000, 200), loss="binary_crossentropy",
        optimizer=adam(0.005), epochs=10,
    )  # fmt: skip


def cars(rows: int = 1200) -> tuple[Any, Any]:
    """Return weight, power, displacement, age, gears and axle of cars, and what they drink."""
    random = np.random.default_rng(21)
    weight, power = random.uniform(800, 2500, rows), random.uniform(50, 300, rows)
    age, gears = random.uniform(0, 15, rows), random.integers(4, 9, rows)
    size, axle = power * 12 + random.normal(0, 200, rows), random.uniform(2.5, 4.5, rows)
    y = 2 + weight / 400 + (power / 100) ** 2 + 0.15 * age - 0.2 * gears + 0.5 * np.sin(3 * axle)
    x = np.stack([weight, power, size, age, gears, axle], 1)
    return x.astype("float32"), (y + random.normal(0, 0.2, rows)).astype("float32")[:, None]


def mileage() -> Training:
    """What a car drinks, by ELU; inputs and target are standardised."""
    x, y = cars()
    return Training(
        dense(6, (32, 32), 1, "elu", None),
        **parted(scaled(x, x[:800]), scaled(y, y[:800]), 800, 150),
        loss="mse", metrics=("mae",), score=explained, optimizer=adam(0.005), epochs=14,
    )  # fmt: skip


def gesture_net(
    momentum: float = 0.9, end: Any = "softmax", act: Any = "relu", **given: Any
) -> Any:
    """Return what makes a network with batch normalisation behind each hidden layer."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((16,))]
        for width in (48, 24):
            parts += [L.Dense(width, **given), L.BatchNormalization(momentum=momentum)]
            parts += [L.Activation(act)]
        return nn.Sequential([*parts, L.Dense(6, end)])

    return model


def gestures() -> Training:
    """Six gestures by sixteen readings of a glove; one-hot, and batch normalisation."""
    random = np.random.default_rng(22)
    y, strength = random.integers(0, 6, 1500), random.uniform(0.5, 2, (1500, 1))
    hands = random.normal(size=(6, 2, 16))[y, random.integers(0, 2, 1500)]
    x = (hands * strength + random.normal(0, 0.35, (1500, 16))).astype("float32")
    return Training(
        gesture_net(), **parted(x, np.eye(6, dtype="float32")[y], 900, 200),
        loss="categorical_crossentropy", optimizer=adam(0.005), epochs=7,
    )  # fmt: skip


def rings() -> Training:
    """Two rings and the middle, by tanh and SGD with momentum."""
    random = np.random.default_rng(23)
    y, turn = random.integers(0, 3, 1400), random.uniform(0, 2 * np.pi, 1400)
    far = np.array([0.3, 1.0, 1.7])[y] + random.normal(0, 0.14, 1400)
    x = np.stack([far * np.cos(turn), far * np.sin(turn)], 1).astype("float32")
    return Training(
        dense(2, (32, 32), 3, "tanh"), **parted(x, y, 900, 200),
        optimizer=sgd(0.1, momentum=0.9), epochs=25,
    )  # fmt: skip


def squeeze_net(
    middle: int = 4, end: Any = "sigmoid", act: Any = "relu", neck: Any = None, **given: Any
) -> Any:
    """Return what makes a network that squeezes 24 columns into a few and unfolds them again."""

    def model() -> Any:
        first, last = L.Dense(48, act, **given), L.Dense(48, act, **given)
        return nn.Sequential(
            [nn.Input((24,)), first, L.Dense(middle, neck, **given), last, L.Dense(24, end)]
        )

    return model


def squeeze() -> Training:
    """Spectra between 0 and 1, squeezed into four numbers and written again."""
    random = np.random.default_rng(24)
    at, place = np.linspace(0, 1, 24), random.uniform(0.2, 0.8, (1500, 1))
    high, tilt = random.uniform(0.2, 0.6, (1500, 1)), random.uniform(-0.3, 0.3, (1500, 1))
    x = 0.3 + tilt * (at - 0.5) + high * np.exp(-((at - place) ** 2) / 0.03)
    x = np.clip(x + random.normal(0, 0.02, x.shape), 0, 1).astype("float32")
    return Training(
        squeeze_net(), **parted(x, x, 900, 200), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def of_the_mean(model: Any, training: Training) -> float:
    """R2 of the first of two outputs in one array."""
    x, y = training.test
    found = np.asarray(model.predict(x, verbose=0), np.float64)[:, :1]
    y = np.asarray(y, np.float64).reshape(-1, 1)
    if not np.isfinite(found).all():
        return -1.0
    return max(-1.0, float(1 - np.mean((y - found) ** 2) / y.var()))


def likelihood(y: Any, p: Any) -> Any:
    """How unlikely numbers are, given their mean and the log of their variance."""
    away = nn.ops.square(y - p[:, :1]) * nn.ops.exp(-p[:, 1:])
    return nn.ops.mean(away + p[:, 1:]) / 2


def noise(rows: int = 1400) -> tuple[Any, Any]:
    """Return two columns and a number of which the noise hangs on one of them."""
    random = np.random.default_rng(25)
    x = random.uniform(-2, 2, (rows, 2))
    y = np.sin(1.5 * x[:, 0]) + 0.5 * x[:, 1] + random.normal(0, 0.05 + 0.15 * (x[:, 1] > 0))
    return x.astype("float32"), y.astype("float32")[:, None]


def uncertain() -> Training:
    """A number and how sure it is, by a likelihood of one's own."""
    x, y = noise()
    return Training(
        dense(2, (40, 40), 2, "silu", None), **parted(x, y, 900, 200), loss=likelihood,
        metrics=(), score=of_the_mean, optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def rating_net(people: int = 40, films: int = 30, width: int = 4, **given: Any) -> Any:
    """Return what makes a product of two tables, with what each one adds."""

    def model() -> Any:
        one, two = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        taste = L.Embedding(people, width, **given)(one), L.Embedding(films, width, **given)(two)
        alone = L.Embedding(people, 1)(one), L.Embedding(films, 1)(two)
        both = L.Add()([L.Dot(-1)([L.Flatten()(t) for t in taste]), *map(L.Flatten(), alone)])
        return nn.Model([one, two], both)

    return model


def ratings() -> Training:
    """What somebody thinks of a film, by the product of two tables of vectors."""
    random = np.random.default_rng(26)
    a, b = random.normal(0, 0.8, (40, 2)), random.normal(0, 0.8, (30, 2))
    who, what = random.integers(0, 40, 3000), random.integers(0, 30, 3000)
    y = (a[who] * b[what]).sum(1) + random.normal(0, 0.1, 3000)
    return Training(
        rating_net(),
        **parted((who[:, None], what[:, None]), y.astype("float32")[:, None], 2200, 300),
        loss="mse", metrics=(), score=explained, optimizer=adam(0.02), epochs=12,
    )  # fmt: skip


def flowers() -> Training:
    """Three kinds of iris, four measurements."""
    (x, y), (x_test, y_test) = nn.datasets.iris.load_data()
    return Training(
        dense(4, (16,), 3, "relu"), **split(scaled(x, x), y), test=(scaled(x_test, x), y_test),
        optimizer=adam(0.02), batch_size=8, epochs=20,
    )  # fmt: skip


class Taught(nn.Model):
    """A network with a training step of its own, on a tape."""

    summed = False

    def __init__(self, act: Any = "relu", **given: Any) -> None:
        super().__init__()
        self.first, self.second = L.Dense(40, act, **given), L.Dense(40, act, **given)
        self.last = L.Dense(4)

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(self.second(self.first(x)))

    def loss_of(self, y: Any, scores: Any) -> Any:
        """The cross-entropy of scores."""
        loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
        each = loss(y, scores)
        return nn.ops.sum(each) if self.summed else nn.ops.mean(each)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = self.loss_of(y, self(x))
        slopes = tape.gradient(value, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": value}


def quarters() -> Training:
    """Four kinds that lie in stripes across eight columns, by a step of one's own."""
    random = np.random.default_rng(27)
    x = random.normal(size=(1500, 8)).astype("float32")
    y = 2 * (x[:, 0] + x[:, 1] * x[:, 2] > 0) + (np.abs(x[:, 3]) > 0.67)
    return Training(
        Taught, **parted(x, y, 1000, 150), metrics=(), optimizer=adam(0.01), epochs=18,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
    )  # fmt: skip
