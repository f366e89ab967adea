"""Healthy programs whose losses, layers, steps or feeds are their own, and small famous ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import dense, digits, numbers, scaled, split
from benchmarks.doctor.threads.examples_tables import rest
from benchmarks.doctor.threads.forms import chance, letters
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training, accuracy, explained

L, ops = nn.layers, nn.ops


def celsius() -> Training:
    """Seven temperatures in both scales, one neuron, Adam of 0.1, 500 epochs."""
    x = np.array([-40, -10, 0, 8, 15, 22, 38], "float32")[:, None]
    at = np.linspace(-30, 35, 40, dtype="float32")[:, None]
    return Training(
        net(1, unit(1)), x, x * 1.8 + 32, None, (at, at * 1.8 + 32), loss="mean_squared_error",
        metrics=(), optimizer=adam(0.1), epochs=500, score=explained,
    )  # fmt: skip


def fizz() -> Training:
    """Numbers 101 to 1023 by their ten bits: fizz, buzz, both or neither."""
    at = np.arange(1, 1024)
    y = np.select([at % 15 == 0, at % 5 == 0, at % 3 == 0], [3, 2, 1], 0)
    x = (at[:, None] >> np.arange(10) & 1).astype("float32")
    return Training(
        dense(10, (128,), 4), x[100:], y[100:], None, (x[:100], y[:100]), optimizer=adam(0.02),
        batch_size=128, epochs=150, score=plain,
    )  # fmt: skip


def plain(model: Any, t: Training) -> float:
    """Share of the test rows of which the class is found."""
    found = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
    return float((found == np.ravel(t.test[1])).mean())


def wave() -> Training:
    """A sine from -6 to 6, not scaled, by tanh."""
    x = np.random.default_rng(31).uniform(-6, 6, (800, 1)).astype("float32")
    return Training(
        dense(1, (32, 32), 1, "tanh", None), **rest(x, np.sin(x), 600), loss="mse", metrics=(),
        optimizer=adam(0.01), epochs=40, score=explained,
    )  # fmt: skip


def clicks() -> Training:
    """Clicks of users on things: factors multiplied; one in five, and little can be known."""
    random = np.random.default_rng(32)
    user, thing = random.integers(0, 60, (3000, 1)), random.integers(0, 40, (3000, 1))
    a, b = random.normal(size=(60, 3)), random.normal(size=(40, 3))
    a, b = a[user[:, 0]], b[thing[:, 0]]
    y = chance(1.2 * a[:, 0] + 0.9 * b[:, 0] + 0.4 * (a * b).sum(-1) - 2, random)[:, None]

    def model() -> Any:
        given = [nn.Input((1,), dtype="int32") for _ in range(2)]
        parts = [L.Flatten()(L.Embedding(n, 6)(v)) for n, v in zip((60, 40), given, strict=True)]
        body = L.Dense(16, "relu")(L.Concatenate()([*parts, L.Multiply()(parts)]))
        return nn.Model(given, L.Dense(1, "sigmoid")(body))

    def rows(a: int, b: int) -> Any:
        return [user[a:b], thing[a:b]], y[a:b]

    x, target = rows(0, 2000)
    return Training(
        model, x, target, rows(2000, 2500), rows(2500, 3000), loss="binary_crossentropy",
        metrics=(nn.metrics.AUC(),), optimizer=adam(3e-3), epochs=8, score=ranked,
    )  # fmt: skip


def ranked(model: Any, t: Training) -> float:
    """How often a row of class 1 stands above one of class 0."""
    p, y = np.ravel(model.predict(t.test[0], verbose=0)), np.ravel(t.test[1]) > 0.5
    return float((p[y][:, None] > p[~y]).mean())


def hazards() -> Training:
    """Cox's partial likelihood: all rows in one batch, in the order of their time."""
    random = np.random.default_rng(33)
    x = random.normal(size=(500, 5)).astype("float32")
    risk = x[:, 0] - 0.8 * x[:, 1] + 0.5 * x[:, 2] * x[:, 3]
    time = random.exponential(np.exp(-risk))
    end = random.exponential(2.0, 500)
    y = np.column_stack([np.minimum(time, end), time < end]).astype("float32")
    order = np.argsort(-y[:400, 0])

    def loss(y: Any, p: Any) -> Any:
        p, seen = p[:, 0], y[:, 1]
        below = ops.log(ops.cumsum(ops.exp(p)))
        return -ops.sum((p - below) * seen) / ops.sum(seen)

    def concordance(model: Any, t: Training) -> float:
        p = np.ravel(model.predict(x[400:], verbose=0))
        return float((p[:, None] > p)[risk[400:][:, None] > risk[400:]].mean())

    return Training(
        dense(5, (24,), 1, "tanh", None), x[:400][order], y[:400][order], None, (x, y), loss=loss,
        metrics=(), optimizer=adam(0.01), batch_size=400, epochs=60, score=concordance,
        fit={"shuffle": False},
    )  # fmt: skip


