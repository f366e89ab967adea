"""Changes of how data and rates come before the first step: batches, order, weights, schedule."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.repair.changes import LONG, Change, Settings
from neurona.errors import NeuronaError
from neurona.optim.cosine import CosineDecay
from neurona.optim.schedules import PolynomialDecay
from neurona.train.arrays import weights_of_classes
from neurona.train.callbacks.actions import LearningRateScheduler
from neurona.train.source import ArraySource

BETWEEN = 8, 16  # samples of a batch that BatchNorm can do with


class Weighted(Change):
    """Samples that count as their class says; the validation data are judged so, too."""

    def __init__(self, model: Any, source: ArraySource, classes: Any, diff: str) -> None:
        self.model, self.source, self.classes, self.diff = model, source, classes, diff
        self.what = "samples of rare classes count more."
        self.before = source.arrays
        self.after = self.weigh(*self.before[1:])

    def weigh(self, y: Any, weight: Any) -> np.ndarray:
        """Return the weights of samples."""
        return weights_of_classes(y, self.classes, weight)

    def apply(self) -> None:
        self.source.hold((*self.before[:2], self.after))

    def undo(self) -> None:
        self.source.hold(self.before)


class Batches(Change):
    """Batches of another size; a race is about as many samples."""

    def __init__(self, model: Any, source: ArraySource, size: int, diff: str) -> None:
        self.model, self.source, self.diff = model, source, diff
        self.sizes = source.batch_size, size
        self.what = f"batches have {size} samples."

    def apply(self) -> None:
        self._cut(self.sizes[1])

    def undo(self) -> None:
        self._cut(self.sizes[0])

    def variants(self) -> list[Change]:
        """Return it, and sizes on the way to it: they make more steps."""
        sizes = [n for n in BETWEEN if self.sizes[0] < n < self.sizes[1]]
        made = [Batches(self.model, self.source, n, _told(self.sizes[0], n)) for n in sizes]
        return [*made, self]

    def _cut(self, size: int) -> None:
        self.source.cut_into(size)
        for callback in self.model._training.run.callbacks.callbacks:
            callback.params["steps"] = self.source.steps


def _told(before: int, after: int) -> str:
    return str(fixes.Batch(before, after))


def batch(fix: fixes.Batch, model: Any, source: ArraySource) -> Change | None:
    """Cut batches of another size, unless an epoch was given in steps."""
    given = source.batch_size != fix.before or source.steps != source.whole
    stateful = any(getattr(layer, "stateful", False) for layer in model.all_layers())
    return None if given or stateful else Batches(model, source, fix.after, str(fix))


def shuffle(fix: fixes.Shuffle, model: Any, source: ArraySource) -> Change | None:
    """Shuffle rows."""
    return Settings([(source, "shuffle", True)], "rows are shuffled in each epoch.", str(fix))


def class_weights(fix: fixes.ClassWeights, model: Any, source: ArraySource) -> Change | None:
    """Weigh samples."""
    try:
        return Weighted(model, source, fix.weights, str(fix))
    except NeuronaError:  # several targets
        return None


def constant(fix: fixes.Constant, model: Any, source: ArraySource) -> Change | None:
    """Leave the schedule out."""
    optimizer = model.optimizer
    if getattr(optimizer, "_schedule", None) is None:
        return None
    what = f"the learning rate is {fix.rate:g} throughout, the largest of the schedule."
    same = PolynomialDecay(fix.rate, 1, fix.rate)
    change = Settings([(optimizer, "_schedule", same)], what, str(fix))
    change.share = LONG  # in a tenth of the steps a rate that falls has hardly begun to
    return change


def warm_up(fix: fixes.WarmUp, model: Any, source: ArraySource) -> Change | None:
    """Let the rate rise at first, if it is constant; a smaller one is tried with it."""
    optimizer, warm = model.optimizer, fix.steps // 10
    rate = float(np.asarray(optimizer.learning_rate))
    if getattr(optimizer, "_schedule", None) is not None or not warm or rate <= 0:
        return None

    def rising(top: float) -> Settings:
        what = f"the learning rate rises to {top:.2g} in {warm} steps first."
        after = CosineDecay(  # of which the rate is a factor
            0.0, fix.steps - warm, warmup_target=top / rate, warmup_steps=warm
        )
        diff = str(dataclasses.replace(fix, rate=top))
        change = Settings([(optimizer, "_schedule", after)], what, diff)
        change.share = LONG
        return change

    change = rising(fix.rate)
    change.others = [rising(fix.rate / 3)]
    return change


class Unscheduled(Change):
    """A constant rate, and no callback that sets it."""

    share = LONG

    def __init__(self, model: Any, rate: float, diff: str) -> None:
        self.model, self.rate, self.diff = model, rate, diff
        self.callbacks = model._training.run.callbacks
        self.before = list(self.callbacks.callbacks)
        self.given = float(np.asarray(model.optimizer.learning_rate))
        self.what = f"the learning rate is {rate:.3g} throughout, and no callback sets it."

    def apply(self) -> None:
        kept = [c for c in self.before if not isinstance(c, LearningRateScheduler)]
        self.callbacks.hold(kept)
        self.model.optimizer.learning_rate = self.rate

    def undo(self) -> None:
        self.callbacks.hold(self.before)
        self.model.optimizer.learning_rate = self.given

    def variants(self) -> list[Change]:
        """Return it, and the rate that the optimizer was given."""
        other = Unscheduled(self.model, self.given, self.diff)
        return [self] if np.isclose(self.given, self.rate) else [self, other]


def waits(fix: fixes.Setting, model: Any, source: ArraySource) -> Change | None:
    """Let a callback wait longer: it may cost epochs, and takes nothing away."""
    told = ", ".join(f"{name} is {after}" for name, _, after in fix.rows)
    what = f"of {type(fix.callback).__name__}, {told}."
    change = Settings([(fix.callback, name, v) for name, _, v in fix.rows], what, str(fix))
    change.harmless = True
    return change


def without(fix: fixes.Without, model: Any, source: ArraySource) -> Change | None:
    """Leave the callback out."""
    return Unscheduled(model, fix.rate, str(fix))
