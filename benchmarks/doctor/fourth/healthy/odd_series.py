"""Healthy programs of the fourth part: series that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    area,
    by,
    found,
    hit,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.series import read, spoken
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def spare_parts() -> Training:
    """Parts that are wanted now and then: three of four days none is, and counts stay counts."""
    random, n = np.random.default_rng(630), 2200
    day = 2 * np.pi * np.arange(n) / 7
    log = -1.1 + 0.9 * np.sin(day) + lasting(random, n, 0.95, 0.25)
    sold = random.poisson(np.exp(log))
    x, _ = windows(np.stack([np.sqrt(sold), np.sin(day), np.cos(day)], 1), 21)

    def score(model: Any, t: Training) -> float:
        return float(np.corrcoef(found(model, t)[:, 0], log[21:][-len(t.test[0]) :])[0, 1])

    return Training(
        read(lambda: L.GRU(16), (21, 3), lambda: L.Dense(1)),
        **rows(x, single(sold[21:])[:, None], 1500, 300), metrics=(), score=score,
        loss=lambda y, p: ops.mean(ops.exp(p) - y * p), optimizer=adam(3e-3), batch_size=50,
        epochs=12,
    )  # fmt: skip


def mostly_masked() -> Training:
    """Stays in a ward, 3 to 12 measurements in forty places: all others are -9, and masked."""
    random, n = np.random.default_rng(631), 1200
    length = random.integers(3, 13, n)
    path = np.cumsum(random.normal(0, 0.4, (n, 40, 3)), 1) + random.normal(0, 0.5, (n, 1, 3))
    there = np.arange(40) < length[:, None]
    last = path[np.arange(n), length - 1]
    y = last[:, 0] - last[:, 1] + 0.5 * path[:, 0, 2] + random.normal(0, 0.3, n) > 0
    x = np.where(there[..., None], path, -9.0)
    return Training(
        lambda: nn.Sequential([nn.Input((40, 3)), L.Masking(-9.0), L.LSTM(16), L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 800, 150), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(6e-3), epochs=14,
    )  # fmt: skip


def as_many_as() -> Training:
    """Whether as many of twenty brackets close as open: at first it cannot tell, then it counts."""
    random, n = np.random.default_rng(632), 2400
    x = np.where(random.random((n, 20)) < 0.5, 1, -1)
    even = random.random(n) < 0.4
    x[even] = np.stack([random.permutation([1] * 10 + [-1] * 10) for _ in range(even.sum())])
    y = x.sum(1) == 0
    return Training(
        read(lambda: L.GRU(16), (20, 1), lambda: L.Dense(16, "tanh"), lambda: L.Dense(1)),
        **rows(single(x)[..., None], single(y)[:, None], 1700, 200), loss=BINARY, score=hit,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), threshold=0.0,
        optimizer=adam(0.01), epochs=15,
    )  # fmt: skip


def identity_and_relu() -> Training:
    """A plain cell with ReLU whose matrix begins as the identity (Le et al. 2015): it adds up."""
    random, n = np.random.default_rng(633), 1500
    x, mark = random.uniform(0, 1, (n, 30)), np.zeros((n, 30))
    mark[np.arange(n), random.integers(0, 15, n)] = 1
    mark[np.arange(n), random.integers(15, 30, n)] = 1
    y = (x * mark).sum(1, keepdims=True) - 1
    given: dict[str, Any] = {
        "activation": "relu",
        "recurrent_initializer": "identity",
        "kernel_initializer": nn.initializers.RandomNormal(stddev=0.1),
    }
    return Training(
        read(lambda: L.SimpleRNN(40, **given), (30, 2), lambda: L.Dense(1)),
        **rows(single(np.stack([x, mark], -1)), single(y), 1100, 150), **NUMBER,
        optimizer=adam(schedules.ExponentialDecay(3e-3, 300, 0.6), clipnorm=1.0), epochs=40,
    )  # fmt: skip


def known_from_the_start() -> Training:
    """The first of forty letters is what counts, all others are noise: a gate that begins open."""
    random, n = np.random.default_rng(634), 1600
    x = random.integers(4, 10, (n, 40))
    y = random.integers(0, 4, n)
    x[:, 0] = y
    return Training(
        spoken(lambda: L.LSTM(24), 40, 10, lambda: L.Dense(4)),
        **rows(x, y, 1100, 150), loss=LOGITS, optimizer=adam(6e-3), epochs=10,
    )  # fmt: skip


def standing_columns() -> Training:
    """Of seven columns four say where it was measured, and never change within a series."""
    random, n = np.random.default_rng(635), 1400
    place, t = random.integers(0, 4, n), np.arange(16)
    speed = np.array([0.4, 0.6, 0.8, 1.0])[place][:, None]
    phase = random.uniform(0, 6.3, (n, 1))
    seen = np.stack([np.sin(speed * t + phase), np.cos(speed * t + phase),
                     random.normal(size=(n, 16))], -1)  # fmt: skip
    seen[..., :2] += random.normal(0, 0.25, (n, 16, 2))
    x = np.concatenate([seen, np.eye(4)[place][:, None].repeat(16, 1)], -1)
    y = np.sin(speed * 18 + phase) * np.array([1, 0.6, -0.6, -1])[place][:, None]
    return Training(
        read(lambda: L.GRU(24), (16, 7), lambda: L.Dense(1)),
        **rows(single(x), single(y), 950, 150), **NUMBER, epochs=18,
        optimizer=adam(schedules.CosineDecay(8e-3, 18 * 30)),
    )  # fmt: skip


def hundred_series() -> Training:
    """A hundred series to learn from and 24 held out: little is enough, but for certainty."""
    random, n = np.random.default_rng(636), 400
    y, t = random.integers(0, 2, n), np.arange(20)
    x = np.sin(0.7 * t + random.uniform(0, 6.3, (n, 1)))
    x = np.where(y[:, None], x, np.sign(x)) + random.normal(0, 0.35, x.shape)
    return Training(
        read(lambda: L.GRU(10), (20, 1), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(y)[:, None], 100, 24), loss="binary_crossentropy",
        optimizer=adam(schedules.CosineDecay(0.01, 300)), batch_size=10, epochs=30,
    )  # fmt: skip


def seldom_an_alarm() -> Training:
    """At each step whether something happens, which it does in one of thirty: none is weighted."""
    random, n = np.random.default_rng(637), 900
    start = random.random((n, 30)) < 1 / 30
    x = random.normal(0, 0.4, (n, 30, 2))
    x[..., 0] += 1.4 * start
    x[:, 1:, 1] += 1.4 * start[:, :-1]
    y = np.concatenate([np.zeros((n, 1)), start[:, :-1]], 1)[..., None]

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], found(model, t))

    return Training(
        read(lambda: L.GRU(12, return_sequences=True), (30, 2), lambda: L.Dense(1)),
        **rows(single(x), single(y), 600, 100), loss=BINARY, metrics=(), score=score,
        optimizer=adam(6e-3), epochs=14,
    )  # fmt: skip


def two_hundred_at_once() -> Training:
    """Batches of two hundred, five steps an epoch, a rate that rises and falls once."""
    random, n = np.random.default_rng(638), 1500
    way = random.normal(0, 0.3, (n, 1)) * np.arange(15) + np.cumsum(
        random.normal(0, 0.4, (n, 15)), 1
    )
    y = np.digitize(np.polyfit(np.arange(15), way.T, 1)[0], [-0.25, 0.25])
    return Training(
        read(lambda: L.GRU(20), (15, 1), lambda: L.Dense(3)),
        **rows(single(np.diff(way, axis=1, prepend=0))[..., None], y, 1000, 200), loss=LOGITS,
        batch_size=200, epochs=40, optimizer=adam(schedules.OneCycle(0.02, 200)),
    )  # fmt: skip


def persistent() -> Training:
    """A level that wanders: tomorrow is today and a little more, of which a third can be known."""
    random, n = np.random.default_rng(639), 2000
    change = np.zeros(n)
    shock = random.normal(0, 1, n)
    for i in range(2, n):
        change[i] = 0.55 * change[i - 1] + 0.3 * np.tanh(change[i - 2]) + shock[i]
    change = change / change.std()
    x, y = windows(change[:, None], 8)
    return Training(
        read(lambda: L.GRU(10), (8, 1), lambda: L.Dense(1)), **rows(x, y, 1400, 250),
        **{**NUMBER, "loss": "huber"}, optimizer=by("RMSprop", 2e-3), epochs=7,
    )  # fmt: skip


class Normed(L.Layer):
    """A cell of an LSTM whose sums are normed before the gates (Ba et al. 2016)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units, self.state_size = units, [units, units]
        self.all = L.Dense(4 * units, use_bias=False, kernel_initializer="orthogonal")
        self.norm, self.inner = L.LayerNormalization(), L.LayerNormalization()

    def build(self, shape: Any) -> None:
        self.all.build((None, shape[-1] + self.units))
        self.norm.build((None, 4 * self.units))
        self.inner.build((None, self.units))

    def call(self, x: Any, states: Any) -> Any:  # type: ignore[override]
        h, c = states
        z = self.norm(self.all(ops.concatenate([x, h], axis=-1)))
        i, f, o, new = ops.split(z, 4, axis=-1)
        c = ops.sigmoid(f + 1.0) * c + ops.sigmoid(i) * ops.tanh(new)
        h = ops.sigmoid(o) * ops.tanh(self.inner(c))
        return h, [h, c]


