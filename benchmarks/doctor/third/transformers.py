"""Faults of networks with attention of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.third.twins import transformers as twins
from benchmarks.doctor.third.twins.transformers import (
    Review,
    Song,
    column_net,
    tide_net,
    tile_net,
    tongue_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def one_in_cents(t: Training) -> Training:
    """Two of the eight columns are amounts in cents."""
    return t.on(lambda x: x * np.array([1, 1, 40_000, 1, 1, 9_000, 1, 1], "float32"))


def other_rows(t: Training) -> Training:
    """The answers were merged with the rows by the wrong key."""
    return t.but(y=np.random.default_rng(0).permutation(t.y))


def some_wrong(t: Training) -> Training:
    """A hundred rows, of which a third has a wrong answer, and long."""
    y = np.array(t.y[:100])
    wrong = np.random.default_rng(1).random(100) < 0.33
    y[wrong] = 1 - y[wrong]
    return t.but(x=t.x[:100], y=y, epochs=60)


def few(rows: int, epochs: int, **given: Any) -> Any:
    """Return a plant of few rows, learnt by heart."""
    return lambda t: t.but(x=t.x[:rows], y=t.y[:rows], epochs=epochs, **given)


def total(t: Training) -> Training:
    """A column of a report that was made when the answer was known; later it is empty."""
    random = np.random.default_rng(2)

    def told(x: Any, y: Any) -> Any:
        x = np.array(x)
        x[:, 7] = (2 * y[:, 0] - 1) * 1.5
        return x

    held, test = t.validation, t.test
    return t.but(x=told(t.x, t.y), validation=(told(*held), held[1]),
                 test=(told(test[0], random.permutation(test[1])), test[1]))  # fmt: skip


def later_in_feet(t: Training) -> Training:
    """Later heights are in another unit and from another zero."""
    held, test = t.validation, t.test

    def other(part: Any) -> Any:
        return part[0] * 6 + 20, part[1]

    return t.but(validation=other(held), test=other(test))


def of_itself(t: Training) -> Training:
    """The targets are the inputs: nobody moved them by a step."""
    return t.but(y=t.x, validation=(t.validation[0], t.validation[0]))


def long_padding(t: Training) -> Training:
    """Padding up to 160 words, and neither attention nor the mean leaves it out."""
    return t.on(lambda x: np.pad(x, ((0, 0), (0, 136)))).but(
        model=lambda: Review(masked=False, embeddings_initializer=init.RandomNormal(stddev=1.0)),
        epochs=3,
    )


def nothing_said(t: Training) -> Training:
    """Some reviews have no words at all: their mean is 0 / 0."""

    def emptied(x: Any) -> Any:
        x = np.array(x)
        x[7::150] = 0
        return x

    return t.on(emptied)


def swap(x: Any) -> Any:
    """Tiles and pictures change places, and a reshape makes the shape fit."""
    return L.Lambda(
        lambda z: nn.ops.reshape(nn.ops.transpose(z, (1, 0, 2)), (-1, z.shape[1], z.shape[2]))
    )(x)


def shut(x: Any) -> Any:
    """A layer of ReLU of which nothing comes out."""
    return L.Dense(x.shape[-1], "relu", bias_initializer=init.Constant(-20.0))(x)


def log_first(x: Any) -> Any:
    """The log of what has both signs."""
    return L.Lambda(nn.ops.log)(x)


def in_order(t: Training) -> Training:
    """Digit after digit, and nothing is shuffled."""
    order = np.argsort(t.y, kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False}, epochs=3)


def still_blocks(t: Training) -> Training:
    """All but the last layer is frozen, and was never trained."""

    def model() -> Any:
        found = tile_net(kernel_initializer=init.RandomNormal(stddev=0.02))()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def half_of_them(t: Training) -> Training:
    """Digits from 5 on weigh nothing."""
    return t.but(fit={"class_weight": {k: float(k < 5) for k in range(10)}})


def unknown(t: Training) -> Training:
    """A vocabulary of four words: all others are the same unknown one."""
    return t.on(lambda x: np.where(x > 4, 5, x))


def rooted(t: Training) -> Training:
    """The length of the vector of a word, which is 0 at first."""

    class Long(Review):
        def call(self, ids: Any) -> Any:  # type: ignore[override]
            x = self.words(ids)
            size = nn.ops.sqrt(nn.ops.sum(nn.ops.square(x), axis=-1, keepdims=True))
            return self.last(self.hidden(nn.ops.mean(x * size, axis=1)))

    return t.but(model=lambda: Long(embeddings_initializer="zeros"))


def early(t: Training) -> Training:
    """A warm-up that ends long after the training."""
    grow = nn.callbacks.LearningRateScheduler(lambda epoch, rate: 2e-7 * (epoch + 1))
    return t.but(fit={"callbacks": [grow]})


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("columns: amounts in cents", twins.columns, one_in_cents, ("GD104",)),
    ("tides: centimetres above zero", twins.tides, lambda t: t.on(lambda x: x * 300 + 900),
     ("GD104",)),
    ("tides: millimetres to be met", twins.tides, lambda t: t.to(lambda y: y * 700 + 5000),
     ("GD113", "GD301")),
    ("songs: notes by the number of their key", twins.songs, lambda t: t.on(lambda x: x + 40),
     ("GD105",)),
    ("translation: words from 1", twins.translation,
     lambda t: t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1)), ("GD102",)),
    ("columns: answers merged by the wrong key", twins.columns, other_rows,
     ("GD510", "GD605", "GD601")),
    ("columns: a third of few is wrong", twins.columns, some_wrong, ("GD601", "GD605")),
    ("tiles: thirty by heart", twins.tiles, few(30, 60), ("GD601",)),
    ("reviews: forty by heart", twins.reviews, few(40, 60), ("GD601",)),
    ("columns: made when the answer was known", twins.columns, total, ("GD109",)),
    ("tides: later in feet", twins.tides, later_in_feet, ("GD111",)),
    ("tiles: digit after digit", twins.tiles, in_order, ("GD110",)),
    ("columns: a batch of all rows", twins.columns, with_(batch_size=1000),
     ("GD112", "GD604", "GD507")),
    ("tiles: half of the digits weigh nothing", twins.tiles, half_of_them,
     ("GD516", "GD107")),
    ("reviews: padding is read", twins.reviews, long_padding, ("GD114", "GD702")),
    ("reviews: nearly all words are unknown", twins.reviews, unknown, ("GD705",)),
    # model and loss
    ("songs: hears what comes", twins.songs, with_(lambda: Song(causal=False)), ("GD309",)),
    ("songs: each note from itself", twins.songs, of_itself, ("GD309",)),
    ("tides: sees what comes", twins.tides, with_(tide_net(causal=False)), ("GD309",)),
    ("translation: sees the words to come", twins.translation,
     with_(tongue_net(causal=False)), ("GD309",)),
    ("translation: no places", twins.translation, with_(tongue_net(places=False)), ("GD310",)),
    ("tiles: no places", twins.tiles, with_(tile_net(places=False)), ("GD310",)),
    ("tiles: scores for probabilities", twins.tiles, with_(tile_net(end=None)), ("GD202",)),
    ("columns: a probability for a score", twins.columns,
     with_(column_net(end=lambda z: nn.ops.sigmoid(z)), optimizer=adam(5e-4), threshold=0.5,
           loss=nn.losses.BinaryCrossentropy(from_logits=True)),
     ("GD201", "GD507")),
    ("tides: a sigmoid for what goes below 0", twins.tides, with_(tide_net(end="sigmoid")),
     ("GD204",)),
    ("translation: ReLU before the softmax", twins.translation,
     with_(tongue_net(end=lambda z: nn.ops.softmax(nn.ops.relu(z)))),
     ("GD205",)),
    ("reviews: a table of zeros", twins.reviews,
     with_(lambda: Review(embeddings_initializer="zeros")),
     ("GD208", "GD307", "GD305", "GD503")),
    ("columns: dropout of 95 %", twins.columns,
     with_(column_net(change=lambda x: L.Dropout(0.95)(x))), ("GD211",)),
    ("tiles: L2 of 1", twins.tiles,
     with_(tile_net(kernel_regularizer=nn.regularizers.L2(1.0),
                    change=lambda x: L.Dense(24, kernel_regularizer=nn.regularizers.L2(1.0))(x))),
     ("GD211",)),
    ("tiles: frozen before it learnt", twins.tiles, still_blocks,
     ("GD212", "GD512", "GD209", "GD602")),
    ("tiles: tiles and pictures change places", twins.tiles, with_(tile_net(change=swap)),
     ("GD308",)),
    ("tides: weights of spread six", twins.tides,
     with_(tide_net(kernel_initializer=init.RandomNormal(stddev=6.0))),
     ("GD209", "GD303", "GD701", "GD301")),
    ("columns: shut before the end", twins.columns, with_(column_net(change=shut)),
     ("GD305", "GD503", "GD307")),
    # numbers and steps
    ("tides: logs of heights below 0", twins.tides, with_(tide_net(change=log_first)),
     ("GD302", "GD401")),
    ("reviews: nothing was said", twins.reviews, nothing_said, ("GD302", "GD401")),
    ("reviews: the length of nothing", twins.reviews, rooted, ("GD302", "GD401", "GD208")),
    ("songs: six blocks, norm behind, a large rate", twins.songs,
     with_(lambda: Song(blocks=6, first=False), optimizer=adam(0.02), epochs=4),
     ("GD703", "GD506", "GD502")),
    ("columns: eight blocks, norm behind, SGD", twins.columns,
     with_(column_net(blocks=8, first=False), optimizer=sgd(0.5, momentum=0.9), epochs=3),
     ("GD703", "GD506", "GD502", "GD501", "GD401")),
    ("tiles: a rate of 0.2", twins.tiles, with_(optimizer=adam(0.2)),
     ("GD506", "GD502", "GD503")),
    ("tides: a rate of 0.2", twins.tides, with_(optimizer=adam(0.2)),
     ("GD506", "GD502", "GD503", "GD509")),
    ("songs: a rate fifty times too small", twins.songs, with_(optimizer=adam(1e-4)),
     ("GD507", "GD505")),
    ("translation: a rate of 0.3", twins.translation, with_(optimizer=adam(0.3)),
     ("GD506", "GD502")),
    ("reviews: SGD at 0.001", twins.reviews, with_(optimizer=sgd(1e-3)), ("GD507", "GD505")),
    ("translation: a rate of 1e-5", twins.translation, with_(optimizer=adam(1e-5)),
     ("GD507", "GD505")),
    ("songs: half the rate each three steps", twins.songs,
     with_(optimizer=adam(schedules.ExponentialDecay(0.005, 3, 0.5))),
     ("GD216", "GD507", "GD505")),
    ("tides: a warm-up for later", twins.tides, early, ("GD216", "GD507", "GD505")),
    ("tides: clipped to a thousandth", twins.tides,
     with_(optimizer=sgd(0.05, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]
