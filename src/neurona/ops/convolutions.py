"""Convolutions over any number of spatial axes, channels last.

A convolution is linear in the input and in the kernel. The op and its two adjoints, the input
gradient (also known as transposed convolution) and the kernel gradient, are a trio: the gradients
of each are the two others, so gradients of gradients need nothing more.
"""

from __future__ import annotations

import math

import numpy as np

from neurona.core.lowering import Affine, Contraction, Nest
from neurona.core.op import op
from neurona.core.shapes import Spec, check_size, product
from neurona.errors import ShapeError
from neurona.ops.summation import block_sum, long_product, total
from neurona.ops.windows import added, inside, output_sizes, padded, window_offsets

__all__ = ["conv_input_gradient", "conv_kernel_gradient", "convolution"]

_EXPECTED = "x (batch, *sizes, channels) and kernel (*kernel sizes, channels / groups, filters)"


def _check(name, x_shape, w_shape, groups):
    got = f"x {x_shape}, kernel {w_shape}" + (f", groups {groups}" if groups != 1 else "")
    if len(x_shape) < 3 or len(w_shape) != len(x_shape):
        raise ShapeError(f"{name}: the number of axes is wrong.", got=got, expected=_EXPECTED)
    channels, filters = x_shape[-1], w_shape[-1]
    if w_shape[-2] * groups != channels:
        raise ShapeError(
            f"{name}: x has {channels} channels, the kernel {w_shape[-2] * groups}.",
            got=got,
            expected=_EXPECTED,
        )
    if groups < 1 or filters % groups:
        raise ShapeError(f"{name}: the filters do not divide into groups.", got=got)
    if 0 in w_shape[:-2]:
        raise ShapeError(f"{name}: the kernel is empty.", got=got)


def _products(y, w):
    return product(y) * product(w[:-1])


