"""Healthy programs on images, in the manner of published examples, a further time."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.images import cnn
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.threads import albums as a
from benchmarks.doctor.threads.albums_faults import from_data, plain_cleaner
from benchmarks.doctor.threads.fine import none
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops
schedules = nn.optimizers.schedules


def separable() -> Training:
    """Bytes, scaled and mirrored in the model; separable windows with norms and ways across."""

    def model() -> Any:
        image = nn.Input((12, 12, 3))
        v = L.Rescaling(1 / 255)(L.RandomFlip("horizontal")(image))
        v = L.ReLU()(L.BatchNormalization(momentum=0.9)(L.Conv2D(12, 3, padding="same")(v)))
        for width in (16, 24):
            w = L.SeparableConv2D(width, 3, padding="same")(v)
            w = L.ReLU()(L.BatchNormalization(momentum=0.9)(w))
            w = L.MaxPooling2D(3, strides=2, padding="same")(L.SeparableConv2D(
                width, 3, padding="same")(w))  # fmt: skip
            v = L.Add()([w, L.Conv2D(width, 1, strides=2, padding="same")(v)])
        v = L.Dropout(0.25)(L.GlobalAveragePooling2D()(v))
        return nn.Model(image, L.Dense(4, None)(v))

    return a.tiles().on(lambda x: x * 255).but(
        model=model, loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


class Shuffled(nn.data.PyDataset):
    """Batches of rows that are drawn anew for each epoch."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y, self.order = x, y, np.arange(len(x))
        self.random = np.random.default_rng(3)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.x) // 32)

    def __getitem__(self, index: int) -> Any:
        rows = self.order[32 * index : 32 * index + 32]
        return self.x[rows] / np.float32(255), self.y[rows]

    def on_epoch_end(self) -> None:
        self.random.shuffle(self.order)


def by_index() -> Training:
    """A data set of one's own, with rows of 0 and 1, and one more for what is held out."""
    t = a.one_hot_tiles().on(lambda x: x * 255)
    held = Shuffled(*t.validation)
    test = ((t.test[0] / 255).astype("float32"), t.test[1])
    return t.but(x=Shuffled(t.x, t.y), y=None, validation=held, test=test, batch_size=None)


def mapped() -> Training:
    """A data set that is cached, shuffled, batched, augmented and fetched ahead."""
    t = a.tiles()
    flip = L.RandomFlip("horizontal_and_vertical")
    data = nn.data.Dataset.from_tensor_slices((t.x, t.y)).cache().shuffle(600).batch(32)
    return from_data(t, data.map(lambda x, y: (flip(x, training=True), y)).prefetch(2))


def last_block() -> Training:
    """The last layers of a trunk are let free, with small steps."""
    t = a.on_a_trunk()

    def model() -> Any:
        body, image = a.trunk(), nn.Input((12, 12, 3))
        for layer in body.layers[:-2]:
            layer.trainable = False
        v = L.Dropout(0.2)(body(image))
        return nn.Model(image, L.Dense(1, "sigmoid")(v))

    return t.but(model=model, optimizer=lambda: nn.optimizers.RMSprop(1e-3), epochs=10)


def in_part() -> Training:
    """Pixels whose kind nobody knows are left out of the loss."""
    random = np.random.default_rng(97)
    t = a.blots()
    y = np.where(random.random(t.y.shape) < 0.3, 255, t.y)
    loss = nn.losses.SparseCategoricalCrossentropy(ignore_class=255)
    return t.but(y=y, loss=loss, validation=None)


def focal() -> Training:
    """A focal entropy for masks of which little is marked."""
    return a.one_kind(nn.losses.BinaryFocalCrossentropy(gamma=2.0)).but(epochs=25)


def tversky() -> Training:
    """What is missed costs more than what is too much."""

    def loss(y: Any, p: Any) -> Any:
        hit = ops.sum(y * p, axis=(1, 2, 3))
        missed = ops.sum(y * (1 - p), axis=(1, 2, 3))
        more = ops.sum((1 - y) * p, axis=(1, 2, 3))
        return 1 - ops.mean((hit + 1) / (hit + 0.7 * missed + 0.3 * more + 1))

    return a.one_kind(loss).but(optimizer=adam(3e-3), epochs=25)


