"""Healthy trainings of recurrent networks of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import nadam, parted, rms
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers


def tone_net(cell: Any = L.LSTM, end: Any = "softmax", units: int = 24, **given: Any) -> Any:
    """Return what makes a recurrent network over a tone."""
    return layers(lambda: nn.Input((24, 1)), lambda: cell(units, **given), lambda: L.Dense(4, end))


def tones() -> Training:
    """Which of four tones, by an LSTM and Nadam; one-hot."""
    random = np.random.default_rng(0)
    y, phase = random.integers(0, 4, 1300), random.uniform(0, 6.28, (1300, 1))
    speed = np.array([0.25, 0.5, 0.9, 1.5])[y][:, None]
    x = np.sin(speed * np.arange(24) + phase) + random.normal(0, 0.2, (1300, 24))
    return Training(
        tone_net(),
        **parted(x[..., None].astype("float32"), np.eye(4, dtype="float32")[y], 800, 200),
        loss="categorical_crossentropy", optimizer=nadam(0.01), epochs=14,
    )  # fmt: skip


def depth_net(words: int = 3, end: Any = None, cell: Any = L.GRU, **given: Any) -> Any:
    """Return what makes a network that says a number after each word."""
    return layers(
        lambda: nn.Input((16,), dtype="int64"),
        lambda: L.Embedding(words, 8),
        lambda: cell(24, return_sequences=True, **given),
        lambda: L.TimeDistributed(L.Dense(1, end)),
    )


def brackets() -> Training:
    """How many brackets are open after each sign: a number at each place, by a GRU."""
    random = np.random.default_rng(1)
    x = random.integers(0, 3, (1200, 16))
    y = np.cumsum(np.array([0, 1, -1])[x], 1)[..., None] / 3.0
    return Training(
        depth_net(), **parted(x, y.astype("float32"), 700, 200), loss="mse", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def weather_data(rows: int = 1200) -> tuple[Any, Any]:
    """Return 20 days of three measurements, and two of them two days later."""
    random = np.random.default_rng(2)
    time = np.arange(rows + 22)
    warm = np.sin(time / 7) + 0.4 * np.sin(time / 2.9)
    all_of = np.stack([warm, np.cos(time / 7 + 0.5), np.roll(warm, 3) ** 2], 1)
    all_of = (all_of + random.normal(0, 0.08, all_of.shape)).astype("float32")
    x = np.stack([all_of[t : t + 20] for t in range(rows)])
    return x, np.stack([all_of[t + 21, :2] for t in range(rows)])


def weather_net(cell: Any = L.GRU, end: Any = None, first: Any = (), **given: Any) -> Any:
    """Return what makes two recurrent layers, one above the other."""
    return layers(
        lambda: nn.Input((20, 3)),
        *first,
        lambda: cell(16, return_sequences=True, **given),
        lambda: cell(16, **given),
        lambda: L.Dense(2, end),
    )


def weather() -> Training:
    """Two of three measurements two days later; two GRUs, Huber's loss."""
    return Training(
        weather_net(), **parted(*weather_data(), 700, 200), loss="huber", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def opinions(rows: int = 1500, longest: int = 24) -> tuple[Any, Any]:
    """Return texts of 4 to 12 words, padded behind: good and bad words, and "not", which turns."""
    random = np.random.default_rng(3)
    x, y = np.zeros((rows, longest), "int64"), np.zeros(rows, "int64")
    for row in range(rows):
        length = random.integers(4, 13)
        while True:
            words = random.integers(1, 40, length)
            turn = np.r_[1, np.where(words[:-1] == 1, -1, 1)]
            mood = (((words > 1) & (words < 12)) * turn).sum() - (
                ((words > 11) & (words < 22)) * turn
            ).sum()
            if mood:
                break
        x[row, :length], y[row] = words, mood > 0
    return x, y


def mood_net(
    words: int = 40, mask: bool = True, length: int = 24, cell: Any = L.LSTM, **given: Any
) -> Any:
    """Return what makes an LSTM over words."""
    return layers(
        lambda: nn.Input((length,), dtype="int64"),
        lambda: L.Embedding(words, 16, mask_zero=mask),
        lambda: cell(20, **given),
        lambda: L.Dense(1, "sigmoid"),
    )


def moods() -> Training:
    """Whether a text is in a good mood; padding behind, which the mask leaves out."""
    return Training(
        mood_net(), **parted(*opinions(), 1000, 200), loss="binary_crossentropy",
        optimizer=rms(0.01), epochs=10,
    )  # fmt: skip


def signal_net(cell: Any = L.GRU, act: Any = "tanh", **given: Any) -> Any:
    """Return what makes a network that has to remember what came first."""
    return layers(
        lambda: nn.Input((18,), dtype="int64"),
        lambda: L.Embedding(12, 12),
        lambda: cell(24, activation=act, **given),
        lambda: L.Dense(4),
    )


def signals() -> Training:
    """Which of four signs came first, before seventeen others; scores, AdamW."""
    random = np.random.default_rng(4)
    x, y = random.integers(4, 12, (1400, 18)), random.integers(0, 4, 1400)
    x[:, 0] = y
    return Training(
        signal_net(), **parted(x, y, 900, 200), epochs=15,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=lambda: nn.optimizers.AdamW(0.01, weight_decay=1e-3),
    )  # fmt: skip


def tag_net(bend: Any = "softmax", two: bool = True, **given: Any) -> Any:
    """Return what makes a network that tags each word."""

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        x = L.Embedding(30, 12)(inputs)
        cell = L.LSTM(16, return_sequences=True, **given)
        return nn.Model(inputs, L.Dense(5, bend)((L.Bidirectional(cell) if two else cell)(x)))

    return model


def tagger() -> Training:
    """A tag for each word, which hangs on the word before and the word behind."""
    random = np.random.default_rng(5)
    x, kinds = random.integers(0, 30, (1200, 10)), random.integers(0, 3, 30)
    y = kinds[np.roll(x, 1, 1)] + kinds[np.roll(x, -1, 1)]
    y[:, 0], y[:, -1] = kinds[x[:, 1]], kinds[x[:, -2]]
    return Training(tag_net(), **parted(x, y, 700, 200), optimizer=adam(0.01), epochs=10)


STREAMS = 20


def in_order(model: Any, training: Training) -> float:
    """Share of the test found by a model that keeps its state, read in the order of time."""
    x, y = training.test
    for layer in model.layers:
        if hasattr(layer, "reset_state"):
            layer.reset_state()
    found = np.asarray(model.predict(x, batch_size=STREAMS, verbose=0)) > 0.5
    return float(np.mean(found == (np.asarray(y) > 0.5)))


def lamps(seed: int, length: int) -> tuple[Any, Any]:
    """Return pieces of streams, piece after piece, in which rare signs switch a lamp."""
    random = np.random.default_rng(seed)
    sign = random.choice([0, 1, -1], (STREAMS, length), p=[0.9, 0.05, 0.05])
    lamp = np.zeros(sign.shape)
    lamp[:, 0] = sign[:, 0] > 0
    for t in range(1, length):
        lamp[:, t] = np.where(sign[:, t] == 0, lamp[:, t - 1], sign[:, t] > 0)
    pieces = [a.reshape(STREAMS, -1, 6, 1).transpose(1, 0, 2, 3).reshape(-1, 6, 1).astype("float32")
              for a in (sign, lamp)]  # fmt: skip
    return pieces[0], pieces[1]


def lamp_net(stateful: bool = True) -> Any:
    """Return what makes an LSTM that keeps its state from piece to piece."""

    def model() -> Any:
        inputs = nn.Input(batch_shape=(STREAMS, 6, 1))
        x = L.LSTM(12, return_sequences=True, stateful=stateful)(inputs)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(x))

    return model


class Clear(nn.callbacks.Callback):
    """Forgets what was before, when the streams begin anew."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.layers[1].reset_state()


def lit() -> Training:
    """Whether a lamp is on, which was switched many pieces ago: the state is kept."""
    (x, y), test = lamps(0, 240), lamps(1, 120)
    return Training(
        lamp_net(), x, y, None, test, loss="binary_crossentropy", metrics=(), score=in_order,
        optimizer=adam(0.02), batch_size=STREAMS, epochs=15,
        fit={"shuffle": False, "callbacks": [Clear()]},
    )  # fmt: skip
