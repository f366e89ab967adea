"""Augmentations that move pixels: each image is looked up through an affine map of its own.

A map says where each pixel of the result comes from: column a0 j + a1 i + a2 and row
b0 j + b1 i + b2 for row i and column j; see `ops.affine_transform`.
"""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice, check_number
from neurona.nn.images.augmentation import Augmentation, check_factor, for_each, sign_for_each
from neurona.nn.options import LayerOptions
from neurona.ops import images
from neurona.ops.images import FILL_MODES, INTERPOLATIONS

Map = tuple[Any, Any, Any, Any, Any, Any]  # a0, a1, a2, b0, b1, b2: Tensors (B, 1, 1, 1) or numbers


class _Move(Augmentation):
    """An augmentation by `maps`: how it looks up pixels, and what lies outside."""

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(data_format, seed, **common)
        self.fill_mode = check_choice("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = check_choice("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = check_number("fill_value", fill_value)

    def maps(self, x: Tensor) -> Map:
        """Return a map for each image."""
        raise NotImplementedError

    def change(self, x: Tensor) -> Tensor:
        """Return the images looked up through maps drawn for them."""
        transform = as_transform(self.maps(x), x)
        return images.affine_transform(
            x, transform, self.interpolation, self.fill_mode, self.fill_value
        )


def as_transform(maps: Map, x: Tensor) -> Tensor:
    """Return the six numbers of each image's map, (B, 6)."""
    parts = [ops.broadcast_to(m, (x.shape[0], 1, 1, 1)).astype(x.dtype) for m in maps]
    return ops.reshape(ops.concatenate(parts, axis=1), (x.shape[0], 6))


def _about(place: tuple[float, float], a0: Any, a1: Any, b0: Any, b1: Any) -> Map:
    """Return the map that leaves a place (column, row) where it is."""
    j, i = place
    return a0, a1, j - a0 * j - a1 * i, b0, b1, i - b0 * j - b1 * i


def _centre(x: Tensor) -> tuple[float, float]:
    return (x.shape[2] - 1) / 2, (x.shape[1] - 1) / 2


class RandomRotation(_Move):
    """In training each image is turned about its centre by a random angle.

    (column, row) = R(t) (j, i) about the centre, with the angle t drawn evenly.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        factor: the angle as a part of a full turn, counter-clockwise; f means (-f, f), so 0.1
            turns by up to 36 degrees either way.
        fill_mode: what lies outside: "reflect", "constant", "nearest" or "wrap", as of
            `ops.affine_transform`.
        interpolation: "bilinear" or "nearest".
        seed: see `Augmentation`.
        fill_value: the pixel of "constant".
        data_format: see `Augmentation`.

    Raises:
        ArgumentError: if the factor lies outside [-1, 1], or a name is unknown.

    >>> x = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
    >>> RandomRotation((0.25, 0.25))(x, training=True)[0, :, :, 0].numpy().round(4).tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **common)
        self.factor = check_factor("factor", factor)

    def maps(self, x: Tensor) -> Map:
        """Return a map for each image."""
        t = for_each(x, *self.factor) * (2 * math.pi)
        cos, sin = ops.cos(t), ops.sin(t)
        return _about(_centre(x), cos, -sin, sin, cos)


class RandomZoom(_Move):
    """In training each image is enlarged or shrunk about its centre.

    (column, row) = (u j, v i) about the centre, with u - 1 and v - 1 drawn evenly.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        height_factor: the change of the height that is seen: -0.2 zooms in, to 80 % of the image,
            0.2 zooms out; f means (-f, f).
        width_factor: likewise; None keeps the proportions.
        fill_mode, interpolation, seed, fill_value, data_format: see `RandomRotation`.

    Raises:
        ArgumentError: if a factor lies outside (-1, 1], or a name is unknown.

    >>> y = RandomZoom((1.0, 1.0), fill_mode="constant")(ops.ones((1, 4, 4, 1)), training=True)
    >>> float(y.numpy().sum())  # twice the view, half the size
    4.0
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **common)
        self.height_factor = check_factor("height_factor", height_factor, low=ABOVE_NOTHING)
        self.width_factor = None
        if width_factor is not None:
            self.width_factor = check_factor("width_factor", width_factor, low=ABOVE_NOTHING)

    def maps(self, x: Tensor) -> Map:
        """Return a map for each image."""
        v = 1 + for_each(x, *self.height_factor)
        u = v if self.width_factor is None else 1 + for_each(x, *self.width_factor)
        return _about(_centre(x), u, 0, 0, v)