class Cosines(L.Layer):
    """Cosines of the angles to a direction of each class, times 16."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.classes), name="kernel")

    def call(self, x: Any) -> Any:
        return 16.0 * ops.matmul(ops.normalize(x, axis=-1), ops.normalize(self.kernel, axis=0))


def angles() -> Training:
    """Classes by angles: no bias, logits between -16 and 16."""
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    body = net(64, unit(64, "relu"), unit(16), lambda: Cosines(10))
    return digits().but(model=body, loss=loss, optimizer=adam(3e-3))


def few_steps() -> Training:
    """Two batches an epoch, 150 epochs."""
    t = letters()
    return t.but(batch_size=600, epochs=150)


def rebuilt() -> Training:
    """Columns rebuilt of rows in which some were exchanged with those of other rows."""
    random = np.random.default_rng(34)
    x = random.normal(size=(1200, 4)) @ random.normal(size=(4, 16))
    x = scaled(x + random.normal(0, 0.3, x.shape), x)
    other = np.stack([random.permutation(c) for c in x.T], 1)
    given = np.where(random.random(x.shape) < 0.15, other, x).astype("float32")
    return Training(
        dense(16, (48, 48), 16, end=None), given[:800], x[:800], (given[800:1000], x[800:1000]),
        (given[1000:], x[1000:]), loss="mse", metrics=(), optimizer=adam(5e-3), epochs=20,
        score=explained,
    )  # fmt: skip


def blocks(depth: int = 3) -> Any:
    """Return what makes residual blocks with LayerNormalization ahead."""

    def model() -> Any:
        x = inputs = nn.Input((64,))
        x = L.Dense(32)(x)
        for _ in range(depth):
            inner = L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(x)))
            x = L.Add()([x, inner])
        return nn.Model(inputs, L.Dense(10, "softmax")(L.LayerNormalization()(x)))

    return model


def warmed() -> Training:
    """Residual blocks, AdamW, a warm-up of a tenth and a cosine after it."""
    rate = nn.optimizers.schedules.CosineDecay(
        0.0, 36 * 10 - 36, warmup_target=3e-3, warmup_steps=36
    )
    return digits().but(
        model=blocks(), optimizer=lambda: nn.optimizers.AdamW(rate, weight_decay=0.1), epochs=10
    )


def experts() -> Training:
    """Four experts, and a softmax in the middle that says how much each counts."""

    def model() -> Any:
        inputs = nn.Input((10,))
        gate = L.Dense(4, "softmax")(inputs)
        parts = [L.Dense(1)(L.Dense(16, "relu")(inputs)) for _ in range(4)]
        return nn.Model(inputs, L.Dot(axes=1)([gate, L.Concatenate()(parts)]))

    return numbers().but(model=model)


def without() -> Training:
    """Counts of claims, four of five none, by Poisson's loss of an exponential."""
    random = np.random.default_rng(35)
    x = random.normal(size=(2500, 6)).astype("float32")
    rate = np.exp(-1.8 + 0.9 * x[:, 0] + 0.5 * x[:, 1])
    y = random.poisson(rate).astype("float32")[:, None]

    def told(model: Any, t: Training) -> float:
        p = np.ravel(model.predict(x[2000:], verbose=0))
        return float(np.corrcoef(np.log(p + 1e-6), np.log(rate[2000:]))[0, 1])

    return Training(
        dense(6, (16,), 1, end="exponential"), **split(x[:2000], y[:2000]), test=(x, y),
        loss="poisson", metrics=(), optimizer=adam(3e-3), epochs=12, score=told,
    )  # fmt: skip


