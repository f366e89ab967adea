"""Faults of recurrent networks of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fifth.twins import recurrent as twins
from benchmarks.doctor.fifth.twins.recurrent import (
    buoy_net,
    drive_net,
    lock_net,
    post_net,
    tune_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def nothing_below_zero(t: Training) -> Training:
    """ReLU in the LSTM and at the end, large steps with much momentum: all predictions are 0.

    https://github.com/keras-team/keras/issues/3687
    """
    return t.but(model=buoy_net(activation="relu", end="relu"), optimizer=sgd(0.01, momentum=0.99))


def grows_with_each_step(t: Training) -> Training:
    """A recurrent layer with a ReLU over a long row: the state grows with each step.

    https://github.com/chenxie95/deeplearning_course_sjtu/issues/31
    """
    wide = init.RandomNormal(stddev=0.5)
    return t.but(
        model=lock_net(L.SimpleRNN, length=60, activation="relu", recurrent_initializer=wide)
    ).on(lambda x: np.tile(x, (1, 4, 1))[:, :60])


def relu_inside(t: Training) -> Training:
    """An LSTM with a ReLU, for signals in their units, explodes now and then.

    https://github.com/AlexanderVNikitin/tsgm/issues/59
    """
    return t.on(lambda x: 40 * x).but(
        model=drive_net(L.LSTM, activation="relu", both=False), optimizer=sgd(0.1)
    )


def tiny_steps_for_an_identity(t: Training) -> Training:
    """A recurrent layer that begins as the identity, and steps of a millionth.

    https://github.com/keras-team/keras/issues/4137
    """
    given: dict[str, Any] = {
        "kernel_initializer": init.RandomNormal(stddev=0.001),
        "recurrent_initializer": init.Identity(),
        "activation": "relu",
    }
    return t.but(
        model=drive_net(L.SimpleRNN, both=False, **given),
        optimizer=lambda: nn.optimizers.RMSprop(1e-6),
    )


def state_of_others(t: Training) -> Training:
    """A step of a long series at a time, with a state that is kept, and the steps are shuffled.

    https://github.com/keras-team/keras/issues/1820
    """

    def model() -> Any:
        inputs = nn.Input(batch_shape=(25, 1, 2))
        return nn.Model(inputs, L.Dense(1)(L.LSTM(24, stateful=True)(inputs)))

    def score(model: Any, t: Training) -> float:
        x, y = t.test
        wrong = np.asarray(model.predict(x, batch_size=25, verbose=0)) - y
        return float(1 - np.mean(wrong**2) / np.var(y))

    return t.on(lambda x: x[:, -1:]).but(model=model, score=score, batch_size=25)


def across(x: Any) -> Any:
    """Return x with rows and steps exchanged, as if the first axis were time."""
    return L.Lambda(lambda z: nn.ops.transpose(z, (1, 0, 2)))(x)


def read_by_columns(t: Training) -> Training:
    """The layer takes the rows of the batch for steps in time.

    https://github.com/Ligouhai-bigone/Sentiment-Analysis-Chinese-pytorch/issues/1
    """

    def model() -> Any:
        inputs = nn.Input((18,), dtype="int64")
        x = across(L.Embedding(60, 16)(inputs))
        x = across(L.GRU(20, return_sequences=True)(x))
        x = L.Lambda(lambda z: z[:, -1])(x)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(x))

    return t.but(model=model)


def padded_behind(t: Training) -> Training:
    """Texts are padded behind to a length that few have, and nothing masks that."""
    return t.on(lambda x: np.pad(x, ((0, 0), (0, 82)))).but(model=post_net(mask=False, length=100))


def one_too_few(t: Training) -> Training:
    """The table has as many rows as there are words, and words are counted from 1.

    https://github.com/keras-team/keras/issues/11819
    """
    return t.but(model=post_net(words=59))


def sigmoids_and_small_steps(t: Training) -> Training:
    """Sigmoids inside of a GRU, half of it dropped, and plain steps as preset.

    https://github.com/keras-team/keras/issues/1237
    """
    return t.but(model=post_net(activation="sigmoid", rate=0.5), optimizer=sgd(0.01))


def much_is_dropped(t: Training) -> Training:
    """Much more is dropped than such a network bears.

    https://github.com/nyu-mll/jiant/pull/254
    """
    return t.but(model=post_net(change=L.Dropout(0.95), rate=0.9, recurrent_dropout=0.9))


def nearly_all_others(t: Training) -> Training:
    """All but few words belong to no name: "other" is right nearly always.

    https://github.com/pandeydivesh15/NER-using-Deep-Learning/issues/1
    """
    random = np.random.default_rng(2)
    y = np.where((t.y > 0) & (random.random(t.y.shape) < 0.985), 0, t.y)
    return t.but(y=y)


def after_the_fifth(t: Training) -> Training:
    """A rate at which the loss falls, then rises for good.

    https://github.com/tsudalab/ChemTS/issues/3
    """
    return t.but(optimizer=adam(1.0))


def cell_for_an_answer(t: Training) -> Training:
    """What the LSTM holds is taken for the answer, which goes beyond 1.

    https://github.com/jsyoon0823/Time-series-prediction/issues/3
    """
    return t.but(model=buoy_net(end="sigmoid"))


def in_another_unit(t: Training) -> Training:
    """Heights in millimetres above some ground are to be met."""
    return t.to(lambda y: (y * 800 + 12_000).astype("float32"))


def forgotten_on_the_way(t: Training) -> Training:
    """A plain layer is to remember what happened sixty steps ago."""
    random = np.random.default_rng(3)

    def longer(x: Any) -> Any:
        noise = random.normal(0, 0.3, (len(x), 60, 4))
        return np.concatenate([x, noise], 1).astype("float32")

    return t.on(longer).but(model=lock_net(L.SimpleRNN, length=78))


def sees_both_sides(t: Training) -> Training:
    """The next note is asked of a layer that reads in both directions."""
    return t.but(model=tune_net(both=True))


def notes_as_they_are(t: Training) -> Training:
    """The notes of later are the notes of now: the target was not moved."""
    return t.but(y=t.x, validation=(t.validation[0], t.validation[0]))


def rows_lost(t: Training) -> Training:
    """A sensor failed for some steps."""
    x = np.array(t.x)
    x[[7, 90, 300], 4, 1] = np.nan
    return t.but(x=x)


def wet_by_heart(t: Training) -> Training:
    """Thirty rows for a wide layer, and for long."""
    return t.but(x=t.x[:30], y=t.y[:30], epochs=80, batch_size=10)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("buoys: nothing below zero", twins.buoys, nothing_below_zero,
     ("GD204", "GD502", "GD503", "GD506", "GD505")),
    ("buoys: a sigmoid for standardised", twins.buoys, cell_for_an_answer, ("GD204",)),
    ("locks: grows with each step", twins.locks, grows_with_each_step,
     ("GD502", "GD401", "GD302", "GD303", "GD506", "GD301", "GD209")),
    ("drives: a ReLU inside", twins.drives, relu_inside,
     ("GD104", "GD502", "GD401", "GD303", "GD506", "GD301")),
    ("drives: steps of a millionth", twins.drives, tiny_steps_for_an_identity,
     ("GD507", "GD505", "GD210")),
    ("buoys: the state of other steps", twins.buoys, state_of_others, ("GD706",)),
    ("posts: read by columns", twins.posts, read_by_columns, ("GD308",)),
    ("posts: one too few", twins.posts, one_too_few, ("GD105",)),
    ("posts: sigmoids and plain steps", twins.posts, sigmoids_and_small_steps,
     ("GD507", "GD505", "GD704")),
    ("posts: nine of ten dropped", twins.posts, much_is_dropped, ("GD211",)),
    ("speech: nearly all are others", twins.speech, nearly_all_others, ("GD107",)),
    ("tunes: falls, then rises", twins.tunes, after_the_fifth,
     ("GD506", "GD502", "GD505", "GD504")),
    # others
    ("posts: padded behind", twins.posts, padded_behind, ("GD114", "GD704")),
    ("buoys: millimetres", twins.buoys, in_another_unit, ("GD113", "GD301")),
    ("buoys: steps without a value", twins.buoys, rows_lost, ("GD101",)),
    ("drives: thirty by heart", twins.drives, wet_by_heart, ("GD601",)),
    ("locks: sixty steps of noise behind", twins.locks, forgotten_on_the_way,
     ("GD704", "GD501", "GD304")),
    ("locks: gates that are shut", twins.locks,
     with_(lock_net(kernel_initializer=init.RandomNormal(stddev=15.0))),
     ("GD209", "GD303", "GD306", "GD504")),
    ("tunes: both sides are seen", twins.tunes, sees_both_sides, ("GD309",)),
    ("tunes: not moved", twins.tunes, notes_as_they_are, ("GD309",)),
    ("tunes: a loss of shares for scores", twins.tunes, with_(tune_net(end=None)), ("GD202",)),
    ("speech: tiny slopes only", twins.speech,
     with_(optimizer=sgd(0.5, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
