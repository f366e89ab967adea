"""A layer as it is written: where, and by what code; and the code with some arguments changed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from neurona.core.origin import as_text
from neurona.nn.configurable import shown
from neurona.nn.context import snake_case
from neurona.nn.layer import Layer
from neurona.train.model import Model


def written_at(layers: Sequence[Layer], path: str) -> Layer | None:
    """Return the layer that the user wrote, of one at a path: what ours are made of, nobody did."""
    by_name = {layer.name: layer for layer in layers}
    met = [by_name[name] for name in path.split("/") if name in by_name]
    whole = (v for v in met if not isinstance(v, Model) and _ours(v))
    return next(whole, met[-1] if met else None)


def wholes(model: Model) -> dict[int, Layer]:
    """Return the layer that the user wrote, by the id of each that it is made of."""
    found: dict[int, Layer] = {}
    for layer in model.all_layers():  # outermost first
        if not isinstance(layer, Model) and _ours(layer):
            for part in layer.all_layers():
                found.setdefault(id(part), layer)
    return found


def activation_name(layer: Any) -> str:
    """Return the name of the activation that a layer was given; "" if it has none."""
    return getattr(getattr(layer, "activation", None), "__name__", "")


PLAIN = ("Dense", "Conv1D", "Conv2D", "Conv3D")  # whose activation is no gate
SQUASHED = ("sigmoid", "tanh", "hard_sigmoid")


def squashes(layer: Layer) -> bool:
    """Say whether a ReLU may take the place of a sigmoid or tanh: not where these are gates."""
    return type(layer).__name__ in PLAIN and activation_name(layer) in SQUASHED


def _ours(layer: Layer) -> bool:
    return type(layer).__module__.startswith("neurona.")


def place(layer: Layer) -> str:
    """Return a layer's kind and name, and the user's line: "Dense 'hidden', train.py:12"."""
    named = f"{type(layer).__name__} {layer.name!r}"
    return ", ".join(filter(None, (named, as_text(layer._made_at))))


def located(model: Layer, where: str) -> str:
    """Return a path of a layer, or of a weight of it, with the layer's kind and the user's line."""
    path, _, rest = where.partition(" ")
    layers = model.all_layers()
    layer = written_at(layers, path)
    if layer is None or path.endswith(","):  # the line is there already
        return where
    last = path.rpartition("/")[2]
    weight = "" if any(v.name == last for v in layers) else f"{last} of "
    return f"{weight}{place(layer)} {rest}".strip()


def code(layer: Layer, **changes: Any) -> str:
    """Return the call that makes a layer, some arguments changed; one of None is left out.

    >>> import neurona as nn
    >>> hidden = nn.layers.Conv2D(8, 3, padding="same")
    >>> code(hidden), code(hidden, activation="relu", padding=None)
    ('Conv2D(8, 3, padding="same")', 'Conv2D(8, 3, activation="relu")')
    """
    given = {k: v for k, v in {**layer.arguments, **changes}.items() if v is not None}
    kind = type(layer).__name__
    if re.fullmatch(rf"{snake_case(kind)}(_\d+)?", str(given.get("name", ""))):
        del given["name"]  # it was not given by the user, nor was this:
    if given.get("data_format") == "channels_last":
        del given["data_format"]
    parameters = inspect.signature(type(layer).__init__).parameters.values()
    first = [p.name for p in parameters if p.default is p.empty and p.name in given]
    texts = [_text(given[name]) for name in first]
    texts += [f"{name}={_text(value)}" for name, value in given.items() if name not in first]
    return f"{kind}({', '.join(texts)})"


def diff(layer: Layer, **changes: Any) -> str:
    """Return the call that makes a layer, and what to write instead, as a diff."""
    return f"- {code(layer)}\n+ {code(layer, **changes)}"


def _text(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else shown(value)
