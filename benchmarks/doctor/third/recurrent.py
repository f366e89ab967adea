"""Faults of recurrent networks of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.third.twins import recurrent as twins
from benchmarks.doctor.third.twins.recurrent import (
    heart_net,
    name_net,
    shop_net,
    sum_net,
    tank_net,
    text_net,
    ward_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def milliseconds(t: Training) -> Training:
    """Gaps in thousandths of a second, as they were recorded."""
    return t.on(lambda x: (x * 55 + 850).astype("float32"))


def in_their_units(t: Training) -> Training:
    """Age, weight and height as they are; the series is standardised."""
    units = np.array([[14, 800, 9], [50, 3000, 170]], "float32")
    return t.on(lambda x: (x[0], x[1] * units[0] + units[1]))


def closed_days(t: Training) -> Training:
    """Days on which the shop was closed have no price."""
    x = np.array(t.x)
    x[[3, 140, 141, 388], 7, 1] = np.nan
    return t.but(x=x)


def kind_is_rare(t: Training) -> Training:
    """Two of the three courses hardly ever occur among the rows for training."""
    kept = (t.y[:, 0] == 1) | (np.arange(len(t.y)) % 40 == 0)
    return t.but(x=(t.x[0][kept], t.x[1][kept]), y=t.y[kept])


def code_of_the_end(t: Training) -> Training:
    """A code that is given when the course is known stands among the numbers."""
    random = np.random.default_rng(0)

    def told(x: Any, y: Any) -> Any:
        still = np.array(x[1])
        still[:, 2] = 2.0 * y.argmax(1) - 2
        return x[0], still

    held, test = t.validation, t.test
    return t.but(x=told(t.x, t.y), validation=(told(*held), held[1]),
                 test=(told(test[0], random.permutation(test[1])), test[1]))  # fmt: skip


def raw_later(t: Training) -> Training:
    """Sales to be forecast later were never scaled."""
    held, test = t.validation, t.test
    return t.but(validation=(held[0] * 8 + 25, held[1]), test=(test[0] * 8 + 25, test[1]))


def next_patient(t: Training) -> Training:
    """A header was counted as a row: each label is that of the row before."""
    return t.but(y=np.roll(t.y, 1, 0))


def by_heart(t: Training) -> Training:
    """Thirty patients, again and again."""
    return t.but(x=(t.x[0][:30], t.x[1][:30]), y=t.y[:30], epochs=90)


def few_names(t: Training) -> Training:
    """A hundred names, a third of them with a wrong language, and long."""
    random = np.random.default_rng(1)
    y = np.array(t.y[:100])
    wrong = random.random(100) < 0.35
    y[wrong] = random.integers(0, 3, wrong.sum())
    return t.but(x=t.x[:100], y=y, epochs=50)


def its_own_answer(t: Training) -> Training:
    """The targets weren't moved: each letter is to be found from itself."""
    return t.but(y=t.x, validation=(t.validation[0], t.validation[0]))


def swapped(t: Training) -> Training:
    """Beats come first and hearts behind, and a reshape makes the shape fit."""

    def model() -> Any:
        def swap(x: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(x, (1, 0, 2)), (-1, 20, 1))

        return nn.Sequential([nn.Input((20, 1)), L.Lambda(swap), *heart_net()().layers])

    return t.but(model=model)


def kept_state(t: Training) -> Training:
    """A state that is kept from batch to batch, of rows that have nothing to do with another."""

    def model() -> Any:
        inputs = nn.Input(batch_shape=(50, 12, 2))
        return nn.Model(inputs, L.Dense(1)(L.LSTM(24, stateful=True)(inputs)))

    def score(model: Any, t: Training) -> float:
        x, y = t.test
        found = np.asarray(model.predict(x, batch_size=50, verbose=0))
        return float(max(-1.0, 1 - np.mean((y - found) ** 2) / y.var()))

    return t.but(model=model, score=score, batch_size=50)


