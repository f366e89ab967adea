"""Compositions for images: looked up through an affine map, of another size, in other colours.

All take images (B, H, W, C), floats, or integers that become floats. Layers use these; what is
public stands in `framing.py` and `sampling.py`, and takes single images and channels first, too.
"""

from __future__ import annotations

import builtins
import math

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import is_float
from neurona.errors import ArgumentError, ShapeError, check_choice, check_sizes
from neurona.ops.arithmetic import clip, maximum, minimum
from neurona.ops.comparison import where
from neurona.ops.functions import floor
from neurona.ops.index import take, take_along_axis
from neurona.ops.joining import concatenate, stack
from neurona.ops.matmul import matmul
from neurona.ops.movement import broadcast_to, pad, reshape, transpose
from neurona.ops.reduce import max, min, sum

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
MODES = (*FILL_MODES, "mirror")
INTERPOLATIONS = ("nearest", "bilinear")


def _floats(name, images, channels=None):
    """Return the images as floats."""
    x = as_tensor(images)
    if x.ndim != 4 or channels not in (None, x.shape[-1]):
        raise ShapeError(
            f"{name} takes a batch of images.",
            got=f"images {x.shape}",
            expected=f"(B, H, W, {channels or 'C'})",
            hint="x[None] makes a batch of one image" if x.ndim == 3 else "",
        )
    return x if is_float(x.dtype) else cast(x, dtype=float)


# --- an affine map -------------------------------------------------------------------------------


def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0.0
):
    """Images looked up through a map: y[i, j] = x[b0 j + b1 i + b2, a0 j + a1 i + a2].

    Shapes: images (B, H, W, C), transform (B, 6) or (6,) -> y like the images.

    Args:
        images: see the top of this file.
        transform: a0, a1, a2, b0, b1, b2 for each image, or for all; Keras has two zeros behind.
        interpolation: between pixels "bilinear" takes the weighted mean of four, "nearest" one.
        fill_mode: outside of a b c d there is "constant" k k | a b c d | k k, "nearest"
            a a | a b c d | d d, "reflect" b a | a b c d | d c, "wrap" c d | a b c d | a b.
        fill_value: k.

    Raises:
        ShapeError: if the shapes do not fit.

    >>> x = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
    >>> affine_transform(x, [1, 0, 1, 0, 1, 0])[..., 0].tolist()  # from one pixel to the right
    [[[2.0, 0.0], [4.0, 0.0]]]
    """
    check_choice("interpolation", interpolation, INTERPOLATIONS)
    x, given = _floats("affine_transform", images), as_tensor(transform)
    batch, height, width, _ = x.shape
    if given.shape not in [(k,) for k in (6, 8)] + [(batch, k) for k in (6, 8)]:
        raise ShapeError(
            "affine_transform: six numbers for each image, or for all.",
            got=f"images {x.shape}, transform {given.shape}",
            expected=f"transform ({batch}, 6) or (6,)",
        )
    if not x.size:
        return x
    t = reshape(cast(given, dtype=x.dtype), (-1, given.shape[-1]))
    a0, a1, a2, b0, b1, b2 = (reshape(t[:, k], (-1, 1, 1)) for k in range(6))
    i, j = np.arange(height)[:, None].astype(x.dtype), np.arange(width).astype(x.dtype)
    rows, columns = b0 * j + b1 * i + b2, a0 * j + a1 * i + a2
    return looked_up(x, rows, columns, interpolation, fill_mode, fill_value)


def looked_up(x, rows, columns, interpolation, fill_mode, fill_value):
    """Images at places between their pixels; see `affine_transform`.

    Shapes: x (B, H, W, C), rows and columns (B, H', W'), or (1, H', W') for all -> (B, H', W', C).
    """
    check_choice("fill_mode", fill_mode, MODES)
    (batch, _, _, channels), (height, width) = x.shape, rows.shape[1:]
    x = as_floats(x)
    x, row = _inside(x, rows, 1, fill_mode, fill_value)
    x, column = _inside(x, columns, 2, fill_mode, fill_value)
    row, down = _before(row, x.shape[1], interpolation)
    column, right = _before(column, x.shape[2], interpolation)
    y = _between(x, row, column, down, right)  # (B, C, H' * W')
    return transpose(reshape(y, (batch, channels, height, width)), (0, 2, 3, 1))


