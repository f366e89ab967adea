"""What people ask about quantities, read again: losses, scales, ends, straight lines."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import counts, dense, numbers, scaled, split
from benchmarks.doctor.threads.points import line, net, sine, unit
from benchmarks.doctor.threads.tables import houses
from benchmarks.doctor.training import Training, explained

L = nn.layers


def districts() -> Training:
    """Values of houses by eight columns of a district; all scaled."""
    x, y = raw_districts()
    x, y = scaled(x, x), scaled(y, y)
    return Training(
        dense(8, (32, 16), 1, end=None),
        **split(x[:900], y[:900]),
        test=(x[900:], y[900:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=sgd(0.02, momentum=0.9),
        epochs=25,
    )


def raw_districts(rows: int = 1200) -> tuple[Any, Any]:
    """Return columns as those of California's districts, and values in 100,000."""
    random = np.random.default_rng(9)
    income, age = random.gamma(4, 1, rows), random.uniform(1, 52, rows)
    rooms, people = random.normal(5.4, 1, rows), random.lognormal(7, 0.7, rows)
    beds, homes = rooms / 5 + random.normal(0, 0.1, rows), people / random.uniform(2, 4, rows)
    north, west = random.uniform(32, 42, rows), random.uniform(-124, -114, rows)
    near = np.exp(-(((north - 34) / 2) ** 2))
    y = 0.45 * income + 0.006 * age + 0.8 * near + random.normal(0, 0.2, rows)
    x = np.stack([income, age, rooms, beds, people, homes, north, west], 1)
    return x.astype("float32"), y.astype("float32")[:, None]


def unscaled_districts(t: Training) -> Training:
    """As they stand in the file."""
    x, y = raw_districts()
    return t.but(**split(x[:900], y[:900]), test=(x[900:], y[900:]))


def both() -> Training:
    """The price and the number of rooms, both standardised; the score is the worse of two R2."""
    x, y = two()
    x, y = scaled(x, x), scaled(y, y)
    return districts().but(
        model=dense(8, (32, 16), 2, end=None), **split(x[:900], y[:900]),
        test=(x[900:], y[900:]), score=worse, optimizer=adam(0.005),
    )  # fmt: skip


def two() -> tuple[Any, Any]:
    """Return districts, their values in dollars, and a count that hangs on other columns."""
    x, y = raw_districts()
    count = 0.5 * x[:, 2] + 0.02 * x[:, 1] + np.sin(x[:, 6])
    return x, np.stack([y[:, 0] * 1e5, count], 1).astype("float32")


def dollars(t: Training) -> Training:
    """Values in dollars beside counts of a few."""
    x, y = two()
    x = scaled(x, x)
    return t.but(**split(x[:900], y[:900]), test=(x[900:], y[900:]))


def worse(model: Any, training: Training) -> float:
    """The smaller R2 of the columns; at least -1."""
    x, y = training.test
    p = np.asarray(model.predict(x, verbose=0), np.float64)
    return float(max(-1.0, (1 - ((y - p) ** 2).mean(0) / y.var(0)).min()))


def powers(scale: bool = True) -> Training:
    """A curve by its powers up to the fifth and one neuron."""
    at = np.random.default_rng(0).uniform(-5, 5, (500, 1))
    x = np.concatenate([at**k for k in range(1, 6)], 1)
    y = 0.02 * at**3 - 0.3 * at + 1
    x = scaled(x, x) if scale else x.astype("float32")
    return line().but(
        model=net(5, unit(1)), x=x, y=scaled(y, y), test=(x, scaled(y, y)), optimizer=sgd(0.05),
        epochs=60,
    )  # fmt: skip


