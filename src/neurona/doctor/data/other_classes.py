"""Classes of the validation: as frequent as those of training, or others?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.anytime import MISMATCH
from neurona.doctor.case import Case
from neurona.doctor.finding import Finding
from neurona.doctor.parts import Part
from neurona.doctor.scan import sample
from neurona.errors import NeuronaError

LEAST = 20  # rows
ANOTHER = 0.5  # of the rows would have to be of another class
KINDS = 20  # of values: more are quantities
EVEN = 2.0  # times: classes that are as frequent as each other were made so
NEVER = 0.2  # of the held-out rows are of a class that training does not have


def other_classes(case: Case, held: list[Part]) -> Iterator[Finding]:
    """Look for a part that has other classes: rows that lay in their order when they were cut."""
    try:
        ends = case.ends
    except NeuronaError:  # that the model cannot take x is told elsewhere
        return
    for end, other in zip(ends, held, strict=False):
        n = len(other.values) if other.numeric and other.values.ndim else 0
        if end.task.name not in ("classes", "binary") or n < LEAST or not case.whole:
            continue
        y = other.values
        if y.ndim == 2 and y.shape[1] > 1:
            labels = y.argmax(axis=1)
        else:
            labels = y.reshape(n, -1)[:, 0]
            labels = labels > 0 if end.task.name == "binary" else labels
        if y.ndim > 2 or not np.isfinite(labels).all() or labels.min() < 0:
            continue
        count = max(int(labels.max()), int(end.task.labels.max(initial=0))) + 1
        shares = [
            np.bincount(a.astype(int), minlength=count) / max(len(a), 1)
            for a in (end.task.labels, labels)
        ]
        apart = float(np.abs(shares[0] - shares[1]).sum()) / 2
        new = float(shares[1][shares[0] == 0].sum())
        evened = np.min(shares) > 0 and any(s.max() < EVEN * s.min() for s in shares)
        if (apart > ANOTHER and not evened) or new > NEVER:
            most = int((shares[1] - shares[0]).argmax())
            yield MISMATCH.found(
                f"{shares[1][most]:.0%} of {other.name} are of class {most}, and "
                f"{shares[0][most]:.0%} of the training rows: they lay in the "
                "order of their classes when they were split",
                where=other.name,
                evidence={"shares": shares[0], "validation shares": shares[1]},
                threshold=f"shares of the classes that differ by at most {ANOTHER:.0%} in all",
                fix="+ order = np.random.default_rng(0).permutation(len(x))\n"
                "+ x, y = x[order], y[order]  # then split",
            )


def other_shares(one: Part, other: Part) -> Iterator[Finding]:
    """Look for a class for each place, or several for a sample, that is far more frequent here."""
    few = min(len(one.values), len(other.values)) < LEAST
    if few or not one.numeric or one.values[:1].size < 2:
        return
    a, b = (np.unique(sample(p.values), return_counts=True) for p in (one, other))
    kinds = np.union1d(a[0], b[0])
    if len(kinds) > KINDS or not np.isfinite(kinds).all():
        return
    shares = np.zeros((2, len(kinds)))
    for row, (values, counts) in zip(shares, (a, b), strict=True):
        row[np.searchsorted(kinds, values)] = counts / counts.sum()
    if float(np.abs(shares[0] - shares[1]).sum()) / 2 > ANOTHER:
        k = int((shares[1] - shares[0]).argmax())
        yield MISMATCH.found(
            f"{shares[1][k]:.0%} of the values of {other.name} are {kinds[k]:g}, and "
            f"{shares[0][k]:.0%} in training: do they mean the same?",
            where=other.name,
            evidence={"values": kinds, "shares": shares[0], "validation shares": shares[1]},
            threshold=f"shares that differ by at most {ANOTHER:.0%} in all",
            fix=f"print(np.unique({one.name}, return_counts=True))  # and of the validation",
        )
