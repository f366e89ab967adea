"""Metrics for numbers: errors, similarity, explained variance, correlation."""

from __future__ import annotations

from functools import partial, reduce
from typing import Any

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.nn.losses import regression as losses
from neurona.nn.losses.loss import align_weight, match_ranks, matched, ratio, weighed
from neurona.nn.metrics.metric import EXACT, Metric
from neurona.nn.metrics.reduction import MeanMetricWrapper, as_type


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (y_true - y_pred)^2.

    >>> MeanSquaredError()([[0.0], [1.0]], [[1.0], [1.0]]).item()
    0.5
    """

    direction = "min"

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class RootMeanSquaredError(MeanMetricWrapper):
    """Root of the mean of (y_true - y_pred)^2: an error in the unit of the targets.

    >>> RootMeanSquaredError()([[0.0], [0.0]], [[3.0], [3.0]]).item()
    3.0
    """

    direction = "min"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(squared_difference, name, dtype)

    def result(self) -> Tensor:
        """Return the root of the mean so far."""
        return ops.sqrt(super().result())


def squared_difference(y_true: Any, y_pred: Any) -> Tensor:
    """(y_true - y_pred)^2, element by element.

    >>> squared_difference([1.0], [3.0]).tolist()
    [4.0]
    """
    y, p = matched(y_true, y_pred, "squared_difference")
    return ops.square(y - p)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |y_true - y_pred|.

    >>> MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [1.0]]).item()
    0.5
    """

    direction = "min"

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of 100 |y_true - y_pred| / |y_true|.

    >>> MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]).item()
    25.0
    """

    direction = "min"

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of (ln(1 + y_true) - ln(1 + y_pred))^2.

    >>> MeanSquaredLogarithmicError()([[0.0]], [[1.0]]).numpy().round(4).item()
    0.4805
    """

    direction = "min"

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of ln cosh(y_pred - y_true).

    >>> LogCoshError()([[0.0]], [[1.0]]).numpy().round(4).item()
    0.4338
    """

    direction = "min"

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """cos of the angle between y_true and y_pred: 1 for the same direction (the loss negates it).

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...), without the axis.

    >>> cosine_similarity([[3.0, 4.0]], [[6.0, 8.0]]).numpy().round(6).tolist()
    [1.0]
    """
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(MeanMetricWrapper):
    """Mean cos of the angle between y_true and y_pred.

    Args:
        name, dtype: as in every Metric.
        axis: of the vectors, the last by default.

    >>> CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]]).numpy().round(6).item()
    1.0
    """

    direction = "max"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        self.axis = axis
        super().__init__(partial(cosine_similarity, axis=axis), name, dtype)


def _centred(y_true: Any, y_pred: Any, axis: int, name: str) -> tuple[Tensor, ...]:
    """Return deviations of both from their means along an axis, and of y_pred from y_true."""
    y, p = matched(y_true, y_pred, name)
    return _deviation(y, axis), _deviation(p, axis), p - y


def _deviation(x: Tensor, axis: int) -> Tensor:
    """Return x minus its mean along the axis, where the mean may be far larger than x differs."""
    x = x - ops.mean(x, axis=axis, keepdims=True)
    return x - ops.mean(x, axis=axis, keepdims=True)  # what rounding of the mean had left


def _largest(axis: int, *tensors: Tensor) -> Tensor:
    """Return the largest magnitude along the axis, as a constant."""
    tops = [ops.max(ops.abs(x), axis=axis, keepdims=True) for x in tensors]
    return ops.stop_gradient(reduce(ops.maximum, tops))


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Covariance of y_true and y_pred along the axis over the product of their deviations.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...), without the axis; 0 where one is constant.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).numpy().round(5).tolist()
    [1.0]
    """
    y, p, _ = _centred(y_true, y_pred, axis, "pearson_correlation")
    y, p = (ratio(x, _largest(axis, x)) for x in (y, p))  # squares that neither vanish nor overflow
    spread = ops.sum(y * y, axis=axis) * ops.sum(p * p, axis=axis)
    return ratio(ops.sum(y * p, axis=axis), ops.sqrt(spread))


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """2 cov / (var y + var p + (mean y - mean p)^2): correlation with the identity line.

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...), without the axis; 0 where both are one constant.
    Source: Lin 1989.

    >>> concordance_correlation([[0.0, 1.0]], [[0.0, 1.0]]).numpy().round(5).tolist()
    [1.0]
    """
    y, p, difference = _centred(y_true, y_pred, axis, "concordance_correlation")
    largest = _largest(axis, y, p, difference)
    y, p, difference = (ratio(x, largest) for x in (y, p, difference))
    shift = ops.mean(difference, axis=axis, keepdims=True)
    norm = ops.mean(y * y + p * p + ops.square(shift), axis=axis)
    return ratio(2.0 * ops.mean(y * p, axis=axis), norm)


