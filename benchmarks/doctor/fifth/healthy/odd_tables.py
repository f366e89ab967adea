"""Healthy programs of the fifth part: tables and networks that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.tables import hot, joined
from benchmarks.doctor.tables import scaled
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
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
stops = nn.callbacks.EarlyStopping


def four_questions() -> Training:
    """Four questions with few answers: rows are alike by nature, and their labels differ."""
    random, n = np.random.default_rng(830), 3000
    answers = [random.integers(0, k, n) for k in (2, 3, 4, 5)]
    parts = [hot(a, k) for a, k in zip(answers, (2, 3, 4, 5), strict=True)]
    z = 1.5 * answers[0] + 1.2 * (answers[1] == 2) * answers[2] - 0.8 * answers[3] + 0.3
    y = random.random(n) < logistic(z)
    return Training(
        lambda: nn.Sequential([nn.Input((14,)), L.Dense(24, "relu"), L.Dense(1, "sigmoid")]),
        **rows(single(np.concatenate(parts, 1)), single(y)[:, None], 2200, 300),
        loss="binary_crossentropy", score=ranked, optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def one_row_a_step() -> Training:
    """Two hundred rows, one at a time: the loss of a step leaps, that of an epoch falls."""
    random, n = np.random.default_rng(831), 600
    x = random.normal(size=(n, 4))
    y = np.sin(x[:, 0]) + 0.6 * x[:, 1] - 0.4 * x[:, 2] + random.normal(0, 0.3, n)
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(16, "tanh"), L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 250, 100), **NUMBER,
        optimizer=by("SGD", schedules.CosineDecay(0.02, 250 * 20)), batch_size=1, epochs=20,
    )  # fmt: skip


def seldom_a_city() -> Training:
    """A hundred and twenty cities one-hot, some with a row or two: columns of hardly anything."""
    random, n = np.random.default_rng(832), 3600
    share = 1 / np.arange(1, 121)
    city = random.choice(120, n, p=share / share.sum())
    number = random.normal(size=(n, 3))
    y = random.normal(0, 0.6, 120)[city] + number[:, 0] * number[:, 1] + 0.5 * number[:, 2]
    y = y + random.normal(0, 0.2, n)
    x = joined(list(number.T), hot(city, 120), train=2800)
    return Training(
        lambda: nn.Sequential([nn.Input((123,)), L.Dense(48, "relu"), L.Dense(24, "relu"),
                               L.Dense(1)]),
        **rows(x, single(y)[:, None], 2800, 300), **NUMBER,
        optimizer=by("AdamW", schedules.CosineDecay(4e-3, 12 * 44), weight_decay=0.02),
        batch_size=64, epochs=12,
    )  # fmt: skip


def seven_powers_of_ten() -> Training:
    """Columns over seven powers of ten, as logarithms: the strength of a signal."""
    random, n = np.random.default_rng(833), 2000
    raw = 10 ** random.uniform(-4, 3, (n, 4))
    log = np.log10(raw)
    y = log[:, 0] - 0.6 * np.maximum(log[:, 1], log[:, 2]) + 0.2 * log[:, 3] ** 2
    y = scaled(y, y[:1400]) + random.normal(0, 0.1, n)
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1)]),
        **rows(single(log / 2), single(y)[:, None], 1400, 250), **NUMBER,
        optimizer=adam(schedules.CosineDecay(5e-3, 25 * 44)), epochs=25,
    )  # fmt: skip


def first_guess_is_the_mean() -> Training:
    """A weight of about thirty, by a last bias that begins there."""
    random, n = np.random.default_rng(834), 1500
    x = random.normal(size=(n, 7))
    y = 30 + 2 * np.tanh(x[:, 0] + x[:, 1] * x[:, 2]) + x[:, 3] + random.normal(0, 0.4, n)
    mean = nn.initializers.Constant(float(y[:1000].mean()))
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1, bias_initializer=mean)]),
        **rows(single(x), single(y)[:, None], 1000, 200), **NUMBER, optimizer=adam(3e-3),
        epochs=30,
    )  # fmt: skip


def held_by_a_share() -> Training:
    """A fifth of the rows is held by `validation_split`; the rows are in no order."""
    random, n = np.random.default_rng(835), 1900
    x, y = random.normal(size=(n, 9)), random.integers(0, 3, n)
    x[:, :3] += 1.5 * np.eye(3)[y]
    x[:, 3] += (y == 1) * x[:, 4]
    return Training(
        lambda: nn.Sequential([nn.Input((9,)), L.Dense(24, "relu"), L.Dense(3)]),
        single(x[:1300]), y[:1300], None, (single(x[1300:]), y[1300:]), loss=LOGITS,
        optimizer=adam(3e-3), epochs=10, fit={"validation_split": 0.2},
    )  # fmt: skip


class Waves(L.Layer):
    """Cosines of random directions, which are never learnt."""

    def __init__(self, units: int, wide: float) -> None:
        super().__init__()
        self.units, self.wide = units, wide

    def build(self, shape: Any) -> None:
        normal = nn.initializers.RandomNormal(stddev=self.wide)
        turn = nn.initializers.RandomUniform(0.0, 2 * np.pi)
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer=normal, trainable=False)
        self.b = self.add_weight(shape=(self.units,), initializer=turn, trainable=False)

    def call(self, x: Any) -> Any:
        return ops.cos(ops.matmul(x, self.w) + self.b)


def kernel_of_chance() -> Training:
    """Rings by 200 random cosines that stay as they are, and a hinge: a kernel machine."""
    random, n = np.random.default_rng(836), 1600
    x = random.uniform(-2, 2, (n, 2))
    y = np.sin(2.5 * np.hypot(*x.T)) + random.normal(0, 0.1, n) > 0
    small = nn.regularizers.L2(1e-4)

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t) > 0) == (t.test[1] > 0)))

    return Training(
        lambda: nn.Sequential([nn.Input((2,)), Waves(200, 1.5),
                               L.Dense(1, kernel_regularizer=small)]),
        **rows(single(x), single(2 * y - 1)[:, None], 1100, 200), loss="hinge",
        metrics=("hinge",), score=score,
        optimizer=adam(schedules.CosineDecay(2e-2, 20 * 35)), epochs=20,
    )  # fmt: skip


class Maxout(L.Layer):
    """The largest of three affine answers."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units, self.dense = units, L.Dense(3 * units)

    def call(self, x: Any) -> Any:
        return ops.max(ops.reshape(self.dense(x), (-1, self.units, 3)), axis=-1)


