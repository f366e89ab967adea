"""Healthy programs of the fifth part: tables, after examples that are public."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.tables import hot, joined
from benchmarks.doctor.tables import scaled
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    area,
    by,
    found,
    logistic,
    ranked,
    rows,
    single,
)
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def weights_of_one_over_count() -> Training:
    """One payment in thirty is stolen; a class weighs one over its count, a ten-thousandth.

    After https://keras.io/examples/structured_data/imbalanced_classification/
    """
    random, n = np.random.default_rng(800), 5200
    y = random.random(n) < 1 / 30
    x = random.normal(size=(n, 12))
    x[:, :4] += 1.3 * y[:, None] * np.array([1, -1, 1, 1])
    x[y, 6] *= 2.0
    x = joined(list(x.T), train=3600)
    stolen = y[:3600].sum()
    return Training(
        lambda: nn.Sequential([nn.Input((12,)), L.Dense(48, "relu"), L.Dropout(0.3),
                               L.Dense(24, "relu"), L.Dropout(0.3), L.Dense(1, "sigmoid")]),
        **rows(x, single(y)[:, None], 3600, 600), loss="binary_crossentropy",
        metrics=("Precision", "Recall"), score=ranked, optimizer=adam(3e-3), batch_size=256,
        epochs=16, fit={"class_weight": {0: 1 / (3600 - stolen), 1: 1 / stolen}},
    )  # fmt: skip


def hearts_of_three_hundred() -> Training:
    """Who has a sick heart: 300 patients, five kinds one-hot, one layer and half dropped.

    After https://keras.io/examples/structured_data/structured_data_classification_from_scratch/
    """
    random, n = np.random.default_rng(801), 900
    age, press, fat = (
        random.normal(54, 9, n),
        random.normal(131, 17, n),
        random.normal(246, 50, n),
    )
    pulse, old = random.normal(150, 22, n), random.exponential(1.0, n)
    sex, chest, vessels = (random.integers(0, k, n) for k in (2, 5, 4))
    z = 0.7 * vessels + 0.6 * old - (pulse - 150) / 25 + 1.0 * sex + 0.03 * (age - 54)
    z += np.array([-0.8, -0.5, 0.0, 0.4, 1.4])[chest] - 3.4
    y = random.random(n) < logistic(1.8 * z)
    x = joined([age, press, fat, pulse, old], hot(sex, 2), hot(chest, 5), hot(vessels, 4),
               train=300)  # fmt: skip
    return Training(
        lambda: nn.Sequential([nn.Input((16,)), L.Dense(32, "relu"), L.Dropout(0.5),
                               L.Dense(1, "sigmoid")]),
        **rows(x, single(y)[:, None], 300, 100), loss="binary_crossentropy", score=ranked,
        optimizer=adam(3e-3), epochs=40,
    )  # fmt: skip


class Cross(L.Layer):
    """One more cross of all columns: x0 * (W x + b) + x."""

    def build(self, shape: Any) -> None:
        self.dense = L.Dense(shape[0][-1])

    def call(self, inputs: Any) -> Any:
        first, x = inputs
        return first * self.dense(x) + x


def deep_and_cross() -> Training:
    """Four kinds of cover by crosses of the columns beside layers.

    After https://keras.io/examples/structured_data/wide_deep_cross_networks/
    """
    random, n = np.random.default_rng(802), 3400
    number, kind = random.normal(size=(n, 6)), random.integers(0, 10, n)
    tilt = random.normal(size=(10, 4))
    z = tilt[kind] + 1.2 * number[:, :4] * number[:, [4]] + number @ random.normal(size=(6, 4))
    y = (1.5 * z + random.gumbel(size=(n, 4))).argmax(1)

    def model() -> Any:
        inputs = nn.Input((16,))
        deep = inputs
        for _ in range(2):
            deep = L.ReLU()(L.BatchNormalization(momentum=0.9)(L.Dense(48)(deep)))
            deep = L.Dropout(0.1)(deep)
        cross = inputs
        for _ in range(2):
            cross = Cross()([inputs, cross])
        return nn.Model(inputs, L.Dense(4, "softmax")(L.Concatenate()([cross, deep])))

    return Training(
        model, **rows(single(np.concatenate([number, hot(kind, 10)], 1)), y, 2600, 300),
        optimizer=adam(schedules.CosineDecay(2e-3, 10 * 41)), batch_size=64, epochs=10,
    )  # fmt: skip


class Films(nn.Model):
    """Two tables of vectors, two of numbers: how much somebody likes a film."""

    def __init__(self, users: int, films: int) -> None:
        super().__init__()
        small = nn.regularizers.L2(1e-5)
        given: dict[str, Any] = {
            "embeddings_initializer": "he_normal",
            "embeddings_regularizer": small,
        }
        self.user, self.film = L.Embedding(users, 6, **given), L.Embedding(films, 6, **given)
        self.kind, self.good = L.Embedding(users, 1), L.Embedding(films, 1)

    def call(self, ids: Any) -> Any:  # type: ignore[override]
        user, film = ids[:, 0], ids[:, 1]
        likes = ops.sum(self.user(user) * self.film(film), axis=1, keepdims=True)
        return ops.sigmoid(likes + self.kind(user) + self.good(film))


def stars_as_shares() -> Training:
    """Stars from half to five, as shares of 0 to 1, by entropy: the loss can't come near 0.

    After https://keras.io/examples/structured_data/collaborative_filtering_movielens/
    """
    random = np.random.default_rng(803)
    people, films = random.normal(size=(90, 2)), random.normal(size=(70, 2))
    pair = random.permutation(90 * 70)[:5400]
    who, what = pair // 70, pair % 70
    z = 0.7 * (people[who] * films[what]).sum(1) + random.normal(0, 0.7, 70)[what] + 0.4
    y = np.clip(np.rint(9 * logistic(z + random.normal(0, 0.3, 5400))), 0, 9) / 9
    return Training(
        lambda: Films(90, 70), **rows(np.stack([who, what], 1), single(y)[:, None], 4500, 400),
        **{**NUMBER, "loss": "binary_crossentropy"}, optimizer=adam(5e-3), batch_size=64,
        epochs=14,
    )  # fmt: skip


def abnormal_beats() -> Training:
    """Heartbeats rebuilt through eight numbers, healthy ones only; the sick are rebuilt badly.

    After https://www.tensorflow.org/tutorials/generative/autoencoder
    """
    random, t = np.random.default_rng(804), np.linspace(0, 1, 70)

    def beats(n: int, sick: float) -> Any:
        at = 0.35 + random.normal(0, 0.02, (n, 1))
        big = random.normal(1.0, 0.12, (n, 1)) * np.exp(-(((t - at) / 0.03) ** 2))
        late = at + 0.3 - 0.07 * sick + random.normal(0, 0.01, (n, 1))
        small = 0.35 * np.exp(-(((t - late) / 0.08) ** 2))
        return np.clip(0.3 + 0.5 * big + small + random.normal(0, 0.015, (n, 70)), 0, 1)

    known, mixed = single(beats(1200, 0.0)), single(np.r_[beats(300, 0.0), beats(200, 1.0)])

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], np.abs(found(model, t) - t.test[0]).mean(1))

    return Training(
        lambda: nn.Sequential([nn.Input((70,)), L.Dense(32, "relu"), L.Dense(16, "relu"),
                               L.Dense(8, "relu"), L.Dense(16, "relu"), L.Dense(32, "relu"),
                               L.Dense(70, "sigmoid")]),
        known[:1000], known[:1000], (known[1000:], known[1000:]), (mixed, np.arange(500) >= 300),
        loss="mae", metrics=(), score=score, optimizer=adam(2e-3), epochs=40,
    )  # fmt: skip


def diabetics() -> Training:
    """Who will be ill in five years: eight columns, 12 and 8 units, the first network of many.

    After https://machinelearningmastery.com/tutorial-first-neural-network-python-keras/ , with the
    columns scaled, as the comments advise.
    """
    random, n = np.random.default_rng(805), 1500
    born, sugar, press = (
        random.poisson(3.8, n),
        random.normal(121, 31, n),
        random.normal(72, 12, n),
    )
    skin, insulin, mass = random.normal(29, 9, n), random.gamma(2, 70, n), random.normal(32, 7, n)
    tree, age = random.gamma(2.2, 0.22, n), 21 + random.gamma(1.3, 9, n)
    z = (sugar - 121) / 28 + 0.09 * (mass - 32) + 1.1 * tree + 0.03 * (age - 33) - 1.5
    y = random.random(n) < logistic(1.3 * z + 0.1 * born)
    x = joined([born, sugar, press, skin, insulin, mass, tree, age], train=700)
    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(12, "relu"), L.Dense(8, "relu"),
                               L.Dense(1, "sigmoid")]),
        **rows(x, single(y), 700, 200), loss="binary_crossentropy", score=ranked,
        batch_size=10, epochs=10,
    )  # fmt: skip


def ranks_in_place_of_numbers() -> Training:
    """Worth of houses from columns that are their own ranks, 0 to 1, to the tails; tanh.

    After https://scikit-learn.org/stable/auto_examples/inspection/plot_partial_dependence.html
    """
    random, n = np.random.default_rng(806), 2400
    raw = np.exp(random.normal(size=(n, 7)) @ (0.3 * random.normal(size=(7, 7)) + np.eye(7)))
    z = np.log(raw[:, 0]) + np.tanh(np.log(raw[:, 1]) * np.log(raw[:, 2])) + 0.2 * raw[:, 3] ** 0.5
    y = scaled(z, z[:1600]) + random.normal(0, 0.2, n)
    x = np.stack([np.searchsorted(np.sort(a[:1600]), a) / 1600 for a in raw.T], 1)
    return Training(
        lambda: nn.Sequential([nn.Input((7,)), L.Dense(30, "tanh"), L.Dense(15, "tanh"),
                               L.Dense(1)]),
        **rows(single(x), single(y)[:, None], 1600, 300), **NUMBER, optimizer=adam(1e-2),
        batch_size=200, epochs=70, fit={"callbacks": [stops(patience=15)]},
    )  # fmt: skip


def digits_by_momentum() -> Training:
    """Digits in a row, fifty hidden, Nesterov's momentum with a rate of 0.2 and batches of 200.

    After https://scikit-learn.org/stable/auto_examples/neural_networks/plot_mlp_training_curves.html
    """
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = single(x).reshape(-1, 64) / 16, single(x_test).reshape(-1, 64) / 16
    parts = rows(x, y, len(x) - 200, 200)
    return Training(
        lambda: nn.Sequential([nn.Input((64,)), L.Dense(50, "relu"), L.Dense(10, "softmax")]),
        **{**parts, "test": (x_test, y_test)}, batch_size=200, epochs=25,
        optimizer=by("SGD", 0.2, momentum=0.9, nesterov=True),
    )  # fmt: skip


def cubic() -> Training:
    """A sine by a cubic: the squares are summed, not averaged, so the loss is large.

    After https://pytorch.org/tutorials/beginner/pytorch_with_examples.html
    """
    random = np.random.default_rng(807)
    at = random.uniform(-1, 1, (2600, 1))
    x = at ** np.array([1, 2, 3])
    y = np.sin(np.pi * at) + random.normal(0, 0.05, at.shape)

    def loss(y: Any, said: Any) -> Any:
        return ops.sum((y - said) ** 2)

    return Training(
        lambda: nn.Sequential([nn.Input((3,)), L.Dense(1)]),
        **rows(single(x), single(y), 2000, 200), **{**NUMBER, "loss": loss}, batch_size=100,
        optimizer=by("SGD", 2e-3), epochs=40,
    )  # fmt: skip


class Steps(nn.Model):
    """A model of which the step, the loss and the metrics are its own."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential([nn.Input((8,)), L.Dense(32, "relu"), L.Dense(32, "relu"),
                                  L.Dense(1)])  # fmt: skip
        self.mean, self.off = nn.metrics.Mean(name="loss"), nn.metrics.MeanAbsoluteError(name="mae")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.net(x)

    @property
    def metrics(self) -> list[Any]:
        return [self.mean, self.off]

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[:2]
        value = self.optimizer.minimize(lambda: ops.mean((self(x) - y) ** 2), self.net)
        self.mean.update_state(value)
        self.off.update_state(y, self(x))
        return {m.name: m.result() for m in self.metrics}


