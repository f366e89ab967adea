"""Healthy programs of the third part: pictures and signals, as most people train on them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    by,
    found,
    hit,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.training import Training, accuracy

L = nn.layers
schedules = nn.optimizers.schedules


def conv(width: int, size: int = 3, **given: Any) -> Any:
    """Return a convolution that keeps the size, with ReLU."""
    return L.Conv2D(width, size, **{"padding": "same", "activation": "relu", **given})


def digits(held: int = 250) -> dict[str, Any]:
    """Return handwritten digits of eight by eight, between 0 and 1."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 8, 8, 1) / 16 for a in (x, x_test))
    return {**rows(x, y, len(x) - held, held), "test": (x_test, y_test)}


def strides() -> Training:
    """Digits, by convolutions that step over every other pixel; one cycle of the rate."""
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(16, strides=2), conv(32, strides=2),
                               L.Flatten(), L.Dense(10)]),
        **digits(), loss=LOGITS, batch_size=48, epochs=12,
        optimizer=by("SGD", schedules.OneCycle(0.1, 12 * 25), momentum=0.9),
    )  # fmt: skip


def moved() -> Training:
    """Digits that are moved a little in training, behind batch normalisation."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((8, 8, 1)), L.RandomTranslation(0.1, 0.1)]
        for width in (16, 32):
            parts += [
                conv(width, activation=None, use_bias=False),
                L.BatchNormalization(momentum=0.9),
            ]
            parts += [L.ReLU(), L.MaxPooling2D()]
        return nn.Sequential([*parts, L.Flatten(), L.Dropout(0.2), L.Dense(10, "softmax")])

    falling = schedules.CosineDecay(4e-3, 15 * 37)
    return Training(model, **digits(), optimizer=adam(falling), batch_size=32, epochs=15)


def separable() -> Training:
    """Digits, by convolutions of each channel apart and then of each pixel; RMSprop."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((8, 8, 1)), conv(24)]
        for width in (24, 48):
            parts += [L.DepthwiseConv2D(3, strides=2, padding="same"), L.LayerNormalization()]
            parts += [conv(width, 1, activation="silu")]
        return nn.Sequential([*parts, L.Flatten(), L.Dense(10, "softmax")])

    return Training(model, **digits(), optimizer=by("RMSprop", 2e-3), epochs=10)


def cloth(rows_: int = 1300) -> tuple[Any, Any]:
    """Return pieces of woven cloth of five kinds: stripes of a width and a slope."""
    random = np.random.default_rng(50)
    y, phase = random.integers(0, 5, rows_), random.uniform(0, 6.3, (rows_, 1, 1))
    down, right = np.meshgrid(np.arange(12), np.arange(12), indexing="ij")
    waves = np.array([[1.2, 0], [0, 1.2], [0.8, 0.8], [0.8, -0.8], [2.0, 0.5]])[y]
    x = np.sin(waves[:, :1, None] * down + waves[:, 1:, None] * right + phase)
    return single(x + random.normal(0, 0.7, x.shape))[..., None], y


def textures() -> Training:
    """Kinds of cloth, by branches of three sizes beside one another."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        branches = [conv(8, size)(inputs) for size in (1, 3, 5)]
        z = L.MaxPooling2D()(L.Concatenate()(branches))
        z = L.GlobalAveragePooling2D()(conv(24)(z))
        return nn.Model(inputs, L.Dense(5, "softmax")(z))

    return Training(model, **rows(*cloth(), 800, 200), optimizer=by("Nadam", 5e-3), epochs=12)


def land(rows_: int = 900) -> tuple[Any, Any]:
    """Return maps of water, field and wood, seen through noise, and which is where."""
    random = np.random.default_rng(51)
    at = np.arange(12)
    slope, level = random.normal(size=(rows_, 2, 1, 1)), random.normal(0, 2, (rows_, 1, 1))
    high = slope[:, 0] * (at[:, None] - 5.5) + slope[:, 1] * (at - 5.5) + level
    y = np.digitize(high, [-2.5, 2.5])
    x = np.eye(3)[y] @ np.array([[0.1, 0.2, 0.7], [0.6, 0.6, 0.2], [0.1, 0.5, 0.2]])
    return single(x + random.normal(0, 0.35, x.shape)), y


def maps() -> Training:
    """Water, field or wood for each pixel: down, up, and across."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 3))
        a = conv(12)(inputs)
        b = conv(24)(L.AveragePooling2D(2)(a))
        c = L.Concatenate()([L.UpSampling2D()(conv(12)(b)), a])
        return nn.Model(inputs, L.Conv2D(3, 1, activation="softmax")(conv(12)(c)))

    return Training(model, **rows(*land(), 500, 150), score=hit, optimizer=adam(5e-3), epochs=8)


