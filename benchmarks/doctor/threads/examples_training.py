"""Healthy programs in the manner of published examples: ways of training, and losses."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor import images
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import cancer, dense, digits, layers, moons, numbers, split
from benchmarks.doctor.threads.fine import none
from benchmarks.doctor.training import Training, accuracy, explained

L, ops = nn.layers, nn.ops
HOT = np.eye(10, dtype="float32")


def cyclic() -> Training:
    """A rate that goes up and down five times, set by a callback."""

    def rate(epoch: int, now: float) -> float:
        return float(1e-4 + 4e-3 * abs((epoch % 4) / 2 - 1))

    return digits().but(epochs=20, fit={"callbacks": [nn.callbacks.LearningRateScheduler(rate)]})


def one_cycle() -> Training:
    """One cycle, up to a rate that alone would be large."""
    rate = nn.optimizers.schedules.OneCycle(0.15, 36 * 12)
    return digits().but(optimizer=sgd(rate, momentum=0.9))


def stepped() -> Training:
    """SGD with momentum and Nesterov's look ahead, weight decay, and a rate in steps."""
    rate = nn.optimizers.schedules.PiecewiseConstantDecay([180, 360], [0.1, 0.01, 0.001])
    decay = nn.regularizers.L2(1e-4)
    return digits().but(
        model=dense(64, (64, 64), 10, kernel_regularizer=decay),
        optimizer=sgd(rate, momentum=0.9, nesterov=True), epochs=15,
    )  # fmt: skip


def all_rows() -> Training:
    """Gradient descent: all rows in one batch, 500 times."""
    return moons().but(
        model=dense(2, (16,), 1, "tanh", end="sigmoid"), optimizer=sgd(1.0), batch_size=800,
        epochs=500, validation=None,
    )  # fmt: skip


def heavy() -> Training:
    """A momentum of 0.99 with a small rate."""
    return digits().but(optimizer=sgd(0.005, momentum=0.99), epochs=20)


def textbook() -> Training:
    """The textbook's network: sigmoids, cross-entropy, a rate of 0.5, batches of ten."""
    return digits().but(
        model=dense(64, (30,), 10, "sigmoid"), optimizer=sgd(0.5), batch_size=10, epochs=12
    )


def old_default() -> Training:
    """Adadelta with a rate of 1."""
    return digits().but(optimizer=lambda: nn.optimizers.Adadelta(1.0), epochs=12)


def by(make: Any, rate: float, epochs: int = 12) -> Any:
    """Return what makes digits by another optimizer."""
    return lambda: digits().but(optimizer=lambda: make(rate), epochs=epochs)


def mixed() -> Training:
    """Pairs of images and of their labels are mixed: labels are shares."""
    t = digits().to(lambda y: HOT[y])
    random = np.random.default_rng(0)
    share = random.beta(0.3, 0.3, (len(t.x), 1)).astype("float32")
    other = random.permutation(len(t.x))
    return t.but(
        x=share * t.x + (1 - share) * t.x[other], y=share * t.y + (1 - share) * t.y[other],
        loss="categorical_crossentropy",
    )  # fmt: skip


def taught() -> Training:
    """A small network learns what a large one says, softened."""
    t = digits()
    teacher = t.model()
    teacher.compile("adam", "sparse_categorical_crossentropy")
    teacher.fit(t.x, t.y, epochs=10, verbose=0)

    def said(x: Any) -> Any:
        p = np.asarray(teacher.predict(x, verbose=0)) ** (1 / 4)
        return (p / p.sum(-1, keepdims=True)).astype("float32")

    def as_known(model: Any, training: Training) -> float:
        return accuracy(model, t)

    return t.but(
        y=said(t.x), validation=(t.validation[0], said(t.validation[0])),
        model=dense(64, (16,), 10), loss="kl_divergence", metrics=(), optimizer=adam(5e-3),
        epochs=15, score=as_known,
    )  # fmt: skip


