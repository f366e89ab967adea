"""What a classifier of two features says everywhere on the plane, and where it changes its mind."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import ArgumentError, DataError, ShapeError, check_integer
from neurona.plots.canvas import as_array, axes_for, check_names, grid_shape, new_figure
from neurona.plots.labels import read_outputs
from neurona.plots.palette import class_colors, rgb, tint
from neurona.plots.plane import draw_points, finish, read_points, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def decision_boundary(
    predict: Any,
    X: Any,
    y: Any,
    *,
    class_names: Any = None,
    resolution: int = 200,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Colour the plane by what a classifier says there, under the points it should get right.

    The deeper the colour, the surer the classifier; dark lines are the boundaries between classes,
    and thin ones, with two classes, the probabilities 0.1, 0.25, 0.75 and 0.9. Points on the wrong
    side have a thick black edge.

    Shapes: X (N, 2); y (N,), (N, 1) or one-hot (N, K); predict (M, 2) -> (M,), (M, 1) or (M, K).

    Args:
        predict: a callable, or an object with a `predict` method. Its output may be class ids,
            the probability of the second class, logits, or a score for each class.
        X: the points, exactly two features each.
        y: their classes: numbers, texts, -1 and 1, or one-hot rows.
        class_names: names of the classes in order; by default their labels.
        resolution: cells along each axis; `predict` is called once with resolution**2 points.
        title: by default the share of points on their side.
        ax: axes to draw on; by default a new figure, with a legend and a colour bar beside it.

    Raises:
        ShapeError: if X has not two features, or `predict` does not answer row by row.
        ArgumentError: if predict is not callable, or class_names is too short.

    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> figure = decision_boundary(lambda p: p[:, 0] * p[:, 1] > 0.5, X, [0, 0, 0, 1])
    >>> figure.axes[0].get_title()
    'Decision boundary: 100 % of 4 points on their side'
    """
    _caller(predict)  # tells if the arguments are in another order
    points, labels = read_points(X, y)
    resolution = check_integer("resolution", resolution, minimum=2)
    call = _caller(predict)
    signed = labels.dtype.kind in "if" and labels.size > 0 and labels.min() == -1
    low, high = view(points)
    xs, ys = (np.linspace(low[i], high[i], resolution) for i in (0, 1))
    mesh = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(points.dtype)
    said, p = read_outputs(_answers(call, mesh), "the output of predict", signed=signed)
    said_points, p_points = read_outputs(_answers(call, points), "the output", signed=signed)
    classes = _classes(labels, said, said_points, p, signed)
    names = check_names(classes if class_names is None else class_names, len(classes))
    colors = class_colors(len(classes))

    if p is None:
        winner = np.searchsorted(classes, said)
        p = np.eye(len(classes))[winner]
        strength = np.full(len(winner), 0.32)
    else:
        winner = p.argmax(axis=1)
        sure = (p.max(axis=1) - 1 / p.shape[1]) / (1 - 1 / p.shape[1])
        strength = 0.06 + 0.5 * sure
    plane = 1 - strength[:, None] * (1 - np.array([rgb(c) for c in colors])[winner])
    shape = (resolution, resolution)

    own = ax is None
    figure, ax = axes_for(ax, 6.6, 5.4)
    ax.imshow(
        plane.reshape(*shape, 3),
        extent=(low[0], high[0], low[1], high[1]),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=0,
    )
    for k in range(len(classes)):
        lead = p[:, k] - np.delete(p, k, axis=1).max(axis=1, initial=0)
        if lead.min() < 0 < lead.max():
            ax.contour(xs, ys, lead.reshape(shape), levels=[0.0], colors="0.15", linewidths=1.6)
        if len(classes) == 2:
            break  # the other class has the same boundary
    graded = p.shape[1] == 2 and bool(((p > 0.01) & (p < 0.99)).any())
    if graded:
        second = p[:, 1].reshape(shape)
        inside = [v for v in (0.1, 0.25, 0.75, 0.9) if second.min() < v < second.max()]
        if inside:
            ax.contour(xs, ys, second, levels=inside, colors="0.3", linewidths=0.6, alpha=0.7)
    if p_points is not None:
        said_points = classes[p_points.argmax(axis=1)]
    right = said_points == labels
    draw_points(ax, points, labels, classes, names, right)
    finish(ax, low, high)
    share = f"{100 * right.mean():.3g} % of {len(points):,} points on their side"
    ax.set_title(f"Decision boundary: {share}" if title is None else title)
    if own:
        figure.legend(loc="outside lower center", ncols=min(len(names) + 1, 6), frameon=False)
        if graded:
            _probability_bar(figure, ax, colors, names[1])
    return figure


