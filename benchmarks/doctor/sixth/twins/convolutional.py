"""Healthy trainings on pictures of the sixth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.training import Training, explained

L = nn.layers


def kite_net(
    end: Any = "softmax", act: Any = "relu", kinds: int = 5, rate: float = 0.0, **given: Any
) -> Any:
    """Return what makes two convolutions with pooling, and two dense layers."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (8, 16):
            parts += [L.Conv2D(width, 3, padding="same", activation=act, **given)]
            parts += [L.MaxPooling2D()]
        parts += [L.Flatten(), L.Dense(32, act, **given), L.Dropout(rate)]
        return nn.Sequential([*parts, L.Dense(kinds, end, **given)])

    return model


def flown(rows: int = 1200) -> tuple[Any, Any]:
    """Return pictures from 0 to 1 of kites in the sky: box, diamond, triangle, bow, ring."""
    random = np.random.default_rng(620)
    y, at = random.integers(0, 5, rows), np.arange(12)
    middle = random.uniform(4.2, 6.8, (rows, 2, 1, 1))
    down, right = at[:, None] - middle[:, 0], at[None] - middle[:, 1]
    size = random.uniform(3.0, 4.2, (rows, 1, 1))
    forms = [
        np.maximum(np.abs(down), np.abs(right)) < 0.8 * size,
        np.abs(down) + np.abs(right) < size,
        (np.abs(right) < (down + size) / 2) & (down < 0.8 * size),
        (np.abs(down) < np.abs(right) + 0.4) & (np.abs(right) < size),
        np.abs(np.hypot(down, right) - 0.8 * size) < 0.8,
    ]
    x = np.choose(y[:, None, None], forms) * random.uniform(0.4, 0.9, (rows, 1, 1))
    sky = random.uniform(0, 0.3, (rows, 1, 1)) * (at[:, None] / 11)
    x = np.clip(x + sky + random.normal(0, 0.08, x.shape), 0, 1)
    return x[..., None].astype("float32"), y


def kites() -> Training:
    """Which of five kites is in the sky."""
    return Training(kite_net(), **parted(*flown(), 800, 150), optimizer=adam(0.003), epochs=10)


def pollen_net(end: Any = "softmax", momentum: float = 0.9, **given: Any) -> Any:
    """Return what makes a residual network with batch normalisation over coloured pictures."""

    def model() -> Any:
        inputs = nn.Input((10, 10, 3))
        x = L.Conv2D(12, 3, padding="same", **given)(inputs)
        for _ in range(2):
            z = L.Activation("relu")(L.BatchNormalization(momentum=momentum)(x))
            x = L.Add()([x, L.Conv2D(12, 3, padding="same", **given)(z)])
            x = L.MaxPooling2D()(x)
        x = L.Activation("relu")(L.BatchNormalization(momentum=momentum)(x))
        return nn.Model(inputs, L.Dense(4, end, **given)(L.GlobalAveragePooling2D()(x)))

    return model


