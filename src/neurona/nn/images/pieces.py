"""Augmentations that take pixels as they are: mirror images, cut pieces out, cover pieces."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.nn.axes import as_given, channels_last
from neurona.nn.images.augmentation import (
    Augmentation,
    check_factor,
    check_range,
    for_each,
)
from neurona.nn.options import LayerOptions
from neurona.ops import draw, images

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(Augmentation):
    """In training each image is mirrored, or not, with even chances.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        mode: "horizontal" swaps left and right, "vertical" top and bottom; for
            "horizontal_and_vertical" each of the two is drawn by itself.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the mode is unknown.

    >>> y = RandomFlip("horizontal", seed=1)(ops.arange(4.0).reshape(2, 1, 2, 1), training=True)
    >>> [sorted(row) for row in y[:, 0, :, 0].tolist()]
    [[0.0, 1.0], [2.0, 3.0]]
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.mode = check_choice("mode", mode, MODES)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them mirrored."""
        for axis, name in ((2, "horizontal"), (1, "vertical")):
            if name in self.mode:
                x = ops.where(for_each(x) < 0.5, ops.flip(x, axis=axis), x)
        return x


class RandomCrop(Augmentation):
    """In training a piece of each image, at a random place; otherwise the middle of it.

    Otherwise, and where an image is smaller than the piece, the largest part of it that has the
    piece's proportions is resized.

    Shapes: x (B, H, W, C) -> y (B, height, width, C).

    Args:
        height, width: of the piece, in pixels.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a size is below 1.

    >>> RandomCrop(2, 3)(ops.ones((5, 4, 4, 1)), training=True).shape
    (5, 2, 3, 1)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.height = check_integer("height", height, minimum=1)
        self.width = check_integer("width", width, minimum=1)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, H, W, C)
        height, width = channels_last(self, x).shape[1:3]
        if training and height >= self.height and width >= self.width:
            return super().call(x, training)
        x = channels_last(self, super().call(x, False))
        y = images.resize(x, (self.height, self.width), crop_to_aspect_ratio=True)
        return as_given(self, y)

    def change(self, x: Tensor) -> Tensor:
        """Return a piece of each image."""
        batch, height, width, channels = x.shape
        top = _whole(for_each(x), height - self.height + 1)
        left = _whole(for_each(x), width - self.width + 1)
        rows = np.arange(batch)[:, None, None] * height + np.arange(self.height)[:, None]
        places = rows * (width * channels) + np.arange(self.width * channels)
        kind = "int32" if x.size < 2**31 else "int64"
        start = top.astype(kind) * (width * channels) + left.astype(kind) * channels
        index = ops.reshape(start, (batch, 1, 1)) + places.astype(kind)
        y = ops.take(ops.reshape(x, (-1,)), index, axis=0)  # (B, height, width * C)
        return ops.reshape(y, (batch, self.height, self.width, channels))


def _whole(unit: Tensor, n: int) -> Tensor:
    """Return whole numbers from 0 up to n, without it, from numbers in [0, 1)."""
    return ops.minimum(ops.floor(unit * n), n - 1)  # a product of floats may be rounded up to n


def box(x: Tensor, height: Any, width: Any) -> Tensor:
    """Whether each pixel lies in a box (height, width) at a random place; (B, H, W, 1)."""
    inside = None
    for axis, length in ((2, width), (1, height)):
        n = x.shape[axis]
        start = for_each(x) * (n - length)
        sizes = [1, 1, 1, 1]
        sizes[axis] = n
        pixel = np.arange(n).astype(x.dtype).reshape(sizes)
        here = ops.logical_and(pixel >= start, pixel < start + length)
        inside = here if inside is None else ops.logical_and(inside, here)
    return inside  # type: ignore[return-value]


class RandomErasing(Augmentation):
    """In training a random box of each image is covered, with a chance.

    The box is sqrt(u) W wide and sqrt(v) H high, with u and v drawn from `scale`.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        factor: the chance; a pair means that each image draws its own between the two, f is for
            (0, f).
        scale: of the box, in parts of the image: a pair, f is for (0, f).
        fill_value: the pixel of the box: a number, or one for each channel; None for normal noise,
            of deviation value_range[1].
        value_range: the least and the largest pixel; what fills the box is clipped to it.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a chance or scale lies outside [0, 1], or the range is no (low, high).

    Source: Zhong et al. 2017, "Random Erasing Data Augmentation", in Keras's form.

    >>> layer = RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=0)
    >>> float(layer(ops.ones((1, 4, 4, 1)), training=True).numpy().sum())
    12.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)
        self.scale = check_factor("scale", scale, low=0.0)
        self.value_range = check_range(value_range)
        several = isinstance(fill_value, list | tuple)
        values = fill_value if several else () if fill_value is None else (fill_value,)
        self.fill_value = [check_number("fill_value", v) for v in values] or None

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with its box."""
        width = ops.sqrt(for_each(x, *self.scale)) * x.shape[2]
        height = ops.sqrt(for_each(x, *self.scale)) * x.shape[1]
        inside = box(x, height, width)
        covered = for_each(x) < for_each(x, *self.factor)
        fill = ops.clip(self._fill(x), *self.value_range)
        return ops.where(ops.logical_and(inside, covered), fill, x)

    def _fill(self, x: Tensor) -> Any:
        if self.fill_value is None:
            return draw.normal(x.shape, dtype=x.dtype) * self.value_range[1]
        if len(self.fill_value) not in (1, x.shape[-1]):
            raise ArgumentError(
                "RandomErasing: fill_value has one number for each channel.",
                got=f"{len(self.fill_value)} numbers, x {x.shape}",
            )
        return np.array(self.fill_value, x.dtype)
