"""What the healthy programs of the third part share: optimizers, parts of data, scores."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.training import Training, explained

L = nn.layers
LOGITS = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY = nn.losses.BinaryCrossentropy(from_logits=True)
THEIRS: Any = None  # what gives batches says how large they are
NUMBER: dict[str, Any] = {"loss": "mse", "metrics": (), "score": explained}


def by(name: str, *given: Any, **more: Any) -> Any:
    """Return what makes an optimizer of a name."""
    return lambda: getattr(nn.optimizers, name)(*given, **more)


def adam(rate: Any = 1e-3, **given: Any) -> Any:
    """Return what makes an Adam of a rate."""
    return by("Adam", rate, **given)


def single(a: Any) -> Any:
    """Return numbers of single precision."""
    return np.asarray(a, "float32")


def logistic(z: Any) -> Any:
    """The probability of a logit."""
    return 1 / (1 + np.exp(-z))


def rows(x: Any, y: Any, train: int, held: int) -> dict[str, Any]:
    """Return x, y, validation and test, one after the other; several arrays as tuples or dicts."""

    def cut(a: Any, low: int, high: int | None) -> Any:
        if isinstance(a, tuple):
            return tuple(p[low:high] for p in a)
        if isinstance(a, dict):
            return {k: p[low:high] for k, p in a.items()}
        return a[low:high]

    first, second, last = (0, train), (train, train + held), (train + held, None)
    return {
        "x": cut(x, *first),
        "y": cut(y, *first),
        "validation": (cut(x, *second), cut(y, *second)) if held else None,
        "test": (cut(x, *last), cut(y, *last)),
    }


def found(model: Any, training: Training, x: Any = None) -> Any:
    """Return what the model says of the test."""
    return np.asarray(model.predict(training.test[0] if x is None else x, verbose=0))


def r2(y: Any, said: Any) -> float:
    """The share of variance that is explained."""
    if not np.isfinite(said).all():
        return -1.0
    return max(-1.0, float(1 - np.mean((y - said) ** 2) / np.var(y)))


def area(y: Any, said: Any) -> float:
    """How often a row with yes is put before one with no: the area under the ROC curve."""
    y, said = np.ravel(y) > 0.5, np.ravel(said)
    rank = said.argsort().argsort()
    return float((rank[y].mean() - (y.sum() - 1) / 2) / (~y).sum())


def ranked(model: Any, training: Training) -> float:
    """The area under the ROC curve."""
    return area(training.test[1], found(model, training))


def hit(model: Any, training: Training) -> float:
    """Share of answers that are right, each weighing alike."""
    said, y = found(model, training), np.asarray(training.test[1])
    if said.shape[-1] == 1 or said.shape == y.shape:
        return float(np.mean((said > training.threshold) == (y.reshape(said.shape) > 0.5)))
    return float(np.mean(said.argmax(-1) == y))
