"""Healthy programs of the third part: tables, as most people train on them."""

from __future__ import annotations

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
    r2,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.training import Training

L = nn.layers
stops = nn.callbacks.EarlyStopping


def irises() -> Training:
    """Three kinds of iris, 150 rows, the last fifth held out by `fit`."""
    (x, y), (x_test, y_test) = nn.datasets.iris.load_data()
    return Training(
        lambda: nn.Sequential([nn.Input((4,)), L.Dense(16, "tanh"), L.Dense(3, "softmax")]),
        scaled(x, x), y, None, (scaled(x_test, x), y_test),
        optimizer=by("SGD", 0.05, momentum=0.9), batch_size=16, epochs=40,
        fit={"validation_split": 0.2},
    )  # fmt: skip


def lending() -> dict[str, Any]:
    """Return incomes, ages, purposes and flags, and who paid late."""
    random = np.random.default_rng(10)
    income, age = random.normal(10.3, 0.6, 2400), random.uniform(20, 70, 2400)
    purpose, flags = np.eye(5)[random.integers(0, 5, 2400)], random.random((2400, 2)) < 0.3
    numbers = scaled(np.stack([income, age], 1), np.stack([income, age], 1))
    z = (
        -1.8 * numbers[:, 0]
        + numbers[:, 1] ** 2
        - 1
        + purpose @ [2, 0, -1, 1, -2]
        + 2 * flags[:, 0]
    )
    x = np.concatenate([numbers, purpose, flags], 1)
    return rows(single(x), single(random.random(2400) < logistic(1.5 * z)), 1500, 300)


def loans() -> Training:
    """Who will pay late, by numbers, one-hot purposes and flags; stopped in time."""
    return Training(
        lambda: nn.Sequential([nn.Input((9,)), L.Dense(24, "relu"), L.Dropout(0.1), L.Dense(1)]),
        **lending(), loss=BINARY, metrics=("accuracy", nn.metrics.AUC(from_logits=True)),
        score=ranked, optimizer=by("AdamW", 0.01, weight_decay=1e-3), epochs=30,
        fit={"callbacks": [stops(patience=5, restore_best_weights=True)]},
    )  # fmt: skip


def houses() -> Training:
    """The logarithm of a price, by its area, age, distance and quarter."""
    random = np.random.default_rng(11)
    area, age, away = (random.gamma(6, 20, 1500), random.uniform(0, 90, 1500),
                       random.exponential(4, 1500))  # fmt: skip
    quarter = np.eye(6)[random.integers(0, 6, 1500)]
    x = np.concatenate([np.stack([area, age, away], 1), quarter], 1)
    y = np.log(area) - 0.1 * np.sqrt(away) - 0.004 * age + quarter @ random.normal(0, 0.2, 6)
    y = (y + random.normal(0, 0.08, 1500))[:, None]
    x[:, :3] = scaled(x[:, :3], x[:, :3])
    calm = nn.callbacks.ReduceLROnPlateau(factor=0.5, patience=4)
    return Training(
        lambda: nn.Sequential([nn.Input((9,)), L.Dense(32, "elu"), L.Dense(16, "elu"), L.Dense(1)]),
        **rows(single(x), scaled(y, y), 1000, 200),
        **{**NUMBER, "loss": "huber", "metrics": ("mae",)}, optimizer=by("Adamax", 0.01), epochs=25,
        fit={"callbacks": [calm]},
    )  # fmt: skip


LEVELS = np.array([0.1, 0.5, 0.9], "float32")


def pinball(y: Any, p: Any) -> Any:
    """The quantile loss of three levels."""
    away, levels = y - p, nn.ops.convert_to_tensor(LEVELS)
    return nn.ops.mean(nn.ops.maximum(levels * away, (levels - 1) * away))


def quantiles() -> Training:
    """Three quantiles of a number whose spread hangs on the row."""
    random = np.random.default_rng(12)
    x = random.uniform(-1, 1, (1800, 4))
    y = np.sin(3 * x[:, 0]) + x[:, 1] + random.normal(size=1800) * np.exp(x[:, 2] - 1.2)

    def score(model: Any, t: Training) -> float:
        true, said = np.asarray(t.test[1]), found(model, t)

        def cost(p: Any) -> Any:
            return np.mean(np.maximum(LEVELS * (true - p), (LEVELS - 1) * (true - p)))

        return float(1 - cost(said) / cost(np.quantile(true, LEVELS)))

    return Training(
        lambda: nn.Sequential(
            [nn.Input((4,)), L.Dense(32, "silu"), L.Dense(32, "silu"), L.Dense(3)]
        ),
        **rows(single(x), single(y[:, None]), 1200, 200),
        loss=pinball,
        metrics=(),
        score=score,
        optimizer=adam(7e-3),
        epochs=35,
    )