def _inside(x, place, axis, mode, value):
    """Return x, with pixels around it, and the places on that axis, each of which lies in x."""
    n = x.shape[axis]
    if mode == "constant":
        widths = [(0, 0)] * 4
        widths[axis] = (1, 1)
        return pad(x, widths=widths, value=value), clip(place + 1, 0, n + 1)
    if mode == "wrap":
        first = x[(slice(None),) * axis + (slice(0, 1),)]
        return concatenate([x, first], axis=axis), _modulo(place, n)
    if mode == "mirror" and n > 1:
        place = _modulo(place, 2 * n - 2)
        place = minimum(place, 2 * n - 2 - place)
    if mode == "reflect":
        place = _modulo(place + 0.5, 2 * n)
        place = minimum(place, 2 * n - place) - 0.5
    return x, clip(place, 0, n - 1)


def _modulo(place, n):
    """Return place % n, in [0, n]: rounding may give n, and ruling that out would take longer."""
    return clip(place - n * floor(place * (1.0 / n)), 0, n)


def rounded(x):
    """The nearest whole number, halves upwards."""
    return floor(x + 0.5)


def _before(place, n, interpolation):
    """Return the pixel at or before each place, and the weight of the one behind it, or None."""
    if interpolation == "nearest":
        return rounded(place), None
    if n == 1:
        return place * 0, None
    before = minimum(floor(place), n - 2)
    return before, place - before


def _between(x, row, column, down, right):
    """Return weighted means of the pixels at (row, column), below, to the right of it, and both.

    All channels and all four are read by one index, each from an array that begins that much
    further on.
    """
    batch, _, width, channels = x.shape
    index = cast(row, dtype="int32") * width + cast(column, dtype="int32")
    places = (batch, channels, row.shape[1] * row.shape[2])
    index, down, right = (
        None if a is None else broadcast_to(reshape(a, (a.shape[0], 1, places[2])), places)
        for a in (index, down, right)
    )
    pixels = transpose(reshape(x, (batch, -1, channels)), (0, 2, 1))  # (B, C, H * W), a view

    def at(start):
        near = take_along_axis(pixels[:, :, start:], index, axis=2)
        if right is None:
            return near
        far = take_along_axis(pixels[:, :, start + 1 :], index, axis=2)
        return near * (1 - right) + far * right

    return at(0) if down is None else at(0) * (1 - down) + at(width) * down


# --- another size --------------------------------------------------------------------------------


def _cubic(x):
    near, far = ((1.5 * x - 2.5) * x) * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _lanczos(radius):
    def kernel(x):
        inner = np.sinc(x) * np.sinc(x / radius)
        return np.where(x > radius, 0, np.where(x > 1e-3, inner, 1))

    return kernel


