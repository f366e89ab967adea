"""Healthy programs on images, in the manner of published examples, once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.images import cnn
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.threads import galleries as g
from benchmarks.doctor.threads import galleries_own as own
from benchmarks.doctor.threads.fine import none
from benchmarks.doctor.threads.galleries_faults import blocks_of_two, fed
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops
SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
schedules = nn.optimizers.schedules


def with_helper() -> Training:
    """Windows of two sizes side by side, and a second head half way that helps."""

    def model() -> Any:
        image = nn.Input((12, 12, 3))
        v = L.Conv2D(12, 3, activation="relu", padding="same")(image)
        helper = L.Dense(3, "softmax", name="helper")(L.GlobalAveragePooling2D()(v))
        sides = [L.Conv2D(8, k, activation="relu", padding="same")(v) for k in (1, 3, 5)]
        v = L.MaxPooling2D()(L.Concatenate()([*sides, v]))
        v = L.Conv2D(24, 3, activation="relu")(v)
        v = L.Dropout(0.3)(L.GlobalMaxPooling2D()(v))
        return nn.Model(image, [L.Dense(3, "softmax", name="main")(v), helper])

    def right(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)[0]).argmax(-1)
        return float((p == t.test[1][0]).mean())

    t = g.shells().to(lambda y: [y, y])
    return t.but(
        model=model, loss=["sparse_categorical_crossentropy"] * 2, metrics=(), score=right,
    )  # fmt: skip


def inverted() -> Training:
    """Wide, by depth, narrow: inverted residuals with ReLU6."""

    def block(x: Any, width: int, strides: int) -> Any:
        v = L.Conv2D(4 * x.shape[-1], 1, use_bias=False)(x)
        v = L.ReLU(max_value=6.0)(L.BatchNormalization(momentum=0.9)(v))
        v = L.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(v)
        v = L.ReLU(max_value=6.0)(L.BatchNormalization(momentum=0.9)(v))
        v = L.BatchNormalization(momentum=0.9)(L.Conv2D(width, 1, use_bias=False)(v))
        return L.Add()([x, v]) if x.shape[-1] == width and strides == 1 else v

    def model() -> Any:
        x = inputs = nn.Input((12, 12, 3))
        x = L.Conv2D(12, 3, padding="same", use_bias=False)(L.Rescaling(1 / 127.5, -1.0)(x))
        for width, strides in ((12, 1), (16, 2), (16, 1), (24, 2)):
            x = block(x, width, strides)
        x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
        return nn.Model(inputs, L.Dense(3, "softmax")(x))

    return g.shells().on(lambda x: x * 255).but(model=model, epochs=8, optimizer=adam(3e-3))


class Scaled(L.Layer):
    """A number for each channel, which begins small."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(
            shape=(shape[-1],), initializer=nn.initializers.Constant(1e-4), name="scale"
        )

    def call(self, x: Any) -> Any:
        return x * self.scale


def next_net() -> Training:
    """Wide windows by depth, layer norms, GELU, scales that begin at 1e-4, AdamW."""

    def model() -> Any:
        x = inputs = nn.Input((12, 12, 3))
        x = L.LayerNormalization(epsilon=1e-6)(L.Conv2D(16, 2, strides=2)(x))
        for _ in range(3):
            v = L.LayerNormalization(epsilon=1e-6)(L.DepthwiseConv2D(5, padding="same")(x))
            x = L.Add()([x, Scaled()(L.Dense(16)(L.Dense(64, "gelu")(v)))])
        x = L.LayerNormalization(epsilon=1e-6)(L.GlobalAveragePooling2D()(x))
        return nn.Model(inputs, L.Dense(3)(x))

    return g.shells().on(lambda x: (x - 0.3) / 0.25).but(
        model=model, loss=SCORES,
        optimizer=lambda: nn.optimizers.AdamW(4e-3, weight_decay=0.05), epochs=20,
    )  # fmt: skip


def pasted() -> Training:
    """A piece of one picture pasted into another, labels mixed by its area."""
    t = g.shells()

    def batch(random: Any) -> tuple[Any, Any]:
        a, b = random.integers(0, len(t.x), (2, 32))
        x, (top, left, side) = t.x[a].copy(), random.integers(0, 7, 3)
        x[:, top : top + side, left : left + side] = t.x[b, top : top + side, left : left + side]
        share = side**2 / 144
        rows = np.eye(3, dtype="float32")
        return x, (1 - share) * rows[t.y[a]] + share * rows[t.y[b]]

    held = t.but(validation=(t.validation[0], np.eye(3, dtype="float32")[t.validation[1]]))
    return fed(held, batch).but(
        loss="categorical_crossentropy", epochs=25, batch_size=None,
        fit={"steps_per_epoch": 18},
    )  # fmt: skip


