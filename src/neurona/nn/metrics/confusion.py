"""Counts of right and wrong yes and no at thresholds, and what follows from them."""

from __future__ import annotations

import math
from typing import Any

from neurona import ops
from neurona.core.budget import spend
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape, product
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_integer, check_number
from neurona.nn.losses.loss import align_weight, match_ranks, ratio
from neurona.nn.metrics.metric import EXACT, Metric
from neurona.nn.metrics.reduction import as_type, weight_of_real

LOWEST = -math.inf  # below any score: what top_k leaves out


def even_thresholds(count: int) -> list[float]:
    """Return thresholds evenly spaced from 0 to 1; one alone is 1/2."""
    check_integer("num_thresholds", count, minimum=1)
    spend(32 * count)
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


class ThresholdCounts(Metric):
    """True and false positives and negatives at one or several thresholds.

    A prediction above a threshold means yes. Totals are (thresholds, labels), in float64.

    Args:
        thresholds: a number or a list of numbers in [0, 1], of probabilities, also where the
            model's loss takes logits; 0 alone is one of logits.
        top_k: only the k largest scores of a sample can mean yes.
        class_id: look at this class alone.
        labels: how many labels are counted separately; 1 counts all together.
        name, dtype: as in every Metric.
    """

    def __init__(
        self,
        thresholds: Any = 0.5,
        top_k: int | None = None,
        class_id: int | None = None,
        labels: int = 1,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        several = thresholds if isinstance(thresholds, list | tuple) else [thresholds]
        self.thresholds = [float(t) for t in several]
        self.probabilities = any(t > 0 for t in self.thresholds)
        self.top_k = None if top_k is None else check_integer("top_k", top_k, minimum=1)
        self.class_id = None if class_id is None else check_integer("class_id", class_id, minimum=0)
        self.labels = 0
        if labels:
            self.add_counts(labels)

    def add_counts(self, labels: int) -> None:
        """Create the totals."""
        self.labels = labels
        shape = (len(self.thresholds), labels)
        self.true_positives = self.add_total(shape, name="true_positives")
        self.false_positives = self.add_total(shape, name="false_positives")
        self.true_negatives = self.add_total(shape, name="true_negatives")
        self.false_negatives = self.add_total(shape, name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: y_true not 0 means yes; weights are for samples or for each label."""
        y, p = self._pair(y_true, y_pred)
        self.prepare(y.shape, p.shape)
        weight = ops.ones((), EXACT)
        sample_weight = weight_of_real(y_pred, sample_weight)
        if sample_weight is not None:
            weight = align_weight(p, sample_weight, EXACT)
        self.count(y != 0.0, p, ops.broadcast_to(weight, p.shape))

    def count(self, yes: Tensor, p: Tensor, weight: Tensor) -> None:
        """Add to the totals; yes, p and weight are of one shape."""
        shape = (product(p.shape) // self.labels, self.labels)
        yes, p, weight = (ops.reshape(x, shape) for x in (yes, p, weight))
        limits = ops.reshape(as_tensor(self.thresholds).astype(self.dtype), (-1, 1, 1))
        above = p > limits  # (thresholds, samples, labels)
        positive, negative = ops.where(yes, weight, 0.0), ops.where(yes, 0.0, weight)
        true = ops.sum(ops.where(above, positive, 0.0), axis=1)
        false = ops.sum(ops.where(above, negative, 0.0), axis=1)
        self.true_positives.assign_add(true)
        self.false_positives.assign_add(false)
        self.false_negatives.assign_add(ops.sum(positive, axis=0) - true)
        self.true_negatives.assign_add(ops.sum(negative, axis=0) - false)

    def _pair(self, y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
        y, p = match_ranks(as_type(y_true, self.dtype), as_type(y_pred, self.dtype))
        if y.shape != p.shape:
            raise ShapeError(
                f"{self.name}: one label for each prediction.",
                got=f"y_true {y.shape}, y_pred {p.shape}",
                hint="for class numbers use one-hot labels, and class_id to look at one class",
            )
        if self.top_k is not None:
            places = ops.top_k(p, self.top_k)[1]
            kept = ops.sum(ops.one_hot(places, p.shape[-1], dtype=self.dtype), axis=-2)
            p = ops.where(kept > 0.0, p, LOWEST)
        if self.class_id is not None:
            if p.ndim < 2 or self.class_id >= p.shape[-1]:
                raise ShapeError(
                    f"{self.name}: there is no class {self.class_id}.", got=f"y_pred {p.shape}"
                )
            k = self.class_id
            y, p = y[..., k : k + 1], p[..., k : k + 1]
        return y, p

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Create nothing: the totals exist unless a subclass left them for later."""

    def at_thresholds(self, values: Tensor) -> Tensor:
        """Return (thresholds, 1) as (thresholds,), or as a number for one threshold."""
        return ops.reshape(values, () if len(self.thresholds) == 1 else (-1,))

    def precision(self) -> Tensor:
        """Return the share of right ones among the predicted yes, 0 if there is none."""
        positive = self.true_positives.value
        return ratio(positive, positive + self.false_positives)

    def recall(self) -> Tensor:
        """Return the share of the true yes that were predicted, 0 if there is none."""
        positive = self.true_positives.value
        return ratio(positive, positive + self.false_negatives)

    def specificity(self) -> Tensor:
        """Return the share of the true no that were predicted, 0 if there is none."""
        negative = self.true_negatives.value
        return ratio(negative, negative + self.false_positives)


def _checked(thresholds: Any, default: float) -> Any:
    """Return thresholds in [0, 1], or the default for None."""
    if thresholds is None:
        return default
    several = thresholds if isinstance(thresholds, list | tuple) else [thresholds]
    return [check_number("thresholds", t, low=0, high=1) for t in several]


class _Count(ThresholdCounts):
    """The four counts, each by the name of the total that is `counted`."""

    counted: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(_checked(thresholds, 0.5), name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the number at each threshold."""
        return self.at_thresholds(getattr(self, self.counted))


class TruePositives(_Count):
    """Number of yes that were predicted.

    Args:
        thresholds: above which a prediction means yes, 0.5 by default; a list gives a list.
        name, dtype: as in every Metric.

    >>> TruePositives()([1, 1, 0], [0.9, 0.1, 0.8]).item()
    1.0
    """

    direction = "max"
    counted = "true_positives"


class TrueNegatives(_Count):
    """Number of no that were predicted.

    Args:
        thresholds: above which a prediction means yes, 0.5 by default; a list gives a list.
        name, dtype: as in every Metric.

    >>> TrueNegatives()([1, 0, 0], [0.9, 0.1, 0.8]).item()
    1.0
    """

    direction = "max"
    counted = "true_negatives"


class FalsePositives(_Count):
    """Number of no that were predicted to be yes: false alarms.

    Args:
        thresholds: above which a prediction means yes, 0.5 by default; a list gives a list.
        name, dtype: as in every Metric.

    >>> FalsePositives()([1, 1, 0], [0.9, 0.1, 0.8]).item()
    1.0
    """

    direction = "min"
    counted = "false_positives"


class FalseNegatives(_Count):
    """Number of yes that were predicted to be no: misses.

    Args:
        thresholds: above which a prediction means yes, 0.5 by default; a list gives a list.
        name, dtype: as in every Metric.

    >>> FalseNegatives()([1, 1, 0], [0.9, 0.1, 0.8]).item()
    1.0
    """

    direction = "min"
    counted = "false_negatives"


class Precision(ThresholdCounts):
    """TP / (TP + FP): the share of right ones among the predicted yes; 0 if none is predicted.

    Args:
        thresholds: above which a prediction means yes; 0.5 by default, or none with top_k.
        top_k: only the k largest scores of a sample can mean yes.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    Raises:
        ArgumentError: if a threshold is outside of [0, 1].

    >>> Precision()([0, 1, 1, 1], [0.9, 0.1, 0.8, 0.7]).numpy().round(4).item()
    0.6667
    """

    direction = "max"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        limits = _checked(thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(limits, top_k, class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the precision at each threshold."""
        return self.at_thresholds(as_type(self.precision(), self.dtype))


class Recall(ThresholdCounts):
    """TP / (TP + FN): the share of the true yes that were predicted; 0 if there is none.

    Args:
        thresholds: above which a prediction means yes; 0.5 by default, or none with top_k.
        top_k: only the k largest scores of a sample can mean yes.
        class_id: look at this class alone.
        name, dtype: as in every Metric.

    Raises:
        ArgumentError: if a threshold is outside of [0, 1].

    >>> Recall()([0, 1, 1, 1], [0.9, 0.1, 0.8, 0.7]).numpy().round(4).item()
    0.6667
    """

    direction = "max"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        limits = _checked(thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(limits, top_k, class_id, name=name, dtype=dtype)

    def result(self) -> Tensor:
        """Return the recall at each threshold."""
        return self.at_thresholds(as_type(self.recall(), self.dtype))
