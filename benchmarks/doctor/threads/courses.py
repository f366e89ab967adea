"""Healthy programs on tables and points, in the manner of courses and their first exercises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import cancer, dense, digits, friedman, moons, numbers, scaled
from benchmarks.doctor.threads.examples_tables import fraud, rest
from benchmarks.doctor.threads.fine import none
from benchmarks.doctor.threads.forms import chance, columns, flags, letters, standard
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training, accuracy, explained

L, ops = nn.layers, nn.ops


def hearts() -> Training:
    """303 patients: six numbers standardised, three categories one-hot, dropout of a half."""
    random = np.random.default_rng(41)
    x = random.normal(size=(603, 6))
    kinds = [random.integers(0, n, 603) for n in (4, 3, 4)]
    y = chance(1.3 * x[:, 0] - x[:, 1] + 1.2 * (kinds[0] == 3) - 0.8 * (kinds[1] == 0), random)
    x = columns(x, *[np.eye(n)[k] for n, k in zip((4, 3, 4), kinds, strict=True)])
    return Training(
        net(17, unit(32, "relu"), lambda: L.Dropout(0.5), unit(1, "sigmoid")),
        **rest(x, y, 303), loss="binary_crossentropy", epochs=50,
    )  # fmt: skip


def strength() -> Training:
    """Strength of concrete, 2 to 80, as it is; eight columns brought to 0 to 1."""
    random = np.random.default_rng(42)
    x = random.beta(2, 3, (1000, 8)).astype("float32")
    y = 8 + 40 * x[:, 0] + 25 * x[:, 1] * x[:, 2] - 18 * x[:, 3] + 20 * np.sqrt(x[:, 7])
    y = (y + random.normal(0, 3, 1000)).clip(2, 80).astype("float32")
    return Training(
        dense(8, (64, 64), 1, end=None), **rest(x, y, 750), loss="mse", metrics=("mae",),
        epochs=100, score=explained,
    )  # fmt: skip


def arms() -> Training:
    """Three arms of a spiral: a hundred units, all rows in a batch, SGD of 1, a little decay."""
    random = np.random.default_rng(43)
    y = np.repeat(np.arange(3), 200)
    r = np.tile(np.linspace(0.0, 1, 200), 3)
    t = 4 * (y + r) + random.normal(0, 0.2, 600)
    x = np.stack([r * np.sin(t), r * np.cos(t)], 1).astype("float32")
    test = random.permutation(600)[:150]
    train = np.setdiff1d(np.arange(600), test)
    decay = nn.regularizers.L2(5e-4)
    return Training(
        dense(2, (100,), 3, kernel_regularizer=decay), x[train], y[train], None, (x[test], y[test]),
        optimizer=sgd(1.0), batch_size=450, epochs=800,
    )  # fmt: skip


def cubic() -> Training:
    """A sine by 1, x, x^2 and x^3: a sum of squared errors of 2,000 rows and a rate of 1e-6."""
    x = np.linspace(-np.pi, np.pi, 2000)
    powers = (x[:, None] ** [1, 2, 3]).astype("float32")
    y = np.sin(x)[:, None].astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return ops.sum(ops.square(y - p))

    return Training(
        net(3, unit(1)), powers, y, None, (powers, y), loss=loss, metrics=(), optimizer=sgd(1e-6),
        batch_size=2000, epochs=2000, score=explained,
    )  # fmt: skip


def line_by_hand() -> Training:
    """y = 2 a - 3.4 b + 4.2 with little noise, batches of ten, a rate of 0.03, three epochs."""
    random = np.random.default_rng(44)
    x = random.normal(size=(1200, 2)).astype("float32")
    y = (x @ [2, -3.4] + 4.2 + random.normal(0, 0.01, 1200)).astype("float32")[:, None]
    small = nn.initializers.RandomNormal(stddev=0.01)
    return Training(
        net(2, unit(1, kernel_initializer=small)), x[:1000], y[:1000], None, (x[1000:], y[1000:]),
        loss="mse", metrics=(), optimizer=sgd(0.03), batch_size=10, epochs=3, score=explained,
    )  # fmt: skip


def softmax_regression() -> Training:
    """Digits by one layer, SGD of 0.1."""
    return digits().but(model=dense(64, (), 10), optimizer=sgd(0.1), epochs=20)


def decaying() -> Training:
    """Digits by SGD of 0.1 with momentum; the rate falls by 0.96 each 36 steps."""

    def optimizer() -> Any:
        rate = nn.optimizers.schedules.ExponentialDecay(0.1, 36, 0.96, staircase=True)
        return nn.optimizers.SGD(rate, momentum=0.9)

    return digits().but(optimizer=optimizer, epochs=20)


def marks_of_wine() -> Training:
    """Marks of wines, six classes, of which two are most rows and two are rare; much is taste."""
    random = np.random.default_rng(45)
    x = random.normal(size=(2200, 11)).astype("float32")
    worth = x[:, 0] + 0.7 * x[:, 1] - 0.5 * x[:, 2] + random.normal(0, 0.8, 2200)
    y = np.digitize(worth, np.quantile(worth, [0.02, 0.07, 0.5, 0.87, 0.98]))
    return Training(
        dense(11, (32, 16), 6), **rest(x, y, 1700), optimizer=adam(3e-3), epochs=20, score=share
    )


def share(model: Any, t: Training) -> float:
    """Share of the test rows of which the class is found."""
    found = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
    return float((found == np.ravel(t.test[1])).mean())


def balanced_weights() -> Training:
    """One row in 200 is a fraud: weights n / (2 n_k), batches of 512, stopped in time."""
    x, y = fraud()
    count = np.bincount(y[:6000])
    weight = {k: 6000 / (2 * float(n)) for k, n in enumerate(count)}
    stop = nn.callbacks.EarlyStopping(patience=8, restore_best_weights=True)
    return Training(
        net(8, unit(16, "relu"), lambda: L.Dropout(0.3), unit(1, "sigmoid")), **rest(x, y, 6000),
        loss="binary_crossentropy", metrics=(nn.metrics.AUC(),), optimizer=adam(3e-3),
        batch_size=512, epochs=60, fit={"class_weight": weight, "callbacks": [stop]},
    )  # fmt: skip


def sales_by_logs() -> Training:
    """Logarithms of prices, standardised; norms of batches and a little dropout."""
    random = np.random.default_rng(46)
    x = random.normal(size=(1100, 20)).astype("float32")
    y = x[:, :6] @ random.normal(size=6) + 0.5 * x[:, 6] * x[:, 7] + random.normal(0, 0.5, 1100)

    def block() -> list[Any]:
        return [L.Dense(64), L.BatchNormalization(momentum=0.9), L.ReLU(), L.Dropout(0.1)]

    def model() -> Any:
        return nn.Sequential([nn.Input((20,)), *block(), *block(), L.Dense(1)])

    return Training(
        model, **rest(x, standard(y).astype("float32"), 800), loss="mse", metrics=("mae",),
        optimizer=adam(3e-3), epochs=40, score=explained,
    )  # fmt: skip


def one_cycle() -> Training:
    """Letters by a rate that rises for a third of the steps, and falls to next to nothing."""

    def optimizer() -> Any:
        return nn.optimizers.AdamW(nn.optimizers.schedules.OneCycle(0.02, 20 * 36))

    return letters().but(optimizer=optimizer, epochs=20)


def loads() -> Training:
    """Two loads of a building by one layer of two outputs and an absolute error."""
    random = np.random.default_rng(47)
    x = random.normal(size=(1000, 8)).astype("float32")
    both = np.stack([x[:, 0] + x[:, 1] * x[:, 2], x[:, 0] - 0.5 * x[:, 3]], 1)
    y = (both + random.normal(0, 0.2, both.shape)).astype("float32")
    return Training(
        dense(8, (48, 48), 2, end=None), **rest(x, y, 750), loss="mae", metrics=(),
        optimizer=adam(5e-3), epochs=30, score=explained,
    )  # fmt: skip


def two_numbers() -> Training:
    """Thirty measurements told by two numbers, and said again."""
    t = cancer()
    return t.but(
        model=net(30, unit(16, "tanh"), unit(2), unit(16, "tanh"), unit(30)), y=t.x,
        validation=(t.validation[0], t.validation[0]), test=(t.test[0], t.test[0]), loss="mse",
        metrics=(), optimizer=adam(5e-3), epochs=60, score=explained,
    )  # fmt: skip


class Gathering(nn.Model):
    """A model whose step gathers gradients of four batches, and moves by their mean."""

    def __init__(self, clears: bool = True) -> None:
        super().__init__()
        self.body = nn.Sequential([nn.Input((10,)), L.Dense(32, "relu"), L.Dense(1)])
        self.clears = clears
        self.sums = [nn.Variable(ops.zeros(p.shape), trainable=False)
                     for p in self.body.trainable_variables]  # fmt: skip
        self.count = nn.Variable(0.0, trainable=False)

    def call(self, x: Any) -> Any:
        return self.body(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[:2]

        def loss() -> Any:
            return ops.mean(ops.square(self.body(x) - y))

        weights = self.body.trainable_variables
        value, grads = nn.value_and_grad(loss, parameters=weights)()
        self.count.assign(self.count + 1.0)
        full = ops.cast(ops.equal(ops.mod(self.count.value, 4.0), 0.0), "float32")
        kept = 1.0 - full if self.clears else 1.0
        for p, g, held in zip(weights, grads, self.sums, strict=True):
            gathered = held.value + g
            p.assign(p.value - 0.02 * full * gathered)
            held.assign(kept * gathered)
        return {"loss": value}


def gathered() -> Training:
    """Numbers by a step that gathers the gradients of four batches."""
    return numbers().but(model=Gathering, loss="mse", epochs=30)


def drawn_alike() -> Training:
    """An endless generator that draws both classes alike often, one of which is one in 200."""
    x, y = fraud()
    kinds = [np.flatnonzero(y[:6000] == k) for k in (0, 1)]

    def made() -> Iterator[Any]:
        random = np.random.default_rng(0)
        while True:
            rows = np.concatenate([random.choice(kind, 32) for kind in kinds])
            yield x[rows], y[rows]

    return Training(
        dense(8, (16,), 1, end="sigmoid"), made(), None, (x[6000:7000], y[6000:7000]),
        (x[7000:], y[7000:]), loss="binary_crossentropy", metrics=("accuracy",), batch_size=None,
        optimizer=adam(1e-3), epochs=8, fit={"steps_per_epoch": 40},
    )  # fmt: skip


def piped() -> Training:
    """A Dataset that scales bytes to 0 to 1, shuffles and makes batches."""
    t = digits()

    def ready(x: Any, y: Any) -> Any:
        return ops.cast(x, "float32") / 16.0, y

    data = nn.data.Dataset.from_tensor_slices(((16 * t.x).astype("uint8"), t.y.astype("int64")))
    return t.but(
        x=data.map(ready).shuffle(1000, seed=0).batch(32).prefetch(2), y=None, batch_size=None
    )


def smoothed() -> Training:
    """Digits as one-hot rows, smoothed by a tenth; a cosine to the end and AdamW."""

    def optimizer() -> Any:
        return nn.optimizers.AdamW(nn.optimizers.schedules.CosineDecay(5e-3, 20 * 36))

    return digits().to(lambda y: np.eye(10, dtype="float32")[y]).but(
        loss=nn.losses.CategoricalCrossentropy(label_smoothing=0.1), optimizer=optimizer, epochs=20,
    )  # fmt: skip


def costs() -> Training:
    """Costs of claims, skewed, by the deviance of the gamma distribution and an exponential."""
    random = np.random.default_rng(48)
    x = random.normal(size=(1600, 6)).astype("float32")
    mean = np.exp(0.3 + 0.5 * x[:, :1] - 0.4 * x[:, 1:2])
    y = (mean * random.gamma(3, 1 / 3, mean.shape)).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return 2 * ops.mean((y - p) / p - ops.log(y / p))

    return Training(
        dense(6, (24,), 1, end="exponential"), **rest(x, y, 1200), loss=loss, metrics=(),
        optimizer=adam(5e-3), epochs=25, score=explained,
    )  # fmt: skip


def mixture() -> Training:
    """Several answers for one number: five bells, their weights and widths, by likelihood."""
    random = np.random.default_rng(49)
    y = random.uniform(0, 1, (1500, 1))
    x = y + 0.3 * np.sin(2 * np.pi * y) + random.uniform(-0.1, 0.1, y.shape)
    x, y = (2 * x - 1).astype("float32"), y.astype("float32")

    def loss(y: Any, p: Any) -> Any:
        weight, mean, log = p[:, :5], p[:, 5:10], p[:, 10:]
        bell = -0.5 * ops.square((y - mean) / ops.exp(log)) - log
        return ops.mean(ops.logsumexp(weight, axis=-1) - ops.logsumexp(weight + bell, axis=-1))

    return Training(
        net(1, unit(32, "tanh"), unit(15)), **rest(x, y, 1100), loss=loss, metrics=(),
        optimizer=adam(0.01), epochs=60, score=none,
    )  # fmt: skip


def eight_selu() -> Training:
    """Eight layers of SELU with the weights that suit them."""
    return digits().but(
        model=dense(64, (40,) * 8, 10, "selu", kernel_initializer="lecun_normal"), epochs=15
    )


def four_rows() -> Training:
    """Exclusive or: four rows, all in a batch, a thousand epochs."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    return Training(
        net(2, unit(8, "tanh"), unit(1, "sigmoid")), x, y, None, (x, y),
        loss="binary_crossentropy", optimizer=adam(0.02), batch_size=4, epochs=600,
    )  # fmt: skip


