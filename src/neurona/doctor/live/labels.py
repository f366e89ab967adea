"""GD605: labels that are likely to be wrong, told from those of samples that are alike."""

from __future__ import annotations

from collections.abc import Iterator

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.live.generalisation import overfitting, too_good
from neurona.doctor.live.neighbours import FLAT, LEAST, NEAR
from neurona.doctor.live.record import Record

NOISY = Rule(
    "GD605", "noisy labels", "warning",
    "Wrong labels can only be learnt by heart, one by one, and what is learnt with them is wrong "
    "near them, too.",
    auto="never",
    because=("GD101", "GD102", "GD103", "GD104", "GD108", "GD111", "GD203", "GD506", "GD510"),
    accepted=("a smaller model", "label smoothing", "stopping early"),
    source="Wilson 1972; Northcutt et al. 2021 (confident learning)",
)  # fmt: skip


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


CHECKS = {noisy: (NOISY,)}
