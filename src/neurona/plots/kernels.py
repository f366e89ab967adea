"""What a layer looks for: its weights as pictures, all on one scale with white at 0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError, StateError, check_choice, check_integer
from neurona.plots.canvas import as_array, grid_shape, new_figure, tidy
from neurona.plots.palette import BLUE, DIVERGING, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("auto", "tiles", "heatmap", "histogram")
CHANNELS = 8  # channels of a filter drawn at most; with more, a tile is too small to see


def weights(
    source: Any,
    *,
    kind: str = "auto",
    count: int = 64,
    columns: int | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the weights of a layer as pictures, or those of a whole model as histograms.

    Blue is negative, white is 0, red is positive, on one symmetric scale, so that tiles compare.

    Shapes: a Dense kernel (D, units), tiled as units pictures when D is a square of 8 or more, else
    a heatmap; a Conv2D kernel (KH, KW, C, F), a row for each filter and a column for each channel
    (filters alone fill the grid when C is 1); a Conv1D kernel (K, C, F), a tile for each filter.

    Args:
        source: an array, a layer (its `kernel`), a mapping from names to arrays, or a model (its
            `layers`): several arrays are drawn as one histogram each.
        kind: "tiles", "heatmap" or "histogram" instead of what the shape suggests.
        count: how many tiles are drawn at most.
        columns: tiles a row; by default as many as make the grid nearly square.
        title: above the picture; by default what is drawn.

    Raises:
        ShapeError: if the weights cannot be drawn as `kind`.
        StateError: if the layer has no weights yet.
        DataError: if nothing in a model has weights.

    >>> import numpy as np
    >>> figure = weights(np.random.default_rng(0).normal(size=(64, 10)))
    >>> len(figure.axes[0].images)  # ten units, each a picture of 8 by 8 weights
    10
    """
    check_choice("kind", kind, KINDS)
    count = check_integer("count", count, minimum=1)
    kernels = _kernels(source)
    if len(kernels) > 1:
        return _histograms(kernels, columns, title or "Weights of each layer")
    name, kernel = next(iter(kernels.items()))
    side = math.isqrt(kernel.shape[0]) if kernel.ndim == 2 else 0
    square = side >= 1 and side * side == kernel.shape[0]
    if kind == "auto":
        kind = "histogram" if kernel.ndim not in (2, 3, 4) else "tiles"
        if kernel.ndim == 2 and not (square and side >= 8):
            kind = "heatmap"
    called = f"{name}: " if name else ""
    if kind == "histogram":
        return _histograms({name or "weights": kernel}, columns, title or f"{called}weights")
    if kind == "heatmap":
        return _heatmap(kernel, title or f"{called}weights {kernel.shape}")
    if kernel.ndim not in (2, 3, 4) or (kernel.ndim == 2 and not square):
        raise ShapeError(
            "these weights are not pictures.",
            got=str(kernel.shape),
            expected="(D, units) with D a square, (K, C, F) or (KH, KW, C, F)",
            hint='kind="heatmap" or kind="histogram"',
        )
    return _tiles(kernel, count, columns, title, called)


def _kernels(source: Any) -> dict[str, np.ndarray]:
    if isinstance(source, Mapping):
        found = {str(name): as_array(value, str(name)) for name, value in source.items()}
    elif hasattr(source, "layers"):
        found = {}
        for i, layer in enumerate(source.layers):
            kernel = _kernel_of(layer)
            if kernel is not None:
                found[str(getattr(layer, "name", f"layer {i}"))] = as_array(kernel, "kernel")
    elif hasattr(source, "kernel") or hasattr(source, "weights"):
        kernel = _kernel_of(source)
        if kernel is None:
            raise StateError(
                f"{getattr(source, 'name', type(source).__name__)} has no weights yet.",
                hint="build it first: call it once on data",
            )
        found = {str(getattr(source, "name", "")): as_array(kernel, "kernel")}
    elif isinstance(source, list | tuple) and any(np.ndim(part) > 1 for part in source):
        arrays = [as_array(part, "weights") for part in source]  # of get_weights(), biases too
        found = {f"weights {i}": part for i, part in enumerate(arrays) if part.ndim > 1}
    else:
        found = {"": as_array(source, "weights")}
    found = {name: np.atleast_1d(kernel) for name, kernel in found.items() if kernel.size}
    if not found:
        raise DataError("there are no weights to draw.", hint="build the model: call it once")
    for name, kernel in found.items():
        if kernel.dtype.kind not in "biuf":
            raise DataError(f"{name or 'weights'} must hold numbers.", got=str(kernel.dtype))
    return {name: kernel.astype(np.float64) for name, kernel in found.items()}


def _kernel_of(layer: Any) -> Any:
    for attribute in ("kernel", "embeddings"):
        if getattr(layer, attribute, None) is not None:
            return getattr(layer, attribute)
    listed = getattr(layer, "weights", None)
    return listed[0] if isinstance(listed, list | tuple) and listed else None