def under_glass(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of pollen under a microscope: smooth, spiny, furrowed or in pairs."""
    random = np.random.default_rng(621)
    y, at = random.integers(0, 4, rows), np.arange(10)
    middle, turn = random.uniform(3.8, 5.2, (rows, 2, 1, 1)), random.uniform(0, 3.1, (rows, 1, 1))
    down, right = at[:, None] - middle[:, 0], at[None] - middle[:, 1]
    a = down * np.cos(turn) + right * np.sin(turn)
    b = right * np.cos(turn) - down * np.sin(turn)
    angle, far, kind = np.arctan2(b, a), np.hypot(a, b), y[:, None, None]
    edge = 3.2 + np.where(kind == 1, 1.0 * np.cos(8 * angle), 0)
    inside: Any = np.where(kind == 3, np.hypot(np.abs(a) - 2.2, b) < 1.9, far < edge)
    mark = np.where((kind == 2) & (np.abs(b) < 0.7), 0.2, 1.0)
    colour = random.uniform(0.4, 1, (rows, 1, 1, 3))
    x = (inside * mark)[..., None] * colour + random.normal(0, 0.05, (rows, 10, 10, 3))
    return np.clip(x, 0, 1).astype("float32"), y


def pollen() -> Training:
    """Which of four pollen is under the microscope; pictures are standardised."""
    x, y = under_glass()
    x = ((x - x[:650].mean((0, 1, 2))) / x[:650].std((0, 1, 2))).astype("float32")
    return Training(pollen_net(), **parted(x, y, 650, 120), optimizer=adam(0.01), epochs=8)


def of_pixels(model: Any, training: Training) -> float:
    """The mean over kinds of pixels of the share that is found."""
    x, y = training.test
    found, y = np.asarray(model.predict(x, verbose=0)), np.asarray(y)
    if found.shape[-1] > 1:
        said, kinds = found.argmax(-1), y.reshape(found.shape[:-1])
    else:
        said, kinds = found[..., 0] > training.threshold, y[..., 0] > 0.5
    return float(np.mean([np.mean(said[kinds == k] == k) for k in np.unique(kinds)]))


def print_net(end: Any = "sigmoid", outputs: int = 1, act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that goes down and up and says something of each pixel."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        a = L.Conv2D(10, 3, padding="same", activation=act, **given)(inputs)
        b = L.Conv2D(16, 3, padding="same", activation=act, **given)(L.MaxPooling2D()(a))
        c = L.Concatenate()([a, L.UpSampling2D()(b)])
        c = L.Conv2D(10, 3, padding="same", activation=act, **given)(c)
        return nn.Model(inputs, L.Conv2D(outputs, 1, activation=end, **given)(c))

    return model


def trodden(rows: int = 480) -> tuple[Any, Any]:
    """Return pictures of sand, and which pixels are of a footprint: two dents beside each other."""
    random = np.random.default_rng(622)
    at = np.arange(12)

    def dent(place: Any, width: float, height: float) -> Any:
        down, right = at[:, None] - place[:, 0, None, None], at - place[:, 1, None, None]
        return np.hypot(down / height, right / width) < 1

    place = random.uniform(3, 8, (rows, 2))
    y: Any = dent(place, 1.3, 1.9) | dent(place + [0, 3], 1.3, 1.9)
    stone: Any = dent(random.uniform(1, 10, (rows, 2)), 1.9, 1.9)
    x = 0.7 - 0.4 * y - 0.2 * (stone & ~y) + random.normal(0, 0.08, y.shape)
    return np.clip(x, 0, 1)[..., None].astype("float32"), y[..., None].astype("float32")


def footprints() -> Training:
    """Which pixels of the sand are of a footprint."""
    return Training(
        print_net(), **parted(*trodden(), 320, 60), loss="binary_crossentropy", metrics=(),
        score=of_pixels, optimizer=adam(0.01), epochs=8, batch_size=16,
    )  # fmt: skip


def sewn(rows: int = 450) -> tuple[Any, Any]:
    """Return pictures of quilts, and of what each pixel is: plain, dotted or striped cloth."""
    random = np.random.default_rng(623)
    at = np.arange(12)
    cut = random.integers(3, 10, (rows, 2))
    kinds = random.integers(0, 3, (rows, 2, 2))
    low, right = at >= cut[:, :1], at >= cut[:, 1:]
    y = kinds[np.arange(rows)[:, None, None], low[:, :, None] * 1, right[:, None] * 1]
    dots = ((at[:, None] % 2 == 0) & (at % 2 == 0)) * 1.0
    x = np.where(y == 0, 0.5, np.where(y == 1, dots, (at % 2) * 0.8))
    x = x * random.uniform(0.7, 1.0, (rows, 1, 1)) + random.normal(0, 0.06, y.shape)
    return x[..., None].astype("float32"), y


def quilts() -> Training:
    """Of which of three cloths each pixel of a quilt is."""
    return Training(
        print_net("softmax", 3), **parted(*sewn(), 300, 60), metrics=(), score=of_pixels,
        optimizer=adam(0.01), epochs=10, batch_size=16,
    )  # fmt: skip


def barge_net(end: Any = None, act: Any = "relu", flat: bool = True, **given: Any) -> Any:
    """Return what makes convolutions with strides that give the four numbers of a box."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (10, 16):
            parts += [L.Conv2D(width, 3, strides=2, padding="same", activation=act, **given)]
        parts += [L.Conv2D(32, 3, activation=act, **given), L.Conv2D(4, 1, activation=end, **given)]
        return nn.Sequential([*parts, *([L.Flatten()] if flat else [])])

    return model


def sailed(rows: int = 1000) -> tuple[Any, Any]:
    """Return pictures of barges on a river, and the box of each as parts of the picture."""
    random = np.random.default_rng(624)
    at = np.arange(12)
    size = random.uniform(2.5, 6, (rows, 2))
    corner = random.uniform(0, 1, (rows, 2)) * (11 - size)
    down, right = at[None, :] - corner[:, :1], at[None, :] - corner[:, 1:]
    hull: Any = ((down >= 0) & (down <= size[:, :1]))[:, :, None]
    hull = hull & ((right >= 0) & (right <= size[:, 1:]))[:, None]
    waves = 0.2 * np.sin(at + random.uniform(0, 6.3, (rows, 1)))[:, :, None]
    x = 0.3 + waves + 0.5 * hull + random.normal(0, 0.06, hull.shape)
    y = np.concatenate([corner, size], 1) / 12
    return x[..., None].astype("float32"), y.astype("float32")


def barges() -> Training:
    """Where a barge is and how large: a corner, height and width."""
    return Training(
        barge_net(), **parted(*sailed(), 650, 120), loss="mae", metrics=(), score=explained,
        optimizer=adam(0.005), epochs=12,
    )  # fmt: skip


def finer_net(end: Any = None, act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that doubles height and width of a picture."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((6, 6, 1))]
        parts += [L.Conv2D(16, 3, padding="same", activation=act, **given) for _ in range(2)]
        parts += [L.Conv2DTranspose(16, 2, strides=2, activation=act, **given)]
        return nn.Sequential([*parts, L.Conv2D(1, 3, padding="same", activation=end, **given)])

    return model


def engravings() -> Training:
    """Pictures of lines and hills from -1 to 1, made twice as fine."""
    random = np.random.default_rng(625)
    at, rows = np.arange(12), 900
    way, wide = random.uniform(0, 3.1, (rows, 1, 1)), random.uniform(0.5, 1.0, (rows, 1, 1))
    along = at[:, None] * np.cos(way) + at * np.sin(way)
    y = np.sin(wide * along + random.uniform(0, 6.3, (rows, 1, 1)))
    y = y * random.uniform(0.5, 1, (rows, 1, 1))
    x = y.reshape(rows, 6, 2, 6, 2).mean((2, 4)) + random.normal(0, 0.03, (rows, 6, 6))
    x, y = x[..., None].astype("float32"), y[..., None].astype("float32")
    return Training(
        finer_net(), **parted(x, y, 600, 120), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.003), epochs=10,
    )  # fmt: skip


def lantern_net(end: Any = "sigmoid", act: Any = "relu", **given: Any) -> Any:
    """Return what makes convolutions that say of each of three colours whether it is lit."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((10, 10, 3))]
        parts += [L.Conv2D(10, 3, activation=act, **given), L.MaxPooling2D()]
        parts += [L.Conv2D(16, 3, activation=act, **given), L.Flatten()]
        return nn.Sequential([*parts, L.Dense(3, end, **given)])

    return model


def of_each(model: Any, training: Training) -> float:
    """The mean over several questions of how often yes and no are found."""
    x, y = training.test
    said: Any = np.asarray(model.predict(x, verbose=0)) > training.threshold
    yes: Any = np.asarray(y) > 0.5
    return float(np.mean([((said & yes)[:, k].sum() / yes[:, k].sum()
                           + (~said & ~yes)[:, k].sum() / (~yes)[:, k].sum()) / 2
                          for k in range(yes.shape[1])]))  # fmt: skip


def lanterns() -> Training:
    """Which of three colours hang in the dark: several or none, by SGD with momentum."""
    random = np.random.default_rng(626)
    at, rows = np.arange(10), 1000
    y = random.random((rows, 3)) < 0.5
    place = random.uniform(1, 8, (rows, 3, 2, 1, 1))
    glow = np.exp(-((at[:, None] - place[:, :, 0]) ** 2 + (at - place[:, :, 1]) ** 2) / 1.5)
    colours = np.array([[1, 0.5, 0.1], [0.6, 1, 0.2], [0.5, 0.4, 1]])
    x = np.einsum("rkhw,kc->rhwc", glow * y[..., None, None], colours)
    x = np.clip(x + random.normal(0, 0.12, x.shape), 0, 1).astype("float32")
    return Training(
        lantern_net(), **parted(x, y.astype("float32"), 650, 120), loss="binary_crossentropy",
        metrics=("binary_accuracy",), score=of_each, optimizer=sgd(0.05, momentum=0.9), epochs=12,
    )  # fmt: skip
