"""What people ask about images."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import conv, flat, normalised, pool, stack
from benchmarks.doctor.tables import digits, layers, split
from benchmarks.doctor.training import Training, explained

L = nn.layers


def photos() -> Training:
    """Blobs or crosses in three channels, of 0 to 1: the cats and dogs of this file."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 1000)
    at = np.arange(12)
    rows, columns = np.meshgrid(at, at, indexing="ij")
    centre = random.uniform(3, 8, (1000, 2, 1, 1))
    away = rows - centre[:, 0], columns - centre[:, 1]
    blob = np.exp(-(away[0] ** 2 + away[1] ** 2) / 6)
    cross = np.exp(-np.minimum(away[0] ** 2, away[1] ** 2) * 2) * (
        np.maximum(abs(away[0]), abs(away[1])) < 3.5
    )
    grey = np.where(y[:, None, None] == 1, blob, cross)[..., None]
    colour = random.uniform(0.4, 1, (1000, 1, 1, 3))
    x = (0.8 * grey * colour + random.uniform(0, 0.2, (1000, 12, 12, 3))).astype("float32")
    return Training(
        binary(),
        **split(x[:750], y[:750]),
        test=(x[750:], y[750:]),
        loss="binary_crossentropy",
        optimizer=adam(3e-3),
        epochs=12,
    )


def binary(
    *before: Any, act: Any = "relu", end: Any = "sigmoid", last: int = 1, **given: Any
) -> Any:
    """Return what makes a small convolutional network."""
    return layers(
        lambda: nn.Input((12, 12, 3)),
        *before,
        lambda: L.Conv2D(8, 3, activation=act, **given),
        lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(16, 3, activation=act, **given),
        lambda: L.MaxPooling2D(),
        lambda: L.Flatten(),
        lambda: L.Dense(16, act, **given),
        lambda: L.Dense(last, end),
    )


def masks() -> Training:
    """A mask of where the bright blob is: a small segmentation."""
    random = np.random.default_rng(1)
    at = np.arange(12)
    rows, columns = np.meshgrid(at, at, indexing="ij")
    centre = random.uniform(3, 8, (500, 2, 1, 1))
    y = ((rows - centre[:, 0]) ** 2 + (columns - centre[:, 1]) ** 2 < 6).astype("float32")[
        ..., None
    ]
    x = (0.6 * y + random.uniform(0, 0.5, y.shape)).astype("float32")

    def found(model: Any, training: Training) -> float:
        x, y = training.test
        p = np.asarray(model.predict(x, verbose=0)) > 0.5
        return float((p & (y > 0.5)).sum() / max(1, (p | (y > 0.5)).sum()))

    return Training(
        layers(
            lambda: nn.Input((12, 12, 1)),
            lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
            lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
            lambda: L.Conv2D(1, 1, activation="sigmoid"),
        ),
        **split(x[:400], y[:400]),
        test=(x[400:], y[400:]),
        loss="binary_crossentropy",
        optimizer=adam(5e-3),
        epochs=12,
        score=found,
    )


def coder() -> Training:
    """An autoencoder of digits."""
    t = digits()
    return t.but(
        model=layers(
            lambda: nn.Input((64,)),
            lambda: L.Dense(32, "relu"),
            lambda: L.Dense(64, "sigmoid"),
        ),
        y=t.x,
        validation=(t.validation[0],) * 2,
        test=(t.test[0],) * 2,
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(3e-3),
        epochs=12,
    )


def bytes_only_held(t: Training) -> Training:
    """Training rows over 255, validation and test as they came."""
    return t.but(
        validation=(t.validation[0] * 255, t.validation[1]), test=(t.test[0] * 255, t.test[1])
    )


def one_raw(t: Training) -> Training:
    """One image was forgotten when the others were scaled."""
    x = np.array(t.x)
    x[5] *= 5200
    return t.but(x=x)


def turned(t: Training) -> Training:
    """Channels first, put right by a reshape instead of a transposition; labels of one class."""
    return t.on(lambda x: x.transpose(0, 3, 1, 2).reshape(x.shape))


def deep_sigmoid(t: Training) -> Training:
    """Sigmoids everywhere, and a plain SGD."""
    many = [conv(8, "sigmoid")] * 5
    return t.but(
        model=stack(*many, flat, shape=(12, 12, 3), last=2),
        loss="sparse_categorical_crossentropy",
        optimizer=sgd(0.01),
    )


