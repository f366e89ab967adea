"""Normalisations as functions: mean and variance, and what divides by them."""

from __future__ import annotations

from neurona.core.op import as_floats, as_tensor
from neurona.core.shapes import normalize_axes, normalize_axis
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.ops.arithmetic import maximum, minimum
from neurona.ops.comparison import where
from neurona.ops.functions import rsqrt
from neurona.ops.movement import reshape
from neurona.ops.norms import norm
from neurona.ops.reduce import mean, sum, var

__all__ = [
    "batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization",
]  # fmt: skip

EPSILON = 1e-7  # keeps quotients finite


def moments(x, axes, keepdims=False, synchronized=False):
    """Mean and variance over axes.

    Args:
        axes: an axis or several.
        keepdims: keep the axes, with size 1.
        synchronized: of Keras, for several devices; False.

    >>> [m.tolist() for m in moments([[1.0, 3.0], [0.0, 0.0]], axes=1)]
    [[2.0, 0.0], [1.0, 0.0]]
    """
    if synchronized:
        raise ArgumentError("moments: there is one device.", got="synchronized=True")
    x = as_floats(x)
    return mean(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """y = scale * (x - mean) / sqrt(variance + epsilon) + offset, one of each along an axis.

    Shapes: x (..., C, ...), mean, variance, offset and scale (C,) -> y like x.

    Args:
        axis: the axis of the C.

    >>> batch_normalization([[1.0, 5.0]], [1.0, 3.0], [1.0, 4.0], -1, epsilon=0.0).tolist()
    [[0.0, 1.0]]
    """
    x = as_floats(x)
    axis = normalize_axis(axis, x.ndim, "batch_normalization")
    size = x.shape[axis]

    def along(name, values):
        values = as_tensor(values, x.dtype)
        if values.shape != (size,):
            raise ShapeError(
                f"batch_normalization: one number along axis {axis}.",
                got=f"{name} {values.shape}, x {x.shape}", expected=f"({size},)",
            )  # fmt: skip
        return reshape(values, (size,) + (1,) * (x.ndim - 1 - axis))

    inverse = rsqrt(along("variance", variance) + epsilon)
    if scale is not None:
        inverse = inverse * along("scale", scale)
    y = (x - along("mean", mean)) * inverse
    return y if offset is None else y + along("offset", offset)


def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None):
    """y = gamma * (x - m) / sqrt(v + epsilon) + beta, for mean and variance of each sample.

    Shapes: x (..., D), gamma and beta of the sizes of the axes -> y like x.

    Args:
        axis: over which mean and variance are taken, one or several.
        epsilon: 1e-7 by default.

    Source: Ba et al. 2016.

    >>> layer_normalization([[1.0, 3.0]]).numpy().round(4).tolist()
    [[-1.0, 1.0]]
    """
    x = as_floats(x)
    m, v = moments(x, axis, keepdims=True)
    y = (x - m) * rsqrt(v + (EPSILON if epsilon is None else epsilon))
    if gamma is not None:
        y = y * _of_axes("gamma", gamma, x, axis)
    return y if beta is None else y + _of_axes("beta", beta, x, axis)


def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """y = scale * x / sqrt(mean of x^2 + epsilon).

    Shapes: x (..., D), scale (D,) -> y like x.

    Args:
        axis: over which the mean is taken, one or several.
        epsilon: 1e-7 by default.

    Source: Zhang and Sennrich 2019.

    >>> rms_normalization([[3.0, 3.0]]).numpy().round(4).tolist()
    [[1.0, 1.0]]
    """
    x = as_floats(x)
    square = mean(x * x, axis=axis, keepdims=True)
    y = x * rsqrt(square + (EPSILON if epsilon is None else epsilon))
    return y if scale is None else y * _of_axes("scale", scale, x, axis)


def _of_axes(name, values, x, axis):
    """Return what has the sizes of some axes of x so that it meets them; others as they are."""
    values = as_tensor(values, x.dtype)
    axes = normalize_axes(axis, x.ndim, "layer_normalization")
    if values.shape == tuple(x.shape[a] for a in axes):
        return reshape(values, tuple(s if a in axes else 1 for a, s in enumerate(x.shape)))
    return values


def normalize(x, axis=-1, order=2, epsilon=None):
    """y = x / max(norm of x, epsilon) along an axis or axes.

    Args:
        order: of the norm, an integer: 2 for sqrt(sum of x^2).
        epsilon: 1e-7 by default.

    >>> normalize([3.0, 4.0]).numpy().round(4).tolist()
    [0.6, 0.8]
    """
    order = check_integer("order", order, minimum=1)
    x, epsilon = as_floats(x), EPSILON if epsilon is None else epsilon
    if x.ndim == 0:
        x = reshape(x, (1,))
    if order == 2:  # sqrt(0) has no slope, and a row of zeros has a gradient: 1 / epsilon
        square = sum(x * x, axis=axis, keepdims=True)
        none = square == 0.0
        return x * where(none, 1 / epsilon, minimum(rsqrt(where(none, 1.0, square)), 1 / epsilon))
    return x / maximum(norm(x, order, axis, keepdims=True), epsilon)
