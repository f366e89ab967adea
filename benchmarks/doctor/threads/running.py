"""Healthy recurrent programs, in the manner of notebooks: series, letters, frames, events."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads.examples_texts import each
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def windows(series: Any, length: int, ahead: int = 1) -> tuple[Any, Any]:
    """Return windows of a table's rows, and the first column's numbers that follow each."""
    series = np.asarray(series, "float32")
    series = series[:, None] if series.ndim == 1 else series
    count = len(series) - length - ahead + 1
    x = np.stack([series[k : k + length] for k in range(count)])
    return x, np.stack([series[k + length : k + length + ahead, 0] for k in range(count)])


def sunspots(months: int = 620) -> Any:
    """Return the numbers of spots: cycles of eleven years that differ in height, from 0 to 250."""
    random = np.random.default_rng(20)
    t = np.arange(months)
    height = 90 + 40 * np.sin(t / 97)
    return np.maximum(0, height * (1 - np.cos(t / 11)) / 2 * 2 + random.normal(0, 9, months))


def spots() -> Training:
    """The next month's spots, brought to 0 to 1, one window at a time."""
    y = sunspots(420)
    x, y = windows(y / y[:300].max(), 12)
    return Training(
        layers(lambda: nn.Input((12, 1)), lambda: L.LSTM(4), lambda: L.Dense(1)),
        x[:300], y[:300], None, (x[312:], y[312:]), loss="mean_squared_error", metrics=(),
        batch_size=1, epochs=4, score=explained, optimizer=adam(0.003),
    )  # fmt: skip


