"""Healthy programs of the fourth part: tables that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.tables import hot
from benchmarks.doctor.tables import scaled
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    logistic,
    r2,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def damages() -> Training:
    """What an accident costs, from tens to many thousands: a gamma likelihood, a log link."""
    random, n = np.random.default_rng(430), 2400
    x = random.normal(size=(n, 5))
    mean = np.exp(7 + 0.8 * x[:, :1] + 0.5 * x[:, 1:2] * x[:, 2:3] - 0.4 * np.abs(x[:, 3:4]))
    y = random.gamma(2.0, mean / 2)

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(p + y * ops.exp(-p) - ops.log(y) - 1.0)

    def score(model: Any, t: Training) -> float:
        return r2(np.log(mean[-500:]), found(model, t)[-500:])

    begin = nn.initializers.Constant(7.0)
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(32, "tanh"), L.Dense(32, "tanh"),
                               L.Dense(1, bias_initializer=begin)]),
        **rows(single(x), single(y), 1600, 300), loss=loss, metrics=(), score=score,
        optimizer=adam(5e-3), epochs=18,
    )  # fmt: skip


def kelvin() -> Training:
    """Temperatures of some 285 kelvin, which the last layer makes of numbers near 0."""
    random, n = np.random.default_rng(431), 1700
    x = random.uniform(-1.7, 1.7, (n, 5))
    y = 285 + 8 * np.sin(1.5 * x[:, :1]) - 5 * x[:, 1:2] + 3 * x[:, 2:3] * x[:, 3:4]
    y = y + random.normal(0, 1.0, y.shape)
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(40, "silu"), L.Dense(40, "silu"),
                               L.Dense(1), L.Rescaling(10.0, 285.0)]),
        **rows(single(x), single(y), 1100, 200), **{**NUMBER, "loss": "mae"},
        optimizer=adam(schedules.CosineDecay(6e-3, 25 * 35)), epochs=25,
    )  # fmt: skip


def added_bits() -> Training:
    """Two numbers of five bits, and the six bits of their sum: the upper ones come late."""
    a, b = (k.ravel() for k in np.meshgrid(np.arange(32), np.arange(32)))
    order = np.random.default_rng(432).permutation(1024)

    def bits(k: Any, count: int) -> Any:
        return k[order, None] >> np.arange(count) & 1

    x = np.concatenate([bits(a, 5), bits(b, 5)], 1) * 2 - 1
    return Training(
        lambda: nn.Sequential([nn.Input((10,)), L.Dense(128, "relu"), L.Dense(64, "relu"),
                               L.Dense(6)]),
        **rows(single(x), single(bits(a + b, 6)), 800, 80), loss=BINARY, metrics=(), score=hit,
        threshold=0.0, optimizer=adam(5e-3), epochs=45,
    )  # fmt: skip


def eight_at_a_time() -> Training:
    """Batches of eight rows and plain steps: the loss of a batch jumps up and down."""
    random, n = np.random.default_rng(433), 1200
    x = random.normal(size=(n, 6))
    y = np.digitize(x[:, 0] ** 2 + x[:, 1] - x[:, 2] + random.normal(0, 0.3, n), [0.0, 1.6])
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(32, "relu"), L.Dense(16, "relu"),
                               L.Dense(3, "softmax")]),
        **rows(single(x), y, 800, 150), optimizer=by("SGD", 0.03), batch_size=8, epochs=25,
    )  # fmt: skip


def all_in_one_batch() -> Training:
    """An epoch is one step over all rows, and 250 of them are taken."""
    random, n = np.random.default_rng(434), 1500
    angle, kind = random.uniform(0, 6.28, n), random.integers(0, 2, n)
    far = 1.0 + 0.5 * kind + 0.25 * np.sin(3 * angle) + random.normal(0, 0.07, n)
    x = np.stack([far * np.cos(angle), far * np.sin(angle)], 1)
    rate = schedules.CosineDecay(0.02, 250)
    return Training(
        lambda: nn.Sequential([nn.Input((2,)), L.Dense(48, "tanh"), L.Dense(48, "tanh"),
                               L.Dense(1)]),
        **rows(single(x), single(kind), 1000, 200), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(rate), batch_size=1000,
        epochs=250,
    )  # fmt: skip


class Rezero(L.Layer):
    """Adds a layer's answer times a number that begins as 0 (Bachlechner et al. 2020)."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.inside = L.Dense(units, "relu", kernel_initializer="he_normal")

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(1,), initializer="zeros", name="share")

    def call(self, x: Any) -> Any:
        return x + self.share * self.inside(x)