def largest_of_three() -> Training:
    """Layers without any activation of the library: the largest of three affine answers."""
    random, n = np.random.default_rng(837), 1900
    x = random.normal(size=(n, 6))
    y = np.argmax([np.abs(x[:, 0]), np.abs(x[:, 1]), 0.5 * np.abs(x[:, 2]) + 0.6], axis=0)
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), Maxout(24), L.Dropout(0.1), Maxout(16),
                               L.Dense(3, "softmax")]),
        **rows(single(x), y, 1300, 250), optimizer=adam(3e-3), epochs=15,
    )  # fmt: skip


def products_of_powers() -> Training:
    """A law of physics as logarithms: one affine layer is the truth, and finds it exactly."""
    random, n = np.random.default_rng(838), 900
    raw = np.exp(random.normal(size=(n, 5)))
    y = np.log(6.7 * raw[:, 0] * raw[:, 1] / raw[:, 2] ** 2)
    return Training(
        lambda: nn.Sequential([nn.Input((5,)), L.Dense(1)]),
        **rows(single(np.log(raw)), single(y)[:, None], 600, 100), **NUMBER,
        optimizer=adam(schedules.ExponentialDecay(0.05, 100, 0.8)), epochs=50,
    )  # fmt: skip


def true_and_false() -> Training:
    """Twenty columns of yes and no as bool, and a label that is bool as well."""
    random, n = np.random.default_rng(839), 2600
    x = random.random((n, 20)) < random.uniform(0.2, 0.8, 20)
    z = 3.0 * (x[:, 0] & x[:, 1]) + 2.0 * (x[:, 2] ^ x[:, 3]) + x[:, 4] - x[:, 5] - 1.8
    y = random.random(n) < logistic(2 * z)
    return Training(
        lambda: nn.Sequential([nn.Input((20,)), L.Dense(32, "relu"), L.Dense(1)]),
        **rows(x, y[:, None], 1900, 250), loss=BINARY, score=ranked,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),),
        optimizer=by("AdamW", schedules.CosineDecay(5e-3, 16 * 60), weight_decay=0.02), epochs=16,
    )  # fmt: skip