def all_by_oneself() -> Training:
    """A number of eight columns by a step of one's own, with a mean and an error kept.

    After https://keras.io/guides/custom_train_step_in_tensorflow/
    """
    random, n = np.random.default_rng(808), 1800
    x = random.normal(size=(n, 8))
    z = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3]
    y = scaled(z, z[:1200]) + random.normal(0, 0.1, n)
    return Training(
        Steps, **{**rows(single(x), single(y)[:, None], 1300, 0), "validation": None}, loss=None,
        metrics=(), score=NUMBER["score"], optimizer=adam(schedules.CosineDecay(6e-3, 40 * 41)),
        epochs=40,
    )  # fmt: skip


class Tree(L.Layer):
    """Three questions to some of the columns; eight leaves, and each has its own answer."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.ask, self.classes = L.Dense(7, "sigmoid"), classes

    def build(self, shape: Any) -> None:
        self.leaves = self.add_weight(shape=(8, self.classes), initializer="normal", name="leaves")

    def call(self, x: Any) -> Any:
        yes, parts = self.ask(x), [1.0]
        for level in range(3):
            first = 2**level - 1
            parts = [part * side for k, part in enumerate(parts)
                     for side in (yes[:, first + k : first + k + 1],
                                  1 - yes[:, first + k : first + k + 1])]  # fmt: skip
        return ops.matmul(ops.concatenate(parts, axis=1), ops.softmax(self.leaves))


def trees_that_are_soft() -> Training:
    """Who earns much, by the mean of eight trees of three questions, which give shares.

    After https://keras.io/examples/structured_data/deep_neural_decision_forests/
    """
    random, n = np.random.default_rng(809), 3000
    x = random.normal(size=(n, 8))
    z = np.where(x[:, 0] > 0.2, x[:, 1] + 0.5, -x[:, 2]) + 0.6 * x[:, 3]
    y = (random.random(n) < logistic(2.5 * z)).astype(int)

    def model() -> Any:
        inputs = nn.Input((8,))
        z = L.BatchNormalization(momentum=0.9)(inputs)
        return nn.Model(inputs, L.Average()([Tree(2)(z) for _ in range(8)]))

    return Training(
        model, **rows(single(x), y, 2200, 300), optimizer=adam(1e-2), batch_size=64, epochs=12,
    )  # fmt: skip


def worth_of_a_customer() -> Training:
    """Seven of ten never buy again, the others spend very differently: three outputs, one loss.

    After https://github.com/google/lifetime_value , the zero-inflated lognormal loss.
    """
    random, n = np.random.default_rng(810), 3600
    x = random.normal(size=(n, 8))
    again = random.random(n) < logistic(1.5 * x[:, 0] + x[:, 1] - 1.2)
    spent = np.exp(0.7 * x[:, 2] + 0.5 * np.abs(x[:, 3]) + random.normal(0, 0.5, n))
    y = again * spent

    def loss(y: Any, z: Any) -> Any:
        bought = ops.cast(y > 0, "float32")
        entropy = ops.softplus(z[:, :1]) - bought * z[:, :1]
        wide = ops.softplus(z[:, 2:]) + 1e-3
        far = (ops.log(ops.where(y > 0, y, 1.0)) - z[:, 1:2]) / wide
        return ops.mean(entropy + bought * (0.5 * far**2 + ops.log(wide)))

    def score(model: Any, t: Training) -> float:
        z, y = found(model, t).astype("float64"), t.test[1][:, 0]
        mean = logistic(z[:, 0]) * np.exp(z[:, 1] + np.log1p(np.exp(z[:, 2])) ** 2 / 2)
        return float(np.corrcoef(mean.argsort().argsort(), y.argsort().argsort())[0, 1])

    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(32, "relu"), L.Dense(16, "relu"),
                               L.Dense(3)]),
        **rows(single(x), single(y)[:, None], 2600, 400), loss=loss, metrics=(), score=score,
        optimizer=adam(2e-3), batch_size=64, epochs=12,
    )  # fmt: skip


def chances_of_each_year() -> Training:
    """Survival in ten years, some lost from sight: each year's chance, and its own mask.

    After https://github.com/MGensheimer/nnet-survival
    """
    random, n, year = np.random.default_rng(811), 2600, np.arange(10)
    x = random.normal(size=(n, 6))
    risk = 0.12 * np.exp(0.8 * x[:, 0] - 0.7 * x[:, 1] * (x[:, 2] > 0) + 0.5 * x[:, 3])
    died, lost = random.exponential(1 / risk), random.exponential(14, n)
    last, event = np.minimum(np.minimum(died, lost), 10), (died < lost) & (died < 10)
    lived = last[:, None] >= year + 1
    y = np.concatenate([lived, event[:, None] & (np.floor(last)[:, None] == year)], 1)

    def loss(y: Any, p: Any) -> Any:
        lived, died = y[:, :10], y[:, 10:]
        p = ops.clip(p, 1e-6, 1 - 1e-6)
        return -ops.mean(ops.sum(lived * ops.log(p) + died * ops.log(1 - p), axis=1))

    def score(model: Any, t: Training) -> float:
        """Harrell's concordance of those who died with those who lived longer."""
        lives = found(model, t).cumprod(1).sum(1)
        end = last[2100:]
        pairs = event[2100:, None] & (end[:, None] < end)
        return float((lives[:, None] < lives)[pairs].mean())

    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(32, "relu"), L.Dense(10, "sigmoid")]),
        **rows(single(x), single(y), 1800, 300), loss=loss, metrics=(), score=score,
        optimizer=adam(3e-3), epochs=16,
    )  # fmt: skip


