"""Healthy programs of the second part: tables and points that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.second import points
from benchmarks.doctor.second.dense import stopped_in_time
from benchmarks.doctor.second.points import LOGITS, Rows, parted, rms
from benchmarks.doctor.tables import dense
from benchmarks.doctor.training import Training, explained

L = nn.layers
schedules = nn.optimizers.schedules


def chain(inputs: int, *parts: Any) -> Any:
    """Return what makes a Sequential of layers, which are made anew each time."""
    return lambda: nn.Sequential([nn.Input((inputs,)), *(part() for part in parts)])


def unit(width: int, act: Any = None, **given: Any) -> Any:
    """Return what makes a dense layer."""
    return lambda: L.Dense(width, act, **given)


def behind(layer: Any) -> Training:
    """Kilograms and days as they are, behind a layer that scales them by itself."""
    return points.concrete().but(
        model=chain(6, layer, unit(48, "gelu"), unit(24, "gelu"), unit(1)), epochs=30
    )


def own_unit() -> Training:
    """Strengths near 300, and a last layer that knows their mean and spread."""

    def model() -> Any:
        found = points.concrete().model()
        out = L.Lambda(lambda z: z * 60 + 300)(found.outputs[0])
        return nn.Model(found.inputs, out)

    return points.concrete().to(lambda y: y * 60 + 300).but(
        model=model, loss="mae", optimizer=adam(5e-3)
    )  # fmt: skip


def ratings() -> Training:
    """Stars from 1 to 5 as numbers, by squared error."""
    t = points.concrete()
    return t.to(lambda y: np.clip(np.rint(1.2 * y + 3), 1, 5).astype("int64")).but(
        loss="mse", epochs=30
    )


def likelihood() -> Training:
    """A number and its spread, by a likelihood of which the logarithm falls below 0."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (1500, 3)).astype("float32")
    y = x[:, :1] * x[:, 1:2] + random.normal(0, 1, (1500, 1)) * 0.05 * np.exp(x[:, 2:])

    def loss(y: Any, p: Any) -> Any:
        log = p[:, 1:]
        return nn.ops.mean(log + 0.5 * nn.ops.square((y - p[:, :1]) * nn.ops.exp(-log)))

    def score(model: Any, t: Training) -> float:
        found = np.asarray(model.predict(t.test[0], verbose=0))[:, :1]
        return float(1 - np.mean((found - t.test[1]) ** 2) / np.var(t.test[1]))

    return Training(
        dense(3, (32, 32), 2, "tanh", None), **parted(x, y.astype("float32"), 1000, 200), loss=loss,
        metrics=(), score=score, optimizer=adam(5e-3), epochs=20,
    )  # fmt: skip


def directions() -> Training:
    """Directions in space, by cosine similarity: the best loss is -1."""
    random = np.random.default_rng(1)
    x = random.normal(size=(1200, 4)).astype("float32")
    y = np.stack([x[:, 0] * x[:, 1], x[:, 2], x[:, 3] - x[:, 0]], 1)
    y = (y / np.linalg.norm(y, axis=1, keepdims=True)).astype("float32")

    def score(model: Any, t: Training) -> float:
        found = np.asarray(model.predict(t.test[0], verbose=0))
        return float(np.mean((found * t.test[1]).sum(1) / (np.linalg.norm(found, axis=1) + 1e-9)))

    return Training(
        dense(4, (48,), 3, "relu", None), **parted(x, y, 800, 150), loss="cosine_similarity",
        metrics=(), score=score, optimizer=adam(5e-3), epochs=25,
    )  # fmt: skip


def teacher(loss: str) -> Training:
    """Targets are another model's probabilities: the loss never gets near 0."""
    t = points.plain_steps()
    middle = np.random.default_rng(2).normal(0, 0.6, (6, 5))

    def soft(x: Any) -> Any:
        z = np.exp(x @ middle)
        return (z / z.sum(1, keepdims=True)).astype("float32")

    pairs = (t.validation[0], soft(t.validation[0])), (t.test[0], soft(t.test[0]))
    return t.but(
        y=soft(t.x), validation=pairs[0], test=pairs[1], loss=loss, metrics=(), score=explained,
        optimizer=adam(0.01),
    )  # fmt: skip


