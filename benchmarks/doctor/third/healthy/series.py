"""Healthy programs of the third part: recurrent networks, as most people train them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    by,
    found,
    hit,
    r2,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules


def read(cell: Any, shape: Any, *more: Any) -> Any:
    """Return what makes a Sequential: numbers in, a cell, and what makes the layers behind it."""
    return lambda: nn.Sequential([nn.Input(shape), cell(), *(make() for make in more)])


def spoken(cell: Any, length: int, words: int, *more: Any, width: int = 16, **given: Any) -> Any:
    """Return what makes a Sequential over words."""
    return lambda: nn.Sequential([
        nn.Input((length,), dtype="int64"), L.Embedding(words, width, **given), cell(),
        *(make() for make in more),
    ])  # fmt: skip


def current(hours: int) -> Any:
    """Return the load of a town, hour by hour: days, weeks, heat, and chance that lasts."""
    random = np.random.default_rng(100)
    t = np.arange(hours)
    day, week = np.sin(2 * np.pi * t / 12), (t // 12 % 7 < 5) * 1.0
    last, chance = 0.0, np.zeros(hours)
    for i, shock in enumerate(random.normal(0, 0.12, hours)):
        last = chance[i] = 0.8 * last + shock
    return np.stack(
        [day * (0.6 + 0.4 * week) + 0.5 * week + chance - 0.35, np.cos(2 * np.pi * t / 12)], 1
    )


def load() -> Training:
    """The load of the next four hours at once, by a GRU; the last days are the test."""
    series = single(current(1330))
    x = np.lib.stride_tricks.sliding_window_view(series[:-4], 24, axis=0).transpose(0, 2, 1)
    y = np.lib.stride_tricks.sliding_window_view(series[24:, 0], 4)
    return Training(
        read(lambda: L.GRU(24), (24, 2), lambda: L.Dense(4)),
        **rows(x[:, :], y, 900, 150),
        **NUMBER,
        optimizer=adam(schedules.ExponentialDecay(0.015, 200, 0.7)),
        epochs=14,
    )


def tongues(rows_: int = 1700) -> tuple[Any, Any]:
    """Return names of 5 to 12 letters in one of four tongues, 0 behind them."""
    random = np.random.default_rng(101)
    habits = random.dirichlet(np.ones(14) * 0.12, (4, 14))
    x, y = np.zeros((rows_, 12), "int64"), random.integers(0, 4, rows_)
    for one, tongue in zip(x, y, strict=True):
        one[0] = random.integers(14)
        length = random.integers(5, 13)
        for t in range(1, length):
            one[t] = random.choice(14, p=habits[tongue, one[t - 1]])
        one[:length] += 1
    return x, y


def names() -> Training:
    """The tongue of a name, letter by letter, by an LSTM with a mask."""
    return Training(
        spoken(lambda: L.LSTM(24), 12, 15, lambda: L.Dense(4, "softmax"), mask_zero=True),
        **rows(*tongues(), 1200, 150), optimizer=by("RMSprop", 0.008), epochs=14,
    )  # fmt: skip


def parts_of_speech() -> Training:
    """A tag for each word, from both sides; the words behind the end weigh nothing."""
    random = np.random.default_rng(102)
    x, kind = random.integers(1, 25, (1200, 12)), random.integers(0, 2, 25)
    x[np.arange(12) >= random.integers(6, 13, (1200, 1))] = 0
    behind = np.concatenate([kind[x[:, 1:]] * (x[:, 1:] > 0), np.zeros((1200, 1), int)], 1)
    y = np.where(x > 0, 2 * kind[x] + behind, 0)
    weight = single(x > 0)

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = L.Bidirectional(L.GRU(12, return_sequences=True), merge_mode="sum")(
            L.Embedding(25, 12, mask_zero=True)(inputs)
        )
        return nn.Model(inputs, L.Dense(4)(z))

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[t.test[0] > 0]))

    parts = rows(x, y, 800, 150)
    parts["validation"] = (*parts["validation"], weight[800:950])
    return Training(
        model, **parts, loss=LOGITS, metrics=(), score=score, optimizer=adam(0.01), epochs=8,
        fit={"sample_weight": weight[:800]},
    )  # fmt: skip


def ciphers() -> Training:
    """Words in one of two ciphers, which the first letter tells, by an encoder and a decoder."""
    random = np.random.default_rng(103)
    source, ciphers = random.integers(0, 8, (2600, 4)), [random.permutation(8) for _ in "ab"]
    y = np.where(source[:, :1] < 4, ciphers[0][source], ciphers[1][source])
    told = np.concatenate([np.full((2600, 1), 8), y[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((4,), dtype="int64"), nn.Input((4,), dtype="int64")
        _, h, c = L.LSTM(48, return_state=True)(L.Embedding(8, 16)(a))
        z = L.LSTM(48, return_sequences=True)(L.Embedding(9, 16)(b), initial_state=[h, c])
        return nn.Model([a, b], L.Dense(8, "softmax")(z))

    return Training(
        model, **rows((source, told), y, 2000, 200), score=hit, optimizer=adam(6e-3), epochs=16,
        batch_size=40,
    )  # fmt: skip


def melodies() -> Training:
    """The next note of a melody, note by note, by a GRU; perplexity is watched."""
    random = np.random.default_rng(104)
    step = np.array([[2, 2, 1, -5], [1, -2, 3, -2], [4, -1, -1, -2]])
    which, at = random.integers(0, 3, (1500, 1)), random.integers(0, 12, (1500, 1))
    notes = (at + np.cumsum(step[which[:, 0]][:, np.arange(17) % 4], 1)) % 12
    wrong = random.random(notes.shape) < 0.08
    notes = np.where(wrong, random.integers(0, 12, notes.shape), notes)
    return Training(
        spoken(lambda: L.GRU(32, return_sequences=True), 16, 12, lambda: L.Dense(12)),
        **rows(notes[:, :-1], notes[:, 1:], 1200, 100), loss=LOGITS,
        metrics=(nn.metrics.Perplexity(from_logits=True),), score=hit, optimizer=adam(0.01),
        epochs=14,
    )  # fmt: skip


def hearts() -> Training:
    """Whether a heart beats evenly, by convolutions and an LSTM above them."""
    random = np.random.default_rng(105)
    y, x = random.integers(0, 2, 1400), random.normal(0, 0.1, (1400, 60, 1))
    for one, odd in zip(x, y, strict=True):
        beats = np.cumsum(random.normal(8, 0.3 + 1.6 * odd, 9)).astype(int) - 5
        beats = beats[(beats >= 0) & (beats < 60)]
        one[beats, 0] += 1
    return Training(
        lambda: nn.Sequential([nn.Input((60, 1)), L.Conv1D(12, 5, strides=2, activation="relu"),
                               L.Conv1D(16, 3, activation="relu"), L.LSTM(16), L.Dense(1)]),
        **rows(single(x), single(y), 1000, 100), loss=BINARY, score=hit, threshold=0.0,
        optimizer=adam(schedules.ExponentialDecay(0.01, 100, 0.7)), epochs=9,
    )  # fmt: skip


def echoes() -> Training:
    """What was heard three steps ago, by the plainest cell, clipped; numbers at each step."""
    random = np.random.default_rng(106)
    x = random.uniform(-1, 1, (800, 14, 1))
    y = np.roll(x, 3, 1) + 0.5 * x
    y[:, :3] = 0.5 * x[:, :3]
    return Training(
        read(lambda: L.SimpleRNN(32, return_sequences=True), (14, 1), lambda: L.Dense(1)),
        **rows(single(x), single(y), 500, 100), **NUMBER, optimizer=adam(5e-3, clipnorm=1.0),
        epochs=20,
    )  # fmt: skip


class Cell(L.Layer):
    """A gated unit with a single gate (Zhou et al. 2016)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = self.state_size = units
        self.gate, self.new = L.Dense(units, "sigmoid"), L.Dense(units, "tanh")

    def build(self, shape: Any) -> None:
        for part in (self.gate, self.new):
            part.build((None, shape[-1] + self.units))

    def call(self, x: Any, states: Any) -> Any:  # type: ignore[override]
        h = states[0]
        f = self.gate(nn.ops.concatenate([x, h], axis=-1))
        h = (1 - f) * h + f * self.new(nn.ops.concatenate([x, f * h], axis=-1))
        return h, [h]