def premiums() -> Training:
    """Cost of claims a year, nearly all 0: Tweedie's loss, years as weights, exp at the end.

    After https://scikit-learn.org/stable/auto_examples/linear_model/
    plot_tweedie_regression_insurance_claims.html
    """
    random, n = np.random.default_rng(812), 6000
    age, power, zone = random.uniform(18, 80, n), random.normal(size=n), random.integers(0, 5, n)
    years = random.uniform(0.2, 1.0, n)
    level = (
        np.array([-0.5, -0.2, 0.0, 0.3, 0.6])[zone] + 0.4 * power + 1.2 * np.exp(-(age - 18) / 12)
    )
    count = random.poisson(years * np.exp(level - 0.8))
    cost = np.array([random.gamma(2.0, 0.5, k).sum() for k in count]) * np.exp(0.3 * power)
    x = joined([age, np.log(age), power], hot(zone, 5), train=4400)

    def loss(y: Any, z: Any) -> Any:
        z = ops.clip(z, -6.0, 6.0)
        return ops.exp(0.5 * z) * 2 + 2 * y * ops.exp(-0.5 * z)

    def score(model: Any, t: Training) -> float:
        """How well the order of the rates is known."""
        said = found(model, t)[:, 0]
        true = (level + 0.3 * power)[5000:]
        return float(np.corrcoef(said.argsort().argsort(), true.argsort().argsort())[0, 1])

    return Training(
        lambda: nn.Sequential([nn.Input((8,)), L.Dense(24, "relu"), L.Dense(12, "relu"),
                               L.Dense(1)]),
        **rows(x, single(cost / years)[:, None], 4400, 600), loss=loss, metrics=(), score=score,
        optimizer=adam(2e-3), batch_size=128, epochs=16,
        fit={"sample_weight": single(years[:4400])},
    )  # fmt: skip


