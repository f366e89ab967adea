"""Pictures of another round: tiles, blots, dials, badges, and digits that are coded or cleaned."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.images import cnn
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


# --- one of several classes -----------------------------------------------------------------------


def tile_data(rows: int = 900) -> tuple[Any, Any]:
    """Return bytes of 12 by 12 in colour, and which of four: bars, posts, checks, a star."""
    random = np.random.default_rng(91)
    y = random.integers(0, 4, rows)
    down, right = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    begin = random.uniform(0, 6.3, (2, rows, 1, 1))
    a, b = np.sin(1.5 * down + begin[0]), np.sin(1.5 * right + begin[1])
    centre = random.uniform(4, 7, (2, rows, 1, 1))
    star = np.minimum(abs(down - centre[0]), abs(right - centre[1])) < 1
    ink = np.choose(y[:, None, None], [a + 0 * b, b + 0 * a, np.sign(a * b), 2 * star - 1])
    colour = random.uniform(0.4, 1, (rows, 1, 1, 3))
    x = 40 + 90 * (1 + ink[..., None]) * colour + random.normal(0, 50, (rows, 12, 12, 3))
    return x.clip(0, 255).astype("uint8"), y


def tile_net(*before: Any, end: Any = "softmax", last: int = 4, **given: Any) -> Any:
    """Return what makes two convolutions, two pools, a dense layer, and scores."""
    return layers(
        lambda: nn.Input((12, 12, 3)), *before,
        lambda: L.Conv2D(8, 3, activation="relu", **given), lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(16, 3, activation="relu", **given), lambda: L.MaxPooling2D(),
        lambda: L.Flatten(), lambda: L.Dense(32, "relu", **given), lambda: L.Dense(last, end),
    )  # fmt: skip


def tiles() -> Training:
    """Tiles, of 0 to 1."""
    x, y = tile_data()
    return Training(
        tile_net(), **parted((x / 255).astype("float32"), y, 600, 150), optimizer=adam(3e-3),
        epochs=10,
    )  # fmt: skip


def normed_net(**given: Any) -> Any:
    """Return what makes convolutions with norms and a mean over places."""

    def block(width: int, strides: int) -> list[Any]:
        return [
            lambda: L.Conv2D(width, 3, strides=strides, padding="same", use_bias=False),
            lambda: L.BatchNormalization(momentum=0.9, **given), lambda: L.ReLU(),
        ]  # fmt: skip

    return layers(
        lambda: nn.Input((12, 12, 3)), *block(12, 1), *block(16, 2), *block(24, 2),
        lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(4, "softmax"),
    )  # fmt: skip


def normed_tiles() -> Training:
    """Tiles by a net with norms."""
    return tiles().but(model=normed_net(), optimizer=adam(5e-3))


def one_hot_tiles() -> Training:
    """Tiles, a row of 0 and 1 for each."""
    return tiles().to(lambda y: np.eye(4, dtype="float32")[y]).but(loss="categorical_crossentropy")


def rare_tiles() -> Training:
    """Tiles, of which the last three kinds are rare, and weigh more."""
    t = tiles()
    x, y = tile_data(2400)
    keep = (y == 0) | (np.arange(len(y)) % 25 == 0)
    x, y = (x[keep] / 255).astype("float32"), y[keep]
    held = (t.validation[0], t.validation[1])
    return t.but(
        x=x, y=y, validation=held, epochs=14,
        fit={"class_weight": {0: 0.3, 1: 2.4, 2: 2.4, 3: 2.4}},
    )  # fmt: skip


def learnt() -> Any:
    """Return a net that has learnt tiles of 0 to 1."""
    x, y = tile_data(600)
    model = tile_net()()
    model.compile(nn.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit((x / 255).astype("float32"), y, epochs=6, verbose=0, doctor=False)
    return model


def trunk() -> Any:
    """Return what it is without its scores."""
    return nn.Sequential([nn.Input((12, 12, 3)), *learnt().layers[:-1]])


def on_a_trunk(free: bool = False, rate: float = 3e-3) -> Training:
    """Whether a tile has bars or posts, by a head on the trunk."""
    x, y = tile_data(700)
    x = (x / 255 * np.random.default_rng(92).uniform(0.6, 1, (700, 1, 1, 1))).astype("float32")

    def model() -> Any:
        body, image = trunk(), nn.Input((12, 12, 3))
        body.trainable = free
        v = L.Dense(16, "relu")(body(image))
        return nn.Model(image, L.Dense(1, "sigmoid")(v))

    return Training(
        model, **parted(x, (y < 2).astype("float32"), 450, 100), loss="binary_crossentropy",
        optimizer=adam(rate), epochs=8,
    )  # fmt: skip


# --- several at once ------------------------------------------------------------------------------


def badge_data(rows: int = 800) -> tuple[Any, Any]:
    """Return grey pictures of 12 by 12 of 0 to 1, and which of three marks are in each."""
    random = np.random.default_rng(93)
    y = (random.random((rows, 3)) < 0.45).astype("float32")
    x = random.normal(0.2, 0.08, (rows, 12, 12))
    marks = np.zeros((3, 4, 4))
    marks[0, 1:3], marks[1, :, 1:3], marks[2] = 0.6, 0.6, 0.6 * np.eye(4)
    for picture, has in zip(x, y, strict=True):
        for mark, at in zip(marks[has > 0], random.permutation(4), strict=False):
            row, column = 6 * (at // 2) + random.integers(0, 3), 6 * (at % 2) + 1
            picture[row : row + 4, column : column + 4] += mark
    return x[..., None].clip(0, 1).astype("float32"), y


def badge_net(end: Any = "sigmoid") -> Any:
    """Return what makes a net that says yes or no to each of three marks."""
    return layers(
        lambda: nn.Input((12, 12, 1)), lambda: L.Conv2D(12, 4, activation="relu"),
        lambda: L.Conv2D(12, 3, activation="relu"), lambda: L.GlobalMaxPooling2D(),
        lambda: L.Dense(24, "relu"), lambda: L.Dense(3, end),
    )  # fmt: skip


def each_right(model: Any, t: Training) -> float:
    """Share of pictures of which all marks are told."""
    p = np.asarray(model.predict(t.test[0], verbose=0)) > t.threshold
    return float(np.mean((p == (t.test[1] > 0.5)).all(-1)))


def badges() -> Training:
    """Which marks a badge has."""
    return Training(
        badge_net(), **parted(*badge_data(), 550, 100), loss="binary_crossentropy",
        metrics=("binary_accuracy",), optimizer=adam(5e-3), epochs=25, score=each_right,
    )  # fmt: skip


# --- a class for each pixel -----------------------------------------------------------------------


def blot_data(rows: int = 380, kinds: int = 2) -> tuple[Any, Any]:
    """Return papers of 12 by 12, grey, with up to two blots, and for each pixel its kind."""
    random = np.random.default_rng(94)
    down, right = np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")
    y = np.zeros((rows, 12, 12), "int64")
    for kind in range(1, kinds + 1):
        centre, wide = random.uniform(1, 11, (rows, 2, 1, 1)), random.uniform(1, 3, (rows, 1, 1))
        inside = np.hypot(down - centre[:, 0], right - centre[:, 1]) < wide
        y[inside & (random.random((rows, 1, 1)) < 0.8)] = kind
    x = np.array([0.75, 0.45, 0.2])[y] + random.normal(0, 0.1, y.shape)
    return x[..., None].clip(0, 1).astype("float32"), y


def blot_net(last: int = 3, end: Any = "softmax", *more: Any) -> Any:
    """Return what makes a net that goes down once and up again, with a way across."""

    def model() -> Any:
        image = nn.Input((12, 12, 1))
        high = L.Conv2D(8, 3, padding="same", activation="relu")(image)
        low = L.Conv2D(16, 3, padding="same", activation="relu")(L.MaxPooling2D()(high))
        v = L.Concatenate()([high, L.UpSampling2D()(low)])
        v = L.Conv2D(12, 3, padding="same", activation="relu")(v)
        v = L.Conv2D(last, 1, activation=end)(v)
        for layer in more:
            v = layer()(v)
        return nn.Model(image, v)

    return model


def overlap_of_blots(model: Any, t: Training) -> float:
    """Intersection over union of what is no paper, kind by kind."""
    p, y = np.asarray(model.predict(t.test[0], verbose=0)), np.asarray(t.test[1])
    y = y.reshape(len(y), 12, 12)
    p = p.reshape(len(p), 12, 12, -1)
    p = p.argmax(-1) if p.shape[-1] > 1 else (p[..., 0] > t.threshold).astype(int)
    return float(np.mean([((p == k) & (y == k)).sum() / max(1, ((p == k) | (y == k)).sum())
                          for k in range(1, int(y.max()) + 1)]))  # fmt: skip


def blots() -> Training:
    """Paper, ink or soot."""
    return Training(
        blot_net(), **parted(*blot_data(), 260, 50), metrics=(), optimizer=adam(8e-3), epochs=14,
        batch_size=16, score=overlap_of_blots,
    )  # fmt: skip


def dice(y: Any, p: Any) -> Any:
    """The overlap of masks, 1 where they are the same."""
    y = ops.cast(y, "float32")
    both = ops.sum(y * p, axis=(1, 2, 3))
    return ops.mean((2 * both + 1) / (ops.sum(y + p, axis=(1, 2, 3)) + 1))


def away(y: Any, p: Any) -> Any:
    """One minus the overlap."""
    return 1 - dice(y, p)


def both(y: Any, p: Any) -> Any:
    """Entropy and what is missing of the overlap."""
    return ops.mean(nn.losses.binary_crossentropy(y, p)) + away(y, p)


def one_kind(loss: Any = "binary_crossentropy", **given: Any) -> Training:
    """Whether there is a blot, for each pixel."""
    t = blots().but(**parted(*blot_data(kinds=1), 260, 50))
    return t.to(lambda y: (y > 0).astype("float32")[..., None]).but(
        model=blot_net(1, "sigmoid", **given), loss=loss,
    )  # fmt: skip


# --- numbers --------------------------------------------------------------------------------------


def dial_data(rows: int = 800) -> tuple[Any, Any]:
    """Return grey dials of 13 by 13, and the degrees of the hand, from -60 to 60."""
    random = np.random.default_rng(95)
    angle = random.uniform(-60, 60, rows)
    turn = np.deg2rad(angle)[:, None, None]
    down, right = np.meshgrid(12 - np.arange(13.0), np.arange(13.0) - 6, indexing="ij")
    off = abs(right * np.cos(turn) - down * np.sin(turn))
    x = 0.8 - 0.6 * np.exp(-(off**2)) + random.normal(0, 0.08, (rows, 13, 13))
    return x[..., None].astype("float32"), angle[:, None].astype("float32")


def dial_net(end: Any = None, act: Any = "elu") -> Any:
    """Return what makes convolutions of strides and dense layers down to a number."""
    return layers(
        lambda: nn.Input((13, 13, 1)), lambda: L.Rescaling(2.0, -1.2),
        lambda: L.Conv2D(8, 3, strides=2, activation=act),
        lambda: L.Conv2D(16, 3, activation=act), lambda: L.Flatten(),
        lambda: L.Dense(32, act), lambda: L.Dense(16, act), lambda: L.Dense(1, end),
    )  # fmt: skip


def dials() -> Training:
    """Where a hand points, as a share of sixty degrees."""
    x, y = dial_data()
    return Training(
        dial_net(), **parted(x, y / 60, 550, 100), loss="mse", metrics=(), optimizer=adam(2e-3),
        epochs=12, score=explained,
    )  # fmt: skip


# --- digits, made anew ----------------------------------------------------------------------------


def coder(end: Any = "sigmoid") -> Any:
    """Return what makes an autoencoder of convolutions."""
    return layers(
        lambda: nn.Input((8, 8, 1)),
        lambda: L.Conv2D(12, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2DTranspose(12, 3, strides=2, padding="same", activation="relu"),
        lambda: L.Conv2D(1, 3, padding="same", activation=end),
    )  # fmt: skip


def itself(t: Training) -> Training:
    """Return a training of pictures on themselves."""
    return t.but(y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2)


def coded() -> Training:
    """Digits through sixteen numbers."""
    return itself(cnn()).but(
        model=coder(), loss="mse", metrics=(), optimizer=adam(4e-3), epochs=12, score=explained,
    )  # fmt: skip


class Sampled(L.Layer):
    """A code drawn around a mean, and what the code costs, times a weight."""

    def __init__(self, weight: float, **given: Any) -> None:
        super().__init__(**given)
        self.weight = weight

    def call(self, both: Any) -> Any:
        mean, log = both
        kl = -0.5 * ops.sum(1 + log - ops.square(mean) - ops.exp(log), axis=-1)
        self.add_loss(self.weight * ops.mean(kl))
        return mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))


def drawn_net(weight: float, end: Any = "sigmoid") -> Any:
    """Return what makes a variational autoencoder that costs its code by a layer."""

    def model() -> Any:
        image = nn.Input((8, 8, 1))
        v = L.Dense(48, "relu")(L.Flatten()(image))
        z = Sampled(weight)([L.Dense(6)(v), L.Dense(6)(v)])
        v = L.Dense(64, end)(L.Dense(48, "relu")(z))
        return nn.Model(image, L.Reshape((8, 8, 1))(v))

    return model


def drawn(weight: float = 0.002, end: Any = "sigmoid") -> Training:
    """Digits through six numbers that are drawn, by the mean square and a small cost."""
    return coded().but(model=drawn_net(weight, end), epochs=16)


def noisy(t: Training, spread: float = 0.3) -> Training:
    """Return a training of noisy pictures on clean ones."""
    random = np.random.default_rng(96)

    def more(x: Any) -> Any:
        return (x + random.normal(0, spread, x.shape)).astype("float32")

    held, test = (p[0] for p in (t.validation, t.test))
    return t.but(x=more(t.x), y=t.x, validation=(more(held), held), test=(more(test), test))


def cleaner(end: Any = None, last_norm: bool = False) -> Any:
    """Return what makes a net that adds what it finds to the noisy picture."""

    def model() -> Any:
        v = image = nn.Input((8, 8, 1))
        for _ in range(2):
            v = L.Conv2D(16, 3, padding="same", activation="relu")(v)
        v = L.Conv2D(1, 3, padding="same", use_bias=not last_norm)(v)
        v = L.BatchNormalization(momentum=0.9)(v) if last_norm else v
        return nn.Model(image, L.Add()([image, L.Activation(end)(v) if end else v]))

    return model


def cleaned() -> Training:
    """Digits without their noise."""
    return noisy(cnn()).but(
        model=cleaner(), loss="mse", metrics=(), optimizer=adam(4e-3), epochs=10, score=explained,
    )  # fmt: skip


# --- near and far ---------------------------------------------------------------------------------


def code_of_digits(norm: bool = True) -> Any:
    """Return what makes a vector of a digit, of length one or of any."""
    more = [lambda: L.UnitNormalization()] if norm else []
    return layers(
        lambda: nn.Input((8, 8, 1)), lambda: L.Conv2D(16, 3, activation="relu"),
        lambda: L.Conv2D(16, 3, activation="relu"), lambda: L.Flatten(), lambda: L.Dense(16),
        *more,
    )  # fmt: skip


def three_of(x: Any, label: Any, rows: int, seed: int) -> Any:
    """Return triplets: a picture, another of its kind, one of another kind."""
    random = np.random.default_rng(seed)
    a = random.integers(0, len(x), rows)
    near = [random.choice(np.flatnonzero(label == label[i])) for i in a]
    far = [random.choice(np.flatnonzero(label != label[i])) for i in a]
    return [x[a], x[near], x[far]]


def triplet_net(norm: bool = True) -> Any:
    """Return what makes the squared distances to both, of one net for all three."""

    def model() -> Any:
        code, three = code_of_digits(norm)(), [nn.Input((8, 8, 1)) for _ in range(3)]
        a, near, far = (code(v) for v in three)
        return nn.Model(three, L.Concatenate()([
            ops.sum(ops.square(a - b), axis=-1, keepdims=True) for b in (near, far)
        ]))  # fmt: skip

    return model


def margin(y: Any, d: Any) -> Any:
    """What is missing to a margin of a half between near and far."""
    return ops.mean(ops.maximum(d[:, 0] - d[:, 1] + 0.5, 0.0))


def nearer(model: Any, t: Training) -> float:
    """How often the one of the same kind is nearer."""
    d = np.asarray(model.predict(t.test[0], verbose=0))
    return float(np.mean(d[:, 0] < d[:, 1])) if np.isfinite(d).all() else 0.0


def triplets() -> Training:
    """Digits near to those of their kind."""
    t = cnn()
    three = [three_of(x, y, rows, seed) for (x, y), rows, seed in (
        ((t.x, t.y), 700, 1), (t.validation, 150, 2), (t.test, 300, 3))]  # fmt: skip
    nothing = [np.zeros((len(part[0]), 1), "float32") for part in three]
    (x, y), held, test = zip(three, nothing, strict=True)
    return t.but(
        model=triplet_net(), x=x, y=y, validation=held, test=test, loss=margin, metrics=(),
        optimizer=adam(2e-3), epochs=10, score=nearer,
    )  # fmt: skip
