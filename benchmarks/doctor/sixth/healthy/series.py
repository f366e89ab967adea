"""Healthy programs of the sixth part: recurrent networks and convolutions as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import apart, falling
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.series import read, spoken
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def water_at_a_pier() -> Training:
    """The water at a pier in the next six hours, from the last twenty-four, by an LSTM."""
    random, t = np.random.default_rng(2000), np.arange(1500)
    moon, sun = np.sin(2 * np.pi * t / 12.42), np.sin(2 * np.pi * t / 12 + 0.7)
    water = moon + 0.45 * sun + lasting(random, 1500, 0.9, 0.08)
    water = (water - water[:1000].mean()) / water[:1000].std()
    seen = np.lib.stride_tricks.sliding_window_view(water, 30)
    return Training(
        read(lambda: L.LSTM(32), (24, 1), lambda: L.Dense(6)),
        **apart(seen[:, :24, None], seen[:, 24:], 950, 150, 30), **NUMBER,
        optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def calls_of_birds() -> Training:
    """Four birds by the pitch of a call: convolutions, batch norm and a mean over time."""
    random, n, t = np.random.default_rng(2001), 1300, np.linspace(0, 1, 48)
    y = random.integers(0, 4, n)
    begin, speed = random.uniform(0, 0.3, (n, 1)), random.uniform(0.8, 1.2, (n, 1))
    s = (t - begin) * speed
    forms = np.stack([s, 1 - s, np.sin(9 * s), np.sign(np.sin(14 * s))])
    x = forms[y, np.arange(n)] + random.normal(0, 0.5, (n, 48)) + random.normal(0, 0.3, (n, 1))

    def layer(units: int, size: int) -> Any:
        return lambda: nn.Sequential([
            L.Conv1D(units, size, padding="same", use_bias=False),
            L.BatchNormalization(momentum=0.9), L.ReLU(),
        ])  # fmt: skip

    return Training(
        read(layer(16, 7), (48, 1), layer(24, 5), lambda: L.MaxPooling1D(2), layer(24, 3),
             lambda: L.GlobalAveragePooling1D(), lambda: L.Dense(4, "softmax")),
        **rows(single(x)[..., None], y, 850, 150), optimizer=adam(falling(4e-3, 12 * 27)),
        epochs=12,
    )  # fmt: skip


def life_of_a_bearing() -> Training:
    """How long a bearing still runs, at most one, from eight sensors: two LSTM and dropout."""
    random, x, y = np.random.default_rng(2002), [], []
    gain = random.normal(0, 1, (3, 8))
    for _ in range(70):
        length = random.integers(70, 110)
        left = np.arange(length)[::-1]
        wear = np.exp(-left / 15)[:, None] * gain[0] + np.exp(-left / 40)[:, None] * gain[1]
        seen = 2 * wear + random.normal(0, 0.25, (length, 8)) + random.normal(0, 0.1, 8)
        low = np.sort(random.choice(length - 20, 20, replace=False))
        x += [seen[k : k + 20] for k in low]
        y += [min(1.0, left[k + 19] / 50) for k in low]
    mean, spread = np.mean(x[:1000], (0, 1)), np.std(x[:1000], (0, 1))
    return Training(
        read(lambda: L.LSTM(32, return_sequences=True), (20, 8), lambda: L.Dropout(0.2),
             lambda: L.LSTM(16), lambda: L.Dense(1)),
        **rows((single(x) - single(mean)) / single(spread), single(y)[:, None], 1000, 200),
        **NUMBER, optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def strokes_of_a_pen() -> Training:
    """Five figures drawn with a pen, from its moves: an LSTM from both sides."""
    random, n, t = np.random.default_rng(2003), 1200, np.linspace(0, 2 * np.pi, 25)
    y = random.integers(0, 5, n)
    draw = [(np.cos(t), np.sin(t)), (np.cos(t), np.sin(2 * t)), (t / 3 - 1, np.sin(3 * t)),
            (np.cos(3 * t), np.sin(2 * t)), (t / 3 - 1, np.abs(t / 3 - 1))]  # fmt: skip
    x = np.stack([np.stack(draw[k], -1) for k in y])
    turn = random.normal(0, 0.3, n)
    turned = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], -1)
    x = x @ turned.reshape(n, 2, 2) * random.uniform(0.7, 1.3, (n, 1, 1))
    moves = np.diff(x + random.normal(0, 0.08, x.shape), axis=1) * 3
    return Training(
        read(lambda: L.Bidirectional(L.LSTM(20)), (24, 2), lambda: L.Dropout(0.2),
             lambda: L.Dense(5, "softmax")),
        **rows(single(moves), y, 800, 150), optimizer=adam(5e-3), epochs=9,
    )  # fmt: skip


def letters_to_a_town_hall() -> Training:
    """Which of five offices a letter is for: words padded with 0, a mask, a GRU."""
    random, n = np.random.default_rng(2004), 2600
    share, y = random.dirichlet(np.full(80, 0.4), 5), random.integers(0, 5, n)
    x = np.stack([random.choice(80, 20, p=0.7 * share[k] + 0.3 / 80) + 1 for k in y])
    x[np.arange(20) >= random.integers(6, 21, (n, 1))] = 0
    return Training(
        spoken(lambda: L.GRU(24), 20, 81, lambda: L.Dropout(0.3), lambda: L.Dense(5, "softmax"),
               mask_zero=True),
        **rows(x, y, 1900, 300), optimizer=adam(4e-3), epochs=5,
    )  # fmt: skip


def bread_of_the_week() -> Training:
    """What a bakery sells tomorrow: its sales, the weekday, whether it rains; a GRU."""
    random, n = np.random.default_rng(2005), 1300
    day, rain = np.arange(n) % 7, (random.random(n) < 0.3) * 1.0
    week = np.array([0.2, -0.3, -0.1, 0, 0.4, 1.3, -1.5])
    sold = week[day] - 0.5 * rain + lasting(random, n, 0.85, 0.15) + random.normal(0, 0.1, n)
    sold = (sold - sold[:850].mean()) / sold[:850].std()
    told = np.concatenate([np.eye(7)[(day + 1) % 7], np.roll(rain, -1)[:, None]], 1)
    x, after = windows(np.concatenate([sold[:, None], told], 1), 14)
    return Training(
        read(lambda: L.GRU(24), (14, 9), lambda: L.Dense(1)),
        **apart(x, after[:, :1], 850, 150, 15), **NUMBER, optimizer=adam(falling(5e-3, 15 * 27)),
        epochs=15,
    )  # fmt: skip


def depth_of_sleep() -> Training:
    """Four depths of sleep, one for each step of a night, by a GRU from both sides."""
    random, n, length = np.random.default_rng(2006), 700, 30
    depth = np.zeros((n, length), "int64")
    depth[:, 0] = random.integers(0, 4, n)
    for t in range(1, length):
        step = np.where(random.random(n) < 0.2, random.choice([-1, 1], n), 0)
        depth[:, t] = (depth[:, t - 1] + step).clip(0, 3)
    power = random.normal(0, 0.9, (4, 5))
    x = power[depth] + random.normal(0, 1.0, (n, length, 5))

    def model() -> Any:
        inputs = nn.Input((None, 5))
        z = L.Bidirectional(L.GRU(20, return_sequences=True))(inputs)
        return nn.Model(inputs, L.TimeDistributed(L.Dense(4, "softmax"))(L.Dropout(0.2)(z)))

    return Training(
        model, **rows(single(x), depth, 450, 80), optimizer=adam(8e-3), epochs=12, batch_size=32,
    )  # fmt: skip


def days_as_numbers() -> Training:
    """Dates as one writes them, turned into eight digits: a GRU, its end repeated, a GRU."""
    random, n = np.random.default_rng(2007), 2200
    day, month, year = (random.integers(1, 29, n), random.integers(1, 13, n),
                        random.integers(0, 60, n))  # fmt: skip
    dash = random.integers(60, 63, n)
    us = random.random(n) < 0.5
    first, second = np.where(us, month + 62, day), np.where(us, day, month + 62)
    x = np.stack([dash, first, second, 80 + year], 1)
    y = np.stack([year // 10, year % 10, month // 10, month % 10, day // 10, day % 10], 1)

    def model() -> Any:
        inputs = nn.Input((4,), dtype="int64")
        z = L.RepeatVector(6)(L.GRU(64)(L.Embedding(140, 24)(inputs)))
        return nn.Model(inputs, L.Dense(10)(L.GRU(64, return_sequences=True)(z)))

    def score(model: Any, t: Training) -> float:
        return float((found(model, t).argmax(-1) == t.test[1]).mean())

    return Training(
        model, **rows(x, y, 1700, 200), loss=LOGITS, score=score,
        optimizer=adam(falling(1e-2, 12 * 54)), epochs=12,
    )  # fmt: skip


def level_of_a_river() -> Training:
    """The level of a river from rain upstream, by convolutions that see the past, spread out."""
    random, n = np.random.default_rng(2008), 1500
    rain = np.maximum(0, random.gamma(0.5, 1.0, n) - 0.6)
    near, far = np.exp(-np.arange(30) / 4), np.exp(-(((np.arange(30) - 14) / 4) ** 2))
    level = 0.6 * np.convolve(rain, near)[:n] + np.convolve(np.tanh(rain), far)[:n]
    level = np.log1p(level) + random.normal(0, 0.04, n)
    level = (level - level[:1000].mean()) / level[:1000].std()
    seen = np.lib.stride_tricks.sliding_window_view(rain / rain[:1000].std(), 32)
    return Training(
        read(lambda: L.Conv1D(16, 2, padding="causal", activation="relu"), (32, 1),
             *(lambda d=d: L.Conv1D(16, 2, dilation_rate=d, padding="causal", activation="relu")
               for d in (2, 4, 8, 16)),
             lambda: L.Lambda(lambda z: z[:, -1]), lambda: L.Dense(1)),
        **apart(seen[..., None], level[31:, None], 950, 150, 32), **NUMBER,
        optimizer=adam(falling(5e-3, 20 * 30)), epochs=20,
    )  # fmt: skip


MORSE = ("01", "10", "111", "100", "0", "001")


def telegraph() -> Training:
    """Three letters of a telegraph, keyed at any speed: a GRU from both sides and CTC."""
    random, n = np.random.default_rng(2009), 1700
    y = random.integers(1, 7, (n, 3))
    x = np.zeros((n, 48))
    for one, letters in zip(x, y, strict=True):
        at = random.integers(0, 4)
        for letter in letters:
            for mark in MORSE[letter - 1]:
                long = 3 if mark == "1" else 1
                one[at : at + long], at = 1, at + long + 1
            at += random.integers(2, 4)
    x += random.normal(0, 0.15, x.shape)

    def score(model: Any, t: Training) -> float:
        best = found(model, t).argmax(-1)
        said = [[k for k, last in zip(row, [0, *row[:-1]], strict=True) if k and k != last]
                for row in best.tolist()]  # fmt: skip
        return float(np.mean([a == b for a, b in zip(said, t.test[1].tolist(), strict=True)]))

    return Training(
        read(lambda: L.Conv1D(32, 5, padding="same", activation="relu"), (48, 1),
             lambda: L.Conv1D(32, 5, strides=2, padding="same", activation="relu"),
             lambda: L.Bidirectional(L.GRU(32, return_sequences=True)), lambda: L.Dense(7)),
        **rows(single(x)[..., None], y, 1250, 150), loss=nn.losses.CTC(), metrics=(), score=score,
        optimizer=adam(falling(8e-3, 30 * 40)), epochs=30,
    )  # fmt: skip


def crops_by_their_green() -> Training:
    """Six crops by how green a field is in twenty weeks, of which some are cloudy: an LSTM."""
    random, n, t = np.random.default_rng(2010), 1500, np.arange(20)
    y = random.integers(0, 6, n)
    top, width = np.array([5, 8, 11, 14, 9, 12]), np.array([3, 2, 4, 3, 5, 2])
    at, wide = top[y] + random.normal(0, 0.7, n), width[y] * random.uniform(0.8, 1.2, n)
    green = np.exp(-(((t - at[:, None]) / wide[:, None]) ** 2)) + random.normal(0, 0.06, (n, 20))
    cloudy = random.random((n, 20)) < 0.25
    x = np.stack([np.where(cloudy, 0, green), cloudy], -1)
    return Training(
        read(lambda: L.LSTM(32), (20, 2), lambda: L.Dropout(0.1), lambda: L.Dense(6, "softmax")),
        **rows(single(x), y, 1000, 200), optimizer=by("RMSprop", falling(6e-3, 18 * 32)),
        epochs=18,
    )  # fmt: skip


MAKES = (water_at_a_pier, calls_of_birds, life_of_a_bearing, strokes_of_a_pen,
         letters_to_a_town_hall, bread_of_the_week, depth_of_sleep, days_as_numbers,
         level_of_a_river, telegraph, crops_by_their_green)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]
