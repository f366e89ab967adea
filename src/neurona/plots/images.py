"""Grids of pictures: samples of a data set, and the mistakes of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError, check_integer
from neurona.plots.canvas import as_array, check_names, grid_shape, new_figure
from neurona.plots.labels import read_outputs, same_length

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def samples(
    images: Any,
    labels: Any = None,
    *,
    count: int = 25,
    class_names: Any = None,
    columns: int | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the first `count` images in a grid, each under its label.

    Shapes: images (N, H, W), (N, H, W, 1), (N, H, W, 3) or flat (N, D) with D a square; labels
    (N,) or one-hot (N, K). One image alone has no N: (H, W) (if W is no square, or the label is
    alone, too), (H, W, 1), (H, W, 3) or (D,).

    Args:
        images: black is 0 and white is 1, 255, or with another range the largest value; with values
            below 0, black is the smallest.
        labels: the class of each image.
        count: how many are drawn at most.
        class_names: names of the classes in order, used instead of class numbers.
        columns: images a row; by default as many as make the grid nearly square.
        title: above the grid.

    Raises:
        ShapeError: if the images have another shape, or the labels another length.
        DataError: if there are no images.

    >>> import numpy as np
    >>> figure = samples(np.zeros((3, 64)), ["a", "b", "c"])
    >>> [ax.get_title() for ax in figure.axes]
    ['a', 'b', 'c']
    """
    if labels is not None and np.ndim(labels) == 0:  # of one image
        images, labels = as_array(images, "images")[None], [labels]
    pictures = as_pictures(images, "images")
    count = min(check_integer("count", count, minimum=1), len(pictures))
    captions = [""] * count
    if labels is not None:
        ids, _ = read_outputs(labels, "labels")
        same_length(images=pictures, labels=ids)
        captions = _names(ids[:count], class_names)
    return _grid(pictures[:count], captions, columns, title or "")


def misclassified(
    images: Any,
    y_true: Any,
    y_pred: Any,
    count: int = 25,
    *,
    class_names: Any = None,
    columns: int | None = None,
) -> Figure:
    """Draw the images a classifier got wrong, the mistake it was surest of first.

    Each caption holds the true class, what the classifier said, and how sure it was, where y_pred
    has probabilities. With plain labels the order is that of the data.

    Shapes: images as in `samples`; y_true (N,) or (N, K); y_pred (N,), (N, 1) or (N, K).

    Args:
        images: the images.
        y_true: the true classes.
        y_pred: predicted probabilities, scores or classes; or the model that says them.
        count: how many are drawn at most.
        class_names: names of the classes in order.
        columns: images a row; by default as many as make the grid nearly square.

    Raises:
        ShapeError: if the images have another shape, or the lengths differ.
        DataError: if there are no images.

    >>> import numpy as np
    >>> figure = misclassified(np.zeros((2, 4, 4)), [0, 1], [[0.1, 0.9], [0.2, 0.8]])
    >>> figure.axes[0].get_title()
    'true 0\\nsaid 1 (90 %)'
    """
    if hasattr(y_pred, "predict"):
        y_pred = y_pred.predict(np.asarray(images))
    if np.ndim(y_true) == np.ndim(y_pred) == 0:
        images, y_true, y_pred = as_array(images, "images")[None], [y_true], [y_pred]
    pictures = as_pictures(images, "images")
    count = check_integer("count", count, minimum=1)
    true, _ = read_outputs(y_true, "y_true")
    said, p = read_outputs(y_pred, "y_pred")
    same_length(images=pictures, y_true=true, y_pred=said)
    wrong = np.flatnonzero(true != said)
    if not len(wrong):
        figure = new_figure(5.0, 1.6)
        ax = figure.add_subplot()
        ax.axis("off")
        text = f"No mistakes: all {len(true):,} images are classified correctly."
        ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes)
        return figure
    order = "in the order of the data"
    if p is not None:
        wrong = wrong[np.argsort(-p[wrong].max(axis=1), kind="stable")]
        order = "surest first"
    shown = wrong[:count]
    sure = [""] * len(shown) if p is None else [f" ({100 * p[i].max():.0f} %)" for i in shown]
    names = zip(
        _names(true[shown], class_names), _names(said[shown], class_names), sure, strict=True
    )
    captions = [f"true {t}\nsaid {s}{percent}" for t, s, percent in names]
    of = f"{len(wrong):,} mistakes" if len(wrong) > 1 else "1 mistake"
    heading = f"{of} in {len(true):,} images"
    if len(shown) < len(wrong):
        heading = f"{len(shown)} of {heading}"
    return _grid(pictures[shown], captions, columns, f"{heading}, {order}")


