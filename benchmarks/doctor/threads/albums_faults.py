"""What people ask about networks on images, a further time: the faults, with the threads beside."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import layers
from benchmarks.doctor.threads import albums as a
from benchmarks.doctor.threads.galleries_own import Adversaries, forgers
from benchmarks.doctor.training import Training

L, ops, init = nn.layers, nn.ops, nn.initializers
SLOW = ("GD510", "GD508", "GD602")


# --- one of several classes -----------------------------------------------------------------------


def in_another_order(t: Training) -> Training:
    """Folders were read in another order where the kinds were held out."""
    order = np.array([2, 0, 3, 1])
    return t.but(validation=(t.validation[0], order[t.validation[1]]),
                 test=(t.test[0], order[t.test[1]]))  # fmt: skip


def standardised(t: Training) -> Training:
    """Pictures of training less their mean, over their spread, pixel by pixel; the others as is."""
    return t.but(x=((t.x - t.x.mean(0)) / t.x.std(0)).astype("float32"))


def whitened(t: Training) -> Training:
    """Pictures of training whitened, by all of them; the others are not."""
    rows = t.x.reshape(len(t.x), -1)
    rows = rows - rows.mean(0)
    u, s, _ = np.linalg.svd(rows.T @ rows / len(rows))
    return t.but(x=(rows @ (u / np.sqrt(s + 1e-3)) @ u.T).reshape(t.x.shape).astype("float32"))


def nothing_lit(t: Training) -> Training:
    """Each picture over its own spread, and some are blank."""

    def over(x: Any, blank: int) -> Any:
        x = np.array(x)
        x[:blank] = 0.5
        with np.errstate(invalid="ignore"):
            x = (x - x.mean((1, 2, 3), keepdims=True)) / x.std((1, 2, 3), keepdims=True)
        return x.astype("float32")

    return t.but(x=over(t.x, 5), validation=(over(t.validation[0], 0), t.validation[1]),
                 test=(over(t.test[0], 0), t.test[1]))  # fmt: skip


def framed(t: Training) -> Training:
    """Each pixel over its own spread, and the frame is always black."""

    def over(x: Any) -> Any:
        x = x * np.pad(np.ones((10, 10, 1)), ((1, 1), (1, 1), (0, 0)))
        with np.errstate(invalid="ignore"):
            return ((x - x.mean(0)) / x.std(0)).astype("float32")

    return t.on(over)


def sorted_(t: Training) -> Any:
    """Return a data set of pictures, folder by folder."""
    order = np.argsort(t.y, kind="stable")
    return nn.data.Dataset.from_tensor_slices((t.x[order], t.y[order]))


def from_data(t: Training, data: Any) -> Training:
    """Return the same trained on a data set of batches."""
    return t.but(x=data, y=None, batch_size=None)


def right_share(y: Any, p: Any) -> Any:
    """Minus the score of the right kind, where its logarithm was meant."""
    return -ops.mean(ops.sum(p * y, axis=-1))


def of_one(t: Training) -> Training:
    """Weights and biases drawn with a spread of 1."""
    wide = init.RandomNormal(stddev=1.0)
    return t.but(model=a.tile_net(kernel_initializer=wide, bias_initializer=wide))


def zeros(t: Training) -> Training:
    """Sigmoids between weights that begin at zero."""
    return t.but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Flatten(),
        lambda: L.Dense(64, "sigmoid", kernel_initializer="zeros"),
        lambda: L.Dense(4, "softmax", kernel_initializer="zeros"),
    ))  # fmt: skip


class OverMax(L.Layer):
    """Each place over its largest channel, which a ReLU may have made 0."""

    def __init__(self, little: float = 0.0, **given: Any) -> None:
        super().__init__(**given)
        self.little = little

    def call(self, x: Any) -> Any:
        return x / (ops.max(x, axis=-1, keepdims=True) + self.little)


def over_max(little: float) -> Training:
    """Tiles by channels over their largest."""
    return a.tiles().but(model=layers(
        lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(4, 3, activation="relu"),
        lambda: OverMax(little), lambda: L.MaxPooling2D(),
        lambda: L.Conv2D(16, 3, activation="relu"), lambda: L.Flatten(),
        lambda: L.Dense(4, "softmax"),
    ))  # fmt: skip


# --- a class for each pixel -----------------------------------------------------------------------


def smaller(y: Any, by: int = 3) -> Any:
    """Return masks that were made smaller and larger again by means of neighbours."""
    rows = y.astype("float32").reshape(len(y), 12 // by, by, 12 // by, by).mean((2, 4))
    return np.kron(rows, np.ones((1, by, by))).astype("float32")


def unlabelled(t: Training) -> Training:
    """Most pixels have no label, which is written as -1."""
    random = np.random.default_rng(7)
    return t.to(lambda y: np.where(random.random(y.shape) < 0.7, -1, y)).but(test=t.test)


def over_the_marked(y: Any, p: Any) -> Any:
    """The error in marked pixels over how many there are, picture by picture."""
    wrong = ops.sum(y * ops.square(y - p), axis=(1, 2, 3))
    return ops.mean(wrong / ops.sum(y, axis=(1, 2, 3)) + ops.mean(p * (1 - y), axis=(1, 2, 3)))


def over_the_marked_and_one(y: Any, p: Any) -> Any:
    """The same, where a picture may have no mark."""
    wrong = ops.sum(y * ops.square(y - p), axis=(1, 2, 3))
    mean = wrong / (ops.sum(y, axis=(1, 2, 3)) + 1.0)
    return ops.mean(mean + ops.mean(p * (1 - y), axis=(1, 2, 3)))


# --- numbers, digits made anew --------------------------------------------------------------------


def log_of_none(t: Training) -> Training:
    """Logarithms of widths, and a few boxes were drawn with none."""
    y = np.exp(t.y)
    y[::80] = 0
    with np.errstate(divide="ignore"):
        return t.but(y=np.log(y))


class Misled(Adversaries):
    """The maker is told that it is well if it is found out."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x = data[0] if isinstance(data, tuple) else data
        noise = nn.random.normal((ops.shape(x)[0], 16))

        def judged() -> Any:
            true, made = self.judge(x), self.judge(self.maker(noise))
            return ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(made))

        def found_out() -> Any:
            return ops.mean(ops.softplus(self.judge(self.maker(noise))))

        of_judge, grads = nn.value_and_grad(judged, parameters=self.judge)()
        self.judges.apply(grads, self.judge)
        of_maker, grads = nn.value_and_grad(found_out, parameters=self.maker)()
        self.makers.apply(grads, self.maker)
        return {"d_loss": of_judge, "g_loss": of_maker}


