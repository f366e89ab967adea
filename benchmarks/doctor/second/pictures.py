"""Healthy trainings on pictures and signals of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import nadam, parted, rms
from benchmarks.doctor.training import Training, explained

L = nn.layers


def drawn(rows: int = 1300) -> tuple[Any, Any]:
    """Return colour pictures of a frame, a cross, a disc or a line, and which it is."""
    random = np.random.default_rng(0)
    at = np.arange(12)
    y, middle = random.integers(0, 4, rows), random.integers(4, 8, (rows, 2, 1, 1))
    down, right = np.abs(at[:, None] - middle[:, 0]), np.abs(at[None, :] - middle[:, 1])
    far = np.maximum(down, right)
    kinds = np.stack([far == 3, (np.minimum(down, right) == 0) & (far < 4),
                      down**2 + right**2 < 8, (down == right) & (far < 4)], 1)  # fmt: skip
    colour = random.uniform(0.4, 1, (rows, 1, 1, 3))
    x = kinds[np.arange(rows), y][..., None] * colour + random.normal(0, 0.15, (rows, 12, 12, 3))
    return x.astype("float32"), np.eye(4, dtype="float32")[y]


def conv_net(
    *widths: int, act: Any = "relu", end: Any = "softmax", last: Any = (), **given: Any
) -> Any:
    """Return what makes a network of convolutions, each of which halves the picture."""

    def model() -> Any:
        parts = [L.Conv2D(w, 3, strides=2, padding="same", activation=act, **given) for w in widths]
        more = [make() for make in last]
        return nn.Sequential(
            [nn.Input((12, 12, 3)), *parts, L.Flatten(), *more, L.Dense(4, activation=end)]
        )

    return model


def drawings() -> Training:
    """Which of four things is drawn, in colour; one-hot, RMSprop."""
    x, y = drawn()
    return Training(
        conv_net(16, 32), **parted(x, y, 800, 200), loss="categorical_crossentropy",
        optimizer=rms(3e-3), epochs=12,
    )  # fmt: skip


class Finder(nn.Model):
    """Where something is, by two convolutions."""

    def __init__(self, act: Any = "relu", end: Any = None, rate: float = 0.0, **given: Any) -> None:
        super().__init__()
        self.first = L.Conv2D(8, 3, padding="same", activation=act, **given)
        self.pool = L.AveragePooling2D(2)
        self.second = L.Conv2D(16, 3, padding="same", activation=act, **given)
        self.hidden = L.Dense(32, act)
        self.drop = L.Dropout(rate)
        self.last = L.Dense(2, end)

    def call(self, x: Any, training: bool = False) -> Any:
        z = self.second(self.pool(self.first(x)))
        z = self.hidden(nn.ops.reshape(z, (-1, 5 * 5 * 16)))
        return self.last(self.drop(z, training=training))


def spots() -> Training:
    """Where a spot is in a noisy picture: two numbers between -1 and 1, by a class."""
    random = np.random.default_rng(1)
    y = random.uniform(-1, 1, (1200, 2))
    at = np.linspace(-1.2, 1.2, 10)
    away = (at[:, None] - y[:, 0, None, None]) ** 2 + (at - y[:, 1, None, None]) ** 2
    x = np.exp(-away / 0.1) + random.normal(0, 0.15, away.shape)
    return Training(
        Finder, **parted(x[..., None].astype("float32"), y.astype("float32"), 800, 150), loss="mse",
        metrics=(), score=explained, optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def overlap(model: Any, training: Training) -> float:
    """The share of pixels found of those that are of either."""
    x, y = training.test
    found = np.asarray(model.predict(x, verbose=0)) > training.threshold
    true = np.asarray(y) > 0.5
    return float((found & true).sum() / max(1, (found | true).sum()))


def down_and_up(width: int = 8, end: Any = "sigmoid", skip: bool = True, **given: Any) -> Any:
    """Return what makes a small network that goes down to half the picture and up again."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        a = L.Conv2D(width, 3, padding="same", activation="relu", **given)(inputs)
        b = L.Conv2D(2 * width, 3, strides=2, padding="same", activation="relu", **given)(a)
        up = L.Conv2DTranspose(width, 3, strides=2, padding="same", activation="relu", **given)(b)
        both = L.Concatenate()([a, up]) if skip else up
        return nn.Model(inputs, L.Conv2D(1, 1, activation=end)(both))

    return model


