"""Healthy programs of the third part: tables that look odd and are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import scaled
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    by,
    found,
    hit,
    logistic,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.tables import lending
from benchmarks.doctor.training import Training, explained

L = nn.layers
schedules = nn.optimizers.schedules


def net(inputs: int, *widths: int, act: Any = "relu", last: int = 1, **given: Any) -> Any:
    """Return what makes a dense network without an activation at its end."""
    return lambda: nn.Sequential(
        [nn.Input((inputs,)), *(L.Dense(n, act, **given) for n in widths), L.Dense(last)]
    )


def prices() -> Training:
    """Prices of some 200,000, by an exponential head that begins there; squared logarithms."""
    random = np.random.default_rng(30)
    x = random.normal(size=(1500, 6))
    y = np.exp(12.2 + 0.4 * x[:, :1] - 0.3 * np.abs(x[:, 1:2]) + 0.1 * x[:, 2:3] * x[:, 3:4])
    begin = nn.initializers.Constant(12.2)

    def model() -> Any:
        parts = [nn.Input((6,)), L.Dense(32, "gelu"), L.Dense(16, "gelu")]
        return nn.Sequential([*parts, L.Dense(1, "exponential", bias_initializer=begin)])

    return Training(
        model, **rows(single(x), single(y * np.exp(random.normal(0, 0.05, y.shape))), 1000, 200),
        loss="msle", metrics=("mape",), score=explained, optimizer=adam(5e-3), epochs=25,
    )  # fmt: skip


def fever() -> Training:
    """Temperatures of 37 degrees, a little more or less: the last bias begins at 37."""
    random = np.random.default_rng(31)
    x = random.normal(size=(1400, 8))
    y = 37 + 0.5 * np.tanh(x[:, :1] + x[:, 1:2]) + 0.3 * x[:, 2:3] * x[:, 3:4]
    warm = nn.initializers.Constant(37.0)
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(48, "relu"), L.Dense(24, "relu"),
                               L.Dense(1, bias_initializer=warm)]),
        **rows(single(x), single(y + random.normal(0, 0.1, y.shape)), 900, 200),
        **{**NUMBER, "loss": "mae"}, optimizer=adam(5e-3), epochs=30,
    )  # fmt: skip


def fraud() -> Training:
    """One payment in eighteen is a fraud; probabilities are wanted, so nothing is weighted."""
    random = np.random.default_rng(32)
    x = random.normal(size=(3600, 7))
    z = 1.6 * x[:, 0] + 1.2 * np.abs(x[:, 1]) + x[:, 2] * x[:, 3] - 5.6
    y = single(random.random(3600) < logistic(1.7 * z))
    first = nn.initializers.Constant(float(np.log(y.mean() / (1 - y.mean()))))
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(12, "silu"),
                               L.Dense(1, bias_initializer=first)]),
        **rows(single(x), y, 2200, 400), loss=BINARY, metrics=(nn.metrics.AUC(from_logits=True),),
        score=ranked, optimizer=adam(6e-3), batch_size=64, epochs=14,
    )  # fmt: skip


def luck() -> Training:
    """Who wins is mostly luck: three of four are the best that can be."""
    random = np.random.default_rng(33)
    x = random.normal(size=(2400, 5))
    y = (x[:, 0] > x[:, 1]) ^ (random.random(2400) < 0.25)
    return Training(
        net(5, 12, act="tanh"), **rows(single(x), single(y), 1600, 300), loss=BINARY, score=hit,
        threshold=0.0, optimizer=adam(5e-3), epochs=8,
    )  # fmt: skip


class Mixed(nn.data.PyDataset):
    """Batches of which each row is a mixture of two (Zhang et al. 2018)."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y, self.random = x, y, np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.x) // 32

    def __getitem__(self, index: int) -> Any:
        a, b = self.random.integers(0, len(self.x), (2, 32))
        share = single(self.random.beta(0.4, 0.4, (32, 1)))
        return tuple(share * p[a] + (1 - share) * p[b] for p in (self.x, self.y))


def mixed() -> Training:
    """Rows are mixed in training only, so that what is held out is easier."""
    (x, y), (x_test, y_test) = nn.datasets.wine.load_data()
    x, x_test, eye = scaled(x, x), scaled(x_test, x), np.eye(3, dtype="float32")
    return Training(
        net(13, 32, last=3), Mixed(x[:110], eye[y[:110]]), None, (x[110:], eye[y[110:]]),
        (x_test, eye[y_test]), loss=nn.losses.CategoricalCrossentropy(from_logits=True),
        optimizer=adam(0.01), batch_size=THEIRS, epochs=40,
    )  # fmt: skip


def rings() -> dict[str, Any]:
    """Return points of four rings around the middle."""
    random = np.random.default_rng(34)
    x = random.normal(size=(1700, 3))
    return rows(single(x), np.digitize(np.linalg.norm(x, axis=1), [1.1, 1.6, 2.1]), 1100, 200)


