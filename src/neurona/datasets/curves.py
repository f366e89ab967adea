"""Points on curves in the plane that no line separates: moons, circles, spirals."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.random_state import as_random_state
from neurona.errors import ArgumentError, check_integer, check_number


def make_moons(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaving half circles: (cos t, sin t) and (1 - cos t, 1/2 - sin t), t in [0, pi].

    Shapes: X (N, 2) float64, y (N,) int64: 0 the outer moon, 1 the inner.
    Args:
        n_samples: all points, the inner moon having one more if odd; or (outer, inner).
        shuffle: mix the two moons.
        noise: standard deviation of the Gaussian noise added; None adds none.
        random_state: an integer for the same points each time.
    Raises:
        ArgumentError: numbers out of range.
    Source: number for number `sklearn.datasets.make_moons`.

    >>> X, y = make_moons(4, shuffle=False)
    >>> X.round(1).tolist(), y.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [0, 0, 1, 1])
    """
    outer, inner = _two_counts(n_samples, minimum=1)
    noise = _noise(noise)
    t, s = np.linspace(0, np.pi, outer), np.linspace(0, np.pi, inner)
    x = np.append(np.cos(t), 1 - np.cos(s))
    y = np.append(np.sin(t), 1 - np.sin(s) - 0.5)
    return _finish([x, y], (outer, inner), shuffle, noise, random_state)


def make_circles(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Any = None,
    factor: float = 0.8,
) -> tuple[np.ndarray, np.ndarray]:
    """A circle inside a circle: (cos t, sin t), and factor times that.

    Shapes: X (N, 2) float64, y (N,) int64: 0 the outer circle, 1 the inner.
    Args:
        n_samples: all points, the inner circle having one more if odd; or (outer, inner).
        shuffle: mix the two circles.
        noise: standard deviation of the Gaussian noise added; None adds none.
        random_state: an integer for the same points each time.
        factor: radius of the inner circle, in [0, 1).
    Raises:
        ArgumentError: numbers out of range.
    Source: number for number `sklearn.datasets.make_circles`.

    >>> X, y = make_circles(4, shuffle=False, factor=0.5)
    >>> abs(X.round(1)).tolist(), y.tolist()
    ([[1.0, 0.0], [1.0, 0.0], [0.5, 0.0], [0.5, 0.0]], [0, 0, 1, 1])
    """
    outer, inner = _two_counts(n_samples, minimum=0)
    noise = _noise(noise)
    factor = check_number("factor", factor, low=0.0, high=1.0)
    if factor == 1:
        raise ArgumentError("factor must be below 1.", got="1", hint="factor=0.8")
    t = np.linspace(0, 2 * np.pi, outer, endpoint=False)
    s = np.linspace(0, 2 * np.pi, inner, endpoint=False)
    x = np.append(np.cos(t), np.cos(s) * factor)
    y = np.append(np.sin(t), np.sin(s) * factor)
    return _finish([x, y], (outer, inner), shuffle, noise, random_state)


def make_spirals(
    n_samples: int = 100,
    *,
    n_classes: int = 2,
    turns: float = 1.0,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Spirals from one centre: arm k is r (cos a, sin a), a = 2 pi (turns r + k / n_classes).

    Shapes: X (N, 2) float64, y (N,) int64: the arm. The radius r grows evenly, in (0, 1].
    Args:
        n_samples: all points; the first arms have one more where it does not divide evenly.
        n_classes: arms, 1 or more.
        turns: how often an arm goes around; more is harder.
        shuffle: mix the arms.
        noise: standard deviation of the Gaussian noise added; None adds none.
        random_state: an integer for the same points each time.
    Raises:
        ArgumentError: numbers out of range.
    Source: after Lang and Witbrock 1988, with any number of arms; scikit-learn has none.

    >>> X, y = make_spirals(4, turns=0.5, shuffle=False)
    >>> X.round(1).tolist(), y.tolist()
    ([[0.0, 0.5], [-1.0, 0.0], [-0.0, -0.5], [1.0, -0.0]], [0, 0, 1, 1])
    """
    n_samples = check_integer("n_samples", n_samples, minimum=1)
    n_classes = check_integer("n_classes", n_classes, minimum=1)
    turns, noise = check_number("turns", turns), _noise(noise)
    whole, rest = divmod(n_samples, n_classes)
    counts = tuple(whole + (arm < rest) for arm in range(n_classes))
    radius = np.concatenate([np.arange(1, n + 1) / max(n, 1) for n in counts])
    angle = 2 * np.pi * (turns * radius + np.repeat(np.arange(n_classes), counts) / n_classes)
    points = [radius * np.cos(angle), radius * np.sin(angle)]
    return _finish(points, counts, shuffle, noise, random_state)


def _two_counts(n_samples: Any, minimum: int) -> tuple[int, int]:
    if isinstance(n_samples, tuple | list):
        if len(n_samples) != 2:
            raise ArgumentError(
                "n_samples has the wrong length.",
                got=repr(n_samples),
                expected="an integer or (outer, inner)",
            )
        return (
            check_integer("n_samples", n_samples[0], minimum=0),
            check_integer("n_samples", n_samples[1], minimum=0),
        )
    count = check_integer("n_samples", n_samples, minimum=minimum)
    return count // 2, count - count // 2


def _noise(noise: Any) -> float | None:
    return None if noise is None else check_number("noise", noise, low=0.0)


def _finish(
    points: list[np.ndarray],
    counts: tuple[int, ...],
    shuffle: bool,
    noise: float | None,
    random_state: Any,
) -> tuple[np.ndarray, np.ndarray]:
    rng = as_random_state(random_state)
    X = np.stack(points, axis=1)
    y = np.repeat(np.arange(len(counts)), counts)
    if shuffle:
        order = np.arange(len(X))
        rng.shuffle(order)
        X, y = X[order], y[order]
    if noise is not None:
        X += rng.normal(scale=noise, size=X.shape)
    return X, y