def as_pictures(images: Any, name: str) -> np.ndarray:
    """Return images as float (N, H, W) or (N, H, W, 3) in [0, 1], or raise a ShapeError.

    >>> import numpy as np
    >>> as_pictures(np.full((1, 4), 255, np.uint8), "images").tolist()
    [[[1.0, 1.0], [1.0, 1.0]]]
    """
    array = as_array(images, name)
    if array.size == 0 or array.dtype.kind not in "biuf":
        raise DataError(
            f"{name} holds no images.", got=f"{array.shape} of {array.dtype}", expected="(N, H, W)"
        )
    if _is_one(array):
        array = array[None]
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        side = round(array.shape[1] ** 0.5)
        if side * side != array.shape[1]:
            raise ShapeError(
                f"{name} are flat and not square.",
                got=f"{array.shape}: {array.shape[1]} is not a square number",
                expected="(N, H, W), or (N, D) with D a square",
                hint=f"{name}.reshape(-1, height, width)",
            )
        array = array.reshape(-1, side, side)
    if array.ndim != 3 and not (array.ndim == 4 and array.shape[-1] in (3, 4)):
        raise ShapeError(
            f"{name} have no shape of images.",
            got=str(array.shape),
            expected="(N, H, W), (N, H, W, 1), (N, H, W, 3) or (N, D)",
            hint="channels come last: np.moveaxis(images, 1, -1)"
            if array.ndim == 4
            else "one image alone: images[None]",
        )
    pixels = array.astype(np.float64)
    low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0:
        low, high = 0.0, 255.0 if 127 < high <= 255 else high
    return (pixels - low) / ((high - low) or 1.0)


def _is_one(array: np.ndarray) -> bool:
    """Whether an array is one image: (H, W), (H, W, 1), (H, W, 3) or (D,)."""
    if array.ndim == 3:
        return array.shape[-1] in (1, 3) and min(array.shape[:2]) > 3
    if array.ndim not in (1, 2):
        return False
    square = round(array.shape[-1] ** 0.5) ** 2 == array.shape[-1]
    if array.ndim == 1:
        return square
    return not square and max(array.shape) <= 4 * min(array.shape)  # a strip is none


def _names(ids: np.ndarray, class_names: Any) -> list[str]:
    if class_names is None or ids.dtype.kind not in "iu":
        return [str(i) for i in ids.tolist()]
    names = check_names(class_names, int(ids.max(initial=-1)) + 1)
    return [names[i] for i in ids.tolist()]


def _grid(pictures: np.ndarray, captions: list[str], columns: int | None, title: str) -> Figure:
    rows, columns = grid_shape(len(pictures), columns)
    lines = 1 + captions[0].count("\n") if captions[0] else 0
    longest = max(len(line) for caption in captions for line in caption.split("\n"))
    wide = pictures.shape[2] / pictures.shape[1]
    across = 1.15 * max(wide, 1.0) ** 0.5  # a line of text is not drawn as narrow as a letter
    width = max(across, 0.072 * longest + 0.1)
    height = across / wide + 0.17 * lines
    figure = new_figure(
        max(width * columns, 3.2, 0.095 * len(title)), height * rows + (0.5 if title else 0.15)
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, picture, caption in zip(axes, pictures, captions, strict=False):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(caption, fontsize=8.5, pad=3)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set(color="0.6", linewidth=0.6)
    for ax in axes[len(pictures) :]:
        ax.remove()
    if title:
        figure.suptitle(title, fontsize="medium")
    return figure
