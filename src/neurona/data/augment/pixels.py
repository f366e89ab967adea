"""Augmentations that change pixel values: brightness, contrast, noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.augment.images import as_images, back_to, check_factor
from neurona.errors import ArgumentError, check_number


def _range(value: Any) -> tuple[float, float]:
    if not (isinstance(value, tuple | list) and len(value) == 2):
        raise ArgumentError(
            "value_range must be a pair.", got=repr(value), expected="(low, high), such as (0, 255)"
        )
    low = check_number("value_range", value[0])
    high = check_number("value_range", value[1])
    if low >= high:
        raise ArgumentError(
            "value_range is empty.", got=repr(value), expected="a low below its high"
        )
    return low, high


class RandomBrightness:
    """Add a random part of the range to each image: y = clip(x + d * (high - low)).

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        factor: d, in [-1, 1]; f means (-f, f).
        value_range: the least and the largest pixel; (0, 255), use (0, 1) for scaled images.
    Raises:
        ArgumentError: a factor outside [-1, 1], or a range that is no (low, high).

    >>> RandomBrightness((0.5, 0.5), value_range=(0, 1))(np.zeros((1, 1, 2)), rng=0).tolist()
    [[[0.5, 0.5]]]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255)) -> None:
        self.factor = check_factor("factor", factor)
        self.value_range = _range(value_range)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image lighter or darker."""
        images, rng = as_images("RandomBrightness", x), np.random.default_rng(rng)
        low, high = self.value_range
        change = rng.uniform(*self.factor, (len(images), 1, 1, 1)) * (high - low)
        return back_to(np.clip(images + change, low, high), x)


class RandomContrast:
    """Spread each channel of each image about its mean: y = clip((x - m) * (1 + d) + m).

    Shapes: x (B, H, W) or (B, H, W, C) -> the same; m is over H and W.
    Args:
        factor: d, in [-1, 1]; f means (-f, f). -1 makes the image flat.
        value_range: the least and the largest pixel; (0, 255), use (0, 1) for scaled images.
    Raises:
        ArgumentError: a factor outside [-1, 1], or a range that is no (low, high).

    >>> RandomContrast((1.0, 1.0))(np.array([[[100, 120]]]), rng=0).tolist()
    [[[90, 130]]]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255)) -> None:
        self.factor = check_factor("factor", factor)
        self.value_range = _range(value_range)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image with its contrast."""
        images, rng = as_images("RandomContrast", x), np.random.default_rng(rng)
        spread = 1 + rng.uniform(*self.factor, (len(images), 1, 1, 1))
        mean = images.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
        return back_to(np.clip((images - mean) * spread + mean, *self.value_range), x)


class RandomNoise:
    """Add noise of its own to every pixel: y = clip(x + stddev * n), n ~ N(0, 1).

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        stddev: the standard deviation in units of the pixels, 0 or more.
        value_range: the least and the largest pixel; None does not clip floats.
    Raises:
        ArgumentError: a negative stddev, or a range that is no (low, high).

    >>> RandomNoise(0.1)(np.zeros((2, 3, 3)), rng=0).std().round(2)
    np.float64(0.09)
    """

    def __init__(self, stddev: float, value_range: Any = None) -> None:
        self.stddev = check_number("stddev", stddev, low=0.0)
        self.value_range = None if value_range is None else _range(value_range)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch with noise."""
        images, rng = as_images("RandomNoise", x), np.random.default_rng(rng)
        values = images + self.stddev * rng.standard_normal(images.shape, dtype=np.float32)
        if self.value_range is not None:
            values = np.clip(values, *self.value_range)
        return back_to(values, x)
