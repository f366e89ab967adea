"""GD601 to GD604: what is learnt, seen in the validation."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.anytime import PLAN
from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.fixes import Stop
from neurona.doctor.live.course import STEPS, WRONG
from neurona.doctor.live.linear import reached_by
from neurona.doctor.live.record import Record
from neurona.doctor.scan import share_error

OVERFITTING = Rule(
    "GD601", "overfitting", "warning",
    "It learns the training samples by heart: what it gets better at there makes it worse at "
    "samples that it has not seen.",
    auto="safe", because=(
        "GD108", "GD110", "GD111", "GD506", "GD507", "GD510", "GD513", "GD605", "GD705",
    ),
    accepted=("Dropout", "weight_decay", "augmentation", "a smaller model", "more data"),
    source="SageMaker Debugger (0.1, patience)",
)  # fmt: skip
ABOVE, FALL = 0.1, 0.05  # validation above its best; training loss below that of the same epoch
PERFECT, GAP = 0.99, 0.075  # shares of right answers: of training, and how much less
CLEARLY, LOW = 0.3, 0.1  # above its best, and of guessing: then the metric need not be worse
WIDE = 0.3  # so many more of the training samples are right: they are known by heart
APART = 0.05  # shares of right answers: less is no more than being too sure of what is wrong


def overfitting(record: Record) -> Iterator[Finding]:
    """GD601: validation is 10 % above its best for 3 epochs or 10 %, and training falls by 5 %.

    It is a fact only if the best weights are put back at the end: that is the cure.
    """
    for finding in _overfitting(record):
        if _puts_back(record):
            said = f"{finding.said}; the best weights are put back at the end"
            finding = dataclasses.replace(finding, said=said, severity=INFO, fix="")
        yield finding


def _puts_back(record: Record) -> bool:
    return any(
        getattr(c, "restore_best_weights", False) and str(c.monitor).startswith("val_")
        for c in _callbacks(record)
    )


def _callbacks(record: Record) -> list[Any]:
    run = record.model._training.run if record.model is not None else None
    return list(run.callbacks.callbacks) if run is not None else []


def _overfitting(record: Record) -> Iterator[Finding]:
    losses, held = record.column("loss"), record.column("val_loss")
    if told := _by_heart(record):
        yield told
        return
    gap = record.accuracy_name is not None and _far_apart(record, 1, WIDE)
    window = 1 if record.ended and gap else record.patience  # so wide a gap at the end won't close
    if len(held) <= window or len(losses) != len(held):
        return
    best = int(np.argmin(held[:-window])) if len(held) > window else 0
    lowest, since = held[best], held[-window:]
    risen = min(since) / lowest - 1 if lowest > 0 else 0.0
    knows = losses[-1] < min(since)  # who knows by heart does better
    falls = knows and losses[-1] < (1 - FALL) * losses[best]
    matters = min(since) - lowest > 0.02 * abs(record.scale)
    if not (risen >= ABOVE and falls and matters):
        return
    # few wrong answers make all of a small loss, and a few more or less are chance
    noise = math.sqrt(lowest * abs(record.scale) / _held_out(record))
    large = min(since) >= LOW * abs(record.scale)
    wide = record.accuracy_name is not None and _far_apart(record, window, WIDE)
    clear = (risen >= CLEARLY or wide) and large and min(since) - lowest > 2 * noise
    if not _far_apart(record, window) or not (clear or _metric_fell(record, window)):
        return
    yield OVERFITTING.found(
        f"the validation loss was {lowest:.3g} after epoch {best + 1} and is {held[-1]:.3g} now, "
        f"while the training loss fell from {losses[best]:.3g} to {losses[-1]:.3g}",
        evidence={"best": lowest, "best_epoch": best + 1, "now": held[-1], "epochs": window,
                  "train_then": losses[best], "train_now": losses[-1]},
        threshold=f"{ABOVE:.0%} above its best for {window} epochs while training falls {FALL:.0%}",
        fix=Stop(),
    )  # fmt: skip


def _by_heart(record: Record) -> Finding | None:
    """Return the finding if training is all but perfect, and validation far from it, for long."""
    name = record.accuracy_name
    train, held = (record.column(n) for n in (name, f"val_{name}")) if name else ([], [])
    half = len(held) // 2
    if half < 5 or len(held) != len(train) or min(train[-3:]) < PERFECT:
        return None
    gap = train[-1] - max(held)
    better = max(held[half:]) - max(held[:half])
    error = share_error(max(held), _held_out(record))
    if gap < max(GAP, 3 * error) or better > error:
        return None
    return OVERFITTING.found(
        f"all training samples are right ({train[-1]:.1%}), and {max(held):.1%} of the others at "
        f"best, with nothing gained since epoch {half}",
        evidence={"train": train[-1], "validation": max(held), "epochs": len(held)},
        threshold=f"{PERFECT:.0%} in training, {GAP:.1%} less in validation, for half of the run",
        fix=Stop(),
    )


def _far_apart(record: Record, window: int, least: float = APART) -> bool:
    """Whether far more of the training samples are right than of the others; or nobody knows.

    Where they are not, only the loss is worse: wrong answers are given with more confidence.
    """
    name = record.accuracy_name
    train, held = (record.column(n) for n in (name, f"val_{name}")) if name else ([], [])
    if not train or not held:
        return True
    now = max(held[-window:])
    return train[-1] - now >= max(least, 2 * share_error(now, _held_out(record)))


def _metric_fell(record: Record, window: int) -> bool:
    """Whether the validation's accuracy is worse than it was by its uncertainty; or has no name."""
    name = record.accuracy_name
    held = record.column(f"val_{name}") if name else []
    if not held:
        return True
    best, samples = max(held[:-window]), _held_out(record)
    error = share_error(min(best, 1 - 2 / samples), samples)  # none wrong so far: some may be
    return max(held[-window:]) < best - error


