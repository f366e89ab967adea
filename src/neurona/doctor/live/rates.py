"""GD502, GD506: steps that are too large; those that are too small have a file of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import Clip, Rate
from neurona.doctor.learning_rate import ADAPTIVE, SCALING, TOO_HIGH, TOO_LOW, usual_rates
from neurona.doctor.live.middle import median
from neurona.doctor.live.record import FEWEST, Record
from neurona.doctor.live.too_low import too_low

TESTS, FAILED = 10, 0.5  # own-batch tests, and the share of them that may fail
SOME = 0.1  # of own-batch tests: fewer did not make a loss climb
RISEN = 1.5  # times the loss before the first step
ABOVE, FAR_ABOVE = 1.2, 1.3  # times the loss of guessing, by the mean of the last epoch, of any
LONG_RUN, ENOUGH = 8, 100  # epochs; steps
WORSE = 1.005  # times the loss of guessing: steps of a usual length hold on to that at least


def too_high(record: Record) -> Iterator[Finding]:
    """GD506: the loss of a batch rises by its own update, and training gets nowhere."""
    looks = record.looks[-TESTS:]
    if len(looks) < FEWEST:
        return
    failed = float(np.mean([look.overshot for look in looks]))
    middle = float(median([look.loss for look in record.recent]))  # one may be a hard sample
    risen = middle / max(record.start, record.scale, 1e-12)
    broken = not math.isfinite(record.loss)
    up = failed > FAILED and not float(np.mean([look.rise for look in looks])) <= 0
    consequence = record.struggling() if up and len(looks) == TESTS else ""
    tested = bool(consequence)
    known = not record.own and record.steps >= 20 and record.start > 0 and record.scale > 0
    climbed = known and (risen > RISEN or _epochs_above(record)) and _raised(record)
    climbed = climbed or _lost(record)
    strange = _too_fast_to_learn(record)
    if not (tested or broken or climbed or strange):
        return
    rate = looks[-1].rate
    said = (
        f"{failed:.0%} of the last {len(looks)} steps that were tested made the loss of their own "
        "batch larger"
        if failed > FAILED
        else f"a rate of {rate:.2g} is unusually large"
        if strange and not (broken or climbed)
        else f"the loss has risen from {record.start:.3g} to {_highest(record):.3g}"
    )
    consequence = consequence or strange
    yield TOO_HIGH.found(
        f"{said}; {consequence}" if consequence and (failed > FAILED or strange) else said,
        where="optimizer",
        evidence={"failed": failed, "learning_rate": rate, "loss": record.loss,
                  "first_loss": record.start, "step": record.steps},
        threshold=f"more than {FAILED:.0%} of {TESTS} steps, or {RISEN} times the first loss",
        fix=Rate(rate, _smaller(record.model, rate, climbed or broken)),
    )  # fmt: skip


def _smaller(model: Any, rate: float, far: bool) -> float:
    """Return a factor for a rate that is too high: below the largest that is usual."""
    optimizer = getattr(model, "optimizer", None)
    known = type(optimizer).__name__ in ("SGD", *ADAPTIVE)
    most = usual_rates(optimizer)[1] if known else math.inf
    return 0.3 * most / rate if rate > 3 * most else 0.1 if far else 0.3


def _highest(record: Record) -> float:
    """Return the highest mean loss of an epoch, or the present one if that is higher."""
    return max([record.loss, *(loss - record.looks[-1].penalty for loss in record.column("loss"))])


def _epochs_above(record: Record) -> bool:
    """Whether an epoch's mean loss was above both guessing and the first batch's, and still hurts.

    In the first epoch it may be above by little: a mean over batches that are harder.
    """
    guessing, losses = record.guess.loss, record.column("loss")
    if guessing is None or not losses:
        return False
    highest, penalty = max(record.start, guessing), record.looks[-1].penalty
    if len(losses) > 1 and losses[-1] - penalty > ABOVE * highest:
        return True
    return max(losses) - penalty > FAR_ABOVE * highest and bool(record.struggling())


def _lost(record: Record) -> bool:
    """Whether a loss of one's own ended far above what it began at, on other samples, too.

    Each may rise alone: what is learnt may get harder, and what is learnt by heart tells nothing.
    """
    losses, held = record.column("loss"), record.column("val_loss")
    if not record.own or not record.ended or len(held) < LONG_RUN or min(losses + held) <= 0:
        return False
    late = len(losses) // 4
    return all(float(np.mean(x[-late:])) > ABOVE * x[0] for x in (losses, held)) and bool(
        record.worse()
    )


def _too_fast_to_learn(record: Record) -> str:
    """Say how a whole training did worse than guessing, at a rate above all that are usual."""
    optimizer, rate = getattr(record.model, "optimizer", None), record.looks[-1].rate
    losses = record.column("loss")
    if not record.ended or record.steps < ENOUGH or record.own or not losses:
        return ""
    if type(optimizer).__name__ not in ("SGD", *ADAPTIVE) or rate <= usual_rates(optimizer)[1]:
        return ""
    if losses[-1] - record.looks[-1].penalty < WORSE * record.scale:
        return ""  # as good as guessing: something else may keep it from learning
    return record.at_guessing()


def _raised(record: Record) -> bool:
    """Whether updates raised the loss at all: the first batch may only have been an easy one."""
    tested = [look.rose for look in record.looks if look.after is not None]
    return not tested or float(np.mean(tested)) >= SOME


EXPLODING = Rule(
    "GD502", "exploding gradients", "warning",
    "A gradient a hundred times as large as usual throws the weights far away from where they "
    "had got to.",
    auto="safe", because=(*SCALING, "GD506"), accepted=("a smaller learning rate",),
    source="Tuning Playbook; TheDeepChecker 2022",
)  # fmt: skip
TIMES_USUAL, DOUBLINGS = 100.0, 5


def exploding(record: Record) -> Iterator[Finding]:
    """GD502: the gradient is 100 times its median, or doubles in 5 looks, and the loss went up."""
    norms = [look.gradient for look in record.looks]
    if len(norms) <= FEWEST:
        return
    usual = float(median(norms[-101:-1]))
    last = norms[-1]
    tail = np.asarray(norms[-DOUBLINGS - 1 :])
    doubled = len(tail) > DOUBLINGS and bool(np.all(tail[1:] > 2 * tail[:-1]))
    sudden = last > TIMES_USUAL * max(usual, 1e-12)
    first = record.looks[0]
    grown = last > TIMES_USUAL * first.gradient > 0 and abs(record.loss) > TIMES_USUAL * abs(
        first.loss
    )
    after = record.looks[-1].after or 0.0
    up = after > 2 * max(record.loss, record.scale)
    jumped = (sudden or doubled) and (up or bool(record.worse()))
    if not (jumped or grown) and math.isfinite(last):
        return
    if not math.isfinite(last) and not math.isfinite(record.loss):
        return  # GD401 tells where that began
    yield EXPLODING.found(
        f"the norm of the gradient is {last:.3g}, where {first.gradient if grown else usual:.3g} "
        f"{'was the first' if grown else 'is usual'}, and the loss is {record.loss:.3g}",
        where=_largest(record),
        evidence={"norm": last, "median": usual, "step": record.looks[-1].step},
        threshold=f"{TIMES_USUAL:.0f} times the median, or twice in {DOUBLINGS} looks in a row",
        fix=Clip("clipnorm", float(np.percentile(norms[:-1], 90))),
    )


def _largest(record: Record) -> str:
    weights = record.looks[-1].weights
    return max(weights, key=lambda path: weights[path].gradient * weights[path].size, default="")


CHECKS = {too_high: (TOO_HIGH,), too_low: (TOO_LOW,), exploding: (EXPLODING,)}
