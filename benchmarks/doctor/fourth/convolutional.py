"""Faults of convolutional networks of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fourth.twins import convolutional as twins
from benchmarks.doctor.fourth.twins.convolutional import (
    chirp_net,
    coin_net,
    level_net,
    nucleus_net,
    tile_net,
    weld_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def pairs_for_one(t: Training) -> Training:
    """The folders give pairs of 0 and 1, and the network has one sigmoid.

    https://github.com/keras-team/keras/issues/13006
    """
    return t.to(lambda y: np.concatenate([1 - y, y], 1))


def hardly_a_cell(t: Training) -> Training:
    """One picture in twenty has a cell: all black is right for nearly all pixels.

    https://github.com/jakeret/tf_unet/issues/243
    """
    random = np.random.default_rng(0)
    x, y = np.array(t.x), np.array(t.y)
    empty = np.arange(len(x)) % 20 > 0
    x[empty] = np.clip(random.normal(0, 0.12, x[empty].shape), 0, 1)
    y[empty] = 0
    return t.but(x=x, y=y)


def negative_entropy(t: Training) -> Training:
    """Pictures are centred and scaled, and the loss is an entropy that wants 0 to 1.

    https://github.com/keras-team/keras/issues/2841
    """

    def centred(x: Any) -> Any:
        return ((x - 0.35) / 0.3).astype("float32")

    return t.on(centred).to(centred)


def in_bytes(t: Training) -> Training:
    """Bytes, and plain steps with momentum.

    https://github.com/keras-team/keras/issues/1476
    """
    return t.on(lambda x: x * 255).but(optimizer=sgd(0.01, momentum=0.9, nesterov=True))


def all_frozen(t: Training) -> Training:
    """The flag that freezes all convolutions is set, and nothing was learnt before.

    https://github.com/ihciah/deep-fashion-retrieval/issues/1
    """

    def model() -> Any:
        found = chirp_net()()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def one_by_one(t: Training) -> Training:
    """Batch normalisation with batches of one.

    https://github.com/keras-team/keras/issues/8837
    """

    def model() -> Any:
        parts: list[Any] = [nn.Input((8, 16, 1)), L.Conv2D(8, 3, strides=2, padding="same")]
        parts += [L.Activation("relu"), L.Flatten(), L.Dense(24), L.BatchNormalization()]
        return nn.Sequential([*parts, L.Activation("relu"), L.Dense(1, "sigmoid")])

    return t.but(model=model, batch_size=1, epochs=2)


def slow_figures(t: Training) -> Training:
    """The running mean of batch normalisation takes thousands of steps to arrive.

    https://github.com/keras-team/keras/issues/7265
    """
    return t.but(model=weld_net(momentum=0.9995), epochs=4)


def masks_of_others(t: Training) -> Training:
    """Pictures and masks are read from two folders in two orders.

    https://github.com/keras-team/keras/issues/7702
    """
    return t.but(y=np.random.default_rng(1).permutation(t.y))


def from_one(t: Training) -> Training:
    """Labels begin at 1, as in the list that came with the pictures.

    https://github.com/hx173149/C3D-tensorflow/issues/74
    """
    return t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1))


def sigmoids_all_the_way(t: Training) -> Training:
    """A sigmoid after each of many convolutions.

    https://github.com/keras-team/keras/issues/2600
    """

    def model() -> Any:
        parts: list[Any] = [nn.Input((12, 12, 1))]
        for width in (8, 8, 12, 12, 16, 16):
            parts += [L.Conv2D(width, 3, padding="same", activation="sigmoid")]
        parts += [L.MaxPooling2D(), L.Flatten(), L.Dense(24, "sigmoid"), L.Dense(24, "sigmoid")]
        return nn.Sequential([*parts, L.Dense(4, "softmax")])

    return t.but(model=model, optimizer=sgd(0.01, momentum=0.9), epochs=4)


def no_activation(t: Training) -> Training:
    """Convolutions with nothing behind them.

    https://github.com/keras-team/keras/issues/1597
    """
    return t.but(model=chirp_net(act=None, norm=None), optimizer=sgd(0.02, momentum=0.9))


def misused_scheduler(t: Training) -> Training:
    """A scheduler that is nearly zero after the first epoch: the loss then stays as it is.

    https://github.com/tensorflow/tensorflow/issues/48308
    """
    fall = nn.callbacks.LearningRateScheduler(lambda epoch: 0.002 * 0.01**epoch)
    return t.but(fit={"callbacks": [fall]}, batch_size=64)


def decays_by_the_hundred(t: Training) -> Training:
    """The steps of a decay are those of another, much longer training.

    https://github.com/cjiang2/VDCNN/issues/4
    """
    return t.but(optimizer=adam(schedules.ExponentialDecay(0.003, 2, 0.5, staircase=True)))


def reshaped(t: Training) -> Training:
    """Pictures lie behind one another in the last axis, and a reshape brings them to the front.

    https://mxnet.apache.org/versions/1.5.0/tutorials/basic/reshape_transpose.html
    """

    def stacked(x: Any) -> Any:
        return x.transpose(1, 2, 3, 0).reshape(x.shape)

    held = t.validation
    return t.but(x=stacked(t.x), validation=(stacked(held[0]), held[1]))


def same_in_both(t: Training) -> Training:
    """The same few pictures are in the part for training, in the other one, and often.

    https://github.com/ArnabKumarRoy02/ResEmoteNet/issues/42
    """
    rows = np.random.default_rng(2).integers(0, 45, 750)
    x, y = t.x[rows], t.y[rows]
    return t.but(x=x[:600], y=y[:600], validation=(x[600:], y[600:]), epochs=15)


def log_of_nothing(t: Training) -> Training:
    """The entropy by hand, with no small number in the log, of sigmoids of bytes.

    https://github.com/mkocabas/focal-loss-keras/issues/17
    """

    def loss(y: Any, p: Any) -> Any:
        return -nn.ops.mean(y * nn.ops.log(p) + (1 - y) * nn.ops.log(1 - p))

    return t.on(lambda x: x * 255).but(loss=loss)


def few_pictures(t: Training) -> Training:
    """Twenty pictures for a wide network, for long.

    https://github.com/keras-team/keras/issues/8471
    """
    return t.but(x=t.x[:20], y=t.y[:20], epochs=120, batch_size=8)


def class_by_class(t: Training) -> Training:
    """A generator that goes from folder to folder and doesn't shuffle.

    https://github.com/tensorflow/tensorflow/issues/12789
    """
    order = np.argsort(t.y, kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False})


def never_divided(t: Training) -> Training:
    """The division by 255 is missing where the part for validation is read.

    https://github.com/mindee/doctr/pull/214
    """
    held, test = t.validation, t.test
    return t.but(validation=(held[0] * 255, held[1]), test=(test[0] * 255, test[1]))


def to_zero(t: Training) -> Training:
    """A weight decay as for another library: all weights go to zero soon.

    https://github.com/tinghuiz/SfMLearner/issues/34
    """
    return t.but(model=nucleus_net(kernel_regularizer=nn.regularizers.L2(0.5)))


def too_fast(t: Training) -> Training:
    """A rate of 0.1, after which there is no change any more.

    https://github.com/keras-team/keras/issues/2711
    """
    return t.but(optimizer=adam(0.1))


def last_kinds(t: Training) -> Training:
    """File names are sorted, and the last part of them is held out: whole kinds are.

    https://github.com/rykov8/ssd_keras/issues/79
    """
    x, y = np.concatenate([t.x, t.validation[0]]), np.concatenate([t.y, t.validation[1]])
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    cut = int((y < 3).sum())
    return t.but(x=x[:cut], y=y[:cut], validation=(x[cut:], y[cut:]))


def squares_of_numbers(t: Training) -> Training:
    """The number of the class as a number to be met by one output.

    https://github.com/keras-team/keras/issues/11786
    """

    def model() -> Any:
        found = coin_net()().layers[:-1]
        return nn.Sequential([nn.Input((12, 12, 1)), *found, L.Dense(1)])

    def score(model: Any, t: Training) -> float:
        x, y = t.test
        return float(np.mean(np.rint(np.asarray(model.predict(x, verbose=0))[:, 0]) == y))

    return t.but(model=model, loss="mse", metrics=(), score=score)


def behind_the_last(t: Training) -> Training:
    """A dropout behind the last layer."""

    def model() -> Any:
        return nn.Sequential([*level_net()().layers, L.Dropout(0.5)])

    return t.but(model=model)


def half_lit(t: Training) -> Training:
    """A lamp went out: in part of the pictures a pixel is not a number."""
    x = np.array(t.x)
    x[100:103, 0, 0] = np.nan
    return t.but(x=x)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("welds: pairs for one sigmoid", twins.welds, pairs_for_one, ("GD203", "GD103", "GD102")),
    ("nuclei: hardly a cell", twins.nuclei, hardly_a_cell, ("GD107",)),
    ("ornaments: entropy of what is below 0", twins.ornaments, negative_entropy,
     ("GD102", "GD203", "GD204")),
    ("coins: bytes and plain steps", twins.coins, in_bytes, ("GD104",)),
    ("chirps: all convolutions frozen", twins.chirps, all_frozen,
     ("GD212", "GD512", "GD602")),
    ("welds: one picture a batch", twins.welds, one_by_one, ("GD112", "GD513")),
    ("welds: a running mean that never arrives", twins.welds, slow_figures, ("GD513",)),
    ("nuclei: masks of other pictures", twins.nuclei, masks_of_others,
     ("GD510", "GD605", "GD601")),
    ("coins: kinds from 1", twins.coins, from_one, ("GD102",)),
    ("coins: a sigmoid after each layer", twins.coins, sigmoids_all_the_way,
     ("GD304", "GD501", "GD303", "GD307", "GD504")),
    ("chirps: no activation", twins.chirps, no_activation, ("GD207", "GD602")),
    ("ornaments: nearly no rate after the first epoch", twins.ornaments, misused_scheduler,
     ("GD216", "GD507", "GD505")),
    ("coins: steps of another decay", twins.coins, decays_by_the_hundred,
     ("GD216", "GD507", "GD505")),
    ("coins: reshaped to the front", twins.coins, reshaped,
     ("GD510", "GD605", "GD601")),
    ("coins: the same in both parts", twins.coins, same_in_both, ("GD108",)),
    ("nuclei: the log of nothing", twins.nuclei, log_of_nothing,
     ("GD401", "GD302", "GD104")),
    ("coins: twenty by heart", twins.coins, few_pictures, ("GD601",)),
    ("coins: folder by folder", twins.coins, class_by_class, ("GD110",)),
    ("levels: validation never divided", twins.levels, never_divided, ("GD111",)),
    ("nuclei: a weight decay of a half", twins.nuclei, to_zero, ("GD211",)),
    ("ornaments: a rate of 0.1", twins.ornaments, too_fast,
     ("GD506", "GD502", "GD503", "GD505")),
    ("coins: the last kind held out", twins.coins, last_kinds, ("GD107", "GD111")),
    ("coins: kinds as a number to be met", twins.coins, squares_of_numbers, ("GD203",)),
    # others
    ("levels: tenths of a millimetre", twins.levels, lambda t: t.to(lambda y: y * 350 + 800),
     ("GD113", "GD301")),
    ("levels: a dropout behind the number", twins.levels, behind_the_last, ("GD211",)),
    ("levels: weights of zero", twins.levels, with_(level_net(kernel_initializer="zeros")),
     ("GD208",)),
    ("levels: a rate of 0.5", twins.levels, with_(optimizer=adam(0.5)),
     ("GD506", "GD502", "GD503", "GD505")),
    ("levels: a lamp that went out", twins.levels, half_lit, ("GD101",)),
    ("chirps: scores for probabilities", twins.chirps, with_(chirp_net(end=None)), ("GD202",)),
    ("chirps: each slope cut to a ten-thousandth", twins.chirps,
     with_(optimizer=sgd(0.1, momentum=0.9, clipvalue=1e-4)), ("GD514", "GD507", "GD505")),
    ("chirps: probabilities for scores", twins.chirps,
     with_(chirp_net(end=lambda z: nn.ops.softmax(z)), optimizer=sgd(0.03),
           loss=nn.losses.CategoricalCrossentropy(from_logits=True)),
     ("GD201", "GD507")),
    ("nuclei: a rate of a millionth", twins.nuclei, with_(optimizer=adam(1e-6)),
     ("GD507", "GD505")),
    ("ornaments: a shut middle", twins.ornaments,
     with_(tile_net(bias_initializer=init.Constant(-2.0))), ("GD305", "GD503", "GD307")),
    ("coins: ReLU before the softmax", twins.coins,
     with_(coin_net(end=lambda z: nn.ops.softmax(nn.ops.relu(z)), rate=0.0),
           optimizer=adam(0.01)), ("GD205",)),
    ("coins: four kinds, one in forty of the others", twins.coins,
     lambda t: t.but(x=t.x[(t.y == 1) | (np.arange(len(t.y)) % 30 == 0)],
                     y=t.y[(t.y == 1) | (np.arange(len(t.y)) % 30 == 0)]), ("GD107",)),
]  # fmt: skip

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
