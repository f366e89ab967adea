"""Healthy trainings of recurrent networks of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers


def heart_net(**given: Any) -> Any:
    """Return what makes a recurrent layer over gaps between beats."""
    return layers(
        lambda: nn.Input((20, 1)), lambda: L.GRU(16, **given), lambda: L.Dense(1, "sigmoid")
    )


def beating(rows: int = 1100) -> tuple[Any, Any]:
    """Return gaps between beats in seconds, and whether one beat in the middle came too early."""
    random = np.random.default_rng(40)
    y, rows_ = random.integers(0, 2, rows), np.arange(rows)
    x = random.uniform(0.7, 1.0, (rows, 1)) + random.normal(0, 0.02, (rows, 20))
    at = random.integers(4, 17, rows)
    early = 0.2 * y
    x[rows_, at] -= early
    x[rows_, at + 1] += early
    return x[..., None].astype("float32"), y[:, None].astype("float32")


def heart() -> Training:
    """Whether a beat came too early; the gaps are standardised."""
    x, y = beating()
    x = (x - x[:700].mean()) / x[:700].std()
    return Training(
        heart_net(), **parted(x, y, 700, 150), loss="binary_crossentropy",
        optimizer=adam(0.02), epochs=10,
    )  # fmt: skip


def sum_net(cell: Any = L.LSTM, end: Any = None, length: int = 12, **given: Any) -> Any:
    """Return what makes a recurrent layer over numbers and marks."""
    return layers(lambda: nn.Input((length, 2)), lambda: cell(24, **given), lambda: L.Dense(1, end))


def sums(rows: int = 1500, length: int = 12) -> tuple[Any, Any]:
    """Return numbers, of which two are marked, and the sum of these two."""
    random = np.random.default_rng(41)
    x = np.stack([random.uniform(-1, 1, (rows, length)), np.zeros((rows, length))], -1)
    for row in x:
        row[random.permutation(length)[:2], 1] = 1
    return x.astype("float32"), (x[..., 0] * x[..., 1]).sum(1, keepdims=True).astype("float32")


def adding() -> Training:
    """The sum of two numbers that are marked in a series, by an LSTM."""
    x, y = sums()
    return Training(
        sum_net(), **parted(x, y, 1100, 150), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.02), epochs=14,
    )  # fmt: skip


def name_net(
    words: int = 20, mask: bool = True, length: int = 12, end: Any = "softmax", cell: Any = L.GRU,
    **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a recurrent network that reads letters in both directions."""
    return layers(
        lambda: nn.Input((length,), dtype="int64"),
        lambda: L.Embedding(words, 12, mask_zero=mask),
        lambda: L.Bidirectional(cell(12, **given)),
        lambda: L.Dense(3, end),
    )


def spelt(rows: int = 1200) -> tuple[Any, Any]:
    """Return names of 5 to 12 letters, padded behind, of three languages that chain letters."""
    random = np.random.default_rng(42)
    chains = random.dirichlet(np.ones(19) * 0.12, (3, 19)).cumsum(-1)
    y = random.integers(0, 3, rows)
    x = np.zeros((rows, 12), "int64")
    for row, kind in zip(x, y, strict=True):
        letter = int(random.integers(19))
        for t in range(random.integers(5, 13)):
            row[t] = letter + 1
            letter = min(18, int(np.searchsorted(chains[kind, letter], random.random())))
    return x, y


def names() -> Training:
    """Of which of three languages a name is; letters are read in both directions."""
    x, y = spelt()
    return Training(name_net(), **parted(x, y, 800, 150), optimizer=adam(0.02), epochs=6)


def shop_net(cell: Any = L.GRU, end: Any = None, units: int = 24, **given: Any) -> Any:
    """Return what makes an encoder of two weeks and a decoder of the next five days."""
    return layers(
        lambda: nn.Input((14, 2)),
        lambda: cell(units, **given),
        lambda: L.RepeatVector(5),
        lambda: cell(units, return_sequences=True, **given),
        lambda: L.Dense(1, end),
    )


def sold(rows: int = 900) -> tuple[Any, Any]:
    """Return two weeks of what a shop sells and of its prices, and the next five days."""
    random = np.random.default_rng(43)
    day = np.arange(rows + 19)
    price = np.sign(np.sin(day / 11.0)) * 0.5
    sales = np.sin(2 * np.pi * day / 7) + 0.5 * np.sin(day / 23) - 0.8 * price
    both = np.stack([sales + random.normal(0, 0.1, len(day)), price], 1).astype("float32")
    x = np.stack([both[t : t + 14] for t in range(rows)])
    return x, np.stack([both[t + 14 : t + 19, :1] for t in range(rows)])


