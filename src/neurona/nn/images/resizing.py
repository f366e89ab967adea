"""Layers that bring images to one size."""

from __future__ import annotations

from typing import Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.nn.axes import IMAGES, check_axes
from neurona.nn.images.augmentation import channels_back, channels_last, check_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops.images import KERNELS


class Resizing(Layer):
    """Images of another size, see `ops.resize`.

    Shapes: x (B, H, W, C) -> y (B, height, width, C), of the type of x.

    Args:
        height, width: in pixels.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut first, from the middle, what has the new proportions.
        pad_to_aspect_ratio: put a border around first, so that it has these.
        fill_mode: of the border: "constant".
        fill_value: of the border.
        antialias: when images get smaller, take the mean of all that a pixel covers.
        data_format: "channels_last", also if None, or "channels_first".

    Raises:
        ArgumentError: to crop and to pad, a size below 1, or an unknown name.

    >>> Resizing(1, 4)([[[[0.0], [2.0]]]])[0, 0, :, 0].tolist()
    [0.0, 0.5, 1.5, 2.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.size = (
            check_integer("height", height, minimum=1),
            check_integer("width", width, minimum=1),
        )
        self.interpolation = check_choice("interpolation", interpolation, ("nearest", *KERNELS))
        self.crop, self.pad = bool(crop_to_aspect_ratio), bool(pad_to_aspect_ratio)
        if self.crop and self.pad:
            raise ArgumentError(
                "Resizing: an image is cropped or padded, not both.", hint="choose one"
            )
        check_choice("fill_mode", fill_mode, ("constant",))
        self.fill_value = check_number("fill_value", fill_value)
        self.antialias, self.data_format = bool(antialias), check_format(data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        check_axes(self, x, IMAGES)
        x = channels_last(x, self.data_format)
        y = ops.resize(
            x, self.size, self.interpolation, self.antialias, self.crop, self.pad, self.fill_value
        )
        return channels_back(y, self.data_format)


class CenterCrop(Layer):
    """The middle of each image; of an image that is smaller, its largest part, resized.

    Shapes: x (B, H, W, C) -> y (B, height, width, C).

    Args:
        height, width: of the piece, in pixels.
        data_format: "channels_last", also if None, or "channels_first".

    Raises:
        ArgumentError: if a size is below 1.

    >>> CenterCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]])[0, 0, :, 0].tolist()
    [2.0, 3.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.height = check_integer("height", height, minimum=1)
        self.width = check_integer("width", width, minimum=1)
        self.data_format = check_format(data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        check_axes(self, x, IMAGES)
        x = channels_last(x if x.dtype.kind == "f" else x.astype(self.dtype), self.data_format)
        top, left = (x.shape[1] - self.height) // 2, (x.shape[2] - self.width) // 2
        if top >= 0 and left >= 0:
            y = x[:, top : top + self.height, left : left + self.width]
        else:
            y = ops.resize(x, (self.height, self.width), crop_to_aspect_ratio=True)
        return channels_back(y, self.data_format)
