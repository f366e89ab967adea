"""Where the vectors of an embedding lie: their first two principal components, with words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, axes_for
from neurona.plots.palette import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def embedding_space(
    vectors: Any,
    words: Sequence[Any] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw vectors on the plane in which they differ most: x = (v - mean) · two main directions.

    What lies near each other here need not be near in all dimensions; the axes say how much of the
    spread each of them shows.

    Shapes: vectors (V, D), or an Embedding layer with such a table.

    Args:
        vectors: the table, or the layer.
        words: what stands beside each point; by default nothing.
        title: none by default.
        ax: axes to draw on; by default a new figure.

    Raises:
        ShapeError: if it is no table, or there is not one word for each row.
        DataError: if there are fewer than two vectors, or some are not finite.

    >>> figure = embedding_space([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]], ["a", "b", "c"])
    >>> figure.axes[0].get_xlabel(), [text.get_text() for text in figure.axes[0].texts]
    ('100 % of the spread', ['a', 'b', 'c'])
    """
    table = as_array(getattr(vectors, "embeddings", vectors), "vectors")
    if table.ndim != 2 or not table.shape[1]:
        raise ShapeError("an embedding is a table.", got=str(table.shape), expected="(V, D)")
    if words is not None and len(words) != len(table):
        raise ShapeError(
            "one word for each vector.", got=f"{len(words)} words, {len(table)} vectors"
        )
    if len(table) < 2 or not np.isfinite(table).all():
        raise DataError("a map needs two or more finite vectors.", got=str(table.shape))
    centred = table.astype(float) - table.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    signs = np.where(
        directions[np.arange(len(directions)), np.abs(directions).argmax(1)] < 0, -1, 1
    )
    places = centred @ (directions * signs[:, None]).T
    places = np.pad(places, ((0, 0), (0, max(0, 2 - places.shape[1]))))[:, :2]
    shares = np.pad(sizes**2 / max(float((sizes**2).sum()), 1e-300), (0, 2))[:2]
    figure, ax = axes_for(ax, 7.2, 6.0)
    ax.scatter(places[:, 0], places[:, 1], s=float(np.clip(4000 / len(table), 6, 40)), c=BLUE)
    for (x, y), word in zip(places, () if words is None else words, strict=words is not None):
        ax.annotate(str(word), (x, y), (3, 3), textcoords="offset points", fontsize="small")
    ax.set_xlabel(f"{100 * shares[0]:.0f} % of the spread")
    ax.set_ylabel(f"{100 * shares[1]:.0f} % of the spread")
    ax.set_xticks([])
    ax.set_yticks([])
    if title is not None:
        ax.set_title(title)
    return figure
