"""Healthy programs on tables as courses and notebooks have them: passengers, customers, shops."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.threads.examples_tables import rest
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def chance(score: Any, random: Any) -> Any:
    """Return labels 0 and 1 of which the chance is the sigmoid of a score."""
    return (random.random(len(score)) < 1 / (1 + np.exp(-score))).astype("int64")


def columns(*parts: Any) -> Any:
    """Return one table of columns and one-hot tables."""
    return np.column_stack(parts).astype("float32")


def standard(a: Any) -> Any:
    """Return numbers with mean 0 and spread 1."""
    return (a - a.mean(axis=0)) / a.std(axis=0)


def raw_passengers(rows: int = 1100) -> tuple[Any, ...]:
    """Return number, class, sex, age, whether it is missing, fare, port, and who came through."""
    random = np.random.default_rng(11)
    kind = random.choice([1, 2, 3], rows, p=[0.25, 0.2, 0.55])
    sex = random.random(rows) < 0.35
    age = random.gamma(4, 7.5, rows)
    missing = random.random(rows) < 0.2
    fare = random.lognormal(4.6 - 0.8 * kind, 0.5)
    fare[random.random(rows) < 0.02] = 0.0
    port = random.integers(0, 3, rows)
    y = chance(2.6 * sex - 1.1 * (kind - 2) - 0.03 * (age - 30) - 0.9, random)
    return np.arange(1, rows + 1), kind, sex, age, missing, fare, port, y


def passengers() -> Training:
    """Who came through: a few columns scaled, flags beside them; eight in ten is all there is."""
    _, kind, sex, age, missing, fare, port, y = raw_passengers()
    age = np.where(missing, np.median(age), age)
    x = columns(kind - 2, sex, standard(age), missing, standard(np.log1p(fare)), np.eye(3)[port])
    return Training(
        dense(8, (16, 8), 1, end="sigmoid"), **rest(x, y[:, None], 800), loss="binary_crossentropy",
        optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def levels() -> Training:
    """Class, sex and child or grown-up only: each held-out row is a training row, too."""
    _, kind, sex, age, _, _, _, y = raw_passengers()
    x = columns(np.eye(3)[kind - 1], sex, age < 14)
    return Training(
        dense(5, (8,), 1, end="sigmoid"), **rest(x, y, 800), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def shell_ages() -> Training:
    """Rings of shells, 3 to 29, as they are; the columns are small, their sex one-hot."""
    random = np.random.default_rng(12)
    sex = random.integers(0, 3, 1200)
    length = random.beta(5, 3, 1200)
    parts = length[:, None] ** [1, 1, 1, 3, 3, 3] * [0.8, 0.6, 0.2, 2.0, 0.8, 0.5]
    parts = parts * random.normal(1, 0.08, parts.shape)
    y = np.round(3 + 12 * length + 2 * (sex < 2) + random.gamma(2, 1, 1200))[:, None]
    return Training(
        dense(9, (32,), 1, end=None), **rest(columns(np.eye(3)[sex], parts), y, 900), loss="mse",
        metrics=("mae",), optimizer=adam(0.01), epochs=30,
        score=explained,
    )  # fmt: skip


def customers() -> Training:
    """One in five leaves: six units, six units, a sigmoid, batches of ten, no weights."""
    x, y = raw_customers()
    return Training(
        dense(9, (6, 6), 1, end="sigmoid", kernel_initializer="uniform"),
        **rest(scaled(x, x), y, 1000), loss="binary_crossentropy", optimizer=adam(3e-3),
        batch_size=10, epochs=10,
    )  # fmt: skip


def raw_customers(rows: int = 1400) -> tuple[Any, Any]:
    """Return nine columns of customers of a bank, as they stand in a file, and who left."""
    random = np.random.default_rng(13)
    x = np.column_stack([
        random.normal(650, 96, rows).round(), random.integers(0, 3, rows),
        random.integers(0, 2, rows), random.gamma(12, 3.2, rows).round(),
        random.integers(0, 11, rows), random.normal(110_000, 40_000, rows),
        random.integers(1, 5, rows), random.integers(0, 2, rows),
        random.uniform(10_000, 200_000, rows),
    ])  # fmt: skip
    score = 0.12 * (x[:, 3] - 40) + 2.2 * (x[:, 6] > 2) - 1.6 * x[:, 7] + 1.2 * (x[:, 1] == 1)
    return x, chance(1.6 * (score - 1.4), random)


def cars() -> Training:
    """Miles a gallon, as they are; raw columns behind Normalization, the last fifth held out."""
    x, y = raw_cars()

    def model() -> Any:
        scale = L.Normalization(axis=-1)
        scale.adapt(x[:400])
        return nn.Sequential(
            [nn.Input((7,)), scale, L.Dense(64, "relu"), L.Dense(64, "relu"), L.Dense(1)]
        )

    return Training(
        model, x[:400], y[:400], None, (x[400:], y[400:]), loss="mean_absolute_error", metrics=(),
        epochs=80, score=explained, fit={"validation_split": 0.2},
    )  # fmt: skip


def raw_cars(rows: int = 520) -> tuple[Any, Any]:
    """Return cylinders, displacement, power, weight, acceleration, year, origin, and mileage."""
    random = np.random.default_rng(14)
    size = random.normal(size=rows)
    cylinders = np.select([size < -0.2, size < 0.8], [4, 6], 8)
    parts = np.column_stack([
        cylinders, 190 + 95 * size + random.normal(0, 20, rows),
        104 + 34 * size + random.normal(0, 12, rows),
        2970 + 780 * size + random.normal(0, 150, rows),
        15.5 - 1.2 * size + random.normal(0, 2, rows), random.integers(70, 83, rows),
        random.integers(1, 4, rows),
    ])  # fmt: skip
    y = 40 - 0.0065 * parts[:, 3] + 0.7 * (parts[:, 5] - 76) + 1.5 * size**2
    return parts.astype("float32"), (y + random.normal(0, 1.5, rows)).astype("float32")[:, None]


def buildings() -> Training:
    """Heating and cooling loads: two heads at different depths, losses by name."""
    random = np.random.default_rng(15)
    x = random.normal(size=(1000, 8)).astype("float32")
    base = x[:, 0] + 0.7 * x[:, 1] * x[:, 2]
    heat = (22 + 9 * base + random.normal(0, 1, 1000)).astype("float32")[:, None]
    cool = (24 + 7 * base + 4 * x[:, 3] + random.normal(0, 2, 1000)).astype("float32")[:, None]

    def model() -> Any:
        inputs = nn.Input((8,))
        body = L.Dense(48, "relu")(L.Dense(48, "relu")(inputs))
        heat = L.Dense(1, name="heat")(body)
        return nn.Model(inputs, [heat, L.Dense(1, name="cool")(L.Dense(32, "relu")(body))])

    return Training(
        model, x[:700], [heat[:700], cool[:700]], (x[700:850], [heat[700:850], cool[700:850]]),
        (x[850:], [heat[850:], cool[850:]]), loss={"heat": "mse", "cool": "mse"}, metrics=(),
        optimizer=adam(5e-3), epochs=25, score=worst,
    )  # fmt: skip


def worst(model: Any, t: Training) -> float:
    """R2 of the output that is told worst."""
    found = model.predict(t.test[0], verbose=0)
    parts = [
        1 - float(((np.asarray(p) - y) ** 2).mean() / y.var())
        for p, y in zip(found, t.test[1], strict=True)
    ]
    return max(-1.0, min(parts))


def rides() -> Training:
    """Bicycles lent an hour, logarithms of counts; the hour of the day as a place on a circle."""
    x, y = raw_rides()
    return Training(
        dense(6, (48, 24), 1, end=None), **rest(x, np.log1p(y), 1000), loss="mse", metrics=("mae",),
        optimizer=adam(5e-3), epochs=20, score=explained,
    )  # fmt: skip


def raw_rides(rows: int = 1300) -> tuple[Any, Any]:
    """Return columns, and counts up to some hundreds."""
    random = np.random.default_rng(16)
    hour, work = random.integers(0, 24, rows), random.integers(0, 2, rows)
    warm, wet, wind = random.normal(size=rows), random.random(rows), random.random(rows)
    peak = np.exp(-((hour - 17) ** 2) / 12) + 0.8 * work * np.exp(-((hour - 8) ** 2) / 3)
    y = random.poisson(np.exp(3.2 + 2.2 * peak + 0.4 * warm - 0.8 * wet))
    angle = hour * np.pi / 12
    x = columns(np.sin(angle), np.cos(angle), work, warm, wet, wind)
    return x, y.astype("float32")[:, None]


def shops() -> Training:
    """Sales of shops: three categories by Embeddings; shares of the largest logarithm."""
    random = np.random.default_rng(17)
    sizes = (40, 7, 12)
    ids = [random.integers(0, n, (1600, 1)) for n in sizes]
    more = random.integers(0, 2, (1600, 1)).astype("float32")
    worth = [random.normal(0, s, n) for n, s in zip(sizes, (0.4, 0.3, 0.2), strict=True)]
    sales = 8.6 + sum(w[k] for w, k in zip(worth, ids, strict=True)) + 0.3 * more
    y = ((sales + random.normal(0, 0.1, sales.shape)) / 11).astype("float32")

    def model() -> Any:
        given = [nn.Input((1,), dtype="int32") for _ in sizes]
        promoted = nn.Input((1,))
        parts = [
            L.Flatten()(L.Embedding(n, min(10, n // 2))(v))
            for n, v in zip(sizes, given, strict=True)
        ]
        body = L.Dense(32, "relu")(L.Concatenate()([*parts, promoted]))
        return nn.Model([*given, promoted], L.Dense(1, "sigmoid")(body))

    def rows(a: int, b: int) -> Any:
        return [v[a:b] for v in (*ids, more)], y[a:b]

    x, target = rows(0, 1100)
    return Training(
        model, x, target, rows(1100, 1300), rows(1300, 1600), loss="mae", metrics=(),
        optimizer=adam(3e-3), epochs=15, score=explained,
    )  # fmt: skip


def moods() -> Training:
    """Six moods of a song, several at once: sigmoids, labels of one in four."""
    random = np.random.default_rng(18)
    x = random.normal(size=(1000, 20)).astype("float32")
    y = x @ random.normal(size=(20, 6)) / 4 + random.normal(0, 0.3, (1000, 6)) > 0.75
    return Training(
        dense(20, (32,), 6, end="sigmoid"), **rest(x, y.astype("float32"), 750),
        loss="binary_crossentropy", metrics=("binary_accuracy",), optimizer=adam(5e-3), epochs=20,
        score=flags,
    )  # fmt: skip


def flags(model: Any, t: Training) -> float:
    """Share of flags that are told; those that are set weigh as much as those that are not."""
    found = np.asarray(model.predict(t.test[0], verbose=0)) > t.threshold
    y = np.asarray(t.test[1]) > 0.5
    return float((found[y].mean() + 1 - found[~y].mean()) / 2)


def letters() -> Training:
    """Twenty letters by sixteen measurements, whole numbers to 15, divided by 15; labels (n, 1)."""
    random = np.random.default_rng(19)
    y = random.integers(0, 20, (1500, 1))
    middle = random.uniform(2, 13, (20, 16))
    x = (middle[y[:, 0]] + random.normal(0, 2.0, (1500, 16))).round().clip(0, 15) / 15
    return Training(
        dense(16, (64,), 20), **rest(x.astype("float32"), y, 1200), optimizer=adam(5e-3), epochs=12
    )


def notes() -> Training:
    """Banknotes, four columns as they were measured, -13 to 18: soon told without a mistake."""
    random = np.random.default_rng(20)
    y = random.integers(0, 2, 1000)
    x = random.normal(size=(1000, 4)) * [2.0, 5.4, 3.3, 2.1] + [0.4, 1.9, 1.4, -1.2]
    x = x + (0.5 - y)[:, None] * [3.6, 5.4, 1.0, 0.1] + 0.05 * x[:, 1:2] ** 2 * [0, 0, 1, 0]
    y = (x[:, 0] + 0.4 * x[:, 1] + 0.5 * x[:, 2] - 0.05 * x[:, 1] ** 2 > 1.6).astype("int64")
    return Training(
        dense(4, (16, 8), 1, end="sigmoid"), **rest(x.astype("float32"), y, 750),
        loss="binary_crossentropy", optimizer=adam(5e-3), batch_size=10, epochs=15,
    )  # fmt: skip


def sonar() -> Training:
    """Sixty bands between 0 and 1, 208 rows, batches of five, stopped in time."""
    random = np.random.default_rng(21)
    y = random.integers(0, 2, 308)
    shape = np.exp(-((np.arange(60) - 22 - 10 * y[:, None]) ** 2) / 200)
    x = (shape + random.normal(0, 0.35, (308, 60))).clip(0, 1).astype("float32")
    stop = nn.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    return Training(
        dense(60, (60, 30), 1, end="sigmoid"), **rest(x, y, 208), loss="binary_crossentropy",
        batch_size=5, epochs=25, fit={"callbacks": [stop]},
    )  # fmt: skip


def incomes() -> Training:
    """Who earns more: one in four; seven numbers, and sixty columns of which ten are 1."""
    random = np.random.default_rng(22)
    many = random.normal(size=(1600, 7))
    sizes = (9, 16, 7, 14, 6, 5, 3)
    ids = [random.integers(0, n, 1600) for n in sizes]
    hot = [np.eye(n)[k] for n, k in zip(sizes, ids, strict=True)]
    x = columns(many, *hot)
    score = 1.5 * (x @ np.r_[random.normal(0, 0.6, 7), random.normal(0, 0.7, 60)]) - 2.0
    y = chance(score, random)
    return Training(
        dense(67, (32, 16), 1, end="sigmoid"), **rest(x, y, 1300), loss="binary_crossentropy",
        optimizer=sgd(0.05, momentum=0.9), epochs=8,
    )  # fmt: skip


def sorted_shuffled() -> Training:
    """Rows in the order of their class, which are shuffled; held-out ones drawn from all."""
    t = letters()
    order = np.argsort(t.y[:, 0], kind="stable")
    return t.but(x=t.x[order], y=t.y[order], batch_size=64, epochs=20)


def genes() -> Training:
    """Sixty patients by 400 genes: all are told at once, an L1 keeps it in check."""
    random = np.random.default_rng(23)
    y = random.integers(0, 2, 400)
    x = random.normal(size=(400, 400))
    x[:, :15] += 0.8 * (2 * y[:, None] - 1)
    x = x.astype("float32")
    model = net(400, unit(1, "sigmoid", kernel_regularizer=nn.regularizers.L1(0.01)))
    return Training(
        model, x[:60], y[:60], (x[60:90], y[60:90]), (x[90:], y[90:]), loss="binary_crossentropy",
        optimizer=adam(5e-3), batch_size=16, epochs=40,
    )  # fmt: skip


def prices_by_log() -> Training:
    """Logarithms of prices near 12, not scaled: the last bias begins at their mean."""
    random = np.random.default_rng(24)
    x = random.normal(size=(1100, 12)).astype("float32")
    y = 12 + 0.3 * x[:, 0] + 0.2 * x[:, 1] * x[:, 2] + 0.15 * x[:, 3] + random.normal(0, 0.1, 1100)
    start = nn.initializers.Constant(12.0)
    return Training(
        net(12, unit(64, "relu"), unit(32, "relu"), unit(1, bias_initializer=start)),
        **rest(x, y.astype("float32"), 800), loss="mse", metrics=("mae",), optimizer=adam(3e-3),
        epochs=25, score=explained,
    )  # fmt: skip


def polls() -> Training:
    """Shares of votes between 0 and 1, by binary cross-entropy of a sigmoid."""
    random = np.random.default_rng(25)
    x = random.normal(size=(1000, 6)).astype("float32")
    y = 1 / (1 + np.exp(-(0.8 * x[:, 0] - 0.6 * x[:, 1] + 0.5 * x[:, 2] * x[:, 3])))
    y = random.binomial(50, y)[:, None] / 50
    return Training(
        dense(6, (24,), 1, end="sigmoid"), **rest(x, y, 750), loss="binary_crossentropy",
        metrics=("mae",), optimizer=adam(0.01), epochs=20, score=explained,
    )  # fmt: skip


def marks() -> Training:
    """Marks of wines, 3 to 8, as numbers from the middle on; half of their spread can be told."""
    random = np.random.default_rng(26)
    x = random.normal(size=(1200, 11)).astype("float32")
    y = 5.6 + 0.35 * x[:, 0] - 0.3 * x[:, 1] + 0.2 * x[:, 2] + random.normal(0, 0.45, 1200)
    y = y.round().clip(3, 8).astype("int64")
    start = nn.initializers.Constant(5.5)
    return Training(
        net(11, unit(16, "relu"), unit(1, bias_initializer=start)), **rest(x, y, 900), loss="mse",
        metrics=("mae",), optimizer=adam(3e-3), epochs=15, score=explained,
    )  # fmt: skip


def as_tables(t: Training) -> Training:
    """The same, its rows given as lists of Python's own numbers."""
    return t.but(x=t.x.tolist(), y=np.ravel(t.y).tolist())


MAKES = {
    "passengers": passengers,
    "passengers: each held-out row stands in training, too": levels,
    "shells: rings as they are": shell_ages,
    "customers: one in five, batches of ten": customers,
    "cars: raw behind Normalization, a split in fit": cars,
    "buildings: two loads, losses by name": buildings,
    "rides: logarithms of counts": rides,
    "shops: shares of the largest logarithm": shops,
    "moods: several of six": moods,
    "letters: whole numbers to 15": letters,
    "letters: in order, and shuffled": sorted_shuffled,
    "notes: columns as measured": notes,
    "sonar: bands, batches of five": sonar,
    "incomes: mostly zeros, momentum": incomes,
    "genes: 60 rows, 400 columns": genes,
    "prices: a bias that begins at the mean": prices_by_log,
    "polls: shares by a cross-entropy": polls,
    "marks: whole numbers by a squared error": marks,
    "passengers: lists of numbers": lambda: as_tables(passengers()),
}
HEALTHY = [Healthy(name, "dense", make) for name, make in MAKES.items()]
