"""Curves of several things over one axis: what changes with the size, the rate, the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError
from neurona.plots.canvas import as_numbers, axes_for, check_mapping, tidy
from neurona.plots.palette import class_colors, class_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("--", ":", "-.")


def lines(
    curves: Mapping[str, Any],
    x: Any = None,
    *,
    intervals: Mapping[str, Any] | None = None,
    baselines: Mapping[str, float] | None = None,
    xlabel: str = "epoch",
    ylabel: str = "",
    log_x: bool = False,
    log_y: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw curves over a common axis, with a band around those that have intervals.

    Args:
        curves: numbers by name; a curve may be shorter than x.
        x: where they stand; 1, 2, 3, ... by default. With log_x it is labelled with these alone.
        intervals: by the name of a curve, how far each of its numbers may be off.
        baselines: numbers by name, drawn as dashed lines from side to side.
        xlabel, ylabel: what the axes are, with their units.
        log_x, log_y: logarithmic axes, for numbers above 0.
        title: none by default.
        ax: axes to draw on; by default a new figure.

    Raises:
        DataError: no curves, or one that is longer than x, or an interval of another length.

    >>> figure = lines({"test": [0.8, 0.9, 0.95]}, [1, 2, 4], xlabel="units", log_x=True)
    >>> figure.axes[0].get_xlabel()
    'units'
    """
    check_mapping(curves, "curves", "numbers")
    if not curves:
        raise DataError("there are no curves to draw.", expected="a dict from name to numbers")
    values = {str(k): as_numbers(v, f"curves[{k!r}]") for k, v in curves.items()}
    longest = max(map(len, values.values()))
    places = np.arange(1.0, longest + 1) if x is None else as_numbers(x, "x")
    if longest > len(places):
        raise DataError(
            "a curve has no more numbers than there are places.",
            got=f"{longest} numbers, {len(places)} places",
        )
    figure, ax = axes_for(ax, 7.0, 4.4)
    colors = class_colors(len(values))
    for i, (name, y) in enumerate(values.items()):
        at, mark = places[: len(y)], class_marker(i) if len(y) <= 20 else ""
        ax.plot(at, y, color=colors[i], marker=mark, markersize=4.5, linewidth=1.7, label=name)
        if intervals and name in intervals:
            off = as_numbers(intervals[name], f"intervals[{name!r}]")
            if len(off) != len(y):
                raise DataError(
                    "an interval belongs to each number of a curve.",
                    got=f"{len(off)} intervals, {len(y)} numbers of {name!r}",
                )
            ax.fill_between(at, y - off, y + off, color=colors[i], alpha=0.16, linewidth=0)
    for i, (name, level) in enumerate((baselines or {}).items()):
        style = DASHES[i % len(DASHES)]
        ax.axhline(level, color="0.35", linestyle=style, linewidth=1.3, zorder=1, label=name)
    _scales(ax, places, log_x, log_y)
    tidy(ax)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.legend(frameon=False, fontsize="small")
    if title is not None:
        ax.set_title(title)
    return figure


def _scales(ax: Axes, places: Sequence[float] | np.ndarray, log_x: bool, log_y: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    if log_y:
        ax.set_yscale("log")
    if log_x:
        ax.set_xscale("log")
        ax.set_xticks(places, [f"{p:g}" for p in places])
        ax.minorticks_off()
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