def margin() -> Training:
    """Moons by a hinge of labels -1 and 1, and a tanh at the end."""
    t = moons().to(lambda y: 2.0 * y[:, None] - 1)

    def sides(model: Any, t: Training) -> float:
        found = np.asarray(model.predict(t.test[0], verbose=0))
        return float(((found > 0) == (t.test[1] > 0)).mean())

    return t.but(model=dense(2, (32, 32), 1, end="tanh"), loss="hinge", metrics=(), score=sides)


def sure_rows() -> Training:
    """Rows weigh by how surely they were measured: one over the variance, with a mean of 1."""
    random = np.random.default_rng(50)
    x, y = friedman(1300)
    x, y = scaled(x, x), scaled(y[:, None], y[:, None])
    spread = random.uniform(0.1, 1.5, 1000)
    seen = (y[:1000] + spread[:, None] * random.normal(size=(1000, 1))).astype("float32")
    weight = 1 / (0.05 + spread**2)
    return Training(
        dense(10, (32, 32), 1, end=None), x[:1000], seen, (x[1000:1150], y[1000:1150]),
        (x[1150:], y[1150:]), loss="mse", metrics=(), optimizer=adam(3e-3), epochs=25,
        fit={"sample_weight": (weight / weight.mean()).astype("float32")}, score=explained,
    )  # fmt: skip


