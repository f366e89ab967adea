"""Healthy programs in the manner of published examples: tables."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import cancer, dense, friedman, layers, scaled, split
from benchmarks.doctor.threads.tables import prices
from benchmarks.doctor.training import Training, accuracy, explained

L, ops = nn.layers, nn.ops


def rest(x: Any, y: Any, cut: int) -> dict[str, Any]:
    """Return training, validation and test: the rows from the cut on are the test."""
    return {**split(x[:cut], y[:cut]), "test": (x[cut:], y[cut:])}


def homes() -> Training:
    """Prices in thousands, as they are, of homes in a town; columns are scaled."""
    x, y = friedman(700)
    y = (22 + 9 * (y - y.mean()) / y.std()).clip(5, 50).astype("float32")
    return Training(
        dense(10, (64, 64), 1, end=None), **rest(scaled(x, x), y, 500), loss="mse",
        metrics=("mae",), optimizer=lambda: nn.optimizers.RMSprop(2e-3), epochs=60, batch_size=16,
        score=explained,
    )  # fmt: skip


def mileage() -> Training:
    """Miles a gallon by weight in pounds, power and year, behind a Normalization; one Dense."""
    random = np.random.default_rng(1)
    weight, power = random.uniform(1600, 5000, 900), random.uniform(45, 230, 900)
    year, where = random.integers(70, 83, 900), np.eye(3)[random.integers(0, 3, 900)]
    y = 46 - 0.0065 * weight - 0.02 * power + 0.7 * (year - 76) + random.normal(0, 2, 900)
    x = np.c_[weight, power, year, where].astype("float32")

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x[:700])
        return nn.Sequential([nn.Input((6,)), scale, L.Dense(1)])

    return Training(
        model, x[:700], y[:700].astype("float32"), None, (x[700:], y[700:]), loss="mae",
        metrics=(), optimizer=adam(0.1), epochs=60, fit={"validation_split": 0.2}, score=explained,
    )  # fmt: skip


def with_output_scale() -> Training:
    """Prices near 250,000, which the last layer scales: the network before it gives about 1."""
    x, y = prices()
    mean, spread = float(y.mean()), float(y.std())
    model = layers(
        lambda: nn.Input((3,)), lambda: L.Dense(32, "relu"), lambda: L.Dense(1),
        lambda: L.Rescaling(spread, mean),
    )  # fmt: skip

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(ops.square((y - p) / spread))

    return Training(
        model, **rest(scaled(x, x), y, 600), loss=loss, metrics=(), optimizer=adam(0.01),
        epochs=30, score=explained,
    )  # fmt: skip


def units_behind_norm() -> Training:
    """Columns in kilograms, metres and years behind a BatchNormalization."""
    x, y = prices()
    y = (y > np.median(y)).astype("int64")[:, 0]
    model = layers(
        lambda: nn.Input((3,)), lambda: L.BatchNormalization(momentum=0.9),
        lambda: L.Dense(32, "relu"), lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip
    return Training(
        model, **rest(x, y, 600), loss="binary_crossentropy", optimizer=adam(0.01), epochs=25
    )


def log_link() -> Training:
    """Counts up to hundreds, and an exponential at the end."""
    random = np.random.default_rng(2)
    x = random.normal(size=(2000, 5)).astype("float32")
    y = random.poisson(np.exp(2.2 + 0.8 * x[:, 0] - 0.5 * x[:, 1])).astype("float32")[:, None]
    return Training(
        dense(5, (24,), 1, end="exponential"), **rest(x, y, 1500), loss="poisson", metrics=(),
        optimizer=adam(0.005), epochs=20, score=explained,
    )  # fmt: skip


def rings() -> Training:
    """Whole numbers from 1 to 29 as quantities, by a squared error."""
    random = np.random.default_rng(3)
    x = random.normal(size=(1200, 7)).astype("float32")
    y = np.rint(10 + 3 * x[:, 0] + 1.5 * x[:, 1] * x[:, 2] + random.normal(0, 1, 1200)).clip(1, 29)
    return Training(
        dense(7, (32, 16), 1, end=None), **rest(x, y.astype("int64"), 900), loss="mse",
        metrics=("mae",), optimizer=adam(0.01), epochs=40, score=explained,
    )  # fmt: skip


def ranks() -> Training:
    """Five grades in order, as four times yes or no: is it more than this grade?"""
    random = np.random.default_rng(4)
    x = random.normal(size=(1500, 6)).astype("float32")
    grade = np.digitize(x[:, 0] + 0.5 * x[:, 1] ** 2 + random.normal(0, 0.2, 1500), [-1, 0, 1, 2])
    y = (grade[:, None] > np.arange(4)).astype("float32")

    def near(model: Any, t: Training) -> float:
        found = (np.asarray(model.predict(t.test[0], verbose=0)) > 0.5).sum(-1)
        return float(np.mean(found == t.test[1].sum(-1)))

    return Training(
        dense(6, (32,), 4, end="sigmoid"), **rest(x, y, 1100), loss="binary_crossentropy",
        metrics=(), optimizer=adam(0.01), epochs=25, score=near,
    )  # fmt: skip


def quantiles() -> Training:
    """Three quantiles at once of one number a row: outputs of 3, targets of 1."""
    x, y = friedman(1300)
    x, y = scaled(x, x), scaled(y[:, None], y[:, None])
    q = np.array([0.1, 0.5, 0.9], "float32")

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(ops.maximum(q * (y - p), (q - 1) * (y - p)))

    def inside(model: Any, t: Training) -> float:
        p, y = np.asarray(model.predict(t.test[0], verbose=0)), t.test[1][:, 0]
        return 1 - abs(0.8 - float(np.mean((p[:, 0] < y) & (y < p[:, 2]))))

    return Training(
        dense(10, (32,), 3, end=None), **rest(x, y, 1000), loss=loss, metrics=(),
        optimizer=adam(0.01), epochs=25, score=inside,
    )  # fmt: skip


def fraud() -> tuple[Any, Any]:
    """Return rows of which one in two hundred is a fraud."""
    random = np.random.default_rng(5)
    y = (random.random(8000) < 0.005).astype("int64")
    x = random.normal(size=(8000, 8)) + 2.2 * y[:, None] * (np.arange(8) < 3)
    return x.astype("float32"), y


def rare_weighted() -> Training:
    """One row in 200, weighted up, with metrics that suit."""
    x, y = fraud()
    return Training(
        dense(8, (16,), 1, end="sigmoid"), **rest(x, y, 6000), loss="binary_crossentropy",
        metrics=(nn.metrics.AUC(), nn.metrics.Recall()), optimizer=adam(2e-3), batch_size=256,
        epochs=25, fit={"class_weight": {0: 0.5, 1: 100.0}},
    )  # fmt: skip


def rare_focal() -> Training:
    """One row in 200 by a focal loss, its bias begun at the log of the odds."""
    x, y = fraud()
    odds = nn.initializers.Constant(float(np.log(0.005 / 0.995)))
    model = layers(
        lambda: nn.Input((8,)), lambda: L.Dense(16, "relu"),
        lambda: L.Dense(1, "sigmoid", bias_initializer=odds),
    )  # fmt: skip

    def ranked(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0))[:, 0]
        yes, no = p[t.test[1] == 1], p[t.test[1] == 0]
        return float((yes[:, None] > no).mean())

    return Training(
        model, **rest(x, y, 6000), metrics=(nn.metrics.AUC(),), optimizer=adam(0.005),
        loss=nn.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.9),
        batch_size=128, epochs=15, score=ranked,
    )  # fmt: skip


def wide_and_deep() -> Training:
    """A crossed one-hot part beside a deep one; two inputs of one model."""
    random = np.random.default_rng(6)
    a, b = random.integers(0, 8, 2000), random.integers(0, 6, 2000)
    x = random.normal(size=(2000, 5)).astype("float32")
    crossed = np.eye(48, dtype="float32")[6 * a + b]
    y = ((a + b) % 2 + x[:, 0] * x[:, 1] + random.normal(0, 0.2, 2000) > 0.5).astype("int64")

    def model() -> Any:
        wide, deep = nn.Input((48,)), nn.Input((5,))
        body = L.Dense(24, "relu")(L.Dense(24, "relu")(deep))
        return nn.Model([wide, deep], L.Dense(1, "sigmoid")(L.Concatenate()([wide, body])))

    return Training(
        model, [crossed[:1200], x[:1200]], y[:1200], ([crossed[1200:1500], x[1200:1500]],
        y[1200:1500]), ([crossed[1500:], x[1500:]], y[1500:]), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def cars() -> Training:
    """Six columns of three or four levels as whole numbers: most rows of validation are known."""
    random = np.random.default_rng(7)
    x = np.stack([random.integers(0, n, 2600) for n in (4, 4, 4, 3, 3, 3)], 1)
    points = 6 - x[:, 0] - x[:, 1] + x[:, 4] + 2 * x[:, 5]
    y = np.where((x[:, 5] == 0) | (x[:, 3] == 0), 0, np.digitize(points, [5, 8]))
    return Training(
        dense(6, (32, 32), 3), **rest(x.astype("float32"), y, 2000), optimizer=adam(0.005),
        epochs=25, score=accuracy,
    )  # fmt: skip


def twenty() -> Training:
    """Twenty rows of two columns, and a line between."""
    random = np.random.default_rng(8)
    x = random.normal(size=(220, 2)).astype("float32")
    y = (x[:, 0] - x[:, 1] > 0).astype("int64")
    return Training(
        dense(2, (), 1, end="sigmoid"), x[:20], y[:20], None, (x[20:], y[20:]),
        loss="binary_crossentropy", optimizer=sgd(0.5), epochs=100, batch_size=4,
    )  # fmt: skip


def faint() -> Training:
    """A number of which the best forecast explains a tenth."""
    random = np.random.default_rng(9)
    x = random.normal(size=(4000, 6)).astype("float32")
    y = (x[:, :1] + random.normal(0, 3, (4000, 1))).astype("float32") / 3.2
    return Training(
        dense(6, (8,), 1, end=None), **rest(x, y, 3000), loss="mse", metrics=(),
        optimizer=adam(2e-3), epochs=15, score=explained,
    )  # fmt: skip


def coin() -> Training:
    """Two classes, of which nobody can tell more than six in ten."""
    random = np.random.default_rng(10)
    x = random.normal(size=(5000, 6)).astype("float32")
    y = (random.random(5000) < 1 / (1 + np.exp(-0.55 * x[:, 0]))).astype("int64")
    return Training(
        dense(6, (8,), 1, end="sigmoid"), **rest(x, y, 4000), loss="binary_crossentropy",
        optimizer=adam(2e-3), epochs=12,
    )  # fmt: skip


def outliers() -> Training:
    """Targets of which one in thirty is far off, by Huber's loss."""
    random = np.random.default_rng(11)
    x, y = friedman(1300)
    x, y = scaled(x, x), scaled(y[:, None], y[:, None])
    dirty = y + (random.random(y.shape) < 0.03) * random.normal(0, 15, y.shape)
    t = Training(
        dense(10, (32, 32), 1, end=None), **rest(x, dirty.astype("float32"), 1000), loss="huber",
        metrics=("mae",), optimizer=adam(0.005), epochs=25, score=explained,
    )  # fmt: skip
    return t.but(test=(x[1000:], y[1000:]))


