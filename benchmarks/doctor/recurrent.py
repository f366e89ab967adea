"""Faults of recurrent networks."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import padded, remembered, series, words
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training

L = nn.layers


def no_mask(t: Training) -> Training:
    """Padding that is read as words, up to a hundred."""

    def longer(x: Any) -> Any:
        return np.pad(x, ((0, 0), (0, 60)))

    return t.on(longer).but(
        model=layers(
            lambda: nn.Input((100,), dtype="int64"),
            lambda: L.Embedding(20, 16),
            lambda: L.SimpleRNN(24),
            lambda: L.Dense(1, "sigmoid"),
        )
    )


def forgets(t: Training) -> Training:
    """A plain recurrent network that has to remember for eighty steps, and can't for five."""
    small = nn.initializers.RandomNormal(stddev=0.08)

    def longer(x: Any) -> Any:
        return np.concatenate(
            [x, np.random.default_rng(0).normal(0, 0.3, (len(x), 60, 1))], 1
        ).astype("float32")

    model = layers(
        lambda: nn.Input((80, 1)),
        lambda: L.SimpleRNN(24, recurrent_initializer=small),
        lambda: L.Dense(1, "sigmoid"),
    )
    return t.on(longer).but(model=model)


def explodes(t: Training) -> Training:
    """Recurrent weights of gain three behind ReLU."""
    wide = nn.initializers.Orthogonal(gain=3.0)
    model = layers(
        lambda: nn.Input((24, 1)),
        lambda: L.SimpleRNN(24, activation="relu", recurrent_initializer=wide),
        lambda: L.Dense(1),
    )
    return t.but(model=model)


def beyond_the_vocabulary(t: Training) -> Training:
    """More words than rows of the embedding."""
    return t.but(
        model=layers(
            lambda: nn.Input((12,), dtype="int64"),
            lambda: L.Embedding(15, 16),
            lambda: L.GRU(24),
            lambda: L.Dense(1, "sigmoid"),
        )
    )


def shut_gates(t: Training) -> Training:
    """Gates that are shut from the start, and hardly move."""
    shut = nn.initializers.Constant(-12.0)
    return t.but(
        model=layers(
            lambda: nn.Input((20, 1)),
            lambda: L.LSTM(24, bias_initializer=shut, unit_forget_bias=False),
            lambda: L.Dense(1, "sigmoid"),
        )
    )


def bag(t: Training) -> Training:
    """The mean of the embeddings: no order is left."""
    return t.but(
        model=layers(
            lambda: nn.Input((12,), dtype="int64"),
            lambda: L.Embedding(20, 16),
            lambda: L.GlobalAveragePooling1D(),
            lambda: L.Dense(24, "relu"),
            lambda: L.Dense(1, "sigmoid"),
        )
    )


def another_vocabulary(t: Training) -> Training:
    """Validation and test number their words by a vocabulary of their own."""

    def numbered(data: Any) -> Any:
        return np.where(data[0] > 0, data[0] + 19, 0), data[1]

    model = layers(
        lambda: nn.Input((12,), dtype="int64"),
        lambda: L.Embedding(40, 16),
        lambda: L.GRU(24),
        lambda: L.Dense(1, "sigmoid"),
    )
    return t.but(model=model, validation=numbered(t.validation), test=numbered(t.test))


def few(t: Training) -> Training:
    """Sixty sentences."""
    return t.but(x=t.x[:60], y=t.y[:60], epochs=80)


def bounded(t: Training) -> Training:
    """A sigmoid at the end for numbers below zero."""
    return t.but(
        model=layers(lambda: nn.Input((24, 1)), lambda: L.LSTM(24), lambda: L.Dense(1, "sigmoid"))
    )


def large(t: Training) -> Training:
    """A series in another unit: 500 times as large, around 20,000."""
    return t.on(lambda x: x * 500 + 20_000).to(lambda y: y * 500 + 20_000)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    ("series: another unit", series, large, ("GD104", "GD113")),
    (
        "series: inputs in another unit",
        series,
        lambda t: t.on(lambda x: x * 500 + 20_000),
        ("GD104",),
    ),
    ("series: sigmoid at the end", series, bounded, ("GD204",)),
    (
        "series: weights that explode",
        series,
        explodes,
        ("GD502", "GD401", "GD303", "GD301", "GD506", "GD302"),
    ),
    (
        "series: Adam's rate far too large",
        series,
        with_(optimizer=adam(2.0)),
        ("GD506", "GD502", "GD504"),
    ),
    ("series: a rate far too small", series, with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    (
        "series: SGD that diverges",
        series,
        with_(optimizer=sgd(5.0)),
        ("GD506", "GD502", "GD401", "GD504"),
    ),
    (
        "series: the loss of the wrong sign",
        series,
        lambda t: t.but(loss=lambda y, p: -nn.ops.mean(nn.ops.square(y - p))),
        ("GD401", "GD502", "GD506", "GD203", "GD510"),
    ),
    ("remembered: forgets after eighty steps", remembered, forgets, ("GD704", "GD501", "GD304")),
    (
        "remembered: shut gates",
        remembered,
        shut_gates,
        ("GD306", "GD504", "GD307", "GD704", "GD303"),
    ),
    ("remembered: labels of others", remembered, shuffled_labels, ("GD510", "GD605", "GD601")),
    (
        "words: Adam's rate far too large",
        words,
        with_(optimizer=adam(1.0)),
        ("GD506", "GD502", "GD504"),
    ),
    ("words: a rate far too small", words, with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    ("words: beyond the vocabulary", words, beyond_the_vocabulary, ("GD105",)),
    (
        "words: tested on words that were never trained",
        words,
        another_vocabulary,
        ("GD705", "GD111"),
    ),
    ("words: no order is left", words, bag, ("GD310",)),
    ("words: sixty sentences by heart", words, few, ("GD601",)),
    (
        "words: all weights zero",
        words,
        with_(
            layers(
                lambda: nn.Input((12,), dtype="int64"),
                lambda: L.Embedding(20, 16, embeddings_initializer="zeros"),
                lambda: L.GRU(24, kernel_initializer="zeros", recurrent_initializer="zeros"),
                lambda: L.Dense(1, "sigmoid"),
            )
        ),
        ("GD208", "GD307", "GD303"),
    ),
    ("padded: no mask", padded, no_mask, ("GD114",)),
    (
        "padded: clipped to almost nothing",
        padded,
        with_(optimizer=sgd(0.1, clipnorm=1e-5)),
        ("GD514", "GD507", "GD505"),
    ),
]

FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