def twenty_that_begin_with_nothing() -> Training:
    """Twenty layers that are skipped at first: only the last one learns in the first step."""
    random, n = np.random.default_rng(435), 1700
    x = random.uniform(-1.7, 1.7, (n, 4))
    y = np.sin(2 * x[:, :1]) * x[:, 1:2] + 0.5 * x[:, 2:3] ** 2 - 0.5 + 0.1 * x[:, 3:]
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(24), *(Rezero(24) for _ in range(20)),
                               L.Dense(1)]),
        **rows(single(x), single(y + random.normal(0, 0.1, y.shape)), 1100, 200), **NUMBER,
        optimizer=adam(2e-3), epochs=20,
    )  # fmt: skip


def narrow_and_deep() -> Training:
    """Twelve layers of twelve tanh, whose weights begin as rotations."""
    random, n = np.random.default_rng(436), 1500
    x = random.normal(size=(n, 2))
    y = np.digitize(x[:, 0] - np.sin(2 * x[:, 1]), [-0.9, 0.0, 0.9])
    turn = nn.initializers.Orthogonal(gain=1.1)
    layers = [12] * 12
    return Training(
        lambda: nn.Sequential([nn.Input((2,)),
                               *(L.Dense(k, "tanh", kernel_initializer=turn) for k in layers),
                               L.Dense(4)]),
        **rows(single(x), y, 1000, 200), loss=LOGITS,
        optimizer=adam(schedules.ExponentialDecay(3e-3, 200, 0.6)), epochs=30,
    )  # fmt: skip


def four_for_one() -> Training:
    """Gradients of four batches of eight are gathered for one step; weights are averaged."""
    random, n = np.random.default_rng(437), 1600
    x = random.normal(size=(n, 6))
    y = np.tanh(x[:, :1] + x[:, 1:2]) + 0.7 * np.maximum(x[:, 2:3], 0) * x[:, 3:4]
    gathered = adam(6e-3, gradient_accumulation_steps=4, use_ema=True, ema_momentum=0.9)
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(40, "gelu"), L.Dense(40, "gelu"),
                               L.Dense(1)]),
        **rows(single(x), single(y + random.normal(0, 0.15, y.shape)), 1100, 200), **NUMBER,
        optimizer=gathered, batch_size=8, epochs=22,
    )  # fmt: skip


class Mirror(nn.Model):
    """Down by a matrix and up by the same one turned: principal components, found by steps."""

    def __init__(self, columns: int, codes: int) -> None:
        super().__init__()
        self.down = self.add_weight(shape=(columns, codes), initializer="orthogonal", name="down")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return ops.matmul(ops.matmul(x, self.down), ops.transpose(self.down, (1, 0)))


def principal() -> Training:
    """Thirty columns that are four, by weights that serve twice and nothing else."""
    random, n = np.random.default_rng(438), 1500
    x = random.normal(size=(n, 4)) @ random.normal(size=(4, 30)) + random.normal(0, 0.5, (n, 30))
    x = scaled(x, x[:1000])
    return Training(
        lambda: Mirror(30, 4), **rows(x, x, 1000, 200), **NUMBER,
        optimizer=by("SGD", 0.1, momentum=0.9), batch_size=50, epochs=12,
    )  # fmt: skip


def pages_in_order() -> Training:
    """Six pages for each question and how good they are: the list's likelihood (ListNet)."""
    random, n = np.random.default_rng(439), 1600
    x = random.normal(size=(n, 6, 5))
    good = x[..., 0] + np.maximum(x[..., 1], x[..., 2]) - 0.5 * x[..., 3] ** 2
    good = good + random.normal(0, 0.3, good.shape)
    share = np.exp(good - good.max(1, keepdims=True))
    share = share / share.sum(1, keepdims=True)

    def loss(y: Any, p: Any) -> Any:
        return -ops.mean(ops.sum(y * ops.log_softmax(p, axis=-1), axis=-1))

    def score(model: Any, t: Training) -> float:
        """How often the best page of a list is put first."""
        return float(np.mean(found(model, t).argmax(1) == t.test[1].argmax(1)))

    return Training(
        lambda: nn.Sequential([nn.Input((6, 5)), L.Dense(32, "relu"), L.Dense(16, "relu"),
                               L.Dense(1), L.Reshape((6,))]),
        **rows(single(x), single(share), 1000, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(4e-3), epochs=12,
    )  # fmt: skip


def wrong_labels() -> Training:
    """A quarter of the labels in training are wrong; those held out were looked at twice."""
    random, n = np.random.default_rng(440), 2600
    x = random.normal(size=(n, 5))
    y = (x[:, :4] @ random.normal(size=(4, 4)) + 0.8 * x[:, 4:] ** 2).argmax(1)
    told = np.where(random.random(n) < 0.25, random.integers(0, 4, n), y)
    told[1800:] = y[1800:]
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(32, "relu"), L.Dense(4)]),
        **rows(single(x), told, 1800, 300), loss=LOGITS, score=hit, optimizer=adam(4e-3), epochs=15,
    )  # fmt: skip


