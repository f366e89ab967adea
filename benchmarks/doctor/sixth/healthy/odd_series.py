"""Healthy programs of the sixth part: networks on series that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import apart, falling, ranked
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    area,
    by,
    found,
    hit,
    logistic,
    r2,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.series import read
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def calls_in_an_hour() -> Training:
    """How many calls come in the next hour, a count of 0 to 20: an exponential, Poisson's loss."""
    random, n = np.random.default_rng(2030), 1500
    level = 0.8 + 0.9 * np.sin(2 * np.pi * np.arange(n) / 24) + lasting(random, n, 0.8, 0.2)
    calls = random.poisson(np.exp(level))
    x, _ = windows(np.log1p(calls)[:, None], 24)

    def score(model: Any, t: Training) -> float:
        return r2(np.log(t.test[1]), np.log(found(model, t)))

    rate = np.exp(level)[24:, None]
    parts = apart(x, calls[24:, None], 950, 150, 25)
    parts["test"] = (parts["test"][0], rate[-len(parts["test"][0]) :])
    return Training(
        read(lambda: L.GRU(24), (24, 1), lambda: L.Dense(1, "exponential")),
        **parts, loss="poisson", metrics=(), score=score, optimizer=adam(falling(5e-3, 12 * 30)),
        epochs=12,
    )  # fmt: skip


def two_ways_to_go() -> Training:
    """A walker goes on or turns back: a mixture of two bells, of which the loss falls below 0."""
    random, n = np.random.default_rng(2031), 1500
    x = random.normal(0, 1, (n, 10))
    speed = np.tanh(x[:, -3:].sum(1))
    y = np.where(random.random(n) < 0.7, speed, -speed) + random.normal(0, 0.05, n)

    def loss(y: Any, z: Any) -> Any:
        share, at, wide = ops.log_softmax(z[:, :2]), z[:, 2:4], ops.softplus(z[:, 4:]) + 0.02
        each = -0.5 * ops.square((y - at) / wide) - ops.log(wide) - 0.919
        return -ops.mean(ops.logsumexp(share + each, axis=-1))

    def score(model: Any, t: Training) -> float:
        z, size = found(model, t), np.abs(np.tanh(t.test[0][:, -3:, 0].sum(1)))
        return r2(size, np.abs(z[:, 2:4]).mean(1))

    return Training(
        read(lambda: L.GRU(24), (10, 1), lambda: L.Dense(24, "relu"), lambda: L.Dense(6)),
        **rows(single(x)[..., None], single(y)[:, None], 1000, 200), loss=loss, metrics=(),
        score=score, optimizer=adam(falling(6e-3, 18 * 32)), epochs=18,
    )  # fmt: skip


def whence_the_wind() -> Training:
    """Where the wind will come from, as a vector of length 1: a cosine, a loss that ends at -1."""
    random, n = np.random.default_rng(2032), 1400
    turn = np.cumsum(lasting(random, n, 0.95, 0.05))
    wind = np.stack([np.cos(turn), np.sin(turn)], 1) + random.normal(0, 0.05, (n, 2))
    x, _ = windows(wind, 12, 3)
    y = np.stack([np.cos(turn), np.sin(turn)], 1)[14:]

    def score(model: Any, t: Training) -> float:
        z = found(model, t)
        return float((z * t.test[1]).sum(-1).mean())

    return Training(
        read(lambda: L.LSTM(24), (12, 2), lambda: L.Dense(2), lambda: L.UnitNormalization()),
        **apart(x, y, 900, 150, 15), loss=nn.losses.CosineSimilarity(), metrics=(), score=score,
        optimizer=adam(falling(4e-3, 12 * 29)), epochs=12,
    )  # fmt: skip


