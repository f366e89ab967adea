"""What people ask about series and text."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import padded, remembered, words
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def stocks(length: int = 10, rows: int = 900) -> tuple[Any, Any]:
    """Return windows of a price near 150, and the next one."""
    random = np.random.default_rng(4)
    t = np.arange(rows + length)
    price = 150 + 30 * np.sin(t / 15) + random.normal(0, 1.5, len(t))
    windows = np.lib.stride_tricks.sliding_window_view(price, length + 1)[:rows]
    return windows[:, :-1, None].astype("float32"), windows[:, -1:].astype("float32")


def prices() -> Training:
    """The next price, scaled."""
    x, y = stocks()
    x, y = (x - 150) / 22, (y - 150) / 22
    return Training(
        layers(lambda: nn.Input((10, 1)), lambda: L.LSTM(16), lambda: L.Dense(1)),
        **split(x[:700], y[:700]),
        test=(x[700:], y[700:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.01),
        epochs=12,
    )


def raw(t: Training) -> Training:
    """Prices as they are, an LSTM with ReLU."""
    x, y = stocks()
    return t.but(
        **split(x[:700], y[:700]), test=(x[700:], y[700:]),
        model=layers(lambda: nn.Input((10, 1)), lambda: L.LSTM(16, activation="relu"),
                     lambda: L.Dense(1)),
    )  # fmt: skip


def tags() -> Training:
    """A tag for every step: whether the sum of the last two numbers is above zero."""
    random = np.random.default_rng(5)
    x = random.normal(size=(900, 12, 1)).astype("float32")
    before = np.concatenate([np.zeros((900, 1, 1)), x[:, :-1]], 1)
    y = (x + before > 0).astype("float32")
    return Training(
        layers(
            lambda: nn.Input((12, 1)),
            lambda: L.GRU(16, return_sequences=True),
            lambda: L.TimeDistributed(L.Dense(1, "sigmoid")),
        ),
        **split(x[:700], y[:700]),
        test=(x[700:], y[700:]),
        loss="binary_crossentropy",
        optimizer=adam(0.01),
        epochs=10,
    )


def reviews(unknown: float = 0.0) -> Training:
    """Whether good words outnumber bad ones; a bag of 30 words of a vocabulary of 60."""
    random = np.random.default_rng(6)
    y = random.integers(0, 2, 1200)
    x = random.integers(22, 60, (1200, 30))
    mood = random.random(x.shape) < 0.25
    good = np.where(random.random(x.shape) < np.where(y, 0.75, 0.25)[:, None], 2, 12)
    x = np.where(mood, good + random.integers(0, 10, x.shape), x)
    x = np.where(random.random(x.shape) < unknown, 1, x)
    return Training(
        layers(
            lambda: nn.Input((30,), dtype="int64"),
            lambda: L.Embedding(60, 8),
            lambda: L.GlobalAveragePooling1D(),
            lambda: L.Dense(16, "relu"),
            lambda: L.Dense(1, "sigmoid"),
        ),
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        loss="binary_crossentropy",
        optimizer=adam(0.01),
        epochs=10,
    )


def ids_as_numbers(t: Training) -> Training:
    """Word numbers go straight into an LSTM, without an Embedding."""
    return t.on(lambda x: x[..., None].astype("float32")).but(
        model=layers(lambda: nn.Input((30, 1)), lambda: L.LSTM(8), lambda: L.Dense(1, "sigmoid"))
    )


def small_table(t: Training) -> Training:
    """A vocabulary that is counted without 0."""
    return t.but(model=layers(
        lambda: nn.Input((30,), dtype="int64"), lambda: L.Embedding(59, 8),
        lambda: L.GlobalAveragePooling1D(), lambda: L.Dense(1, "sigmoid")),
    )  # fmt: skip


def scaled_ids(t: Training) -> Training:
    """Word numbers divided by the size of the vocabulary go into an Embedding."""
    return t.on(lambda x: (x / 60).astype("float32")).but(
        model=layers(
            lambda: nn.Input((30,)), lambda: L.Embedding(60, 8),
            lambda: L.GlobalAveragePooling1D(), lambda: L.Dense(1, "sigmoid")),
    )  # fmt: skip


def swapped(t: Training) -> Training:
    """A reshape that takes time for the batch: (batch, time) becomes (time, batch) inside."""

    def model() -> Any:
        def mixed(z: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(z, (1, 0, 2)), (-1, 10, 1))

        return nn.Sequential([nn.Input((10, 1)), L.Lambda(mixed), L.LSTM(16), L.Dense(1)])

    return t.but(model=model)


def copies(t: Training) -> Training:
    """The windows end with the number that is asked for."""

    def with_answer(x: Any, y: Any) -> Any:
        return np.concatenate([x[:, 1:], y[:, :, None]], 1)

    x, held = with_answer(t.x, t.y), with_answer(*t.validation)
    return t.but(x=x, validation=(held, t.validation[1]))


FAULTS = [
    # techfeed.net/es/485530: the forecast becomes a constant
    Fault("prices: nothing scaled, ReLU in the LSTM", "recurrent", prices, raw,
          ("GD104", "GD113")),
    # it.cha138.com/wen5/show-6482532.html: softmax and a squared error
    Fault(
        "prices: softmax at the end", "recurrent", prices,
        lambda t: t.but(model=layers(lambda: nn.Input((10, 1)), lambda: L.LSTM(16),
                                     lambda: L.Dense(1, "softmax"))),
        ("GD203", "GD204", "GD307"),
    ),
    # stackguides.com/questions/51432661: ReLU first and last
    Fault(
        "prices: ReLU at the end", "recurrent", prices,
        lambda t: t.but(model=layers(lambda: nn.Input((10, 1)), lambda: L.LSTM(16),
                                     lambda: L.Dense(1, "relu"))),
        ("GD204",),
    ),
    Fault("prices: the answer is in the window", "recurrent", prices, copies,
          ("GD109", "GD309", "GD108")),
    Fault("prices: time taken for the batch", "recurrent", prices, swapped, ("GD308",)),
    Fault(
        "prices: SGD of 1e-4", "recurrent", prices, lambda t: t.but(optimizer=sgd(1e-4)),
        ("GD507", "GD505"),
    ),
    Fault(
        "prices: windows shuffled before the split", "recurrent", prices,
        lambda t: t.but(x=t.x, validation=(t.x[100:200], t.y[100:200])), ("GD108",),
    ),
    # https://stackoverflow.com/questions/47241622
    Fault(
        "remembered: softmax of one unit", "recurrent", remembered,
        lambda t: t.but(model=layers(lambda: nn.Input((20, 1)), lambda: L.GRU(24),
                                     lambda: L.Dense(1, "softmax"))),
        ("GD203", "GD214"),
    ),
    # https://github.com/keras-team/keras-io/issues/2044, /keras/issues/20898
    Fault(
        "padded: zeros behind, an LSTM without a mask", "recurrent", padded,
        lambda t: t.but(model=layers(
            lambda: nn.Input((40,), dtype="int64"), lambda: L.Embedding(20, 16),
            lambda: L.LSTM(24), lambda: L.Dense(1, "sigmoid"))),
        ("GD114",),
    ),
    # https://github.com/keras-team/keras/issues/1539
    Fault(
        "tags: labels of another order", "recurrent", tags,
        lambda t: t.but(y=t.y[np.random.default_rng(0).permutation(len(t.y))]),
        ("GD510", "GD605", "GD601"),
    ),
    Fault(
        "tags: no sigmoid", "recurrent", tags,
        lambda t: t.but(model=layers(lambda: nn.Input((12, 1)),
                                     lambda: L.GRU(16, return_sequences=True),
                                     lambda: L.Dense(1))),
        ("GD202",),
    ),
    Fault(
        "tags: softmax over one unit", "recurrent", tags,
        lambda t: t.but(model=layers(lambda: nn.Input((12, 1)),
                                     lambda: L.GRU(16, return_sequences=True),
                                     lambda: L.Dense(1, "softmax"))),
        ("GD203", "GD214"),
    ),
    # https://github.com/keras-team/keras/issues/274: table into an Embedding, and the reverse
    Fault("reviews: word numbers without an Embedding", "recurrent", reviews, ids_as_numbers,
          ("GD104",)),
    Fault("reviews: a table one row too short", "recurrent", reviews, small_table, ("GD105",)),
    Fault("reviews: word numbers over 60 into an Embedding", "recurrent", reviews, scaled_ids,
          ("GD105",)),
    Fault(
        "reviews: nine words of ten unknown", "recurrent", reviews,
        lambda t: reviews(0.9), ("GD510", "GD601"),
    ),
    Fault(
        "words: a mean over time asks for order", "recurrent", words,
        lambda t: t.but(model=layers(
            lambda: nn.Input((12,), dtype="int64"), lambda: L.Embedding(20, 16),
            lambda: L.GlobalAveragePooling1D(), lambda: L.Dense(1, "sigmoid"))),
        ("GD310", "GD510"),
    ),
]  # fmt: skip
