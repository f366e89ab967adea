"""Faults of dense networks: data, losses, weights, steps."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor import tables
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import dense, digits
from benchmarks.doctor.training import Training

L = nn.layers


def adam(rate: Any, **given: Any) -> Any:
    """Return what makes an Adam of a rate."""
    return lambda: nn.optimizers.Adam(rate, **given)


def sgd(rate: Any, **given: Any) -> Any:
    """Return what makes an SGD of a rate."""
    return lambda: nn.optimizers.SGD(rate, **given)


def raw_cancer(t: Training) -> Training:
    """Columns as they were measured."""
    raw = tables.cancer_raw()
    return t.but(x=raw.x, y=raw.y, validation=raw.validation, test=raw.test)


def one_large_column(t: Training) -> Training:
    """A column in another unit, 10,000 times as large."""
    factor = np.ones(t.x.shape[1], "float32")
    factor[3] = 1e4
    return t.on(lambda x: x * factor)


def raw_validation(t: Training) -> Training:
    """The held-out rows and those of later are as they were measured."""
    raw = tables.cancer_raw()
    return t.but(validation=raw.validation, test=raw.test)


def house_prices(t: Training) -> Training:
    """Targets near 250,000."""
    return t.to(lambda y: y * 80_000 + 250_000)


def shuffled_labels(t: Training) -> Training:
    """Rows of x and y that do not belong together."""
    return t.but(y=np.random.default_rng(9).permutation(t.y))


def sorted_rows(t: Training) -> Training:
    """All rows of a class after one another, and no shuffling."""
    order = np.argsort(np.asarray(t.y).ravel(), kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={**t.fit, "shuffle": False})


def wrong_loss_of_classes(t: Training) -> Training:
    """Class numbers as numbers to be met by one output."""

    def score(model: Any, training: Training) -> float:
        x, y = training.test
        return float(np.mean(np.rint(np.asarray(model.predict(x, verbose=0))[:, 0]) == y))

    return t.but(model=dense(64, (64, 64), 1, end=None), loss="mse", metrics=(), score=score)


def scores_as_probabilities(t: Training) -> Training:
    """No softmax at the end, and a loss that takes probabilities."""
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=False)
    return t.but(model=dense(64, (64, 64), 10, end=None), loss=loss)


def softmax_twice(t: Training) -> Training:
    """Softmax at the end, written as a layer of one's own, and once more in the loss."""

    def model() -> Any:
        squashed = L.Lambda(
            lambda z: nn.ops.exp(z) / nn.ops.sum(nn.ops.exp(z), axis=-1, keepdims=True)
        )
        return nn.Sequential([nn.Input((64,)), L.Dense(64, "relu"), L.Dense(10), squashed])

    return t.but(
        model=model, loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=4
    )


def answer_in_a_column(t: Training) -> Training:
    """A column of the training rows that is the answer; the test rows have nothing there."""
    random = np.random.default_rng(3)

    def with_column(x: Any, column: Any) -> Any:
        return np.concatenate([x, column[:, None].astype("float32")], axis=1)

    known = [2.0 * y - 1 for y in (t.y, t.validation[1])]
    return t.but(
        model=dense(3, (32, 32), 1, end="sigmoid"),
        x=with_column(t.x, known[0]),
        validation=(with_column(t.validation[0], known[1]), t.validation[1]),
        test=(with_column(t.test[0], random.choice([-1.0, 1.0], len(t.test[0]))), t.test[1]),
    )


def zeros_between(t: Training) -> Training:
    """A bias far below zero: no unit of the first layer ever says anything."""

    def model() -> Any:
        first = L.Dense(64, "relu", bias_initializer=nn.initializers.Constant(-6.0))
        return nn.Sequential([nn.Input((64,)), first, L.Dense(64, "relu"), L.Dense(10, "softmax")])

    return t.but(model=model)


