"""Healthy trainings on pictures and signals of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.training import Training, explained

L = nn.layers


def fabric_net(
    act: Any = "relu", momentum: float = 0.9, norm: bool = True, end: Any = "softmax", **given: Any
) -> Any:
    """Return what makes two convolutions with batch normalisation, and a mean over all places."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((10, 10, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, padding="same", **given)]
            parts += [L.BatchNormalization(momentum=momentum)] if norm else []
            parts += [L.Activation(act), L.MaxPooling2D()]
        return nn.Sequential([*parts, L.GlobalAveragePooling2D(), L.Dense(4, end)])

    return model


def cloth(rows: int = 900) -> tuple[Any, Any]:
    """Return pictures of stripes across, stripes along, a chess board, or plain noise."""
    random = np.random.default_rng(30)
    y, at = random.integers(0, 4, rows), np.arange(10)
    wave = np.pi / random.uniform(1.2, 2.2, (rows, 1, 1))
    along, across = (
        np.cos(wave * a + random.uniform(0, 6.3, (rows, 1, 1))) for a in (at[:, None], at[None])
    )
    both = along * across
    kinds = np.stack([along + 0 * both, across + 0 * both, both, 0 * both], 1)
    x = kinds[np.arange(rows), y] + random.normal(0, 0.4, (rows, 10, 10))
    return x[..., None].astype("float32"), y


def fabric() -> Training:
    """How a cloth is woven: batch normalisation and a mean over all places."""
    x, y = cloth()
    return Training(fabric_net(), **parted(x, y, 500, 120), optimizer=adam(0.01), epochs=5)


