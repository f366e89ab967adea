"""Healthy programs of the fourth part: pictures that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.pictures import in_turn, letters, normed, shapes
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def night_sky() -> Training:
    """Stars in the dark, 19 of 20 pixels exactly 0: which of three figures they form."""
    random, n = np.random.default_rng(540), 1300
    y, x = random.integers(0, 3, n), np.zeros((n, 14, 14, 1))
    figures = [[(0, 0), (0, 4), (4, 0)], [(0, 0), (2, 2), (4, 4)], [(0, 2), (2, 0), (2, 4)]]
    for one, k in zip(x, y, strict=True):
        for row, column in random.integers(0, 14, (4, 2)):
            one[row, column] = random.uniform(0.2, 1)
        down, right = random.integers(0, 9, 2)
        for row, column in figures[k]:
            one[down + row, right + column] = random.uniform(0.6, 1)
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), conv(24, 5, padding="valid"),
                               conv(24, 3, padding="valid"), L.GlobalMaxPooling2D(), L.Dense(3)]),
        **rows(single(x), y, 900, 150), loss=LOGITS, epochs=8,
        optimizer=adam(schedules.CosineDecay(4e-3, 8 * 29)),
    )  # fmt: skip


def each_pixel_scaled() -> Training:
    """Digits of which each pixel has mean 0 and spread 1: some never change, some reach twenty."""
    parts = digits()
    mean, spread = parts["x"].mean(0), parts["x"].std(0)
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(16), L.MaxPooling2D(), conv(32),
                               L.Flatten(), L.Dropout(0.3), L.Dense(10, "softmax")]),
        **parts, optimizer=adam(2e-3), epochs=9,
    ).on(lambda x: (x - mean) / np.where(spread > 0, spread, 1))  # fmt: skip


def framed() -> Training:
    """Digits in the middle of a frame of zeros, so that two of three pixels are constant."""
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), conv(12), L.MaxPooling2D(), conv(24),
                               L.MaxPooling2D(), L.Flatten(), L.Dense(10)]),
        **digits(), loss=LOGITS, epochs=9,
        optimizer=by("Nadam", schedules.CosineDecay(4e-3, 9 * 38)),
    ).on(lambda x: np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0))))  # fmt: skip


def black_or_white() -> Training:
    """Digits whose pixels are -1 or 1, and weights of the first layer within a ball."""
    ball = nn.constraints.MaxNorm(1.5, axis=(0, 1, 2))
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(24, kernel_constraint=ball),
                               L.MaxPooling2D(), conv(32), L.Flatten(), L.Dropout(0.3),
                               L.Dense(10)]),
        **digits(), loss=LOGITS, optimizer=adam(2e-3), epochs=9,
    ).on(lambda x: np.where(x > 0.4, 1, -1).astype("float32"))  # fmt: skip


def four_pictures_a_step() -> Training:
    """Four letters a step, norms of groups of channels, plain steps of 0.05."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((9, 9, 1))]
        for width in (16, 24):
            parts += [conv(width, activation=None), L.GroupNormalization(4), L.ReLU(),
                      L.MaxPooling2D()]  # fmt: skip
        return nn.Sequential([*parts, L.Flatten(), L.Dense(8)])

    return Training(
        model, **rows(*letters(2800, 541, noise=0.2), 2200, 200), loss=LOGITS, batch_size=4,
        epochs=5,
        optimizer=by("SGD", schedules.CosineDecay(0.05, 5 * 550)),
    )  # fmt: skip


def large_rate() -> Training:
    """A rate of 0.2, which norms behind each convolution can bear; it falls to nothing."""
    rate = schedules.CosineDecay(0.02, 9 * 38, warmup_target=0.2, warmup_steps=38)
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), *normed(16), L.MaxPooling2D(), *normed(24),
                               L.MaxPooling2D(), L.Flatten(), L.Dense(4)]),
        **rows(*shapes(1700, 542), 1200, 200), loss=LOGITS, epochs=10,
        optimizer=by("SGD", rate, weight_decay=1e-4),
    )  # fmt: skip