def few_noisy_rows(t: Training) -> Training:
    """Sixty rows, a third of the labels wrong, a wide network and hundreds of epochs."""
    random = np.random.default_rng(5)
    x, y = t.x[:60], np.array(t.y[:60])
    wrong = random.random(60) < 0.3
    y[wrong] = random.integers(0, 2, wrong.sum())
    return t.but(
        model=dense(30, (256, 256), 1, end="sigmoid"), x=x, y=y, epochs=200, optimizer=adam(2e-3)
    )


def frozen_all_but_last(t: Training) -> Training:
    """Hidden layers that are not trained, from weights that do little."""

    def model() -> Any:
        small = nn.initializers.RandomNormal(stddev=1e-3)
        hidden = [L.Dense(64, "tanh", kernel_initializer=small, trainable=False) for _ in range(2)]
        return nn.Sequential([nn.Input((64,)), *hidden, L.Dense(10, "softmax")])

    return t.but(model=model)


def log_of_nothing(t: Training) -> Training:
    """A cross-entropy by hand, without a guard against log(0)."""

    def loss(y: Any, p: Any) -> Any:
        y = nn.ops.reshape(nn.ops.cast(y, "float32"), nn.ops.shape(p))
        return -nn.ops.mean(y * nn.ops.log(p) + (1 - y) * nn.ops.log(1 - p))

    return t.but(loss=loss, optimizer=sgd(2.0, momentum=0.9), metrics=())


def uphill(t: Training) -> Training:
    """A loss with the wrong sign."""
    return t.but(loss=lambda y, p: -nn.ops.mean(nn.ops.square(y - p)))


def normalised(t: Training, momentum: float = 0.99, end: str = "softmax") -> Training:
    """Return digits with batch normalisation."""

    def model() -> Any:
        norm = [L.BatchNormalization(momentum=momentum) for _ in range(2)]
        return nn.Sequential(
            [
                nn.Input((64,)),
                L.Dense(64),
                norm[0],
                L.Activation("relu"),
                L.Dense(64),
                norm[1],
                L.Activation("relu"),
                L.Dense(10, end),
            ]
        )

    return t.but(model=model)


def with_norm() -> Training:
    """Digits with batch normalisation."""
    return normalised(digits(), 0.9)


def with_(model: Any = None, **changes: Any) -> Any:
    """Return a plant that changes some parts."""
    return lambda t: t.but(**({"model": model} if model else {}), **changes)


def stopped_at_once(t: Training) -> Training:
    """Stops at the first epoch that is not better."""
    stop = nn.callbacks.EarlyStopping("val_loss", patience=0, min_delta=0.2)
    return t.but(fit={"callbacks": [stop]})


decayed = nn.optimizers.schedules.ExponentialDecay(1e-3, 8, 0.5)
slow_start = nn.optimizers.schedules.PolynomialDecay(1e-7, 100_000, 1e-3)


