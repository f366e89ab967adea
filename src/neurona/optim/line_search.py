"""Line searches that look at one point at a time.

From a base, along a direction d, a step t > 0 is sought at which the loss f(t) has fallen enough.
A search is a tuple of numbers: `begin` makes it, and `judge` takes loss and slope at the point
that was tried and returns whether it will do and, if not, which step to try next. So each point
tried is one ordinary training step, and the search needs neither loops nor a second look at the
data: it can be state, and traced.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor

ARMIJO, CURVATURE = 1e-4, 0.9  # c1 and c2, the usual values for quasi-Newton directions


class LineSearch(NamedTuple):
    """A line search under way; all are float scalars.

    Attributes:
        step: t, being tried.
        loss, slope: f(0) and f'(0) < 0, at the base.
        low, low_loss, low_slope: a step that was too short, with f and f' there; 0 at first.
        high, high_loss, high_slope: a step that was too long; -1 while there is none.
        tries: how many steps were judged.
    """

    step: Any
    loss: Any
    slope: Any
    low: Any
    low_loss: Any
    low_slope: Any
    high: Any
    high_loss: Any
    high_slope: Any
    tries: Any


def begin(loss: Tensor, slope: Tensor, step: Tensor) -> LineSearch:
    """Return a search that tries `step` first."""
    zero = ops.zeros((), step.dtype)
    return LineSearch(step, loss, slope, zero, loss, slope, zero - 1, zero, zero, zero)


def judge(
    s: LineSearch, f: Tensor, df: Tensor, strong: bool, max_evaluations: int
) -> tuple[Tensor, Tensor, LineSearch]:
    """Judge the step that was tried: return whether to accept it, whether to give up, the rest.

    It is accepted when f(t) <= f(0) + c1 t f'(0), and, if `strong`, also |f'(t)| <= c2 |f'(0)|:
    the (strong) Wolfe conditions. f(t) may lie above by a few roundings of f(0), without which no
    step could be accepted close to a minimum. After `max_evaluations` anything lower will do.

    Source: Nocedal and Wright 2006, eq. 3.7 and algorithms 3.5 and 3.6.
    """
    slack = 4 * float(np.finfo(s.step.dtype).eps) * ops.abs(s.loss)
    tries = s.tries + 1
    too_long = ~(f <= s.loss + ARMIJO * s.step * s.slope + slack)  # so is one with a loss of NaN
    too_short = too_long & ~too_long
    if strong:
        too_long = too_long | ~(f <= s.low_loss + slack) | (df > -CURVATURE * s.slope)
        too_short = ~too_long & (df < CURVATURE * s.slope)
    last = tries >= max_evaluations
    accept = ~(too_long | too_short) | (last & (f < s.loss))
    low, low_loss, low_slope = _choose(too_short, (s.step, f, df), (s.low, s.low_loss, s.low_slope))
    high, high_loss, high_slope = _choose(
        too_long, (s.step, f, df), (s.high, s.high_loss, s.high_slope)
    )
    inside = _between(low, low_loss, low_slope, high, high_loss, high_slope)
    step = ops.where(high > 0.0, inside, _beyond(s, df))
    rest = LineSearch(
        step, s.loss, s.slope, low, low_loss, low_slope, high, high_loss, high_slope, tries
    )
    return accept, last & ~accept, rest


def _choose(condition: Tensor, chosen: tuple, other: tuple) -> list[Tensor]:
    return [ops.where(condition, a, b) for a, b in zip(chosen, other, strict=True)]


def _between(a: Any, fa: Any, da: Any, b: Any, fb: Any, db: Any) -> Tensor:
    """Return the minimum between a < b of the cubic with these values and slopes, eq. 3.59.

    It is kept off the ends by a tenth; where the cubic has no minimum, the middle is taken.
    """
    width = b - a
    d1 = da + db - 3 * (fb - fa) / width
    root = d1 * d1 - da * db
    d2 = ops.sqrt(ops.maximum(root, 0.0))
    bottom = db - da + 2 * d2
    usable = (root >= 0.0) & (bottom > 0.0) & ops.isfinite(d1 + bottom)
    part = ops.where(usable, (db + d2 - d1) / ops.where(usable, bottom, 1.0), 0.5)
    return b - width * ops.clip(part, 0.1, 0.9)


def _beyond(s: LineSearch, df: Tensor) -> Tensor:
    """Return where the slope would be 0 on a straight line, two to ten times further."""
    flatter = df - s.low_slope
    secant = s.step - df * (s.step - s.low) / ops.where(flatter > 0.0, flatter, 1.0)
    far = 10 * s.step
    return ops.clip(ops.where(flatter > 0.0, secant, far), 2 * s.step, far)
