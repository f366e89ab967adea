"""Healthy trainings of recurrent networks of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fourth.twins.recurrent import next_code, steps_found
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers


def buoy_net(cell: Any = L.LSTM, end: Any = None, length: int = 20, **given: Any) -> Any:
    """Return what makes a recurrent layer and a hidden one that give one number."""
    return layers(
        lambda: nn.Input((length, 2)), lambda: cell(24, **given), lambda: L.Dense(16, "relu"),
        lambda: L.Dense(1, end),
    )  # fmt: skip


def rocked(rows: int = 1300, length: int = 20, ahead: int = 3) -> tuple[Any, Any]:
    """Return twenty readings of a buoy's height and of the wind, and its height a while later."""
    random = np.random.default_rng(180)
    size = rows + length + ahead + 50
    wind = np.convolve(random.normal(size=size), np.ones(8) / 3, "same")
    high, speed = np.zeros(size), np.zeros(size)
    for t in range(1, size):
        speed[t] = 0.93 * speed[t - 1] - 0.28 * high[t - 1] + 0.25 * np.tanh(wind[t - 1])
        high[t] = high[t - 1] + speed[t]
    both = np.stack([high + random.normal(0, 0.01, size), wind], 1)[50:]
    both = ((both - both[:900].mean(0)) / both[:900].std(0)).astype("float32")
    x = np.stack([both[t : t + length] for t in range(rows)])
    return x, both[length + ahead - 1 : rows + length + ahead - 1, :1]


