"""A race: the training with a change against the training without, for a tenth of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.doctor.repair.changes import Change
from neurona.doctor.repair.saved import Saved
from neurona.train import steps
from neurona.train.source import ArraySource

SHARE = 0.1  # of all steps, for each that takes part
LONGER = 2  # times as long is a second race, where the first was too early to be sure
ERRORS = 2.0  # standard errors by which the changed one must be better
PARTS, LEAST = 20, 4  # of the validation data, each with a loss of its own; samples of a part


class Outcome(NamedTuple):
    """How a race came out.

    Attributes:
        change: the best of those that were tried.
        before, after: what was measured of the unrepaired and the repaired one.
        error: the standard error of their difference.
        steps: how long each ran.
        better: whether the repaired one is better by two standard errors.
        spent: steps of all that ran.
    """

    change: Change
    before: float
    after: float
    error: float
    steps: int
    better: bool
    spent: int

    def __str__(self) -> str:
        verdict = "better" if self.better else "not better"
        return (
            f"After {self.steps} steps the validation {self.change.measured} is {self.after:.4g} "
            f"with it, {self.before:.4g} without: {verdict} by two standard errors of "
            f"{self.error:.2g}."
        )


def hindrance(model: Any) -> str:
    """Return why no race can be held; "" if one can."""
    run = model._training.run
    held = run.validation.source if run.validation is not None else None
    if any(getattr(layer, "stateful", False) is True for layer in model.all_layers()):
        return "a layer keeps states from batch to batch"
    if not isinstance(run.source, ArraySource):
        return "the data cannot be gone through twice"
    if not isinstance(held, ArraySource) or held.size < 2 * LEAST:
        return "there are no validation data to judge by"
    return ""


def race(model: Any, changes: Sequence[Change], budget: int) -> Outcome:
    """Train without and with each of some changes from the state as it is; leave all as it was.

    Between two epochs only: batches are those that come next, the same for all. Where the best is
    better, but not by two standard errors, it runs again, twice as long.

    Args:
        model: that is being trained.
        changes: those that are tried; they differ in a number.
        budget: steps of the whole training.
    """
    count = max(1, round(SHARE * budget))
    first = _race(model, changes, count)
    if first.better or not first.after < first.before:
        return first
    second = _race(model, [first.change], LONGER * count)
    return second._replace(spent=first.spent + second.spent)


def _race(model: Any, changes: Sequence[Change], count: int) -> Outcome:
    saved, samples = Saved(model), count * model._training.run.source.batch_size
    try:
        plain = _after(model, samples, changes[0])
    finally:
        saved.put_back()
    found = []
    for change in changes:
        change.apply()
        try:
            found.append((_after(model, samples, change), change))
        finally:
            change.undo()
            saved.put_back()
    changed, best = min(found, key=lambda row: np.nan_to_num(row[0].mean(), nan=np.inf))
    return _outcome(best, plain, changed, count, (1 + len(changes)) * count)


def _outcome(
    change: Change, plain: np.ndarray, changed: np.ndarray, count: int, spent: int
) -> Outcome:
    gain = plain - changed
    before, after = float(plain.mean()), float(changed.mean())
    if not (np.isfinite(after) and np.isfinite(before)):
        return Outcome(change, before, after, float("nan"), count, bool(np.isfinite(after)), spent)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    better = bool(gain.mean() > ERRORS * error)
    return Outcome(change, before, after, error, count, better, spent)


def _after(model: Any, samples: int, change: Change) -> np.ndarray:
    """Train on some samples, and return what is measured on parts of the validation data."""
    run = model._training.run
    source, count = run.source, max(1, round(samples / run.source.batch_size))
    step, order = steps.training_step(model), model._training.position.order
    order = source.order() if order is None else order  # before the first epoch
    while count > 0:
        now = min(count, source.steps)
        step.run(source, source.stretch(order, 0, now))
        count, order = count - now, source.order()
    return _held(model, run.validation.source, change)


def _held(model: Any, source: ArraySource, change: Change) -> np.ndarray:
    """Return what is measured on equal parts of the validation data: losses without penalties."""
    parts = min(PARTS, source.size // LEAST)
    each, found = source.size // parts, []
    learnt = [p for p in model.trainable_weights if p.regularizer is not None]
    penalty = sum(float(np.asarray(p.regularizer(p.value))) for p in learnt)
    for start in range(0, parts * each, each):
        rows = slice(start, start + each)
        x, y, weight = source.structure.unflatten([a[rows] for a in source.leaves])
        if change.measure is not None:
            found.append(change.measure(y, model.predict(x, batch_size=each, verbose=0)))
            continue
        weight = change.weigh(y, weight)
        logs = model.evaluate(
            x, y, sample_weight=weight, batch_size=each, verbose=0, return_dict=True
        )
        found.append(logs["loss"] - penalty)
    return np.asarray(found)
