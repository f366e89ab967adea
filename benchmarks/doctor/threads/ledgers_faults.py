"""What people ask about dense networks, a further time: the faults, with the threads beside."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.threads import ledgers as a
from benchmarks.doctor.training import Training

ops = nn.ops
SLOW = ("GD510", "GD508", "GD602")
RATE = ("GD506", "GD502", "GD503", "GD505")


def flat_error(y: Any, p: Any) -> Any:
    """Squares of a column less a row."""
    return ops.mean(ops.square(ops.reshape(y, (-1,)) - p))


def labels_twice(t: Training) -> Training:
    """The generator has twice as many labels, one after another, and takes each for two rows."""
    return t.but(y=np.repeat(t.y, 2)[: len(t.y)])


def summed_focal(y: Any, p: Any) -> Any:
    """A focal entropy, added up over a batch."""
    p = ops.clip(p, 1e-6, 1 - 1e-6)
    hit = y * ops.square(1 - p) * ops.log(p) + (1 - y) * ops.square(p) * ops.log(1 - p)
    return -ops.sum(hit)


FAULTS = [
    # reminds of https://github.com/keras-team/keras/issues/13891
    Fault("tolls: a ReLU at the end", "dense", a.tolls, lambda t: a.tolls("relu"), ("GD204",)),
    # https://github.com/keras-team/keras/issues/2051
    Fault("tolls: two epochs of small steps", "dense", a.tolls,
          lambda t: t.but(optimizer=sgd(1e-3), epochs=2),
          ("GD507", "GD216", "GD604", *SLOW)),
    # https://github.com/tensorflow/tensorflow/issues/28901
    Fault("own step: a row less a column", "dense", a.own_step, lambda t: a.own_step(True),
          ("GD103", "GD308")),
    # https://github.com/keras-team/keras/issues/14627
    Fault("tolls: a row less a column in a loss", "dense", a.tolls,
          lambda t: t.but(loss=flat_error), ("GD103", "GD308")),
    # reminds of https://github.com/umbertogriffo/focal-loss-keras/issues/5
    Fault("heavy: a focal entropy added up, by plain steps", "dense",
          lambda: a.heavy().but(optimizer=sgd(0.1, momentum=0.9)),
          lambda t: t.but(loss=summed_focal), RATE),
    # reminds of https://github.com/keras-team/keras/issues/5284
    Fault("parcels: each label for two rows", "dense", a.parcels, labels_twice,
          ("GD510", "GD601", "GD605")),
    # reminds of https://github.com/keras-team/keras/issues/1967
    Fault("coded: all rows are ones", "dense", a.coded,
          lambda t: t.but(x=np.ones_like(t.x), y=np.ones_like(t.y)),
          ("GD106", "GD111")),
    # reminds of https://github.com/rajarsheem/libsdae-autoencoder-tensorflow/issues/3
    Fault("coded: a softmax over columns", "dense", a.coded, lambda t: a.coded(end="softmax"),
          ("GD204", "GD203")),
    # https://github.com/yudi-mars/daisyRec/pull/15
    Fault("heavy: a sigmoid, and scores are expected", "dense", a.heavy,
          lambda t: t.but(loss=nn.losses.BinaryCrossentropy(from_logits=True), epochs=6),
          ("GD201",)),
    # reminds of https://github.com/pytorch/pytorch/issues/31396
    Fault("parcels: ids of thousands as numbers", "dense", a.parcels,
          lambda t: t.on(lambda x: np.round(x * 3000 + 9000)), ("GD104",)),
    # reminds of https://github.com/keras-team/keras/issues/9499
    Fault("parcels: numbered from 1", "dense", a.parcels, lambda t: t.to(lambda y: y + 1),
          ("GD102",)),
    Fault("parcels: a rate of 1", "dense", a.parcels, lambda t: t.but(optimizer=adam(1.0)), RATE),
    Fault("tolls: zeros to begin with", "dense", a.tolls,
          lambda t: a.tolls(kernel_initializer="zeros"), ("GD208",)),
]  # fmt: skip
