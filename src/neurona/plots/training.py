"""How training went: losses, metrics and learning rates over epochs and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import DataError, check_integer
from neurona.plots.canvas import as_array, as_numbers, axes_for, grid_shape, new_figure, tidy
from neurona.plots.palette import BLUE, GREEN, VERMILLION, class_colors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RATES = ("learning_rate", "lr")


def history(history: Any) -> Figure:
    """Draw what `fit` returned: a panel for the loss and each metric, training against validation.

    The epoch with the smallest `val_loss` is marked in every panel: it is the one that early
    stopping keeps. A recorded `learning_rate` gets a small panel of its own below. Epochs count
    from 1. The loss has a log axis when it falls by more than 50 times.

    Args:
        history: a History (its `.history` maps a name to a list, one number an epoch), such a
            mapping, or a model that was trained. A History knows the epochs of each number; in a
            mapping, a validation list shorter than the training list is spread evenly: half as
            many, at epochs 2, 4, ...

    Returns:
        The figure; `figure.savefig("training.png")` writes it to a file.

    Raises:
        DataError: if nothing was recorded.

    >>> figure = history({"loss": [1.0, 0.5], "val_loss": [1.1, 0.7]})
    >>> figure.axes[0].get_ylabel()
    'loss'
    """
    if hasattr(getattr(history, "history", None), "history"):  # of a model
        history = history.history
    record = history if isinstance(history, Mapping) else getattr(history, "history", None)
    if not isinstance(record, Mapping):
        raise DataError(
            "this is not a history.",
            got=type(history).__name__,
            expected="what fit returned, or a dict from name to list",
            hint="history = model.fit(X, y); nn.plots.history(history)",
        )
    series = {str(k): as_numbers(v, f"history[{k!r}]") for k, v in record.items() if len(v)}
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in series))
    panels = sorted((b for b in bases if b not in RATES), key=lambda b: b != "loss")
    rates = [name for name in series if name in RATES]
    if not panels:
        raise DataError(
            "the history is empty.", hint="call fit first: it records one number an epoch"
        )
    epochs = _epoch_numbers(history, max(len(values) for values in series.values()))
    places = {name: _epochs_of(history, name, values, epochs) for name, values in series.items()}
    best = _best_epoch(series, places)

    rows, columns = grid_shape(len(panels), columns=min(len(panels), 3))
    height = 3.6 * rows + (1.5 if rates else 0)
    figure = new_figure(max(4.6 * columns, 6.0), height)
    layout = figure.add_gridspec(
        rows + bool(rates), columns, height_ratios=[3.4] * rows + [1.2] * bool(rates)
    )
    for i, base in enumerate(panels):
        ax = figure.add_subplot(layout[i // columns, i % columns])
        _metric_panel(ax, base, series, places, best)
    for name in rates:
        ax = figure.add_subplot(layout[rows, :])
        x = places[name]
        ax.plot(
            x, series[name], color=GREEN, drawstyle="steps-mid", marker="." if len(x) == 1 else ""
        )
        _log_if_wide(ax, series[name])
        _epoch_axis(ax, epochs)
        ax.set_ylabel("learning rate")
    figure.suptitle("Training history")
    return figure


def _epoch_numbers(history: Any, count: int) -> np.ndarray:
    """Epochs from 1, from the History's own numbers where it has them (after a resume)."""
    numbers = getattr(history, "epoch", None)
    if numbers is not None and len(numbers) == count:
        return np.asarray(numbers, dtype=np.float64) + 1
    return np.arange(1.0, count + 1)


