"""Augmentations of each pixel by itself, or with those around it: tones, sharpness, blur."""

from __future__ import annotations

import math
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_integer
from neurona.nn.images.augmentation import Augmentation, check_factor, check_range, for_each
from neurona.nn.images.colours import _OfColours, check_colours
from neurona.nn.options import LayerOptions
from neurona.ops import images


class Toning(Augmentation):
    """An augmentation that knows the range of its pixels.

    Args:
        value_range: the least and the largest pixel: (0, 1) for scaled images.
        seed, data_format: see `Augmentation`.
    """

    def __init__(
        self,
        value_range: Any,
        data_format: str | None,
        seed: int | None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.value_range = check_range(value_range)

    def as_bytes(self, x: Tensor) -> Tensor:
        """Return pixels in [0, 255]; in the range (0, 255) they are what they were."""
        low, high = self.value_range
        return (x - low) * (255 / (high - low))

    def as_pixels(self, tone: Tensor) -> Tensor:
        """Return pixels in their range, from tones in [0, 255]."""
        low, high = self.value_range
        return tone * ((high - low) / 255) + low


def whole(tone: Tensor, most: int = 255) -> Tensor:
    """Return tones as whole numbers; 6.9999 is a 7 that was divided by 255 and multiplied again."""
    return ops.clip(ops.floor(tone + 1e-4), 0, most)


class RandomInvert(Toning):
    """In training an image becomes its negative, with a chance: y = low + high - x.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        factor: the chance; a pair means that each image draws its own between the two, f is for
            (0, f).
        value_range: (low, high), the least and the largest pixel.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a chance lies outside [0, 1], or the range is no (low, high).

    >>> RandomInvert((1.0, 1.0))([[[[55.0]]]], training=True).item()
    200.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them inverted."""
        return ops.where(chosen(x, self.factor), sum(self.value_range) - x, x)


def chosen(x: Tensor, factor: tuple[float, float]) -> Tensor:
    """Say for each image whether it changes, with a chance that it draws itself; (B, 1, 1, 1)."""
    return for_each(x) < for_each(x, *factor)


class Solarization(Toning):
    """In training bright pixels are inverted: y = high + low - x where x + a is above t.

    Before that a is added to all, and the sum is clipped to the value_range.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        addition_factor: a, in parts of the range, drawn for each image; f is for (0, f).
        threshold_factor: t, likewise; at 0 all pixels are inverted.
        value_range: (low, high), the least and the largest pixel.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a factor lies outside [0, 1], or the range is no (low, high).

    >>> Solarization(threshold_factor=(0.5, 0.5))([[[[55.0], [255.0]]]], training=True).tolist()
    [[[[55.0], [0.0]]]]
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, seed, **common)
        self.addition_factor = check_factor("addition_factor", addition_factor, low=0.0)
        self.threshold_factor = check_factor("threshold_factor", threshold_factor, low=0.0)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, solarized."""
        low, high = self.value_range
        size = high - low
        x = ops.clip(x + for_each(x, *self.addition_factor) * size, low, high)
        dark = x < for_each(x, *self.threshold_factor) * size + low
        return ops.where(dark, x, low + high - x)


class RandomPosterization(Toning):
    """In training pixels keep their first bits: of 8 bits v, y = floor(v / k) k with k = 2^(8 - b).

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        factor: b, from 1 to 8; a pair means that each image draws one, both included.
        value_range: the least and the largest pixel, which become 0 and 255 and back.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the bits are not from 1 to 8, or the range is no (low, high).

    >>> RandomPosterization(1)([[[[55.0], [200.0]]]], training=True).tolist()
    [[[[0.0], [128.0]]]]
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, seed, **common)
        pair = factor if isinstance(factor, list | tuple) else (factor, factor)
        bits = sorted(check_integer("factor", b, minimum=1) for b in pair)
        if len(bits) != 2 or bits[1] > 8:
            raise ArgumentError("RandomPosterization keeps 1 to 8 bits.", got=f"factor={factor!r}")
        self.factor = bits[0], bits[1]

    def change(self, x: Tensor) -> Tensor:
        """Return the images with fewer tones."""
        few, many = self.factor
        bits = few + ops.minimum(ops.floor(for_each(x) * (many - few + 1)), many - few)
        k = ops.floor(ops.exp((8 - bits) * math.log(2.0)) + 0.5)
        return self.as_pixels(ops.floor(whole(self.as_bytes(x)) / k) * k)


class RandomColorDegeneration(_OfColours):
    """In training colours get paler: y = x + f (grey - x).

    Shapes: x (B, H, W, 3) -> y (B, H, W, 3), clipped to the value_range.

    Args:
        factor: f, in [0, 1], drawn for each image; a number is for (0, f).
        value_range: the least and the largest pixel.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or the range is no (low, high).
        ShapeError: if there are not three channels.
    """

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with less colour."""
        check_colours(self, x)
        y = x + for_each(x, *self.factor) * (images.rgb_to_grayscale(x) - x)
        return ops.clip(y, *self.value_range)


class RandomSharpness(_OfColours):
    """In training images get smoother or sharper: y = s + 2 f (x - s), with the smoothed image s.

    s is the mean of 3 x 3 pixels, in which the middle one counts five times, with 0 outside.

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range.

    Args:
        factor: f, in [0, 1], drawn for each image: 0 is smooth, 0.5 changes nothing, 1 is as sharp
            as can be; a number is for (0, f).
        value_range: the least and the largest pixel.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or the range is no (low, high).
    """

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with its sharpness."""
        ones = np.ones((1, 3), x.dtype)
        s = (weighted(weighted(x, ones, 1), ones, 2) + 4 * x) / 13
        return ops.clip(s + 2 * for_each(x, *self.factor) * (x - s), *self.value_range)


def weighted(x: Tensor, weights: Any, axis: int) -> Tensor:
    """Return sums of neighbours along an axis of images, weights (B, K) or (1, K), 0 outside."""
    taps = weights.shape[1]
    widths = [(0, 0)] * 4
    widths[axis] = (taps // 2, taps // 2)
    padded, total = ops.pad(x, widths), 0.0
    for k in range(taps):
        place: list[slice] = [slice(None)] * 4
        place[axis] = slice(k, k + x.shape[axis])
        total = total + padded[tuple(place)] * ops.reshape(weights[:, k], (-1, 1, 1, 1))
    return total  # type: ignore[return-value]


class RandomGaussianBlur(Toning):
    """In training an image is blurred, with a chance: means of neighbours, weighed by a Gaussian.

    A neighbour d pixels away weighs exp(-d^2 / (2 s^2)), over the sum of all, with 0 outside.

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range.

    Args:
        factor: the chance; a pair means that each image draws its own between the two, f is for
            (0, f).
        kernel_size: pixels that are looked at across and down, odd; one number, or two.
        sigma: s, in [0, 1], drawn for each image, and for both ways; a number is for (0, s).
        value_range: the least and the largest pixel.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if a size is even, a number outside [0, 1], or the range no (low, high).
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)
        self.sigma = check_factor("sigma", sigma, low=0.0)
        pair = kernel_size if isinstance(kernel_size, list | tuple) else (kernel_size, kernel_size)
        sizes = [check_integer("kernel_size", s, minimum=1) for s in pair]
        if len(sizes) != 2 or not all(s % 2 for s in sizes):
            raise ArgumentError(
                "RandomGaussianBlur: kernel_size is odd, one number or two.",
                got=repr(kernel_size),
            )
        self.kernel_size = sizes[0], sizes[1]

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them blurred."""
        y = x
        for axis, size in zip((2, 1), self.kernel_size, strict=True):
            s = ops.reshape(for_each(x, *self.sigma), (-1, 1)) + 1e-6
            d = (np.arange(size) - (size - 1) / 2).astype(x.dtype)
            weights = ops.exp(-0.5 * ops.square(d / s))
            y = weighted(y, weights / ops.sum(weights, axis=1, keepdims=True), axis)
        return ops.clip(ops.where(chosen(x, self.factor), y, x), *self.value_range)