def uneven() -> Training:
    """One class is twelve times as rare as the other, and is found without weights."""
    random = np.random.default_rng(3)
    y = (random.random(2600) < 0.075).astype("int64")
    x = (random.normal(size=(2600, 5)) + 2.2 * y[:, None] * (np.arange(5) < 4)).astype("float32")
    return Training(
        dense(5, (16,), 1, "relu", "sigmoid"), **parted(x, y, 1600, 400),
        loss="binary_crossentropy", optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def focal() -> Training:
    """Rare defects, by the focal loss: its values are small from the start."""
    return points.defects().but(
        loss=nn.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.93),
        fit={},
        epochs=20,
    )


def outliers() -> Training:
    """One target of forty is far away, and the mean absolute error doesn't mind."""
    t = points.surface()
    random = np.random.default_rng(4)
    y = np.where(random.random(t.y.shape) < 0.025, 15, t.y).astype("float32")
    return t.but(model=dense(2, (48, 48), 1, "tanh", None), y=y, loss="mae", epochs=30)


def experts() -> Training:
    """Four networks, and a softmax in the middle that says which to ask."""

    def model() -> Any:
        inputs = nn.Input((4,))
        which = L.Reshape((4, 1))(L.Dense(4, "softmax")(L.Dense(16, "tanh")(inputs)))
        asked = L.Reshape((4, 3))(L.Dense(12)(L.Dense(32, "relu")(inputs)))
        return nn.Model(inputs, L.Lambda(lambda z: nn.ops.sum(z[0] * z[1], axis=1))([which, asked]))

    return points.shells().but(model=model, optimizer=adam(0.01))


def gated() -> Training:
    """A sigmoid in the middle multiplies: most of it is near 0 or 1."""

    def model() -> Any:
        x = inputs = nn.Input((10,))
        for _ in range(2):
            x = L.Multiply()([L.Dense(32, "sigmoid")(x), L.Dense(32)(x)])
        return nn.Model(inputs, L.Dense(1)(x))

    return points.bits().but(model=model, optimizer=adam(0.01))


def from_nothing() -> Training:
    """Each block begins with a gain of 0, and so does the last layer."""

    class Gain(L.Layer):
        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(1,), initializer="zeros", name="gain")

        def call(self, x: Any) -> Any:
            return x * self.gain

    def model() -> Any:
        inputs = nn.Input((4,))
        x = L.Dense(32)(inputs)
        for _ in range(6):
            x = L.Add()([x, Gain()(L.Dense(32)(L.Dense(32, "relu")(x)))])
        return nn.Model(inputs, L.Dense(3, kernel_initializer="zeros")(x))

    return points.shells().but(model=model, optimizer=adam(3e-3))


def lent() -> Training:
    """The same layer three times, on purpose."""

    def model() -> Any:
        inputs, shared = nn.Input((4,)), L.Dense(40, "tanh")
        x = L.Dense(40, "tanh")(inputs)
        for _ in range(3):
            x = shared(x)
        return nn.Model(inputs, L.Dense(3)(x))

    return points.shells().but(model=model, optimizer=adam(5e-3), epochs=40)


def aside() -> Training:
    """The second answer is read from features that it must not change."""

    def model() -> Any:
        inputs = nn.Input((8,))
        z = L.Dense(32, "relu")(L.Dense(48, "relu")(inputs))
        raw = L.Concatenate()([inputs, L.Lambda(nn.ops.stop_gradient)(z)])
        return nn.Model(inputs, [L.Dense(1)(z), L.Dense(1, "sigmoid")(L.Dense(24, "relu")(raw))])

    return points.both().but(model=model)


