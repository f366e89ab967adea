"""Filters of images: blurred, their edges, and how alike two of them look."""

from __future__ import annotations

import numpy as np

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import is_float
from neurona.errors import ShapeError, check_integer, check_sizes
from neurona.ops.convolve import depthwise_conv2d
from neurona.ops.functions import exp
from neurona.ops.joining import concatenate, stack
from neurona.ops.layouts import of_images
from neurona.ops.movement import broadcast_to, expand_dims
from neurona.ops.reduce import mean, sum
from neurona.ops.spatial import channels_first

__all__ = ["gaussian_blur", "sobel_edges", "ssim"]


def _each_channel(x, kernel, padding="same"):
    """Convolve each channel of images with one kernel (KH, KW)."""
    kernel = cast(as_tensor(kernel), dtype=x.dtype)
    wide = broadcast_to(expand_dims(kernel, (2, 3)), (*kernel.shape, x.shape[-1], 1))
    return depthwise_conv2d(x, wide, padding=padding)


def _bell(size, sigma, dtype):
    """The normal density at the pixels of a window, of sum 1."""
    x = (np.arange(size) - (size - 1) / 2).astype(dtype)
    ratio = x / cast(as_tensor(sigma), dtype=dtype)
    y = exp(-0.5 * ratio * ratio)
    return y / sum(y)


def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Each pixel as the mean of those around it, by a normal density; outside there are zeros.

    Shapes: images (B, H, W, C) or (H, W, C), or with the channels first -> y like the images.

    Args:
        kernel_size: of the window, (height, width).
        sigma: standard deviation in pixels, one number or one for each.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    >>> gaussian_blur([[[1.0]]])[0, 0].numpy().round(4).tolist()
    [0.2042]
    """
    height, width = check_sizes("kernel_size", kernel_size, 2)
    down, across = sigma if isinstance(sigma, list | tuple) else (sigma, sigma)

    def blurred(x):
        x = as_floats(x)
        # as in Keras, the first sigma and size are those of the second axis of the kernel
        kernel = expand_dims(_bell(width, across, x.dtype), 1) * _bell(height, down, x.dtype)
        return _each_channel(x, kernel)

    return of_images("gaussian_blur", images, data_format, blurred)


SOBEL = np.array([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]])  # downwards


def sobel_edges(images, data_format=None):
    """How fast images change downwards and to the right, [dy, dx] along a new last axis.

    Shapes: images (B, H, W, C), or (B, C, H, W) -> y with an axis of 2 behind these.

    Source: Sobel and Feldman 1968.

    >>> sobel_edges([[[[0.0], [1.0]], [[0.0], [1.0]], [[0.0], [1.0]]]])[0, 1, 0, 0].tolist()
    [0.0, 4.0]
    """
    parts = [
        of_images("sobel_edges", images, data_format, lambda x, k=k: _each_channel(as_floats(x), k))
        for k in (SOBEL, SOBEL.T)
    ]
    return stack(parts, axis=-1)


def ssim(
    image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03,
    data_format=None,
):  # fmt: skip
    """Structural similarity, 1 for equal images: the mean over windows of

        (2 m1 m2 + c1) (2 s12 + c2) / ((m1^2 + m2^2 + c1) (s1^2 + s2^2 + c2))

    with means m, variances s^2 and covariance s12 of a window, weighted by a normal density.

    Shapes: image1 and image2 (B, H, W, C) or (H, W, C), or with the channels first -> (B,) or ().

    Args:
        max_val: the largest value that a pixel may have, 1 or 255.
        filter_size, filter_sigma: of the window, in pixels.
        k1, k2: c1 = (k1 max_val)^2 and c2 = (k2 max_val)^2 keep the quotient finite.
        data_format: "channels_last" or "channels_first"; `config.image_data_format()` by default.

    Source: Wang et al. 2004.

    >>> import numpy as np
    >>> x = np.arange(144.0).reshape(12, 12, 1)
    >>> ssim(x, x, max_val=144.0).numpy().round(4).item()
    1.0
    """
    first, second = as_tensor(image1), as_tensor(image2)
    size = check_integer("filter_size", filter_size, minimum=1)
    if first.shape != second.shape:
        raise ShapeError("ssim: two images of one shape.", got=f"{first.shape} and {second.shape}")
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2

    def similarity(pair):  # (B, H, W, 2 C)
        pair = as_floats(pair)
        channels = pair.shape[-1] // 2
        x, y = pair[..., :channels], pair[..., channels:]
        bell = _bell(size, filter_sigma, pair.dtype)
        kernel = expand_dims(bell, 1) * bell

        def local(z):
            return _each_channel(z, kernel, "valid")

        mx, my = local(x), local(y)
        vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
        both = local(x * y) - mx * my
        above = (2 * mx * my + c1) * (2 * both + c2)
        below = (mx * mx + my * my + c1) * (vx + vy + c2)
        return mean(above / below, axis=(1, 2, 3))

    axis = -3 if channels_first(data_format) else -1
    y = of_images("ssim", concatenate([first, second], axis=axis), data_format, similarity)
    return y if is_float(first.dtype) else cast(y, dtype=first.dtype)
