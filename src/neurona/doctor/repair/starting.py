"""Changes before the first step: weights that are drawn anew, layers that scale, settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.doctor import fixes
from neurona.doctor.repair.changes import Change, Settings, change_of, possible
from neurona.errors import NeuronaError
from neurona.nn import initializers
from neurona.nn.layers import Normalization, Rescaling
from neurona.nn.regularizers import L2
from neurona.optim.schedules import PolynomialDecay
from neurona.train.arrays import weights_of_classes
from neurona.train.sequential import Sequential
from neurona.train.source import ArraySource
from neurona.train.steps import rehearse

SQUASHED = ("sigmoid", "tanh", "hard_sigmoid")
PLAIN = ("Dense", "Conv1D", "Conv2D", "Conv3D")


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
        self.after = self.weigh(*self.before[1:])

    def weigh(self, y: Any, weight: Any) -> np.ndarray:
        """Return the weights of samples."""
        return weights_of_classes(y, self.classes, weight)

    def apply(self) -> None:
        self.source.hold((*self.before[:2], self.after))

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


@functools.singledispatch
def change_before(fix: Any, model: Any, source: ArraySource) -> Change | None:
    """Return what a Fix does before the first step; None if that is left to the model's owner."""
    return change_of(fix, model)


@change_before.register(fixes.Redraw)
def _redraw(fix: fixes.Redraw, model: Any, source: ArraySource) -> Change | None:
    return _redrawn(model)


@change_before.register(fixes.Rectify)
def _rectify(fix: fixes.Rectify, model: Any, source: ArraySource) -> Change | None:
    return _redrawn(model, relu=True)


@change_before.register(fixes.Constant)
def _constant(fix: fixes.Constant, model: Any, source: ArraySource) -> Change | None:
    optimizer = model.optimizer
    if getattr(optimizer, "_schedule", None) is None:
        return None
    what = f"the learning rate is {fix.rate:g} throughout, the largest of the schedule."
    same = PolynomialDecay(fix.rate, 1, fix.rate)
    return Settings([(optimizer, "_schedule", same)], what, str(fix))


@change_before.register(fixes.Shuffle)
def _shuffle(fix: fixes.Shuffle, model: Any, source: ArraySource) -> Change | None:
    return Settings([(source, "shuffle", True)], "rows are shuffled in each epoch.", str(fix))


@change_before.register(fixes.ClassWeights)
def _class_weights(fix: fixes.ClassWeights, model: Any, source: ArraySource) -> Change | None:
    try:
        return Weighted(model, source, fix.weights, str(fix))
    except NeuronaError:  # several targets
        return None


@change_before.register(fixes.Mask)
def _mask(fix: fixes.Mask, model: Any, source: ArraySource) -> Change | None:
    words = [v for v in model.all_layers() if type(v).__name__ == "Embedding"]
    return _settings(words, "mask_zero", True, "padding is masked.", str(fix))


@change_before.register(fixes.Drop)
def _drop(fix: fixes.Drop, model: Any, source: ArraySource) -> Change | None:
    dropping = [v for v in model.all_layers() if getattr(v, "rate", 0) == fix.before]
    return _settings(dropping, "rate", fix.after, f"dropout is {fix.after:g}.", str(fix))


@change_before.register(fixes.Activate)
def _activate(fix: fixes.Activate, model: Any, source: ArraySource) -> Change | None:
    last = next((v for v in reversed(model.all_layers()) if _name(v) == fix.before), None)
    instead = "left out" if fix.after == "linear" else f"{fix.after} instead"
    what = f"the last {fix.before} is {instead}."
    found = [last] if last is not None else []
    return _settings(found, "activation", fix.after, what, str(fix))


@change_before.register(fixes.Between)
def _between(fix: fixes.Between, model: Any, source: ArraySource) -> Change | None:
    between = [v for v in _hidden(model) if _name(v) == "linear"]
    return _settings(between, "activation", "relu", "hidden layers get ReLU.", str(fix))


@change_before.register(fixes.Penalise)
def _penalise(fix: fixes.Penalise, model: Any, source: ArraySource) -> Change | None:
    names = ("kernel_regularizer", "bias_regularizer", "recurrent_regularizer")
    rows = [
        (layer, name, L2(fix.after))
        for layer in model.all_layers()
        for name in names
        if getattr(layer, name, None) is not None
    ]
    diff = fixes.replaced("kernel_regularizer", f"kernel_regularizer=L2({fix.after:g})")
    what = f"weights are penalised by L2({fix.after:g}) only."
    return possible(Settings(rows, what, diff)) if rows else None


@change_before.register(fixes.Divide)
def _divide(fix: fixes.Divide, model: Any, source: ArraySource) -> Change | None:
    what = f"a layer in front divides the inputs by {fix.by}."
    return _around(model, source, what, str(fix), before=[Rescaling(1 / fix.by)])


@change_before.register(fixes.Standardise)
def _standardise(fix: fixes.Standardise, model: Any, source: ArraySource) -> Change | None:
    x = source.arrays[0]
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fiu":
        return None
    scale = Normalization(axis=None if fix.whole else -1)
    scale.adapt(x)
    what = "a layer in front scales the inputs to a mean of 0 and a spread of 1."
    return _around(model, source, what, str(fix), before=[scale])


@change_before.register(fixes.Unit)
def _unit(fix: fixes.Unit, model: Any, source: ArraySource) -> Change | None:
    what = "a layer behind scales the outputs to mean and spread of the targets."
    behind = [Rescaling(fix.std, offset=fix.mean)]
    return _around(model, source, what, str(fix), behind=behind)


@change_before.register(fixes.LeaveOut)
def _leave_out(fix: fixes.LeaveOut, model: Any, source: ArraySource) -> Change | None:
    if not _simple(model, source) or model._chain[-1].weights:
        return None
    chain = model._chain
    return Layered(model, source, chain[:-1], "the last layer is left out.", str(fix))


def _simple(model: Any, source: ArraySource) -> bool:
    """Whether layers can be added to a model, or left out."""
    known = isinstance(model, Sequential) and model.built
    return known and isinstance(source.arrays[0], np.ndarray)


def _around(
    model: Any, source: ArraySource, what: str, diff: str, before: Any = (), behind: Any = ()
) -> Change | None:
    if not _simple(model, source):
        return None
    return Layered(model, source, [*before, *model._chain, *behind], what, diff)


def _redrawn(model: Any, relu: bool = False) -> Change | None:
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


def _hidden(model: Any) -> list[Any]:
    plain = [v for v in model.all_layers() if type(v).__name__ in PLAIN]
    return plain[:-1]


def _settings(
    layers: Sequence[Any], name: str, value: Any, what: str, diff: str
) -> Change | None:  # fmt: skip
    return possible(Settings([(v, name, value) for v in layers], what, diff)) if layers else None


def _name(layer: Any) -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "")