def normed_cell() -> Training:
    """How often the sign changes in a series, by a cell with norms inside."""
    random, n = np.random.default_rng(640), 1200
    stay = random.uniform(0.2, 0.9, (n, 1))
    sign = np.where(np.cumsum(random.random((n, 16)) > stay, 1) % 2, -1.0, 1.0)
    y = (sign[:, 1:] != sign[:, :-1]).sum(1, keepdims=True) / 4 - 1.7
    x = sign * random.uniform(0.5, 1.5, (n, 16))
    return Training(
        read(lambda: L.RNN(Normed(16)), (16, 1), lambda: L.Dense(1)),
        **rows(single(x)[..., None], single(y), 800, 150), **NUMBER, epochs=20,
        optimizer=adam(schedules.CosineDecay(8e-3, 20 * 25)),
    )  # fmt: skip


def averaged_and_gathered() -> Training:
    """Four batches of eight make a step, and the weights that are kept are averages."""
    random, n = np.random.default_rng(641), 1400
    x = random.integers(0, 12, (n, 8))
    value = random.normal(size=12)
    y = (value[x] * 0.75 ** np.arange(8)[::-1]).sum(1, keepdims=True)
    return Training(
        spoken(lambda: L.GRU(20), 8, 12, lambda: L.Dense(1), width=8),
        **rows(x, single(y / y.std()), 1000, 150), **NUMBER, batch_size=8, epochs=20,
        optimizer=adam(8e-3, gradient_accumulation_steps=4, use_ema=True, ema_momentum=0.9),
    )  # fmt: skip


MAKES = (spare_parts, mostly_masked, as_many_as, identity_and_relu, known_from_the_start,
         standing_columns, hundred_series, seldom_an_alarm, two_hundred_at_once, persistent,
         normed_cell, averaged_and_gathered)  # fmt: skip

HEALTHY = [
    Healthy(f"fourth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES
]