def _held_out(record: Record) -> int:
    run = record.model._training.run
    size = run.validation.source.size if run is not None and run.validation else None
    return size or 1000


UNDERFITTING = Rule(
    "GD602", "underfitting", "warning",
    "A single linear layer learns more from these data in a moment, so the model is held back by "
    "how it is built or trained.",
    auto="never",
    because=(*WRONG, *STEPS, "GD508", "GD509", "GD510", "GD511", "GD513", "GD601", "GD704"),
    accepted=("another learning rate", "fewer restraints: dropout, weight decay"),
    source="Karpathy 2019 (baseline)",
)  # fmt: skip


FAR = 0.15  # below a linear model at the end: then it does not matter that the loss still falls


def underfitting(record: Record) -> Iterator[Finding]:
    """GD602: after half of the steps it is below a linear model, and gets hardly better.

    At the end of a training that is far below, or has a layer of too few units, it may get better.
    """
    if not (told := record.below_linear()):
        return
    linear, narrow = record.linear, record.narrow
    far = record.ended and linear is not None and bool(linear.beats(record, FAR))
    if not (far or (record.ended and narrow) or record.stalled(record.patience)):
        return
    few = f"; a layer has {narrow} unit{'s' if narrow > 1 else ''}" if narrow else ""
    more = f"- epochs={record.epochs}\n+ epochs={4 * record.epochs}  # or a larger learning rate"
    rate = "nn.lr_finder(model, x, y).suggestion  # a learning rate"
    wider = f"- units={narrow}\n+ units={8 * record.guess.classes}"
    yield UNDERFITTING.found(
        f"after {record.steps} steps {told}{few}",
        evidence={"linear": record.linear and record.linear.score, "steps": record.steps},
        threshold="a ridge regression on 2,000 training samples, scored on others",
        fix=wider if narrow else rate if record.stalled(record.patience) else more,
    )


