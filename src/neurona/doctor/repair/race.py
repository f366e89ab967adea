"""A race: the training with a change against the training without, for a tenth of the budget."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.doctor.learning_rate import ADAPTIVE, usual_rates
from neurona.doctor.live.guess import guess_of
from neurona.doctor.live.record import GUESSING, HARDLY
from neurona.doctor.repair.changes import Both, Change, Rate
from neurona.doctor.repair.saved import Saved
from neurona.train import steps
from neurona.train.callbacks.actions import LearningRateScheduler
from neurona.train.source import ArraySource

LONGER = 2  # times as long is a second race, where the first was too early to be sure
MORE = (3.0, 10.0, 30.0, 100.0)  # times the rate, where little is learnt in that time
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
        undecided: whether neither has learnt anything yet, and none is worse.
        then: what is to be told of a second round.
    """

    change: Change
    before: float
    after: float
    error: float
    steps: int
    better: bool
    spent: int
    undecided: bool = False
    then: str = ""

    def __str__(self) -> str:
        verdict = "better" if self.better else "not better"
        told = (
            f"After {self.steps} steps the validation {self.change.measured} is {self.after:.4g} "
            f"with it, {self.before:.4g} without: {verdict} by two standard errors of "
            f"{self.error:.2g}."
        )
        return told + (" Neither has learnt anything by then." if self.undecided else self.then)


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


def race(model: Any, changes: Sequence[Change], budget: int, begins: bool = False) -> Outcome:
    """Train without and with each of some changes from the state as it is; leave all as it was.

    Between two epochs only: batches are those that come next, the same for all. Where the best is
    better, but not by two standard errors, it runs again, twice as long.

    Args:
        model: that is being trained.
        changes: those that are tried; they differ in a number.
        budget: steps of the whole training.
        begins: whether no step was made yet: then it may be too early to tell.
    """
    count = max(1, round(changes[0].share * budget))
    guess = _guess(model, changes[0]) if begins else 0.0
    first = _race(model, changes, count, guess)
    if first.better:
        return _closer(model, first, count, guess)
    if not first.after < first.before:
        return first
    second = _race(model, [first.change], LONGER * count, guess)
    return second._replace(spent=first.spent + second.spent)


def _guess(model: Any, change: Change) -> float:
    """Return what the best answer that is always the same has of what is measured; 0: unknown."""
    _, y, weight = model._training.run.validation.source.arrays
    if change.guess is not None:
        return change.guess(y)
    own = model.overrides("train_step") or model.overrides("compute_loss")
    return 0.0 if own else guess_of(model, y, change.weigh(y, weight)).loss or 0.0


def _race(model: Any, changes: Sequence[Change], count: int, guess: float) -> Outcome:
    saved, samples = Saved(model), count * model._training.run.source.batch_size
    try:
        plain = _after(model, samples, changes[0])
    finally:
        saved.put_back()
    found = _each(model, changes, samples, saved)
    changed, best = min(found, key=_mean)
    spent = (1 + len(changes)) * count
    outcome = _outcome(best, plain, changed, count, spent)
    least = GUESSING * guess
    if outcome.better or guess <= 0 or not min(outcome.before, outcome.after) >= least:
        return outcome
    for row, change in found:
        if change.certain and _no_worse(row, plain):
            return _outcome(change, plain, row, count, spent)._replace(undecided=True)
    return outcome


def _each(
    model: Any, changes: Sequence[Change], samples: int, saved: Saved
) -> list[tuple[np.ndarray, Change]]:
    """Return what is measured after training with each change on some samples."""
    found = []
    for change in changes:
        change.apply()
        try:
            found.append((_after(model, samples, change), change))
        finally:
            change.undo()
            saved.put_back()
    return found


def _mean(row: tuple[np.ndarray, Change]) -> float:
    return float(np.nan_to_num(row[0].mean(), nan=np.inf))


def _closer(model: Any, first: Outcome, count: int, guess: float) -> Outcome:
    """Try rates around one that has won, or larger ones with a change that still learns little.

    A rate that is best at first may be too large later: these run for longer.
    """
    rates, least, most = first.change.nearby(), 0.0, np.inf
    if rates:
        count *= LONGER
    elif model.optimizer is not None and first.after >= HARDLY * guess > 0:
        rates = [Both(first.change, rate) for rate in _larger(model.optimizer)]
        least, most = ERRORS, HARDLY * guess
    if not rates:
        return first
    saved, samples = Saved(model), count * model._training.run.source.batch_size
    found = _each(model, [first.change, *rates], samples, saved)
    learnt = (row for row in found[1:] if least and _mean(row) < most)
    best, change = next(learnt, min(found, key=_mean))  # what is best may be too large later
    gain = found[0][0] - best
    spent = first.spent + len(found) * count
    clear = gain.mean() > least * gain.std(ddof=1) / np.sqrt(len(gain)) and best.mean() < most
    if change is first.change or not clear:
        return first._replace(spent=spent)
    then = f" After {count} steps {best.mean():.4g}, and {found[0][0].mean():.4g} with the "
    then += f"learning rate that had won: {first.change.what}"
    return first._replace(change=change, spent=spent, then=then)


def _larger(optimizer: Any) -> list[Rate]:
    """Return larger rates, those of a rule that is known up to the largest that is usual."""
    rate = float(np.asarray(optimizer.learning_rate))
    known = type(optimizer).__name__ in ("SGD", *ADAPTIVE)
    most = max(usual_rates(optimizer)[1], MORE[1] * rate) if known else np.inf
    return [Rate(optimizer, factor) for factor in MORE if factor * rate <= most]


def _no_worse(changed: np.ndarray, plain: np.ndarray) -> bool:
    loss = changed - plain
    return bool(loss.mean() <= ERRORS * loss.std(ddof=1) / np.sqrt(len(loss)))


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
    setting = [c for c in run.callbacks.callbacks if isinstance(c, LearningRateScheduler)]
    for epoch in itertools.count(model._training.position.epoch):
        if count <= 0:
            break
        for callback in setting:
            callback.on_epoch_begin(epoch)
        now = min(count, source.steps)
        step.run(source, source.stretch(order, 0, now))
        count, order = count - now, source.order()
    return measured(model, change)


def measured(model: Any, change: Change) -> np.ndarray:
    """Return what is measured on equal parts of the validation data: losses without penalties."""
    source: ArraySource = model._training.run.validation.source
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