ABOVE_NOTHING = math.nextafter(-1.0, 0.0)  # at -1 nothing of the image would be seen


class RandomTranslation(_Move):
    """In training each image is shifted by random parts of its size.

    (column, row) = (j - w W, i - h H), with h and w drawn evenly.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        height_factor: the shift down as a part of H; f means (-f, f).
        width_factor: the shift to the right as a part of W.
        fill_mode, interpolation, seed, fill_value, data_format: see `RandomRotation`.

    Raises:
        ArgumentError: if a factor lies outside [-1, 1], or a name is unknown.

    >>> x = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
    >>> layer = RandomTranslation((0.5, 0.5), 0, fill_mode="constant")
    >>> layer(x, training=True)[0, :, :, 0].tolist()
    [[0.0, 0.0], [1.0, 2.0]]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **common)
        self.height_factor = check_factor("height_factor", height_factor)
        self.width_factor = check_factor("width_factor", width_factor)

    def maps(self, x: Tensor) -> Map:
        """Return a map for each image."""
        down = for_each(x, *self.height_factor) * x.shape[1]
        right = for_each(x, *self.width_factor) * x.shape[2]
        return 1, 0, -right, 0, 1, -down


class RandomShear(_Move):
    """In training each image is sheared: rows are shifted along each other, and columns.

    (column, row) = (j + u i, i + v j), with u and v drawn evenly and one sign, + or -, for both.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        x_factor: u, in [0, 1]; f means (-f, f).
        y_factor: v, likewise.
        interpolation, fill_mode, fill_value, data_format, seed: see `RandomRotation`.

    Raises:
        ArgumentError: if a factor lies outside [0, 1], or a name is unknown.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **common)
        self.x_factor = _both_ways("x_factor", x_factor)
        self.y_factor = _both_ways("y_factor", y_factor)

    def maps(self, x: Tensor) -> Map:
        """Return a map for each image."""
        sign = sign_for_each(x)
        v, u = sign * for_each(x, *self.y_factor), sign * for_each(x, *self.x_factor)
        return 1, u, 0, v, 1, 0


def _both_ways(name: str, factor: Any) -> tuple[float, float]:
    low, high = check_factor(name, factor, low=0.0)
    return (low, high) if isinstance(factor, list | tuple) else (-high, high)


class RandomAffine(_Move):
    """Several moves as one: their maps are multiplied, and each pixel is looked up once.

    Three layers behind each other blur three times and take three times as long.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args:
        moves: RandomRotation, RandomZoom, RandomTranslation and RandomShear, in order; how they
            fill and interpolate does not count, their seeds do.
        fill_mode, interpolation, seed, fill_value, data_format: see `RandomRotation`.

    Raises:
        ArgumentError: if there are no moves, or one is another layer.

    >>> layer = RandomAffine([RandomRotation(0.1), RandomZoom(0.1), RandomTranslation(0.1, 0.1)])
    >>> layer(ops.ones((2, 8, 8, 1)), training=True).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        moves: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **common)
        self.moves = list(moves) if isinstance(moves, list | tuple) else [moves]
        for move in self.moves:
            if not isinstance(move, _Move):
                raise ArgumentError(
                    "RandomAffine takes layers that move an image.",
                    got=repr(move),
                    expected="RandomRotation, RandomZoom, RandomTranslation or RandomShear",
                )
            move.built = True
        if not self.moves:
            raise ArgumentError("RandomAffine needs a move.", hint="RandomRotation(0.1)")

    def maps(self, x: Tensor) -> Map:
        """Return the product of the moves' maps for each image: the last one looks first."""
        a0, a1, a2, b0, b1, b2 = 1, 0, 0, 0, 1, 0
        for move in self.moves:
            with random.seeded(move.seed):
                c0, c1, c2, d0, d1, d2 = move.maps(x)
            a0, a1, a2, b0, b1, b2 = (
                a0 * c0 + a1 * d0, a0 * c1 + a1 * d1, a0 * c2 + a1 * d2 + a2,
                b0 * c0 + b1 * d0, b0 * c1 + b1 * d1, b0 * c2 + b1 * d2 + b2,
            )  # fmt: skip
        return a0, a1, a2, b0, b1, b2
