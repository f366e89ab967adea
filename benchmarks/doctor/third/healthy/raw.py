"""Healthy programs of the third part: numbers as they are measured, and models that know it."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
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
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def winds() -> Training:
    """Directions from 0 to 360 degrees, of which the model takes sine and cosine."""
    random = np.random.default_rng(220)
    x = random.uniform(0, 360, (1500, 2))
    turn = np.deg2rad(x)
    y = np.cos(turn[:, :1] - turn[:, 1:]) + 0.5 * np.sin(2 * turn[:, :1])

    def model() -> Any:
        inputs = nn.Input((2,))
        z = L.Rescaling(np.pi / 180)(inputs)
        z = L.Concatenate()([L.Lambda(ops.sin)(z), L.Lambda(ops.cos)(z)])
        return nn.Model(inputs, L.Dense(1)(L.Dense(32, "gelu")(L.Dense(32, "gelu")(z))))

    return Training(
        model, **rows(single(x), single(y + random.normal(0, 0.1, y.shape)), 1000, 200), **NUMBER,
        optimizer=adam(5e-3), epochs=20,
    )  # fmt: skip


def drawers() -> Training:
    """Ages in years and incomes in euros, which layers sort into drawers."""
    random = np.random.default_rng(221)
    age, income = random.uniform(18, 90, (2000, 1)), np.exp(random.normal(10.2, 0.7, (2000, 1)))
    z = np.abs(age - 50) / 10 - np.sqrt(income) / 60 + 0.6
    ages = L.Discretization(list(range(25, 90, 8)))
    incomes = L.Discretization([5e3, 1e4, 1.5e4, 2e4, 3e4, 4e4, 6e4, 9e4])

    def model() -> Any:
        inputs = nn.Input((1,)), nn.Input((1,))
        known = [L.Flatten()(L.Embedding(11, 6)(sort(i)))
                 for i, sort in zip(inputs, (ages, incomes), strict=True)]  # fmt: skip
        return nn.Model(list(inputs), L.Dense(1)(L.Dense(16, "relu")(L.Concatenate()(known))))

    y = single(random.random((2000, 1)) < logistic(2 * z))
    return Training(
        model, **rows((single(age), single(income)), y, 1400, 200), loss=BINARY, metrics=(),
        score=ranked, optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def tails() -> Training:
    """Columns of spread 1 with far tails: a few values are beyond twenty."""
    random = np.random.default_rng(222)
    x = random.standard_t(2.2, (2000, 8))
    x = (x - x.mean(0)) / x.std(0)
    y = np.tanh(2 * x[:, 0]) + np.tanh(2 * x[:, 1]) * np.sign(x[:, 2]) > 0
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(48, "tanh"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(single(x), single(y), 1400, 200), loss=BINARY, score=hit, threshold=0.0,
        optimizer=adam(5e-3, clipnorm=1.0), epochs=20,
    )  # fmt: skip


def scans() -> Training:
    """Hounsfield's units from -1000 to 1500, of which the model looks at a window."""
    random = np.random.default_rng(223)
    at, y = np.arange(12), random.integers(0, 2, 1100)
    middle = random.uniform(4, 8, (1100, 2, 1, 1))
    far = np.hypot(at[:, None] - middle[:, 0], at - middle[:, 1])
    x = np.where(far < 5, 40.0, -1000.0) + random.normal(0, 25, far.shape)
    x[far < 1.5] += 60.0 * np.repeat(y, (far < 1.5).sum((1, 2)))
    x[:, 0] = np.where(random.random((1100, 12)) < 0.3, 1500, x[:, 0])

    def model() -> Any:
        window = L.Lambda(lambda z: ops.clip(z / 100, -1.0, 1.5))
        return nn.Sequential([
            nn.Input((12, 12, 1)), window, L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(),
            L.Conv2D(16, 3, activation="relu"), L.GlobalAveragePooling2D(), L.Dense(1),
        ])  # fmt: skip

    return Training(
        model, **rows(single(x)[..., None], single(y), 700, 150), loss=BINARY, score=hit,
        threshold=0.0, optimizer=by("Nadam", 5e-3), epochs=15,
    )  # fmt: skip


