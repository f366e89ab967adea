"""F-scores: one number from precision and recall, for several classes."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_number
from neurona.nn.losses.loss import align_weight, match_ranks, ratio
from neurona.nn.metrics.metric import EXACT, Metric
from neurona.nn.metrics.reduction import as_type

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP): recall counts beta times as much.

    Args:
        average: None for one score for each class; "micro" counts all classes together, "macro" is
            the mean of the classes, "weighted" their mean weighted by how often each is true.
        beta: above 0; 1 is the harmonic mean of precision and recall.
        threshold: in (0, 1]: above it a score means yes; None means the largest of each sample, or
            0.5 where there is one score for each.
        name, dtype: as in every Metric.

    Raises:
        ArgumentError: for an unknown average, beta or threshold out of range.

    >>> m = FBetaScore(average="macro", beta=2.0, threshold=0.5)
    >>> m([[1, 1], [1, 0]], [[0.2, 0.6], [0.8, 0.6]]).numpy().round(4).item()
    0.6944
    """

    direction = "max"
    probabilities = True

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in AVERAGES:
            raise ArgumentError(
                "unknown average.", got=repr(average), expected="None, 'micro', 'macro', 'weighted'"
            )
        self.average = average
        self.beta = check_number("beta", beta, low=0, open=True)
        self.threshold = threshold
        if threshold is not None and check_number("threshold", threshold, low=0, high=1) == 0:
            raise ArgumentError("threshold is out of range.", got="0", expected="above 0, up to 1")

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Create the totals: one for each class, or one for all with average="micro"."""
        single = len(y_true_shape) == 1 and y_pred_shape[1:] == (1,)
        if len(y_pred_shape) != 2 or not (single or y_true_shape[1:] == y_pred_shape[1:]):
            raise ShapeError(
                f"{self.name}: labels and scores are (samples, classes).",
                got=f"y_true {y_true_shape}, y_pred {y_pred_shape}",
                hint="one-hot labels: nn.utils.to_categorical(y)",
            )
        shape = () if self.average == "micro" else (y_pred_shape[-1],)
        self.true_positives = self.add_total(shape, name="true_positives")
        self.false_positives = self.add_total(shape, name="false_positives")
        self.false_negatives = self.add_total(shape, name="false_negatives")
        self.support = self.add_total(shape, name="support")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: y_true (B, classes) of 0 and 1, y_pred (B, classes)."""
        y, p = match_ranks(as_type(y_true, EXACT), as_type(y_pred, self.dtype))
        self.prepare(y.shape, p.shape)
        if self.threshold is None and p.shape[-1] > 1:
            top = ops.max(p, axis=-1, keepdims=True)
            chosen = (p >= top) & (ops.abs(p) > 1e-9)  # all scores 0 choose nothing
        else:
            chosen = p > (0.5 if self.threshold is None else self.threshold)
        yes = chosen.astype(EXACT)
        weight: Any = 1.0 if sample_weight is None else align_weight(p, sample_weight, EXACT)
        axis = None if self.average == "micro" else 0
        self.true_positives.assign_add(ops.sum(yes * y * weight, axis=axis))
        self.false_positives.assign_add(ops.sum(yes * (1.0 - y) * weight, axis=axis))
        self.false_negatives.assign_add(ops.sum((1.0 - yes) * y * weight, axis=axis))
        self.support.assign_add(ops.sum(y * weight, axis=axis))

    def result(self) -> Tensor:
        """Return the score, or one for each class; 0 where nothing is true or predicted."""
        if not self.totals:
            return ops.zeros((), self.dtype)
        square = self.beta * self.beta
        right = (1.0 + square) * self.true_positives.value
        score = ratio(right, right + square * self.false_negatives.value + self.false_positives)
        if self.average == "weighted":
            score = ratio(ops.sum(score * self.support), ops.sum(self.support))
        elif self.average is not None:
            score = ops.mean(score)
        return as_type(score, self.dtype)


class F1Score(FBetaScore):
    """2 TP / (2 TP + FN + FP): the harmonic mean of precision and recall.

    Args:
        average: None for one score for each class; "micro", "macro" or "weighted" for one number.
        threshold: in (0, 1]: above it a score means yes; None means the largest of each sample, or
            0.5 where there is one score for each.
        name, dtype: as in every Metric.

    >>> F1Score(threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.6], [0.8, 0.6]]).numpy().round(4).tolist()
    [0.6667, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
