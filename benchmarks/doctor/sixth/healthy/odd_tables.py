"""Healthy programs of the sixth part: tables and networks that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    area,
    found,
    hit,
    logistic,
    r2,
    ranked,
    rows,
    single,
)
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def net(inputs: int, widths: tuple[int, ...], last: int, act: Any = "relu", end: Any = None) -> Any:
    """Return what makes a chain of dense layers."""
    return lambda: nn.Sequential([
        nn.Input((inputs,)), *[L.Dense(width, act) for width in widths], L.Dense(last, end),
    ])  # fmt: skip


def mean_and_spread() -> Training:
    """A mean and the logarithm of a spread, by a likelihood that falls below 0."""
    random, n = np.random.default_rng(1020), 2000
    x = random.uniform(-2, 2, (n, 3))
    spread = np.exp(1.2 * x[:, 1] - 1.5)
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 2] + spread * random.normal(size=n)

    def loss(y: Any, said: Any) -> Any:
        mean, log = said[:, :1], ops.clip(said[:, 1:], -6.0, 4.0)
        return ops.mean(log + 0.5 * ((y - mean) * ops.exp(-log)) ** 2)

    def score(model: Any, t: Training) -> float:
        said = found(model, t)
        clean = np.sin(2 * t.test[0][:, 0]) + 0.5 * t.test[0][:, 2]
        return (r2(clean, said[:, 0]) + r2(1.2 * t.test[0][:, 1] - 1.5, said[:, 1])) / 2

    return Training(
        net(3, (48, 48), 2, "tanh"), **rows(single(x), single(y)[:, None], 1400, 250), loss=loss,
        metrics=(), score=score, optimizer=adam(schedules.CosineDecay(5e-3, 30 * 44)), epochs=30,
    )  # fmt: skip


def low_middle_and_high() -> Training:
    """The tenth, half and nine tenths of what may come: three answers to one target."""
    random, n = np.random.default_rng(1021), 2000
    x = random.normal(size=(n, 4))
    low, wide = np.tanh(x[:, 0]) + 0.5 * x[:, 1], 0.4 + 0.4 * (x[:, 2] > 0)
    y = low + random.exponential(wide)
    shares = np.array([0.1, 0.5, 0.9], "float32")

    def loss(y: Any, said: Any) -> Any:
        off = y - said
        return ops.mean(ops.maximum(shares * off, (shares - 1) * off))

    def score(model: Any, t: Training) -> float:
        right = low[1650:, None] - wide[1650:, None] * np.log(1 - shares)
        return r2(right, found(model, t))

    return Training(
        net(4, (32, 32), 3), **rows(single(x), single(y)[:, None], 1400, 250), loss=loss,
        metrics=(), score=score, optimizer=adam(schedules.CosineDecay(4e-3, 20 * 44)), epochs=20,
    )  # fmt: skip


def two_branches() -> Training:
    """Two answers are right for each question: a mixture of two bells, as a squared error can't."""
    random, n = np.random.default_rng(1022), 1800
    x = random.uniform(-1, 1, (n, 1))
    side, apart = random.random(n) < 0.4, np.array([-1, 1], "float32")
    y = np.where(side, 1 + 0.5 * x[:, 0], -1 + np.sin(3 * x[:, 0])) + random.normal(0, 0.1, n)

    def loss(y: Any, said: Any) -> Any:
        share, mean, log = said[:, :2], said[:, 2:4] + apart, ops.clip(said[:, 4:], -4.0, 2.0)
        each = ops.log_softmax(share, -1) - log - 0.5 * ((y - mean) * ops.exp(-log)) ** 2
        return -ops.mean(ops.logsumexp(each, axis=-1))

    def score(model: Any, t: Training) -> float:
        said, x = found(model, t), t.test[0][:, 0]
        means = np.sort(said[:, 2:4] + apart, 1)
        return (r2(-1 + np.sin(3 * x), means[:, 0]) + r2(1 + 0.5 * x, means[:, 1])) / 2

    return Training(
        net(1, (32, 32), 6, "tanh"), **rows(single(x), single(y)[:, None], 1300, 200), loss=loss,
        metrics=(), score=score, optimizer=adam(schedules.CosineDecay(0.01, 30 * 41)), epochs=30,
    )  # fmt: skip


