"""Faults of recurrent networks of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second import series
from benchmarks.doctor.second.points import nadam, rms
from benchmarks.doctor.second.series import (
    depth_net,
    mood_net,
    signal_net,
    tag_net,
    tone_net,
    weather_net,
)
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def kelvin(t: Training) -> Training:
    """Pascals and Kelvin, in the inputs only."""
    return t.on(lambda x: x * np.float32([8, 900, 30]) + np.float32([290, 1e5, 50]))


def one_ends(t: Training) -> Training:
    """A sensor that fails: some days have no number."""
    x = np.array(t.x)
    x[200:203, 5, 1] = np.nan
    return t.but(x=x)


def negative(t: Training) -> Training:
    """Unknown words have the number -1."""
    return t.on(lambda x: np.where(x == 7, -1, x))


def unknown_nearly_all(t: Training) -> Training:
    """A vocabulary of three words: all others are "unknown"."""
    return t.on(lambda x: np.where((x > 3), 1, x))


def long_padding(before: int = 80, cell: Any = L.SimpleRNN) -> Any:
    """Return a plant of padding behind that is read as words."""

    def plant(t: Training) -> Training:
        return t.on(lambda x: np.pad(x, ((0, 0), (0, before)))).but(
            model=mood_net(mask=False, length=24 + before, cell=cell)
        )

    return plant


def longer(t: Training) -> Training:
    """The sign comes a hundred steps before the end, and a plain network reads it."""
    random = np.random.default_rng(1)

    def more(x: Any) -> Any:
        return np.concatenate([x, random.integers(4, 12, (len(x), 72))], 1)

    return t.on(more).but(
        model=layers(
            lambda: nn.Input((90,), dtype="int64"),
            lambda: L.Embedding(12, 12),
            lambda: L.SimpleRNN(24, recurrent_initializer=init.RandomNormal(stddev=0.1)),
            lambda: L.Dense(4),
        ),
        epochs=8,
    )


def few(rows: int, epochs: int, **given: Any) -> Any:
    """Return a plant of few rows, learnt by heart."""
    return lambda t: t.but(x=t.x[:rows], y=t.y[:rows], epochs=epochs, **given)


def by_lot(t: Training) -> Training:
    """Half of the labels are drawn by lot, of few rows, and long."""
    random = np.random.default_rng(2)
    y = np.array(t.y[:200])
    wrong = random.random(200) < 0.5
    y[wrong] = random.integers(0, 2, wrong.sum())
    return t.but(x=t.x[:200], y=y, epochs=40)


def rare(t: Training) -> Training:
    """One good mood among forty is left in the rows for training."""
    kept = (t.y == 0) | (np.cumsum(t.y) % 40 == 1)
    return t.but(x=t.x[kept], y=t.y[kept])


def swapped(t: Training) -> Training:
    """Time and rows are swapped on the way, and back by a reshape."""

    class Swapped(L.Layer):
        def call(self, x: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(x, (1, 0, 2)), (-1, *x.shape[1:]))

    return t.but(model=weather_net(first=(Swapped,)))


def relative(t: Training) -> Training:
    """An error relative to the target, of which some are 0."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.abs(y - p) / nn.ops.abs(y))

    return t.but(loss=loss)


def rooted(t: Training) -> Training:
    """The root of the inputs, which go below 0, as a layer."""
    return t.but(model=weather_net(first=(lambda: L.Lambda(nn.ops.sqrt),)))


