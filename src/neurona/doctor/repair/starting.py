"""Changes before the first step, when all can still be changed: which Fix is which change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.doctor import fixes
from neurona.doctor.repair import activations, feeding, layers, losses
from neurona.doctor.repair.changes import Change, change_of
from neurona.train.source import ArraySource

MADE: dict[type, Callable[[Any, Any, Any], Change | None]] = {
    fixes.Redraw: layers.redraw,
    fixes.Rectify: layers.rectify,
    fixes.Mask: layers.mask,
    fixes.Drop: layers.drop,
    fixes.Activate: activations.activate,
    fixes.Axis: activations.axis,
    fixes.Between: layers.between,
    fixes.Penalise: layers.penalise,
    fixes.Divide: layers.divide,
    fixes.Standardise: layers.standardise,
    fixes.Unit: layers.unit,
    fixes.LeaveOut: layers.leave_out,
    fixes.Pair: losses.pair,
    fixes.Negate: losses.negate,
    fixes.FromLogits: losses.from_logits,
    fixes.Batch: feeding.batch,
    fixes.Shuffle: feeding.shuffle,
    fixes.ClassWeights: feeding.class_weights,
    fixes.Constant: feeding.constant,
    fixes.WarmUp: feeding.warm_up,
    fixes.Without: feeding.without,
    fixes.Setting: feeding.waits,
}


ONE_BATCH = (fixes.FromLogits,)  # is enough for these


def change_before(fix: Any, model: Any, source: Any) -> Change | None:
    """Return what a Fix does before the first step; None if that is left to the model's owner."""
    make = MADE.get(type(fix))
    if make is None:
        return change_of(fix, model)
    known = isinstance(source, ArraySource) or type(fix) in ONE_BATCH
    return make(fix, model, source) if known else None
