"""GD502, GD506, GD507: steps that are too large or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import Clip, Rate
from neurona.doctor.learning_rate import ADAPTIVE, SCALING, TOO_HIGH, TOO_LOW, usual_rates
from neurona.doctor.live.record import FEWEST, Look, Record

TESTS, FAILED = 10, 0.5  # own-batch tests, and the share of them that may fail
SOME = 0.1  # of own-batch tests: fewer did not make a loss climb
RISEN = 1.5  # times the loss before the first step
ABOVE = 1.2  # times the loss of guessing, by the mean of an epoch


def too_high(record: Record) -> Iterator[Finding]:
    """GD506: the loss of a batch rises by its own update, and training gets nowhere."""
    looks = record.looks[-TESTS:]
    if len(looks) < FEWEST:
        return
    failed = float(np.mean([look.overshot for look in looks]))
    risen = record.loss / max(record.start, record.scale, 1e-12)
    broken = not math.isfinite(record.loss)
    up = failed > FAILED and not float(np.mean([look.rise for look in looks])) <= 0
    consequence = record.struggling() if up and len(looks) == TESTS else ""
    tested = bool(consequence)
    known = not record.own and record.steps >= 20 and record.start > 0 and record.scale > 0
    climbed = known and (risen > RISEN or _epochs_above(record)) and _raised(record)
    if not (tested or broken or climbed):
        return
    rate = looks[-1].rate
    said = (
        f"{failed:.0%} of the last {len(looks)} steps that were tested made the loss of their own "
        "batch larger"
        if failed > FAILED
        else f"the loss has risen from {record.start:.3g} to {_now(record):.3g}"
    )
    yield TOO_HIGH.found(
        f"{said}; {consequence}" if consequence and failed > FAILED else said,
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


def _now(record: Record) -> float:
    losses = record.column("loss")
    return max(record.loss, losses[-1] - record.looks[-1].penalty) if losses else record.loss


def _epochs_above(record: Record) -> bool:
    """Whether an epoch's mean loss is above both guessing and the first one; not of the first."""
    guessing, losses = record.guess.loss, record.column("loss")
    if guessing is None or len(losses) < 2:
        return False
    return losses[-1] - record.looks[-1].penalty > ABOVE * max(record.start, guessing)


def _raised(record: Record) -> bool:
    """Whether updates raised the loss at all: the first batch may only have been an easy one."""
    tested = [look.rose for look in record.looks if look.after is not None]
    return not tested or float(np.mean(tested)) >= SOME


SCALED, TIMES_BETTER = 10.0, 5.0
EARLY, EARLY_RACED = 0.5, 0.2  # of the training: what is seen before is no sign yet
ROUNDED = 1e-4  # of the loss: a change below is no good measure of a curve
LINEAR = 0.9  # share of the looks in which a step ten times as long is five times as good
BUDGETS, FEW = 20.0, 5.0  # projected need, in planned runs; if it is still at guessing
STILL, SHORT = 0.05, 1e-3  # way of the weights so far, and of one step, as shares of their size


def too_low(record: Record) -> Iterator[Finding]:
    """GD507: ten times the step would be five times as good, and the need is twenty budgets."""
    looks = record.at_full_rate
    early = EARLY_RACED if record.raced else EARLY
    if record.warming or record.done < early or len(looks) < FEWEST or record.start <= 0:
        return
    if not looks[-1].kernels or any(w.gradient == 0 for w in looks[-1].kernels.values()):
        return
    moved = float(np.median([w.moved or 0.0 for w in looks[-1].kernels.values()]))
    need = 0.9 * record.loss / max(record.fallen, 1e-12) * record.done  # in budgets
    if moved > STILL or not record.loss > 0.5 * record.scale:
        return
    better = float(np.mean([_scaled_gain(look) for look in looks]))
    step = float(np.median([w.ratio for look in looks for w in look.kernels.values()]))
    budgets = FEW if record.at_guessing() else BUDGETS
    if better < LINEAR or need < budgets or step > SHORT:
        return
    rate = looks[-1].rate
    yield TOO_LOW.found(
        f"in {record.steps} steps the weights have moved by {moved:.1%} of their size, and the "
        f"loss has fallen by {max(record.fallen, 0):.2g} from {record.start:.3g}",
        where="optimizer",
        evidence={"moved": moved, "better_if_scaled": better, "budgets_needed": need,
                  "learning_rate": rate, "loss": record.loss},
        threshold=f"a step {SCALED:.0f} times as long is {TIMES_BETTER:.0f} times as good in "
        f"{LINEAR:.0%} of the steps, and {budgets:.0f} such trainings would be needed",
        fix=Rate(rate, 10),
    )  # fmt: skip


def _scaled_gain(look: Look) -> bool:
    """Say whether ten times the step would lower the loss five times as much.

    The loss along the step is taken for a parabola with this slope and rise; a step so short that
    the rise is lost in rounding is straight.
    """
    once = look.rise if abs(look.slope) > ROUNDED * abs(look.loss) else look.slope
    curve = once - look.slope
    return once < 0 and SCALED * look.slope + SCALED**2 * curve < TIMES_BETTER * once


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
    usual = float(np.median(norms[-101:-1]))
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
