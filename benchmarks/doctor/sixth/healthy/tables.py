"""Healthy programs of the sixth part: tables, as most people train on them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.tables import hot
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
)
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def kettle() -> Training:
    """Minutes until a kettle boils, of water, power, cold and height; both sides standardised."""
    random, n = np.random.default_rng(1000), 1500
    litres, power = random.uniform(0.3, 1.7, n), random.uniform(0.9, 3, n)
    cold, height = random.uniform(4, 25, n), random.uniform(0, 2500, n)
    minutes = litres * 4.19 * (100 - height / 300 - cold) / (60 * power * 0.88)
    y = minutes * random.lognormal(0, 0.04, n)
    x = np.stack([litres, power, cold, height], 1)
    x, y = scaled(x, x[:1000]), scaled(y, y[:1000])
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(x, single(y)[:, None], 1000, 200), **NUMBER, optimizer=adam(3e-3), epochs=25,
    )  # fmt: skip


def ferry_seats() -> Training:
    """How full a ferry is, by the hour and the day on circles, and the weather."""
    random, n = np.random.default_rng(1001), 2000
    hour, day = random.integers(5, 23, n), random.integers(0, 7, n)
    wind, sun = random.gamma(2, 2, n), random.random(n)
    z = np.exp(-(((hour - 8) / 2) ** 2)) + np.exp(-(((hour - 17) / 2.5) ** 2))
    z = 2 * z * (day < 5) + 1.4 * sun * (day >= 5) - 0.12 * wind - 0.6
    y = logistic(2 * z + random.normal(0, 0.3, n))
    circles = [np.sin(hour * np.pi / 12), np.cos(hour * np.pi / 12)]
    x = np.stack([*circles, (day >= 5) * 1.0, (wind - 4) / 3, 2 * sun - 1], 1)
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(48, "relu"), L.Dense(24, "relu"),
                               L.Dense(1, "sigmoid")]),
        **rows(single(x), single(y)[:, None], 1400, 250), **NUMBER, optimizer=adam(4e-3),
        batch_size=64, epochs=30,
    )  # fmt: skip


def beetles() -> Training:
    """Three kinds of beetles by four lengths, three hundred in all; momentum and few units."""
    random, n = np.random.default_rng(1002), 520
    y = random.integers(0, 3, n)
    size = random.normal(0, 1, n)
    middle = np.array([[12, 5, 3, 7], [13.5, 5.2, 3.8, 6.1], [12.2, 6.4, 3.4, 7.8]])
    x = middle[y] + 0.9 * size[:, None] * [1, 0.5, 0.3, 0.5] + random.normal(0, 0.35, (n, 4))
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(12, "tanh"), L.Dense(3, "softmax")]),
        **rows(scaled(x, x[:270]), y, 270, 60), optimizer=by("SGD", 0.05, momentum=0.9),
        batch_size=16, epochs=12,
    )  # fmt: skip


def allotments() -> Training:
    """Whether somebody keeps an allotment for another year: one row in four does not."""
    random, n = np.random.default_rng(1003), 2600
    age, years, way = random.normal(size=n), random.gamma(1.5, 3, n), random.exponential(2, n)
    kind = random.integers(0, 4, n)
    z = 1.3 + 0.5 * age - 0.5 * (way - 2) + 0.9 * np.tanh(years - 3) + 0.7 * (kind == 2)
    y = random.random(n) < logistic(1.6 * z)
    x = np.concatenate([np.stack([age, np.log1p(years) - 1.3, way / 2 - 1], 1), hot(kind, 4)], 1)
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(32, "relu"), L.Dropout(0.2),
                               L.Dense(16, "relu"), L.Dense(1, "sigmoid")]),
        **rows(single(x), single(y)[:, None], 1800, 300), loss="binary_crossentropy",
        score=ranked, optimizer=adam(2e-3), epochs=15,
    )  # fmt: skip


def coffee_roasts() -> Training:
    """Five roasts of coffee by eight measured columns in units of their own, scaled inside."""
    random, n = np.random.default_rng(1004), 1600
    y = random.integers(0, 5, n)
    z = random.normal(size=(n, 8))
    z[:, 0] += 1.3 * y
    z[:, 1] += 1.5 * (y - 2) ** 2 / 2
    z[:, 2] += 2.0 * (y == 3)
    x = single(z * [8, 0.02, 40, 1.5, 300, 0.4, 12, 5] + [200, 0.11, 640, 12, 2200, 6, 70, 30])

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x[:1100])
        return nn.Sequential([nn.Input((8,)), scale, L.Dense(32, "relu"), L.Dense(5)])

    return Training(model, **rows(x, y, 1100, 200), loss=LOGITS, optimizer=adam(4e-3), epochs=20)


def parcels() -> Training:
    """What a parcel costs, by weight, way, zone and hurry; the error is absolute."""
    random, n = np.random.default_rng(1005), 2000
    weight, way = random.gamma(2, 1.5, n), random.uniform(0, 1, n)
    zone, fast = random.integers(0, 5, n), random.random(n) < 0.3
    y = np.array([4, 5, 7, 11, 16])[zone] * (1 + 0.25 * weight) * (1 + 0.8 * fast) + 6 * way
    y = y + random.standard_t(3, n) * 0.6
    x = np.concatenate([np.stack([weight / 3 - 1, way, fast * 1.0], 1), hot(zone, 5)], 1)
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(64, "relu"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(single(x), scaled(y, y[:1400])[:, None], 1400, 250), **{**NUMBER, "loss": "mae"},
        optimizer=adam(schedules.CosineDecay(4e-3, 25 * 44)), epochs=25,
    )  # fmt: skip


def roof_of_panels() -> Training:
    """The power of a roof; the best of the weights is kept, and the rest of the epochs spared."""
    random, n = np.random.default_rng(1006), 1800
    high, turn, cloud = random.uniform(0, 1.2, n), random.uniform(-2, 2, n), random.random(n)
    warm = random.normal(size=n)
    y = np.sin(high) * np.cos(turn / 1.6) * (1 - 0.7 * cloud**2) - 0.06 * warm * np.sin(high)
    y = np.maximum(y, 0) + random.normal(0, 0.02, n)
    x = np.stack([2 * high - 1.2, turn, 2 * cloud - 1, warm], 1)
    stop = stops(monitor="val_loss", patience=10, restore_best_weights=True)
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(48, "gelu"), L.Dense(48, "gelu"),
                               L.Dense(1)]),
        **rows(single(x), scaled(y, y[:1200])[:, None], 1200, 300), **NUMBER,
        optimizer=adam(3e-3), epochs=45, fit={"callbacks": [stop]},
    )  # fmt: skip


def berries() -> Training:
    """Whether a berry may be eaten: ten questions with few answers, all of them one-hot."""
    random, n = np.random.default_rng(1007), 2200
    answers = [random.integers(0, k, n) for k in (3, 4, 2, 5, 3, 2, 6, 4, 2, 3)]
    bad = ((answers[0] == 1) & (answers[3] > 2)) | ((answers[6] == 4) | (answers[6] == 2))
    bad = bad ^ ((answers[1] == 0) & (answers[2] == 1))
    sizes = (3, 4, 2, 5, 3, 2, 6, 4, 2, 3)
    x = np.concatenate([hot(a, k) for a, k in zip(answers, sizes, strict=True)], 1)
    return Training(
        lambda: nn.Sequential([nn.Input((34,)), L.Dense(32, "relu"), L.Dense(16, "relu"),
                               L.Dense(1)]),
        **rows(single(x), single(bad)[:, None], 1500, 250), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(3e-3), epochs=15,
    )  # fmt: skip


def gestures_of_a_glove() -> Training:
    """Six gestures by thirty sensors of a glove, with batch normalisation and dropout."""
    random, n = np.random.default_rng(1008), 2000
    y = random.integers(0, 6, n)
    bend = random.normal(0, 1, (6, 5))[y] + random.normal(0, 0.5, (n, 5))
    x = np.tanh(bend @ random.normal(0, 0.7, (5, 30))) + random.normal(0, 0.3, (n, 30))

    def model() -> Any:
        parts: list[Any] = [nn.Input((30,))]
        for width in (64, 32):
            parts += [L.Dense(width, use_bias=False), L.BatchNormalization(momentum=0.9),
                      L.ReLU(), L.Dropout(0.2)]  # fmt: skip
        return nn.Sequential([*parts, L.Dense(6, "softmax")])

    return Training(model, **rows(scaled(x, x[:1400]), y, 1400, 250), optimizer=adam(2e-3),
                    batch_size=64, epochs=15)  # fmt: skip


def used_bicycles() -> Training:
    """The logarithm of what a used bicycle costs: makers are looked up, the rest is numbers."""
    random, n = np.random.default_rng(1009), 2400
    maker, age = random.integers(0, 30, n), random.exponential(4, n)
    new, care = random.normal(0, 0.5, n), random.normal(size=n)
    y = random.normal(0, 0.5, 30)[maker] + new - 0.15 * age * (1 - 0.2 * np.tanh(care)) + 0.5
    y = y + random.normal(0, 0.1, n)

    def model() -> Any:
        numbers, makers = nn.Input((3,)), nn.Input((1,), dtype="int64")
        z = L.Concatenate()([numbers, L.Flatten()(L.Embedding(30, 4)(makers))])
        return nn.Model([numbers, makers], L.Dense(1)(L.Dense(32, "relu")(L.Dense(48, "relu")(z))))

    x = (single(np.stack([age / 4 - 1, 2 * new, care], 1)), maker[:, None])
    return Training(model, **rows(x, single(y)[:, None], 1700, 300), **NUMBER,
                    optimizer=adam(3e-3), epochs=20)  # fmt: skip


def library_cards() -> Training:
    """Who lets a library card run out, by logits, L2 on the weights and AdamW's own decay."""
    random, n = np.random.default_rng(1010), 2400
    x = random.normal(size=(n, 14))
    z = x[:, 0] - 0.9 * x[:, 1] + 0.9 * x[:, 2] * x[:, 3] + np.abs(x[:, 4]) - 0.7
    y = random.random(n) < logistic(2 * z)
    small = nn.regularizers.L2(1e-4)
    return Training(
        lambda: nn.Sequential([nn.Input((14,)), L.Dense(48, "relu", kernel_regularizer=small),
                               L.Dense(24, "relu", kernel_regularizer=small), L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 1700, 250), loss=BINARY, score=ranked,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0), nn.metrics.AUC(from_logits=True)),
        optimizer=by("AdamW", 1e-3, weight_decay=0.01), epochs=15,
    )  # fmt: skip


