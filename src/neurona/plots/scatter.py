"""A map: points of the plane, each class with its colour and marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, axes_for, check_names
from neurona.plots.labels import read_outputs, same_length
from neurona.plots.palette import class_colors, class_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def scatter(
    points: Any,
    labels: Any = None,
    *,
    class_names: Any = None,
    axis_names: tuple[str, str] = ("", ""),
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw points on the plane, such as codes of images, with equal scales.

    Shapes: points (N, 2), labels (N,) or one-hot (N, K).

    Args:
        points: where they are.
        labels: the class of each; without, all look alike.
        class_names: names of the classes in order, for the legend.
        axis_names: what is to the right and upwards.
        title: none by default.
        ax: axes to draw on; by default a new figure.

    Raises:
        ShapeError: if the points have not two numbers each, or the labels another length.
        DataError: if there are no points, or one that is no number.

    >>> figure = scatter([[0.0, 1.0], [2.0, 3.0]], [0, 1], class_names=["zero", "one"])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['zero', 'one']
    """
    places = as_array(points, "points")
    if places.ndim != 2 or places.shape[1] != 2:
        raise ShapeError(
            "points of the plane have two numbers each.",
            got=f"points {places.shape}",
            expected="(N, 2)",
            hint="np.stack([x, y], axis=1), of two series"
            if places.ndim == 1
            else "two columns, or the first two principal components",
        )
    if not len(places) or places.dtype.kind not in "biuf" or not np.isfinite(places).all():
        raise DataError(
            "a map shows points.", got=f"{len(places)} of {places.dtype}", expected="finite numbers"
        )
    ids = np.zeros(len(places), int) if labels is None else read_outputs(labels, "labels")[0]
    same_length(points=places, labels=ids)
    classes = np.unique(ids)
    names = [str(c) for c in classes.tolist()]
    if class_names is not None and ids.dtype.kind in "iu":
        named = check_names(class_names, int(classes.max()) + 1)
        names = [named[c] for c in classes.tolist()]
    figure, ax = axes_for(ax, 7.2, 6.0)
    size = float(np.clip(20000 / len(places), 12, 46))
    colors = class_colors(len(classes))
    for k, (value, color, name) in enumerate(zip(classes, colors, names, strict=True)):
        own = places[ids == value]
        ax.scatter(
            own[:, 0], own[:, 1], s=size, c=color, marker=class_marker(k), linewidths=0, label=name
        )
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set(color="0.6", linewidth=0.6)
    ax.set_xlabel(axis_names[0])
    ax.set_ylabel(axis_names[1])
    if labels is not None:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, markerscale=1.6)
    if title is not None:
        ax.set_title(title)
    return figure
