"""Layers that spread the tones of images by what tones there are: in training and otherwise."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_integer, check_number, check_sizes
from neurona.nn.images.tones import Toning, whole
from neurona.nn.options import LayerOptions


class Spreading(Toning):
    """What changes images always: nothing is drawn."""

    def __init__(
        self, value_range: Any, data_format: str | None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(value_range, data_format, None, **common)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, H, W, C)
        return super().call(x, training=True)


class AutoContrast(Spreading):
    """Each channel of each image is stretched to the whole range of pixels.

    y = low + (high - low) (x - min x) / (max x - min x); a channel of one tone stays.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        value_range: (low, high), the least and the largest pixel.
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the range is no (low, high).

    >>> AutoContrast()([[[[100.0], [110.0], [120.0]]]])[0, 0, :, 0].tolist()
    [0.0, 127.5, 255.0]
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, **common)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, stretched."""
        least = ops.min(x, axis=(1, 2), keepdims=True)
        size = ops.max(x, axis=(1, 2), keepdims=True) - least
        flat = size == 0
        return ops.where(flat, x, self.as_pixels((x - least) * (255 / ops.where(flat, 1, size))))


class Equalization(Spreading):
    """Each channel of each image gets all tones about equally often.

    A tone becomes (c - c_0) / (n - c_0) of the range: of the channel's n pixels c are not brighter,
    and c_0 as dark as its darkest.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        value_range: the least and the largest pixel.
        bins: how many tones are told apart.
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: if there are less than 2 bins, or the range is no (low, high).

    >>> Equalization()([[[[10.0], [11.0], [12.0], [250.0]]]])[0, 0, :, 0].tolist()
    [0.0, 85.0, 170.0, 255.0]
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, **common)
        self.bins = check_integer("bins", bins, minimum=2)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, equalized."""
        batch, height, width, channels = x.shape
        n, most = height * width, self.bins - 1
        tone = whole(self.as_bytes(x) * (most / 255), most).astype("int32")
        tone = ops.transpose(ops.reshape(tone, (batch, n, channels)), (0, 2, 1))
        tone = ops.reshape(tone, (batch * channels, n))
        below = ops.cumsum(counted(tone, self.bins, x.dtype), axis=1)  # c
        first = ops.min(ops.where(below > 0, below, n), axis=1, keepdims=True)  # c_0
        table = ops.round((below - first) * 255 / ops.maximum(n - first, 1))
        y = ops.take_along_axis(ops.clip(table, 0, 255), tone, axis=1)
        y = ops.transpose(ops.reshape(y, (batch, channels, n)), (0, 2, 1))
        one = ops.reshape(first == n, (batch, 1, 1, channels))  # a single tone
        return ops.where(one, x, self.as_pixels(ops.reshape(y, x.shape)))


def counted(tone: Tensor, bins: int, dtype: Any) -> Tensor:
    """Return how often each of so many tones is in each row, (R, N) -> (R, bins)."""
    nothing, ones = ops.zeros((tone.shape[0], bins), dtype), ops.ones(tone.shape, dtype)
    return ops.add_along_axis(nothing, tone, ones, axis=1)


class ContrastLimitedAdaptiveHistogramEqualization(Spreading):
    """CLAHE: equalization by tiles, whose tables are mixed between their centres.

    A tone that is frequent in a tile counts at most clip_limit times the mean; what is cut off is
    shared out to all 256 tones.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        value_range: the least and the largest pixel.
        clip_limit: how much noise may be amplified in smooth places; 0 for no limit.
        tile_grid_size: how many tiles there are, down and across; the last ones are filled up with
            mirrored pixels.
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: if a number is out of range.

    Source: Zuiderveld 1994, in Keras's form.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, data_format, **common)
        self.clip_limit = check_number("clip_limit", clip_limit, low=0.0, high=float("inf"))
        self.tile_grid_size = check_sizes("tile_grid_size", tile_grid_size, 2)

    def change(self, x: Tensor) -> Tensor:
        """Return the images, equalized."""
        (batch, height, width, channels), (down, across) = x.shape, self.tile_grid_size
        tall, wide = -(-height // down), -(-width // across)  # of a tile
        tone = whole(self.as_bytes(x)).astype("int32")
        tone = ops.take(ops.take(tone, _mirrored(height, tall * down), axis=1),
                        _mirrored(width, wide * across), axis=2)  # fmt: skip
        tiles = ops.reshape(tone, (batch, down, tall, across, wide, channels))
        rows = ops.reshape(ops.transpose(tiles, (0, 1, 3, 5, 2, 4)), (-1, tall * wide))
        table = ops.reshape(self._tables(rows, x.dtype), (-1,))
        i, near_i, share_i = _tiles_at(tall, down, height)
        j, near_j, share_j = _tiles_at(wide, across, width)
        tone = tone[:, :height, :width]
        start = np.arange(batch)[:, None, None, None] * down

        def at(tile_i: np.ndarray, tile_j: np.ndarray) -> Tensor:
            tile = (start + tile_i[:, None, None]) * across + tile_j[:, None]
            place = (tile * channels + np.arange(channels)) * 256
            return ops.take(table, tone + place.astype("int32"), axis=0)

        share_i, share_j = share_i.astype(x.dtype)[:, None, None], share_j.astype(x.dtype)[:, None]
        upper = at(i, j) * (1 - share_j) + at(i, near_j) * share_j
        lower = at(near_i, j) * (1 - share_j) + at(near_i, near_j) * share_j
        return self.as_pixels(upper * (1 - share_i) + lower * share_i)

    def _tables(self, rows: Tensor, dtype: Any) -> Tensor:
        """Return what each tone of each tile becomes, (R, 256), from 0 to 255."""
        n, counts = rows.shape[1], counted(rows, 256, dtype)
        if self.clip_limit > 0:
            cut = ops.minimum(counts, self.clip_limit * n / 256)
            counts = cut + ops.sum(counts - cut, axis=1, keepdims=True) / 256
        below = ops.cumsum(counts, axis=1)
        first = below[:, :1]
        rest = n - first
        return ops.clip((below - first) * 255 / ops.where(rest == 0, 1, rest), 0, 255)


def _mirrored(n: int, longer: int) -> np.ndarray:
    """Return the pixels of an axis, and mirrored ones behind the last."""
    return np.pad(np.arange(n, dtype="int32"), (0, longer - n), mode="symmetric")


def _tiles_at(size: int, count: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each pixel of an axis the tile before, the one behind, and the share of that."""
    place = (np.arange(n) - size / 2) / size
    before = np.floor(place)
    tiles = [np.clip(before + k, 0, count - 1).astype("int64") for k in (0, 1)]
    return tiles[0], tiles[1], place - before
