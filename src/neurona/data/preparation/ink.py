"""Drawings as the makers of MNIST have them: light ink, cut out, scaled, centred by weight."""

from __future__ import annotations

import numpy as np

INK = 20 / 28  # part of the frame that the ink takes, as in MNIST
LINE = 24 / 28  # that the ink of a line takes, whose signs are not all at the same height
SMALL = 16  # a frame of fewer pixels is filled with ink, as in the 8 x 8 digits
PALEST = 0.08  # what differs less from the paper is no ink


def drawing(
    image: np.ndarray, height: int, width: int, invert: bool | None, line: bool = False
) -> np.ndarray:
    """Return a drawing (H, W, 1) as light ink on a dark ground, (height, width, 1).

    An image that has the frame's size keeps its geometry.

    Args:
        image: values in 0 to 1.
        height, width: of the frame.
        invert: swap light and dark; None finds out from the border.
        line: whether the ink is a line of signs, which begins at the left.
    """
    if has_light_ground(image) if invert is None else invert:
        image = 1 - image
    if image.shape[:2] == (height, width):
        return image
    return (from_the_left if line else centred)(ink_of(image), height, width)


def has_light_ground(image: np.ndarray) -> bool:
    """Say whether the border of an image is light: dark ink on paper, not a digit of MNIST.

    >>> bool(has_light_ground(np.ones((4, 4, 1))))
    True
    """
    return bool(np.median(border(image)) > 0.5)


def border(image: np.ndarray) -> np.ndarray:
    """Return the outermost pixels of an image."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def ink_of(image: np.ndarray) -> np.ndarray:
    """Return the part of an image that has ink, from 0 for the ground to 1 for the strongest.

    The ground is the median of the border; ink is more than a fifth of the strongest above it.
    """
    ink = np.clip(image - np.median(border(image)), 0, None)
    if ink.max() < PALEST:  # a blank sheet: its grain must not become ink
        return np.zeros_like(ink)
    ink = ink / ink.max()
    marked = ink.max(-1) > 0.2
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    ink[~marked] = 0  # the grain of the paper
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def centred(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image scaled into a frame, with its centre of mass in the middle as far as it goes.

    Shapes: image (H, W, C) -> (height, width, C).
    """
    part = 1.0 if min(height, width) < SMALL else INK
    factor = min(part * height / image.shape[0], part * width / image.shape[1])
    h, w = (
        max(1, min(round(n * factor), side))
        for n, side in zip(image.shape[:2], (height, width), strict=True)
    )
    small = _resized(image, h, w)
    weight = small.sum(-1)
    total = weight.sum()
    centre = (h / 2, w / 2)
    if total > 0:
        centre = (
            float((weight.sum(1) @ (np.arange(h) + 0.5)) / total),
            float((weight.sum(0) @ (np.arange(w) + 0.5)) / total),
        )
    top = min(max(round(height / 2 - centre[0]), 0), height - h)
    left = min(max(round(width / 2 - centre[1]), 0), width - w)
    frame = np.zeros((height, width, image.shape[2]))
    frame[top : top + h, left : left + w] = small
    return frame


def from_the_left(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a line scaled to the height of ink in a frame, or to its width if it is too long.

    Shapes: image (H, W, C) -> (height, width, C).
    """
    edge = round((1 - LINE) / 2 * height)
    factor = min((height - 2 * edge) / image.shape[0], (width - 2 * edge) / image.shape[1])
    small = _resized(image, *(max(1, round(n * factor)) for n in image.shape[:2]))
    top = (height - len(small)) // 2
    frame = np.zeros((height, width, image.shape[2]))
    frame[top : top + len(small), edge : edge + small.shape[1]] = small
    return frame


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    layers = [
        Image.fromarray(image[..., c].astype(np.float32)).resize(
            (width, height),
            Image.Resampling.BOX if height < image.shape[0] else Image.Resampling.BICUBIC,
        )
        for c in range(image.shape[2])
    ]
    return np.clip(np.stack([np.asarray(layer, np.float64) for layer in layers], -1), 0, 1)
