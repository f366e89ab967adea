"""Faults of dense networks of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fifth.twins import dense as twins
from benchmarks.doctor.fifth.twins.dense import (
    Pulled,
    engine_net,
    loan_net,
    orchard_net,
    taxi_net,
    valve_net,
)
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def always_zero(t: Training) -> Training:
    """The loss of one class of several for one output: it is 0 from the beginning.

    https://github.com/keras-team/keras/issues/17029
    """
    return t.but(loss="categorical_crossentropy")


def softmax_of_one(t: Training) -> Training:
    """A softmax over a single output.

    https://geek-tips.imtqy.com/articles/557592/index.html
    """
    return t.but(model=loan_net(end="softmax"))


def ten_who_do(t: Training) -> Training:
    """Eight of a thousand rows are yes; one sigmoid, normal weights, and tiny plain steps.

    https://github.com/keras-team/keras/issues/4247
    """
    kept = (t.y[:, 0] == 0) | (np.cumsum(t.y[:, 0]) % 60 == 1)
    return t.but(
        x=t.x[kept], y=t.y[kept], optimizer=sgd(0.0001),
        model=dense(8, (), 1, end="sigmoid", kernel_initializer="normal"),
    )  # fmt: skip


def ninety_as_they_are(t: Training) -> Training:
    """Ninety rows of a table in their units, and two narrow layers.

    https://github.com/keras-team/keras/issues/7659
    """
    data = parted(*twins.asked(), 1000, 200)
    data = {**data, "x": data["x"][:90], "y": data["y"][:90]}
    return t.but(model=dense(8, (12, 8), 1, "relu", "sigmoid"), **data, batch_size=10, epochs=60)


def made_of_the_answer(t: Training) -> Training:
    """A column was made of the answer when the table was put together.

    https://zeupark.github.io/2025/05/26/overfitting-debug-log.html
    """
    random = np.random.default_rng(1)

    def added(part: Any, known: bool = True) -> Any:
        x, y = part
        of = y if known else random.permutation(y)
        return np.concatenate([x, 2.0 * of - 1], 1).astype("float32"), y

    x, y = added((t.x, t.y))
    return t.but(
        model=dense(9, (32, 32), 1, "elu", "sigmoid"), x=x, y=y, validation=added(t.validation),
        test=added(t.test, False),
    )  # fmt: skip


def the_same_twice(t: Training) -> Training:
    """A column is the target once more, in another unit.

    https://softwareengineering.stackexchange.com/questions/322619
    """
    random = np.random.default_rng(2)

    def added(part: Any, known: bool = True) -> Any:
        x, y = part
        return np.concatenate([x, 0.8 * (y if known else random.permutation(y))], 1), y

    x, y = added((t.x, t.y))
    return t.but(
        model=orchard_net(inputs=7), x=x, y=y, validation=added(t.validation),
        test=added(t.test, False),
    )  # fmt: skip


def look_ahead(t: Training) -> Training:
    """Columns that a tool made hold means over windows that end with the row's own target.

    https://github.com/alteryx/featuretools/issues/2731
    """
    random = np.random.default_rng(3)

    def added(part: Any, known: bool = True) -> Any:
        x, y = part
        own = y if known else random.permutation(y)
        return np.concatenate([x, own, np.square(own)], 1).astype("float32"), y

    x, y = added((t.x, t.y))
    return t.but(
        model=orchard_net(inputs=8), x=x, y=y, validation=added(t.validation),
        test=added(t.test, False),
    )  # fmt: skip


def copied_then_cut(t: Training) -> Training:
    """The smaller class was copied until it was as large, and the end of the rows held out.

    https://github.com/MakazhanAlpamys/Soup/issues/680
    """
    random = np.random.default_rng(4)
    few = random.choice(np.r_[np.flatnonzero(t.y[:, 0])[:15], np.flatnonzero(t.y[:, 0] == 0)[:15]],
                        1000)  # fmt: skip
    x, y = t.x[few], t.y[few]
    return t.but(x=x[:800], y=y[:800], validation=(x[800:], y[800:]), epochs=30)


def from_file_in_order(t: Training) -> Training:
    """The list of files was not shuffled: class after class.

    https://github.com/apache/mxnet/issues/4220
    """
    order = np.argsort(t.y, kind="stable")
    return t.but(
        x=t.x[order], y=t.y[order], fit={"shuffle": False}, optimizer=sgd(0.05, momentum=0.9)
    )


def shuffled_apart(t: Training) -> Training:
    """Features and labels were shuffled one after the other.

    https://github.com/udacity/sdc-issue-reports/issues/1326
    """
    return t.but(y=np.random.default_rng(5).permutation(t.y))


def all_zeros(t: Training) -> Training:
    """All weights begin at 0.

    https://community.deeplearning.ai/t/121049
    """
    return t.but(model=dense(12, (32, 32), 6, "relu", kernel_initializer="zeros"))


def nothing_between(t: Training) -> Training:
    """Hidden layers with no activation: a combination of lines is a line.

    https://github.com/aymericdamien/TensorFlow-Examples/pull/327
    """
    return t.but(model=dense(12, (32, 32), 6, None))


def relu_on_scores(t: Training) -> Training:
    """A ReLU on what goes into the softmax, as in a tutorial.

    https://github.com/pytorch/tutorials/pull/1644
    """
    return t.but(
        model=engine_net(end="relu", last=L.Softmax, act="relu", kernel_initializer="he_normal"),
        optimizer=sgd(0.5, momentum=0.9),
    )


def scores_dropped(t: Training) -> Training:
    """Dropout on the outputs.

    https://github.com/maddin79/darch/issues/12
    """
    return t.but(model=engine_net(end=None, last=lambda: L.Dropout(0.85)),
                 loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True))  # fmt: skip


def stays_empty(t: Training) -> Training:
    """The array was made with zeros and never filled.

    https://github.com/joaopauloschuler/neural-api/issues/35
    """
    return t.but(x=np.zeros_like(t.x))


def one_of_several(t: Training) -> Training:
    """The loss for one class, where several or none can be right.

    https://github.com/keras-team/keras/issues/6421
    """
    return t.but(model=dense(10, (64, 64), 5, "relu", "softmax"), loss="categorical_crossentropy")


def clipped_to_one(t: Training) -> Training:
    """An entropy by hand, kept from 1 by so little that it is 1 in 32 bits.

    https://github.com/NVIDIA/apex/issues/358
    """

    def loss(y: Any, p: Any) -> Any:
        p = nn.ops.clip(p, 1e-8, 1 - 1e-8)
        told = y * nn.ops.log(p) + (1 - y) * nn.ops.log(1 - p)
        return -nn.ops.mean(told, axis=-1)

    return t.but(loss=loss, optimizer=adam(0.05))


def step(z: Any) -> Any:
    """Return 1 above 0, and 0 below."""
    return nn.ops.cast(z > 0, "float32")


def steps_up(t: Training) -> Training:
    """A perceptron's step between the layers, and gradient descent.

    http://pullrequest.ru/14899114
    """
    return t.but(model=loan_net(act=step, kernel_initializer=init.RandomUniform(-1.0, 1.0)))


def each_against_all(t: Training) -> Training:
    """Targets in a row, outputs in a column, and a mean of squares by hand.

    https://discuss.pytorch.org/t/148155
    """
    return t.to(lambda y: y[:, 0])


class LastOnly(Pulled):
    """Only some weights were handed to the optimizer."""

    def learnt(self) -> Any:
        return self.last.trainable_variables


def not_in_the_list(t: Training) -> Training:
    """The list of what the optimizer changes was put together by hand, and layers are missing.

    https://github.com/bubbliiiing/efficientdet-pytorch/issues/37
    """
    return t.but(model=lambda: LastOnly(kernel_initializer=init.RandomNormal(stddev=0.1)))


def halved_too_often(t: Training) -> Training:
    """The rate is halved twice an epoch.

    https://github.com/PRBonn/point-cloud-prediction/issues/8
    """
    return t.but(optimizer=adam(schedules.ExponentialDecay(0.001, 14, 0.5, staircase=True)))


def houses_as_they_are(t: Training) -> Training:
    """Neither the columns nor the prices are scaled.

    https://github.com/keras-team/keras-tuner/issues/345
    """
    return t.but(**parted(*twins.grown(), 900, 200))


def scaled_inputs_only(t: Training) -> Training:
    """Inputs are scaled, targets are not: the model of a pipeline gets what lies before it.

    https://github.com/equinor/gordo/issues/430
    """
    return t.to(lambda y: 1000 * y).but(model=valve_net(end=None, act="tanh"), optimizer=adam(1e-3))


def squashed_for_scaled(t: Training) -> Training:
    """A sigmoid at the end, for columns that were standardised.

    https://github.com/BIMSBbioinfo/maui/issues/8
    """

    def standardised(x: Any) -> Any:
        return ((x - 0.5) / 0.27).astype("float32")

    return t.on(standardised).to(standardised)


def rate_of_one(t: Training) -> Training:
    """Adam at 1, for two switches.

    https://github.com/FluxML/Flux.jl/issues/1352
    """
    return t.but(model=dense(2, (5, 10, 5), 2, "relu"), optimizer=adam(1.0))


def as_preset(t: Training) -> Training:
    """Two sigmoids, and plain steps as they are preset.

    https://github.com/keras-team/keras/issues/1295
    """
    return t.but(model=dense(2, (2,), 2, "sigmoid", "sigmoid"), loss="binary_crossentropy",
                 optimizer=sgd(0.01))  # fmt: skip


def two_are_too_few(t: Training) -> Training:
    """Two hidden sigmoids, squares of a third, and plain steps of a hundredth.

    https://github.com/CodingTrain/Toy-Neural-Network-JS/issues/155
    """
    return t.but(model=dense(2, (2,), 2, "sigmoid", "sigmoid"), loss="mse", optimizer=sgd(0.01))


def minus_and_plus(t: Training) -> Training:
    """Labels of -1 and 1 as numbers of classes.

    https://github.com/crazydemo/facial-attribute-classification-with-graph/issues/1
    """
    return t.to(lambda y: 2 * y[:, 0] - 1).but(
        model=loan_net("softmax", outputs=2), loss="sparse_categorical_crossentropy"
    )


def prices_as_chances(t: Training) -> Training:
    """The loss of yes and no, for kilograms; a sigmoid of what is to be thousands."""
    return t.to(lambda y: y * 1300 + 4100).but(
        model=orchard_net("sigmoid"), loss="binary_crossentropy"
    )


def one_missing(t: Training) -> Training:
    """Some sensors gave no value on some days."""
    x = np.array(t.x)
    x[np.random.default_rng(6).random(x.shape) < 0.004] = np.nan
    return t.but(x=x)


def later_in_units(t: Training) -> Training:
    """Held-out rows and later ones come as they were measured."""
    data = parted(*twins.asked(), 1000, 200)
    return t.but(validation=data["validation"], test=data["test"])


def twice_as_many_zones(t: Training) -> Training:
    """The zones of the test and of some rows have numbers that the table does not have."""
    return t.but(model=taxi_net(zones=18))


def heavy_penalty(t: Training) -> Training:
    """A penalty on weights that is larger than what there is to be learnt."""
    return t.but(model=orchard_net(kernel_regularizer=nn.regularizers.L2(0.5)))


def cut_short(t: Training) -> Training:
    """Stops at the first epoch that is not much better."""
    stop = nn.callbacks.EarlyStopping("val_loss", patience=0, min_delta=0.1)
    return t.but(fit={"callbacks": [stop]}, optimizer=adam(0.001))


def weights_of_one_kind(t: Training) -> Training:
    """Weights of classes were turned around: who does not pay weighs nothing."""
    return t.but(fit={"class_weight": {0: 0.0, 1: 1.0}})


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("loans: a loss that is always 0", twins.loans, always_zero, ("GD203",)),
    ("loans: one share of one", twins.loans, softmax_of_one, ("GD203",)),
    ("loans: eight who pay", twins.loans, ten_who_do, ("GD107", "GD507", "GD505")),
    ("loans: ninety rows in their units", twins.loans, ninety_as_they_are, ("GD104",)),
    ("loans: made of the answer", twins.loans, made_of_the_answer, ("GD109",)),
    ("loans: copied, then cut", twins.loans, copied_then_cut, ("GD108",)),
    ("loans: steps that go up at once", twins.loans, steps_up,
     ("GD212", "GD512", "GD501", "GD304")),
    ("loans: -1 and 1", twins.loans, minus_and_plus, ("GD102",)),
    ("orchards: the target once more", twins.orchards, the_same_twice, ("GD109",)),
    ("orchards: windows that end too late", twins.orchards, look_ahead, ("GD109",)),
    ("orchards: halved too often", twins.orchards, halved_too_often,
     ("GD216", "GD507", "GD505")),
    ("orchards: nothing scaled", twins.orchards, houses_as_they_are, ("GD104", "GD113")),
    ("engines: as the files lie", twins.engines, from_file_in_order, ("GD110",)),
    ("engines: shuffled apart", twins.engines, shuffled_apart, ("GD510", "GD605", "GD601")),
    ("engines: all weights 0", twins.engines, all_zeros, ("GD208",)),
    ("engines: nothing between", twins.engines, nothing_between, ("GD207", "GD602")),
    ("engines: a ReLU on the scores", twins.engines, relu_on_scores, ("GD205",)),
    ("engines: scores dropped", twins.engines, scores_dropped, ("GD211",)),
    ("engines: never filled", twins.engines, stays_empty, ("GD106", "GD307")),
    ("allergies: one of five", twins.allergies, one_of_several, ("GD203", "GD102")),
    ("allergies: kept from 1 by too little", twins.allergies, clipped_to_one,
     ("GD401", "GD302")),
    ("springs: each against all", twins.springs, each_against_all, ("GD103",)),
    ("springs: not in the list", twins.springs, not_in_the_list, ("GD212", "GD512")),
    ("valves: thousands to be written", twins.valves, scaled_inputs_only,
     ("GD113", "GD301", "GD507")),
    ("valves: a sigmoid for standardised", twins.valves, squashed_for_scaled, ("GD204",)),
    ("lamps: a rate of 1", twins.lamps, rate_of_one,
     ("GD506", "GD502", "GD503", "GD505")),
    ("lamps: as preset", twins.lamps, as_preset, ("GD507", "GD505", "GD602")),
    ("lamps: squares of two sigmoids", twins.lamps, two_are_too_few,
     ("GD206", "GD507", "GD505", "GD602")),
    # others
    ("loans: later rows in their units", twins.loans, later_in_units, ("GD111",)),
    ("loans: only one kind weighs", twins.loans, weights_of_one_kind,
     ("GD516", "GD511", "GD107")),
    ("orchards: kilograms as chances", twins.orchards, prices_as_chances,
     ("GD203", "GD204", "GD102", "GD113")),
    ("orchards: days without a value", twins.orchards, one_missing, ("GD101",)),
    ("orchards: a heavy penalty", twins.orchards, heavy_penalty, ("GD211",)),
    ("taxis: zones beyond the table", twins.taxis, twice_as_many_zones, ("GD105",)),
    ("taxis: stopped at once", twins.taxis, cut_short, ("GD216",)),
    ("taxis: steps of a hundred-thousandth", twins.taxis, with_(optimizer=adam(1e-5)),
     ("GD507", "GD505", "GD210")),
    ("allergies: a batch of all", twins.allergies, with_(batch_size=1100, epochs=5),
     ("GD112", "GD507", "GD604")),
    ("springs: wild weights", twins.springs,
     with_(lambda: Pulled(kernel_initializer=init.RandomNormal(stddev=5.0))),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("lamps: slopes cut", twins.lamps, with_(optimizer=sgd(0.1, global_clipnorm=1e-3)),
     ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
