"""Healthy programs of the fourth part: tables, as people bring them to a network."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import scaled
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    hit,
    logistic,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def hot(ids: Any, count: int) -> Any:
    """Return one column for each kind."""
    return np.eye(count)[ids]


def joined(numbers: list[Any], *more: Any, train: int) -> Any:
    """Return columns side by side; numbers get the mean 0 and the spread 1 of the training rows."""
    columns = np.stack(numbers, 1)
    return single(np.concatenate([scaled(columns, columns[:train]), *more], 1))


def churn() -> Training:
    """Who leaves a phone company, one in five; classes weigh as `sklearn` balances them."""
    random, n = np.random.default_rng(400), 2600
    months, fee = random.integers(1, 73, n), random.uniform(18, 120, n)
    contract, services = random.integers(0, 3, n), random.random((n, 5)) < 0.4
    z = fee / 25 - months / 15 - 1.6 * contract - services[:, 0] + 1.4 * services[:, 1] - 1.7
    y = random.random(n) < logistic(1.3 * z)
    x = joined([months, fee, months * fee], hot(contract, 3), services, train=1800)
    share = y[:1800].mean()
    return Training(
        lambda: nn.Sequential([nn.Input((11,)), L.Dense(32, "relu"), L.Dropout(0.2),
                               L.Dense(16, "relu"), L.Dense(1, "sigmoid")]),
        **rows(x, single(y), 1800, 300), loss="binary_crossentropy",
        metrics=("accuracy", "Precision", "Recall"), score=ranked, optimizer=adam(2e-3), epochs=12,
        fit={"class_weight": {0: 0.5 / (1 - share), 1: 0.5 / share}},
    )  # fmt: skip


def census() -> Training:
    """Who earns much: years, kinds of work one-hot, gains that are mostly 0, as a logarithm."""
    random, n = np.random.default_rng(401), 3000
    age, school, hours = (random.uniform(17, 80, n), random.integers(1, 17, n),
                          np.clip(random.normal(40, 12, n), 1, 99))  # fmt: skip
    gain = np.where(random.random(n) < 0.09, np.exp(random.normal(8, 1.0, n)), 0.0)
    work, married = random.integers(0, 6, n), random.random(n) < 0.5
    z = (school - 10) / 2.5 + (hours - 40) / 15 - ((age - 50) / 18) ** 2 + 2 * married - 1.8
    z += np.array([0.6, -0.8, 0.0, 1.0, -0.4, 0.2])[work] + 0.4 * np.log1p(gain)
    x = joined([age, school, hours, np.log1p(gain)], hot(work, 6), married[:, None], train=2000)
    y = random.random(n) < logistic(1.4 * z)
    return Training(
        lambda: nn.Sequential([nn.Input((11,)), L.Dense(64, "relu"), L.Dense(32, "relu"),
                               L.Dense(1, "sigmoid")]),
        **rows(x, single(y)[:, None], 2000, 400), loss="binary_crossentropy", score=ranked,
        epochs=8,
    )  # fmt: skip


def diamonds() -> Training:
    """The logarithm of a price: sizes, and three grades that are embedded."""
    random, n = np.random.default_rng(402), 2600
    carat = np.exp(random.normal(-0.4, 0.5, n))
    depth, table = random.normal(61.7, 1.4, n), random.normal(57.5, 2.2, n)
    grade = np.stack([random.integers(0, k, n) for k in (5, 7, 8)], 1)
    y = 1.7 * np.log(carat) + 0.05 * grade[:, 0] + 0.08 * grade[:, 1] + 0.1 * grade[:, 2]
    y = y - 0.02 * np.abs(depth - 61.7) + 8 + random.normal(0, 0.1, n)
    y = (y - y[:1800].mean()) / y[:1800].std()

    def model() -> Any:
        numbers, grades = nn.Input((3,)), [nn.Input((1,), dtype="int64") for _ in range(3)]
        known = [L.Flatten()(L.Embedding(k, 3)(g)) for k, g in zip((5, 7, 8), grades, strict=True)]
        z = L.Concatenate()([numbers, *known])
        for width in (48, 24):
            z = L.ReLU()(L.BatchNormalization(momentum=0.95)(L.Dense(width)(z)))
        return nn.Model([numbers, *grades], L.Dense(1)(z))

    x = (joined([carat, depth, table], train=1800), *(grade[:, k : k + 1] for k in range(3)))
    return Training(
        model, **rows(x, single(y)[:, None], 1800, 300), **NUMBER, optimizer=adam(5e-3), epochs=25,
        fit={"callbacks": [calms(factor=0.3, patience=3), stops(patience=8)]},
    )  # fmt: skip


def bicycles() -> Training:
    """Rented bicycles in an hour, log1p: hours as sine and cosine, days one-hot, the weather."""
    random, n = np.random.default_rng(403), 2600
    hour, day = random.integers(0, 24, n), random.integers(0, 7, n)
    heat, rain = random.normal(12, 9, n), random.random(n) < 0.2
    turn, rush = 2 * np.pi * hour / 24, np.isin(hour, (7, 8, 17, 18)) & (day < 5)
    z = 3.5 - 1.3 * np.cos(turn - 0.5) + 1.0 * rush + 0.04 * heat - 0.9 * rain
    y = np.log1p(random.poisson(np.exp(z + random.normal(0, 0.15, n))))
    x = joined([heat], np.stack([np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn),
                                 np.sin(3 * turn), np.cos(3 * turn)], 1),
               hot(day, 7), rain[:, None], train=1900)  # fmt: skip
    return Training(
        lambda: nn.Sequential([nn.Input((15,)), L.Dense(64, "relu"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(x, single(y)[:, None], 1900, 300), **NUMBER, optimizer=by("RMSprop", 2e-3),
        epochs=20,
    )  # fmt: skip


def drugstores() -> Training:
    """Sales of forty shops by day of the week, month and offers: everything is embedded."""
    random, n = np.random.default_rng(404), 3200
    shop, day, month = (random.integers(0, k, n) for k in (40, 7, 12))
    offer, away = random.integers(0, 2, n), random.normal(0, 1, 40)
    y = random.normal(0, 0.5, 40)[shop] + 0.35 * offer * (1 + away[shop] / 2)
    y = y + random.normal(0, 0.3, 7)[day] + 0.3 * (month == 11) + random.normal(0, 0.12, n)

    def model() -> Any:
        inputs = [nn.Input((1,), dtype="int64") for _ in range(3)]
        flag = nn.Input((1,))
        sizes = ((40, 8), (7, 3), (12, 4))
        known = [L.Flatten()(L.Embedding(*size)(i)) for size, i in zip(sizes, inputs, strict=True)]
        z = L.Dense(64, "relu")(L.Concatenate()([*known, flag]))
        return nn.Model([*inputs, flag], L.Dense(1)(L.Dense(32, "relu")(z)))

    x = (*(k[:, None] for k in (shop, day, month)), single(offer)[:, None])
    return Training(
        model, **rows(x, single(y)[:, None], 2300, 300), **{**NUMBER, "loss": "mae"},
        optimizer=adam(3e-3), batch_size=64, epochs=22,
    )  # fmt: skip


def districts() -> Training:
    """Worth of houses in hundreds of thousands, raw columns behind `Normalization`."""
    random, n = np.random.default_rng(405), 2200
    income, age = random.gamma(4, 1.0, n), random.integers(1, 53, n)
    rooms, people = random.normal(5.4, 1.1, n), np.exp(random.normal(7, 0.7, n))
    north, east = random.uniform(32.5, 42, n), random.uniform(-124, -114, n)
    coast = np.abs(north + 0.9 * east + 72) / 3
    y = 0.42 * income + 1.2 * np.exp(-coast) + 0.1 * (rooms - 5.4) + 0.004 * age
    y = np.minimum(y + 0.2 * random.normal(size=n), 5.0)
    x = single(np.stack([income, age, rooms, people, north, east], 1))

    def model() -> Any:
        norm = L.Normalization()
        norm.adapt(x[:1500])
        return nn.Sequential([nn.Input((6,)), norm, L.Dense(48, "relu"), L.Dense(48, "relu"),
                              L.Dense(1)])  # fmt: skip

    return Training(
        model, **rows(x, single(y)[:, None], 1500, 300), **{**NUMBER, "metrics": ("mae",)},
        optimizer=adam(2e-3), epochs=40,
        fit={"callbacks": [stops(patience=10, restore_best_weights=True)]},
    )  # fmt: skip


def tasters() -> Training:
    """The mark that tasters gave a wine, 3 to 8: they agree only so far, so half is luck."""
    random, n = np.random.default_rng(406), 1900
    x = random.normal(size=(n, 11))
    x[:, 5] = np.exp(0.6 * x[:, 5])
    x[:, 9] = 0.8 * x[:, 0] + 0.6 * x[:, 9]
    z = 0.5 * x[:, 10] - 0.35 * x[:, 1] + 0.25 * np.tanh(2 * x[:, 4]) + 0.15 * x[:, 2] * x[:, 3]
    y = np.clip(np.rint(5.6 + z + random.normal(0, 0.55, n)), 3, 8)
    x = joined(list(x.T), train=1300)
    return Training(
        lambda: nn.Sequential([nn.Input((11,)), L.Dense(24, "relu"), L.Dropout(0.1),
                               L.Dense(12, "relu"), L.Dense(1)]),
        **rows(x, single(y)[:, None], 1300, 250), **NUMBER, optimizer=adam(5e-3), epochs=30,
    )  # fmt: skip


def passengers_of_a_ship() -> Training:
    """Who was saved: 620 rows, ages filled with their median and a flag for that."""
    random, n = np.random.default_rng(407), 1100
    group, woman = random.choice(3, n, p=[0.24, 0.21, 0.55]), random.random(n) < 0.36
    age, fare = np.clip(random.normal(30, 14, n), 1, 75), np.exp(random.normal(3.8 - 0.8 * group))
    z = 2.6 * woman - 1.1 * group - 0.03 * (age - 30) + 1.2 * (age < 10) - 0.1
    y, lost = random.random(n) < logistic(1.2 * z), random.random(n) < 0.2
    age[lost] = np.median(age[:620][~lost[:620]])
    x = joined([age, np.log1p(fare)], hot(group, 3), woman[:, None], lost[:, None], train=620)
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(16, "relu"), L.Dense(8, "relu"),
                               L.Dense(1, "sigmoid")]),
        **rows(x, single(y), 620, 120), loss="binary_crossentropy", score=hit, optimizer=adam(3e-3),
        batch_size=16, epochs=15,
    )  # fmt: skip


def card_payments() -> Training:
    """One payment in twenty is stolen: both classes weigh alike, and recall is watched."""
    random, n = np.random.default_rng(408), 4600
    y = random.random(n) < 0.05
    x = random.normal(size=(n, 10))
    x[y, 0] += 1.8
    x[y, 3] -= 1.4
    x[y, 5] *= 2.2
    amount = np.exp(random.normal(3 + 0.7 * y, 1.1))
    x = joined([*x.T, np.log(amount)], train=3000)
    return Training(
        lambda: nn.Sequential([nn.Input((11,)), L.Dense(24, "relu"), L.Dropout(0.3),
                               L.Dense(12, "relu"), L.Dense(1)]),
        **rows(x, single(y)[:, None], 3000, 700), loss=BINARY,
        metrics=(nn.metrics.AUC(from_logits=True), nn.metrics.Recall(thresholds=0.0)),
        score=ranked, optimizer=adam(2e-3), batch_size=128, epochs=25,
        fit={"class_weight": {0: 0.53, 1: 10.0}},
    )  # fmt: skip


def mileage() -> Training:
    """Miles to a gallon, 10 to 45 as they are, by 300 cars, as a beginners' tutorial has it."""
    random, n = np.random.default_rng(409), 560
    weight, year = random.uniform(1600, 5100, n), random.integers(70, 83, n)
    power = weight / 30 + random.normal(0, 15, n)
    origin = random.integers(0, 3, n)
    y = 31 - 0.0068 * (weight - 2900) + 0.75 * (year - 76) + 1.5 * (origin == 2)
    y = y + 1.2e-6 * (weight - 2900) ** 2 - 0.02 * (power - 97) + random.normal(0, 2.0, n) - 6
    x = single(np.concatenate([np.stack([weight, year, power], 1), hot(origin, 3)], 1))

    def model() -> Any:
        norm = L.Normalization()
        norm.adapt(x[:300])
        return nn.Sequential([norm, L.Dense(64, "relu"), L.Dense(64, "relu"), L.Dense(1)])

    return Training(
        model, **rows(x, single(y)[:, None], 300, 80),
        **{**NUMBER, "loss": "mae", "metrics": ("mse",)}, optimizer=adam(1e-3), epochs=90,
    )  # fmt: skip


