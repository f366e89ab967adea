"""Healthy programs of the fourth part: recurrent networks, in the manner of examples."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    area,
    found,
    hit,
    r2,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.series import read, spoken
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def lasting(random: Any, n: int, share: float, spread: float) -> Any:
    """Return chance that lasts: a share of the last value, and a shock."""
    x = random.normal(0, spread, n)
    for i in range(1, n):
        x[i] += share * x[i - 1]
    return x


def weather_station() -> Training:
    """Heat, pressure, damp and wind, scaled by the first part: how warm it is in three hours."""
    random, n = np.random.default_rng(600), 1500
    t = np.arange(n)
    front = lasting(random, n, 0.95, 0.3)
    heat = 9 + 5 * np.sin(2 * np.pi * t / 24) + 6 * np.sin(2 * np.pi * t / 700) - 1.5 * front
    heat = heat + lasting(random, n, 0.7, 0.5)
    pressure, damp = 990 + 6 * np.roll(front, -4), 75 - 2 * heat + random.normal(0, 3, n)
    wind = np.abs(2 + front + random.normal(0, 1, n))
    series = np.stack([heat, pressure, damp, wind, np.sin(2 * np.pi * t / 24),
                       np.cos(2 * np.pi * t / 24)], 1)[: n - 10]  # fmt: skip
    series = (series - series[:1000].mean(0)) / series[:1000].std(0)
    x, y = windows(series, 24, 3)
    return Training(
        read(lambda: L.LSTM(32), (24, 6), lambda: L.Dense(1)), **rows(x, y[:, :1], 976, 200),
        **{**NUMBER, "metrics": ("mae",)}, optimizer=adam(2e-3), batch_size=64, epochs=20,
        fit={"callbacks": [stops(patience=5, restore_best_weights=True)]},
    )  # fmt: skip


def monthly() -> Training:
    """Travellers a month for twenty years: differences of logarithms, windows of a year."""
    random, t = np.random.default_rng(601), np.arange(253)
    season = 0.12 * np.sin(2 * np.pi * t / 12) + 0.08 * np.cos(2 * np.pi * t / 6)
    log = 5 + 0.01 * t + season + lasting(random, 253, 0.5, 0.015)
    change = np.diff(log)
    change = (change - change[:150].mean()) / change[:150].std()
    x, y = windows(change[:, None], 12)
    return Training(
        read(lambda: L.LSTM(16), (12, 1), lambda: L.Dense(1)), **rows(x, y, 150, 40), **NUMBER,
        optimizer=adam(5e-3), batch_size=8, epochs=25,
    )  # fmt: skip


def many_shops() -> Training:
    """Sales of twelve shops, the logarithm's: a week is read, and the shop is known."""
    random = np.random.default_rng(602)
    day = random.normal(0, 0.4, (12, 7))
    level = random.normal(0, 0.5, (12, 1))
    chance = np.stack([lasting(random, 150, 0.8, 0.15) for _ in range(12)])
    sold = level + day[:, np.arange(150) % 7] + chance
    seen = np.lib.stride_tricks.sliding_window_view(sold, 15, axis=1)
    seen = seen.transpose(1, 0, 2).reshape(-1, 15)  # by time: the last days are held out
    x, y, shop = seen[:, :14], seen[:, 14], np.tile(np.arange(12), 136)

    def model() -> Any:
        seen, which = nn.Input((14, 1)), nn.Input((1,), dtype="int64")
        known = L.Flatten()(L.Embedding(12, 4)(which))
        z = L.Dense(24, "relu")(L.Concatenate()([L.GRU(24)(seen), L.Flatten()(seen), known]))
        return nn.Model([seen, which], L.Dense(1)(z))

    return Training(
        model, **rows((single(x)[..., None], shop[:, None]), single(y)[:, None], 1100, 250),
        **NUMBER, optimizer=adam(schedules.CosineDecay(8e-3, 35 * 35)), epochs=35,
    )  # fmt: skip


