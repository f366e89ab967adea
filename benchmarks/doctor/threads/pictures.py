"""What people ask about images, read again: masks, grey reconstructions, scales."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import cnn, conv, flat, normalised, pool, stack
from benchmarks.doctor.tables import layers, scaled, split
from benchmarks.doctor.threads.images import binary, coder, masks, photos
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def standard(t: Training) -> Training:
    """Pixels with mean 0 and spread 1, as inputs and as what is to be rebuilt."""
    x, held, test = (scaled(a, t.x) for a in (t.x, t.validation[0], t.test[0]))
    keep = t.x.std(0) > 0
    x, held, test = (a[:, keep] for a in (x, held, test))
    return t.but(x=x, y=x, validation=(held, held), test=(test, test))


def standard_coder() -> Training:
    """An autoencoder of standardised pixels, whose end is linear."""
    t = standard(coder())
    return t.but(model=rebuilt(t.x.shape[1]))


def rebuilt(pixels: int, width: int = 32, act: Any = "relu", end: Any = None) -> Any:
    """Return what makes an autoencoder."""
    return layers(
        lambda: nn.Input((pixels,)),
        lambda: L.Dense(width, act),
        lambda: L.Dense(pixels, end),
    )


def overlap(y: Any, p: Any) -> Any:
    """Dice of masks: 1 is perfect."""
    both = ops.sum(y * p, axis=(1, 2, 3))
    return (2 * both + 1) / (ops.sum(y, axis=(1, 2, 3)) + ops.sum(p, axis=(1, 2, 3)) + 1)


def dice(y: Any, p: Any) -> Any:
    """One minus the overlap."""
    return 1 - ops.mean(overlap(y, p))


def by_dice() -> Training:
    """Masks by the overlap."""
    return masks().but(loss=dice)


def segments(*end: Any) -> Any:
    """Return what makes a small network from images to masks."""
    return layers(
        lambda: nn.Input((12, 12, 1)),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
        lambda: L.Conv2D(8, 3, padding="same", activation="relu"),
        *end,
    )


def specks() -> Training:
    """One pixel of 140 is a speck; its error counts 40 times."""
    random = np.random.default_rng(1)
    y = np.zeros((600, 12, 12, 1), "float32")
    y[np.arange(600), random.integers(0, 12, 600), random.integers(0, 12, 600)] = 1
    x = (0.9 * y + random.uniform(0, 0.8, y.shape)).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return -ops.mean(40 * y * ops.log(p + 1e-6) + (1 - y) * ops.log(1 - p + 1e-6))

    def found(model: Any, training: Training) -> float:
        x, y = training.test
        p = np.asarray(model.predict(x, verbose=0)) > 0.5
        return float((p & (y > 0.5)).sum() / max(1, (y > 0.5).sum()))

    return masks().but(
        **split(x[:480], y[:480]), test=(x[480:], y[480:]), loss=loss, score=found, epochs=8,
        model=segments(lambda: L.Conv2D(1, 1, activation="sigmoid")),
    )  # fmt: skip


def large(t: Training) -> Training:
    """tf.random_normal as it comes: a standard deviation of 1."""
    wide = nn.initializers.RandomNormal(stddev=1.0)
    return t.but(model=binary(kernel_initializer=wide), optimizer=adam(1e-3))


def decayed(t: Training) -> Training:
    """The old `decay=` of SGD, taken for that of weights."""
    rate = nn.optimizers.schedules.InverseTimeDecay(0.05, 1, 5.0)
    return t.but(optimizer=sgd(rate, momentum=0.9))


def rescaled(t: Training) -> Training:
    """Over 255 by hand, and by a layer once more."""
    return t.but(model=binary(lambda: L.Rescaling(1 / 255)), optimizer=sgd(0.05))


def frozen_norm() -> list[Any]:
    """A convolution and a norm that works as in prediction, as it was told for the base."""
    return [L.Conv2D(16, 3, padding="same"), L.BatchNormalization(trainable=False), L.ReLU()]


FAULTS = [
    # https://github.com/jakeret/tf_unet/issues/234, https://github.com/ellisdg/3DUnetCNN/issues/75
    Fault("specks: all is background", "images", specks,
          lambda t: t.but(loss="binary_crossentropy"), ("GD107", "GD511", "GD510", "GD508")),
    # https://github.com/keras-team/keras/issues/6498: a grey image
    Fault(
        "masks: ReLU, then a sigmoid", "images", masks,
        lambda t: t.but(model=segments(lambda: L.Conv2D(1, 1, activation="relu"),
                                       lambda: L.Activation("sigmoid"))),
        ("GD205", "GD204"),
    ),
    # https://github.com/milesial/Pytorch-UNet/issues/173: the coefficient itself as the loss
    Fault("masks: the overlap is made small", "images", by_dice,
          lambda t: t.but(loss=lambda y, p: ops.mean(overlap(y, p))), ("GD203", "GD510", "GD511")),
    # https://github.com/ovh/ai-training-examples/issues/111: Dice of masks of 0 and 255
    Fault("masks: overlap of masks of 0 and 255", "images", by_dice,
          lambda t: t.to(lambda y: y * 255), ("GD102", "GD204")),
    # https://github.com/lanenet/399: a softmax over the only channel, and Dice
    Fault(
        "masks: Dice of a softmax of one channel", "images", by_dice,
        lambda t: t.but(model=segments(lambda: L.Conv2D(1, 1, activation="softmax"))),
        ("GD203", "GD214", "GD307"),
    ),
    # https://blog.emmanuelcaradec.com/generating-mnist-images-from-an-autoencoder-model-in-keras
    Fault("coder: softmax over all pixels", "images", coder,
          lambda t: t.but(model=rebuilt(64, end="softmax"), loss="binary_crossentropy"),
          ("GD203", "GD204")),
    # adeautomobile.co.uk/post/output-of-autoencoder-is-independent-of-input-to-autoencoder
    Fault("standard coder: a sigmoid at the end", "images", standard_coder,
          lambda t: t.but(model=rebuilt(t.x.shape[1], end="sigmoid")), ("GD204",)),
    Fault("standard coder: a binary loss", "images", standard_coder,
          lambda t: t.but(model=rebuilt(t.x.shape[1], end="sigmoid"), loss="binary_crossentropy"),
          ("GD204", "GD102", "GD203")),
    Fault("standard coder: ReLU at the end", "images", standard_coder,
          lambda t: t.but(model=rebuilt(t.x.shape[1], end="relu")), ("GD204",)),
    Fault("coder: a code of one number", "images", coder,
          lambda t: t.but(model=rebuilt(64, width=1, end="sigmoid")),
          ("GD602", "GD508", "GD305", "GD503", "GD207")),
    Fault("photos: over 255 twice", "images", lambda: photos().but(optimizer=sgd(0.05), epochs=20),
          rescaled, ("GD104", "GD303", "GD307", "GD507")),
    # https://errorhandle.ai/loss-and-accuracy-are-0-when-using-a-neural-network-with-a-single-...
    Fault("photos: a categorical loss of one sigmoid", "images", photos,
          lambda t: t.but(loss="categorical_crossentropy", y=t.y[:, None],
                          validation=(t.validation[0], t.validation[1][:, None])), ("GD203",)),
    Fault("photos: decay of 5 in SGD", "images", photos, decayed, ("GD216", "GD507", "GD505")),
    # https://stackoverflow.com/questions/36498127 and many of TensorFlow 1
    Fault("photos: weights as wide as random_normal", "images", photos, large,
          ("GD209", "GD301", "GD303", "GD304")),
    Fault(
        "photos: ReLU on two scores", "images", photos,
        lambda t: t.but(model=binary(last=2, end="relu"),
                        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("GD205",),
    ),
    # https://github.com/keras-team/keras/pull/9965: norms that stand still
    Fault(
        "normalised: bytes, and norms told that they are not in training", "images", normalised,
        lambda t: t.on(lambda x: x * 255).but(model=stack(
            frozen_norm, pool, conv(32), pool, flat), optimizer=sgd(0.05)),
        ("GD104", "GD212", "GD513"),
    ),
    Fault("cnn: Adam of 1", "images", cnn, lambda t: t.but(optimizer=adam(1.0)),
          ("GD506", "GD502", "GD503", "GD505")),
    Fault(
        "cnn: pooled until nothing is left", "images", cnn,
        lambda t: t.but(model=stack(conv(4), pool, conv(4), pool, conv(2), pool, flat)),
        ("GD602", "GD508"),
    ),
]  # fmt: skip