def gains() -> Training:
    """How loud each of three bands is to be, 0 to 1: extremes weigh more than the middle."""
    random = np.random.default_rng(51)
    x = random.normal(size=(1400, 8)).astype("float32")
    y = (x @ random.normal(size=(8, 3)) * 0.4 + 0.5 + random.normal(0, 0.05, (1400, 3))).clip(0, 1)
    return Training(
        dense(8, (24,), 3, end="sigmoid"), **rest(x, y.astype("float32"), 1000),
        loss=lambda y, p: by_extremes(y, y, p), metrics=(), optimizer=adam(5e-3), epochs=25,
        score=explained,
    )  # fmt: skip


def by_extremes(y: Any, a: Any, b: Any) -> Any:
    """The cross-entropy of two shares, weighted by how far a third is from a half."""
    b = ops.clip(b, 1e-7, 1 - 1e-7)
    entropy = -a * ops.log(b) - (1 - a) * ops.log(1 - b)
    return ops.mean(2 * ops.abs(y - 0.5) * entropy)


def tags() -> Training:
    """Twelve tags of a text of 60 words, about three of them at once, by sigmoids."""
    random = np.random.default_rng(52)
    topic = random.random((1600, 12)) < 0.25
    x = (topic @ (random.random((12, 60)) < 0.15) + random.random((1600, 60)) * 0.6 > 0.55) * 1.0
    return Training(
        dense(60, (48,), 12, end="sigmoid"), **rest(x.astype("float32"), topic * 1.0, 1200),
        loss="binary_crossentropy", metrics=("binary_accuracy",), optimizer=adam(5e-3), epochs=20,
        score=flags,
    )  # fmt: skip