def sharper() -> Training:
    """Pictures of twice the height and width, from small ones: what is missing is added."""
    random = np.random.default_rng(52)
    at, middle = np.arange(12), random.uniform(2, 9, (900, 3, 2, 1, 1))
    size = random.uniform(0.8, 2, (900, 3, 1, 1))
    away = (at[:, None] - middle[:, :, 0]) ** 2 + (at - middle[:, :, 1]) ** 2
    y = np.tanh(np.exp(-away / size**2).sum(1) * 2)[..., None]
    x = y.reshape(900, 6, 2, 6, 2, 1).mean((2, 4))

    def model() -> Any:
        inputs = nn.Input((6, 6, 1))
        z = L.Conv2DTranspose(8, 4, strides=2, padding="same")(conv(24)(inputs))
        plain = L.UpSampling2D(interpolation="bilinear")(inputs)
        return nn.Model(inputs, L.Add()([plain, conv(1, activation=None)(L.ReLU()(z))]))

    def score(model: Any, t: Training) -> float:
        """The share of what a plain stretching leaves that is mended."""
        plain = np.repeat(np.repeat(t.test[0], 2, 1), 2, 2)
        return float(
            1 - np.mean((found(model, t) - t.test[1]) ** 2) / np.mean((plain - t.test[1]) ** 2)
        )

    return Training(
        model, **rows(single(x), single(y), 600, 100), loss="mae", metrics=(), score=score,
        optimizer=adam(6e-3), epochs=22,
    )  # fmt: skip


def spotless() -> Training:
    """Digits with a third of their pixels lost, and the whole ones: an autoencoder."""
    parts, random = digits(), np.random.default_rng(53)

    def spoiled(pair: Any) -> Any:
        return single(pair[0] * (random.random(pair[0].shape) > 0.3)), pair[0]

    x, y = spoiled((parts["x"], None))

    def model() -> Any:
        down = [nn.Input((8, 8, 1)), conv(16, strides=2), conv(24, strides=2)]
        up = [
            L.Conv2DTranspose(n, 3, strides=2, padding="same", activation="relu") for n in (24, 16)
        ]
        return nn.Sequential([*down, *up, L.Conv2D(1, 3, padding="same", activation="sigmoid")])

    return Training(
        model, x, y, spoiled(parts["validation"]), spoiled(parts["test"]), **NUMBER,
        optimizer=adam(6e-3), epochs=20,
    )  # fmt: skip


def crowds() -> Training:
    """How many birds are in a picture: a count, by Poisson's likelihood."""
    random, few = np.random.default_rng(54), nn.initializers.Constant(-4.0)
    y, x = random.poisson(4, 1100), random.normal(0, 0.15, (1100, 14, 14, 1))
    for one, n in zip(x, y, strict=True):
        for row, column in random.integers(0, 13, (n, 2)):
            one[row : row + 2, column : column + 2] += 1.0
    return Training(
        lambda: nn.Sequential(
            [
                nn.Input((14, 14, 1)),
                conv(12),
                conv(12),
                conv(1, activation="softplus", bias_initializer=few),
                L.Lambda(lambda z: nn.ops.sum(z, axis=(1, 2))),
            ]
        ),
        **rows(single(x), single(y)[:, None], 700, 150),
        **{**NUMBER, "loss": "poisson"},
        optimizer=adam(3e-3),
        epochs=15,
    )