def a_third_is_wrong() -> Training:
    """A third of the labels in training is wrong, those held out were looked at twice."""
    x, y = shapes(2300, 543, noise=0.15)
    random = np.random.default_rng(544)
    wrong = random.random(2300) < 0.33
    wrong[1800:] = False
    y = np.where(wrong, random.integers(0, 4, 2300), y)
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), *normed(12), L.MaxPooling2D(), *normed(24),
                               L.MaxPooling2D(), L.GlobalAveragePooling2D(), L.Dense(4)]),
        **rows(x, y, 1800, 200), loss=LOGITS,
        optimizer=adam(schedules.CosineDecay(5e-3, 12 * 57)), epochs=12,
    )  # fmt: skip


def erased() -> Training:
    """Pieces are erased, noise is added, features are dropped: held out letters are far easier."""

    def model() -> Any:
        return nn.Sequential([
            nn.Input((9, 9, 1)), L.GaussianNoise(0.2),
            L.RandomErasing(0.5, (0.02, 0.1), value_range=(0, 1)),
            conv(24), L.MaxPooling2D(), L.SpatialDropout2D(0.2), conv(48), L.Flatten(),
            L.Dropout(0.3), L.Dense(8),
        ])  # fmt: skip

    return Training(
        model, **rows(*letters(1600, 545, noise=0.2), 1100, 200), loss=LOGITS,
        optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


def long_tail() -> Training:
    """Some letters come four hundred times, some twenty: all of them are learnt."""
    x, y = letters(4000, 546, noise=0.2)
    kept, random = np.array([1, 0.6, 0.4, 0.25, 0.18, 0.12, 0.09, 0.06]), np.random.default_rng(547)
    there = random.random(2600) < kept[y[:2600]]
    x_train, y_train = x[:2600][there], y[:2600][there]
    return Training(
        lambda: nn.Sequential([nn.Input((9, 9, 1)), conv(24), L.MaxPooling2D(), conv(32),
                               L.GlobalMaxPooling2D(), L.Dense(8)]),
        x_train, y_train, (x[2600:2900], y[2600:2900]), (x[2900:], y[2900:]), loss=LOGITS,
        optimizer=adam(2e-3), epochs=26,
    )  # fmt: skip


def bags_of_cells() -> Training:
    """Six pictures of cells in a bag, which is ill if a single one is: the largest score counts."""
    random, n = np.random.default_rng(548), 900
    at, y = np.arange(8), random.random(n) < 0.5
    middle = random.uniform(2.5, 4.5, (n, 6, 2, 1, 1))
    far = np.hypot(at[:, None] - middle[:, :, 0], at - middle[:, :, 1])
    ill = (np.arange(6) == random.integers(0, 6, (n, 1))) & y[:, None]
    x = np.exp(-((far - 1.2 * ~ill[..., None, None]) ** 2)) + random.normal(0, 0.2, far.shape)

    def model() -> Any:
        one = nn.Sequential([nn.Input((8, 8, 1)), conv(12, strides=2), conv(16, strides=2),
                             L.Flatten(), L.Dense(1)])  # fmt: skip
        return nn.Sequential([nn.Input((6, 8, 8, 1)), L.TimeDistributed(one),
                              L.GlobalMaxPooling1D()])  # fmt: skip

    return Training(
        model, **rows(single(x)[..., None], single(y)[:, None], 600, 100), loss=BINARY, score=hit,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), threshold=0.0, optimizer=adam(3e-3),
        batch_size=16, epochs=14,
    )  # fmt: skip