def tuned() -> Training:
    """A trained trunk, at first frozen, is trained on with a hundredth of the rate."""
    t = images.normalised()
    trained = t.model()
    trained.compile(nn.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    trained.fit(t.x, t.y, epochs=4, verbose=0)
    small = {"x": t.x[:300], "y": t.y[:300] % 5}

    def model() -> Any:
        body = nn.Sequential(trained.layers[:-1], name="body")
        inputs = nn.Input((8, 8, 1))
        return nn.Model(inputs, L.Dense(5, "softmax")(body(inputs, training=False)))

    return t.but(
        **small, model=model, validation=(t.validation[0], t.validation[1] % 5),
        test=(t.test[0], t.test[1] % 5), optimizer=adam(1e-4), epochs=40,
    )  # fmt: skip


def normal_units() -> Training:
    """Six layers of SELU, LeCun's weights and alpha dropout."""
    given = {"kernel_initializer": "lecun_normal"}
    model = layers(
        lambda: nn.Input((30,)), *[lambda: L.Dense(32, "selu", **given)] * 6,
        lambda: L.AlphaDropout(0.05), lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip
    return cancer().but(model=model, optimizer=adam(1e-3))


class Waves(L.Layer):
    """Sines of a weighted sum, whose weights are spread wide (SIREN)."""

    def __init__(self, units: int, first: bool = False) -> None:
        super().__init__()
        self.units, self.first = units, first

    def build(self, shape: Any) -> None:
        n = shape[-1]
        wide = 1 / n if self.first else (6 / n) ** 0.5 / 10
        drawn = nn.initializers.RandomUniform(-wide, wide)
        self.kernel = self.add_weight(shape=(n, self.units), initializer=drawn, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        return ops.sin(10 * (ops.matmul(x, self.kernel) + self.bias))


def picture() -> Training:
    """Grey by place: a picture is learnt by heart, by sines."""
    at = np.linspace(-1, 1, 48)
    a, b = np.meshgrid(at, at)
    grey = np.sin(6 * a) * np.cos(5 * b) + (a**2 + b**2 < 0.3)
    x = np.c_[a.ravel(), b.ravel()].astype("float32")
    y = grey.ravel()[:, None].astype("float32")
    model = layers(
        lambda: nn.Input((2,)), lambda: Waves(48, first=True), lambda: Waves(48),
        lambda: L.Dense(1),
    )  # fmt: skip
    return Training(
        model, x, y, None, (x, y), loss="mse", metrics=(), optimizer=adam(1e-3), batch_size=64,
        epochs=25, score=explained,
    )  # fmt: skip


class Bumps(L.Layer):
    """Bumps around learnt centres."""

    def build(self, shape: Any) -> None:
        drawn = nn.initializers.RandomUniform(-1.5, 2.0)
        self.centres = self.add_weight(shape=(30, shape[-1]), initializer=drawn, name="centres")

    def call(self, x: Any) -> Any:
        away = ops.sum(ops.square(ops.expand_dims(x, 1) - self.centres), axis=-1)
        return ops.exp(-4 * away)


def bumps() -> Training:
    """A layer of radial units, most of which are next to 0 for any sample."""
    return moons().but(
        model=layers(lambda: nn.Input((2,)), Bumps, lambda: L.Dense(1, "sigmoid")),
        optimizer=adam(0.03),
    )  # fmt: skip


class Law(nn.Model):
    """Learns the curve that a law of motion and its beginning tell; targets are none."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential([L.Dense(24, "tanh"), L.Dense(24, "tanh"), L.Dense(1)])

    def call(self, t: Any) -> Any:
        return self.body(t)

    def train_step(self, data: Any) -> dict[str, Any]:
        t = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            gap = 1e-2
            slope = (self(t + gap) - self(t - gap)) / (2 * gap)
            start = self(ops.zeros((1, 1)))
            return ops.mean(ops.square(slope + 2 * self(t))) + ops.mean(ops.square(start - 1.0))

        value, grads = nn.value_and_grad(loss, parameters=self)()
        self.optimizer.apply(grads, self)
        return {"loss": value}


def law() -> Training:
    """A differential equation as the loss."""
    t = np.random.default_rng(0).random((640, 1)).astype("float32")
    at = np.linspace(0, 1, 50, dtype="float32")[:, None]
    return Training(
        Law, t, None, None, (at, np.exp(-2 * at)), loss=None, metrics=(), optimizer=adam(5e-3),
        epochs=40, score=explained,
    )  # fmt: skip


def worth() -> Training:
    """What each of four moves is worth, up to 20: only that which was made has a target."""
    random = np.random.default_rng(1)
    x = random.normal(size=(3000, 4)).astype("float32")
    true = 10 + 5 * np.tanh(x @ random.normal(size=(4, 4)))
    made = random.integers(0, 4, 3000)
    y = np.stack([made, true[np.arange(3000), made]], 1).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        chosen = ops.one_hot(ops.cast(y[:, 0], "int32"), 4)
        return ops.mean(ops.square(y[:, 1] - ops.sum(p * chosen, axis=-1)))

    return Training(
        dense(4, (32,), 4, end=None), x[:2400], y[:2400], None, (x[2400:], true[2400:]),
        loss=loss, metrics=(), optimizer=adam(0.01), epochs=20, score=explained,
    )  # fmt: skip


def triplets() -> Training:
    """A digit shall lie nearer to one of its kind than to another: targets are not looked at."""
    t = digits()
    random = np.random.default_rng(2)
    same = np.array([random.choice(np.flatnonzero(t.y == k)) for k in t.y])
    other = np.array([random.choice(np.flatnonzero(t.y != k)) for k in t.y])

    def model() -> Any:
        body = nn.Sequential([nn.Input((64,)), L.Dense(48, "relu"), L.Dense(8)])
        given = [nn.Input((64,)) for _ in range(3)]
        return nn.Model(given, L.Concatenate()([body(v) for v in given]))

    def loss(y: Any, p: Any) -> Any:
        a, b, c = p[:, :8], p[:, 8:16], p[:, 16:]
        near, far = (ops.sum(ops.square(a - v), axis=-1) for v in (b, c))
        return ops.mean(ops.maximum(near - far + 1.0, 0.0))

    return t.but(
        model=model, x=[t.x, t.x[same], t.x[other]], y=np.zeros((len(t.x), 1), "float32"),
        validation=None, loss=loss, metrics=(), score=none,
    )  # fmt: skip


def mixture() -> Training:
    """Two branches of one curve, by a mixture of two normal distributions; outputs mean parts."""
    random = np.random.default_rng(3)
    x = random.uniform(-1, 1, (1500, 1)).astype("float32")
    side = random.choice([-1, 1], x.shape)
    y = (side * (1 + x) + random.normal(0, 0.1, x.shape)).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        weight, mean, log = p[:, :2], p[:, 2:4], p[:, 4:]
        parts = ops.log_softmax(weight) - log - 0.5 * ops.square((y - mean) * ops.exp(-log))
        return -ops.mean(ops.logsumexp(parts, axis=-1))

    return Training(
        dense(1, (24,), 6, "tanh", end=None), **split(x, y), test=(x, y), loss=loss, metrics=(),
        optimizer=adam(0.01), epochs=20, score=none,
    )  # fmt: skip


def gathered() -> Training:
    """Gradients of four batches make one step; weights are averaged over time."""
    return digits().but(
        optimizer=adam(5e-3, gradient_accumulation_steps=4, use_ema=True, ema_momentum=0.9),
        batch_size=8, epochs=10,
    )  # fmt: skip


def several_metrics() -> Training:
    """An R2 below 0 at first, and a squared error whose root is told, too."""
    return numbers().but(metrics=(nn.metrics.R2Score(), nn.metrics.RootMeanSquaredError()))


def bound() -> Training:
    """Weights that may not grow, and dropout of a half."""
    norm = nn.constraints.MaxNorm(2.0)
    model = layers(
        lambda: nn.Input((64,)), lambda: L.Dropout(0.2),
        lambda: L.Dense(128, "relu", kernel_constraint=norm), lambda: L.Dropout(0.5),
        lambda: L.Dense(10, "softmax", kernel_constraint=norm),
    )  # fmt: skip
    return digits().but(model=model, optimizer=sgd(0.1, momentum=0.9), epochs=15)


def around_a_point() -> Training:
    """Normal rows only, drawn to one point: all targets are 0, and there are no biases."""
    (x, y), _ = nn.datasets.digits.load_data()
    x = x.reshape(len(x), -1).astype("float32") / 16
    ones = x[y == 1]
    model = dense(64, (32,), 8, "leaky_relu", end=None, use_bias=False)

    def loss(y: Any, z: Any) -> Any:
        return ops.mean(ops.sum(ops.square(z - 1.0), axis=-1))

    def apart(model: Any, t: Training) -> float:
        far = ((np.asarray(model.predict(x[-500:], verbose=0)) - 1) ** 2).sum(-1)
        one = y[-500:] == 1
        return float((far[~one][:, None] > far[one]).mean())

    return Training(
        model, ones[:100], np.zeros((100, 1), "float32"), None, (x, y), loss=loss, metrics=(),
        optimizer=adam(2e-3), batch_size=16, epochs=15, score=apart,
    )  # fmt: skip


WAYS = {
    "a cyclic rate": cyclic,
    "one cycle": one_cycle,
    "a rate in steps, Nesterov": stepped,
    "all rows, 500 times": all_rows,
    "momentum of 0.99": heavy,
    "the textbook's sigmoids": textbook,
    "Adadelta of 1": old_default,
    "Adagrad": by(nn.optimizers.Adagrad, 0.05),
    "Lion": by(nn.optimizers.Lion, 3e-4),
    "Nadam": by(nn.optimizers.Nadam, 2e-3),
    "RMSprop": by(nn.optimizers.RMSprop, 1e-3),
    "Muon": by(nn.optimizers.Muon, 1e-2, 8),
    "mixed images": mixed,
    "taught by another": taught,
    "tuned with a small rate": tuned,
    "SELU": normal_units,
    "a picture by sines": picture,
    "radial units": bumps,
    "a law of motion": law,
    "the worth of moves": worth,
    "triplets": triplets,
    "two branches": mixture,
    "gradients gathered": gathered,
    "metrics of numbers": several_metrics,
    "weights that may not grow": bound,
    "around a point": around_a_point,
}
HEALTHY = [Healthy(name, "dense", make) for name, make in WAYS.items()]