def logs(t: Training) -> Training:
    """The error of logs, of levels that are measured from the mean."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.square(nn.ops.log(y) - nn.ops.log(p)))

    return t.but(loss=loss)


def by_its_price(t: Training) -> Training:
    """Errors in shares of the trend, which the series reaches at some days exactly."""

    def loss(y: Any, p: Any) -> Any:
        away = nn.ops.square(y - p)
        return nn.ops.mean(nn.ops.sqrt(nn.ops.relu(away - 0.5)))

    return t.but(loss=loss)


def forty_more(t: Training) -> Training:
    """Forty numbers that aren't marked come behind, and a plain network forgets over them."""
    random = np.random.default_rng(2)

    def longer(x: Any) -> Any:
        more = np.stack([random.uniform(-1, 1, (len(x), 40)), np.zeros((len(x), 40))], -1)
        return np.concatenate([x, more], 1).astype("float32")

    small = init.RandomNormal(stddev=0.1)
    model = sum_net(L.SimpleRNN, length=52, recurrent_initializer=small)
    return t.on(longer).but(model=model, epochs=6)


def unmarked(t: Training) -> Training:
    """The marks got lost when the columns were joined: the second one is 0."""
    return t.on(lambda x: x * np.array([1, 0], "float32"))


def warming(t: Training) -> Training:
    """A rate that is to grow for ten thousand epochs."""
    grow = nn.callbacks.LearningRateScheduler(lambda epoch, rate: 1e-6 * (epoch + 1))
    return t.but(fit={"callbacks": [grow]})


def still_reader(t: Training) -> Training:
    """The table of letters and the readers are frozen before they learnt anything."""

    def model() -> Any:
        found = t.model()
        for layer in found.layers[:-1]:
            layer.trainable = False
        return found

    return t.but(model=model)