def marks_of_pupils() -> Training:
    """The mark of an examination by Huber's loss; the rate is halved where nothing gets better."""
    random, n = np.random.default_rng(1011), 1600
    x = random.normal(size=(n, 10))
    y = 1.2 * x[:, 0] + np.tanh(2 * x[:, 1]) - 0.6 * x[:, 2] * (x[:, 3] > 0) + 0.3 * x[:, 4]
    y = y + random.standard_t(3, n) * 0.25
    calm = calms(monitor="val_loss", factor=0.5, patience=4, min_lr=1e-5)
    return Training(
        lambda: nn.Sequential([nn.Input((10,)), L.Dense(32, "relu"), L.Dropout(0.1),
                               L.Dense(32, "relu"), L.Dense(1)]),
        **rows(single(x), scaled(y, y[:1100])[:, None], 1100, 250),
        **{**NUMBER, "loss": nn.losses.Huber(1.0)}, optimizer=adam(3e-3), epochs=25,
        fit={"callbacks": [calm]},
    )  # fmt: skip


def vineyards() -> Training:
    """Wine of three vineyards, labels one-hot, a third dropped."""
    (x, y), (x_test, y_test) = nn.datasets.wine.load_data()
    x, x_test, y = scaled(x, x), scaled(x_test, x), hot(y, 3)
    return Training(
        lambda: nn.Sequential([nn.Input((13,)), L.Dense(16, "relu"), L.Dropout(0.3),
                               L.Dense(3, "softmax")]),
        **{**rows(x, single(y), 112, 30), "test": (x_test, single(hot(y_test, 3)))},
        loss="categorical_crossentropy", optimizer=adam(0.01), batch_size=16, epochs=25,
    )  # fmt: skip


