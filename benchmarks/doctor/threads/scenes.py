"""Small pictures that people train on, made up: signs in colour, cracks, weaves, spots, clips."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers


def sign_data(rows: int = 1000) -> tuple[Any, Any]:
    """Return bytes of 12 by 12 in colour, and which of four signs: disc, square, ring, cross."""
    random = np.random.default_rng(11)
    y = random.integers(0, 4, rows)
    down, right = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    centre = random.uniform(4, 7, (rows, 2, 1, 1))
    a, b = down - centre[:, 0], right - centre[:, 1]
    away, far = np.hypot(a, b), np.maximum(abs(a), abs(b))
    kinds = [away < 3.3, (far < 3.4) & (far > 2), (away < 3.8) & (away > 2.2),
             np.minimum(abs(a), abs(b)) < 1]  # fmt: skip
    ink = np.choose(y[:, None, None], [k & (far < 4) for k in kinds])[..., None]
    paper, paint = (
        random.uniform(20, 110, (rows, 1, 1, 3)),
        random.uniform(130, 240, (rows, 1, 1, 3)),
    )
    x = np.where(ink, paint, paper) + random.normal(0, 12, (rows, 12, 12, 3))
    return x.clip(0, 255).astype("uint8"), y


def sign_net(*before: Any, act: Any = "relu", end: Any = "softmax", **given: Any) -> Any:
    """Return what makes the network of a first lesson: two convolutions, two pools, two denses."""
    return layers(
        lambda: nn.Input((12, 12, 3)), *before,
        lambda: L.Conv2D(12, 3, activation=act, **given), lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(24, 3, activation=act, **given), lambda: L.MaxPooling2D(),
        lambda: L.Flatten(), lambda: L.Dense(32, act, **given), lambda: L.Dense(4, end),
    )  # fmt: skip


def signs() -> Training:
    """Signs in colour, of 0 to 1."""
    x, y = sign_data()
    return Training(
        sign_net(), **parted((x / 255).astype("float32"), y, 700, 150), optimizer=adam(3e-3),
        epochs=12,
    )  # fmt: skip


def weave_data(rows: int = 1000) -> tuple[Any, Any]:
    """Return grey weaves of 10 by 10, standardised, and which of three: fine, coarse, twill."""
    random = np.random.default_rng(12)
    y = random.integers(0, 3, rows)
    down, right = np.meshgrid(np.arange(10.0), np.arange(10.0), indexing="ij")
    turn = random.uniform(0, 6.3, (rows, 1, 1))
    kinds = [np.sin(2.4 * down + turn) * np.sin(2.4 * right), np.sin(1.2 * down + turn),
             np.sin(1.4 * (down + right) + turn)]  # fmt: skip
    x = np.choose(y[:, None, None], kinds) + random.normal(0, 0.7, (rows, 10, 10))
    return ((x - x.mean()) / x.std())[..., None].astype("float32"), y


def weaves() -> Training:
    """Weaves by convolutions, batch normalisation and a mean over places."""
    model = layers(
        lambda: nn.Input((10, 10, 1)),
        lambda: L.Conv2D(12, 3, use_bias=False), lambda: L.BatchNormalization(momentum=0.9),
        lambda: L.Activation("relu"),
        lambda: L.Conv2D(24, 3, strides=2, use_bias=False),
        lambda: L.BatchNormalization(momentum=0.9), lambda: L.Activation("relu"),
        lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(3, "softmax"),
    )  # fmt: skip
    return Training(model, **parted(*weave_data(), 700, 150), optimizer=adam(5e-3), epochs=8)


def crack_data(rows: int = 500) -> tuple[Any, Any]:
    """Return grey walls of 12 by 12 with a thin crack, and where it is: one pixel in twelve."""
    random = np.random.default_rng(13)
    walk = random.uniform(2, 9, (rows, 1)) + np.cumsum(random.normal(0, 0.7, (rows, 12)), 1)
    y = abs(np.arange(12) - walk[..., None].clip(0, 11)) < 0.5
    x = 0.7 - 0.35 * y + random.normal(0, 0.08, y.shape)
    return x[..., None].astype("float32"), y[..., None].astype("float32")


def overlap(model: Any, t: Training) -> float:
    """Intersection over union of the one class of a mask."""
    p, y = np.asarray(model.predict(t.test[0], verbose=0)) > t.threshold, t.test[1] > 0.5
    return float((p & y).sum() / max(1, (p | y).sum()))


def crack_net(end: Any = "sigmoid", act: Any = "relu", last: int = 1, **given: Any) -> Any:
    """Return what makes a net that goes down once and up again, with a way across."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        high = L.Conv2D(8, 3, padding="same", activation=act, **given)(inputs)
        low = L.Conv2D(16, 3, padding="same", activation=act, **given)(L.MaxPooling2D()(high))
        up = L.Conv2DTranspose(8, 2, strides=2, activation=act, **given)(low)
        x = L.Conv2D(8, 3, padding="same", activation=act)(L.Concatenate()([high, up]))
        return nn.Model(inputs, L.Conv2D(last, 1, activation=end)(x))

    return model


