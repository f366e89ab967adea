"""Healthy programs of the third part: series that look odd and are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    NUMBER,
    THEIRS,
    adam,
    found,
    hit,
    r2,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.series import current, names, read, spoken
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules


def windows(series: Any, length: int, ahead: int = 1) -> tuple[Any, Any]:
    """Return windows (N, length, C) of a series, and what comes so many steps behind each."""
    x = np.lib.stride_tricks.sliding_window_view(series[:-ahead], length, axis=0)
    return single(x.transpose(0, 2, 1)), single(series[length + ahead - 1 :])


def from_the_last() -> Training:
    """A level far from 0 that wanders: what is learnt is the change from the last number."""
    random = np.random.default_rng(120)
    steps, change = random.normal(0, 1, 1401), np.zeros(1401)
    for t in range(2, 1401):
        change[t] = 0.8 * change[t - 1] - 0.5 * change[t - 2] + 0.3 * steps[t]
    series = 3 + np.cumsum(change - change.mean())
    x, y = windows(series[:, None], 12)

    def model() -> Any:
        inputs = nn.Input((12, 1))
        last = L.Lambda(lambda z: z[:, -1])(inputs)
        steps = L.Lambda(lambda z: z[:, 1:] - z[:, :-1])(inputs)
        return nn.Model(inputs, L.Add()([last, L.Dense(1)(L.GRU(16)(steps))]))

    def score(model: Any, t: Training) -> float:
        return r2(t.test[1] - t.test[0][:, -1], found(model, t) - t.test[0][:, -1])

    return Training(
        model, **rows(x, y, 900, 150), loss="mse", metrics=(), score=score, optimizer=adam(5e-3),
        epochs=10,
    )  # fmt: skip


def latches() -> Training:
    """A door that signals open and shut: gates that are wide open or quite shut."""
    random = np.random.default_rng(121)
    sign = random.choice([0, 1, -1], (900, 20), p=[0.8, 0.1, 0.1])
    y = np.zeros((900, 20, 1))
    for t in range(20):
        y[:, t, 0] = np.where(sign[:, t] == 0, y[:, t - 1, 0] if t else 0, sign[:, t] > 0)
    return Training(
        read(lambda: L.LSTM(12, return_sequences=True), (20, 1), lambda: L.Dense(1)),
        **rows(single(3 * sign)[..., None], single(y), 600, 100),
        loss=BINARY,
        metrics=(),
        score=hit,
        threshold=0.0,
        optimizer=adam(0.02),
        epochs=20,
    )


def seldom() -> Training:
    """Nearly all steps are exactly 0: how much fell when something fell last."""
    random = np.random.default_rng(122)
    x = np.where(random.random((1200, 24, 1)) < 0.12, random.uniform(0.3, 2, (1200, 24, 1)), 0)
    y = np.array([one[one > 0][-1:].sum() for one in x])[:, None]
    return Training(
        read(lambda: L.GRU(24), (24, 1), lambda: L.Dense(1)),
        **rows(single(x), single(y), 800, 150),
        **NUMBER,
        optimizer=adam(schedules.CosineDecay(0.02, 25 * 25)),
        epochs=25,
    )


def returns() -> Training:
    """Returns of a share, of which only a fifth can be foretold."""
    random = np.random.default_rng(123)
    series, shock = np.zeros(2400), random.normal(0, 1, 2400)
    for t in range(2, 2400):
        series[t] = 0.42 * series[t - 1] - 0.2 * series[t - 2] + shock[t]
    x, y = windows(series[:, None] / series.std(), 10)
    calm = nn.regularizers.L2(1e-3)
    return Training(
        read(lambda: L.SimpleRNN(6, kernel_regularizer=calm), (10, 1), lambda: L.Dense(1)),
        **rows(x, y, 1500, 400), **NUMBER, optimizer=adam(5e-3), batch_size=50, epochs=8,
    )  # fmt: skip


def sums_of_two() -> Training:
    """The sum of two marked numbers of ten: nothing is learnt for a while, and then it is."""
    random = np.random.default_rng(124)
    x, mark = random.uniform(-1, 1, (2000, 10)), np.zeros((2000, 10))
    places = np.argsort(random.random((2000, 10)), 1)[:, :2]
    np.put_along_axis(mark, places, 1.0, 1)
    y = (x * mark).sum(1, keepdims=True)
    return Training(
        read(lambda: L.LSTM(24), (10, 2), lambda: L.Dense(1)),
        **rows(single(np.stack([x, mark], -1)), single(y), 1500, 200), **NUMBER,
        optimizer=adam(8e-3, clipnorm=1.0), epochs=16,
    )  # fmt: skip


def even_or_odd() -> Training:
    """Whether the ones so far are even, after each bit: a breakthrough after a plateau."""
    random = np.random.default_rng(125)
    x = random.integers(0, 2, (1200, 9, 1))
    return Training(
        read(lambda: L.GRU(24, return_sequences=True), (9, 1), lambda: L.Dense(1)),
        **rows(single(2 * x - 1), single(np.cumsum(x, 1) % 2), 900, 100), loss=BINARY, metrics=(),
        score=hit, threshold=0.0, optimizer=adam(0.01), epochs=25,
    )  # fmt: skip


def words_apart() -> Training:
    """One word in twelve is a name, and the answer for all others is "none"."""
    random = np.random.default_rng(126)
    x = random.integers(0, 50, (1100, 14))
    named = np.zeros(x.shape, bool)
    named[:, 1:] = (x[:, :-1] < 8) & (x[:, 1:] < 25)
    y = np.where(named, 1 + x % 2, 0)

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = L.Bidirectional(L.LSTM(12, return_sequences=True))(L.Embedding(50, 12)(inputs))
        return nn.Model(inputs, L.Dense(3, "softmax")(z))

    return Training(model, **rows(x, y, 700, 150), metrics=(), optimizer=adam(0.01), epochs=12)


def echo_state() -> Training:
    """Sixty units that recur at random and are never trained, and a last layer that is."""
    series = current(1300)[:, :1] + 0.0

    def model() -> Any:
        some = nn.initializers.RandomUniform(-0.5, 0.5)
        inside = nn.initializers.Orthogonal(gain=0.9)
        pool = L.SimpleRNN(
            60, kernel_initializer=some, recurrent_initializer=inside, trainable=False
        )
        return nn.Sequential([nn.Input((16, 1)), pool, L.Dense(1)])

    return Training(
        model, **rows(*windows(series, 16), 900, 150), **NUMBER, optimizer=adam(0.01), epochs=20
    )


def mostly_padding() -> Training:
    """Names of 5 to 12 letters in 48 places: three of four are padding, which the mask drops."""
    t = names().on(lambda x: np.pad(x, ((0, 0), (36, 0))))
    return t.but(
        model=spoken(lambda: L.GRU(24), 48, 15, lambda: L.Dense(4, "softmax"), mask_zero=True),
        optimizer=adam(schedules.ExponentialDecay(0.012, 150, 0.7)), epochs=12,
    )  # fmt: skip


def sixteen_held() -> Training:
    """Sixteen names are held out; a few large steps are an epoch."""
    t = names()
    x, y = t.validation
    rate = schedules.CosineDecay(0.02, 5 * 40)
    return t.but(
        model=spoken(
            lambda: L.GRU(24),
            12,
            15,
            lambda: L.Dropout(0.3),
            lambda: L.Dense(4, "softmax"),
            mask_zero=True,
        ),
        validation=(x[:16], y[:16]),
        optimizer=adam(rate),
        batch_size=240,
        epochs=40,
    )


def dropped() -> Training:
    """Letters, states and features are dropped in training: what is held out is easier."""
    cell: dict[str, Any] = {"dropout": 0.2, "recurrent_dropout": 0.3}
    return names().but(
        model=spoken(lambda: L.LSTM(32, **cell), 12, 15, lambda: L.Dropout(0.3),
                     lambda: L.Dense(4, "softmax"), mask_zero=True),
        optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


def sharp_density() -> Training:
    """A number and its spread, by a likelihood: the loss falls far below 0."""
    random = np.random.default_rng(127)
    t, shock = np.arange(1300), random.normal(size=1300)
    series = 0.5 * np.sin(t / 3.1) + 0.3 * np.sin(t / 7.7) + 0.02 * shock
    x, y = windows(series[:, None], 16)

    def loss(y: Any, p: Any) -> Any:
        tight = p[:, 1:] + 1.0
        return nn.ops.mean(0.5 * nn.ops.square((y - p[:, :1]) * nn.ops.exp(tight)) - tight)

    def score(model: Any, t: Training) -> float:
        return r2(t.test[1], found(model, t)[:, :1])

    rate = schedules.ExponentialDecay(0.01, 200, 0.6)
    return Training(
        read(lambda: L.GRU(20), (16, 1), lambda: L.Dense(2)), **rows(x, y, 850, 150), loss=loss,
        metrics=(), score=score, optimizer=adam(rate, clipnorm=5.0), epochs=18,
    )  # fmt: skip


def never_again() -> Training:
    """Series that never come again: one epoch of four hundred steps."""

    def made(random: Any, n: int) -> Any:
        x = random.normal(size=(n, 12, 1))
        return single(x), single(np.maximum.accumulate(x, 1)[:, -1])

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(128)
        for _ in range(400):
            yield made(random, 32)

    random = np.random.default_rng(129)
    return Training(
        read(lambda: L.GRU(16), (12, 1), lambda: L.Dense(1)),
        nn.data.Dataset.from_generator(batches),
        None,
        made(random, 200),
        made(random, 500),
        **NUMBER,
        optimizer=adam(schedules.PolynomialDecay(0.02, 400, 1e-4)),
        epochs=1,
        batch_size=THEIRS,
    )


def once_more() -> Training:
    """A network that has learnt the names learns the new ones at a tiny rate, for three epochs."""
    t = names()
    some = np.random.default_rng(130).permutation(1200)[:1000]

    def model() -> Any:
        learnt = t.model()
        learnt.compile(nn.optimizers.Adam(0.01), t.loss)
        learnt.fit(t.x[some], t.y[some], epochs=12, verbose=0)
        learnt.layers[0].trainable = False
        return learnt

    return t.but(model=model, optimizer=adam(3e-5), epochs=3)


def raw_counts() -> Training:
    """Counts of 0 to 900 as they are, of which the model takes the logarithm; weighted classes."""
    random = np.random.default_rng(131)
    y = random.random(1500) < 0.12
    level = 4 + np.cumsum(random.normal(0, 0.15, (1500, 18)), 1)
    jump = random.choice([-1.6, 1.6], (1500, 1)) * (
        np.arange(18) >= random.integers(4, 15, (1500, 1))
    )
    level += jump * y[:, None]
    x = random.poisson(np.exp(np.minimum(level, 6.8)))
    return Training(
        lambda: nn.Sequential(
            [nn.Input((18, 1)), L.Lambda(lambda z: nn.ops.log1p(z) / 3 - 1), L.LSTM(16), L.Dense(1)]
        ),
        **rows(single(x)[..., None], single(y), 1000, 200),
        loss=BINARY,
        score=ranked,
        optimizer=adam(schedules.ExponentialDecay(0.01, 150, 0.7)),
        epochs=16,
        fit={"class_weight": {0: 1.0, 1: 7.0}},
    )


MAKES = (from_the_last, latches, seldom, returns, sums_of_two, even_or_odd, words_apart,
         echo_state, mostly_padding, sixteen_held, dropped, sharp_density, never_again, once_more,
         raw_counts)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]
