"""A short round on series and padded words: saws, echoes, an alphabet, and sentences mostly pad."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, with_
from benchmarks.doctor.fault import Fault, Healthy
from benchmarks.doctor.sequences import ordered, series
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def saws() -> Training:
    """The next two numbers of two saws, by an LSTM."""
    t = np.arange(1300)[:, None]
    s = (t % np.array([10, 13])) / 12 + np.random.default_rng(101).normal(0, 0.03, (1300, 2))
    x = np.stack([s[k : k + 12] for k in range(1280)]).astype("float32")
    y = s[12:1292].astype("float32")
    return Training(
        layers(lambda: nn.Input((12, 2)), lambda: L.LSTM(24), lambda: L.Dense(2)),
        **split(x[:900], y[:900]), test=(x[920:], y[920:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=12, score=explained,
    )  # fmt: skip


def mostly_pad(masked: bool) -> Any:
    """Return what makes a GRU that reads 12 words and 148 places of padding, masked or not."""
    return layers(
        lambda: nn.Input((160,), dtype="int64"),
        lambda: L.Embedding(20, 16, mask_zero=masked),
        lambda: L.GRU(24), lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip


def sentences_in_pad() -> Training:
    """Which of two words comes first, in sentences of which 93 % is padding."""
    x, y = ordered()
    x = np.pad(x, ((0, 0), (0, 148)))
    return Training(
        mostly_pad(True), **split(x[:1100], y[:1100]), test=(x[1100:], y[1100:]),
        loss="binary_crossentropy", optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def echo() -> Training:
    """Each step says the number two steps ago, by an LSTM and a TimeDistributed layer."""
    x = np.random.default_rng(102).random((700, 10, 1)).astype("float32")
    y = np.pad(x, ((0, 0), (2, 0), (0, 0)))[:, :10]
    return Training(
        layers(lambda: nn.Input((10, 1)), lambda: L.LSTM(20, return_sequences=True),
               lambda: L.TimeDistributed(L.Dense(1))),
        **split(x[:500], y[:500]), test=(x[500:], y[500:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=25, score=explained,
    )  # fmt: skip


def alphabet() -> Training:
    """The letter that follows three, as parts of 26: all there are, and nothing is held out."""
    at = np.arange(23)
    x = ((at[:, None] + np.arange(3)) / 26).astype("float32")[..., None]
    y = at + 3
    return Training(
        layers(lambda: nn.Input((3, 1)), lambda: L.LSTM(32), lambda: L.Dense(26, "softmax")),
        x, y, None, (x, y), optimizer=adam(5e-3), batch_size=1, epochs=120,
    )  # fmt: skip


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # https://github.com/keras-team/keras/issues/321
    ("saws: a softmax for two numbers", saws, with_(layers(
        lambda: nn.Input((12, 2)), lambda: L.LSTM(24), lambda: L.Dense(2, "softmax"))),
     ("GD203", "GD204")),
    # https://github.com/keras-team/keras/issues/6004
    ("a series: in its own unit", series,
     lambda t: t.on(lambda x: 300 * x + 900).to(lambda y: 300 * y + 900), ("GD104", "GD113")),
    # https://github.com/huggingface/transformers/issues/5489
    ("sentences: 93 % is padding, no mask", sentences_in_pad, with_(mostly_pad(False)),
     ("GD114", "GD702")),
]  # fmt: skip
FAULTS = [Fault(f"echoes: {name}", "recurrent", *rest) for name, *rest in ROWS]
HEALTHY = [
    Healthy(f"echoes: {name}", "recurrent", make)
    for name, make in (
        ("two saws at once", saws), ("each step says an earlier one", echo),
        ("the alphabet, a letter a batch", alphabet), ("mostly padding, masked", sentences_in_pad),
    )
]  # fmt: skip
