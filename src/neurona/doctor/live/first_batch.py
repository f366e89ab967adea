"""The first batch of a generator: `diagnose` cannot look at it without using it up, `fit` can."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.tree import flatten
from neurona.doctor.finding import Finding


def of_first_batch(model: Any) -> list[Finding]:
    """Return what data and model show before the first step, if they come from a generator."""
    run = model._training.run
    source = run.source
    if not hasattr(getattr(source, "given", None), "__next__"):
        return []
    from neurona.doctor import data, statics  # here: no other training needs these rules
    from neurona.doctor.case import Case

    x, y, weight = source.peek()
    held: Any = run.validation.source if run.validation else None
    case = Case(
        model, x, y, weight,
        held.arrays[:2] if hasattr(held, "arrays") else None,
        batch_size=len(flatten(x)[0][0]), whole=False, steps=source.steps,
    )  # fmt: skip
    found: list[Finding] = []
    for stage in (data.CHECKS, statics.CHECKS):
        for check in stage:
            try:
                with np.errstate(all="ignore"):
                    found += check(case)
            except Exception:  # what cannot be looked at is no fault; the training itself goes on
                continue
    return [finding for finding in found if finding.alarm]