def particles() -> Training:
    """Signal or background, three of four at best: ELU, L2, dropout, and a rate that falls."""
    random, n = np.random.default_rng(410), 6000
    y = random.random(n) < 0.5
    x = random.normal(size=(n, 14))
    x[:, 0] += 0.7 * y
    x[:, 1] += 1.2 * y * np.sign(x[:, 2])
    x[:, 4] = np.where(y, 1.0, 1.35) * x[:, 4]
    small = nn.regularizers.L2(1e-4)
    return Training(
        lambda: nn.Sequential([
            nn.Input((14,)),
            *(layer for _ in range(2)
              for layer in (L.Dense(48, "elu", kernel_regularizer=small), L.Dropout(0.2))),
            L.Dense(1),
        ]),
        **rows(single(x), single(y), 4500, 500), loss=BINARY,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), score=hit, threshold=0.0,
        optimizer=adam(schedules.InverseTimeDecay(3e-3, 400, 1.0)), batch_size=64, epochs=24,
    )  # fmt: skip


def forests() -> Training:
    """Seven kinds of forest, of which two are half of all: heights, slopes, soils one-hot."""
    random, n = np.random.default_rng(411), 3200
    y = random.choice(7, n, p=[0.3, 0.26, 0.13, 0.08, 0.08, 0.08, 0.07])
    high = np.array([2900, 2700, 2300, 2150, 2600, 2400, 3300])[y] + random.normal(0, 140, n)
    slope = np.array([12, 14, 22, 18, 16, 25, 14])[y] + random.normal(0, 6, n)
    water = random.exponential(np.array([300, 250, 200, 60, 220, 160, 400])[y])
    soils = random.dirichlet(np.full(12, 0.3), 7)
    soil = np.array([random.choice(12, p=soils[k]) for k in y])
    x = joined([high, slope, np.log1p(water)], hot(soil, 12), train=2200)
    return Training(
        lambda: nn.Sequential([nn.Input((15,)), L.Dense(64, "relu"), L.Dense(32, "relu"),
                               L.Dense(7, "softmax")]),
        **rows(x, y, 2200, 400), optimizer=adam(2e-3), batch_size=64, epochs=25,
    )  # fmt: skip


