"""Images: pictures of any size and mode as samples of one size and mode."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np

from neurona.data.image_file import read_image
from neurona.data.pictures import load_img, middle
from neurona.data.preparation.ink import drawing
from neurona.data.preparation.record import Preparation, checked_shape
from neurona.errors import (
    ArgumentError,
    DataError,
    check_choice,
    check_number,
    check_sizes,
)
from neurona.ops.images import resize

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
WORDS = {"grayscale": "grey", "rgb": "in colours", "rgba": "in colours with opacity"}
FRAMINGS = {
    "stretch": "stretched to the frame",
    "crop": "the middle, cut to the frame's proportions",
    "pad": "whole, with black beside it",
    "ink": "light ink on dark ground, cut out and centred by weight, as in MNIST",
    "line": "a line of light ink on dark ground, cut out, from the left",
}
DRAWN = ("ink", "line")
METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
ENOUGH = 512  # pixels of a side that are looked at for ink, of larger images


@dataclasses.dataclass(frozen=True)
class Images(Preparation):
    """Image files as samples: y = (framed(x) / divide_by - mean) / std, with x from 0 to 255.

    Shapes: y (H, W, C), C 1 for "grayscale", 3 for "rgb", 4 for "rgba"; or as `shape` says.

    Args:
        size: (H, W) of a sample.
        color_mode: "rgb", "rgba" or "grayscale".
        divide_by: 255 for a model that was trained on pixels from 0 to 1.
        mean, std: subtracted and divided by after that, one number or one a channel.
        framing: how an image of another size fills the frame: "stretch", "crop" its middle, "pad"
            it with black, or take its "ink" as the makers of MNIST did, or a "line" of ink. Ink is
            made light on dark, cut out, its contrast stretched, scaled to 20/28 of the frame (all
            of it in frames under 16 pixels), and centred by its weight.
        invert: swap light and dark; None does so for ink on a light ground.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        keras: read and resize as `image_dataset_from_directory`, which samples pixels and leaves
            photos unturned. Otherwise as `datasets.from_folder`: as a viewer shows them, and a
            pixel of a smaller image is the mean of what it covers.
        shape: of a sample, such as (28, 28) or (784,), if it is not (H, W, C); (C, H, W) moves the
            channels to the front.
        largest: of the numbers in the data set, which are not always bytes: 16 in the digits.

    Raises:
        ArgumentError: if settings are out of range, or do not fit together.

    >>> rule = Images((2, 2), "grayscale", divide_by=255)
    >>> rule.apply(np.full((4, 4), 51)).ravel().tolist(), str(rule)  # doctest: +ELLIPSIS
    ([0.2..., 0.2..., 0.2..., 0.2...], '2 x 2 pixels, grey, stretched to the frame, values 0 to 1')
    """

    kind: ClassVar[str] = "images"
    size: tuple[int, int]
    color_mode: str = "rgb"
    divide_by: float = 1.0
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0
    framing: str = "stretch"
    invert: bool | None = None
    interpolation: str = "bilinear"
    keras: bool = False
    shape: tuple[int, ...] | None = None
    largest: float = 255.0

    def __post_init__(self) -> None:
        check_choice("color_mode", self.color_mode, MODES)
        check_choice("framing", self.framing, FRAMINGS)
        check_choice("interpolation", self.interpolation, METHODS)
        for name in ("invert", "keras"):
            if (value := getattr(self, name)) not in (True, False, *((None,) * (name == "invert"))):
                raise ArgumentError(f"{name} is True or False.", got=repr(value))
        height, width = size = check_sizes("size", self.size, 2)
        whole = checked_shape((*size, self.channels))
        shape = None if self.shape is None else checked_shape(self.shape)
        if shape is not None and math.prod(shape) != math.prod(whole):
            raise ArgumentError(
                "shape and size do not fit together.",
                got=f"shape={shape}, size={size} of {self.channels} channels",
            )
        if self.framing in DRAWN and self.color_mode != "grayscale":
            raise ArgumentError(
                "ink is grey.", got=f"color_mode={self.color_mode!r}", expected='"grayscale"'
            )
        if not self.keras and (self.color_mode == "rgba" or self.interpolation == "lanczos5"):
            raise ArgumentError(
                "only with keras=True there are these.",
                got=f"color_mode={self.color_mode!r}, interpolation={self.interpolation!r}",
            )
        self._set(
            size=(height, width),
            shape=None if shape == whole else shape,
            divide_by=check_number("divide_by", self.divide_by, low=0, open=True),
            largest=check_number("largest", self.largest, low=0, open=True),
            mean=self._numbers("mean", self.mean),
            std=self._numbers("std", self.std, low=0),
        )

    def _numbers(self, name: str, value: Any, low: float = -math.inf) -> float | tuple[float, ...]:
        if not isinstance(value, list | tuple):
            return check_number(name, value, low=low, open=True)
        if len(value) != self.channels:
            raise ArgumentError(
                f"{name} is a number, or one for each channel.",
                got=f"{len(value)} numbers",
                expected=f"{self.channels}",
            )
        return tuple(check_number(name, v, low=low, open=True) for v in value)

    @property
    def channels(self) -> int:
        """1, 3 or 4."""
        return len(MODES[self.color_mode])

    def apply(self, raw: Any) -> np.ndarray:
        """Return an image as a sample, float32.

        Args:
            raw: a file, a picture of Pillow, or pixels (H, W) or (H, W, C) from 0 to 255.

        Raises:
            MissingDataError: there is no such file.
            FormatError: it is no image, or a damaged one.
            DataError: it has no pixels, or those of a sample that is prepared already.
        """
        mean, std = (np.asarray(v, np.float32) for v in (self.mean, self.std))
        y = (self.framed(raw) / self.divide_by - mean) / std
        if self.shape is None:
            return y.astype(np.float32)
        first = len(self.shape) == 3 and self.shape != y.shape
        return (y.transpose(2, 0, 1) if first else y).reshape(self.shape).astype(np.float32)

    def seen(self, sample: Any) -> np.ndarray:
        """Return the image that a sample shows, (H, W, C) uint8: `apply` backwards."""
        shape = (*self.size, self.channels)
        y = np.asarray(sample, np.float64)
        first = y.ndim == 3 and self.shape is not None and y.shape != shape
        y = y.transpose(1, 2, 0) if first else y.reshape(shape)
        pixels = (y * np.asarray(self.std) + np.asarray(self.mean)) * self.divide_by
        return pixels.clip(0, 255).round().astype(np.uint8)

    def framed(self, raw: Any) -> np.ndarray:
        """Return an image in the frame, (H, W, C) from 0 to 255, before any arithmetic."""
        if self.framing in DRAWN:
            image = np.float32(1 / 255) * _reduced(np.asarray(self._picture(raw)))[..., None]
            return 255 * drawing(image, *self.size, self.invert, self.framing == "line")
        x = self._resampled(raw) if self.keras else self._averaged(raw)
        return 255 - x if self.invert else x

    def _resampled(self, raw: Any) -> np.ndarray:
        given = isinstance(raw, np.ndarray) or hasattr(raw, "convert")
        x = np.asarray(self._picture(raw) if given else load_img(raw, self.color_mode), np.float32)
        x = x[..., None] if x.ndim == 2 else x
        if x.shape[:2] == self.size:
            return x
        how = {f"{self.framing}_to_aspect_ratio": True} if self.framing != "stretch" else {}
        return resize(x[None], self.size, self.interpolation, **how).numpy()[0]

    def _averaged(self, raw: Any) -> np.ndarray:
        from PIL import Image, ImageOps

        picture, (height, width) = self._picture(raw), self.size
        if picture.size != (width, height):
            name = self.interpolation.upper().replace("LANCZOS3", "LANCZOS")
            method = Image.Resampling[name]
            if self.framing == "pad":
                picture = ImageOps.pad(picture, (width, height), method)
            else:
                if self.framing == "crop":  # first, so that nothing beside it shines in
                    picture = picture.crop(middle(picture.size, width, height))
                picture = picture.resize((width, height), method)
        x = np.asarray(picture, np.float32)
        return x[..., None] if x.ndim == 2 else x

    def _picture(self, raw: Any) -> Any:
        """Return a picture of Pillow in our mode."""
        from PIL import Image

        if hasattr(raw, "convert"):
            return raw.convert(MODES[self.color_mode])
        if not isinstance(raw, np.ndarray | list):
            x = read_image(raw, self.color_mode)
            return Image.fromarray(x[..., 0] if x.shape[-1] == 1 else x)
        x = np.asarray(raw)
        x = x[..., 0] if x.ndim == 3 and x.shape[-1] == 1 else x
        if not x.size or x.ndim not in (2, 3) or (x.ndim == 3 and x.shape[-1] not in (3, 4)):
            raise DataError(
                "this is no image.", got=f"shape {x.shape}", expected="(H, W), or (H, W, C)"
            )
        if x.dtype.kind == "f" and 0 < x.max() <= 1:
            raise DataError(
                "pixels are numbers from 0 to 255.",
                got=f"numbers up to {x.max():g}",
                hint="255 * x; what is prepared already needs no preparation",
            )
        whole = np.asarray(x, np.float64).round().clip(0, 255).astype(np.uint8)
        return Image.fromarray(whole).convert(MODES[self.color_mode])

    def __str__(self) -> str:
        top = f"values 0 to {255 / self.divide_by:.4g}"
        words = [
            f"{self.size[0]} x {self.size[1]} pixels, {WORDS[self.color_mode]}",
            FRAMINGS[self.framing],
            "light and dark swapped" if self.invert and self.framing not in DRAWN else "",
            top if (self.mean, self.std) == (0.0, 1.0) else f"{top}, less a mean, over a deviation",
        ]
        return ", ".join(filter(None, words))


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """Return a grey image (H, W), a large one at a whole fraction of its size."""
    from PIL import Image

    factor = max(pixels.shape) // ENOUGH
    return np.asarray(Image.fromarray(pixels).reduce(factor)) if factor > 1 else pixels
