"""Convolutions by their number of axes: `conv1d` to `conv3d`, transposes and depthwise forms.

Padding is given by name and sizes follow from it; the ops behind are those of `convolutions.py`.
"""

from __future__ import annotations

from neurona.core.op import as_tensor
from neurona.errors import ArgumentError, ShapeError, check_sizes
from neurona.ops.convolutions import conv_input_gradient, convolution
from neurona.ops.movement import reshape
from neurona.ops.notes import Padded
from neurona.ops.windows import explicit_padding

__all__ = [
    "conv1d", "conv1d_transpose", "conv2d", "conv2d_transpose", "conv3d", "conv3d_transpose",
    "depthwise_conv1d", "depthwise_conv2d",
]  # fmt: skip

LETTERS = {1: "T", 2: "HW", 3: "DHW"}


def _geometry(name, sizes, kernel, strides, padding, dilation_rate):
    rank = len(sizes)
    strides = check_sizes(f"{name}: strides", strides, rank)
    dilation = check_sizes(f"{name}: dilation_rate", dilation_rate, rank)
    if max(strides) > 1 and max(dilation) > 1:
        raise ArgumentError(
            f"{name}: strides and dilation_rate cannot both be above 1.",
            got=f"strides {strides}, dilation_rate {dilation}",
            expected="one of them 1",
        )
    padding = explicit_padding(name, padding, sizes, kernel, strides, dilation)
    return {"strides": strides, "padding": padding, "dilation": dilation}


def _inputs(name, rank, x, kernel, expected):
    x, kernel = as_tensor(x), as_tensor(kernel)
    if x.ndim != rank + 2 or kernel.ndim != rank + 2:
        raise ShapeError(
            f"{name}: the number of axes is wrong.",
            got=f"x {x.shape}, kernel {kernel.shape}",
            expected=expected,
        )
    return x, kernel


def _over(x, kernel, groups, strides, padding, dilation):
    """Convolution, which adds the zeros around x itself: one border, and no copy of x for them."""
    if (border := x.note(Padded)) is not None:
        x, widths = border.inside, (*border.widths[1:], *[(0, 0)] * len(padding))
        padding = tuple((a + c, b + d) for (a, b), (c, d) in zip(padding, widths, strict=False))
    return convolution(
        x, kernel, strides=strides, padding=padding, dilation=dilation, groups=groups
    )


def _conv(name, rank, x, kernel, strides, padding, dilation_rate, groups):
    letters = LETTERS[rank]
    sizes, places = ", ".join(letters), ", ".join("K" + c for c in letters) if rank > 1 else "K"
    expected = f"x (B, {sizes}, C) and kernel ({places}, C / groups, F)"
    x, kernel = _inputs(name, rank, x, kernel, expected)
    geometry = _geometry(name, x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation_rate)
    return _over(x, kernel, groups, **geometry)


def conv1d(x, kernel, strides=1, padding="valid", dilation_rate=1, groups=1):
    """Convolution along time, y_btf = sum over k, c of x_b(t * stride + k * dilation)c kernel_kcf.

    Shapes: x (B, T, C), kernel (K, C / groups, F) -> y (B, T', F).

    Args:
        strides: step between windows.
        padding: "valid" (none), "same" (T' = ceil(T / strides)), "causal" (no look at the future:
            y_t depends on x_0 ... x_t), or ((before, after),).
        dilation_rate: step within a window.
        groups: number of groups that the channels and filters are split into.

    Raises:
        ShapeError: if the channels differ, or the window is larger than the input.
        ArgumentError: if strides and dilation_rate are both above 1, as in Keras.

    >>> conv1d([[[1.0], [2.0], [4.0]]], [[[1.0]], [[10.0]]], padding="causal").tolist()
    [[[10.0], [21.0], [42.0]]]
    """
    return _conv("conv1d", 1, x, kernel, strides, padding, dilation_rate, groups)


