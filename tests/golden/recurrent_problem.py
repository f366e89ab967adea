"""Recurrent layers from their descriptions: what make_recurrent.py and test_recurrent.py share.

A description is `["LSTM", {"units": 3}]`; descriptions may stand among the arguments of others.
"""


def made(layers, described):
    """The layer that a description stands for, of either library's `layers`."""
    name, kwargs = described
    return getattr(layers, name)(**{k: _argument(layers, v) for k, v in kwargs.items()})


def _argument(layers, value):
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
        return made(layers, value)
    if isinstance(value, list):
        return [_argument(layers, v) for v in value]
    return value


def flat(outputs):
    """All tensors among the outputs, in order."""
    if isinstance(outputs, (list, tuple)):
        return [x for y in outputs for x in flat(y)]
    return [outputs]


def cells(layer):
    """The cells that draw masks of dropout, in order."""
    if hasattr(layer, "forward_layer"):
        return [*cells(layer.forward_layer), *cells(layer.backward_layer)]
    cell = layer.cell
    return list(cell.cells) if hasattr(cell, "cells") else [cell]
