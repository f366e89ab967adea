"""Predicted numbers over true ones: on the line, both are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError
from neurona.plots.canvas import as_numbers, axes_for, tidy
from neurona.plots.labels import same_length
from neurona.plots.palette import BLUE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def predictions(
    truth: Any,
    predicted: Any,
    *,
    label: str = "value",
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw what a regression says over what is true, with the line on which both are equal.

    Shapes: truth and predicted (N,) or (N, 1).

    Args:
        truth, predicted: numbers.
        label: what they are, with their unit.
        title: none by default.
        ax: axes to draw on; by default a new figure.

    Raises:
        ShapeError: if the lengths differ.
        DataError: if there are no numbers, or one that is not finite.

    >>> predictions([1.0, 2.0], [1.5, 2.0], label="price").axes[0].get_xlabel()
    'true price'
    """
    x, y = as_numbers(truth, "truth"), as_numbers(predicted, "predicted")
    x, y = x.ravel(), y.ravel()
    same_length(truth=x, predicted=y)
    if not len(x) or not np.isfinite(x).all() or not np.isfinite(y).all():
        raise DataError("predictions are drawn as points.", expected="finite numbers, one or more")
    figure, ax = axes_for(ax, 6.4, 5.6)
    size = float(np.clip(20000 / len(x), 8, 40))
    ax.scatter(x, y, s=size, color=BLUE, alpha=0.6, linewidths=0)
    ends = [min(x.min(), y.min()), max(x.max(), y.max())]
    ax.plot(ends, ends, color=VERMILLION, linewidth=1.4, zorder=1)
    ax.set_xlabel(f"true {label}")
    ax.set_ylabel(f"predicted {label}")
    tidy(ax, grid="both")
    if title is not None:
        ax.set_title(title)
    return figure
