"""Healthy trainings of recurrent networks of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers


def gait_net(cell: Any = L.LSTM, end: Any = "softmax", rate: float = 0.0, **given: Any) -> Any:
    """Return what makes a recurrent layer over what a phone measures in three directions."""
    return layers(
        lambda: nn.Input((24, 3)),
        lambda: cell(24, **given),
        lambda: L.Dropout(rate),
        lambda: L.Dense(4, end),
    )


def carried(rows: int = 1200) -> tuple[Any, Any]:
    """Return accelerations of a phone, standardised, and what its owner does."""
    random = np.random.default_rng(80)
    y, at = random.integers(0, 4, rows), np.arange(24)
    pace = np.array([0.15, 0.5, 0.8, 0.8])[y] * random.uniform(0.85, 1.15, rows)
    phase = random.uniform(0, 6.3, rows)[:, None] + pace[:, None] * at
    swing = np.where(y == 3, 0.3, 1.0)[:, None]
    x = np.stack([swing * np.sin(phase), np.cos(2 * phase), np.sin(phase + 1) * swing], -1)
    x = x + random.normal(0, 0.3, x.shape)
    return ((x - x.mean((0, 1))) / x.std((0, 1))).astype("float32"), y


def gait() -> Training:
    """What somebody does, by what a phone measures: an LSTM."""
    return Training(gait_net(), **parted(*carried(), 800, 150), optimizer=adam(0.01), epochs=8)


def river_net(
    cell: Any = L.GRU, end: Any = None, deep: bool = False, units: int = 20, **given: Any
) -> Any:
    """Return what makes one or two recurrent layers that give one number."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((18, 2))]
        parts += [cell(units, return_sequences=True, **given)] if deep else []
        return nn.Sequential([*parts, cell(units, **given), L.Dense(1, end)])

    return model


def gauged(rows: int = 1300) -> tuple[Any, Any]:
    """Return eighteen days of rain and of the height of a river, and its height a day later."""
    random = np.random.default_rng(81)
    rain = random.gamma(0.6, 1.0, rows + 60) * (1 + np.sin(np.arange(rows + 60) / 9))
    soil, high = np.zeros(rows + 60), np.zeros(rows + 60)
    for t in range(1, rows + 60):
        soil[t] = 0.8 * soil[t - 1] + 0.2 * rain[t - 1]
        high[t] = 0.75 * high[t - 1] + 0.5 * np.tanh(soil[t]) * rain[t - 1] ** 0.5
    both = np.stack([rain, high + random.normal(0, 0.02, len(high))], 1)[40:]
    both = ((both - both[:900].mean(0)) / both[:900].std(0)).astype("float32")
    x = np.stack([both[t : t + 18] for t in range(rows)])
    return x, both[18 : rows + 18, 1:]


