"""Faulty recurrent programs: those of `running` with what people do to them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads import running
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def long_names() -> Training:
    """Names of 5 to 9 letters in front of 60 places; the mask leaves out what is empty."""
    t = running.named().on(lambda x: np.pad(x, ((0, 0), (0, 48))))
    return t.but(model=reader(True))


def reader(mask: bool) -> Any:
    """Return what makes a reader of names, with a mask or without."""
    return layers(
        lambda: nn.Input((60,), dtype="int64"), lambda: L.Embedding(27, 8, mask_zero=mask),
        lambda: L.SimpleRNN(24), lambda: L.Dense(3, "softmax"),
    )  # fmt: skip


def standard_spots() -> Training:
    """The next month's spots, standardised: from -1.3 to 3."""
    y = running.sunspots(520)
    x, y = running.windows((y - y.mean()) / y.std(), 12)
    return Training(
        layers(lambda: nn.Input((12, 1)), lambda: L.SimpleRNN(12), lambda: L.Dense(1)),
        **split(x[:360], y[:360]), test=(x[372:], y[372:]), loss="mse", metrics=(),
        optimizer=adam(0.005), epochs=14, batch_size=16, score=explained,
    )  # fmt: skip


def told_with_softmax(t: Training) -> Training:
    """Softmax in the model, and a loss that is for scores."""
    _, _, size = running.verse(330)
    return t.but(model=layers(
        lambda: nn.Input((20,), dtype="int64"), lambda: L.Embedding(size, 16),
        lambda: L.GRU(48, return_sequences=True), lambda: L.Dense(size, "softmax"),
    ))  # fmt: skip


def log_so_far() -> Training:
    """The kind of the next line; judged as it will be used, at the end of what is there."""
    model = layers(
        lambda: nn.Input((None,), dtype="int64"), lambda: L.Embedding(60, 24),
        lambda: L.LSTM(32, return_sequences=True), lambda: L.Dense(60, "softmax"),
    )  # fmt: skip
    return running.lines_of_a_log().but(model=model, score=at_the_end, epochs=10)


def at_the_end(model: Any, t: Training) -> float:
    """Share of lines that are found behind eight others."""
    x, y = t.test
    p = np.asarray(model.predict(x[:, :8], verbose=0))[:, -1].argmax(-1)
    return float((p == y[:, 7]).mean())


def centred(t: Training) -> Training:
    """A convolution ahead of the LSTM, padded on both sides."""
    return t.but(model=layers(
        lambda: nn.Input((None,), dtype="int64"), lambda: L.Embedding(60, 24),
        lambda: L.Conv1D(32, 3, padding="same", activation="relu"),
        lambda: L.LSTM(32, return_sequences=True), lambda: L.Dense(60, "softmax"),
    ))  # fmt: skip


def shapes(t: Training) -> Training:
    """ReLU where the scores of the shapes come out."""
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    return t.but(loss=loss, model=layers(
        lambda: nn.Input((25, 2)), lambda: L.Masking(mask_value=-10.0), lambda: L.GRU(16),
        lambda: L.Dense(16, "relu"), lambda: L.Dense(4, "relu", kernel_initializer=NEGATIVE),
    ))  # fmt: skip


NEGATIVE = nn.initializers.RandomNormal(mean=-0.1, stddev=0.3)


def deep_sigmoids(t: Training) -> Training:
    """Four LSTM layers in place of one, with sigmoid for tanh."""
    return t.but(model=layers(
        lambda: nn.Input((18, 4)),
        *[lambda: L.LSTM(16, activation="sigmoid", return_sequences=True)] * 3,
        lambda: L.LSTM(16, activation="sigmoid"), lambda: L.Dense(6),
    ))  # fmt: skip


def unshuffled_targets(t: Training) -> Training:
    """The windows are shuffled in place; what follows them isn't."""
    order = np.random.default_rng(0).permutation(len(t.x))
    return t.but(x=t.x[order])


def unweighted(t: Training) -> Training:
    """Stolen cards are 4 in 100, and nothing is done for them."""
    return t.but(fit={})


def with_the_date(t: Training) -> Training:
    """The hour is told as it stands in the file, in seconds since 1970, beside the counts."""
    since = 1.6e9

    def dated(start: int) -> Any:
        def add(x: Any) -> Any:
            hour = start + np.arange(len(x))[:, None] + np.arange(x.shape[1])
            return np.stack([x[..., 0], since + 3600 * hour], 2).astype("float32")

        return add

    held = (dated(520)(t.validation[0]), t.validation[1])
    return t.but(
        x=dated(0)(t.x), validation=held, test=(dated(700)(t.test[0]), t.test[1]),
        model=layers(lambda: nn.Input((12, 2)), lambda: L.GRU(16),
                     lambda: L.Dense(1, "exponential")),
    )  # fmt: skip