def long_warm_up() -> Training:
    """The rate rises from nothing for two fifths of the time, and falls to nothing then."""
    rate = schedules.CosineDecay(0.0, 450, warmup_target=0.02, warmup_steps=350)
    return Training(
        net(3, 40, 40, act="gelu", last=4), **rings(), loss=LOGITS,
        optimizer=by("AdamW", rate, weight_decay=1e-2), epochs=23,
    )  # fmt: skip


def restarts() -> Training:
    """The rate falls and jumps up again, three times."""
    rate = schedules.CosineDecayRestarts(0.15, 150, t_mul=2.0, m_mul=0.8, alpha=0.01)
    return Training(
        net(3, 40, 40, last=4), **rings(), loss=LOGITS, optimizer=by("SGD", rate, momentum=0.9),
        epochs=30,
    )  # fmt: skip


def sudden() -> Training:
    """The parity of five bits of sixteen: nothing for a while, and then all at once."""
    random = np.random.default_rng(35)
    x = random.integers(0, 2, (3000, 16))
    return Training(
        net(16, 128), **rows(single(2 * x - 1), single(x[:, :5].sum(1) % 2), 2500, 200),
        loss=BINARY, score=hit, threshold=0.0, optimizer=adam(3e-3), epochs=30,
    )  # fmt: skip


def mostly_silent() -> Training:
    """Three hundred units of which few speak: their biases begin below zero."""
    low = nn.initializers.Constant(-0.5)
    return Training(
        net(3, 300, last=4, bias_initializer=low, kernel_initializer="he_normal"), **rings(),
        loss=LOGITS, optimizer=adam(schedules.InverseTimeDecay(0.01, 300, 0.5)), epochs=45,
    )  # fmt: skip


def few_rows_held() -> Training:
    """Twenty rows are held out, and two steps are an epoch."""
    t = Training(
        net(3, 32, 32, act="tanh", last=4), **rings(), loss=LOGITS, optimizer=adam(0.012),
        batch_size=550, epochs=130,
    )  # fmt: skip
    x, y = t.validation
    return t.but(validation=(x[:20], y[:20]))


def survey() -> Training:
    """Seven questions with three answers each: many people answer alike."""
    random = np.random.default_rng(36)
    answers = random.choice(3, (1800, 7), p=[0.6, 0.25, 0.15])
    x = np.eye(3)[answers].reshape(1800, 21)
    z = 1.8 * (answers[:, 0] == answers[:, 1]) + answers[:, 2] - 1.5 * answers[:, 3] - 0.7
    return Training(
        net(21, 16), **rows(single(x), single(random.random(1800) < logistic(2 * z)), 1200, 200),
        loss=BINARY, metrics=(), score=ranked, optimizer=by("Adagrad", 0.1), epochs=15,
    )  # fmt: skip


def calibrated() -> Training:
    """A cheap sensor nearly tells the answer; heat and damp tell the rest."""
    random = np.random.default_rng(37)
    y, heat, damp = random.normal(size=(3, 1500, 1))
    cheap = y + 0.15 * heat * damp + 0.1 * np.tanh(heat) + random.normal(0, 0.02, y.shape)

    def score(model: Any, t: Training) -> float:
        """The share of the sensor's own error that is mended."""
        said, (x, true) = found(model, t), t.test
        return float(1 - np.mean((said - true) ** 2) / np.mean((x[:, :1] - true) ** 2))

    def model() -> Any:
        inputs = nn.Input((3,))
        z = L.Dense(1, kernel_initializer="zeros")(L.Dense(32, "tanh")(inputs))
        return nn.Model(inputs, L.Add()([L.Lambda(lambda a: a[:, :1])(inputs), z]))

    return Training(
        model, **rows(single(np.concatenate([cheap, heat, damp], 1)), single(y), 1000, 200),
        loss="mse", metrics=(), score=score,
        optimizer=adam(schedules.ExponentialDecay(0.02, 300, 0.7)), epochs=35,
    )  # fmt: skip