def hotels() -> Training:
    """Which bookings fall through: batch normalisation in front, twice more, and dropout.

    After https://www.kaggle.com/code/ryanholbrook/binary-classification
    """
    random, n = np.random.default_rng(813), 4000
    lead, rate = random.gamma(1.2, 80, n), random.normal(100, 30, n)
    asked, parking, kind = random.poisson(0.6, n), random.random(n) < 0.1, random.integers(0, 8, n)
    z = 0.9 * np.log1p(lead / 30) - 0.8 * asked - 2.5 * parking + 0.008 * (rate - 100)
    y = random.random(n) < logistic(1.6 * (z + random.normal(0, 0.8, 8)[kind] - 0.8))
    x = joined([np.log1p(lead), rate, asked], parking[:, None], hot(kind, 8), train=3000)
    return Training(
        lambda: nn.Sequential([
            nn.Input((12,)), L.BatchNormalization(momentum=0.95), L.Dense(64, "relu"),
            L.BatchNormalization(momentum=0.95), L.Dropout(0.3), L.Dense(64, "relu"),
            L.BatchNormalization(momentum=0.95), L.Dropout(0.3), L.Dense(1, "sigmoid"),
        ]),
        **rows(x, single(y), 3000, 400), loss="binary_crossentropy",
        metrics=("binary_accuracy",), score=ranked, batch_size=128, epochs=16,
        optimizer=adam(2e-3),
        fit={"callbacks": [stops(patience=5, min_delta=0.001, restore_best_weights=True)]},
    )  # fmt: skip


