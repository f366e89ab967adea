"""The area under the ROC curve: how well a score tells two kinds apart."""

from __future__ import annotations

import numpy as np


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the probability that a positive sample has a higher score than another one.

    Equal scores count one half. 1 tells all apart, 0.5 is chance.

    Shapes: scores (N,), positive (N,) of booleans.

    >>> roc_auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, True, False, True]))
    0.875
    """
    _, own, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[own]  # from 1; of equal ones their mean
    n = int(positive.sum())
    above = ranks[positive].sum() - n * (n + 1) / 2
    return float(above / (n * (len(scores) - n)))
