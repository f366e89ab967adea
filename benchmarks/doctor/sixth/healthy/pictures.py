"""Healthy programs of the sixth part: pictures and signals, as most people train on them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.pictures import in_turn, normed
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    by,
    hit,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules
stops = nn.callbacks.EarlyStopping


def leaves(n: int, seed: int, noise: float = 0.2) -> tuple[Any, Any]:
    """Return grey pictures of leaves with two to five lobes, and how many they have, less two."""
    random = np.random.default_rng(seed)
    y, at = random.integers(0, 4, n), np.arange(16) - 7.5
    down, right = at[:, None] - random.uniform(-1.5, 1.5, (n, 1, 1)), at[None, None]
    right = right - random.uniform(-1.5, 1.5, (n, 1, 1))
    turn = random.uniform(0, 2 * np.pi, (n, 1, 1))
    edge = 1 + 0.38 * np.cos((y[:, None, None] + 2) * (np.arctan2(down, right) + turn))
    x = 0.2 + 0.6 * (np.hypot(down, right) < edge * random.uniform(4, 5, (n, 1, 1)))
    return single(np.clip(x + random.normal(0, noise, x.shape), 0, 1))[..., None], y


COLOURS = np.array([[0.8, 0.2, 0.2], [0.9, 0.9, 0.85], [0.15, 0.25, 0.6], [0.9, 0.8, 0.2],
                    [0.2, 0.5, 0.3], [0.1, 0.1, 0.1]])  # fmt: skip
FLAGS = np.array([[0, 1, 2], [2, 1, 0], [5, 0, 3], [4, 1, 0], [3, 2, 0], [1, 2, 0]])


def flags(n: int, seed: int) -> tuple[Any, Any]:
    """Return photographs of six flags of three stripes, some upright, in any light, and which."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 6, n)
    x = COLOURS[FLAGS[y]].repeat(4, 1)[:, :, None].repeat(12, 2)
    x = x * random.normal(1, 0.2, (n, 1, 1, 1)) + random.normal(0, 0.1, (n, 1, 1, 3))
    away = random.integers(-2, 3, n)
    x = np.stack([np.roll(one, k, 0) for one, k in zip(x, away, strict=True)])
    x = np.where(random.random((n, 1, 1, 1)) < 0.3, x.transpose(0, 2, 1, 3), x)
    return single(np.clip(x + random.normal(0, 0.15, x.shape), 0, 1)), y


def spots(n: int, seed: int, most: int = 4) -> tuple[Any, Any]:
    """Return pictures with some round spots on a rough ground, and where the spots are."""
    random = np.random.default_rng(seed)
    at = np.arange(16)
    many = random.integers(1, most + 1, n)
    place, size = random.uniform(1, 14, (n, most, 2)), random.uniform(1.5, 2.8, (n, most))
    down, right = at[:, None] - place[..., :1, None], at - place[..., 1:, None]
    inside = np.hypot(down, right) < size[..., None, None]
    real = (np.arange(most) < many[:, None])[..., None, None]
    inside = np.any(inside & real, axis=1)
    ground = random.normal(0, 0.1, (n, 4, 4)).repeat(4, 1).repeat(4, 2)
    x = 0.3 + 0.35 * inside + ground + random.normal(0, 0.12, inside.shape)
    return single(np.clip(x, 0, 1))[..., None], single(inside)[..., None]


def lobes_of_leaves() -> Training:
    """Leaves by the number of lobes: three convolutions, two pools, a dense layer, dropout."""
    return Training(
        lambda: nn.Sequential([
            nn.Input((16, 16, 1)), conv(16), L.MaxPooling2D(), conv(32), L.MaxPooling2D(),
            conv(32), L.Flatten(), L.Dense(48, "relu"), L.Dropout(0.3), L.Dense(4, "softmax"),
        ]),
        **rows(*leaves(2700, 1060, 0.15), 2200, 200), optimizer=adam(1e-3), epochs=12,
    )  # fmt: skip


