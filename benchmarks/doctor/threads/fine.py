"""Healthy programs that people asked about: what looks odd, and is not."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor import tables
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import cancer, dense, digits, layers, scaled, split
from benchmarks.doctor.threads import images, points, sequences
from benchmarks.doctor.threads import tables as asked
from benchmarks.doctor.training import Training, explained

L = nn.layers


def none(model: Any, training: Training) -> float:
    """No score: nothing is hidden here."""
    return 0.0


def gaussian() -> Training:
    """Mean and log spread by likelihood: the loss falls below zero."""
    x = np.random.default_rng(0).uniform(-2, 2, (1000, 1)).astype("float32")
    y = (np.sin(2 * x) + np.random.default_rng(1).normal(0, 0.05, x.shape)).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        mean, log = p[:, :1], p[:, 1:]
        return nn.ops.mean(log + 0.5 * nn.ops.square((y - mean) * nn.ops.exp(-log)))

    return Training(
        dense(1, (32, 32), 2, "tanh", None), **split(x, y), test=(x, y), loss=loss, metrics=(),
        optimizer=adam(0.005), epochs=30, score=none,
    )  # fmt: skip


def too_long() -> Training:
    """Adam on rows that are solved soon: the loss is 1e-10 and rises now and then."""
    random = np.random.default_rng(0)
    x, w = random.normal(size=(200, 10)), random.normal(size=(10, 1))
    x, y = x.astype("float32"), (x @ w).astype("float32")
    return Training(
        dense(10, (), 1, end=None), x, y, None, (x, y), loss="mse", metrics=(),
        optimizer=adam(0.05), epochs=150, score=explained,
    )  # fmt: skip


def dropped() -> Training:
    """Dropout of a half: validation is better than training."""
    model = layers(
        lambda: nn.Input((64,)), lambda: L.Dense(128, "relu"), lambda: L.Dropout(0.5),
        lambda: L.Dense(64, "relu"), lambda: L.Dropout(0.5), lambda: L.Dense(10, "softmax"),
    )  # fmt: skip
    return digits().but(model=model, epochs=15)


def pairs() -> Training:
    """Two digits, whether they are the same, by a contrastive loss on the distance."""
    t = digits()
    random = np.random.default_rng(0)
    chosen = random.integers(0, len(t.x), (1500, 2))
    same = random.random(1500) < 0.4
    for k in np.flatnonzero(same):
        chosen[k, 1] = random.choice(np.flatnonzero(t.y == t.y[chosen[k, 0]]))
    y = (t.y[chosen[:, 0]] == t.y[chosen[:, 1]]).astype("float32")[:, None]
    x = [t.x[chosen[:, 0]], t.x[chosen[:, 1]]]

    def model() -> Any:
        a, b = nn.Input((64,)), nn.Input((64,))
        body = nn.Sequential([nn.Input((64,)), L.Dense(32, "relu"), L.Dense(8)])
        gap = L.Subtract()([body(a), body(b)])
        far = L.Lambda(
            lambda z: nn.ops.sqrt(nn.ops.sum(nn.ops.square(z), axis=-1, keepdims=True) + 1e-6)
        )(gap)
        return nn.Model([a, b], far)

    def loss(y: Any, d: Any) -> Any:
        apart = nn.ops.maximum(1.0 - d, 0.0)
        return nn.ops.mean(y * nn.ops.square(d) + (1 - y) * nn.ops.square(apart))

    return Training(
        model, [a[:1200] for a in x], y[:1200], ([a[1200:] for a in x], y[1200:]), (x, y),
        loss=loss, metrics=(), epochs=10, score=none,
    )  # fmt: skip


def two_outputs() -> Training:
    """A class and a number from one body."""
    x, number = tables.friedman(1200)
    x = scaled(x, x)
    number = scaled(number[:, None], number[:, None])
    kind = (x[:, 3] > 0).astype("int64")

    def model() -> Any:
        inputs = nn.Input((10,))
        body = L.Dense(32, "relu")(inputs)
        return nn.Model(
            inputs, [L.Dense(1, name="number")(body), L.Dense(2, "softmax", name="kind")(body)]
        )

    return Training(
        model, x[:900], [number[:900], kind[:900]], (x[900:], [number[900:], kind[900:]]), (x, x),
        loss=["mse", "sparse_categorical_crossentropy"], metrics=(), optimizer=adam(0.005),
        epochs=15, score=none,
    )  # fmt: skip


def mixed_inputs() -> Training:
    """Columns, and a category by an Embedding."""
    random = np.random.default_rng(2)
    x, kind = random.normal(size=(1200, 4)).astype("float32"), random.integers(0, 6, (1200, 1))
    y = (x[:, :1] + np.array([-2, -1, 0, 0, 1, 2.0])[kind]).astype("float32")

    def model() -> Any:
        a, b = nn.Input((4,)), nn.Input((1,), dtype="int64")
        told = L.Flatten()(L.Embedding(6, 3)(b))
        return nn.Model([a, b], L.Dense(1)(L.Dense(16, "relu")(L.Concatenate()([a, told]))))

    return Training(
        model, [x[:900], kind[:900]], y[:900], ([x[900:], kind[900:]], y[900:]), ([x, kind], y),
        loss="mse", metrics=(), optimizer=adam(0.01), epochs=15, score=none,
    )  # fmt: skip


def one_class() -> Training:
    """An autoencoder that knows normal rows only: anomalies are what it can't rebuild."""
    (x, y), _ = nn.datasets.breast_cancer.load_data()
    x = scaled(x, x)[y == 1]
    return Training(
        layers(lambda: nn.Input((30,)), lambda: L.Dense(12, "tanh"), lambda: L.Dense(30)),
        x[:200], x[:200], (x[200:], x[200:]), (x[200:], x[200:]), loss="mae", metrics=(),
        optimizer=adam(0.005), epochs=30, score=none,
    )  # fmt: skip


