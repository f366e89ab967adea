"""Tables of another round: tolls, parcels, and rows that are coded by dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def toll_data(rows: int = 1500) -> tuple[Any, Any]:
    """Return six scaled columns, and a toll of them with a bend and a product."""
    random = np.random.default_rng(101)
    x = random.normal(size=(rows, 6)).astype("float32")
    y = abs(x[:, 0]) + x[:, 1] * x[:, 2] - 0.7 * x[:, 3] + random.normal(0, 0.2, rows)
    return x, scaled(y[:, None], y[:, None])


def tolls(end: Any = None, **given: Any) -> Training:
    """Tolls, standardised."""
    return Training(
        dense(6, (32, 32), 1, end=end, **given), **parted(*toll_data(), 1000, 200), loss="mse",
        metrics=(), score=explained, optimizer=adam(3e-3), epochs=25,
    )  # fmt: skip


def parcel_data(rows: int = 1500) -> tuple[Any, Any]:
    """Return eight scaled columns, and which of four kinds a parcel is."""
    random = np.random.default_rng(102)
    x = random.normal(size=(rows, 8)).astype("float32")
    y = 2 * (x[:, 0] * x[:, 1] + 0.3 * x[:, 2] > 0) + (x[:, 3] + x[:, 4] ** 2 > 0.7)
    return x, y.astype("int64")


def parcels(end: Any = "softmax", last: int = 4) -> Training:
    """Parcels by their kinds."""
    return Training(
        dense(8, (48, 48), last, end=end), **parted(*parcel_data(), 1000, 200),
        optimizer=adam(3e-3), epochs=25,
    )  # fmt: skip


def heavy() -> Training:
    """Whether a parcel is of the upper kinds, by one sigmoid."""
    t = parcels("sigmoid", 1).to(lambda y: (y > 1).astype("float32"))
    return t.but(loss="binary_crossentropy")


def coded_data(rows: int = 1200) -> Any:
    """Return 16 columns of 0 to 1 that three numbers make."""
    random = np.random.default_rng(103)
    made = random.normal(size=(rows, 3)) @ random.normal(size=(3, 16))
    return (1 / (1 + np.exp(-made))).astype("float32")


def coded(hidden: Any = "relu", end: Any = "sigmoid") -> Training:
    """Rows by way of four numbers."""
    x = coded_data()

    def model() -> Any:
        acts = ["relu", hidden, "relu", end]
        widths = zip((24, 4, 24, 16), acts, strict=True)
        return nn.Sequential([nn.Input((16,)), *[L.Dense(w, a) for w, a in widths]])

    return Training(
        model, **parted(x, x, 800, 150), loss="mse", metrics=(), score=explained,
        optimizer=adam(5e-3), epochs=30,
    )  # fmt: skip


class OwnStep(nn.Model):
    """A network whose step is written out."""

    def __init__(self, flat: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential([nn.Input((6,)), L.Dense(32, "relu"), L.Dense(1)])
        self.flat = flat

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return self.body(inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        y = ops.reshape(y, (-1,)) if self.flat else y

        def wrong() -> Any:
            return ops.mean(ops.square(y - self.body(x)))

        loss, grads = nn.value_and_grad(wrong, parameters=self.body)()
        self.optimizer.apply(grads, self.body)
        return {"loss": loss}


def own_step(flat: bool = False) -> Training:
    """Tolls by a step of one's own."""
    return tolls().but(model=lambda: OwnStep(flat), epochs=40)