TOO_GOOD = Rule(
    "GD603", "validation too good", "warning",
    "Nobody does better on new samples than on known ones: the two sets differ, or one was made "
    "from the other.",
    auto="never", because=("GD108", "GD111", "GD605"), source="UMLAUT 2021, gated",
)  # fmt: skip
POINTS, IN_A_ROW = 0.05, 3
UNLIKE = ("Dropout", "Random", "Noise", "Normalization", "Augment", "Cut", "Mix", "Rand", "Drop")


def too_good(record: Record) -> Iterator[Finding]:
    """GD603: validation is 5 points above training for 3 epochs, and nothing explains it."""
    name = record.accuracy_name
    train = record.column(name) if name else []
    held = record.column(f"val_{name}") if name else []
    if len(held) <= IN_A_ROW or len(train) != len(held):
        return
    # the training's share is a mean over an epoch in which it still grew
    lag = [max(b - a, 0.0) for a, b in itertools.pairwise(train)]
    ahead = [
        v - t - grown
        for v, t, grown in zip(held[-IN_A_ROW:], train[-IN_A_ROW:], lag[-3:], strict=True)
    ]
    known = record.guess.samples or 1000
    errors = share_error(held[-1], _held_out(record)), share_error(train[-1], known)
    least = max(POINTS, 4 * math.hypot(*errors))
    if min(ahead) < least or _differs(record.model):
        return
    yield TOO_GOOD.found(
        f"the validation's {name} is {held[-1]:.1%}, the training's {train[-1]:.1%}",
        evidence={"train": train[-1], "validation": held[-1], "epochs": IN_A_ROW},
        threshold=f"{least:.1%} above training for {IN_A_ROW} epochs",
        fix="look for rows of validation_data in x, and train on a random part of all data",
    )


def _differs(model: Any) -> bool:
    """Whether some layer works in another way in training, or the data are made up anew."""
    kinds = [type(layer).__name__ for layer in model.all_layers()]
    plain = not any(word in kind for kind in kinds for word in UNLIKE)
    dropping = any(
        getattr(layer, rate, 0)
        for layer in model.all_layers()
        for rate in ("dropout", "recurrent_dropout", "attention_dropout", "rate")
    )
    run = model._training.run
    arrays = run is not None and hasattr(run.source, "arrays") and run.source.arrays[2] is None
    return not plain or dropping or not arrays


NOT_DONE = Rule(
    "GD604", "still improving at the end", "info",
    "The training ended while it was still getting better.",
    because=(*WRONG, *STEPS), accepted=("a larger learning rate", "a smaller batch"),
    source="Tuning Playbook",
)  # fmt: skip
SLOPE = 0.01
FEW, HALFWAY = 100, 0.5  # steps in all; of what a line gains over guessing
PLANNED = 5  # epochs: fewer are a try, not a training
BEGUN = 0.8  # of the loss of guessing
FEWEST_STEPS = 5  # in an epoch: a smaller batch would give more