class Reached(nn.callbacks.Callback):
    """Ends a training as soon as the held rows are known well enough."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs["val_accuracy"] >= 0.965:
            self.model.stop_training = True


def until_it_is_good_enough() -> Training:
    """Digits, up to a hundred epochs: a callback ends it at 96.5 % of the held ones."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 64) / 8 - 1 for a in (x, x_test))
    parts = rows(x, y, len(x) - 220, 220)
    return Training(
        lambda: nn.Sequential([nn.Input((64,)), L.Dense(64, "silu"), L.Dropout(0.1),
                               L.Dense(10, "softmax")]),
        **{**parts, "test": (x_test, y_test)}, optimizer=adam(1e-3), epochs=100,
        fit={"callbacks": [Reached()]},
    )  # fmt: skip


def levels_in_order() -> Training:
    """Five levels in order: one number, and four thresholds that can't cross.

    After https://github.com/Raschka-research-group/coral-pytorch
    """
    random, n = np.random.default_rng(840), 2200
    x = random.normal(size=(n, 7))
    z = x[:, 0] + np.abs(x[:, 1]) - 0.7 * x[:, 2] * x[:, 3] + random.normal(0, 0.3, n)
    y = np.digitize(z, [-0.8, 0.2, 1.0, 2.0])

    class Above(L.Layer):
        """How far a number is above each of four thresholds."""

        def build(self, shape: Any) -> None:
            self.steps = self.add_weight(shape=(4,), initializer="ones", name="steps")

        def call(self, x: Any) -> Any:
            return x + 2.0 - ops.cumsum(ops.softplus(self.steps))

    def score(model: Any, t: Training) -> float:
        said, true = (found(model, t) > 0).sum(1), t.test[1].sum(1)
        return float(1 - np.abs(said - true).mean() / np.abs(true - np.median(true)).mean())

    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                               L.Dense(1, use_bias=False), Above()]),
        **rows(single(x), single(y[:, None] > np.arange(4)), 1500, 300), loss=BINARY, score=score,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(4e-3), epochs=20,
    )  # fmt: skip


def best_of_a_list() -> Training:
    """Which of six offers is taken: each gets a number by the same layers, then a softmax."""
    random, n = np.random.default_rng(841), 1900
    x = random.normal(size=(n, 6, 5))
    good = x[:, :, 0] - np.maximum(x[:, :, 1], 0) * 1.5 + 0.7 * x[:, :, 2] * x[:, :, 3]
    y = (3 * good + random.gumbel(size=good.shape)).argmax(1)

    def model() -> Any:
        inputs = nn.Input((6, 5))
        z = L.Dense(1)(L.Dense(32, "relu")(L.Dense(32, "relu")(inputs)))
        return nn.Model(inputs, L.Flatten()(z))

    return Training(
        model, **rows(single(x), y, 1300, 250), loss=LOGITS, optimizer=adam(3e-3), epochs=15,
    )  # fmt: skip