def three_hundred_voices() -> Training:
    """Three hundred classes of eight rows each: the loss begins near 5.7, the share near 0."""
    random = np.random.default_rng(1023)
    middle, n = random.normal(size=(300, 24)), 300 * 12
    y = random.permutation(np.arange(n) % 300)
    x = middle[y] + random.normal(0, 0.4, (n, 24))
    return Training(
        lambda: nn.Sequential([nn.Input((24,)), L.Dense(128, "relu"), L.Dropout(0.2),
                               L.Dense(300)]),
        **rows(single(x), y, 2400, 400), loss=LOGITS,
        metrics=("accuracy", nn.metrics.SparseTopKCategoricalAccuracy(5)), optimizer=adam(3e-3),
        batch_size=64, epochs=25,
    )  # fmt: skip


def those_at_risk() -> Training:
    """Times with some cut off, by Cox's partial likelihood: rows of a batch are compared."""
    random, n = np.random.default_rng(1024), 2200
    x = random.normal(size=(n, 6))
    risk = x[:, 0] + 0.8 * np.abs(x[:, 1]) - 0.7 * x[:, 2]
    time, end = random.exponential(np.exp(-risk)), random.exponential(2, n)
    y = np.stack([np.minimum(time, end), time <= end], 1)

    def loss(y: Any, said: Any) -> Any:
        time, seen = y[:, :1], y[:, 1]
        still = ops.cast(ops.transpose(time) >= time, "float32")
        level = ops.log(ops.sum(still * ops.exp(ops.transpose(said)), axis=1))
        return ops.sum(seen * (level - said[:, 0])) / (ops.sum(seen) + 1e-6)

    def score(model: Any, t: Training) -> float:
        return float(np.corrcoef(found(model, t)[:, 0], risk[1850:])[0, 1])

    return Training(
        net(6, (32, 16), 1), **rows(single(x), single(y), 1600, 250), loss=loss, metrics=(),
        score=score, optimizer=adam(2e-3), batch_size=128, epochs=20,
    )  # fmt: skip


def one_is_better() -> Training:
    """Which of two cakes a judge prefers: one tower, its difference, and no bias of its own."""
    random, n = np.random.default_rng(1025), 2400
    a, b = random.normal(size=(2, n, 6))

    def taste(x: Any) -> Any:
        return x[:, 0] - np.abs(x[:, 1]) + 0.8 * x[:, 2] * x[:, 3]

    y = random.random(n) < logistic(3 * (taste(a) - taste(b)))

    def model() -> Any:
        one, two = nn.Input((6,)), nn.Input((6,))
        tower = nn.Sequential([L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1, use_bias=False)])  # fmt: skip
        return nn.Model([one, two], L.Subtract()([tower(one), tower(two)]))

    return Training(
        model, **rows((single(a), single(b)), single(y)[:, None], 1700, 250), score=hit,
        loss=nn.losses.BinaryCrossentropy(from_logits=True), threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


class Code(nn.Model):
    """An encoder to a bell for each row, and a decoder; one step of one's own for both."""

    def __init__(self, columns: int, code: int) -> None:
        super().__init__()
        self.read = nn.Sequential([nn.Input((columns,)), L.Dense(32, "tanh"), L.Dense(2 * code)])
        self.write = nn.Sequential([nn.Input((code,)), L.Dense(32, "tanh"), L.Dense(columns)])
        self.code, self.mean = code, nn.metrics.Mean("loss")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.write(self.read(x)[:, : self.code])

    def worth(self, x: Any) -> Any:
        """Return what the rows cost: how badly they are written, and how far the bells are."""
        both = self.read(x)
        mean, log = both[:, : self.code], both[:, self.code :]
        drawn = mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))
        off = ops.sum((self.write(drawn) - x) ** 2, axis=-1) / 0.1
        return ops.mean(0.5 * off + 0.5 * ops.sum(ops.exp(log) + mean**2 - 1 - log, axis=-1))

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        self.mean.update_state(self.optimizer.minimize(lambda: self.worth(x), self))
        return {"loss": self.mean.result()}


