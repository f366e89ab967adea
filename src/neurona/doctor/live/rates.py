"""GD502, GD506, GD507: steps that are too large or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import Clip, Rate
from neurona.doctor.learning_rate import ADAPTIVE, SCALING, TOO_HIGH, TOO_LOW, usual_rates
from neurona.doctor.live.linear import MARGIN, reached_by
from neurona.doctor.live.record import FEWEST, Look, Record

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
    middle = float(np.median([look.loss for look in record.recent]))  # one may be a hard sample
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


SCALED, TIMES_BETTER = 10.0, 5.0
EARLY, EARLY_RACED = 0.5, 0.2  # of the training: what is seen before is no sign yet
ROUNDED = 1e-4  # of the loss: a change below is no good measure of a curve
LINEAR, MOSTLY = 0.85, 0.7  # share of the looks in which ten times the step is five times as good
BUDGETS, FEW = 20.0, 5.0  # projected need, in planned runs; if it is still at guessing
TWO, WHOLE = 2.0, 200  # and if all of its way was straight ahead, of so many steps
STILL, BARE = 0.05, 0.005  # way of the weights so far, as a share of their size; next to none
STRAIGHT = 0.5  # of all steps, had none turned back
LEARNABLE = 0.3  # such a way, where a line shows that there is something to learn
SHORT, TINY = 2e-3, 2e-4  # a step, as a share of the weights' size
EPOCHS, NEAR = 5, 0.9  # that both losses fall in; of the loss of guessing
FAR = 0.3  # of the loss of guessing: what is below has been learnt
TRAINED = 0.5  # of it: who begins below was trained already, and is only tuned finely
AHEAD, EACH = 0.7, 0.95  # of all steps, had none turned back; share of the looks
HARDLY_SLOWER = 0.7  # of the fall of an epoch, on average


def too_low(record: Record) -> Iterator[Finding]:
    """GD507: ten times the step would be five times as good, and training gets nowhere."""
    looks = record.at_full_rate
    early = EARLY_RACED if record.raced else EARLY
    if record.warming or record.done < early or len(looks) < FEWEST or record.start <= 0:
        return
    if not looks[-1].kernels or any(w.gradient == 0 for w in looks[-1].kernels.values()):
        return
    known = record.guess.loss is not None  # one that nobody knows may well go below 0
    if known and (record.loss < FAR * record.scale or record.start < TRAINED * record.scale):
        return
    moved = float(np.median([w.moved or 0.0 for w in looks[-1].kernels.values()]))
    better = float(np.mean([_scaled_gain(look) for look in looks]))
    step = float(np.median([w.ratio for look in looks for w in look.kernels.values()]))
    whole = record.ended and record.steps >= WHOLE
    straight = whole and moved > STRAIGHT * record.steps * step
    if better < (MOSTLY if moved < BARE or step < TINY else LINEAR):
        return
    if step > SHORT and not straight:
        return
    told = _hardly_begun(record, moved, straight)
    if not told and not record.narrow and step <= SHORT:
        told = _behind_a_line(record, step) or _steady(record)
    if not told and whole and moved > AHEAD * record.steps * step and better >= EACH:
        told = _no_end_in_sight(record)
    if not told:
        return
    rate = looks[-1].rate
    yield TOO_LOW.found(
        f"in {record.steps} steps the weights have moved by {moved:.1%} of their size, and the "
        f"loss has fallen by {max(record.fallen, 0):.2g} from {record.start:.3g}; {told}",
        where="optimizer",
        evidence={"moved": moved, "better_if_scaled": better, "step": step,
                  "learning_rate": rate, "loss": record.loss},
        threshold=f"a step {SCALED:.0f} times as long is {TIMES_BETTER:.0f} times as good in "
        f"{LINEAR:.0%} of the steps",
        fix=Rate(rate, 10),
    )  # fmt: skip


def _hardly_begun(record: Record, moved: float, straight: bool) -> str:
    """Say that at this pace it needs many such trainings, and the weights are where they were.

    Or they have gone a long way, all of it straight ahead, and the end is not in sight.
    """
    need = 0.9 * record.loss / max(record.fallen, 1e-12) * record.done  # in budgets
    guessing = record.at_guessing()
    if need < ((TWO if straight else FEW) if guessing else BUDGETS):
        return ""
    if guessing and straight:
        return _needed(need)
    if moved > LEARNABLE:
        return ""
    learnable = record.linear is not None and record.linear.finds  # dear, so last
    if moved > (LEARNABLE if learnable else STILL):
        return ""
    return _needed(need)


def _needed(trainings: float) -> str:
    return "it would take more than " + (
        f"{trainings:.0f} such trainings" if trainings < 1000 else "a thousand such trainings"
    )


def _behind_a_line(record: Record, step: float) -> str:
    """Say how a linear model is far better at the end, or earlier if steps are tiny."""
    told, line = record.below_linear(), record.linear
    if line is None or not told:
        return ""
    reached = reached_by(record)
    far = reached is not None and reached < line.score - 2 * MARGIN
    return told if step < TINY or (record.ended and far) else ""


def _steady(record: Record) -> str:
    """Say that both losses fell to the end, and are still near that of guessing."""
    losses, held = record.column("loss"), record.column("val_loss")
    if not record.ended or len(held) < EPOCHS or record.loss < NEAR * record.scale:
        return ""
    falls = all(column[-1] <= min(column) for column in (losses, held))
    if not falls or held[0] - held[-1] < 0.5 * record.fallen:
        return ""
    return f"that of validation fell with it, by {held[0] - held[-1]:.2g}"


def _no_end_in_sight(record: Record) -> str:
    """Say that both losses fell by nearly as much in the last epochs as on average."""
    columns = [record.column(name) for name in ("loss", "val_loss")]
    if any(len(column) < EPOCHS for column in columns):
        return ""
    falls = [np.diff(column[1:]) for column in columns]  # the first epoch's loss is of many weights
    if not all(
        np.all(fall < 0) and fall[-2:].mean() <= HARDLY_SLOWER * fall.mean() for fall in falls
    ):
        return ""
    return f"it fell by {-falls[0][-1]:.2g} in the last epoch, hardly slower than before"


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
