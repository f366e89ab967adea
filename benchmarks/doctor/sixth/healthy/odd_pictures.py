"""Healthy programs of the sixth part: networks for pictures that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.sixth.healthy.pictures import flags, spots
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    found,
    r2,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def falling(rate: float, steps: int) -> Any:
    """Return a rate that follows a cosine to 0."""
    return schedules.CosineDecay(rate, steps)


def norm_before_all() -> Training:
    """Pixels from 0 to 255 as they are: the first layer is a norm over the batch."""
    x, y = flags(1500, 1080)
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), L.BatchNormalization(momentum=0.9), conv(16), L.MaxPooling2D(),
            conv(24), L.GlobalAveragePooling2D(), L.Dense(6),
        ]),
        **rows(np.rint(255 * x), y, 1100, 150), loss=LOGITS, optimizer=adam(falling(5e-3, 12 * 35)),
        epochs=12,
    )  # fmt: skip


class Where(L.Layer):
    """The mean place of each channel, weighed by a softmax over all places."""

    def call(self, x: Any) -> Any:
        _, high, wide, channels = ops.shape(x)
        share = ops.softmax(ops.reshape(x, (-1, high * wide, channels)), axis=1)
        rows, columns = np.indices((high, wide)).reshape(2, -1, 1).astype("float32")
        return ops.concatenate([ops.sum(share * (a / 8 - 1), axis=1) for a in (rows, columns)], -1)


def place_of_a_buoy() -> Training:
    """Where a buoy is, by a softmax over the places of the picture in the midst of the model."""
    random, n = np.random.default_rng(1081), 1200
    place, at = random.uniform(1, 14, (n, 2, 1, 1)), np.arange(16)
    x = 0.8 * np.exp(-((at[:, None] - place[:, 0]) ** 2 + (at - place[:, 1]) ** 2) / 2)
    x = x + 0.2 * np.sin(at[:, None] * 1.5 + random.uniform(0, 6, (n, 1, 1)))
    x = x + random.normal(0, 0.15, (n, 16, 16))
    y = place[..., 0, 0] / 8 - 1
    return Training(
        lambda: nn.Sequential([nn.Input((16, 16, 1)), conv(12, 5), L.Conv2D(4, 3, padding="same"),
                               Where(), L.Dense(2)]),
        **rows(single(x)[..., None], single(y), 850, 150), **NUMBER,
        optimizer=adam(falling(0.01, 15 * 27)), epochs=15,
    )  # fmt: skip


class Drawn(nn.Model):
    """Convolutions to eight bells, and turned ones back to a picture; a step of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Sequential([
            nn.Input((8, 8, 1)), conv(16, strides=2), conv(32, strides=2), L.Flatten(), L.Dense(16),
        ])  # fmt: skip
        turned: dict[str, Any] = {"strides": 2, "padding": "same"}
        self.write = nn.Sequential([
            nn.Input((8,)), L.Dense(128, "relu"), L.Reshape((2, 2, 32)),
            L.Conv2DTranspose(16, 3, activation="relu", **turned),
            L.Conv2DTranspose(1, 3, **turned),
        ])  # fmt: skip
        self.mean = nn.metrics.Mean("loss")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return ops.sigmoid(self.write(self.read(x)[:, :8]))

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            both = self.read(x)
            mean, log = both[:, :8], both[:, 8:]
            z = self.write(mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean)))
            ink = ops.sum(ops.softplus(z) - x * z, axis=(1, 2, 3))
            return ops.mean(ink + 0.5 * ops.sum(ops.exp(log) + mean**2 - 1 - log, axis=-1))

        self.mean.update_state(self.optimizer.minimize(loss, self))
        return {"loss": self.mean.result()}


def digits_from_eight_bells() -> Training:
    """A variational autoencoder: the loss stays near thirty, the digits come back."""
    parts = digits(0)
    test = parts["test"][0]
    return Training(
        Drawn, parts["x"], None, None, (test, test), loss=None, metrics=(),
        score=lambda model, t: r2(t.test[1], found(model, t)),
        optimizer=adam(falling(5e-3, 25 * 45)), epochs=25,
    )  # fmt: skip


