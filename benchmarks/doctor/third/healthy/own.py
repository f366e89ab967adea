"""Healthy programs of the third part: training steps and losses of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import THEIRS, adam, by, found, r2, rows, single
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.training import Training, accuracy

L = nn.layers
ops = nn.ops


class Forger(nn.Model):
    """One network makes points of noise, the other tells them from real ones."""

    def __init__(self) -> None:
        super().__init__()
        hidden = [L.Dense(32, "leaky_relu") for _ in range(4)]
        self.maker = nn.Sequential([nn.Input((4,)), *hidden[:2], L.Dense(2)])
        self.judge = nn.Sequential([nn.Input((2,)), *hidden[2:], L.Dense(1)])

    def compile(self, optimizer: Any, loss: Any = None, **given: Any) -> None:  # type: ignore[override]
        super().compile(optimizer, loss, **given)
        self.judging = nn.optimizers.Adam(1.5e-3, beta_1=0.5)

    def call(self, points: Any) -> Any:  # type: ignore[override]
        return self.judge(points)

    def train_step(self, data: Any) -> dict[str, Any]:
        real = data[0] if isinstance(data, tuple) else data
        noise = nn.random.normal((real.shape[0], 4))

        def told_apart() -> Any:
            made = ops.stop_gradient(self.maker(noise))
            return ops.mean(ops.softplus(-self.judge(real)) + ops.softplus(self.judge(made)))

        def fooled() -> Any:
            return ops.mean(ops.softplus(-self.judge(self.maker(noise))))

        judged = self.judging.minimize(told_apart, self.judge)
        return {"judge": judged, "loss": self.optimizer.minimize(fooled, self.maker)}


def forgery() -> Training:
    """Points of a ring, made of noise by a network that another one judges."""
    random = np.random.default_rng(200)
    angle, far = random.uniform(0, 6.28, 1200), random.normal(1, 0.1, 1200)
    x = single(np.stack([far * np.cos(angle), far * np.sin(angle)], 1))

    def score(model: Any, t: Training) -> float:
        """One, less how far the radius and the eight directions are off."""
        made = found(model.maker, t)
        way = np.histogram(np.arctan2(made[:, 1], made[:, 0]), 8, (-np.pi, np.pi))[0] / len(made)
        return float(1 - np.abs(np.hypot(*made.T) - 1).mean() - np.abs(way - 1 / 8).sum() / 2)

    noise = single(random.normal(size=(800, 4)))
    return Training(
        Forger, x, None, None, (noise, noise), loss=None, metrics=(), score=score, batch_size=60,
        optimizer=adam(5e-4, beta_1=0.5), epochs=150,
    )  # fmt: skip


class Bottle(nn.Model):
    """A variational autoencoder: a mean and a spread for each digit, and pixels of a draw."""

    def __init__(self) -> None:
        super().__init__()
        self.inward = nn.Sequential([nn.Input((64,)), L.Dense(96, "silu"), L.Dense(12)])
        self.outward = nn.Sequential([nn.Input((6,)), L.Dense(96, "silu"), L.Dense(64)])

    def call(self, x: Any, training: bool = False) -> Any:
        z = self.inward(x)
        mean, log = z[:, :6], z[:, 6:]
        if training:
            mean = mean + ops.exp(0.5 * log) * nn.random.normal(mean.shape)
        return ops.concatenate([self.outward(mean), z], axis=-1)


def bottled() -> Training:
    """Digits through six numbers with noise: a bound on the likelihood, added up over pixels."""
    parts = digits()
    x, held, test = (single(p[0]).reshape(-1, 64) for p in
                     ((parts["x"],), parts["validation"], parts["test"]))  # fmt: skip

    def loss(y: Any, p: Any) -> Any:
        pixels = ops.sum(ops.softplus(p[:, :64]) - y * p[:, :64], axis=1)
        mean, log = p[:, 64:70], p[:, 70:]
        return ops.mean(pixels + 0.5 * ops.sum(mean**2 + ops.exp(log) - log - 1.0, axis=1))

    def score(model: Any, t: Training) -> float:
        pixels = 1 / (1 + np.exp(-found(model, t)[:, :64]))
        return float(
            1 - np.mean((pixels - t.test[1]) ** 2) / np.mean((t.test[1] - t.test[1].mean(0)) ** 2)
        )

    return Training(
        Bottle, x, x, (held, held), (test, test), loss=loss, metrics=(), score=score,
        optimizer=adam(3e-3), epochs=30,
    )  # fmt: skip


def triplets() -> Training:
    """Three rows: the first two are of one kind, the third is not; a margin between them."""
    random = np.random.default_rng(201)
    middle, mix = random.normal(0, 1, (60, 4)), random.normal(size=(8, 12))

    def row(kind: Any) -> Any:
        n = len(kind)
        inside = middle[kind] + random.normal(0, 0.2, (n, 4))
        return single(np.tanh(np.concatenate([inside, random.normal(size=(n, 4))], 1) @ mix / 2.5))

    first = random.integers(0, 60, 2700)
    other = (first + random.integers(1, 60, 2700)) % 60
    x = tuple(row(kind) for kind in (first, first, other))

    def model() -> Any:
        tower = nn.Sequential(
            [nn.Input((12,)), L.Dense(48, "relu"), L.Dense(8), L.UnitNormalization()]
        )
        inputs = [nn.Input((12,)) for _ in range(3)]
        return nn.Model(inputs, L.Concatenate()([tower(i) for i in inputs]))

    def loss(y: Any, z: Any) -> Any:
        near = ops.sum(ops.square(z[:, :8] - z[:, 8:16]), axis=1)
        far = ops.sum(ops.square(z[:, :8] - z[:, 16:]), axis=1)
        return ops.mean(ops.relu(near - far + 0.5))

    def score(model: Any, t: Training) -> float:
        a, b, c = np.split(found(model, t), 3, 1)
        return float(np.mean(((a - b) ** 2).sum(1) < ((a - c) ** 2).sum(1)))

    return Training(
        model, **rows(x, np.zeros((2700, 1), "float32"), 2000, 200), loss=loss, metrics=(),
        score=score, optimizer=by("Adamax", 5e-3), epochs=14,
    )  # fmt: skip


def taught() -> Training:
    """A small network learns from labels and from a larger one's scores, in its own step."""
    parts = digits()

    class Pupil(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                [nn.Input((8, 8, 1)), conv(8, strides=2), L.Flatten(), L.Dense(10)]
            )
            self.teacher = nn.Sequential([nn.Input((8, 8, 1)), conv(24, strides=2), L.Flatten(),
                                          L.Dense(64, "relu"), L.Dense(10)])  # fmt: skip
            self.teacher.compile(
                nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(True)
            )
            self.teacher.fit(parts["x"], parts["y"], epochs=6, verbose=0)
            self.teacher.trainable = False

        def call(self, x: Any) -> Any:  # type: ignore[override]
            return self.body(x)

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data[0], data[1]
            soft = ops.softmax(self.teacher(x) / 2.0, axis=-1)

            def loss() -> Any:
                z = self.body(x)
                follows = -ops.mean(ops.sum(soft * ops.log_softmax(z / 2.0, axis=-1), axis=-1))
                right = ops.mean(ops.sparse_categorical_crossentropy(y, z, from_logits=True))
                return 2.0 * follows + 0.5 * right

            return {"loss": self.optimizer.minimize(loss, self.body)}

    return Training(
        Pupil, **parts, loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=(),
        score=accuracy, optimizer=adam(4e-3), epochs=12,
    )  # fmt: skip


