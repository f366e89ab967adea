"""Accuracies: the share of predictions that are right."""

from __future__ import annotations

from functools import partial
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_integer, check_number
from neurona.nn.losses.categorical import class_numbers
from neurona.nn.losses.loss import match_ranks
from neurona.nn.metrics.reduction import MeanMetricWrapper, as_type


def _ones(right: Tensor) -> Tensor:
    """Return 1 for true and 0 for false."""
    return right.astype(as_dtype(None))


def _pair(y_true: Any, y_pred: Any, name: str) -> tuple[Tensor, Tensor]:
    y, p = match_ranks(as_tensor(y_true), as_tensor(y_pred))
    if y.shape != p.shape:
        raise ShapeError(
            f"{name}: one label for each prediction.",
            got=f"y_true {y.shape}, y_pred {p.shape}",
            hint="metrics=['accuracy'] chooses the kind that fits labels and outputs",
        )
    return y, p


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where y_pred equals y_true.

    Shapes: y_true, y_pred (B, ...) -> (B, ...).

    >>> accuracy([1, 2], [1, 3]).tolist()
    [1.0, 0.0]
    """
    y, p = _pair(y_true, y_pred, "accuracy")
    return _ones(as_type(y, p.dtype) == p)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where y_pred > threshold says what y_true (0 or 1) says.

    Shapes: y_true, y_pred (B, ...) -> (B, ...).

    >>> binary_accuracy([1, 0], [0.7, 0.6]).tolist()
    [1.0, 0.0]
    """
    y, p = _pair(y_true, y_pred, "binary_accuracy")
    said = as_type(p > threshold, "int32" if y.dtype.kind == "b" else y.dtype)
    return _ones((said == y) & (p == p))  # NaN says nothing


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest score is that of the true class, given one-hot.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...).

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.1, 0.9]]).tolist()
    [1.0, 0.0]
    """
    y, p = _pair(y_true, y_pred, "categorical_accuracy")
    return _ones(ops.argmax(y, axis=-1) == ops.argmax(p, axis=-1))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest score is that of the true class, given as an integer.

    Shapes: y_true (B, ...) or (B, ..., 1), y_pred (B, ..., classes) -> (B, ...).

    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.1, 0.9]]).tolist()
    [1.0, 0.0]
    """
    p = as_tensor(y_pred)
    y = class_numbers(y_true, p.shape, p.ndim - 1, "sparse_categorical_accuracy")
    return _ones(ops.argmax(p, axis=-1) == y)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where fewer than k scores are larger than that of the true class, given one-hot.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...).

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.5, 0.4]], k=2).tolist()
    [1.0]
    """
    y, p = _pair(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(ops.argmax(y, axis=-1), p, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where fewer than k scores are larger than that of the true class, given as an integer.

    Shapes: y_true (B, ...), y_pred (B, ..., classes) -> (B, ...). With `from_sorted_ids` y_pred
    holds class numbers, best first, instead of scores.

    >>> sparse_top_k_categorical_accuracy([2], [[0.1, 0.5, 0.4]], k=2).tolist()
    [1.0]
    """
    p = as_tensor(y_pred)
    y = class_numbers(y_true, p.shape, p.ndim - 1, "sparse_top_k_categorical_accuracy")
    place = ops.expand_dims(y, -1)
    if from_sorted_ids:
        return _ones(ops.any(as_type(p, "int32")[..., :k] == place, axis=-1))
    score = ops.take_along_axis(p, place, axis=-1)
    behind = p <= score  # NaN, of the label or of another class, is not behind
    return _ones(ops.sum(behind, axis=-1) > p.shape[-1] - k)


class Accuracy(MeanMetricWrapper):
    """Share of predictions that equal the label exactly.

    >>> Accuracy()([1, 2], [1, 3]).item()
    0.5
    """

    direction = "max"

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Share of predictions on the right side of the threshold.

    Args:
        threshold: above it a prediction means 1. In (0, 1) it is one of probabilities, also where
            the model's loss takes logits; 0 is one of logits.
        name, dtype: as in every Metric.

    >>> BinaryAccuracy()([[1], [0]], [[0.7], [0.6]]).item()
    0.5
    """

    direction = "max"

    def __init__(
        self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        self.threshold = check_number("threshold", threshold)
        self.probabilities = 0 < self.threshold < 1
        super().__init__(partial(binary_accuracy, threshold=self.threshold), name, dtype)


class CategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest score is the true class, given one-hot.

    >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.1, 0.9]]).item()
    0.5
    """

    direction = "max"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest score is the true class, given as an integer.

    >>> SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.1, 0.9]]).item()
    0.5
    """

    direction = "max"
    class_numbers = True

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose true class, given one-hot, is among the k largest scores.

    Args:
        k: how many are looked at; 5 as in ImageNet's contest.
        name, dtype: as in every Metric.

    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.1, 0.5, 0.4]]).item()
    1.0
    """

    direction = "max"

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        self.k = check_integer("k", k, minimum=1)
        super().__init__(partial(top_k_categorical_accuracy, k=self.k), name, dtype)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose true class, given as an integer, is among the k largest scores.

    Args:
        k: how many are looked at; 5 as in ImageNet's contest.
        name, dtype: as in every Metric.
        from_sorted_ids: whether predictions are class numbers, best first, instead of scores.

    >>> SparseTopKCategoricalAccuracy(k=2)([2], [[0.1, 0.5, 0.4]]).item()
    1.0
    """

    direction = "max"
    class_numbers = True

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        self.k, self.from_sorted_ids = check_integer("k", k, minimum=1), from_sorted_ids
        function = partial(
            sparse_top_k_categorical_accuracy, k=self.k, from_sorted_ids=from_sorted_ids
        )
        super().__init__(function, name, dtype)