def _limit(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


def _tiles(
    kernel: np.ndarray, count: int, columns: int | None, title: str | None, called: str
) -> Figure:
    if kernel.ndim == 2:
        side = math.isqrt(kernel.shape[0])
        tiles, total, what = kernel.T.reshape(-1, side, side), kernel.shape[1], "units"
        detail = f"each over its {side} × {side} inputs"
    elif kernel.ndim == 3:
        tiles, total, what = kernel.transpose(2, 0, 1), kernel.shape[2], "filters"
        detail = f"{kernel.shape[0]} steps down, {kernel.shape[1]} channels across"
    else:
        kh, kw, channels, total = kernel.shape
        across, what = min(channels, CHANNELS), "filters"
        tiles = kernel.transpose(3, 2, 0, 1)[:, :across].reshape(-1, kh, kw)
        detail = f"{kh} × {kw}"
        if channels > 1:
            count = max(count // across, 1) * across
            shown = f"{across} of {channels}" if across < channels else f"{channels}"
            detail += f", {shown} channels across"
    per = len(tiles) // total  # tiles a filter
    tiles = tiles[:count]
    height, width = tiles.shape[1:]
    aspect = height / width
    if per > 1 and columns is None:  # as many filters side by side as make it nearly square
        columns = per * max(round((len(tiles) * aspect) ** 0.5 / per), 1)
    rows, columns = grid_shape(len(tiles), columns)
    if per > 1:
        columns = max(columns // per, 1) * per
        rows = math.ceil(len(tiles) / columns)
    cell = min(max(8.5 / max(rows * aspect, columns), 0.35), 1.1)
    figure = new_figure(max(cell * columns + 1.2, 4.6), max(cell * rows * aspect + 0.6, 2.2))
    ax = figure.add_subplot()
    limit = _limit(tiles)
    left = 1.1 * np.arange(columns) + 0.35 * (np.arange(columns) // per if per > 1 else 0)
    down = 1.1 * aspect
    for i, tile in enumerate(tiles):
        x, y = left[i % columns], (i // columns) * down
        image = ax.imshow(
            tile,
            cmap=DIVERGING,
            vmin=-limit,
            vmax=limit,
            extent=(x, x + 1, y + aspect, y),
            interpolation="nearest",
        )
    ax.set_xlim(-0.1, left[-1] + 1.1)
    ax.set_ylim(rows * down - 0.1 * aspect + 0.1, -0.1)
    ax.set_facecolor("0.35")
    _axis_free(ax)
    if per > 1:
        side_by_side = columns // per
        first = np.arange(rows) * side_by_side
        last = np.minimum(first + side_by_side, len(tiles) // per) - 1
        names = [f"{a}" if a == b else f"{a}–{b}" for a, b in zip(first, last, strict=True)]
        ax.set_yticks(np.arange(rows) * down + aspect / 2, names)
        ax.set_ylabel("filter" if side_by_side == 1 else "filters")
        ax.set_xticks(left + 0.5, (np.arange(columns) % per).astype(str))
        ax.set_xlabel("channel")
    figure.colorbar(image, ax=ax, label="weight", shrink=0.9)
    shown = len(tiles) // per
    amount = f"{shown} of {total} {what}" if shown < total else f"{total} {what}"
    ax.set_title(f"{called}{amount}\n{detail}" if title is None else title, fontsize="medium")
    return figure


def _axis_free(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _heatmap(kernel: np.ndarray, title: str) -> Figure:
    from matplotlib.ticker import MaxNLocator

    flat = kernel.reshape(-1, kernel.shape[-1]) if kernel.ndim > 1 else kernel[None]
    inputs, units = flat.shape
    figure = new_figure(
        min(max(0.3 * units, 3.6), 9.0) + 1.4, min(max(0.3 * inputs, 2.2), 7.0) + 0.8
    )
    ax = figure.add_subplot()
    limit = _limit(flat)
    image = ax.imshow(
        flat, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
    )
    for axis, size in ((ax.xaxis, units), (ax.yaxis, inputs)):
        if size <= 12:
            axis.set_ticks(range(size))
        else:
            axis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("unit")
    ax.set_ylabel("input")
    ax.set_title(title, fontsize="medium")
    if flat.size <= 60:
        for i, j in np.ndindex(inputs, units):
            color = "white" if abs(flat[i, j]) > 0.6 * limit else "black"
            ax.text(j, i, f"{flat[i, j]:.2g}", ha="center", va="center", color=color, fontsize=8)
    figure.colorbar(image, ax=ax, label="weight")
    return figure


def _histograms(kernels: dict[str, np.ndarray], columns: int | None, title: str) -> Figure:
    rows, columns = grid_shape(len(kernels), columns)
    figure = new_figure(max(3.2 * columns, 4.6), 2.5 * rows + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, kernel) in zip(axes, kernels.items(), strict=False):
        values = kernel[np.isfinite(kernel)]
        bins = min(max(int(values.size**0.5), 5), 60)
        limit = 1.05 * _limit(values)
        ax.hist(values, bins=bins, range=(-limit, limit), color=BLUE)
        ax.axvline(0, color=VERMILLION, linewidth=1)
        lost = kernel.size - values.size
        spread = (
            f"mean {values.mean():.2g}, std {values.std():.2g}" if values.size else "no numbers"
        )
        broken = f", {lost:,} not finite" if lost else ""
        ax.set_title(f"{name} {kernel.shape}\n{spread}{broken}", fontsize="small")
        ax.set_xlabel("weight", fontsize="small")
        ax.set_ylabel("count", fontsize="small")
        ax.tick_params(labelsize="small")
        tidy(ax)
    for ax in axes[len(kernels) :]:
        ax.remove()
    figure.suptitle(title)
    return figure
