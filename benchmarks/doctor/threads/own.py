"""What people ask about losses, layers and models that they wrote themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import dense, digits, layers, moons, numbers
from benchmarks.doctor.threads.images import coder, photos
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training, explained

L = nn.layers
ops = nn.ops


def applied(f: Any, *, width: int = 64, last: int = 10) -> Any:
    """Return what makes a network with a function of one's own between its layers."""
    return layers(
        lambda: nn.Input((64,)),
        lambda: L.Dense(width, "relu"),
        lambda: L.Lambda(f),
        lambda: L.Dense(last, "softmax"),
    )


def variational(pixels: float = 64.0) -> Training:
    """A variational autoencoder; the score is R2 of what it rebuilds."""

    class Draw(L.Layer):
        def call(self, z: Any) -> Any:
            mean, log = z[:, :6], z[:, 6:]
            kl = -0.5 * ops.sum(1 + log - ops.square(mean) - ops.exp(log), axis=-1)
            self.add_loss(ops.mean(kl))
            return mean + ops.exp(0.5 * log) * nn.random.normal(ops.shape(mean))

    def model() -> Any:
        x = inputs = nn.Input((64,))
        x = Draw()(L.Dense(12)(L.Dense(48, "relu")(x)))
        return nn.Model(inputs, L.Dense(64, "sigmoid")(L.Dense(48, "relu")(x)))

    def loss(y: Any, p: Any) -> Any:
        return pixels * ops.mean(nn.losses.binary_crossentropy(y, p))

    return coder().but(model=model, loss=loss, epochs=25, score=explained)


def focal(y: Any, p: Any) -> Any:
    """A focal loss, its logarithm kept from 0."""
    p = ops.clip(p, 1e-5, 1 - 1e-5)
    y = ops.reshape(ops.cast(y, "float32"), ops.shape(p))
    right = y * p + (1 - y) * (1 - p)
    return ops.mean(-((1 - right) ** 2) * ops.log(right))


def by_focal() -> Training:
    """Moons by a focal loss."""
    return moons().but(loss=focal)


class Scores(L.Layer):
    """A last layer of one's own."""

    def __init__(self, axis: int = -1, **given: Any) -> None:
        super().__init__(**given)
        self.axis = axis

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 10), initializer="glorot_uniform")

    def call(self, x: Any) -> Any:
        z = ops.exp(x @ self.kernel)
        return z / ops.sum(z, axis=self.axis, keepdims=True)


def scored(axis: int = -1) -> Training:
    """Digits by a last layer of one's own."""
    return digits().but(
        model=layers(lambda: nn.Input((64,)), lambda: L.Dense(64, "relu"), lambda: Scores(axis))
    )


class Noisy(L.Layer):
    """Noise that is as large as it is told, in training and out of it."""

    def call(self, x: Any) -> Any:
        return x + 5.0 * nn.random.normal(ops.shape(x))


class Weighed(L.Layer):
    """A layer whose weights are all ones, so that all units are alike."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 32), initializer="ones", name="kernel")

    def call(self, x: Any) -> Any:
        return ops.tanh(x @ self.kernel)


def means(y: Any, p: Any) -> Any:
    """Compares the mean of the answers with that of the targets."""
    return ops.square(ops.mean(y) - ops.mean(p))


def exchanged(y: Any, p: Any) -> Any:
    """Cross-entropy with its arguments in the other order."""
    return -ops.mean(ops.sum(p * ops.log(y), axis=-1))


def hot() -> Training:
    """Digits with one-hot labels, by a cross-entropy of one's own."""
    return (
        digits()
        .to(lambda y: np.eye(10, dtype="float32")[y])
        .but(loss=lambda y, p: -ops.mean(ops.sum(y * ops.log(p + 1e-6), axis=-1)))
    )


FAULTS = [
    # https://github.com/mkocabas/focal-loss-keras/pull/24
    Fault("focal: a plus for a minus", "dense", by_focal,
          lambda t: t.but(loss=lambda y, p: -focal(y, p)),
          ("GD203", "GD510", "GD502", "GD506", "GD401")),
    # https://github.com/keras-team/keras/issues/5733: y_true and y_pred exchanged
    Fault("own cross-entropy: arguments in the other order", "dense", hot,
          lambda t: t.but(loss=exchanged), ("GD302", "GD401", "GD203")),
    Fault("numbers: compares means of the batch", "dense", numbers,
          lambda t: t.but(loss=means), ("GD103", "GD203", "GD510", "GD308")),
    Fault("digits: detached on the way", "dense", digits,
          lambda t: t.but(model=net(64, unit(2, "relu"), lambda: L.Lambda(ops.stop_gradient),
                                    unit(10, "softmax"))), ("GD212",)),
    Fault("digits: rounded on the way", "dense", digits,
          lambda t: t.but(model=applied(lambda x: ops.round(x * 0.7), width=8)), ("GD212",)),
    Fault("digits: a step function", "dense", digits,
          lambda t: t.but(model=applied(lambda x: ops.cast(x > 2.5, "float32"))), ("GD212",)),
    Fault("own scores: a softmax over the batch", "dense", lambda: scored().but(batch_size=8),
          lambda t: scored(0).but(batch_size=8), ("GD214", "GD308")),
    Fault("digits: noise in prediction too", "dense", digits,
          lambda t: t.but(model=net(64, unit(64, "relu"), Noisy, unit(10, "softmax"))),
          ("GD211", "GD602", "GD510", "GD508")),
    Fault("digits: a layer of ones", "dense", digits,
          lambda t: t.but(model=net(64, Weighed, unit(10, "softmax"))),
          ("GD208", "GD306", "GD504")),
    # https://github.com/keras-team/keras/issues/13304 and others: means beside sums
    Fault("variational: a mean of pixels beside a sum of KL", "images", variational,
          lambda t: variational(pixels=1.0), ("GD211", "GD307", "GD510", "GD203")),
    Fault("photos: normalised over the samples of a batch", "images", photos,
          lambda t: t.but(model=layers(
              lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(8, 3, activation="relu"),
              lambda: L.GlobalAveragePooling2D(),
              lambda: L.Lambda(lambda x: ops.softmax(x, axis=0)),
              lambda: L.Dense(16, "relu"), lambda: L.Dense(1, "sigmoid"))),
          ("GD308", "GD214")),
    Fault("numbers: a penalty on what layers answer", "dense", numbers,
          lambda t: t.but(model=dense(10, (32, 32), 1, end=None,
                                      activity_regularizer=nn.regularizers.L2(300.0))),
          ("GD211",)),
]  # fmt: skip