class Middle(L.Layer):
    """Where a map is largest, softly: a softmax over all pixels, and their places."""

    def call(self, x: Any) -> Any:
        n, side = x.shape[1] * x.shape[2], np.linspace(-1, 1, x.shape[1], dtype="float32")
        places = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(n, 2)
        share = nn.ops.softmax(nn.ops.reshape(x, (-1, n)), axis=-1)
        return nn.ops.matmul(share, nn.ops.convert_to_tensor(places))


def pointed() -> Training:
    """Where a ring is, by a map that says how likely each place is."""
    random = np.random.default_rng(55)
    side, y = np.linspace(-1, 1, 12), random.uniform(-0.7, 0.7, (1000, 2))
    far = np.hypot(side[:, None] - y[:, 0, None, None], side - y[:, 1, None, None])
    x = np.exp(-(((far - 0.3) / 0.12) ** 2)) + random.normal(0, 0.2, far.shape)
    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 1)), conv(12, 5), conv(12, 5),
                               conv(1, activation=None), Middle()]),
        **rows(single(x)[..., None], single(y), 650, 150), **NUMBER, optimizer=adam(5e-3),
        epochs=12,
    )  # fmt: skip


def things() -> Training:
    """Which of three things are in a picture: any of them may be."""
    random = np.random.default_rng(56)
    y, x = random.random((1800, 3)) < 0.5, random.normal(0, 0.25, (1800, 12, 12, 1))
    forms = np.array([[[1, 1, 1], [1, 0, 1], [1, 1, 1]], [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
                      [[1, 0, 1], [0, 1, 0], [1, 0, 1]]])  # fmt: skip
    for one, there in zip(x, y, strict=True):
        for form, corner in zip(forms[there], random.permutation(16)[: there.sum()], strict=True):
            row, column = 3 * (corner // 4), 3 * (corner % 4)
            one[row : row + 3, column : column + 3, 0] += form
    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 1)), conv(24, padding="valid"),
                               conv(24, padding="valid", activation="elu"), L.GlobalMaxPooling2D(),
                               L.Dense(3)]),
        **rows(single(x), single(y), 1300, 150), loss=BINARY, metrics=(), score=hit, threshold=0.0,
        optimizer=adam(0.01), epochs=9,
    )  # fmt: skip


def lit_digits() -> Training:
    """A digit, and from which side it is lit: two outputs."""
    parts, random = digits(), np.random.default_rng(57)

    def lamps(pair: Any) -> Any:
        x, y = pair
        side = random.integers(0, 2, len(x))
        slope = np.where(side[:, None], 1, -1) * np.linspace(-0.25, 0.25, 8)
        return single(x + slope[:, None, :, None]), (y, single(side)[:, None])

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        z = L.Flatten()(conv(32, strides=2)(conv(16)(inputs)))
        return nn.Model(inputs, [L.Dense(10, "softmax")(z), L.Dense(1, "sigmoid")(z)])

    def score(model: Any, t: Training) -> float:
        digit, side = model.predict(t.test[0], verbose=0)
        y, lit = t.test[1]
        return float((np.mean(np.argmax(digit, 1) == y) + np.mean((side > 0.5) == (lit > 0.5))) / 2)

    x, y = lamps((parts["x"], parts["y"]))
    return Training(
        model, x, y, lamps(parts["validation"]), lamps(parts["test"]), metrics=(), score=score,
        loss=["sparse_categorical_crossentropy", "binary_crossentropy"], optimizer=adam(4e-3),
        epochs=8,
    )  # fmt: skip


def walkers() -> Training:
    """Walking, running or climbing, by three axes of acceleration; group normalisation."""
    random = np.random.default_rng(58)
    y, time = random.integers(0, 3, 1000), np.arange(48)
    speed = np.array([0.5, 1.0, 0.4])[y] * random.normal(1, 0.08, 1000)
    step = speed[:, None] * time + random.uniform(0, 6.3, (1000, 1))
    tilt = np.where(y == 2, 0.8, 0.0)[:, None]
    x = np.stack([np.sin(step), np.sin(2 * step) * 0.5, np.abs(np.cos(step)) + tilt], -1)

    def model() -> Any:
        parts: list[Any] = [nn.Input((48, 3))]
        for width in (16, 32):
            parts += [L.Conv1D(width, 5, strides=2), L.GroupNormalization(4), L.Activation("gelu"),
                      L.SpatialDropout1D(0.1)]  # fmt: skip
        return nn.Sequential([*parts, L.GlobalAveragePooling1D(), L.Dense(3, "softmax")])

    return Training(
        model, **rows(single(x + random.normal(0, 0.6, x.shape)), y, 600, 150),
        optimizer=by("AdamW", 5e-3, weight_decay=1e-2), epochs=12,
    )  # fmt: skip


