"""Points of two features on the plane, each class with its colour and marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, tidy
from neurona.plots.labels import read_outputs, same_length
from neurona.plots.palette import class_colors, class_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def read_points(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 2) of floats and their labels (N,), or raise a ShapeError or DataError."""
    points = as_array(X, "X")
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            "a boundary on the plane needs exactly two features.",
            got=f"X {points.shape}",
            expected="X (N, 2)",
            hint="choose two columns, X[:, [0, 1]], and train on them",
        )
    if len(points) == 0:
        raise DataError("there are no points to draw.", got="X (0, 2)", expected="one or more")
    if points.dtype.kind != "f":
        points = points.astype(np.float64)
    labels, _ = read_outputs(y, "y")
    same_length(X=points, y=labels)
    return points, labels


def view(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower left and the upper right corner of a view with room around the points."""
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    margin = np.where(high > low, 0.12 * (high - low), 1.0)
    return low - margin, high + margin


def draw_points(
    ax: Axes,
    points: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
    names: list[str],
    right: np.ndarray,
) -> None:
    """Scatter the points of each class; those that are not `right` get a thick black edge."""
    size = float(np.clip(12000 / len(points), 8, 46))
    for k, (value, color) in enumerate(zip(classes, class_colors(len(classes)), strict=True)):
        for good, edge, width in ((True, "white", 0.7), (False, "black", 1.6)):
            chosen = points[(labels == value) & (right == good)]
            if not len(chosen) and not (good and (labels == value).any()):
                continue
            ax.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=size,
                c=color,
                marker=class_marker(k),
                edgecolors=edge,
                linewidths=width,
                label=names[k] if good else "_wrong",
                gid="right" if good else "wrong",
                zorder=3 + (not good),
            )
    if not right.all():
        empty = ax.scatter([], [], s=40, linewidths=1.6, label="wrong side")  # for the legend only
        empty.set(facecolor="none", edgecolor="black")


def finish(ax: Axes, low: np.ndarray, high: np.ndarray) -> None:
    """Name the axes, and show exactly the view."""
    tidy(ax, grid="")
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_xlabel("feature x₁")
    ax.set_ylabel("feature x₂")