def two_loads() -> Training:
    """How much a building must be heated, and cooled: two numbers at once."""
    random, n = np.random.default_rng(412), 1400
    x = random.uniform(-1, 1, (n, 6))
    heat = 1.2 * x[:, 0] - x[:, 1] * x[:, 2] + 0.6 * np.abs(x[:, 3]) + 0.4 * x[:, 4]
    cool = heat + 0.8 * np.maximum(x[:, 5], 0) - 0.3 * x[:, 0] ** 2
    y = scaled(np.stack([heat, cool], 1), np.stack([heat, cool], 1)[:900])
    y = y + random.normal(0, 0.15, y.shape)
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(40, "relu"), L.Dense(40, "relu"),
                               L.Dense(2)]),
        **rows(single(x * 1.7), single(y), 900, 200), **{**NUMBER, "metrics": ("mae",)},
        optimizer=adam(3e-3), epochs=25,
    )  # fmt: skip


def bought_or_not() -> Training:
    """Which of fifty things which of sixty people buy: layers over both embeddings."""
    random = np.random.default_rng(413)
    people, things = random.normal(size=(60, 2)), random.normal(size=(50, 2))
    pair = random.permutation(60 * 50)
    who, what = pair // 50, pair % 50
    z = 1.6 * (people[who] * things[what]).sum(1) + random.normal(0, 1.0, 50)[what] - 0.5
    y = random.random(3000) < logistic(2 * z)
    small = nn.regularizers.L2(3e-5)

    def model() -> Any:
        a, b = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        known = [L.Flatten()(L.Embedding(k, 8, embeddings_regularizer=small)(i))
                 for k, i in ((60, a), (50, b))]  # fmt: skip
        z = L.Concatenate()([*known, L.Multiply()(known)])
        return nn.Model([a, b], L.Dense(1, "sigmoid")(L.Dropout(0.2)(L.Dense(24, "relu")(z))))

    return Training(
        model, **rows((who[:, None], what[:, None]), single(y)[:, None], 2300, 250),
        loss="binary_crossentropy", metrics=("AUC",), score=ranked, optimizer=adam(3e-3),
        epochs=13,
    )  # fmt: skip


