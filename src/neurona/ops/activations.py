"""Activation functions: what neurons make of their sums.

Where a formula has two branches, both are evaluated, so each is written on arguments at which it
cannot overflow: e^x in the branch for x <= 0 gets 0 elsewhere. Otherwise the branch that is not
taken would turn the gradient into NaN.
"""

from __future__ import annotations

import math

from neurona.core.op import as_floats
from neurona.core.shapes import normalize_axis
from neurona.errors import ShapeError
from neurona.ops.arithmetic import abs, clip
from neurona.ops.comparison import where
from neurona.ops.filled import arange
from neurona.ops.functional import softplus
from neurona.ops.functions import erf, expm1, sigmoid, sqrt, tanh
from neurona.ops.index import sort
from neurona.ops.joining import split
from neurona.ops.movement import reshape
from neurona.ops.reduce import cumsum, sum

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "leaky_relu", "log_sigmoid", "relu", "relu6", "selu", "silu", "soft_shrink",
    "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink",
    "threshold",
]  # fmt: skip


# --- piecewise linear ------------------------------------------------------------------------


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """y = x where x > threshold, else negative_slope * (x - threshold); at most max_value.

    Args:
        negative_slope: slope below the threshold; 0 by default.
        max_value: ceiling; none by default.
        threshold: where the unit opens. Between 0 and the threshold the output jumps to x.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    x = as_floats(x)
    below = negative_slope * (x - threshold) if negative_slope else 0.0
    y = where(x <= threshold, below, x)  # asked like this, NaN stays NaN
    return y if max_value is None else where(y >= max_value, max_value, y)


def relu6(x):
    """y = min(max(x, 0), 6).

    Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".

    >>> relu6([-1.0, 2.0, 8.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    return relu(x, max_value=6.0)


def leaky_relu(x, negative_slope=0.2):
    """y = x where x > 0, else negative_slope * x: no unit is ever quite dead.

    Source: Maas, Hannun, Ng 2013.

    >>> leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]
    """
    return relu(x, negative_slope)


def threshold(x, threshold, default_value):
    """y = x where x > threshold, else default_value.

    >>> threshold([-1.0, 0.5, 2.0], 1.0, -7.0).tolist()
    [-7.0, -7.0, 2.0]
    """
    x = as_floats(x)
    return where(x <= threshold, default_value, x)


def hard_shrink(x, threshold=0.5):
    """y = x where |x| > threshold, else 0.

    >>> hard_shrink([-1.0, 0.25, 2.0]).tolist()
    [-1.0, 0.0, 2.0]
    """
    x = as_floats(x)
    return where(abs(x) <= threshold, 0.0, x)


def soft_shrink(x, threshold=0.5):
    """y = x - threshold where x > threshold, x + threshold where x < -threshold, else 0.

    >>> soft_shrink([-1.0, 0.25, 2.0]).tolist()
    [-0.5, 0.0, 1.5]
    """
    x = as_floats(x)
    return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, x * 0.0))


def hard_sigmoid(x):
    """y = min(max(x / 6 + 1/2, 0), 1): a sigmoid of three straight lines.

    >>> hard_sigmoid([-4.0, 0.0, 4.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return relu6(as_floats(x) + 3.0) / 6.0


def hard_silu(x):
    """y = x * hard_sigmoid(x), also known as hard swish.

    Source: Howard et al. 2019, "Searching for MobileNetV3".

    >>> hard_silu([-4.0, 3.0]).tolist()
    [0.0, 3.0]
    """
    x = as_floats(x)
    return x * hard_sigmoid(x)


def hard_tanh(x):
    """y = min(max(x, -1), 1).

    >>> hard_tanh([-4.0, 0.5]).tolist()
    [-1.0, 0.5]
    """
    return clip(as_floats(x), -1.0, 1.0)


def sparse_sigmoid(x):
    """y = min(max((x + 1) / 2, 0), 1): the sigmoid that is 0 and 1 outside of (-1, 1).

    Source: Martins and Astudillo 2016, for two classes.

    >>> sparse_sigmoid([-2.0, 0.0, 0.5]).tolist()
    [0.0, 0.5, 0.75]
    """
    x = as_floats(x)
    return where(x <= -1.0, 0.0, where(x >= 1.0, 1.0, 0.5 * (x + 1.0)))


# --- exponential below zero ------------------------------------------------------------------


def elu(x, alpha=1.0):
    """y = x where x > 0, else alpha * (e^x - 1).

    Args:
        alpha: minus the limit for x -> -infinity; 1 makes the slope continuous.

    Source: Clevert, Unterthiner, Hochreiter 2016.

    >>> elu([-1.0, 2.0]).numpy().round(4).tolist()
    [-0.6321, 2.0]
    """
    x = as_floats(x)
    return where(x > 0.0, x, alpha * expm1(_below_zero(x)))


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(x):
    """y = 1.0507 * elu(x, alpha=1.6733): keeps mean 0 and variance 1 through LeCun-normal layers.

    Source: Klambauer et al. 2017, "Self-normalizing neural networks".

    >>> selu([-1.0, 2.0]).numpy().round(4).tolist()
    [-1.1113, 2.1014]
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def celu(x, alpha=1.0):
    """y = max(x, 0) + min(alpha * (e^(x / alpha) - 1), 0): an ELU smooth for every alpha.

    Source: Barron 2017.

    >>> celu([-1.0, 2.0], alpha=2.0).numpy().round(4).tolist()
    [-0.7869, 2.0]
    """
    x = as_floats(x)
    return where(x > 0.0, x, alpha * expm1(_below_zero(x) / alpha))


