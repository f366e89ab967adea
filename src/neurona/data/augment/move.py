"""Augmentations that move pixels: shift, rotate, zoom, each one affine map per image."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.augment.images import FILL_MODES, as_images, back_to, check_factor, pad
from neurona.errors import check_choice, check_number

MARGIN = 2  # pixels around the image in which both neighbours of an outer point lie


def resample(
    x: np.ndarray, matrix: np.ndarray, offset: np.ndarray, fill_mode: str, fill_value: float
) -> np.ndarray:
    """Look up every pixel p of the result at `matrix @ (p - centre) + centre + offset` of x.

    Between pixels the value is bilinear; outside the image it is what fill_mode says.

    Shapes: x (B, H, W, C), matrix (B, 2, 2), offset (B, 2) -> (B, H, W, C), float.
    """
    batch, height, width, channels = x.shape
    dtype = np.float64 if x.dtype == np.float64 else np.float32
    down = np.arange(height)[:, None] - (height - 1) / 2  # (H, 1), p - centre
    right = np.arange(width) - (width - 1) / 2  # (W,)
    m, t = matrix[:, :, :, None, None], offset[:, :, None, None]
    row = m[:, 0, 0] * down + m[:, 0, 1] * right + (t[:, 0] + (height - 1) / 2)  # (B, H, W)
    column = m[:, 1, 0] * down + m[:, 1, 1] * right + (t[:, 1] + (width - 1) / 2)
    above, below_part = _between(row, height, fill_mode, dtype)
    left, right_part = _between(column, width, fill_mode, dtype)
    padded = pad(x, MARGIN, MARGIN, fill_mode, fill_value)
    stride = padded.shape[2]
    first = (np.arange(batch)[:, None, None] * padded.shape[1] + above) * stride + left
    flat: Any = padded.astype(dtype, copy=False).reshape(-1, channels)

    def row_at(index: np.ndarray) -> np.ndarray:
        near, far = flat.take(index, axis=0), flat.take(index + 1, axis=0)
        return near + right_part * (far - near)

    top = row_at(first)
    return top + below_part * (row_at(first + stride) - top)


def _between(
    place: np.ndarray, size: int, fill_mode: str, dtype: type
) -> tuple[np.ndarray, np.ndarray]:
    """Return the padded pixel before each place (B, H, W), and how far beyond it (..., 1)."""
    if fill_mode == "wrap":
        place = place % size
    elif fill_mode == "reflect":  # d c b a | a b c d | d c b a
        place = size - 0.5 - np.abs(size - (place + 0.5) % (2 * size))
    else:  # all that lies further out looks the same
        place = place.clip(-MARGIN, size)
    before = np.floor(place)
    return before.astype(np.intp) + MARGIN, (place - before).astype(dtype)[..., None]


class RandomTranslation:
    """Shift each image by a random part of its size.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        height_factor: the shift down, a fraction of H in [-1, 1]; f means (-f, f).
        width_factor: the shift to the right, a fraction of W; None takes height_factor.
        fill_mode: what comes in from outside: "constant", "nearest", "reflect" or "wrap".
        fill_value: the pixel of "constant"; 0, the background of most digits.
    Raises:
        ArgumentError: a factor outside [-1, 1] or an unknown fill_mode.

    >>> x = np.arange(4.0).reshape(1, 2, 2)
    >>> RandomTranslation((0.5, 0.5), (0, 0))(x, rng=0).tolist()
    [[[0.0, 0.0], [0.0, 1.0]]]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
    ) -> None:
        width_factor = height_factor if width_factor is None else width_factor
        self.height_factor = check_factor("height_factor", height_factor)
        self.width_factor = check_factor("width_factor", width_factor)
        self.fill_mode = check_choice("fill_mode", fill_mode, FILL_MODES)
        self.fill_value = check_number("fill_value", fill_value)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image shifted."""
        images, rng = as_images("RandomTranslation", x), np.random.default_rng(rng)
        batch, height, width, _ = images.shape
        down = rng.uniform(*self.height_factor, batch) * height
        right = rng.uniform(*self.width_factor, batch) * width
        matrix = np.broadcast_to(np.eye(2), (batch, 2, 2))
        offset = -np.stack([down, right], axis=1)
        return back_to(resample(images, matrix, offset, self.fill_mode, self.fill_value), x)


class RandomRotation:
    """Turn each image about its centre by a random angle.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        factor: the angle as a part of a full turn, counter-clockwise; f means (-f, f), so 0.1
            turns by up to 36 degrees either way.
        fill_mode: what comes in from outside: "constant", "nearest", "reflect" or "wrap".
        fill_value: the pixel of "constant".
    Raises:
        ArgumentError: a factor outside [-1, 1] or an unknown fill_mode.

    >>> x = np.array([[[1, 2], [3, 4]]])
    >>> RandomRotation((0.25, 0.25))(x, rng=0).tolist()
    [[[2, 4], [1, 3]]]
    """

    def __init__(self, factor: Any, fill_mode: str = "constant", fill_value: float = 0.0) -> None:
        self.factor = check_factor("factor", factor)
        self.fill_mode = check_choice("fill_mode", fill_mode, FILL_MODES)
        self.fill_value = check_number("fill_value", fill_value)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image turned."""
        images, rng = as_images("RandomRotation", x), np.random.default_rng(rng)
        angle = rng.uniform(*self.factor, len(images)) * 2 * np.pi
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)
        offset = np.zeros((len(images), 2))
        return back_to(resample(images, matrix, offset, self.fill_mode, self.fill_value), x)


class RandomZoom:
    """Enlarge or shrink each image about its centre.

    Shapes: x (B, H, W) or (B, H, W, C) -> the same.
    Args:
        height_factor: the change of the visible height, as in Keras: -0.2 zooms in, to 80 % of
            the image, 0.2 zooms out; f means (-f, f).
        width_factor: the change of the visible width; None keeps the proportions.
        fill_mode: what comes in from outside: "constant", "nearest", "reflect" or "wrap".
        fill_value: the pixel of "constant".
    Raises:
        ArgumentError: a factor outside [-0.99, 10] or an unknown fill_mode.

    >>> x = np.ones((1, 4, 4))
    >>> float(RandomZoom((1.0, 1.0))(x, rng=0).sum())  # twice the view, half the size
    4.0
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
    ) -> None:
        self.height_factor = check_factor("height_factor", height_factor, low=-0.99, high=10.0)
        self.width_factor = (
            None
            if width_factor is None
            else check_factor("width_factor", width_factor, low=-0.99, high=10.0)
        )
        self.fill_mode = check_choice("fill_mode", fill_mode, FILL_MODES)
        self.fill_value = check_number("fill_value", fill_value)

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch, each image zoomed."""
        images, rng = as_images("RandomZoom", x), np.random.default_rng(rng)
        height = 1 + rng.uniform(*self.height_factor, len(images))
        width = height
        if self.width_factor is not None:
            width = 1 + rng.uniform(*self.width_factor, len(images))
        matrix = np.zeros((len(images), 2, 2))
        matrix[:, 0, 0], matrix[:, 1, 1] = height, width
        offset = np.zeros((len(images), 2))
        return back_to(resample(images, matrix, offset, self.fill_mode, self.fill_value), x)