def _conv_shape(x, w, *, strides, padding, dilation, groups):
    _check("conv", x.shape, w.shape, groups)
    sizes = output_sizes("conv", x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
    return Spec((x.shape[0], *sizes, w.shape[-1]), x.dtype)


def _nest(x, w, y, *, strides, padding, dilation, groups):
    """The loops b, o..., k..., group, c and f of the whole trio, and the places in x, w and y."""
    rank, channels, filters = len(strides), w[-2], w[-1] // groups
    sizes = (x[0], *y[1:-1], *w[:-2], groups, channels, filters)

    def at(steps, offset=0):  # {loop: step}; the last three loops are -3, -2 and -1
        return Affine(
            tuple(steps.get(i, steps.get(i - len(sizes), 0)) for i in range(len(sizes))), offset
        )

    windows = [
        at({1 + i: s, 1 + rank + i: d}, -low)
        for i, (s, d, (low, _)) in enumerate(zip(strides, dilation, padding, strict=True))
    ]
    outputs = [at({1 + i: 1}) for i in range(rank)]
    kernel = [at({1 + rank + i: 1}) for i in range(rank)]
    batch, filter = at({0: 1}), at({-3: filters, -1: 1})
    xs = (batch, *windows, at({-3: channels, -2: 1}))
    return sizes, xs, (*kernel, at({-2: 1}), filter), (batch, *outputs, filter)


def _conv_nest(x, w, y, **geometry):
    sizes, xs, ws, ys = _nest(x, w, y, **geometry)
    return Nest(sizes, xs, ws, ys)


@op(
    shape=_conv_shape,
    lower=Contraction(lambda x, w, y: _products(y, w), _conv_nest),
    types="float",
)
def convolution(xp, x, w, *, strides, padding, dilation, groups):
    """Convolution, y_bof = sum over k and c of x_b(o * stride + k * dilation - low)c w_kcf.

    Shapes: x (B, *S, C), w (*K, C / groups, F) -> y (B, *O, F) with
    O = (S + low + high - (K - 1) * dilation - 1) // stride + 1.

    Args:
        strides, dilation: one integer for each spatial axis.
        padding: (low, high) zeros for each spatial axis.
        groups: each group of C / groups channels makes F / groups filters.

    Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning". The
    kernel is not flipped, as everywhere in deep learning.

    >>> convolution([[[1.0], [2.0], [4.0]]], [[[1.0]], [[10.0]]],
    ...      strides=(1,), padding=((0, 0),), dilation=(1,), groups=1).tolist()
    [[[21.0], [42.0]]]
    """
    outputs = output_sizes("conv", x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
    x = padded(xp, x, padding, 0)
    batch, filters = x.shape[0], w.shape[-1]
    if _depthwise(x.shape[-1], groups):
        w = w.reshape(*w.shape[:-2], groups, filters // groups)
        offsets = window_offsets(w.shape[:-2], outputs, strides, dilation)
        pieces = (_times(x[place], w[k]) for k, place in offsets)
        y = total(pieces)
        return y.reshape(batch, *outputs, filters)
    ys = [
        long_product(xp, _columns(xp, part, v.shape[:-2], outputs, strides, dilation), _matrix(v))
        for part, v in _groups(x, w, groups)
    ]
    return _joined(xp, ys).reshape(batch, *outputs, filters)


@convolution.grad
def _(g, y, x, w, **geometry):
    dx = None
    if x.tracked or x.level:  # not for the images that a first layer sees
        dx = conv_input_gradient(g, w, size=x.shape[1:-1], **geometry)
    return dx, conv_kernel_gradient(x, g, kernel_size=w.shape[:-2], **geometry)


def _input_gradient_shape(g, w, *, size, strides, padding, dilation, groups):
    channels = w.shape[-2] * groups
    x_shape = (*g.shape[:1], *size, channels)
    _check("conv_input_gradient", x_shape, w.shape, groups)
    _check_output("conv_input_gradient", x_shape, w.shape, g.shape, strides, padding, dilation)
    check_size(x_shape)
    return Spec(x_shape, g.dtype)


def _check_output(name, x_shape, w_shape, g_shape, strides, padding, dilation):
    sizes = output_sizes(name, x_shape[1:-1], w_shape[:-2], strides, padding, dilation)
    if g_shape != (x_shape[0], *sizes, w_shape[-1]):
        raise ShapeError(
            f"{name}: g has not the shape of the convolution's output.",
            got=f"g {g_shape}",
            expected=str((x_shape[0], *sizes, w_shape[-1])),
        )


def _input_gradient_nest(g, w, dx, *, size, **geometry):
    sizes, xs, ws, ys = _nest(dx, w, g, **geometry)
    return Nest(sizes, ys, ws, xs)


@op(
    shape=_input_gradient_shape,
    lower=Contraction(lambda g, w, dx: _products(g, w), _input_gradient_nest),
    types="float",
)
def conv_input_gradient(xp, g, w, *, size, strides, padding, dilation, groups):
    """Gradient of `conv` for its input, dx_bsc = sum over o, k and f of g_bof w_kcf that meet at s.

    Shapes: g (B, *O, F), w (*K, C / groups, F) -> dx (B, *S, C) with S = `size`.

    Args: those of `conv`, and the `size` S of its input, which O does not tell when stride > 1.

    >>> conv_input_gradient([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], size=(3,),
    ...     strides=(1,), padding=((0, 0),), dilation=(1,), groups=1).tolist()
    [[[1.0], [12.0], [20.0]]]
    """
    batch, outputs, kernel = g.shape[0], g.shape[1:-1], w.shape[:-2]
    channels, filters = w.shape[-2] * groups, w.shape[-1]
    sizes = [n + low + high for n, (low, high) in zip(size, padding, strict=True)]
    dx = xp.zeros((batch, *sizes, channels), dtype=g.dtype)
    rows = math.prod((batch, *outputs))
    if _depthwise(channels, groups):
        w, g = (
            w.reshape(*kernel, groups, filters // groups),
            g.reshape(*g.shape[:-1], groups, filters // groups),
        )

        def piece(k):
            return g[..., 0] * w[k][..., 0] if filters == groups else (g * w[k]).sum(-1)

    else:
        gs = [
            long_product(xp, part.reshape(rows, filters // groups), _matrix(v).T)
            for part, v in _groups(g, w, groups, both=True)
        ]
        columns = [y.reshape(batch, *outputs, *kernel, w.shape[-2]) for y in gs]
        head = (slice(None),) * (1 + len(kernel))

        def piece(k):
            return _joined(xp, [y[(*head, *k)] for y in columns])

    for k, place in window_offsets(kernel, outputs, strides, dilation):
        dx = added(dx, place, piece(k))
    return dx[inside(size, padding)]


@conv_input_gradient.grad
def _(h, y, g, w, *, size, **geometry):
    return convolution(h, w, **geometry), conv_kernel_gradient(
        h, g, kernel_size=w.shape[:-2], **geometry
    )


def _kernel_gradient_shape(x, g, *, kernel_size, strides, padding, dilation, groups):
    if groups < 1 or x.shape[-1] % groups:
        raise ShapeError(
            "conv_kernel_gradient: the channels do not divide into groups.", got=str(x)
        )
    w_shape = (*kernel_size, x.shape[-1] // groups, g.shape[-1])
    _check("conv_kernel_gradient", x.shape, w_shape, groups)
    _check_output("conv_kernel_gradient", x.shape, w_shape, g.shape, strides, padding, dilation)
    return Spec(w_shape, x.dtype)


def _kernel_gradient_nest(x, g, dw, *, kernel_size, **geometry):
    sizes, xs, ws, ys = _nest(x, dw, g, **geometry)
    return Nest(sizes, xs, ys, ws)


@op(
    shape=_kernel_gradient_shape,
    lower=Contraction(lambda x, g, dw: _products(g, dw), _kernel_gradient_nest),
    types="float",
)
def conv_kernel_gradient(xp, x, g, *, kernel_size, strides, padding, dilation, groups):
    """Gradient of `conv` for its kernel, dw_kcf = sum over b and o of x_b(o * stride + ...)c g_bof.

    Shapes: x (B, *S, C), g (B, *O, F) -> dw (*K, C / groups, F) with K = `kernel_size`.

    Args: those of `conv`, and the `kernel_size` K, which S and O do not tell when stride > 1.

    >>> conv_kernel_gradient([[[1.0], [2.0], [4.0]]], [[[1.0], [10.0]]], kernel_size=(2,),
    ...     strides=(1,), padding=((0, 0),), dilation=(1,), groups=1).tolist()
    [[[21.0]], [[42.0]]]
    """
    outputs, channels, filters = g.shape[1:-1], x.shape[-1] // groups, g.shape[-1]
    x = padded(xp, x, padding, 0)
    if _depthwise(x.shape[-1], groups):
        g = g.reshape(*g.shape[:-1], groups, filters // groups)
        axes = tuple(range(g.ndim - 2))
        dws = [
            block_sum(xp, x[place][..., None] * g, axes)
            for _, place in window_offsets(kernel_size, outputs, strides, dilation)
        ]
        return xp.stack(dws).reshape(*kernel_size, 1, filters)
    width = filters // groups
    rows = math.prod((g.shape[0], *outputs))
    dws = []
    for i in range(groups):
        part = x[..., i * channels : (i + 1) * channels] if groups > 1 else x
        columns = _columns(xp, part, kernel_size, outputs, strides, dilation)
        there = g[..., i * width : (i + 1) * width].reshape(rows, width)
        dws.append(long_product(xp, columns.T, there))
    return _joined(xp, dws).reshape(*kernel_size, channels, filters)


@conv_kernel_gradient.grad
def _(v, y, x, g, *, kernel_size, **geometry):
    return conv_input_gradient(g, v, size=x.shape[1:-1], **geometry), convolution(x, v, **geometry)


# --- the forward rules' parts ------------------------------------------------------------------


def _depthwise(channels, groups):
    # One channel in each of several groups: multiply and add, since a matrix product gains nothing.
    return channels == groups > 1


def _times(x, w):
    """Multiply channels (..., C) by (C, M), M results a channel: (..., C, M)."""
    return x * w[:, 0] if w.shape[1] == 1 else x[..., None] * w


def _matrix(w):
    """Return a kernel (*K, C, F) as the matrix (K * C, F)."""
    return w.reshape(math.prod(w.shape[:-1]), w.shape[-1])


def _groups(x, w, groups, both=False):
    """Yield the channels and the filters of each group; `both` if x has the filters' axis."""
    if groups == 1:
        yield x, w
        return
    for i in range(groups):
        width = (w.shape[-1] if both else x.shape[-1]) // groups
        filters = w.shape[-1] // groups
        yield x[..., i * width : (i + 1) * width], w[..., i * filters : (i + 1) * filters]


def _joined(xp, parts):
    return parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=-1)


def _columns(xp, x, kernel, outputs, strides, dilation):
    """Return the windows of padded x as rows: (B * O, K * C), so one product does the convolution.

    In NumPy this is one copy out of a view with overlapping windows. Where the kernel is a single
    place there is nothing to overlap, and usually nothing to copy.
    """
    shape = (x.shape[0], *outputs, *kernel, x.shape[-1])
    rows = math.prod((x.shape[0], *outputs))
    if math.prod(kernel) == 1 or xp is not np:
        pieces = [x[place] for _, place in window_offsets(kernel, outputs, strides, dilation)]
        windows = pieces[0] if len(pieces) == 1 else xp.stack(pieces, axis=-2)
    else:
        spatial = x.strides[1:-1]
        hops = [a * s for a, s in zip(spatial, strides, strict=True)]
        inner = [a * d for a, d in zip(spatial, dilation, strict=True)]
        steps = (x.strides[0], *hops, *inner, x.strides[-1])
        windows = np.lib.stride_tricks.as_strided(x, shape, steps, writeable=False)
    return windows.reshape(rows, math.prod(kernel) * x.shape[-1])