def turbines() -> Training:
    """How long an engine will still run, at most 60 hours, by five sensors: two LSTM, dropout."""
    random, seen, left = np.random.default_rng(603), [], []
    rate = random.normal(size=5)
    for _ in range(60):
        life = random.integers(70, 120)
        worn = np.exp((np.arange(life) - life) / 22)
        sensors = worn[:, None] * rate + random.normal(0, 0.15, (life, 5))
        seen.append(np.lib.stride_tricks.sliding_window_view(sensors, 20, axis=0)[::3])
        left.append(np.minimum(life - 20 - np.arange(life - 19)[::3], 60) / 60)
    cut = sum(len(a) for a in seen[:40]), sum(len(a) for a in seen[40:48])
    x, y = np.concatenate(seen).transpose(0, 2, 1), np.concatenate(left)[:, None]
    return Training(
        read(lambda: L.LSTM(24, return_sequences=True), (20, 5), lambda: L.Dropout(0.2),
             lambda: L.LSTM(16), lambda: L.Dropout(0.2), lambda: L.Dense(1)),
        **rows(single(x), single(y), *cut), **NUMBER, optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def short_messages() -> Training:
    """Whether a message is unwanted, one in five is: words, padding masked, both ways."""
    random, n = np.random.default_rng(604), 2000
    y, usual = random.random(n) < 0.2, 1 / np.arange(2, 122)
    bad = usual * np.where(random.random(120) < 0.25, 4.0, 0.6)
    x = np.stack(
        [random.choice(120, 20, p=p / p.sum()) + 1 for p in (bad if k else usual for k in y)]
    )
    x[np.arange(20) >= random.integers(5, 21, (n, 1))] = 0

    def model() -> Any:
        inputs = nn.Input((20,), dtype="int64")
        z = L.Bidirectional(L.LSTM(12))(L.Embedding(121, 16, mask_zero=True)(inputs))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.Dropout(0.4)(z)))

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], found(model, t))

    return Training(
        model, **rows(x, single(y)[:, None], 1400, 200), loss="binary_crossentropy", score=score,
        metrics=("accuracy", "AUC"), optimizer=adam(2e-3), epochs=8,
    )  # fmt: skip


def grammar(random: Any, length: int) -> Any:
    """Return ids of letters: sentences of a who, a does, and a where, in any mixture."""
    who = ("the cat", "a dog", "an owl", "my aunt", "the boy", "a king", "one fox", "her son")
    does = ("sat", "ran", "sees me", "is ill", "sang", "lost a hat", "ate cake", "fell")
    where = ("on a mat", "at night", "in town", "by the sea", "with us", "for fun", "again")
    text = ""
    while len(text) < length:
        text += " ".join(str(random.choice(part)) for part in (who, does, where)) + ". "
    letters = sorted(set(text))
    return np.array([letters.index(c) for c in text[:length]]), len(letters)


def letter_by_letter() -> Training:
    """The next letter of a text, after each of thirty: two layers of GRU, one text cut up."""
    ids, count = grammar(np.random.default_rng(605), 31 * 700)
    text = ids.reshape(700, 31)
    return Training(
        spoken(lambda: L.GRU(48, return_sequences=True), 30, count,
               lambda: L.GRU(48, return_sequences=True), lambda: L.Dense(count)),
        **rows(text[:, :-1], text[:, 1:], 500, 80), loss=LOGITS, score=hit,
        optimizer=adam(6e-3, clipnorm=1.0), epochs=18,
    )  # fmt: skip


def names_in_texts() -> Training:
    """Names of people and towns in a text, seven words of ten are neither; from both sides."""
    random, n = np.random.default_rng(606), 1300
    x = random.choice(40, (n, 14)).astype("int64")
    for at in (2, 6, 10):
        title = random.random(n) < 0.6
        which = random.integers(1, 3, n)
        x[title, at] = 63 + which[title]  # "Mr" and "in" tell who and where
        name = random.integers(40, 64, n)
        x[title, at + 1] = name[title]
    tag = np.where((x >= 40) & (x < 64), np.where(np.roll(x, 1, 1) == 64, 1, 2), 0)

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = L.Embedding(67, 20)(inputs)
        z = L.Bidirectional(L.LSTM(16, return_sequences=True))(L.Dropout(0.1)(z))
        return nn.Model(inputs, L.TimeDistributed(L.Dense(3, "softmax"))(z))

    return Training(model, **rows(x, tag, 900, 150), optimizer=adam(3e-3), epochs=8)


