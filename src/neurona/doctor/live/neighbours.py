"""Neighbours: how labels agree with those of the samples that are most alike."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neurona.doctor.live.guess import CLASSES, FLAGS, Guess
from neurona.doctor.live.linear import chosen_rows, standardised
from neurona.doctor.scan import share_error

NEAR, CLEAR, TOLD = 15, 0.2, 20  # neighbours; share of the samples where these agree most; rows
FEWEST, FARTHEST = 200, 3.0  # samples; deviations that count in a distance
LEAST, SURE = 0.08, 0.05  # share of labels that differ there, and what it is above for certain
FLAT, MORE = 1.4, 0.02  # times that share, and more: as many may differ among all samples
GAIN = 0.3  # of what guessing gets wrong: with less nobody knows which label is the wrong one


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """How labels agree with those of the samples that are most alike.

    Attributes:
        clear: the share that differs where the neighbours agree most.
        clear_count: of how many samples that is.
        all: the share that differs.
        count: of how many samples that is.
        plain: the share of the most frequent class.
        rows: indices of samples whose neighbours agree most on another label.
    """

    clear: float
    clear_count: int
    all: float
    count: int
    plain: float
    rows: list[int]

    @property
    def finds(self) -> bool:
        """Whether they tell the class of a sample better than guessing does."""
        return 1 - self.all > self.plain + 3 * share_error(self.plain, self.count)

    @property
    def noisy(self) -> bool:
        """Whether labels differ as often where all is clear: no border of classes does that."""
        certain = self.clear - 2 * share_error(self.clear, self.clear_count) >= SURE
        flat = self.all <= FLAT * self.clear + MORE
        gains = 1 - self.all - self.plain >= GAIN * (1 - self.plain)
        return self.clear >= LEAST and certain and flat and gains


def neighbours_of(guess: Guess, x: Any, y: Any) -> Neighbours | None:
    """Return the Neighbours of a table or of images with one class each; None if these are none."""
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)) or x.dtype.kind not in "fu":
        return None
    if guess.kind not in (CLASSES, FLAGS) or len(x) < FEWEST or guess.classes < 2:
        return None
    if y[:1].size != 1 and (guess.kind == FLAGS or y.shape != (len(x), guess.classes)):
        return None
    from neurona.classic import baselines  # brings networks; most trainings never ask

    rows = chosen_rows(len(x))
    a = np.clip(standardised(x[rows]), -FARTHEST, FARTHEST)
    labels = y[rows].reshape(len(rows), -1)
    one = np.rint(labels[:, 0]) if labels.shape[1] == 1 else labels.argmax(-1)
    flags = np.eye(guess.classes, dtype=np.float32)[one.astype(int)]
    votes = baselines.votes_of_others(a, flags, NEAR)
    said, strength = votes.argmax(-1), votes.max(-1)
    differs = said != one
    count = max(1, int(CLEAR * len(rows)))
    clear = np.argsort(-strength, kind="stable")[:count]
    suspects = np.argsort(-np.where(differs, strength, -1.0), kind="stable")
    suspects = suspects[: min(TOLD, int(differs.sum()))]
    return Neighbours(
        clear=float(differs[clear].mean()),
        clear_count=count,
        all=float(differs.mean()),
        count=len(rows),
        plain=float(flags.mean(axis=0).max()),
        rows=[int(row) for row in rows[suspects]],
    )
