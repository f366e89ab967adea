"""What goes wrong with the pictures of `scenes`: preparation, labels, weights, depth, steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import layers
from benchmarks.doctor.threads import scenes
from benchmarks.doctor.threads.scenes import crack_net, sign_net
from benchmarks.doctor.training import Training

L, ops, init = nn.layers, nn.ops, nn.initializers


def other_folders(t: Training) -> Training:
    """Held-out pictures take their class numbers from folders in another order."""
    order = np.array([2, 3, 1, 0])
    return t.but(
        validation=(t.validation[0], order[t.validation[1]]), test=(t.test[0], order[t.test[1]])
    )


def blue_first(t: Training) -> Training:
    """Held-out pictures are read by a library that puts blue first, and not divided."""

    def read(x: Any) -> Any:
        return (x[..., ::-1] * 255).astype("float32")

    return t.but(
        validation=(read(t.validation[0]), t.validation[1]), test=(read(t.test[0]), t.test[1])
    )


def mean_taken(t: Training) -> Training:
    """The mean over all training pictures is taken away, of training pictures only."""
    return t.but(x=(t.x - t.x.mean(0)) / t.x.std(0))


def twice_scaled(t: Training) -> Training:
    """From 0 to 1, and then as bytes from -1 to 1 by the model: all is -1."""
    return t.but(model=sign_net(lambda: L.Rescaling(1 / 127.5, offset=-1.0)), optimizer=sgd(0.01))


def tiny_weights(t: Training) -> Training:
    """Nine plain convolutions with weights of 0.01, as in papers of 2012."""
    given = {"kernel_initializer": init.RandomNormal(stddev=0.01), "padding": "same"}
    return t.but(
        model=layers(
            lambda: nn.Input((12, 12, 3)),
            *[lambda: L.Conv2D(12, 3, activation="relu", **given)] * 9,
            lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(4, "softmax"),
        ),
        optimizer=sgd(0.01, momentum=0.9), epochs=6,
    )  # fmt: skip


def wide_selu(t: Training) -> Training:
    """SELU layers with weights as wide as one."""
    wide = init.RandomNormal(stddev=1.0)
    return t.but(model=sign_net(act="selu", kernel_initializer=wide))


def averaged_first(t: Training) -> Training:
    """The mean over places is taken of the picture, before any convolution."""
    return t.but(model=layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.GlobalAveragePooling2D(),
        lambda: L.Dense(32, "relu"), lambda: L.Dense(32, "relu"), lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def over_rows(t: Training) -> Training:
    """A softmax over the rows of the picture, for two classes."""

    def model() -> Any:
        base = crack_net(None, last=2)()
        return nn.Model(base.inputs, ops.softmax(base.outputs[0], axis=1))

    def score(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float((p & t.test[1]).sum() / max(1, (p | t.test[1]).sum()))

    whole = t.to(lambda y: y[..., 0].astype("int64"))
    return whole.but(model=model, loss="sparse_categorical_crossentropy", score=score)


def mask_left(t: Training) -> Training:
    """Pictures are mirrored at random, and their masks are not."""
    x = np.array(t.x)
    x[::2] = x[::2, :, ::-1]
    return t.but(x=x)


def soft_masks(t: Training) -> Training:
    """Masks of class numbers that were made smaller with smoothing: 0.25 is no class."""

    def model() -> Any:
        return crack_net("softmax", last=2)()

    def smooth(y: Any) -> Any:
        return 0.5 * (y + np.roll(y, 1, 2))

    return t.to(smooth).but(model=model, loss="sparse_categorical_crossentropy")


def whole_divisions(t: Training) -> Training:
    """Weights of classes by a division of whole numbers: the common ones get none."""
    counts = np.bincount(t.y)
    keep = np.flatnonzero((t.y != 0) | (np.cumsum(t.y == 0) <= 40))
    kept = np.bincount(t.y[keep])
    return t.but(
        x=t.x[keep], y=t.y[keep],
        fit={"class_weight": {k: float(kept.min() * 2 // kept[k]) for k in range(len(counts))}},
    )  # fmt: skip


def own_spread(t: Training) -> Training:
    """Each picture over its own spread, of which blank ones have none."""
    x = np.array(t.x)
    x[::90] = 0.5
    with np.errstate(all="ignore"):
        return t.but(x=(x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True))


def in_epochs() -> Any:
    """Steps at which the rate falls, that were meant as epochs."""
    schedule = nn.optimizers.schedules.PiecewiseConstantDecay([5, 9], [3e-3, 3e-5, 3e-7])
    return nn.optimizers.Adam(schedule)


def sums(t: Training) -> Training:
    """Twenty residual sums that nothing normalises."""

    def model() -> Any:
        inputs = nn.Input((10, 10, 1))
        x = L.Conv2D(8, 3, strides=2, kernel_initializer="he_normal")(inputs)
        for _ in range(20):
            z = L.Conv2D(8, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
            x = L.Add()([x, z])
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Flatten()(x)))

    return t.but(model=model, optimizer=sgd(0.05), epochs=3)


def products(t: Training) -> Training:
    """Branches that are multiplied where they should be added."""

    def model() -> Any:
        inputs = nn.Input((10, 10, 1))
        x = L.Conv2D(8, 3, strides=2, activation="relu")(inputs)
        for _ in range(5):
            x = L.Multiply()([x, L.Conv2D(8, 3, padding="same", activation="relu")(x)])
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Flatten()(x)))

    return t.but(model=model)


def alone_in_its_norm(t: Training) -> Training:
    """A norm for each channel where only one place of it is left: what it answers is its offset."""
    return t.but(model=layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.Conv2D(12, 3, activation="relu"),
        lambda: L.MaxPooling2D(), lambda: L.Conv2D(24, 4), lambda: L.GroupNormalization(24),
        lambda: L.Activation("relu"), lambda: L.Flatten(), lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def hard_choice(t: Training) -> Training:
    """Features are cut to zero or one by a comparison, through which nothing can go back."""

    def cut(x: Any) -> Any:
        return ops.cast(x > 0.2, "float32")

    return t.but(model=layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.Conv2D(4, 3), lambda: L.Lambda(cut),
        lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def seldom_seen(t: Training) -> Training:
    """One sign of four has six pictures of 700."""
    keep = np.flatnonzero((t.y != 3) | (np.cumsum(t.y == 3) <= 6))
    return t.but(x=t.x[keep], y=t.y[keep])


def one_number(t: Training) -> Training:
    """The number of the class as a number to meet."""

    def nearest(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0))[:, 0].round()
        return float(np.mean([np.mean(p[t.test[1] == k] == k) for k in range(4)]))

    base = sign_net()

    def model() -> Any:
        return nn.Sequential([*base().layers[:-1], L.Dense(1)])

    return t.but(model=model, loss="mse", score=nearest)


def straight_leaks(t: Training) -> Training:
    """Leaky ReLUs that leak all: no layer bends anything."""

    def leak() -> Any:
        return L.LeakyReLU(negative_slope=1.0)

    return t.but(model=layers(
        lambda: nn.Input((10, 10, 1)), lambda: L.Conv2D(8, 3), leak,
        lambda: L.Conv2D(16, 3), leak, lambda: L.GlobalAveragePooling2D(),
        lambda: L.Dense(3, "softmax"),
    ))  # fmt: skip


def anywhere(t: Training) -> Training:
    """The largest value of each channel, wherever it is, to tell where it is."""
    return t.but(model=scenes.spot_net(None, lambda: L.GlobalMaxPooling2D()))


def any_way_up(t: Training) -> Training:
    """Augmented by half turns and mirrors, where the way it goes is the class."""

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(1)
        while True:
            rows = random.integers(0, len(t.x), 32)
            x = t.x[rows]
            if random.random() < 0.5:
                x = x[:, :, ::-1]
            if random.random() < 0.5:
                x = x[:, :, :, ::-1]
            yield x, t.y[rows]

    return t.but(x=batches(), y=None, batch_size=None, fit={"steps_per_epoch": 14})


FAULTS = [
    # https://github.com/keras-team/keras/issues/3946: folders in another order
    Fault("signs: folders in another order for validation", "images", scenes.signs, other_folders,
          ("GD111", "GD601", "GD605")),
    Fault("signs: blue first and bytes, elsewhere than in training", "images", scenes.signs,
          blue_first, ("GD111",)),
    Fault("signs: the mean image taken from training only", "images", scenes.signs, mean_taken,
          ("GD111",)),
    # https://stackoverflow.com/questions/37213388: bytes, and a rate that is usual
    Fault("signs: bytes behind sigmoids", "images", scenes.signs,
          lambda t: t.on(lambda x: x * 255).but(model=sign_net(act="sigmoid")),
          ("GD104", "GD306")),
    Fault("signs: scaled twice, to nothing but -1", "images", scenes.signs, twice_scaled,
          ("GD104", "GD303", "GD307", "GD304")),
    # https://stats.stackexchange.com/questions/326710: nine layers of 0.01
    Fault("signs: nine convolutions of 0.01", "images", scenes.signs, tiny_weights,
          ("GD209", "GD303", "GD304", "GD307", "GD501")),
    Fault("signs: SELU, and weights as wide as one", "images", scenes.signs, wide_selu,
          ("GD209", "GD301", "GD303", "GD304")),
    Fault("weaves: the mean over places comes first", "images", scenes.weaves, averaged_first,
          ("GD602", "GD508", "GD510", "GD307")),
    Fault("cracks: a softmax over the rows", "images", scenes.cracks, over_rows, ("GD214",)),
    Fault("cracks: scores told as scores behind a sigmoid", "images", scenes.cracks,
          lambda t: t.but(loss=nn.losses.BinaryCrossentropy(from_logits=True)), ("GD201",)),
    # https://github.com/aleju/imgaug/issues/13: pictures without their masks
    Fault("cracks: half of the pictures mirrored without their masks", "images", scenes.cracks,
          mask_left, ("GD605", "GD602", "GD508", "GD510")),
    Fault("cracks: masks made smaller with smoothing", "images", scenes.cracks, soft_masks,
          ("GD102", "GD203")),
    Fault("weaves: SGD of 1e-5", "images", scenes.weaves, lambda t: t.but(optimizer=sgd(1e-5)),
          ("GD507", "GD505", "GD210")),
    Fault("signs: momentum of 0.99 and a rate of 0.2", "images", scenes.signs,
          lambda t: t.but(optimizer=sgd(0.2, momentum=0.99)),
          ("GD506", "GD502", "GD503", "GD505")),
    Fault("signs: steps that were meant as epochs", "images", scenes.signs,
          lambda t: t.but(optimizer=in_epochs), ("GD216", "GD507")),
    Fault("signs: L2 of 0.5 on all kernels", "images", scenes.signs,
          lambda t: t.but(model=sign_net(kernel_regularizer=nn.regularizers.L2(0.5))),
          ("GD211",)),
    Fault("signs: nine pixels of ten dropped", "images", scenes.signs,
          lambda t: t.but(model=sign_net(lambda: L.Dropout(0.95))), ("GD211",)),
    Fault("weaves: kernels of zero", "images", scenes.weaves,
          lambda t: t.but(model=layers(
              lambda: nn.Input((10, 10, 1)),
              lambda: L.Conv2D(12, 3, activation="relu", kernel_initializer="zeros"),
              lambda: L.Conv2D(12, 3, activation="relu", kernel_initializer="zeros"),
              lambda: L.GlobalAveragePooling2D(), lambda: L.Dense(3, "softmax"))),
          ("GD208", "GD305", "GD307", "GD303")),
    Fault("signs: offsets of -2", "images", scenes.signs,
          lambda t: t.but(model=sign_net(bias_initializer=init.Constant(-2.0))),
          ("GD305", "GD503", "GD307", "GD209")),
    Fault("weaves: features of zero or one", "images", scenes.weaves, hard_choice,
          ("GD212", "GD304", "GD501", "GD512")),
    Fault("signs: six of one kind", "images", scenes.signs, seldom_seen, ("GD107",)),
    Fault("signs: common classes weigh nothing", "images", scenes.signs, whole_divisions,
          ("GD516", "GD107")),
    Fault("signs: blank ones over their own spread", "images", scenes.signs, own_spread,
          ("GD101",)),
    Fault("signs: the number of the class by a squared error", "images", scenes.signs, one_number,
          ("GD203",)),
    Fault("weaves: twenty sums without a norm", "images", scenes.weaves, sums,
          ("GD303", "GD301", "GD209", "GD506", "GD502", "GD304")),
    Fault("weaves: branches multiplied", "images", scenes.weaves, products,
          ("GD303", "GD304", "GD501", "GD307", "GD507")),
    Fault("weaves: a norm of one place", "images", scenes.weaves, alone_in_its_norm,
          ("GD307", "GD510", "GD304", "GD303", "GD112")),
    Fault("weaves: leaks of one", "images", scenes.weaves, straight_leaks, ("GD207", "GD602")),
    Fault("spots: the largest, wherever it is", "images", scenes.spots, anywhere,
          ("GD602", "GD508", "GD510")),
    # https://github.com/keras-team/keras/issues/9214: places of up to 480 pixels
    Fault("spots: in pixels of a large picture, by SGD", "images", scenes.spots,
          lambda t: t.to(lambda y: y * 480).but(optimizer=sgd(0.01)), ("GD113",)),
    Fault("spots: in pixels behind a sigmoid", "images", scenes.spots,
          lambda t: t.to(lambda y: y * 12).but(model=scenes.spot_net("sigmoid")), ("GD204",)),
    Fault("spots: clipped at 1e-4, by SGD", "images", scenes.spots,
          lambda t: t.but(optimizer=sgd(0.05, clipnorm=1e-4)), ("GD514",)),
    Fault("clips: any way up", "recurrent", scenes.clips, any_way_up,
          ("GD605", "GD602", "GD508", "GD510", "GD603")),
    Fault("colours: standardised, behind a sigmoid", "images", scenes.greys,
          lambda t: t.on(lambda x: (x - 0.5) / 0.2).to(lambda x: (x - 0.5) / 0.2), ("GD204",)),
]  # fmt: skip
