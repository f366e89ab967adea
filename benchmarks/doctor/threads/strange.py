"""Series and tokens once more: odd programs that are fine, and faults beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, with_
from benchmarks.doctor.fault import Fault, Healthy
from benchmarks.doctor.sequences import Places
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads import looking, running
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def row_by_row() -> Training:
    """Digits, read by an LSTM a row at a time; points stay bytes of 0 to 16, scaled inside."""
    x, y = looking.digits()
    model = layers(
        lambda: nn.Input((8, 8)), lambda: L.Rescaling(1 / 16), lambda: L.LSTM(32),
        lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    x = np.round(x[..., 0] * 16).astype("uint8")
    return Training(
        model, **split(x[:700], y[:700]), test=(x[700:], y[700:]), optimizer=adam(0.01), epochs=14
    )


def all_at_once() -> Training:
    """Strokes, all of them in one batch, a step an epoch."""
    return running.strokes().but(batch_size=320, epochs=90, optimizer=adam(0.03))


def reservoir() -> Training:
    """A recurrent layer that nobody trains, and a line of what it holds."""
    y = running.sunspots(620)
    x, y = running.windows((y - y.mean()) / y.std(), 20)

    def model() -> Any:
        echo = L.SimpleRNN(
            60, recurrent_initializer=nn.initializers.Orthogonal(gain=0.9), trainable=False
        )
        return nn.Sequential([nn.Input((20, 1)), echo, L.Dense(1)])

    return Training(
        model, **split(x[:450], y[:450]), test=(x[470:], y[470:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=20, batch_size=16, score=explained,
    )  # fmt: skip


def normed_between() -> Training:
    """Two GRUs with a norm of batches between them, elu and a constraint on the weights."""
    return running.hours().but(
        model=layers(
            lambda: nn.Input((18, 4)), lambda: L.GRU(16, return_sequences=True),
            lambda: L.BatchNormalization(momentum=0.9),
            lambda: L.GRU(16, kernel_constraint=nn.constraints.MaxNorm(3.0)),
            lambda: L.Dense(16, "elu"), lambda: L.Dense(6),
        ), optimizer=adam(0.005), batch_size=16,
    )  # fmt: skip


def nearness(slope: float = 0.5) -> Any:
    """Return what makes a reader of machines that knows places by their distance alone."""

    class Near(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = L.Dense(24), L.Dense(24), L.Dense(24)

        def call(self, x: Any) -> Any:
            t = np.arange(x.shape[1])
            behind = np.where(t[:, None] >= t, -slope * (t[:, None] - t), -1e9)
            q, k, v = self.q(x), self.k(x), self.v(x)
            scores = ops.matmul(q, ops.transpose(k, (0, 2, 1))) / 24**0.5
            return ops.matmul(ops.softmax(scores + behind.astype("float32"), -1), v)

    def model() -> Any:
        inputs = nn.Input((20, 2))
        v = L.Dense(24)(inputs)
        for _ in range(2):
            v = L.Add()([v, Near()(L.LayerNormalization()(v))])
            v = L.Add()([v, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(v)))])
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return model


def near() -> Training:
    """Which of two things a machine did first, by attention that fades with distance."""
    from benchmarks.doctor.threads.blind import orders

    return orders().but(model=nearness())


def weighted_steps() -> Training:
    """A verse in pieces that end early: steps behind the end weigh nothing."""
    x, y, size = running.verse(330)
    random = np.random.default_rng(60)
    there = (np.arange(20) < random.integers(8, 21, (330, 1))).astype("float32")
    x = np.where(there > 0, x, 0)

    def model() -> Any:
        letters = nn.Input((20,), dtype="int64")
        v = Places()(L.Embedding(size, 32)(letters))
        for _ in range(2):
            v = L.TransformerDecoderBlock(64, 4, normalize_first=True)(v)
        return nn.Model(letters, L.Dense(size)(L.LayerNormalization()(v)))

    return Training(
        model, x[:280], y[:280], None, (x[280:], y[280:]), metrics=(), optimizer=adam(5e-3),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), batch_size=16, epochs=10,
        score=lambda m, t: float(
            (np.asarray(m.predict(t.test[0], verbose=0)).argmax(-1) == t.test[1])[
                there[280:] > 0
            ].mean()
        ), fit={"sample_weight": there[:280]},
    )  # fmt: skip


def loud_words(t: Training) -> Training:
    """Vectors of names begin a hundred times too large, in front of a plain layer."""
    wide = nn.initializers.RandomNormal(stddev=30.0)
    return t.but(model=layers(
        lambda: nn.Input((12,), dtype="int64"),
        lambda: L.Embedding(27, 8, mask_zero=True, embeddings_initializer=wide),
        lambda: L.SimpleRNN(16), lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def few_sentences(t: Training) -> Training:
    """Forty pieces of a verse."""
    return t.but(
        x=t.x[:24], y=t.y[:24], validation=(t.x[200:280], t.y[200:280]), epochs=60,
    )  # fmt: skip


HEALTHY = [
    Healthy(name, family, make)
    for name, family, make in (
        ("strange: digits row by row, bytes", "recurrent", row_by_row),
        ("strange: all strokes at once", "recurrent", all_at_once),
        ("strange: a reservoir", "recurrent", reservoir),
        ("strange: a norm between two GRUs", "recurrent", normed_between),
        ("strange: places by distance alone", "attention", near),
        ("strange: steps behind the end weigh nothing", "attention", weighted_steps),
    )
]
FAULTS = [
    Fault("strange: loud vectors of letters", "recurrent", running.named, loud_words,
          ("GD306", "GD504", "GD209", "GD303")),
    Fault("strange: a verse of 24 pieces", "attention", looking.small_gpt, few_sentences,
          ("GD601",)),
    Fault("strange: lines of a log by Adam of 1e-6", "recurrent", running.lines_of_a_log,
          with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    Fault("strange: load by SGD of 30", "recurrent", running.hours,
          with_(optimizer=lambda: nn.optimizers.SGD(30.0)),
          ("GD506", "GD502", "GD504", "GD401", "GD505")),
]  # fmt: skip
