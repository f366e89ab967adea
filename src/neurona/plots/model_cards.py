"""What `plot_model` draws: a card for each layer, what feeds what, and the frames of models."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from neurona.errors import StateError
from neurona.nn.layer import Layer
from neurona.train.model import Model
from neurona.train.sequential import Sequential

Key = tuple[str, ...]  # the names of the models that a layer is in, and its own


@dataclass
class Card:
    """What stands on one card: a title, and rows of cells below it."""

    kind: str
    title: str
    rows: list[list[str]]


@dataclass
class Shown:
    """What a card says besides the class of its layer."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False
    stacked: bool = False  # one cell a row


@dataclass
class Diagram:
    """Cards, arrows between them, and frames around those of a model within the model."""

    cards: dict[Key, Card] = field(default_factory=dict)
    edges: list[tuple[Key, Key]] = field(default_factory=list)
    frames: dict[Key, str] = field(default_factory=dict)


def diagram(model: Any, shown: Shown, expand_nested: bool) -> Diagram:
    """Read a model; a subclass with a `call` of its own is one card with those it has inside.

    Raises:
        StateError: if the model is not built.
    """
    if not isinstance(model, Model) or not model.built:
        raise StateError(
            "only a model that is built can be drawn.",
            got=repr(model)[:60],
            hint="model.build((None, 4)), or call it on data",
        )
    found = Diagram()
    _read(model, (), found, shown, expand_nested)
    found.edges = list(dict.fromkeys(found.edges))
    return found


Ends = tuple[list[Key], list[Key]]  # where arrows enter a part, for each input, and leave it


def _read(model: Any, path: Key, found: Diagram, shown: Shown, expand: bool) -> Ends:
    """Add a model's layers and arrows; return its ends."""
    if isinstance(model, Sequential) or model._network is None:
        parts = [_part(layer, path, found, shown, expand) for layer in model.layers]
        for (_, leaving), (entering, _) in itertools.pairwise(parts):
            found.edges += [(a, b) for a in leaving for b in entering[:1]]
        return (parts[0][0], parts[-1][1]) if parts else ([], [])
    network = model._network
    ends = {id(la): _part(la, path, found, shown, expand) for la in network.operations}
    inside = {id(call) for call in network.calls}
    for call in network.calls:
        entering = ends[id(call.layer)][0]
        for number, x in enumerate(call.inputs):
            if id(x.call.layer) in ends and (id(x.call) in inside or not x.call.inputs):
                leaving = ends[id(x.call.layer)][1]
                source = leaving[min(x.index, len(leaving) - 1)]
                found.edges.append((source, entering[min(number, len(entering) - 1)]))
    entries = [
        ends[id(x.call.layer)][0][0] for x in network.input_leaves if id(x.call.layer) in ends
    ]
    leaves = [(ends[id(y.call.layer)][1], y.index) for y in network.output_leaves]
    return entries, [keys[min(index, len(keys) - 1)] for keys, index in leaves]


def _part(layer: Layer, path: Key, found: Diagram, shown: Shown, expand: bool) -> Ends:
    key = (*path, layer.name)
    drawable = isinstance(layer, Sequential) or getattr(layer, "_network", None) is not None
    if expand and drawable and isinstance(layer, Model) and layer.layers:
        found.frames[key] = layer.name
        return _read(layer, key, found, shown, expand)
    found.cards[key] = _card(layer, shown)
    return [key], [key]


def _card(layer: Any, shown: Shown) -> Card:
    kind = getattr(layer, "function", None) if type(layer).__name__ == "Operation" else None
    kind = kind or type(layer).__name__
    title = f"{layer.name} ({kind})" if shown.names else kind
    rows: list[list[str]] = []
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        name = getattr(activation, "__name__", None) or type(activation).__name__
        rows.append([f"Activation: {name}"])
    if shown.shapes:
        shapes = [] if kind == "InputLayer" else [f"Input shape: {_shape(layer.input_shape)}"]
        rows.append([*shapes, f"Output shape: {_shape(layer.output_shape)}"])
    more = [f"Output dtype: {_dtype(layer)}"] if shown.dtype else []
    if shown.trainable and layer.weights:
        more.append("Trainable" if layer.trainable else "Non-trainable")
    rows += [more] if more else []
    return Card(kind, title, [[cell] for row in rows for cell in row] if shown.stacked else rows)


def _shape(shape: Any) -> str:
    if shape is None:
        return "?"
    if isinstance(shape, list):
        return ", ".join(map(str, shape))
    return str(shape)


def _dtype(layer: Any) -> str:
    if layer.symbolic_calls:
        return ", ".join(y.dtype.name for y in layer.symbolic_calls[-1].outputs)
    return layer.dtype.name