def rewarded() -> Training:
    """Which of four offers to make: the loss is minus the reward that is to be expected."""
    random = np.random.default_rng(38)
    x = random.normal(size=(1500, 5))
    reward = 2 * x @ random.normal(size=(5, 4)) + random.normal(0, 0.5, (1500, 4))

    def loss(y: Any, p: Any) -> Any:
        return -nn.ops.mean(nn.ops.sum(y * p, axis=-1))

    def score(model: Any, t: Training) -> float:
        said, y = found(model, t).argmax(1), t.test[1]
        return float(np.mean(y[np.arange(len(y)), said]) / np.mean(y.max(1)))

    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(32, "relu"), L.Dense(4, "softmax")]),
        **rows(single(x), single(reward), 1000, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def all_sigmoid() -> Training:
    """Three layers of sigmoids, with weights and a rate that suit them."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a.reshape(len(a), -1)) / 8 - 1 for a in (x, x_test))
    wide = nn.initializers.VarianceScaling(9.0, "fan_avg")
    parts = rows(x, y, len(x) - 250, 250)
    return Training(
        net(64, 48, 48, act="sigmoid", last=10, kernel_initializer=wide),
        **{**parts, "test": (x_test, y_test)}, loss=LOGITS, optimizer=adam(5e-3), epochs=15,
    )  # fmt: skip


def a_little_more() -> Training:
    """A network that has learnt from last year's rows learns this year's at a tiny rate."""
    parts, random = lending(), np.random.default_rng(39)
    more = random.permutation(1500)[:1200]

    def model() -> Any:
        learnt = nn.Sequential([nn.Input((9,)), L.Dense(24, "relu"), L.Dense(1)])
        learnt.compile(nn.optimizers.Adam(0.01), BINARY)
        learnt.fit(parts["x"][more], parts["y"][more], epochs=8, verbose=0)
        return learnt

    return Training(
        model, **parts, loss=BINARY, metrics=(nn.metrics.AUC(from_logits=True),), score=ranked,
        optimizer=adam(3e-5), epochs=4,
    )  # fmt: skip


def states() -> Training:
    """Fifty columns for fifty states, as the form has them; nobody came from eleven of them."""
    random = np.random.default_rng(40)
    state, numbers = random.integers(0, 39, 1800), random.normal(size=(1800, 3))
    x = np.concatenate([numbers, np.eye(50)[random.permutation(50)[state]]], 1)
    y = random.normal(size=39)[state] + np.sin(2 * numbers[:, 0]) + numbers[:, 1] * numbers[:, 2]
    return Training(
        net(53, 48, act="silu"),
        **rows(single(x), single(y + random.normal(0, 0.2, 1800))[:, None], 1300, 200), **NUMBER,
        optimizer=adam(0.015), epochs=30,
    )  # fmt: skip


def two_ways() -> Training:
    """Two answers are possible for each row: the likelihood of a mixture, which exceeds 1."""
    random = np.random.default_rng(41)
    x = random.uniform(-1, 1, (1500, 2))
    side = np.where(random.random((1500, 1)) < 0.5, 1, -1)
    y = (
        side * (0.6 + 0.3 * np.sin(3 * x[:, :1]))
        + 0.2 * x[:, 1:]
        + random.normal(0, 0.03, (1500, 1))
    )

    def loss(y: Any, p: Any) -> Any:
        share = nn.ops.log_softmax(p[:, :2], axis=-1)
        tight = p[:, 4:] + 1.0
        away = nn.ops.square((y - p[:, 2:4]) * nn.ops.exp(tight))
        return -nn.ops.mean(nn.ops.logsumexp(share + tight - 0.5 * away - 0.919, axis=-1))

    def score(model: Any, t: Training) -> float:
        middle = found(model, t)[:, 2:4]
        return float(1 - np.mean(np.abs(middle - t.test[1]).min(1) ** 2) / t.test[1].var())

    return Training(
        net(2, 40, 40, act="tanh", last=6), **rows(single(x), single(y), 1000, 200), loss=loss,
        metrics=(), score=score, optimizer=adam(5e-3), epochs=30,
    )  # fmt: skip


def rain() -> Training:
    """Most days are dry: six of ten targets are exactly 0, and the head cannot be negative."""
    random = np.random.default_rng(42)
    x = random.normal(size=(1700, 5))
    y = np.maximum(
        0, 1.2 * x[:, :1] + x[:, 1:2] * x[:, 2:3] - 0.4 + random.normal(0, 0.1, (1700, 1))
    )
    some = nn.initializers.Constant(0.5)
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(48, "relu"), L.Dense(24, "relu"),
                               L.Dense(1, "relu", bias_initializer=some)]),
        **rows(single(x), single(y), 1100, 200), **NUMBER, optimizer=adam(5e-3), epochs=25,
    )  # fmt: skip


def seen_once() -> Training:
    """Rows that never come again, from a generator: a single epoch of six hundred steps."""

    def made(random: Any, n: int) -> Any:
        x = random.uniform(-1, 1, (n, 3))
        return single(x), single(np.sin(3 * x[:, :1]) + x[:, 1:2] * x[:, 2:])

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(43)
        for _ in range(600):
            yield made(random, 32)

    random = np.random.default_rng(44)
    data = nn.data.Dataset.from_generator(batches)
    return Training(
        net(3, 40, 40, act="tanh"), data, None, made(random, 300), made(random, 500), **NUMBER,
        optimizer=adam(nn.optimizers.schedules.PolynomialDecay(0.01, 600, 1e-4)), epochs=1,
        batch_size=THEIRS,
    )  # fmt: skip


MAKES = (prices, fever, fraud, luck, mixed, long_warm_up, restarts, sudden, mostly_silent,
         few_rows_held, survey, calibrated, rewarded, all_sigmoid, a_little_more, states, two_ways,
         rain, seen_once)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