def own_cell() -> Training:
    """Which of two tones lasts longer, by a cell of one's own."""
    random = np.random.default_rng(107)
    first = random.integers(3, 14, (1100, 1))
    first += first >= 8
    at = np.arange(16)
    x = np.where(at < first, 1.0, -1.0) * np.sin(1.9 * at + random.uniform(0, 6.3, (1100, 1)))
    x = np.stack([x, np.where(at < first, 0.5, -0.5) + random.normal(0, 0.5, x.shape)], -1)
    return Training(
        read(lambda: L.RNN(Cell(16)), (16, 2), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x), single(first[:, 0] > 7.5), 700, 150), loss="binary_crossentropy",
        optimizer=adam(6e-3), epochs=10,
    )  # fmt: skip


def clinics() -> Training:
    """Who must return, by measurements at uneven times and by age and sex: two inputs."""
    random = np.random.default_rng(108)
    gaps = random.exponential(1.0, (1300, 10))
    heat = np.cumsum(random.normal(0, 0.5, (1300, 10)) * np.sqrt(gaps), 1)
    age, sex = random.normal(size=1300), random.integers(0, 2, 1300)
    slope = (heat[:, -1] - heat[:, -5]) / gaps[:, -4:].sum(1)
    y = 2.5 * slope + 0.8 * age * np.where(sex, 1, -1) + random.logistic(0, 0.25, 1300) > 0

    def model() -> Any:
        visits, person = nn.Input((10, 2)), nn.Input((2,))
        z = L.Concatenate()([L.GRU(20)(visits), L.Dense(8, "relu")(person)])
        return nn.Model([visits, person], L.Dense(1)(L.Dense(16, "relu")(z)))

    x = (single(np.stack([heat, np.log1p(gaps)], -1)), single(np.stack([age, sex * 2 - 1], 1)))
    return Training(
        model, **rows(x, single(y)[:, None], 900, 150), loss=BINARY, metrics=(), score=ranked,
        optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def reviews() -> Training:
    """Stars of a review from each of its words, weighed by attention over an LSTM."""
    random = np.random.default_rng(109)
    x, value = random.integers(0, 40, (1400, 14)), np.zeros(40)
    value[:16] = np.r_[np.linspace(1, 2, 8), -np.linspace(1, 2, 8)]
    y = value[x].sum(1, keepdims=True) / 3 + random.normal(0, 0.1, (1400, 1))

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = L.Bidirectional(L.LSTM(12, return_sequences=True))(L.Embedding(40, 12)(inputs))
        share = L.Softmax(axis=1)(L.Dense(1)(L.Dense(12, "tanh")(z)))
        return nn.Model(inputs, L.Dense(1)(L.Flatten()(L.Dot(axes=1)([share, z]))))

    return Training(
        model, **rows(x, single(y), 900, 200), **NUMBER, optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def pulses() -> Training:
    """How many calls come in the next minute, from how many came: Poisson's likelihood."""
    random = np.random.default_rng(110)
    level = 0.8 * np.sin(np.arange(1330) / 6) + 0.6 * np.sin(np.arange(1330) / 2.3)
    calls = random.poisson(np.exp(level + 0.9))
    x = np.lib.stride_tricks.sliding_window_view(np.log1p(calls), 20)[:1300, :, None]

    def score(model: Any, t: Training) -> float:
        return r2(np.exp(level[1040:1320, None] + 0.9), found(model, t))

    return Training(
        read(lambda: L.LSTM(16), (20, 1), lambda: L.Dense(1, "exponential")),
        **rows(single(x)[:1300], single(calls[20:1320])[:, None], 900, 120),
        loss="poisson",
        metrics=(),
        score=score,
        optimizer=adam(schedules.ExponentialDecay(0.01, 200, 0.7)),
        epochs=18,
    )


def drifts() -> Training:
    """Three quantiles of where a drifting thing will be, and layers that drop what recurs."""
    random = np.random.default_rng(111)
    speed, noise = random.normal(0, 0.3, (1200, 1)), random.uniform(0.02, 0.25, (1200, 1))
    path = speed * np.arange(13) + np.cumsum(noise * random.normal(size=(1200, 13)), 1)
    levels = np.array([0.1, 0.5, 0.9], "float32")

    def loss(y: Any, p: Any) -> Any:
        away, share = y - p, nn.ops.convert_to_tensor(levels)
        return nn.ops.mean(nn.ops.maximum(share * away, (share - 1) * away))

    def score(model: Any, t: Training) -> float:
        said, y = found(model, t), t.test[1]
        inside = np.mean((y[:, 0] > said[:, 0]) & (y[:, 0] < said[:, 2]))
        return float(r2(y[:, 0], said[:, 1]) - abs(inside - 0.8))

    y = path[:, 12:] - path[:, 9:10]
    return Training(
        read(lambda: L.LSTM(24, recurrent_dropout=0.1), (9, 1), lambda: L.Dense(3)),
        **rows(single(np.diff(path[:, :10], axis=1))[..., None], single(y), 800, 150), loss=loss,
        metrics=(), score=score, optimizer=adam(0.01), epochs=15,
    )  # fmt: skip


def baskets() -> Training:
    """What is bought next, after each thing that was bought: a GRU, and thirty things."""
    random = np.random.default_rng(112)
    follows = np.stack([random.permutation(30) for _ in range(2)])
    x = random.integers(0, 30, (1500, 9))
    for t in range(1, 9):
        kind = random.choice(3, 1500, p=[0.6, 0.25, 0.15])
        x[:, t] = np.where(kind < 2, follows[kind % 2, x[:, t - 1]], x[:, t])
    return Training(
        spoken(lambda: L.GRU(24, return_sequences=True), 8, 30, lambda: L.Dense(30)),
        **rows(x[:, :8], x[:, 1:], 1100, 150), loss=LOGITS,
        metrics=(nn.metrics.SparseTopKCategoricalAccuracy(2),), score=hit, optimizer=adam(0.01),
        epochs=8,
    )  # fmt: skip


def balls() -> Training:
    """Where a ball will be in the next picture: convolutions inside an LSTM."""
    random = np.random.default_rng(113)
    start, way = random.integers(0, 6, (500, 2)), random.integers(-1, 2, (500, 2))
    film = np.zeros((500, 5, 6, 6, 1))
    for t in range(5):
        at = (start + way * t) % 6
        film[np.arange(500), t, at[:, 0], at[:, 1]] = 1
    x = film[:, :4] + random.normal(0, 0.1, (500, 4, 6, 6, 1))
    y = film[:, 4].reshape(500, 36).argmax(1)
    return Training(
        lambda: nn.Sequential([nn.Input((4, 6, 6, 1)), L.ConvLSTM2D(12, 3, padding="same"),
                               L.Conv2D(1, 3, padding="same"), L.Flatten()]),
        **rows(single(x), y, 300, 80), loss=LOGITS, score=hit, optimizer=adam(0.02), epochs=20,
    )  # fmt: skip


def heights() -> Training:
    """Series of a `Dataset` that cuts windows; the number behind each is the target."""
    series = single(current(1300))
    mean, spread = series[:900].mean(0), series[:900].std(0)
    series = (series - mean) / spread
    cut = nn.data.timeseries_dataset_from_array

    def windows(low: int, high: int) -> Any:
        data, targets = series[low : high - 1], series[low + 16 : high, :1]
        return cut(data, targets, 16, batch_size=40, shuffle=True, seed=1)

    test = np.lib.stride_tricks.sliding_window_view(series[1050:-1], 16, axis=0).transpose(0, 2, 1)
    return Training(
        lambda: nn.Sequential([nn.Input((16, 2)), L.GRU(16, return_sequences=True),
                               L.LayerNormalization(), L.GRU(16), L.Dense(1)]),
        windows(0, 900), None, windows(900, 1050), (test, series[1066:, :1]), **NUMBER,
        optimizer=adam(0.01), batch_size=THEIRS, epochs=10,
    )  # fmt: skip


MAKES = (load, names, parts_of_speech, ciphers, melodies, hearts, echoes, own_cell, clinics,
         reviews, pulses, drifts, baskets, balls, heights)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]