def genres() -> Training:
    """Eight tags of a film at once, scores; SGD with Nesterov's momentum."""
    random = np.random.default_rng(13)
    hidden = random.normal(size=(1600, 4))
    x = np.tanh(hidden @ random.normal(size=(4, 24))) + random.normal(0, 0.2, (1600, 24))
    y = hidden @ random.normal(size=(4, 8)) > 0.8
    return Training(
        lambda: nn.Sequential([nn.Input((24,)), L.Dense(48, "mish"), L.Dense(8)]),
        **rows(single(x), single(y), 1000, 200), loss=BINARY,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), score=hit, threshold=0.0,
        optimizer=by("SGD", 0.2, momentum=0.9, nesterov=True), epochs=20,
    )  # fmt: skip


def machines() -> Training:
    """What fails and when: outputs with names, losses with names."""
    random = np.random.default_rng(14)
    x = random.normal(size=(1500, 7))
    kind = np.stack([x[:, 0] + x[:, 1], x[:, 2] * x[:, 3], -x[:, 0]], 1).argmax(1)
    when = np.tanh(x[:, 4:5]) - 0.5 * np.abs(x[:, 5:6]) + random.normal(0, 0.1, (1500, 1))

    def model() -> Any:
        inputs = nn.Input((7,), name="sensors")
        z = L.Dense(40, "relu")(L.Dense(40, "relu")(inputs))
        ends = {"kind": L.Dense(3, "softmax", name="kind")(z), "when": L.Dense(1, name="when")(z)}
        return nn.Model(inputs, ends)

    def score(model: Any, t: Training) -> float:
        said = model.predict(t.test[0], verbose=0)
        right = np.mean(np.asarray(said["kind"]).argmax(1) == t.test[1]["kind"])
        return float((right + r2(t.test[1]["when"], np.asarray(said["when"]))) / 2)

    return Training(
        model, **rows(single(x), {"kind": kind, "when": single(when)}, 1000, 200),
        loss={"kind": "sparse_categorical_crossentropy", "when": "mse"}, metrics=(), score=score,
        optimizer=adam(5e-3), epochs=18,
    )  # fmt: skip


class Films(nn.Model):
    """A star for a person and a film: what each is like, and how strict or good it is."""

    def __init__(self, mean: float) -> None:
        super().__init__()
        small, calm = nn.initializers.RandomNormal(stddev=0.1), nn.regularizers.L2(2e-5)
        self.person, self.film = (
            L.Embedding(n, 4, small, embeddings_regularizer=calm) for n in (80, 60)
        )
        self.strict, self.good = (L.Embedding(n, 1, "zeros") for n in (80, 60))
        self.mean = mean

    def call(self, pair: Any) -> Any:  # type: ignore[override]
        who, what = pair[:, 0], pair[:, 1]
        alike = nn.ops.sum(self.person(who) * self.film(what), axis=-1, keepdims=True)
        return self.mean + alike + self.strict(who) + self.good(what)