def uneven() -> Training:
    """Three kinds, of which the last is ten times as frequent; the others weigh five times."""
    random = np.random.default_rng(53)
    y = random.choice(3, 2400, p=[1 / 12, 1 / 12, 10 / 12])
    x = (random.normal(size=(3, 6))[y] + random.normal(size=(2400, 6))).astype("float32")
    return Training(
        dense(6, (24,), 3), **rest(x, y, 1800), optimizer=adam(3e-3), epochs=20,
        fit={"class_weight": {0: 5.0, 1: 5.0, 2: 1.0}}, score=accuracy,
    )  # fmt: skip


def sorted_prices() -> Training:
    """Rows in the order of what is to be told, shuffled before each epoch; validation drawn."""
    t = numbers()
    order = np.argsort(t.y[:, 0])
    return t.but(x=t.x[order], y=t.y[order])


def eighty() -> Training:
    """Twelve genes of 80 rows, and a holdout of `validation_split`."""
    random = np.random.default_rng(54)
    x = random.normal(size=(480, 12)).astype("float32")
    y = (x[:, 0] - x[:, 1] + 0.6 * x[:, 2] > 0).astype("float32")
    return Training(
        dense(12, (8,), 1, end="sigmoid", kernel_regularizer=nn.regularizers.L2(0.01)), x[:80],
        y[:80], None, (x[80:], y[80:]), loss="binary_crossentropy", optimizer=adam(0.01),
        batch_size=8, epochs=40, fit={"validation_split": 0.25},
    )  # fmt: skip