def river() -> Training:
    """How high a river stands tomorrow, by a GRU; standardised."""
    return Training(
        river_net(), **parted(*gauged(), 850, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def remark_net(
    words: int = 50, mask: bool = True, length: int = 16, end: Any = "sigmoid",
    cell: Any = L.LSTM, rate: float = 0.0, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a recurrent network over words."""
    return layers(
        lambda: nn.Input((length,), dtype="int64"),
        lambda: L.Embedding(words, 16, mask_zero=mask),
        lambda: cell(16, dropout=rate, **given),
        lambda: L.Dense(1, end),
    )


def remarks_made(rows: int = 1500) -> tuple[Any, Any]:
    """Return remarks of 4 to 16 words, padded behind: is it praise, if 'not' turns what follows?"""
    random = np.random.default_rng(82)
    worth = np.zeros(50)
    worth[2:14], worth[14:26] = 1, -1
    x, y = np.zeros((rows, 16), "int64"), np.zeros(rows)
    for i, row in enumerate(x):
        length = random.integers(4, 17)
        while y[i] == 0:
            row[:length] = random.integers(1, 50, length)
            y[i] = (worth[row] * np.where(np.roll(row, 1) == 1, -1, 1)).sum()
    return x, (y > 0).astype("float32")[:, None]


def remarks() -> Training:
    """Whether a remark is praise; padding is masked."""
    return Training(
        remark_net(), **parted(*remarks_made(), 1100, 150), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=8,
    )  # fmt: skip


def label_net(both: bool = True, end: Any = "softmax", cell: Any = L.GRU, **given: Any) -> Any:
    """Return what makes a network that says something of each step."""

    def model() -> Any:
        x = inputs = nn.Input((14, 3))
        rnn = cell(20, return_sequences=True, **given)
        return nn.Model(inputs, L.Dense(3, end)((L.Bidirectional(rnn) if both else rnn)(x)))

    return model


def furnace(rows: int = 900) -> tuple[Any, Any]:
    """Return three sensors of a furnace, and at each step whether it heats, holds or cools."""
    random = np.random.default_rng(83)
    y = np.zeros((rows, 14), "int64")
    y[:, 0] = random.integers(0, 3, rows)
    for t in range(1, 14):
        changed = random.random(rows) < 0.25
        y[:, t] = np.where(changed, random.integers(0, 3, rows), y[:, t - 1])
    heat = np.cumsum(np.array([0.5, 0, -0.5])[y], 1) + random.normal(0, 0.5, (rows, 1))
    gas = np.where(y == 0, 0.6, 0) + random.normal(0, 0.4, y.shape)
    x = np.stack([heat, gas, random.normal(size=y.shape)], -1)
    x[..., 0] += random.normal(0, 0.1, y.shape)
    return (x - x.mean((0, 1))).astype("float32"), y


def steps_found(model: Any, training: Training) -> float:
    """Share of steps of which the state is found; the states weigh alike."""
    x, y = training.test
    found, y = np.asarray(model.predict(x, verbose=0)).argmax(-1), np.asarray(y)
    return float(np.mean([np.mean(found[y == k] == k) for k in np.unique(y)]))


def states() -> Training:
    """What a furnace does at each step, read in both directions."""
    return Training(
        label_net(), **parted(*furnace(), 550, 120), optimizer=adam(0.01), epochs=8,
        score=steps_found,
    )  # fmt: skip


def keeper_net(cell: Any = L.GRU, length: int = 24, **given: Any) -> Any:
    """Return what makes a recurrent layer over a long row of signs."""
    return layers(
        lambda: nn.Input((length, 5)), lambda: cell(32, **given), lambda: L.Dense(4, "softmax")
    )


def passwords(rows: int = 1300, length: int = 24) -> tuple[Any, Any]:
    """Return rows of signs of which the first tells the answer, and noise that comes behind."""
    random = np.random.default_rng(84)
    y, x = random.integers(0, 4, rows), random.normal(0, 0.3, (rows, length, 5))
    x[np.arange(rows), 0, y] += 1.5
    x[:, 0, 4] += 1.5
    return x.astype("float32"), y


def keeper() -> Training:
    """Which sign came first, 24 steps ago."""
    return Training(
        keeper_net(), **parted(*passwords(), 900, 150), optimizer=adam(0.005), epochs=16
    )


def next_code(model: Any, training: Training) -> float:
    """Share of codes found at the last place, of which nothing behind is seen."""
    x, y = training.test
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, -1].argmax(-1) == y[:, -1]))


def code_net(
    cell: Any = L.GRU, both: bool = False, end: Any = "softmax", words: int = 10, **given: Any
) -> Any:
    """Return what makes a network that says the next code at each place."""

    def model() -> Any:
        inputs = nn.Input((15,), dtype="int64")
        rnn = cell(32, return_sequences=True, **given)
        x = L.Embedding(words, 12)(inputs)
        return nn.Model(inputs, L.Dense(10, end)((L.Bidirectional(rnn) if both else rnn)(x)))

    return model


def typed(rows: int = 1100) -> Any:
    """Return rows of codes: each is the sum of the two before, modulo ten, or one more."""
    random = np.random.default_rng(85)
    x = random.integers(0, 10, (rows, 16))
    jumps = random.permutation(10)
    for t in range(2, 16):
        away = random.random(rows) < 0.05
        x[:, t] = np.where(away, random.integers(0, 10, rows), jumps[(x[:, t - 1] + 3) % 10])
        x[:, t] = np.where(x[:, t - 2] < 3, (x[:, t] + 1) % 10, x[:, t])
    return x


def codes() -> Training:
    """The next code of a row, at each place."""
    x = typed()
    return Training(
        code_net(), **parted(x[:, :-1], x[:, 1:], 750, 150), optimizer=adam(0.02), epochs=10,
        score=next_code,
    )  # fmt: skip
