"""Healthy programs of the third part: pictures that look odd and are right."""

from __future__ import annotations

from collections.abc import Iterator
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
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.pictures import cloth, conv, digits
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules


def plain(*widths: int, last: int = 10, shape: Any = (8, 8, 1), **given: Any) -> Any:
    """Return what makes convolutions that halve the picture, and scores."""
    return lambda: nn.Sequential([
        nn.Input(shape), *(conv(n, strides=2, **given) for n in widths), L.Flatten(), L.Dense(last),
    ])  # fmt: skip


def on_paper() -> Training:
    """Digits in black on white paper: most values are exactly 1."""
    t = Training(plain(16, 32), **digits(), loss=LOGITS, optimizer=adam(4e-3), epochs=12)
    return t.on(lambda x: 1 - x)


def bytes_inside() -> Training:
    """Bytes from 0 to 255, which a layer of the model divides."""

    def model() -> Any:
        return nn.Sequential(
            [nn.Input((8, 8, 1)), L.Rescaling(1 / 127.5, -1), *plain(16, 32)().layers]
        )

    t = Training(model, **digits(), loss=LOGITS, optimizer=adam(4e-3), epochs=10)
    return t.on(lambda x: np.rint(x * 255).astype("uint8"))


def alpha() -> Training:
    """Four channels, of which the last says how opaque a pixel is: it always is."""
    t = Training(plain(16, 32, shape=(8, 8, 4)), **digits(), loss=LOGITS, optimizer=adam(2e-3),
                 epochs=12)  # fmt: skip
    colours = np.array([1.0, 0.8, 0.6], "float32")
    return t.on(lambda x: single(np.concatenate([x * colours, np.ones_like(x)], -1)))


def as_in_1998() -> Training:
    """Tangents, means of four pixels and plain SGD, as LeNet had them."""
    return Training(
        lambda: nn.Sequential(
            [
                nn.Input((8, 8, 1)),
                conv(8, activation="tanh"),
                L.AveragePooling2D(2),
                conv(24, activation="tanh"),
                L.AveragePooling2D(2),
                L.Flatten(),
                L.Dense(48, "tanh"),
                L.Dense(10, "softmax"),
            ]
        ),
        **digits(),
        optimizer=by("SGD", schedules.InverseTimeDecay(0.25, 800, 1.0)),
        batch_size=16,
        epochs=20,
    )


def hidden_away() -> Training:
    """Pictures are moved and blurred with noise, half of all features dropped: in training."""

    def model() -> Any:
        change = [L.RandomTranslation(0.12, 0.12), L.GaussianNoise(0.15), L.SpatialDropout2D(0.1)]
        return nn.Sequential(
            [
                nn.Input((8, 8, 1)),
                change[0],
                change[1],
                conv(24),
                L.MaxPooling2D(),
                change[2],
                conv(48),
                L.Flatten(),
                L.Dropout(0.5),
                L.Dense(10),
            ]
        )

    return Training(model, **digits(), loss=LOGITS, optimizer=adam(4e-3), batch_size=48, epochs=16)


def gabor() -> Training:
    """Fixed waves as the first filters, which are not trained; the last layer is."""
    side, angles = np.arange(5) - 2, np.arange(6) * np.pi / 6
    rows_, columns = np.meshgrid(side, side, indexing="ij")
    along = rows_ * np.cos(angles[:, None, None]) + columns * np.sin(angles[:, None, None])
    waves = np.exp(-(rows_**2 + columns**2) / 4) * np.stack(
        [np.cos(1.3 * along), np.sin(1.3 * along)]
    )
    filters = single(waves.reshape(12, 5, 5, 1).transpose(1, 2, 3, 0))

    def model() -> Any:
        fixed = L.Conv2D(12, 5, trainable=False, use_bias=False)
        net = nn.Sequential([nn.Input((12, 12, 1)), fixed, L.Lambda(nn.ops.square),
                             L.GlobalAveragePooling2D(), L.BatchNormalization(momentum=0.9),
                             L.Dense(24, "relu"), L.Dense(5)])  # fmt: skip
        fixed.set_weights([filters])
        return net

    return Training(model, **rows(*cloth(), 800, 200), loss=LOGITS, optimizer=adam(0.01), epochs=20)


def scratched(n: int) -> tuple[Any, Any]:
    """Return pieces of metal, one of ten with a scratch."""
    random = np.random.default_rng(70)
    y, x = random.random(n) < 0.1, random.normal(0, 0.3, (n, 10, 10, 1))
    for one in np.flatnonzero(y):
        row, column = random.integers(0, 5, 2)
        for step in range(5):
            x[one, row + step, column + step] += 1.2
    return single(x), single(y)


