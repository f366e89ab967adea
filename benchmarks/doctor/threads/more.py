"""What people ask about metrics, several labels, weights of losses, and training by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import dense, digits, layers, split, wine
from benchmarks.doctor.threads.fine import pairs, stateful, two_outputs
from benchmarks.doctor.threads.sequences import prices, reviews
from benchmarks.doctor.threads.tables import houses, iris
from benchmarks.doctor.training import Training

L = nn.layers


def topics() -> Training:
    """Several of five topics a row."""
    random = np.random.default_rng(0)
    x = random.normal(size=(900, 12)).astype("float32")
    y = (x @ random.normal(size=(12, 5)) > 0.5).astype("float32")
    return Training(
        dense(12, (32,), 5, end="sigmoid"),
        **split(x[:700], y[:700]),
        test=(x[700:], y[700:]),
        loss="binary_crossentropy",
        metrics=("binary_accuracy",),
        optimizer=adam(0.01),
        epochs=15,
        score=lambda model, t: float(
            ((model.predict(t.test[0], verbose=0) > 0.5) == t.test[1]).mean()
        ),
    )


def collapsed(t: Training) -> Training:
    """Only pairs that are alike: all of them may go to one point."""

    def loss(y: Any, d: Any) -> Any:
        return nn.ops.mean(nn.ops.square(d))

    return t.but(loss=loss)


def shuffled_state(t: Training) -> Training:
    """A stateful layer, and batches in another order each epoch."""
    return t.but(fit={"shuffle": True})


FAULTS = [
    # https://github.com/rstudio/keras3/issues/296: accuracy stays at 0.0056
    Fault("houses: accuracy of prices", "dense", houses,
          lambda t: t.but(metrics=("accuracy",)), ("GD215",)),
    Fault("topics: softmax lets labels compete", "dense", topics,
          lambda t: t.but(model=dense(12, (32,), 5)), ("GD203",)),
    Fault("topics: categorical loss for several labels", "dense", topics,
          lambda t: t.but(model=dense(12, (32,), 5), loss="categorical_crossentropy"),
          ("GD203", "GD102")),
    # https://github.com/omoindrot/tensorflow-triplet-loss/issues/6, /18, /50
    Fault("pairs: nothing holds them apart", "dense", pairs, collapsed,
          ("GD511", "GD307", "GD510", "GD203", "GD103")),
    Fault("stateful: shuffled", "recurrent", stateful, shuffled_state, ("GD706",)),
    Fault("two outputs: all weights of rows are zero", "dense", two_outputs,
          lambda t: t.but(x=t.x, fit={"sample_weight": np.zeros(len(t.x), "float32")}),
          ("GD516", "GD212")),
    # https://github.com/keras-team/keras/issues/10102
    Fault("iris: validation scaled by itself to 0..1", "dense", iris,
          lambda t: t.but(validation=(t.validation[0] * 0.01 + 0.5, t.validation[1])), ("GD111",)),
    Fault("reviews: a rate of 10 for Adam", "recurrent", reviews,
          lambda t: t.but(optimizer=adam(10.0)), ("GD506", "GD502", "GD504")),
    Fault("prices: six LSTM layers by SGD", "recurrent", prices,
          lambda t: t.but(model=layers(
              lambda: nn.Input((10, 1)),
              *[lambda: L.LSTM(8, return_sequences=True) for _ in range(5)],
              lambda: L.LSTM(8), lambda: L.Dense(1)), optimizer=sgd(0.001)),
          ("GD304", "GD501", "GD303", "GD507")),
    Fault("wine: one column of 1e6", "dense", wine,
          lambda t: t.on(lambda x: x * np.r_[np.ones(12), 1e6].astype("float32")), ("GD104",)),
    Fault("digits: labels moved by one row", "dense", digits,
          lambda t: t.but(y=np.roll(t.y, 1)), ("GD510", "GD605", "GD601")),
]  # fmt: skip