def far_tails() -> Training:
    """Targets with noise of far tails, up to a hundred spreads: Huber's loss does not mind."""
    random, n = np.random.default_rng(441), 2000
    x = random.normal(size=(n, 4))
    y = np.sin(1.5 * x[:, :1]) + 0.6 * x[:, 1:2] - 0.4 * x[:, 2:3] * x[:, 3:4]
    noisy = y + 0.2 * random.standard_t(1.6, y.shape)
    noisy[1600:] = y[1600:]
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(48, "relu"), L.Dense(24, "relu"),
                               L.Dense(1)]),
        **rows(single(x), single(noisy), 1300, 300),
        **{**NUMBER, "loss": nn.losses.Huber(delta=0.5)},
        optimizer=adam(schedules.CosineDecay(4e-3, 25 * 41)), epochs=25,
    )  # fmt: skip


def few_that_matter() -> Training:
    """Five of eighty columns matter, and an L1 makes nearly all weights of the first layer 0."""
    random, n = np.random.default_rng(442), 1600
    x = random.normal(size=(n, 80))
    y = 1.5 * x[:, 3] - x[:, 17] + np.abs(x[:, 40]) + x[:, 55] * x[:, 71]
    y = scaled(y, y[:1100]) + random.normal(0, 0.2, n)
    sparse = nn.regularizers.L1(2e-3)
    return Training(
        lambda: nn.Sequential([nn.Input((80,)), L.Dense(24, "relu", kernel_regularizer=sparse),
                               L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 1100, 200), **NUMBER,
        optimizer=adam(schedules.ExponentialDecay(0.01, 300, 0.6)), epochs=35,
    )  # fmt: skip


def waves_of_places() -> Training:
    """A curve that swings fast, from sines of random turns that nobody trains."""
    random = np.random.default_rng(443)
    x = random.uniform(-1, 1, (1500, 2))
    y = np.sin(9 * x[:, :1]) * np.cos(7 * x[:, 1:]) + random.normal(0, 0.1, (1500, 1))
    turns = random.normal(0, 6, (2, 48))

    def waves(z: Any) -> Any:
        z = ops.matmul(z, ops.convert_to_tensor(single(turns)))
        return ops.concatenate([ops.sin(z), ops.cos(z)], axis=-1)

    return Training(
        lambda: nn.Sequential([nn.Input((2,)), L.Lambda(waves), L.Dense(32, "relu"), L.Dense(1)]),
        **rows(single(x), single(y), 1000, 200), **NUMBER, optimizer=adam(3e-3), epochs=16,
    )  # fmt: skip


def never_falling() -> Training:
    """A dose and its effect: weights may not be negative, so that the effect never falls."""
    random, n = np.random.default_rng(444), 1500
    x = random.uniform(0, 1, (n, 3))
    y = np.tanh(5 * (x[:, :1] - 0.4)) + x[:, 1:2] ** 2 + 0.4 * np.sqrt(x[:, 2:])
    given: dict[str, Any] = {
        "kernel_constraint": nn.constraints.NonNeg(),
        "kernel_initializer": nn.initializers.RandomUniform(0.0, 0.3),
    }
    return Training(
        lambda: nn.Sequential([nn.Input((3,)), L.Dense(24, "tanh", **given),
                               L.Dense(12, "tanh", **given), L.Dense(1, **given)]),
        **rows(single(2 * x - 1), single(y + random.normal(0, 0.1, y.shape)), 1000, 200), **NUMBER,
        optimizer=adam(0.01), epochs=30,
    )  # fmt: skip


def fish() -> Training:
    """How many fish a group caught: most did not fish at all, so zeros come from two causes."""
    random, n = np.random.default_rng(445), 2400
    x = random.normal(size=(n, 4))
    fished = random.random((n, 1)) < logistic(1.5 * x[:, :1] - 0.8)
    mean = np.exp(0.8 + 0.7 * x[:, 1:2] - 0.4 * np.abs(x[:, 2:3]))
    y = np.where(fished, random.poisson(mean), 0)

    def loss(y: Any, p: Any) -> Any:
        some, log = p[:, :1], p[:, 1:]
        caught = y * log - ops.exp(log) + ops.log_sigmoid(some)
        none = ops.logaddexp(ops.log_sigmoid(-some), ops.log_sigmoid(some) - ops.exp(log))
        return -ops.mean(ops.where(y > 0.5, caught, none))

    def score(model: Any, t: Training) -> float:
        """How near the mean that is said is to the true one."""
        p, x = found(model, t), t.test[0]
        true = logistic(1.5 * x[:, 0] - 0.8) * np.exp(0.8 + 0.7 * x[:, 1] - 0.4 * np.abs(x[:, 2]))
        return r2(np.sqrt(true), np.sqrt(logistic(p[:, 0]) * np.exp(p[:, 1])))

    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(24, "tanh"), L.Dense(2)]),
        **rows(single(x), single(y), 1700, 300), loss=loss, metrics=(), score=score,
        optimizer=adam(schedules.CosineDecay(0.01, 18 * 27)), batch_size=64, epochs=18,
    )  # fmt: skip