def warmed() -> Training:
    """Nesterov's momentum, a rate that warms up and falls as a cosine, labels smoothed."""
    rate = schedules.CosineDecay(1e-3, 300, warmup_target=0.08, warmup_steps=40)
    t = g.normed_shells().to(lambda y: np.eye(3, dtype="float32")[y])
    return t.but(
        optimizer=lambda: nn.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-4),
        loss=nn.losses.CategoricalCrossentropy(label_smoothing=0.1), epochs=18,
    )  # fmt: skip


def half_and_half() -> Training:
    """Masks by entropy and by overlap, added up."""

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(nn.losses.binary_crossentropy(y, p)) + g.dice(y, p)

    return g.any_leaf(loss)


def weighed_pixels() -> Training:
    """Kinds of small leaves, each pixel with the weight of its kind."""
    x, y = g.leaf_data(small=True)
    weight = np.array([1.0, 4.0, 4.0], "float32")[y]
    t = g.leaves().but(**parted(x, y, 280, 60))
    return t.but(fit={"sample_weight": weight[:280]}, validation=None)


def sparse() -> Training:
    """An autoencoder that is wider than its pictures, and pays for what is not 0."""
    return g.copies().but(model=layers(
        lambda: nn.Input((64,)),
        lambda: L.Dense(100, "relu", activity_regularizer=nn.regularizers.L1(1e-5)),
        lambda: L.Dense(64, "sigmoid"),
    ))  # fmt: skip


class Warmed(own.Variational):
    """A variational autoencoder whose second loss comes in over time."""

    def __init__(self) -> None:
        super().__init__()
        self.share = self.add_weight(shape=(), initializer="zeros", trainable=False, name="share")

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        share = ops.minimum(self.share + 0.005, 1.0)

        def loss() -> Any:
            mean, log = ops.split(self.encoder(x), 2, axis=-1)
            z = mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))
            off = ops.mean(ops.sum(ops.square(x - self.decoder(z)), axis=-1))
            kl = -0.5 * ops.sum(1 + log - ops.square(mean) - ops.exp(log), axis=-1)
            return off + share * 0.1 * ops.mean(kl)

        value, grads = nn.value_and_grad(loss, parameters=self)()
        self.optimizer.apply(grads, self)
        self.share.assign(share)
        return {"loss": value}


class Forgers(own.Adversaries):
    """Adversaries of convolutions, norms in the maker, leaks and dropout in the judge."""

    def __init__(self) -> None:
        super().__init__()
        self.maker = nn.Sequential([
            nn.Input((16,)), L.Dense(2 * 2 * 24, use_bias=False),
            L.BatchNormalization(momentum=0.9), L.LeakyReLU(), L.Reshape((2, 2, 24)),
            L.Conv2DTranspose(16, 4, strides=2, padding="same", use_bias=False),
            L.BatchNormalization(momentum=0.9), L.LeakyReLU(),
            L.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
        ])  # fmt: skip
        self.judge = nn.Sequential([
            nn.Input((8, 8, 1)), L.Conv2D(16, 4, strides=2, padding="same"), L.LeakyReLU(),
            L.Dropout(0.3), L.Conv2D(24, 4, strides=2, padding="same"), L.LeakyReLU(),
            L.Flatten(), L.Dense(1),
        ])  # fmt: skip


def convolved() -> Training:
    """Pictures of digits made from noise, of -1 to 1."""
    t = cnn().on(lambda x: 2 * x - 1)
    return t.but(
        model=Forgers, y=None, validation=None, loss=None, metrics=(), epochs=4, score=none,
    )  # fmt: skip


