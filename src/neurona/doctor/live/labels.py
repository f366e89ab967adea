"""GD605, GD111: labels that are likely to be wrong, and those of validation that mean others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.classes import MISMATCH, NOISY
from neurona.doctor.finding import Finding
from neurona.doctor.live.generalisation import overfitting, too_good
from neurona.doctor.live.guess import CLASSES
from neurona.doctor.live.neighbours import FLAT, LEAST, NEAR
from neurona.doctor.live.record import LASTING, Record
from neurona.doctor.scan import share_error


def noisy(record: Record) -> Iterator[Finding]:
    """GD605: training suffers, and labels differ from others' as often where these agree most."""
    suffers = next(overfitting(record), None) or next(too_good(record), None)
    if suffers is None or (found := record.neighbours) is None or not found.noisy:
        return
    shown = ", ".join(map(str, found.rows[:5]))
    yield NOISY.found(
        f"{found.clear:.0%} of the labels differ from those of the {NEAR} samples that are most "
        f"alike, even where these agree most; look at rows {shown} first",
        where="y",
        evidence={"clear": found.clear, "all": found.all, "rows": found.rows},
        threshold=f"{LEAST:.0%} of the labels, and at most {FLAT} times as many among all samples",
        fix=f"x[{found.rows}], y[{found.rows}]  # are these labels right?",
    )


BY_CHANCE = 0.5  # of the right answers that unrelated labels would bring
LEARNT = 0.5  # of the way from there to all right, in training


def renumbered(record: Record) -> Iterator[Finding]:
    """GD111: training goes well, and validation has fewer right answers than by chance.

    Who knows nothing is right by chance; to be wrong so often, one has to know the class.
    """
    name, given, asked = record.accuracy_name, record.guess.answer, record.held.answer
    train, held = (record.column(n) for n in (name, f"val_{name}")) if name else ([], [])
    if len(held) < LASTING or not train or given is None or asked is None:
        return
    if record.guess.kind != CLASSES or given.shape != asked.shape:
        return
    chance, right, found = float(given @ asked), train[-1], float(np.mean(held[-LASTING:]))
    least = min(BY_CHANCE * chance, chance - 3 * share_error(chance, record.held.samples))
    if found >= least or right < chance + LEARNT * (1 - chance):
        return
    yield MISMATCH.found(
        f"{right:.1%} of the training samples are right, and {found:.1%} of the others, where "
        f"chance brings {chance:.1%}: their classes have other numbers",
        where="validation y",
        evidence={"train": right, "validation": found, "by chance": chance},
        threshold=f"{BY_CHANCE:.0%} of what chance brings, for {LASTING} epochs",
        fix="print(train.class_names, validation.class_names)  # one order for both",
    )


CHECKS = {noisy: (NOISY,), renumbered: (MISMATCH,)}