def three_irises() -> Training:
    """Irises by four lengths less their mean, by a small network and plain SGD."""
    (x, y), (x_test, y_test) = nn.datasets.iris.load_data()
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(16, "relu"), L.Dense(3, "softmax")]),
        **{**rows(scaled(x, x), y, 96, 24), "test": (scaled(x_test, x), y_test)},
        optimizer=by("SGD", 0.1), batch_size=8, epochs=40,
    )  # fmt: skip


def weight_of_catches() -> Training:
    """What a net of fish weighs: columns in their units behind a layer that scales them."""
    random, n = np.random.default_rng(1012), 1700
    depth, hours = random.uniform(20, 300, n), random.uniform(1, 12, n)
    warm, moon, crew = random.normal(9, 3, n), random.random(n), random.integers(3, 9, n)
    y = np.log(hours) + 0.8 * np.cos(depth / 60) - 0.02 * (warm - 8) ** 2 + 0.4 * moon
    y = y + 0.1 * crew + random.normal(0, 0.15, n)
    x = single(np.stack([depth, hours, warm, moon, crew], 1))

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x[:1200])
        inputs = nn.Input((5,))
        z = L.Dense(48, "relu")(scale(inputs))
        return nn.Model(inputs, L.Dense(1)(L.Dense(48, "relu")(z)))

    return Training(model, **rows(x, scaled(y, y[:1200])[:, None], 1200, 200), **NUMBER,
                    optimizer=adam(3e-3), epochs=25)  # fmt: skip


def three_rooms() -> Training:
    """How warm three rooms of a house are: three numbers in the end, by Adam that falls."""
    random, n = np.random.default_rng(1013), 1800
    x = random.normal(size=(n, 8))
    base = 0.7 * x[:, 0] + np.tanh(x[:, 1] * 1.5)
    y = np.stack([base + 0.5 * np.maximum(x[:, 2], 0), base - 0.6 * x[:, 3],
                  0.5 * base + x[:, 4] * (x[:, 5] > 0)], 1)  # fmt: skip
    y = scaled(y, y[:1300]) + random.normal(0, 0.15, (n, 3))
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(64, "relu"), L.Dense(32, "relu"),
                               L.Dense(3)]),
        **rows(single(x), single(y), 1300, 200), **{**NUMBER, "metrics": ("mae",)},
        optimizer=adam(schedules.ExponentialDecay(4e-3, 200, 0.8)), epochs=20,
    )  # fmt: skip


MAKES = (kettle, ferry_seats, beetles, allotments, coffee_roasts, parcels, roof_of_panels, berries,
         gestures_of_a_glove, used_bicycles, library_cards, marks_of_pupils,
         vineyards, three_irises, weight_of_catches, three_rooms)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
