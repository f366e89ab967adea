"""Relations between columns: what held in each row of training, and holds elsewhere no more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.case import Case
from neurona.doctor.data.splits import MISMATCH
from neurona.doctor.finding import Finding
from neurona.doctor.parts import Part
from neurona.doctor.scan import Scan

LEAST, MOST, EACH = 3, 500, 5  # columns of yes and no; rows for each
HELD, BROKEN = 1e-9, 0.2  # mean square of what holds in each row; rows in which it does not


def other_places(case: Case) -> Iterator[Finding]:
    """Look for columns of yes and no that stand in other places.

    Those of a category have a sum of 1 in each row: relations such as this one are found in
    training, and hold for whatever was prepared in the same way.
    """
    for one, other in zip(case.x_parts, case.validation_parts[0], strict=False):
        alike = one.numeric and other.numeric and one.values.shape[1:] == other.values.shape[1:]
        if alike and one.values.ndim == 2 and len(other.values):
            yield from _broken(other, case.scan(one), case.scan(other))


def _broken(other: Part, a: Scan, b: Scan) -> Iterator[Finding]:
    binary = np.flatnonzero((a.low == 0) & (a.high == 1) & ((a.rows == 0) | (a.rows == 1)).all(0))
    if not LEAST <= len(binary) <= MOST or len(a.rows) < EACH * len(binary):
        return
    known, new = (np.c_[s.rows[:, binary], np.ones(len(s.rows))].astype(float) for s in (a, b))
    size, relations = np.linalg.eigh(known.T @ known / len(known))
    holds = relations[:, size < HELD]
    broken = (abs(new @ holds) > 1e-3).any(axis=1)
    share = float(broken.mean())
    if share <= BROKEN:
        return
    yield MISMATCH.found(
        f"columns of yes and no hang together in training, as those of a category that sum to 1, "
        f"and in {share:.0%} of the rows of {other.name} they do not: do they stand in other "
        "places?",
        where=other.name,
        evidence={"rows": share, "first": int(broken.argmax()), "relations": holds.shape[1]},
        threshold=f"what holds in each row of training holds in {1 - BROKEN:.0%} of the others",
        fix="+ frame_val = frame_val.reindex(columns=frame.columns, fill_value=0)",
    )


CHECKS = {other_places: (MISMATCH,)}