class Views(nn.Model):
    """Two views of a picture are to be known among those of others."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential([L.RandomTranslation(0.15, 0.15), L.GaussianNoise(0.1)])
        self.encoder = nn.Sequential([
            L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
            L.Dense(32, "relu"), L.Dense(16),
        ])  # fmt: skip
        self.encoder(np.zeros((1, 8, 8, 1), "float32"))

    def call(self, x: Any) -> Any:
        return self.encoder(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data

        def loss() -> Any:
            a, b = (self.encoder(self.look(x, training=True)) for _ in range(2))
            a, b = (v / ops.sqrt(ops.sum(v * v, axis=-1, keepdims=True) + 1e-6) for v in (a, b))
            scores = ops.matmul(a, ops.transpose(b)) / 0.2
            right = ops.arange(ops.shape(x)[0])
            return ops.mean(nn.losses.sparse_categorical_crossentropy(
                right, scores, from_logits=True))  # fmt: skip

        value, grads = nn.value_and_grad(loss, parameters=self.encoder)()
        self.optimizer.apply(grads, self.encoder)
        return {"loss": value}


def views() -> Training:
    """Vectors of pictures without labels."""
    return cnn().but(
        model=Views, y=None, validation=None, loss=None, metrics=(), optimizer=adam(2e-3),
        epochs=6, score=none,
    )  # fmt: skip


def overlapping() -> Training:
    """Boxes by Huber's loss and by the area that they share, from where shares are near."""

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(nn.losses.huber(y, p, delta=0.1)) * 10

    return g.boxes().but(loss=loss, model=g.box_net("sigmoid"))


def heat() -> Training:
    """Corners of a box as two maps of heat."""
    x, y = g.box_data(600)
    at = np.arange(14)

    def spots(place: Any) -> Any:
        away = (at - place[:, 1, None, None]) ** 2 + (at[:, None] - place[:, 0, None, None]) ** 2
        return np.exp(-away / 4)

    first, last = y[:, [1, 0]], y[:, [1, 0]] + y[:, [3, 2]] - 1
    maps = np.stack([spots(first), spots(last)], -1).astype("float32")
    model = layers(
        lambda: nn.Input((14, 14, 1)),
        *[lambda: L.Conv2D(16, 5, padding="same", activation="relu")] * 2,
        lambda: L.Conv2D(2, 1),
    )  # fmt: skip
    return Training(
        model, **parted(x, maps, 420, 80), loss="mse", metrics=(), optimizer=adam(5e-3), epochs=10,
        score=explained,
    )  # fmt: skip


def residue() -> Training:
    """A clean picture as the noisy one less what a net with norms tells of the noise."""
    t = cnn()
    random = np.random.default_rng(78)

    def noisy(x: Any) -> Any:
        return (x + random.normal(0, 0.3, x.shape)).astype("float32")

    def model() -> Any:
        x = inputs = nn.Input((8, 8, 1))
        for _ in range(3):
            x = L.Conv2D(16, 3, padding="same", use_bias=False)(x)
            x = L.Activation("relu")(L.BatchNormalization(momentum=0.9)(x))
        return nn.Model(inputs, L.Subtract()([inputs, L.Conv2D(1, 3, padding="same")(x)]))

    x, held, test = t.x, t.validation[0], t.test[0]
    return t.but(
        model=model, x=noisy(x), y=x, validation=(noisy(held), held), test=(noisy(test), test),
        loss="mae", metrics=(), optimizer=adam(5e-3), score=explained,
    )  # fmt: skip


def tuned() -> Training:
    """The trunk is let free for the last steps, its norms kept as they are."""
    t = g.taken_over()

    def model() -> Any:
        body, image = g.trunk(), nn.Input((12, 12, 3))
        body.trainable = True
        v = body(image, training=False)
        return nn.Model(image, L.Dense(1, "sigmoid")(L.Dense(16, "relu")(v)))

    return t.but(model=model, optimizer=adam(2e-4), epochs=12)


def two_digits() -> Training:
    """Two digits side by side, a head for each."""
    t = cnn()
    random = np.random.default_rng(79)
    a, b = random.integers(0, len(t.x), (2, 1300))
    x, y = np.concatenate([t.x[a], t.x[b]], 2), (t.y[a], t.y[b])

    def model() -> Any:
        image = nn.Input((8, 16, 1))
        v = L.MaxPooling2D()(L.Conv2D(16, 3, padding="same", activation="relu")(image))
        v = L.Dense(64, "relu")(L.Flatten()(L.Conv2D(24, 3, activation="relu")(v)))
        return nn.Model(image, [L.Dense(10, name=side)(v) for side in ("left", "right")])

    def right(model: Any, t: Training) -> float:
        told = model.predict(t.test[0], verbose=0)
        return float(np.mean([np.asarray(p).argmax(-1) == k
                              for p, k in zip(told, t.test[1], strict=True)]))  # fmt: skip

    parts = parted(x, y, 900, 200)
    return Training(
        model, parts["x"], list(parts["y"]), (parts["validation"][0], list(parts["validation"][1])),
        (parts["test"][0], list(parts["test"][1])), loss=[SCORES, SCORES], metrics=(),
        optimizer=adam(3e-3), epochs=14, score=right,
    )  # fmt: skip


