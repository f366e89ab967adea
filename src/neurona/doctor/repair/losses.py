"""Changes of the loss, and of the last layer that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.repair.changes import Both, Change, Rate, Settings
from neurona.doctor.repair.layers import Layered, changeable
from neurona.errors import NeuronaError
from neurona.nn import losses
from neurona.nn.layers import Dense
from neurona.nn.network import Network
from neurona.train.compiled import Compiled
from neurona.train.sequential import Sequential
from neurona.train.source import ArraySource
from neurona.train.steps import rehearse

NESTED = list, tuple, dict
LEAST = 1e-7  # probability
FASTER = 10.0, 100.0  # times the rate


class Loss(Change):
    """Another loss, with changes of layers that belong to it; judged by what all losses want.

    Args:
        model: whose loss it is.
        source: of the training data.
        loss: the new one.
        last: what is changed besides, or None.
        measured, measure, guess: see Change.
        what, diff: see Change.
    """

    def __init__(
        self, model: Any, source: Any, loss: Any, last: Change | None, measured: str,
        measure: Callable[[Any, Any], float], guess: Callable[[Any], float], what: str, diff: str,
    ) -> None:  # fmt: skip
        self.model, self.source, self.last, self.what, self.diff = model, source, last, what, diff
        self.measured, self.measure, self.guess = measured, measure, guess
        training = model._training
        self.before = training.losses, training.arguments
        _, weights, metrics, weighted = training.losses.given
        named = dict(training.arguments)
        if not callable(loss) or isinstance(loss, losses.Loss):  # one that a file can tell
            named["loss"] = loss
        if isinstance(last, Layered) and (metrics or weighted):  # theirs were of other outputs
            metrics, weighted = ["accuracy"], None
            named |= {"metrics": metrics, "weighted_metrics": weighted}
            self.what += " The metric is accuracy."
        self.after = Compiled(loss, weights, metrics, weighted), named

    def apply(self) -> None:
        self._put(self.after, self.last.apply if self.last is not None else None)

    def undo(self) -> None:
        self._put(self.before, self.last.undo if self.last is not None else None)

    def variants(self) -> list[Change]:
        """Return it alone, and with larger rates: its gradients may be smaller."""
        rates = [Rate(self.model.optimizer, factor) for factor in FASTER]
        return [self, *(Both(self, rate) for rate in rates)]

    def _put(self, compiled: Any, last: Callable[[], None] | None) -> None:
        training = self.model._training
        training.losses, training.arguments = compiled
        training.steps = {}
        if last is not None:
            last()
        rehearse(self.model, self.source.peek(), "train")


def pair(fix: fixes.Pair, model: Any, source: ArraySource) -> Change | None:
    """Give the model a loss of its task, and a last layer for it."""
    if not _one_loss(model):
        return None
    last = _last(model, source, fix.units, fix.activation)
    if last is None:
        return None
    told = f"the loss is {fix.loss}, and the last layer {fix.activation}."
    by = BY_ERROR if fix.activation == "linear" else BY_SURPRISE
    return Loss(model, source, fix.loss, last, *by, told, str(fix))


def from_logits(fix: fixes.FromLogits, model: Any, source: Any) -> Change | None:
    """Let the loss take scores, or probabilities."""
    if not _one_loss(model):
        return None
    loss: Any = losses.get(model._training.losses.given[0])
    if not hasattr(loss, "from_logits"):
        return None
    made = type(loss)(**{**loss.arguments, "from_logits": fix.value})
    told = f"the loss takes {'scores' if fix.value else 'probabilities'}."
    return Loss(model, source, made, None, *BY_SURPRISE, told, str(fix))


def negate(fix: fixes.Negate, model: Any, source: ArraySource) -> Change | None:
    """Turn the sign of the loss."""
    if not _one_loss(model):
        return None
    backwards: Any = losses.get(model._training.losses.given[0])

    def negated(y: Any, p: Any) -> Any:
        return -backwards.call(y, p)

    told = "the loss is taken with the other sign."
    return Loss(model, source, negated, None, *BY_ERROR, told, str(fix))


def _one_loss(model: Any) -> bool:
    """Whether a model has one loss, which `compile` was given by its name."""
    training = model._training
    named = "loss" in training.arguments and not isinstance(training.losses.given[0], NESTED)
    return named and len(training.losses.outputs or ()) == 1


def _last(model: Any, source: ArraySource, units: int | None, activation: str) -> Change | None:
    """Return the change that gives the last layer an activation, and so many units."""
    layers = [v for v in model.all_layers() if isinstance(v, Dense)]
    if not layers:
        return None
    before = layers[-1]
    if units in (None, before.units):
        return Settings([(before, "activation", activation)], "", "")
    if not changeable(model, source):
        return None
    dropped = ("units", "activation", "name")
    given = {k: v for k, v in before.arguments.items() if k not in dropped}
    try:
        made = Dense(units, activation, **given)
    except NeuronaError:  # initial values of another shape
        return None
    if isinstance(model, Sequential):
        whole = model._chain[-1] is before
        return Layered(model, source, [*model._chain[:-1], made], "", "") if whole else None
    network = model._network
    last = network.outputs.call
    if last.layer is not before:
        return None
    return Layered(model, source, Network(network.inputs, made(last.inputs[0])), "", "")


# --- what a race compares, smaller is better ------------------------------------------------------


def _squared(y: Any, p: Any) -> float:
    y = np.asarray(y, np.float64)
    return float(np.mean(np.square(y.reshape(np.shape(p)) - p)))


def _spread(y: Any) -> float:
    return float(np.var(np.asarray(y, np.float64), axis=0).mean())


def _surprise(y: Any, p: Any) -> float:
    """Return the cross-entropy of what is answered, as shares of 1; of numbers: of the nearest."""
    y, p = np.asarray(y), np.asarray(p, np.float64)
    if p.ndim > 1 and p.shape[-1] > 1 and not _several(y):
        chosen = y.argmax(-1) if y.ndim == p.ndim and y.shape[-1] > 1 else y
        rows = p.clip(LEAST, None).reshape(-1, p.shape[-1])
        found = rows[np.arange(len(rows)), chosen.reshape(-1).astype(int)] / rows.sum(axis=1)
    else:
        found = 1 - np.abs(y.reshape(-1) - p.reshape(-1))
    return float(-np.log(found.clip(LEAST, 1)).mean())


def _several(y: np.ndarray) -> bool:
    """Whether rows of targets have several ones, or none: each is asked for by itself."""
    return y.ndim > 1 and y.shape[-1] > 1 and bool((abs(y.sum(axis=-1) - 1) > 1e-3).any())


def _entropy(y: Any) -> float:
    y = np.asarray(y)
    if _several(y):
        return float(np.mean([_entropy(y[..., k]) for k in range(y.shape[-1])]))
    shares = y.reshape(-1, y.shape[-1]).mean(axis=0) if y.ndim > 1 and y.shape[-1] > 1 else None
    if shares is None:
        shares = np.unique(y, return_counts=True)[1] / y.size
    return float(-(shares * np.log(shares.clip(LEAST, None))).sum())


BY_ERROR = "squared error", _squared, _spread
BY_SURPRISE = "cross-entropy", _surprise, _entropy
