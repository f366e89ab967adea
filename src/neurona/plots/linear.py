"""The line of a perceptron, and the two half planes it parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, axes_for, check_names
from neurona.plots.palette import class_colors, tint
from neurona.plots.plane import draw_points, finish, read_points, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARROW = 0.14  # length of the weights' arrow, of the diagonal of the view
STRIP = 4.0  # how many times as long as the other a side may be at one scale


def linear_boundary(
    weights: Any,
    bias: Any,
    X: Any,
    y: Any,
    *,
    class_names: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the line w1 x1 + w2 x2 + b = 0 of a perceptron, its two sides, and the points.

    The positive side is where the sum is above 0, as a perceptron has it: a point on the line is of
    the other class. The arrow is the weight vector: it stands at a right angle to the line and
    points to the positive side. Both axes have one scale for that; where the features' ranges are
    too different for it there is no arrow. Vertical lines (w2 = 0) need no care; with both weights
    0 there is no line, and the title says so.

    Shapes: weights (2,) or (2, 1); bias a number; X (N, 2); y (N,) of two classes.

    Args:
        weights: the two weights.
        bias: the bias b, added to the weighted sum.
        X: the points.
        y: their classes; the larger label is the positive side.
        class_names: names of the negative and the positive class.
        ax: axes to draw on; by default a new figure.

    Raises:
        ShapeError: if there are not two weights, one bias and two features.
        DataError: if y has more than two classes.

    >>> figure = linear_boundary([1.0, 0.0], -0.5, [[0, 0], [1, 1]], [0, 1])
    >>> figure.axes[0].lines[0].get_xdata().tolist()  # a vertical line
    [0.5, 0.5]
    """
    w = as_array(weights, "weights").astype(np.float64).ravel()
    b = as_array(bias, "bias").astype(np.float64).ravel()
    if w.size != 2 or b.size != 1:
        raise ShapeError(
            "a line on the plane has two weights and one bias.",
            got=f"{w.size} weights and {b.size} biases",
            expected="weights (2,) and one bias",
        )
    points, labels = read_points(X, y)
    classes = np.unique(labels)
    if len(classes) > 2:
        raise DataError(
            "a line parts two classes.", got=f"{len(classes)} classes in y", expected="two"
        )
    if len(classes) == 1:  # only one class is present: its label says which side it belongs to
        value = classes[0]
        numeric = classes.dtype.kind in "if"
        pair = [-1, 1] if numeric and value == -1 else [0, 1]
        classes = np.array(pair) if numeric and value in pair else np.array([f"not {value}", value])
    names = check_names(classes if class_names is None else class_names, 2)
    colors = class_colors(2)
    low, high = view(points)
    own = ax is None
    figure, ax = axes_for(ax, 6.2, 5.4)

    corners = np.array([[x, v] for v in (low[1], high[1]) for x in (low[0], high[0])])
    score = (corners @ w + b[0]).reshape(2, 2)
    edges = [min(score.min(), 0) - 1, 0, max(score.max(), 0) + 1]
    ax.contourf(
        [low[0], high[0]],
        [low[1], high[1]],
        score,
        levels=edges,
        colors=[tint(c, 0.22) for c in colors],
        zorder=0,
    )
    if w.any():
        alike = _one_scale(ax, low, high)
        _draw_line(ax, w, b[0], low, high, arrow=alike)
        crosses = score.min() <= 0 <= score.max()
        title = "Linear boundary" if crosses else "Linear boundary (outside this view)"
    else:
        side = names[1] if b[0] > 0 else names[0]
        title = f"Both weights are 0: no line yet, every point counts as class {side}"
    positive = points @ w + b[0] > 0
    draw_points(ax, points, labels, classes, names, (labels == classes[1]) == positive)
    finish(ax, low, high)
    ax.set_title(title)
    if own:
        handles, texts = ax.get_legend_handles_labels()
        if len(handles) > len(names):  # the line behind the classes
            handles, texts = handles[1:] + handles[:1], texts[1:] + texts[:1]
        ncols = len(texts) if sum(map(len, texts)) < 45 else 1  # columns would break the order
        figure.legend(handles, texts, loc="outside lower center", ncols=ncols, frameon=False)
    return figure


def _one_scale(ax: Axes, low: np.ndarray, high: np.ndarray) -> bool:
    """Give both axes one scale, if the plot does not become a strip by that."""
    ranges = high - low
    alike = ranges.max() <= STRIP * ranges.min()
    if alike:
        ax.set_aspect("equal", adjustable="box")
    return alike


def _draw_line(
    ax: Axes, w: np.ndarray, b: float, low: np.ndarray, high: np.ndarray, arrow: bool
) -> None:
    middle = (low + high) / 2
    foot = middle - w * (middle @ w + b) / (w @ w)  # the point of the line nearest the middle
    along = np.array([-w[1], w[0]]) / np.linalg.norm(w)
    reach = 2 * np.linalg.norm(high - low)
    ends = np.stack([foot - reach * along, foot + reach * along])
    second, third = (f"{'−' if v < 0 else '+'} {abs(v):.3g}" for v in (w[1], b))
    label = f"{w[0]:.3g}·x₁ {second}·x₂ {third} = 0".replace("-", "−")
    ax.plot(ends[:, 0], ends[:, 1], color="0.1", linewidth=2, label=label)
    first, last = _inside(foot, along, low, high)
    if arrow and first < last:
        _draw_weights(ax, w / np.linalg.norm(w), foot + (first + last) / 2 * along, low, high)


def _draw_weights(
    ax: Axes, direction: np.ndarray, foot: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Draw the arrow of the weights, as long as there is room, and its name beside it."""
    _, room = _inside(foot, direction, low, high)
    length = min(ARROW * float(np.linalg.norm(high - low)), 0.9 * room)
    tip = foot + length * direction
    style = {"arrowstyle": "-|>", "color": "0.1", "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", _pair(tip), _pair(foot), arrowprops=style, gid="weights")
    beside = 10 * np.array([-direction[1], direction[0]])  # points of the page
    ax.annotate(
        "w",
        _pair((foot + tip) / 2),
        _pair(beside),
        textcoords="offset points",
        fontweight="bold",
        color="0.1",
        ha="center",
        va="center",
        zorder=6,
    )


def _pair(place: np.ndarray) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def _inside(
    start: np.ndarray, direction: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[float, float]:
    """Return from which t to which start + t direction is in the view; (0, 0) if nowhere."""
    moving = direction != 0
    if not ((low <= start) & (start <= high))[~moving].all():
        return 0.0, 0.0
    walls = np.stack([low - start, high - start])[:, moving] / direction[moving]
    first, last = float(walls.min(axis=0).max()), float(walls.max(axis=0).min())
    return (first, last) if first < last else (0.0, 0.0)
