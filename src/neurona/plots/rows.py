"""Rows of images that belong together: before and after, steps on a way, samples over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, check_mapping, new_figure
from neurona.plots.images import as_pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def image_rows(
    rows: Mapping[str, Any],
    captions: Sequence[Any] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Draw rows of images, each row behind its name, close together so that columns compare.

    Shapes: rows: images as in `samples`, all of one shape (N, ...).

    Args:
        rows: name -> images; all are drawn with the same black and white.
        captions: one above each of the N columns.
        title: above all.

    Raises:
        DataError: if there are no rows, or no images.
        ShapeError: if the rows differ in shape, or there is not one caption for each column.

    >>> figure = image_rows({"before": np.zeros((3, 4, 4)), "after": np.ones((3, 4, 4))})
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['before', 'after']
    """
    check_mapping(rows, "rows", "images")
    arrays = [as_array(images, f"the row {name!r}") for name, images in rows.items()]
    if not arrays:
        raise DataError("there are no rows to draw.", expected="a dict of name -> images")
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            "rows of images have one shape.",
            got=", ".join(map(str, sorted(shapes))),
            expected="as many images of one size in each row",
        )
    count = len(arrays[0])
    if captions is not None and len(captions) != count:
        raise ShapeError(
            "image_rows: a caption for each column.",
            got=f"{len(captions)} captions, {count} images",
        )
    pictures = as_pictures(np.concatenate(arrays), "rows")
    height, width = pictures.shape[1:3]
    gap = max(1, width // 14)
    strips = [_strip(own, gap) for own in np.split(pictures, len(rows))]
    between = np.ones((gap, *strips[0].shape[1:]))
    mosaic = np.concatenate([part for strip in strips for part in (strip, between)][:-1])
    inches = min(0.75, 11.0 / count) / width  # of a pixel; the widest figure is about a page
    figure = new_figure(
        inches * mosaic.shape[1] + 0.09 * max(map(len, rows)) + 0.3,
        inches * mosaic.shape[0] + (0.25 if captions else 0.1) + (0.3 if title else 0),
    )
    ax = figure.add_subplot()
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_anchor("E")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.set_yticks(np.arange(len(rows)) * (height + gap) + (height - 1) / 2, list(rows), fontsize=9)
    ax.set_xticks(
        np.arange(count) * (width + gap) + (width - 1) / 2,
        [""] * count if captions is None else [str(c) for c in captions],
        fontsize=8.5,
    )
    if title:
        figure.suptitle(title, fontsize="medium")
    return figure


def _strip(pictures: np.ndarray, gap: int) -> np.ndarray:
    """Return pictures side by side, with white between them."""
    white = np.ones((pictures.shape[1], gap, *pictures.shape[3:]))
    parts = [part for picture in pictures for part in (picture, white)][:-1]
    return np.concatenate(parts, axis=1)