def bells_within() -> Training:
    """Twelve columns by two that are drawn: a variational autoencoder without targets."""
    random, n = np.random.default_rng(1026), 1900
    z = random.normal(size=(n, 2))
    bent = np.concatenate([z, np.sin(1.5 * z), z[:, :1] * z[:, 1:]], 1)
    x = bent @ random.normal(size=(5, 12)) / 2 + random.normal(0, 0.2, (n, 12))
    x = single(x)
    return Training(
        lambda: Code(12, 2), x[:1400], None, None, (x[1400:], x[1400:]), loss=None, metrics=(),
        score=lambda model, t: r2(t.test[1], found(model, t)), optimizer=adam(3e-3), epochs=40,
    )  # fmt: skip


class Pairs(nn.Model):
    """Two looks at a row are to be near, and far from those of the other rows."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential([nn.Input((16,)), L.Dense(64, "relu"), L.Dense(16)])
        self.mean = nn.metrics.Mean("loss")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return ops.concatenate([self.code(x[:, :16]), self.code(x[:, 16:])], axis=-1)

    def code(self, x: Any) -> Any:
        """Return the place on a sphere of each row of one look."""
        z = self.net(x)
        return z / ops.sqrt(ops.sum(z**2, axis=-1, keepdims=True) + 1e-6)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            z = ops.matmul(self.code(x[:, :16]), ops.transpose(self.code(x[:, 16:]))) / 0.2
            right = ops.sum(z * ops.eye(ops.shape(x)[0]), axis=-1)
            return ops.mean(ops.logsumexp(z, axis=-1) - right)

        self.mean.update_state(self.optimizer.minimize(loss, self.net))
        return {"loss": self.mean.result()}


def two_looks() -> Training:
    """No labels: what is the same in two noisy looks at a thing is found by comparing a batch."""
    random, n = np.random.default_rng(1027), 2300
    thing, mix = random.normal(size=(n, 6)), random.normal(size=(16, 16)) / 3
    looks = [np.concatenate([thing, random.normal(size=(n, 10))], 1) @ mix for _ in range(2)]
    x = single(np.concatenate(looks, 1))

    def score(model: Any, t: Training) -> float:
        a, b = np.split(found(model, t)[:200], 2, 1)
        return float(np.mean((a @ b.T).argmax(1) == np.arange(200)))

    return Training(
        Pairs, x[:1800], None, None, (x[1800:], x[1800:]), loss=None, metrics=(), score=score,
        optimizer=adam(2e-3), batch_size=90, epochs=40,
    )  # fmt: skip


def hurdle() -> Training:
    """Rain of a day: mostly none, else a lot; a chance and an amount by a likelihood of both."""
    random, n = np.random.default_rng(1028), 2600
    x = random.normal(size=(n, 5))
    wet = random.random(n) < logistic(1.5 * x[:, 0] - x[:, 1] - 0.8)
    log = 0.8 * x[:, 2] - 0.6 * np.abs(x[:, 3]) + 0.5
    y = wet * np.exp(log + random.normal(0, 0.4, n))

    def loss(y: Any, said: Any) -> Any:
        z, log, wet = said[:, :1], said[:, 1:], ops.cast(y > 0, "float32")
        off = (ops.log(ops.maximum(y, 1e-6)) - log) ** 2
        return ops.mean(ops.softplus(z) - wet * z + 0.5 * wet * off / 0.16)

    def score(model: Any, t: Training) -> float:
        said, wet = found(model, t), t.test[1][:, 0] > 0
        return (r2(log[2150:], said[:, 1]) + area(wet, said[:, 0])) / 2

    return Training(
        net(5, (32, 32), 2), **rows(single(x), single(y)[:, None], 1800, 350), loss=loss,
        metrics=(), score=score, optimizer=adam(schedules.CosineDecay(3e-3, 8 * 57)), epochs=8,
    )  # fmt: skip


def every_third_is_a_lie() -> Training:
    """A third of the given labels is drawn by chance: the share that is right stops at two thirds.

    The test's labels are true, and are found.
    """
    random, n = np.random.default_rng(1029), 4800
    x = random.normal(size=(n, 6))
    y = np.digitize(x[:, 0] + np.abs(x[:, 1]) - x[:, 2], [-0.2, 0.8, 1.9])
    said = np.where(random.random(n) < 0.45, random.integers(0, 4, n), y)
    said[4300:] = y[4300:]
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(32, "relu"), L.Dropout(0.2),
                               L.Dense(24, "relu"), L.Dense(4)]),
        **rows(single(x), said, 3900, 400), loss=LOGITS, optimizer=adam(2e-3), batch_size=64,
        epochs=15,
    )  # fmt: skip


def words_of_recipes() -> Training:
    """Two thousand columns of words, of which twelve of a row are not 0, and a single layer."""
    random, n = np.random.default_rng(1030), 2400
    y = random.integers(0, 3, n)
    share = 1 / (np.arange(2000) + 5)
    x = np.zeros((n, 2000), "float32")
    for row, kind in zip(x, y, strict=True):
        row[random.choice(2000, 9, p=share / share.sum())] = 1
        row[100 * kind + random.integers(0, 60, 3)] = 1
    return Training(
        lambda: nn.Sequential([nn.Input((2000,)), L.Dropout(0.2), L.Dense(3)]),
        **rows(x, y, 1700, 250), loss=LOGITS, optimizer=adam(5e-3), epochs=12,
    )  # fmt: skip


def one_in_sixty() -> Training:
    """One row in sixty is a fire: the last bias begins at its logarithm, and AUC is watched."""
    random, n = np.random.default_rng(1031), 6000
    y = random.random(n) < 1 / 60
    x = random.normal(size=(n, 7))
    x[y, :3] += [1.8, -1.6, 1.5]
    prior = nn.initializers.Constant(float(np.log(1 / 59)))
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(16, "relu"),
                               L.Dense(1, bias_initializer=prior)]),
        **rows(single(x), single(y)[:, None], 3600, 900), score=ranked,
        loss=nn.losses.BinaryCrossentropy(from_logits=True),
        metrics=(nn.metrics.AUC(from_logits=True),), optimizer=adam(3e-3), batch_size=128,
        epochs=12,
    )  # fmt: skip


def all_rows_at_once() -> Training:
    """A hundred and fifty rows in one batch: an epoch is a step, and there are hundreds."""
    random, n = np.random.default_rng(1032), 450
    x = random.uniform(-2, 2, (n, 2))
    y = np.sin(x[:, 0]) * x[:, 1] + random.normal(0, 0.05, n)
    return Training(
        net(2, (24, 24), 1, "tanh"), **rows(single(x), single(y)[:, None], 200, 50), **NUMBER,
        optimizer=adam(schedules.CosineDecay(0.02, 350)), batch_size=200, epochs=350,
    )  # fmt: skip


def streamed_from_a_mill() -> Training:
    """Batches come from a generator that never ends, each row once; an epoch is 40 of them."""

    def draw(random: Any, n: int) -> tuple[Any, Any]:
        x = random.normal(size=(n, 8))
        y = np.tanh(2 * x[:, 0]) + x[:, 1] * x[:, 2] - 0.5 * x[:, 3]
        return single(x), single(y + random.normal(0, 0.1, n))[:, None]

    def mill() -> Any:
        random = np.random.default_rng(1033)
        while True:
            yield draw(random, 48)

    held, test = (draw(np.random.default_rng(k), 300) for k in (1034, 1035))
    return Training(
        net(8, (48, 32), 1, "silu"), mill(), None, held, test, **NUMBER, optimizer=adam(4e-3),
        batch_size=THEIRS, epochs=20, fit={"steps_per_epoch": 40},
    )  # fmt: skip


def where_the_wind_comes_from() -> Training:
    """A direction as a point on the circle, by the cosine between the two: a loss down to -1."""
    random, n = np.random.default_rng(1036), 1700
    x = random.normal(size=(n, 5))
    angle = 1.5 * np.tanh(x[:, 0]) + 0.8 * x[:, 1] + 0.5 * x[:, 2] * x[:, 3]
    angle = angle + random.normal(0, 0.15, n)
    y = np.stack([np.cos(angle), np.sin(angle)], 1)

    def score(model: Any, t: Training) -> float:
        return float(np.mean(np.sum(found(model, t) * t.test[1], 1)))

    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(48, "relu"), L.Dense(32, "relu"),
                               L.Dense(2), L.UnitNormalization()]),
        **rows(single(x), single(y), 1200, 200), loss=nn.losses.CosineSimilarity(), metrics=(),
        score=score, optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


MAKES = (mean_and_spread, low_middle_and_high, two_branches, three_hundred_voices, those_at_risk,
         one_is_better, bells_within, two_looks, hurdle, every_third_is_a_lie, words_of_recipes,
         one_in_sixty, all_rows_at_once, streamed_from_a_mill,
         where_the_wind_comes_from)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