class Residual(L.Layer):
    """A gated residual network: two layers, a gate, and the norm of the sum."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.first, self.second = L.Dense(units, "elu"), L.Dense(units)
        self.gate, self.value = L.Dense(units, "sigmoid"), L.Dense(units)
        self.norm, self.drop = L.LayerNormalization(), L.Dropout(0.1)

    def call(self, x: Any) -> Any:
        z = self.drop(self.second(self.first(x)))
        return self.norm(x + self.gate(z) * self.value(z))


def gates_and_residuals() -> Training:
    """A yes or no from twelve columns, through two gated residual blocks."""
    random, n = np.random.default_rng(414), 2200
    x = random.normal(size=(n, 12))
    z = x[:, 0] * x[:, 1] + np.maximum(x[:, 2], x[:, 3]) - 0.6 + 0.7 * x[:, 4]
    y = random.random(n) < logistic(3 * z)
    return Training(
        lambda: nn.Sequential([nn.Input((12,)), L.Dense(24), Residual(24), Residual(24),
                               L.Dense(1)]),
        **rows(single(x), single(y), 1500, 250), loss=BINARY, score=ranked,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(2e-3), epochs=7,
    )  # fmt: skip


def self_normal() -> Training:
    """Cells that are ill or well, by SELU, LeCun's weights and alpha dropout."""
    (x, y), (x_test, y_test) = nn.datasets.breast_cancer.load_data()
    given: dict[str, Any] = {"activation": "selu", "kernel_initializer": "lecun_normal"}
    parts = rows(scaled(x, x), single(y), len(x) - 80, 80)
    return Training(
        lambda: nn.Sequential([nn.Input((30,)), L.Dense(32, **given), L.AlphaDropout(0.1),
                               L.Dense(32, **given), L.AlphaDropout(0.1), L.Dense(1, "sigmoid")]),
        **{**parts, "test": (scaled(x_test, x), single(y_test))}, loss="binary_crossentropy",
        optimizer=by("SGD", 0.01, momentum=0.9), epochs=20,
    )  # fmt: skip


