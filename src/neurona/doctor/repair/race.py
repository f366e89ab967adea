"""A race: the training with a change against the training without, for a tenth of the budget."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurona.doctor.repair.changes import Change
from neurona.doctor.repair.saved import Saved
from neurona.train import steps
from neurona.train.source import ArraySource

SHARE = 0.1  # of all steps, for each of the two
ERRORS = 2.0  # standard errors by which the changed one must be better
PARTS, LEAST = 20, 4  # of the validation data, each with a loss of its own; samples of a part


class Outcome(NamedTuple):
    """How a race came out.

    Attributes:
        before, after: validation losses of the unrepaired and the repaired one.
        error: the standard error of their difference.
        steps: how long each ran.
        better: whether the repaired one is better by two standard errors.
    """

    before: float
    after: float
    error: float
    steps: int
    better: bool

    def __str__(self) -> str:
        verdict = "better" if self.better else "not better"
        return (
            f"After {self.steps} steps the validation loss is {self.after:.4g} with it, "
            f"{self.before:.4g} without: {verdict} by two standard errors of {self.error:.2g}."
        )


def hindrance(model: Any) -> str:
    """Return why no race can be held; "" if one can."""
    run = model._training.run
    held = run.validation.source if run.validation is not None else None
    if not isinstance(run.source, ArraySource):
        return "the data cannot be gone through twice"
    if not isinstance(held, ArraySource) or held.size < 2 * LEAST:
        return "there are no validation data to judge by"
    return ""


def race(model: Any, change: Change, budget: int) -> Outcome:
    """Train with and without a change from the state as it is; leave all as it was.

    Between two epochs only: batches are those that come next, the same for both.

    Args:
        model: that is being trained.
        change: that is tried.
        budget: steps of the whole training.
    """
    run = model._training.run
    count = max(1, round(SHARE * budget))
    saved = Saved(model)
    plain = _after(model, run, count, change)
    saved.put_back()
    change.apply()
    try:
        changed = _after(model, run, count, change)
    finally:
        change.undo()
        saved.put_back()
    return _outcome(plain, changed, count)


def _outcome(plain: np.ndarray, changed: np.ndarray, count: int) -> Outcome:
    gain = plain - changed
    before, after = float(plain.mean()), float(changed.mean())
    if not np.isfinite(after):
        return Outcome(before, after, float("nan"), count, False)
    if not np.isfinite(before):
        return Outcome(before, after, float("nan"), count, True)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return Outcome(before, after, error, count, bool(gain.mean() > ERRORS * error))


def _after(model: Any, run: Any, count: int, change: Change) -> np.ndarray:
    """Train for some steps, and return the losses of parts of the validation data."""
    source = run.source
    step, order = steps.training_step(model), model._training.position.order
    order = source.order() if order is None else order  # before the first epoch
    while count > 0:
        now = min(count, source.steps)
        step.run(source, source.stretch(order, 0, now))
        count, order = count - now, source.order()
    return _held(model, run.validation.source, change)


def _held(model: Any, source: ArraySource, change: Change) -> np.ndarray:
    """Return the losses of equal parts of the validation data, without penalties."""
    parts = min(PARTS, source.size // LEAST)
    each, losses = source.size // parts, []
    learnt = [p for p in model.trainable_weights if p.regularizer is not None]
    penalty = sum(float(np.asarray(p.regularizer(p.value))) for p in learnt)
    for start in range(0, parts * each, each):
        rows = slice(start, start + each)
        x, y, weight = source.structure.unflatten([a[rows] for a in source.leaves])
        weight = change.weigh(y, weight)
        logs = model.evaluate(
            x, y, sample_weight=weight, batch_size=each, verbose=0, return_dict=True
        )
        losses.append(logs["loss"] - penalty)
    return np.asarray(losses)
