"""Changes of layers before the first step: weights drawn anew, layers that scale, settings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.tree import flatten
from neurona.doctor import fixes
from neurona.doctor.learning_rate import ADAPTIVE
from neurona.doctor.repair.changes import LONG, Both, Change, Rate, Settings, possible, setting
from neurona.doctor.written import PLAIN, SQUASHED, activation_name, squashes
from neurona.nn import initializers
from neurona.nn.layers import Normalization, Rescaling
from neurona.nn.network import Network
from neurona.nn.regularizers import L2
from neurona.nn.symbolic import Symbolic
from neurona.train.sequential import Sequential
from neurona.train.source import ArraySource
from neurona.train.steps import rehearse


class Redrawn(Change):
    """Weights that begin as they do by default: Glorot's, or He's behind ReLU."""

    def __init__(self, layers: Sequence[Any], relu: bool = False) -> None:
        squashed = [v for v in layers if relu and activation_name(v) in SQUASHED]
        self.settings = Settings([(v, "activation", "relu") for v in squashed], "", "")
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


class Layered(Change):
    """A layer more, or less, or another one: in a Sequential, or in a functional model.

    Args:
        model: whose layers they are, before its first step.
        source: of the training data.
        after: the whole chain of a Sequential, or the Network of a functional model.
        what, diff: see Change.
    """

    def __init__(self, model: Any, source: Any, after: Any, what: str, diff: str) -> None:
        self.model, self.source, self.what, self.diff = model, source, what, diff
        self.before = list(model._chain) if isinstance(model, Sequential) else model._network
        self.after = after
        self.weights = list(model.weights)
        self.fresh: list[tuple[Any, Any]] = []  # what new layers begin with
        self.slots: list[tuple[Any, ...]] = []  # what optimizers had for the layers before

    def apply(self) -> None:
        optimizers = self.model.optimizer.all_optimizers()
        self.slots = [(o, o.parameters, o.state, o._index) for o in optimizers]
        self._put(self.after)
        known = set(self.weights)
        self.fresh = self.fresh or [(p, p.value) for p in self.model.weights if p not in known]
        for p, value in self.fresh:
            p.restore(value)

    def undo(self) -> None:
        self._put(self.before)
        for optimizer, *held in self.slots:
            optimizer.parameters, optimizer.state, optimizer._index = held

    def _put(self, layers: Any) -> None:
        model = self.model
        if isinstance(model, Sequential):
            model._chain[:] = layers
            model._names = {layer.name for layer in layers}
            model._changed()
            if model._start is not None:
                model._connect()
        else:
            connect(model, layers)
        rehearse(model, self.source.peek(), "train")
        weights = model.trainable_weights
        if model.optimizer.built and not set(weights) <= set(model.optimizer.parameters):
            begin_with(model.optimizer, weights)


def connect(model: Any, network: Network) -> None:
    """Let a functional model compute what another Network does."""
    model._network = network
    model.inputs, model.outputs = network.input_leaves, network.output_leaves
    model.output_shape = network.output_leaves[0].shape
    model._training.steps = {}
    model._training.losses = model._training.losses.anew()


def begin_with(optimizer: Any, parameters: Any) -> None:
    """Let an optimizer that has made no step yet begin with other parameters."""
    for each in optimizer.all_optimizers():
        each.parameters, each.state, each._index = [], {}, {}
    optimizer.ensure_built(parameters)


def redraw(fix: fixes.Redraw, model: Any, source: ArraySource) -> Change | None:
    """Draw weights anew."""
    return _redrawn(model)


def rectify(fix: fixes.Rectify, model: Any, source: ArraySource) -> Change | None:
    """Give hidden layers ReLU."""
    return _redrawn(model, relu=True)


def mask(fix: fixes.Mask, model: Any, source: ArraySource) -> Change | None:
    """Mask padding."""
    words = [v for v in model.all_layers() if type(v).__name__ == "Embedding"]
    return setting(words, "mask_zero", True, "padding is masked.", str(fix))


def drop(fix: fixes.Drop, model: Any, source: ArraySource) -> Change | None:
    """Set the rate of dropout; that of a recurrent layer is its cell's."""
    inner = [v for v in model.all_layers() if not hasattr(v, "cell")]
    dropping = [v for v in inner if getattr(v, fix.name, 0) == fix.before]
    first, less = (
        setting(
            dropping, fix.name, rate, f"dropout is {rate:g}.",
            str(dataclasses.replace(fix, after=rate)),
        )
        for rate in (fix.after, round(fix.after / 3, 2))
    )  # fmt: skip
    if first is not None and less is not None:
        first.others = [less]
    return first


def between(fix: fixes.Between, model: Any, source: ArraySource) -> Change | None:
    """Put ReLU behind hidden layers that have no activation."""
    between = [v for v in _hidden(model) if activation_name(v) == "linear"]
    change = setting(between, "activation", "relu", "hidden layers get ReLU.", str(fix))
    if change is not None:
        change.share = LONG  # a linear model learns what little it can sooner
    return change