def leaves_turned() -> Training:
    """The same with norms, a mean over all places, and leaves that are flipped in training."""
    return Training(
        lambda: nn.Sequential([
            nn.Input((16, 16, 1)), L.RandomFlip("horizontal_and_vertical"), *normed(16),
            *normed(16), L.MaxPooling2D(), *normed(32), *normed(32), L.GlobalAveragePooling2D(),
            L.Dense(4),
        ]),
        **rows(*leaves(1700, 1061), 1200, 200), loss=LOGITS,
        optimizer=adam(schedules.CosineDecay(5e-3, 14 * 38)), epochs=14,
    )  # fmt: skip


def six_flags() -> Training:
    """Flags by small convolutions with a stride, SGD with momentum, and L2."""
    small = nn.regularizers.L2(5e-4)
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), L.Rescaling(2.0, -1.0), conv(16, kernel_regularizer=small),
            conv(24, strides=2, kernel_regularizer=small), L.GlobalAveragePooling2D(),
            L.Dense(6, "softmax"),
        ]),
        **rows(*flags(1500, 1062), 1100, 150), epochs=20,
        optimizer=by("SGD", schedules.CosineDecay(0.06, 20 * 35), momentum=0.9, nesterov=True),
    )  # fmt: skip


def mark_of_the_tide() -> Training:
    """How high the water stands in a harbour, of a picture: one number in the end."""
    random, n = np.random.default_rng(1063), 1500
    level = random.uniform(2, 14, n)
    wave = random.uniform(0.2, 1.2, (n, 1)) * np.sin(np.arange(12) + random.uniform(0, 6, (n, 1)))
    water = logistic_edge(np.arange(16)[:, None] - level[:, None, None] - wave[:, None])
    light = random.uniform(0.2, 0.5, (2, n, 1, 1))
    x = 0.4 + light[0] - light[1] * water + random.normal(0, 0.08, (n, 16, 12))
    y = (level - 8) / 3.5
    return Training(
        lambda: nn.Sequential([
            nn.Input((16, 12, 1)), conv(12), L.MaxPooling2D(), conv(24), L.MaxPooling2D(),
            L.Flatten(), L.Dense(32, "relu"), L.Dense(1),
        ]),
        **rows(single(x)[..., None], single(y)[:, None], 1100, 150), **NUMBER,
        optimizer=adam(2e-3), epochs=15,
    )  # fmt: skip


def logistic_edge(z: Any) -> Any:
    """Return 0 above an edge and 1 below it, soft over two pixels."""
    return 1 / (1 + np.exp(-2 * z))


def spots_cut_out() -> Training:
    """Each pixel is of a spot or not: down twice and up twice, with ways across."""

    def model() -> Any:
        inputs = nn.Input((16, 16, 1))
        top = in_turn(inputs, conv(12), conv(12))
        middle = in_turn(top, L.MaxPooling2D(), conv(24), conv(24))
        low = in_turn(middle, L.MaxPooling2D(), conv(32))
        z = L.Concatenate()([L.UpSampling2D()(low), middle])
        z = L.Concatenate()([L.UpSampling2D()(conv(24)(z)), top])
        return nn.Model(inputs, L.Conv2D(1, 1, activation="sigmoid")(conv(12)(z)))

    return Training(
        model, **rows(*spots(800, 1064), 550, 100), loss="binary_crossentropy",
        metrics=("binary_accuracy",), score=hit, optimizer=adam(3e-3), batch_size=16, epochs=8,
    )  # fmt: skip