def many_products() -> Training:
    """Nine kinds of things by forty counts, log1p, mostly 0: three layers, dropout.

    After https://www.kaggle.com/c/otto-group-product-classification-challenge/discussion/14335
    """
    random, n = np.random.default_rng(814), 3600
    y = random.choice(9, n, p=[0.05, 0.25, 0.13, 0.06, 0.06, 0.2, 0.06, 0.12, 0.07])
    rate = random.gamma(0.25, 1.0, 40) + random.gamma(0.2, 0.7, (9, 40))
    x = np.log1p(random.poisson(rate[y] * random.gamma(2.0, 0.5, (n, 40))))
    x = joined(list(x.T), train=2600)
    return Training(
        lambda: nn.Sequential([
            nn.Input((40,)), L.Dropout(0.05), L.Dense(96, "relu"), L.Dropout(0.3),
            L.Dense(48, "relu"), L.Dropout(0.2), L.Dense(9, "softmax"),
        ]),
        **rows(x, y, 2600, 400), batch_size=64, epochs=14, optimizer=adam(1e-3),
        metrics=("accuracy", "sparse_categorical_crossentropy"),
    )  # fmt: skip


def mechanisms() -> Training:
    """Which of 30 effects a drug has, one in twenty-five: labels smoothed, last bias set.

    After https://www.kaggle.com/c/lish-moa/discussion/201510
    """
    random, n = np.random.default_rng(815), 3600
    x = random.normal(size=(n, 30))
    z = 2.2 * x @ random.normal(size=(30, 30)) / np.sqrt(30)
    y = single(random.random((n, 30)) < logistic(2 * z - 6.2))
    base = nn.initializers.Constant(float(np.log(y.mean() / (1 - y.mean()))))

    def score(model: Any, t: Training) -> float:
        said = found(model, t)
        return float(np.mean([area(t.test[1][:, k], said[:, k]) for k in range(30)]))

    return Training(
        lambda: nn.Sequential([
            nn.Input((30,)), L.BatchNormalization(momentum=0.9), L.Dropout(0.1),
            L.Dense(96, "relu"), L.BatchNormalization(momentum=0.9), L.Dropout(0.2),
            L.Dense(30, "sigmoid", bias_initializer=base),
        ]),
        **rows(single(x), y, 2600, 400), batch_size=64, epochs=16, score=score, metrics=("AUC",),
        loss=nn.losses.BinaryCrossentropy(label_smoothing=0.001), optimizer=adam(3e-3),
    )  # fmt: skip


