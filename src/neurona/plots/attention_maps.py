"""What each head of each attention layer of a model looks at, for one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError, unknown
from neurona.plots.canvas import new_figure
from neurona.train.arrays import check_arrays, check_inputs
from neurona.train.before import before_step
from neurona.train.steps import prediction_step, rehearse

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def attention_maps(
    model: Any,
    x: Any,
    layers: Sequence[str] | None = None,
    *,
    words: Sequence[str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the weights of attention: a row for each layer, a tile for each head.

    In a tile, the row of a step says how much it takes of each step (column); dark is much.

    Shapes: x (1, T, ...), one sequence as the model takes it; a layer's weights (1, N, T, S).

    Args:
        model: a built model; it is called once, not in training.
        x: one sequence.
        layers: paths of attention layers, in the order of the rows; all by default.
        words: what stands at each step.
        title: above the picture; none by default.

    Raises:
        ShapeError: if it is not one sequence, or there is not one word for each step.
        ArgumentError: if the model has no such attention layer.
        DataError: if the model has no layer that weighs.

    >>> from neurona.layers import Input, MultiHeadAttention
    >>> from neurona.models import Model
    >>> x = Input((3, 4))
    >>> model = Model(x, MultiHeadAttention(2, 4, name="look")(x, x))
    >>> figure = attention_maps(model, [[[1.0] * 4, [0.0] * 4, [2.0] * 4]])
    >>> figure.axes[0].get_ylabel(), len(figure.axes)  # two heads
    ('look', 2)
    """
    found = _weights(model, x)
    if not found:
        raise DataError(
            "no layer of this model keeps weights of attention.",
            got=", ".join(type(layer).__name__ for layer in model.layers) or "no layers",
            hint="over very long sequences they are never kept: try a shorter one",
        )
    for name in layers or ():
        if name not in found:
            raise unknown("attention layer", name, found)
    rows = {name: found[name] for name in layers or found}
    samples = {len(w) for w in rows.values()}
    if samples != {1}:
        raise ShapeError(
            "attention maps are those of one sequence.", got=f"{max(samples)} samples", hint="x[:1]"
        )
    heads = max(w.shape[1] for w in rows.values())
    figure = new_figure(max(1.7 * heads + 1.2, 3.2), 1.9 * len(rows) + 0.4)
    axes = figure.subplots(len(rows), heads, squeeze=False)
    for row, (name, weights) in zip(axes, rows.items(), strict=True):
        for head, ax in enumerate(row):
            if head >= weights.shape[1]:
                ax.remove()
                continue
            array = weights[0, head]
            ax.imshow(array, cmap="Blues", vmin=0, vmax=float(array.max()))
            ax.set_title(f"head {head}", fontsize="small")
            ax.set_xticks([])
            ax.set_yticks([])
            if words is not None:
                _label(ax, words, array.shape, first=head == 0)
        row[0].set_ylabel(name, fontsize="small")
    if title is not None:
        figure.suptitle(title, fontsize="medium")
    return figure


def _weights(model: Any, x: Any) -> dict[str, np.ndarray]:
    """Return the weights (B, N, T, S) of each attention layer by its path.

    They are the first values of a layer that are shares: 0 or more, and 1 in sum over the last
    axis. They are found in the Graph of a prediction, so the layers need not hand them out.
    """
    batch = (check_arrays(before_step(model, x), None, None)[0], None, None)
    check_inputs(model, batch[0])
    rehearse(model, batch, "predict")
    step = prediction_step(model)
    found: dict[str, np.ndarray] = {}
    for node, values, _ in step.program(*batch).graph.walk(np, step.inputs(*batch)):
        origin, array = next(iter(node.origins), None), np.asarray(values[0])
        if origin is None or not origin.kind.endswith("Attention") or array.ndim < 3:
            continue
        path = origin.path.removeprefix(f"{model.name}/")
        if path in found or array.dtype.kind != "f" or array.shape[-1] < 2:
            continue
        if (array >= 0).all() and np.allclose(array.sum(axis=-1), 1, atol=1e-4):
            found[path] = array if array.ndim == 4 else array[:, None]
    return found


def _label(ax: Any, words: Sequence[str], shape: tuple[int, ...], first: bool) -> None:
    if shape[1] != len(words) or (first and shape[0] != len(words)):
        raise ShapeError(
            "one word for each step.", got=f"{len(words)} words", expected=f"{shape[1]}"
        )
    ax.set_xticks(range(len(words)), words, rotation=90, fontsize=7)
    if first:
        ax.set_yticks(range(len(words)), words, fontsize=7)
    ax.tick_params(length=0)