def dropped(rate: float) -> Any:
    """Return what makes digits' network with dropout."""
    return lambda: nn.Sequential(
        [
            nn.Input((64,)),
            L.Dense(64, "relu"),
            L.Dropout(rate),
            L.Dense(64, "relu"),
            L.Dropout(rate),
            L.Dense(10, "softmax"),
        ]
    )


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    (
        "digits: bytes times 16 for SGD",
        digits,
        lambda t: t.on(lambda x: x * 255).but(optimizer=sgd(0.1)),
        ("GD104",),
    ),
    ("cancer: columns not scaled", tables.cancer, raw_cancer, ("GD104",)),
    ("numbers: one column in another unit", tables.numbers, one_large_column, ("GD104",)),
    ("numbers: prices near 250,000", tables.numbers, house_prices, ("GD113",)),
    ("digits: labels of other rows", digits, shuffled_labels, ("GD510", "GD605", "GD601")),
    (
        "digits: sorted by class, not shuffled",
        digits,
        lambda t: sorted_rows(t).but(epochs=3, optimizer=sgd(0.2)),
        ("GD110",),
    ),
    ("moons: a column is the answer", tables.moons, answer_in_a_column, ("GD109",)),
    ("digits: labels from 1 to 10", digits, lambda t: t.to(lambda y: y + 1), ("GD102",)),
    (
        "digits: one-hot labels for class numbers",
        digits,
        lambda t: t.to(lambda y: np.eye(10)[y]),
        ("GD103", "GD203"),
    ),
    (
        "numbers: a value is missing",
        tables.numbers,
        lambda t: t.but(x=np.where(np.arange(t.x.size).reshape(t.x.shape) == 77, np.nan, t.x)),
        ("GD101",),
    ),
    ("cancer: test and validation not scaled", tables.cancer, raw_validation, ("GD111",)),
    (
        "wine: all features are one number",
        tables.wine,
        lambda t: t.on(lambda x: np.ones_like(x)),
        ("GD106", "GD307"),
    ),
    ("rare: no weights of classes", tables.rare, lambda t: t.but(fit={}, epochs=3), ("GD107",)),
    ("digits: a batch of all rows", digits, with_(batch_size=4000), ("GD112", "GD604")),
    (
        "wine: class weights are all zero",
        tables.wine,
        lambda t: t.but(fit={"class_weight": dict.fromkeys(range(3), 0.0)}),
        ("GD516",),
    ),
    # model and loss
    ("digits: scores taken for probabilities", digits, scores_as_probabilities, ("GD202",)),
    ("digits: softmax twice", digits, softmax_twice, ("GD201", "GD214")),
    ("digits: a number for ten classes", digits, wrong_loss_of_classes, ("GD203",)),
    (
        "digits: squared error of sigmoids",
        digits,
        lambda t: t.but(
            model=dense(64, (64, 64), 10, "sigmoid", "sigmoid"), loss="mse", optimizer=sgd(0.01)
        ).to(lambda y: np.eye(10, dtype="float32")[y]),
        ("GD206",),
    ),
    (
        "numbers: ReLU at the end",
        tables.numbers,
        with_(dense(10, (32, 32), 1, end="relu")),
        ("GD204",),
    ),
    (
        "numbers: sigmoid for all numbers",
        tables.numbers,
        with_(dense(10, (32, 32), 1, end="sigmoid")),
        ("GD204",),
    ),
    (
        "digits: ReLU before softmax",
        digits,
        with_(
            lambda: nn.Sequential(
                [nn.Input((64,)), L.Dense(64, "relu"), L.Dense(10, "relu"), L.Softmax()]
            )
        ),
        ("GD205",),
    ),
    (
        "moons: nothing between the layers",
        tables.moons,
        with_(dense(2, (32, 32), 1, None, "sigmoid")),
        ("GD207",),
    ),
    (
        "spirals: nothing between the layers",
        tables.spirals,
        with_(dense(2, (48, 48, 48), 1, None, "sigmoid")),
        ("GD207",),
    ),
    (
        "digits: all weights zero",
        digits,
        with_(dense(64, (64, 64), 10, kernel_initializer="zeros")),
        ("GD208",),
    ),
    (
        "digits: all weights equal",
        digits,
        with_(dense(64, (64, 64), 10, kernel_initializer=nn.initializers.Constant(0.05))),
        ("GD208",),
    ),
    (
        "digits: weights far too large",
        digits,
        with_(dense(64, (64, 64), 10, kernel_initializer=nn.initializers.RandomNormal(stddev=3.0))),
        ("GD209", "GD303", "GD301"),
    ),
    (
        "deep: weights far too small",
        tables.deep,
        with_(
            dense(64, (48,) * 10, 10, kernel_initializer=nn.initializers.RandomNormal(stddev=0.01))
        ),
        ("GD209", "GD303", "GD304"),
    ),
    (
        "deep: sigmoids in ten layers",
        tables.deep,
        with_(dense(64, (48,) * 10, 10, "sigmoid")),
        ("GD304", "GD501", "GD303", "GD307"),
    ),
    (
        "digits: saturated tanh",
        digits,
        with_(
            dense(
                64,
                (64, 64),
                10,
                "tanh",
                kernel_initializer=nn.initializers.RandomNormal(stddev=4.0),
            )
        ),
        ("GD209", "GD306", "GD504", "GD303"),
    ),
    ("digits: dropout of 95 %", digits, with_(dropped(0.95)), ("GD211",)),
    (
        "numbers: weight decay ten times the loss",
        tables.numbers,
        with_(dense(10, (32, 32), 1, end=None, kernel_regularizer=nn.regularizers.L2(1.0))),
        ("GD211",),
    ),
    (
        "cancer: an L1 that leaves no weight",
        tables.cancer,
        with_(dense(30, (32,), 1, end="sigmoid", kernel_regularizer=nn.regularizers.L1(0.5))),
        ("GD211",),
    ),
    ("digits: dead at birth", digits, zeros_between, ("GD305", "GD503", "GD307")),
    (
        "digits: only the last layer learns",
        digits,
        frozen_all_but_last,
        ("GD212", "GD303", "GD209", "GD304", "GD602"),
    ),
    ("digits: one hidden unit", digits, with_(dense(64, (1,), 10)), ("GD602",)),
    # numbers
    ("cancer: log of nothing", tables.cancer, log_of_nothing, ("GD401", "GD302")),
    (
        "numbers: a loss of the wrong sign",
        tables.numbers,
        uphill,
        ("GD401", "GD502", "GD506", "GD203", "GD510"),
    ),
    # steps
    (
        "digits: Adam's rate a thousand times too large",
        digits,
        with_(optimizer=adam(1.0)),
        ("GD506", "GD502", "GD503"),
    ),
    (
        "digits: SGD's rate far too large",
        digits,
        with_(optimizer=sgd(8.0)),
        ("GD506", "GD502", "GD503", "GD401"),
    ),
    (
        "moons: Adam's rate far too large",
        tables.moons,
        with_(optimizer=adam(2.0)),
        ("GD506", "GD502", "GD503"),
    ),
    (
        "numbers: a rate that diverges",
        tables.numbers,
        with_(optimizer=sgd(1.5)),
        ("GD401", "GD506", "GD502"),
    ),
    (
        "digits: momentum of 0.999",
        digits,
        with_(optimizer=sgd(0.5, momentum=0.999)),
        ("GD506", "GD509", "GD502", "GD503"),
    ),
    ("digits: Adam's rate far too small", digits, with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    ("digits: SGD's rate far too small", digits, with_(optimizer=sgd(1e-4)), ("GD507", "GD505")),
    (
        "numbers: a rate far too small",
        tables.numbers,
        with_(optimizer=adam(1e-6)),
        ("GD507", "GD505"),
    ),
    (
        "digits: a rate that is gone at once",
        digits,
        with_(optimizer=adam(decayed)),
        ("GD216", "GD507", "GD505"),
    ),
    (
        "digits: a warm-up longer than the training",
        digits,
        with_(optimizer=adam(slow_start)),
        ("GD216", "GD507", "GD505"),
    ),
    (
        "digits: gradients clipped to almost nothing",
        digits,
        with_(optimizer=sgd(0.1, clipnorm=1e-4)),
        ("GD514", "GD507", "GD505"),
    ),
    ("cancer: sixty rows by heart", tables.cancer, few_noisy_rows, ("GD601", "GD605")),
    ("digits: stopped at once", digits, stopped_at_once, ("GD216",)),
    (
        "normalised digits: running figures that never arrive",
        with_norm,
        lambda t: normalised(t, 0.9999),
        ("GD513",),
    ),
    (
        "normalised digits: batches of two",
        with_norm,
        lambda t: t.but(batch_size=2, epochs=1, optimizer=adam(0.01)),
        ("GD112", "GD513"),
    ),
]

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