def normed_masks() -> Training:
    """Two convolutions with norms at each size, dropout at the bottom."""

    def two(x: Any, width: int) -> Any:
        for _ in range(2):
            x = L.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = L.ReLU()(L.BatchNormalization(momentum=0.9)(x))
        return x

    def model() -> Any:
        image = nn.Input((12, 12, 1))
        high = two(image, 8)
        mid = two(L.MaxPooling2D()(high), 16)
        low = L.Dropout(0.3)(two(L.MaxPooling2D()(mid), 24))
        up = L.Concatenate()([mid, L.Conv2DTranspose(16, 2, strides=2)(low)])
        up = L.Concatenate()([high, L.Conv2DTranspose(8, 2, strides=2)(two(up, 16))])
        return nn.Model(image, L.Conv2D(3, 1, activation="softmax")(two(up, 8)))

    return a.blots().but(model=model, epochs=10)


def drives() -> Training:
    """Degrees as shares, ELUs, dropout, the picture's edge cut off."""
    model = layers(
        lambda: nn.Input((13, 13, 1)), lambda: L.Lambda(lambda x: 2 * x - 1.2),
        lambda: L.Cropping2D(((0, 2), (0, 0))), lambda: L.Conv2D(12, 3, activation="elu"),
        lambda: L.Conv2D(16, 3, strides=2, activation="elu"), lambda: L.Dropout(0.2),
        lambda: L.Flatten(), lambda: L.Dense(32, "elu"), lambda: L.Dense(1),
    )  # fmt: skip
    return a.dials().but(model=model, optimizer=adam(1e-3), epochs=20, metrics=("mae",))


def sine_and_cosine() -> Training:
    """An angle as a point on the circle."""
    t = a.dials().to(lambda y: np.concatenate(
        [np.sin(np.deg2rad(60 * y)), np.cos(np.deg2rad(60 * y))], 1).astype("float32"))  # fmt: skip
    return t.but(model=layers(
        lambda: nn.Input((13, 13, 1)), lambda: L.Conv2D(12, 3, strides=2, activation="relu"),
        lambda: L.Flatten(), lambda: L.Dense(32, "relu"), lambda: L.Dense(2, "tanh"),
    ))  # fmt: skip


def patches() -> Training:
    """Attention between nine patches, a place for each, layer norms first."""

    def model() -> Any:
        image = nn.Input((12, 12, 3))
        v = L.Reshape((9, 24))(L.Conv2D(24, 4, strides=4)(image))
        v = L.PositionEmbedding(9)(v) + v
        for _ in range(2):
            w = L.LayerNormalization()(v)
            v = L.Add()([v, L.MultiHeadAttention(3, 8)(w, w)])
            w = L.Dense(48, "gelu")(L.LayerNormalization()(v))
            v = L.Add()([v, L.Dropout(0.1)(L.Dense(24)(w))])
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(image, L.Dense(4, "softmax")(v))

    return a.tiles().but(
        model=model, optimizer=lambda: nn.optimizers.AdamW(2e-3, weight_decay=1e-3), epochs=15
    )


def adapted() -> Training:
    """Bytes behind a layer that has seen their mean and spread."""
    t = a.tiles().on(lambda x: x * 255)

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(t.x)
        return a.tile_net(lambda: scale)()

    return t.but(model=model)


def stopped() -> Training:
    """Rare kinds weigh more; smaller steps where it stands still, and a stop."""
    return a.rare_tiles().but(epochs=30, fit={
        "class_weight": {0: 0.3, 1: 2.4, 2: 2.4, 3: 2.4},
        "callbacks": [nn.callbacks.ReduceLROnPlateau(patience=3, factor=0.3),
                      nn.callbacks.EarlyStopping(patience=6, restore_best_weights=True)],
    })  # fmt: skip


