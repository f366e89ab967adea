"""Healthy programs in the manner of published examples: series and signals."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import dense, layers, scaled
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def weather(hours: int = 3000) -> Any:
    """Return five measurements an hour, scaled, the temperature first."""
    random = np.random.default_rng(0)
    t = np.arange(hours)
    slow = np.convolve(random.normal(size=hours + 71), np.ones(72) / 8, "valid")
    warm = slow + 1.2 * np.sin(2 * np.pi * t / 24) + random.normal(0, 0.15, hours)
    wet = -0.6 * warm + random.normal(0, 0.4, hours)
    press = np.roll(slow, -3) + random.normal(0, 0.3, hours)
    x = np.c_[warm, wet, press, np.sin(2 * np.pi * t / 24), np.cos(2 * np.pi * t / 24)]
    return scaled(x, x[:2000])


def cut(x: Any, y: Any, length: int, ahead: int = 1, every: int = 1) -> tuple[Any, Any]:
    """Return windows of some steps, and what comes so many steps behind each."""
    starts = np.arange(0, len(x) - length - ahead + 1, every)
    return (
        np.stack([x[s : s + length] for s in starts]).astype("float32"),
        np.stack([y[s + length + ahead - 1] for s in starts]).astype("float32")[:, None],
    )


def by_time(x: Any, y: Any, gap: int = 24) -> dict[str, Any]:
    """Return training, validation and test, one after the other in time."""
    a, b = int(0.7 * len(x)), int(0.85 * len(x))
    return {
        "x": x[:a], "y": y[:a], "validation": (x[a + gap : b], y[a + gap : b]),
        "test": (x[b + gap :], y[b + gap :]),
    }  # fmt: skip


def forecast() -> Training:
    """The temperature six hours ahead, by a GRU with dropout, mean absolute error."""
    x = weather()
    x, y = cut(x, x[:, 0], 24, 6, 2)
    model = layers(
        lambda: nn.Input((24, 5)), lambda: L.GRU(16), lambda: L.Dropout(0.3), lambda: L.Dense(1)
    )  # fmt: skip
    return Training(
        model, **by_time(x, y), loss="mae", metrics=(), optimizer=nn.optimizers.RMSprop,
        epochs=15, score=explained,
    )  # fmt: skip


def batched() -> Training:
    """Windows that are cut when they are asked for; validation as such batches, too."""
    x = weather()
    given = {"sequence_length": 24, "batch_size": 64, "sampling_rate": 1, "seed": 0}
    make = nn.utils.timeseries_dataset_from_array

    def part(begin: int, end: int, shuffle: bool) -> Any:
        return make(x[begin : end - 24], x[begin + 24 : end, 0], shuffle=shuffle, **given)

    test = cut(x[2400:], x[2400:, 0], 24)
    model = layers(lambda: nn.Input((24, 5)), lambda: L.LSTM(16), lambda: L.Dense(1))
    return Training(
        model, part(0, 1800, True), None, part(1900, 2300, False), test, loss="mse", metrics=(),
        optimizer=adam(0.005), batch_size=None, epochs=10, score=explained,
    )  # fmt: skip


def dilated() -> Training:
    """Causal convolutions, each of twice the reach: the next value at each step."""
    x = weather()
    value = x[:, :1]
    windows = np.lib.stride_tricks.sliding_window_view(value[:, 0], 33)[::16]
    x, y = windows[:, :-1, None].copy(), windows[:, 1:, None].copy()
    model = layers(
        lambda: nn.Input((32, 1)),
        *[
            lambda d=d: L.Conv1D(16, 2, dilation_rate=d, padding="causal", activation="relu")
            for d in (1, 2, 4, 8)
        ],
        lambda: L.Conv1D(1, 1),
    )  # fmt: skip
    return Training(
        model, **by_time(x, y, 3), loss="mse", metrics=(), optimizer=adam(0.01), batch_size=16,
        epochs=30, score=explained,
    )  # fmt: skip


def unusual() -> Training:
    """Windows to themselves, so that others stand out; the last tenth of them is held out."""
    random = np.random.default_rng(1)
    t = np.arange(1500)
    wave = np.sin(t / 6) + 0.3 * np.sin(t / 2.1) + random.normal(0, 0.1, 1500)
    x = np.lib.stride_tricks.sliding_window_view(wave, 32)[..., None].astype("float32")
    model = layers(
        lambda: nn.Input((32, 1)),
        lambda: L.Conv1D(16, 7, padding="same", strides=2, activation="relu"),
        lambda: L.Dropout(0.1),
        lambda: L.Conv1D(8, 7, padding="same", strides=2, activation="relu"),
        lambda: L.Conv1DTranspose(8, 7, padding="same", strides=2, activation="relu"),
        lambda: L.Conv1DTranspose(16, 7, padding="same", strides=2, activation="relu"),
        lambda: L.Conv1DTranspose(1, 7, padding="same"),
    )  # fmt: skip
    return Training(
        model, x[:1200], x[:1200], None, (x[1240:],) * 2, loss="mse", metrics=(),
        optimizer=adam(0.005), batch_size=64, epochs=10, fit={"validation_split": 0.1},
        score=explained,
    )  # fmt: skip


def passengers() -> Training:
    """A rising number with seasons, scaled to 0 to 1 by all of it; later rows are larger."""
    random = np.random.default_rng(2)
    t = np.arange(400)
    series = (100 + t) * (1 + 0.2 * np.sin(2 * np.pi * t / 12)) + random.normal(0, 5, 400)
    series = (series - series.min()) / (series.max() - series.min())
    x, y = cut(series, series, 12)
    return Training(
        dense(12, (16,), 1, end=None), **by_time(x, y, 0), loss="mse", metrics=(),
        optimizer=adam(0.005), batch_size=8, epochs=40, fit={"shuffle": False}, score=explained,
    )  # fmt: skip


def walk() -> Training:
    """A random walk: the last value is nearly all that can be known of the next."""
    random = np.random.default_rng(3)
    steps = random.normal(size=1600)
    series = np.zeros(1600)
    for k in range(1, 1600):
        series[k] = 0.98 * series[k - 1] + steps[k]
    x, y = cut(series / series.std(), series / series.std(), 10)
    model = layers(
        lambda: nn.Input((10,)), lambda: L.Reshape((10, 1)), lambda: L.LSTM(16),
        lambda: L.Dense(1),
    )  # fmt: skip
    return Training(
        model, **by_time(x, y), loss="mse", metrics=(), optimizer=adam(0.005), epochs=15,
        score=explained,
    )  # fmt: skip


def beats(rows: int = 900) -> tuple[Any, Any]:
    """Return signals of two kinds, and which."""
    random = np.random.default_rng(4)
    y = random.integers(0, 2, rows)
    t = np.arange(60)
    begin, wide = random.uniform(10, 40, (rows, 1)), np.where(y, 2.0, 4.0)[:, None]
    x = np.exp(-(((t - begin) / wide) ** 2)) + random.normal(0, 0.15, (rows, 60))
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    return x[..., None].astype("float32"), y


def signals() -> Training:
    """Convolutions with BatchNormalization, a mean over time, plateau's rates, the best kept."""
    x, y = beats()

    def block() -> list[Any]:
        return [
            lambda: L.Conv1D(16, 3, padding="same"), lambda: L.BatchNormalization(momentum=0.9),
            lambda: L.ReLU(),
        ]  # fmt: skip

    model = layers(
        lambda: nn.Input((60, 1)), *block(), *block(), lambda: L.GlobalAveragePooling1D(),
        lambda: L.Dense(2, "softmax"),
    )  # fmt: skip
    watch = [
        nn.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3, min_lr=1e-4),
        nn.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True),
    ]
    return Training(
        model, x[:600], y[:600], (x[600:700], y[600:700]), (x[700:], y[700:]),
        optimizer=adam(0.005), epochs=16, fit={"callbacks": watch},
    )  # fmt: skip


