"""Images looked up at places that are computed: affine and perspective maps, elastic waves."""

from __future__ import annotations

import itertools

import numpy as np

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import is_float
from neurona.errors import ArgumentError, ShapeError, check_choice
from neurona.ops import images as plain
from neurona.ops.arithmetic import clip, mod
from neurona.ops.comparison import where
from neurona.ops.draw import normal
from neurona.ops.filled import ones_like, zeros_like
from neurona.ops.filters import gaussian_blur
from neurona.ops.functions import floor
from neurona.ops.index import take
from neurona.ops.joining import concatenate, stack
from neurona.ops.layouts import of_images
from neurona.ops.matrices import solve
from neurona.ops.movement import reshape

__all__ = [
    "affine_transform", "elastic_transform", "map_coordinates", "perspective_transform",
]  # fmt: skip


def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0,
    data_format=None,
):  # fmt: skip
    """Images looked up through a map: y[i, j] = x[b0 j + b1 i + b2, a0 j + a1 i + a2].

    Shapes: images (B, H, W, C) or (H, W, C), or with the channels first -> y like the images.

    Args:
        transform: (B, 8) or (8,): a0, a1, a2, b0, b1, b2 and two that are not read.
        interpolation: between pixels "bilinear" takes the weighted mean of four, "nearest" one.
        fill_mode: outside of a b c d there is "constant" k k | a b c d | k k, "nearest"
            a a | a b c d | d d, "reflect" b a | a b c d | d c, "mirror" c b | a b c d | c b, "wrap"
            c d | a b c d | a b.
        fill_value: k.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    >>> affine_transform([[[1.0], [2.0]]], [1, 0, 1, 0, 1, 0, 0, 0])[..., 0].tolist()
    [[2.0, 0.0]]
    """
    return of_images(
        "affine_transform", images, data_format,
        lambda x: plain.affine_transform(x, transform, interpolation, fill_mode, fill_value),
    )  # fmt: skip


def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images seen from elsewhere: what was at the four start points is at the four end points.

    Shapes: images (B, H, W, C) or (H, W, C), or with the channels first; points (B, 4, 2) or (4, 2)
    as (x, y), column first -> y like the images.

    Args: those of `affine_transform`; outside of an image is `fill_value`.

    >>> corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> x = [[[1.0], [2.0]], [[3.0], [4.0]]]
    >>> perspective_transform(x, corners, corners)[..., 0].numpy().round(4).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    check_choice("interpolation", interpolation, plain.INTERPOLATIONS)
    start, end = as_floats(start_points), as_floats(end_points)
    if start.shape != end.shape or start.ndim not in (2, 3) or start.shape[-2:] != (4, 2):
        raise ShapeError(
            "perspective_transform: four points (x, y) before and after.",
            got=f"{start.shape} and {end.shape}", expected="(4, 2) or (B, 4, 2)",
        )  # fmt: skip

    def seen(x):
        h = _homography(reshape(start, (-1, 4, 2)), reshape(end, (-1, 4, 2)))  # (B, 8)
        a, b, c, d, e, f, p, q = (
            reshape(cast(h[:, k], dtype=x.dtype), (-1, 1, 1)) for k in range(8)
        )
        i = np.arange(x.shape[1])[:, None].astype(x.dtype)
        j = np.arange(x.shape[2]).astype(x.dtype)
        depth = p * j + q * i + 1.0
        rows, columns = (d * j + e * i + f) / depth, (a * j + b * i + c) / depth
        return plain.looked_up(x, rows, columns, interpolation, "constant", fill_value)

    return of_images("perspective_transform", images, data_format, seen)


def _homography(start, end):
    """Solve x = (a x' + b y' + c) / (p x' + q y' + 1), y alike, for four pairs of points."""
    (x, y), (u, v) = ((points[..., 0], points[..., 1]) for points in (start, end))
    one, none = ones_like(u), zeros_like(u)
    across = stack([u, v, one, none, none, none, -x * u, -x * v], axis=-1)
    down = stack([none, none, none, u, v, one, -y * u, -y * v], axis=-1)
    return solve(concatenate([across, down], axis=1), concatenate([x, y], axis=-1))