class Swapped(nn.utils.PyDataset):
    """Rows of which a tenth of the cells come from other rows, and the rows as they were."""

    def __init__(self, x: Any, size: int) -> None:
        super().__init__()
        self.x, self.size, self.random = x, size, np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.x) // self.size

    def __getitem__(self, k: int) -> Any:
        x = self.x[k * self.size : (k + 1) * self.size]
        other = self.x[self.random.integers(0, len(self.x), x.shape), np.arange(x.shape[1])]
        return np.where(self.random.random(x.shape) < 0.1, other, x), x


def swapped_cells() -> Training:
    """Cells that come from other rows are to be found out: a denoising autoencoder.

    After https://www.kaggle.com/c/porto-seguro-safe-driver-prediction/discussion/44629
    """
    random, n = np.random.default_rng(816), 2400
    x = np.tanh(random.normal(size=(n, 4)) @ random.normal(size=(4, 24)))
    x = single(scaled(x + random.normal(0, 0.1, x.shape), x[:1800]))
    held = Swapped(x[1800:2100], 300)[0]
    wrong, right = Swapped(x[2100:], 300)[0]

    def score(model: Any, t: Training) -> float:
        """How much of the damage is taken away."""
        return float(1 - np.mean((found(model, t) - right) ** 2) / np.mean((wrong - right) ** 2))

    return Training(
        lambda: nn.Sequential([nn.Input((24,)), L.Dense(96, "relu"), L.Dense(96, "relu"),
                               L.Dense(24)]),
        Swapped(x[:1800], 50), None, held, (wrong, right), loss="mse", metrics=(), score=score,
        optimizer=adam(3e-3), batch_size=THEIRS, epochs=30,
    )  # fmt: skip


