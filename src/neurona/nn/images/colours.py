"""Augmentations that change the values of pixels: contrast, brightness, colours."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_number
from neurona.nn.images.augmentation import (
    Augmentation,
    check_factor,
    check_range,
    for_each,
    sign_for_each,
)
from neurona.nn.options import LayerOptions
from neurona.ops import images


class RandomContrast(Augmentation):
    """In training each channel of each image is spread about its mean m: y = (x - m) d + m.

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range; m is over H and W.

    Args:
        factor: (lower, upper), each in [0, 1], so that d lies in [1 - lower, 1 + upper]; f means
            (f, f).
        value_range: the least and the largest pixel: (0, 1) for scaled images.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or the range is no (low, high).

    >>> x = [[[[100.0], [120.0]]]]
    >>> y = RandomContrast(0.5, seed=1)(x, training=True)[0, 0, :, 0].numpy()
    >>> float(y.mean()), bool(10 <= y[1] - y[0] <= 30)
    (110.0, True)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        lower, upper = check_factor("factor", factor, low=0.0)
        self.factor = (lower, upper) if isinstance(factor, list | tuple) else (upper, upper)
        self.value_range = check_range(value_range)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with its contrast."""
        d = for_each(x, 1 - self.factor[0], 1 + self.factor[1])
        m = ops.mean(x, axis=(1, 2), keepdims=True)
        return ops.clip((x - m) * d + m, *self.value_range)


class RandomBrightness(Augmentation):
    """In training each image gets lighter or darker: y = x + d (high - low).

    Shapes: x (B, H, W, C) -> y (B, H, W, C), clipped to the value_range.

    Args:
        factor: d, in [-1, 1]; f means (-f, f).
        value_range: (low, high), the least and the largest pixel: (0, 1) for scaled images.
        seed, data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [-1, 1], or the range is no (low, high).

    >>> layer = RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> layer(ops.zeros((1, 1, 1, 1)), training=True).item()
    0.5
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.factor, self.value_range = check_factor("factor", factor), check_range(value_range)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each lighter or darker."""
        low, high = self.value_range
        return ops.clip(x + for_each(x, *self.factor) * (high - low), low, high)


def check_colours(layer: Augmentation, x: Tensor) -> None:
    """Raise a ShapeError for images that are not red, green and blue."""
    if x.shape[-1] != 3:
        raise ShapeError(
            f"{type(layer).__name__}: the images have no colours.",
            got=f"{x.shape[-1]} channels",
            expected="3: red, green and blue",
        )


class RandomGrayscale(Augmentation):
    """In training each image becomes grey, with a chance; its three channels stay.

    Shapes: x (B, H, W, 3) -> y (B, H, W, 3).

    Args:
        factor: the chance, in [0, 1].
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1].
        ShapeError: if there are not three channels.
    """

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.factor = check_number("factor", factor, low=0.0, high=1.0)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, some of them grey."""
        check_colours(self, x)
        return ops.where(for_each(x) < self.factor, images.rgb_to_grayscale(x), x)


class _OfColours(Augmentation):
    """An augmentation by a factor that each image draws, of pixels in a range."""

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.factor = check_factor("factor", factor, low=0.0)
        self.value_range = check_range(value_range)


class RandomSaturation(_OfColours):
    """In training colours get stronger or paler; hue and value max(r, g, b) = v stay.

    With k = f / (1 - f), which multiplies the saturation s (at most to 1): y = v - (v - x) k.

    Shapes: x (B, H, W, 3) -> y (B, H, W, 3).

    Args:
        factor: f, in [0, 1]: 0 is grey, 0.5 changes nothing, 1 is as strong as can be; a number
            means (0, f).
        value_range: the least and the largest pixel.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or the range is no (low, high).
        ShapeError: if there are not three channels.
    """

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with its saturation."""
        check_colours(self, x)
        f = for_each(x, *self.factor)
        v = ops.max(x, axis=-1, keepdims=True)
        least = ops.min(x, axis=-1, keepdims=True)
        low = self.value_range[0]
        most = (v - low) / ops.where(v == least, 1, v - least)  # 1 / s
        return v - (v - x) * ops.minimum(f / (1 - f + 1e-7), most)


class RandomHue(_OfColours):
    """In training colours are turned on their circle, by up to half of it either way.

    Shapes: x (B, H, W, 3) -> y (B, H, W, 3), clipped to the value_range.

    Args:
        factor: f, in [0, 1], of half a turn, with either sign; a number means (0, f).
        value_range: the least and the largest pixel.
        data_format, seed: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [0, 1], or the range is no (low, high).
        ShapeError: if there are not three channels.
    """

    def change(self, x: Tensor) -> Tensor:
        """Return the images, each with its hues."""
        check_colours(self, x)
        low, high = self.value_range
        sign = sign_for_each(x)
        turn = sign * for_each(x, *self.factor) * 0.5
        hsv = images.rgb_to_hsv((x - low) / (high - low))
        rgb = images.hsv_to_rgb(ops.concatenate([hsv[..., :1] + turn, hsv[..., 1:]], axis=-1))
        return ops.clip(rgb, 0, 1) * (high - low) + low


class RandomColorJitter(Augmentation):
    """In training brightness, contrast, saturation and hue change, in this order.

    Shapes: x (B, H, W, C) -> y (B, H, W, C); C = 3 for saturation and hue.

    Args:
        value_range: the least and the largest pixel.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: those of
            `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`; None: none.
        seed, data_format: see `Augmentation`.

    Raises: what these raise.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        chosen = (
            (RandomBrightness, brightness_factor),
            (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        )
        self.steps = [cls(f, value_range) for cls, f in chosen if f is not None]
        for step in self.steps:
            step.built = True

    def change(self, x: Tensor) -> Tensor:
        """Return the images after all changes."""
        for step in self.steps:
            x = step.change(x)
        return x