def ninety_rows() -> Training:
    """Ninety rows to learn from and thirty held out: what they say is uncertain."""
    random, n = np.random.default_rng(446), 620
    x = random.normal(size=(n, 6))
    y = x[:, 0] - 0.8 * x[:, 1] + 0.3 * x[:, 2] ** 2 - 0.3 + random.normal(0, 0.3, n)
    decay = nn.regularizers.L2(1e-2)
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(12, "tanh", kernel_regularizer=decay),
                               L.Dense(1, kernel_regularizer=decay)]),
        **rows(single(x), single(y)[:, None], 90, 30), **NUMBER, optimizer=adam(0.01),
        batch_size=15, epochs=60,
    )  # fmt: skip


def weekdays() -> Training:
    """Hours, days and months are all that is known, as places on circles: never beyond 1."""
    random, n = np.random.default_rng(447), 2400
    when = [random.integers(0, k, n) for k in (24, 7, 12)]
    turn = [2 * np.pi * w / k for w, k in zip(when, (24, 7, 12), strict=True)]
    x = np.stack([f(t) for t in turn for f in (np.sin, np.cos)], 1)
    z = 2.5 * np.sin(turn[0] - 2) * (1.5 * (when[1] < 5) - 0.5) + np.cos(turn[2]) + 0.4
    y = random.random(n) < logistic(1.5 * z)
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(single(x), single(y), 1700, 250), loss=BINARY, score=ranked,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(3e-3), epochs=14,
    )  # fmt: skip


def seldom_and_clear() -> Training:
    """Nine kinds, of which the rarest comes once in sixty: it is easily told and well learnt."""
    random, n = np.random.default_rng(448), 3000
    share = np.array([0.4, 0.2, 0.12, 0.09, 0.07, 0.05, 0.03, 0.022, 0.018])
    y = random.choice(9, n, p=share)
    x = random.normal(0, 2.2, (9, 10))[y] + random.normal(size=(n, 10))
    return Training(
        lambda: nn.Sequential([nn.Input((10,)), L.Dense(48, "relu"), L.Dense(9, "softmax")]),
        **rows(scaled(x, x[:2000]), y, 2000, 400), optimizer=adam(5e-3), epochs=12,
    )  # fmt: skip


def nearly_empty() -> Training:
    """Words of a shop's reviews by presence: 200 columns of zeros with ten ones a row."""
    random, n = np.random.default_rng(449), 2400
    usual = 1 / np.arange(5, 205)
    mood = np.where(random.random(200) < 0.4, random.normal(0, 1.0, 200), 0.0)
    words = np.stack([random.choice(200, 10, replace=False, p=usual / usual.sum())
                      for _ in range(n)])  # fmt: skip
    x = hot(words, 200).sum(1)
    y = random.random(n) < logistic(1.5 * mood[words].sum(1))
    return Training(
        lambda: nn.Sequential([nn.Input((200,)), L.Dense(16, "relu"), L.Dropout(0.4), L.Dense(1)]),
        **rows(single(x), single(y), 1800, 200), loss=BINARY, score=ranked,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(3e-3), epochs=7,
    )  # fmt: skip


MAKES = (damages, kelvin, added_bits, eight_at_a_time, all_in_one_batch,
         twenty_that_begin_with_nothing, narrow_and_deep, four_for_one, principal, pages_in_order,
         wrong_labels, far_tails, few_that_matter, waves_of_places, never_falling, fish,
         ninety_rows, weekdays, seldom_and_clear, nearly_empty)  # fmt: skip

HEALTHY = [Healthy(f"fourth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
