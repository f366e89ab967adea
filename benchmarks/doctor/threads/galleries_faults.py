"""What people ask about networks on images, once more: the faults, with the threads beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import layers
from benchmarks.doctor.threads import galleries as g
from benchmarks.doctor.threads.galleries_own import forgers, in_two, varied
from benchmarks.doctor.training import Training

L, ops, init = nn.layers, nn.ops, nn.initializers


def fed(t: Training, batch: Callable[[Any], tuple[Any, Any]], seed: int = 1) -> Training:
    """Return the same fed by an endless generator of batches."""

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(seed)
        while True:
            yield batch(random)

    return t.but(x=batches(), y=None, batch_size=None,
                 fit={"steps_per_epoch": len(t.x) // t.batch_size})  # fmt: skip


def lines_only(t: Training) -> Training:
    """Convolutions without activations, a ReLU on the scores and a softmax behind it."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(12, 3, padding="same"),
        lambda: L.MaxPooling2D(), lambda: L.Conv2D(24, 3, padding="same"),
        lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(3, "relu"),
        lambda: L.Softmax(),
    ), optimizer=nn.optimizers.RMSprop)  # fmt: skip


def kept(t: Training) -> Training:
    """Shares that are to be kept, given as shares to be dropped."""

    def drop() -> Any:
        return L.Dropout(0.8)

    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(12, 3, activation="relu"),
        lambda: L.MaxPooling2D(), drop, lambda: L.Conv2D(24, 3, activation="relu"), drop,
        lambda: L.Flatten(), lambda: L.Dense(48, "relu"), drop, lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def one_kind_a_batch(t: Training) -> Training:
    """Each batch is of one class, as from one film: norms see it alone."""
    turn = iter(range(10**9))

    def batch(random: Any) -> tuple[Any, Any]:
        rows = random.choice(np.flatnonzero(t.y == next(turn) % 3), 32)
        return t.x[rows], t.y[rows]

    return fed(t, batch)


def shares_for_bytes(t: Training) -> Training:
    """The head is fed with shares, the trunk has learnt bytes less their mean."""
    return t.on(lambda x: ((x + 60) / 255).astype("float32"))


def thousandths(t: Training) -> Training:
    """Four convolutions and two dense layers with weights of a thousandth, by plain steps."""
    small = {"kernel_initializer": init.RandomNormal(stddev=1e-3)}
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)),
        *[lambda: L.Conv2D(12, 3, padding="same", activation="relu", **small)] * 4,
        lambda: L.Flatten(), lambda: L.Dense(48, "relu", **small),
        lambda: L.Dense(3, "softmax", **small),
    ), optimizer=sgd(0.01, momentum=0.9))  # fmt: skip


def both_shuffled(t: Training) -> Training:
    """Pictures and labels shuffled, each on its own."""
    random = np.random.default_rng(5)
    return t.but(x=t.x[random.permutation(len(t.x))], y=t.y[random.permutation(len(t.y))])


def blocks_of_two(t: Training, rate: float) -> Training:
    """Eight plain convolutions in blocks of two, as in 2014, and a rate for small nets."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)),
        *[lambda: L.Conv2D(16, 3, padding="same", activation="relu")] * 4,
        lambda: L.MaxPooling2D(),
        *[lambda: L.Conv2D(24, 3, padding="same", activation="relu")] * 4,
        lambda: L.Flatten(), lambda: L.Dense(64, "relu"), lambda: L.Dense(3, "softmax"),
    ), optimizer=adam(rate), epochs=6)  # fmt: skip


def one_by_one(t: Training) -> Training:
    """Batches of one picture, whose norms see one place of each channel at the end."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(12, 3, strides=2, activation="relu"),
        lambda: L.Flatten(), lambda: L.Dense(32, use_bias=False),
        lambda: L.BatchNormalization(momentum=0.9), lambda: L.Activation("relu"),
        lambda: L.Dense(3, "softmax"),
    ), batch_size=1, epochs=3)  # fmt: skip