def stars() -> Training:
    """Stars for films, by factors of people and films."""
    random = np.random.default_rng(15)
    pairs = random.permutation(80 * 60)[:3800]
    x = np.stack([pairs // 60, pairs % 60], 1)
    a, b = random.normal(0, 0.8, (80, 2)), random.normal(0, 0.8, (60, 2))
    y = 3.4 + random.normal(0, 0.5, 80)[x[:, 0]] + random.normal(0, 0.5, 60)[x[:, 1]]
    y = y + (a[x[:, 0]] * b[x[:, 1]]).sum(1) + random.normal(0, 0.25, 3800)
    return Training(
        lambda: Films(3.4), **rows(x, single(y[:, None]), 3000, 300), **NUMBER,
        optimizer=adam(0.01), batch_size=64, epochs=14,
    )  # fmt: skip


class Grades(L.Layer):
    """Logits that a score is above each of some thresholds, which are learnt."""

    def build(self, shape: Any) -> None:
        steps = nn.initializers.RandomUniform(-0.1, 0.1)
        self.over = self.add_weight(shape=(4,), initializer=steps, name="over")

    def call(self, x: Any) -> Any:
        return x - self.over


def grades() -> Training:
    """Five grades in an order: whether each threshold is passed."""
    random = np.random.default_rng(16)
    x = random.normal(size=(1500, 6))
    z = x[:, 0] + x[:, 1] * x[:, 2] + random.logistic(0, 0.3, 1500)
    y = z[:, None] > np.array([-1.5, -0.5, 0.5, 1.5])
    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(32, "gelu"), L.Dense(1), Grades()]),
        **rows(single(x), single(y), 1000, 200), loss=BINARY, metrics=(), score=hit, threshold=0.0,
        optimizer=by("Nadam", 0.01), epochs=20,
    )  # fmt: skip


def claims() -> Training:
    """Claims of insured cars, of which each was insured for a time of its own."""
    random = np.random.default_rng(18)
    x, years = random.normal(size=(2200, 5)), random.uniform(0.1, 1, (2200, 1))
    mean = years * np.exp(0.8 * x[:, :1] - 0.6 * x[:, 1:2] * x[:, 2:3] + 0.6)

    def model() -> Any:
        traits, time = nn.Input((5,)), nn.Input((1,))
        z = L.Dense(1)(L.Dense(24, "softplus")(traits))
        return nn.Model([traits, time], L.Activation("exponential")(L.Add()([z, time])))

    def score(model: Any, t: Training) -> float:
        return float(np.corrcoef(np.log(found(model, t))[:, 0], np.log(mean[-500:, 0]))[0, 1])

    both = (single(x), single(np.log(years)))
    return Training(
        model, **rows(both, single(random.poisson(mean)), 1500, 200), loss="poisson", metrics=(),
        score=score, optimizer=by("Nadam", 3e-3), epochs=20,
    )  # fmt: skip


def sensors() -> Training:
    """Twenty sensors that hang on three causes, squeezed into three numbers and back."""
    random = np.random.default_rng(19)
    hidden = random.normal(size=(1500, 3))
    x = np.tanh(hidden @ random.normal(size=(3, 20))) + random.normal(0, 0.1, (1500, 20))
    x = single(x)
    sizes = (32, 3, 32)
    return Training(
        lambda: nn.Sequential([nn.Input((20,)), *(L.Dense(n, "elu") for n in sizes), L.Dense(20)]),
        **rows(x, x, 1000, 200), **NUMBER, optimizer=adam(8e-3), epochs=40,
    )  # fmt: skip


def wide_and_deep() -> Training:
    """Clicks, by crossed columns beside a deep network over embeddings."""
    random = np.random.default_rng(20)
    a, b = random.integers(0, 8, (2, 3000))
    numbers, likes = random.normal(size=(3000, 3)), random.normal(0, 1.6, (8, 8))
    z = likes[a, b] + 1.5 * np.sin(2 * numbers[:, 0]) * numbers[:, 1]

    def model() -> Any:
        crossed, pair, more = nn.Input((64,)), nn.Input((2,), dtype="int64"), nn.Input((3,))
        known = L.Flatten()(L.Embedding(16, 4)(pair))
        deep = L.Dense(16, "relu")(L.Dense(32, "relu")(L.Concatenate()([known, more])))
        both = L.Add()([L.Dense(1)(deep), L.Dense(1, use_bias=False)(crossed)])
        return nn.Model([crossed, pair, more], L.Activation("sigmoid")(both))

    x = (single(np.eye(64)[8 * a + b]), np.stack([a, b + 8], 1), single(numbers))
    y = single(random.random(3000) < logistic(2 * z))[:, None]
    return Training(
        model, **rows(x, y, 2000, 300), loss="binary_crossentropy", metrics=("AUC",), score=ranked,
        optimizer=adam(8e-3), batch_size=50, epochs=13,
    )  # fmt: skip


