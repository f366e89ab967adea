"""Augmentations that bend images: seen from elsewhere, and moved by waves."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_choice, check_number
from neurona.nn.images.augmentation import Augmentation, check_factor, for_each
from neurona.nn.images.tones import Toning, chosen
from neurona.nn.options import LayerOptions
from neurona.ops import draw
from neurona.ops.images import INTERPOLATIONS, MODES, looked_up


class RandomPerspective(Augmentation):
    """In training an image is seen from elsewhere, with a chance: its corners move.

    A corner (x, y) of the image goes to (x + x u, y + y v), u and v drawn from -scale / 2 to
    scale / 2, and what lies between is looked up by the perspective map of the four.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        factor: the chance; a pair means that each image draws its own between the two, f is for
            (0, f).
        scale: in [0, 1].
        interpolation: "bilinear" or "nearest".
        fill_value: the pixel outside of the image.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a number lies outside [0, 1], or a name is unknown.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)
        self.scale = check_number("scale", scale, low=0.0, high=1.0)
        self.interpolation = check_choice("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = check_number("fill_value", fill_value)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them bent."""
        batch, height, width, _ = x.shape
        right, bottom = width - 1, height - 1
        start = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]], x.dtype)
        half = 0.5 * self.scale
        end = start * (1 + draw.uniform((batch, 4, 2), -half, half, dtype=x.dtype))
        y = ops.image.perspective_transform(
            x, ops.broadcast_to(start, end.shape), end, self.interpolation, self.fill_value,
            "channels_last",
        )  # fmt: skip
        return ops.where(chosen(x, self.factor), y, x)


class RandomElasticTransform(Toning):
    """In training the pixels of an image move by smooth waves, with a chance.

    y[i, j] = x[i + a d_ij, j + a e_ij] with a = 0.1 s max(H, W); d and e are normal numbers times
    b = 0.05 s min(H, W), blurred by a Gaussian of that deviation.

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range.

    Args:
        factor: the chance; a pair means that each image draws its own between the two, f is for
            (0, f).
        scale: s, in [0, 1], drawn for each image; a number is for (0, s).
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "reflect", "mirror", "constant", "nearest" or "wrap", as of
            `ops.image.affine_transform`.
        fill_value: the pixel of "constant".
        value_range: the least and the largest pixel.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a number lies outside [0, 1], or a name is unknown.

    Source: Simard, Steinkraus, Platt 2003, in Keras's form.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)
        self.scale = check_factor("scale", scale, low=0.0)
        self.interpolation = check_choice("interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = check_choice("fill_mode", fill_mode, MODES)
        self.fill_value = check_number("fill_value", fill_value)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them bent."""
        batch, height, width, _ = x.shape
        s = ops.reshape(for_each(x, *self.scale), (batch, 1, 1))
        a, b = 0.1 * max(height, width) * s, 0.05 * min(height, width) * s + 1e-6
        down, across = _smoothing(height, b), _smoothing(width, b)  # (B, H, H), (B, W, W)
        waves = (draw.normal((batch, height, width), dtype=x.dtype) for _ in range(2))
        d, e = (a * b * ops.matmul(ops.matmul(down, wave), across) for wave in waves)
        i, j = np.arange(height)[:, None].astype(x.dtype), np.arange(width).astype(x.dtype)
        y = looked_up(x, i + d, j + e, self.interpolation, self.fill_mode, self.fill_value)
        return ops.clip(ops.where(chosen(x, self.factor), y, x), *self.value_range)


def _smoothing(n: int, deviation: Tensor) -> Tensor:
    """Return the matrix that blurs an axis of n pixels: Gaussian weights, cut at three deviations.

    As they are symmetric, it is the same from both sides.
    """
    taps = np.arange(-n, n + 1).astype(deviation.dtype)
    reach = ops.floor(ops.floor(6 * deviation) / 2)

    def weights(d: np.ndarray) -> Tensor:
        return ops.where(np.abs(d) <= reach, ops.exp(-0.5 * ops.square(d / deviation)), 0)

    distance = (np.arange(n)[:, None] - np.arange(n)).astype(deviation.dtype)
    return weights(distance) / ops.sum(weights(taps), axis=-1, keepdims=True)