def sums_spelled() -> Training:
    """Sums as they are written, "27+86": an encoder, its answer repeated, and a decoder."""
    random = np.random.default_rng(607)
    pair = random.permutation(10000)[:6400]  # no sum is asked twice
    a, b = pair // 100, pair % 100
    x = np.stack([a // 10, a % 10, np.full(6400, 10), b // 10, b % 10], 1)
    y = np.stack([(a + b) % 10, (a + b) // 10 % 10, (a + b) // 100], 1)  # the last digit first
    return Training(
        spoken(lambda: L.LSTM(64), 5, 11, lambda: L.RepeatVector(3),
               lambda: L.LSTM(64, return_sequences=True), lambda: L.Dense(10, "softmax")),
        **rows(x, y, 5200, 400), score=hit, optimizer=adam(5e-3), batch_size=64, epochs=22,
    )  # fmt: skip


def heartbeats_rebuilt() -> Training:
    """Beats of a heart through eight numbers: an LSTM in, one out, each step rebuilt."""
    random, n = np.random.default_rng(608), 900
    t = np.linspace(0, 1, 24)
    at, high, wide = (random.uniform(*r, (n, 1)) for r in ((0.3, 0.6), (0.6, 1.4), (0.03, 0.08)))
    x = high * np.exp(-(((t - at) / wide) ** 2)) + 0.3 * np.sin(2 * np.pi * (t - at))
    x = single(x + random.normal(0, 0.05, x.shape))[..., None] * 2

    return Training(
        read(lambda: L.LSTM(24), (24, 1), lambda: L.Dense(8), lambda: L.RepeatVector(24),
             lambda: L.LSTM(32, return_sequences=True),
             lambda: L.TimeDistributed(L.Dense(1))),
        **rows(x, x, 600, 100), **NUMBER, optimizer=adam(6e-3), epochs=40, batch_size=20,
    )  # fmt: skip


def thrown() -> Training:
    """Where a ball will come down, by the first ten places at which it was seen."""
    random, n = np.random.default_rng(609), 1300
    speed, angle = random.uniform(6, 12, (n, 1)), random.uniform(0.5, 1.2, (n, 1))
    t = np.arange(10) * 0.06
    x = np.stack([speed * np.cos(angle) * t, speed * np.sin(angle) * t - 4.9 * t**2], -1)
    y = speed**2 * np.sin(2 * angle) / 9.8
    x = (x + random.normal(0, 0.03, x.shape)) / 2.5
    y = (y - y.mean()) / y.std()
    return Training(
        lambda: nn.Sequential([nn.Input((10, 2)), L.Bidirectional(L.GRU(16)), L.Dense(16, "tanh"),
                               L.Dense(1)]),
        **rows(single(x), single(y), 900, 150), **NUMBER,
        optimizer=adam(schedules.CosineDecay(6e-3, 20 * 29)), epochs=20,
    )  # fmt: skip


def brain_waves() -> Training:
    """Eyes open or shut, by three faint channels: 3 of 4 is what can be done; much is dropped."""
    random, n = np.random.default_rng(610), 2000
    y, t = random.integers(0, 2, n), np.arange(30)
    wave = np.sin(0.9 * t + random.uniform(0, 6.3, (n, 1)))[..., None] * [1.0, 0.7, 0.2]
    x = random.normal(0, 1, (n, 30, 3)) + (0.15 + 0.4 * y[:, None, None]) * wave
    drop: dict[str, Any] = {"dropout": 0.1}
    return Training(
        read(lambda: L.LSTM(16, return_sequences=True, **drop), (30, 3),
             lambda: L.LSTM(12, **drop), lambda: L.Dropout(0.3), lambda: L.Dense(1, "sigmoid")),
        **rows(single(x), single(y)[:, None], 1400, 250), loss="binary_crossentropy", score=hit,
        optimizer=adam(4e-3), epochs=16, fit={"callbacks": [stops(patience=6)]},
    )  # fmt: skip


class Cleared(nn.callbacks.Callback):
    """Forgets what was, when an epoch begins anew."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.layers[0].reset_states()


def carried_along() -> Training:
    """Ten long series side by side, cut in pieces: the state goes from piece to piece."""
    random = np.random.default_rng(611)
    long = np.stack([lasting(random, 481, 0.6, 0.3) + np.sin(np.arange(481) * s + 6 * s)
                     for s in random.uniform(0.2, 0.5, 10)])  # fmt: skip
    x = long[:, :480].reshape(10, 24, 20).transpose(1, 0, 2).reshape(240, 20, 1)
    y = long[:, 1:].reshape(10, 24, 20).transpose(1, 0, 2).reshape(240, 20, 1)
    cut = 170

    def model() -> Any:
        return nn.Sequential([
            nn.Input(batch_shape=(10, 20, 1)),
            L.GRU(24, return_sequences=True, stateful=True), L.Dense(1),
        ])  # fmt: skip

    def score(model: Any, t: Training) -> float:
        said = np.asarray(model.predict(t.test[0], batch_size=10, verbose=0))
        return r2(t.test[1], said)

    parts = rows(single(x), single(y), cut, 20)
    return Training(
        model, **parts, loss="mse", metrics=(), score=score, optimizer=adam(4e-3), batch_size=10,
        epochs=30, fit={"shuffle": False, "callbacks": [Cleared()]},
    )  # fmt: skip


def unrest() -> Training:
    """How much a price will swing, by what it did: the logarithm of its spread."""
    random, n = np.random.default_rng(612), 4000
    log = lasting(random, n, 0.95, 0.25)
    change = np.exp(0.5 * log) * random.normal(size=n)
    seen = np.log(np.abs(change) + 0.05)
    x, _ = windows(np.stack([seen, np.clip(change, -4, 4) / 2], 1), 20)
    y = log[20:, None]
    return Training(
        read(lambda: L.GRU(12), (20, 2), lambda: L.Dense(1)), **rows(x, single(y), 3000, 400),
        **NUMBER, optimizer=adam(2e-3), epochs=6,
    )  # fmt: skip


def next_and_whither() -> Training:
    """The next value and whether it rises: two heads, the second weighs a third."""
    random, n = np.random.default_rng(613), 1500
    t = np.arange(n)
    series = np.sin(t / 3) + 0.5 * np.sin(t / 7.3) + lasting(random, n, 0.5, 0.15)
    x, y = windows(series[:, None], 20)
    rises = single(y > x[:, -1])

    def model() -> Any:
        inputs = nn.Input((20, 1))
        z = L.LSTM(24)(inputs)
        return nn.Model(inputs, [L.Dense(1)(z), L.Dense(1, "sigmoid")(z)])

    class Third(nn.losses.Loss):
        def call(self, y: Any, p: Any) -> Any:
            return ops.binary_crossentropy(y, p) / 3

    def score(model: Any, t: Training) -> float:
        (value, up), (y, rises) = model.predict(t.test[0], verbose=0), t.test[1]
        return float((r2(y, np.asarray(value)) + np.mean((up > 0.5) == rises)) / 2)

    return Training(
        model, **rows(x, (y, rises), 1000, 200), loss=["mse", Third()], metrics=(), score=score,
        optimizer=adam(5e-3), epochs=14,
    )  # fmt: skip


def likely_paths() -> Training:
    """At each step a mean and a spread of the next: a likelihood, teacher-forced (DeepAR)."""
    random = np.random.default_rng(614)
    level, speed = random.normal(0, 0.5, (900, 1)), random.uniform(0.3, 0.6, (900, 1))
    path = level + np.sin(speed * np.arange(25) + random.uniform(0, 6.3, (900, 1)))
    path = single(path + random.normal(0, 0.2, path.shape))[..., None]

    def loss(y: Any, p: Any) -> Any:
        log = p[..., 1:]
        return ops.mean(0.5 * ops.square((y - p[..., :1]) * ops.exp(-log)) + log)

    def score(model: Any, t: Training) -> float:
        return r2(t.test[1][:, 12:], found(model, t)[:, 12:, :1])

    return Training(
        read(lambda: L.GRU(32, return_sequences=True), (24, 1), lambda: L.Dense(2)),
        **rows(path[:, :-1], path[:, 1:], 600, 100), loss=loss, metrics=(), score=score,
        optimizer=adam(6e-3, clipnorm=1.0), epochs=28,
    )  # fmt: skip


def spoken_digits() -> Training:
    """Five words by thirteen numbers of their sound a step, as a dictation has them."""
    random, n = np.random.default_rng(615), 1200
    y, form = random.integers(0, 5, n), random.normal(0, 1, (5, 4, 13))
    length = random.integers(14, 25, n)
    x = np.zeros((n, 24, 13))
    for one, k, long in zip(x, y, length, strict=True):
        part = (np.arange(long) * 4 // long).clip(0, 3)
        one[:long] = form[k, part] + random.normal(0, 1.6, (long, 13)) + random.normal(0, 0.5, 13)

    def model() -> Any:
        inputs = nn.Input((24, 13))
        z = L.Masking()(inputs)
        return nn.Model(
            inputs, L.Dense(5, "softmax")(L.Dropout(0.3)(L.Bidirectional(L.GRU(16))(z)))
        )

    return Training(
        model, **rows(single(x / 2), y, 800, 150), optimizer=adam(4e-3), epochs=10,
    )  # fmt: skip


def cells_in_a_stack() -> Training:
    """A wave that grows or shrinks, by two GRU cells that are one layer."""
    random, n = np.random.default_rng(616), 1300
    grow, t = random.uniform(-0.08, 0.08, (n, 1)), np.arange(22)
    x = np.exp(grow * (t - 11)) * np.sin(random.uniform(0.4, 1, (n, 1)) * t)
    return Training(
        read(lambda: L.RNN(L.StackedRNNCells([L.GRUCell(16), L.GRUCell(16)])), (22, 1),
             lambda: L.Dense(1)),
        **rows(single(x + random.normal(0, 0.15, x.shape))[..., None], single(grow / 0.046), 850,
               150),
        **NUMBER, optimizer=adam(5e-3), epochs=20,
    )  # fmt: skip


def plain_and_clipped() -> Training:
    """Whether a short text is kind, by the plainest cell, with its gradients clipped."""
    random, n = np.random.default_rng(617), 4600
    mood = np.r_[np.zeros(20), random.normal(0, 1.2, 30)]
    x = random.integers(0, 50, (n, 9))
    turned = np.where(np.roll(x, 1, 1) < 4, -1, 1)  # "not" in front turns a word around
    turned[:, 0] = 1
    y = (mood[x] * turned).sum(1) + random.normal(0, 0.5, n) > 0
    return Training(
        spoken(lambda: L.SimpleRNN(24), 9, 50, lambda: L.Dense(1)),
        **rows(x, single(y)[:, None], 3800, 300), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),),
        epochs=14,
        optimizer=adam(schedules.CosineDecay(4e-3, 14 * 119), clipvalue=0.5),
    )  # fmt: skip


def gestures() -> Training:
    """Which of four gestures a film shows: convolutions of each picture, a GRU over them."""
    random, n = np.random.default_rng(618), 800
    y = random.integers(0, 4, n)
    start, at = random.uniform(2.5, 4.5, (n, 1, 2)), np.arange(8)
    angle = y[:, None] * np.pi / 2 + random.normal(0, 0.3, (n, 6))
    way = np.stack([np.cos(angle), np.sin(angle)], -1)
    place = start + np.cumsum(0.5 * way, 1) - 1.0 * way[:, :1]
    far = (at[:, None] - place[..., 0, None, None]) ** 2 + (at - place[..., 1, None, None]) ** 2
    x = np.exp(-far / 1.5) + random.normal(0, 0.2, far.shape)

    def model() -> Any:
        inputs = nn.Input((6, 8, 8, 1))
        eye = nn.Sequential([L.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
                             L.Flatten(), L.Dense(16, "relu")])  # fmt: skip
        return nn.Model(inputs, L.Dense(4, "softmax")(L.GRU(16)(L.TimeDistributed(eye)(inputs))))

    return Training(
        model, **rows(single(x)[..., None], y, 520, 100), optimizer=adam(4e-3), epochs=12,
    )  # fmt: skip


MAKES = (weather_station, monthly, many_shops, turbines, short_messages, letter_by_letter,
         names_in_texts, sums_spelled, heartbeats_rebuilt, thrown, brain_waves, carried_along,
         unrest, next_and_whither, likely_paths, spoken_digits, cells_in_a_stack,
         plain_and_clipped, gestures)  # fmt: skip

HEALTHY = [
    Healthy(f"fourth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES
]