def shop() -> Training:
    """Five days of sales from the two weeks before: many in, many out."""
    x, y = sold()
    return Training(
        shop_net(), **parted(x, y, 600, 120), loss="mae", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def last_letter(model: Any, training: Training) -> float:
    """Share of letters found at the last place, of which nothing behind is seen."""
    x, y = training.test
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, -1].argmax(-1) == y[:, -1]))


def text_net(
    cell: Any = L.LSTM, end: Any = None, words: int = 12, both: bool = False, **given: Any
) -> Any:
    """Return what makes a network that says the next letter at each place."""

    def model() -> Any:
        x = inputs = nn.Input((16,), dtype="int64")
        rnn = cell(32, return_sequences=True, **given)
        x = L.Embedding(words, 16)(x)
        return nn.Model(inputs, L.Dense(12, end)((L.Bidirectional(rnn) if both else rnn)(x)))

    return model


def lines(rows: int = 1100, length: int = 17) -> Any:
    """Return lines of twelve letters: each follows from the two before, nine times of ten."""
    random = np.random.default_rng(44)
    follows = random.permutation(12), random.permutation(12)
    x = random.integers(0, 12, (rows, length))
    for t in range(2, length):
        known = random.random(rows) < 0.9
        one, two = follows[0][x[:, t - 1]], follows[1][x[:, t - 1]]
        x[known, t] = np.where(x[:, t - 2] < 6, one, two)[known]
    return x


def text() -> Training:
    """The next letter of a line, at each place; scores, and an LSTM."""
    x = lines()
    return Training(
        text_net(), **parted(x[:, :-1], x[:, 1:], 750, 150), score=last_letter,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(0.02), epochs=8,
    )  # fmt: skip


def tank_net(cell: Any = L.SimpleRNN, end: Any = None, units: int = 16, **given: Any) -> Any:
    """Return what makes two plain recurrent layers with a number at each step."""
    return layers(
        lambda: nn.Input((15, 2)),
        lambda: cell(units, return_sequences=True, **given),
        lambda: cell(units, return_sequences=True, **given),
        lambda: L.Dense(1, end),
    )


def filled(rows: int = 1000) -> tuple[Any, Any]:
    """Return what runs into a tank and how far its tap is open, and how full it is."""
    random = np.random.default_rng(45)
    x, level = random.uniform(0, 1, (rows, 15, 2)), np.zeros((rows, 15, 1))
    full = np.full(rows, 0.5)
    for t in range(15):
        full = full + 0.4 * x[:, t, 0] - 0.5 * x[:, t, 1] * full
        level[:, t, 0] = full
    return x.astype("float32"), level.astype("float32")


def tank() -> Training:
    """How full a tank is after each step, by two plain recurrent layers."""
    x, y = filled()
    return Training(
        tank_net(), **parted(x - 0.5, y - 0.7, 650, 150), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=8,
    )  # fmt: skip


def ward_net(cell: Any = L.GRU, end: Any = "softmax", rate: float = 0.0, **given: Any) -> Any:
    """Return what makes a network over a series and over what doesn't change."""

    def model() -> Any:
        series, still = nn.Input((16, 2)), nn.Input((3,))
        both = L.Concatenate()([cell(16, **given)(series), L.Dense(8, "relu")(still)])
        both = L.Dropout(rate)(L.Dense(16, "relu")(both))
        return nn.Model([series, still], L.Dense(3, end)(both))

    return model


def wards(rows: int = 1300) -> tuple[Any, Any]:
    """Return pulse and warmth over 16 hours, age, weight and sex, and three kinds of course."""
    random = np.random.default_rng(46)
    trend, still = random.normal(0, 1, (rows, 2, 1)), random.normal(size=(rows, 3))
    time = np.linspace(-1, 1, 16)
    x = trend * time + 0.4 * random.normal(size=(rows, 2, 16))
    risk = trend[:, 0, 0] + 0.6 * trend[:, 1, 0] + 0.8 * still[:, 0]
    return (
        (x.transpose(0, 2, 1).astype("float32"), still.astype("float32")),
        np.digitize(risk, [-0.5, 0.5]),
    )


def ward() -> Training:
    """How an illness goes on, by a series and by three numbers: two inputs, one-hot."""
    x, y = wards()
    return Training(
        ward_net(), **parted(x, np.eye(3, dtype="float32")[y], 850, 150),
        loss="categorical_crossentropy", optimizer=adam(0.01), epochs=8,
    )  # fmt: skip
