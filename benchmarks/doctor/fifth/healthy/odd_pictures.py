"""Healthy programs of the fifth part: networks for pictures that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.pictures import falling
from benchmarks.doctor.fourth.healthy.pictures import in_turn, letters, normed, shapes, tiles
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    area,
    by,
    found,
    hit,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.pictures import conv
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def ink(n: int, seed: int, noise: float) -> tuple[Any, Any]:
    """Return letters in which nearly all pixels are 0, and which they are."""
    x, y = letters(n, seed, noise=0.0)
    random = np.random.default_rng(seed + 1)
    x = x * random.uniform(0.5, 1.0, x.shape)
    return single(x * (random.random(x.shape) > noise)), y


def centred_by_channel() -> Training:
    """Colours less the mean and over the spread of each channel, as large networks want them."""
    x, y = tiles(1500, 930)
    x = (x - x[:1000].mean((0, 1, 2))) / x[:1000].std((0, 1, 2))
    return Training(
        lambda: nn.Sequential([
            nn.Input((12, 12, 3)), conv(16, kernel_regularizer=nn.regularizers.L2(1e-4)),
            L.MaxPooling2D(), conv(24, kernel_regularizer=nn.regularizers.L2(1e-4)),
            L.GlobalAveragePooling2D(), L.Dense(5, "softmax"),
        ]),
        **rows(x, y, 1000, 200), optimizer=by("SGD", falling(0.06, 25 * 32), momentum=0.9),
        epochs=25,
    )  # fmt: skip


def lines_on_nothing() -> Training:
    """Letters drawn by 1 on 0, some of the ink lost: nine pixels of ten say nothing."""
    return Training(
        lambda: nn.Sequential([nn.Input((9, 9, 1)), conv(16), conv(24), L.GlobalMaxPooling2D(),
                               L.Dense(8, "softmax")]),
        **rows(*ink(1500, 931, 0.12), 1100, 150), optimizer=adam(falling(5e-3, 10 * 35)), epochs=10,
    )  # fmt: skip


def bytes_in_the_first_layer() -> Training:
    """Pictures as bytes, uint8, scaled by the first layer of the model to -1 to 1."""
    x, y = shapes(1500, 932, noise=0.2)
    x = np.rint(255 * x).astype("uint8")
    return Training(
        lambda: nn.Sequential([
            nn.Input((14, 14, 1), dtype="uint8"), L.Rescaling(1 / 127.5, -1.0), conv(12),
            L.MaxPooling2D(), conv(24), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.3), L.Dense(4),
        ]),
        **rows(x, y, 1100, 150), loss=LOGITS, optimizer=adam(falling(5e-3, 10 * 35)), epochs=10,
    )  # fmt: skip


def filters_made_standard() -> Training:
    """Weights with a mean of 0 and a spread of 1 in each filter, and groups in place of batches."""

    class Standard(L.Conv2D):
        def call(self, x: Any) -> Any:
            w = self.kernel
            w = (w - ops.mean(w, axis=(0, 1, 2))) / (ops.std(w, axis=(0, 1, 2)) + 1e-3)
            w = w / np.sqrt(np.prod(w.shape[:3]))
            return ops.conv(x, w, strides=1, padding="same") + self.bias

    def model() -> Any:
        parts: list[Any] = [nn.Input((14, 14, 1))]
        for width in (16, 32):
            parts += [Standard(width, 3, padding="same"), L.GroupNormalization(4), L.ReLU(),
                      L.MaxPooling2D()]  # fmt: skip
        return nn.Sequential([*parts, L.Flatten(), L.Dense(4, "softmax")])

    return Training(
        model, **rows(*shapes(1300, 933, noise=0.2), 900, 150), batch_size=4, epochs=5,
        optimizer=adam(falling(2e-3, 5 * 225)),
    )  # fmt: skip


def hats_of_mexico() -> Training:
    """First filters that stay as they are: edges and spots; all behind them is learnt."""
    at = np.arange(5) - 2
    ring = np.hypot(at[:, None], at)
    spot = np.exp(-(ring**2)) - 0.36 * np.exp(-(ring**2) / 3)
    edge = np.exp(-(ring**2) / 2) * at
    filters = np.stack([spot, -spot, edge, -edge, edge.T, -edge.T], -1)[:, :, None]
    filters = single(filters / np.sqrt((filters**2).sum((0, 1))))
    given = {"kernel_initializer": lambda shape, dtype=None: filters, "use_bias": False}
    return Training(
        lambda: nn.Sequential([
            nn.Input((14, 14, 1)), L.Rescaling(2.0, -0.6), conv(6, 5, trainable=False, **given),
            L.MaxPooling2D(), conv(24), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.2),
            L.Dense(4, "softmax"),
        ]),
        **rows(*shapes(1400, 934, noise=0.2), 1000, 150), optimizer=adam(2e-3), epochs=14,
    )  # fmt: skip


def heat_of_a_point() -> Training:
    """A heat map with one warm spot: nearly all targets are 0, and the warm ones weigh more."""
    random, n = np.random.default_rng(935), 1100
    at, grid = random.uniform(2, 9, (n, 2)), np.arange(12)
    far = (grid[:, None] - at[:, 0, None, None]) ** 2 + (grid - at[:, 1, None, None]) ** 2
    x = np.where(np.abs(np.sqrt(far) - 2) < 0.7, 0.8, 0.0) + random.normal(0, 0.3, far.shape)
    y = np.exp(-far / 2)

    def loss(y: Any, said: Any) -> Any:
        return ops.mean((1 + 10 * y) * (y - said) ** 2)

    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 1)), *normed(16, 5), *normed(16, 5),
                               L.Conv2D(1, 1, activation="sigmoid")]),
        **rows(single(x)[..., None], single(y)[..., None], 750, 120), **{**NUMBER, "loss": loss},
        optimizer=adam(falling(5e-3, 12 * 24)), epochs=12,
    )  # fmt: skip


def colour_from_grey() -> Training:
    """Two channels of colour from a grey picture of things that have their colours, by tanh."""
    x, y = shapes(1100, 936, noise=0.05)
    x = x[:, 1:13, 1:13]
    colour = np.array([[0.6, -0.3], [-0.5, 0.4], [0.2, 0.7], [-0.6, -0.5]])[y]
    target = (x > 0.5) * colour[:, None, None]

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        beside = conv(12)(inputs)
        z = in_turn(beside, L.MaxPooling2D(), conv(24), L.MaxPooling2D(), conv(32), conv(32))
        z = L.Concatenate()([L.UpSampling2D(4)(z), beside])
        return nn.Model(inputs, conv(2, activation="tanh")(conv(16)(z)))

    return Training(
        model,
        **rows(x, single(target), 800, 120), **NUMBER, optimizer=adam(falling(4e-3, 16 * 25)),
        epochs=16,
    )  # fmt: skip


def two_at_odds() -> Training:
    """Pairs of pictures by one trunk: is the second the first turned by a quarter?"""
    x, y = letters(1800, 937, noise=0.15)
    random = np.random.default_rng(938)
    of = [np.flatnonzero(y == k) for k in range(8)]
    same = random.random(1800) < 0.5
    other = np.where(same, y, (y + random.integers(1, 8, 1800)) % 8)
    second = np.stack([np.rot90(x[random.choice(of[k])]) for k in other])

    def model() -> Any:
        pair = [nn.Input((9, 9, 1)) for _ in range(2)]
        ends = []
        for one in pair:  # a trunk for each side, since one is turned
            z = in_turn(one, conv(16), conv(24), L.GlobalMaxPooling2D())
            ends.append(L.Dense(24)(z))
        z = L.Multiply()(ends)
        return nn.Model(pair, L.Dense(1, "sigmoid")(L.Dense(32, "relu")(z)))

    parts = rows((x, second), single(same), 1300, 200)
    return Training(
        model, **parts, loss="binary_crossentropy", score=hit,
        optimizer=adam(falling(4e-3, 15 * 41)), epochs=15,
    )  # fmt: skip


def holes_in_time() -> Training:
    """Convolutions with gaps of 1, 2, 4 and 8 that see only the past: the next step of chance."""
    random, n = np.random.default_rng(939), 900
    x = random.normal(0, 0.3, (n, 41))
    for t in range(9, 41):
        x[:, t] += 0.6 * x[:, t - 9] + 0.5 * np.sin(2 * x[:, t - 1])

    def model() -> Any:
        inputs = nn.Input((40, 1))
        z = L.Conv1D(24, 1)(inputs)
        for gap in (1, 2, 4, 8):
            more = L.Conv1D(24, 2, dilation_rate=gap, padding="causal", activation="relu")(z)
            z = L.Add()([z, L.Conv1D(24, 1)(more)])
        return nn.Model(inputs, L.Dense(1)(L.ReLU()(z)))

    x = single(x)[..., None]
    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 600, 100), **NUMBER,
        optimizer=adam(falling(5e-3, 15 * 19)), epochs=15,
    )  # fmt: skip


def counted_by_a_sum() -> Training:
    """How many dots there are, one to eight: a map of all places is summed."""
    random, n = np.random.default_rng(940), 1200
    count, x = random.integers(1, 9, n), random.normal(0, 0.15, (n, 14, 14))
    for one, k in zip(x, count, strict=True):
        cells = random.permutation(16)[:k]
        row, column = (
            3 * (cells // 4) + random.integers(1, 3, k),
            3 * (cells % 4) + random.integers(1, 3, k),
        )
        one[row, column] += 1.0

    def model() -> Any:
        inputs = nn.Input((14, 14, 1))
        small = nn.initializers.RandomNormal(stddev=0.01)
        map_ = L.Conv2D(1, 1, kernel_initializer=small)(conv(16)(conv(16)(inputs)))
        return nn.Model(inputs, L.Lambda(lambda a: ops.sum(a, axis=(1, 2)))(map_))

    return Training(
        model, **rows(single(x)[..., None], single(count)[:, None], 800, 150), **NUMBER,
        optimizer=adam(falling(3e-3, 20 * 25)), epochs=20,
    )  # fmt: skip


def scratches_out_of_focus() -> Training:
    """A scratch in one picture of twelve, and a loss that leaves the sure ones aside."""
    random, n = np.random.default_rng(941), 3600
    y = random.random(n) < 1 / 12
    x = random.normal(0, 0.35, (n, 10, 10))
    for one in (x[k] for k in np.flatnonzero(y)):
        row, column = random.integers(1, 9), random.integers(0, 5)
        one[row, column : column + 5] += 1.0
    loss = nn.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.75, gamma=2.0)
    return Training(
        lambda: nn.Sequential([nn.Input((10, 10, 1)), conv(16, 5), conv(16), L.GlobalMaxPooling2D(),
                               L.Dense(16, "relu"), L.Dense(1, "sigmoid")]),
        **rows(single(x)[..., None], single(y)[:, None], 2500, 400), loss=loss, metrics=("AUC",),
        score=lambda model, t: area(t.test[1], found(model, t)),
        optimizer=adam(falling(5e-3, 10 * 40)), batch_size=64, epochs=10,
    )  # fmt: skip


def outputs_at_each_depth() -> Training:
    """Three heads at three depths learn the same classes, and the last counts most."""
    x, y = shapes(1400, 942, noise=0.2)

    def model() -> Any:
        inputs = nn.Input((14, 14, 1))
        z, ends = inputs, []
        for width in (12, 16, 24):
            z = in_turn(z, *normed(width), L.MaxPooling2D())
            ends.append(L.Dense(4)(L.GlobalAveragePooling2D()(z)))
        return nn.Model(inputs, ends)

    def score(model: Any, t: Training) -> float:
        return float(np.mean(np.argmax(model.predict(t.test[0], verbose=0)[2], 1) == t.test[1][0]))

    class Weighted(nn.losses.Loss):
        def __init__(self, share: float) -> None:
            super().__init__()
            self.share, self.inner = (
                share,
                nn.losses.SparseCategoricalCrossentropy(from_logits=True),
            )

        def call(self, y: Any, said: Any) -> Any:
            return self.share * self.inner.call(y, said)

    return Training(
        model, **rows(x, (y, y, y), 1000, 150), loss=[Weighted(0.1), Weighted(0.3), Weighted(1.0)],
        metrics=(), score=score, optimizer=adam(falling(5e-3, 10 * 32)), epochs=10,
    )  # fmt: skip


MAKES = (centred_by_channel, lines_on_nothing, bytes_in_the_first_layer, filters_made_standard,
         hats_of_mexico, heat_of_a_point, colour_from_grey, two_at_odds, holes_in_time,
         counted_by_a_sum, scratches_out_of_focus, outputs_at_each_depth)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