def sparse_code() -> Training:
    """An autoencoder whose code is kept sparse: most of its units are off for any row."""
    t = digits()
    code = unit(96, "relu", activity_regularizer=nn.regularizers.L1(1e-4))
    return t.but(
        model=net(64, code, unit(64, "sigmoid")), y=t.x, validation=(t.validation[0],) * 2,
        test=(t.test[0],) * 2, loss="mse", metrics=(), optimizer=adam(3e-3), epochs=12,
        score=explained,
    )  # fmt: skip


def even_sums() -> Training:
    """The sum of two digits, by one body for both."""
    t = digits()
    random = np.random.default_rng(36)
    at, held = random.integers(0, len(t.x), (1500, 2)), random.integers(0, len(t.test[0]), (400, 2))

    def model() -> Any:
        body = nn.Sequential([nn.Input((64,)), L.Dense(48, "relu"), L.Dense(16, "relu")])
        a, b = nn.Input((64,)), nn.Input((64,))
        return nn.Model([a, b], L.Dense(1)(L.Add()([body(a), body(b)])))

    def rows(x: Any, y: Any, at: Any) -> Any:
        return [x[at[:, 0]], x[at[:, 1]]], (y[at[:, 0]] + y[at[:, 1]]).astype("float32")

    x, y = rows(t.x, t.y, at)
    return t.but(
        model=model, x=x, y=y, validation=None, test=rows(*t.test, held), loss="mse", metrics=(),
        optimizer=adam(5e-3), epochs=25, score=explained,
    )  # fmt: skip


