"""How a model shows itself: its layers as lines, or as a table in a notebook."""

from __future__ import annotations

import itertools
from typing import Any

from neurona.core import markup
from neurona.core.shapes import product
from neurona.train.summary import rows

_MOST = 40  # layers that are shown; `summary()` shows all


class Shown:
    """What a Model inherits: `print(model)`, and how a notebook shows it."""

    def __repr__(self) -> str:
        return f"<{_title(self)}: {_size(self)}>"

    def __str__(self) -> str:
        """Return the layers, a line each: the shape of the output, then the arguments."""
        lines = [(_shape(layer), repr(layer).partition("\n")[0]) for layer in _layers(self)]
        wide = max((len(shape) for shape, _ in lines), default=0)
        texts = [f"{shape:{wide}}  {text}" for shape, text in lines]
        return "\n  ".join([f"{_title(self)}: {_size(self)}", *texts, *_rest(self)])

    def _repr_html_(self) -> str:
        lines = [
            (layer.name, type(layer).__name__, _shape(layer), _count(layer))
            for layer in _layers(self)
        ]
        lines += [(text, "", "", "") for text in _rest(self)]
        body = markup.table(["layer", "type", "output", "parameters"], lines, right=[3])
        return markup.titled(_title(self), _size(self), body if lines else "")


def _layers(model: Any) -> list[Any]:
    return [layer for layer, _ in itertools.islice(rows(model), _MOST)]


def _title(model: Any) -> str:
    return f"{type(model).__name__} {model.name!r}"


def _size(model: Any) -> str:
    count = len(model.layers)
    if not count:
        return "no layers yet"
    known = f"{_parameters(model):,} parameters" if model.built else "not built yet"
    return f"{count} layer{'s' if count > 1 else ''}, {known}"


def _rest(model: Any) -> list[str]:
    more = sum(1 for _ in rows(model)) - _MOST
    return [f"... {more} more: model.summary() shows all"] if more > 0 else []


def _parameters(layer: Any) -> int:
    return sum(product(p.shape) for p in layer.weights)


def _count(layer: Any) -> str:
    return f"{_parameters(layer):,}" if layer.built else "?"


def _shape(layer: Any) -> str:
    shape = layer.output_shape
    if shape is None:
        return "?"
    return ", ".join(map(str, shape)) if isinstance(shape, list) else str(shape)
