"""Healthy trainings on tables and points of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.tables import dense, scaled, split
from benchmarks.doctor.training import Training, explained

L = nn.layers
LOGITS = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def rms(rate: Any, **given: Any) -> Any:
    """Return what makes an RMSprop of a rate."""
    return lambda: nn.optimizers.RMSprop(rate, **given)


def nadam(rate: Any, **given: Any) -> Any:
    """Return what makes a Nadam of a rate."""
    return lambda: nn.optimizers.Nadam(rate, **given)


def shares(z: Any) -> Any:
    """Return a softmax, by hand."""
    z = nn.ops.exp(z - nn.ops.max(z, axis=-1, keepdims=True))
    return z / nn.ops.sum(z, axis=-1, keepdims=True)


def parted(x: Any, y: Any, train: int, held: int) -> dict[str, Any]:
    """Return x, y, validation and test; x and y may be several arrays, as tuples."""

    def rows(a: Any, low: int, high: int | None) -> Any:
        return tuple(p[low:high] for p in a) if isinstance(a, tuple) else a[low:high]

    def pair(low: int, high: int | None) -> Any:
        return rows(x, low, high), rows(y, low, high)

    end = train + held
    given = pair(0, train)
    return {"x": given[0], "y": given[1], "validation": pair(train, end), "test": pair(end, None)}


class Rows(nn.data.PyDataset):
    """Batches that are made when they are asked for."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x) // 25

    def __getitem__(self, index: int) -> Any:
        part = slice(25 * index, 25 * index + 25)
        return self.x[part], self.y[part]


def board() -> Training:
    """The dark and the light fields of a board of three by three, one-hot."""
    x = np.random.default_rng(0).uniform(-1, 1, (1500, 2)).astype("float32")
    y = np.floor((x + 1) * 1.5).sum(1).astype("int64") % 2
    return Training(
        dense(2, (40, 40), 2, "silu"),
        **parted(x, np.eye(2, dtype="float32")[y], 900, 200),
        loss="categorical_crossentropy",
        optimizer=rms(0.01),
        epochs=40,
    )


def shells() -> Training:
    """Three shells around the middle of four columns; scores, and SELU."""
    x, y = nn.datasets.make_gaussian_quantiles(
        n_samples=1600, n_features=4, n_classes=3, random_state=0
    )
    return Training(
        dense(4, (32, 32), 3, "selu", None, kernel_initializer="lecun_normal"),
        **parted(x.astype("float32"), y, 1000, 200),
        loss=LOGITS,
        optimizer=nadam(0.005),
        epochs=20,
    )


def mixture(rows: int = 1400) -> tuple[Any, Any]:
    """Return a mixture of concrete (kg a cubic metre, days), and its strength in MPa."""
    random = np.random.default_rng(1)
    low, high = (150, 130, 0, 800, 600, 1), (500, 220, 25, 1100, 900, 120)
    x = random.uniform(low, high, (rows, 6))
    y = 20 * np.log(x[:, 5] + 1) * x[:, 0] / (x[:, 1] * 6) + 0.5 * x[:, 2]
    return x.astype("float32"), (y + random.normal(0, 1.5, rows)).astype("float32")[:, None]


def concrete() -> Training:
    """The strength of concrete, by Huber's loss; the model is functional and scales its inputs."""
    x, y = mixture()
    y = scaled(y, y)

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x[:900])
        inputs = nn.Input((6,))
        z = L.Dense(48, "gelu")(scale(inputs))
        return nn.Model(inputs, L.Dense(1)(L.Dense(24, "gelu")(z)))

    return Training(
        model, **parted(x, y, 900, 200), loss=nn.losses.Huber(), metrics=(), score=explained,
        optimizer=adam(0.005), epochs=20,
    )  # fmt: skip


class Circuit(nn.Model):
    """Two hidden layers and a score, as a class."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.first = L.Dense(32, "relu", **given)
        self.second = L.Dense(32, "relu", **given)
        self.last = L.Dense(1)

    def call(self, x: Any) -> Any:
        return self.last(self.second(self.first(x)))


def bits() -> Training:
    """A function of ten bits, by a class of one's own and AdamW."""
    x = np.random.default_rng(2).integers(0, 2, (1500, 10))
    y = ((x[:, 0] & x[:, 1]) | (x[:, 2] ^ x[:, 3])) ^ (x[:, 4] & x[:, 5] & x[:, 6])
    return Training(
        Circuit,
        **parted(x.astype("float32"), y[:, None].astype("float32"), 900, 200),
        loss=nn.losses.BinaryCrossentropy(from_logits=True),
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),),
        optimizer=lambda: nn.optimizers.AdamW(0.005, weight_decay=1e-3),
        epochs=20,
        threshold=0.0,
    )


