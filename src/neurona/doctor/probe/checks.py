"""The checks of the probe, each with its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from neurona.doctor.case import Case
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.probe import depth, flat, masks, mixing, order, slope, start

CHECKS: dict[Callable[[Case], Iterator[Finding]], tuple[Rule, ...]] = {
    **slope.CHECKS,
    start.check_loss: (start.INITIAL_LOSS,),
    start.check_finite: (start.NOT_FINITE,),
    depth.check_signal: (depth.SIGNAL,),
    depth.check_gradients: (depth.GRADIENT,),
    flat.check_dead: (flat.DEAD,),
    flat.check_saturated: (flat.SATURATED,),
    start.check_input_matters: (start.IGNORED,),
    mixing.check_samples_apart: (mixing.MIXED,),
    mixing.check_pairs: (mixing.SHAPE,),
    mixing.check_future: (mixing.LEAK,),
    masks.check_padding: (masks.UNMASKED,),
    order.check_order: (order.UNORDERED,),
}
