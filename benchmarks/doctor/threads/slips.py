"""Slips in programs on tables: columns, labels, feeds, heads, losses and steps of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import dense
from benchmarks.doctor.threads import forms, ways
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training

L, ops = nn.layers, nn.ops


def of_columns(t: Training, x: Any) -> Training:
    """The same rows with another table; as many of them for training, validation and test."""
    a, b = len(t.x), len(t.x) + len(t.validation[0])
    return t.but(x=x[:a], validation=(x[a:b], t.validation[1]), test=(x[b:], t.test[1]))


def log_of_nothing(t: Training) -> Training:
    """A logarithm of fares, some of which are 0."""
    _, kind, sex, age, missing, fare, port, _ = forms.raw_passengers()
    with np.errstate(divide="ignore"):
        fare = np.log(fare)
    x = forms.columns(kind, sex, forms.standard(age), missing, fare, np.eye(3)[port])
    return of_columns(t, x)


def with_number(t: Training) -> Training:
    """The columns as they stand in the file, the passenger's number among them; SGD."""
    number, kind, sex, age, missing, fare, port, _ = forms.raw_passengers()
    x = forms.columns(number, kind, sex, age, missing, fare, np.eye(3)[port][:, 1:])
    return of_columns(t, x).but(optimizer=sgd(0.01))


def sexes_as_letters(t: Training) -> Training:
    """The first columns hold letters."""
    letter = np.array(["F", "M", "I"], object)

    def change(x: Any) -> Any:
        return np.column_stack([letter[x[:, :3].argmax(-1)], x[:, 3:].astype(object)])

    return t.on(change).but(model=dense(7, (32, 32), 1, end=None))


def with_answer(t: Training) -> Training:
    """The columns of the file, with that which says who left; later customers have not left yet."""

    def beside(x: Any, y: Any) -> Any:
        return np.column_stack([x, 2 * np.ravel(y) - 1]).astype("float32")

    x, y = t.test
    none = np.column_stack([x, np.full(len(x), -1)]).astype("float32")
    return t.but(
        x=beside(t.x, t.y), validation=(beside(*t.validation), t.validation[1]), test=(none, y),
        model=dense(10, (6, 6), 1, end="sigmoid", kernel_initializer="uniform"),
    )  # fmt: skip


def raw_salaries(t: Training) -> Training:
    """Nothing is scaled, plain SGD."""
    x, _ = forms.raw_customers()
    return of_columns(t, x.astype("float32")).but(optimizer=sgd(0.01))


def halves(t: Training) -> Training:
    """Columns in half precision: salaries over 65,504 are infinite."""
    x, _ = forms.raw_customers()
    with np.errstate(over="ignore"):
        return of_columns(t, x.astype("float16"))


def apart(t: Training) -> Training:
    """Rows of x are shuffled, those of y are not."""
    return t.but(x=np.random.default_rng(5).permutation(t.x))


def scaled_later(t: Training) -> Training:
    """Held-out targets are standardised, those of training are not."""
    y = np.log1p(forms.raw_rides()[1])

    def change(a: Any) -> Any:
        return (a - y.mean()) / y.std()

    return t.but(
        validation=(t.validation[0], change(t.validation[1])), test=(t.test[0], change(t.test[1]))
    )


def one_place_on(t: Training) -> Training:
    """Dummies of later rows lack a category: from there on, each column is the next one's."""
    at, to = slice(7, -1), slice(8, None)

    def change(x: Any) -> Any:
        x = x.copy()
        x[:, at], x[:, -1] = x[:, to].copy(), 0
        return x

    return t.but(
        validation=(change(t.validation[0]), t.validation[1]), test=(change(t.test[0]), t.test[1])
    )


def beyond(t: Training) -> Training:
    """Shops are numbered from 1 to 40, the table of the Embedding ends at 39."""

    def change(x: Any) -> Any:
        return [x[0] + 1, *x[1:]]

    return t.on(change)


def end(t: Training, width: int, **given: Any) -> Any:
    """Return what makes the hidden layers of a table's network, with another end."""
    return dense(np.shape(t.x)[-1], (32,), width, **given)


