"""How much gradient reaches each layer: the picture of vanishing and exploding gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import ArgumentError, DataError, StateError
from neurona.nn.gradients import value_and_grad
from neurona.plots.canvas import as_numbers, axes_for, tidy
from neurona.plots.palette import BLUE, SKY, VERMILLION, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def gradient_flow(
    gradients: Any,
    x: Any = None,
    y: Any = None,
    *,
    vanishing: float = 1e-6,
    exploding: float = 1e1,
    ax: Axes | None = None,
) -> Figure:
    """Draw the mean and the largest |gradient| of each layer as bars on a log axis.

    Layers stand from first (top) to last (bottom). A layer whose mean lies below `vanishing`, or
    whose largest value lies above `exploding`, is marked with that word; so are gradients that
    are all zero, missing (None), or not finite.

    Args:
        gradients: maps a layer's name to its gradient, or to a list of gradients (kernel, bias); or
            a compiled model, whose gradients on x and y are drawn.
        x, y: some samples with their targets, for a model.
        vanishing: mean |gradient| below which a layer hardly learns. With a learning rate of 0.01
            and weights near 0.1, 1e-6 moves a weight by a ten-millionth of itself a step.
        exploding: largest |gradient| above which a step throws a weight far away.
        ax: axes to draw on; by default a new figure.

    Raises:
        ArgumentError: if the two limits are not 0 < vanishing < exploding.
        DataError: if there are no gradients.
        StateError: if the model is not compiled.

    >>> figure = gradient_flow({"first": [1e-9, 2e-9], "last": [0.1, 0.2]})
    >>> [text.get_text() for text in figure.axes[0].texts][0]
    'vanishing'
    """
    if not 0 < vanishing < exploding:
        raise ArgumentError(
            "the limits are out of order.",
            got=f"vanishing={vanishing}, exploding={exploding}",
            expected="0 < vanishing < exploding",
        )
    if hasattr(gradients, "compute_loss"):
        gradients = _of_model(gradients, x, y)
    if not isinstance(gradients, Mapping) or not gradients:
        raise DataError(
            "there are no gradients to draw.",
            got="an empty mapping" if isinstance(gradients, Mapping) else type(gradients).__name__,
            expected="a dict from layer name to gradient, or a compiled model with x and y",
        )
    names = [str(name) for name in gradients]
    sizes = [_magnitudes(name, value) for name, value in gradients.items()]
    drawn = [s for pair in sizes if pair for s in pair if np.isfinite(s) and s > 0]
    low = min([vanishing / 100, *drawn]) / 3
    high = max([exploding * 10, *drawn])
    high *= (high / low) ** 0.16  # room for a word behind the longest bar

    own = ax is None
    figure, ax = axes_for(ax, 7.6, 1.9 + 0.36 * len(names))
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.axvspan(low, vanishing, color=YELLOW, alpha=0.22, linewidth=0, zorder=0)
    ax.axvspan(exploding, high, color=VERMILLION, alpha=0.16, linewidth=0, zorder=0)
    for i, pair in enumerate(sizes):
        mean, peak = pair or (0.0, 0.0)
        if np.isfinite(peak) and peak > 0:
            ax.barh(i, peak - low, left=low, height=0.66, color=SKY, alpha=0.55, label="largest")
            ax.barh(i, mean - low, left=low, height=0.34, color=BLUE, label="mean")
        word = _verdict(pair, vanishing, exploding)
        at = peak if np.isfinite(peak) and peak > 0 else low
        if word:
            style: dict[str, Any] = {"va": "center", "fontweight": "bold", "fontsize": "small"}
            ax.annotate(word, (at, i), (5, 0), textcoords="offset points", **style)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("|gradient| (log scale)")
    ax.set_ylabel("layer, first to last")
    for start, end, word in ((low, vanishing, "vanishing"), (exploding, high, "exploding")):
        ax.text(
            float(np.sqrt(start * end)),
            1.0,
            f"{word} zone",
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize="small",
            style="italic",
            alpha=0.75,
        )
    handles = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    if handles and own:
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=2, frameon=False)
    elif handles:
        ax.legend(handles.values(), handles, loc="lower right", fontsize="small")
    tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    ax.set_title(_headline(sizes), pad=20)
    return figure


def _of_model(model: Any, x: Any, y: Any) -> dict[str, list[Any]]:
    """Return the gradients of a model's loss on some samples, by layer."""
    if x is None or y is None:
        raise DataError(
            "gradients are those of a loss on samples.",
            got="a model alone",
            hint="gradient_flow(model, x[:64], y[:64])",
        )
    if not getattr(model, "compiled", False):
        raise StateError(
            "gradients are those of a loss, and the model has none.",
            hint='model.compile("adam", loss="sparse_categorical_crossentropy") first',
        )
    x = x if hasattr(x, "shape") else np.asarray(x)
    y = y if hasattr(y, "shape") else np.asarray(y)
    model(x[:1])  # creates the parameters of a model that is not built
    parameters = model.trainable_weights
    _, found = value_and_grad(
        lambda batch: model.compute_loss(batch, y, model(batch, training=True)),
        parameters=parameters,
    )(x)
    by_id = {id(p): g for p, g in zip(parameters, found, strict=True)}
    layers = [layer for layer in model.layers if layer.trainable_weights]
    return {layer.name: [by_id[id(p)] for p in layer.trainable_weights] for layer in layers}


def _magnitudes(name: str, value: Any) -> tuple[float, float] | None:
    """Mean and largest |gradient| over all arrays of a layer; None where there is no gradient."""
    arrays = value if isinstance(value, list | tuple) else [value]
    present = [np.abs(as_numbers(a, f"gradients[{name!r}]")) for a in arrays if a is not None]
    if not present:
        return None
    joined = np.concatenate(present)
    return float(joined.mean()), float(joined.max())


def _verdict(pair: tuple[float, float] | None, vanishing: float, exploding: float) -> str:
    if pair is None:
        return "no gradient (None)"
    mean, peak = pair
    if not np.isfinite(peak):
        return "not finite (NaN or inf)"
    if peak == 0:
        return "all zero"
    if peak > exploding:
        return "exploding"
    return "vanishing" if mean < vanishing else ""


def _headline(sizes: list[tuple[float, float] | None]) -> str:
    means = [pair[0] for pair in sizes if pair and np.isfinite(pair[0]) and pair[0] > 0]
    if len(means) < 2:
        return "Gradient flow"
    ratio = means[-1] / means[0]
    if 0.1 <= ratio <= 10:
        return "Gradient flow: about the same size in the first and the last layer"
    word = "smaller" if ratio > 1 else "larger"
    factor = f"{max(ratio, 1 / ratio):,.0f}"
    if len(factor) > 7:
        factor = f"10^{{{np.log10(max(ratio, 1 / ratio)):.0f}}}"
        factor = f"about ${factor}$"
    times = f"{factor} times {word}"
    return f"Gradient flow: {times} in the first layer than in the last"
