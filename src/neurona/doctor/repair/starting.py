"""Changes before the first step: weights that are drawn anew, layers that scale, settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.doctor.finding import Finding
from neurona.doctor.repair.changes import Change, Settings, change_of, possible
from neurona.nn import initializers
from neurona.nn.layers import Lambda, Normalization, Rescaling
from neurona.nn.regularizers import L2
from neurona.optim.schedules import PolynomialDecay
from neurona.train.arrays import weights_of_classes
from neurona.train.sequential import Sequential
from neurona.train.source import ArraySource
from neurona.train.steps import rehearse

WEIGHTS = ("GD208", "GD209", "GD303", "GD304", "GD305", "GD306", "GD301")  # cured by other ones
SOFT = 1e-4  # the penalty that takes the place of one that drowns the loss
SQUASHED = ("sigmoid", "tanh", "hard_sigmoid")
PLAIN = ("Dense", "Conv1D", "Conv2D", "Conv3D")

_ACTIVATION = re.compile(r'- activation="(\w+)"\n\+ activation="(\w+)"$')
_WITHOUT = re.compile(r'- Dense\((\d+), "(\w+)"\)\n\+ Dense\(\1\)$')
_BETWEEN = re.compile(r'- (\w+)\((.*)\)\n\+ \1\(\2, activation="relu"\)$')
_CLASSES = re.compile(r"\+ model\.fit\(x, y, class_weight=")
_DROPOUT = re.compile(r"- Dropout\((\S+)\)\n\+ Dropout\((\S+)\)$")


class Redrawn(Change):
    """Weights that begin as they do by default: Glorot's, or He's behind ReLU."""

    def __init__(self, layers: Sequence[Any], relu: bool = False) -> None:
        self.settings = Settings(
            [(v, "activation", "relu") for v in layers if relu and _name(v) in SQUASHED], "", ""
        )
        self.layers, self.relu = list(layers), relu
        self.before = [(p, p.value) for layer in layers for p in layer.weights]
        given = sorted({a for layer in layers for a in _initializers(layer)})
        self.what = "weights are drawn anew, as they begin by default."
        self.diff = "\n".join(f"- {name}" for name in given)
        if relu:
            self.what = "hidden layers get ReLU, and weights that suit it."
            self.diff += '\n- activation\n+ activation="relu", kernel_initializer="he_normal"'
        self.diff = self.diff.strip()
        self.after: list[Any] = []

    def apply(self) -> None:
        self.settings.apply()
        if not self.after:
            self.after = [v for layer in self.layers for v in _drawn(layer, self.relu)]
        for (p, _), value in zip(self.before, self.after, strict=True):
            p.restore(value)

    def undo(self) -> None:
        self.settings.undo()
        for p, value in self.before:
            p.restore(value)


class Weighted(Change):
    """Samples that count as their class says; the validation data are judged so, too."""

    def __init__(self, model: Any, source: ArraySource, classes: Any, diff: str) -> None:
        self.model, self.source, self.classes, self.diff = model, source, classes, diff
        self.what = "samples of rare classes count more."
        self.before = source.arrays

    def weigh(self, y: Any, weight: Any) -> np.ndarray:
        """Return the weights of samples."""
        return weights_of_classes(y, self.classes, weight)

    def apply(self) -> None:
        x, y, weight = self.before
        self.source.hold((x, y, self.weigh(y, weight)))

    def undo(self) -> None:
        self.source.hold(self.before)


class Layered(Change):
    """A layer more, or less, in a Sequential."""

    def __init__(self, model: Any, source: Any, after: list[Any], what: str, diff: str) -> None:
        self.model, self.source, self.what, self.diff = model, source, what, diff
        self.before, self.after = list(model._chain), after

    def apply(self) -> None:
        self._chained(self.after)

    def undo(self) -> None:
        self._chained(self.before)

    def _chained(self, layers: list[Any]) -> None:
        self.model._chain[:] = layers
        self.model._names = {layer.name for layer in layers}
        self.model._changed()
        if self.model._start is not None:
            self.model._connect()
        rehearse(self.model, self.source.peek(), "train")


def change_before(finding: Finding, model: Any, source: ArraySource) -> Change | None:
    """Return what the fix of a finding does before the first step; None: left to the owner."""
    x, y, _ = source.arrays
    fix, id_ = finding.fix, finding.id
    if id_ in WEIGHTS:
        return _redrawn(model, '"relu"' in fix and "- " in fix)
    if id_ == "GD216":
        return _constant(model.optimizer)
    if id_ == "GD110":
        return Settings([(source, "shuffle", True)], "rows are shuffled in each epoch.", fix)
    if id_ == "GD211" and "penalty" in fix:
        return _lighter(model)
    if _CLASSES.search(fix):
        known = _weights(y)
        return Weighted(model, source, known, fix) if known else None
    if fix.endswith("mask_zero=True)"):
        words = [v for v in model.all_layers() if type(v).__name__ == "Embedding"]
        return _settings(words, "mask_zero", True, "padding is masked.", fix)
    if found := _DROPOUT.match(fix):
        dropping = [v for v in model.all_layers() if getattr(v, "rate", 0) == float(found[1])]
        what = f"dropout is {found[2]}."
        return _settings(dropping, "rate", float(found[2]), what, fix)
    if found := _ACTIVATION.match(fix):
        return _activated(model, found[1], found[2], fix)
    if found := _WITHOUT.match(fix):
        return _activated(model, found[2], "linear", fix)
    if _BETWEEN.match(fix):
        between = [v for v in _hidden(model) if _name(v) == "linear"]
        return _settings(between, "activation", "relu", "hidden layers get ReLU.", fix)
    if isinstance(model, Sequential) and model.built and isinstance(x, np.ndarray):
        return _layered(finding, model, source, x, y)
    return change_of(finding, model)


def _layered(f: Finding, model: Any, source: Any, x: np.ndarray, y: Any) -> Change | None:
    chain = model._chain
    if f.id == "GD104" and "255" in f.fix:
        what = "a layer in front divides the inputs by 255."
        return Layered(model, source, [Rescaling(1 / 255), *chain], what, f.fix)
    if f.id == "GD104" and x.dtype.kind in "fiu":
        scale = Normalization(axis=None if "axis=None" in f.fix else -1)
        scale.adapt(x)
        what = "a layer in front scales the inputs to a mean of 0 and a spread of 1."
        return Layered(model, source, [scale, *chain], what, f.fix)
    if f.id == "GD113":
        mean, std = float(np.mean(y)), float(np.std(y))
        what = "a layer behind scales the outputs to mean and spread of the targets."
        diff = f"+ model.add(nn.layers.Rescaling({std:.4g}, offset={mean:.4g}))"
        return Layered(model, source, [*chain, Rescaling(std, offset=mean)], what, diff)
    if f.id == "GD201" and f.fix.startswith("- the last") and isinstance(chain[-1], Lambda):
        return Layered(model, source, chain[:-1], "the last layer is left out.", f.fix)
    return change_of(f, model)


def _redrawn(model: Any, relu: bool) -> Change | None:
    squashed = [v for v in _hidden(model) if _name(v) in SQUASHED] if relu else []
    layers = squashed or [v for v in _outermost(model) if v.weights and _initializers(v)]
    return Redrawn(layers, bool(squashed)) if layers else None


def _outermost(model: Any) -> list[Any]:
    """Return layers that are no part of one whose initialisers are given, too."""
    inside: set[int] = set()
    found = []
    for layer in model.all_layers():
        if id(layer) not in inside and layer is not model:
            found.append(layer)
            if _initializers(layer):
                inside |= {id(v) for v in layer.all_layers()}
    return found


def _initializers(layer: Any) -> dict[str, Any]:
    """Return the initialisers that are not those of the class by default."""
    known = inspect.signature(type(layer).__init__).parameters
    return {
        name: value
        for name, value in layer.arguments.items()
        if name.endswith("_initializer") and name in known and value != known[name].default
    }


def _drawn(layer: Any, relu: bool) -> list[Any]:
    """Return new weights of a layer as it begins by default."""
    given = {k: v for k, v in layer.arguments.items() if not k.endswith("_initializer")}
    if relu:
        given |= {"activation": "relu", "kernel_initializer": "he_normal"}
    made = type(layer)(**given)
    layer.build_alike(made)
    if len(made.weights) == len(layer.weights):
        return [p.value for p in made.weights]
    glorot = initializers.get("glorot_uniform")  # a layer of several inputs, which builds itself
    return [
        as_tensor(glorot(p.shape, p.dtype)) if len(p.shape) > 1 else p.value for p in layer.weights
    ]


def _constant(optimizer: Any) -> Change | None:
    schedule = getattr(optimizer, "_schedule", None)
    if schedule is None:
        return None
    steps = np.unique(np.geomspace(1, 1e7, 200).astype(int)) - 1
    rate = float(f"{max(float(np.asarray(schedule(int(s)))) for s in steps):.3g}")
    diff = f"- learning_rate={type(schedule).__name__}(...)\n+ learning_rate={rate:g}"
    what = f"the learning rate is {rate:g} throughout, the largest of the schedule."
    return Settings([(optimizer, "_schedule", PolynomialDecay(rate, 1, rate))], what, diff)


def _weights(y: Any) -> dict[int, float]:
    """Return what each class counts, so that all together count alike."""
    labels = np.asarray(y).reshape(len(y), -1)
    if labels.shape[1] != 1:
        return {}
    known, counts = np.unique(labels, return_counts=True)
    each = len(labels) / (len(known) * counts)
    return {int(k): float(w) for k, w in zip(known, each, strict=True)}


def _lighter(model: Any) -> Change | None:
    names = ("kernel_regularizer", "bias_regularizer", "recurrent_regularizer")
    rows = [
        (layer, name, L2(SOFT))
        for layer in model.all_layers()
        for name in names
        if getattr(layer, name, None) is not None
    ]
    diff = f"- kernel_regularizer\n+ kernel_regularizer=L2({SOFT:g})"
    what = f"weights are penalised by L2({SOFT:g}) only."
    return possible(Settings(rows, what, diff)) if rows else None


def _hidden(model: Any) -> list[Any]:
    plain = [v for v in model.all_layers() if type(v).__name__ in PLAIN]
    return plain[:-1]


def _activated(model: Any, before: str, after: str, fix: str) -> Change | None:
    last = next((v for v in reversed(model.all_layers()) if _name(v) == before), None)
    what = f"the last {before} is {after} instead." if after != "linear" else (
        f"the last {before} is left out."
    )  # fmt: skip
    return _settings([last] if last is not None else [], "activation", after, what, fix)


def _settings(
    layers: Sequence[Any], name: str, value: Any, what: str, diff: str
) -> Change | None:  # fmt: skip
    return possible(Settings([(v, name, value) for v in layers], what, diff)) if layers else None


def _name(layer: Any) -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "")