def who_stays_how_long() -> Training:
    """The chance to leave in each of eight months; who has not left yet counts until today."""
    random, n = np.random.default_rng(2033), 1600
    x = random.normal(size=(n, 8, 3))
    risk = logistic(-2.2 + 1.5 * np.cumsum(0.6 * x[:, :, 0] - 0.4 * x[:, :, 1], 1))
    gone = random.random((n, 8)) < risk
    last = np.where(gone.any(1), gone.argmax(1), 7)
    last = np.minimum(last, random.integers(2, 8, n))
    there = np.arange(8) <= last[:, None]
    y = np.stack([gone & there, there], -1)

    def loss(y: Any, z: Any) -> Any:
        each = ops.softplus(z[..., 0]) - y[..., 0] * z[..., 0]
        return ops.sum(each * y[..., 1]) / ops.sum(y[..., 1])

    def score(model: Any, t: Training) -> float:
        left, seen = (t.test[1][..., k] > 0 for k in (0, 1))
        return area(left[seen], found(model, t)[..., 0][seen])

    return Training(
        read(lambda: L.LSTM(20, return_sequences=True), (8, 3), lambda: L.Dense(1)),
        **rows(single(x), single(y), 1100, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(falling(5e-3, 8 * 35)), epochs=8,
    )  # fmt: skip


def one_in_forty_is_a_quake() -> Training:
    """One in forty records is a quake: weights of 1 and 12, and the area under the curve."""
    random, n, t = np.random.default_rng(2034), 3600, np.arange(60)
    y = random.random(n) < 0.03
    at = random.uniform(10, 40, (n, 1))
    wave = np.where(t > at, np.sin((t - at) * 1.1) * np.exp(-(t - at) / 12), 0)
    x = random.normal(0, 0.5, (n, 60)) + 1.2 * y[:, None] * wave
    return Training(
        read(lambda: L.Conv1D(12, 7, strides=2, activation="relu"), (60, 1),
             lambda: L.Conv1D(16, 5, activation="relu"), lambda: L.GlobalMaxPooling1D(),
             lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(y)[:, None], 2200, 500), loss="binary_crossentropy",
        metrics=("AUC",), score=ranked, optimizer=adam(falling(4e-3, 10 * 35)), batch_size=64,
        epochs=10, fit={"class_weight": {0: 1.0, 1: 12.0}},
    )  # fmt: skip


def same_machine_or_not() -> Training:
    """Whether two records are of the same machine: one GRU reads both, and only their gap counts.

    The loss pulls like pairs together and pushes others a margin apart.
    """
    random, n, t = np.random.default_rng(2035), 1600, np.arange(24)
    tone = random.uniform(0.3, 1.6, (12, 2))

    def record(who: Any) -> Any:
        turn = random.uniform(0, 2 * np.pi, (2, n, 1))
        x = np.sin(tone[who, :1] * t + turn[0]) + 0.7 * np.sin(tone[who, 1:] * t + turn[1])
        return single(x + random.normal(0, 0.15, x.shape))[..., None]

    who = random.integers(0, 12, n)
    same = random.random(n) < 0.5
    other = np.where(same, who, (who + random.integers(1, 12, n)) % 12)

    def loss(y: Any, d: Any) -> Any:
        return ops.mean(y * ops.square(d) + (1 - y) * ops.square(ops.relu(1.0 - d)))

    def model() -> Any:
        a, b = nn.Input((24, 1)), nn.Input((24, 1))
        reads = nn.Sequential([
            L.Conv1D(24, 7, activation="relu"), L.Conv1D(24, 5, activation="relu"),
            L.GlobalAveragePooling1D(), L.Dense(8),
        ])  # fmt: skip
        gap = L.Lambda(lambda z: ops.sqrt(ops.sum(ops.square(z), -1, keepdims=True) + 1e-6))
        return nn.Model([a, b], gap(L.Subtract()([reads(a), reads(b)])))

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], -found(model, t))

    return Training(
        model, **rows((record(who), record(other)), single(same)[:, None], 1100, 200), loss=loss,
        metrics=(), score=score, optimizer=adam(falling(3e-3, 20 * 35)), epochs=20,
    )  # fmt: skip


def kernels_of_chance() -> Training:
    """Two hundred convolutions by chance that never learn, their means and tops, one layer."""
    random, n, t = np.random.default_rng(2036), 1200, np.arange(40)
    y = random.integers(0, 3, n)
    speed = np.array([0.5, 0.75, 1.1])[y][:, None] * random.uniform(0.9, 1.1, (n, 1))
    x = np.sign(np.sin(speed * t + random.uniform(0, 6, (n, 1)))) + random.normal(0, 0.6, (n, 40))

    def model() -> Any:
        inputs = nn.Input((40, 1))
        z = L.Conv1D(200, 9, kernel_initializer="random_normal", trainable=False)(inputs)
        z = L.Rescaling(8.0)(z)
        share = L.GlobalAveragePooling1D()(L.Activation("sigmoid")(L.Rescaling(5.0)(z)))
        z = L.Concatenate()([share, L.GlobalMaxPooling1D()(z)])
        return nn.Model(inputs, L.Dense(3, "softmax")(L.BatchNormalization()(z)))

    return Training(
        model, **rows(single(x)[..., None], y, 800, 150),
        optimizer=adam(falling(3e-3, 10 * 25)), epochs=10,
    )  # fmt: skip