def _epochs_of(history: Any, name: str, values: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Epochs from 1 of the numbers of a series."""
    known = getattr(history, "epochs", {}).get(name, ())
    if len(known) == len(values) and len(getattr(history, "epoch", ())) == len(epochs):
        return np.asarray(known, np.float64) + 1
    every = max(len(epochs) // len(values), 1)
    return epochs[every - 1 :: every][: len(values)]


def _best_epoch(series: Mapping[str, np.ndarray], places: Mapping[str, np.ndarray]) -> float | None:
    values = series.get("val_loss")
    if values is None or not np.isfinite(values).any():
        return None
    return float(places["val_loss"][np.nanargmin(values)])


def _metric_panel(
    ax: Axes, base: str, series: Mapping[str, np.ndarray], places: Mapping[str, np.ndarray],
    best: float | None,
) -> None:  # fmt: skip
    drawn = []
    styles = (
        (base, "training", BLUE, "-", "o"),
        ("val_" + base, "validation", VERMILLION, "--", "s"),
    )
    for name, label, color, style, marker in styles:
        if name not in series:
            continue
        values = series[name]
        x = places[name]
        few = marker if len(values) <= 15 else ""
        ax.plot(x, values, style, color=color, label=label, marker=few, markersize=4)
        drawn.append(values)
        at = np.flatnonzero(x == best)
        if name.startswith("val_") and best is not None and at.size:
            text = f"best val_loss: epoch {best:g}" if base == "loss" else f"epoch {best:g}"
            label = f"{text} ({values[at[0]]:.4g})"
            ax.axvline(best, color="0.5", linestyle=":", linewidth=1.2, zorder=1)
            ax.plot(best, values[at[0]], "*", color=color, markersize=13, label=label, zorder=4)
    ax.set_title(base.replace("_", " "))
    ax.set_ylabel(base.replace("_", " "))
    if base.endswith("loss"):
        _log_if_wide(ax, np.concatenate(drawn))
    _epoch_axis(ax, x)
    ax.legend(frameon=False, fontsize="small")


def _epoch_axis(ax: Axes, epochs: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    tidy(ax)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(epochs) == 1:
        ax.set_xlim(epochs[0] - 1, epochs[0] + 1)


def _log_if_wide(ax: Axes, values: np.ndarray) -> None:
    finite = values[np.isfinite(values)]
    if finite.size and finite.min() > 0 and finite.max() / finite.min() > 50:
        ax.set_yscale("log")


def loss_curve(
    losses: Any, log: bool = True, *, xlabel: str = "epoch", ax: Axes | None = None
) -> Figure:
    """Draw a list of losses, with the last value written at its end.

    Args:
        losses: one number an epoch, or a mapping from a label to such a list, to compare runs; or
            a History, or a model that has one, of which all losses are drawn.
        log: whether the loss axis is logarithmic, because most progress is made in factors. With a
            loss of 0 or below (a perceptron's count of errors reaches 0) it stays linear.
        xlabel: what one number stands for, such as "epoch" or "step".
        ax: axes to draw on; by default a new figure.

    Raises:
        DataError: if there are no numbers.

    >>> loss_curve([1.0, 0.1, 0.01]).axes[0].get_yscale()
    'log'
    """
    record = getattr(losses, "history", None)
    record = getattr(record, "history", record)
    if isinstance(record, Mapping):
        losses = {name: values for name, values in record.items() if "loss" in name and len(values)}
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    if not curves:
        raise DataError("losses is empty.", expected="one number an epoch")
    values = {str(k): as_numbers(v, f"losses[{k!r}]" if k else "losses") for k, v in curves.items()}
    figure, ax = axes_for(ax, 6.4, 4.0)
    for (label, y), color in zip(values.items(), class_colors(len(values)), strict=True):
        x = np.arange(1, len(y) + 1)
        marker = "o" if len(y) <= 15 else ""
        ax.plot(x, y, color=color, label=label, marker=marker, markersize=4, linewidth=1.6)
        if np.isfinite(y[-1]):
            text = f"{label}  {y[-1]:.3g}".strip()
            ax.plot(x[-1], y[-1], "o", color=color, markersize=5)
            ax.annotate(
                text, (x[-1], y[-1]), (7, 0), textcoords="offset points", va="center", color=color
            )
    everything = np.concatenate(list(values.values()))
    finite = everything[np.isfinite(everything)]
    if log and finite.size and finite.min() > 0:
        ax.set_yscale("log")
    elif (finite == finite.round()).all():
        ax.locator_params(axis="y", integer=True)  # of counts: there is no half a mistake
    _epoch_axis(ax, np.arange(1, max(map(len, values.values())) + 1))
    ax.set_xlabel(xlabel)
    ax.set_ylabel("loss (log scale)" if ax.get_yscale() == "log" else "loss")
    ax.set_title(f"Loss by {xlabel}")
    return figure


def learning_rate(schedule: Any, steps: int = 1000, *, ax: Axes | None = None) -> Figure:
    """Draw the learning rate a schedule gives at each step.

    Args:
        schedule: a callable from step to rate, a list of rates, or several of them: a list of
            callables, or a mapping from a label to a callable or a list. Of an optimiser or a
            compiled model, its own.
        steps: how many steps of a callable are drawn, from step 0.
        ax: axes to draw on; by default a new figure.

    Raises:
        ArgumentError: if steps is below 1.
        DataError: if a schedule yields no numbers.

    >>> figure = learning_rate(lambda step: 0.1 * 0.5 ** (step // 100), steps=300)
    >>> figure.axes[0].get_xlabel()
    'step'
    """
    steps = check_integer("steps", steps, minimum=1)
    if isinstance(schedule, str):
        raise DataError(
            "a schedule is an object, not a name.",
            got=repr(schedule),
            expected="a callable from step to rate",
            hint="nn.optimizers.schedules.CosineDecay(0.001, 1000)",
        )
    schedule = getattr(schedule, "optimizer", None) or schedule
    schedule = getattr(schedule, "learning_rate", schedule)
    curves = _named_schedules(schedule)
    figure, ax = axes_for(ax, 6.4, 3.6)
    for (label, rates), color in zip(curves.items(), class_colors(len(curves)), strict=True):
        if callable(rates):
            x = np.unique(np.linspace(0, steps - 1, min(steps, 1000)).astype(int))
            y = np.array([float(as_array(rates(int(s)), label)) for s in x])
        else:
            y = as_numbers(rates, label)
            x = np.arange(len(y))
        ax.plot(x, y, color=color, label=label, linewidth=1.8, marker="." if len(x) == 1 else "")
    tidy(ax)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("step")
    ax.set_ylabel("learning rate")
    ax.set_title("Learning rate schedule" + ("s" if len(curves) > 1 else f": {next(iter(curves))}"))
    if len(curves) > 1:
        ax.legend(frameon=False)
    return figure


def _named_schedules(schedule: Any) -> dict[str, Any]:
    if isinstance(schedule, Mapping):
        named = {str(k): v for k, v in schedule.items()}
    elif isinstance(schedule, list | tuple) and any(
        callable(s) or isinstance(s, list | tuple | np.ndarray) for s in schedule
    ):
        named = {}
        for i, one in enumerate(schedule):
            label = _schedule_name(one)
            named[label if label not in named else f"{label} {i + 1}"] = one
    else:
        named = {_schedule_name(schedule): schedule}
    if not named:
        raise DataError("there is no schedule to draw.", expected="a callable from step to rate")
    return named


def _schedule_name(schedule: Any) -> str:
    if not callable(schedule):
        return "rates"
    name = getattr(schedule, "name", None) or getattr(schedule, "__name__", None)
    if isinstance(name, str):
        return "schedule" if name == "<lambda>" else name
    return type(schedule).__name__
