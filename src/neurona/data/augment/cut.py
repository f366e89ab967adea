"""Augmentations that take pixels as they are: flip, crop with padding, cut out."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.augment.images import FILL_MODES, as_images, back_to, fill_of, pad
from neurona.errors import check_choice, check_number, check_sizes

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip:
    """Mirror each image, with a chance.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        mode: "horizontal" swaps left and right, "vertical" top and bottom,
            "horizontal_and_vertical" either or both.
        probability: the chance of each flip; 0.5.
    Raises:
        ArgumentError: an unknown mode, or a probability outside [0, 1].

    >>> RandomFlip("horizontal", probability=1.0)(np.array([[[1, 2], [3, 4]]]), rng=0).tolist()
    [[[2, 1], [4, 3]]]
    """

    def __init__(self, mode: str = "horizontal", probability: float = 0.5) -> None:
        self.mode = check_choice("mode", mode, MODES)
        self.probability = check_number("probability", probability, low=0.0, high=1.0)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, some images mirrored."""
        images, rng = as_images("RandomFlip", x), np.random.default_rng(rng)
        for axis, word in ((2, "horizontal"), (1, "vertical")):
            if word in self.mode:
                flipped = rng.random(len(images)) < self.probability
                mirrored = np.flip(images, axis)
                images = np.where(flipped[:, None, None, None], mirrored, images)
        return back_to(images, x)


class RandomCrop:
    """Pad each image and cut out a random piece of the old size: a shift by whole pixels.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        padding: pixels on every side, an integer or (rows, columns); 4, as usual for CIFAR-10.
        fill_mode: the padding: "constant", "nearest", "reflect" or "wrap".
        fill_value: the pixel of "constant".
    Raises:
        ArgumentError: negative padding or an unknown fill_mode.
    Source: He et al. 2016, section 4.2.

    >>> RandomCrop(1)(np.ones((1, 2, 2)), rng=0).shape
    (1, 2, 2)
    """

    def __init__(
        self, padding: Any = 4, fill_mode: str = "constant", fill_value: float = 0.0
    ) -> None:
        self.padding = check_sizes("padding", padding, 2, minimum=0)
        self.fill_mode = check_choice("fill_mode", fill_mode, FILL_MODES)
        self.fill_value = check_number("fill_value", fill_value)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image cut anew."""
        images, rng = as_images("RandomCrop", x), np.random.default_rng(rng)
        batch, height, width, _ = images.shape
        rows, columns = self.padding
        padded = pad(images, rows, columns, self.fill_mode, self.fill_value)
        top = rng.integers(0, 2 * rows, batch, endpoint=True)[:, None] + np.arange(height)
        left = rng.integers(0, 2 * columns, batch, endpoint=True)[:, None] + np.arange(width)
        image = np.arange(batch)[:, None, None]
        return back_to(padded[image, top[:, :, None], left[:, None, :]], x)


class Cutout:
    """Cover a square at a random place of each image, which may reach over the edge.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        size: height and width of the square in pixels, an integer or a pair.
        fill_value: the pixel of the square.
        probability: the chance that an image gets one; 1.
    Raises:
        ArgumentError: a size below 1, or a probability outside [0, 1].
    Source: DeVries and Taylor 2017, section 3.

    >>> int((Cutout(2)(np.ones((1, 4, 4)), rng=1) == 0).sum())
    4
    """

    def __init__(self, size: Any, fill_value: float = 0.0, probability: float = 1.0) -> None:
        self.size = check_sizes("size", size, 2)
        self.fill_value = check_number("fill_value", fill_value)
        self.probability = check_number("probability", probability, low=0.0, high=1.0)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image with its hole."""
        images, rng = as_images("Cutout", x), np.random.default_rng(rng)
        batch, height, width, _ = images.shape
        covered = rng.random(batch) < self.probability
        rows = self._side(rng, batch, height, self.size[0])
        columns = self._side(rng, batch, width, self.size[1])
        hole = rows[:, :, None] & columns[:, None, :] & covered[:, None, None]
        return back_to(np.where(hole[..., None], fill_of(images, self.fill_value), images), x)

    @staticmethod
    def _side(rng: np.random.Generator, batch: int, length: int, size: int) -> np.ndarray:
        start = rng.integers(0, length, batch)[:, None] - size // 2
        pixel = np.arange(length)
        return (pixel >= start) & (pixel < start + size)
