"""Changes: what the fix of a finding does to a model that is being trained, and how it is undone.

A change is read from the fix that is told, so what is applied is what is printed.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.doctor.finding import Finding
from neurona.errors import NeuronaError

_RATE = re.compile(r"- learning_rate=(\S+)\n\+ learning_rate=(\S+)$")
_CLIP = re.compile(r"\+ clipnorm=(\S+)$")
_CLIPPED = re.compile(r"- (\w*clip\w+)=\S+\n\+ \1=(\S+)$")
_MOMENTUM = re.compile(r"- BatchNormalization.*\n\+ BatchNormalization\(momentum=(\S+)\)$")
_LOGITS = re.compile(r"\+ .*from_logits=(True|False)\)?$", re.M)
_STOP = re.compile(r"\+ .*EarlyStopping\(.*restore_best_weights=True\)$")


class Change(abc.ABC):
    """What is done to a model between two steps.

    Attributes:
        what: in a sentence.
        diff: lines that begin with "- " and "+ ".
    """

    what: str
    diff: str

    @abc.abstractmethod
    def apply(self) -> None:
        """Do it."""

    @abc.abstractmethod
    def undo(self) -> None:
        """Let all be as it was before."""

    def weigh(self, y: Any, weight: Any) -> Any:
        """Return what samples of the validation data count when it is judged."""
        return weight


class Rate(Change):
    """The learning rate times a factor; of a schedule, all its values from now on."""

    def __init__(self, optimizer: Any, factor: float) -> None:
        self.optimizer, self.factor = optimizer, factor
        rate = float(np.asarray(optimizer.learning_rate))
        self.what = f"the learning rate is multiplied by {factor:.2g}."
        self.diff = f"- learning_rate={rate:.3g}\n+ learning_rate={rate * factor:.2g}"

    def apply(self) -> None:
        self.optimizer.scale_learning_rate(self.factor)

    def undo(self) -> None:
        self.optimizer.scale_learning_rate(1 / self.factor)


class Settings(Change):
    """Settings of optimizers, losses or layers: (owner, name, value) of each."""

    def __init__(self, rows: Sequence[tuple[Any, str, Any]], what: str, diff: str) -> None:
        self.rows, self.what, self.diff = list(rows), what, diff
        self.before = [(owner, name, getattr(owner, name)) for owner, name, _ in rows]

    def apply(self) -> None:
        for owner, name, value in self.rows:
            setattr(owner, name, value)

    def undo(self) -> None:
        for owner, name, value in self.before:
            setattr(owner, name, value)


class Ending(Change):
    """The training ends; the best weights are put back when it has."""

    def __init__(self, model: Any, diff: str) -> None:
        self.model, self.diff = model, diff
        self.what = "the training stops, and the best weights are put back."

    def apply(self) -> None:
        self.model.stop_training = True

    def undo(self) -> None:
        self.model.stop_training = False


def change_of(finding: Finding, model: Any) -> Change | None:
    """Return what the fix of a finding does to a model; None if that is left to its owner."""
    optimizer, fix = getattr(model, "optimizer", None), finding.fix
    if optimizer is not None and (found := _RATE.match(fix)):
        return Rate(optimizer, float(found[2]) / float(found[1]))
    if optimizer is not None and (found := _CLIP.match(fix)):
        if any(getattr(optimizer, n, None) for n in ("clipvalue", "global_clipnorm", "clipnorm")):
            return None
        what = "each gradient is scaled down to a norm that 90 % of them had so far."
        return possible(Settings([(optimizer, "clipnorm", float(found[1]))], what, fix))
    if optimizer is not None and (found := _CLIPPED.match(fix)):
        what = "gradients are cut where a tenth of them was longer so far."
        return possible(Settings([(optimizer, found[1], float(found[2]))], what, fix))
    if found := _MOMENTUM.match(fix):
        norms = [v for v in model.all_layers() if type(v).__name__ == "BatchNormalization"]
        what = f"running figures of BatchNorm follow with a momentum of {found[1]}."
        return Settings([(v, "momentum", float(found[1])) for v in norms], what, fix)
    if (found := _LOGITS.search(fix)) and (loss := _loss_of(model)) is not None:
        value = found[1] == "True"
        what = f"the loss takes {'scores' if value else 'probabilities'}."
        return possible(Settings([(loss, "from_logits", value)], what, fix))
    if _STOP.match(fix):
        return Ending(model, fix)
    return None


def _loss_of(model: Any) -> Any:
    outputs: Any = model._training.losses.outputs or ()
    return (
        outputs[0].loss if len(outputs) == 1 and hasattr(outputs[0].loss, "from_logits") else None
    )


def possible(change: Change) -> Change | None:
    """Return a change if those whom it is about take it."""
    try:
        change.apply()
        change.undo()
    except NeuronaError:
        return None
    return change