def conv2d(x, kernel, strides=1, padding="valid", dilation_rate=1, groups=1):
    """Convolution over images, y_bijf = sum over k, l and c of x_b(i+k)(j+l)c kernel_klcf.

    Shapes: x (B, H, W, C), kernel (KH, KW, C / groups, F) -> y (B, H', W', F).

    Args:
        strides, dilation_rate: an integer, or one for each of H and W.
        padding: "valid" (none), "same" (H' = ceil(H / strides), the odd zero at the end), or
            (before, after) for each of H and W.
        groups: number of groups that the channels and filters are split into.

    Raises:
        ShapeError: if the channels differ, or the window is larger than the input.
        ArgumentError: if strides and dilation_rate are both above 1, as in Keras.

    >>> import numpy as np
    >>> conv2d(np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)))[0, :, :, 0].tolist()
    [[4.0, 4.0], [4.0, 4.0]]
    """
    return _conv("conv2d", 2, x, kernel, strides, padding, dilation_rate, groups)


def conv3d(x, kernel, strides=1, padding="valid", dilation_rate=1, groups=1):
    """Convolution over volumes, y_bijkf = sum of x_b(i+l)(j+m)(k+n)c kernel_lmncf.

    Shapes: x (B, D, H, W, C), kernel (KD, KH, KW, C / groups, F) -> y (B, D', H', W', F).

    Args and Raises: those of `conv2d`, with one size for each of D, H and W.

    >>> import numpy as np
    >>> conv3d(np.ones((1, 2, 2, 3, 1)), np.ones((2, 2, 2, 1, 1))).tolist()
    [[[[[8.0], [8.0]]]]]
    """
    return _conv("conv3d", 3, x, kernel, strides, padding, dilation_rate, groups)