class MadeInCall(L.Layer):
    """Makes its weights in `call`, each time anew."""

    def call(self, x: Any) -> Any:
        return ops.relu(x @ (0.15 * nn.random.normal((x.shape[-1], 32))))


def made_in_call(t: Training) -> Training:
    """A layer that is made where it should be used."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(12, 3, activation="relu"),
        lambda: L.MaxPooling2D(), lambda: L.Flatten(), MadeInCall, lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def odd_masks(t: Training) -> Training:
    """Masks as they were painted: 0, 29 and 50."""
    return t.to(lambda y: np.array([0, 29, 50])[y])


def moved_apart(t: Training) -> Training:
    """Pictures and masks are moved about by two generators with seeds of their own."""

    def batch(random: Any) -> tuple[Any, Any]:
        rows = random.integers(0, len(t.x), 16)
        a, b = random.integers(-4, 5, (2, 2))
        return np.roll(t.x[rows], a, (1, 2)), np.roll(t.y[rows], b, (1, 2))

    return fed(t, batch)


def small_leaves(t: Training) -> Training:
    """Leaves of a few pixels: nearly all is ground, and so is every answer."""
    x, y = g.leaf_data(small=True)
    x = (x + np.random.default_rng(6).normal(0, 0.12, x.shape)).astype("float32")
    return t.but(**g.parted(x, y, 280, 60))


def by_loss(loss: Any) -> Callable[[Training], Training]:
    """Return what trains by another loss."""
    return lambda t: t.but(loss=loss)


def blob(t: Training) -> Training:
    """An autoencoder of sigmoids, five of them."""
    return t.but(model=g.rebuilt("sigmoid", hidden=(64, 32, 16, 32, 64)), optimizer=sgd(0.1))


def turned_pairs(y: Any, d: Any) -> Any:
    """Takes 1 for two of different kinds, as the paper has it."""
    return g.contrastive(1 - y, d)


def ages(t: Training) -> Training:
    """How large the boxes are, in pixels of a photo, by plain steps."""
    return t.to(lambda y: y * 14 * 16).but(optimizer=sgd(0.01))


def points_of_four(t: Training) -> Training:
    """A softmax over the four numbers of a box."""
    return t.but(model=g.box_net("softmax"))


def corners(t: Training) -> Training:
    """Boxes by the area that they share with the true ones, which far ones have none of."""

    def loss(y: Any, p: Any) -> Any:
        low = ops.maximum(y[:, :2], p[:, :2])
        high = ops.minimum(y[:, :2] + y[:, 2:], p[:, :2] + p[:, 2:])
        both = ops.prod(ops.maximum(high - low, 0.0), axis=-1)
        return 1 - ops.mean(both / (ops.prod(y[:, 2:], axis=-1) + 1e-6))

    return t.but(loss=loss, model=g.box_net("relu"))


FAULTS = [
    # https://github.com/keras-team/keras/issues/6914: not normalised
    Fault("shells: bytes, by momentum", "images",
          lambda: g.shells().but(optimizer=sgd(0.02, momentum=0.9)),
          lambda t: t.on(lambda x: x * 255), ("GD104",)),
    # https://stackoom.com/en/question/4w9dk: coloured digits
    Fault("shells: no activation but a ReLU on the scores", "images", g.shells, lines_only,
          ("GD205", "GD207")),
    # https://github.com/hunkim/DeepLearningZeroToAll/issues/204: rate is not keep_prob
    Fault("shells: dropped is what should be kept", "images", g.shells, kept, ("GD211",)),
    # https://github.com/pytorch/pytorch/issues/4741: batches of what belongs together
    Fault("normed shells: a kind a batch", "images", g.normed_shells, one_kind_a_batch,
          ("GD110", "GD513")),
    # https://github.com/hiwonjoon/tf-frrn/issues/2: running means that are never brought on
    Fault("normed shells: running means that stand still", "images", g.normed_shells,
          lambda t: t.but(model=g.normed_net(momentum=1.0)), ("GD513",)),
    # https://loginvast.com/?p=346860: over 255 before a trunk that wants bytes
    Fault("taken over: shares for a trunk of bytes", "images", g.taken_over, shares_for_bytes,
          ("GD307", "GD303", "GD104", "GD602", "GD508", "GD510")),
    # https://thecodeforge.io/ml-ai/tensorflow-transfer-learning: large steps on a good trunk
    Fault("normed shells: a rate of 1 for RMSprop", "images", g.normed_shells,
          lambda t: t.but(optimizer=lambda: nn.optimizers.RMSprop(1.0)),
          ("GD506", "GD502", "GD505", "GD503")),
    Fault("taken over: a new head by 1e-6", "images", g.taken_over,
          lambda t: t.but(optimizer=adam(1e-6)), ("GD507", "GD505", "GD210")),
    # https://github.com/yizt/numpy_neural_network/issues/1
    Fault("shells: weights of a thousandth", "images", g.shells, thousandths,
          ("GD209", "GD303", "GD304", "GD307", "GD501", "GD507")),
    # https://github.com/keras-team/keras/pull/7520 and others: shuffled each on its own
    Fault("shells: pictures and labels shuffled apart", "images", g.shells, both_shuffled,
          ("GD605", "GD510", "GD601", "GD602", "GD508")),
    Fault("shells: a softmax in each layer", "images", g.shells,
          lambda t: t.but(model=g.shell_net(act="softmax")),
          ("GD205", "GD304", "GD303", "GD501", "GD307", "GD507", "GD510", "GD508")),
    # https://github.com/apache/mxnet/issues/2652 and many of VGG from scratch
    Fault("shells: eight convolutions and Adam of 0.02", "images",
          lambda: blocks_of_two(g.shells(), 1e-3), lambda t: blocks_of_two(t, 0.02),
          ("GD506", "GD502", "GD503", "GD505")),
    Fault("shells: one picture at a time, and a norm of one place", "images", g.shells,
          one_by_one, ("GD112", "GD513", "GD307")),
    # https://thecodeforge.io/ml-ai/pytorch-neural-network: layers made in forward
    Fault("shells: a layer made in call", "images", g.shells, made_in_call,
          ("GD211", "GD602", "GD510", "GD508", "GD308", "GD212")),
    # https://github.com/bhanML/Co-teaching/issues/8 and others: too much of a good thing
    Fault("arrows: turned all the way round in training", "images", g.arrows,
          lambda t: t.but(model=g.arrow_net(lambda: L.RandomRotation(0.5))),
          ("GD602", "GD508", "GD510", "GD605", "GD603", "GD211")),
    Fault("arrows: mirrored both ways in training", "images", g.arrows,
          lambda t: t.but(model=g.arrow_net(lambda: L.RandomFlip("horizontal_and_vertical"))),
          ("GD602", "GD508", "GD510", "GD605", "GD603", "GD211")),
    # https://github.com/ellisdg/3DUnetCNN/issues/236
    Fault("leaves: masks of 0, 29 and 50", "images", g.leaves, odd_masks, ("GD102",)),
    # https://github.com/keras-team/keras/issues/12075, /11942
    Fault("leaves: pictures and masks moved by two seeds", "images", g.leaves, moved_apart,
          ("GD605", "GD602", "GD508", "GD510", "GD511")),
    # https://laganvalleydup.co.uk/post/u-net-segmentor-only-identifies-background-class
    Fault("leaves: so small that all is ground", "images", g.leaves, small_leaves,
          ("GD107", "GD511", "GD510", "GD508", "GD602")),
    # https://github.com/tensorlayer/TensorLayer/issues/891: no way back through a choice
    Fault("any leaf: the overlap of rounded answers", "images", g.any_leaf,
          by_loss(lambda y, p: g.dice(y, ops.round(p))), ("GD212", "GD304", "GD302", "GD516")),
    # https://github.com/jakeret/tf_unet/issues/15: scores where shares are meant
    Fault("any leaf: the overlap of scores", "images", g.any_leaf,
          lambda t: t.but(model=g.leaf_net(1, None)),
          ("GD202", "GD203", "GD204", "GD502", "GD506", "GD508", "GD510", "GD401")),
    # https://stats.stackexchange.com/questions/245448: always the same blob
    Fault("copies: sigmoids, five of them", "images", g.copies, blob,
          ("GD304", "GD306", "GD303", "GD307", "GD501", "GD504", "GD507", "GD510", "GD508",
           "GD602")),
    # https://github.com/AppliedDataSciencePartners/WorldModels/issues/12, keras/pull/3383
    Fault("varied: a mean over pixels beside a sum over the code", "images", varied,
          lambda t: varied(pixels=ops.mean).but(epochs=t.epochs),
          ("GD211", "GD307", "GD510", "GD203", "GD508", "GD602")),
    # https://github.com/AppliedDataSciencePartners/WorldModels/issues/9: NaN in KL
    Fault("varied: bytes", "images", varied, lambda t: t.on(lambda x: x * 255),
          ("GD104", "GD301", "GD302", "GD401", "GD502")),
    Fault("varied: the logarithm of a spread below 0", "images", varied,
          lambda t: varied(spread="plain"), ("GD302", "GD401")),
    # https://github.com/osh/KerasGAN/issues/14: the judge wins from the first step
    Fault("forgers: bytes against a tanh", "images", forgers,
          lambda t: forgers(lambda x: x * 255, end="tanh"), ("GD104", "GD204")),
    # many threads on detach(): the maker gets nothing back
    Fault("forgers: cut off where the maker should learn", "images", forgers,
          lambda t: forgers(cut=True), ("GD212", "GD512", "GD304", "GD516")),
    # https://github.com/keras-team/keras/issues/4943: as if it were frozen
    Fault("forgers: a judge that never learns", "images", forgers,
          lambda t: forgers(judges=False), ("GD212", "GD512")),
    # https://discuss.pytorch.org: an optimizer that was given the encoder only
    Fault("in two: an optimizer of the encoder only", "images", in_two,
          lambda t: in_two(decoder=False), ("GD212", "GD512")),
    # https://github.com/beresandras/clear-diffusion-keras/issues/4 and others
    Fault("under noise: told is another noise", "images", g.under_noise,
          lambda t: g.under_noise(again=True).but(test=t.test),
          ("GD510", "GD605", "GD602", "GD508")),
    # https://github.com/dome272/Diffusion-Models-pytorch/issues/23: scales of picture and noise
    Fault("under noise: bytes under a noise of one", "images", g.under_noise,
          lambda t: g.under_noise(change=lambda x: x * 255), ("GD104",)),
    # https://datascience.stackexchange.com/questions/82486, geeksmental.com: stuck at 0.5
    Fault("alike: a sigmoid of the distance itself", "images", g.alike,
          lambda t: t.but(model=g.alike_net(weighed=False)),
          ("GD204", "GD203", "GD510", "GD508", "GD602", "GD511", "GD301")),
    # https://github.com/keras-team/keras/issues/7119, datascience 45629: labels turned round
    Fault("pairs: 1 for two of different kinds", "images", g.pairs, by_loss(turned_pairs),
          ("GD203", "GD510", "GD508", "GD602", "GD307", "GD511", "GD503")),
    # https://github.com/VisualComputingInstitute/triplet-reid/issues/30: all in one point
    Fault("pairs: a rate of 1 for Adam", "images", g.pairs,
          lambda t: t.but(optimizer=adam(1.0)),
          ("GD506", "GD502", "GD503", "GD505", "GD307", "GD510", "GD511")),
    # http://pullrequest.ru/9938386: a softmax over coordinates
    Fault("boxes: a softmax over four numbers", "images", g.boxes, points_of_four,
          ("GD204", "GD203")),
    # https://discuss.pytorch.org/t/186512: the same box for all
    Fault("boxes: in pixels of a photo, by plain steps", "images", g.boxes, ages,
          ("GD113", "GD506", "GD502")),
    Fault("boxes: by the area that they share", "images", g.boxes, corners,
          ("GD510", "GD508", "GD503", "GD305", "GD307", "GD203", "GD511", "GD602")),
]  # fmt: skip
