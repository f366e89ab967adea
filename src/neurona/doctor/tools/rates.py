"""`nn.lr_finder`: which learning rate? A range test, several times over."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.doctor.probe.twin import Batch, aside, first_batch, ready, twin_of, users_code
from neurona.errors import ArgumentError, check_integer, check_number
from neurona.frames import door
from neurona.optim.optimizer import Optimizer
from neurona.train.data import is_iterable_of_batches, unpack
from neurona.train.fitting import require_compiled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTH = 0.9  # how much of the mean loss so far is kept in each step
WORSE = 3.0  # times as far above the start as the best loss is below it: it has diverged
FELL = 0.02  # of the first loss, at least, and more than batches differ: else nothing is said
FIRST = 10  # steps whose losses tell how far batches differ


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class RateRange:
    """How the loss goes as the learning rate grows from step to step.

    Attributes:
        rates: of the steps (S,).
        losses: smoothed, of each run (R, S); NaN where a run had diverged.
        median: of the runs (S,).
        suggestion: the median over the runs of a tenth of the rate at which the loss is smallest;
            None if the loss hardly fell.
        smallest: the rate at which the loss was smallest, as a median.
        diverges: the smallest rate at which a run diverged; None if none did.
    """

    rates: np.ndarray
    losses: np.ndarray
    median: np.ndarray
    suggestion: float | None
    smallest: float
    diverges: float | None

    def __repr__(self) -> str:
        span = f"{self.rates[0]:.1g} to {self.rates[-1]:.1g}, {len(self.losses)} runs"
        if self.suggestion is None:
            return f"<learning rates {span}: the loss hardly falls, so none is suggested>"
        ends = "" if self.diverges is None else f", diverges at {self.diverges:.2g}"
        return (
            f"<learning rates {span}: {self.suggestion:.2g} suggested; the loss is smallest at "
            f"{self.smallest:.2g}{ends}>"
        )

    def plot(self) -> Figure:
        """Draw the loss of each run over the rates, their median, and what is suggested."""
        from neurona.plots.canvas import new_figure, tidy
        from neurona.plots.palette import BLUE, VERMILLION

        figure = new_figure(6.4, 4.0)
        ax = figure.add_subplot()
        for run in self.losses:
            ax.plot(self.rates, run, color=BLUE, alpha=0.3, linewidth=1)
        ax.plot(self.rates, self.median, color=BLUE, linewidth=2, label="median of the runs")
        if self.suggestion is not None:
            ax.axvline(
                self.suggestion, color=VERMILLION, linestyle="--",
                label=f"suggested: {self.suggestion:.2g}",
            )  # fmt: skip
        ax.set_xscale("log")
        low, high = float(np.nanmin(self.losses)), float(self.median[np.isfinite(self.median)][0])
        ax.set_ylim(low - 0.1 * abs(high - low), high + 1.0 * abs(high - low) + 1e-9)
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss of the batch, smoothed")
        ax.legend()
        tidy(ax)
        return figure


@door
def lr_finder(
    model: Any, x: Any, y: Any = None, *, low: float = 1e-6, high: float = 1.0, steps: int = 100,
    runs: int = 3, burn_in: int = 10, batch_size: int = 32, sample_weight: Any = None,
    seed: int = 0,
) -> RateRange:  # fmt: skip
    """Try learning rates from low to high, each for a step, and suggest one.

    One run of such a test depends on the order of the batches as much as on the rate, so there are
    several, each with an order of its own; and the first steps of an optimizer are unlike others,
    so each run begins with some at the lowest rate. The model stays as it is.

    Args:
        model: compiled; its optimizer is used with other rates, in place of a schedule too.
        x, y, sample_weight: as `fit` takes them.
        low, high: the first rate and the last.
        steps: of a run.
        runs: how many.
        burn_in: steps before each, at the lowest rate.
        batch_size: samples a step, as in the training that is planned.
        seed: of the orders.

    Returns:
        RateRange, with the `suggestion` and a `plot()`.

    Raises:
        StateError: if the model is not compiled, or cannot be copied.
        ArgumentError: if low is not below high, or the model has several optimizers.

    Source: Smith 2017, "Cyclical learning rates"; the burn-in and the median are ours.

    >>> import neurona as nn
    >>> nn.random.set_seed(0)
    >>> x = np.random.default_rng(0).normal(size=(200, 4))
    >>> model = nn.Sequential([nn.Input((4,)), nn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> found = lr_finder(model, x, x.sum(axis=1), high=10.0, steps=40)
    >>> 0.001 < found.suggestion < 0.5
    True
    """
    low = check_number("low", low, low=0, open=True)
    high = check_number("high", high, low=0, open=True)
    if low >= high:
        raise ArgumentError("low is below high.", got=f"low={low}, high={high}")
    steps = check_integer("steps", steps, minimum=10)
    runs = check_integer("runs", runs, minimum=1)
    burn_in = check_integer("burn_in", burn_in, minimum=0)
    batch_size = check_integer("batch_size", batch_size, minimum=1)
    require_compiled(model, "lr_finder", "train")
    rates = np.geomspace(low, high, steps)
    with aside(), users_code():
        twin = twin_of(model)
        optimizer = _free(twin)
        first = first_batch(twin, x, y, sample_weight, batch_size)
        ready(twin, first)
        optimizer.ensure_built(twin.trainable_weights)
        start = twin.get_state()
        found, noise = [], []
        for run in range(runs):
            twin.set_state(*start)
            batches = _batches(twin, x, y, sample_weight, batch_size, seed + run)
            curve, spread = _run(twin, optimizer, batches, rates, burn_in)
            found.append(curve)
            noise.append(spread)
    return _judged(rates, np.array(found), float(np.median(noise)))


def _free(twin: Any) -> Optimizer:
    """Return the twin's optimizer, whose rate can be set.

    Raises:
        ArgumentError: if there is none to set, or several.
    """
    optimizer = twin.optimizer
    if not isinstance(optimizer, Optimizer) or optimizer.inner:
        raise ArgumentError(
            "lr_finder sets the rate of one optimizer.",
            got=repr(optimizer)[:60],
            hint="compile(nn.optimizers.Adam(), ...)",
        )
    optimizer._schedule, optimizer.decay = None, None
    return optimizer


def _batches(twin: Any, x: Any, y: Any, weight: Any, size: int, seed: int) -> Iterator[Batch]:
    """Yield batches without an end, in orders of their own."""
    if is_iterable_of_batches(x):
        while True:
            for batch in x:
                yield first_batch(twin, *unpack(batch), 2**31)
    everything = first_batch(twin, x, y, weight, 2**31)
    rng = np.random.default_rng(seed)
    size = min(size, everything.size)
    while True:
        order = rng.permutation(everything.size)
        for start in range(0, everything.size - size + 1, size):
            yield everything.some(order[start : start + size])


def _run(
    twin: Any, optimizer: Optimizer, batches: Iterator[Batch], rates: np.ndarray, burn_in: int
) -> tuple[np.ndarray, float]:
    """Return the smoothed loss before each step, NaN from where it has diverged; and its noise.

    That is the spread of the first losses, which differ by their batches alone.
    """
    losses: list[float] = []
    found = np.full(len(rates), np.nan)
    mean, weight, first, best = 0.0, 0.0, np.nan, np.inf
    for i in range(-burn_in, len(rates)):
        optimizer.learning_rate = float(rates[max(i, 0)])
        batch = next(batches)
        logs = twin.train_on_batch(batch.x, batch.y, batch.weight, return_dict=True)
        loss = float(logs["loss"])
        if not np.isfinite(loss):
            break
        losses.append(loss)
        mean, weight = SMOOTH * mean + (1 - SMOOTH) * loss, SMOOTH * weight + (1 - SMOOTH)
        if i < 0:
            continue
        found[i] = mean / weight
        first = found[i] if i == 0 else first
        best = min(best, found[i])
        if found[i] - first > WORSE * max(first - best, 0.1 * abs(first)):
            break
    return found, float(np.std(losses[: max(burn_in, FIRST)])) if losses else 0.0


def _judged(rates: np.ndarray, losses: np.ndarray, noise: float) -> RateRange:
    """Return the RateRange of some runs."""
    whole = np.where(np.isfinite(losses), losses, np.inf)
    ends = np.isfinite(losses).sum(axis=1)
    diverged = [float(rates[end]) for end in ends if end < len(rates)]
    median = np.median(whole, axis=0)
    median[~np.isfinite(median)] = np.nan
    first, least = whole[:, 0], whole.min(axis=1)
    with np.errstate(invalid="ignore"):
        fell = np.nan_to_num(first - least)
    enough = max(FELL * float(np.median(np.abs(first))), noise)
    smallest = float(np.median(rates[whole.argmin(axis=1)]))
    suggestion = smallest / 10 if np.median(fell) > enough else None
    return RateRange(rates, losses, median, suggestion, smallest, min(diverged, default=None))
