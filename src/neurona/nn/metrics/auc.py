"""Area under a curve that a threshold runs along."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.budget import spend
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer, check_number
from neurona.nn.losses.loss import EPSILON, ratio
from neurona.nn.metrics.confusion import ThresholdCounts
from neurona.nn.metrics.metric import EXACT
from neurona.nn.metrics.reduction import as_type

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "minoring", "majoring")


class AUC(ThresholdCounts):
    """Area under the ROC curve (recall over false alarms) or the precision-recall curve.

    An approximation by Riemann sums at fixed thresholds, so it can be gathered over batches. The
    area under ROC is the chance that a random yes scores higher than a random no.

    Args:
        num_thresholds: of the approximation, 2 or more; 200 puts the error below 1/200 for scores
            that spread over [0, 1].
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: "interpolation" (trapezoids for ROC, Davis and Goadrich's formula for PR),
            "minoring" or "majoring".
        name, dtype: as in every Metric.
        thresholds: your own, in (0, 1), instead of num_thresholds.
        multi_label: one area for each column, then averaged; else all columns count as one.
        num_labels: number of columns for multi_label; taken from the data by default.
        label_weights: weight of each column.
        from_logits: whether predictions are scores before the sigmoid; not needed in a model
            whose loss says so.

    Raises:
        ArgumentError: for an unknown curve or method.

    Source: Davis and Goadrich 2006 (interpolated PR); Flach and Kull 2015 (PRGAIN).

    >>> AUC()([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]).numpy().round(4).item()
    0.75
    """

    direction = "max"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = check_choice("curve", curve, CURVES)
        self.summation_method = check_choice("summation_method", summation_method, METHODS)
        if thresholds is None:
            steps = check_integer("num_thresholds", num_thresholds, minimum=2) - 1
            spend(32 * steps)
            inner = [i / steps for i in range(1, steps)]
        else:
            inner = sorted(check_number("thresholds", t, low=0, high=1) for t in thresholds)
        if num_labels is not None and not multi_label:
            raise ArgumentError(
                "num_labels needs multi_label=True.", got=f"num_labels={num_labels}"
            )
        super().__init__(
            [-EPSILON, *inner, 1 + EPSILON],
            labels=(num_labels or 0) if multi_label else 1,
            name=name,
            dtype=dtype,
        )
        self.num_thresholds, self.multi_label = len(self.thresholds), multi_label
        self.from_logits = from_logits
        self.probabilities = "from_logits" not in self.arguments
        self.label_weights = (
            None if label_weights is None else as_tensor(label_weights).astype(EXACT)
        )

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Create the totals, one column for each label."""
        if self.multi_label and len(y_pred_shape) != 2:
            raise ShapeError(
                f"{self.name}: multi_label needs (samples, labels).", got=f"y_pred {y_pred_shape}"
            )
        if not self.labels:
            self.add_counts(y_pred_shape[1])

    def count(self, yes: Tensor, p: Tensor, weight: Tensor) -> None:
        """Add to the totals."""
        p = ops.clip(ops.sigmoid(p) if self.from_logits else p, 0.0, 1.0)
        if self.label_weights is not None and not self.multi_label:
            weight = weight * self.label_weights
        super().count(yes, p, weight)

    def result(self) -> Tensor:
        """Return the area; with multi_label the mean over the labels."""
        if not self.totals:
            return ops.zeros((), self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            pieces = self._interpolated_pr()
        else:
            x, y = self._points()
            left, right = y[:-1], y[1:]
            heights = {
                "interpolation": lambda: (left + right) / 2.0,
                "minoring": lambda: ops.minimum(left, right),
                "majoring": lambda: ops.maximum(left, right),
            }[self.summation_method]()
            pieces = (x[:-1] - x[1:]) * heights
        areas = ops.sum(pieces, axis=0)  # (labels,)
        if self.label_weights is not None and self.multi_label:
            area = ratio(ops.sum(areas * self.label_weights), ops.sum(self.label_weights))
        else:
            area = ops.mean(areas)
        return as_type(area, self.dtype)

    def _points(self) -> tuple[Tensor, Tensor]:
        """Return x and y of the curve at the thresholds, x falling."""
        if self.curve == "ROC":
            return ratio(self.false_positives.value, self.false_positives + self.true_negatives), (
                self.recall()
            )
        if self.curve == "PR":
            return self.recall(), self.precision()
        positive = self.true_positives.value
        scale = ratio(
            positive + self.false_negatives, self.true_negatives + self.false_positives.value
        )
        found = positive != 0.0
        x = ops.where(found, 1.0 - scale * ratio(self.false_negatives.value, positive), 0.0)
        y = ops.where(found, 1.0 - scale * ratio(self.false_positives.value, positive), 1.0)
        return ops.maximum(x, 0.0), y

    def _interpolated_pr(self) -> Tensor:
        """Return the area between thresholds, where TP grows linearly with TP + FP."""
        tp, fn = self.true_positives.value, self.false_negatives.value
        p = tp + self.false_positives
        d_tp, d_p = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = ratio(d_tp, ops.maximum(d_p, 0.0))
        intercept = tp[1:] - slope * p[1:]
        inside = (p[:-1] > 0.0) & (p[1:] > 0.0)
        growth = ops.where(inside, ratio(p[:-1], p[1:]), 1.0)
        return ratio(slope * (d_tp + intercept * ops.log(growth)), tp[1:] + fn[1:])