def clients() -> Training:
    """What a client buys, by four numbers and a town: two inputs, of which one is embedded."""
    random = np.random.default_rng(3)
    x, town = random.normal(size=(1600, 4)).astype("float32"), random.integers(0, 25, 1600)
    liking = random.normal(size=(25, 3))
    y = (1.5 * liking[town] + np.stack([x[:, 0] + x[:, 1], x[:, 2], -x[:, 0] * x[:, 3]], 1)).argmax(
        1
    )

    def model() -> Any:
        numbers, towns = nn.Input((4,)), nn.Input((1,), dtype="int64")
        known = L.Flatten()(L.Embedding(25, 6)(towns))
        z = L.Dense(32, "relu")(L.Concatenate()([numbers, known]))
        return nn.Model([numbers, towns], L.Dense(3, "softmax")(z))

    return Training(
        model, **parted((x, town[:, None]), y, 1000, 200), optimizer=adam(0.01), epochs=20
    )


def surface_data(rows: int = 1300) -> tuple[Any, Any]:
    """Return points and the height of a wavy surface."""
    x = np.random.default_rng(4).uniform(-2, 2, (rows, 2)).astype("float32")
    return x, (np.sin(2 * x[:, :1]) * np.cos(x[:, 1:]) + 0.2 * x[:, :1]).astype("float32")


class Surface(nn.Model):
    """A model with a step of its own."""

    sign, part, clip = 1.0, False, False

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential([nn.Input((2,)), L.Dense(48, "tanh"), L.Dense(48, "tanh")])
        self.last = L.Dense(1)

    def call(self, x: Any) -> Any:
        return self.last(self.body(x))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]

        def loss() -> Any:
            return self.sign * nn.ops.mean(nn.ops.square(self(x) - y))

        learnt = self.last if self.part else self
        value, slopes = nn.value_and_grad(loss, parameters=learnt)()
        self.optimizer.apply(slopes, learnt)
        return {"loss": value}


def surface() -> Training:
    """The height of a surface, by a training step of one's own."""
    x, y = surface_data()
    return Training(
        Surface, **parted(x, y, 800, 200), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=25,
    )  # fmt: skip


def tagged(model: Any, training: Training) -> float:
    """Share of all yes and no that are right, both weighing alike."""
    x, y = training.test
    found = np.asarray(model.predict(x, verbose=0)) > training.threshold
    return float(np.mean([np.mean(found[y == 1]), np.mean(~found[y == 0])]))


def tags() -> Training:
    """Six tags of a text at once, of which the words are 0 or 1."""
    random = np.random.default_rng(5)
    x = (random.random((1500, 40)) < 0.25).astype("float32")
    y = (x @ random.normal(size=(40, 6)) > 0.3).astype("float32")
    return Training(
        dense(40, (32,), 6, "leaky_relu", "sigmoid"),
        **parted(x, y, 900, 200),
        loss="binary_crossentropy",
        metrics=("binary_accuracy",),
        score=tagged,
        optimizer=lambda: nn.optimizers.Adamax(0.02),
        epochs=15,
    )


def alike() -> Training:
    """Whether two rows are of one kind: one tower for both."""
    random = np.random.default_rng(6)
    kinds, middle = random.integers(0, 6, (2, 1600)), random.normal(0, 1.5, (6, 5))
    kinds[1] = np.where(random.random(1600) < 0.4, kinds[0], kinds[1])
    a, b = (middle[k] + random.normal(0, 0.4, (1600, 5)) for k in kinds)
    y = (kinds[0] == kinds[1]).astype("float32")[:, None]

    def model() -> Any:
        one, two = nn.Input((5,)), nn.Input((5,))
        tower = nn.Sequential([L.Dense(32, "relu"), L.Dense(8)])
        away = L.Subtract()([tower(one), tower(two)])
        return nn.Model([one, two], L.Dense(1, "sigmoid")(L.Multiply()([away, away])))

    x = (a.astype("float32"), b.astype("float32"))
    return Training(
        model, **parted(x, y, 1000, 200), loss="binary_crossentropy", optimizer=adam(0.01),
        epochs=15,
    )  # fmt: skip


def lasting(y: Any, rate: Any) -> Any:
    """The negative logarithm of the likelihood of a time that is exponentially distributed."""
    return nn.ops.mean(y * rate - nn.ops.log(rate + 1e-6))


