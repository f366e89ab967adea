"""Layers that enlarge, surround and cut sequences, images and volumes."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.budget import need
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_choice, check_integer, check_sizes
from neurona.nn.axes import (
    SEQUENCES,
    as_given,
    channels_last,
    check_axes,
    check_pairs,
    set_data_format,
)
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops.notes import Padded


class UpSampling1D(Layer):
    """Each time step `size` times: y_t = x_(t // size).

    Shapes: x (B, T, C) -> y (B, T * size, C).

    Args:
        size: how many times.

    >>> UpSampling1D(2)([[[1.0], [2.0]]]).tolist()
    [[[1.0], [1.0], [2.0], [2.0]]]
    """

    def __init__(self, size: int = 2, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.size = check_integer("size", size, minimum=1)

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        check_axes(self, x, SEQUENCES)
        return ops.repeat(x, self.size, axis=1)  # (B, T * size, C)


def _between(n: int, size: int) -> np.ndarray:
    """Return the (n * size, n) matrix of linear interpolation between the centres of n pixels."""
    need(8 * n * size * n)
    centres = (np.arange(n * size) + 0.5) / size - 0.5
    places = np.clip(centres, 0.0, n - 1.0)  # the outer halves of the first and last pixel are flat
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(n)))


class UpSampling2D(Layer):
    """Each pixel as size[0] x size[1] pixels, or interpolated between the centres of the pixels.

    Shapes: x (B, H, W, C) -> y (B, H * size[0], W * size[1], C).

    Args:
        size: an integer, or one for each of H and W.
        data_format: "channels_last", or "channels_first" for x (B, C, H, W); what
            `nn.config.image_data_format()` says unless it is given.
        interpolation: "nearest" repeats, "bilinear" gives weighted means of four neighbours.

    >>> UpSampling2D((1, 2))([[[[1.0], [3.0]]]])[0, 0, :, 0].tolist()
    [1.0, 1.0, 3.0, 3.0]
    >>> UpSampling2D((1, 2), interpolation="bilinear")([[[[1.0], [3.0]]]])[0, 0, :, 0].tolist()
    [1.0, 1.5, 2.5, 3.0]
    """

    rank = 2
    data_format: str

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        self.size = check_sizes("size", size, 2)
        name = interpolation.lower() if isinstance(interpolation, str) else interpolation
        self.interpolation = check_choice("interpolation", name, ("nearest", "bilinear"))

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        between = _repeated if self.interpolation == "nearest" else self._bilinear
        return as_given(self, between(channels_last(self, x), self.size))

    def _bilinear(self, x: Tensor, size: tuple[int, ...]) -> Tensor:
        (a, b), (batch, height, width, channels) = size, x.shape
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        rows, columns = (_between(n, s).astype(x.dtype) for n, s in ((height, a), (width, b)))
        y = ops.matmul(rows, ops.reshape(x, (batch, height, width * channels)))
        y = ops.reshape(y, (batch * height * a, width, channels))
        return ops.reshape(ops.matmul(columns, y), (batch, height * a, width * b, channels))


def _repeated(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return x (B, *S, C) with each element so many times along the axes of S."""
    for axis, times in enumerate(size, 1):
        x = ops.repeat(x, times, axis=axis)
    return x


class UpSampling3D(Layer):
    """Each element of a volume as size[0] x size[1] x size[2] elements.

    Shapes: x (B, D, H, W, C) -> y (B, D * size[0], H * size[1], W * size[2], C).

    Args:
        size: an integer, or one for each of D, H and W.
        data_format: as of UpSampling2D.

    >>> UpSampling3D((1, 1, 2))([[[[[1.0], [3.0]]]]])[0, 0, 0, :, 0].tolist()
    [1.0, 1.0, 3.0, 3.0]
    """

    rank = 3
    data_format: str

    def __init__(
        self,
        size: Any = (2, 2, 2),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        self.size = check_sizes("size", size, 3)

    def call(self, x: Tensor) -> Tensor:  # (B, D, H, W, C)
        return as_given(self, _repeated(channels_last(self, x), self.size))


class _ZeroPadding(Layer):
    """Zeros around the axes of time, of an image or of a volume, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self, padding: Any, data_format: str | None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        # Along one axis Keras reads (2, 1) as before and after, along two as one for each axis
        self.padding = check_pairs("padding", (padding,) if self.rank == 1 else padding, self.rank)

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x, widths = channels_last(self, x), ((0, 0), *self.padding)
        y = ops.pad(x, (*widths, (0, 0)))
        y.notes = (Padded(x, widths),)
        return as_given(self, y)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after a sequence.

    Shapes: x (B, T, C) -> y (B, before + T + after, C).

    Args:
        padding: an integer for both ends, or (before, after).
        data_format: as of UpSampling2D.

    >>> ZeroPadding1D((1, 0))([[[1.0], [2.0]]]).tolist()
    [[[0.0], [1.0], [2.0]]]
    """

    rank = 1

    def __init__(
        self, padding: Any = 1, data_format: str | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(padding, data_format, **common)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around an image.

    Shapes: x (B, H, W, C) -> y (B, top + H + bottom, left + W + right, C).

    Args:
        padding: an integer for all sides, (height, width), or ((top, bottom), (left, right)).
        data_format: as of UpSampling2D.

    >>> ZeroPadding2D(((1, 0), (0, 1)))([[[[5.0]]]])[0, :, :, 0].tolist()
    [[0.0, 0.0], [5.0, 0.0]]
    """

    rank = 2

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(padding, data_format, **common)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around a volume.

    Shapes: x (B, D, H, W, C) -> y (B, D + 2, H + 2, W + 2, C) with one zero on each side.

    Args:
        padding: an integer for all sides, (depth, height, width), or a pair for each of them.
        data_format: as of UpSampling2D.

    >>> ZeroPadding3D((1, 0, 0))([[[[[5.0]]]]])[0, :, 0, 0, 0].tolist()
    [0.0, 5.0, 0.0]
    """

    rank = 3

    def __init__(
        self,
        padding: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(padding, data_format, **common)


class _Cropping(Layer):
    """The axes of time, of an image or of a volume without their ends, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self, cropping: Any, data_format: str | None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        set_data_format(self, data_format)
        several = (cropping,) if self.rank == 1 else cropping
        self.cropping = check_pairs("cropping", several, self.rank)

    def call(self, x: Tensor) -> Tensor:  # (B, *S, C)
        x = channels_last(self, x)
        for (before, after), size in zip(self.cropping, x.shape[1:-1], strict=True):
            if before + after >= size:
                raise ShapeError(
                    f"{type(self).__name__}: nothing would be left.",
                    got=f"cropping {self.cropping}, x {x.shape}",
                )
        inner = zip(self.cropping, x.shape[1:-1], strict=True)
        return as_given(self, x[(slice(None), *(slice(a, n - b) for (a, b), n in inner))])


class Cropping1D(_Cropping):
    """A sequence without its ends.

    Shapes: x (B, T, C) -> y (B, T - before - after, C).

    Args:
        cropping: an integer for both ends, or (before, after).

    Raises:
        ShapeError: if nothing would be left.

    >>> Cropping1D((1, 0))([[[1.0], [2.0]]]).tolist()
    [[[2.0]]]
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **common: Unpack[LayerOptions]) -> None:
        super().__init__(cropping, "channels_last", **common)


class Cropping2D(_Cropping):
    """An image without its edges.

    Shapes: x (B, H, W, C) -> y (B, H - top - bottom, W - left - right, C).

    Args:
        cropping: an integer for all sides, (height, width), or ((top, bottom), (left, right)).
        data_format: as of UpSampling2D.

    Raises:
        ShapeError: if nothing would be left.

    >>> Cropping2D(((0, 0), (1, 0)))([[[[1.0], [2.0]]]]).tolist()
    [[[[2.0]]]]
    """

    rank = 2

    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(cropping, data_format, **common)


class Cropping3D(_Cropping):
    """A volume without its outer layers.

    Shapes: x (B, D, H, W, C) -> y (B, D - 2, H - 2, W - 2, C) with one layer less on each side.

    Args:
        cropping: an integer for all sides, (depth, height, width), or a pair for each of them.
        data_format: as of UpSampling2D.

    Raises:
        ShapeError: if nothing would be left.

    >>> Cropping3D(((1, 0), (0, 0), (0, 0)))([[[[[1.0]]], [[[2.0]]]]]).tolist()
    [[[[[2.0]]]]]
    """

    rank = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(cropping, data_format, **common)