def small_films() -> Training:
    """Where a dot goes, in six pictures one after the other: convolutions in time as well."""
    random = np.random.default_rng(59)
    y, start = random.integers(0, 4, 900), random.integers(0, 8, (900, 2))
    way = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])[y]
    x = random.normal(0, 0.2, (900, 5, 8, 8, 1))
    for t in range(5):
        at = (start + way * t) % 8
        x[np.arange(900), t, at[:, 0], at[:, 1]] += 1.5
    return Training(
        lambda: nn.Sequential([nn.Input((5, 8, 8, 1)), L.Conv3D(12, (2, 3, 3), activation="relu"),
                               L.GlobalMaxPooling3D(), L.Dense(4, "softmax")]),
        **rows(single(x), y, 600, 120), optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


def squeezed() -> Training:
    """Digits, by blocks that weigh their channels by what is in the picture; PReLU."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = conv(16, strides=2)(inputs)
        for _ in range(2):
            z = L.PReLU(shared_axes=[1, 2])(L.GroupNormalization(4)(conv(16, activation=None)(x)))
            gate = L.Dense(16, "sigmoid")(L.Dense(4, "relu")(L.GlobalAveragePooling2D()(z)))
            x = L.Add()([x, L.Multiply()([z, L.Reshape((1, 1, 16))(gate)])])
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(x)))

    return Training(model, **digits(), optimizer=adam(2e-3), epochs=8)


def five_more() -> Training:
    """A trunk that knows the digits 0 to 4 is kept, and a new head learns 5 to 9."""
    parts = digits()

    def of(pair: Any, more: bool) -> Any:
        x, y = pair
        kept = (y > 4) == more
        return x[kept], y[kept] - 5 * more

    every = parts["x"], parts["y"]
    (old, kinds), (x, y) = of(every, False), of(every, True)

    def model() -> Any:
        trunk = nn.Sequential([nn.Input((8, 8, 1)), conv(32), L.MaxPooling2D(), conv(48),
                               L.Flatten()])  # fmt: skip
        first = nn.Sequential([trunk, L.Dense(5)])
        first.compile(nn.optimizers.Adam(3e-3), LOGITS)
        first.fit(old, kinds, epochs=3, verbose=0)
        trunk.trainable = False
        return nn.Sequential([trunk, L.Dense(5)])

    return Training(
        model, x, y, of(parts["validation"], True), of(parts["test"], True), loss=LOGITS,
        optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


def drawn_anew() -> Training:
    """Digits of a `Dataset`, to which each epoch adds noise of its own."""
    parts, random = digits(), np.random.default_rng(61)

    def noisy(x: Any, y: Any) -> Any:
        return x + single(random.normal(0, 0.2, np.shape(x))), y

    data = nn.data.Dataset.from_tensor_slices((parts["x"], parts["y"])).shuffle(1500)
    return Training(
        lambda: nn.Sequential(
            [
                nn.Input((8, 8, 1)),
                conv(16),
                L.MaxPooling2D(),
                conv(32),
                L.Flatten(),
                L.Dense(10, "softmax"),
            ]
        ),
        data.batch(50).map(noisy),
        None,
        parts["validation"],
        parts["test"],
        score=accuracy,
        optimizer=adam(4e-3),
        batch_size=THEIRS,
        epochs=10,
    )


MAKES = (strides, moved, separable, textures, maps, sharper, spotless, crowds, pointed, things,
         lit_digits, walkers, small_films, squeezed, five_more, drawn_anew)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