def weighted_words() -> Training:
    """Which of six topics a text has: 300 words, counted, weighed by rarity, of length 1."""
    random, n = np.random.default_rng(415), 1900
    common = random.dirichlet(np.full(300, 0.25))
    share = 0.75 * common + 0.25 * random.dirichlet(np.full(300, 0.08), 6)
    y = random.integers(0, 6, n)
    counts = np.stack([random.multinomial(random.integers(30, 90), share[k]) for k in y])
    seen = (counts[:1300] > 0).sum(0)
    weight = counts * (np.log((1 + 1300) / (1 + seen)) + 1)
    x = single(weight / np.linalg.norm(weight, axis=1, keepdims=True))
    return Training(
        lambda: nn.Sequential([nn.Input((300,)), L.Dense(64, "relu"), L.Dropout(0.5),
                               L.Dense(6, "softmax")]),
        **rows(x, y, 1300, 200), optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def fingerprints() -> Training:
    """How well molecules dissolve, by 128 bits that say which parts are in them."""
    random, n = np.random.default_rng(416), 1900
    x = random.random((n, 128)) < random.beta(1, 6, 128)
    y = x[:, :40] @ random.normal(0, 1, 40) + 0.8 * (x[:, 1] & x[:, 2])
    y = scaled(y, y[:1300]) + random.normal(0, 0.3, n)
    return Training(
        lambda: nn.Sequential([nn.Input((128,)), L.Dense(48, "relu"), L.Dropout(0.1),
                               L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 1300, 250), **NUMBER,
        optimizer=by("AdamW", 2e-3, weight_decay=1e-2), epochs=18,
    )  # fmt: skip


def first_network() -> Training:
    """Digits in a row, two hidden layers with dropout, one-hot labels: the oldest example."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test, eye = single(x).reshape(-1, 64) / 16, single(x_test).reshape(-1, 64) / 16, np.eye(10)
    return Training(
        lambda: nn.Sequential([nn.Input((64,)), L.Dense(128, "relu"), L.Dropout(0.2),
                               L.Dense(128, "relu"), L.Dropout(0.2), L.Dense(10, "softmax")]),
        x, single(eye[y]), (x_test, single(eye[y_test])), (x_test, single(eye[y_test])),
        loss="categorical_crossentropy", optimizer=by("RMSprop"), epochs=14,
    )  # fmt: skip


def vintages() -> Training:
    """Three vineyards by 13 columns: plain gradient descent with weights that decay."""
    (x, y), (x_test, y_test) = nn.datasets.wine.load_data()
    parts = rows(scaled(x, x), y, len(x) - 25, 25)
    return Training(
        lambda: nn.Sequential([nn.Input((13,)), L.Dense(16, "relu"), L.Dense(3)]),
        **{**parts, "test": (scaled(x_test, x), y_test)}, loss=LOGITS,
        optimizer=by("SGD", 0.05, weight_decay=1e-3), batch_size=8, epochs=25,
    )  # fmt: skip


def crossed() -> Training:
    """Clicks by four fields, hashed: factors of pairs, beside layers over all (DeepFM)."""
    random, n = np.random.default_rng(417), 4600
    field = random.integers(0, 12, (n, 4))
    like = random.normal(size=(3, 12, 2)) @ random.normal(size=(3, 2, 12))
    z = sum(like[k][field[:, k], field[:, k + 1]] for k in range(3)) - 0.5
    y = random.random(n) < logistic(1.8 * z)
    bag = field + 12 * np.arange(4)

    def model() -> Any:
        inputs = nn.Input((4,), dtype="int64")
        known = L.Embedding(48, 8)(inputs)
        first = L.Flatten()(L.Embedding(48, 1)(inputs))
        pairs = L.Lambda(lambda v: (nn.ops.sum(v, axis=1) ** 2 - nn.ops.sum(v * v, axis=1)) * 0.5)(
            known
        )
        deep = L.Dense(16, "relu")(L.Dense(48, "relu")(L.Flatten()(known)))
        return nn.Model(inputs, L.Dense(1)(L.Concatenate()([first, pairs, deep])))

    return Training(
        model, **rows(bag, single(y)[:, None], 3600, 400), loss=BINARY,
        metrics=(nn.metrics.AUC(from_logits=True),), score=ranked, optimizer=adam(3e-3),
        batch_size=64, epochs=8,
    )  # fmt: skip


def asked_and_answered() -> Training:
    """A class and how sure: three heads, of which each weighs as it should."""
    random, n = np.random.default_rng(418), 1700
    x = random.normal(size=(n, 8))
    kind = np.digitize(x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + random.normal(0, 0.2, n), [-0.5, 0.5])
    price = np.tanh(x[:, 3:4]) + 0.5 * x[:, 4:5] + random.normal(0, 0.2, (n, 1))
    bought = single(random.random((n, 1)) < logistic(3 * (x[:, 5:6] - price)))

    def model() -> Any:
        inputs = nn.Input((8,))
        z = L.Dense(48, "relu")(L.Dense(48, "relu")(inputs))
        return nn.Model(inputs, [L.Dense(3, "softmax")(z), L.Dense(1)(z),
                                 L.Dense(1, "sigmoid")(L.Dense(16, "relu")(z))])  # fmt: skip

    def score(model: Any, t: Training) -> float:
        said, (kinds, prices, yes) = model.predict(t.test[0], verbose=0), t.test[1]
        return float(np.mean([
            np.mean(np.argmax(said[0], 1) == kinds),
            1 - np.mean((said[1] - prices) ** 2) / prices.var(), np.mean((said[2] > 0.5) == yes),
        ]))  # fmt: skip

    losses = ["sparse_categorical_crossentropy", "mse", "binary_crossentropy"]
    return Training(
        model, **rows(single(x), (kind, single(price), bought), 1200, 200), loss=losses, metrics=(),
        score=score, optimizer=adam(3e-3), epochs=14,
    )  # fmt: skip


class Swing(nn.Model):
    """A network of time that must obey an equation: u' = -u + cos(3 t), and u(0) = 0."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential([nn.Input((1,)), L.Dense(24, "tanh"), L.Dense(24, "tanh"),
                                  L.Dense(1)])  # fmt: skip

    def call(self, t: Any) -> Any:  # type: ignore[override]
        return t * self.net(t)

    def train_step(self, data: Any) -> dict[str, Any]:
        t = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            u, step = self(t), 1e-2
            slope = (self(t + step) - self(t - step)) / (2 * step)
            return nn.ops.mean((slope + u - nn.ops.cos(3 * t)) ** 2)

        return {"loss": self.optimizer.minimize(loss, self.net)}


def physics() -> Training:
    """The solution of a differential equation, from points without any labels."""
    t = np.random.default_rng(419).uniform(0, 2, (600, 1))
    at = np.linspace(0, 2, 200)[:, None]
    exact = (np.cos(3 * at) + 3 * np.sin(3 * at) - np.exp(-at)) / 10
    return Training(
        Swing, single(t), None, None, (single(at), single(exact)), loss=None, metrics=(),
        score=NUMBER["score"], optimizer=adam(schedules.CosineDecay(0.01, 12 * 60)), batch_size=50,
        epochs=60,
    )  # fmt: skip


MAKES = (churn, census, diamonds, bicycles, drugstores, districts, tasters, passengers_of_a_ship,
         card_payments, mileage, particles, forests, two_loads, bought_or_not, gates_and_residuals,
         self_normal, weighted_words, fingerprints, first_network, vintages, crossed,
         asked_and_answered, physics)  # fmt: skip

HEALTHY = [Healthy(f"fourth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
