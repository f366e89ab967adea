"""Healthy programs of the fifth part: recurrent networks that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import apart, falling, ranked
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    logistic,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.series import read, spoken
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def begins_from_what_is_known() -> Training:
    """What a thing is sets the state in which its series is read: three traits and ten steps."""
    random, n = np.random.default_rng(1030), 1500
    trait, u = random.normal(size=(n, 3)), random.normal(size=(n, 10))
    state, share = 1.5 * trait[:, 0], logistic(trait[:, 1]) * 0.5 + 0.45
    for t in range(10):
        state = share * state + 0.4 * u[:, t]
    y = state / state.std() + random.normal(0, 0.1, n)

    def model() -> Any:
        known, seen = nn.Input((3,)), nn.Input((10, 1))
        first = L.Dense(24, "tanh")(L.Dense(24, "relu")(known))
        z = L.GRU(24)(L.Concatenate()([seen, L.RepeatVector(10)(known)]), initial_state=first)
        return nn.Model([known, seen], L.Dense(1)(z))

    return Training(
        model, **rows((single(trait), single(u)[..., None]), single(y)[:, None], 1000, 200),
        **NUMBER, optimizer=adam(falling(8e-3, 12 * 32)), epochs=12,
    )  # fmt: skip


class Fading(L.Layer):
    """A cell of numbers that fade, each at a rate of its own, and take in what comes."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.state_size = self.output_size = units
        self.take = L.Dense(units)

    def build(self, shape: Any) -> None:
        wide = nn.initializers.RandomUniform(-1.0, 4.0)
        self.rate = self.add_weight(shape=(self.state_size,), initializer=wide, name="rate")

    def call(self, x: Any, states: Any) -> Any:  # type: ignore[override]
        keep = ops.sigmoid(self.rate)
        state = keep * states[0] + (1 - keep) * self.take(x)
        return state, [state]


def linear_memory() -> Training:
    """A cell without anything bent in it, and layers behind it that bend: a state space."""
    random, n = np.random.default_rng(1031), 1400
    x = random.normal(size=(n, 30, 2))
    fast = (x[:, :, 0] * 0.6 ** np.arange(29, -1, -1)).sum(1)
    slow = (x[:, :, 1] * 0.93 ** np.arange(29, -1, -1)).sum(1)
    y = np.tanh(fast) * np.sign(slow) + 0.3 * slow / slow.std() + random.normal(0, 0.1, n)
    return Training(
        read(lambda: L.RNN(Fading(24)), (30, 2), lambda: L.LayerNormalization(),
             lambda: L.Dense(48, "relu"), lambda: L.Dense(24, "relu"), lambda: L.Dense(1)),
        **rows(single(x), single(y)[:, None], 1000, 150), **NUMBER,
        optimizer=adam(falling(1e-2, 25 * 32)), epochs=25,
    )  # fmt: skip


def two_steps_late() -> Training:
    """Answers that come two steps late, when enough was heard: the first two are cut off."""
    random, n = np.random.default_rng(1032), 1300
    x = random.normal(size=(n, 14))
    hump = x[:, 1:-1] > (x[:, :-2] + x[:, 2:]) / 2
    return Training(
        read(lambda: L.LSTM(24, return_sequences=True), (14, 1),
             lambda: L.Lambda(lambda z: z[:, 2:]), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(hump)[..., None], 900, 150),
        loss="binary_crossentropy", score=hit, optimizer=adam(1e-2), epochs=10,
    )  # fmt: skip


def seldom_measured() -> Training:
    """Half of what a clinic measures is missing: 0 in its place, a flag, and the time since."""
    random, n = np.random.default_rng(1033), 1500
    sick = random.random(n) < 0.4
    level = np.cumsum(random.normal(0, 0.3, (n, 12, 4)), 1)
    level += 0.13 * sick[:, None, None] * np.arange(12)[:, None] * np.array([1, -1, 1, 0])
    known = random.random((n, 12, 4)) < 0.5
    since = np.zeros((n, 12, 4))
    for t in range(1, 12):
        since[:, t] = np.where(known[:, t - 1], 1, since[:, t - 1] + 1)
    x = np.concatenate([level * known, known, since / 4], -1)
    return Training(
        read(lambda: L.GRU(24), (12, 12), lambda: L.Dropout(0.3), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x), single(sick)[:, None], 1000, 200), loss="binary_crossentropy",
        metrics=("AUC",), score=ranked, optimizer=adam(falling(4e-3, 8 * 32)), epochs=8,
    )  # fmt: skip


def chaos() -> Training:
    """A chaotic map, of which the next value is known exactly: the error ends below 1e-3."""
    x = np.zeros(1400)
    x[:2] = 0.1, 0.3
    for t in range(2, 1400):  # Henon's map
        x[t] = 1 - 1.4 * x[t - 1] ** 2 + 0.3 * x[t - 2]
    seen, after = windows(x[100:, None], 6)
    return Training(
        read(lambda: L.SimpleRNN(32), (6, 1), lambda: L.Dense(1)),
        **apart(seen, after, 900, 150, 7), **NUMBER, optimizer=adam(falling(1e-2, 25 * 29)),
        epochs=25,
    )  # fmt: skip


