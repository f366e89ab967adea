"""What a convolutional network makes of one image: the maps that its layers hand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.core.observation import observing
from neurona.core.tensor import tensor
from neurona.errors import ArgumentError, DataError, ShapeError, check_integer, unknown
from neurona.plots.canvas import as_array, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def feature_maps(
    model: Any,
    image: Any,
    layers: Sequence[str] | None = None,
    *,
    count: int = 10,
    title: str | None = None,
) -> Figure:
    """Draw what layers make of an image: a row for each layer, a tile for each channel.

    The image stands above, on the left. In a row, black is the smallest value of all its channels
    and white the largest, so tiles of a row compare; a tile that is black throughout is a channel
    that found nothing here.

    Shapes: image (H, W), (H, W, C) or (1, H, W, C), as the model takes it without the batch; a
    layer's maps (1, H', W', C').

    Args:
        model: a built model; it is called once, not in training.
        image: one image.
        layers: names of layers that return maps, in the order of the rows; by default all that
            convolve.
        count: channels drawn of each layer at most, the first ones.
        title: above the picture; none by default.

    Raises:
        ShapeError: if it is not one image, or a layer returns no maps.
        ArgumentError: if the model has no such layer, or does not call it.
        DataError: if no layer convolves.

    >>> from neurona.layers import Conv2D, Input
    >>> from neurona.models import Sequential
    >>> model = Sequential([Input((8, 8, 1)), Conv2D(3, 3, name="look")])
    >>> figure = feature_maps(model, np.zeros((8, 8)))
    >>> figure.axes[1].get_ylabel(), len(figure.axes)  # the image, and three maps
    ('look\\n6 × 6 × 3', 4)
    """
    count = check_integer("count", count, minimum=1)
    picture = as_array(image, "image")
    if picture.ndim == 4 and len(picture) == 1:
        picture = picture[0]
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3:
        raise ShapeError(
            "feature maps are those of one image.",
            got=str(picture.shape),
            expected="(H, W), (H, W, C) or (1, H, W, C)",
            hint="one of several: images[0]",
        )
    maps = _maps(model, picture, layers)
    columns = min(count, max(m.shape[-1] for m in maps.values()))
    figure = new_figure(max(0.8 * columns + 1.1, 3.2), 0.82 * (len(maps) + 1) + 0.3)
    axes = figure.subplots(len(maps) + 1, columns, squeeze=False)
    shown = picture[..., 0] if picture.shape[-1] == 1 else picture[..., :3]
    _draw(axes[0, 0], shown, float(shown.min()), float(shown.max()))
    _label(axes[0, 0], f"image\n{' × '.join(map(str, picture.shape))}")
    for ax in axes[0, 1:]:
        ax.remove()
    for row, (name, values) in zip(axes[1:], maps.items(), strict=True):
        low, high = float(values.min()), float(values.max())
        for channel, ax in enumerate(row):
            if channel < values.shape[-1]:
                _draw(ax, values[..., channel], low, high)
            else:
                ax.remove()
        _label(row[0], f"{name}\n{' × '.join(map(str, values.shape))}")
    if title is not None:
        figure.suptitle(title, fontsize="medium")
    return figure


def _maps(model: Any, picture: np.ndarray, names: Sequence[str] | None) -> dict[str, np.ndarray]:
    """Return the maps (H', W', C') of each layer by its name."""
    known = {layer.name: layer for layer in model.all_layers()}
    if names is None:
        kernels = {n: getattr(layer, "kernel", None) for n, layer in known.items()}
        names = [n for n, kernel in kernels.items() if kernel is not None and kernel.ndim == 4]
        if not names:
            raise DataError(
                "no layer of this model convolves images.",
                got=", ".join(type(layer).__name__ for layer in model.layers) or "no layers",
                hint="name layers that return maps: layers=[...]",
            )
    for name in names:
        if name not in known:
            raise unknown("layer", name, known)
    with observing(*names) as seen:
        model(tensor(picture[None]), training=False)
    found = {path.split("/")[-1]: value.numpy() for path, value in seen.items()}
    for name in names:
        if name not in found:
            raise ArgumentError(f"the model does not call its layer {name!r}.")
        if found[name].ndim != 4:
            raise ShapeError(
                f"the layer {name!r} returns no maps.",
                got=str(found[name].shape),
                expected="(1, H, W, C)",
            )
    return {name: found[name][0] for name in names}


def _draw(ax: Any, values: np.ndarray, low: float, high: float) -> None:
    scaled = (values - low) / ((high - low) or 1.0)
    ax.imshow(scaled, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set(color="0.6", linewidth=0.6)


def _label(ax: Any, text: str) -> None:
    ax.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8.5)
