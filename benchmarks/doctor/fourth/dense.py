"""Faults of dense networks of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fourth.twins import dense as twins
from benchmarks.doctor.fourth.twins.dense import Sighted, profile_net, turbine_net
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def categorical_for_one(t: Training) -> Training:
    """The loss of several classes for one sigmoid, and narrow layers with uniform weights.

    https://github.com/keras-team/keras/issues/14729
    """
    return t.but(
        model=turbine_net(kernel_initializer="uniform"), loss="categorical_crossentropy",
        batch_size=100,
    )  # fmt: skip


def softmax_of_one(t: Training) -> Training:
    """A softmax over one output, which is always 1.

    https://github.com/raghakot/keras-resnet/issues/49
    """
    return t.but(model=turbine_net(end="softmax"))


def as_measured(t: Training) -> Training:
    """Readings in their units go into a wide network as they are.

    https://github.com/keras-team/keras/issues/4171
    """

    def model() -> Any:
        parts = [L.Dense(128), L.PReLU(), L.Dense(64), L.PReLU(), L.Dense(1, "sigmoid")]
        return nn.Sequential([nn.Input((6,)), *parts])

    return t.but(model=model, **parted(*twins.readings(), 1000, 200))


def one_in_thirty(t: Training) -> Training:
    """Hardly any turbine among the rows fails, and three layers of eight learn the bias only.

    https://datascience.stackexchange.com/questions/19283
    """
    kept = (t.y[:, 0] == 0) | (np.cumsum(t.y[:, 0]) % 20 == 1)
    return t.but(x=t.x[kept], y=t.y[kept], model=dense(6, (8, 8, 8), 1, "relu", "sigmoid"))


def from_minus_two(t: Training) -> Training:
    """Marks from -2 to 2 as numbers of classes.

    https://github.com/tplusone/hanser_ml_zeitreihen/issues/3
    """
    return t.but(y=t.y - 2, validation=(t.validation[0], t.validation[1] - 2))


def from_one(t: Training) -> Training:
    """Classes are counted from 1, and there are as many outputs as classes.

    https://github.com/rstudio/keras3/issues/465
    """
    return t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1))


def one_hot(y: Any) -> Any:
    """Return numbers of five classes as rows of 0 and 1."""
    return np.eye(5, dtype="float32")[y]


def sigmoids_for_classes(t: Training) -> Training:
    """Five sigmoids for the loss of one class of five, much dropout, and slow plain steps.

    https://github.com/keras-team/keras/issues/9939
    """

    def model() -> Any:
        parts = [L.Dense(14, "relu"), L.Dropout(0.5), L.Dense(14, "relu"), L.Dropout(0.5)]
        last = [L.Dense(14, "relu"), L.Dense(5, "sigmoid")]
        return nn.Sequential([nn.Input((9,)), *parts, *last])

    return t.to(one_hot).but(
        model=model, loss="categorical_crossentropy",
        optimizer=sgd(0.01, momentum=0.001, nesterov=True),
    )  # fmt: skip


def three_units(t: Training) -> Training:
    """Three hidden units, and a yes or no for each of the classes, of which only one can be.

    https://www.developerload.com/imbalanced-dataset-using-keras
    """

    def model() -> Any:
        parts = [L.Dense(3, "relu", kernel_initializer="uniform"), L.Dropout(0.1)]
        parts += [L.Dense(3, "relu", kernel_initializer="uniform"), L.Dropout(0.1)]
        return nn.Sequential([nn.Input((9,)), *parts, L.Dense(5, "sigmoid")])

    return t.to(one_hot).but(model=model, loss="binary_crossentropy", batch_size=100)


def falls_each_step(t: Training) -> Training:
    """The rate that should fall by epochs falls with each step.

    https://github.com/novioleo/FOTS/issues/13
    """
    return t.but(optimizer=adam(schedules.ExponentialDecay(0.003, 1, 0.9)))


def in_newtons(t: Training) -> Training:
    """Targets near 200,000, the mean of squares, and a rate of 0.1.

    https://github.com/rstudio-conf-2020/dl-keras-tf/issues/9
    """
    return t.to(lambda y: y * 80_000 + 180_000).but(optimizer=sgd(0.1), batch_size=16)


def straight_and_short(t: Training) -> Training:
    """One layer for targets in the thousands, ten epochs of small steps.

    https://github.com/keras-team/keras/issues/2576
    """
    return t.to(lambda y: y * 700).but(
        model=dense(5, (), 1, end=None), optimizer=lambda: nn.optimizers.RMSprop(1e-3), epochs=10
    )


class Compared(nn.Model):
    """A regression with a step of its own, which takes the targets as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = L.Dense(32, "relu"), L.Dense(32, "relu")
        self.last = L.Dense(1)

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(self.second(self.first(x)))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = nn.ops.mean(nn.ops.square(self(x) - y))
        slopes = tape.gradient(value, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": value}


def against_all(t: Training) -> Training:
    """Targets are a row of numbers, outputs a column: each is compared with all others.

    https://solofox.github.io/torch/broadcasting/2025/12/07/torch-broadcasting-trap.html
    """
    return t.to(lambda y: y[:, 0]).but(model=Compared, metrics=())


def tanh_for_more(t: Training) -> Training:
    """A tanh at the end of a regression of which the targets go beyond 1.

    https://github.com/keras-team/keras/issues/108
    """
    return t.but(model=dense(5, (32, 32), 1, "relu", "tanh"), loss="mae")


def fifty_sigmoids(t: Training) -> Training:
    """Raw columns, two sigmoids, and a third that is multiplied by the largest mark.

    "Tensorflow regression model giving same prediction every time", Stack Overflow
    """

    def model() -> Any:
        parts = [L.Dense(2, "sigmoid", kernel_initializer=init.RandomNormal(stddev=1.0))]
        last = L.Dense(1, "sigmoid", kernel_initializer=init.RandomNormal(stddev=1.0))
        return nn.Sequential([nn.Input((5,)), *parts, last, L.Rescaling(80.0)])

    return t.but(model=model, **parted(*twins.bricks(), 900, 200), optimizer=sgd(0.05))


def question_marks(t: Training) -> Training:
    """Some rows of the file have a question mark for the pressure.

    https://github.com/radiasoft/sirepo/issues/2983
    """
    x = np.array(t.x)
    x[[32, 126, 330, 336, 354], 4] = np.nan
    return t.but(x=x)


def relu_for_below_zero(t: Training) -> Training:
    """A ReLU at the end, for standardised columns.

    https://github.com/curiousily/Credit-Card-Fraud-Detection-using-Autoencoders-in-Keras/issues/1
    """

    def model() -> Any:
        penalty = nn.regularizers.L1(1e-4)
        parts = [L.Dense(8, "tanh", activity_regularizer=penalty), L.Dense(5, "relu")]
        return nn.Sequential([nn.Input((14,)), *parts, L.Dense(5, "tanh"), L.Dense(14, "relu")])

    return t.but(model=model)


def hardly_moves(t: Training) -> Training:
    """An autoencoder by plain steps of a thousandth and a momentum of a tenth.

    https://github.com/keras-team/keras/issues/1604
    """
    return t.but(optimizer=sgd(0.001, momentum=0.1), batch_size=128)


def poisson_of_a_line(t: Training) -> Training:
    """Poisson's loss by hand, of a linear output that is not kept above 0.

    https://github.com/keras-team/keras/issues/590
    """

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(p - y * nn.ops.log(p), axis=-1)

    return t.but(model=dense(5, (40, 40), 2, "relu", None), loss=loss)


def hundredths(t: Training) -> Training:
    """Sigmoids, and weights that are drawn and multiplied by 0.01.

    "Neural network XOR gate classification", Stack Overflow
    """
    small = init.RandomNormal(stddev=0.01)
    return t.but(
        model=dense(2, (40, 40), 2, "sigmoid", kernel_initializer=small), optimizer=sgd(0.1)
    )


def as_preset(t: Training) -> Training:
    """Plain steps of a hundredth, as they are preset.

    https://geek-tips.imtqy.com/articles/631334/index.html
    """
    return t.but(optimizer=sgd(0.01))


class Detached(Sighted):
    """The scores are taken out of the tape before the loss is made of them."""

    def loss_of(self, y: Any, scores: Any) -> Any:
        return super().loss_of(y, nn.ops.stop_gradient(scores))


class Half(Sighted):
    """What the hidden layers give is taken out of the tape."""

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(nn.ops.stop_gradient(self.second(self.first(x))))


def detached(t: Training) -> Training:
    """The loss is made of plain numbers, and no slope comes back.

    https://github.com/isayev/ReLeaSE/issues/39
    """
    return t.but(model=Detached)


def half_detached(t: Training) -> Training:
    """The hidden layers' weights are detached on the way, left over from an experiment.

    https://github.com/yifita/deep_cage/issues/16
    """
    return t.but(model=lambda: Half(kernel_initializer=init.RandomNormal(stddev=0.02)))


def a_tenth(t: Training) -> Training:
    """Adam at 0.1 and more, for a table of patients in the thread.

    https://sanaat.mintlify.app/docs/experiments/learning-rate
    """
    return t.but(optimizer=adam(0.3))


def not_transformed(t: Training) -> Training:
    """The scaler was used for the rows for training only."""
    held, test = t.validation, t.test

    def raw(part: Any) -> Any:
        return (part[0] * np.array([20, 400, 1, 5, 2000, 0.1]) + 40).astype("float32"), part[1]

    return t.but(validation=raw(held), test=raw(test))


def copied_first(t: Training) -> Training:
    """Twenty-five failures and as many others were copied to make more rows, then split."""
    random = np.random.default_rng(0)
    few = np.r_[np.flatnonzero(t.y[:, 0])[:25], np.flatnonzero(t.y[:, 0] == 0)[:25]]
    rows = random.choice(few, 1200)
    x, y = t.x[rows], t.y[rows]
    return t.but(x=x[:1000], y=y[:1000], validation=(x[1000:], y[1000:]), epochs=30)


def failures_only(t: Training) -> Training:
    """The weights of rows are the labels themselves: those that don't fail weigh nothing."""
    return t.but(fit={"sample_weight": t.y[:, 0].astype("float32")})


def tested_after(t: Training) -> Training:
    """The load at which each brick broke stands in a column; later nobody knows it."""
    random = np.random.default_rng(1)

    def added(part: Any, known: bool = True) -> Any:
        x, y = part
        load = 3 * (y if known else random.permutation(y)) + 1
        return np.concatenate([x, load], 1).astype("float32"), y

    x, y = added((t.x, t.y))
    return t.but(
        model=dense(6, (32, 32), 1, "relu", None), x=x, y=y, validation=added(t.validation),
        test=added(t.test, False),
    )  # fmt: skip


def few_bricks(t: Training) -> Training:
    """Twenty-five bricks, measured badly, and a wide network for long."""
    y = t.y[:25] + np.random.default_rng(2).normal(0, 0.5, (25, 1)).astype("float32")
    return t.but(model=dense(5, (128, 128), 1, "relu", None), x=t.x[:25], y=y, epochs=250)


def sorted_by_kind(t: Training) -> Training:
    """Stones as they lie in the drawers, kind by kind, and nothing is shuffled."""
    order = np.argsort(t.y, kind="stable")
    return t.but(
        x=t.x[order], y=t.y[order], fit={"shuffle": False}, optimizer=sgd(0.1, momentum=0.9)
    )


def all_but_two_constant(t: Training) -> Training:
    """The file was joined by the wrong key: seven of nine columns hold the same number."""

    def joined(x: Any) -> Any:
        x = np.array(x)
        x[:, 2:] = 0.7
        return x

    return t.on(joined)


def keys_mixed(t: Training) -> Training:
    """Rows and answers come from two files of which one was sorted again."""
    return t.but(y=t.y[np.argsort(t.x[:, 0])])


def squares_of_sigmoids(t: Training) -> Training:
    """Sigmoids and the mean of squares for two classes, by plain steps."""
    return t.but(model=dense(2, (40, 40), 2, "sigmoid", "sigmoid"), loss="mse", optimizer=sgd(0.1))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("turbines: the loss of several classes for one output", twins.turbines,
     categorical_for_one, ("GD203",)),
    ("turbines: a softmax of one", twins.turbines, softmax_of_one, ("GD203",)),
    ("turbines: readings in their units", twins.turbines, as_measured, ("GD104",)),
    ("turbines: hardly one fails", twins.turbines, one_in_thirty, ("GD107",)),
    ("turbines: a rate of 0.3", twins.turbines, a_tenth,
     ("GD506", "GD502", "GD503", "GD505")),
    ("minerals: marks from -2 to 2", twins.minerals, from_minus_two, ("GD102",)),
    ("minerals: kinds from 1 to 5", twins.minerals, from_one, ("GD102",)),
    ("minerals: sigmoids for one of five", twins.minerals, sigmoids_for_classes,
     ("GD203", "GD507", "GD505")),
    ("minerals: three units and five yes or no", twins.minerals, three_units,
     ("GD203", "GD602", "GD507")),
    ("minerals: the rate falls with each step", twins.minerals, falls_each_step,
     ("GD216", "GD507", "GD505")),
    ("kilns: newtons to be met", twins.kilns, in_newtons, ("GD113", "GD301")),
    ("kilns: a line for thousands", twins.kilns, straight_and_short,
     ("GD113", "GD301", "GD507")),
    ("kilns: each against all", twins.kilns, against_all, ("GD103",)),
    ("kilns: a tanh at the end", twins.kilns, tanh_for_more, ("GD204",)),
    ("kilns: eighty times a sigmoid", twins.kilns, fifty_sigmoids,
     ("GD104", "GD306", "GD504")),
    ("kilns: question marks in the file", twins.kilns, question_marks, ("GD101",)),
    ("profiles: ReLU for what is below 0", twins.profiles, relu_for_below_zero, ("GD204",)),
    ("profiles: steps of a thousandth", twins.profiles, hardly_moves, ("GD507", "GD505")),
    ("guests: the log of a line", twins.guests, poisson_of_a_line, ("GD302", "GD401")),
    ("chess: weights of hundredths and sigmoids", twins.chess, hundredths,
     ("GD209", "GD303", "GD304", "GD501", "GD507", "GD307")),
    ("chess: plain steps as preset", twins.chess, as_preset, ("GD507", "GD505")),
    ("beacons: a loss of plain numbers", twins.beacons, detached, ("GD212", "GD512")),
    ("beacons: hidden layers detached", twins.beacons, half_detached,
     ("GD212", "GD512", "GD209", "GD303")),
    # others
    ("turbines: later readings not scaled", twins.turbines, not_transformed, ("GD111",)),
    ("turbines: copied, then split", twins.turbines, copied_first, ("GD108",)),
    ("turbines: only failures weigh", twins.turbines, failures_only,
     ("GD516", "GD511", "GD107")),
    ("kilns: the load that broke it", twins.kilns, tested_after, ("GD109",)),
    ("kilns: twenty-five by heart", twins.kilns, few_bricks, ("GD601",)),
    ("kilns: nine layers of narrow weights", twins.kilns,
     with_(dense(5, (24,) * 9, 1, "relu", None, kernel_initializer="random_normal")),
     ("GD209", "GD303", "GD304", "GD501", "GD307")),
    ("minerals: drawer by drawer", twins.minerals, sorted_by_kind, ("GD110",)),
    ("minerals: seven columns of one number", twins.minerals, all_but_two_constant,
     ("GD106",)),
    ("minerals: answers of other rows", twins.minerals, keys_mixed,
     ("GD510", "GD605", "GD601")),
    ("minerals: a batch of all rows", twins.minerals, with_(batch_size=1000, epochs=8),
     ("GD112", "GD604", "GD507")),
    ("chess: squares of sigmoids", twins.chess, squares_of_sigmoids, ("GD206", "GD507")),
    ("chess: two straight layers", twins.chess,
     with_(dense(2, (40, 40), 2, None)), ("GD207", "GD602")),
    ("profiles: a saturated middle", twins.profiles,
     with_(profile_net(neck="sigmoid", act="sigmoid",
                       kernel_initializer=init.RandomNormal(stddev=6.0))),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("beacons: slopes cut to a thousandth", twins.beacons,
     with_(optimizer=sgd(0.1, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