def codes_of_visits() -> Training:
    """Sixty codes, of which a visit has five: rows of nearly nothing but 0, eight visits.

    After https://github.com/mp2893/doctorai
    """
    random, n = np.random.default_rng(1034), 1500
    topic = random.dirichlet(np.full(60, 0.15), 4)
    kind, x = random.integers(0, 4, n), np.zeros((n, 9, 60), "float32")
    for t in range(9):
        kind = np.where(random.random(n) < 0.8, kind, (kind + 1) % 4)
        for k in range(n):
            x[k, t, random.choice(60, 5, p=topic[kind[k]])] = 1

    def score(model: Any, t: Training) -> float:
        """Share of the codes that are among the ten likeliest."""
        first = found(model, t).argsort(-1)[..., -10:]
        return float(np.take_along_axis(t.test[1], first, -1).sum() / t.test[1].sum())

    return Training(
        read(lambda: L.Dense(24, "tanh"), (8, 60), lambda: L.GRU(32, return_sequences=True),
             lambda: L.Dropout(0.2), lambda: L.Dense(60, "sigmoid")),
        **rows(x[:, :-1], x[:, 1:], 1000, 200), loss="binary_crossentropy", metrics=(), score=score,
        optimizer=adam(falling(1e-2, 16 * 32)), epochs=16,
    )  # fmt: skip


def read_backwards() -> Training:
    """What comes first counts most, so the series is read from its end: `go_backwards`."""
    random, n = np.random.default_rng(1035), 1400
    x = random.integers(0, 12, (n, 16))
    value = random.normal(size=12)
    y = (value[x] * 0.75 ** np.arange(16)).sum(1) + random.normal(0, 0.15, n)
    return Training(
        spoken(lambda: L.GRU(24, go_backwards=True), 16, 12, lambda: L.Dense(1)),
        **rows(x, single(y / y.std())[:, None], 1000, 150), **NUMBER,
        optimizer=adam(falling(1e-2, 12 * 32)), epochs=12,
    )  # fmt: skip


def two_hundred_steps() -> Training:
    """Two hundred steps, made twenty-five by convolutions, then an LSTM that sees the order."""
    random, n, t = np.random.default_rng(1036), 1000, np.arange(200)
    y = random.integers(0, 2, n)
    at = np.sort(random.uniform(20, 180, (n, 2)), 1) + np.array([-10, 10])
    at = np.where(y[:, None] == 1, at[:, ::-1], at)
    x = np.exp(-(((t - at[:, :1]) / 4) ** 2)) - np.exp(-(((t - at[:, 1:]) / 4) ** 2))
    x = 1.5 * x + random.normal(0, 0.3, (n, 200))
    return Training(
        read(lambda: L.Conv1D(12, 9, strides=4, padding="same", activation="relu"), (200, 1),
             lambda: L.Conv1D(16, 5, strides=2, padding="same", activation="relu"),
             lambda: L.LSTM(24), lambda: L.Dense(2, "softmax")),
        **rows(single(x)[..., None], y, 650, 120), optimizer=adam(4e-3, clipnorm=1.0), epochs=14,
    )  # fmt: skip


def noise_between_steps() -> Training:
    """Noise on what is read and on what recurs, in training: the held rows look better."""
    random, n = np.random.default_rng(1037), 1500
    x, y = random.normal(size=(n, 12, 4)), random.integers(0, 3, n)
    path = random.normal(0, 0.9, (3, 12, 4))
    x += path[y]
    return Training(
        read(lambda: L.GaussianNoise(0.3), (12, 4),
             lambda: L.LSTM(24, dropout=0.3, recurrent_dropout=0.3), lambda: L.Dense(3)),
        **rows(single(x), y, 1000, 200), loss=LOGITS, optimizer=adam(4e-3), epochs=14,
    )  # fmt: skip


def four_units() -> Training:
    """Four units of a GRU tell a rising from a falling tone; forty series a step."""
    random, n, t = np.random.default_rng(1038), 1200, np.arange(20)
    up = random.random(n) < 0.5
    x = random.normal(0, 1, (n, 1)) + np.where(up, 1, -1)[:, None] * 0.05 * t
    x = x + random.normal(0, 0.35, (n, 20))
    return Training(
        read(lambda: L.GRU(4), (20, 1), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(up)[:, None], 800, 150), loss="binary_crossentropy",
        score=hit, batch_size=40, optimizer=by("Nadam", falling(2e-2, 20 * 20)), epochs=20,
    )  # fmt: skip


def heat_of_days() -> Training:
    """The warmest of tomorrow: years are learnt, the next is held, and a gap lies between."""
    random, t = np.random.default_rng(1039), np.arange(365 * 5)
    season = np.stack([np.sin(2 * np.pi * t / 365), np.cos(2 * np.pi * t / 365)], 1)
    heat = 11 + 4.2 * season[:, 1] - season[:, 0] + lasting(random, len(t), 0.75, 1.4)
    heat = (heat - heat[:1095].mean()) / heat[:1095].std()
    x, y = windows(np.concatenate([heat[:, None], season], 1), 14)
    low, high = 365 * 3 - 14, 365 * 4 - 14
    return Training(
        read(lambda: L.LSTM(16), (14, 3), lambda: L.Dense(1)), x[:low], y[:low, :1],
        (x[low + 14 : high], y[low + 14 : high, :1]), (x[high + 14 :], y[high + 14 :, :1]),
        **NUMBER,
        optimizer=adam(falling(5e-3, 15 * 34)), epochs=15,
    )  # fmt: skip


MAKES = (begins_from_what_is_known, linear_memory, two_steps_late, seldom_measured, chaos,
         codes_of_visits, read_backwards, two_hundred_steps, noise_between_steps, four_units,
         heat_of_days)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]