def _below_zero(x):
    return where(x > 0.0, 0.0, x)  # minimum would share the gradient at 0


# --- smooth ----------------------------------------------------------------------------------


def log_sigmoid(x):
    """y = ln(1 / (1 + e^-x)) = -softplus(-x).

    >>> log_sigmoid([0.0]).numpy().round(4).tolist()
    [-0.6931]
    """
    return -softplus(-as_floats(x))


def softsign(x):
    """y = x / (1 + |x|).

    >>> softsign([-1.0, 3.0]).tolist()
    [-0.5, 0.75]
    """
    x = as_floats(x)
    return x / (1.0 + abs(x))


def silu(x):
    """y = x * sigmoid(x), also known as swish.

    Source: Elfwing et al. 2018; Ramachandran et al. 2017.

    >>> silu([0.0, 2.0]).numpy().round(4).tolist()
    [0.0, 1.7616]
    """
    x = as_floats(x)
    return x * sigmoid(x)


swish = silu
hard_swish = hard_silu


def gelu(x, approximate=True):
    """y = x * P(Z <= x) with Z normal: x / 2 * (1 + erf(x / sqrt 2)).

    Args:
        approximate: use x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), as GPT-2 does;
            the default here, as in Keras, whose activation of that name is exact by default.

    Source: Hendrycks and Gimpel 2016.

    >>> gelu([-1.0, 2.0], approximate=False).numpy().round(4).tolist()
    [-0.1587, 1.9545]
    """
    x = as_floats(x)
    if approximate:
        # Past |x| = 1000 tanh has long been +-1, and x^3 in float32 might overflow
        c = clip(x, -1000.0, 1000.0)
        return 0.5 * x * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (c + 0.044715 * c * c * c)))
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def tanh_shrink(x):
    """y = x - tanh(x).

    >>> tanh_shrink([0.0, 2.0]).numpy().round(4).tolist()
    [0.0, 1.036]
    """
    x = as_floats(x)
    return x - tanh(x)


def squareplus(x, b=4):
    """y = (x + sqrt(x^2 + b)) / 2: like softplus, without exponentials.

    Args:
        b: how round it is at 0; with 0 it is relu.

    Source: Barron 2021.

    >>> squareplus([-1.0, 0.0]).numpy().round(4).tolist()
    [0.618, 1.0]
    """
    x = as_floats(x)
    return 0.5 * (x + sqrt(x * x + b))


def sparse_plus(x):
    """y = 0 for x <= -1, x for x >= 1, and (x + 1)^2 / 4 between: the integral of sparse_sigmoid.

    >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    x = as_floats(x)
    middle = where(abs(x) < 1.0, x, 0.0) + 1.0
    return where(x <= -1.0, 0.0, where(x >= 1.0, x, 0.25 * middle * middle))


# --- over an axis ----------------------------------------------------------------------------


def glu(x, axis=-1):
    """y = a * sigmoid(b) for the halves a and b of x along an axis.

    Shapes: x (..., 2 n, ...) -> y (..., n, ...).

    Source: Dauphin et al. 2017.

    >>> glu([3.0, 5.0, 0.0, 0.0]).tolist()
    [1.5, 2.5]
    """
    x = as_floats(x)
    axis = normalize_axis(axis, x.ndim, "glu")
    if x.shape[axis] % 2:
        raise ShapeError(
            "glu: the axis is cut into halves.", got=f"x {x.shape}, axis {axis}",
            expected="an even size",
        )  # fmt: skip
    a, b = split(x, 2, axis)
    return a * sigmoid(b)


def sparsemax(x, axis=-1):
    """Probabilities y = max(x - tau, 0), tau so that their sum is 1: the nearest point to x.

    Small ones are exactly 0. With x_(1) >= x_(2) >= ... the support are the k largest, for the
    last k with 1 + k x_(k) > x_(1) + ... + x_(k); tau is that sum minus 1, through k.

    Source: Martins and Astudillo 2016.

    >>> sparsemax([1.0, 0.5, -1.0]).tolist()
    [0.75, 0.25, 0.0]
    """
    x = as_floats(x)
    axis = normalize_axis(axis, x.ndim, "sparsemax")
    ordered = sort(x, axis=axis, descending=True)
    numbers = arange(1, x.shape[axis] + 1, dtype=x.dtype)
    k = reshape(numbers, (-1,) + (1,) * (x.ndim - 1 - axis))
    inside = 1.0 + k * ordered > cumsum(ordered, axis=axis)
    count = sum(inside, axis=axis, keepdims=True).astype(x.dtype)
    tau = (sum(where(inside, ordered, 0.0), axis=axis, keepdims=True) - 1.0) / count
    return relu(x - tau)
