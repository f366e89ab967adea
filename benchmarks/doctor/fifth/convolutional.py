"""Faults of convolutional networks of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fifth.twins import convolutional as twins
from benchmarks.doctor.fifth.twins.convolutional import (
    clean_net,
    knock_net,
    land_net,
    leaf_net,
    pointer_net,
    rune_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def labels_taken_first(t: Training) -> Training:
    """Pictures are shuffled after the labels were taken.

    https://github.com/Borda/kaggle_image-classify/pull/12
    """
    return t.but(x=np.random.default_rng(1).permutation(t.x))


def slow_figures(t: Training) -> Training:
    """Batch normalisation's running figures move by a hundredth, for few steps.

    https://github.com/keras-team/keras/issues/10666
    """
    return t.but(model=leaf_net(momentum=0.99), epochs=2)


def last_kind_held_out(t: Training) -> Training:
    """The pictures lie kind by kind and are cut without shuffling: the last kind is never seen.

    https://github.com/khanrc/pt.darts/issues/24
    """
    order = np.argsort(t.y, kind="stable")
    x, y = t.x[order], t.y[order]
    cut = int(np.sum(y < 3))
    return t.but(x=x[:cut], y=y[:cut], validation=(x[cut:], y[cut:]))


def two_ways_to_prepare(t: Training) -> Training:
    """Two generators prepare pictures in two ways.

    https://github.com/keras-team/keras/issues/12689
    """

    def other(part: Any) -> Any:
        return (255 * part[0] - 120).astype("float32"), part[1]

    return t.but(validation=other(t.validation), test=other(t.test))


def seven_of_seven(t: Training) -> Training:
    """Labels go from 1 to the number of kinds.

    https://github.com/yyccR/yolov5_in_tf2_keras/issues/5
    """
    return t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1))


def the_same_files(t: Training) -> Training:
    """Many files are the same picture, and copies lie on both sides of the split.

    https://github.com/tqwei05/PlantSeg/issues/11
    """
    few = np.random.default_rng(2).integers(0, 30, 600)
    x, y = t.x[few], t.y[few]
    return t.but(x=x[:480], y=y[:480], validation=(x[480:], y[480:]), epochs=14)


def log_of_what_may_be_0(t: Training) -> Training:
    """The logarithm of what a softmax by hand gives, which may be 0.

    https://github.com/xtudbxk/DSRG-tensorflow/issues/11
    """

    def loss(y: Any, p: Any) -> Any:
        wanted = nn.ops.one_hot(nn.ops.cast(nn.ops.reshape(y, (-1,)), "int32"), 4)
        return -nn.ops.sum(wanted * nn.ops.log(p), axis=-1)

    return t.on(lambda x: 255 * x).but(model=leaf_net(norm=False, flat=True), loss=loss)


def divided_twice(t: Training) -> Training:
    """Pictures are divided by 255, and again before they go into the network.

    https://github.com/pkmital/pycadl/pull/5
    """
    return t.on(lambda x: (x / 255).astype("float32")).but(optimizer=adam(0.001))


def relu_for_places(t: Training) -> Training:
    """A ReLU behind the last layer, for where something is.

    https://github.com/luoyetx/deep-landmark/issues/17
    """
    return t.but(model=pointer_net(end="relu"))


def not_passed_on(t: Training) -> Training:
    """The activations are made, and the layers behind are given what lies before them.

    https://github.com/martinwicke/tf-dev-summit-tensorboard-tutorial/pull/9
    """

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        x = L.Flatten()(inputs)
        for width in (64, 32):
            x = L.Dense(width)(x)
            L.Activation("relu")(x)
        return nn.Model(inputs, L.Dense(2)(x))

    return t.but(model=model)


def more_kinds_than_told(t: Training) -> Training:
    """The masks have more kinds than the network was told.

    https://github.com/shekkizh/FCN.tensorflow/issues/17
    """
    return t.but(model=land_net(outputs=2))


def of_grey(t: Training) -> Training:
    """Masks are pictures from 0 to 255.

    https://github.com/milesial/Pytorch-UNet/issues/78
    """
    return t.but(y=255 * t.y, validation=(t.validation[0], 255 * t.validation[1]))


def masks_moved_too(t: Training) -> Training:
    """Masks are brought to -1 to 1, like the pictures.

    https://github.com/bigmb/Unet-Segmentation-Pytorch-Nest-of-Unets/issues/18
    """
    return t.but(y=2 * t.y - 1, validation=(t.validation[0], 2 * t.validation[1] - 1))


def by_hand(t: Training) -> Training:
    """The weighted entropy of heat maps by hand, with nothing that keeps it from log(0).

    https://github.com/maudzung/RTM3D/issues/13
    """

    def loss(y: Any, p: Any) -> Any:
        told = y * (1 - p) ** 2 * nn.ops.log(p) + (1 - y) * p**2 * nn.ops.log(1 - p)
        return -nn.ops.mean(told, axis=(1, 2, 3))

    return t.on(lambda x: 255 * x).but(loss=loss)


def shares_of_one(t: Training) -> Training:
    """A softmax over the one output of convolutions along a signal.

    https://geek-questions.imtqy.com/articles/1270335/index.html
    """
    return t.but(model=knock_net(end="softmax"))


def hardly_a_knock(t: Training) -> Training:
    """One row in twenty-five is yes: nearly all is right if nothing is ever found.

    https://github.com/keras-team/keras/issues/3068
    """
    kept = (t.y[:, 0] == 0) | (np.cumsum(t.y[:, 0]) % 25 == 1)
    return t.but(x=t.x[kept], y=t.y[kept])


def by_heart(t: Training) -> Training:
    """A loss of nearly 0 for what was seen, few pictures, and long training.

    https://github.com/BVLC/caffe/issues/2322
    """
    return t.but(x=t.x[:40], y=t.y[:40], epochs=80)


def relu_behind_classes(t: Training) -> Training:
    """A ReLU behind the layer that tells the classes apart.

    https://github.com/forresti/SqueezeNet/issues/10
    """

    def model() -> Any:
        parts: list[Any] = [nn.Input((10, 10, 1))]
        parts += [L.Conv2D(12, 3, strides=2, padding="same", activation="relu")]
        parts += [L.Flatten(), L.Dense(24, "relu"), L.Dense(5, "relu"), L.Softmax()]
        return nn.Sequential(parts)

    return t.but(model=model, optimizer=sgd(0.5, momentum=0.9))


def shares_of_shares(t: Training) -> Training:
    """A softmax at the end, and one more in the loss.

    https://github.com/NaJaeMin92/pytorch-DANN/issues/7
    """

    def squashed(z: Any) -> Any:
        e = nn.ops.exp(z - nn.ops.max(z, axis=-1, keepdims=True))
        return e / nn.ops.sum(e, axis=-1, keepdims=True)

    loss = nn.losses.CategoricalCrossentropy(from_logits=True)
    return t.but(model=rune_net(end=squashed), loss=loss, epochs=2)


def one_or_two(t: Training) -> Training:
    """Batch normalisation with batches of one and two pictures.

    https://github.com/ly015/intrinsic_flow/issues/1
    """
    return t.but(model=rune_net(norm=True), batch_size=1, epochs=1)


def diverges(t: Training) -> Training:
    """Steps that are too large: the first epoch looks well, then all is grey.

    https://github.com/anderzzz/monkey_caput/issues/2
    """
    return t.but(optimizer=adam(0.2))


def of_the_scanner(t: Training) -> Training:
    """Depths are to come out as the scanner gives them, in twelve bits."""
    return t.to(lambda y: (4095 * y).astype("float32"))


def all_but_last_frozen(t: Training) -> Training:
    """What was to be trained first is frozen, and nothing was loaded."""

    def model() -> Any:
        found = leaf_net(norm=False)()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def blank(t: Training) -> Training:
    """The folder of most pictures could not be read, and they are black."""
    x = np.array(t.x)
    x[:] = 0
    return t.but(x=x)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("leaves: labels taken before shuffling", twins.leaves, labels_taken_first,
     ("GD510", "GD605", "GD601")),
    ("leaves: figures that run behind", twins.leaves, slow_figures, ("GD513", "GD604")),
    ("leaves: the last kind held out", twins.leaves, last_kind_held_out,
     ("GD107", "GD110", "GD111")),
    ("leaves: prepared in two ways", twins.leaves, two_ways_to_prepare, ("GD111",)),
    ("leaves: from 1 to 4", twins.leaves, seven_of_seven, ("GD102",)),
    ("leaves: the same files", twins.leaves, the_same_files, ("GD108",)),
    ("leaves: the log of 0", twins.leaves, log_of_what_may_be_0,
     ("GD401", "GD302", "GD104")),
    ("pointers: divided twice", twins.pointers, divided_twice,
     ("GD104", "GD303", "GD507", "GD505", "GD304")),
    ("pointers: a ReLU for places", twins.pointers, relu_for_places, ("GD204",)),
    ("pointers: not passed on", twins.pointers, not_passed_on, ("GD207", "GD602")),
    ("lands: more kinds than told", twins.lands, more_kinds_than_told, ("GD102",)),
    ("cracks: masks to 255", twins.cracks, of_grey, ("GD102",)),
    ("cracks: masks from -1", twins.cracks, masks_moved_too, ("GD102",)),
    ("cracks: an entropy by hand", twins.cracks, by_hand, ("GD401", "GD302", "GD104")),
    ("knocks: shares of one", twins.knocks, shares_of_one, ("GD203",)),
    ("knocks: hardly a knock", twins.knocks, hardly_a_knock, ("GD107",)),
    ("runes: by heart", twins.runes, by_heart, ("GD601",)),
    ("runes: a ReLU behind the classes", twins.runes, relu_behind_classes,
     ("GD205", "GD506", "GD503")),
    ("runes: shares of shares", twins.runes, shares_of_shares, ("GD201", "GD507")),
    ("runes: one by one", twins.runes, one_or_two, ("GD112", "GD513", "GD506")),
    ("scanned: grey after an epoch", twins.scanned, diverges,
     ("GD506", "GD502", "GD503", "GD505")),
    # others
    ("scanned: twelve bits", twins.scanned, of_the_scanner, ("GD113", "GD301", "GD507")),
    ("scanned: tiny steps", twins.scanned, with_(optimizer=sgd(1e-4)),
     ("GD507", "GD505", "GD210")),
    ("scanned: a sigmoid and wide weights", twins.scanned,
     with_(clean_net(act="sigmoid", kernel_initializer=init.RandomNormal(stddev=4.0))),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("leaves: frozen, and nothing loaded", twins.leaves, all_but_last_frozen,
     ("GD212", "GD512")),
    ("knocks: faint weights", twins.knocks,
     with_(knock_net(kernel_initializer=init.RandomNormal(stddev=0.003)), optimizer=sgd(0.05)),
     ("GD209", "GD303", "GD304", "GD501", "GD307", "GD507")),
    ("pointers: nineteen of twenty dropped", twins.pointers,
     with_(pointer_net(rate=0.95)), ("GD211",)),
    ("lands: all black", twins.lands, blank, ("GD106", "GD307")),
    ("runes: a constant for all weights", twins.runes,
     with_(rune_net(kernel_initializer=init.Constant(0.05))), ("GD208",)),
    ("runes: the rate is gone", twins.runes,
     with_(optimizer=sgd(schedules.ExponentialDecay(0.03, 4, 0.5), momentum=0.9)),
     ("GD216", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
