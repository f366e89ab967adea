"""Healthy dense programs, in the manner of published examples, a further time."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import dense, layers
from benchmarks.doctor.threads import ledgers as a
from benchmarks.doctor.training import Training

L, ops, callbacks = nn.layers, nn.ops, nn.callbacks


def stopped() -> Training:
    """Ends when nothing gets better, with smaller steps before."""
    watch = [callbacks.EarlyStopping(patience=6, restore_best_weights=True),
             callbacks.ReduceLROnPlateau(patience=3)]  # fmt: skip
    return a.parcels().but(epochs=60, fit={"callbacks": watch})


def dropped() -> Training:
    """Norms and dropout."""
    return a.parcels().but(epochs=40, model=layers(
        lambda: nn.Input((8,)), lambda: L.Dense(64), lambda: L.BatchNormalization(momentum=0.9),
        lambda: L.ReLU(), lambda: L.Dropout(0.3), lambda: L.Dense(32, "relu"),
        lambda: L.Dense(4, "softmax"),
    ))  # fmt: skip


def quantile(y: Any, p: Any) -> Any:
    """What lies above costs less than what lies below."""
    return ops.mean(ops.maximum(0.6 * (y - p), -0.4 * (y - p)))


def cleaned() -> Training:
    """Rows with noise, and the rows without."""
    random = np.random.default_rng(104)

    def noisy(x: Any) -> Any:
        return (x + random.normal(0, 0.1, x.shape)).astype("float32")

    return a.coded().on(noisy)


HEALTHY = [
    Healthy("ledgers: tolls", "dense", a.tolls),
    Healthy("ledgers: tolls by an own step", "dense", a.own_step),
    Healthy("ledgers: a quantile of tolls", "dense", lambda: a.tolls().but(loss=quantile)),
    Healthy("ledgers: tolls by tanh and Huber", "dense", lambda: a.tolls().but(
        model=dense(6, (32, 32), 1, act="tanh", end=None), loss="huber", epochs=40)),
    Healthy("ledgers: parcels", "dense", a.parcels),
    Healthy("ledgers: parcels until nothing gets better", "dense", stopped),
    Healthy("ledgers: parcels with norms and dropout", "dense", dropped),
    Healthy("ledgers: heavy parcels", "dense", a.heavy),
    Healthy("ledgers: heavy parcels by plain steps", "dense",
            lambda: a.heavy().but(optimizer=sgd(0.1, momentum=0.9), epochs=30)),
    Healthy("ledgers: coded rows", "dense", a.coded),
    Healthy("ledgers: cleaned rows", "dense", cleaned),
    Healthy("ledgers: parcels by large batches", "dense", lambda: a.parcels().but(
        batch_size=128, optimizer=adam(1e-2), epochs=40)),
]  # fmt: skip