def later_in_other_units(t: Training) -> Training:
    """Validation and test are not scaled as the training rows are."""

    def other(part: Any) -> Any:
        return part[0] * 12 + 60, part[1]

    return t.but(validation=other(t.validation), test=other(t.test))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("weather: pascals and Kelvin", series.weather, kelvin, ("GD104",)),
    ("weather: numbers to be met in pascals", series.weather,
     lambda t: t.to(lambda y: y * 2000 + 1e5).but(loss="mae"), ("GD113",)),
    ("weather: a sensor that fails", series.weather, one_ends, ("GD101",)),
    ("weather: other units later", series.weather, later_in_other_units, ("GD111",)),
    ("moods: unknown words are -1", series.moods, negative, ("GD105",)),
    ("moods: nearly all words are unknown", series.moods, unknown_nearly_all, ("GD705",)),
    ("moods: words beyond the table", series.moods, with_(mood_net(words=30)), ("GD105",)),
    ("moods: padding is read", series.moods, long_padding(), ("GD114", "GD704")),
    ("signals: labels from 1 to 4", series.signals, lambda t: t.to(lambda y: y + 1), ("GD102",)),
    ("brackets: labels of other rows", series.brackets, shuffled_labels,
     ("GD510", "GD605", "GD601", "GD508")),
    ("moods: half of the labels by lot", series.moods, by_lot, ("GD601", "GD605")),
    ("tones: forty by heart", series.tones, few(40, 60), ("GD601",)),
    ("tagger: weights of an empty column", series.tagger,
     lambda t: t.but(fit={"sample_weight": np.zeros(len(t.x), "float32")}), ("GD516",)),
    ("moods: one mood is rare", series.moods,
     rare, ("GD107",)),
    # model and loss
    ("tagger: scores for probabilities", series.tagger, with_(tag_net(bend=None)), ("GD202",)),
    ("brackets: ReLU for what goes below 0", series.brackets, with_(depth_net(end="relu")),
     ("GD204",)),
    ("weather: softmax for two measurements", series.weather, with_(weather_net(end="softmax")),
     ("GD204", "GD203")),
    ("tones: squared error of sigmoids", series.tones,
     with_(tone_net(end="sigmoid"), loss="mse", optimizer=sgd(0.02)), ("GD206", "GD507")),
    ("weather: weights of zero", series.weather,
     with_(weather_net(kernel_initializer="zeros", recurrent_initializer="zeros")),
     ("GD208", "GD307", "GD303")),
    ("tones: dropout of nine of ten", series.tones,
     with_(tone_net(dropout=0.95, recurrent_dropout=0.9)), ("GD211",)),
    ("weather: L2 above the loss", series.weather,
     with_(weather_net(kernel_regularizer=nn.regularizers.L2(1.0))), ("GD211",)),
    ("weather: rows and days are swapped", series.weather, swapped, ("GD308",)),
    ("lit: shuffled, though it keeps its state", series.lit,
     lambda t: t.but(fit={**t.fit, "shuffle": True}), ("GD706",)),
    ("signals: forgets after ninety steps", series.signals, longer, ("GD704", "GD501", "GD304")),
    ("signals: a gate that is shut", series.signals,
     with_(signal_net(L.LSTM, bias_initializer=init.Constant(-12.0), unit_forget_bias=False)),
     ("GD306", "GD504", "GD307", "GD704", "GD303")),
    ("tones: weights that saturate", series.tones,
     with_(tone_net(L.SimpleRNN, kernel_initializer=init.RandomNormal(stddev=30.0),
                    recurrent_initializer=init.RandomNormal(stddev=4.0))),
     ("GD306", "GD504", "GD209", "GD303")),
    # numbers and steps
    ("weather: ReLU and wide weights", series.weather,
     with_(weather_net(L.SimpleRNN, activation="relu",
                       recurrent_initializer=init.Orthogonal(gain=2.5))),
     ("GD502", "GD401", "GD303", "GD301", "GD506", "GD302")),
    ("weather: the root of what is below 0", series.weather, rooted, ("GD302", "GD401")),
    ("brackets: an error relative to 0", series.brackets, relative, ("GD302", "GD401")),
    ("tones: Nadam's rate far too large", series.tones, with_(optimizer=nadam(1.0)),
     ("GD506", "GD502", "GD504")),
    ("moods: RMSprop's rate far too large", series.moods, with_(optimizer=rms(0.7)),
     ("GD506", "GD502", "GD504")),
    ("weather: SGD that swings", series.weather, with_(optimizer=sgd(15.0, momentum=0.9)),
     ("GD506", "GD502", "GD509", "GD401", "GD504")),
    ("brackets: RMSprop's rate far too small", series.brackets, with_(optimizer=rms(1e-6)),
     ("GD507", "GD505")),
    ("tagger: SGD's rate far too small", series.tagger, with_(optimizer=sgd(1e-4)),
     ("GD507", "GD505")),
    ("signals: a rate that falls at once", series.signals,
     with_(optimizer=adam(schedules.InverseTimeDecay(0.01, 1, 3.0))), ("GD216", "GD507", "GD505")),
    ("moods: clipped to nothing", series.moods, with_(optimizer=sgd(0.1, clipnorm=3e-5)),
     ("GD514", "GD507", "GD505")),
]  # fmt: skip


FAULTS = [Fault(name, "recurrent", twin, plant, causes) for name, twin, plant, causes in ROWS]
