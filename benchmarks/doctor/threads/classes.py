"""What people ask about classifiers of rows, read again: labels, columns, optimisers."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import cancer, cancer_raw, dense, digits, rare, scaled, split, wine
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training

L = nn.layers


def to_bytes(t: Training) -> Training:
    """Pixels of 0 to 255."""
    return t.on(lambda x: x * 255)


def sentinels(t: Training) -> Training:
    """What nobody measured is -999, in a twelfth of all places; the scaling came before."""
    x, held = np.array(t.x), np.array(t.validation[0])
    for part in (x, held):
        part[np.random.default_rng(0).random(part.shape) < 0.08] = -999
    return t.but(x=x, validation=(held, t.validation[1]))


def numbered_rows(t: Training) -> Training:
    """The number of the patient, eight digits, is a column too."""

    def told(x: Any) -> Any:
        number = 20_000_000 + np.random.default_rng(len(x)).integers(0, 9_000_000, (len(x), 1))
        return np.concatenate([x, number], 1).astype("float32")

    return t.on(told).but(model=dense(31, (32,), 1, end="sigmoid"))


def dates(t: Training) -> Training:
    """A date as a number such as 20190131 is one of the columns."""

    def told(x: Any) -> Any:
        random = np.random.default_rng(len(x))
        date = 20_150_000 + 10_000 * random.integers(0, 5, len(x)) + random.integers(101, 1231)
        return np.concatenate([x, date[:, None]], 1).astype("float32")

    return t.on(told).but(model=dense(14, (24,), 3))


def raw_held(t: Training) -> Training:
    """`fit_transform` of the training rows, `transform` forgotten for all others."""
    (_, _), (x_test, _) = nn.datasets.wine.load_data()
    (x, _), _ = nn.datasets.wine.load_data()
    return t.but(
        validation=(x[len(t.x) :].astype("float32"), t.validation[1]),
        test=(x_test.astype("float32"), t.test[1]),
    )


def stopped_by(**given: Any) -> Any:
    """Return what adds an EarlyStopping."""
    return lambda t: t.but(
        fit={"callbacks": [nn.callbacks.EarlyStopping(restore_best_weights=True, **given)]}
    )


def shoppers() -> Training:
    """Who buys: age, income, days since the last visit, share of discounts; all scaled."""
    x, y = raw_shoppers()
    x = scaled(x, x)
    return Training(
        dense(4, (24, 12), 1, end="sigmoid"),
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        loss="binary_crossentropy",
        optimizer=adam(0.01),
        epochs=15,
    )


def raw_shoppers(rows: int = 1200) -> tuple[Any, Any]:
    """Return shoppers as they stand in the file."""
    random = np.random.default_rng(8)
    age, days = random.uniform(18, 80, rows), random.exponential(40, rows)
    income, share = random.lognormal(10.5, 0.5, rows), random.random(rows)
    logit = np.log(income) * 2 - 21 + 3 * share - days / 30 + np.sin(age / 6) * 2
    return np.stack([age, income, days, share], 1).astype("float32"), (logit > 0).astype("int64")


def unscaled_shoppers(t: Training) -> Training:
    """As they stand in the file."""
    x, y = raw_shoppers()
    return t.but(**split(x[:900], y[:900]), test=(x[900:], y[900:]))


FAULTS = [
    # https://datascience.stackexchange.com/questions/38604: too low accuracy on MNIST
    Fault(
        "digits: bytes, one sigmoid for ten classes", "dense", digits,
        lambda t: to_bytes(t).but(model=dense(64, (64,), 1, end="sigmoid"),
                                  loss="binary_crossentropy"),
        ("GD203", "GD102", "GD104"),
    ),
    # https://community.deeplearning.ai/t/can-not-achieve-desired-accuracy/436298
    Fault("digits: three outputs for ten classes", "dense", digits,
          lambda t: t.but(model=dense(64, (64, 64), 3)), ("GD102",)),
    # https://offlinew.com/q/q/4098171066: learns for one epoch and then stops
    Fault("digits: tanh of bytes", "dense", digits,
          lambda t: to_bytes(t).but(model=dense(64, (64, 64), 10, act="tanh")),
          ("GD104", "GD306", "GD504")),
    # a scaler over the whole frame takes the labels with it
    Fault("digits: class numbers scaled to 0..1", "dense", digits,
          lambda t: t.but(y=t.y / 9, validation=(t.validation[0], t.validation[1] / 9)),
          ("GD102",)),
    # keep_prob of TensorFlow 1 became rate
    Fault(
        "digits: keeps 10 % where it was to drop 10 %", "dense", digits,
        lambda t: t.but(model=net(
            64, unit(64, "relu"), lambda: L.Dropout(0.9), unit(64, "relu"),
            lambda: L.Dropout(0.9), unit(10, "softmax"))),
        ("GD211",),
    ),
    # https://github.com/keras-team/keras/issues/7177 and others: weights of classes by their counts
    Fault("rare: weights of classes the wrong way round", "dense", rare,
          lambda t: t.but(fit={"class_weight": {0: 15.0, 1: 1.0}}), ("GD107", "GD511", "GD516")),
    # http://pullrequest.ru/11818227: a softmax in each layer
    Fault(
        "digits: softmax in each layer", "dense", digits,
        lambda t: t.but(model=dense(64, (64, 64), 10, act="softmax")),
        ("GD303", "GD304", "GD205", "GD501", "GD306", "GD504", "GD203", "GD307"),
    ),
    Fault("cancer: -999 for what is missing", "dense", cancer, sentinels,
          ("GD104", "GD101", "GD111")),
    Fault("cancer: a patient's number among the columns", "dense", cancer, numbered_rows,
          ("GD104",)),
    Fault("wine: dates as numbers", "dense", wine, dates, ("GD104",)),
    Fault("wine: the scaler was for training rows only", "dense", wine, raw_held, ("GD111",)),
    # https://discuss.codingblocks.com/t/validation-accuracy-remains-constant/96745
    Fault(
        "digits: AdamW that decays far too much", "dense", digits,
        lambda t: t.but(optimizer=lambda: nn.optimizers.AdamW(1e-3, weight_decay=60.0)),
        ("GD211", "GD510", "GD508", "GD602"),
    ),
    # https://github.com/keras-team/keras/issues/10018: mode of EarlyStopping
    Fault("digits: stops when accuracy rises", "dense", digits,
          stopped_by(monitor="val_accuracy", mode="min", patience=2), ("GD216",)),
    # https://errorhandle.ai/binary-classification-using-neural-network-in-tensorflow-failing-to-learn
    Fault("shoppers: as they stand in the file", "dense", shoppers, unscaled_shoppers,
          ("GD104",)),
    Fault(
        "shoppers: a categorical loss of one sigmoid", "dense", shoppers,
        lambda t: t.but(loss="categorical_crossentropy",
                        y=t.y[:, None], validation=(t.validation[0], t.validation[1][:, None])),
        ("GD203",),
    ),
    Fault("cancer: Adam with an epsilon of 100", "dense",
          lambda: cancer().but(optimizer=adam(0.01)),
          lambda t: t.but(optimizer=adam(0.01, epsilon=100.0)), ("GD507", "GD505", "GD501")),
    Fault("raw cancer: Normalization never adapted", "dense", cancer_raw,
          lambda t: t.but(model=net(30, lambda: L.Normalization(mean=0.0, variance=1.0),
                                    unit(32, "relu"), unit(1, "sigmoid"))),
          ("GD104",)),
]  # fmt: skip