class Clears(nn.callbacks.Callback):
    """Clears the state before each epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for layer in self.model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_states()


def carried_on() -> Training:
    """Eight series side by side, cut into pieces of ten; the state goes on, and is cleared."""
    random = np.random.default_rng(21)
    x = random.normal(size=(8, 600, 1))
    y = np.zeros_like(x)
    for t in range(1, 600):
        y[:, t] = 0.9 * y[:, t - 1] + 0.4 * x[:, t]

    def cut(z: Any) -> Any:  # piece 0 of all series, then piece 1 of all
        return z.reshape(8, 60, 10, 1).transpose(1, 0, 2, 3).reshape(480, 10, 1).astype("float32")

    x, y = cut(x), cut(y)
    model = layers(
        lambda: nn.Input(batch_shape=(8, 10, 1)),
        lambda: L.GRU(16, stateful=True, return_sequences=True), lambda: L.Dense(1),
    )  # fmt: skip

    def scored(model: Any, t: Training) -> float:
        model.layers[0].reset_states()
        p = np.asarray(model.predict(t.test[0], batch_size=8, verbose=0))
        return float(1 - ((p - t.test[1]) ** 2).mean() / t.test[1].var())

    return Training(
        model, x[:400], y[:400], None, (x[400:], y[400:]), loss="mse", metrics=(), batch_size=8,
        epochs=6, optimizer=adam(0.01), score=scored,
        fit={"shuffle": False, "callbacks": [Clears()]},
    )  # fmt: skip


def filtered() -> Training:
    """What a filter makes of noise, by a recurrent layer without an activation."""
    random = np.random.default_rng(22)
    x = random.normal(size=(500, 25, 1)).astype("float32")
    y, a = np.zeros_like(x), np.zeros((500, 1))
    for t in range(25):
        a = 0.8 * a + 0.5 * x[:, t]
        y[:, t] = a
    return Training(
        layers(lambda: nn.Input((25, 1)),
               lambda: L.SimpleRNN(4, activation=None, return_sequences=True), lambda: L.Dense(1)),
        **split(x[:400], y[:400]), test=(x[400:], y[400:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=25, batch_size=16, score=explained,
    )  # fmt: skip


def heartbeats(rows: int = 500) -> Any:
    """Return beats of a heart, 30 steps each, of which the place of the peak differs a little."""
    random = np.random.default_rng(23)
    t, where = np.arange(30), random.uniform(10, 18, (rows, 1))
    wide = random.uniform(1.5, 3, (rows, 1))
    beat = np.exp(-(((t - where) / wide) ** 2)) - 0.4 * np.exp(-(((t - where - 6) / 3) ** 2))
    return (beat + random.normal(0, 0.03, beat.shape))[..., None].astype("float32")


def beats() -> Training:
    """Beats that are to be said again from 8 numbers: the target is the input."""
    x = heartbeats()
    model = layers(
        lambda: nn.Input((30, 1)), lambda: L.LSTM(24), lambda: L.Dense(8),
        lambda: L.RepeatVector(30), lambda: L.LSTM(24, return_sequences=True),
        lambda: L.TimeDistributed(L.Dense(1)),
    )  # fmt: skip
    return Training(
        model, x[:400], x[:400], (x[400:450], x[400:450]), (x[450:], x[450:]), loss="mae",
        metrics=(), optimizer=adam(0.01), epochs=18, score=explained,
    )  # fmt: skip


def verse(rows: int = 200, length: int = 20) -> tuple[Any, Any, int]:
    """Return pieces of a text of invented words as numbers, the same one letter later, and a size.

    The pieces follow one another.
    """
    random = np.random.default_rng(24)
    said = [
        "my ",
        "love ",
        "is ",
        "like ",
        "a ",
        "red ",
        "rose ",
        "that ",
        "sings ",
        "in ",
        "june\n",
    ]
    text = "".join(said[k] for k in random.integers(0, len(said), rows * length // 3))
    known = {c: k for k, c in enumerate(sorted(set(text)))}
    ids = np.array([known[c] for c in text])[: rows * length + 1]
    return ids[:-1].reshape(rows, length), ids[1:].reshape(rows, length), len(known)


def speaks() -> Training:
    """The letter that comes next, at each step, by a GRU that says scores."""
    x, y, size = verse(330)
    model = layers(
        lambda: nn.Input((20,), dtype="int64"), lambda: L.Embedding(size, 16),
        lambda: L.GRU(48, return_sequences=True), lambda: L.Dense(size),
    )  # fmt: skip

    def found(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float((p == t.test[1]).mean())

    return Training(
        model, x[:280], y[:280], None, (x[280:], y[280:]), metrics=(), optimizer=adam(0.01),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), batch_size=16, epochs=12,
        score=found,
    )  # fmt: skip


def frames(rows: int = 160, scale: float = 1.0) -> tuple[Any, Any]:
    """Return films of a spot that moves over 8 x 8 points, and the next picture of each."""
    random = np.random.default_rng(25)
    at, v = random.integers(0, 8, (rows, 2)), random.integers(-1, 2, (rows, 2))
    film = np.zeros((rows, 6, 8, 8, 1), "float32")
    for t in range(6):
        i, j = ((at + t * v) % 8).T
        for di in (0, 1):
            film[np.arange(rows), t, (i + di) % 8, j] = 1
    return film[:, :5] * scale, film[:, 5] * scale


def dice(model: Any, t: Training) -> float:
    """How far the points that are lit and those that are said to be overlap."""
    p = np.asarray(model.predict(t.test[0], verbose=0))
    y = np.asarray(t.test[1]) / np.max(t.test[1])
    return float(2 * (p * y).sum() / (p.sum() + y.sum()))


def moving() -> Training:
    """The next picture of a film, of which 3 points in 100 are lit."""
    x, y = frames()
    model = layers(
        lambda: nn.Input((5, 8, 8, 1)), lambda: L.ConvLSTM2D(8, 3, padding="same"),
        lambda: L.BatchNormalization(momentum=0.9),
        lambda: L.Conv2D(1, 3, padding="same", activation="sigmoid"),
    )  # fmt: skip
    return Training(
        model, x[:128], y[:128], None, (x[128:], y[128:]), loss="binary_crossentropy", metrics=(),
        optimizer=adam(0.02), batch_size=8, epochs=14, score=dice,
    )  # fmt: skip


def pens(rows: int = 500, fill: float = -10.0) -> tuple[Any, Any]:
    """Return strokes of a pen, of 8 to 25 steps, filled up, and which of four shapes they are."""
    random = np.random.default_rng(26)
    y = random.integers(0, 4, rows)
    x = np.full((rows, 25, 2), fill, "float32")
    for row, kind in zip(x, y, strict=True):
        n = random.integers(8, 26)
        a = np.linspace(0, 2 * np.pi, n)
        shape = [(np.cos(a), np.sin(a)), (np.cos(a), -np.sin(a)),
                 (np.cos(a), np.sin(2 * a)), (a / 3 - 1, np.sin(3 * a))][kind]  # fmt: skip
        row[:n] = np.stack(shape, 1) + random.normal(0, 0.1, (n, 2))
    return x, y


def strokes() -> Training:
    """Shapes of strokes; steps that are not there are -10, and a Masking layer leaves them out."""
    x, y = pens()
    model = layers(
        lambda: nn.Input((25, 2)), lambda: L.Masking(mask_value=-10.0), lambda: L.GRU(16),
        lambda: L.Dense(4, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:400], y[:400]), test=(x[400:], y[400:]), optimizer=adam(0.01), epochs=12
    )


def motions(rows: int = 600) -> tuple[Any, Any]:
    """Return 40 steps of three axes of a telephone, and one of six things its owner does."""
    random = np.random.default_rng(27)
    y = random.integers(0, 6, rows)
    t = np.arange(40)
    speed = np.array([0.0, 0.25, 0.5, 0.9, 0.0, 0.25])[y][:, None]
    strong = np.array([0.0, 0.5, 1.0, 1.5, 0.0, 1.2])[y][:, None]
    wave = strong * np.sin(speed * t + random.uniform(0, 6, (rows, 1)))
    down = np.where(y == 4, -1.0, 1.0)[:, None] + 0 * wave
    x = np.stack([wave, down, 0.5 * wave], 2) + random.normal(0, 0.3, (rows, 40, 3))
    return x.astype("float32"), y


def moves() -> Training:
    """What somebody does: convolutions, then an LSTM, one-hot targets."""
    x, y = motions()
    y = np.eye(6, dtype="float32")[y]
    model = layers(
        lambda: nn.Input((40, 3)), lambda: L.Conv1D(16, 3, activation="relu"),
        lambda: L.Conv1D(16, 3, activation="relu"), lambda: L.Dropout(0.5),
        lambda: L.MaxPooling1D(2), lambda: L.LSTM(24), lambda: L.Dropout(0.5),
        lambda: L.Dense(24, "relu"), lambda: L.Dense(6, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:480], y[:480]), test=(x[480:], y[480:]), optimizer=adam(0.003),
        loss="categorical_crossentropy", batch_size=16, epochs=14,
    )  # fmt: skip


def load(hours: int = 900) -> Any:
    """Return standardised load, temperature, and the hour as sine and cosine."""
    random = np.random.default_rng(28)
    t = np.arange(hours)
    warm = np.sin(t / 37) + random.normal(0, 0.2, hours)
    y = np.sin(2 * np.pi * t / 24) + 0.5 * warm + random.normal(0, 0.2, hours)
    y = (y - y.mean()) / y.std()
    return np.stack([y, warm, np.sin(2 * np.pi * t / 24), np.cos(2 * np.pi * t / 24)], 1)


def hours() -> Training:
    """Six hours ahead of four columns by SGD with momentum, clipped, and a loss of Huber."""
    x, y = windows(load(), 18, 6)
    model = layers(
        lambda: nn.Input((18, 4)), lambda: L.LSTM(24), lambda: L.Dropout(0.1), lambda: L.Dense(6)
    )
    return Training(
        model, **split(x[:650], y[:650], 0.15), test=(x[680:], y[680:]), loss=nn.losses.Huber(),
        metrics=(), optimizer=sgd(0.1, momentum=0.9, clipnorm=1.0), epochs=16, score=explained,
    )  # fmt: skip


def engines(rows: int = 60) -> tuple[Any, Any, Any]:
    """Return windows of five sensors of engines that wear out, the steps left, and the engine."""
    random = np.random.default_rng(29)
    x, y, which = [], [], []
    for engine in range(rows):
        life = random.integers(40, 70)
        wear = (np.arange(life) / life) ** 3
        slope = np.array([1.0, -1.0, 0.5, 0.0, 0.8])
        seen = wear[:, None] * slope + random.normal(0, 0.08, (life, 5))
        for end in range(15, life, 3):
            x.append(seen[end - 15 : end])
            y.append(min(life - end, 30) / 30)
            which.append(engine)
    return np.array(x, "float32"), np.array(y, "float32")[:, None], np.array(which)


def wearing_out() -> Training:
    """Steps until an engine fails, never more than 30; other engines are held out."""
    x, y, which = engines()
    model = layers(
        lambda: nn.Input((15, 5)), lambda: L.LSTM(24, return_sequences=True),
        lambda: L.Dropout(0.2), lambda: L.LSTM(12), lambda: L.Dropout(0.2),
        lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip
    held = (which >= 40) & (which < 50)
    return Training(
        model, x[which < 40], y[which < 40], (x[held], y[held]),
        (x[which >= 50], y[which >= 50]), loss="mse", metrics=("mae",), optimizer=adam(0.005),
        epochs=16, score=explained,
    )  # fmt: skip


def logs(rows: int = 500, length: int = 12, size: int = 60, known: float = 0.6) -> Any:
    """Return lines of a log: most are of a few kinds, and which follows hangs on the last."""
    random = np.random.default_rng(30)
    share = 1 / np.arange(1, size + 1) ** 1.3
    follows = random.permutation(size)
    x = random.choice(size, (rows, length + 1), p=share / share.sum())
    for t in range(1, length + 1):
        led = random.random(rows) < known
        x[led, t] = follows[x[led, t - 1]]
    return x


def lines_of_a_log() -> Training:
    """The kind of the next line, of 60 of which a few are common and most are rare."""
    x = logs()
    x, y = x[:, :-1], x[:, 1:]

    def found(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float((p == t.test[1]).mean())

    model = layers(
        lambda: nn.Input((12,), dtype="int64"), lambda: L.Embedding(60, 24),
        lambda: L.LSTM(32, return_sequences=True), lambda: L.Dense(60, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:400], y[:400]), test=(x[400:], y[400:]), optimizer=adam(0.01),
        batch_size=16, epochs=8, score=found,
    )  # fmt: skip


def calls() -> Training:
    """How often somebody calls in the next hour: counts, a GRU, an exponential and Poisson."""
    random = np.random.default_rng(31)
    t = np.arange(900)
    y = random.poisson(np.exp(0.8 + 0.9 * np.sin(2 * np.pi * t / 24)))
    table = np.stack([y, np.sin(2 * np.pi * t / 24), np.cos(2 * np.pi * t / 24)], 1)
    x, y = windows(table, 12)
    model = layers(lambda: nn.Input((12, 3)), lambda: L.GRU(16), lambda: L.Dense(1, "exponential"))
    return Training(
        model, **split(x[:650], y[:650]), test=(x[700:], y[700:]), loss="poisson", metrics=(),
        optimizer=adam(0.005), epochs=12, score=explained,
    )  # fmt: skip


def spending(rows: int = 1300) -> tuple[Any, Any]:
    """Return the last ten payments of people, and whether the card was stolen: 4 in 100."""
    random = np.random.default_rng(32)
    y = (random.random(rows) < 0.04).astype("int64")
    x = random.normal(size=(rows, 10, 3)).astype("float32")
    x[:, 6:, 0] += 1.0 * y[:, None]
    x[:, 6:, 1] -= 0.7 * y[:, None]
    return x, y


def stolen() -> Training:
    """Stolen cards, weighted up; score by classes that weigh alike."""
    x, y = spending()
    model = layers(lambda: nn.Input((10, 3)), lambda: L.LSTM(12), lambda: L.Dense(1, "sigmoid"))
    return Training(
        model, **split(x[:900], y[:900]), test=(x[900:], y[900:]), loss="binary_crossentropy",
        optimizer=adam(0.005), epochs=10, fit={"class_weight": {0: 1.0, 1: 20.0}},
    )  # fmt: skip


def unrest() -> Training:
    """How far a price will move: most of it nobody can know."""
    random = np.random.default_rng(33)
    calm, moved = np.zeros(2600), np.zeros(2600)
    for t in range(1, 2600):
        calm[t] = 0.97 * calm[t - 1] + 0.2 * random.normal()
        moved[t] = calm[t] + 0.9 * random.normal()
    x, y = windows(moved, 10)
    x, y = x[::2], y[::2]
    return Training(
        layers(lambda: nn.Input((10, 1)), lambda: L.GRU(8), lambda: L.Dense(1)),
        **split(x[:950], y[:950]), test=(x[960:], y[960:]), loss="mse", metrics=(),
        optimizer=adam(0.003), epochs=14, score=explained,
    )  # fmt: skip


def names(rows: int = 900, length: int = 12) -> tuple[Any, Any]:
    """Return names of three countries in letters 1 to 26, filled up behind with 0."""
    random = np.random.default_rng(34)
    y = random.integers(0, 3, rows)
    x = np.zeros((rows, length), "int64")
    ends = np.array([[9, 14, 15], [19, 11, 9], [5, 20, 21]])
    for row, country in zip(x, y, strict=True):
        n = random.integers(5, 10)
        row[:n] = random.integers(1, 27, n)
        row[n - 3 : n] = ends[country]
        if random.random() < 0.2:
            row[n - 1] = random.integers(1, 27)
    return x, y


def named() -> Training:
    """Where a name is from: stacked cells, a mask, labels that are smoothed."""
    x, y = names()
    y = np.eye(3, dtype="float32")[y]
    model = layers(
        lambda: nn.Input((12,), dtype="int64"), lambda: L.Embedding(27, 8, mask_zero=True),
        lambda: L.RNN(L.StackedRNNCells([L.LSTMCell(12), L.LSTMCell(12)])),
        lambda: L.Dense(3, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:700], y[:700]), test=(x[700:], y[700:]), optimizer=adam(0.01), epochs=8,
        loss=nn.losses.CategoricalCrossentropy(label_smoothing=0.1),
    )  # fmt: skip


def parts_of_speech(rows: int = 500) -> tuple[Any, Any]:
    """Return sentences of 6 to 16 words, filled up with 0, and a tag of each, 0 for no word."""
    random = np.random.default_rng(35)
    x = random.integers(1, 50, (rows, 16))
    kind = random.integers(1, 5, 50)
    y = kind[x]
    after = np.concatenate([np.zeros((rows, 1), int), y[:, :-1]], 1)
    y = np.where((y == 1) & (after == 2), 5, y)
    there = np.arange(16) < random.integers(6, 17, (rows, 1))
    return np.where(there, x, 0), np.where(there, y, 0)


def speech() -> Training:
    """A tag for each word in both directions, with recurrent dropout; the mask reaches the loss."""
    x, y = parts_of_speech()
    model = layers(
        lambda: nn.Input((16,), dtype="int64"), lambda: L.Embedding(50, 16, mask_zero=True),
        lambda: L.Bidirectional(L.GRU(12, return_sequences=True, recurrent_dropout=0.1)),
        lambda: L.TimeDistributed(L.Dense(6, "softmax")),
    )  # fmt: skip
    return Training(
        model, **split(x[:400], y[:400]), test=(x[400:], y[400:]), optimizer=adam(0.01), epochs=12,
        batch_size=16, score=each,
    )  # fmt: skip


HEALTHY = [
    Healthy(name, "recurrent", make)
    for name, make in {
        "running: spots of the sun, one window at a time": spots,
        "running: pieces of eight series, the state goes on": carried_on,
        "running: a filter, no activation": filtered,
        "running: beats said again": beats,
        "running: the next letter of a verse": speaks,
        "running: the next picture of a film": moving,
        "running: strokes that end with -10": strokes,
        "running: what a telephone feels": moves,
        "running: load six hours ahead": hours,
        "running: engines that wear out": wearing_out,
        "running: lines of a log": lines_of_a_log,
        "running: calls in an hour": calls,
        "running: stolen cards, weighted": stolen,
        "running: a price of which little can be known": unrest,
        "running: names by stacked cells": named,
        "running: parts of speech": speech,
    }.items()
]