def batch_reshaped(t: Training) -> Training:
    """Transposes batch and width before it flattens."""

    def model() -> Any:
        def swapped(z: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(z, (1, 0, 2, 3)), (-1, 432))

        return nn.Sequential(
            [nn.Input((12, 12, 3)), L.Lambda(swapped), L.Dense(16, "relu"), L.Dense(1, "sigmoid")]
        )

    return t.but(model=model)


FAULTS = [
    # http://pullrequest.ru/10248037, https://github.com/keras-team/keras/issues/3613
    Fault(
        "photos: bytes, by SGD", "images", photos,
        lambda t: t.on(lambda x: x * 255).but(optimizer=sgd(0.01)), ("GD104",),
    ),
    # https://github.com/keras-team/keras/issues/13517, /7187
    Fault("photos: only training images over 255", "images", photos, bytes_only_held, ("GD111",)),
    # https://github.com/keras-team/keras/issues/12400
    Fault("photos: one image of 750 not scaled", "images", photos, one_raw, ("GD104",)),
    # https://github.com/keras-team/keras/issues/10063: two outputs, labels in one column
    Fault(
        "photos: softmax of one unit", "images", photos,
        lambda t: t.but(model=binary(end="softmax")), ("GD203", "GD214"),
    ),
    Fault(
        "photos: no sigmoid before a binary loss", "images", photos,
        lambda t: t.but(model=binary(end=None)), ("GD202",),
    ),
    Fault(
        "photos: ReLU before a binary loss", "images", photos,
        lambda t: t.but(model=binary(end="relu")), ("GD202", "GD205", "GD204", "GD203"),
    ),
    # https://github.com/keras-team/keras/issues/1597: a convolution without an activation
    Fault(
        "photos: no activation anywhere", "images", photos,
        lambda t: t.but(model=layers(
            lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(8, 3), lambda: L.Conv2D(16, 3),
            lambda: L.Flatten(), lambda: L.Dense(16), lambda: L.Dense(1, "sigmoid"))),
        ("GD207",),
    ),
    Fault("photos: five sigmoid convolutions", "images", photos, deep_sigmoid,
          ("GD304", "GD501", "GD303", "GD307", "GD507")),
    Fault(
        "photos: Adam of 0.1", "images", photos, lambda t: t.but(optimizer=adam(0.1)),
        ("GD506", "GD502", "GD503"),
    ),
    # https://github.com/apache/mxnet/issues/2282 and many more: forty images
    Fault(
        "photos: forty images by heart", "images", photos,
        lambda t: t.but(x=t.x[:40], y=np.where(np.arange(40) % 4 == 0, 1 - t.y[:40], t.y[:40]),
                        epochs=120),
        ("GD601", "GD605"),
    ),
    Fault(
        "photos: the base is frozen at random", "images", photos,
        lambda t: t.but(model=binary(trainable=False, kernel_initializer=
                                     nn.initializers.RandomNormal(stddev=0.01))),
        ("GD212", "GD303", "GD209", "GD304", "GD602"),
    ),
    Fault("photos: axes of the batch swapped", "images", photos, batch_reshaped, ("GD308",)),
    # https://github.com/tensorflow/tensorflow/issues/48837
    Fault(
        "digits: momentum of 0.9999 in the norms", "images", normalised,
        lambda t: t.but(model=stack(conv(16, norm=True, momentum=0.9999), pool,
                                    conv(32, norm=True, momentum=0.9999), pool, flat)),
        ("GD513",),
    ),
    # https://github.com/qubvel/segmentation_models/issues/74: masks of 0 and 255
    Fault("masks: of 0 and 255", "images", masks, lambda t: t.to(lambda y: y * 255), ("GD102",)),
    Fault(
        "masks: softmax over one channel", "images", masks,
        lambda t: t.but(model=layers(
            lambda: nn.Input((12, 12, 1)),
            lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
            lambda: L.Conv2D(1, 1, activation="softmax"))),
        ("GD203", "GD214"),
    ),
    Fault(
        "coder: targets of 0 to 255 behind a sigmoid", "images", coder,
        lambda t: t.to(lambda y: y * 255), ("GD204",),
    ),
    Fault(
        "coder: ReLU that dies, one unit between", "images", coder,
        lambda t: t.but(model=layers(
            lambda: nn.Input((64,)),
            lambda: L.Dense(1, "relu", bias_initializer=nn.initializers.Constant(-9.0)),
            lambda: L.Dense(64, "sigmoid"))),
        ("GD305", "GD503", "GD307"),
    ),
]  # fmt: skip
