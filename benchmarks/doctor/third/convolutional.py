"""Faults of convolutional networks of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.third.twins import convolutional as twins
from benchmarks.doctor.third.twins.convolutional import (
    clean_net,
    clock_net,
    fabric_net,
    field_net,
    film_net,
    head_net,
    motor_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def in_bytes(x: Any) -> Any:
    """As a camera gives them."""
    return np.clip(x * 150 + 60, 0, 255).astype("float32")


def unknown_border(t: Training) -> Training:
    """What nobody labelled, at the border, is 255; the test is asked for what is known."""

    def marked(y: Any) -> Any:
        y = np.array(y)
        y[:, [0, -1]] = 255
        return y

    return t.but(y=marked(t.y), validation=(t.validation[0], marked(t.validation[1])))


def dead_pixels(t: Training) -> Training:
    """A pixel of which the sensor is broken in some pictures."""
    x = np.array(t.x)
    x[40:44, 3, 6] = np.nan
    return t.but(x=x)


def heads_swapped(t: Training) -> Training:
    """The targets of the two heads are given in the wrong order."""
    return t.but(y=t.y[::-1], validation=(t.validation[0], t.validation[1][::-1]))


def one_head_shuffled(t: Training) -> Training:
    """What is said of being even belongs to other pictures."""
    return t.but(y=(t.y[0], np.random.default_rng(0).permutation(t.y[1])))


def listed_otherwise(t: Training) -> Training:
    """Labels in the order of their names, pictures in that of the folder."""
    return t.but(y=np.sort(t.y))


def healthy_first(t: Training) -> Training:
    """All motors that are well, then all that knock; nothing is shuffled."""
    order = np.argsort(t.y[:, 0], kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False}, epochs=3)


def told_by_a_pixel(t: Training) -> Training:
    """The way is written into the first pixel of each film; not in later ones."""
    random = np.random.default_rng(1)

    def told(x: Any, y: Any) -> Any:
        x = np.array(x)
        x[:, :, 0, 0, 0] = y[:, None]
        return x

    held, test = t.validation, t.test
    return t.but(x=told(t.x, t.y), validation=(told(*held), held[1]),
                 test=(told(test[0], random.permutation(test[1])), test[1]))  # fmt: skip


def later_in_bytes(t: Training) -> Training:
    """Pictures for validation and later ones were never divided by 255."""
    held, test = t.validation, t.test
    return t.but(validation=(held[0] * 255, held[1]), test=(test[0] * 255, test[1]))


def few(rows: int, epochs: int, **given: Any) -> Any:
    """Return a plant of few rows, learnt by heart."""
    return lambda t: t.but(x=t.x[:rows], y=t.y[:rows], epochs=epochs, **given)


def guessed(t: Training) -> Training:
    """Ninety recordings, of which two of five were labelled by guessing, and long."""
    random = np.random.default_rng(2)
    y = np.array(t.y[:90])
    wrong = random.random(90) < 0.4
    y[wrong] = 1 - y[wrong]
    return t.but(model=motor_net(32, 32), x=t.x[:90], y=y, epochs=60)


def centred(t: Training) -> Training:
    """Clean pictures are standardised, and the last layer ends between 0 and 1."""
    return t.to(lambda y: ((y - 0.3) / 0.37).astype("float32")).but(loss="mse")


def one_knocks(t: Training) -> Training:
    """One recording in fifty is of a motor that knocks."""
    kept = (t.y[:, 0] == 0) | (np.cumsum(t.y[:, 0]) % 50 == 1)
    return t.but(x=t.x[kept], y=t.y[kept])


def swapped(t: Training) -> Training:
    """Time comes first by a swap, and the films are read as if it didn't."""

    def model() -> Any:
        def swap(x: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(x, (1, 0, 2, 3, 4)), (-1, 5, 7, 7, 1))

        return nn.Sequential([nn.Input((5, 7, 7, 1)), L.Lambda(swap), *film_net()().layers])

    return t.but(model=model)