def svm() -> Training:
    """Three kinds of wine by a categorical hinge; scores have no softmax."""
    (x, y), (x_test, y_test) = nn.datasets.wine.load_data()
    hot = np.eye(3, dtype="float32")
    return Training(
        dense(13, (16,), 3, end=None, kernel_regularizer="l2"), **split(scaled(x, x), hot[y]),
        test=(scaled(x_test, x), hot[y_test]), loss="categorical_hinge", optimizer=adam(0.01),
        epochs=40, batch_size=16,
    )  # fmt: skip


def noised() -> Training:
    """Noise on the inputs and half of the units dropped: training looks worse than validation."""
    model = layers(
        lambda: nn.Input((30,)), lambda: L.GaussianNoise(0.5), lambda: L.Dense(64, "relu"),
        lambda: L.Dropout(0.5), lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip
    return cancer().but(model=model)


MAKES = {
    "homes, prices in thousands": homes,
    "mileage behind Normalization, one Dense, Adam of 0.1": mileage,
    "prices that the last layer scales": with_output_scale,
    "units behind BatchNormalization": units_behind_norm,
    "counts and a log link": log_link,
    "rings as quantities": rings,
    "grades as thresholds": ranks,
    "three quantiles of one number": quantiles,
    "one in 200, weighted": rare_weighted,
    "one in 200, focal": rare_focal,
    "wide and deep": wide_and_deep,
    "cars of few levels": cars,
    "twenty rows": twenty,
    "a tenth is explained": faint,
    "six in ten at best": coin,
    "outliers by Huber": outliers,
    "categorical hinge": svm,
    "noise and dropout": noised,
}
HEALTHY = [Healthy(name, "dense", make) for name, make in MAKES.items()]