def a_half_from_the_other() -> Training:
    """Half of the places are hidden by chance, and only these count in the loss."""
    random = np.random.default_rng(1082)
    parts = digits(250)

    def hidden(x: Any) -> tuple[Any, Any]:
        mask = single(random.random((len(x), 4, 4, 1)) < 0.5).repeat(2, 1).repeat(2, 2)
        return np.concatenate([x * (1 - mask), mask], -1), np.concatenate([x, mask], -1)

    def loss(y: Any, said: Any) -> Any:
        return ops.sum(y[..., 1:] * (y[..., :1] - said) ** 2) / (ops.sum(y[..., 1:]) + 1e-6)

    def score(model: Any, t: Training) -> float:
        mask = t.test[1][..., 1] > 0
        return r2(t.test[1][..., 0][mask], found(model, t)[..., 0][mask])

    x, y = hidden(parts["x"].repeat(2, 0))
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 2)), conv(24), L.Conv2D(48, 4, strides=2, padding="same"), L.ReLU(),
            L.Flatten(), L.Dense(128, "relu"), L.Dense(64), L.Reshape((8, 8, 1)),
        ]),
        x, y, hidden(parts["validation"][0]), hidden(parts["test"][0]), loss=loss, metrics=(),
        score=score, optimizer=adam(falling(3e-3, 12 * 75)), epochs=12,
    )  # fmt: skip