def three_numbers_learn() -> Training:
    """A tank that leaks: one linear unit that recurs, and three numbers that are learnt."""
    random, n = np.random.default_rng(2037), 1200
    x = random.gamma(1.0, 0.5, (n, 16))
    y = np.zeros((n, 16))
    level = np.zeros(n)
    for t in range(16):
        level = 0.8 * level + 0.5 * x[:, t] - 0.1
        y[:, t] = level + random.normal(0, 0.05, n)
    return Training(
        read(lambda: L.SimpleRNN(1, "linear", return_sequences=True,
                                 recurrent_initializer="zeros"), (16, 1)),
        **rows(single(x)[..., None], single(y)[..., None], 800, 150), **NUMBER,
        optimizer=adam(falling(2e-2, 15 * 25)), epochs=15,
    )  # fmt: skip


def louder_than_the_song() -> Training:
    """A song under noise as loud as itself, given back by a net in the form of a U."""
    random, n, t = np.random.default_rng(2038), 1000, np.arange(48)
    song = np.sin(random.uniform(0.2, 0.6, (n, 1)) * t + random.uniform(0, 6, (n, 1)))
    song *= np.exp(-(((t - random.uniform(10, 38, (n, 1))) / 10) ** 2)) * 1.5
    x = song + random.normal(0, song.std(), song.shape)

    def model() -> Any:
        def layer(units: int, z: Any) -> Any:
            return L.Conv1D(units, 5, padding="same", activation="relu")(z)

        inputs = nn.Input((48, 1))
        top = layer(12, inputs)
        middle = layer(16, L.AveragePooling1D(2)(top))
        low = layer(24, L.AveragePooling1D(2)(middle))
        z = layer(16, L.Concatenate()([L.UpSampling1D(2)(low), middle]))
        z = layer(12, L.Concatenate()([L.UpSampling1D(2)(z), top]))
        return nn.Model(inputs, L.Conv1D(1, 1)(z))

    return Training(
        model, **rows(single(x)[..., None], single(song)[..., None], 700, 120), **NUMBER,
        optimizer=adam(falling(4e-3, 14 * 22)), epochs=14,
    )  # fmt: skip


def steps_of_a_voice() -> Training:
    """The next of sixty-four loudnesses, as classes: the loss ends near 2, far from 0."""
    random, n = np.random.default_rng(2039), 2400
    voice = np.zeros(n)
    for t in range(2, n):
        voice[t] = 1.7 * voice[t - 1] - 0.85 * voice[t - 2] + random.normal(0, 0.1)
    voice = voice / np.abs(voice).max()
    level = np.sign(voice) * np.log1p(30 * np.abs(voice)) / np.log(31)
    ids = ((level + 1) * 31.99).astype("int64")
    seen = np.lib.stride_tricks.sliding_window_view(ids, 17)

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        z = L.Embedding(64, 16)(inputs)
        for d in (1, 2, 4):
            z = L.Conv1D(32, 2, dilation_rate=d, padding="causal", activation="relu")(z)
        return nn.Model(inputs, L.Dense(64)(L.Lambda(lambda a: a[:, -1])(z)))

    def score(model: Any, t: Training) -> float:
        """How near the middle of what is said comes."""
        z = found(model, t)
        share = np.exp(z - z.max(-1, keepdims=True))
        return r2(t.test[1], (share * np.arange(64)).sum(-1) / share.sum(-1))

    def part(low: int, high: int | None) -> Any:
        return seen[low:high, :-1], seen[low:high, -1]

    return Training(
        model, seen[:1800, :-1], seen[:1800, -1], part(1820, 2050), part(2070, None), loss=LOGITS,
        score=score, optimizer=adam(falling(3e-3, 12 * 57)), epochs=12,
    )  # fmt: skip


