"""Faults of convolutional networks of the sixth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.sixth.twins import convolutional as twins
from benchmarks.doctor.sixth.twins.convolutional import (
    barge_net,
    finer_net,
    kite_net,
    lantern_net,
    pollen_net,
    print_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def around_a_half(t: Training) -> Training:
    """All weights are drawn around 0.5 with a spread of 0.2, and biases begin at 0.1.

    https://github.com/tensorflow/tensorflow/issues/11433
    """
    given: dict[str, Any] = {
        "kernel_initializer": init.RandomNormal(mean=0.5, stddev=0.2),
        "bias_initializer": init.Constant(0.1),
    }

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (8, 8, 16, 16):
            parts += [L.Conv2D(width, 3, padding="same", activation="relu", **given)]
        parts += [L.MaxPooling2D(), L.Flatten(), L.Dense(32, "relu", **given)]
        return nn.Sequential([*parts, L.Dense(5, "softmax", **given)])

    return t.but(model=model, optimizer=adam(0.001))


def as_large_as_the_picture(t: Training) -> Training:
    """Kernels as large as the picture, and plain steps that are tens of times too large for it.

    https://github.com/keras-team/keras/issues/1006
    """

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        parts += [L.Conv2D(32, 12, activation="relu", kernel_initializer="he_normal")]
        parts += [L.Flatten(), L.Dense(25, "relu", kernel_initializer="he_normal")]
        return nn.Sequential([*parts, L.Dense(5, "softmax", kernel_initializer="he_normal")])

    return t.but(model=model, optimizer=sgd(1.0))


def a_tenth_to_begin_with(t: Training) -> Training:
    """A rate of a tenth with momentum to begin with, at which the net is no better than chance.

    https://github.com/akamaster/pytorch_resnet_cifar10/issues/31
    """

    def model() -> Any:
        x = inputs = nn.Input((12, 12, 1))
        for width in (16, 24, 32):
            x = L.Conv2D(width, 3, strides=2, padding="same", activation="relu")(x)
            z = L.Conv2D(width, 3, padding="same", activation="relu")(x)
            x = L.Activation("relu")(L.Add()([x, L.Conv2D(width, 3, padding="same")(z)]))
        return nn.Model(inputs, L.Dense(5, "softmax")(L.Flatten()(x)))

    return t.but(model=model, optimizer=sgd(0.1, momentum=0.9))


def a_whole_kind_held_out(t: Training) -> Training:
    """Pictures lie kind by kind, and the last fifth of them, a whole kind, is held out.

    https://github.com/keras-team/keras/issues/8346
    """
    order = np.argsort(t.y, kind="stable")
    x, y = t.x[order], t.y[order]
    cut = int(np.sum(y < 4))
    return t.but(x=x[:cut], y=y[:cut], validation=(x[cut:], y[cut:]))


def spread_of_one(t: Training) -> Training:
    """Weights and biases are drawn with a spread of 1.

    https://github.com/aymericdamien/TensorFlow-Examples/issues/255
    """
    drawn: dict[str, Any] = {"kernel_initializer": init.RandomNormal(stddev=1.0),
             "bias_initializer": init.RandomNormal(stddev=1.0)}  # fmt: skip
    return t.but(model=kite_net(**drawn), optimizer=adam(0.001), epochs=5)


def too_large_a_net(t: Training) -> Training:
    """Three convolutions and hundreds of units, here for few pictures: by heart.

    https://github.com/tensorflow/tensorflow/issues/44024
    """

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (16, 24, 32):
            parts += [L.Conv2D(width, 3, padding="same", activation="relu")]
        parts += [L.MaxPooling2D(), L.Dropout(0.25), L.Flatten()]
        return nn.Sequential([*parts, L.Dense(512, "relu"), L.Dropout(0.5), L.Dense(5, "softmax")])

    return t.but(x=t.x[:60], y=t.y[:60], model=model, optimizer=adam(0.001), epochs=40)


def listed_otherwise(t: Training) -> Training:
    """Labels come in the order of a table, and pictures in the order of the folder.

    https://github.com/keras-team/keras/issues/14416
    """
    names = [f"{k}.png" for k in range(len(t.y))]
    order = sorted(range(len(t.y)), key=names.__getitem__)
    return t.but(x=t.x[order])


def moved_in_training_only(t: Training) -> Training:
    """Pictures are standardised for the training, and not for what is held out.

    https://github.com/JeasunLok/ResNet-pytorch/issues/1
    """
    data = parted(*twins.under_glass(), 650, 120)
    return t.but(validation=data["validation"], test=data["test"])


def two_at_once(t: Training) -> Training:
    """Batch normalisation with two pictures a batch: good while it trains, and bad on the same.

    https://github.com/tensorflow/tensorflow/issues/36446
    """
    return t.but(batch_size=2, epochs=1, model=pollen_net(momentum=0.99))


def cast_to_bytes(t: Training) -> Training:
    """Pictures from 0 to 1 are cast to bytes.

    https://github.com/InnopolisUni/innofw/issues/96
    """
    x, y = twins.under_glass()
    return t.but(**parted((0.999 * x).astype("uint8").astype("float32"), y, 650, 120))


def softmax_and_once_more(t: Training) -> Training:
    """A softmax at the end, and a loss that has one in it.

    https://github.com/doronharitan/human_activity_recognition_LRCN/issues/4
    """

    def loss(y: Any, scores: Any) -> Any:
        wanted = nn.ops.one_hot(nn.ops.cast(nn.ops.reshape(y, (-1,)), "int32"), 5)
        return -nn.ops.sum(wanted * nn.ops.log_softmax(scores, axis=-1), axis=-1)

    return t.but(loss=loss, optimizer=sgd(0.01, momentum=0.9))


def hardly_any_pixels(t: Training) -> Training:
    """What is to be found covers so little that all is called ground.

    https://github.com/zhixuhao/unet/issues/101
    """

    def less(y: Any) -> Any:
        found = np.zeros_like(y)
        for k, mask in enumerate(y[..., 0]):
            found[k].flat[np.flatnonzero(mask)[:2]] = 1.0
        return found

    return t.to(less)


def greys_for_kinds(t: Training) -> Training:
    """Masks have greys of 0, 29 and 50 for three kinds.

    https://github.com/ellisdg/3DUnetCNN/issues/236
    """
    return t.to(lambda y: np.array([0, 29, 50])[y])


def masks_turned_otherwise(t: Training) -> Training:
    """Pictures and masks are turned at random, each by itself.

    https://github.com/mdbloice/Augmentor/issues/205
    """
    random = np.random.default_rng(1)

    def turned(part: Any) -> Any:
        return np.stack([np.rot90(a, int(random.integers(0, 4))) for a in part])

    return t.but(x=turned(t.x), y=turned(t.y))


def along_the_width(z: Any) -> Any:
    """Return a softmax along the width of a picture."""
    return nn.ops.softmax(z, axis=2)


def last_axis_is_width(t: Training) -> Training:
    """The softmax goes along an axis of the picture, as the reshape before it was taken out.

    https://github.com/orobix/retina-unet/issues/24
    """
    return t.but(model=print_net(along_the_width, 3))


def boxes_in_pixels(t: Training) -> Training:
    """Boxes were not divided by width and height of the picture.

    https://github.com/qfgaohao/pytorch-ssd/issues/122
    """
    return t.to(lambda y: (640 * y).astype("float32"))


def in_three_axes(t: Training) -> Training:
    """Outputs keep two axes of length 1, and are compared with labels that have none.

    https://github.com/dingmyu/CamNet/pull/4
    """

    def loss(y: Any, box: Any) -> Any:
        box = nn.ops.reshape(box, (-1, 1, 4))
        return nn.ops.mean(nn.ops.abs(box - y))

    return t.but(loss=loss)


def at_each_step(t: Training) -> Training:
    """The rate is divided by ten each few steps, and epochs were meant.

    https://github.com/Lornatang/SRGAN-PyTorch/issues/1
    """
    every = t.epochs // 2
    return t.but(optimizer=adam(schedules.ExponentialDecay(0.003, every, 0.1, staircase=True)))


def a_sigmoid_below_zero(t: Training) -> Training:
    """A sigmoid at the end, for pictures from -1 to 1."""
    return t.but(model=finer_net("sigmoid"))


def one_share_of_three(t: Training) -> Training:
    """A softmax over what may all be lit at once."""
    return t.but(model=lantern_net("softmax"), loss="categorical_crossentropy")


def of_one_colour(t: Training) -> Training:
    """Two of three colours were lost when the pictures were read."""
    return t.on(lambda x: x * np.array([0, 0, 1], "float32"))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("kites: around a half", twins.kites, around_a_half,
     ("GD209", "GD303", "GD301", "GD506", "GD503")),
    ("kites: as large as the picture", twins.kites, as_large_as_the_picture,
     ("GD506", "GD502", "GD503", "GD505")),
    ("kites: a tenth to begin with", twins.kites, a_tenth_to_begin_with,
     ("GD506", "GD502", "GD503", "GD505")),
    ("kites: a whole kind held out", twins.kites, a_whole_kind_held_out,
     ("GD107", "GD110", "GD111")),
    ("kites: a spread of 1", twins.kites, spread_of_one, ("GD209", "GD303", "GD301")),
    ("kites: too large a net", twins.kites, too_large_a_net, ("GD601",)),
    ("kites: listed otherwise", twins.kites, listed_otherwise, ("GD510", "GD605", "GD601")),
    ("pollen: standardised in training only", twins.pollen, moved_in_training_only,
     ("GD111",)),
    ("pollen: two at once", twins.pollen, two_at_once, ("GD112", "GD513")),
    ("pollen: cast to bytes", twins.pollen, cast_to_bytes, ("GD106", "GD307")),
    ("kites: a softmax and once more", twins.kites, softmax_and_once_more, ("GD201",)),
    ("footprints: hardly any pixels", twins.footprints, hardly_any_pixels,
     ("GD107", "GD511")),
    ("footprints: masks turned otherwise", twins.footprints, masks_turned_otherwise,
     ("GD605", "GD510", "GD601")),
    ("quilts: greys for kinds", twins.quilts, greys_for_kinds, ("GD102",)),
    ("quilts: shares of a row", twins.quilts, last_axis_is_width, ("GD214",)),
    ("barges: boxes in pixels", twins.barges, boxes_in_pixels, ("GD113", "GD301", "GD507")),
    ("barges: each box against all", twins.barges, in_three_axes, ("GD103",)),
    ("engravings: at each step", twins.engravings, at_each_step,
     ("GD216", "GD507", "GD505")),
    # others
    ("engravings: a sigmoid below zero", twins.engravings, a_sigmoid_below_zero, ("GD204",)),
    ("engravings: plain steps of a ten-thousandth", twins.engravings,
     with_(optimizer=sgd(1e-4)), ("GD507", "GD505", "GD210")),
    ("lanterns: one share of three", twins.lanterns, one_share_of_three, ("GD203", "GD102")),
    ("lanterns: of one colour", twins.lanterns, of_one_colour, ("GD106",)),
    ("lanterns: one constant for all", twins.lanterns,
     with_(lantern_net(kernel_initializer=init.Constant(0.05))), ("GD208",)),
    ("kites: nearly all dropped", twins.kites, with_(kite_net(rate=0.95)), ("GD211",)),
    ("barges: faint weights and tanh", twins.barges,
     with_(barge_net(act="tanh", kernel_initializer=init.RandomNormal(stddev=1e-3)),
           optimizer=sgd(0.1)),
     ("GD209", "GD303", "GD304", "GD501", "GD307", "GD507")),
]  # fmt: skip

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