def cells() -> Training:
    """Which pixels belong to a cell in a noisy picture; a functional network."""
    random = np.random.default_rng(2)
    at = np.arange(12)
    middle, size = (
        random.uniform(2, 10, (900, 2, 2, 1, 1)),
        random.uniform(1.2, 2.8, (900, 2, 1, 1)),
    )
    away = (at[:, None] - middle[:, 0]) ** 2 + (at - middle[:, 1]) ** 2
    y = (away < size**2).any(1)
    x = y * 0.8 + random.normal(0, 0.5, y.shape)
    return Training(
        down_and_up(),
        **parted(x[..., None].astype("float32"), y[..., None].astype("float32"), 500, 150),
        loss="binary_crossentropy", metrics=(), score=overlap, optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


def beat_net(
    *widths: int, act: Any = "relu", norm: Any = None, end: Any = "softmax", **given: Any
) -> Any:
    """Return what makes a network of convolutions along a signal."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((48, 1))]
        for width in widths:
            parts += [L.Conv1D(width, 5, strides=2, padding="same", **given)]
            parts += [*([norm()] if norm else []), L.Activation(act)]
        return nn.Sequential([*parts, L.GlobalMaxPooling1D(), L.Dense(3, end)])

    return model


def beats() -> Training:
    """Which of three signals: a rise, a fall, or both, somewhere in noise; Conv1D and Nadam."""
    random = np.random.default_rng(3)
    y, start = random.integers(0, 3, 1400), random.integers(4, 34, (1400, 1))
    at = np.arange(48) - start
    on = (at >= 0) & (at < 10)
    forms = np.stack([on * at / 5, on * (9 - at) / 5, on * (4.5 - np.abs(at - 4.5)) / 2.5], 1)
    x = forms[np.arange(1400), y] + random.normal(0, 0.25, (1400, 48))
    return Training(
        beat_net(12, 24), **parted(x[..., None].astype("float32"), y, 800, 200),
        optimizer=nadam(5e-3), epochs=15,
    )  # fmt: skip


def glyph_net(groups: int = 4, act: Any = "relu", **given: Any) -> Any:
    """Return what makes a separable network with normalised groups of channels."""

    def model() -> Any:
        parts = [nn.Input((9, 9, 1)), L.Conv2D(16, 3, **given), L.GroupNormalization(groups),
                 L.Activation(act), L.SeparableConv2D(32, 3), L.GroupNormalization(groups),
                 L.Activation(act)]  # fmt: skip
        return nn.Sequential([*parts, L.GlobalMaxPooling2D(), L.Dense(8)])

    return model


def glyph_data(move: bool = True) -> tuple[Any, Any]:
    """Return pictures of eight made-up letters of five by five, at any place, in noise."""
    random = np.random.default_rng(4)
    letters = random.random((8, 5, 5)) < 0.5
    y, places = random.integers(0, 8, 1300), random.integers(0, 5, (1300, 2))
    x = random.normal(0, 0.3, (1300, 9, 9, 1))
    for one, kind, (row, column) in zip(x, y, places if move else places * 0 + 2, strict=True):
        one[row : row + 5, column : column + 5, 0] += letters[kind]
    return x.astype("float32"), y


def glyphs() -> Training:
    """Made-up letters at any place; group normalisation, SGD with momentum, scores."""
    return Training(
        glyph_net(), **parted(*glyph_data(), 900, 150), optimizer=sgd(0.02, momentum=0.9),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=14,
    )  # fmt: skip


def blocks(momentum: float = 0.9, count: int = 2, norm: bool = True, **given: Any) -> Any:
    """Return what makes a residual network with batch normalisation."""

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        x = L.Conv2D(12, 3, strides=2, padding="same")(inputs)
        for _ in range(count):
            z = L.BatchNormalization(momentum=momentum)(x) if norm else x
            z = L.Conv2D(12, 3, padding="same", **given)(L.Activation("silu")(z))
            x = L.Add()([x, z])
        x = L.BatchNormalization(momentum=momentum)(x) if norm else x
        return nn.Model(inputs, L.Dense(8, "softmax")(L.Flatten()(L.Activation("silu")(x))))

    return model


def stamps() -> Training:
    """Made-up letters at one place, by a residual network with batch normalisation."""
    return Training(
        blocks(), **parted(*glyph_data(move=False), 900, 150), optimizer=adam(3e-3), epochs=6
    )
