"""The confusion matrix of several classes, and intersection over union from it."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, check_number
from neurona.nn.losses.loss import align_weight, ratio
from neurona.nn.metrics.metric import EXACT, Metric
from neurona.nn.metrics.reduction import as_type, weight_of_real


def count_pairs(
    y: Tensor, p: Tensor, classes: int, weight: Any, ignored: int | None = None
) -> Tensor:
    """Return how often true class i (row) was predicted to be j (column), weighted.

    Args:
        y, p: class numbers, of one shape; pairs with a number out of range are left out.
        classes: their number.
        weight: (B,) or like y, or None.
        ignored: a true class to leave out.

    Shapes: y, p (B, ...) -> (classes, classes), float64.
    """
    if y.shape != p.shape:
        raise ShapeError(
            "a confusion matrix pairs each label with one prediction.",
            got=f"y_true {y.shape}, y_pred {p.shape}",
        )
    y, p = as_type(y, "int32"), as_type(p, "int32")
    valid = (y >= 0) & (y < classes) & (p >= 0) & (p < classes)
    if ignored is not None:
        valid = valid & (y != ignored)
    counts = valid.astype(EXACT)
    if weight is not None:
        counts = counts * align_weight(counts, weight)
    cell = ops.where(valid, y * classes + p, 0)
    empty = ops.zeros((classes * classes,), EXACT)
    total = ops.scatter_add(empty, ops.reshape(cell, (-1,)), ops.reshape(counts, (-1,)))
    return ops.reshape(total, (classes, classes))


class ConfusionMatrix(Metric):
    """How often each true class (row) was predicted to be each class (column).

    Args:
        num_classes: number of classes, 2 or more.
        threshold: for a single score a sample (one sigmoid): above it means class 1. In (0, 1) it
            is one of probabilities, also where the model's loss takes logits.
        name, dtype: as in every Metric.

    Shapes: y_true (B, ...) class numbers or (B, ..., classes) one-hot; y_pred class numbers, or
    scores (B, ..., classes), or one score (B, 1) for two classes. The result is
    (num_classes, num_classes), in float64.

    >>> ConfusionMatrix(2)([0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    class_numbers = True

    def __init__(
        self,
        num_classes: int,
        threshold: float = 0.5,
        name: str = "confusion_matrix",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = check_integer("num_classes", num_classes, minimum=2)
        self.threshold = check_number("threshold", threshold)
        self.probabilities = num_classes == 2 and 0 < self.threshold < 1
        self.matrix = self.add_total((num_classes, num_classes), name="matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        y, p = as_tensor(y_true), as_tensor(y_pred)
        rank = p.ndim
        if is_float(p.dtype) and p.ndim > 1 and p.shape[-1] == self.num_classes:
            p = ops.argmax(p, axis=-1)
        elif is_float(p.dtype) and p.ndim > 1 and p.shape[-1] == 1 and self.num_classes == 2:
            p = ops.squeeze(p > self.threshold, -1)
        if y.ndim == rank and y.ndim > p.ndim:
            y = ops.squeeze(y, -1) if y.shape[-1] == 1 else ops.argmax(y, axis=-1)
        weight = weight_of_real(y_pred, sample_weight)
        self.matrix.assign_add(count_pairs(y, p, self.num_classes, weight))

    def result(self) -> Tensor:
        """Return the counts so far."""
        return self.matrix.value


class IoU(Metric):
    """TP / (TP + FP + FN), averaged over the target classes that occur.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes to average over.
        name, dtype: as in every Metric.
        ignore_class: a true class that is left out.
        sparse_y_true, sparse_y_pred: whether they are class numbers; else argmax is taken. Of two
            classes one score will do: above 0.5 it means class 1.
        axis: of the classes, where they are not sparse.

    Raises:
        ArgumentError: if a target class is none of 0 to num_classes - 1.

    >>> IoU(2, [0])([0, 0, 1, 1], [0, 1, 0, 1]).numpy().round(4).item()
    0.3333
    """

    direction = "max"
    class_numbers = True

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = check_integer("num_classes", num_classes, minimum=1)
        self.matrix = self.add_total((num_classes, num_classes), name="matrix")
        self.target_class_ids = [int(k) for k in target_class_ids]
        if not self.target_class_ids or not all(
            0 <= k < num_classes for k in self.target_class_ids
        ):
            raise ArgumentError(
                "target_class_ids is out of range.",
                got=str(list(target_class_ids)),
                expected=f"classes from 0 to {num_classes - 1}",
            )
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.probabilities = sparse_y_pred and num_classes == 2

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        y, p = as_tensor(y_true), as_tensor(y_pred)
        y = y if self.sparse_y_true else ops.argmax(y, axis=self.axis)
        if not self.sparse_y_pred:
            p = ops.argmax(p, axis=self.axis)
        elif self.num_classes == 2 and is_float(p.dtype):
            p = p > 0.5  # cut off, a sigmoid of 0.9 would be class 0
        if y.shape != p.shape and y.size == p.size:  # (B, 1) and (B,)
            y = ops.reshape(y, p.shape)
        weight = weight_of_real(y_pred, sample_weight)
        self.matrix.assign_add(count_pairs(y, p, self.num_classes, weight, self.ignore_class))

    def result(self) -> Tensor:
        """Return the mean over the target classes that occur, 0 if none does."""
        identity = ops.one_hot(ops.arange(self.num_classes), self.num_classes, dtype=EXACT)
        right = ops.sum(self.matrix * identity, axis=0)
        union = ops.sum(self.matrix, axis=0) + ops.sum(self.matrix, axis=1) - right
        wanted = ops.one_hot(as_tensor(self.target_class_ids), self.num_classes, dtype=EXACT)
        occurs = ops.sum(wanted, axis=0) * (union > 0.0).astype(EXACT)
        mean = ratio(ops.sum(ratio(right, union) * occurs), ops.sum(occurs))
        return as_type(mean, self.dtype)


class BinaryIoU(IoU):
    """Intersection over union of the two sides of a threshold.

    Args:
        target_class_ids: the sides to average over; (1,) for what is above the threshold alone.
        threshold: from it on a score means class 1; in (0, 1) it is one of probabilities.
        name, dtype: as in every Metric.

    >>> BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).numpy().round(4).item()
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Any = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = check_number("threshold", threshold)
        self.probabilities = 0 < self.threshold < 1

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of scores."""
        above = as_type(y_pred, self.dtype) >= self.threshold
        weight = weight_of_real(y_pred, sample_weight)
        super().update_state(y_true, above.astype("int32"), weight)


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes that occur.

    Args:
        num_classes: number of classes.
        name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: as in IoU.

    >>> MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]).numpy().round(4).item()
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = range(check_integer("num_classes", num_classes, minimum=1))
        super().__init__(
            num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class OneHotIoU(IoU):
    """Intersection over union for one-hot labels, averaged over the target classes that occur.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: as in IoU.

    >>> OneHotIoU(2, [0])([[1, 0], [0, 1]], [[0.9, 0.1], [0.6, 0.4]]).item()
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(IoU):
    """Intersection over union for one-hot labels, averaged over all classes that occur.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: as in IoU.

    >>> OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.6, 0.4]]).item()
    0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        ids = range(check_integer("num_classes", num_classes, minimum=1))
        super().__init__(num_classes, ids, name, dtype, ignore_class, False, sparse_y_pred, axis)
