"""Healthy trainings on tables and points: what most people train."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.training import Training, explained

L = nn.layers


def split(x: Any, y: Any, held: float = 0.2) -> dict[str, Any]:
    """Return x, y and validation: the last part of the rows is held out."""
    cut = int(len(x) * (1 - held))
    return {"x": x[:cut], "y": y[:cut], "validation": (x[cut:], y[cut:])}


def layers(*given: Any) -> Any:
    """Return what makes a Sequential of layers, which are made anew each time."""
    return lambda: nn.Sequential([make() for make in given])


def scaled(part: Any, of: Any) -> Any:
    """Return columns with the mean and spread of some rows taken away."""
    return ((part - of.mean(axis=0)) / (of.std(axis=0) + 1e-9)).astype("float32")


def dense(
    inputs: int,
    widths: tuple[int, ...],
    last: int,
    act: Any = "relu",
    end: Any = "softmax",
    **given: Any,
) -> Any:
    """Return what makes a network of dense layers."""

    def make() -> Any:
        hidden = [L.Dense(width, act, **given) for width in widths]
        return nn.Sequential([nn.Input((inputs,)), *hidden, L.Dense(last, end)])

    return make


def digits() -> Training:
    """Handwritten digits, 64 pixels in a row."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (a.reshape(len(a), -1).astype("float32") / 16 for a in (x, x_test))
    return Training(dense(64, (64, 64), 10), **split(x, y), test=(x_test, y_test), epochs=12)


def cancer() -> Training:
    """Breast cancer, 30 measurements, two classes, one output."""
    (x, y), (x_test, y_test) = nn.datasets.breast_cancer.load_data()
    return Training(
        dense(30, (32,), 1, end="sigmoid"),
        **split(scaled(x, x), y),
        test=(scaled(x_test, x), y_test),
        loss="binary_crossentropy",
        epochs=25,
        optimizer=lambda: nn.optimizers.SGD(0.05, momentum=0.9),
    )


def cancer_raw() -> Training:
    """The same, with the columns as they were measured, behind a layer that scales them."""
    (x, y), (x_test, y_test) = nn.datasets.breast_cancer.load_data()
    x, x_test = x.astype("float32"), x_test.astype("float32")

    def model() -> Any:
        scale = L.Normalization()
        scale.adapt(x)
        return nn.Sequential([nn.Input((30,)), scale, L.Dense(32, "relu"), L.Dense(1, "sigmoid")])

    return cancer().but(model=model, **split(x, y), test=(x_test, y_test))


def wine() -> Training:
    """Three cultivars of wine, 13 measurements, 142 rows."""
    (x, y), (x_test, y_test) = nn.datasets.wine.load_data()
    return Training(
        dense(13, (24,), 3),
        **split(scaled(x, x), y),
        test=(scaled(x_test, x), y_test),
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=30,
        batch_size=16,
    )


def moons() -> Training:
    """Two half moons."""
    x, y = nn.datasets.make_moons(1200, noise=0.15, random_state=0)
    x = x.astype("float32")
    return Training(
        dense(2, (32, 32), 1, end="sigmoid"),
        **split(x[:800], y[:800]),
        test=(x[800:], y[800:]),
        loss="binary_crossentropy",
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=30,
    )


def spirals() -> Training:
    """Two spirals, which want some depth."""
    x, y = nn.datasets.make_spirals(1500, noise=0.05, random_state=0)
    x = scaled(x, x)
    return Training(
        dense(2, (48, 48, 48), 1, end="sigmoid"),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
        loss="binary_crossentropy",
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=80,
    )


def friedman(rows: int = 1500) -> tuple[Any, Any]:
    """Return ten columns and a number that hangs on five of them (Friedman 1991)."""
    random = np.random.default_rng(0)
    x = random.random((rows, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    y = y + 10 * x[:, 3] + 5 * x[:, 4] + random.normal(0, 1, rows)
    return x, y


def numbers() -> Training:
    """A number of ten columns, both standardised."""
    x, y = friedman()
    x, y = scaled(x, x), scaled(y[:, None], y[:, None])
    return Training(
        dense(10, (32, 32), 1, end=None),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=lambda: nn.optimizers.Adam(0.005),
        epochs=25,
    )


def counts() -> Training:
    """Counts, such as of visitors, behind a head that can't be negative."""
    random = np.random.default_rng(1)
    x = random.normal(size=(1500, 6)).astype("float32")
    y = random.poisson(np.exp(0.5 * x[:, 0] - 0.4 * x[:, 1] + 0.8)).astype("float32")[:, None]
    return Training(
        dense(6, (32,), 1, end="softplus"),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
        loss="poisson",
        metrics=(),
        score=explained,
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=20,
    )


def deep() -> Training:
    """Ten hidden layers with weights that suit them."""
    return digits().but(
        model=dense(64, (48,) * 10, 10, kernel_initializer="he_normal"),
        epochs=15,
        optimizer=lambda: nn.optimizers.Adam(5e-4),
    )


def rare() -> Training:
    """A class that one row in twenty has, weighted up."""
    random = np.random.default_rng(2)
    x = random.normal(size=(3000, 8)).astype("float32")
    y = (x[:, 0] + 0.8 * x[:, 1] * x[:, 2] > 2.1).astype("int64")
    return Training(
        dense(8, (32, 32), 1, end="sigmoid"),
        **split(x[:2000], y[:2000]),
        test=(x[2000:], y[2000:]),
        loss="binary_crossentropy",
        optimizer=lambda: nn.optimizers.Adam(0.005),
        epochs=20,
        fit={"class_weight": {0: 1.0, 1: 15.0}},
    )