def second() -> Training:
    """The second largest of five numbers."""
    x = np.random.default_rng(0).random((3000, 5)).astype("float32")
    y = np.sort(x, 1)[:, -2:-1]
    return Training(
        net(5, unit(48, "relu"), unit(48, "relu"), unit(1)),
        **split(x[:2400], y[:2400]),
        test=(x[2400:], y[2400:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.005),
        epochs=15,
    )


def far(t: Training) -> Training:
    """One period, seen from 0 to 1,200."""
    x = np.random.default_rng(0).uniform(0, 1200, (1200, 1)).astype("float32")
    y = np.sin(x / 191).astype("float32")
    return t.but(**split(x[:900], y[:900]), test=(x[900:], y[900:]))


FAULTS = [
    # https://stackoverflow.com/questions/37232782, /40050397: California's houses by SGD
    Fault("districts: as they stand in the file", "dense", districts, unscaled_districts,
          ("GD104",)),
    Fault("districts: logarithms of targets below zero", "dense", districts,
          lambda t: t.but(loss="mean_squared_logarithmic_error"),
          ("GD203", "GD204", "GD102", "GD401")),
    Fault("districts: percentages of targets near zero", "dense", districts,
          lambda t: t.but(loss="mean_absolute_percentage_error"),
          ("GD203", "GD301", "GD506", "GD502", "GD102", "GD204")),
    Fault(
        "districts: tanh at the end", "dense", districts,
        lambda t: t.but(model=dense(8, (32, 16), 1, end="tanh")), ("GD204",),
    ),
    Fault(
        "districts: a norm behind the output, and ReLU", "dense", districts,
        lambda t: t.but(model=net(8, unit(32, "relu"), unit(1), lambda: L.BatchNormalization(),
                                  lambda: L.ReLU())),
        ("GD204", "GD211"),
    ),
    Fault("districts: the angle instead of the distance", "dense", districts,
          lambda t: t.but(loss="cosine_similarity"), ("GD203", "GD510")),
    Fault("districts: targets of 1e-4", "dense",
          lambda: districts().but(optimizer=adam(0.005)),
          lambda t: t.to(lambda y: (y * 1e-4 + 3e-4).astype("float32")),
          ("GD113", "GD301", "GD510", "GD506")),
    # https://stackoverflow.com/questions/52800582: years as targets
    Fault("districts: years near 1990 as targets", "dense", districts,
          lambda t: t.to(lambda y: y * 10 + 1990), ("GD113",)),
    Fault("both: dollars beside counts", "dense", both, dollars, ("GD113",)),
    # https://errorhandle.ai and keras issues on Poisson losses that become NaN
    Fault("counts: Poisson's loss of a linear end", "dense", counts,
          lambda t: t.but(model=dense(6, (32,), 1, end=None)),
          ("GD204", "GD203", "GD401", "GD202")),
    Fault("powers: up to 3,125 beside 5", "dense", powers, lambda t: powers(False), ("GD104",)),
    # sama.guegue.com/blog/pytorch-neural-networks-why-your: the second largest number
    Fault("second largest: straight layers", "dense", second,
          lambda t: t.but(model=net(5, unit(48), unit(48), unit(1))), ("GD207",)),
    Fault("second largest: one number of a softmax", "dense", second,
          lambda t: t.but(model=net(5, unit(48, "relu"), unit(1, "softmax"))),
          ("GD203", "GD204", "GD214")),
    Fault("sine: seen from 0 to 1,200", "dense", sine, far, ("GD104",)),
    # http://book.caltech.edu/bookforum: converges to one value
    Fault(
        "numbers: eight layers of sigmoids, SGD", "dense", numbers,
        lambda t: t.but(model=dense(10, (16,) * 8, 1, act="sigmoid", end=None),
                        optimizer=sgd(0.01)),
        ("GD303", "GD304", "GD307", "GD501", "GD507"),
    ),
    Fault("houses: a rate of 1e-6", "dense", houses, lambda t: t.but(optimizer=adam(1e-6)),
          ("GD507", "GD505")),
    # taourl.com/read-2033733.html: always outputs the average
    Fault(
        "second largest: one straight neuron", "dense", second,
        lambda t: t.but(model=net(5, unit(1))), ("GD602", "GD508", "GD510"),
    ),
    Fault(
        "houses: clipped at 0.0001 by SGD", "dense", houses,
        lambda t: t.but(optimizer=sgd(0.01, clipnorm=1e-4)), ("GD514", "GD507", "GD505"),
    ),
]  # fmt: skip
