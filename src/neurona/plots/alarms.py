"""A series and what watches it: the values, the score, and where it was too high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import ShapeError
from neurona.plots.canvas import as_array, as_numbers, new_figure, tidy
from neurona.plots.palette import VERMILLION, class_colors, tint

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def alarms(
    values: Any,
    score: Any,
    threshold: float,
    faults: Sequence[tuple[int, int, str]] = (),
    *,
    names: Sequence[str] | None = None,
    label: str = "score",
    title: str | None = None,
) -> Figure:
    """Draw a series of one or more channels, and below it the score of each step.

    Shapes: values (T,) or (T, C), score (T,).

    Args:
        values: what was measured.
        score: how strange each step is; what lies above the threshold is filled.
        threshold: from where it is an alarm.
        faults: (first step, step behind the last, name) of what is known to be wrong, shaded.
        names: of the channels.
        label: what the score is.
        title: none by default.

    Raises:
        ShapeError: if there is not one score for each step, or one name for each channel.

    >>> figure = alarms([0.0, 1.0, 9.0], [0.1, 0.1, 5.0], 1.0, [(2, 3, "spike")])
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['value', 'score']
    """
    series, scores = as_array(values, "values"), as_numbers(score, "score")
    series = series[:, None] if series.ndim == 1 else series
    if series.ndim != 2 or len(series) != len(scores):
        raise ShapeError(
            "alarms: one score for each step.", got=f"values {series.shape}, {len(scores)} scores"
        )
    if names is not None and len(names) != series.shape[1]:
        raise ShapeError(
            "alarms: a name for each channel.",
            got=f"{len(names)} names, {series.shape[1]} channels",
        )
    figure = new_figure(11.0, 4.6)
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for channel, color in enumerate(class_colors(series.shape[1])):
        name = None if names is None else names[channel]
        top.plot(series[:, channel], color=color, linewidth=0.9, label=name)
    steps = np.arange(len(scores))
    below.plot(scores, color="0.35", linewidth=0.8)
    below.fill_between(
        steps, threshold, scores, where=(scores > threshold).tolist(), color=VERMILLION, alpha=0.6
    )
    below.axhline(threshold, color=VERMILLION, linewidth=0.9, linestyle="--")
    for first, behind, name in faults:
        for ax in (top, below):
            ax.axvspan(first, behind, color=tint(VERMILLION, 0.2), linewidth=0, zorder=0)
        top.annotate(
            name, ((first + behind) / 2, 1.01), xycoords=("data", "axes fraction"),
            ha="center", va="bottom", fontsize=8, rotation=0,
        )  # fmt: skip
    top.set_ylabel("value")
    below.set_ylabel(label)
    below.set_xlabel("step")
    below.margins(x=0.005)
    for ax in (top, below):
        tidy(ax)
    if names is not None:
        top.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    if title is not None:
        figure.suptitle(title)
    return figure