def fruit_in_a_bowl() -> Training:
    """Which of five kinds of fruit lie in a bowl: colours, sizes, several at once."""
    random, n = np.random.default_rng(1065), 1700
    colours = np.array([[0.8, 0.1, 0.1], [0.9, 0.6, 0.1], [0.2, 0.6, 0.2], [0.9, 0.9, 0.2],
                        [0.4, 0.1, 0.5]])  # fmt: skip
    y, at = random.random((n, 5)) < 0.35, np.arange(14)
    x = 0.4 + random.normal(0, 0.05, (n, 1, 1, 3)) + np.zeros((n, 14, 14, 3))
    for kind in random.permutation(5):
        middle = random.uniform(2, 11, (n, 2, 1, 1))
        near = np.hypot(at[:, None] - middle[:, 0], at - middle[:, 1]) < 2.6
        x = np.where((near & y[:, kind, None, None])[..., None], colours[kind], x)
    x = np.clip(x + random.normal(0, 0.12, x.shape), 0, 1)
    return Training(
        lambda: nn.Sequential([
            nn.Input((14, 14, 3)), conv(16), conv(16), L.MaxPooling2D(), conv(32),
            L.GlobalMaxPooling2D(), L.Dense(5, "sigmoid"),
        ]),
        **rows(single(x), single(y), 1200, 200), loss="binary_crossentropy",
        metrics=("binary_accuracy",), score=hit, optimizer=adam(3e-3), epochs=14,
    )  # fmt: skip


def digits_until_no_better() -> Training:
    """Digits by a plain network; the best epoch by the held rows is the one that is kept."""
    stop = stops(monitor="val_accuracy", patience=6, restore_best_weights=True)
    return Training(
        lambda: nn.Sequential([
            nn.Input((8, 8, 1)), conv(24), conv(24), L.MaxPooling2D(), L.Dropout(0.25), L.Flatten(),
            L.Dense(64, "relu"), L.Dropout(0.4), L.Dense(10, "softmax"),
        ]),
        **digits(), optimizer=adam(1e-3), epochs=22, fit={"callbacks": [stop]},
    )  # fmt: skip


def digits_with_ways_around() -> Training:
    """Digits by six blocks with ways around them, AdamW, and labels that are softened a little."""

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        x = L.Conv2D(16, 3, padding="same", use_bias=False)(x)
        for width, step in ((16, 1), (16, 1), (32, 2), (32, 1)):
            z = in_turn(x, L.BatchNormalization(momentum=0.9), L.ReLU())
            short = L.Conv2D(width, 1, strides=step)(z) if step > 1 else x
            z = L.Conv2D(width, 3, strides=step, padding="same", use_bias=False)(z)
            z = in_turn(z, L.BatchNormalization(momentum=0.9), L.ReLU(), conv(width))
            x = L.Add()([short, z])
        return nn.Model(inputs, L.Dense(10)(L.GlobalAveragePooling2D()(L.ReLU()(x))))

    return Training(
        model, **digits(), epochs=10,
        loss=nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=by("AdamW", schedules.CosineDecay(4e-3, 370), weight_decay=0.02),
    ).to(lambda y: np.eye(10, dtype="float32")[y])  # fmt: skip