def again() -> Training:
    """Nine of ten pieces are good, so that those with a scratch come nine times."""
    parts = rows(*scratched(2300), 1300, 300)
    x, y = parts["x"], parts["y"]
    rare = np.flatnonzero(y > 0.5)
    order = np.random.default_rng(71).permutation(np.r_[np.arange(len(x)), np.repeat(rare, 8)])
    parts.update(x=x[order], y=y[order])
    return Training(
        lambda: nn.Sequential(
            [
                nn.Input((10, 10, 1)),
                conv(8, padding="valid"),
                L.BatchNormalization(momentum=0.9),
                L.GlobalMaxPooling2D(),
                L.Dropout(0.2),
                L.Dense(1),
            ]
        ),
        **parts,
        loss=BINARY,
        score=ranked,
        optimizer=adam(5e-3),
        epochs=8,
    )


def few_pixels() -> Training:
    """One pixel in sixty is a star; a focal loss finds them."""
    random = np.random.default_rng(72)
    y = random.random((700, 12, 12, 1)) < 1 / 60
    x = 1.3 * y + random.normal(0, 0.2, y.shape)
    for axis in (1, 2):
        x[:, 1:] += 0.4 * np.roll(y, 1, axis)[:, 1:]

    def score(model: Any, t: Training) -> float:
        said, true = found(model, t) > 0, t.test[1] > 0.5
        return float(2 * (said & true).sum() / (said.sum() + true.sum()))

    return Training(
        lambda: nn.Sequential([nn.Input((12, 12, 1)), conv(12), L.Conv2D(1, 3, padding="same")]),
        **rows(single(x), single(y), 450, 100),
        metrics=(),
        score=score,
        loss=nn.losses.BinaryFocalCrossentropy(
            from_logits=True, apply_class_balancing=True, alpha=0.8
        ),
        optimizer=adam(0.01),
        epochs=15,
    )


def nothing_there() -> Training:
    """An eleventh class is pure noise, for pictures of nothing."""
    parts, random = digits(), np.random.default_rng(73)

    def more(pair: Any, n: int) -> Any:
        x, y = pair
        noise = single(random.random((n, 8, 8, 1)))
        order = random.permutation(len(x) + n)
        return np.concatenate([x, noise])[order], np.r_[y, np.full(n, 10)][order]

    x, y = more((parts["x"], parts["y"]), 150)
    return Training(
        plain(16, 32, last=11), x, y, more(parts["validation"], 30), more(parts["test"], 40),
        loss=LOGITS, optimizer=by("Nadam", 3e-3), epochs=14,
    )  # fmt: skip