class Hardened(nn.Model):
    """Half of each batch is moved against the network by a little, before it learns of it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential([nn.Input((8, 8, 1)), conv(16, strides=2), conv(32, strides=2),
                                   L.Flatten(), L.Dense(10)])  # fmt: skip

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.body(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]

        def cost(x: Any) -> Any:
            return ops.mean(ops.sparse_categorical_crossentropy(y, self.body(x), from_logits=True))

        moved = ops.stop_gradient(x + 0.06 * ops.sign(nn.grad(cost)(x)))
        value = self.optimizer.minimize(lambda: 0.5 * cost(x) + 0.5 * cost(moved), self.body)
        return {"loss": value}


def hardened() -> Training:
    """Digits that are moved against the network in each step: it learns to withstand."""
    return Training(
        Hardened, **digits(), loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=(), score=accuracy, optimizer=adam(4e-3), epochs=12,
    )  # fmt: skip


class Noisy(nn.data.PyDataset):
    """Points with a share of noise, the share, and the noise; made anew each time."""

    def __init__(self, x: Any, seed: int) -> None:
        super().__init__()
        self.x, self.random = x, np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.x) // 50

    def __getitem__(self, index: int) -> Any:
        x = self.x[self.random.integers(0, len(self.x), 50)]
        t, noise = self.random.uniform(0.05, 0.95, (50, 1)), self.random.normal(size=x.shape)
        seen = np.cos(1.55 * t) * x + np.sin(1.55 * t) * noise
        return (single(seen), single(t)), single(noise)


def diffused() -> Training:
    """Points of two moons, of which the noise is found: half of the loss cannot go away."""
    x, _ = nn.datasets.make_moons(1500, noise=0.05, random_state=0)
    x = (x - x.mean(0)) / x.std(0)
    held = Noisy(x[900:1000], 1)
    pieces = [held[i] for i in range(12)]
    (seen, share), noise = (
        (np.concatenate([p[0][k] for p in pieces]) for k in (0, 1)),
        (np.concatenate([p[1] for p in pieces])),
    )
    random = np.random.default_rng(202)
    t, hidden = random.uniform(0.5, 0.7, (500, 1)), random.normal(size=(500, 2))
    test = np.cos(1.55 * t) * x[1000:] + np.sin(1.55 * t) * hidden

    def model() -> Any:
        point, share = nn.Input((2,)), nn.Input((1,))
        z = L.Concatenate()([point, share])
        for _ in range(3):
            z = L.Dense(64, "silu")(z)
        return nn.Model([point, share], L.Dense(2)(z))

    def score(model: Any, training: Training) -> float:
        return r2(training.test[1], found(model, training))

    return Training(
        model, Noisy(x[:900], 0), None, ((seen, share), noise),
        ((single(test), single(t)), single(hidden)), loss="mse", metrics=(), score=score,
        optimizer=adam(nn.optimizers.schedules.CosineDecay(4e-3, 50 * 18)), batch_size=THEIRS,
        epochs=50,
    )  # fmt: skip


def same_digit() -> Training:
    """Whether two digits are the same: one tower, a margin between what is far and near."""
    (x, y), (x_test, y_test) = (digits()[k] for k in ("validation", "test"))
    x, y = np.concatenate([digits()["x"], x]), np.concatenate([digits()["y"], y])
    random = np.random.default_rng(60)

    def pairs(x: Any, y: Any, n: int) -> Any:
        a, b = random.integers(0, len(x), (2, n))
        alike = random.random(n) < 0.5
        b = np.array([random.choice(np.flatnonzero(y == y[i])) if s else j
                      for i, j, s in zip(a, b, alike, strict=True)])  # fmt: skip
        return (x[a], x[b]), single(y[a] == y[b])[:, None]

    def model() -> Any:
        one, two = nn.Input((8, 8, 1)), nn.Input((8, 8, 1))
        tower = nn.Sequential([conv(16), L.MaxPooling2D(), conv(24), L.Flatten(), L.Dense(16)])
        away = L.Subtract()([tower(one), tower(two)])
        far = L.Lambda(lambda z: nn.ops.sqrt(nn.ops.sum(z * z, axis=-1, keepdims=True) + 1e-6))
        return nn.Model([one, two], far(away))

    def loss(y: Any, far: Any) -> Any:
        return nn.ops.mean(y * far**2 + (1 - y) * nn.ops.relu(1.5 - far) ** 2)

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t) < 0.75) == (t.test[1] > 0.5)))

    (one, same), held = pairs(x[:1100], y[:1100], 1500), pairs(x[1100:], y[1100:], 300)
    return Training(
        model, one, same, held, pairs(x_test, y_test, 500), loss=loss, metrics=(), score=score,
        optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def patients() -> Training:
    """How long patients live, some of them lost from sight: hazards of eight intervals."""
    random = np.random.default_rng(17)
    x = random.normal(size=(2000, 6))
    risk = np.exp(0.9 * x[:, 0] - 0.7 * np.abs(x[:, 1]) - 1.2)
    time, lost = random.exponential(1 / risk), random.uniform(1, 9, 2000)
    seen, end = time <= lost, np.minimum(np.minimum(time, lost), 7.99)
    seen &= time < 8
    whole = np.floor(end).astype(int)
    lived = np.arange(8) < whole[:, None]
    died = (np.arange(8) == whole[:, None]) & seen[:, None]
    y = np.concatenate([lived, died], 1)

    def loss(y: Any, p: Any) -> Any:
        cost = y[:, :8] * nn.ops.softplus(p) + y[:, 8:] * nn.ops.softplus(-p)
        return nn.ops.mean(nn.ops.sum(cost, axis=1))

    def score(model: Any, t: Training) -> float:
        return float(np.corrcoef(found(model, t).mean(1), np.log(risk[-500:]))[0, 1])

    return Training(
        lambda: nn.Sequential([nn.Input((6,)), L.Dense(16, "relu"), L.Dense(8)]),
        **rows(single(x), single(y), 1300, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(5e-3), epochs=12,
    )  # fmt: skip


ROWS: list[tuple[str, Any]] = [
    ("dense", patients),
    ("images", same_digit),
    ("dense", forgery), ("dense", bottled), ("dense", triplets), ("images", taught),
    ("images", hardened), ("dense", diffused),
]  # fmt: skip

HEALTHY = [
    Healthy(f"third {make.__name__.replace('_', ' ')}", family, make) for family, make in ROWS
]