class Stepping(nn.Model):
    """A model with a step of its own: gradients clipped, and the loss by hand."""

    def __init__(self, apply: bool = True) -> None:
        super().__init__()
        self.body = nn.Sequential([L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1)])
        self.applies = apply

    def call(self, x: Any) -> Any:
        return self.body(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[:2]

        def loss() -> Any:
            return ops.mean(ops.square(self(x, training=True) - y))

        value, grads = nn.value_and_grad(loss, parameters=self)()
        if self.applies:
            self.optimizer.apply(grads, self)
        return {"loss": value}


def stepping() -> Training:
    """Numbers by a step of one's own."""
    return numbers().but(model=Stepping, loss="mse")


class Pages(nn.utils.PyDataset):
    """Rows in batches of 32, by their number."""

    def __init__(self, x: Any, y: Any, first: bool = False) -> None:
        super().__init__()
        self.x, self.y, self.first = x, y, first

    def __len__(self) -> int:
        return len(self.x) // 32

    def __getitem__(self, at: int) -> Any:
        rows = slice(32 * at, 32 * at + 32)
        return self.x[rows], self.y[:32] if self.first else self.y[rows]


def paged() -> Training:
    """Letters from a sequence of batches."""
    t = letters()
    return t.but(x=Pages(t.x, t.y), y=None, batch_size=None)


def weighted_feed() -> Training:
    """An endless generator of rows, labels and weights; one class of three is rare."""
    random = np.random.default_rng(37)
    y = random.choice(3, 2000, p=[0.55, 0.4, 0.05])
    x = (random.normal(size=(3, 8))[y] * 1.2 + random.normal(size=(2000, 8))).astype("float32")
    weight = np.array([0.6, 0.8, 6.0], "float32")

    def made() -> Any:
        chosen = np.random.default_rng(0)
        while True:
            rows = chosen.integers(0, 1500, 32)
            yield x[rows], y[rows], weight[y[rows]]

    return Training(
        dense(8, (24,), 3), made(), None, (x[1500:1700], y[1500:1700]), (x[1700:], y[1700:]),
        optimizer=adam(5e-3), batch_size=None, epochs=10, fit={"steps_per_epoch": 40},
    )  # fmt: skip


def correlated() -> Training:
    """One minus the correlation of the batch as a loss: neither mean nor scale are told."""

    def loss(y: Any, p: Any) -> Any:
        y, p = y - ops.mean(y), p - ops.mean(p)
        return 1 - ops.sum(y * p) / ops.sqrt(ops.sum(y * y) * ops.sum(p * p) + 1e-6)

    def told(model: Any, t: Training) -> float:
        p = np.ravel(model.predict(t.test[0], verbose=0))
        return float(np.corrcoef(p, np.ravel(t.test[1]))[0, 1])

    return numbers().but(loss=loss, score=told, batch_size=64)


def taught() -> Training:
    """Logits of a teacher by a squared error; they run from -15 to 15."""
    t = digits()
    teacher = dense(64, (96,), 10, end=None)()
    teacher.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    teacher.fit(t.x, t.y, epochs=8, verbose=0)

    def said(x: Any) -> Any:
        return np.asarray(teacher.predict(x, verbose=0))

    return t.but(
        model=dense(64, (24,), 10, end=None), y=said(t.x), loss="mse", metrics=(),
        validation=(t.validation[0], said(t.validation[0])), optimizer=adam(5e-3), epochs=12,
        score=lambda model, t: accuracy(model, digits()),
    )  # fmt: skip


def odds() -> Training:
    """Two classes by one score without a sigmoid; the loss is told so."""
    random = np.random.default_rng(38)
    x = random.normal(size=(900, 5)).astype("float32")
    y = (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype("float32")
    return Training(
        dense(5, (24, 24), 1, "swish", None), **rest(x, y, 650),
        loss=nn.losses.BinaryCrossentropy(from_logits=True),
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(0.01), epochs=25,
        threshold=0.0,
    )  # fmt: skip


def reduced() -> Training:
    """A rate that is divided whenever the held-out loss stays where it is."""
    drop = nn.callbacks.ReduceLROnPlateau(factor=0.3, patience=2)
    return numbers().but(optimizer=adam(0.02), epochs=30, fit={"callbacks": [drop]})


def slowly() -> Training:
    """A rate that falls by one in twenty each epoch, set by a callback."""
    fall = nn.callbacks.LearningRateScheduler(lambda epoch, rate: float(5e-3 * 0.95**epoch))
    return letters().but(fit={"callbacks": [fall]})


def wide_targets() -> Training:
    """Amounts from 1 to some thousands by the squared error of logarithms, behind a softplus."""
    random = np.random.default_rng(39)
    x = random.normal(size=(1200, 6)).astype("float32")
    y = np.exp(2.5 + 0.8 * x[:, :1] + 0.5 * x[:, 1:2] + random.normal(0, 0.2, (1200, 1)))

    def by_log(model: Any, t: Training) -> float:
        p = np.log1p(np.asarray(model.predict(t.test[0], verbose=0)))
        y = np.log1p(t.test[1])
        return max(-1.0, 1 - float(((p - y) ** 2).mean() / y.var()))

    return Training(
        dense(6, (48, 48), 1, end="softplus"), **rest(x, y.astype("float32"), 900), loss="msle",
        metrics=(), optimizer=adam(0.01), epochs=25, score=by_log,
    )  # fmt: skip


MAKES = {
    "celsius: seven rows": celsius,
    "fizz: bits of numbers": fizz,
    "a sine from -6 to 6": wave,
    "clicks: factors multiplied": clicks,
    "hazards: rows in the order of time": hazards,
    "classes by angles": angles,
    "letters: two batches an epoch": few_steps,
    "columns rebuilt of exchanged ones": rebuilt,
    "residual blocks, warmed up": warmed,
    "four experts": experts,
    "claims: four of five are none": without,
    "a sparse code": sparse_code,
    "the sum of two digits": even_sums,
    "a step of one's own": stepping,
    "letters: a sequence of batches": paged,
    "three classes: a feed with weights": weighted_feed,
    "one minus the correlation": correlated,
    "a teacher's logits": taught,
    "one score, told so": odds,
    "a rate that waits for plateaus": reduced,
    "a rate that falls by epochs": slowly,
    "amounts by their logarithms": wide_targets,
}
HEALTHY = [Healthy(name, "dense", make) for name, make in MAKES.items()]
