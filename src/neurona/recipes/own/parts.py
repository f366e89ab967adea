"""Parts of somebody's data: for training, validation and testing, or folds of little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurona.data import k_fold, train_test_split

HELD = 0.15  # of the samples for validation, and as many for testing
FOLDS = 5
BINS = 10  # of a number that is predicted: each part gets low and high ones
FEW = 7  # samples of a class that can be in all parts


class Part(NamedTuple):
    """Which samples a network is trained, stopped and tested on.

    Attributes:
        name: of the part, such as "fold 1".
        train, held, test: sample numbers; no `held` where there are too few, no `test` in the
            last part of a cross-validation, whose network is kept.
    """

    name: str
    train: np.ndarray
    held: np.ndarray
    test: np.ndarray


def parts(y: np.ndarray, classes: int, seed: int, enough: int, folds: int = FOLDS) -> list[Part]:
    """Return one part, or from too few samples several folds and one of all samples.

    Args:
        y: class numbers, or numbers (N,).
        classes: how many; 0 for a regression.
        seed: of the draw.
        enough: so many samples need no cross-validation.
        folds: at most; the smallest class has one sample or more in each.

    >>> [(len(p.train), len(p.held), len(p.test)) for p in parts(np.arange(20) % 2, 2, 0, 100, 2)]
    [(8, 2, 10), (8, 2, 10), (17, 3, 0)]
    >>> [(len(p.train), len(p.held), len(p.test)) for p in parts(np.arange(200) % 2, 2, 0, 100)]
    [(140, 30, 30)]
    """
    every = np.arange(len(y))
    strata = y if classes else bins(y)
    if len(y) >= enough:
        size = round(HELD * len(y))
        rest, test = _apart(every, strata, size, seed)
        train, held = _apart(rest, strata, size, seed)
        return [Part("", train, held, test)]
    smallest = int(np.bincount(strata).min()) if classes else len(y)
    count = max(2, min(folds, smallest))
    found = []
    for number, (rest, test) in enumerate(
        k_fold(len(y), count, seed=seed, stratify=strata), start=1
    ):
        found.append(Part(f"fold {number}", *_held(rest, strata, classes, seed), test))
    return [*found, Part("all samples", *_held(every, strata, classes, seed), every[:0])]


def bins(y: np.ndarray) -> np.ndarray:
    """Return numbers for low to high values (N,), about as many of each.

    >>> bins(np.array([9.0, 1, 2, 8, 3, 7, 4, 6, 5, 0])).tolist()
    [1, 0, 0, 1, 0, 1, 0, 1, 1, 0]
    """
    count = max(1, min(BINS, len(y) // 5))
    ranks = np.empty(len(y), np.int64)
    ranks[np.argsort(y, kind="stable")] = np.arange(len(y))
    return ranks * count // len(y)


def _held(
    rest: np.ndarray, strata: np.ndarray, classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return samples for training and for validation; none for that if there are too few."""
    least = np.bincount(strata[rest]).min(initial=len(rest)) if classes else len(rest)
    if least < 3 or len(rest) < 10:
        return rest, rest[:0]
    return _apart(rest, strata, max(round(HELD * len(rest)), classes, 2), seed)


def _apart(
    samples: np.ndarray, strata: np.ndarray, size: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split samples; the classes too small for all parts are dealt out as one."""
    own = strata[samples].copy()
    counts = np.bincount(own)
    small = counts[own] < FEW
    if small.any():
        own[small] = -1 if small.sum() >= FEW else counts.argmax()
    if len(np.unique(own)) > size:
        own[:] = 0
    first, second = train_test_split(samples, test_size=size, seed=seed, stratify=own)
    return np.sort(first), np.sort(second)
