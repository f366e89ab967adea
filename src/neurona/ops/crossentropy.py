"""Cross-entropies as functions, and other measures of what was predicted.

Probabilities are clipped to [1e-7, 1 - 1e-7], as in Keras. The classes of `nn.losses` also know
where probabilities come from, and need no clipping then.
"""

from __future__ import annotations

import math

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import is_float, normalize_axis
from neurona.errors import ShapeError, check_integer
from neurona.ops.arithmetic import clip
from neurona.ops.comparison import where
from neurona.ops.functional import log_softmax, softplus
from neurona.ops.functions import log
from neurona.ops.index import one_hot, take_along_axis
from neurona.ops.movement import expand_dims, squeeze
from neurona.ops.reduce import mean, sum

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "in_top_k", "psnr",
    "sparse_categorical_crossentropy",
]  # fmt: skip

EPSILON = 1e-7


def _alike(name, target, output):
    if target.shape != output.shape:
        raise ShapeError(
            f"{name}: target and output have one shape.",
            got=f"target {target.shape}, output {output.shape}",
        )


def binary_crossentropy(target, output, from_logits=False):
    """-(t ln p + (1 - t) ln(1 - p)), element by element.

    Args:
        target: 0 or 1, or between.
        output: p, or x with p = sigmoid(x) if `from_logits`.

    >>> binary_crossentropy([1.0], [0.5]).numpy().round(4).tolist()
    [0.6931]
    """
    x = as_floats(output)
    t = cast(as_tensor(target), dtype=x.dtype)
    _alike("binary_crossentropy", t, x)
    if from_logits:
        return t * softplus(-x) + (1.0 - t) * softplus(x)
    p = clip(x, EPSILON, 1 - EPSILON)
    return -(t * log(p) + (1.0 - t) * log(1.0 - p))


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-sum of t ln p along the axis of classes.

    Args:
        target: probabilities, such as one-hot rows, of the shape of the output.
        output: p, divided by their sum; or scores x with p = softmax(x) if `from_logits`.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.6931]
    """
    x = as_floats(output)
    t = cast(as_tensor(target), dtype=x.dtype)
    _alike("categorical_crossentropy", t, x)
    normalize_axis(axis, x.ndim, "categorical_crossentropy")
    return -sum(t * _log_p(x, from_logits, axis), axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-ln p of the class that the target names.

    Shapes: target (...) or (..., 1), output (..., C) -> (...). A number that is no class gives 0.

    Args:
        target: class numbers.
        output: p, divided by their sum; or scores x with p = softmax(x) if `from_logits`.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.6931]
    """
    x, t = as_floats(output), as_tensor(target)
    axis = normalize_axis(axis, x.ndim, "sparse_categorical_crossentropy")
    if t.ndim == x.ndim and t.shape[-1] == 1:
        t = squeeze(t, -1)
    if t.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise ShapeError(
            "sparse_categorical_crossentropy: a class number for each row.",
            got=f"target {t.shape}, output {x.shape}",
            expected=f"target {x.shape[:axis] + x.shape[axis + 1 :]}",
        )
    t = cast(t, dtype="int32") if is_float(t.dtype) else t
    chosen = one_hot(t, x.shape[axis], axis, x.dtype)
    return -sum(chosen * _log_p(x, from_logits, axis), axis=axis)


def _log_p(x, from_logits, axis):
    if from_logits:
        return log_softmax(x, axis)
    return log(clip(x / sum(x, axis=axis, keepdims=True), EPSILON, 1 - EPSILON))


def in_top_k(targets, predictions, k):
    """Whether fewer than k classes have a higher score than the target; NaN is never high.

    Shapes: targets (...), predictions (..., C) -> bool (...).

    >>> in_top_k([1, 0], [[0.1, 0.9], [0.1, 0.9]], 1).tolist()
    [True, False]
    """
    check_integer("k", k)
    scores, t = as_floats(predictions), as_tensor(targets)
    here = take_along_axis(scores, expand_dims(t, -1), axis=-1)
    here = where(here != here, -math.inf, here)
    return sum(scores > here, axis=-1) < k


def psnr(x1, x2, max_val):
    """Peak signal-to-noise ratio in decibels, 20 log10(max_val) - 10 log10(mean of (x1 - x2)^2).

    Args:
        max_val: the largest value that x may have, 1 or 255.

    >>> psnr([0.0, 1.0], [0.1, 0.9], 1.0).numpy().round(4).item()
    20.0
    """
    x1, x2 = as_floats(x1), as_floats(x2)
    _alike("psnr", x1, x2)
    error = x1 - x2
    peak = as_tensor(max_val, x2.dtype)
    return (20.0 * log(cast(peak, dtype=x2.dtype)) - 10.0 * log(mean(error * error))) / math.log(10)