def attended_signals() -> Training:
    """A transformer over a signal in pieces, with places."""
    x, y = beats()
    x = x.reshape(len(x), 15, 4)

    def model() -> Any:
        inputs = nn.Input((15, 4))
        v = L.Dense(16)(inputs)
        v = L.Add()([v, L.PositionEmbedding(15)(v)])
        for _ in range(2):
            w = L.LayerNormalization(epsilon=1e-6)(v)
            v = L.Add()([v, L.Dropout(0.1)(L.MultiHeadAttention(2, 8)(w, w))])
            w = L.LayerNormalization(epsilon=1e-6)(v)
            v = L.Add()([v, L.Conv1D(16, 1)(L.Conv1D(32, 1, activation="relu")(w))])
        v = L.Dropout(0.2)(L.Dense(32, "relu")(L.GlobalAveragePooling1D()(v)))
        return nn.Model(inputs, L.Dense(2, "softmax")(v))

    return Training(
        model, x[:600], y[:600], (x[600:700], y[600:700]), (x[700:], y[700:]),
        optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def added() -> Training:
    """Two of twelve numbers are marked: their sum is to be told."""
    random = np.random.default_rng(5)
    value, mark = random.random((2400, 12)), np.zeros((2400, 12))
    for row in mark:
        row[random.permutation(12)[:2]] = 1
    x = np.stack([value, mark], -1).astype("float32")
    y = (value * mark).sum(1, keepdims=True).astype("float32")
    return Training(
        layers(lambda: nn.Input((12, 2)), lambda: L.LSTM(24), lambda: L.Dense(1)), x[:1800],
        y[:1800], (x[1800:2100], y[1800:2100]), (x[2100:], y[2100:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=20, score=explained,
    )  # fmt: skip


def day_ahead() -> Training:
    """Twelve hours at once, from encoder to decoder, all numbers scaled."""
    x = weather()
    starts = np.arange(0, len(x) - 36, 3)
    y = np.stack([x[s + 24 : s + 36, :1] for s in starts])
    x = np.stack([x[s : s + 24] for s in starts])
    model = layers(
        lambda: nn.Input((24, 5)), lambda: L.LSTM(16), lambda: L.RepeatVector(12),
        lambda: L.LSTM(16, return_sequences=True), lambda: L.TimeDistributed(L.Dense(1)),
    )  # fmt: skip
    return Training(
        model, **by_time(x, y, 12), loss="mse", metrics=(),
        optimizer=adam(0.01, clipnorm=1.0), epochs=12, score=explained,
    )  # fmt: skip


def simple() -> Training:
    """A SimpleRNN on a sine without noise."""
    series = np.sin(np.arange(800) / 5)
    x, y = cut(series, series, 15)
    return Training(
        layers(lambda: nn.Input((15, 1)), lambda: L.SimpleRNN(12), lambda: L.Dense(1)),
        **by_time(x[..., None], y, 0), loss="mse", metrics=(), optimizer=adam(0.01), epochs=12,
        score=explained,
    )  # fmt: skip


def streamed() -> Training:
    """Batches without an end, from a generator of windows; none of them is kept."""
    series = weather()[:, 0]
    test = cut(series[2000:], series[2000:], 16)

    def batches() -> Any:
        random = np.random.default_rng(6)
        while True:
            at = random.integers(0, 1900, 64)
            x = np.stack([series[k : k + 16] for k in at])
            yield x, series[at + 16][:, None]

    return Training(
        dense(16, (24,), 1, end=None), batches(), None, test, test, loss="mse", metrics=("mae",),
        batch_size=None, fit={"steps_per_epoch": 30}, optimizer=adam(0.005), epochs=12,
        score=explained,
    )  # fmt: skip


def returns() -> Training:
    """Returns of a share, of which hardly anything can be known, and the sign of the next."""
    random = np.random.default_rng(7)
    r = random.normal(size=4000)
    for k in range(1, 4000):
        r[k] += 0.35 * r[k - 1]
    x, y = cut(r, r > 0, 8)
    return Training(
        dense(8, (8,), 1, end="sigmoid"), **by_time(x, y[:, 0].astype("int64")),
        loss="binary_crossentropy", optimizer=adam(2e-3), epochs=12,
    )  # fmt: skip


SERIES = {
    "six hours ahead": forecast,
    "windows on demand": batched,
    "causal and dilated": dilated,
    "what is unusual": unusual,
    "passengers, more each year": passengers,
    "a random walk": walk,
    "signals of two kinds": signals,
    "signals in pieces": attended_signals,
    "two of twelve are added": added,
    "twelve hours at once": day_ahead,
    "a sine by a SimpleRNN": simple,
    "windows without an end": streamed,
    "the sign of returns": returns,
}
HEALTHY = [
    Healthy(name, "attention" if name == "signals in pieces" else "recurrent", make)
    for name, make in SERIES.items()
]