def nothing_added() -> Training:
    """The last norm of each block begins with 0, so that the blocks do nothing at first."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = conv(16, strides=2)(inputs)
        for _ in range(3):
            z = L.BatchNormalization(momentum=0.9)(conv(16, activation=None)(x))
            z = conv(16, activation=None)(L.ReLU()(z))
            z = L.BatchNormalization(momentum=0.9, gamma_initializer="zeros")(z)
            x = L.ReLU()(L.Add()([x, z]))
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Flatten()(x)))

    falling = schedules.CosineDecay(0.05, 8 * 37)
    return Training(model, **digits(), optimizer=by("SGD", falling, momentum=0.9), epochs=8)


def eight_deep() -> Training:
    """Eight convolutions one after the other, without norms, weights as He has them."""
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(20, 4, strides=2),
                               *(conv(20, kernel_initializer="he_normal") for _ in range(7)),
                               L.Flatten(), L.Dense(10)]),
        **digits(), loss=LOGITS, epochs=12,
        optimizer=adam(schedules.ExponentialDecay(2e-3, 200, 0.6)),
    )  # fmt: skip


def twenty_held() -> Training:
    """Twenty digits are held out, and five steps are an epoch."""
    parts = digits(20)
    rate = schedules.CosineDecay(1e-4, 290, warmup_target=0.01, warmup_steps=60)
    return Training(
        plain(16, 32), **parts, loss=LOGITS, optimizer=by("Lamb", rate), batch_size=300, epochs=70
    )


def angles() -> Training:
    """Scores are cosines times 16: features and classes have length 1."""

    def model() -> Any:
        parts = [nn.Input((8, 8, 1)), conv(16, strides=2), conv(32, strides=2), L.Flatten()]
        ball = nn.constraints.UnitNorm(axis=0)
        last = L.Dense(10, use_bias=False, kernel_constraint=ball, kernel_initializer="orthogonal")
        return nn.Sequential([*parts, L.Dense(32), L.UnitNormalization(), last, L.Rescaling(16.0)])

    return Training(model, **digits(), loss=LOGITS, optimizer=adam(3e-3), epochs=10)


def noise_to_noise() -> Training:
    """The targets are as noisy as the inputs: the loss stays high, the answer is clean."""
    random = np.random.default_rng(74)
    at, middle = np.arange(10), random.uniform(2, 8, (1100, 2, 1, 1))
    clean = np.exp(-((at[:, None] - middle[:, 0]) ** 2 + (at - middle[:, 1]) ** 2) / 6)[..., None]
    x, y = (clean + random.normal(0, 0.4, clean.shape) for _ in "xy")
    y[900:] = clean[900:]
    return Training(
        lambda: nn.Sequential([nn.Input((10, 10, 1)), conv(16), conv(16, dilation_rate=2),
                               conv(16, dilation_rate=2), L.Conv2D(1, 3, padding="same")]),
        **rows(single(x), single(y), 750, 150), **NUMBER, optimizer=adam(4e-3), epochs=10,
    )  # fmt: skip


def decibels() -> Training:
    """The loss is minus the ratio of signal and noise in decibels: it falls below 0."""

    def loss(y: Any, p: Any) -> Any:
        error = nn.ops.mean(nn.ops.square(y - p), axis=(1, 2, 3))
        return 4.343 * nn.ops.mean(nn.ops.log(error + 1e-4))

    t = noise_to_noise()
    random = np.random.default_rng(75)
    clean = t.test[1]
    noisy = [single(clean + random.normal(0, 0.4, clean.shape)) for _ in range(5)]
    x, y = np.concatenate(noisy[:4]), np.concatenate([clean] * 4)
    one = np.tile(np.arange(len(clean)), 4)
    train, held = one < len(clean) - 80, one >= len(clean) - 40
    middle = (one >= len(clean) - 80) & ~held
    return t.but(
        x=x[train], y=y[train], validation=(x[middle], y[middle]), test=(x[held], y[held]),
        loss=loss, optimizer=adam(5e-3), epochs=16,
    )  # fmt: skip


def turned() -> Training:
    """How a digit is turned, which needs no labels: four times the same pictures."""
    parts = digits()

    def quarters(x: Any) -> Any:
        kept = x[np.random.default_rng(76).permutation(len(x))[:700]]
        y = np.tile(np.arange(4), len(kept))
        turned = np.stack([np.rot90(kept, k, (1, 2)) for k in range(4)], 1)
        return single(turned.reshape(-1, 8, 8, 1)), y

    x, y = quarters(parts["x"])
    return Training(
        lambda: nn.Sequential([nn.Input((8, 8, 1)), conv(24, strides=2), conv(48, strides=2),
                               L.Flatten(), L.Dropout(0.4), L.Dense(4)]),
        x, y, quarters(parts["validation"][0]), quarters(parts["test"][0]),
        loss=LOGITS, optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


def endless() -> Training:
    """Pictures that never come again: one epoch of four hundred steps."""

    def made(random: Any, n: int) -> Any:
        y, at = random.integers(0, 2, n), random.integers(0, 8, (2, n))
        x = random.normal(0, 0.3, (n, 8, 8, 1))
        x[np.arange(n), at[0], :, 0] += (y == 0)[:, None]
        x[np.arange(n), :, at[1], 0] += (y == 1)[:, None]
        return single(x), single(y)[:, None]

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(77)
        for _ in range(400):
            yield made(random, 24)

    random = np.random.default_rng(78)
    return Training(
        lambda: nn.Sequential(
            [nn.Input((8, 8, 1)), conv(8, 5), L.GlobalMaxPooling2D(), L.Dense(1)]
        ),
        nn.data.Dataset.from_generator(batches),
        None,
        made(random, 200),
        made(random, 500),
        loss=BINARY,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),),
        score=hit,
        threshold=0.0,
        optimizer=adam(schedules.PolynomialDecay(0.01, 400, 1e-4)),
        epochs=1,
        batch_size=THEIRS,
    )


def one_in_the_middle() -> Training:
    """Two kinds that differ in a single pixel of a hundred, among strong noise elsewhere."""
    random = np.random.default_rng(79)
    y, x = random.integers(0, 2, 1500), random.normal(0, 1, (1500, 10, 10, 1))
    x[:, 4, 4, 0] = 1.5 * (2 * y - 1) + random.normal(0, 0.4, 1500)
    x[:, 4, 5, 0] *= 0.2
    calm = nn.regularizers.L2(2e-3)
    return Training(
        lambda: nn.Sequential([nn.Input((10, 10, 1)), conv(6, strides=2, kernel_regularizer=calm),
                               L.Flatten(), L.Dense(1, kernel_regularizer=calm)]),
        **rows(single(x), single(y), 1000, 200), loss=BINARY, score=hit, threshold=0.0,
        optimizer=adam(3e-3), epochs=15,
    )  # fmt: skip


MAKES = (on_paper, bytes_inside, alpha, as_in_1998, hidden_away, gabor, again, few_pixels,
         nothing_there, nothing_added, eight_deep, twenty_held, angles, noise_to_noise, decibels,
         turned, endless, one_in_the_middle)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "images", make) for make in MAKES]
