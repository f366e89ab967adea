"""Faults of recurrent networks of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fourth.twins import recurrent as twins
from benchmarks.doctor.fourth.twins.recurrent import (
    code_net,
    keeper_net,
    label_net,
    remark_net,
    river_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def of_the_sensor(t: Training) -> Training:
    """What the sensor gives, in its own unit.

    https://github.com/austineaero/Remaining-Useful-Life-RUL-Estimation/issues/19
    """
    return t.on(lambda x: (x * 350 + 2000).astype("float32"))


def relu_at_the_end(t: Training) -> Training:
    """A ReLU at the end, for levels of which half are below the mean.

    https://stackguides.com/questions/51432661
    """
    return t.but(model=river_net(L.LSTM, end="relu"))


def dropped_everywhere(t: Training) -> Training:
    """Half of everything is dropped, before the number and inside, and weights are narrow.

    https://techfeed.net/es/485530/
    """
    narrow = init.RandomUniform(-0.05, 0.05)

    def model() -> Any:
        given: dict[str, Any] = {"kernel_initializer": narrow, "activation": "relu"}
        parts: list[Any] = [nn.Input((18, 2))]
        parts += [L.LSTM(32, return_sequences=True, dropout=0.5, recurrent_dropout=0.2, **given)]
        parts += [L.LSTM(24, dropout=0.5, recurrent_dropout=0.2, **given)]
        parts += [L.Dense(48, kernel_initializer=narrow), L.BatchNormalization(), L.Dropout(0.5)]
        return nn.Sequential([*parts, L.Dense(1)])

    return t.but(model=model)


def unmasked(t: Training) -> Training:
    """Padding behind up to 90 words, and nothing says that it is padding.

    https://github.com/aneesh-joshi/LSTM_POS_Tagger/issues/8
    """
    return t.on(lambda x: np.pad(x, ((0, 0), (0, 74)))).but(
        model=remark_net(mask=False, length=90), epochs=6
    )


def three_by_small_steps(t: Training) -> Training:
    """Three LSTMs by SGD with momentum stay at the mean.

    https://stackguides.com/questions/46224598
    """

    def model() -> Any:
        parts = [L.LSTM(20, return_sequences=True), L.LSTM(32, return_sequences=True), L.LSTM(20)]
        return nn.Sequential([nn.Input((18, 2)), *parts, L.Dense(24, "tanh"), L.Dense(1)])

    return t.but(model=model, optimizer=sgd(1e-3, momentum=0.9))


def few_remarks(t: Training) -> Training:
    """Sixty remarks, and SGD for long.

    https://github.com/keras-team/keras/issues/3328
    """
    return t.but(x=t.x[:60], y=t.y[:60], epochs=60, batch_size=10)


def few_walks(t: Training) -> Training:
    """Twenty recordings for a large LSTM.

    https://github.com/keras-team/keras/issues/9024
    """
    y = np.array(t.y[:24])
    return t.but(x=t.x[:24], y=y, epochs=80, batch_size=8)


def shuffled_state(t: Training) -> Training:
    """The state is kept from batch to batch, and the batches are shuffled.

    https://github.com/tensorflow/tensorflow/issues/40067
    """

    def model() -> Any:
        inputs = nn.Input(batch_shape=(50, 24, 5))
        return nn.Model(inputs, L.Dense(4, "softmax")(L.GRU(32, stateful=True)(inputs)))

    def score(model: Any, t: Training) -> float:
        x, y = t.test
        found = np.asarray(model.predict(x, batch_size=50, verbose=0)).argmax(-1)
        return float(np.mean([np.mean(found[y == k] == k) for k in range(4)]))

    return t.but(model=model, score=score, batch_size=50)


def across_the_batch(t: Training) -> Training:
    """The layer takes the first axis for time, and the batch is there.

    https://github.com/yunjey/pytorch-tutorial/issues/196
    """

    def model() -> Any:
        inputs = nn.Input((24, 3))
        swap = L.Lambda(lambda z: nn.ops.transpose(z, (1, 0, 2)))
        x = swap(L.LSTM(24, return_sequences=True)(swap(inputs)))
        last = L.Lambda(lambda z: z[:, -1])(x)
        return nn.Model(inputs, L.Dense(4, "softmax")(last))

    return t.but(model=model)


def kind_held_out(t: Training) -> Training:
    """Rows lie in the order of their kinds, and the last of them are the validation.

    https://github.com/keras-team/keras/issues/796
    """
    x, y = np.concatenate([t.x, t.validation[0]]), np.concatenate([t.y, t.validation[1]])
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    cut = int((y < 3).sum())
    return t.but(x=x[:cut], y=y[:cut], validation=(x[cut:], y[cut:]))


def gaps_in_the_target(t: Training) -> Training:
    """Days on which the gauge was out of order are among the targets.

    https://github.com/Nixtla/neuralforecast/issues/186
    """
    y = np.array(t.y)
    y[[55, 56, 57, 400]] = np.nan
    return t.but(y=y)


def of_a_smaller_book(t: Training) -> Training:
    """The table has a row for each word, and none for the largest number.

    https://github.com/TannerGilbert/Tutorials/issues/1
    """
    return t.but(model=remark_net(words=49))


def regularised_and_clipped(t: Training) -> Training:
    """Penalties of 0.1 and 0.25 on weights and outputs, sigmoids, and slopes clipped to 0.1.

    https://github.com/keras-team/keras/issues/1895
    """
    l2 = nn.regularizers.L2

    def model() -> Any:
        parts = [L.LSTM(24), L.BatchNormalization()]
        parts += [L.Dense(50, kernel_regularizer=l2(0.1), activity_regularizer=l2(0.1))]
        parts += [L.Activation("sigmoid"), L.BatchNormalization()]
        parts += [L.Dense(60, kernel_regularizer=l2(0.25), activity_regularizer=l2(0.25))]
        parts += [L.Dropout(0.2), L.Activation("relu"), L.Dense(4, "softmax")]
        return nn.Sequential([nn.Input((24, 3)), *parts])

    rate = sgd(0.01, momentum=0.9, nesterov=True, clipnorm=0.1)
    return t.but(model=model, optimizer=rate, batch_size=30)


def a_tenth_each_batch(t: Training) -> Training:
    """The rate is divided again with each batch until the next epoch begins.

    https://github.com/amoudgl/pygoturn/issues/16
    """
    schedule = nn.optimizers.schedules.ExponentialDecay(0.01, 4, 0.1, staircase=True)
    return t.but(optimizer=adam(schedule))


def target_fed_in(t: Training) -> Training:
    """The windows end a day late: what is to be found stands in them. Later it isn't known.

    https://github.com/sktime/pytorch-forecasting/issues/182
    """

    def late(part: Any) -> Any:
        x, y = part
        x = np.array(x)
        x[:, :-1] = x[:, 1:]
        x[:, -1, 1] = y[:, 0]
        return x, y

    x, y = late((t.x, t.y))
    return t.but(x=x, y=y, validation=late(t.validation))


def never_scaled(t: Training) -> Training:
    """What is predicted later doesn't go through the scaler.

    https://github.com/jchen42703/kits19-cnn/issues/22
    """
    held, test = t.validation, t.test
    return t.but(validation=(held[0] * 9 + 30, held[1]), test=(test[0] * 9 + 30, test[1]))


def as_preset_for_images(t: Training) -> Training:
    """A rate that was preset for something else, too large for the mean of squares.

    https://github.com/keras-team/autokeras/pull/571
    """
    return t.but(optimizer=sgd(3.0, momentum=0.9))


def hinted(t: Training) -> Training:
    """The plant's own report is a column, written when the state was known; not there later."""
    random = np.random.default_rng(1)

    def told(part: Any, known: bool = True) -> Any:
        x, y = np.array(part[0]), part[1]
        x[..., 2] = 1.5 * (y if known else random.permutation(y)) - 1.5
        return x, y

    x, y = told((t.x, t.y))
    return t.but(x=x, y=y, validation=told(t.validation), test=told(t.test, False))