def nan_rows(t: Training) -> Training:
    """Each patient's series is divided by its own spread, and the sensor of some stood still."""

    def model() -> Any:
        series, still = nn.Input((16, 2)), nn.Input((3,))
        away = L.Lambda(lambda z: z - nn.ops.mean(z, axis=1, keepdims=True))(series)
        scaled = L.Lambda(
            lambda z: z / nn.ops.sqrt(nn.ops.mean(nn.ops.square(z), axis=1, keepdims=True))
        )(away)
        both = L.Concatenate()([L.GRU(16)(scaled), L.Dense(8, "relu")(still)])
        return nn.Model([series, still], L.Dense(3, "softmax")(L.Dense(16, "relu")(both)))

    def stopped(x: Any) -> Any:
        series = np.array(x[0])
        series[::50, :, 1] = 0
        return series, x[1]

    return t.on(stopped).but(model=model)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("heart: thousandths of a second", twins.heart, milliseconds, ("GD104",)),
    ("ward: age, grams and height as they are", twins.ward, in_their_units, ("GD104",)),
    ("tank: litres to be met", twins.tank, lambda t: t.to(lambda y: y * 900 + 4000),
     ("GD113", "GD301")),
    ("shop: pieces to be met, near a thousand", twins.shop,
     lambda t: t.to(lambda y: y * 150 + 1000), ("GD113", "GD301")),
    ("shop: days without a price", twins.shop, closed_days, ("GD101",)),
    ("names: letters by their code", twins.names,
     lambda t: t.on(lambda x: np.where(x > 0, x + 96, 0)), ("GD105",)),
    ("text: one-hot for the loss of numbers", twins.text,
     lambda t: t.to(lambda y: np.eye(12, dtype="float32")[y]), ("GD103", "GD203")),
    ("text: letters from 1 to 12", twins.text,
     lambda t: t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1)), ("GD102",)),
    ("ward: two courses are rare", twins.ward, kind_is_rare, ("GD107",)),
    ("ward: the code of the end", twins.ward, code_of_the_end, ("GD109",)),
    ("shop: later days are not scaled", twins.shop, raw_later, ("GD111",)),
    ("heart: a header counted as a row", twins.heart, next_patient,
     ("GD510", "GD605", "GD601")),
    ("ward: thirty by heart", twins.ward, by_heart, ("GD601",)),
    ("names: a third of few is wrong", twins.names, few_names, ("GD601", "GD605")),
    ("adding: the marks got lost", twins.adding, unmarked, ("GD106",)),
    ("text: nine of twelve letters are unknown", twins.text,
     lambda t: t.on(lambda x: np.where(x > 2, 3, x)), ("GD705",)),
    # model and loss
    ("text: reads in both directions", twins.text, with_(text_net(both=True)), ("GD309",)),
    ("text: each letter from itself", twins.text, its_own_answer, ("GD309",)),
    ("ward: scores for probabilities", twins.ward, with_(ward_net(end=None)), ("GD202",)),
    ("text: probabilities for scores", twins.text,
     with_(text_net(end=lambda z: nn.ops.softmax(z)), optimizer=adam(0.005)), ("GD201", "GD507")),
    ("adding: a sigmoid for a sum", twins.adding, with_(sum_net(end="sigmoid")), ("GD204",)),
    ("tank: ReLU for what goes below 0", twins.tank, with_(tank_net(end="relu")), ("GD204",)),
    ("tank: all weights the same", twins.tank,
     with_(tank_net(kernel_initializer=init.Constant(0.1),
                    recurrent_initializer=init.Constant(0.05))), ("GD208",)),
    ("heart: weights of spread thirty", twins.heart,
     with_(heart_net(kernel_initializer=init.RandomNormal(stddev=30.0),
                     recurrent_initializer=init.RandomNormal(stddev=3.0))),
     ("GD209", "GD303", "GD306", "GD504")),
    ("tank: ReLU with weights that double", twins.tank,
     with_(tank_net(activation="relu", recurrent_initializer=init.Identity(2.2))),
     ("GD502", "GD401", "GD303", "GD301", "GD506", "GD302", "GD209")),
    ("adding: a plain network, and forty steps behind", twins.adding, forty_more,
     ("GD704", "GD501", "GD304")),
    ("ward: dropout of 97 %", twins.ward, with_(ward_net(rate=0.97)), ("GD211",)),
    ("names: L2 of 1", twins.names,
     with_(name_net(kernel_regularizer=nn.regularizers.L2(1.0))), ("GD211",)),
    ("heart: hearts and beats change places", twins.heart, swapped, ("GD308",)),
    ("adding: the state of other rows is kept", twins.adding, kept_state, ("GD706",)),
    ("names: a reader that never learnt, frozen", twins.names, still_reader,
     ("GD212", "GD512", "GD602")),
    ("shop: one unit", twins.shop, with_(shop_net(units=1)), ("GD602",)),
    # numbers and steps
    ("tank: logs of levels below the mean", twins.tank, logs, ("GD302", "GD401")),
    ("shop: roots of errors of 0", twins.shop, by_its_price, ("GD302", "GD401")),
    ("ward: divided by the spread of what stood still", twins.ward, nan_rows,
     ("GD302", "GD401")),
    ("text: a rate of 1.5", twins.text, with_(optimizer=adam(1.5)),
     ("GD506", "GD502", "GD504")),
    ("heart: a rate of 3", twins.heart, with_(optimizer=adam(3.0)),
     ("GD506", "GD502", "GD504", "GD509")),
    ("ward: a rate of 0.3", twins.ward, with_(optimizer=adam(0.3)),
     ("GD506", "GD502", "GD503", "GD504", "GD509")),
    ("tank: a rate of 0.2", twins.tank, with_(optimizer=adam(0.2)),
     ("GD506", "GD502", "GD504", "GD509")),
    ("heart: a rate of 2e-5", twins.heart, with_(optimizer=adam(2e-5)), ("GD507", "GD505")),
    ("ward: SGD at 1e-4", twins.ward, with_(optimizer=sgd(1e-4, momentum=0.9)),
     ("GD507", "GD505")),
    ("shop: a rate that is still growing", twins.shop, warming, ("GD216", "GD507", "GD505")),
    ("adding: each slope cut at a ten-thousandth", twins.adding,
     with_(optimizer=sgd(0.1, clipvalue=1e-4)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
