"""Batches: how many samples make a step."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.finding import ERROR, INFO, Finding, Rule
from neurona.doctor.learning_rate import usual_rates
from neurona.doctor.written import place

SMALL = Rule(
    "GD112",
    "batch size",
    "warning",
    "BatchNorm estimates mean and spread from the batch: from few samples they are noise, from one "
    "there is no spread at all.",
    auto="race",
    accepted=("LayerNormalization or GroupNormalization",),
)
LEAST, STEPS = 8, 5
HARDLY, BATCHES = 30, 10  # steps in all; of a usual batch, in a batch of all samples
USUAL = 32
ALIKE = 2  # values that all places of an image are worth: neighbours tell the same


def batches(case: Case) -> Iterator[Finding]:
    """Hold the batch size against BatchNorm, and the number of samples."""
    n, batch = case.size, case.batch_size
    norms = [v for v in case.layers if type(v).__name__ == "BatchNormalization" and v.trainable]
    places = min([ALIKE, *(_places(layer) for layer in norms)]) if norms else 0
    last = (n % batch or min(n, batch)) if case.whole else batch
    if norms and min(n, batch) * places < LEAST:
        count = min(n, batch)
        yield SMALL.found(
            f"BatchNorm has {count} sample{'s' if count > 1 else ''} in a batch to estimate a "
            "spread from",
            where=place(norms[0]),
            evidence={"batch size": batch, "samples": n},
            threshold=f"at least {LEAST // places}",
            fix=fixes.Batch(batch),
            severity=ERROR if count * places < 2 else None,
        )
    elif norms and last * places == 1:
        better = next(b for b in (*range(batch + 1, 2 * batch), n) if n % b != 1)
        yield SMALL.found(
            f"the last batch of each epoch has 1 sample, from which BatchNorm has no spread: {n:,} "
            f"samples in batches of {batch}",
            where=place(norms[0]),
            evidence={"batch size": batch, "samples": n, "last": 1},
            threshold="2 samples in each batch",
            fix=fixes.Batch(batch, better),
        )
    elif case.whole and STEPS * LEAST < n < STEPS * batch:
        count = math.ceil(n / batch)
        yield SMALL.found(
            f"an epoch has {count} step{'s' if count > 1 else ''}: {n:,} samples in batches of "
            f"{batch}",
            evidence={"steps": count, "samples": n},
            fix=fixes.Batch(batch),
            severity=None if batch >= n and _hardly_moves(case) else INFO,
        )


def _hardly_moves(case: Case) -> bool:
    """Whether a training of one step an epoch has hardly any; some begin where others ended."""
    optimizer = case.model.optimizer
    if case.epochs is None or case.epochs > HARDLY or case.trained or optimizer is None:
        return False
    long = float(np.asarray(optimizer.learning_rate)) > usual_rates(optimizer)[1]
    return case.batch_size > case.size or (case.size >= BATCHES * USUAL and not long)


def _places(layer: object) -> int:
    """Return how many values of each feature a sample has: those of all places of an image."""
    shape = getattr(layer, "input_shape", None) or (None,)
    if not isinstance(shape, tuple) or any(not isinstance(s, int | None) for s in shape):
        return 1
    return math.prod(LEAST if s is None else s for s in shape[1:-1])


CHECKS = {batches: (SMALL,)}
