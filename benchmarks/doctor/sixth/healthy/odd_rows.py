"""Healthy programs of the sixth part: more tables, trained in ways that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.sixth.healthy.odd_tables import net
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    area,
    by,
    found,
    logistic,
    r2,
    rows,
    single,
)
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def known_from_another_town() -> Training:
    """A body that was trained on many rows of another town stays as it is; a head has ninety."""
    random = np.random.default_rng(1040)
    way = random.normal(size=(10, 4)) / 2

    def town(n: int, last: Any) -> tuple[Any, Any]:
        x = random.normal(size=(n, 10))
        return single(x), single(np.tanh(1.5 * x @ way) @ last + random.normal(0, 0.1, n))[:, None]

    body = nn.Sequential([nn.Input((10,)), L.Dense(48, "relu"), L.Dense(12, "relu")])
    ends = random.normal(size=(4, 6))
    x = random.normal(size=(3000, 10))
    before = nn.Sequential([body, L.Dense(6)])
    before.compile(nn.optimizers.Adam(4e-3), "mse")
    before.fit(single(x), single(np.tanh(1.5 * x @ way) @ ends), epochs=15, verbose=0, doctor=False)
    body.trainable = False
    x, y = town(700, np.array([1.0, -0.8, 0.6, 0.5]))
    return Training(
        lambda: nn.Sequential([nn.Input((10,)), body, L.Dense(1)]), **rows(x, y, 90, 60), **NUMBER,
        optimizer=adam(schedules.CosineDecay(0.02, 60 * 6)), batch_size=16, epochs=60,
    )  # fmt: skip


class Aside(L.Layer):
    """What goes past two layers, and a share of them that begins at 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = L.Dense(width, "relu"), L.Dense(width)

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, x: Any) -> Any:
        return x + self.share * self.second(self.first(x))


def forty_that_begin_as_one() -> Training:
    """Twenty blocks of two layers, of which nothing is let through at first, and no norm."""
    random, n = np.random.default_rng(1041), 2000
    x = random.normal(size=(n, 4))
    y = np.sin(2 * x[:, 0]) * x[:, 1] + np.abs(x[:, 2]) * 0.7 + random.normal(0, 0.1, n)
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(24), *[Aside(24) for _ in range(20)],
                               L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 1400, 250), **NUMBER,
        optimizer=adam(schedules.CosineDecay(3e-3, 30 * 44)), epochs=30,
    )  # fmt: skip


def never_less_for_more() -> Training:
    """A price that may only rise with each column: no weight is below 0."""
    random, n = np.random.default_rng(1042), 1600
    x = random.uniform(-1.5, 1.5, (n, 5))
    y = np.tanh(2 * x[:, 0]) + np.exp(0.7 * x[:, 1]) * 0.5 + np.maximum(x[:, 2], x[:, 3])
    y = y + random.normal(0, 0.1, n) - 1

    def dense(width: int, act: Any = None) -> Any:
        start = nn.initializers.RandomUniform(0.0, 0.4)
        return L.Dense(width, act, kernel_constraint="non_neg", kernel_initializer=start)

    return Training(
        lambda: nn.Sequential([nn.Input((5,)), dense(24, "tanh"), dense(24, "tanh"), dense(1)]),
        **rows(single(x), single(y)[:, None], 1100, 200), **NUMBER,
        optimizer=adam(schedules.CosineDecay(0.01, 40 * 35)), epochs=40,
    )  # fmt: skip


def shares_of_a_jury() -> Training:
    """How twelve tasters voted for four kinds: targets are shares, and the loss can't reach 0."""
    random, n = np.random.default_rng(1043), 1700
    x = random.normal(size=(n, 6))
    z = np.stack([x[:, 0], np.abs(x[:, 1]), x[:, 2] * x[:, 3], 0 * x[:, 4]], 1) * 1.5
    chance = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    y = np.stack([random.multinomial(12, p) for p in chance]) / 12
    return Training(
        net(6, (32, 32), 4, end="softmax"), **rows(single(x), single(y), 1200, 200),
        loss="kl_divergence", metrics=(), optimizer=adam(2e-3), epochs=15,
        score=lambda model, t: r2(chance[1400:], found(model, t)),
    )  # fmt: skip


def only_what_is_sound() -> Training:
    """Bearings that are sound are rebuilt by a narrow middle; broken ones, unseen, are not."""
    random, n = np.random.default_rng(1044), 2300
    ways = random.normal(size=(3, 20)) / 1.5
    z = random.normal(size=(n, 3))
    x = np.tanh(z @ ways) + random.normal(0, 0.1, (n, 20))
    bad = np.r_[np.zeros(n - 300), random.random(300) < 0.3] > 0
    x[bad] += random.normal(0, 0.35, (bad.sum(), 20))
    x, cut, held = single(x), 1700, 2000

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], ((found(model, t) - t.test[0]) ** 2).mean(1))

    return Training(
        lambda: nn.Sequential([nn.Input((20,)), L.Dense(32, "relu"), L.Dense(3),
                               L.Dense(32, "relu"), L.Dense(20)]),
        x[:cut], x[:cut], (x[cut:held], x[cut:held]), (x[held:], single(bad[held:])), loss="mse",
        metrics=(), score=score, optimizer=adam(schedules.CosineDecay(5e-3, 30 * 54)), epochs=30,
    )  # fmt: skip