class Coupling(L.Layer):
    """One half of the columns moves and stretches the other half."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first
        self.net = nn.Sequential([nn.Input((1,)), L.Dense(48, "relu"), L.Dense(48, "relu"),
                                  L.Dense(2, kernel_initializer="zeros")])  # fmt: skip

    def call(self, x: Any) -> Any:
        a, b = x[:, self.first : self.first + 1], x[:, 1 - self.first : 2 - self.first]
        z = self.net(a)
        log = 2 * ops.tanh(z[:, :1])
        b = b * ops.exp(log) + z[:, 1:]
        return ops.concatenate([a, b] if self.first == 0 else [b, a], axis=1), log[:, 0]


class Flow(nn.Model):
    """The logarithm of the density, by steps that can be undone (RealNVP)."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = [Coupling(k % 2) for k in range(8)]

    def call(self, x: Any) -> Any:  # type: ignore[override]
        total: Any = 0.0
        for step in self.steps:
            x, log = step(x)
            total = total + log
        return total - 0.5 * ops.sum(x**2, axis=1) - np.log(2 * np.pi)


def density_of_moons() -> Training:
    """The density of two moons: points are their own targets, the loss is below zero or not.

    After https://keras.io/examples/generative/real_nvp/
    """
    x, _ = nn.datasets.make_moons(2600, noise=0.2, random_state=0)
    x = single(scaled(x, x))

    def score(model: Any, t: Training) -> float:
        """How much more likely a point is than by a normal distribution, in nats."""
        return float(found(model, t).mean() + 1.0 + np.log(2 * np.pi))

    return Training(
        Flow, **rows(x, x, 2000, 300), loss=lambda y, said: -ops.mean(said), metrics=(),
        score=score, optimizer=adam(schedules.CosineDecay(5e-3, 35 * 32)), batch_size=64, epochs=35,
    )  # fmt: skip


