"""Activity: which units of hidden layers answer at all, and how much gradient they let through."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from neurona import ops
from neurona.doctor.written import activation_name

RECTIFIED = ("relu", "relu6")  # no gradient where they are 0
SLOPES = {  # the derivative, as a share of its largest value, from the output
    "sigmoid": lambda a: 4 * a * (1 - a),
    "tanh": lambda a: 1 - a * a,
}
WEIGHTS = "weights"  # of attention, as `ops.attention` offers them
GATED = ("LSTM", "GRU", "Cell", "Attention")  # whose outputs are no plain activations


def watched(model: Any) -> dict[str, str]:
    """Return the name of each layer that has units to watch -> the name of their activation."""
    found: dict[str, str] = {}
    unclear: set[str] = set()
    for layer in model.all_layers():
        kind = _activation(layer)
        if found.setdefault(layer.name, kind) != kind:
            unclear.add(layer.name)
    return {name: kind for name, kind in found.items() if kind and name not in unclear}


def _activation(layer: Any) -> str:
    kind = type(layer).__name__
    if kind == "ReLU" and not layer.negative_slope:
        return "relu"
    name = activation_name(layer)
    gated = any(word in kind for word in GATED)
    return name if not gated and (name in RECTIFIED or name in SLOPES) else ""


def measured(
    values: Mapping[str, Any], kinds: Mapping[str, str], outputs: Iterable[Any]
) -> dict[str, Any]:
    """Return a number for each unit of the layers whose outputs were observed, but the last.

    Of a rectified unit it is its largest output, of another the mean share of its derivative.
    """
    last = [id(y.value) for y in outputs]
    found = {}
    for name, a in values.items():
        kind = kinds.get(name.rpartition("/")[2].partition("#")[0])
        if kind is None or a.ndim < 2 or id(a) in last or a.shape[-1] < 2:
            continue
        axes = tuple(range(a.ndim - 1))
        if kind in RECTIFIED:
            found[f"{kind} {name}"] = ops.max(a, axis=axes)
        else:
            found[f"{kind} {name}"] = ops.mean(SLOPES[kind](a), axis=axes)
    return found


def spread_of_attention(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return for each head the mean entropy of its weights, as a share of the largest, by layer.

    Of queries in the second half, since the first ones may see few keys.
    """
    found = {}
    for name, w in values.items():  # (B, N, T, S)
        if name.rpartition("/")[2].partition("#")[0] == WEIGHTS and w.ndim == 4 and w.shape[3] > 3:
            late = w[:, :, w.shape[2] // 2 :]
            entropy = -ops.sum(ops.xlogy(late, late), axis=-1) / math.log(w.shape[3])
            found[name] = ops.mean(entropy, axis=(0, 2))
    return found