def begins_again_thrice() -> Training:
    """The rate falls and leaps up again three times, each time for twice as long."""
    random, n = np.random.default_rng(1045), 1900
    y = random.integers(0, 4, n)
    angle, far = random.uniform(0, 2 * np.pi, n), random.normal(1 + 0.8 * y, 0.18)
    x = np.stack([far * np.cos(angle), far * np.sin(angle)], 1) / 2
    rate = schedules.CosineDecayRestarts(0.15, 5 * 41, t_mul=2.0, alpha=0.01)
    return Training(
        net(2, (32, 32), 4), **rows(single(x), y, 1300, 250), loss=LOGITS,
        optimizer=by("SGD", rate, momentum=0.9), epochs=35,
    )  # fmt: skip


class Sine(L.Layer):
    """An affine layer and its sine; the first one is made much wider at the start."""

    def __init__(self, width: int, wide: float, turn: float = 8.0) -> None:
        super().__init__()
        start = nn.initializers.RandomUniform(-wide, wide)
        self.dense, self.turn = L.Dense(width, kernel_initializer=start), turn

    def call(self, x: Any) -> Any:
        return ops.sin(self.turn * self.dense(x))


def sines_all_the_way() -> Training:
    """The height of a rough land by its two places, from layers of sines with their own weights."""
    random, n = np.random.default_rng(1046), 3000
    x = random.uniform(-1, 1, (n, 2))
    y = np.sin(9 * x[:, 0]) * np.cos(7 * x[:, 1]) + 0.5 * np.sin(14 * x[:, 0] * x[:, 1])
    wide = float(np.sqrt(6 / 48) / 8)
    return Training(
        lambda: nn.Sequential([nn.Input((2,)), Sine(48, 0.5), Sine(48, wide), L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 2200, 300), **NUMBER,
        optimizer=adam(schedules.CosineDecay(2e-3, 20 * 69)), epochs=20,
    )  # fmt: skip


class Harder(nn.data.PyDataset):
    """Rows from the plainest on: at first the nearest third, in the end all of them."""

    def __init__(self, x: Any, y: Any, hard: Any) -> None:
        super().__init__()
        order = np.argsort(hard)
        self.x, self.y, self.epoch, self.random = x[order], y[order], 0, np.random.default_rng(0)

    def __len__(self) -> int:
        return 40

    def __getitem__(self, k: int) -> tuple[Any, Any]:
        share = min(1.0, 0.34 + 0.08 * self.epoch)
        at = self.random.integers(0, int(share * len(self.x)), 32)
        return self.x[at], self.y[at]

    def on_epoch_end(self) -> None:
        self.epoch += 1


def plain_rows_first() -> Training:
    """A school in which plain rows come first: the loss may rise where harder ones begin."""
    random, n = np.random.default_rng(1047), 2200
    x = random.normal(size=(n, 8))
    z = x[:, 0] + x[:, 1] * x[:, 2] - 0.7 * np.abs(x[:, 3]) + 0.5
    y = single(random.random(n) < logistic(4 * z))[:, None]
    parts = rows(single(x), y, 1600, 250)
    return Training(
        net(8, (48, 24), 1, end="sigmoid"),
        **{**parts, "x": Harder(parts["x"], parts["y"], -np.abs(z[:1600])), "y": None},
        loss="binary_crossentropy", optimizer=adam(3e-3), batch_size=THEIRS, epochs=18,
    )  # fmt: skip


def days_of_watching() -> Training:
    """Counts up to hundreds, of places watched for a day or a year: the days go past the layers."""
    random, n = np.random.default_rng(1048), 2000
    x, days = random.normal(size=(n, 5)), random.uniform(1, 365, n)
    rate = np.exp(0.5 * x[:, 0] - 0.4 * np.abs(x[:, 1]) + 0.3 * x[:, 2] * x[:, 3] - 1)
    y = random.poisson(rate * days)

    def model() -> Any:
        columns, log = nn.Input((5,)), nn.Input((1,))
        z = L.Dense(1)(L.Dense(32, "tanh")(L.Dense(32, "tanh")(columns)))
        return nn.Model([columns, log], L.Activation("exponential")(L.Add()([z, log])))

    def score(model: Any, t: Training) -> float:
        return r2(np.log(rate[1650:]), np.log(found(model, t)[:, 0] / days[1650:]))

    return Training(
        model, **rows((single(x), single(np.log(days))[:, None]), single(y)[:, None], 1400, 250),
        loss="poisson", metrics=(), score=score, optimizer=by("Adam", 2e-3, clipnorm=1.0),
        epochs=25,
    )  # fmt: skip


MAKES = (known_from_another_town, forty_that_begin_as_one, never_less_for_more, shares_of_a_jury,
         only_what_is_sound, begins_again_thrice, sines_all_the_way, plain_rows_first,
         days_of_watching)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