def measured() -> Training:
    """Measurements of known uncertainty: each row weighs as its precision says."""
    random = np.random.default_rng(21)
    x, spread = random.uniform(-2, 2, (1600, 3)), random.choice([0.05, 0.2, 1.0], (1600, 1))
    y = np.sin(x[:, :1]) * x[:, 1:2] + 0.3 * x[:, 2:]
    weight = np.minimum(1 / spread[:1000, 0] ** 2, 50)
    noisy = y + spread * random.normal(size=y.shape)
    exact = y + 0.05 * random.normal(size=y.shape)  # what is held out is measured well
    parts = rows(single(x), single(np.r_[noisy[:1000], exact[1000:]]), 1000, 200)
    return Training(
        lambda: nn.Sequential(
            [nn.Input((3,)), L.Dense(40, "tanh"), L.Dense(40, "tanh"), L.Dense(1)]
        ),
        **parts,
        **NUMBER,
        optimizer=adam(5e-3),
        epochs=35,
        fit={"sample_weight": single(weight / weight.mean())},
    )


class Maxout(L.Layer):
    """The largest of some linear units."""

    def __init__(self, units: int, pieces: int = 3) -> None:
        super().__init__()
        self.units, self.pieces, self.all = units, pieces, L.Dense(units * pieces)

    def call(self, x: Any) -> Any:
        return nn.ops.max(nn.ops.reshape(self.all(x), (-1, self.units, self.pieces)), axis=-1)


def largest_piece() -> Training:
    """Four rings, by layers of one's own that take the largest of three."""
    random = np.random.default_rng(22)
    x = random.normal(size=(1500, 3))
    y = np.digitize(np.linalg.norm(x, axis=1), [1.1, 1.6, 2.1])
    return Training(
        lambda: nn.Sequential([nn.Input((3,)), Maxout(24), Maxout(24), L.Dense(4)]),
        **rows(single(x), y, 1000, 200), loss=LOGITS,
        optimizer=adam(nn.optimizers.schedules.ExponentialDecay(0.01, 300, 0.6)), epochs=30,
    )  # fmt: skip


def streamed() -> Training:
    """Rows of a `Dataset`, shuffled and in batches of forty."""
    t = largest_piece()
    data = nn.data.Dataset.from_tensor_slices((t.x, t.y)).shuffle(1000).batch(40)
    hidden = [32, 32]
    return t.but(
        model=lambda: nn.Sequential(
            [nn.Input((3,)), *(L.Dense(n, "silu") for n in hidden), L.Dense(4)]
        ),
        x=data,
        y=None,
        batch_size=THEIRS,
        optimizer=by("RMSprop", 3e-3),
        epochs=25,
    )


def scattered() -> Training:
    """Digits, by batch normalisation, dropout and a cosine; one-hot and smoothed labels."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a.reshape(len(a), -1)) / 8 - 1 for a in (x, x_test))
    cut, eye = len(x) - 250, np.eye(10, dtype="float32")

    def model() -> Any:
        parts: list[Any] = [nn.Input((64,))]
        for _ in range(2):
            parts += [L.Dense(64), L.BatchNormalization(momentum=0.9), L.ReLU(), L.Dropout(0.2)]
        return nn.Sequential([*parts, L.Dense(10)])

    falling = nn.optimizers.schedules.CosineDecay(5e-3, 15 * -(-cut // 64))
    return Training(
        model, x[:cut], eye[y[:cut]], (x[cut:], eye[y[cut:]]), (x_test, eye[y_test]),
        loss=nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=adam(falling), batch_size=64, epochs=15,
    )  # fmt: skip


def all_at_once() -> Training:
    """A curve of forty points, by L-BFGS over all rows."""
    random = np.random.default_rng(23)
    x = np.sort(random.uniform(-1, 1, (300, 1)), 0)
    y = np.sin(4 * x) + 0.3 * np.cos(9 * x) + random.normal(0, 0.05, x.shape)
    mixed = random.permutation(300)
    return Training(
        lambda: nn.Sequential(
            [nn.Input((1,)), L.Dense(12, "tanh"), L.Dense(12, "tanh"), L.Dense(1)]
        ),
        **rows(single(x[mixed]), single(y[mixed]), 150, 50),
        **NUMBER,
        optimizer=by("LBFGS"),
        batch_size=150,
        epochs=120,
    )


MAKES = (irises, loans, houses, quantiles, genres, machines, stars, grades, claims,
         sensors, wide_and_deep, measured, largest_piece, streamed, scattered,
         all_at_once)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