def squares_added_up(y: Any, p: Any) -> Any:
    """Half of all squared errors of a batch, added up."""
    return 0.5 * ops.sum(ops.square(y - p))


def plain_cleaner(norm: bool) -> Training:
    """The noise itself, as what is told; with a norm and a ReLU on it, or none."""
    t = a.noisy(a.cnn(), 0.5)

    def noise(x: Any, clean: Any) -> Any:
        return x, x - clean

    ends = [lambda: L.BatchNormalization(momentum=0.9), lambda: L.ReLU()] if norm else []
    x, y = noise(t.x, t.y)
    return t.but(
        x=x, y=y, validation=noise(*t.validation), test=noise(*t.test), loss="mse", metrics=(),
        optimizer=adam(4e-3), score=a.explained, model=layers(
            lambda: nn.Input((8, 8, 1)),
            *[lambda: L.Conv2D(16, 3, padding="same", activation="relu")] * 2,
            lambda: L.Conv2D(1, 3, padding="same"), *ends),
    )  # fmt: skip


RATE = ("GD506", "GD502", "GD503", "GD505")

FAULTS = [
    # https://newbedev.com/cnn-with-keras-accuracy-not-improving
    Fault("tiles: one sigmoid for four kinds", "images", a.tiles,
          lambda t: t.but(model=a.tile_net(end="sigmoid", last=1), loss="binary_crossentropy"),
          ("GD102", "GD203")),
    # https://github.com/keras-team/keras/issues/11211 and a medium.com story on sorted folders
    Fault("tiles: kinds in another order where they are held out", "images", a.tiles,
          in_another_order, ("GD111", "GD601", "GD605")),
    # https://github.com/keras-team/keras/issues/2622, /1950, /7187
    Fault("tiles: standardised in training only", "images", a.tiles, standardised, ("GD111",)),
    # https://github.com/asmith26/wide_resnets_keras/issues/1
    Fault("tiles: whitened in training only", "images", a.tiles, whitened, ("GD111",)),
    # https://github.com/vanvalenlab/deepcell-toolbox/pull/72
    Fault("tiles: over a spread of zero, some blank", "images", a.tiles, nothing_lit, ("GD101",)),
    # https://github.com/keras-team/keras/issues/2001
    Fault("tiles: over a spread of zero, a frame", "images", a.tiles, framed, ("GD101",)),
    # https://github.com/heuritech/convnets-keras/issues/33
    Fault("tiles: less their mean, and still bytes", "images",
          lambda: a.tiles().but(optimizer=sgd(0.02, momentum=0.9)),
          lambda t: t.on(lambda x: (x * 255 - 110).astype("float32")), ("GD104",)),
    # https://mail.cosmiclearn.com/tensorflow/shuffling.php
    Fault("tiles: folders through a small buffer", "images", a.tiles,
          lambda t: from_data(t, sorted_(t).shuffle(20).batch(32)).but(epochs=3),
          ("GD110",)),
    # https://newbetuts.com/53514495-what-does-batch-repeat-and-shuffle-do-with-tensorflow-dataset
    Fault("normed tiles: batches shuffled, not pictures", "images", a.normed_tiles,
          lambda t: from_data(t, sorted_(t).batch(32).shuffle(30)), ("GD110", "GD513")),
    # https://example-a.com/answer/55469311: NLLLoss of sigmoids
    Fault("tiles: the score itself, of sigmoids", "images", a.one_hot_tiles,
          lambda t: t.but(model=a.tile_net(end="sigmoid"), loss=right_share),
          ("GD203", "GD307", "GD511", *SLOW)),
    # https://github.com/aymericdamien/TensorFlow-Examples/issues/255
    Fault("tiles: weights and biases of one", "images", a.tiles, of_one,
          ("GD209", "GD301", "GD303", "GD306")),
    # https://github.com/tensorflow/tensorflow/issues/3916
    Fault("tiles: sigmoids between zeros", "images", a.tiles, zeros, ("GD208",)),
    # https://github.com/mihaidusmanu/d2-net/issues/78
    Fault("tiles: channels over their largest, which is 0", "images", lambda: over_max(1e-3),
          lambda t: over_max(0.0), ("GD302", "GD401")),
    # https://github.com/hellochick/ICNet-tensorflow/issues/65
    Fault("rare tiles: the frequent kind weighs most", "images", a.rare_tiles,
          lambda t: t.but(fit={"class_weight": {0: 2.4, 1: 0.3, 2: 0.3, 3: 0.3}}),
          ("GD107", "GD516", "GD511")),
    # https://github.com/facebookresearch/maskrcnn-benchmark/issues/721, Welthungerhilfe/cgm-ml#326
    Fault("on a trunk: let free at a tenth", "images", lambda: a.on_a_trunk(True, 1e-3),
          lambda t: t.but(optimizer=lambda: nn.optimizers.Nadam(0.1)), RATE),
    # https://errorhandle.ai/is-cross-entropy-with-softmax-proper-for-multi-label-classification
    Fault("badges: a softmax over marks", "images", a.badges,
          lambda t: t.but(model=a.badge_net("softmax"), loss="categorical_crossentropy"),
          ("GD203", "GD102")),
    # https://github.com/jocicmarko/ultrasound-nerve-segmentation/issues/18
    Fault("one kind: a softmax over one channel", "images", a.one_kind,
          lambda t: t.but(model=a.blot_net(1, "softmax")), ("GD203", "GD201")),
    # https://github.com/qubvel/segmentation_models/issues/95, mateuszbuda/...-pytorch/issues/36
    Fault("one kind: masks of 0 and 255", "images", lambda: a.one_kind(a.both),
          lambda t: t.but(y=t.y * 255, validation=(t.validation[0], t.validation[1] * 255)),
          ("GD102", "GD204")),
    # https://github.com/tensorflow/docs/pull/2159, ykamikawa/tf-keras-PSPNet/issues/2
    Fault("blots: masks made smaller by means", "images", a.blots,
          lambda t: t.but(y=smaller(t.y), validation=None), ("GD102",)),
    # https://mostaql.com/portfolio/3123194-partial-cross-entropy-loss
    Fault("blots: -1 where nothing is known", "images", a.blots, unlabelled, ("GD102",)),
    # https://github.com/akirasosa/mobile-semantic-segmentation/issues/24
    Fault("one kind: the overlap, made small", "images", lambda: a.one_kind(a.away),
          lambda t: t.but(loss=a.dice), ("GD203", "GD511", "GD307", *SLOW)),
    # https://github.com/naibaf7/caffe_neural_tool/issues/1
    Fault("one kind: over the marked pixels, of which there are none", "images",
          lambda: a.one_kind(over_the_marked_and_one),
          lambda t: t.but(loss=over_the_marked), ("GD302", "GD401")),
    # https://github.com/xuannianz/keras-ctpn/issues/1
    Fault("dials: logarithms of nothing", "images", a.dials, log_of_none, ("GD101",)),
    # https://github.com/autorope/donkeycar/issues/37
    Fault("dials: degrees, by plain steps", "images",
          lambda: a.dials().but(optimizer=sgd(0.05, momentum=0.9)),
          lambda t: t.to(lambda y: y * 60), ("GD113", *RATE)),
    # https://stackoverflow.com/questions/44601367
    Fault("coded: of 0 to 16, by a sigmoid", "images", a.coded,
          lambda t: a.itself(t.on(lambda x: x * 16)), ("GD204", "GD104")),
    # https://github.com/AntixK/PyTorch-VAE/issues/51
    Fault("coded: a rate of 0.3", "images", a.coded, lambda t: t.but(optimizer=adam(0.3)), RATE),
    # https://github.com/ethanluoyc/pytorch-vae/issues/3
    Fault("drawn: a mean over pixels, a code that costs a whole", "images", a.drawn,
          lambda t: a.drawn(1.0), ("GD211", "GD307", "GD203", *SLOW)),
    # https://github.com/tyshiwo/DRRN_CVPR17/issues/8
    Fault("cleaned: what is added is a sigmoid", "images", a.cleaned,
          lambda t: t.but(model=a.cleaner("sigmoid")), ("GD204", *SLOW)),
    # https://github.com/wbhu/DnCNN-tensorflow/pull/14
    Fault("noise told: a norm and a ReLU at the end", "images", lambda: plain_cleaner(False),
          lambda t: plain_cleaner(True), ("GD204", "GD211")),
    # https://github.com/vlfeat/matconvnet/issues/69
    Fault("cleaned: squares added up, by plain steps", "images",
          lambda: a.cleaned().but(optimizer=sgd(0.1, momentum=0.9)),
          lambda t: t.but(loss=squares_added_up), ("GD401", *RATE)),
    # https://github.com/omoindrot/tensorflow-triplet-loss/issues/38, /50
    Fault("triplets: all in one point", "images", a.triplets,
          lambda t: t.but(model=a.triplet_net(norm=False), optimizer=adam(0.5)),
          ("GD307", *RATE, *SLOW)),
    # https://github.com/keras-team/keras-io/issues/361 and many: whose labels are turned round
    Fault("forgers: glad to be found out", "images", forgers,
          lambda t: t.but(model=Misled), ("GD203", "GD304", "GD512", *SLOW)),
]  # fmt: skip