class Looks(nn.Model):
    """Two looks at a picture are told from the looks at all others; no labels are used."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential([
            nn.Input((12, 12, 3)), conv(16), L.MaxPooling2D(), conv(32),
            L.GlobalAveragePooling2D(),
        ])  # fmt: skip
        self.head = nn.Sequential([nn.Input((32,)), L.Dense(32, "relu"), L.Dense(16)])
        self.mean = nn.metrics.Mean("loss")

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.body(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        n = ops.shape(x)[0]

        def look() -> Any:
            light = nn.random.uniform((n, 1, 1, 1), 0.8, 1.2)
            z = self.head(self.body(x * light + 0.15 * nn.random.normal(ops.shape(x))))
            return z / ops.sqrt(ops.sum(z**2, axis=-1, keepdims=True) + 1e-6)

        def loss() -> Any:
            near = ops.matmul(look(), ops.transpose(look())) / 0.2
            return ops.mean(ops.logsumexp(near, axis=-1) - ops.sum(near * ops.eye(n), axis=-1))

        self.mean.update_state(self.optimizer.minimize(loss, self))
        return {"loss": self.mean.result()}


def flags_without_names() -> Training:
    """Flags that are told apart without labels; what is learnt is weighed by its neighbours."""
    x, y = flags(1500, 1083)

    def score(model: Any, t: Training) -> float:
        known, asked = found(model, t, x[:1100]), found(model, t)
        scale = known.std(0) + 1e-6
        away = ((asked[:, None] / scale - known / scale) ** 2).sum(-1)
        return float(np.mean(y[:1100][away.argmin(1)] == t.test[1]))

    return Training(
        Looks, x[:1100], None, None, (x[1100:], y[1100:]), loss=None, metrics=(), score=score,
        optimizer=adam(falling(5e-3, 45 * 11)), batch_size=100, epochs=45,
    )  # fmt: skip


def which_way_up() -> Training:
    """By how many quarters a digit was turned: labels made of the pictures themselves."""
    random = np.random.default_rng(1084)
    parts = digits()

    def turned(x: Any) -> tuple[Any, Any]:
        y = random.integers(0, 4, len(x))
        return np.stack([np.rot90(one, k) for one, k in zip(x, y, strict=True)]), y

    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), conv(24), conv(24), L.MaxPooling2D(), conv(48), L.Flatten(),
            L.Dropout(0.3), L.Dense(4),
        ]),
        *turned(parts["x"]), turned(parts["validation"][0]), turned(parts["test"][0]),
        loss=LOGITS, optimizer=adam(falling(2e-3, 10 * 38)), epochs=10,
    )  # fmt: skip


class Episodes(nn.data.PyDataset):
    """Tasks of four glyphs, two shown and three asked of each, all of them new every time."""

    def __init__(self, glyphs: Any, steps: int, seed: int) -> None:
        super().__init__()
        self.glyphs, self.steps, self.random = glyphs, steps, np.random.default_rng(seed)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, k: int) -> tuple[Any, Any]:
        kinds = np.stack([self.random.choice(len(self.glyphs), 4, False) for _ in range(16)])
        x = self.glyphs[kinds.repeat(5, 1)]
        noise = self.random.normal(0, 0.5, x.shape)
        return single(x + noise)[..., None], np.tile(np.arange(4).repeat(3), (16, 1))


def four_glyphs_at_a_time() -> Training:
    """Glyphs by the nearest mean of two that are shown: a class means another in each row."""
    random = np.random.default_rng(1085)
    glyphs = single(random.random((160, 4, 4)) < 0.5).repeat(2, 1).repeat(2, 2)

    def model() -> Any:
        inputs = nn.Input((20, 8, 8, 1))
        body = nn.Sequential([conv(16), L.MaxPooling2D(), conv(32), L.Flatten(), L.Dense(24)])
        z = L.Reshape((4, 5, 24))(L.TimeDistributed(body)(inputs))

        def near(z: Any) -> Any:
            shown, asked = ops.mean(z[:, :, :2], axis=2), ops.reshape(z[:, :, 2:], (-1, 12, 24))
            away = ops.expand_dims(asked, 2) - ops.expand_dims(shown, 1)
            return -ops.mean(away**2, axis=-1)

        return nn.Model(inputs, L.Lambda(near)(z))

    held, test = (Episodes(glyphs[100 + 30 * k :][:30], 12, 5 + k) for k in range(2))
    x, y = (np.concatenate(a) for a in zip(*(test[k] for k in range(12)), strict=True))
    return Training(
        model, Episodes(glyphs[:100], 40, 1), None, held, (x, y), loss=LOGITS,
        optimizer=adam(2e-3), batch_size=THEIRS, epochs=10,
    )  # fmt: skip


def filters_of_chance() -> Training:
    """Sixty-four filters stay as they were drawn; only what weighs their answers is learnt."""
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), conv(64, 4, trainable=False, kernel_initializer="he_normal"),
            L.MaxPooling2D(), L.Flatten(), L.Dense(10),
        ]),
        **digits(), loss=LOGITS, optimizer=adam(falling(3e-3, 12 * 37)), epochs=12,
    )  # fmt: skip


def seldom_a_spot() -> Training:
    """Few pixels of a hundred are of a spot: Dice's loss beside cross-entropy, four a step."""
    x, y = spots(650, 1086, most=1)

    def loss(y: Any, z: Any) -> Any:
        p = ops.sigmoid(z)
        both = ops.sum(p * y, axis=(1, 2, 3))
        dice = (2 * both + 1) / (ops.sum(p, axis=(1, 2, 3)) + ops.sum(y, axis=(1, 2, 3)) + 1)
        return ops.mean(ops.softplus(z) - y * z) + ops.mean(1 - dice)

    def score(model: Any, t: Training) -> float:
        said, y = found(model, t) > 0, t.test[1] > 0.5
        return float(2 * (said & y).sum() / (said.sum() + y.sum()))

    def norm() -> list[Any]:
        return [L.Conv2D(12, 3, padding="same"), L.GroupNormalization(4), L.ReLU()]

    return Training(
        lambda: nn.Sequential([nn.Input((16, 16, 1)), *norm(), *norm(), conv(12, dilation_rate=2),
                               L.Conv2D(1, 1)]),
        **rows(x, y, 450, 80), loss=loss, metrics=(), score=score,
        optimizer=adam(falling(3e-3, 6 * 113)), batch_size=4, epochs=6,
    )  # fmt: skip


MAKES = (norm_before_all, place_of_a_buoy, digits_from_eight_bells, a_half_from_the_other,
         flags_without_names, which_way_up, four_glyphs_at_a_time, filters_of_chance,
         seldom_a_spot)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