KERNELS = {
    "bilinear": lambda x: np.maximum(0, 1 - x),
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def resize(
    images, size, interpolation="bilinear", antialias=False,
    crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, fill_value=0.0,
):  # fmt: skip
    """Images of another size: y = R x C^T, with the weights R (H', H) of rows and C of columns.

    The centres of pixels lie at (i + 1/2) / n of the image, before and after.

    Shapes: images (B, H, W, C) -> y (B, H', W', C).

    Args:
        images: see the top of this file; integers stay integers, rounded.
        size: (H', W').
        interpolation: "nearest", "bilinear", "bicubic" (Keys 1981, a = -1/2), "lanczos3" or
            "lanczos5".
        antialias: when the image gets smaller, take the mean of all that a pixel covers.
        crop_to_aspect_ratio: cut first, from the middle, what has the shape of the new image.
        pad_to_aspect_ratio: put a border around first, so that it has that shape.
        fill_value: of that border.

    Raises:
        ArgumentError: to crop and to pad, or an unknown interpolation.
        ShapeError: images without pixels.

    >>> resize([[[[0.0], [2.0]]]], (1, 4))[0, 0, :, 0].tolist()
    [0.0, 0.5, 1.5, 2.0]
    """
    check_choice("interpolation", interpolation, ("nearest", *KERNELS))
    new_height, new_width = check_sizes("size", size, 2)
    given, x = as_tensor(images), _floats("resize", images)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("resize: an image is cropped or padded, not both.", hint="choose one")
    if not x.shape[1] * x.shape[2]:
        raise ShapeError("resize: the images have no pixels.", got=f"images {x.shape}")
    if crop_to_aspect_ratio:
        x = _cropped(x, new_height, new_width)
    if pad_to_aspect_ratio:
        x = _bordered(x, new_height, new_width, fill_value)
    for axis, n in ((1, new_height), (2, new_width)):
        if x.shape[axis] != n:
            x = _resized(x, axis, n, interpolation, antialias)
    if is_float(given.dtype):
        return x
    limits = np.iinfo(given.dtype)
    return cast(clip(rounded(x), limits.min, limits.max), dtype=given.dtype)


def _resized(x, axis, n, interpolation, antialias):
    """Return x with n pixels on one axis."""
    old = x.shape[axis]
    if interpolation == "nearest":
        return take(x, np.floor((np.arange(n) + 0.5) * (old / n)).astype("int32"), axis=axis)
    need(8 * n * old)
    before, rest = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    weights = resizing_weights(old, n, interpolation, antialias).astype(x.dtype)
    y = matmul(weights, reshape(x, (before, old, rest)))
    return reshape(y, (*x.shape[:axis], n, *x.shape[axis + 1 :]))


def resizing_weights(old, new, interpolation, antialias=False):
    """The weights (new, old) of the old pixels on an axis in the new ones; each row's sum is 1."""
    scale = old / new
    places = (np.arange(new) + 0.5) * scale - 0.5
    spread = builtins.max(scale, 1.0) if antialias else 1.0
    weights = KERNELS[interpolation](np.abs(places[:, None] - np.arange(old)) / spread)
    return weights / weights.sum(1, keepdims=True)


def _cropped(x, height, width):
    """Return the largest part in the middle that is as wide for its height as the new image."""
    h, w = x.shape[1:3]
    rows, columns = _limited(w * height // width, h), _limited(h * width // height, w)
    top, left = (h - rows) // 2, (w - columns) // 2
    return x[:, top : top + rows, left : left + columns]


def _limited(n, most):
    return builtins.max(builtins.min(n, most), 1)


def _bordered(x, height, width, value):
    """Return x with a border, as wide for its height as the new image."""
    h, w = x.shape[1:3]
    rows = builtins.max(w * height // width - h, 0) // 2
    columns = builtins.max(h * width // height - w, 0) // 2 if not rows else 0
    return pad(x, widths=((0, 0), (rows, rows), (columns, columns), (0, 0)), value=value)


# --- colours -------------------------------------------------------------------------------------

LUMINANCE = np.array([0.2989, 0.587, 0.114])  # ITU-R BT.601


def rgb_to_grayscale(images):
    """Luminance y = 0.2989 r + 0.587 g + 0.114 b.

    Shapes: images (B, H, W, 3) -> y (B, H, W, 1).

    >>> rgb_to_grayscale([[[[1.0, 1.0, 1.0]]]]).numpy().round(4).tolist()
    [[[[0.9999]]]]
    """
    x = _floats("rgb_to_grayscale", images, 3)
    return sum(x * LUMINANCE.astype(x.dtype), axis=-1, keepdims=True)


def rgb_to_hsv(images):
    """Hue in [0, 1), saturation in [0, 1] and value, the largest of red, green and blue.

    With the range d of the three, s = d / v, and the hue is (g - b) / d, 2 + (b - r) / d or
    4 + (r - g) / d, as red, green or blue is the largest, in sixths; 0 of what is grey.

    Shapes: images (B, H, W, 3) -> y (B, H, W, 3).

    >>> rgb_to_hsv([[[[0.0, 0.5, 0.0]]]]).numpy().round(4).tolist()
    [[[[0.3333, 1.0, 0.5]]]]
    """
    x = _floats("rgb_to_hsv", images, 3)
    r, g, b = (x[..., k] for k in range(3))
    v = max(x, axis=-1)
    d = v - min(x, axis=-1)
    safe = where(d == 0, 1, d)
    h = where(v == r, (g - b) / safe, where(v == g, 2 + (b - r) / safe, 4 + (r - g) / safe))
    h = where(d == 0, 0, where(h < 0, h + 6, h)) / 6
    return stack([h, where(v == 0, 0, d / where(v == 0, 1, v)), v], axis=-1)


def hsv_to_rgb(images):
    """The way back: c_n = v (1 - s max(0, min(k, 4 - k, 1))), k = n + 6 h mod 6; n = 5, 3, 1.

    Shapes: images (B, H, W, 3) -> y (B, H, W, 3).

    >>> hsv_to_rgb([[[[0.0, 1.0, 0.5]]]]).tolist()
    [[[[0.5, 0.0, 0.0]]]]
    """
    x = _floats("hsv_to_rgb", images, 3)
    h, s, v = (broadcast_to(x[..., k : k + 1], x.shape) for k in range(3))
    k = _modulo(h * 6 + np.array([5, 3, 1], x.dtype), 6)
    return v * (1 - s * maximum(0, minimum(minimum(k, 4 - k), 1)))