def wide(t: Training) -> Training:
    """Embeddings drawn with a spread of 15."""
    drawn = nn.initializers.RandomNormal(stddev=15.0)

    def model() -> Any:
        given = [nn.Input((1,), dtype="int32") for _ in range(2)]
        parts = [
            L.Flatten()(L.Embedding(n, 6, embeddings_initializer=drawn)(v))
            for n, v in zip((60, 40), given, strict=True)
        ]
        body = L.Dense(16, "relu")(L.Concatenate()([*parts, L.Multiply()(parts)]))
        return nn.Model(given, L.Dense(1, "sigmoid")(body))

    return t.but(model=model)


def as_one_number(t: Training) -> Training:
    """The numbers themselves, by a thousand, in place of their bits."""

    def change(x: Any) -> Any:
        return (x @ 2.0 ** np.arange(10) / 1000)[:, None].astype("float32")

    return t.on(change).but(model=dense(1, (128,), 4))


def falls(t: Training) -> Training:
    """A rate that is cut to a tenth unless the loss falls by 1 in an epoch."""
    cut = nn.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1, min_delta=1.0)
    return t.but(fit={"callbacks": [cut]})


def powers(t: Training) -> Training:
    """A rate of 0.005 by 0.1 to the power of the epoch."""
    fall = nn.callbacks.LearningRateScheduler(lambda epoch, rate: float(5e-3 * 0.1**epoch))
    return t.but(fit={"callbacks": [fall]})


def percent(y: Any, p: Any) -> Any:
    """The mean absolute error in percent of the target."""
    return 100 * ops.mean(ops.abs((y - p) / y))


def correlation(y: Any, p: Any) -> Any:
    """The correlation of the batch, which is made small."""
    y, p = y - ops.mean(y), p - ops.mean(p)
    return ops.sum(y * p) / ops.sqrt(ops.sum(y * y) * ops.sum(p * p) + 1e-6)


def kullback(t: Training) -> Training:
    """Scores of the teacher, not made to shares, by a Kullback-Leibler divergence."""
    return t.but(loss="kl_divergence", model=dense(64, (24,), 10))


def exposed(t: Training) -> Training:
    """Weights of rows in days of exposure, up to 20,000; SGD."""
    days = np.random.default_rng(6).uniform(10, 20_000, len(t.x)).astype("float32")
    return t.but(fit={"sample_weight": days}, optimizer=sgd(0.01))


def without_edge(y: Any, p: Any) -> Any:
    """A weighted cross-entropy whose logarithms are not kept from 0."""
    return -ops.mean(12.0 * y * ops.log(p) + (1 - y) * ops.log(1 - p))


