"""Faults of dense networks of the sixth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.sixth.twins import dense as twins
from benchmarks.doctor.sixth.twins.dense import (
    Spouting,
    cheese_net,
    library_net,
    mushroom_net,
    penguin_net,
    scent_net,
)
from benchmarks.doctor.tables import dense
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def one_for_all_kinds(t: Training) -> Training:
    """A single sigmoid and the loss of yes and no, for the number of a kind.

    https://datascience.stackexchange.com/questions/38604
    """
    return t.but(model=penguin_net("sigmoid", outputs=1), loss="binary_crossentropy")


def shares_into_scores(t: Training) -> Training:
    """A softmax on the last layer, and a loss that is for scores and makes one of its own.

    https://github.com/tflearn/tflearn/pull/562
    """
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    return t.but(loss=loss, optimizer=sgd(0.05), epochs=6)


def labels_of_their_own(t: Training) -> Training:
    """Labels are codes that people chose, not numbers from 0 up.

    https://github.com/WatChMaL/WatChMaL/issues/52
    """
    return t.to(lambda y: np.array([11, 13, 22, 111])[y])


def no_bend_but_at_the_end(t: Training) -> Training:
    """No activation in the hidden layers.

    https://github.com/aymericdamien/TensorFlow-Examples/issues/209
    """
    return t.but(model=dense(3, (48, 48), 4, None))


def buffer_too_small(t: Training) -> Training:
    """Rows lie kind by kind, and are only shuffled among a few neighbours.

    https://github.com/tensorflow/tensorflow/issues/36626
    """
    order = np.argsort(t.y, kind="stable")
    for start in range(0, len(order), 20):
        np.random.default_rng(start).shuffle(order[start : start + 20])
    return t.but(
        x=t.x[order], y=t.y[order], fit={"shuffle": False}, epochs=6,
        optimizer=sgd(0.1, momentum=0.9),
    )  # fmt: skip


def steps_for_epochs(t: Training) -> Training:
    """A rate that falls to 0 in as many steps as there are to be epochs.

    https://github.com/Lightning-AI/pytorch-lightning/issues/18570
    """
    return t.but(optimizer=adam(schedules.PolynomialDecay(0.005, t.epochs, 0.0)))


def nothing_below_zero(t: Training) -> Training:
    """A ReLU in each of three narrow layers, the last one too, for targets on both sides of 0.

    https://community.deeplearning.ai/t/loss-values-do-not-change/324182
    """
    return t.but(model=dense(7, (4, 2), 1, "relu", "relu"))


def to_the_fourth(t: Training) -> Training:
    """Inputs up to 100, and targets up to 100 millions; a sigmoid and an ELU.

    https://stackoverflow.com/questions/52800582
    """

    def model() -> Any:
        parts = [nn.Input((7,)), L.Dense(50, "sigmoid"), L.Dense(50, "elu"), L.Dense(1)]
        return nn.Sequential(parts)

    def large(y: Any) -> Any:
        return (2e7 * y).astype("float32")

    return t.on(lambda x: 30 * x).to(large).but(model=model)


def times_zero(t: Training) -> Training:
    """With the schedule switched off the rate is multiplied by 0 when the first part is over.

    https://github.com/LINCellularNeuroscience/VAME/issues/26
    """
    return t.but(optimizer=adam(schedules.PiecewiseConstantDecay([15], [0.01, 0.0])))


def among_the_numbers(t: Training) -> Training:
    """The target is also in the list of columns.

    https://github.com/pytorch-tabular/pytorch_tabular/issues/21
    """
    random = np.random.default_rng(1)

    def added(part: Any, known: bool = True) -> Any:
        x, y = part
        return np.concatenate([x, y if known else random.permutation(y)], 1), y

    x, y = added((t.x, t.y))
    return t.but(
        model=cheese_net(inputs=8), x=x, y=y, validation=added(t.validation),
        test=added(t.test, False),
    )  # fmt: skip


def both_weigh_34(t: Training) -> Training:
    """A formula for weights of classes that gives the same for both.

    https://github.com/keras-team/keras/issues/1875
    """
    return t.but(fit={"class_weight": {0: 34.0, 1: 34.0}})


def a_million_millions(t: Training) -> Training:
    """Weights of a thousandth and of a million millions.

    https://github.com/microsoft/CodeBERT/issues/64
    """
    return t.but(fit={"class_weight": {0: 0.001, 1: 1e12}})


def as_many_as_told(t: Training) -> Training:
    """Tables with one place too few for the largest number.

    https://github.com/Shivanandroy/CategoricalEmbedder/issues/1
    """

    def later(x: Any) -> Any:
        return x[0] + 1, x[1] + 1

    return t.on(later)


def free_spread(y: Any, out: Any) -> Any:
    """The likelihood of a normal distribution, of a spread that may be anything."""
    middle, spread = out[:, :1], out[:, 1:]
    before = 1 / (2 * nn.ops.square(spread))
    return nn.ops.mean(nn.ops.log(spread) + before * nn.ops.square(y - middle))


def spread_below_zero(t: Training) -> Training:
    """A spread that nothing keeps above 0, squared and divided by, and a logarithm of it.

    https://github.com/DeepRegNet/DeepReg/issues/452
    """
    return t.but(loss=free_spread)


def figures_from_0_and_1(t: Training) -> Training:
    """Running figures begin at 0 and 1, and the training is over before they come near the truth.

    https://github.com/chemprop/chemprop/issues/607
    """
    return t.on(lambda x: 6 * x + 4).but(
        model=mushroom_net(momentum=0.99), epochs=3, batch_size=128
    )


def zeros_as_a_test(t: Training) -> Training:
    """The random weights were commented out, and there are zeros.

    https://github.com/tensorflow/models/issues/1529
    """
    return t.but(model=dense(16, (48, 48), 3, "relu", kernel_initializer="zeros"))


def row_and_column(t: Training) -> Training:
    """Targets in a row and outputs in a column, in a step of one's own.

    https://github.com/tensorflow/tensorflow/issues/28901
    """
    return t.to(lambda y: y[:, 0])


def moved_by_half(t: Training) -> Training:
    """Sensors are moved to -0.5 to 0.5, and the entropy is of these.

    https://github.com/MorvanZhou/tutorials/issues/33
    """
    moved = t.on(lambda x: x - 0.5)
    return moved.but(y=moved.x, validation=(moved.validation[0],) * 2, test=(moved.test[0],) * 2)


def kept_is_dropped(t: Training) -> Training:
    """The share to be kept, three of four, is given as the share to be dropped.

    https://github.com/aymericdamien/TensorFlow-Examples/issues/205
    """
    return t.but(model=scent_net(rate=0.75))


def in_their_units(t: Training) -> Training:
    """Columns are as they were measured, before an exponential."""
    return t.but(**parted(*twins.boarded(), 1900, 250), optimizer=sgd(0.01))


def fifty_by_heart(t: Training) -> Training:
    """Fifty rows, a wide network, and hundreds of epochs."""
    return t.but(
        x=t.x[:50], y=t.y[:50], epochs=150, model=dense(5, (256, 256), 4), optimizer=adam(0.003)
    )


def half_of_them_guessed(t: Training) -> Training:
    """Somebody who filled the table guessed most of the kinds."""
    random = np.random.default_rng(3)
    lost = random.random(len(t.y)) < 0.6
    return t.but(y=np.where(lost, random.integers(0, 4, len(t.y)), t.y), epochs=60)


def a_sensor_that_says_nan(t: Training) -> Training:
    """A sensor broke now and then."""
    x = np.array(t.x)
    x[::97, 4] = np.nan
    return t.but(x=x, y=x)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("penguins: one for all kinds", twins.penguins, one_for_all_kinds, ("GD203", "GD102")),
    ("penguins: shares into scores", twins.penguins, shares_into_scores, ("GD201",)),
    ("penguins: codes for kinds", twins.penguins, labels_of_their_own, ("GD102",)),
    ("penguins: shuffled among neighbours", twins.penguins, buffer_too_small, ("GD110",)),
    ("roads: no bend", twins.roads, no_bend_but_at_the_end, ("GD207", "GD602")),
    ("roads: epochs for steps", twins.roads, steps_for_epochs, ("GD216", "GD507", "GD505")),
    ("cheeses: nothing below zero", twins.cheeses, nothing_below_zero,
     ("GD204", "GD503", "GD305")),
    ("cheeses: to the fourth", twins.cheeses, to_the_fourth, ("GD104", "GD113")),
    ("cheeses: times 0", twins.cheeses, times_zero, ("GD216", "GD507", "GD505")),
    ("cheeses: the target among the numbers", twins.cheeses, among_the_numbers, ("GD109",)),
    ("donors: both weigh 34", twins.donors, both_weigh_34, ("GD107",)),
    ("donors: a million millions", twins.donors, a_million_millions,
     ("GD511", "GD107", "GD301")),
    ("borrowers: from 1 up", twins.borrowers, as_many_as_told, ("GD105",)),
    ("wells: a spread below zero", twins.wells, spread_below_zero, ("GD401", "GD302")),
    ("mushrooms: figures from 0 and 1", twins.mushrooms, figures_from_0_and_1,
     ("GD513", "GD104", "GD604")),
    ("mushrooms: zeros as a test", twins.mushrooms, zeros_as_a_test, ("GD208",)),
    ("geysers: a row and a column", twins.geysers, row_and_column, ("GD103",)),
    ("scents: moved by a half", twins.scents, moved_by_half, ("GD102", "GD204")),
    ("scents: three of four dropped", twins.scents, kept_is_dropped, ("GD211",)),
    # others
    ("ferries: in their units", twins.ferries, in_their_units,
     ("GD104", "GD401", "GD302", "GD301")),
    ("penguins: fifty by heart", twins.penguins, fifty_by_heart, ("GD601",)),
    ("roads: a rate of 3", twins.roads, with_(optimizer=sgd(3.0, momentum=0.9)),
     ("GD506", "GD502", "GD503", "GD505", "GD210", "GD401")),
    ("penguins: most are guessed", twins.penguins, half_of_them_guessed, ("GD605", "GD601")),
    ("borrowers: a heavy penalty", twins.borrowers,
     with_(library_net(embeddings_regularizer=nn.regularizers.L2(0.05))), ("GD211",)),
    ("geysers: wide weights", twins.geysers,
     with_(lambda: Spouting(kernel_initializer=init.RandomNormal(stddev=4.0))),
     ("GD209", "GD303", "GD301")),
    ("snails: slopes cut to nothing", twins.snails,
     with_(optimizer=sgd(0.05, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
    ("scents: a sensor that breaks", twins.scents, a_sensor_that_says_nan, ("GD101",)),
    ("mushrooms: a hundred-thousandth", twins.mushrooms, with_(optimizer=adam(1e-5)),
     ("GD507", "GD505", "GD210")),
]  # fmt: skip

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
