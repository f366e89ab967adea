"""Healthy trainings on pictures and signals of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.training import Training, explained

L = nn.layers


def leaf_net(
    end: Any = "softmax", act: Any = "relu", momentum: float = 0.9, norm: bool = True,
    flat: bool = False, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes convolutions with batch normalisation over a coloured picture."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 3))]
        for width in (12, 24):
            parts += [L.Conv2D(width, 3, padding="same", **given)]
            parts += [L.BatchNormalization(momentum=momentum)] if norm else []
            parts += [L.Activation(act), L.MaxPooling2D()]
        parts += [L.Flatten() if flat else L.GlobalAveragePooling2D()]
        return nn.Sequential([*parts, L.Dense(4, end, **given)])

    return model


def fallen(rows: int = 1100) -> tuple[Any, Any]:
    """Return pictures of leaves from 0 to 1, in any colour: round, long, with veins, torn."""
    random = np.random.default_rng(170)
    y, at = random.integers(0, 4, rows), np.arange(12)
    middle, turn = random.uniform(4.5, 6.5, (rows, 2, 1, 1)), random.uniform(0, 3.1, (rows, 1, 1))
    down, right = at[:, None] - middle[:, 0], at[None] - middle[:, 1]
    a = down * np.cos(turn) + right * np.sin(turn)
    b = right * np.cos(turn) - down * np.sin(turn)
    kind = y[:, None, None]
    inside = np.hypot(a, b * np.where(kind == 1, 2.4, 1.0)) < random.uniform(3.8, 5, (rows, 1, 1))
    mark = np.where((kind == 2) & (np.abs(np.mod(a, 2.5)) < 0.9), 0.35, 1.0)
    mark = np.where((kind == 3) & (a > 0.8), 0.0, mark)
    colour = random.uniform(0.35, 1, (rows, 1, 1, 3))
    x = (inside * mark)[..., None] * colour + random.normal(0, 0.06, (rows, 12, 12, 3))
    return np.clip(x, 0, 1).astype("float32"), y


def leaves() -> Training:
    """Which of four leaves is in a coloured picture."""
    return Training(leaf_net(), **parted(*fallen(), 700, 150), optimizer=adam(0.005), epochs=10)


def pointer_net(
    end: Any = None, act: Any = "relu", outputs: int = 2, rate: float = 0.0, **given: Any
) -> Any:
    """Return what makes convolutions with a stride that give two numbers."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Flatten(), L.Dense(32, act, **given), L.Dropout(rate)]
        return nn.Sequential([*parts, L.Dense(outputs, end, **given)])

    return model


