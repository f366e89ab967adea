"""Layers that bring images to one size."""

from __future__ import annotations

from typing import Unpack

from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_integer, check_number
from neurona.nn.axes import as_given, channels_last, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import images
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
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: to crop and to pad, a size below 1, or an unknown name.

    >>> Resizing(1, 4)([[[[0.0], [2.0]]]])[0, 0, :, 0].tolist()
    [0.0, 0.5, 1.5, 2.0]
    """

    rank = 2
    data_format: str

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
        self.antialias = bool(antialias)
        set_data_format(self, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        x = channels_last(self, x)
        y = images.resize(
            x, self.size, self.interpolation, self.antialias, self.crop, self.pad, self.fill_value
        )
        return as_given(self, y)


class CenterCrop(Layer):
    """The middle of each image; of an image that is smaller, its largest part, resized.

    Shapes: x (B, H, W, C) -> y (B, height, width, C).

    Args:
        height, width: of the piece, in pixels.
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a size is below 1.

    >>> CenterCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]])[0, 0, :, 0].tolist()
    [2.0, 3.0]
    """

    rank = 2
    data_format: str

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
        set_data_format(self, data_format)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        x = channels_last(self, x if x.dtype.kind == "f" else x.astype(self.dtype))
        top, left = (x.shape[1] - self.height) // 2, (x.shape[2] - self.width) // 2
        if top >= 0 and left >= 0:
            y = x[:, top : top + self.height, left : left + self.width]
        else:
            y = images.resize(x, (self.height, self.width), crop_to_aspect_ratio=True)
        return as_given(self, y)