def other_weeks(t: Training) -> Training:
    """Remarks and stars were sorted by two programs, in two orders."""
    return t.but(y=t.y[np.argsort(t.x[:, 0], kind="stable")])


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("gait: as the sensor gives it", twins.gait, of_the_sensor, ("GD104",)),
    ("river: ReLU for what is below the mean", twins.river, relu_at_the_end, ("GD204",)),
    ("river: half of everything is dropped", twins.river, dropped_everywhere,
     ("GD211", "GD209", "GD303")),
    ("remarks: padding that is read", twins.remarks, unmasked, ("GD114",)),
    ("river: three LSTMs and small steps", twins.river, three_by_small_steps,
     ("GD507", "GD505", "GD501", "GD304")),
    ("remarks: sixty by heart", twins.remarks, few_remarks, ("GD601",)),
    ("gait: twenty-four by heart", twins.gait, few_walks, ("GD601",)),
    ("keeper: a state of other rows", twins.keeper, shuffled_state, ("GD706",)),
    ("gait: across the batch", twins.gait, across_the_batch, ("GD308",)),
    ("gait: the last kind is validation", twins.gait, kind_held_out, ("GD107", "GD111")),
    ("river: gaps in the target", twins.river, gaps_in_the_target, ("GD101",)),
    ("remarks: a table one row short", twins.remarks, of_a_smaller_book, ("GD105",)),
    ("gait: penalties and clipped slopes", twins.gait, regularised_and_clipped,
     ("GD211", "GD514")),
    ("states: a tenth of the rate each batch", twins.states, a_tenth_each_batch,
     ("GD216", "GD507", "GD505")),
    ("river: windows that end a day late", twins.river, target_fed_in, ("GD109",)),
    ("river: later weeks never scaled", twins.river, never_scaled, ("GD111",)),
    ("river: a rate of 3", twins.river, as_preset_for_images,
     ("GD506", "GD502", "GD509", "GD505")),
    # others
    ("states: a report among the sensors", twins.states, hinted, ("GD109",)),
    ("remarks: stars of other remarks", twins.remarks, other_weeks,
     ("GD510", "GD605", "GD601")),
    ("keeper: most of the state is dropped", twins.keeper,
     with_(keeper_net(recurrent_dropout=0.8)), ("GD211",)),
    ("codes: both ways", twins.codes, with_(code_net(both=True)), ("GD309",)),
    ("codes: from 1 to 10", twins.codes,
     lambda t: t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1)), ("GD102",)),
    ("codes: a rate of 1", twins.codes, with_(optimizer=adam(1.0)),
     ("GD506", "GD502", "GD504", "GD509")),
    ("codes: a rate of a millionth", twins.codes, with_(optimizer=adam(1e-6)),
     ("GD507", "GD505")),
    ("river: centimetres to be met", twins.river, lambda t: t.to(lambda y: y * 120 + 400),
     ("GD113", "GD301")),
    ("states: wide weights", twins.states,
     with_(label_net(kernel_initializer=init.RandomNormal(stddev=20.0),
                     recurrent_initializer=init.RandomNormal(stddev=4.0))),
     ("GD209", "GD303", "GD306", "GD504")),
    ("states: scores for probabilities", twins.states, with_(label_net(end=None)), ("GD202",)),
    ("keeper: slopes cut to a thousandth", twins.keeper,
     with_(optimizer=sgd(0.05, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