def penalise(fix: fixes.Penalise, model: Any, source: ArraySource) -> Change | None:
    """Penalise weights less."""
    names = ("kernel_regularizer", "bias_regularizer", "recurrent_regularizer")
    rows = [
        (layer, name, L2(fix.after))
        for layer in model.all_layers()
        for name in names
        if getattr(layer, name, None) is not None and not hasattr(layer, "cell")  # which has it
    ]
    diff = fixes.replaced("kernel_regularizer", f"kernel_regularizer=L2({fix.after:g})")
    what = f"weights are penalised by L2({fix.after:g}) only."
    return possible(Settings(rows, what, diff)) if rows else None


def divide(fix: fixes.Divide, model: Any, source: ArraySource) -> Change | None:
    """Put a division in front."""
    what = f"a layer in front divides the inputs by {fix.by}."
    front = [[Rescaling(1 / fix.by)]] if isinstance(source.arrays[0], np.ndarray) else None
    return None if front is None else _around(model, source, what, str(fix), front)


def standardise(fix: fixes.Standardise, model: Any, source: ArraySource) -> Change | None:
    """Put a normalisation in front, which knows the training data; of several inputs: of numbers.

    Whole numbers beside others are names of things, most often.
    """
    leaves = flatten(source.arrays[0])[0]
    kinds = "fiu" if len(leaves) == 1 else "f"
    front: list[list[Any]] = [[] for _ in leaves]
    for layers, x in zip(front, leaves, strict=True):
        if isinstance(x, np.ndarray) and x.dtype.kind in kinds:
            layers.append(Normalization(axis=None if fix.whole else -1))
            layers[0].adapt(x)
    if not any(front):
        return None
    what = "a layer in front scales the inputs to a mean of 0 and a spread of 1."
    return _around(model, source, what, str(fix), front)


def unit(fix: fixes.Unit, model: Any, source: ArraySource) -> Change | None:
    """Put the unit of the targets behind; steps that follow the loss are measured in it, too."""
    what = "a layer behind scales the outputs to mean and spread of the targets."
    behind = [Rescaling(fix.std, offset=fix.mean)]
    change = _around(model, source, what, str(fix), behind=behind)
    optimizer, outputs = model.optimizer, model._training.losses.outputs or [None]
    loss = getattr(outputs[0], "loss", None)
    if change is None or loss is None or type(optimizer).__name__ in ADAPTIVE:
        return change
    nothing, one = np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32)
    grown = float(loss(nothing, fix.std * one)) / float(loss(nothing, one))
    return Both(change, Rate(optimizer, 1 / grown)) if 0 < grown < np.inf else change


def leave_out(fix: fixes.LeaveOut, model: Any, source: ArraySource) -> Change | None:
    """Leave the last layer out, if it has no weights."""
    what = "the last layer is left out."
    if not changeable(model, source):
        return None
    if isinstance(model, Sequential):
        chain = model._chain
        return None if chain[-1].weights else Layered(model, source, chain[:-1], what, str(fix))
    network = model._network
    last = network.output_leaves[0].call
    if last.layer.weights or len(last.inputs) != 1:
        return None
    return Layered(model, source, Network(network.inputs, last.inputs[0]), what, str(fix))


def changeable(model: Any, source: Any) -> bool:
    """Whether layers can be added to a model, or left out: it has one output, and its data fit."""
    x, network = source.arrays[0], model._network
    if isinstance(model, Sequential):
        return isinstance(x, np.ndarray) and model.built
    return (
        network is not None
        and not model.overrides("call")
        and network.front is None
        and isinstance(network.outputs, Symbolic)
        and not isinstance(x, dict)
        and len(flatten(x)[0]) == len(network.input_leaves)
    )


def _around(
    model: Any, source: ArraySource, what: str, diff: str, front: Any = (), behind: Any = ()
) -> Change | None:
    """Return the change that puts layers in front of each input, and behind the output."""
    if not changeable(model, source):
        return None
    if isinstance(model, Sequential):
        chain = [*(front[0] if front else ()), *model._chain, *behind]
        return Layered(model, source, chain, what, diff)
    network = model._network
    places = network.input_leaves
    fed = [_through(v, x) for v, x in zip(front or [()] * len(places), places, strict=True)]
    outputs = _through(behind, network.run(fed if len(fed) > 1 else fed[0]))
    return Layered(model, source, Network(network.inputs, outputs), what, diff)


def _through(layers: Sequence[Any], x: Any) -> Any:
    for layer in layers:
        x = layer(x)
    return x


def _redrawn(model: Any, relu: bool = False) -> Change | None:
    squashed = [v for v in _hidden(model) if squashes(v)] if relu else []
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