def sixteen_thin_layers() -> Training:
    """Sixteen convolutions of eight channels, each second one added to what came before."""

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        x = conv(8, strides=2)(inputs)
        for _ in range(8):
            z = in_turn(x, conv(8, kernel_initializer="he_normal"),
                        conv(8, activation=None, kernel_initializer="zeros"))  # fmt: skip
            x = L.Add()([x, z])
        return nn.Model(inputs, L.Dense(8)(L.Flatten()(L.ReLU()(x))))

    return Training(
        model, **rows(*letters(1900, 549, noise=0.2), 1400, 200), loss=LOGITS,
        optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def same_or_not() -> Training:
    """Whether two letters are the same: one tower for both, and the squares of what is between."""
    x, y = letters(4400, 550, noise=0.1)
    random = np.random.default_rng(551)
    order = np.argsort(y[:4400] + random.uniform(0, 0.9, 4400))
    pairs = np.concatenate([order.reshape(-1, 2)[random.random(2200) < 0.5],
                            random.permutation(4400).reshape(-1, 2)[:1200]])  # fmt: skip
    pairs = pairs[random.permutation(len(pairs))]
    same = single(y[pairs[:, 0]] == y[pairs[:, 1]])[:, None]

    def model() -> Any:
        one, two = nn.Input((9, 9, 1)), nn.Input((9, 9, 1))
        tower = nn.Sequential([conv(24), L.MaxPooling2D(), conv(32), L.GlobalMaxPooling2D(),
                               L.Dense(12)])  # fmt: skip
        a, b = tower(one), tower(two)
        return nn.Model([one, two], L.Dense(1)(L.Lambda(lambda z: (z[0] - z[1]) ** 2)([a, b])))

    return Training(
        model, **rows((x[pairs[:, 0]], x[pairs[:, 1]]), same, 1900, 200), loss=BINARY, metrics=(),
        score=hit, threshold=0.0, epochs=6,
        optimizer=adam(schedules.CosineDecay(4e-3, 6 * 60)),
    )  # fmt: skip


def three_hundred_at_once() -> Training:
    """Batches of three hundred, tangents, and weights that are averaged as they go."""
    rate = schedules.CosineDecay(0.01, 55 * 4)
    return Training(
        lambda: nn.Sequential([nn.Input((14, 14, 1)), L.Rescaling(2.0, -1.0),
                               conv(16, activation="tanh"), L.AveragePooling2D(2),
                               conv(24, activation="tanh"), L.AveragePooling2D(2), L.Flatten(),
                               L.Dense(4, "softmax")]),
        **rows(*shapes(1700, 552, noise=0.2), 1200, 200), batch_size=300, epochs=55,
        optimizer=adam(rate, use_ema=True, ema_momentum=0.9),
    )  # fmt: skip


def wrapped_around() -> Training:
    """A field on a ring that is blown around: what it will be, as a change of what it is."""
    random, n = np.random.default_rng(553), 900
    at = 2 * np.pi * np.arange(12) / 12
    wave, phase = random.integers(1, 3, (n, 2, 1, 1)), random.uniform(0, 6.3, (n, 2, 1, 1))
    x = np.sin(wave[:, 0] * at[:, None] + phase[:, 0]) + np.cos(wave[:, 1] * at + phase[:, 1])
    y = 0.5 * np.roll(x, 1, 1) + 0.5 * np.roll(x, 1, 2) + 0.2 * np.tanh(x)

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        around = L.Lambda(lambda z: ops.pad(z, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="wrap"))
        last = L.Conv2D(1, 3, kernel_initializer="zeros")
        return nn.Model(inputs, L.Add()([inputs, last(L.Conv2D(16, 3, activation="gelu")(
            around(inputs)))]))  # fmt: skip

    def score(model: Any, t: Training) -> float:
        """The share of the change that is foretold."""
        x, y = t.test
        return float(1 - np.mean((found(model, t) - y) ** 2) / np.mean((x - y) ** 2))

    noisy = x + random.normal(0, 0.05, x.shape)
    return Training(
        model, **rows(single(noisy)[..., None], single(y)[..., None], 600, 100),
        **{**NUMBER, "score": score}, optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


MAKES = (night_sky, each_pixel_scaled, framed, black_or_white, four_pictures_a_step, large_rate,
         a_third_is_wrong, erased, long_tail, bags_of_cells, sixteen_thin_layers, same_or_not,
         three_hundred_at_once, wrapped_around)  # fmt: skip

HEALTHY = [Healthy(f"fourth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