def lottery() -> Training:
    """Four hundred random units that are never trained, and a last layer that is."""
    wide = nn.initializers.RandomNormal(stddev=3.0)

    def hidden() -> Any:
        return L.Dense(400, "tanh", kernel_initializer=wide, bias_initializer=wide, trainable=False)

    model = chain(2, hidden, unit(2, "softmax"))
    return points.board().but(model=model, optimizer=adam(0.03), epochs=60)


def one_run() -> Training:
    """A rate that rises to ten times the usual and falls to nothing, as one cycle."""
    rates = schedules.CosineDecay(1e-4, 520, warmup_target=0.03, warmup_steps=120, alpha=0.0)
    return points.shells().but(optimizer=adam(rates))


def noise_in_training() -> Training:
    """A quarter of the labels for training is wrong; those of later are right."""
    t = points.plain_steps()
    random = np.random.default_rng(5)
    wrong = random.random(len(t.y)) < 0.25
    y = np.where(wrong, random.integers(0, 5, len(t.y)), t.y)
    return t.but(y=y, model=dense(6, (8,), 5), epochs=10)


def blurred() -> Training:
    """Noise on the inputs and dropout of 70 %, in training only."""
    model = chain(
        6,
        lambda: L.GaussianNoise(0.5),
        unit(128, "relu"),
        lambda: L.Dropout(0.7),
        unit(5, "softmax"),
    )
    return points.plain_steps().but(model=model, optimizer=adam(3e-3))


def signs() -> Training:
    """Words: each column is 1 in one row of a hundred."""
    random = np.random.default_rng(6)
    x = (random.random((2000, 150)) < 0.012).astype("float32")
    y = (x @ random.normal(size=(150, 1)) > 0).astype("float32")
    return Training(
        dense(150, (), 1, end="sigmoid"), **parted(x, y, 1300, 200), loss="binary_crossentropy",
        optimizer=adam(0.05), epochs=12,
    )  # fmt: skip


def cleaned() -> Training:
    """Curves with noise, and the same without: the narrow middle has no bend, activity costs."""
    random = np.random.default_rng(7)
    a, b = random.uniform(-1, 1, (2, 1200, 1))
    y = a * np.sin(np.linspace(0, 6, 32)) + b * np.cos(np.linspace(0, 3, 32))
    x = y + random.normal(0, 0.4, y.shape)
    return Training(
        chain(32, unit(24, "relu", activity_regularizer=nn.regularizers.L1(1e-4)), unit(2),
              unit(24, "relu"), unit(32)),
        **parted(x.astype("float32"), y.astype("float32"), 800, 200), loss="mse", metrics=(),
        score=explained, optimizer=adam(5e-3), epochs=20,
    )  # fmt: skip


