"""Augmented pictures: layers that turn or mirror them, into those of another class."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from neurona.core import random
from neurona.doctor.anytime import NOISY
from neurona.doctor.case import Case
from neurona.doctor.finding import Finding
from neurona.doctor.scan import squared_distances
from neurona.doctor.written import place
from neurona.nn.images.augmentation import Augmentation

TURNED = dataclasses.replace(
    NOISY, because=("GD101", "GD102", "GD103", "GD203"), accepted=("the label changed as well",)
)
ROWS, VALUES, FEWEST = 600, 2_000_000, 30  # pictures; numbers in them; of them among others
KNOWN = 0.9  # of the pictures have the label of the nearest one
NEAR = 0.75  # quantile of the distances from there: what is as near is such a picture
OTHER = 0.25  # of the changed ones that are such pictures


def turned_into_others(case: Case) -> Iterator[Finding]:
    """GD605: hold pictures, as a layer changes them, against those that nobody changed."""
    layers = [layer for layer in case.layers if isinstance(layer, Augmentation)]
    if not layers or len(case.x_parts) != 1 or len(case.ends) != 1:
        return
    x, task = case.x_parts[0].values, case.ends[0].task
    if x.ndim != 4 or task.name not in ("classes", "binary") or len(task.labels) != len(x):
        return
    count = min(len(x), ROWS, VALUES // max(x[:1].size, 1))
    rows = np.linspace(0, len(x) - 1, count).astype(int)
    pictures, labels = x[rows].astype(np.float32), task.labels[rows]
    if count < FEWEST or not np.isfinite(pictures).all():
        return
    away, nearest = _nearest(pictures, pictures)
    if float(np.mean(labels[nearest] == labels)) < KNOWN:
        return
    such = float(np.quantile(away, NEAR))
    for layer in layers:
        with random.undisturbed():
            changed = np.asarray(layer(pictures, training=True), np.float32)
        if changed.shape != pictures.shape:
            continue
        away, nearest = _nearest(changed, pictures)
        among = away <= such
        wrong = among & (labels[nearest] != labels)
        if among.sum() < FEWEST or wrong.sum() < OTHER * among.sum():
            continue
        first = int(np.flatnonzero(wrong)[0])
        yield TURNED.found(
            f"{layer.name} changes pictures into those of another class: of {among.sum()} that "
            f"look as pictures of x do, {wrong.sum() / among.sum():.0%} are nearest to one with "
            f"another label, as row {rows[first]} of class {labels[first]} to one of class "
            f"{labels[nearest[first]]}",
            where=place(layer),
            evidence={"such": int(among.sum()), "of another class": int(wrong.sum()),
                      "pictures": count},
            threshold=f"{OTHER:.0%} of those that lie among others",
            fix=f"- {type(layer).__name__}(...)  # it changes what is to be told",
        )  # fmt: skip


def _nearest(pictures: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the nearest of the others is from each picture, not itself, and which."""
    away = squared_distances(*(p.reshape(len(p), -1) for p in (pictures, others)))
    nearest = away.argmin(axis=1)
    return away[np.arange(len(away)), nearest], nearest


CHECKS = {turned_into_others: (TURNED,)}