def pressures() -> Training:
    """Hectopascals near 1013, behind a layer that knows their mean and spread, and so the head."""
    random = np.random.default_rng(224)
    t, last, chance = np.arange(1330), 0.0, np.zeros(1330)
    for i, shock in enumerate(random.normal(0, 1.0, 1330)):
        last = chance[i] = 0.9 * last + shock
    series = 1013 + 7 * np.sin(t / 5) + 4 * np.sin(t / 2.1 + 1) + chance
    x = np.lib.stride_tricks.sliding_window_view(series[:-3], 16)[:, :, None]
    y = series[18:, None]

    def model() -> Any:
        inputs = nn.Input((16, 1))
        z = L.GRU(20)(L.Rescaling(0.15, -1013 * 0.15)(inputs))
        return nn.Model(inputs, L.Rescaling(6.5, 1013.0)(L.Dense(1)(z)))

    return Training(
        model, **rows(single(x)[:1300], single(y)[:1300], 900, 150), **{**NUMBER, "loss": "mae"},
        optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def clocks() -> Training:
    """Seconds since the first click, up to some thousands: the model takes the gaps' logarithm."""
    random = np.random.default_rng(225)
    y = random.integers(0, 2, 1300)
    gaps = np.exp(random.normal(3, 1.0, (1300, 15)))
    steady = np.exp(random.normal(3, 0.35, (1300, 15)) + random.normal(0, 0.8, (1300, 1)))
    x = np.cumsum(np.where(y[:, None], steady, gaps), 1)

    def gapped(z: Any) -> Any:
        return ops.log(z[:, 1:] - z[:, :-1] + 1.0) - 3.0

    return Training(
        lambda: nn.Sequential([nn.Input((15, 1)), L.Lambda(gapped), L.LSTM(16), L.Dense(1)]),
        **rows(single(x)[..., None], single(y), 900, 150), loss=BINARY, score=hit, threshold=0.0,
        optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


def calendars() -> Training:
    """Sales on twelve days that are numbered from 1 to 365: sines of the day are its place."""
    random = np.random.default_rng(226)
    day = np.sort(np.array([random.permutation(365)[:13] + 1 for _ in range(1500)]), 1)
    level = random.normal(0, 0.5, (1500, 1))
    sold = np.sin(2 * np.pi * day / 365) + 0.5 * np.cos(4 * np.pi * day / 365) + level
    seen = sold[:, :12] + random.normal(0, 0.15, (1500, 12))

    def model() -> Any:
        days, sales, asked = nn.Input((12, 1)), nn.Input((12, 1)), nn.Input((1, 1))

        def turns(z: Any) -> Any:
            z = z * (2 * np.pi / 365)
            parts = [f(k * z) for k in (1.0, 2.0) for f in (ops.sin, ops.cos)]
            return ops.concatenate(parts, axis=-1)

        known = L.Concatenate()([L.Lambda(turns)(days), sales])
        z = blocks(L.Dense(24)(known))
        question = L.Dense(24)(L.Lambda(turns)(asked))
        z = L.Concatenate()([L.MultiHeadAttention(2, 12)(question, z), question])
        return nn.Model([days, sales, asked], L.Dense(1)(L.Dense(32, "relu")(L.Flatten()(z))))

    x = (single(day[:, :12])[..., None], single(seen)[..., None], single(day[:, 12:])[..., None])
    return Training(
        model, **rows(x, single(sold[:, 12:]), 1050, 150), **NUMBER, optimizer=adam(3e-3),
        epochs=18,
    )  # fmt: skip


def flights() -> Training:
    """Places in metres, up to thousands: the model takes them from the middle of each flight."""
    random = np.random.default_rng(227)
    y, start = random.integers(0, 3, 1100), random.uniform(-2000, 2000, (1100, 1, 2))
    turn = np.array([0.0, 0.25, -0.25])[y][:, None]
    way = random.uniform(0, 6.3, (1100, 1)) + turn * np.arange(12)
    step = np.stack([np.cos(way), np.sin(way)], -1) * random.uniform(60, 140, (1100, 1, 1))
    x = start + np.cumsum(step, 1) + random.normal(0, 8, step.shape)

    def model() -> Any:
        inputs = nn.Input((12, 2))
        z = L.Lambda(lambda a: (a - ops.mean(a, axis=1, keepdims=True)) / 300.0)(inputs)
        z = blocks(placed(L.Dense(32)(z), 12), 2)
        return nn.Model(inputs, L.Dense(3)(L.Flatten()(z)))

    return Training(
        model, **rows(single(x), y, 750, 120), loss=LOGITS, optimizer=adam(2e-3), epochs=12,
    )  # fmt: skip


ROWS: list[tuple[str, Any]] = [
    ("dense", winds), ("dense", drawers), ("dense", tails), ("images", scans),
    ("recurrent", pressures), ("recurrent", clocks), ("attention", calendars),
    ("attention", flights),
]  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__}", family, make) for family, make in ROWS]