def bright_only(t: Training) -> Training:
    """Each picture is divided by what is brighter than 1.6 in it: in most of them, nothing."""

    def contrast(x: Any) -> Any:
        return x / nn.ops.max(nn.ops.relu(x - 1.6), axis=(1, 2, 3), keepdims=True)

    def model() -> Any:
        return nn.Sequential([nn.Input((8, 8, 1)), L.Lambda(contrast), *clean_net()().layers])

    return t.but(model=model)


def entropy_by_hand(t: Training) -> Training:
    """The entropy by hand, of a hard sigmoid that reaches 0 and 1."""

    def loss(y: Any, p: Any) -> Any:
        return -nn.ops.mean(y * nn.ops.log(p) + (1 - y) * nn.ops.log(1 - p))

    return t.but(model=clean_net(end="hard_sigmoid"), loss=loss)


class Same(nn.data.PyDataset):
    """A generator that begins anew with each batch: it gives the first one for ever."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x) // 25

    def __getitem__(self, index: int) -> Any:
        return self.x[:25], self.y[:25]


class Mixed(Same):
    """A generator that draws pictures and labels, each by a lot of its own."""

    def __getitem__(self, index: int) -> Any:
        one, two = np.random.default_rng(index).integers(0, len(self.x), (2, 25))
        return self.x[one], self.y[two]


def made_by(batches: Any) -> Any:
    """Return a plant of batches that are made when they are asked for."""
    return lambda t: t.but(x=batches(t.x, t.y), y=None, batch_size=None)


def falls(t: Training) -> Training:
    """The rate is a fiftieth after each epoch, and small from the beginning."""
    fall = nn.callbacks.LearningRateScheduler(lambda epoch, rate: 0.002 * 0.02**epoch)
    return t.but(fit={"callbacks": [fall]})


def still_trunk(t: Training) -> Training:
    """All convolutions were frozen before anything was learnt."""

    def model() -> Any:
        found = fabric_net()()
        for layer in found.layers:
            layer.trainable = isinstance(layer, L.Dense)
        return found

    return t.but(model=model, epochs=3)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("clocks: bytes", twins.clocks, lambda t: t.on(in_bytes), ("GD104",)),
    ("films: brightness as the sensor gives it", twins.films,
     lambda t: t.on(lambda x: x * 800 + 2000), ("GD104",)),
    ("clocks: millimetres for a tanh", twins.clocks, lambda t: t.to(lambda y: y * 50),
     ("GD113", "GD204")),
    ("fields: 255 for what is unknown", twins.fields, unknown_border, ("GD102",)),
    ("clocks: a broken pixel", twins.clocks, dead_pixels, ("GD101",)),
    ("parity: targets of heads swapped", twins.parity, heads_swapped,
     ("GD102", "GD203", "GD103")),
    ("parity: one head's labels of other pictures", twins.parity, one_head_shuffled,
     ("GD510", "GD605", "GD601")),
    ("fabric: names and pictures in two orders", twins.fabric, listed_otherwise,
     ("GD510", "GD605", "GD601")),
    ("motor: those that are well first", twins.motor, healthy_first, ("GD110",)),
    ("motor: one in fifty knocks", twins.motor, one_knocks, ("GD107",)),
    ("films: told by a pixel", twins.films, told_by_a_pixel, ("GD109",)),
    ("scans: later ones in bytes", twins.scans, later_in_bytes, ("GD111",)),
    ("clocks: sixteen by heart", twins.clocks, few(16, 120, model=clock_net("tanh")),
     ("GD601",)),
    ("films: sixteen by heart", twins.films, few(16, 80), ("GD601",)),
    ("motor: two of five are guessed", twins.motor, guessed, ("GD601", "GD605")),
    ("films: a generator that stays at its beginning", twins.films, made_by(Same),
     ("GD601",)),
    ("clocks: a generator that draws twice", twins.clocks, made_by(Mixed),
     ("GD510", "GD605", "GD601", "GD602")),
    ("fields: one-hot for the loss of numbers", twins.fields,
     lambda t: t.to(lambda y: np.eye(3, dtype="float32")[y]), ("GD103", "GD203")),
    # model and loss
    ("parity: scores for both probabilities", twins.parity, with_(head_net((None, None))),
     ("GD202",)),
    ("films: probabilities for scores", twins.films,
     with_(film_net(end="softmax"), optimizer=sgd(0.01)), ("GD201", "GD507")),
    ("parity: ReLU before a softmax", twins.parity,
     with_(head_net((lambda z: nn.ops.softmax(nn.ops.relu(z)), "sigmoid"))), ("GD205",)),
    ("scans: standardised pictures for a sigmoid", twins.scans, centred, ("GD204",)),
    ("films: nothing but lines", twins.films, with_(film_net(act=None)), ("GD207", "GD602")),
    ("films: weights of zero", twins.films, with_(film_net(kernel_initializer="zeros")),
     ("GD208",)),
    ("films: weights of a ten-thousandth", twins.films,
     with_(film_net(kernel_initializer=init.RandomNormal(stddev=1e-4))),
     ("GD209", "GD303", "GD304", "GD307")),
    ("clocks: wide weights and tanh", twins.clocks,
     with_(clock_net("tanh", kernel_initializer=init.RandomNormal(stddev=3.0))),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("parity: the slope ends before the heads", twins.parity,
     with_(head_net(stop=True, kernel_initializer=init.RandomNormal(stddev=0.02))),
     ("GD212", "GD512", "GD209", "GD303")),
    ("fabric: a trunk that never learnt, frozen", twins.fabric, still_trunk,
     ("GD212", "GD512", "GD602")),
    ("clocks: dropout of 95 %", twins.clocks, with_(clock_net(rate=0.95)), ("GD211",)),
    ("fields: L2 of three tenths", twins.fields,
     with_(field_net(kernel_regularizer=nn.regularizers.L2(0.3))), ("GD211",)),
    ("films: time and films change places", twins.films, swapped, ("GD308",)),
    ("fields: probabilities along the rows", twins.fields,
     with_(field_net(end=lambda z: nn.ops.softmax(z, axis=1))), ("GD214",)),
    ("fabric: figures of a thousand steps", twins.fabric, with_(fabric_net(momentum=0.9995)),
     ("GD513",)),
    ("scans: shut at birth", twins.scans,
     with_(clean_net(bias_initializer=init.Constant(-4.0))), ("GD305", "GD503", "GD307")),
    ("films: seven sigmoids", twins.films,
     with_(film_net("sigmoid", last=(lambda: L.Dense(24, "sigmoid"),) * 5)),
     ("GD304", "GD501", "GD303", "GD307")),
    # numbers and steps
    ("scans: divided by what is bright", twins.scans, bright_only, ("GD302", "GD401")),
    ("scans: entropy of a hard sigmoid", twins.scans, entropy_by_hand, ("GD302", "GD401")),
    ("fields: a rate of 0.7", twins.fields, with_(optimizer=adam(0.7)),
     ("GD506", "GD502", "GD503")),
    ("films: a rate twenty times too large", twins.films,
     with_(optimizer=sgd(1.0, momentum=0.9)), ("GD506", "GD502", "GD503", "GD401")),
    ("clocks: a rate of 0.2", twins.clocks, with_(optimizer=adam(0.2)),
     ("GD506", "GD502", "GD503", "GD505")),
    ("motor: a rate of 0.001, SGD", twins.motor, with_(optimizer=sgd(1e-3)),
     ("GD507", "GD505", "GD604")),
    ("parity: a rate of 5e-6", twins.parity, with_(optimizer=adam(5e-6)), ("GD507", "GD505")),
    ("scans: a rate that falls with each epoch", twins.scans, falls,
     ("GD216", "GD507", "GD505")),
    ("clocks: each slope cut at a hundred-thousandth", twins.clocks,
     with_(optimizer=sgd(0.1, clipvalue=1e-5)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "images", twin, plant, causes) for name, twin, plant, causes in ROWS]
