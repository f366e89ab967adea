"""GD507: steps that are too small, and five ways to tell that they lead nowhere in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from neurona.doctor.finding import Finding
from neurona.doctor.fixes import Rate
from neurona.doctor.learning_rate import TOO_LOW
from neurona.doctor.live.linear import MARGIN, reached_by
from neurona.doctor.live.middle import median
from neurona.doctor.live.record import FEWEST, Look, Record

SCALED, TIMES_BETTER = 10.0, 5.0
LINEAR, MOSTLY = 0.85, 0.7  # share of the looks in which ten times the step is five times as good
EARLY, EARLY_RACED = 0.5, 0.2  # of the training: what is seen before is no sign yet
ROUNDED = 1e-4  # of the loss: a change below is no good measure of a curve
SHORT, TINY = 2e-3, 2e-4  # a step, as a share of the weights' size
BARE = 0.005  # way of the weights so far, as a share of their size: next to none
STRAIGHT = 0.5  # of all steps, had none turned back
WHOLE, BRIEF = 200, 100  # steps that tell how straight the way was; if it is next to none
FAR = 0.3  # of the loss of guessing: what is below has been learnt
TRAINED = 0.5  # of it: who begins below was trained already, and is only tuned finely


class Pace(NamedTuple):
    """How the weights go.

    Attributes:
        step: a step, as a share of the weights' size.
        moved: the way from where they began, as a share of their size.
        ahead: this way as a share of all steps, had none turned back; 0 before the end.
        better: share of the looks in which ten times the step would be five times as good.
    """

    step: float
    moved: float
    ahead: float
    better: float


def too_low(record: Record) -> Iterator[Finding]:
    """GD507: ten times the step would be five times as good, and training gets nowhere."""
    if not _may_tell(record):
        return
    pace = _pace(record)
    if pace.better < (MOSTLY if pace.moved < BARE or pace.step < TINY else LINEAR):
        return
    if pace.step > SHORT and pace.ahead <= STRAIGHT:
        return
    told = next((said for way in WAYS if (said := way(record, pace))), "")
    if not told:
        return
    rate = record.at_full_rate[-1].rate
    yield TOO_LOW.found(
        f"in {record.steps} steps the weights have moved by {pace.moved:.1%} of their size, and "
        f"the loss has fallen by {max(record.fallen, 0):.2g} from {record.start:.3g}; {told}",
        where="optimizer",
        evidence={"moved": pace.moved, "better_if_scaled": pace.better, "step": pace.step,
                  "learning_rate": rate, "loss": record.loss},
        threshold=f"a step {SCALED:.0f} times as long is {TIMES_BETTER:.0f} times as good in "
        f"{LINEAR:.0%} of the steps",
        fix=Rate(rate, 10),
    )  # fmt: skip


def _may_tell(record: Record) -> bool:
    """Whether enough was seen, of weights that all move, and much is left to learn."""
    looks = record.at_full_rate
    early = EARLY_RACED if record.raced else EARLY
    if record.warming or record.done < early or len(looks) < FEWEST or record.start <= 0:
        return False
    if not looks[-1].kernels or any(w.gradient == 0 for w in looks[-1].kernels.values()):
        return False
    learnt = record.loss < FAR * record.scale or record.start < TRAINED * record.scale
    return record.guess.loss is None or not learnt  # one that nobody knows may well go below 0


def _pace(record: Record) -> Pace:
    looks = record.at_full_rate
    step = float(median([w.ratio for look in looks for w in look.kernels.values()]))
    moved = float(median([w.moved or 0.0 for w in looks[-1].kernels.values()]))
    whole = record.ended and record.steps >= (WHOLE if moved >= BARE else BRIEF)
    ahead = moved / max(record.steps * step, 1e-30) if whole else 0.0
    return Pace(step, moved, ahead, float(np.mean([_scaled_gain(look) for look in looks])))


def _scaled_gain(look: Look) -> bool:
    """Say whether ten times the step would lower the loss five times as much.

    The loss along the step is taken for a parabola with this slope and rise; a step so short that
    the rise is lost in rounding is straight.
    """
    once = look.rise if abs(look.slope) > ROUNDED * abs(look.loss) else look.slope
    curve = once - look.slope
    return once < 0 and SCALED * look.slope + SCALED**2 * curve < TIMES_BETTER * once


# --- by what it is told ---------------------------------------------------------------------------

BUDGETS, FEW, TWO = 20.0, 5.0, 2.0  # planned runs that are needed; at guessing; and straight ahead
STILL, LEARNABLE = 0.05, 0.3  # way of the weights; where a line shows that there is more to learn
EPOCHS, NEAR = 5, 0.9  # that both losses fall in; of the loss of guessing
AHEAD, EACH = 0.7, 0.95  # of all steps, had none turned back; share of the looks
HARDLY_SLOWER = 0.7  # of the fall of an epoch, on average


def _no_nearer(record: Record, pace: Pace) -> str:
    """Say that the weights went a long way, all of it straight ahead, and it is still guessing."""
    if pace.ahead <= STRAIGHT or not record.at_guessing() or _needed(record) < TWO:
        return ""
    return _trainings(record)


def _hardly_begun(record: Record, pace: Pace) -> str:
    """Say that at this pace it needs many such trainings, and the weights are where they were."""
    if pace.moved > LEARNABLE or _needed(record) < (FEW if record.at_guessing() else BUDGETS):
        return ""
    learnable = record.linear is not None and record.linear.finds  # dear, so last
    return _trainings(record) if learnable or pace.moved <= STILL else ""


def _behind_a_line(record: Record, pace: Pace) -> str:
    """Say how a linear model is far better at the end, or earlier if steps are tiny."""
    if record.narrow or pace.step > SHORT:
        return ""
    told, line = record.below_linear(), record.linear
    if line is None or not told:
        return ""
    reached = reached_by(record)
    far = reached is not None and reached < line.score - 2 * MARGIN
    return told if pace.step < TINY or (record.ended and far) else ""


def _steady(record: Record, pace: Pace) -> str:
    """Say that both losses fell to the end, and are still near that of guessing."""
    losses, held = record.column("loss"), record.column("val_loss")
    if record.narrow or pace.step > SHORT or not record.ended or len(held) < EPOCHS:
        return ""
    falls = all(column[-1] <= min(column) for column in (losses, held))
    learnt = record.loss < NEAR * record.scale
    if learnt or not falls or held[0] - held[-1] < 0.5 * record.fallen:
        return ""
    return f"that of validation fell with it, by {held[0] - held[-1]:.2g}"


def _no_end_in_sight(record: Record, pace: Pace) -> str:
    """Say that both losses fell by nearly as much in the last epochs as on average."""
    columns = [record.column(name) for name in ("loss", "val_loss")]
    if pace.ahead <= AHEAD or pace.better < EACH or any(len(c) < EPOCHS for c in columns):
        return ""
    falls = [np.diff(column[1:]) for column in columns]  # the first epoch's loss is of many weights
    if not all(
        np.all(fall < 0) and fall[-2:].mean() <= HARDLY_SLOWER * fall.mean() for fall in falls
    ):
        return ""
    return f"it fell by {-falls[0][-1]:.2g} in the last epoch, hardly slower than before"


def _needed(record: Record) -> float:
    """Return how many such trainings would bring the loss to a tenth."""
    return 0.9 * record.loss / max(record.fallen, 1e-12) * record.done


def _trainings(record: Record) -> str:
    needed = _needed(record)
    return "it would take more than " + (
        f"{needed:.0f} such trainings" if needed < 1000 else "a thousand such trainings"
    )


WAYS: tuple[Callable[[Record, Pace], str], ...] = (
    _no_nearer, _hardly_begun, _behind_a_line, _steady, _no_end_in_sight,
)  # fmt: skip
