"""Faults of dense networks of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, sorted_rows, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second import points
from benchmarks.doctor.second.points import LOGITS, Circuit, Rows, Surface, rms, shares, steady
from benchmarks.doctor.tables import dense
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def raw_concrete(t: Training) -> Training:
    """Kilograms and days go straight into the first layer."""
    return t.but(model=dense(6, (48, 24), 1, "gelu", None))


def bounded(t: Training) -> Training:
    """A tanh at the end, and targets of four times the usual spread."""
    x = points.mixture()[0][:900]

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x)
        return nn.Sequential([nn.Input((6,)), scale, L.Dense(48, "gelu"), L.Dense(1, "tanh")])

    return t.to(lambda y: y * 4).but(model=model)


def first(change: Any) -> Any:
    """Return a plant that changes the first of several inputs."""
    return lambda t: t.on(lambda x: (change(x[0]), *x[1:]))


def empty_fields(t: Training) -> Training:
    """A ratio whose divisor is 0 in four rows: infinite."""
    x = np.array(t.x)
    x[[5, 91, 300, 641], 2] = np.inf
    return t.but(x=x)


def lost_target(t: Training) -> Training:
    """A target that nobody entered."""
    y = np.array(t.y)
    y[123] = np.nan
    return t.but(y=y)


def kept_answer(t: Training) -> Training:
    """A column that was made of the answer; it isn't known for what comes later."""

    def added(x: Any, column: Any) -> Any:
        return np.concatenate([x, column.reshape(-1, 1)], 1).astype("float32")

    random = np.random.default_rng(1)
    return t.but(
        model=dense(7, (48, 24), 1, "gelu", None),
        x=added((t.x - t.x.mean(0)) / t.x.std(0), 3 * t.y + 1),
        validation=(
            added((t.validation[0] - t.x.mean(0)) / t.x.std(0), 3 * t.validation[1] + 1),
            t.validation[1],
        ),
        test=(
            added((t.test[0] - t.x.mean(0)) / t.x.std(0), random.permutation(3 * t.test[1] + 1)),
            t.test[1],
        ),
    )


def own_spread(t: Training) -> Training:
    """Validation and test are scaled in another way: from 0 to 100."""

    def other(part: Any) -> Any:
        return (part[0] * 20 + 50).astype("float32"), part[1]

    return t.but(validation=other(t.validation), test=other(t.test))


