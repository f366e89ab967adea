"""Healthy trainings on images."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.tables import digits, split
from benchmarks.doctor.training import Training

L = nn.layers


def stack(*blocks: Any, shape: tuple[int, ...] = (8, 8, 1), last: int = 10) -> Any:
    """Return what makes a network of layers on images; each block makes some of them."""
    return lambda: nn.Sequential(
        [nn.Input(shape), *(x for block in blocks for x in block()), L.Dense(last, "softmax")]
    )


def conv(
    width: int, act: Any = "relu", norm: bool = False, momentum: float = 0.9, **given: Any
) -> Any:
    """Return what makes a convolution, maybe a BatchNormalization, and its activation."""
    if norm:
        return lambda: [
            L.Conv2D(width, 3, padding="same", use_bias=False, **given),
            L.BatchNormalization(momentum=momentum),
            L.Activation(act),
        ]
    return lambda: [L.Conv2D(width, 3, padding="same", activation=act, **given)]


def pool() -> list[Any]:
    """Halve height and width."""
    return [L.MaxPooling2D()]


def flat() -> list[Any]:
    """One vector an image."""
    return [L.Flatten()]


def cnn() -> Training:
    """Digits as images."""
    return (
        digits()
        .on(lambda x: x.reshape(-1, 8, 8, 1))
        .but(
            model=stack(conv(16), pool, conv(32), pool, flat),
            epochs=8,
            optimizer=lambda: nn.optimizers.Adam(2e-3),
        )
    )


def normalised() -> Training:
    """The same with batch normalisation."""
    return cnn().but(model=stack(conv(16, norm=True), pool, conv(32, norm=True), pool, flat))


def bars() -> Training:
    """Bars of four directions in noise."""
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 1600)
    at, across = np.arange(12) - 5.5, random.uniform(-3, 3, (1600, 1, 1))
    rows, columns = np.meshgrid(at, at, indexing="ij")
    angle = (np.pi / 4 * y)[:, None, None]
    away = rows * np.cos(angle) + columns * np.sin(angle) - across
    x = (np.exp(-(away**2)) + random.normal(0, 0.4, away.shape))[..., None].astype("float32")
    model = stack(
        conv(8), pool, conv(16), lambda: [L.GlobalAveragePooling2D()], shape=(12, 12, 1), last=4
    )
    return Training(
        model,
        **split(x[:1100], y[:1100]),
        test=(x[1100:], y[1100:]),
        epochs=15,
        optimizer=lambda: nn.optimizers.Adam(5e-3),
    )


def residual() -> Training:
    """A small residual network."""

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        x = L.Conv2D(16, 3, padding="same")(x)
        for _ in range(4):
            y = L.Activation("relu")(L.BatchNormalization(momentum=0.9)(x))
            x = L.Add()([x, L.Conv2D(16, 3, padding="same")(y)])
        x = L.GlobalAveragePooling2D()(L.Activation("relu")(L.BatchNormalization(momentum=0.9)(x)))
        return nn.Model(inputs, L.Dense(10, "softmax")(x))

    return cnn().but(model=model, epochs=10)
