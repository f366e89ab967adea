"""Losses for numbers: distances between targets and predictions."""

from __future__ import annotations

import math
from typing import Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.losses.loss import EPSILON, PairedLoss, matched


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (y_true - y_pred)^2.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.5]
    """
    y, p = matched(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y - p), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of |y_true - y_pred|.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.5]
    """
    y, p = matched(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y - p), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 * mean over the last axis of |(y_true - y_pred) / y_true|.

    |y_true| counts as at least 1e-7.
    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    y, p = matched(y_true, y_pred, "mean_absolute_percentage_error")
    return 100.0 * ops.mean(ops.abs((y - p) / ops.maximum(ops.abs(y), EPSILON)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (ln(1 + y_true) - ln(1 + y_pred))^2; numbers below 0 count as 0.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> mean_squared_logarithmic_error([[0.0]], [[1.0]]).numpy().round(4).tolist()
    [0.4805]
    """
    y, p = matched(y_true, y_pred, "mean_squared_logarithmic_error")
    difference = ops.log(ops.maximum(p, EPSILON) + 1.0) - ops.log(ops.maximum(y, EPSILON) + 1.0)
    return ops.mean(ops.square(difference), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of ln cosh e, e = y_pred - y_true.

    About e^2 / 2 near 0 and |e| - ln 2 far away; taken as |e| + softplus(-2 |e|) - ln 2, which
    cannot overflow.
    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> log_cosh([[0.0]], [[1.0]]).numpy().round(4).tolist()
    [0.4338]
    """
    y, p = matched(y_true, y_pred, "log_cosh")
    e = ops.abs(p - y)
    return ops.mean(e + ops.softplus(-2.0 * e) - math.log(2), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """mean of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2; e = y_pred - y_true.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).
    Source: Huber 1964.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    y, p = matched(y_true, y_pred, "huber")
    e = ops.abs(p - y)
    return ops.mean(
        ops.where(e <= delta, 0.5 * ops.square(e), delta * e - 0.5 * delta * delta), axis=-1
    )


def unit_vectors(x: Tensor, axis: Any) -> Tensor:
    """Return x / |x| along the axis; vectors shorter than 1e-7 stay as short as they are."""
    largest = ops.stop_gradient(ops.max(ops.abs(x), axis=axis, keepdims=True))
    x = x / ops.maximum(largest, 1.0)  # whose squares do not overflow
    squared = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squared, EPSILON * EPSILON))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """-cos of the angle between y_true and y_pred: -1 for the same direction, 1 for the opposite.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...), without the axis.

    >>> cosine_similarity([[3.0, 4.0]], [[6.0, 8.0]]).numpy().round(6).tolist()
    [-1.0]
    """
    y, p = matched(y_true, y_pred, "cosine_similarity")
    return -ops.sum(unit_vectors(y, axis) * unit_vectors(p, axis), axis=axis)


class MeanSquaredError(PairedLoss):
    """Mean of (y_true - y_pred)^2: what fits the mean of the targets.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> MeanSquaredError()([[0.0, 1.0], [2.0, 2.0]], [[1.0, 1.0], [2.0, 4.0]]).item()
    1.25
    """

    function = staticmethod(mean_squared_error)


class MeanAbsoluteError(PairedLoss):
    """Mean of |y_true - y_pred|: what fits the median, and outliers pull no harder than others.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> MeanAbsoluteError()([[0.0, 1.0], [2.0, 2.0]], [[1.0, 1.0], [2.0, 4.0]]).item()
    0.75
    """

    function = staticmethod(mean_absolute_error)


class MeanAbsolutePercentageError(PairedLoss):
    """Mean of 100 |y_true - y_pred| / |y_true|; targets near 0 dominate it.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]).item()
    25.0
    """

    function = staticmethod(mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(PairedLoss):
    """Mean of (ln(1 + y_true) - ln(1 + y_pred))^2: ratios count, for targets of many sizes.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> MeanSquaredLogarithmicError()([[0.0]], [[1.0]]).numpy().round(4).item()
    0.4805
    """

    function = staticmethod(mean_squared_logarithmic_error)


class LogCosh(PairedLoss):
    """Mean of ln cosh(y_pred - y_true): like the squared error near 0, like the absolute one far.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> LogCosh()([[0.0]], [[1.0]]).numpy().round(4).item()
    0.4338
    """

    function = staticmethod(log_cosh)


class Huber(PairedLoss):
    """Squared error up to delta, absolute error beyond it: few outliers cannot take over.

    Args:
        delta: where the parabola becomes a line, above 0; 1 suits targets of unit variance.
        reduction, name, dtype: as in every Loss.

    Raises:
        ArgumentError: if delta is not above 0.

    >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]]).item()
    1.5
    """

    function = staticmethod(huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = check_number("delta", delta, low=0, open=True)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the error of each sample."""
        return huber(y_true, y_pred, self.delta)


class CosineSimilarity(PairedLoss):
    """-cos of the angle between y_true and y_pred: only the direction counts.

    Args:
        axis: of the vectors, the last by default.
        reduction, name, dtype: as in every Loss.

    >>> CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]]).numpy().round(6).item()
    -1.0
    """

    function = staticmethod(cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.axis = axis

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the similarity of each sample, negated."""
        return cosine_similarity(y_true, y_pred, self.axis)