def whole_numbers(t: Training) -> Training:
    """An integer division on the way: every feature is 0."""
    return t.on(lambda x: (np.abs(x) // 100).astype("float32"))


def towns_of_another_table(t: Training) -> Training:
    """Numbers of towns that start at 1000."""
    return t.on(lambda x: (x[0], x[1] + 1000))


def towns_as_shares(t: Training) -> Training:
    """Numbers of towns, scaled as the other columns are."""
    return t.on(lambda x: (x[0], (x[1] / 25).astype("float32")))


def broadcast(t: Training) -> Training:
    """A loss of one's own, and targets without their last axis: each row against all."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.square(nn.ops.reshape(y, (-1,)) - p))

    return t.to(lambda y: y[:, 0]).but(loss=loss)


def late(t: Training) -> Training:
    """A generator whose labels are those of the row before."""
    return t.but(x=Rows(t.x, np.roll(t.y, 1)), y=None, batch_size=None)


def many_wrong(t: Training) -> Training:
    """Eighty rows, four of ten labels drawn by lot, a wide network, and long."""
    random = np.random.default_rng(2)
    x, y = t.x[:80], np.array(t.y[:80])
    wrong = random.random(80) < 0.4
    y[wrong] = random.integers(0, 3, wrong.sum())
    return t.but(model=dense(4, (256, 256), 3, "selu", None), x=x, y=y, epochs=150)


def lost_branch(t: Training) -> Training:
    """The network stops the gradient in its middle: what is before it never learns."""

    class Stopped(Circuit):
        def call(self, x: Any) -> Any:
            return self.last(nn.ops.stop_gradient(self.second(self.first(x))))

    tiny = init.RandomNormal(stddev=0.01)
    return t.but(model=lambda: Stopped(kernel_initializer=tiny))


def all_still(t: Training) -> Training:
    """Everything was frozen."""

    def model() -> Any:
        found = t.model()
        found.trainable = False
        return found

    return t.but(model=model)


def uphill(t: Training) -> Training:
    """The step goes up."""

    class Uphill(Surface):
        sign = -1.0

    return t.but(model=Uphill)


def one_part(t: Training) -> Training:
    """The step is for the last layer only, and the others begin near 0."""

    class Last(Surface):
        part = True

        def __init__(self) -> None:
            super().__init__()
            small = {"kernel_initializer": init.RandomNormal(stddev=0.02)}
            self.body = nn.Sequential(
                [nn.Input((2,)), L.Dense(48, "tanh", **small), L.Dense(48, "tanh", **small)]
            )

    return t.but(model=Last)


def both_of(*ends: Any, body: Any = "relu", drop: float = 0.0, **given: Any) -> Any:
    """Return what makes the network of two outputs."""

    def model() -> Any:
        inputs = nn.Input((8,))
        z = L.Dense(48, body, **given)(inputs)
        z = L.Dropout(drop)(L.Dense(32, body, **given)(z))
        return nn.Model(inputs, [L.Dense(1, ends[0])(z), L.Dense(1, ends[1])(z)])

    return model


def row_by_row() -> Training:
    """The board, of which fields are asked for one by one."""

    def score(model: Any, training: Training) -> float:
        x, y = training.test
        found = np.asarray(model.predict(x, batch_size=1, verbose=0))
        return float(np.mean(found.argmax(1) == y.argmax(1)))

    return points.board().but(score=score)


def wrong_axis(t: Training) -> Training:
    """Probabilities over the batch, not over the classes."""

    def model() -> Any:
        last = L.Dense(2, lambda z: nn.ops.softmax(z, axis=0))
        return nn.Sequential([nn.Input((2,)), L.Dense(40, "silu"), L.Dense(40, "silu"), last])

    return t.but(model=model)


def lasting_bare(t: Training) -> Training:
    """A likelihood without a guard, of what a linear layer says."""

    def loss(y: Any, rate: Any) -> Any:
        return nn.ops.mean(y * rate - nn.ops.log(rate))

    return t.but(model=dense(5, (32, 16), 1, "elu", None), loss=loss)


def distance(t: Training) -> Training:
    """The root of a distance that begins at 0: its slope is infinite."""

    def model() -> Any:
        one, two = nn.Input((5,)), nn.Input((5,))
        tower = nn.Sequential([L.Dense(32, "relu", kernel_initializer="zeros"), L.Dense(8)])
        away = L.Subtract()([tower(one), tower(two)])
        far = L.Lambda(lambda z: nn.ops.sqrt(nn.ops.sum(nn.ops.square(z), axis=-1, keepdims=True)))
        return nn.Model([one, two], L.Dense(1, "sigmoid")(far(away)))

    return t.but(model=model)


def exponentials(t: Training) -> Training:
    """A softmax by hand on inputs in another unit: e to the hundreds."""

    def model() -> Any:
        by_hand = L.Lambda(lambda z: nn.ops.exp(z) / nn.ops.sum(nn.ops.exp(z), -1, keepdims=True))
        return nn.Sequential([nn.Input((6,)), L.Dense(24, "relu"), L.Dense(5), by_hand])

    return t.on(lambda x: x * 600).but(model=model)


def few_noisy(t: Training) -> Training:
    """Eighty noisy rows and a wide network."""
    y = t.y[:80] + np.random.default_rng(3).normal(0, 1.0, (80, 1)).astype("float32")
    stop = nn.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True)
    return t.but(
        model=dense(2, (256, 256), 1, "relu", None), x=t.x[:80], y=y, epochs=120, batch_size=16,
        fit={"callbacks": [stop]}, optimizer=adam(3e-3),
    )  # fmt: skip


def stopped_in_time() -> Training:
    """Few noisy rows of the surface, stopped as soon as other rows get worse."""
    x, y = points.surface_data()
    return few_noisy(points.surface().but(**points.parted(x, np.sin(x[:, :1]) + 0 * y, 800, 200)))


def spread_over(t: Training) -> Training:
    """One output that is to meet the number of the class."""

    def score(model: Any, training: Training) -> float:
        x, y = training.test
        return float(np.mean(np.rint(np.asarray(model.predict(x, verbose=0))[:, 0]) == y))

    return t.but(model=dense(6, (24,), 1, "relu", None), loss="mae", metrics=(), score=score)


def lone_softmax(t: Training) -> Training:
    """A softmax over one output is always 1."""
    return t.but(model=dense(6, (24, 24), 1, "tanh", "softmax"))


def whole_of_one(t: Training) -> Training:
    """What is divided by the sum of itself is 1, if there is one output."""

    def model() -> Any:
        one, two = nn.Input((5,)), nn.Input((5,))
        tower = nn.Sequential([L.Dense(32, "relu"), L.Dense(8)])
        away = L.Subtract()([tower(one), tower(two)])
        return nn.Model([one, two], L.Dense(1, shares)(L.Multiply()([away, away])))

    return t.but(model=model)


def weights_of_rows(t: Training) -> Training:
    """Weights of rows that an empty column gave."""
    return t.but(fit={"sample_weight": np.zeros(len(t.x), "float32")})


def scheduled(schedule: Any, make: Any = nn.optimizers.Adam) -> Any:
    """Return a plant of a rate that follows a schedule."""
    return with_(optimizer=lambda: make(schedule))


schedules = nn.optimizers.schedules

ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("concrete: kilograms as they are", points.concrete, raw_concrete, ("GD104",)),
    ("clients: money in cents", points.clients, first(lambda x: x * 3e5 + 1e6), ("GD104",)),
    ("concrete: pascals to be met", points.concrete,
     lambda t: t.to(lambda y: y * 1.5e6 + 4e7).but(loss="mse"), ("GD113", "GD301")),
    ("shells: a divisor of 0", points.shells, empty_fields, ("GD101",)),
    ("surface: a target that nobody entered", points.surface, lost_target, ("GD101",)),
    ("shells: labels from -1", points.shells, lambda t: t.to(lambda y: y - 1), ("GD102",)),
    ("tags: yes and no as 1 and 2", points.tags,
     lambda t: t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1)), ("GD102",)),
    ("surface: each target against all rows", points.surface,
     lambda t: broadcast(t).but(model=dense(2, (48, 48), 1, "tanh", None)), ("GD103",)),
    ("clients: towns of another table", points.clients, towns_of_another_table, ("GD105",)),
    ("clients: towns as shares", points.clients, towns_as_shares, ("GD105",)),
    ("shells: an integer division", points.shells, whole_numbers, ("GD106", "GD307")),
    ("defects: no weights", points.defects,
     with_(fit={}, epochs=8), ("GD107",)),
    ("noisy surface: stopped by its own rows", stopped_in_time,
     lambda t: t.but(validation=(t.x, t.y)), ("GD108",)),
    ("concrete: made of the answer", points.concrete, kept_answer, ("GD109",)),
    ("clouds: sorted, not shuffled", points.plain_steps,
     lambda t: sorted_rows(t).but(epochs=2, optimizer=sgd(0.3)), ("GD110",)),
    ("tags: another scale later", points.tags, own_spread, ("GD111",)),
    ("shells: labels of other rows", points.shells, shuffled_labels, ("GD510", "GD605", "GD601")),
    ("shells: a generator that is a row late", points.shells, late,
     ("GD510", "GD605", "GD601")),
    ("shells: four of ten labels by lot", points.shells, many_wrong, ("GD601", "GD605")),
    ("clouds: more rows a batch than there are", points.plain_steps,
     with_(batch_size=5000, epochs=5), ("GD112", "GD604")),
    ("normed: one row a batch", points.normed, with_(batch_size=1, epochs=1), ("GD112", "GD513")),
    ("tags: weights of an empty column", points.tags, weights_of_rows, ("GD516",)),
    # model and loss
    ("clouds: softmax, and scores for the loss", points.plain_steps,
     with_(loss=LOGITS, epochs=3), ("GD201",)),
    ("bits: sigmoid, and scores for the loss", points.bits,
     lambda t: t.but(model=dense(10, (32, 32), 1, "relu", "sigmoid"), epochs=8, threshold=0.5),
     ("GD201",)),
    ("alike: one share of itself", points.alike, whole_of_one, ("GD203", "GD307")),
    ("board: scores for probabilities", points.board,
     with_(dense(2, (40, 40), 2, "silu", None)), ("GD202",)),
    ("clouds: the number of the cloud", points.plain_steps, spread_over, ("GD203",)),
    ("defects: softmax of one output", points.defects, lone_softmax, ("GD203", "GD307")),
    ("board: each field by itself, one-hot for numbers", points.board,
     lambda t: t.but(loss="sparse_categorical_crossentropy"), ("GD103", "GD203")),
    ("concrete: tanh for numbers up to 8", points.concrete, bounded, ("GD204",)),
    ("both: ReLU for a number", points.both, with_(both_of("relu", "sigmoid")), ("GD204",)),
    ("board: squared error of a softmax", points.board,
     with_(loss="mse", optimizer=sgd(0.02)), ("GD206", "GD507")),
    ("bits: only lines", points.bits,
     with_(dense(10, (32, 32), 1, None, None)), ("GD207",)),
    ("both: only lines", points.both, with_(both_of(None, "sigmoid", body=None)), ("GD207",)),
    ("tags: all weights alike", points.tags,
     with_(dense(40, (32,), 6, "leaky_relu", "sigmoid", kernel_initializer="ones")),
     ("GD208",)),
    ("surface: weights of zero", points.surface,
     lambda t: t.but(model=dense(2, (48, 48), 1, "tanh", None, kernel_initializer="zeros")),
     ("GD208",)),
    ("shells: weights of spread five", points.shells,
     with_(dense(4, (32, 32), 3, "tanh", None, kernel_initializer=init.RandomNormal(stddev=5.0))),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("both: dropout of 97 %", points.both, with_(both_of(None, "sigmoid", drop=0.97)), ("GD211",)),
    ("shells: L2 above all", points.shells,
     with_(dense(4, (32, 32), 3, "selu", None, kernel_regularizer=nn.regularizers.L2(2.0))),
     ("GD211",)),
    ("bits: cut in the middle", points.bits, lost_branch,
     ("GD212", "GD512", "GD303", "GD209", "GD304")),
    ("clients: all frozen", points.clients, all_still, ("GD212", "GD512")),
    ("surface: a step for the last layer only", points.surface, one_part,
     ("GD212", "GD512", "GD303", "GD209", "GD304")),
    ("board, row by row: softmax over the batch", row_by_row, wrong_axis, ("GD214", "GD308")),
    ("shells: twelve sigmoids", points.shells,
     with_(dense(4, (32,) * 12, 3, "sigmoid", None)), ("GD304", "GD501", "GD303", "GD307")),
    ("clouds: one hidden unit", points.plain_steps,
     with_(dense(6, (1,), 5, "relu")), ("GD602",)),
    # numbers
    ("waiting: log of what is below 0", points.waiting, lasting_bare, ("GD302", "GD401")),
    ("alike: the root of a distance of 0", points.alike, distance, ("GD302", "GD401", "GD208")),
    ("clouds: e to the hundreds", points.plain_steps, exponentials,
     ("GD104", "GD302", "GD401")),
    ("surface: uphill", points.surface, uphill,
     ("GD401", "GD502", "GD506", "GD203", "GD510")),
    # steps
    ("board: RMSprop's rate far too large", points.board, with_(optimizer=rms(1.0)),
     ("GD506", "GD502", "GD503")),
    ("tags: momentum of 0.995, a large rate", points.tags,
     with_(optimizer=sgd(2.0, momentum=0.995)), ("GD506", "GD509", "GD502", "GD503")),
    ("concrete: SGD that diverges", points.concrete,
     with_(optimizer=sgd(4.0, momentum=0.9)), ("GD506", "GD502", "GD401")),
    ("clients: Adam's rate far too large", points.clients, with_(optimizer=adam(3.0)),
     ("GD506", "GD502", "GD503")),
    ("waiting: RMSprop's rate far too small", points.waiting, with_(optimizer=rms(2e-6)),
     ("GD507", "GD505")),
    ("both: Lion's rate far too small", points.both,
     with_(optimizer=lambda: nn.optimizers.Lion(1e-6)), ("GD507", "GD505")),
    ("rungs: Adagrad's rate far too small", points.rungs,
     with_(optimizer=lambda: nn.optimizers.Adagrad(1e-5)), ("GD507", "GD505")),
    ("bits: clipped to nothing", points.bits, with_(optimizer=sgd(0.1, global_clipnorm=1e-3)),
     ("GD514", "GD507", "GD505")),
    ("surface: the rate falls after ten steps", points.surface,
     scheduled(schedules.PiecewiseConstantDecay([10], [0.01, 1e-7])),
     ("GD216", "GD507", "GD505")),
    ("alike: a rate on its way up for ever", points.alike,
     scheduled(schedules.PolynomialDecay(1e-8, 500_000, 0.01)), ("GD216", "GD507", "GD505")),
    ("normed: a momentum of 0.99999", points.normed, with_(steady(0.99999)), ("GD513",)),
]  # fmt: skip

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