FAULTS = [
    Fault("passengers: logarithms of fares of 0", "dense", forms.passengers, log_of_nothing,
          ("GD101",)),
    Fault("passengers: their number and all else as it is, SGD", "dense", forms.passengers,
          with_number, ("GD104",)),
    Fault("shells: letters for the sex", "dense", forms.shell_ages, sexes_as_letters,
          ("GD105", "GD101")),
    Fault("customers: who left is among the columns", "dense", forms.customers, with_answer,
          ("GD109",)),
    Fault("customers: balances and salaries as they are, SGD", "dense", forms.customers,
          raw_salaries, ("GD104",)),
    Fault("customers: salaries in half precision", "dense", forms.customers, halves, ("GD101",)),
    Fault("customers: one-hot labels for one sigmoid", "dense", forms.customers,
          lambda t: t.to(lambda y: np.eye(2, dtype="float32")[y]), ("GD103", "GD203")),
    Fault("cars: rows shuffled apart from targets", "dense", forms.cars, apart,
          ("GD510", "GD602", "GD605", "GD601")),
    Fault("rides: later targets are standardised", "dense", forms.rides, scaled_later,
          ("GD111",)),
    Fault("rides: counts as they are, SGD", "dense", forms.rides,
          lambda t: t.to(np.expm1).but(optimizer=sgd(0.05)),
          ("GD113", "GD502", "GD506", "GD401", "GD503")),
    Fault("incomes: later dummies one place on", "dense", forms.incomes, one_place_on,
          ("GD111",)),
    Fault("incomes: a rate of 10 with momentum", "dense", forms.incomes,
          lambda t: t.but(optimizer=sgd(10.0, momentum=0.9)),
          ("GD506", "GD502", "GD503", "GD505", "GD401", "GD511")),
    Fault("buildings: a loss for one head only", "dense", forms.buildings,
          lambda t: t.but(loss={"heat": "mse", "cool": None}), ("GD212", "GD516", "GD512")),
    Fault("buildings: one table of targets for two heads", "dense", forms.buildings,
          lambda t: t.but(y=np.column_stack(t.y),
                          validation=(t.validation[0], np.column_stack(t.validation[1]))),
          ("GD103",)),
    Fault("shops: numbered from 1", "dense", forms.shops, beyond, ("GD105",)),
    Fault("moods: ReLU for flags", "dense", forms.moods,
          lambda t: t.but(model=end(t, 6, end="relu")),
          ("GD202", "GD203", "GD204", "GD205", "GD503", "GD305")),
    Fault("moods: sparse labels of a categorical loss", "dense", forms.moods,
          lambda t: t.but(loss="sparse_categorical_crossentropy"), ("GD103", "GD203")),
    Fault("letters: numbered by their code", "dense", forms.letters,
          lambda t: t.to(lambda y: y + ord("A")), ("GD102",)),
    Fault("letters: labels of the first batch for all", "dense", ways.paged,
          lambda t: t.but(x=ways.Pages(t.x.x, t.x.y, first=True)),
          ("GD510", "GD605", "GD602", "GD508")),
    Fault("letters: 0.1 to the power of the epoch", "dense", ways.slowly, powers,
          ("GD216", "GD507", "GD505")),
    Fault("numbers: a rate cut unless the loss falls by 1", "dense", ways.reduced, falls,
          ("GD216", "GD507", "GD505")),
    Fault("notes: nine of ten of four columns dropped", "dense", forms.notes,
          lambda t: t.but(model=net(4, lambda: L.Dropout(0.9), unit(16, "relu"),
                                    lambda: L.Dropout(0.9), unit(8, "relu"), unit(1, "sigmoid"))),
          ("GD211",)),
    Fault("clicks: embeddings of spread 15", "dense", ways.clicks, wide,
          ("GD209", "GD303", "GD301", "GD306", "GD302", "GD304")),
    Fault("celsius: SGD of 0.1", "dense", ways.celsius, lambda t: t.but(optimizer=sgd(0.1)),
          ("GD104", "GD113", "GD506", "GD502", "GD401")),
    Fault("celsius: Adam of 0.001", "dense", ways.celsius, lambda t: t.but(optimizer=adam(1e-3)),
          ("GD507", "GD505")),
    Fault("celsius: one column through LayerNormalization", "dense", ways.celsius,
          lambda t: t.but(model=net(1, lambda: L.LayerNormalization(), unit(1))),
          ("GD307", "GD510", "GD212")),
    Fault("columns rebuilt: a sigmoid at the end", "dense", ways.rebuilt,
          lambda t: t.but(model=dense(16, (48, 48), 16, end="sigmoid")), ("GD204",)),
    Fault("fizz: numbers for their bits", "dense", ways.fizz, as_one_number,
          ("GD510", "GD511", "GD602", "GD508")),
    Fault("own step: gradients are never applied", "dense", ways.stepping,
          lambda t: t.but(model=lambda: ways.Stepping(apply=False)),
          ("GD512", "GD510", "GD507", "GD505", "GD212", "GD516")),
    Fault("correlation: made small, not large", "dense", ways.correlated,
          lambda t: t.but(loss=correlation), ("GD203", "GD510", "GD506", "GD602")),
    Fault("polls: percent of targets of 0", "dense", forms.polls, lambda t: t.but(loss=percent),
          ("GD401", "GD302", "GD101")),
    Fault("a teacher's logits: for shares", "dense", ways.taught, kullback,
          ("GD102", "GD203", "GD204", "GD401", "GD302")),
    Fault("polls: rows weighted by up to 20,000, SGD", "dense", forms.polls, exposed,
          ("GD506", "GD502", "GD401", "GD503", "GD505", "GD301")),
    Fault("notes: a weighted loss without an edge, a rate of 0.1", "dense", forms.notes,
          lambda t: t.to(lambda y: y[:, None].astype("float32")).but(
              loss=without_edge, optimizer=adam(0.1)),
          ("GD401", "GD302", "GD506")),
    Fault("shells: hidden weights begin at one", "dense", forms.shell_ages,
          lambda t: t.but(model=dense(9, (32, 32), 1, end=None, kernel_initializer="ones")),
          ("GD208",)),
]  # fmt: skip