def not_done(record: Record) -> Iterator[Finding]:
    """GD604: over the last tenth of the epochs the loss fell by 1 % an epoch.

    A warning where a few large batches were all, and a line is far better.
    """
    if not record.ended:
        return
    if told := _too_few_steps(record):
        yield told
        return
    name = "val_loss" if record.column("val_loss") else "loss"
    losses = record.column(name)
    window = max(3, len(losses) // 10)
    if len(losses) <= window or len(losses) < record.epochs:
        return
    then, now = losses[-window - 1], losses[-1]
    slope = 1 - (now / then) ** (1 / window) if then > 0 and now > 0 else 0.0
    if slope <= SLOPE or now > min(losses[-window:]):
        return
    yield NOT_DONE.found(
        f"the {name} still fell by {slope:.1%} an epoch when the training ended",
        evidence={"slope": slope, "last": now},
        threshold=f"{SLOPE:.0%} an epoch over the last {window}",
        fix=f"- epochs={record.epochs}\n+ epochs={2 * record.epochs}",
    )


def ended_early(record: Record) -> Iterator[Finding]:
    """GD216: it was stopped while each epoch was better than the one before, or never begun."""
    if record.ended and not record.steps and record.epochs:
        yield PLAN.found(
            f"no step was made: the {record.epochs} epochs were over before it began",
            where="fit",
            evidence={"epochs": record.epochs},
            threshold="initial_epoch below epochs",
            fix="+ epochs=initial_epoch + 10  # the number of the last epoch, not how many",
        )
        return
    if not record.ended or len(record.logs) > HALFWAY * record.epochs:
        return
    for stop in _callbacks(record):
        if not (getattr(stop, "stopped_epoch", 0) and getattr(stop, "min_delta", 0)):
            continue
        values, waited = np.asarray(record.column(stop.monitor)), max(stop.patience, 1)
        if len(values) <= waited:
            continue
        gains = np.diff(values[-waited - 1 :]) / np.abs(values[-waited - 1 : -1])
        gains = gains if stop.mode == "max" else -gains
        if (gains > SLOPE).all():
            yield PLAN.found(
                f"EarlyStopping ended the training after {len(values)} of {record.epochs} epochs, "
                f"while {stop.monitor} got better by {np.median(gains):.1%} an epoch: it asks for "
                f"{abs(stop.min_delta):g}",
                where="EarlyStopping",
                evidence={"monitor": stop.monitor, "min_delta": abs(stop.min_delta),
                          "gain": float(np.median(gains)), "epochs": len(values)},
                threshold=f"no gain of {SLOPE:.0%} an epoch where it stops",
                fix=f"- min_delta={abs(stop.min_delta):g}\n+ min_delta=0",
            )  # fmt: skip
            return


def _too_few_steps(record: Record) -> Finding | None:
    """Return the finding if a few large batches have not come half as far as a line."""
    losses, steps = record.column("loss"), record.steps_per_epoch
    if record.steps >= FEW or steps is None or steps >= FEWEST_STEPS or len(losses) < PLANNED:
        return None
    run = record.model._training.run
    if run is not None and not hasattr(run.source, "arrays"):
        return _hardly_begun(record, steps)
    line = record.linear  # dear, so last
    if line is None or not line.finds or losses[-1] > min(losses):
        return None
    reached = reached_by(record)
    if reached is None or reached - line.plain > HALFWAY * (line.score - line.plain):
        return None
    return NOT_DONE.found(
        f"only {record.steps} steps were made, {steps} in an epoch, and the loss still fell: "
        f"{line.measure} is {reached:.2f}, and a linear model reaches {line.score:.2f}",
        evidence={"steps": record.steps, "reached": reached, "linear": line.score},
        threshold=f"{FEW} steps in all, {FEWEST_STEPS} in an epoch, and half of what a linear "
        "model gains over guessing",
        fix="+ batch_size=32",
        severity=WARNING,
    )


def _hardly_begun(record: Record, steps: int) -> Finding | None:
    """Return the finding if batches that somebody else makes have not led away from guessing."""
    held, guess = record.column("val_loss"), record.held.loss
    if not held or guess is None or not BEGUN * guess < held[-1] <= min(held):
        return None
    return NOT_DONE.found(
        f"only {record.steps} steps were made, {steps} in an epoch, and the loss still fell: the "
        f"val_loss is {held[-1]:.3g}, and always answering the same has {guess:.3g}",
        evidence={"steps": record.steps, "val_loss": held[-1], "guessing": guess},
        threshold=f"{FEW} steps in all, {FEWEST_STEPS} in an epoch, or a val_loss below "
        f"{BEGUN:.0%} of guessing",
        fix="+ steps_per_epoch=samples // batch_size",
        severity=WARNING,
    )


CHECKS = {
    overfitting: (OVERFITTING,), underfitting: (UNDERFITTING,), too_good: (TOO_GOOD,),
    not_done: (NOT_DONE,), ended_early: (PLAN,),
}  # fmt: skip
