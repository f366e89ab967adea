"""Numbers explained where they stand: what a loss can be at best, why training looks worse than
validation, which units are dead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurona import ops
from neurona.activations import relu, relu6
from neurona.layers import Activation, Conv1D, Conv2D, Dense, ReLU
from neurona.models import Model

CUT = (relu, relu6)  # activations that are 0 below 0, gradient and all


def on_loss(model: Any, reached: float | None = None) -> list[str]:
    """Return a sentence on the lowest loss that there can be, if that is not 0.

    With label smoothing s, the target of K classes is 1 - s + s / K for the right one and s / K for
    the others; nothing is nearer to it than itself, so the least loss is its entropy.

    Args:
        model: compiled.
        reached: a loss of it, on samples that it has not seen.
    """
    loss = getattr(model, "loss", None)
    smoothing = float(getattr(loss, "label_smoothing", 0.0) or 0.0)
    shape = model.output_shape
    if not smoothing or not isinstance(shape, tuple) or not shape[-1]:
        return []
    least, right = lowest_loss(smoothing, max(shape[-1], 2))
    told = (
        f"The loss has label smoothing of {smoothing:g}: it asks for {100 * right:.3g} % instead "
        f"of certainty, so no model gets below {least:.4f}"
    )
    if reached is not None and reached >= least:
        told += f"; of the loss of {reached:.4f}, {reached - least:.4f} are due to the model"
    return [f"{told}."]


def lowest_loss(smoothing: float, classes: int) -> tuple[float, float]:
    """Return the entropy of smoothed targets, and what they ask of the right class.

    >>> lowest_loss(0.1, 10)[0].__round__(4), lowest_loss(0.0, 10)
    (0.5003, (0.0, 1.0))
    """
    other = smoothing / classes
    right = 1 - smoothing + other
    terms = [right, *(other,) * (classes - 1)]
    return sum(-p * math.log(p) for p in terms if p > 0) + 0.0, right


def on_accuracies(
    model: Any, history: Mapping[str, Sequence[float]], augmented: bool = False
) -> list[str]:
    """Return a sentence on training that looks worse than validation, and need not be.

    Args:
        model: what was trained.
        history: of each epoch.
        augmented: whether the training samples were changed at random.

    >>> on_accuracies(None, {"accuracy": [0.9], "val_accuracy": [0.8]})
    []
    """
    name = next((n for n in history if "accuracy" in n and f"val_{n}" in history), None)
    if name is None or not history[name] or not history[f"val_{name}"]:
        return []
    seen, held = history[name][-1], history[f"val_{name}"][-1]
    if not held - seen > 0.001:
        return []
    layers = model.all_layers() if hasattr(model, "all_layers") else []
    kinds = [type(layer).__name__ for layer in layers if getattr(layer, "rate", 1)]
    reasons = []
    if any("Dropout" in kind for kind in kinds):
        reasons.append("Dropout leaves units out")
    if augmented or any(kind.startswith("Random") for kind in kinds):
        reasons.append("the samples are changed at random")
    told = f"; besides, {' and '.join(reasons)}, in training only" if reasons else ""
    return [
        f"Training accuracy ({100 * seen:.1f} %) is below validation accuracy "
        f"({100 * held:.1f} %), which is no fault: it is the mean over an epoch in which the "
        f"network was still learning{told}."
    ]


def on_dead_units(model: Any, x: np.ndarray, what: str = "test images") -> list[str]:
    """Return a sentence on the units of each layer with ReLU that are 0 for all samples.

    No gradient reaches them, so what they look for has no effect.

    Args:
        model: functional or Sequential; of others nothing is told.
        x: samples that were not trained on, (N, ...).
        what: they are.
    """
    found = dead_units(model, x)
    if not found:
        return []
    parts = [
        f"{int(dead.sum())} of {len(dead)} {'filters' if conv else 'units'} of {name}"
        for name, (dead, conv) in found.items()
        if dead.any()
    ]
    if not parts:
        total = sum(len(dead) for dead, _ in found.values())
        return [
            f"Each of the {total} units with ReLU is above 0 for some of the {what}: none is dead."
        ]
    return [
        f"Dead, that is 0 for all {len(x):,} {what}: {', '.join(parts)}. What these look for is of "
        "no use to the network; a smaller learning rate often leaves fewer of them."
    ]


def dead_units(model: Any, x: np.ndarray) -> dict[str, tuple[np.ndarray, bool]]:
    """Return, by layer, which units or channels are 0 for all samples, and if they are images."""
    if getattr(model, "_network", None) is None or not isinstance(model.input_shape, tuple):
        return {}
    chosen: dict[str, tuple[Any, bool]] = {}
    for layer in model.layers:
        if _cuts(layer) and layer.symbolic_calls:
            y = layer.symbolic_calls[-1].outputs[0]
            conv = y.ndim > 2
            chosen[layer.name] = (ops.max(y, axis=tuple(range(1, y.ndim - 1))) if conv else y, conv)
    if not chosen:
        return {}
    watch = Model(model.inputs[0], [y for y, _ in chosen.values()])
    largest = [np.zeros(y.shape[-1]) for y, _ in chosen.values()]
    for start in range(0, len(x), 500):
        seen = watch.predict(x[start : start + 500], batch_size=500, verbose=0)
        for best, y in zip(largest, seen if len(chosen) > 1 else [seen], strict=True):
            np.maximum(best, np.asarray(y).max(axis=0), out=best)
    return {
        n: (best <= 0, conv) for (n, (_, conv)), best in zip(chosen.items(), largest, strict=True)
    }


def _cuts(layer: Any) -> bool:
    if isinstance(layer, ReLU):
        return not layer.negative_slope
    return isinstance(layer, Dense | Conv1D | Conv2D | Activation) and layer.activation in CUT