def boundary_grid(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    class_names: Any = None,
    columns: int | None = None,
    resolution: int = 150,
) -> Figure:
    """Draw the decision boundaries of several models side by side, on the same points.

    Args:
        models: maps a title to a callable or an object with `predict`; see `decision_boundary`.
        X: the points (N, 2).
        y: their classes.
        class_names: names of the classes in order.
        columns: panels a row; by default as many as make the grid nearly square.
        resolution: cells along each axis of a panel.

    Raises:
        DataError: if there are no models.
        ShapeError: if X has not two features.

    >>> X, y = [[0, 0], [1, 1]], [0, 1]
    >>> models = {"by x": lambda p: p[:, 0] > 0.5, "by y": lambda p: p[:, 1] > 0.5}
    >>> [ax.get_title() for ax in boundary_grid(models, X, y).axes]
    ['by x\\n100 % right', 'by y\\n100 % right']
    """
    if not isinstance(models, Mapping) or not models:
        raise DataError(
            "there are no models to draw.",
            got=type(models).__name__,
            expected="a dict from title to model",
            hint='{"mine": model}; of one alone: decision_boundary(model, X, y)',
        )
    rows, columns = grid_shape(len(models), columns)
    figure = new_figure(max(3.3 * columns, 4.5), 3.2 * rows + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for ax, (title, model) in zip(axes, models.items(), strict=False):
        decision_boundary(
            model, X, y, class_names=class_names, resolution=resolution, title="", ax=ax
        )
        points, _ = read_points(X, y)
        wrong = sum(len(c.get_offsets()) for c in ax.collections if c.get_gid() == "wrong")
        ax.set_title(f"{title}\n{100 * (1 - wrong / len(points)):.3g} % right", fontsize="medium")
        ax.label_outer()
    for ax in axes[len(models) :]:
        ax.remove()
    handles: dict[str, Any] = {}
    for ax in axes[: len(models)]:
        found, texts = ax.get_legend_handles_labels()
        handles.update(dict(zip(texts, found, strict=True)))
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=min(len(handles), 5),
        frameon=False,
    )
    return figure


def _caller(predict: Any) -> Any:
    call = getattr(predict, "predict", predict)
    if not callable(call):
        raise ArgumentError(
            "predict must be callable.",
            got=type(predict).__name__,
            expected="a function of points (N, 2), or an object with a predict method",
        )
    try:
        quiet = "verbose" in inspect.signature(call).parameters
    except (TypeError, ValueError):
        quiet = False
    return (lambda points: call(points, verbose=0)) if quiet else call


def _answers(call: Any, points: np.ndarray) -> np.ndarray:
    answers = as_array(call(points), "the output of predict")
    if answers.ndim == 0 or len(answers) != len(points):
        raise ShapeError(
            "predict must answer every point.",
            got=f"{answers.shape} for {len(points)} points",
            expected=f"({len(points)},), ({len(points)}, 1) or ({len(points)}, K)",
            hint="lambda points: np.array([predict_one(p) for p in points])",
        )
    return answers


def _classes(
    labels: np.ndarray, said: np.ndarray, said_points: np.ndarray, p: Any, signed: bool
) -> np.ndarray:
    """The label of each class, in the order of the columns of p."""
    known = np.unique(labels)
    if p is None:
        return np.unique(np.concatenate([known, np.unique(said), np.unique(said_points)]))
    count = p.shape[1]
    if signed and count == 2:
        return np.array([-1, 1])
    if known.dtype.kind in "iu" and known.min() >= 0 and known.max() < count:
        return np.arange(count)
    if len(known) != count:
        raise ShapeError(
            "predict and y speak of different classes.",
            got=f"{count} scores a point and {len(known)} classes in y",
            expected="one score for each class",
        )
    return known


def _probability_bar(figure: Figure, ax: Axes, colors: list[str], name: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    values = np.linspace(0, 1, 201)
    shades = [tint(colors[int(v >= 0.5)], 0.06 + 0.5 * abs(2 * v - 1)) for v in values]
    bar = figure.colorbar(ScalarMappable(cmap=ListedColormap(shades)), ax=ax)
    bar.set_label(f"probability of class {name}")
    bar.set_ticks([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