def cracks() -> Training:
    """Where a crack is, by a net with a way across."""
    return Training(
        crack_net(), **parted(*crack_data(), 350, 75), loss="binary_crossentropy", metrics=(),
        optimizer=adam(0.01), epochs=10, score=overlap,
    )  # fmt: skip


def spot_data(rows: int = 900) -> tuple[Any, Any]:
    """Return dark fields of 12 by 12 with one spot in noise, and its place in pixels."""
    random = np.random.default_rng(14)
    y = random.uniform(2, 9, (rows, 2))
    at = np.arange(12)
    away = (at[:, None] - y[:, :1, None]) ** 2 + (at - y[:, 1:, None]) ** 2
    x = np.exp(-away / 3) + random.normal(0, 0.1, (rows, 12, 12))
    return x[..., None].astype("float32"), y.astype("float32")


def spot_net(end: Any = None, *between: Any) -> Any:
    """Return what makes a network that tells two coordinates."""
    between = between or (lambda: L.MaxPooling2D(), lambda: L.Flatten())
    return layers(
        lambda: nn.Input((12, 12, 1)), lambda: L.Conv2D(8, 3, activation="relu"), *between,
        lambda: L.Dense(32, "relu"), lambda: L.Dense(2, end),
    )  # fmt: skip


def spots() -> Training:
    """The place of a spot, as shares of height and width."""
    x, y = spot_data()
    return Training(
        spot_net(), **parted(x, y / 12, 650, 100), loss="mse", metrics=(), optimizer=adam(3e-3),
        epochs=12, score=explained,
    )  # fmt: skip


def clips() -> Training:
    """Five frames of a spot that goes up, down, left or right: a GRU over a convolution."""
    random = np.random.default_rng(15)
    y = random.integers(0, 4, 600)
    start, step = random.uniform(3, 5, (600, 2)), np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])[y]
    at = np.arange(9)
    place = start[:, None] + 0.7 * step[:, None] * np.arange(5)[:, None]
    away = (at[:, None] - place[..., :1, None]) ** 2 + (at - place[..., 1:, None]) ** 2
    x = np.exp(-away / 2)[..., None] + random.normal(0, 0.1, (600, 5, 9, 9, 1))
    model = layers(
        lambda: nn.Input((5, 9, 9, 1)),
        lambda: L.TimeDistributed(L.Conv2D(6, 3, strides=2, activation="relu")),
        lambda: L.TimeDistributed(L.Flatten()),
        lambda: L.GRU(16), lambda: L.Dense(4, "softmax"),
    )  # fmt: skip
    return Training(
        model, **parted(x.astype("float32"), y, 420, 90), optimizer=adam(5e-3), epochs=12
    )


def greys() -> Training:
    """A grey picture of the signs to its colours: a small net over the whole, of 0 to 1."""
    x, _ = sign_data(500)
    y = (x / 255).astype("float32")
    model = layers(
        lambda: nn.Input((12, 12, 3)),
        lambda: L.Conv2D(12, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2D(3, 3, padding="same", activation="sigmoid"),
    )  # fmt: skip
    return Training(
        model, **parted(y, y, 350, 75), loss="mae", metrics=(), optimizer=adam(5e-3), epochs=12,
        score=explained,
    )  # fmt: skip
