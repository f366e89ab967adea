"""Plan: how the rate goes through the training, and what the callbacks wait for: GD216."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.anytime import PLAN
from neurona.doctor.case import Case
from neurona.doctor.finding import INFO, Finding
from neurona.train.callbacks.monitor import EarlyStopping, Monitor, ReduceLROnPlateau, direction

SPENT, EARLY, RISING, FEW = 0.01, 0.2, 0.5, 100
AREA = 0.075  # of the peak, on average; an exponential decay to 1e-4 of it has 0.11
AT_ONCE = 0.02  # of the steps: a training step of one's own may gather gradients of several
PLACES = 200  # steps that a schedule is asked for


def planned_rates(case: Case) -> tuple[np.ndarray, np.ndarray, str]:
    """Return steps of the planned training, the rates there, and what they follow.

    Of a constant rate, or if nothing is planned, there is one.
    """
    optimizer = case.model.optimizer
    total = case.planned_steps
    follows = getattr(optimizer, "_schedule", None)
    if follows is not None and total:
        steps = np.unique(np.linspace(0, max(total - 1, 1), PLACES).astype(int))
        rates = [float(np.asarray(follows(int(step)))) for step in steps]
        return steps, np.array(rates), type(follows).__name__
    by_epoch = [c for c in case.callbacks if type(c).__name__ == "LearningRateScheduler"]
    if by_epoch and case.epochs and case.steps_in_epoch:
        rates = [float(np.asarray(optimizer.learning_rate))]
        for epoch in range(case.epochs):
            given = (epoch, rates[-1]) if by_epoch[-1]._takes_rate else (epoch,)
            rates.append(float(by_epoch[-1].schedule(*given)))
        steps = np.arange(case.epochs) * case.steps_in_epoch
        return steps, np.array(rates[1:]), "LearningRateScheduler"
    return np.zeros(1, int), np.array([float(np.asarray(optimizer.learning_rate))]), ""


def schedule(case: Case) -> Iterator[Finding]:
    """Follow the rate through the training that is planned."""
    total = case.planned_steps
    if case.model.optimizer is None or not case.epochs or not total:
        return
    steps, rates, name = planned_rates(case)
    if not name:
        if total < FEW and not case.custom:
            held = max((len(part.values) for part in case.held if part.values.ndim), default=0)
            short = not case.whole and case.steps == 1 and held > 2 * case.batch_size
            more = f", each of one batch of {case.batch_size}, and {held:,} samples are held out"
            again = f"- epochs={case.epochs}\n+ epochs={math.ceil(FEW * case.epochs / total)}"
            yield PLAN.found(
                f"{case.epochs} epochs are {total} steps in all, which is few{more * short}",
                evidence={"steps": total, "held out": held}, threshold=f"{FEW} steps",
                fix="print(len(data))  # as many batches as there are, or steps_per_epoch"
                if short
                else again,
                severity=None if short else INFO,
            )  # fmt: skip
        return
    peak = rates.max()
    early = AT_ONCE if case.custom else EARLY
    later, area = rates[steps >= early * total], float(rates.mean())
    spent = later.size and later.max() < SPENT * peak
    hurried = not case.custom and area < AREA * peak and rates[-1] < SPENT * peak
    if peak > 0 and (spent or hurried):
        at = int(steps[(rates >= SPENT * peak).nonzero()[0][-1]])
        left = float(later.max() if spent else rates[-1])
        yield PLAN.found(
            f"the rate falls from {peak:.2g} to {left:.2g} within {at:,} of {total:,} steps",
            where=name,
            evidence={"peak": peak, "later": left, "mean": area, "steps": total},
            threshold=f"above {SPENT:.0%} of its peak after {early:.0%} of the steps, and "
            f"{AREA:.1%} of it on average",
            fix=_constant(case, name, peak, f"decay_steps={total}"),
        )
    elif (
        not case.custom
        and steps[int(rates.argmax())] > RISING * total
        and rates[-1] > 1.5 * rates[0]
    ):
        yield PLAN.found(
            f"the rate rises until step {int(steps[int(rates.argmax())]):,} of {total:,}",
            where=name,
            evidence={"peak at": int(steps[int(rates.argmax())]), "steps": total},
            threshold=f"its peak within {RISING:.0%} of the steps",
            fix=_constant(case, name, peak, f"warmup_steps={total // 20}"),
        )


def _constant(case: Case, name: str, peak: float, better: str) -> fixes.Fix:
    """Return the fix of a schedule: its largest rate, if it went on for ever."""
    follows = getattr(case.model.optimizer, "_schedule", None)
    if follows is None:
        return fixes.Without(name, peak)
    steps = np.unique(np.geomspace(1, 1e7, PLACES).astype(int)) - 1
    highest = float(f"{max(float(np.asarray(follows(int(s)))) for s in steps):.3g}")
    return fixes.Constant(name, highest, better)


# --- what callbacks wait for -------------------------------------------------------------------

OVER = 0.5  # of the epochs
MUCH = 0.01  # what is left of a rate: the steps are too short from then on
LOGGED = ("loss", "learning_rate", "lr")


def waiting(case: Case) -> Iterator[Finding]:
    """Ask what callbacks that watch a number of the logs wait for, and what they do then."""
    for callback in case.callbacks:
        if not isinstance(callback, Monitor) or case.epochs == 1:
            continue
        name, said = type(callback).__name__, ""
        fix: fixes.Fix | str = ""
        best = getattr(callback, "save_best_only", True)  # else a checkpoint ignores the number
        wanted = direction(callback.monitor, _metrics(case))
        if best and wanted and callback.mode not in ("auto", wanted):
            way = "rise" if callback.mode == "max" else "fall"
            right = "rises" if wanted == "max" else "falls"
            said = f"{name} waits for {callback.monitor} to {way}, and better is what {right}"
            fix = f'- mode="{callback.mode}"\n+ mode="{wanted}"'
        elif best and (unknown := _never_logged(case, callback)):
            said = f"{name} watches {callback.monitor!r}, and the logs will have {unknown}"
            fix = f"- monitor={callback.monitor!r}\n+ monitor={unknown.split(', ')[0]!r}"
        elif isinstance(callback, EarlyStopping):
            said, fix = _stops(case, callback)
        elif isinstance(callback, ReduceLROnPlateau):
            said, fix = _reduces(case, callback)
        if said:
            yield PLAN.found(
                said,
                where=name,
                evidence={
                    k: v for k in ("monitor", "mode", "patience", "min_delta", "factor")
                    if (v := getattr(callback, k, None)) is not None
                },
                threshold="training goes on as long as it gets better",
                fix=fix,
            )  # fmt: skip


def _stops(case: Case, stop: EarlyStopping) -> tuple[str, fixes.Fix | str]:
    """Return what is wrong with when a training stops, and a fix; "" if nothing is."""
    late = case.epochs is not None and stop.start_from_epoch >= OVER * case.epochs
    if stop.patience == 0 and not late:
        delta = [("min_delta", stop.min_delta, 0)] if stop.min_delta else []
        best = ("restore_best_weights", stop.restore_best_weights, True)
        return f"EarlyStopping ends training with the first epoch whose {stop.monitor} is not " + (
            f"better by {stop.min_delta:g}" if stop.min_delta else "better"
        ), fixes.Setting(stop, (("patience", 0, 5), *delta, best))
    last = _longest(case, stop, stop.patience)
    if case.epochs is not None and last + stop.start_from_epoch < OVER * case.epochs:
        return (
            f"EarlyStopping asks for {stop.min_delta:g} more every {stop.patience} epochs, so it "
            f"ends training after {last:.0f} of {case.epochs} epochs at the latest"
        ), fixes.Setting(stop, (("min_delta", stop.min_delta, 0),))
    return "", ""


def _reduces(case: Case, reduce: ReduceLROnPlateau) -> tuple[str, fixes.Fix | str]:
    """Return what is wrong with how a rate is reduced, and a fix; "" if nothing is."""
    epochs = max(reduce.patience, 1)  # between two reductions at least
    if reduce.min_lr or case.epochs is None:
        return "", ""
    times = max(1, math.floor(EARLY * case.epochs / epochs))
    left = reduce.factor**times
    hurried = reduce.patience == 0 and case.epochs > 2
    if hurried and left < MUCH:
        return (
            f"ReduceLROnPlateau multiplies the rate by {reduce.factor:g} with each epoch whose "
            f"{reduce.monitor} is not better: after {times} of them {left:.1g} of it is left"
        ), fixes.Setting(reduce, (("patience", 0, 5),))
    if reduce.factor < MUCH and epochs < EARLY * case.epochs:
        return (
            f"ReduceLROnPlateau leaves {reduce.factor:g} of the rate: training ends with that"
        ), fixes.Setting(reduce, (("factor", reduce.factor, 0.3),))
    last = _longest(case, reduce, reduce.patience)
    if last < EARLY * case.epochs:
        return (
            f"ReduceLROnPlateau asks for {reduce.min_delta:g} more every {reduce.patience} epochs, "
            "so it reduces the rate however well training goes"
        ), fixes.Setting(reduce, (("min_delta", reduce.min_delta, 1e-4),))
    return "", ""


def _longest(case: Case, callback: Monitor, patience: int) -> float:
    """Return for how many epochs a number can get better by min_delta: it has some way only."""
    if not callback.min_delta:
        return math.inf
    name = callback.monitor.removeprefix("val_")
    way: float | None = 1.0 if direction(name, _metrics(case)) == "max" else None
    if name == "loss":
        guesses = [end.guess for end in case.ends if end.loss is not None]
        way = None if None in guesses or not guesses else sum(g or 0.0 for g in guesses)
    return math.inf if way is None else (way / callback.min_delta + 1) * max(patience, 1)


def _metrics(case: Case) -> list[Any]:
    return [m for end in case.ends for m in end.metrics if not isinstance(m, str)]


def _never_logged(case: Case, callback: Monitor) -> str:
    """Return what the logs will have, if a number is not among them; "" if that is not known."""
    others = [c for c in case.callbacks if not type(c).__module__.startswith("neurona.")]
    if case.custom or others or len(case.ends) != 1 or case.ends[0].loss is None:
        return ""
    given = case.ends[0].metrics
    names = ["loss", *(m if isinstance(m, str) else getattr(m, "name", "") for m in given)]
    known = callback.monitor.removeprefix("val_") in (*names, *LOGGED, *_asked(case))
    prefix = "val_" if callback.monitor.startswith("val_") else ""
    return "" if known else ", ".join(prefix + name for name in names[::-1] if name)


def _asked(case: Case) -> list[str]:
    """Return the names of metrics as `compile` was given them."""
    _, _, metrics, weighted = case.examined._training.losses.given
    listed = [m for given in (metrics, weighted) if isinstance(given, list | tuple) for m in given]
    return [m if isinstance(m, str) else getattr(m, "__name__", "") for m in listed]


CHECKS = {schedule: (PLAN,), waiting: (PLAN,)}