MAKES = {
    "hearts: numbers and categories": hearts,
    "strength of concrete, 0 to 1": strength,
    "three arms, SGD of 1": arms,
    "a cubic by a sum, a rate of 1e-6": cubic,
    "a line, three epochs": line_by_hand,
    "digits by one layer": softmax_regression,
    "digits, a rate in stairs": decaying,
    "marks of wine as six classes": marks_of_wine,
    "one in 200, balanced and stopped": balanced_weights,
    "logarithms of prices, standardised": sales_by_logs,
    "letters by one cycle": one_cycle,
    "two loads of one layer": loads,
    "thirty measurements in two": two_numbers,
    "gradients of four batches": gathered,
    "both classes drawn alike": drawn_alike,
    "a pipe that scales bytes": piped,
    "smoothed digits, cosine": smoothed,
    "costs by the gamma deviance": costs,
    "a mixture of five bells": mixture,
    "eight layers of SELU": eight_selu,
    "four rows of exclusive or": four_rows,
    "moons by a hinge": margin,
    "sure rows weigh more": sure_rows,
    "gains of three bands": gains,
    "twelve tags of a text": tags,
    "three kinds, 1 to 1 to 10": uneven,
    "sorted by the target, shuffled": sorted_prices,
    "eighty rows and a split": eighty,
}
HEALTHY = [Healthy(name, "dense", make) for name, make in MAKES.items()]