def lines_of_metals() -> Training:
    """Which of four metals glows, by a spectrum of 96 places: convolutions along one axis."""
    random, n = np.random.default_rng(1066), 1800
    y, at = random.integers(0, 4, n), np.arange(96)
    lines = random.uniform(8, 88, (4, 5))
    place = lines[y] + random.normal(0, 0.6, (n, 1))
    strong = random.gamma(3, 0.3, (n, 5))
    x = (strong[..., None] * np.exp(-(((at - place[..., None]) / 1.2) ** 2))).sum(1)
    x = x + 0.3 * np.sin(at / 30 + random.uniform(0, 6, (n, 1))) + random.normal(0, 0.25, (n, 96))
    return Training(
        lambda: nn.Sequential([
            nn.Input((96, 1)), L.Conv1D(16, 5, padding="same", activation="relu"),
            L.MaxPooling1D(2), L.Conv1D(24, 5, padding="same", activation="relu"),
            L.MaxPooling1D(4), L.Flatten(), L.Dropout(0.3), L.Dense(4, "softmax"),
        ]),
        **rows(single(x)[..., None], y, 1300, 200), optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


def cracks() -> Training:
    """Whether a wall has a crack: one output, a third of the pictures with one, weights for it."""
    random, n = np.random.default_rng(1067), 1700
    y, at = random.random(n) < 0.33, np.arange(16)
    walk = random.uniform(4, 11, (n, 1)) + np.cumsum(random.normal(0, 0.8, (n, 16)), 1)
    thin = np.exp(-(((at - walk[..., None]) / 0.8) ** 2)) * y[:, None, None]
    stones = random.normal(0, 0.08, (n, 4, 4)).repeat(4, 1).repeat(4, 2)
    x = 0.6 + stones - 0.35 * thin + random.normal(0, 0.1, thin.shape)
    return Training(
        lambda: nn.Sequential([
            nn.Input((16, 16, 1)), conv(12), L.MaxPooling2D(), conv(24), L.MaxPooling2D(),
            L.Flatten(), L.Dense(24, "relu"), L.Dense(1, "sigmoid"),
        ]),
        **rows(single(np.clip(x, 0, 1))[..., None], single(y)[:, None], 1200, 200),
        loss="binary_crossentropy", optimizer=adam(2e-3), epochs=10,
        fit={"class_weight": {0: 1.0, 1: 2.0}},
    )  # fmt: skip


def flags_by_thin_layers() -> Training:
    """Flags by separable convolutions with norms, as small telephones want them."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 3)), *normed(16)]
        for width in (24, 32):
            parts += [L.SeparableConv2D(width, 3, padding="same", use_bias=False),
                      L.BatchNormalization(momentum=0.9), L.ReLU(), L.MaxPooling2D()]  # fmt: skip
        return nn.Sequential([*parts, L.GlobalAveragePooling2D(), L.Dropout(0.2), L.Dense(6)])

    return Training(model, **rows(*flags(1700, 1068), 1200, 200), loss=LOGITS, epochs=14,
                    optimizer=adam(schedules.CosineDecay(4e-3, 14 * 38)))  # fmt: skip


def leaves_made_clean() -> Training:
    """Noise is taken from leaves: convolutions down, turned ones up, pixels between 0 and 1."""
    random = np.random.default_rng(1069)
    clean, _ = leaves(1000, 1070, noise=0.0)
    noisy = single(np.clip(clean + random.normal(0, 0.25, clean.shape), 0, 1))
    up: dict[str, Any] = {"strides": 2, "padding": "same", "activation": "relu"}
    return Training(
        lambda: nn.Sequential([
            nn.Input((16, 16, 1)), conv(16), conv(24, strides=2), conv(32, strides=2),
            L.Conv2DTranspose(24, 3, **up), L.Conv2DTranspose(16, 3, **up),
            L.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]),
        **rows(noisy, clean, 750, 100), **NUMBER, optimizer=adam(3e-3), batch_size=16, epochs=12,
    )  # fmt: skip


def seams_of_welding() -> Training:
    """Whether a seam was welded well, by the sound of 128 moments: Conv1D, norms, a mean."""
    random, n = np.random.default_rng(1071), 1800
    y, at = random.integers(0, 3, n), np.arange(128)
    pitch = np.array([0.35, 0.5, 0.5])[y][:, None] * random.normal(1, 0.03, (n, 1))
    x = np.sin(pitch * at + random.uniform(0, 6, (n, 1)))
    x = x * (1 + 0.9 * (y == 2)[:, None] * np.sin(0.1 * at + random.uniform(0, 6, (n, 1))))
    x = x + random.normal(0, 0.6, x.shape)

    def block(width: int) -> list[Any]:
        return [L.Conv1D(width, 7, padding="same", use_bias=False),
                L.BatchNormalization(momentum=0.9), L.ReLU(), L.MaxPooling1D(2)]  # fmt: skip

    return Training(
        lambda: nn.Sequential([nn.Input((128, 1)), *block(12), *block(24), *block(24),
                               L.GlobalAveragePooling1D(), L.Dense(3, "softmax")]),
        **rows(single(x)[..., None], y, 1300, 200), optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


MAKES = (lobes_of_leaves, leaves_turned, six_flags, mark_of_the_tide, spots_cut_out,
         fruit_in_a_bowl, digits_until_no_better, digits_with_ways_around,
         lines_of_metals, cracks, flags_by_thin_layers, leaves_made_clean,
         seams_of_welding)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