def elastic_transform(
    images, alpha=20.0, sigma=5.0, interpolation="bilinear", fill_mode="reflect", fill_value=0.0,
    seed=None, data_format=None,
):  # fmt: skip
    """Images whose pixels move by smooth random waves: y[i, j] = x[i + alpha d_ij, j + alpha e_ij].

    Args:
        alpha: how far they move.
        sigma: how smooth: d and e are normal numbers times sigma, blurred by so many pixels.
        seed: of the numbers; the thread's stream by default.
        interpolation, fill_mode, fill_value, data_format: as in `affine_transform`.

    Source: Simard, Steinkraus, Platt 2003.

    >>> import numpy as np
    >>> elastic_transform(np.ones((1, 4, 4, 1)), sigma=1.0, seed=1).numpy().mean().round(4).item()
    1.0
    """
    check_choice("interpolation", interpolation, plain.INTERPOLATIONS)
    size = int(6 * sigma) | 1

    def moved(x):
        batch, height, width, _ = x.shape
        waves = normal((batch, height, width, 2), 0.0, sigma, x.dtype, seed)
        waves = gaussian_blur(waves, (size, size), (sigma, sigma), "channels_last") * alpha
        i, j = np.arange(height)[:, None].astype(x.dtype), np.arange(width).astype(x.dtype)
        rows, columns = i + waves[..., 0], j + waves[..., 1]
        return plain.looked_up(x, rows, columns, interpolation, fill_mode, fill_value)

    return of_images("elastic_transform", images, data_format, moved)


def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """A tensor looked up at places between its elements, for any number of axes.

    Shapes: inputs (*S), coordinates (axes of S, ...) -> y (...).

    Args:
        order: 0 takes the nearest element, 1 the weighted mean of those around.
        fill_mode, fill_value: outside, as in `affine_transform`.

    >>> map_coordinates([1.0, 2.0, 4.0], [[0.5, 1.5]], 1).tolist()
    [1.5, 3.0]
    """
    check_choice("fill_mode", fill_mode, plain.MODES)
    if order not in (0, 1):
        raise ArgumentError("map_coordinates: unknown order.", got=repr(order), expected="0 or 1")
    x, places = as_tensor(inputs), as_floats(coordinates)
    if places.ndim < 2 or places.shape[0] != x.ndim:
        raise ShapeError(
            "map_coordinates: places for each axis.", got=f"{places.shape} for {x.shape}",
            expected=f"({x.ndim}, ...)",
        )  # fmt: skip
    values = as_floats(x)
    flat, total = reshape(values, (-1,)), 0.0
    axes = [_neighbours(places[a], n, order, fill_mode) for a, n in enumerate(x.shape)]
    for corner in itertools.product(*axes):
        number, weight, inside = 0, 1.0, True
        for n, (index, share, here) in zip(x.shape, corner, strict=True):
            number, weight = number * n + index, weight * share
            inside = here if inside is True else inside & here
        found = take(flat, number)
        if fill_mode == "constant":
            found = where(inside, found, fill_value)
        total = total + found * cast(as_tensor(weight), dtype=values.dtype)
    return total if is_float(x.dtype) else cast(plain.rounded(total), dtype=x.dtype)


def _neighbours(place, n, order, mode):
    """Yield for the elements around: their index, made to lie inside, weight, and if it did."""
    if order == 0:
        near = [(plain.rounded(place), ones_like(place))]
    else:
        before = floor(place)
        near = [(before, 1.0 - (place - before)), (before + 1.0, place - before)]
    for index, weight in near:
        index = cast(index, dtype="int32")
        inside = (index >= 0) & (index < n)
        yield _inside(index, n, mode), weight, inside


def _inside(index, n, mode):
    if mode == "wrap":
        return mod(index, n)
    if mode == "mirror" and n > 1:
        index = mod(index, 2 * n - 2)
        return where(index < n, index, 2 * n - 2 - index)
    if mode == "reflect":
        index = mod(index, 2 * n)
        return where(index < n, index, 2 * n - 1 - index)
    return clip(index, 0, n - 1)