class Pupil(nn.Model):
    """A small net that is taught by the scores of a larger one, and by the kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.teacher = a.tile_net(end=None)(), a.learnt()
        self.teacher.trainable = False

    def call(self, x: Any) -> Any:
        return self.net(x)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, **_: Any) -> Any:
        hard = nn.losses.sparse_categorical_crossentropy(y, y_pred, from_logits=True)
        near = nn.losses.categorical_crossentropy(self.teacher(x), y_pred, from_logits=True)
        return ops.mean(hard) + 0.3 * ops.mean(near)


def taught() -> Training:
    """Tiles by a pupil."""
    return a.tiles().but(model=Pupil, loss=None, epochs=12)


def much_changed() -> Training:
    """Light, contrast, a little turn and zoom, in the model; momentum, a cosine."""
    before = [lambda: L.RandomRotation(0.02), lambda: L.RandomZoom(0.1),
              lambda: L.RandomContrast(0.2), lambda: L.RandomBrightness(0.1, (0, 1))]  # fmt: skip
    return a.tiles().but(
        model=a.tile_net(*before), epochs=15,
        optimizer=sgd(schedules.CosineDecay(0.05, 280), momentum=0.9),
    )  # fmt: skip


def ones_only() -> Training:
    """An autoencoder of one kind, by which others are found."""
    t = a.coded()
    digits = cnn()
    rows = digits.y == 0
    held = digits.validation[0][digits.validation[1] == 0]
    return t.but(x=t.x[rows], y=t.x[rows], validation=(held, held), batch_size=16, epochs=30,
                 score=none)  # fmt: skip


def in_colour() -> Training:
    """Colours of a grey picture, from -1 to 1, by a tanh."""
    t = a.tiles()

    def grey(x: Any) -> Any:
        return x.mean(-1, keepdims=True)

    def colours(x: Any) -> Any:
        return (2 * x - 1).astype("float32")

    x, held, test = t.x, t.validation[0], t.test[0]
    return t.but(
        x=grey(x), y=colours(x), validation=(grey(held), colours(held)),
        test=(grey(test), colours(test)), loss="mae", metrics=(), score=explained, epochs=8,
        model=layers(
            lambda: nn.Input((12, 12, 1)),
            *[lambda: L.Conv2D(16, 3, padding="same", activation="relu")] * 2,
            lambda: L.Conv2D(3, 3, padding="same", activation="tanh")),
    )  # fmt: skip


def by_squares() -> Training:
    """One makes digits from noise, the other tells them by squares of how far from 0 and 1."""
    from benchmarks.doctor.threads.galleries_own import Adversaries, forgers

    class Squares(Adversaries):
        def train_step(self, data: Any) -> dict[str, Any]:
            x = data[0] if isinstance(data, tuple) else data
            noise = nn.random.normal((ops.shape(x)[0], 16))

            def judged() -> Any:
                true, made = self.judge(x), self.judge(self.maker(noise))
                return ops.mean(ops.square(true - 1)) + ops.mean(ops.square(made))

            def fooled() -> Any:
                return ops.mean(ops.square(self.judge(self.maker(noise)) - 1))

            of_judge, grads = nn.value_and_grad(judged, parameters=self.judge)()
            self.judges.apply(grads, self.judge)
            of_maker, grads = nn.value_and_grad(fooled, parameters=self.maker)()
            self.makers.apply(grads, self.maker)
            return {"d_loss": of_judge, "g_loss": of_maker}

    return forgers().but(model=Squares, score=none)


def middles() -> Training:
    """The middle of a blot as two shares, by a sigmoid and a mean absolute error."""
    random = np.random.default_rng(98)
    at, down = random.uniform(2, 10, (700, 2)), np.arange(12.0)
    away = np.hypot(down[None, :, None] - at[:, :1, None], down[None, None] - at[:, 1:, None])
    x = (np.exp(-(away**2) / 3) + random.normal(0, 0.1, away.shape))[..., None].astype("float32")
    return Training(
        layers(
            lambda: nn.Input((12, 12, 1)), lambda: L.Conv2D(8, 3, activation="relu"),
            lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(32, "relu"),
            lambda: L.Dense(2, "sigmoid")),
        **parted(x, (at / 12).astype("float32"), 500, 80), loss="mae", metrics=(),
        optimizer=adam(2e-3), epochs=15, score=explained,
    )  # fmt: skip


MAKES = {
    "separable windows": separable,
    "by index": by_index,
    "cached, mapped, fetched": mapped,
    "the last block of a trunk": last_block,
    "pixels left out": in_part,
    "a focal entropy": focal,
    "missed costs more": tversky,
    "norms at each size": normed_masks,
    "a wheel by ELUs": drives,
    "sine and cosine of a hand": sine_and_cosine,
    "nine patches": patches,
    "a layer that was adapted": adapted,
    "rare kinds, and a stop": stopped,
    "a pupil": taught,
    "light and contrast": much_changed,
    "zeros only, coded": ones_only,
    "colours of grey": in_colour,
    "forgers by squares": by_squares,
    "middles of blots": middles,
    "noise told": lambda: plain_cleaner(False),
    "vectors of length one": a.triplets,
    "a code that costs little": a.drawn,
}
HEALTHY = [Healthy(name, "images", make) for name, make in MAKES.items()]
