"""A linear relation with noise, for regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.errors import check_integer, check_number


def make_regression(
    n_samples: int = 100,
    n_features: int = 100,
    *,
    n_informative: int = 10,
    n_targets: int = 1,
    bias: float = 0.0,
    noise: float = 0.0,
    shuffle: bool = True,
    coef: bool = False,
    random_state: Any = None,
) -> Any:
    """A linear model on Gaussian features, y = X w + bias + noise n, n ~ N(0, 1).

    Shapes: X (N, n_features) float64, y (N,) or (N, n_targets) float64, and w (n_features,) or
    (n_features, n_targets) if asked for; axes of size 1 are dropped from y and w.
    Args:
        n_samples: N.
        n_features: D.
        n_informative: features with a weight, which is uniform in [0, 100); the others have 0.
        n_targets: numbers to predict.
        bias: added to every target.
        noise: standard deviation of the noise.
        shuffle: mix samples and features.
        coef: return the weights too.
        random_state: an integer for the same numbers each time.
    Raises:
        ArgumentError: numbers out of range.
    Source: number for number `sklearn.datasets.make_regression`, without its effective_rank.

    >>> X, y, w = make_regression(5, 3, n_informative=2, coef=True, random_state=0)
    >>> bool(np.allclose(y, X @ w)), int((w == 0).sum())
    (True, 1)
    """
    n_samples = check_integer("n_samples", n_samples, minimum=1)
    n_features = check_integer("n_features", n_features, minimum=1)
    n_informative = min(n_features, check_integer("n_informative", n_informative, minimum=0))
    n_targets = check_integer("n_targets", n_targets, minimum=1)
    bias = check_number("bias", bias)
    noise = check_number("noise", noise, low=0.0)
    rng = as_random_state(random_state)
    X = rng.standard_normal(size=(n_samples, n_features))
    w = np.zeros((n_features, n_targets))
    w[:n_informative] = 100 * rng.uniform(size=(n_informative, n_targets))
    y = X @ w + bias
    if noise > 0:
        y += rng.normal(scale=noise, size=y.shape)
    if shuffle:
        samples, features = np.arange(n_samples), np.arange(n_features)
        rng.shuffle(samples)
        rng.shuffle(features)
        X, y, w = X[samples][:, features], y[samples], w[features]
    return (X, np.squeeze(y), np.squeeze(w)) if coef else (X, np.squeeze(y))