class PearsonCorrelation(MeanMetricWrapper):
    """Mean over the samples of the correlation along the axis.

    Args:
        name, dtype: as in every Metric.
        axis: that is correlated, the last by default.

    >>> PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).numpy().round(5).item()
    1.0
    """

    direction = "max"

    def __init__(
        self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        self.axis = axis
        super().__init__(partial(pearson_correlation, axis=axis), name, dtype)


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean over the samples of the concordance correlation along the axis.

    Args:
        name, dtype: as in every Metric.
        axis: that is correlated, the last by default.

    >>> ConcordanceCorrelation()([[0.0, 1.0]], [[0.0, 1.0]]).numpy().round(5).item()
    1.0
    """

    direction = "max"

    def __init__(
        self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        self.axis = axis
        super().__init__(partial(concordance_correlation, axis=axis), name, dtype)


AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """1 - sum (y_true - y_pred)^2 / sum (y_true - mean)^2: the share of variance explained.

    1 is perfect, 0 is as good as the mean of the targets, below 0 is worse. 0 where the targets do
    not vary.

    Args:
        class_aggregation: "uniform_average" over the outputs, "variance_weighted_average", or None
            for one score for each.
        num_regressors: p of the adjusted score, 1 - (1 - R^2)(n - 1)/(n - p - 1); 0 for the plain
            one, which is also given while n <= p + 1.
        name, dtype: as in every Metric.

    Raises:
        ArgumentError: for an unknown aggregation, or fewer than 0 regressors.
        ShapeError: if the data are not (samples, outputs).

    >>> R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]).numpy().round(4).item()
    0.5714
    """

    direction = "max"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in AGGREGATIONS:
            raise ArgumentError(
                "unknown class_aggregation.",
                got=repr(class_aggregation),
                expected=", ".join(map(repr, AGGREGATIONS)),
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = check_integer("num_regressors", num_regressors, minimum=0)
        self.samples = self.add_total(name="samples")

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Create the totals, one for each output."""
        if len(y_pred_shape) != 2 or len(y_true_shape) not in (1, 2):
            raise ShapeError(
                f"{self.name}: targets and predictions are (samples, outputs).",
                got=f"y_true {y_true_shape}, y_pred {y_pred_shape}",
            )
        shape = (y_pred_shape[-1],)
        self.mean = self.add_total(shape, name="mean")
        self.variation = self.add_total(shape, name="variation")  # sum of (y - mean)^2
        self.residual = self.add_total(shape, name="residual")
        self.count = self.add_total(shape, name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch: y_true and y_pred (B, outputs)."""
        y, p = match_ranks(as_type(y_true, EXACT), as_type(y_pred, EXACT))
        self.prepare(y.shape, p.shape)
        y, p = matched(y, p, self.name)
        weight = ops.ones(y.shape, EXACT)
        if sample_weight is not None:
            weight = ops.broadcast_to(align_weight(y, sample_weight), y.shape)
        self.residual.assign_add(ops.sum(weighed(weight, ops.square(y - p)), axis=0))
        self.samples.assign_add(float(y.shape[0]))
        # two passes over the batch, then merged (Chan et al. 1979): large sums would cancel
        n = ops.sum(weight, axis=0)
        mean = ratio(ops.sum(weight * y, axis=0), n)
        mean = mean + ratio(ops.sum(weight * (y - mean), axis=0), n)  # what rounding had left
        variation = ops.sum(weight * ops.square(y - mean), axis=0)
        share = ratio(n, self.count + n)
        away = mean - self.mean
        self.variation.assign_add(variation + ops.square(away) * share * self.count)
        self.mean.assign_add(away * share)
        self.count.assign_add(n)

    def result(self) -> Tensor:
        """Return the score, or one for each output."""
        if len(self.totals) == 1:
            return ops.zeros((), self.dtype)
        total = self.variation.value
        score = ops.where(total > 0.0, 1.0 - ratio(self.residual.value, total), 0.0)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ratio(ops.sum(total * score), ops.sum(total))
        if self.num_regressors:
            n, p = self.samples.value, float(self.num_regressors)
            adjusted = 1.0 - (1.0 - score) * ratio(n - 1.0, n - p - 1.0)
            score = ops.where(n - p - 1.0 > 0.0, adjusted, score)
        return as_type(score, self.dtype)