def pointed(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of dials, and the cosine and sine of where the pointer points."""
    random = np.random.default_rng(171)
    way, at = random.uniform(0, 2 * np.pi, (rows, 1, 1)), np.arange(12) - 5.5
    middle = random.normal(0, 0.5, (rows, 2, 1, 1))
    down, right = at[:, None] - middle[:, 0], at[None] - middle[:, 1]
    along = right * np.cos(way) + down * np.sin(way)
    across = down * np.cos(way) - right * np.sin(way)
    x = np.exp(-(across**2)) * (along > -0.5) * (along < 5) + random.normal(0, 0.1, across.shape)
    y = np.concatenate([np.cos(way), np.sin(way)], 1)[..., 0]
    return np.clip(x, 0, 1)[..., None].astype("float32"), y.astype("float32")


def pointers() -> Training:
    """Where the pointer of a dial points: two numbers."""
    return Training(
        pointer_net(), **parted(*pointed(), 650, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.005), epochs=10,
    )  # fmt: skip


def of_pixels(model: Any, training: Training) -> float:
    """The mean over kinds of pixels of the share that is found."""
    x, y = training.test
    found, y = np.asarray(model.predict(x, verbose=0)), np.asarray(y)
    if found.shape[-1] > 1:
        said, kinds = found.argmax(-1), y.reshape(found.shape[:-1])
    else:
        said, kinds = found[..., 0] > training.threshold, y[..., 0] > 0.5
    return float(np.mean([np.mean(said[kinds == k] == k) for k in np.unique(kinds)]))


def land_net(
    end: Any = "softmax", outputs: int = 3, act: Any = "relu", norm: bool = False, **given: Any
) -> Any:
    """Return what makes a small network that goes down and up, and says something of each pixel."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        a = L.Conv2D(12, 3, padding="same", activation=act, **given)(inputs)
        b = L.Conv2D(16, 3, strides=2, padding="same", activation=act, **given)(a)
        b = L.BatchNormalization()(b) if norm else b
        b = L.Conv2DTranspose(12, 2, strides=2, activation=act, **given)(b)
        c = L.Conv2D(12, 3, padding="same", activation=act, **given)(L.Concatenate()([a, b]))
        return nn.Model(inputs, L.Conv2D(outputs, 1, activation=end)(c))

    return model


def flown_over(rows: int = 450) -> tuple[Any, Any]:
    """Return pictures of land, and what each pixel is: meadow, striped field or smooth water."""
    random = np.random.default_rng(172)
    at = np.arange(12)
    cuts = np.sort(random.integers(2, 11, (rows, 2)), 1)
    order = random.permuted(np.tile(np.arange(3), (rows, 1)), axis=1)
    strip = (at >= cuts[:, :1]).astype(int) + (at >= cuts[:, 1:])
    y = np.repeat(np.take_along_axis(order, strip, 1)[:, None], 12, 1)
    up = random.random(rows) < 0.5
    y[up] = y[up].transpose(0, 2, 1)
    stripes = np.where((at[:, None] + at) % 2, 0.75, 0.25)
    x = np.where(y == 0, random.uniform(0, 1, y.shape), np.where(y == 1, stripes, 0.5))
    x = x * random.uniform(0.8, 1.2, (rows, 1, 1)) + random.normal(0, 0.04, y.shape)
    return np.clip(x, 0, 1.2)[..., None].astype("float32"), y


def lands() -> Training:
    """What each pixel of a picture from above shows, one of three."""
    return Training(
        land_net(), **parted(*flown_over(), 300, 60), metrics=(), score=of_pixels,
        optimizer=adam(0.01), epochs=8, batch_size=16,
    )  # fmt: skip


def walls(rows: int = 480) -> tuple[Any, Any]:
    """Return pictures of walls, and which pixels belong to a crack; flat shadows do not."""
    random = np.random.default_rng(173)
    at = np.arange(12)
    start, slope = random.uniform(2, 9, (rows, 1)), random.uniform(-0.6, 0.6, (rows, 1))
    line = start + slope * (at - 5.5)
    y: Any = np.abs(at[:, None] - line[:, None]) < 0.9
    shadow = 0.4 * (np.abs(at[None, :] - random.uniform(2, 9, (rows, 1))) < 2)
    x = 0.85 - 0.55 * y - shadow[:, None] + random.normal(0, 0.08, y.shape)
    return np.clip(x, 0, 1)[..., None].astype("float32"), y[..., None].astype("float32")


def cracks() -> Training:
    """Which pixels of a wall belong to a crack."""
    return Training(
        land_net("sigmoid", 1), **parted(*walls(), 320, 60), loss="binary_crossentropy",
        metrics=(), score=of_pixels, optimizer=adam(0.01), epochs=8, batch_size=16,
    )  # fmt: skip


def clean_net(end: Any = None, act: Any = "relu", **given: Any) -> Any:
    """Return what makes three convolutions that give a picture again."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((10, 10, 1))]
        parts += [L.Conv2D(12, 3, padding="same", activation=act, **given) for _ in range(2)]
        return nn.Sequential([*parts, L.Conv2D(1, 3, padding="same", activation=end, **given)])

    return model


def scanned() -> Training:
    """Pictures of smooth hills, cleaned of noise and of single lost pixels."""
    random = np.random.default_rng(174)
    at = np.arange(10)
    where, wide = random.uniform(0, 9, (900, 3, 2, 1, 1)), random.uniform(4, 14, (900, 3, 1, 1))
    far = (at[:, None] - where[:, :, 0]) ** 2 + (at[None] - where[:, :, 1]) ** 2
    y = np.clip(0.7 * np.exp(-far / wide).sum(1), 0, 1.2)
    x = y + random.normal(0, 0.15, y.shape)
    x = np.where(random.random(y.shape) < 0.1, 0, x)
    x, y = x[..., None].astype("float32"), y[..., None].astype("float32")
    return Training(
        clean_net(), **parted(x, y, 600, 120), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.005), epochs=8,
    )  # fmt: skip


def knock_net(end: Any = "sigmoid", outputs: int = 1, act: Any = "relu", **given: Any) -> Any:
    """Return what makes convolutions along a signal, for yes or no."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((40, 2))]
        for width in (10, 16):
            parts += [L.Conv1D(width, 5, padding="same", activation=act, **given)]
            parts += [L.MaxPooling1D()]
        parts += [L.Flatten(), L.Dense(24, act, **given)]
        return nn.Sequential([*parts, L.Dense(outputs, end, **given)])

    return model


def recorded(rows: int = 1200) -> tuple[Any, Any]:
    """Return what two microphones hear of a motor, and whether it knocks twice in a row."""
    random = np.random.default_rng(175)
    y, at = random.integers(0, 2, rows), np.arange(40)
    first = random.uniform(5, 24, (rows, 1))
    second = first + np.where(y, random.uniform(5, 7, rows), random.uniform(9, 12, rows))[:, None]
    beat = sum(np.exp(-((at - k) ** 2) / 1.5) for k in (first, second))
    hum = np.sin(0.9 * at + random.uniform(0, 6.3, (rows, 1)))
    x = np.stack([1.6 * beat + 0.4 * hum, 1.2 * beat - 0.3 * hum], -1)
    x = x + random.normal(0, 0.15, x.shape)
    return ((x - x.mean((0, 1))) / x.std((0, 1))).astype("float32"), y[:, None].astype("float32")


def knocks() -> Training:
    """Whether a motor knocks twice in a row, by convolutions along a signal."""
    return Training(
        knock_net(), **parted(*recorded(), 800, 150), loss="binary_crossentropy",
        optimizer=adam(0.005), epochs=8,
    )  # fmt: skip


def rune_net(
    end: Any = "softmax", act: Any = "relu", blocks: int = 2, norm: bool = False, **given: Any
) -> Any:
    """Return what makes a residual network over small pictures."""

    def model() -> Any:
        inputs = nn.Input((10, 10, 1))
        x = L.Conv2D(12, 3, strides=2, padding="same", activation=act, **given)(inputs)
        for _ in range(blocks):
            z = L.Conv2D(12, 3, padding="same", **given)(x)
            z = L.Activation(act)(L.BatchNormalization()(z) if norm else z)
            x = L.Add()([x, L.Conv2D(12, 3, padding="same", **given)(z)])
        x = L.Flatten()(L.Activation(act)(x))
        return nn.Model(inputs, L.Dense(5, end, **given)(x))

    return model


def cut_in_stone(rows: int = 1100) -> tuple[Any, Any]:
    """Return pictures of five runes, each of a few strokes, moved about; one-hot."""
    random = np.random.default_rng(176)
    y, at = random.integers(0, 5, rows), np.arange(10)
    ends = random.uniform(-3.2, 3.2, (5, 3, 2, 2))
    move, x = random.normal(0, 0.6, (rows, 2)), np.zeros((rows, 10, 10))
    for k in range(3):
        for along in np.linspace(0, 1, 7):
            spot = ends[y, k, 0] * (1 - along) + ends[y, k, 1] * along + move + 4.5
            down, right = at[:, None] - spot[:, 0, None, None], at - spot[:, 1, None, None]
            x = np.maximum(x, np.exp(-(down**2 + right**2) / 0.8))
    x = np.clip(x + random.normal(0, 0.15, x.shape), 0, 1)
    return x[..., None].astype("float32"), np.eye(5, dtype="float32")[y]


def runes() -> Training:
    """Which of five runes is in a picture, by a residual network; one-hot, SGD with momentum."""
    return Training(
        rune_net(), **parted(*cut_in_stone(), 700, 150), loss="categorical_crossentropy",
        optimizer=sgd(0.03, momentum=0.9), epochs=8,
    )  # fmt: skip