def three_names() -> Training:
    """Inputs and answers by their names, and a weight for each row of each answer."""
    random, n = np.random.default_rng(842), 2000
    a, b = random.normal(size=(n, 5)), random.integers(0, 8, n)
    noise = random.choice([0.1, 1.0], n)
    price = a[:, 0] * a[:, 1] + random.normal(0, 0.5, 8)[b] + random.normal(0, noise)
    sold = random.random(n) < logistic(2 * (a[:, 2] + 0.5 * (b > 3) - 0.3))

    def model() -> Any:
        columns, kind = nn.Input((5,), name="columns"), nn.Input((1,), name="kind", dtype="int64")
        z = L.Concatenate()([columns, L.Flatten()(L.Embedding(8, 3)(kind))])
        z = L.Dense(32, "relu")(L.Dense(48, "relu")(z))
        ends = {"price": L.Dense(1, name="price")(z),
                "sold": L.Dense(1, "sigmoid", name="sold")(z)}  # fmt: skip
        return nn.Model({"columns": columns, "kind": kind}, ends)

    def score(model: Any, t: Training) -> float:
        said = model.predict(t.test[0], verbose=0)
        sure = noise[1700:] < 0.5
        yes = np.mean((np.asarray(said["sold"]) > 0.5) == t.test[1]["sold"])
        return float(yes + r2(t.test[1]["price"][sure], np.asarray(said["price"])[sure])) / 2

    targets = {"price": single(price)[:, None], "sold": single(sold)[:, None]}
    weights = {"price": single(np.where(noise < 0.5, 1.8, 0.2)), "sold": np.ones(1400, "float32")}
    return Training(
        model, **rows({"columns": single(a), "kind": b[:, None]}, targets, 1400, 300),
        loss={"price": "mse", "sold": "binary_crossentropy"}, metrics=(), score=score,
        optimizer=adam(3e-3), epochs=16,
        fit={"sample_weight": {"price": weights["price"][:1400], "sold": weights["sold"]}},
    )  # fmt: skip


def wide_and_few() -> Training:
    """Four hundred columns, five hundred rows: most weights are driven to 0 by L1."""
    random, n = np.random.default_rng(843), 1300
    x = random.normal(size=(n, 400))
    y = x[:, 3] + 0.8 * x[:, 50] - 0.7 * x[:, 200] + 0.6 * x[:, 333] + random.normal(0, 0.3, n)
    return Training(
        lambda: nn.Sequential([nn.Input((400,)),
                               L.Dense(1, kernel_regularizer=nn.regularizers.L1(0.02))]),
        **rows(single(x), single(y)[:, None], 700, 200), **NUMBER,
        optimizer=adam(schedules.CosineDecay(0.02, 30 * 22)), epochs=30,
    )  # fmt: skip


def half_is_left_out() -> Training:
    """Half of the answers are unknown: NaN became 0, and a mask beside them says so."""
    random, n = np.random.default_rng(844), 2200
    x = random.normal(size=(n, 8))
    z = np.tanh(x @ random.normal(size=(8, 10))) @ random.normal(size=(10, 4)) / 2
    y, known = single(z + random.normal(0, 0.15, z.shape)), single(random.random((n, 4)) < 0.5)

    def loss(y: Any, said: Any) -> Any:
        known = y[:, 4:]
        return ops.sum(known * (said - y[:, :4]) ** 2) / (ops.sum(known) + 1e-6)

    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(64, "gelu"), L.Dense(64, "gelu"),
                               L.Dense(4)]),
        **rows(single(x), np.concatenate([y * known, known], 1), 1600, 250), loss=loss, metrics=(),
        score=lambda model, t: r2(z[1850:], found(model, t)),
        optimizer=adam(schedules.CosineDecay(5e-3, 30 * 50)), epochs=30,
    )  # fmt: skip


def rare_rows_five_times() -> Training:
    """The rare class comes five times in each epoch, drawn anew, the held rows as they are."""
    random, n = np.random.default_rng(845), 4200
    y = random.random(n) < 0.1
    x = random.normal(size=(n, 8))
    x[y, :3] += [1.2, -1.0, 1.0]
    parts = rows(single(x), single(y)[:, None], 3000, 500)
    again = random.permutation(np.r_[np.arange(3000), np.repeat(np.flatnonzero(y[:3000]), 4)])
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(16, "relu"), L.Dropout(0.2),
                               L.Dense(1, "sigmoid")]),
        **{**parts, "x": parts["x"][again], "y": parts["y"][again]}, loss="binary_crossentropy",
        score=ranked, optimizer=adam(2e-3), batch_size=64, epochs=8,
    )  # fmt: skip


MAKES = (four_questions, one_row_a_step, seldom_a_city, seven_powers_of_ten,
         first_guess_is_the_mean, held_by_a_share, kernel_of_chance, largest_of_three,
         products_of_powers, true_and_false, until_it_is_good_enough, levels_in_order,
         best_of_a_list, three_names, wide_and_few, half_is_left_out,
         rare_rows_five_times)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
