"""Faults of convolutional networks."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, sorted_rows, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import bars, cnn, conv, flat, normalised, pool, residual, stack
from benchmarks.doctor.training import Training

L = nn.layers


def mixed_up(t: Training) -> Training:
    """A reshape that swaps samples and channels: rows of a batch are torn apart."""

    class Mixed(L.Layer):
        def call(self, x: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(x, (1, 2, 3, 0)), nn.ops.shape(x))

    def model() -> Any:
        return nn.Sequential(
            [
                nn.Input((8, 8, 1)),
                L.Conv2D(16, 3, padding="same", activation="relu"),
                Mixed(),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(10, "softmax"),
            ]
        )

    return t.but(model=model)


def scores(t: Training) -> Training:
    """No softmax at the end, and a loss that takes probabilities."""
    make = t.model

    def model() -> Any:
        found = make()
        found.layers[-1].activation = nn.activations.linear
        return found

    return t.but(model=model)


def all_frozen(t: Training) -> Training:
    """Convolutions that are not trained."""

    def model() -> Any:
        found = t.model()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def never_positive(t: Training) -> Training:
    """Biases far below zero in front of ReLU."""
    low = nn.initializers.Constant(-4.0)
    return t.but(model=stack(conv(16, bias_initializer=low), pool, conv(32), pool, flat))


def tuned_away(t: Training) -> Training:
    """Weights so small that the signal is gone after four layers."""
    small = nn.initializers.RandomNormal(stddev=1e-3)
    blocks = [conv(16, kernel_initializer=small) for _ in range(5)]
    return t.but(model=stack(*blocks, pool, flat))


def eight_sigmoids(t: Training) -> Training:
    """Eight convolutions with sigmoids."""
    return t.but(model=stack(*[conv(12, "sigmoid") for _ in range(8)], pool, flat))


def dropped(t: Training) -> Training:
    """Dropout of nearly all."""
    return t.but(model=stack(conv(16), pool, conv(32), pool, flat, lambda: [L.Dropout(0.97)]))


def few(t: Training) -> Training:
    """Eighty images, learnt by heart."""
    return t.but(x=t.x[:80], y=t.y[:80], epochs=120)


def labels_off(t: Training) -> Training:
    """Half of the labels are wrong."""
    random = np.random.default_rng(1)
    y = np.array(t.y)
    wrong = random.random(len(y)) < 0.6
    y[wrong] = random.integers(0, 10, wrong.sum())
    return t.but(y=y, epochs=40)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    (
        "cnn: bytes times 16 for SGD",
        cnn,
        lambda t: t.on(lambda x: x * 255).but(optimizer=sgd(0.05)),
        ("GD104",),
    ),
    ("bars: another unit", bars, lambda t: t.on(lambda x: x * 2000), ("GD104",)),
    ("cnn: labels of other images", cnn, shuffled_labels, ("GD510", "GD605", "GD601")),
    ("cnn: labels from 1 to 10", cnn, lambda t: t.to(lambda y: y + 1), ("GD102",)),
    ("cnn: sorted by class, not shuffled", cnn, lambda t: sorted_rows(t).but(epochs=3), ("GD110",)),
    ("cnn: scores taken for probabilities", cnn, scores, ("GD202",)),
    ("cnn: samples are mixed", cnn, mixed_up, ("GD308",)),
    ("cnn: dead at birth", cnn, never_positive, ("GD305", "GD503", "GD307")),
    ("cnn: the signal dies", cnn, tuned_away, ("GD209", "GD303", "GD304", "GD307")),
    ("cnn: eight sigmoids", cnn, eight_sigmoids, ("GD304", "GD501", "GD303", "GD307")),
    (
        "cnn: all weights zero",
        cnn,
        with_(
            stack(
                conv(16, kernel_initializer="zeros"),
                pool,
                conv(32, kernel_initializer="zeros"),
                pool,
                flat,
            )
        ),
        ("GD208",),
    ),
    ("cnn: dropout of 97 %", cnn, dropped, ("GD211",)),
    (
        "bars: weight decay above the loss",
        bars,
        with_(
            stack(
                conv(8, kernel_regularizer=nn.regularizers.L2(1.0)),
                pool,
                conv(16, kernel_regularizer=nn.regularizers.L2(1.0)),
                lambda: [L.GlobalAveragePooling2D()],
                shape=(12, 12, 1),
                last=4,
            )
        ),
        ("GD211",),
    ),
    (
        "bars: nothing between the layers",
        bars,
        with_(
            stack(
                conv(8, None),
                conv(16, None),
                lambda: [L.GlobalAveragePooling2D()],
                shape=(12, 12, 1),
                last=4,
            )
        ),
        ("GD207",),
    ),
    (
        "cnn: only the last layer learns",
        cnn,
        lambda t: all_frozen(tuned_away(t)),
        ("GD212", "GD209", "GD303", "GD304"),
    ),
    (
        "cnn: Adam's rate far too large",
        cnn,
        with_(optimizer=adam(0.5)),
        ("GD506", "GD502", "GD503"),
    ),
    (
        "bars: SGD's rate far too large",
        bars,
        with_(optimizer=sgd(20.0)),
        ("GD506", "GD502", "GD503", "GD401"),
    ),
    (
        "residual: Adam's rate far too large",
        residual,
        with_(optimizer=adam(3.0)),
        ("GD506", "GD502"),
    ),
    ("cnn: Adam's rate far too small", cnn, with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    ("bars: SGD's rate far too small", bars, with_(optimizer=sgd(1e-4)), ("GD507", "GD505")),
    (
        "normalised cnn: running figures that never arrive",
        normalised,
        with_(
            stack(
                conv(16, norm=True, momentum=0.9999),
                pool,
                conv(32, norm=True, momentum=0.9999),
                pool,
                flat,
            )
        ),
        ("GD513",),
    ),
    (
        "normalised cnn: batches of two",
        normalised,
        with_(batch_size=2, epochs=1, optimizer=adam(0.03)),
        ("GD112", "GD513"),
    ),
    ("cnn: eighty images by heart", cnn, few, ("GD601",)),
    ("cnn: most labels are wrong", cnn, labels_off, ("GD601", "GD605")),
]

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
