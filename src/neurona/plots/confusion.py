"""Which class is taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import ArgumentError, DataError, ShapeError, check_choice
from neurona.plots.canvas import as_array, axes_for, check_names
from neurona.plots.labels import read_outputs, same_length
from neurona.plots.palette import BLUE, VERMILLION, ink_on, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS_UP_TO = 25  # with more classes the cells are too small for numbers


def confusion_matrix(
    y_true: Any,
    y_pred: Any = None,
    *,
    class_names: Any = None,
    normalize: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw how often each true class (row) was taken for each class (column).

    Blue is right and orange is wrong, deeper for a larger share of the row. Up to seven classes, a
    cell holds the count and its share of the row; up to 25, one number.

    Shapes: y_true and y_pred (N,), (N, 1) or (N, K); or y_true a square matrix of counts (K, K).

    Args:
        y_true: the true classes, or the matrix of counts itself when y_pred is left out.
        y_pred: the predicted classes, probabilities or scores.
        class_names: names of the classes in order; by default their labels.
        normalize: None for counts, "true" for shares of each row (recall), "pred" for shares of
            each column (precision), "all" for shares of everything.
        title: by default the accuracy.
        ax: axes to draw on; by default a new figure.

    Raises:
        ShapeError: if the lengths differ, or the matrix is not square.
        DataError: if there is nothing to count.
        ArgumentError: if normalize is unknown, or class_names too short.

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    >>> figure.axes[0].get_title()
    'Confusion matrix: 75 % of 4 right'
    """
    if normalize is not None:
        check_choice("normalize", normalize, ("true", "pred", "all"))
    counts, labels = _count(y_true, y_pred, class_names)
    size = len(labels)
    total = counts.sum()
    if not total > 0:
        raise DataError("there is nothing to count.", got="no examples", expected="one or more")
    per_row = _divide(counts, counts.sum(axis=1, keepdims=True))
    base = {"true": 1, "pred": 0, "all": None}.get(normalize or "true")
    shares = _divide(counts, counts.sum(axis=base, keepdims=True)) if normalize else per_row

    side = max(3.6, min(1.9 + size * (0.85 if size <= 7 else 0.47), 13.0))
    figure, ax = axes_for(ax, side + 0.6, side)
    diagonal = np.eye(size, dtype=bool)[..., None]
    scale = shares / shares.max() if normalize == "all" else shares
    # Off the diagonal the root makes 1 % visible: rare errors are what one looks for.
    depth = np.where(diagonal[..., 0], 0.9 * scale, np.sqrt(scale))[..., None]
    picture = 1 - depth * (1 - np.where(diagonal, rgb(BLUE), rgb(VERMILLION)))
    ax.imshow(picture, aspect="equal", interpolation="nearest")
    ax.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="0.85", linewidth=0.8)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    if size <= NUMBERS_UP_TO:
        _write_cells(ax, counts, shares, per_row, picture, normalize)
    long = (size > 7 and max(map(len, labels)) > 2) or max(map(len, labels)) > 9
    ax.set_xticks(range(size), labels, rotation=45 if long else 0, ha="right" if long else "center")
    if long:
        for tick in ax.get_xticklabels():
            tick.set_rotation_mode("anchor")
    ax.set_yticks(range(size), labels)
    ax.set_xlabel("predicted class")
    if normalize:
        of = {"true": "each row", "pred": "each column", "all": "all cells"}[normalize]
        ax.set_xlabel(f"predicted class (% of {of})")
    ax.set_ylabel("true class")
    accuracy = f"{100 * np.trace(counts) / total:.3g} % of {total:,.0f} right"
    ax.set_title(f"Confusion matrix: {accuracy}" if title is None else title)
    return figure


def _count(y_true: Any, y_pred: Any, class_names: Any) -> tuple[np.ndarray, list[str]]:
    if y_pred is None:
        counts = as_array(y_true, "the matrix")
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
            raise ShapeError(
                "a confusion matrix is square.",
                got=str(counts.shape),
                expected="(K, K), or both y_true and y_pred",
                hint="confusion_matrix(y_true, y_pred)",
            )
        if counts.dtype.kind not in "biuf" or counts.min(initial=0) < 0:
            raise DataError("counts must be numbers of 0 or more.", expected="counts of examples")
        names = range(len(counts)) if class_names is None else class_names
        return counts.astype(np.float64), check_names(names, len(counts))[: len(counts)]
    true, _ = read_outputs(y_true, "y_true")
    said, p = read_outputs(y_pred, "y_pred")
    same_length(y_true=true, y_pred=said)
    if not len(true):
        raise DataError("there is nothing to count.", got="no examples", expected="one or more")
    if (true.dtype.kind == "U") != (said.dtype.kind == "U"):
        raise ArgumentError(
            "y_true and y_pred name the classes differently.",
            got=f"{true[0]!r} and {said[0]!r}",
            expected="both as texts or both as numbers",
        )
    classes = np.unique(np.concatenate([true, said]))
    if true.dtype.kind in "iu" and classes[0] >= 0:
        named = 0 if class_names is None else len(class_names)
        columns = 0 if p is None else p.shape[1]
        if named or columns:
            classes = np.arange(max(named, columns, int(classes[-1]) + 1))
    counts = np.zeros((len(classes), len(classes)))
    np.add.at(counts, (np.searchsorted(classes, true), np.searchsorted(classes, said)), 1)
    return counts, check_names(classes if class_names is None else class_names, len(classes))


def _divide(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)


def _write_cells(
    ax: Axes,
    counts: np.ndarray,
    shares: np.ndarray,
    per_row: np.ndarray,
    picture: np.ndarray,
    normalize: str | None,
) -> None:
    size = len(counts)
    small = 10.0 if size <= 7 else 9.0 if size <= 12 else 8.0
    for i, j in np.ndindex(size, size):
        if counts[i, j] == 0 and (size > 5 or i == j):
            text = "0" if i == j else ""  # zeros would hide the errors
        elif normalize:
            text = f"{100 * shares[i, j]:.1f} %" if size <= 7 else f"{100 * shares[i, j]:.0f}"
        else:
            text = f"{counts[i, j]:,.10g}"
            if size <= 7:
                text += f"\n{100 * per_row[i, j]:.1f} %"
        ax.text(j, i, text, ha="center", va="center", fontsize=small, color=ink_on(picture[i, j]))
