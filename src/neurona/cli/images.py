"""Images as a model wants them: its size, its channels, values in 0 to 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurona.data import image_file

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
ENOUGH = 512  # pixels of a side that are looked at, of larger images
INK = 20 / 28  # part of the frame that the ink takes, as in MNIST
LINE = 24 / 28  # that the ink of a line takes, whose signs are not all at the same height
SMALL = 16  # a frame of fewer pixels is filled with ink, as in the 8 x 8 digits


def read_image(path: Path, channels: int) -> np.ndarray:
    """Return an image file as (H, W, channels) in 0 to 1, large ones at a whole fraction of a size.

    Raises:
        FormatError: it is no image, or a damaged one.
    """
    from PIL import Image

    pixels = image_file.read_image(path, "grayscale" if channels == 1 else "rgb")
    if (factor := max(pixels.shape[:2]) // ENOUGH) > 1:
        picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        pixels = np.asarray(picture.reduce(factor)).reshape(
            -1, -(-pixels.shape[1] // factor), channels
        )
    return pixels / np.float32(255)


def has_light_ground(image: np.ndarray) -> bool:
    """Say whether the border of an image is light: dark ink on paper, not a digit of MNIST.

    >>> bool(has_light_ground(np.ones((4, 4, 1))))
    True
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(np.median(border) > 0.5)


def as_input(
    image: np.ndarray, height: int, width: int, invert: bool | None, line: bool = False
) -> np.ndarray:
    """Return an image (H, W, C) as an input (height, width, C).

    A grey image is ink: light on a dark ground, cut out and centred. An image in colours is a
    photo: its middle is scaled to the frame. An image of the right size keeps its geometry.

    Args:
        image: values in 0 to 1.
        height, width: of the model's input.
        invert: swap light and dark; None finds out from the border of a grey image.
        line: whether the ink is a line of signs, which begins at the left.
    """
    grey = image.shape[2] == 1
    if (grey and has_light_ground(image)) if invert is None else invert:
        image = 1 - image
    if image.shape[:2] == (height, width):
        return image
    if not grey:
        return middle(image, height, width)
    return (from_the_left if line else centred)(ink_of(image), height, width)


def ink_of(image: np.ndarray) -> np.ndarray:
    """Return the part of an image that has ink, from 0 for the ground to 1 for the strongest.

    The ground is the median of the border; ink is more than a fifth of the strongest above it.
    """
    ground = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]))
    ink = np.clip(image - ground, 0, None)
    ink = ink / (ink.max() or 1.0)
    marked = ink.max(-1) > 0.2
    if not marked.any():
        return ink
    rows, columns = np.flatnonzero(marked.any(1)), np.flatnonzero(marked.any(0))
    ink[~marked] = 0  # the grain of the paper
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def middle(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the largest middle part of an image with the frame's proportions, scaled to it."""
    part = min(image.shape[0] / height, image.shape[1] / width)
    h, w = max(1, round(part * height)), max(1, round(part * width))
    top, left = (image.shape[0] - h) // 2, (image.shape[1] - w) // 2
    return _resized(image[top : top + h, left : left + w], height, width)


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