def _transposed(name, rank, x, kernel, strides, padding, output_padding, dilation_rate):
    expected = "x (batch, *sizes, channels) and kernel (*kernel sizes, filters, channels)"
    x, kernel = _inputs(name, rank, x, kernel, expected)
    if kernel.shape[-1] != x.shape[-1]:
        raise ShapeError(
            f"{name}: x has {x.shape[-1]} channels, the kernel {kernel.shape[-1]}.",
            got=f"x {x.shape}, kernel {kernel.shape}",
            expected=expected,
        )
    strides = check_sizes(f"{name}: strides", strides, rank)
    if isinstance(padding, str) and padding not in ("valid", "same"):
        raise ArgumentError(
            f"{name}: unknown padding.", got=repr(padding), expected='"valid" or "same"'
        )
    dilation = check_sizes(f"{name}: dilation_rate", dilation_rate, rank)
    extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:-2], dilation, strict=True)]
    size = _transposed_sizes(name, x.shape[1:-1], extents, strides, padding, output_padding)
    if isinstance(padding, str):  # what the forward convolution from `size` to x would pad
        parts = zip(x.shape[1:-1], size, extents, strides, strict=True)
        totals = [max((n - 1) * s + k - m, 0) for n, m, k, s in parts]
        padding = tuple((total // 2, total - total // 2) for total in totals)
    geometry = _geometry(name, size, kernel.shape[:-2], strides, padding, dilation_rate)
    return conv_input_gradient(x, kernel, size=size, groups=1, **geometry)


def _transposed_sizes(name, sizes, extents, strides, padding, output_padding):
    same = padding == "same"
    if output_padding is None:
        pairs = zip(sizes, extents, strides, strict=True)
        return tuple(n * s if same else n * s + max(k - s, 0) for n, k, s in pairs)
    extra = check_sizes(f"{name}: output_padding", output_padding, len(sizes), minimum=0)
    if any(e >= s for e, s in zip(extra, strides, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding must be below the stride.", got=f"{extra}, strides {strides}"
        )
    bases = [k % 2 if same else k for k in extents]
    return tuple(
        (n - 1) * s + k + e for n, k, s, e in zip(sizes, bases, strides, extra, strict=True)
    )


def conv1d_transpose(x, kernel, strides=1, padding="valid", output_padding=None, dilation_rate=1):
    """Transposed convolution along time: the adjoint of `conv1d`, each x_t adds a kernel to y.

    Shapes: x (B, T, C), kernel (K, F, C) -> y (B, T', F). The channels of x come last in the
    kernel, since it is the kernel of the convolution that leads from y to x.

    Args:
        strides: how far apart the elements of x are set in y.
        padding: "valid" (y ends with the last window, or at T * strides if that is more) or
            "same" (T' = T * strides).
        output_padding: elements added at the end of y, below the strides. With it T' is
            (T - 1) * strides + K + output_padding ("valid"), K % 2 instead of K ("same").
        dilation_rate: step within a window; then K stands for (K - 1) * dilation_rate + 1.

    Raises:
        ShapeError: if the channels differ.
        ArgumentError: if strides and dilation_rate are both above 1, as in Keras.

    >>> conv1d_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).tolist()
    [[[1.0], [10.0], [2.0], [20.0]]]
    """
    return _transposed(
        "conv1d_transpose", 1, x, kernel, strides, padding, output_padding, dilation_rate
    )


def conv2d_transpose(x, kernel, strides=1, padding="valid", output_padding=None, dilation_rate=1):
    """Transposed convolution over images: the adjoint of `conv2d`; see `conv1d_transpose`.

    Shapes: x (B, H, W, C), kernel (KH, KW, F, C) -> y (B, H', W', F).

    >>> import numpy as np
    >>> conv2d_transpose(np.ones((1, 2, 2, 3)), np.ones((3, 3, 4, 3)), 2, "same").shape
    (1, 4, 4, 4)
    """
    return _transposed(
        "conv2d_transpose", 2, x, kernel, strides, padding, output_padding, dilation_rate
    )


def conv3d_transpose(x, kernel, strides=1, padding="valid", output_padding=None, dilation_rate=1):
    """Transposed convolution over volumes: the adjoint of `conv3d`; see `conv1d_transpose`.

    Shapes: x (B, D, H, W, C), kernel (KD, KH, KW, F, C) -> y (B, D', H', W', F).

    >>> import numpy as np
    >>> conv3d_transpose(np.ones((1, 2, 2, 2, 3)), np.ones((3, 3, 3, 4, 3)), 2, "same").shape
    (1, 4, 4, 4, 4)
    """
    return _transposed(
        "conv3d_transpose", 3, x, kernel, strides, padding, output_padding, dilation_rate
    )


def _depthwise_conv(name, rank, x, kernel, strides, padding, dilation_rate):
    x, kernel = _inputs(
        name, rank, x, kernel, "x (batch, *sizes, C) and kernel (*kernel sizes, C, M)"
    )
    channels, multiplier = kernel.shape[-2:]
    if channels != x.shape[-1]:
        raise ShapeError(
            f"{name}: x has {x.shape[-1]} channels, the kernel {channels}.",
            got=f"x {x.shape}, kernel {kernel.shape}",
        )
    geometry = _geometry(name, x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation_rate)
    kernel = reshape(kernel, (*kernel.shape[:-2], 1, channels * multiplier))
    return _over(x, kernel, channels, **geometry)


def depthwise_conv1d(x, kernel, strides=1, padding="valid", dilation_rate=1):
    """Convolution along time of each channel by itself, M results a channel; see `conv1d`.

    Shapes: x (B, T, C), kernel (K, C, M) -> y (B, T', C * M).

    >>> depthwise_conv1d([[[1.0, 2.0], [3.0, 4.0]]], [[[1.0], [0.0]], [[1.0], [1.0]]]).tolist()
    [[[4.0, 4.0]]]
    """
    return _depthwise_conv("depthwise_conv1d", 1, x, kernel, strides, padding, dilation_rate)


def depthwise_conv2d(x, kernel, strides=1, padding="valid", dilation_rate=1):
    """Convolution over images of each channel by itself, M results a channel; see `conv2d`.

    Shapes: x (B, H, W, C), kernel (KH, KW, C, M) -> y (B, H', W', C * M).

    >>> import numpy as np
    >>> depthwise_conv2d(np.ones((1, 4, 4, 3)), np.ones((3, 3, 3, 2)), padding="same").shape
    (1, 4, 4, 6)
    """
    return _depthwise_conv("depthwise_conv2d", 2, x, kernel, strides, padding, dilation_rate)