def follows(model: Any, training: Training) -> float:
    """The correlation of the logarithms of what is found and of what is to be found."""
    x, y = training.test
    found = -np.log(np.maximum(np.asarray(model.predict(x, verbose=0))[:, 0], 1e-6))
    if not np.isfinite(found).all() or found.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(found, np.log(np.asarray(y)[:, 0] + 1e-3))[0, 1])


def waiting() -> Training:
    """How long something lasts, by a likelihood of one's own."""
    random = np.random.default_rng(7)
    x = random.normal(size=(1800, 5)).astype("float32")
    y = random.exponential(np.exp(1.2 * x[:, 0] - 0.9 * np.abs(x[:, 1]) + 0.5))[:, None]
    return Training(
        dense(5, (32, 16), 1, "elu", "softplus"),
        **parted(x, y.astype("float32"), 1100, 200),
        loss=lasting,
        metrics=(),
        score=follows,
        optimizer=adam(0.005),
        epochs=20,
    )


def ladder(rungs: int = 8, post: Any = None, **given: Any) -> Any:
    """Return what makes a deep network with ways around each block."""

    def model() -> Any:
        inputs = nn.Input((4,))
        x = L.Dense(32)(inputs)
        for _ in range(rungs):
            z = L.Dense(32, "relu", **given)(L.LayerNormalization()(x))
            x = L.Add()([x, L.Dense(32, **given)(z)])
        return nn.Model(inputs, L.Dense(3)(L.LayerNormalization()(x)))

    return model


def rungs() -> Training:
    """The shells, by eight blocks with ways around them."""
    return shells().but(model=ladder(), optimizer=adam(2e-3), epochs=12)


def steady(momentum: float = 0.9, epsilon: float = 1e-3) -> Any:
    """Return what makes a network with batch normalisation."""

    def model() -> Any:
        parts = [nn.Input((4,))]
        for _ in range(2):
            norm = L.BatchNormalization(momentum=momentum, epsilon=epsilon)
            parts += [L.Dense(32, use_bias=False), norm, L.Activation("relu")]
        return nn.Sequential([*parts, L.Dense(3)])

    return model


def normed() -> Training:
    """The shells, with batch normalisation."""
    return shells().but(model=steady(), optimizer=adam(5e-3))


def defects() -> Training:
    """A defect that one piece in thirty has, of which each weighs more."""
    random = np.random.default_rng(8)
    x = random.normal(size=(4000, 6)).astype("float32")
    y = (np.abs(x[:, 0]) + x[:, 1] > 2.45).astype("int64")
    return Training(
        dense(6, (24, 24), 1, "tanh", "sigmoid"),
        **parted(x, y, 2000, 500),
        loss="binary_crossentropy",
        optimizer=rms(0.005),
        fit={"class_weight": {0: 1.0, 1: 25.0}},
        epochs=15,
    )


def both_score(model: Any, training: Training) -> float:
    """The mean of what is explained of the number and of the share of classes found."""
    x, (number, kind) = training.test
    found, chance = (np.asarray(a, np.float64) for a in model.predict(x, verbose=0))
    if not (np.isfinite(found).all() and np.isfinite(chance).all()):
        return -1.0
    r2 = 1 - np.mean((number - found) ** 2) / number.var()
    return float(max(-1.0, r2) / 2 + np.mean((chance > 0.5) == kind) / 2)


def both() -> Training:
    """A number and a yes or no of the same row: two outputs."""
    random = np.random.default_rng(9)
    x = random.normal(size=(1500, 8)).astype("float32")
    number = (x[:, :1] * x[:, 1:2] + x[:, 2:3]).astype("float32")
    kind = (x[:, 3:4] + np.abs(x[:, 4:5]) > 0.7).astype("float32")

    def model() -> Any:
        inputs = nn.Input((8,))
        z = L.Dense(32, "relu")(L.Dense(48, "relu")(inputs))
        return nn.Model(inputs, [L.Dense(1)(z), L.Dense(1, "sigmoid")(z)])

    return Training(
        model, **parted(x, (number, kind), 900, 200), loss=["mse", "binary_crossentropy"],
        metrics=(), score=both_score, optimizer=adam(0.005), epochs=20,
    )  # fmt: skip


def plain_steps() -> Training:
    """Six hidden units enough for a line between two clouds, by SGD with momentum."""
    x, y = nn.datasets.make_blobs(1200, centers=5, n_features=6, cluster_std=2.5, random_state=3)
    x = scaled(x, x)
    return Training(
        dense(6, (24,), 5, "relu"), **split(x[:800], y[:800]), test=(x[800:], y[800:]),
        optimizer=sgd(0.05, momentum=0.9, nesterov=True), epochs=12,
    )  # fmt: skip