def short_ones_first() -> Training:
    """Batches of four to twenty steps, new ones in each epoch, and short ones first."""
    random = np.random.default_rng(2040)

    def batch(length: int, count: int = 32) -> Any:
        x = random.normal(0, 1, (count, length, 2))
        keys = x[..., 0].argmax(1)
        return single(x), single(x[np.arange(count), keys, 1])[:, None]

    def batches() -> Any:
        for length in (4, 8, 12, 16, 20):
            for _ in range(8):
                yield batch(length)

    def model() -> Any:
        inputs = nn.Input((None, 2))
        z = L.LSTM(32, return_sequences=True)(inputs)
        return nn.Model(inputs, L.Dense(1)(L.LSTM(32)(z)))

    return Training(
        model, nn.data.Dataset.from_generator(batches), None, batch(12, 150), batch(16, 300),
        **NUMBER, batch_size=THEIRS, optimizer=adam(falling(6e-3, 35 * 40), clipnorm=1.0),
        epochs=35,
    )  # fmt: skip


def degrees_of_a_boiler() -> Training:
    """Degrees, bars and litres as they are measured: the model itself takes off their mean."""
    random, n = np.random.default_rng(2041), 1500
    fire, draw = lasting(random, n, 0.9, 0.3), lasting(random, n, 0.7, 0.5)
    heat = np.zeros(n)
    for t in range(1, n):
        heat[t] = 0.85 * heat[t - 1] + 0.3 * fire[t - 1] - 0.25 * draw[t - 1]
    raw = np.stack([350 + 40 * heat, 12 + 1.5 * fire, 4000 + 600 * draw], 1)
    x, after = windows(raw + random.normal(0, [2, 0.1, 30], (n, 3)), 12)
    y = (after[:, :1] - 350) / 40

    def model() -> Any:
        known = L.Normalization()
        known.adapt(x[:900].reshape(-1, 3))
        return nn.Sequential([nn.Input((12, 3)), known, L.GRU(20), L.Dense(1)])

    return Training(
        model, **apart(x, y, 900, 150, 13), **NUMBER, optimizer=adam(falling(6e-3, 12 * 29)),
        epochs=12,
    )  # fmt: skip


def cracks_in_order() -> Training:
    """None, small, middle or large: three yes or no, each beyond the one before, in order."""
    random, n = np.random.default_rng(2042), 1400
    x = random.normal(0, 1, (n, 15, 2))
    hurt = np.maximum(x[:, :, 0] - 0.5, 0).sum(1) + 0.5 * x[:, :, 1].sum(1)
    grade = np.digitize(hurt + random.normal(0, 0.4, n), np.quantile(hurt, [0.4, 0.7, 0.9]))
    y = grade[:, None] > np.arange(3)
    return Training(
        read(lambda: L.GRU(24), (15, 2), lambda: L.Dense(3)),
        **rows(single(x), single(y), 950, 150), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(falling(8e-3, 12 * 30)),
        epochs=12,
    )  # fmt: skip


def all_series_at_once() -> Training:
    """Two hundred and forty rows, all in a step: a hundred epochs of one step each."""
    random, n, t = np.random.default_rng(2043), 640, np.arange(30)
    y = random.integers(0, 2, n)
    x = np.where(y[:, None] == 1, np.cumsum(random.normal(0, 0.3, (n, 30)), 1),
                 random.normal(0, 1, (n, 30)) * np.sin(t / 5))  # fmt: skip
    return Training(
        read(lambda: L.Conv1D(8, 5, activation="relu"), (30, 1),
             lambda: L.GlobalAveragePooling1D(), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(y)[:, None], 240, 100), loss="binary_crossentropy",
        score=hit, batch_size=240, optimizer=adam(2e-2), epochs=100,
    )  # fmt: skip


def seldom_right_about_prices() -> Training:
    """Whether a price rises, of which little can be known: six in ten is all there is."""
    random, n = np.random.default_rng(2044), 3200
    x = random.standard_t(4, (n, 12)) / 1.4
    y = random.random(n) < logistic(0.75 * np.tanh(x[:, -1] - x[:, -2] + 0.5 * x[:, -4]))
    return Training(
        read(lambda: L.GRU(6), (12, 1), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x)[..., None], single(y)[:, None], 2000, 400), loss="binary_crossentropy",
        score=ranked, optimizer=by("AdamW", falling(4e-3, 6 * 32), weight_decay=0.01),
        batch_size=64, epochs=6,
    )  # fmt: skip


MAKES = (calls_in_an_hour, two_ways_to_go, whence_the_wind, who_stays_how_long,
         one_in_forty_is_a_quake, same_machine_or_not, kernels_of_chance, three_numbers_learn,
         louder_than_the_song, steps_of_a_voice, short_ones_first, degrees_of_a_boiler,
         cracks_in_order, all_series_at_once, seldom_right_about_prices)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]