def changes(t: Training) -> Training:
    """The change in percent of calls, of which some hours had none."""

    def relative(x: Any) -> Any:
        before = np.concatenate([x[:, :1, :1], x[:, :-1, :1]], 1)
        with np.errstate(all="ignore"):
            return np.concatenate([x[..., :1] / before - 1, x[..., 1:]], 2).astype("float32")

    return t.on(relative)


def swings() -> Training:
    """Forty steps of noise, of which the sum counts."""
    random = np.random.default_rng(36)
    x = random.normal(size=(500, 40, 2)).astype("float32")
    y = (x[..., :1].sum(1) / 6).astype("float32")
    return Training(
        layers(lambda: nn.Input((40, 2)), lambda: L.LSTM(16), lambda: L.Dense(1)),
        **split(x[:400], y[:400]), test=(x[400:], y[400:]), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=14, batch_size=16, score=explained,
    )  # fmt: skip


def bursts(t: Training) -> Training:
    """A plain recurrent layer of ReLU with wide weights, and plain steps."""
    wide = nn.initializers.RandomNormal(stddev=0.5)
    return t.but(optimizer=sgd(0.1), model=layers(
        lambda: nn.Input((40, 2)),
        lambda: L.SimpleRNN(32, activation="relu", recurrent_initializer=wide),
        lambda: L.Dense(1),
    ))  # fmt: skip


def each_step(t: Training) -> Training:
    """The layer returns every step, and there is one target a row."""
    return t.but(model=layers(
        lambda: nn.Input((12, 1)), lambda: L.SimpleRNN(12, return_sequences=True),
        lambda: L.Dense(1),
    ), score=last_step)  # fmt: skip


def last_step(model: Any, t: Training) -> float:
    """R2 of the last step's answer."""
    p = np.asarray(model.predict(t.test[0], verbose=0)).reshape(len(t.test[0]), -1)[:, -1:]
    return max(-1.0, float(1 - ((p - t.test[1]) ** 2).mean() / t.test[1].var()))


def read_through() -> Training:
    """Many names, twice through."""
    x, y = running.names(2400)
    y = np.eye(3, dtype="float32")[y]
    t = running.named()
    return t.but(**split(x[:2000], y[:2000]), test=(x[2000:], y[2000:]), epochs=2)


def by_country(t: Training) -> Training:
    """Names in the order of their files, unshuffled."""
    order = np.argsort(t.y.argmax(-1), kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False})


def loud(t: Training) -> Training:
    """Weights of a normal distribution with a spread of 2, in a plain recurrent layer."""
    wide = nn.initializers.RandomNormal(stddev=2.0)
    return t.but(model=layers(
        lambda: nn.Input((60,), dtype="int64"), lambda: L.Embedding(27, 8, mask_zero=True),
        lambda: L.SimpleRNN(24, kernel_initializer=wide, recurrent_initializer=wide),
        lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    ("stumbling: names before fifty zeros, no mask", long_names, with_(reader(False)),
     ("GD114", "GD704")),
    ("stumbling: names, wide weights", long_names, loud, ("GD306", "GD504", "GD209", "GD303")),
    ("stumbling: spots beyond tanh", standard_spots,
     with_(layers(lambda: nn.Input((12, 1)), lambda: L.SimpleRNN(12), lambda: L.Dense(1, "tanh"))),
     ("GD204",)),
    ("stumbling: spots, every step returned", standard_spots, each_step, ("GD103",)),
    ("stumbling: a verse by two softmaxes", running.speaks, told_with_softmax, ("GD201",)),
    ("stumbling: a log behind a centred convolution", log_so_far, centred, ("GD309",)),
    ("stumbling: shapes behind ReLU", running.strokes, shapes, ("GD205",)),
    ("stumbling: load by four layers of sigmoids", running.hours, deep_sigmoids,
     ("GD303", "GD304", "GD501", "GD307", "GD507", "GD306", "GD504", "GD209")),
    ("stumbling: engines of which windows are shuffled", running.wearing_out, unshuffled_targets,
     ("GD510", "GD605", "GD601", "GD508")),
    ("stumbling: stolen cards, not weighted", running.stolen, unweighted, ("GD107",)),
    ("stumbling: calls, with seconds since 1970", running.calls, with_the_date, ("GD104",)),
    ("stumbling: calls by the change in percent", running.calls, changes, ("GD101",)),
    ("stumbling: a sum by ReLU that bursts", swings, bursts,
     ("GD502", "GD401", "GD303", "GD301", "GD506", "GD302", "GD209")),
    ("stumbling: names in the order of countries", read_through, by_country, ("GD110",)),
]  # fmt: skip


FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
