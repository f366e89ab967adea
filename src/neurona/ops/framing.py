"""Images of another size and in other colours, laid out as Keras takes them; see `images.py`."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import normalize_axis
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer
from neurona.ops import images as plain
from neurona.ops.arithmetic import abs, maximum
from neurona.ops.comparison import where
from neurona.ops.filled import arange
from neurona.ops.functions import sin
from neurona.ops.layouts import of_images
from neurona.ops.matmul import matmul
from neurona.ops.movement import expand_dims, moveaxis, pad
from neurona.ops.reduce import sum

__all__ = [
    "crop_images", "hsv_to_rgb", "pad_images", "resize", "rgb_to_grayscale", "rgb_to_hsv",
    "scale_and_translate",
]  # fmt: skip


def resize(
    images, size, interpolation="bilinear", antialias=False, crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None,
):  # fmt: skip
    """Images of another size: y = R x C^T, with the weights R (H', H) of rows and C of columns.

    The centres of pixels lie at (i + 1/2) / n of the image, before and after.

    Shapes: images (B, H, W, C) or (H, W, C) -> y (B, H', W', C) or (H', W', C); or with the
    channels first.

    Args:
        images: floats, or integers, which stay integers, rounded.
        size: (H', W').
        interpolation: "nearest", "bilinear", "bicubic" (Keys 1981, a = -1/2), "lanczos3" or
            "lanczos5".
        antialias: when the image gets smaller, take the mean of all that a pixel covers.
        crop_to_aspect_ratio: cut first, from the middle, what has the shape of the new image.
        pad_to_aspect_ratio: put a border around first, so that it has that shape.
        fill_mode: of that border, "constant".
        fill_value: of that border.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    Raises:
        ArgumentError: to crop and to pad, or an unknown interpolation.
        ShapeError: images without pixels.

    >>> resize([[[0.0], [2.0]]], (1, 4))[0, :, 0].tolist()
    [0.0, 0.5, 1.5, 2.0]
    """
    check_choice("fill_mode", fill_mode, ("constant",))
    options = (interpolation, antialias, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_value)
    return of_images("resize", images, data_format, lambda x: plain.resize(x, size, *options))


# --- borders -----------------------------------------------------------------------------------


def crop_images(
    images, top_cropping=None, left_cropping=None, bottom_cropping=None, right_cropping=None,
    target_height=None, target_width=None, data_format=None,
):  # fmt: skip
    """Images without some rows and columns at their borders.

    Shapes: images (B, H, W, C) or (H, W, C), or with the channels first.

    Args:
        top_cropping, bottom_cropping, target_height: two of rows to cut and rows to keep.
        left_cropping, right_cropping, target_width: two of columns to cut and columns to keep.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    >>> crop_images([[[1.0], [2.0], [3.0]]], 0, 1, 0, 0).tolist()
    [[[2.0], [3.0]]]
    """

    def cropped(x):
        top, height = _cut("height", x.shape[1], top_cropping, bottom_cropping, target_height)
        left, width = _cut("width", x.shape[2], left_cropping, right_cropping, target_width)
        return x[:, top : top + height, left : left + width]

    return of_images("crop_images", images, data_format, cropped)


def _cut(name, size, before, after, target):
    """Return how many to cut before, and how many stay."""
    before, after, target = _third("crop_images", name, before, after, target, size, -1)
    if before + target > size:
        raise ShapeError(
            f"crop_images: the {name} is too small.", got=f"{before} + {target} of {size}"
        )
    return before, target


def pad_images(
    images, top_padding=None, left_padding=None, bottom_padding=None, right_padding=None,
    target_height=None, target_width=None, data_format=None,
):  # fmt: skip
    """Images with rows and columns of zeros around them.

    Shapes: images (B, H, W, C) or (H, W, C), or with the channels first.

    Args:
        top_padding, bottom_padding, target_height: two of rows to add and rows in all.
        left_padding, right_padding, target_width: two of columns to add and columns in all.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    >>> pad_images([[[1.0], [2.0]]], 0, 1, 0, 0).tolist()
    [[[0.0], [1.0], [2.0]]]
    """

    def padded(x):
        rows = _third(
            "pad_images", "height", top_padding, bottom_padding, target_height, x.shape[1], 1
        )
        columns = _third(
            "pad_images", "width", left_padding, right_padding, target_width, x.shape[2], 1
        )
        return pad(x, ((0, 0), rows[:2], columns[:2], (0, 0)))

    return of_images("pad_images", images, data_format, padded)


def _third(function, name, before, after, target, size, sign):
    """Return before, after and target with target = size + sign * (before + after)."""
    if [v is None for v in (before, after, target)].count(True) != 1:
        raise ArgumentError(
            f"{function}: two of what is before, what is behind and the target {name}.",
            got=f"{before}, {after} and {target}",
        )
    if target is None:
        target = size + sign * (before + after)
    elif before is None:
        before = sign * (target - size) - after
    else:
        after = sign * (target - size) - before
    names = ("before", "behind", f"target_{name}")
    return tuple(
        check_integer(f"{function}: {n}", value, minimum=0)
        for n, value in zip(names, (before, after, target), strict=True)
    )


# --- scaled and moved --------------------------------------------------------------------------


def _triangle(x):
    return maximum(0.0, 1.0 - x)


def _cubic(x):
    near, far = ((1.5 * x - 2.5) * x) * x + 1.0, ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return where(x < 1.0, near, where(x < 2.0, far, 0.0))


def _lanczos(radius):
    def kernel(x):
        safe = where(x > 1e-3, x, 1.0) * math.pi
        waves = radius * sin(safe) * sin(safe / radius) / (safe * safe)
        return where(x > radius, 0.0, where(x > 1e-3, waves, 1.0))

    return kernel


METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


def scale_and_translate(
    images, output_shape, scale, translation, spatial_dims, method, antialias=True
):
    """Images scaled, then moved, in a frame of some shape: y(p) = x((p - translation) / scale).

    Shapes: images of any axes -> y of the shape `output_shape`, equal but along `spatial_dims`.

    Args:
        scale, translation: one for each of the spatial axes; the latter in pixels.
        spatial_dims: these axes.
        method: "linear", "cubic" (also "bilinear", ...), "lanczos3" or "lanczos5".
        antialias: where an image gets smaller, take the mean of all that a pixel covers.

    >>> scale_and_translate([1.0, 2.0], (4,), [2.0], [0.0], (0,), "linear").tolist()
    [1.0, 1.25, 1.75, 2.0]
    """
    kernel = METHODS[check_choice("method", method, METHODS)]
    x = as_floats(images)
    scale, translation = (cast(as_tensor(v), dtype=x.dtype) for v in (scale, translation))
    axes = [normalize_axis(a, x.ndim, "scale_and_translate") for a in spatial_dims]
    if scale.shape != (len(axes),) or translation.shape != (len(axes),):
        raise ShapeError(
            "scale_and_translate: one number for each spatial axis.",
            got=f"scale {scale.shape}, translation {translation.shape}", expected=f"({len(axes)},)",
        )  # fmt: skip
    if len(output_shape) != x.ndim or any(
        n != x.shape[a] for a, n in enumerate(output_shape) if a not in axes
    ):
        raise ShapeError(
            "scale_and_translate: other axes stay as they are.",
            got=f"{tuple(output_shape)} of {x.shape}",
        )
    for k, axis in enumerate(axes):
        w = _weights(x.shape[axis], output_shape[axis], scale[k], translation[k], kernel, antialias)
        x = moveaxis(matmul(moveaxis(x, axis, -1), w), -1, axis)
    return x


def _weights(old, new, scale, translation, kernel, antialias):
    """The weights (old, new) of old pixels in new ones; what looks outside has none."""
    inverse = 1.0 / scale
    places = (arange(new, dtype=scale.dtype) + 0.5 - translation) * inverse - 0.5
    apart = abs(places - expand_dims(arange(old, dtype=scale.dtype), 1))
    w = kernel(apart / maximum(inverse, 1.0) if antialias else apart)
    total = sum(w, axis=0, keepdims=True)
    tiny = abs(total) <= 1000 * float(np.finfo(scale.dtype).eps)
    w = where(tiny, 0.0, w / where(tiny, 1.0, total))
    return where((places >= -0.5) & (places <= old - 0.5), w, 0.0)


# --- colours -----------------------------------------------------------------------------------


def rgb_to_grayscale(images, data_format=None):
    """Luminance y = 0.2989 r + 0.587 g + 0.114 b; grey images stay as they are.

    Shapes: images (B, H, W, 3) or (H, W, 3), or with the channels first -> y with one channel.

    >>> rgb_to_grayscale([[[1.0, 1.0, 1.0]]]).numpy().round(4).tolist()
    [[[0.9999]]]
    """

    def grey(x):
        return x if x.shape[-1] == 1 else cast(plain.rgb_to_grayscale(x), dtype=x.dtype)

    return of_images("rgb_to_grayscale", images, data_format, grey)


def rgb_to_hsv(images, data_format=None):
    """Hue in [0, 1), saturation in [0, 1] and value, the largest of red, green and blue.

    With the range d of the three, s = d / v, and the hue is (g - b) / d, 2 + (b - r) / d or
    4 + (r - g) / d, as red, green or blue is the largest, in sixths; 0 of what is grey.

    Shapes: images (B, H, W, 3) or (H, W, 3), or with the channels first -> y like the images.

    >>> rgb_to_hsv([[[0.0, 0.5, 0.0]]]).numpy().round(4).tolist()
    [[[0.3333, 1.0, 0.5]]]
    """
    return of_images("rgb_to_hsv", images, data_format, plain.rgb_to_hsv)


def hsv_to_rgb(images, data_format=None):
    """The way back: c_n = v (1 - s max(0, min(k, 4 - k, 1))), k = n + 6 h mod 6; n = 5, 3, 1.

    Shapes: images (B, H, W, 3) or (H, W, 3), or with the channels first -> y like the images.

    >>> hsv_to_rgb([[[0.0, 1.0, 0.5]]]).tolist()
    [[[0.5, 0.0, 0.0]]]
    """
    return of_images("hsv_to_rgb", images, data_format, plain.hsv_to_rgb)
