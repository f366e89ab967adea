"""Gaussian clouds: blobs side by side, and one cloud cut into shells."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.errors import ArgumentError, check_integer, check_number


def make_blobs(
    n_samples: Any = 100,
    n_features: int = 2,
    *,
    centers: Any = None,
    cluster_std: Any = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: Any = None,
    return_centers: bool = False,
) -> Any:
    """Gaussian clouds around centres: x = c_k + s_k n, n ~ N(0, 1), y = k.

    Shapes: X (N, n_features) float64, y (N,) int64, and centers (K, n_features) if asked for.
    Args:
        n_samples: all points, shared out evenly; or one number a cloud.
        n_features: D; ignored where centers are given.
        centers: how many, or their places (K, D); None takes 3, or one for each n_samples.
        cluster_std: standard deviation, one for all or one a cloud.
        center_box: (low, high) of every coordinate of a random centre.
        shuffle: mix the clouds.
        random_state: an integer for the same points each time.
        return_centers: return the centres too.
    Raises:
        ArgumentError: numbers out of range, or lengths that do not agree.
    Source: number for number `sklearn.datasets.make_blobs`.

    >>> X, y = make_blobs(4, centers=[[0, 0], [9, 9]], cluster_std=0, random_state=0)
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [9.0, 9.0], [9.0, 9.0], [0.0, 0.0]], [0, 1, 1, 0])
    """
    rng = as_random_state(random_state)
    if not (isinstance(center_box, tuple | list) and len(center_box) == 2):
        raise ArgumentError(
            "center_box must be a pair.", got=repr(center_box), expected="(low, high)"
        )
    low = check_number("center_box", center_box[0])
    high = check_number("center_box", center_box[1], low=low)
    counts = None
    if np.ndim(n_samples) > 0:
        counts = [check_integer("n_samples", n, minimum=0) for n in n_samples]
    if centers is None:
        centers = 3 if counts is None else len(counts)
    if isinstance(centers, int | np.integer):
        count = check_integer("centers", centers, minimum=1)
        n_features = check_integer("n_features", n_features, minimum=1)
        places = rng.uniform(low, high, size=(count, n_features))
    else:
        try:
            places = np.asarray(centers, dtype=np.float64)
        except (TypeError, ValueError):
            places = np.empty(0)
        if places.ndim != 2 or 0 in places.shape:
            raise ArgumentError(
                "centers must be a number or a table.",
                got=repr(centers),
                expected="an integer, or numbers (n_centers, n_features)",
            )
    if counts is None:
        whole, rest = divmod(check_integer("n_samples", n_samples, minimum=1), len(places))
        counts = [whole + (k < rest) for k in range(len(places))]
    deviations = np.atleast_1d(np.asarray(cluster_std, dtype=np.float64))
    if np.ndim(cluster_std) == 0:
        deviations = np.repeat(deviations, len(places))
    for name, length in (("n_samples", len(counts)), ("cluster_std", len(deviations))):
        if length != len(places):
            raise ArgumentError(
                f"{name} must have one entry a centre.",
                got=f"{length} for {len(places)} centers",
            )
    for deviation in deviations:
        check_number("cluster_std", deviation, low=0.0)
    clouds = [
        rng.normal(loc=place, scale=deviation, size=(count, places.shape[1]))
        for place, deviation, count in zip(places, deviations, counts, strict=True)
    ]
    X, y = np.concatenate(clouds), np.repeat(np.arange(len(places)), counts)
    if shuffle:
        X, y = _shuffled(X, y, rng)
    return (X, y, places) if return_centers else (X, y)


def make_gaussian_quantiles(
    *,
    mean: Any = None,
    cov: float = 1.0,
    n_samples: int = 100,
    n_features: int = 2,
    n_classes: int = 3,
    shuffle: bool = True,
    random_state: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """One Gaussian cloud cut into shells around its mean, each with as many points.

    Shapes: X (N, n_features) float64, y (N,) int64: 0 the innermost shell.
    Args:
        mean: the middle of the cloud (n_features,); None is the origin.
        cov: the variance of every feature.
        n_samples: points, n_classes or more; the outermost shell takes the remainder.
        n_features: D.
        n_classes: shells.
        shuffle: mix the shells.
        random_state: an integer for the same points each time.
    Raises:
        ArgumentError: numbers out of range, or a mean of another length.
    Source: number for number `sklearn.datasets.make_gaussian_quantiles`; Zhu et al. 2009.

    >>> X, y = make_gaussian_quantiles(n_samples=7, shuffle=False, random_state=0)
    >>> y.tolist()
    [0, 0, 1, 1, 2, 2, 2]
    """
    n_classes = check_integer("n_classes", n_classes, minimum=1)
    n_samples = check_integer("n_samples", n_samples, minimum=n_classes)
    n_features = check_integer("n_features", n_features, minimum=1)
    cov = check_number("cov", cov, low=0.0)
    middle = np.zeros(n_features) if mean is None else np.asarray(mean, dtype=np.float64)
    if middle.shape != (n_features,):
        raise ArgumentError(
            "mean must have one number a feature.",
            got=f"shape {middle.shape}",
            expected=f"({n_features},)",
        )
    rng = as_random_state(random_state)
    X = rng.multivariate_normal(middle, cov * np.identity(n_features), (n_samples,))
    X = X[np.argsort(np.sum((X - middle) ** 2, axis=1))]
    y = np.minimum(np.arange(n_samples) // (n_samples // n_classes), n_classes - 1)
    return _shuffled(X, y, rng) if shuffle else (X, y)


def _shuffled(
    X: np.ndarray, y: np.ndarray, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    order = np.arange(len(X))
    rng.shuffle(order)
    return X[order], y[order]
