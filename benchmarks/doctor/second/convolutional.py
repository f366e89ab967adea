"""Faults of convolutional networks of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second import pictures
from benchmarks.doctor.second.pictures import (
    Finder,
    beat_net,
    blocks,
    conv_net,
    down_and_up,
    glyph_net,
)
from benchmarks.doctor.second.points import Rows, rms, shares
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def bytes_of(x: Any) -> Any:
    """As a camera gives them."""
    return np.clip(x * 160 + 40, 0, 255).astype("float32")


def counts(t: Training) -> Training:
    """A generator that gives what a detector counts, up to 65,535, and so does what comes later."""
    t = t.on(lambda x: np.clip(x * 30_000 + 20_000, 0, 65_535).astype("float32"))
    return t.but(x=Rows(t.x, t.y), y=None, batch_size=None)


def thresholds(t: Training) -> Training:
    """Bytes that were divided as integers: all is 0."""
    return t.on(lambda x: ((0.9 * bytes_of(x)).astype("uint8") // 255).astype("float32"))


def masks_as_bytes(t: Training) -> Training:
    """Masks of 0 and 255."""
    held = t.validation
    return t.but(y=t.y * 255, validation=(held[0], held[1] * 255))


def pixels(t: Training) -> Training:
    """The place in thousandths of a millimetre."""
    return t.to(lambda y: y * 9_000 + 60_000)


def torn(t: Training) -> Training:
    """The channels come first, by a reshape that takes the batch with it."""

    class Torn(Finder):
        def call(self, x: Any, training: bool = False) -> Any:
            z = self.second(self.pool(self.first(x)))
            z = nn.ops.reshape(nn.ops.transpose(z, (3, 1, 2, 0)), (-1, 5 * 5 * 16))
            return self.last(self.hidden(z))

    return t.but(model=Torn)


def stopped_colours(t: Training) -> Training:
    """Nothing learns but the last layer: the gradient is stopped after the convolutions."""

    class Stopped(Finder):
        def call(self, x: Any, training: bool = False) -> Any:
            z = nn.ops.stop_gradient(self.second(self.pool(self.first(x))))
            z = nn.ops.reshape(z, (-1, 5 * 5 * 16))
            return self.last(self.hidden(z))

    tiny = init.RandomNormal(stddev=0.01)
    return t.but(model=lambda: Stopped(kernel_initializer=tiny))


def forty(t: Training) -> Training:
    """Thirty pictures, hundreds of times."""
    return t.but(x=t.x[:30], y=t.y[:30], epochs=150, model=conv_net(32, 64))


def by_lot(t: Training) -> Training:
    """Two of three labels drawn by lot, and long."""
    random = np.random.default_rng(0)
    y = np.array(t.y[:300])
    wrong = random.random(300) < 0.65
    y[wrong] = random.integers(0, 8, wrong.sum())
    return t.but(x=t.x[:300], y=y, epochs=30)


def dice_bare(t: Training) -> Training:
    """An overlap by hand, divided by what may be 0, of scores that are cut at 0."""

    def loss(y: Any, p: Any) -> Any:
        both = nn.ops.sum(y * p, axis=(1, 2, 3))
        return 1 - nn.ops.mean(2 * both / nn.ops.sum(p * p, axis=(1, 2, 3)))

    low = init.Constant(-3.0)

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        a = L.Conv2D(8, 3, padding="same", activation="relu")(inputs)
        return nn.Model(inputs, L.Conv2D(1, 1, activation="relu", bias_initializer=low)(a))

    return t.but(model=model, loss=loss)


def entropy_bare(t: Training) -> Training:
    """A cross-entropy by hand on what a large rate makes exactly 0 or 1."""

    def loss(y: Any, p: Any) -> Any:
        return -nn.ops.mean(y * nn.ops.log(p) + (1 - y) * nn.ops.log(1 - p))

    return t.on(lambda x: x * 150).but(loss=loss)


def squashed(t: Training) -> Training:
    """A sigmoid for places from -1 to 1."""
    return t.but(model=lambda: Finder(end="sigmoid"))


def deep_tanh(t: Training) -> Training:
    """Ten narrow convolutions with sigmoids along the signal."""

    def model() -> Any:
        parts = [L.Conv1D(12, 5, padding="same", activation="sigmoid") for _ in range(10)]
        last = [L.GlobalMaxPooling1D(), L.Dense(3, "softmax")]
        return nn.Sequential([nn.Input((48, 1)), *parts, *last])

    return t.but(model=model)


def uneven(t: Training) -> Training:
    """Three of the four kinds are almost never among the rows for training."""
    random = np.random.default_rng(0)
    kind = t.y.argmax(1)
    kept = (kind == 0) | (random.random(len(kind)) < 0.02)
    return t.but(x=t.x[kept], y=t.y[kept])


def in_order(t: Training) -> Training:
    """Kind after kind, as the folders were read."""
    order = np.argsort(np.asarray(t.y), kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False}, epochs=4)


def with_marks(t: Training) -> Training:
    """The name of the kind is written into the first row of each picture; not later."""

    def marked(x: Any, y: Any) -> Any:
        x = np.array(x)
        x[:, 0, :, 0] = y[:, None]
        return x

    random = np.random.default_rng(0)
    test = marked(t.test[0], random.permutation(t.test[1]))
    return t.but(x=marked(t.x, t.y), validation=(marked(*t.validation), t.validation[1]),
                 test=(test, t.test[1]), epochs=10)  # fmt: skip


def still_head(t: Training) -> Training:
    """All convolutions are frozen as they were born, near 0."""

    def model() -> Any:
        found = conv_net(16, 32, kernel_initializer=init.RandomNormal(stddev=2e-3))()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def low(value: float) -> Any:
    """Return biases of a value."""
    return {"bias_initializer": init.Constant(value)}


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("drawings: bytes", pictures.drawings,
     lambda t: t.on(bytes_of).but(optimizer=sgd(0.02, momentum=0.9)), ("GD104",)),
    ("spots: a generator of what the detector counts", pictures.spots, counts, ("GD104",)),
    ("beats: microvolts", pictures.beats, lambda t: t.on(lambda x: x * 3e4 - 2e4), ("GD104",)),
    ("spots: thousandths of a millimetre", pictures.spots, pixels, ("GD113",)),
    ("drawings: bytes divided as integers", pictures.drawings, thresholds, ("GD106", "GD307")),
    ("cells: masks of 0 and 255", pictures.cells, masks_as_bytes, ("GD102", "GD203")),
    ("stamps: labels from 1 to 8", pictures.stamps, lambda t: t.to(lambda y: y + 1), ("GD102",)),
    ("drawings: one kind is nearly all", pictures.drawings, uneven, ("GD107",)),
    ("stamps: the name in the first row", pictures.stamps, with_marks, ("GD109",)),
    ("glyphs: folder after folder", pictures.glyphs, in_order, ("GD110",)),
    ("stamps: labels of other pictures", pictures.stamps, shuffled_labels,
     ("GD510", "GD605", "GD601")),
    ("stamps: two of three labels by lot", pictures.stamps, by_lot, ("GD601", "GD605")),
    ("drawings: thirty by heart", pictures.drawings, forty, ("GD601",)),
    ("beats: an axis too many", pictures.beats,
     lambda t: t.to(lambda y: np.eye(3, dtype="float32")[y]), ("GD103", "GD203")),
    # model and loss
    ("glyphs: softmax, and scores for the loss", pictures.glyphs,
     with_(lambda: nn.Sequential([*glyph_net()().layers, L.Lambda(shares)])),
     ("GD201",)),
    ("cells: scores for probabilities", pictures.cells, with_(down_and_up(end=None)),
     ("GD202",)),
    ("beats: scores for probabilities", pictures.beats, with_(beat_net(12, 24, end=None)),
     ("GD202",)),
    ("spots: sigmoid for what goes below 0", pictures.spots, squashed, ("GD204",)),
    ("beats: ReLU before the softmax", pictures.beats,
     with_(lambda: nn.Sequential([*beat_net(12, 24, end="relu")().layers, L.Softmax()]),
           optimizer=sgd(0.1)), ("GD205",)),
    ("drawings: only lines", pictures.drawings, with_(conv_net(16, 32, act=None)), ("GD207",)),
    ("cells: weights of zero", pictures.cells, with_(down_and_up(kernel_initializer="zeros")),
     ("GD208",)),
    ("beats: all weights alike", pictures.beats,
     with_(beat_net(12, 24, kernel_initializer=init.Constant(0.1))), ("GD208",)),
    ("stamps: wide weights without a norm", pictures.stamps,
     with_(blocks(count=5, norm=False, kernel_initializer=init.RandomNormal(stddev=1.5))),
     ("GD209", "GD303", "GD301")),
    ("beats: the signal is gone", pictures.beats,
     with_(beat_net(12, 24, 24, kernel_initializer=init.RandomNormal(stddev=5e-4))),
     ("GD209", "GD303", "GD304", "GD307")),
    ("spots: dropout of 95 %", pictures.spots, with_(lambda: Finder(rate=0.95)), ("GD211",)),
    ("drawings: L2 above the loss", pictures.drawings,
     with_(conv_net(16, 32, kernel_regularizer=nn.regularizers.L2(0.5))), ("GD211",)),
    ("spots: the gradient is stopped", pictures.spots, stopped_colours,
     ("GD212", "GD512", "GD303", "GD304", "GD209")),
    ("drawings: frozen as they were born", pictures.drawings, still_head,
     ("GD212", "GD209", "GD303", "GD304")),
    ("spots: a batch that is torn apart", pictures.spots, torn, ("GD308",)),
    ("beats: ten sigmoids", pictures.beats, deep_tanh, ("GD304", "GD501", "GD303", "GD307")),
    ("drawings: dead at birth", pictures.drawings, with_(conv_net(16, 32, **low(-8.0))),
     ("GD305", "GD503", "GD307")),
    ("spots: saturated at birth", pictures.spots,
     with_(lambda: Finder("tanh", kernel_initializer=init.RandomNormal(stddev=6.0))),
     ("GD306", "GD504", "GD209", "GD303", "GD301")),
    # numbers and steps
    ("cells: divided by nothing", pictures.cells, dice_bare, ("GD302", "GD401", "GD305", "GD307")),
    ("cells: log of exactly 0", pictures.cells, entropy_bare, ("GD302", "GD401", "GD104")),
    ("drawings: RMSprop's rate far too large", pictures.drawings, with_(optimizer=rms(0.3)),
     ("GD506", "GD502", "GD503")),
    ("spots: SGD that diverges", pictures.spots, with_(optimizer=sgd(3.0, momentum=0.9)),
     ("GD506", "GD502", "GD503", "GD401")),
    ("cells: Adam's rate far too large", pictures.cells, with_(optimizer=adam(1.0)),
     ("GD506", "GD502", "GD503")),
    ("glyphs: SGD's rate far too small", pictures.glyphs, with_(optimizer=sgd(1e-5)),
     ("GD507", "GD505")),
    ("stamps: Adadelta as it comes from 1e-5", pictures.stamps,
     with_(optimizer=lambda: nn.optimizers.Adadelta(1e-5)), ("GD507", "GD505")),
    ("spots: each value of the gradient is cut at 1e-6", pictures.spots,
     with_(optimizer=sgd(0.05, clipvalue=1e-6)), ("GD514", "GD507", "GD505")),
    ("cells: a cosine that ends after six steps", pictures.cells,
     with_(optimizer=adam(schedules.CosineDecay(5e-3, 6))), ("GD216", "GD507", "GD505")),
    ("stamps: a momentum of 0.9999", pictures.stamps, with_(blocks(0.9999)), ("GD513",)),
]  # fmt: skip

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