def buoys() -> Training:
    """How high a buoy is three steps later, by an LSTM; standardised."""
    return Training(
        buoy_net(), **parted(*rocked(), 850, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def drive_net(
    cell: Any = L.GRU, end: Any = "softmax", both: bool = True, rate: float = 0.0, **given: Any
) -> Any:
    """Return what makes a layer that reads a signal in both directions."""

    def model() -> Any:
        rnn = cell(16, **given)
        parts: list[Any] = [nn.Input((20, 4)), L.Bidirectional(rnn) if both else rnn]
        return nn.Sequential([*parts, L.Dropout(rate), L.Dense(4, end)])

    return model


def steered(rows: int = 1200) -> tuple[Any, Any]:
    """Return four signals of a car, standardised, and what it does; one-hot."""
    random = np.random.default_rng(181)
    y, at = random.integers(0, 4, rows), np.arange(20)
    when = random.uniform(5, 14, (rows, 1))
    turn = np.tanh((at - when) / 2)
    sign = np.where(y % 2, 1, -1)[:, None]
    brake = np.where(y >= 2, 1, 0)[:, None] * np.exp(-((at - when + 3) ** 2) / 8)
    parts = [sign * turn, brake, sign * np.exp(-((at - when) ** 2) / 6), turn**2]
    x = np.stack(parts, -1) + random.normal(0, 0.5, (rows, 20, 4))
    x = (x - x.mean((0, 1))) / x.std((0, 1))
    return x.astype("float32"), np.eye(4, dtype="float32")[y]


def drives() -> Training:
    """What a car does, read in both directions; one-hot."""
    return Training(
        drive_net(), **parted(*steered(), 750, 150), loss="categorical_crossentropy",
        optimizer=adam(0.01), epochs=7,
    )  # fmt: skip


def post_net(
    words: int = 60, mask: bool = True, length: int = 18, end: Any = "sigmoid",
    cell: Any = L.GRU, rate: float = 0.0, change: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a recurrent network over the words of a post."""

    def model() -> Any:
        inputs = nn.Input((length,), dtype="int64")
        x = L.Embedding(words, 16, mask_zero=mask)(inputs)
        x = change(x) if change else x
        x = cell(20, dropout=rate, **given)(x)
        return nn.Model(inputs, L.Dense(1, end)(x))

    return model


def posted(rows: int = 1500) -> tuple[Any, Any]:
    """Return posts of 4 to 18 words, padded behind: are there more blames than praises at last?"""
    random = np.random.default_rng(182)
    worth = np.zeros(60)
    worth[1:16], worth[16:31] = 1, -1
    x, y = np.zeros((rows, 18), "int64"), np.zeros(rows)
    for i, row in enumerate(x):
        length = random.integers(4, 19)
        while np.abs(y[i]) < 0.5:
            row[:length] = random.integers(1, 60, length)
            y[i] = (worth[row[:length]] * np.linspace(0.4, 1, length)).sum()
    return x, (y < 0).astype("float32")[:, None]


def posts() -> Training:
    """Whether a post blames; padding is masked."""
    return Training(
        post_net(), **parted(*posted(), 1100, 150), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=7,
    )  # fmt: skip


def word_net(
    both: bool = True, end: Any = "softmax", cell: Any = L.LSTM, words: int = 40,
    mask: bool = False, length: int = 12, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a network that says of each word which part of speech it is."""

    def model() -> Any:
        inputs = nn.Input((length,), dtype="int64")
        rnn = cell(20, return_sequences=True, **given)
        x = L.Embedding(words, 12, mask_zero=mask)(inputs)
        return nn.Model(inputs, L.Dense(4, end)((L.Bidirectional(rnn) if both else rnn)(x)))

    return model


def spoken(rows: int = 1000) -> tuple[Any, Any]:
    """Return sentences, and the part of speech of each word, which its neighbours decide."""
    random = np.random.default_rng(183)
    kind = random.integers(0, 4, 40)
    x = random.integers(1, 40, (rows, 12))
    before, behind = np.roll(x, 1, 1), np.roll(x, -1, 1)
    before[:, 0], behind[:, -1] = x[:, 0], x[:, -1]
    y = np.where(kind[before] == 3, (kind[x] + 1) % 4, kind[x])
    return x, np.where((kind[behind] == 0) & (kind[x] == 2), 0, y)


def speech() -> Training:
    """The part of speech of each word, by its neighbours."""
    return Training(
        word_net(), **parted(*spoken(), 700, 120), optimizer=adam(0.02), epochs=8,
        score=steps_found,
    )  # fmt: skip


def tune_net(
    cell: Any = L.GRU, both: bool = False, end: Any = "softmax", notes: int = 12, **given: Any
) -> Any:
    """Return what makes a network that says the next note at each place."""

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        x = L.Embedding(notes, 16)(inputs)
        rnn = cell(40, return_sequences=True, **given)
        x = (L.Bidirectional(rnn) if both else rnn)(x)
        return nn.Model(inputs, L.Dense(12, end)(x))

    return model


def sung(rows: int = 1100) -> Any:
    """Return tunes: a step up or down that comes again two notes later, in a key of its own."""
    random = np.random.default_rng(184)
    steps = np.array([2, -1, 3, 5, -2, 1, 4, -3, 2, 1, -1, 3])
    x = random.integers(0, 12, (rows, 17))
    for t in range(2, 17):
        slip = random.random(rows) < 0.04
        follows = (x[:, t - 1] + steps[x[:, t - 2]]) % 12
        x[:, t] = np.where(slip, random.integers(0, 12, rows), follows)
    return x


def tunes() -> Training:
    """The next note of a tune, at each place."""
    x = sung()
    return Training(
        tune_net(), **parted(x[:, :-1], x[:, 1:], 800, 120), optimizer=adam(0.02), epochs=10,
        score=next_code,
    )  # fmt: skip


def lock_net(cell: Any = L.LSTM, length: int = 18, end: Any = "softmax", **given: Any) -> Any:
    """Return what makes a recurrent layer over a long row of turns of a lock."""
    return layers(lambda: nn.Input((length, 4)), lambda: cell(28, **given), lambda: L.Dense(3, end))


def turned(rows: int = 1200, length: int = 18) -> tuple[Any, Any]:
    """Return rows of noise in which one early step, marked, tells which of three doors opens."""
    random = np.random.default_rng(185)
    y, x = random.integers(0, 3, rows), random.normal(0, 0.3, (rows, length, 4))
    at = random.integers(0, 4, rows)
    x[np.arange(rows), at, y] += 2.5
    x[np.arange(rows), at, 3] += 2.5
    return x.astype("float32"), y


def locks() -> Training:
    """Which door opens, by a sign some twenty steps ago."""
    return Training(lock_net(), **parted(*turned(), 850, 150), optimizer=adam(0.01), epochs=12)
