"""Faults of dense networks of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second.points import LOGITS, parted
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.third.twins import dense as twins
from benchmarks.doctor.third.twins.dense import (
    Taught,
    loan_net,
    rating_net,
    squeeze_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def in_euros(t: Training) -> Training:
    """Age, euros and years go into the network as they are."""
    return t.but(**parted(*twins.loans(), 1000, 200))


def sentinel(t: Training) -> Training:
    """What isn't known stands as -999."""
    random = np.random.default_rng(0)
    return t.on(lambda x: np.where(random.random(x.shape) < 0.06, -999, x).astype("float32"))


def per_year(t: Training) -> Training:
    """What a car costs a year, in euros."""
    return t.to(lambda y: y * 400 + 2400)


def never_used(t: Training) -> Training:
    """The log of a consumption of 0, for cars that never ran."""
    y = np.array(t.y)
    y[[17, 401]] = -np.inf
    return t.but(y=y)


def unplugged(t: Training) -> Training:
    """All but two sensors of the glove give the same number all the time."""

    def still(x: Any) -> Any:
        x = np.array(x)
        x[:, 2:] = 0.5
        return x

    return t.on(still)


def one_kind_held_out(t: Training) -> Training:
    """The rows lie in the order of their kinds, and the last third is held out."""
    x, y = np.concatenate([t.x, t.validation[0]]), np.concatenate([t.y, t.validation[1]])
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    cut = int((y < 2).sum())
    return t.but(x=x[:cut], y=y[:cut], validation=(x[cut:], y[cut:]))


def overdue(t: Training) -> Training:
    """Days overdue, which are known only of those who didn't pay."""
    random = np.random.default_rng(1)

    def added(x: Any, y: Any) -> Any:
        days = y * random.uniform(1, 3, y.shape)
        return np.concatenate([x, days], 1).astype("float32")

    held, test = t.validation, t.test
    return t.but(
        model=loan_net(columns=8), x=added(t.x, t.y), validation=(added(*held), held[1]),
        test=(added(test[0], random.permutation(test[1])), test[1]),
    )  # fmt: skip


def from_0_to_1(t: Training) -> Training:
    """Validation and test are brought between 0 and 1, each by itself."""

    def other(part: Any) -> Any:
        x, y = part
        return ((x - x.min(0)) / (x.max(0) - x.min(0)) / 4 + 3).astype("float32"), y

    return t.but(validation=other(t.validation), test=other(t.test))


def copied_then_split(t: Training) -> Training:
    """Thirty rows were copied many times, and only then some were held out."""
    random = np.random.default_rng(2)
    rows = random.integers(0, 30, 1200)
    x, y = t.x[rows], t.y[rows]
    return t.but(x=x[:1000], y=y[:1000], validation=(x[1000:], y[1000:]))


def sorted_apart(t: Training) -> Training:
    """The labels were sorted, the rows weren't."""
    return t.but(y=t.y[np.argsort(t.y.argmax(1), kind="stable")])


def some_wrong(t: Training) -> Training:
    """120 rows of which a third is labelled wrongly, a wide network, and long."""
    random = np.random.default_rng(3)
    x, y = t.x[:120], np.array(t.y[:120])
    wrong = random.random(120) < 0.35
    y[wrong] = random.integers(0, 4, wrong.sum())
    return t.but(x=x, y=y, epochs=80)


def few_cars(t: Training) -> Training:
    """Thirty cars, measured badly, learnt by heart."""
    y = t.y[:30] + np.random.default_rng(4).normal(0, 0.7, (30, 1)).astype("float32")
    return t.but(model=dense(6, (128, 128), 1, "elu", None), x=t.x[:30], y=y, epochs=200)


def rooms(t: Training) -> Training:
    """Numbers of rings as numbers for a loss that wants one-hot."""
    return t.but(y=t.y.argmax(1), validation=(t.validation[0], t.validation[1].argmax(1)))


def standardised(t: Training) -> Training:
    """Spectra are standardised, and the last layer still ends between 0 and 1."""

    def change(x: Any) -> Any:
        return scaled(x, t.x)

    return t.on(change).to(change)


