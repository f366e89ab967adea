"""The best of one rate while another is kept: sensitivity at specificity, precision at recall."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.metrics.confusion import ThresholdCounts, even_thresholds
from neurona.nn.metrics.reduction import as_type


def best_where(kept: Tensor, limit: float, wanted: Tensor) -> Tensor:
    """Return the largest `wanted` among the thresholds where `kept` is at least the limit, or 0."""
    return ops.max(ops.where(kept >= limit, wanted, 0.0))


class SensitivityAtSpecificity(ThresholdCounts):
    """Best sensitivity (recall) among the thresholds with at least this specificity.

    Args:
        specificity: TN / (TN + FP) to keep, in [0, 1].
        num_thresholds: evenly spaced from 0 to 1.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]).item()
    0.5
    """

    direction = "max"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.value = check_number("specificity", specificity, low=0, high=1)
        super().__init__(even_thresholds(num_thresholds), class_id=class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the best sensitivity."""
        return as_type(best_where(self.specificity(), self.value, self.recall()), self.dtype)


class SpecificityAtSensitivity(ThresholdCounts):
    """Best specificity among the thresholds with at least this sensitivity (recall).

    Args:
        sensitivity: TP / (TP + FN) to keep, in [0, 1].
        num_thresholds: evenly spaced from 0 to 1.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    >>> m = SpecificityAtSensitivity(0.5)
    >>> m([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]).numpy().round(4).item()
    0.6667
    """

    direction = "max"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.value = check_number("sensitivity", sensitivity, low=0, high=1)
        super().__init__(even_thresholds(num_thresholds), class_id=class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the best specificity."""
        return as_type(best_where(self.recall(), self.value, self.specificity()), self.dtype)


class PrecisionAtRecall(ThresholdCounts):
    """Best precision among the thresholds with at least this recall.

    Args:
        recall: TP / (TP + FN) to keep, in [0, 1].
        num_thresholds: evenly spaced from 0 to 1.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]).item()
    0.5
    """

    direction = "max"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.value = check_number("recall", recall, low=0, high=1)
        super().__init__(even_thresholds(num_thresholds), class_id=class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the best precision."""
        return as_type(best_where(self.recall(), self.value, self.precision()), self.dtype)


class RecallAtPrecision(ThresholdCounts):
    """Best recall among the thresholds with at least this precision.

    Args:
        precision: TP / (TP + FP) to keep, in [0, 1].
        num_thresholds: evenly spaced from 0 to 1.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]).item()
    0.5
    """

    direction = "max"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.value = check_number("precision", precision, low=0, high=1)
        super().__init__(even_thresholds(num_thresholds), class_id=class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the best recall."""
        return as_type(best_where(self.precision(), self.value, self.recall()), self.dtype)