def hands(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of one hand of a clock, and the sine and cosine of the hour."""
    random = np.random.default_rng(31)
    turn, at = random.uniform(0, 2 * np.pi, (rows, 1, 1)), np.arange(10) - 4.5
    down, right = at[:, None] * np.sin(turn), at[None] * np.cos(turn)
    beside = at[:, None] * np.cos(turn) - at[None] * np.sin(turn)
    x = np.exp(-(beside**2)) * (down + right > 0) + random.normal(0, 0.15, beside.shape)
    y = np.concatenate([np.sin(turn), np.cos(turn)], 1)[..., 0]
    return x[..., None].astype("float32"), y.astype("float32")


def clock_net(act: Any = "relu", end: Any = "tanh", rate: float = 0.0, **given: Any) -> Any:
    """Return what makes two convolutions with a stride, and two numbers at the end."""

    def model() -> Any:
        x = inputs = nn.Input((10, 10, 1))
        for width in (8, 16):
            x = L.Conv2D(width, 3, strides=2, padding="same", activation=act, **given)(x)
        x = L.Dropout(rate)(L.Dense(24, act, **given)(L.Flatten()(x)))
        return nn.Model(inputs, L.Dense(2, end)(x))

    return model


def clocks() -> Training:
    """Where the hand of a clock points: two numbers from -1 to 1."""
    x, y = hands()
    return Training(
        clock_net(), **parted(x, y, 650, 150), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.01), epochs=6,
    )  # fmt: skip


def pixels(model: Any, training: Training) -> float:
    """Share of all pixels of which the kind is found; the three kinds weigh alike."""
    x, y = training.test
    found, y = np.asarray(model.predict(x, verbose=0)).argmax(-1), np.asarray(y)
    return float(np.mean([np.mean(found[y == k] == k) for k in np.unique(y)]))


def field_net(end: Any = "softmax", act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that says of each pixel what it is."""

    def model() -> Any:
        x = inputs = nn.Input((10, 10, 2))
        for width in (12, 12):
            x = L.Conv2D(width, 3, padding="same", activation=act, **given)(x)
        return nn.Model(inputs, L.Conv2D(3, 1, activation=end)(x))

    return model


def seen_fields(rows: int = 560) -> tuple[Any, Any]:
    """Return pictures in two bands, and whether each pixel is a meadow, a wood or a lake."""
    random = np.random.default_rng(32)
    at, middle = np.arange(10), random.uniform(1, 9, (rows, 2, 2, 1, 1))
    size, y = random.uniform(2, 3.2, (rows, 2, 1, 1)), np.zeros((rows, 10, 10), "int64")
    for k in (0, 1):
        away = np.maximum(abs(at[:, None] - middle[:, 0, k]), abs(at - middle[:, 1, k]))
        y[away < size[:, k]] = k + 1
    bands = np.array([[0.2, 0.8], [0.4, 1.0], [0.0, 0.1]])[y]
    return (bands + random.normal(0, 0.15, bands.shape)).astype("float32"), y


def fields() -> Training:
    """Meadow, wood or lake: one answer for each pixel, and no pooling."""
    x, y = seen_fields()
    return Training(
        field_net(), **parted(x, y, 350, 80), optimizer=adam(0.02), epochs=7, score=pixels,
        batch_size=16,
    )  # fmt: skip


def motor_net(
    *widths: int, act: Any = "relu", end: Any = "sigmoid", norm: Any = None, **given: Any
) -> Any:
    """Return what makes convolutions along two signals."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((40, 2))]
        for width in widths:
            parts += [L.Conv1D(width, 5, padding="same", **given), *([norm()] if norm else [])]
            parts += [L.Activation(act), L.MaxPooling1D(2)]
        return nn.Sequential([*parts, L.GlobalAveragePooling1D(), L.Dense(1, end)])

    return model


def turning(rows: int = 1200) -> tuple[Any, Any]:
    """Return how a motor shakes in two directions, and whether a bearing knocks."""
    random = np.random.default_rng(33)
    y, at = random.integers(0, 2, (rows, 1)), np.arange(40)
    speed, phase = random.uniform(0.2, 0.4, (rows, 1)), random.uniform(0, 6.3, (rows, 1))
    hard, first = random.uniform(1, 1.6, (rows, 1)), random.integers(0, 9, (rows, 1))
    knock = y * hard * ((at + first) % 9 < 2)
    x = np.stack([np.sin(speed * at + phase) + knock, np.cos(speed * at + phase) - knock], -1)
    x = x + random.normal(0, 0.3, x.shape)
    return x.astype("float32"), y.astype("float32")


def motor() -> Training:
    """Whether a bearing knocks, by convolutions along two signals."""
    x, y = turning()
    return Training(
        motor_net(12, 12), **parted(x, y, 750, 150), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=5,
    )  # fmt: skip


def digit_rows() -> tuple[Any, Any]:
    """Return the digits between 0 and 1 as pictures, and their numbers; the test last."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, y = np.concatenate([x, x_test]), np.concatenate([y, y_test])
    return (x.reshape(-1, 8, 8, 1) / 16).astype("float32"), y.astype("int64")


def heads(model: Any, training: Training) -> float:
    """The mean of the shares found by two heads."""
    x, (number, even) = training.test
    a, b = (np.asarray(p) for p in model.predict(x, verbose=0))
    return float(np.mean(a.argmax(-1) == number) + np.mean((b > 0.5) == even)) / 2


def head_net(
    ends: tuple[Any, Any] = ("softmax", "sigmoid"), act: Any = "relu", stop: bool = False,
    **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a separable network with two heads."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = L.Conv2D(12, 3, activation=act, **given)(inputs)
        x = L.MaxPooling2D()(L.SeparableConv2D(24, 3, padding="same", activation=act)(x))
        x = L.Flatten()(x)
        x = L.Lambda(nn.ops.stop_gradient)(x) if stop else x
        return nn.Model(inputs, [L.Dense(10, ends[0])(x), L.Dense(1, ends[1])(x)])

    return model


def parity() -> Training:
    """Which digit, and whether it is even: two heads and two losses."""
    x, y = digit_rows()
    even = (y % 2 == 0).astype("float32")[:, None]
    return Training(
        head_net(), **parted(x, (y, even), 1000, 200), metrics=(), score=heads,
        loss=["sparse_categorical_crossentropy", "binary_crossentropy"],
        optimizer=adam(0.01), epochs=5,
    )  # fmt: skip


def film_net(act: Any = "relu", end: Any = None, last: Any = (), **given: Any) -> Any:
    """Return what makes a convolution over pictures and time."""

    def model() -> Any:
        parts = [nn.Input((5, 7, 7, 1)), L.Conv3D(8, 3, activation=act, **given)]
        parts += [L.Flatten(), *(make() for make in last), L.Dense(24, act, **given)]
        return nn.Sequential([*parts, L.Dense(4, end)])

    return model


def moving(rows: int = 1100) -> tuple[Any, Any]:
    """Return five pictures of a spot that moves, and in which of four directions it goes."""
    random = np.random.default_rng(34)
    y, start = random.integers(0, 4, rows), random.integers(2, 5, (rows, 2))
    x = random.normal(0, 0.2, (rows, 5, 7, 7, 1))
    ways = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])
    for t in range(5):
        row, column = (np.clip(start + (t - 2) * ways[y], 0, 6)).T
        x[np.arange(rows), t, row, column, 0] += 1.5
    return x.astype("float32"), y


def films() -> Training:
    """Where a spot goes in five pictures, by convolutions over time; scores and SGD."""
    return Training(
        film_net(), **parted(*moving(), 750, 150), optimizer=sgd(0.05, momentum=0.9), epochs=8,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
    )  # fmt: skip


def clean_net(end: Any = "sigmoid", act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that goes down to a quarter of the picture and up again."""

    def model() -> Any:
        parts: list[Any] = [L.Conv2D(12, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Conv2D(16, 3, padding="same", activation=act, **given), L.UpSampling2D()]
        parts += [L.Conv2D(8, 3, padding="same", activation=act, **given)]
        parts += [L.Conv2D(1, 3, padding="same", activation=end)]
        return nn.Sequential([nn.Input((8, 8, 1)), *parts])

    return model


def scans() -> Training:
    """Digits with noise are made clean: pictures in, pictures out."""
    y, _ = digit_rows()
    noisy = (y + np.random.default_rng(35).normal(0, 0.2, y.shape)).astype("float32")
    return Training(
        clean_net(), **parted(noisy, y, 900, 200), loss="binary_crossentropy", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=8,
    )  # fmt: skip
