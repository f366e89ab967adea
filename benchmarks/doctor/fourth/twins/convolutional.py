"""Healthy trainings on pictures and signals of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.training import Training, explained

L = nn.layers


def coin_net(
    end: Any = "softmax", act: Any = "relu", rate: float = 0.0, hidden: Any = "relu", **given: Any
) -> Any:
    """Return what makes two convolutions with pooling, and a hidden layer."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, padding="same", activation=act, **given)]
            parts += [L.MaxPooling2D()]
        parts += [L.Flatten(), L.Dense(32, hidden, **given), L.Dropout(rate)]
        return nn.Sequential([*parts, L.Dense(4, end, **given)])

    return model


def struck(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of coins from 0 to 1: plain, with a hole, with a cross, with a notch."""
    random = np.random.default_rng(70)
    y, at = random.integers(0, 4, rows), np.arange(12)
    middle = random.uniform(4.5, 6.5, (rows, 2, 1, 1))
    size = random.uniform(3.2, 4.6, (rows, 1, 1))
    down, right = at[:, None] - middle[:, 0], at[None] - middle[:, 1]
    far, kind = np.hypot(down, right), y[:, None, None]
    x = 0.7 * (far < size)
    x = np.where((kind == 1) & (far < 1.4), 0, x)
    x = np.where((kind == 2) & (np.minimum(abs(down), abs(right)) < 0.6) & (far < size), 1, x)
    x = np.where((kind == 3) & (abs(right) < 1.2) & (down < -1), 0, x)
    return np.clip(x + random.normal(0, 0.1, x.shape), 0, 1)[..., None].astype("float32"), y


def coins() -> Training:
    """Which of four coins is in a picture."""
    return Training(coin_net(), **parted(*struck(), 600, 150), optimizer=adam(0.005), epochs=7)


def weld_net(momentum: float = 0.9, end: Any = "sigmoid", outputs: int = 1, **given: Any) -> Any:
    """Return what makes convolutions with batch normalisation, for yes or no."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((8, 16, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, strides=2, padding="same", use_bias=False, **given)]
            parts += [L.BatchNormalization(momentum=momentum), L.Activation("relu")]
        return nn.Sequential([*parts, L.Flatten(), L.Dense(outputs, end)])

    return model


def seams(rows: int = 1100) -> tuple[Any, Any]:
    """Return pictures of seams of a weld, and whether one has a gap."""
    random = np.random.default_rng(71)
    y, rows_ = random.integers(0, 2, rows), np.arange(rows)
    at, bow = random.uniform(2.5, 4.5, (rows, 1)), random.uniform(-1.2, 1.2, (rows, 1))
    along = np.linspace(-1, 1, 16)
    line = at + bow * along
    x = np.exp(-((np.arange(8)[:, None] - line[:, None]) ** 2))
    gap = random.integers(3, 12, rows)
    for k in (0, 1):
        x[rows_, :, gap + k] *= (1 - y)[:, None]
    x = x + random.normal(0, 0.15, x.shape)
    return x[..., None].astype("float32"), y[:, None].astype("float32")


def welds() -> Training:
    """Whether the seam of a weld has a gap, by batch normalisation."""
    return Training(
        weld_net(), **parted(*seams(), 700, 150), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=6,
    )  # fmt: skip


def of_cells(model: Any, training: Training) -> float:
    """The mean of the shares found of pixels that are in a cell, and that aren't."""
    x, y = training.test
    seen: Any = np.asarray(model.predict(x, verbose=0)) > training.threshold
    inside: Any = np.asarray(y) > 0.5
    return float(np.mean(seen[inside]) + np.mean(~seen[~inside])) / 2


def nucleus_net(end: Any = "sigmoid", act: Any = "relu", outputs: int = 1, **given: Any) -> Any:
    """Return what makes a small U: down, up, and what was seen before beside it."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        a = L.Conv2D(8, 3, padding="same", activation=act, **given)(inputs)
        b = L.Conv2D(16, 3, padding="same", activation=act, **given)(L.MaxPooling2D()(a))
        c = L.Concatenate()([a, L.UpSampling2D()(b)])
        c = L.Conv2D(8, 3, padding="same", activation=act, **given)(c)
        return nn.Model(inputs, L.Conv2D(outputs, 1, activation=end)(c))

    return model


def stained(rows: int = 600, cells: int = 4) -> tuple[Any, Any]:
    """Return pictures of cells among dust, and which pixels are in a cell."""
    random = np.random.default_rng(72)
    at = np.arange(12)
    middle = random.uniform(0, 12, (rows, cells, 2, 1, 1))
    size = random.uniform(1.3, 2.3, (rows, cells, 1, 1))
    down, right = at[:, None] - middle[:, :, 0], at[None] - middle[:, :, 1]
    y: Any = (np.hypot(down, right) < size).any(1)
    dust = random.random(y.shape) < 0.06
    x = 0.6 * y + 0.7 * dust + random.normal(0, 0.12, y.shape)
    return np.clip(x, 0, 1)[..., None].astype("float32"), y[..., None].astype("float32")


def nuclei() -> Training:
    """Which pixels belong to a cell: a small U."""
    return Training(
        nucleus_net(), **parted(*stained(), 380, 80), loss="binary_crossentropy", metrics=(),
        optimizer=adam(0.01), epochs=6, batch_size=16, score=of_cells,
    )  # fmt: skip


def level_net(end: Any = None, act: Any = "relu", **given: Any) -> Any:
    """Return what makes convolutions with a stride that give one number."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((16, 6, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Flatten(), L.Dense(24, act, **given)]
        return nn.Sequential([*parts, L.Dense(1, end, **given)])

    return model


def tubes(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of tubes, lit unevenly, and how high the liquid stands in them."""
    random = np.random.default_rng(73)
    high, tilt = random.uniform(2, 14, (rows, 1, 1)), random.uniform(-0.5, 0.5, (rows, 1, 1))
    surface = high + tilt * (np.arange(6) - 2.5)
    x = 1 / (1 + np.exp(np.arange(16)[:, None] - surface)) * random.uniform(0.5, 1, (rows, 1, 1))
    x = x + random.normal(0, 0.08, x.shape)
    return x[..., None].astype("float32"), high[:, 0].astype("float32")


def levels() -> Training:
    """How high a liquid stands in a tube; the target is standardised."""
    x, y = tubes()
    return Training(
        level_net(), **parted(x, (y - 8) / 3.5, 650, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.005), epochs=8,
    )  # fmt: skip


def chirp_net(
    act: Any = "relu", end: Any = "softmax", norm: Any = L.LayerNormalization, **given: Any
) -> Any:
    """Return what makes convolutions along a signal."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((48, 1))]
        for width in (12, 12):
            parts += [L.Conv1D(width, 7, strides=2, padding="same", **given)]
            parts += [norm()] if norm else []
            parts += [L.Activation(act)]
        return nn.Sequential([*parts, L.GlobalAveragePooling1D(), L.Dense(3, end, **given)])

    return model


def sung(rows: int = 1200) -> tuple[Any, Any]:
    """Return calls that rise, that fall, and that rise and fall; one-hot."""
    random = np.random.default_rng(74)
    y, at = random.integers(0, 3, rows), np.linspace(0, 1, 48)
    ways = np.stack([at, 1 - at, 1 - abs(2 * at - 1)])[y]
    low, wide = random.uniform(0.2, 0.35, (rows, 1)), random.uniform(0.8, 1.2, (rows, 1))
    phase = np.cumsum(low + 0.9 * wide * ways, 1) + random.uniform(0, 6.3, (rows, 1))
    x = np.sin(phase) + random.normal(0, 0.25, phase.shape)
    return x[..., None].astype("float32"), np.eye(3, dtype="float32")[y]


def chirps() -> Training:
    """Which of three calls a bird gives, by convolutions along a signal; one-hot."""
    return Training(
        chirp_net(), **parted(*sung(), 750, 150), loss="categorical_crossentropy",
        optimizer=sgd(0.1, momentum=0.9), epochs=8,
    )  # fmt: skip


def tile_net(end: Any = "sigmoid", act: Any = "relu", **given: Any) -> Any:
    """Return what makes an autoencoder of pictures, by strides down and transposed ones up."""

    def model() -> Any:
        parts: list[Any] = [L.Conv2D(12, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Flatten(), L.Dense(12, act, **given), L.Dense(192, act, **given)]
        parts += [L.Reshape((4, 4, 12))]
        parts += [L.Conv2DTranspose(8, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Conv2D(1, 3, padding="same", activation=end, **given)]
        return nn.Sequential([nn.Input((8, 8, 1)), *parts])

    return model


def ornaments() -> Training:
    """Pictures of bars and blocks between 0 and 1, squeezed into twelve numbers and drawn again."""
    random = np.random.default_rng(75)
    rows, at = 1100, np.arange(8)
    first, last = random.integers(0, 4, (rows, 2, 1, 1)), random.integers(4, 9, (rows, 2, 1, 1))
    rows_in = (at[:, None] >= first[:, 0]) & (at[:, None] < last[:, 0])
    columns_in = (at[None] >= first[:, 1]) & (at[None] < last[:, 1])
    x = 0.15 + 0.7 * (rows_in & columns_in) + random.normal(0, 0.03, (rows, 8, 8))
    x = np.clip(x, 0, 1)[..., None].astype("float32")
    return Training(
        tile_net(), **parted(x, x, 700, 150), loss="binary_crossentropy", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=10,
    )  # fmt: skip