def generated() -> Training:
    """Endless batches from a generator."""
    t = digits()

    def batches() -> Any:
        random = np.random.default_rng(0)
        while True:
            rows = random.integers(0, len(t.x), 32)
            yield t.x[rows], t.y[rows]

    return t.but(x=batches(), y=None, fit={"steps_per_epoch": 36}, batch_size=None, score=none)


def weighted_rows() -> Training:
    """Sample weights, a third of them zero."""
    t = cancer()
    weights = np.random.default_rng(0).choice([0.0, 0.5, 2.0], len(t.x)).astype("float32")
    return t.but(fit={"sample_weight": weights})


def stateful() -> Training:
    """A stateful LSTM over one long wave, in order, its state cleared after each pass."""
    series = np.sin(np.arange(4 * 40 * 10 + 1) / 7).astype("float32")
    x = series[:-1].reshape(4, 40, 10, 1).transpose(1, 0, 2, 3).reshape(160, 10, 1)
    y = series[1:].reshape(4, 40, 10, 1).transpose(1, 0, 2, 3).reshape(160, 10, 1)[:, -1]

    def model() -> Any:
        return nn.Sequential(
            [nn.Input((10, 1), batch_size=4), L.LSTM(12, stateful=True), L.Dense(1)]
        )

    class Clear(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.layers[0].reset_states()

    return Training(
        model, x, y, None, (x, y), loss="mse", metrics=(), batch_size=4, epochs=15,
        optimizer=adam(0.01), fit={"shuffle": False, "callbacks": [Clear()]}, score=none,
    )  # fmt: skip


def sparse_bag() -> Training:
    """A bag of 400 words, of which a row holds six: nearly all is zero."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 4000)
    x = np.zeros((4000, 400), "float32")
    for k in range(4000):
        x[k, random.integers(0, 400, 5)] = 1
        x[k, random.integers(0, 10) + 10 * y[k]] = 1
    return Training(
        dense(400, (16,), 1, end="sigmoid"), **split(x[:3600], y[:3600]), test=(x[3600:], y[3600:]),
        loss="binary_crossentropy", optimizer=adam(0.005), epochs=3,
    )  # fmt: skip


def tiny() -> Training:
    """Thirty rows of iris, kept simple."""
    t = asked.iris()
    return t.but(x=t.x[:30], y=t.y[:30], model=dense(4, (), 3), optimizer=adam(0.05))


def quantile() -> Training:
    """The 90 % quantile, which lies above most targets."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.maximum(0.9 * (y - p), -0.1 * (y - p)))

    return tables.numbers().but(loss=loss, score=none)


def ranking() -> Training:
    """Scores by pairs: their mean is of no meaning, their order is."""
    x, y = tables.friedman(1000)
    x, y = scaled(x, x), scaled(y[:, None], y[:, None])

    def loss(y: Any, p: Any) -> Any:
        gaps = nn.ops.transpose(p, (1, 0)) - p
        above = nn.ops.cast(nn.ops.transpose(y, (1, 0)) > y, "float32")
        return nn.ops.mean(above * nn.ops.softplus(-gaps))

    return tables.numbers().but(**split(x, y), loss=loss, score=none)


def with_kl() -> Training:
    """A variational autoencoder whose loss is a sum over pixels: it starts near 45."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.sum(nn.losses.binary_crossentropy(y, p) * 64, axis=-1))

    class Draw(L.Layer):
        def call(self, z: Any) -> Any:
            mean, log = z[:, :4], z[:, 4:]
            self.add_loss(0.5 * nn.ops.mean(nn.ops.square(mean) + nn.ops.exp(log) - log - 1.0))
            return mean + nn.ops.exp(0.5 * log) * nn.random.normal(nn.ops.shape(mean))

    def model() -> Any:
        x = inputs = nn.Input((64,))
        x = Draw()(L.Dense(8)(L.Dense(32, "relu")(x)))
        return nn.Model(inputs, L.Dense(64, "sigmoid")(L.Dense(32, "relu")(x)))

    return images.coder().but(model=model, loss=loss, score=none)


HEALTHY = [
    # https://stats.stackexchange.com/questions/630079: is a negative loss normal?
    Healthy("a likelihood below zero", "dense", gaussian),
    # https://qastack.ru/datascience/25024: strange behaviour of Adam when training for too long
    Healthy("solved to ten digits, and on", "dense", too_long),
    # https://github.com/keras-team/keras/issues/1761, /2330, /472
    Healthy("dropout, validation better", "dense", dropped),
    # https://github.com/omoindrot/tensorflow-triplet-loss/issues/6
    Healthy("contrastive pairs", "dense", pairs),
    Healthy("a class and a number", "dense", two_outputs),
    Healthy("columns and a category", "dense", mixed_inputs),
    Healthy("autoencoder of one class", "dense", one_class),
    Healthy("a generator", "dense", generated),
    Healthy("sample weights, some zero", "dense", weighted_rows),
    Healthy("stateful, in order and cleared", "recurrent", stateful),
    Healthy("a bag of words, nearly all zero", "dense", sparse_bag),
    Healthy("thirty rows", "dense", tiny),
    Healthy("a quantile", "dense", quantile),
    Healthy("ranking by pairs", "dense", ranking),
    Healthy("variational autoencoder, a sum of pixels", "images", with_kl),
    # https://github.com/keras-team/keras/issues/1539
    Healthy("a tag for each step", "recurrent", sequences.tags),
    Healthy("a third of the words unknown", "recurrent", lambda: sequences.reviews(0.3)),
    Healthy("masks, mostly background", "images", images.masks),
    Healthy("reconstruction", "images", images.coder),
    # https://ai.stackexchange.com/questions/22369: why does the cost start to increase?
    Healthy(
        "a loss that rises at first", "dense",
        lambda: digits().but(optimizer=sgd(0.1, momentum=0.95)),
    ),
    Healthy("four rows, many times", "dense", points.xor),
    Healthy("a line", "dense", points.line),
    Healthy("one neuron", "dense", points.celsius),
    Healthy("fourth power, scaled", "dense", points.fourth),
    Healthy("a sine", "dense", points.sine),
    Healthy("shares by a squared error", "dense", points.marks),
    Healthy("a ring", "dense", points.circles),
    Healthy("iris", "dense", asked.iris),
    Healthy("iris, one-hot", "dense", asked.hot),
    Healthy("zeros in place of insulin", "dense", asked.pima),
    Healthy("houses", "dense", asked.houses),
    Healthy("blobs and crosses", "images", images.photos),
    Healthy("a price, scaled", "recurrent", sequences.prices),
]  # fmt: skip