def counted() -> Training:
    """How many dots there are, by Poisson's loss."""
    random = np.random.default_rng(80)
    y = random.integers(0, 9, 900)
    x = random.normal(0.1, 0.05, (900, 12, 12))
    for picture, count in zip(x, y, strict=True):
        picture.flat[random.choice(144, count, replace=False)] += 0.7
    model = layers(
        lambda: nn.Input((12, 12, 1)), lambda: L.Conv2D(8, 3, activation="relu"),
        lambda: L.Conv2D(8, 3, activation="relu"), lambda: L.GlobalAveragePooling2D(),
        lambda: L.Dense(16, "relu"), lambda: L.Dense(1, "exponential"),
    )  # fmt: skip
    return Training(
        model, **parted(x[..., None].astype("float32"), y[:, None].astype("float32"), 600, 150),
        loss="poisson", metrics=("mae",), optimizer=adam(3e-3), epochs=20, score=explained,
    )  # fmt: skip


def whole_again() -> Training:
    """Pictures of which three quarters are hidden, made whole; only what was hidden counts."""
    t = cnn()
    random = np.random.default_rng(81)

    def hidden(x: Any) -> Any:
        shown = np.kron(random.random((len(x), 4, 4)) < 0.4, np.ones((1, 2, 2)))[..., None]
        return np.concatenate([x * shown, shown], -1).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return ops.mean(ops.square(y - p))

    def model() -> Any:
        image = nn.Input((8, 8, 2))
        v = L.Dense(96, "gelu")(L.Flatten()(L.Conv2D(16, 2, strides=2)(image)))
        return nn.Model(image, L.Reshape((8, 8, 1))(L.Dense(64)(v)))

    x, held, test = t.x, t.validation[0], t.test[0]
    return t.but(
        model=model, x=hidden(x), y=x, validation=(hidden(held), held),
        test=(hidden(test), test), loss=loss, metrics=(), optimizer=adam(2e-3), score=explained,
    )  # fmt: skip


def sharper() -> Training:
    """Twice as fine, by channels that become places, added to what is drawn larger."""
    t = cnn()

    def model() -> Any:
        image = nn.Input((4, 4, 1))
        v = L.Conv2D(16, 3, padding="same", activation="relu")(image)
        v = L.Conv2D(4, 3, padding="same")(v)
        v = L.Reshape((8, 8, 1))(L.Permute((1, 3, 2, 4))(L.Reshape((4, 4, 2, 2))(v)))
        return nn.Model(image, L.Add()([v, L.UpSampling2D()(image)]))

    def small(x: Any) -> Any:
        return x.reshape(-1, 4, 2, 4, 2, 1).mean((2, 4))

    x, held, test = t.x, t.validation[0], t.test[0]
    return t.but(
        model=model, x=small(x), y=x, validation=(small(held), held), test=(small(test), test),
        loss="mae", metrics=(), optimizer=adam(4e-3), epochs=15, score=explained,
    )  # fmt: skip


def lots_moved() -> Training:
    """Turned a little, moved, lit otherwise, pieces cut out, by a generator; a long training."""
    t = g.arrows()

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(82)
        while True:
            rows = random.integers(0, len(t.x), 32)
            x = t.x[rows] * random.uniform(0.8, 1.2, (32, 1, 1, 1)) + random.normal(0, 0.05)
            x = np.roll(x, random.integers(-1, 2, 2), (1, 2))
            a, b = random.integers(0, 9, 2)
            x[:, a : a + 2, b : b + 2] = 0.2
            yield x.astype("float32"), t.y[rows]

    return t.but(
        x=batches(), y=None, batch_size=None, epochs=25, model=g.arrow_net(),
        fit={"steps_per_epoch": 17},
    )  # fmt: skip


MAKES = {
    "blocks of two": lambda: blocks_of_two(g.shells(), 1e-3),
    "a head that helps": with_helper,
    "inverted residuals": inverted,
    "wide windows by depth": next_net,
    "pieces pasted": pasted,
    "warmed up and down": warmed,
    "entropy and overlap": half_and_half,
    "weights of pixels": weighed_pixels,
    "wider than its pictures": sparse,
    "a second loss that comes in": lambda: own.varied().but(model=Warmed),
    "convolved forgers": convolved,
    "views": views,
    "boxes by Huber": overlapping,
    "maps of heat": heat,
    "less the noise": residue,
    "let free at last": tuned,
    "two digits": two_digits,
    "dots counted": counted,
    "whole again": whole_again,
    "twice as fine, by channels": sharper,
    "lit, moved and cut": lots_moved,
}
HEALTHY = [Healthy(name, "images", make) for name, make in MAKES.items()]