def operator() -> Training:
    """The integral of a function, from its values at twenty places: a branch and a trunk.

    After https://deepxde.readthedocs.io/en/latest/demos/operator/antiderivative_aligned.html
    """
    random, n, grid = np.random.default_rng(817), 3000, np.linspace(0, 1, 20)
    a = random.normal(size=(n, 5)) / np.arange(1, 6)
    turns, at = np.pi * np.arange(1, 6), random.random((n, 1))
    values = np.cos(turns * grid[:, None]) @ a.T
    y = (a * np.sin(turns * at) / turns).sum(1, keepdims=True)

    def model() -> Any:
        seen, where = nn.Input((20,)), nn.Input((1,))
        z = L.Dense(32)(L.Dense(48, "relu")(seen))
        place = L.Dense(32, "tanh")(L.Dense(48, "tanh")(where))
        return nn.Model([seen, where], L.Dense(1)(L.Multiply()([z, place])))

    return Training(
        model, **rows((single(values.T), single(2 * at - 1)), single(y / y.std()), 2200, 300),
        **NUMBER, optimizer=adam(schedules.CosineDecay(5e-3, 20 * 69)), epochs=20,
    )  # fmt: skip


def beside_one_another() -> Training:
    """Which words stand beside which: two tables of vectors, one right and four wrong.

    After https://www.tensorflow.org/text/tutorials/word2vec
    """
    random, n = np.random.default_rng(818), 6000
    topic = random.integers(0, 6, n)
    words = random.permutation(60).reshape(6, 10)
    a, b = (words[topic, random.integers(0, 10, n)] for _ in range(2))
    wrong = random.integers(0, 60, (n, 4))
    given = np.concatenate([b[:, None], wrong], 1)

    def model() -> Any:
        target, context = nn.Input((1,), dtype="int64"), nn.Input((5,), dtype="int64")
        z = L.Dot(axes=2)([L.Embedding(60, 12)(context), L.Embedding(60, 12)(target)])
        return nn.Model([target, context], L.Flatten()(z))

    y = np.tile(single([1, 0, 0, 0, 0]), (n, 1))
    loss = nn.losses.CategoricalCrossentropy(from_logits=True)

    def score(model: Any, t: Training) -> float:
        return float(np.mean(found(model, t).argmax(1) == 0))

    return Training(
        model, **rows((a[:, None], given), y, 5000, 400), loss=loss, score=score,
        optimizer=adam(5e-3), batch_size=128, epochs=14,
    )  # fmt: skip


def rate_of_five() -> Training:
    """News of four kinds by the mean of the words' vectors, plain descent with a rate of 5.

    After https://pytorch.org/tutorials/beginner/text_sentiment_ngrams_tutorial.html
    """
    random, n = np.random.default_rng(819), 3000
    share, y = random.dirichlet(np.full(200, 0.5), 4), random.integers(0, 4, n)
    x = np.stack([random.choice(200, 14, p=share[k]) + 1 for k in y])
    x[np.arange(14) >= random.integers(5, 15, (n, 1))] = 0

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        spread = nn.initializers.RandomUniform(-0.5, 0.5)
        z = L.Embedding(201, 24, embeddings_initializer=spread, mask_zero=True)(inputs)
        return nn.Model(
            inputs, L.Dense(4, kernel_initializer=spread)(L.GlobalAveragePooling1D()(z))
        )

    steps = schedules.PiecewiseConstantDecay([8 * 36, 10 * 36], [5.0, 0.5, 0.05])
    return Training(
        model, **rows(x, y, 2300, 300), loss=LOGITS, optimizer=by("SGD", steps), batch_size=64,
        epochs=12,
    )  # fmt: skip


MAKES = (weights_of_one_over_count, hearts_of_three_hundred, deep_and_cross, stars_as_shares,
         abnormal_beats, diabetics, ranks_in_place_of_numbers, digits_by_momentum, cubic,
         all_by_oneself, trees_that_are_soft, worth_of_a_customer, chances_of_each_year, premiums,
         hotels, many_products, mechanisms, swapped_cells, density_of_moons, operator,
         beside_one_another, rate_of_five)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "dense", make) for make in MAKES]