def summed() -> Training:
    """A loss that is added up over rows and outputs: it begins at hundreds."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.sum(nn.ops.square(y - p))

    return cleaned().but(loss=loss, optimizer=adam(3e-3))


def small() -> Training:
    """Inputs of a twentieth of the usual spread."""
    t = points.plain_steps().on(lambda x: x * 0.05)
    return t.but(optimizer=adam(0.02), epochs=20)


def within_a_ball() -> Any:
    """Return a network whose weights must not grow beyond a norm."""
    ball = nn.constraints.MaxNorm(2.0)
    hidden = [L.Dense(48, "relu", kernel_constraint=ball) for _ in range(2)]
    return nn.Sequential([nn.Input((4,)), *hidden, L.Dense(3)])


def generated() -> Training:
    """The rows come from a generator."""
    t = points.shells()
    return t.but(x=Rows(t.x, t.y), y=None, batch_size=None)


def shifted() -> Training:
    """The held-out rows are half a spread away: another year."""
    t = points.surface()
    x = np.random.default_rng(8).uniform(-1.2, 2, (500, 2)).astype("float32")
    y = (np.sin(2 * x[:, :1]) * np.cos(x[:, 1:]) + 0.2 * x[:, :1]).astype("float32")
    return t.but(validation=(x[:250], y[:250]), test=(x[250:], y[250:]))


def other(make: Any, **changes: Any) -> Any:
    """Return what makes a training with some parts changed."""
    return lambda: with_(**changes)(make())


def optimised(name: str, *given: Any, **more: Any) -> Any:
    """Return what makes an optimizer of a name."""
    return lambda: getattr(nn.optimizers, name)(*given, **more)


PLAIN = (points.board, points.shells, points.concrete, points.bits, points.clients, points.surface,
         points.tags, points.alike, points.waiting, points.rungs, points.normed, points.defects,
         points.both, points.plain_steps)  # fmt: skip

ROWS: list[tuple[str, Any]] = [
    ("raw columns behind BatchNormalization", lambda: behind(L.BatchNormalization)),
    ("strengths near 300, and a head that knows it", own_unit),
    ("stars as numbers", ratings),
    ("a likelihood below 0", likelihood),
    ("cosine similarity falls to -1", directions),
    ("soft targets of a teacher", lambda: teacher("categorical_crossentropy")),
    ("soft targets, Kullback-Leibler", lambda: teacher("kl_divergence")),
    ("one in thirteen, without weights", uneven),
    ("focal loss of rare defects", focal),
    ("targets far away", outliers),
    ("a softmax in the middle", experts),
    ("gates that multiply", gated),
    ("blocks that begin as nothing", from_nothing),
    ("one layer, three times", lent),
    ("an answer aside", aside),
    ("random units, never trained", lottery),
    ("one cycle of the rate", one_run),
    ("labels wrong in training only", noise_in_training),
    ("noise and dropout of 70 %", blurred),
    ("rare words, no hidden layer", signs),
    ("a middle of two units, no bend", cleaned),
    ("a loss that is added up", summed),
    ("rows of a generator", generated),
    ("held-out rows of another year", shifted),
    ("small inputs", small),
    ("two classes of logits, no hidden layer",
     other(points.plain_steps, model=dense(6, (), 5, end=None), loss=LOGITS, optimizer=sgd(1.0))),
    ("scores of a low rank",
     other(points.plain_steps, model=dense(6, (3,), 5, None, None), loss=LOGITS,
           optimizer=adam(0.02))),
    ("all rows in each step",
     lambda: points.shells().but(batch_size=1000, epochs=150, optimizer=adam(0.02))),
    ("one row a step", other(points.plain_steps, batch_size=1, epochs=2, optimizer=sgd(0.01))),
    ("mixed already, not shuffled", other(points.shells, fit={"shuffle": False})),
    ("much wider than the plane",
     other(points.board, model=dense(2, (500,), 2, "relu"), optimizer=adam(0.01), epochs=30)),
    ("Muon, a rate of 0.01", other(points.shells, optimizer=optimised("Muon", 0.01))),
    ("Lion, a small rate", other(points.bits, optimizer=optimised("Lion", 1e-3))),
    ("Adadelta, a rate of 1", other(points.plain_steps, optimizer=optimised("Adadelta", 1.0))),
    ("Ftrl, a large rate", other(points.plain_steps, optimizer=optimised("Ftrl", 0.5))),
    ("moving averages of weights",
     other(points.tags, optimizer=optimised("Adam", 0.01, use_ema=True, ema_momentum=0.95))),
    ("gradients of four steps together",
     other(points.tags, epochs=25,
           optimizer=optimised("Adam", 0.01, gradient_accumulation_steps=4))),
    ("stopped in time, few rows", stopped_in_time),
    ("weights kept within a ball",
     other(points.shells, epochs=30, optimizer=adam(0.01), model=within_a_ball)),
    ("softsign and a rate that falls late",
     other(points.shells, model=dense(4, (48, 48), 3, "softsign", None), epochs=60,
           optimizer=rms(schedules.PiecewiseConstantDecay([1500], [0.003, 1e-5])))),
]  # fmt: skip

HEALTHY = [
    *(Healthy(f"plain {make.__name__}", "dense", make) for make in PLAIN),
    *(Healthy(name, "dense", make) for name, make in ROWS),
]