def drop_last(t: Training) -> Training:
    """A dropout behind the last layer."""

    def model() -> Any:
        return nn.Sequential([*dense(6, (32, 32), 1, "elu", None)().layers, L.Dropout(0.7)])

    return t.but(model=model)


def steps_in(t: Training) -> Training:
    """Hidden units that are 0 or 1: a step has no slope."""
    return t.but(model=lambda: Taught(lambda z: nn.ops.cast(nn.ops.greater(z, 0), "float32")))


def variance_bare(t: Training) -> Training:
    """The log of a variance that may be below 0."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.square(y - p[:, :1]) / p[:, 1:] + nn.ops.log(p[:, 1:]))

    return t.but(loss=loss)


def summed(t: Training) -> Training:
    """The losses of a batch are added up, and the rate is the one for their mean."""

    class Summed(Taught):
        summed = True

    return t.but(model=Summed, optimizer=sgd(0.1, momentum=0.9))


class Kept(Taught):
    """Slopes are added to those of all batches before: nobody sets them to zero."""

    def __init__(self) -> None:
        super().__init__()
        self(np.zeros((1, 8), "float32"))
        self.kept = [
            self.add_weight(shape=w.shape, initializer="zeros", trainable=False, name=f"kept{i}")
            for i, w in enumerate(self.trainable_variables)
        ]

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = self.loss_of(y, self(x))
        weights = self.trainable_variables
        for kept, slope in zip(self.kept, tape.gradient(value, weights), strict=True):
            kept.assign(kept + slope)
        self.optimizer.apply_gradients(zip(self.kept, weights, strict=True))
        return {"loss": value}


def never_zeroed(t: Training) -> Training:
    """Slopes that are never set to zero, and plain steps."""
    return t.but(model=Kept, optimizer=sgd(0.03))


def turned_weights(t: Training) -> Training:
    """Weights of classes for another table."""
    return t.but(fit={"class_weight": {0: 50.0, 1: 0.02}})


def impatient(t: Training) -> Training:
    """Stopped as soon as it doesn't get better by much."""
    stop = nn.callbacks.EarlyStopping("val_loss", patience=0, min_delta=0.3)
    return t.but(fit={"callbacks": [stop]}, optimizer=adam(0.002))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("credit: euros and years as they are", twins.credit, in_euros, ("GD104",)),
    ("mileage: -999 for what isn't known", twins.mileage, sentinel, ("GD104",)),
    ("mileage: euros a year to be met", twins.mileage, per_year, ("GD113", "GD301")),
    ("ratings: points up to 100", twins.ratings,
     lambda t: t.to(lambda y: y * 12 + 60), ("GD113", "GD301")),
    ("mileage: cars that never ran", twins.mileage, never_used, ("GD101",)),
    ("credit: yes and no as 1 and -1", twins.credit,
     lambda t: t.but(y=2 * t.y - 1, validation=(t.validation[0], 2 * t.validation[1] - 1)),
     ("GD102",)),
    ("flowers: two outputs for three kinds", twins.flowers, with_(dense(4, (16,), 2, "relu")),
     ("GD102",)),
    ("uncertain: each number against all means", twins.uncertain,
     lambda t: t.to(lambda y: y[:, 0]), ("GD103",)),
    ("ratings: people counted from 1", twins.ratings,
     lambda t: t.on(lambda x: (x[0] + 1, x[1])), ("GD105",)),
    ("gestures: a glove of two sensors", twins.gestures, unplugged, ("GD106",)),
    ("flowers: the last kind is held out", twins.flowers, one_kind_held_out,
     ("GD107", "GD111")),
    ("credit: thirty rows, copied, then split", twins.credit, copied_then_split,
     ("GD108",)),
    ("credit: days overdue", twins.credit, overdue, ("GD109",)),
    ("mileage: later cars from 0 to 1", twins.mileage, from_0_to_1, ("GD111",)),
    ("rings: all rows in each batch", twins.rings, with_(batch_size=900),
     ("GD112", "GD604", "GD507")),
    ("gestures: labels sorted, rows not", twins.gestures, sorted_apart,
     ("GD510", "GD605", "GD601")),
    ("quarters: a third of few labels is wrong", twins.quarters, some_wrong, ("GD601", "GD605")),
    ("mileage: thirty cars by heart", twins.mileage, few_cars, ("GD601",)),
    # model and loss
    ("rings: probabilities for scores", twins.rings,
     with_(dense(2, (32, 32), 3, "tanh", lambda z: nn.ops.softmax(z)),
           loss=LOGITS, optimizer=sgd(0.05)),
     ("GD201", "GD507")),
    ("credit: scores for probabilities", twins.credit, with_(loan_net(end=None)), ("GD202",)),
    ("gestures: numbers for a loss of one-hot", twins.gestures, rooms, ("GD203", "GD103")),
    ("credit: the loss of several classes for one output", twins.credit,
     with_(loss="sparse_categorical_crossentropy"), ("GD203", "GD102")),
    ("squeeze: standardised spectra for a sigmoid", twins.squeeze, standardised, ("GD204",)),
    ("quarters: no activation", twins.quarters, with_(lambda: Taught(None)), ("GD207", "GD602")),
    ("ratings: tables of zeros", twins.ratings,
     with_(rating_net(embeddings_initializer="zeros")), ("GD208", "GD512")),
    ("rings: weights of spread four", twins.rings,
     with_(dense(2, (32, 32, 32), 3, "tanh", kernel_initializer=init.RandomNormal(stddev=4.0)),
           optimizer=sgd(0.01)),
     ("GD209", "GD303", "GD306", "GD504", "GD301")),
    ("mileage: a dropout behind the last layer", twins.mileage, drop_last, ("GD211",)),
    ("quarters: steps for an activation", twins.quarters, steps_in,
     ("GD212", "GD512", "GD304", "GD501")),
    ("squeeze: a ReLU that is shut in the middle", twins.squeeze,
     with_(squeeze_net(neck="relu", bias_initializer=init.Constant(-3.0))),
     ("GD305", "GD503", "GD307")),
    ("squeeze: one number in the middle", twins.squeeze, with_(squeeze_net(1)), ("GD602",)),
    ("credit: eight sigmoids", twins.credit,
     with_(dense(7, (24,) * 8, 1, "sigmoid", "sigmoid")), ("GD304", "GD501", "GD303", "GD307")),
    # numbers
    ("uncertain: a variance below 0", twins.uncertain, variance_bare, ("GD302", "GD401")),
    # steps
    ("quarters: losses added up", twins.quarters, summed,
     ("GD506", "GD502", "GD503", "GD401")),
    ("quarters: slopes that are never set to zero", twins.quarters, never_zeroed,
     ("GD506", "GD502", "GD509", "GD503", "GD401")),
    ("squeeze: a rate of 0.3", twins.squeeze, with_(optimizer=adam(0.3)),
     ("GD506", "GD502", "GD503")),
    ("uncertain: a rate a hundred times too small", twins.uncertain,
     with_(optimizer=adam(1e-4)), ("GD507", "GD505")),
    ("mileage: a rate of 0.5", twins.mileage, with_(optimizer=adam(0.5)),
     ("GD506", "GD502", "GD509", "GD505")),
    ("rings: a momentum of 0.998", twins.rings, with_(optimizer=sgd(0.2, momentum=0.998)),
     ("GD506", "GD509", "GD502", "GD504")),
    ("credit: a rate of a thousandth, SGD", twins.credit, with_(optimizer=sgd(1e-3)),
     ("GD507", "GD505")),
    ("gestures: two rows a batch", twins.gestures, with_(batch_size=2, epochs=1),
     ("GD112", "GD513")),
    ("ratings: half the rate each five steps", twins.ratings,
     with_(optimizer=adam(schedules.ExponentialDecay(0.02, 5, 0.5))),
     ("GD216", "GD507", "GD505")),
    ("flowers: stopped at once", twins.flowers, impatient, ("GD216", "GD604")),
    ("mileage: clipped to a hundredth", twins.mileage,
     with_(optimizer=sgd(0.02, global_clipnorm=0.01)), ("GD514", "GD507", "GD505")),
    ("credit: weights of another table", twins.credit, turned_weights,
     ("GD511", "GD107", "GD516")),
]  # fmt: skip

FAULTS = [Fault(name, "dense", twin, plant, causes) for name, twin, plant, causes in ROWS]
