"""Pictures of sequences: scores side by side, attention, forecasts, spectrograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, ShapeError
from neurona.plots.canvas import as_array, as_numbers, axes_for, check_mapping, check_names, tidy
from neurona.plots.palette import BLUE, ORANGE, VERMILLION, tint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def bars(
    values: Mapping[str, float],
    label: str,
    *,
    baselines: int = 1,
    intervals: Sequence[float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw numbers side by side, such as the scores of several models.

    Args:
        values: number by name, in the order from above.
        label: what the numbers are, with their unit.
        baselines: how many of the first are set off in another colour.
        intervals: how far each may be off, drawn as a line to both sides of the bar's end.
        title: none by default.
        ax: axes to draw on; by default a new figure.
    Raises:
        DataError: no values, one that is no number, or another number of intervals.

    >>> bars({"counting": 2.45, "LSTM": 2.0}, "nats").axes[0].get_xlabel()
    'nats'
    """
    check_mapping(values, "bars", "number")
    numbers = as_numbers(list(values.values()), "values")
    if not np.isfinite(numbers).all():
        raise DataError("bars show numbers.", got=str(dict(values))[:60], expected="finite numbers")
    figure, ax = axes_for(ax, 7.0, 0.9 + 0.42 * len(numbers))
    places = np.arange(len(numbers))[::-1]
    colors = [tint(ORANGE, 0.6) if i < baselines else BLUE for i in range(len(numbers))]
    off = None if intervals is None else as_numbers(intervals, "intervals")
    if off is not None and len(off) != len(numbers):
        raise DataError(
            "each bar has its interval.", got=str(len(off)), expected=f"{len(numbers)} intervals"
        )
    ends = [""] * len(numbers) if off is None else [f" ± {h:.2g}" for h in off]
    error = {"ecolor": "0.25", "capsize": 3}
    drawn = ax.barh(places, numbers, color=colors, height=0.66, xerr=off, error_kw=error)
    ax.bar_label(drawn, [f"{n:.4g}{e}" for n, e in zip(numbers, ends, strict=True)], padding=4)
    ax.set_yticks(places, list(values))
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.12)
    ax.set_xlabel(label)
    tidy(ax, grid="x")
    if title is not None:
        ax.set_title(title)
    return figure


def attention(
    weights: Any,
    queries: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw how much each step (row) takes of each step that it sees (column).

    Shapes: weights (T, S), or (N, T, S) of several heads, whose mean is drawn.

    Args:
        weights: 0 or more; a row sums to 1.
        queries, keys: T and S words; their numbers by default, and for keys the queries if they
            are as many.
        title: none by default.
        ax: axes to draw on; by default a new figure.
    Raises:
        ShapeError: if there is not one word for each row and column.

    >>> attention([[0.5, 0.5]], ["Hund"], ["a", "dog"]).axes[0].get_yticklabels()[0].get_text()
    'Hund'
    """
    array = as_array(weights, "weights")
    array = array.mean(axis=0) if array.ndim == 3 else array
    rows, steps = array.shape[-2:] if array.ndim > 1 else (len(array), 0)
    queries = [str(n) for n in range(1, rows + 1)] if queries is None else queries
    if keys is None:
        keys = queries if len(queries) == steps else [str(n) for n in range(1, steps + 1)]
    if array.shape != (len(queries), len(keys)):
        raise ShapeError(
            "attention: one word for each row and column.",
            got=f"weights {array.shape}, {len(queries)} and {len(keys)} words",
        )
    figure, ax = axes_for(ax, 2.0 + 0.42 * len(keys), 1.6 + 0.34 * len(queries))
    shown = ax.imshow(array, cmap="Blues", vmin=0, vmax=max(float(array.max()), 1e-9))
    ax.set_xticks(range(len(keys)), list(keys), rotation=45, ha="left", rotation_mode="anchor")
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(queries)), list(queries))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.colorbar(shown, ax=ax, label="weight", shrink=0.8, pad=0.02)
    if title is not None:
        ax.set_title(title)
    return figure


def forecast(
    time: Any,
    truth: Any,
    predicted: Any,
    low: Any = None,
    high: Any = None,
    *,
    label: str = "value",
    names: Sequence[str] = ("measured", "forecast", "interval"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw a forecast over what came, with the interval that was to hold it.

    Shapes: all (T,).

    Args:
        time: numbers or dates.
        truth, predicted: what came, and what was said.
        low, high: the ends of the interval.
        label: what the values are, with their unit.
        names: of the three in the legend.
        title: none by default.
        ax: axes to draw on; by default a new figure.
    Raises:
        ShapeError: if the lengths differ.

    >>> forecast([1, 2], [3.0, 4.0], [3.5, 4.5]).axes[0].get_ylabel()
    'value'
    """
    given = [as_numbers(truth, "truth"), as_numbers(predicted, "predicted")]
    given += [as_numbers(v, n) for v, n in ((low, "low"), (high, "high")) if v is not None]
    time = np.asarray(time)
    if len({len(v) for v in (time, *given)}) > 1:
        raise ShapeError(
            "forecast: one number of each for each moment.",
            got=", ".join(str(len(v)) for v in (time, *given)),
        )
    figure, ax = axes_for(ax, 9.0, 3.8)
    if low is not None and high is not None:
        ends = given[2], given[3]
        ax.fill_between(time, ends[0], ends[1], color=tint(BLUE, 0.25), label=names[2], linewidth=0)
    ax.plot(time, given[0], color="0.35", linewidth=1.0, label=names[0])
    ax.plot(time, given[1], color=VERMILLION, linewidth=1.3, label=names[1])
    ax.set_ylabel(label)
    ax.margins(x=0.01)
    tidy(ax)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3, frameon=False)
    if title is not None:
        ax.set_title(title)
    return figure


def spectrograms(
    sounds: Any,
    captions: Sequence[str] | None = None,
    *,
    columns: int = 5,
    title: str | None = None,
) -> Figure:
    """Draw spectrograms as pictures, time to the right and pitch upwards.

    Shapes: sounds: spectrograms (T_i, F), or one alone.

    Args:
        sounds: their energies, best in decibels.
        captions: one above each; none by default.
        columns: pictures in a row.
        title: none by default.
    Raises:
        ShapeError: if there is not one caption for each.

    >>> len(spectrograms([np.ones((4, 3))], ["one"]).axes)
    1
    """
    from neurona.plots.canvas import grid_shape, new_figure

    if np.ndim(sounds) == 2:
        sounds = [sounds]
    captions = [""] * len(sounds) if captions is None else captions
    if len(sounds) != len(captions):
        raise ShapeError(
            "spectrograms: a caption for each.", got=f"{len(sounds)} and {len(captions)}"
        )
    check_names(captions, len(captions))
    rows, columns = grid_shape(len(sounds), columns)
    figure = new_figure(2.0 * columns, 1.7 * rows)
    for i, (sound, caption) in enumerate(zip(sounds, captions, strict=True)):
        ax = figure.add_subplot(rows, columns, i + 1)
        ax.imshow(as_array(sound, "sound").T, origin="lower", aspect="auto", cmap="magma")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_title(caption, fontsize=9)
    if title is not None:
        figure.suptitle(title)
    return figure
