"""Changes: what a Fix does to a model that is being trained, and how it is undone."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.live.updates import clip_of
from neurona.doctor.repair.saved import Best
from neurona.errors import NeuronaError

AROUND = (1 / 3, 3.0)  # times a rate that is best
LONG = 0.3  # of all steps, where a tenth shows too little
WIDER = (1.0, 10.0, 100.0)  # times a limit of clipping: gradients grow when something is learnt


C = TypeVar("C", bound="Change")


class Change(abc.ABC):
    """What is done to a model between two steps.

    Attributes:
        what: in a sentence.
        diff: lines that begin with "- " and "+ ".
        share: of all steps, for each that takes part in a race.
        measured, measure: what a race compares of targets and answers, smaller is better; None:
            the loss of the model.
        guess: returns that of the best answer that is always the same, from targets.
        certain: whether a diagnosis of it decides where a race is too early to tell.
        harmless: whether it is made without a race, which would not show what it does.
    """

    what: str
    diff: str
    share = 0.1
    measured = "loss"
    measure: Callable[[Any, Any], float] | None = None
    guess: Callable[[Any], float] | None = None
    certain = True
    harmless = False

    @abc.abstractmethod
    def apply(self) -> None:
        """Do it."""

    @abc.abstractmethod
    def undo(self) -> None:
        """Let all be as it was before."""

    def weigh(self, y: Any, weight: Any) -> Any:
        """Return what samples of the validation data count when it is judged."""
        return weight

    def variants(self) -> list[Change]:
        """Return this change, and others of its kind that are tried with it."""
        return [self]

    def nearby(self) -> list[Change]:
        """Return others that may be better in the long run if this one is best at first."""
        return []


class Rate(Change):
    """The learning rate times a factor; of a schedule, all its values from now on."""

    certain = False

    def __init__(self, optimizer: Any, factor: float) -> None:
        self.optimizer, self.factor = optimizer, factor
        rate = float(np.asarray(optimizer.learning_rate))
        self.what = f"the learning rate is multiplied by {factor:.2g}."
        self.diff = f"- learning_rate={rate:.3g}\n+ learning_rate={rate * factor:.2g}"

    def apply(self) -> None:
        self.optimizer.scale_learning_rate(self.factor)

    def undo(self) -> None:
        self.optimizer.scale_learning_rate(1 / self.factor)

    def nearby(self) -> list[Change]:
        """Return rates around it."""
        if self.factor < 1:
            return []
        return [Rate(self.optimizer, self.factor * factor) for factor in AROUND]


class Both(Change):
    """Two changes as one; the second is made of what the first leaves."""

    def __init__(self, first: Change, second: Change) -> None:
        self.first, self.second = first, second
        self.what = f"{first.what[:-1]}, and {second.what}"
        self.diff = f"{first.diff}\n{second.diff}"
        judge = first if first.measure is not None else second
        self.measured, self.measure, self.guess = judge.measured, judge.measure, judge.guess
        self.certain = first.certain and second.certain
        self.share = max(first.share, second.share)

    def apply(self) -> None:
        self.first.apply()
        self.second.apply()

    def undo(self) -> None:
        self.second.undo()
        self.first.undo()

    def nearby(self) -> list[Change]:
        """Return the first with others around the second."""
        return [Both(self.first, other) for other in self.second.nearby()]

    def weigh(self, y: Any, weight: Any) -> Any:
        return self.second.weigh(y, self.first.weigh(y, weight))


class Back(Change):
    """A change that begins at the best weights so far: those of now are spoilt."""

    def __init__(self, best: Best, change: Change) -> None:
        self.best, self.change, self.diff = best, change, change.diff
        self.what = f"{change.what} The weights are {best} again."

    def apply(self) -> None:
        self.best.put_back()
        self.change.apply()

    def undo(self) -> None:
        self.change.undo()  # a race puts back the weights


class Settings(Change):
    """Settings of optimizers, losses or layers: (owner, name, value) of each."""

    def __init__(self, rows: Sequence[tuple[Any, str, Any]], what: str, diff: str) -> None:
        self.rows, self.what, self.diff = list(rows), what, diff
        self.before = [(owner, name, getattr(owner, name)) for owner, name, _ in rows]
        self.others: Sequence[Change] = ()  # that are tried with it

    def apply(self) -> None:
        for owner, name, value in self.rows:
            setattr(owner, name, value)

    def undo(self) -> None:
        for owner, name, value in self.before:
            setattr(owner, name, value)

    def variants(self) -> list[Change]:
        return [self, *self.others]


class Ending(Change):
    """The training ends when nothing gets better; then the best weights are put back."""

    def __init__(self, model: Any, diff: str) -> None:
        self.model, self.diff = model, diff
        self.what = (
            "the training stops when it gets no better any more, and the best weights are put back."
        )

    def apply(self) -> None:
        self.model.stop_training = True

    def undo(self) -> None:
        self.model.stop_training = False


@functools.singledispatch
def change_of(fix: Any, model: Any) -> Change | None:
    """Return what a Fix does to a model between two steps; None if that is left to its owner."""
    return None


@change_of.register(fixes.Rate)
def _rate(fix: fixes.Rate, model: Any) -> Change | None:
    optimizer = getattr(model, "optimizer", None)
    return Rate(optimizer, fix.factor) if optimizer is not None and fix.rate > 0 else None


@change_of.register(fixes.Clip)
def _clip(fix: fixes.Clip, model: Any) -> Change | None:
    optimizer = getattr(model, "optimizer", None)
    clips = clip_of(optimizer) is not None
    if optimizer is None or clips != (fix.before is not None):
        return None
    wider = WIDER if fix.before is not None else WIDER[:1]
    first, *others = (
        Settings(
            [(optimizer, fix.name, float(f"{n * fix.limit:.2g}"))],
            f"gradients are cut to a {fix.name} of {n * fix.limit:.2g} at most.",
            str(dataclasses.replace(fix, limit=n * fix.limit)),
        )
        for n in wider
    )
    first.others = others
    return possible(first)


@change_of.register(fixes.Decay)
def _decay(fix: fixes.Decay, model: Any) -> Change | None:
    what = f"weights decay by {fix.after:g}."
    return possible(Settings([(model.optimizer, "weight_decay", fix.after)], what, str(fix)))


@change_of.register(fixes.Momentum)
def _momentum(fix: fixes.Momentum, model: Any) -> Change | None:
    norms = [v for v in model.all_layers() if type(v).__name__ == "BatchNormalization"]
    what = f"running figures of BatchNorm follow with a momentum of {fix.after}."
    return Settings([(v, "momentum", fix.after) for v in norms], what, str(fix))


@change_of.register(fixes.Stop)
def _stop(fix: fixes.Stop, model: Any) -> Change | None:
    return Ending(model, str(fix))


def possible(change: C) -> C | None:
    """Return a change if those whom it is about take it."""
    try:
        change.apply()
        change.undo()
    except NeuronaError:
        return None
    return change


def setting(
    layers: Sequence[Any], name: str, value: Any, what: str, diff: str
) -> Settings | None:  # fmt: skip
    """Return the change that sets an attribute of layers, if there are any and they take it."""
    return possible(Settings([(v, name, value) for v in layers], what, diff)) if layers else None
