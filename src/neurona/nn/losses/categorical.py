"""Cross-entropies for one of several classes: a softmax over them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape, normalize_axis
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_number
from neurona.nn.losses.labels import check_classes, check_one_hot
from neurona.nn.losses.logits import focus, smoothed, surprise
from neurona.nn.losses.loss import Loss, as_floats, weighed


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum over the classes of y ln p, for one-hot or soft targets y.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...), without the axis of the classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.6931]
    """
    y, p, axis = _one_hot_pair(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    return ops.sum(
        weighed(y, surprise(p, from_logits, axis, "categorical_crossentropy")), axis=axis
    )


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum over the classes of alpha (1 - p)^gamma y ln p.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...), without the axis of the classes.
    Source: Lin et al. 2017, eq. 5, for several classes.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.0433]
    """
    name = "categorical_focal_crossentropy"
    y, p, axis = _one_hot_pair(y_true, y_pred, label_smoothing, axis, name)
    s = surprise(p, from_logits, axis, name)
    miss = -ops.expm1(-ops.minimum(s, 100.0))  # 1 - p = 1 - e^-s, without a gradient where p is 0
    return ops.sum(alpha * focus(miss, gamma) * weighed(y, s), axis=axis)


def _one_hot_pair(
    y_true: Any, y_pred: Any, smoothing: float, axis: int, name: str
) -> tuple[Tensor, Tensor, int]:
    y, p = as_tensor(y_true), as_floats(y_pred)
    if y.shape != p.shape:
        sparse = name.replace("categorical", "sparse_categorical")
        raise ShapeError(
            f"{name}: the targets are one-hot.",
            got=f"y_true {y.shape}, y_pred {p.shape}",
            expected=f"y_true {p.shape}",
            hint=f"for class numbers use loss={sparse!r}" if "focal" not in name else "",
        )
    axis = normalize_axis(axis, p.ndim, name)
    y = y if y.dtype == p.dtype else y.astype(p.dtype)
    return smoothed(y, smoothing, p.shape[axis]), p, axis


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-ln p_y, where y is the class as an integer; 0 where y is `ignore_class`.

    Shapes: y_true (B, ...), y_pred (B, ..., classes) -> (B, ...), without the axis of the classes.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.6931]
    """
    name = "sparse_categorical_crossentropy"
    p = as_floats(y_pred)
    axis = normalize_axis(axis, p.ndim, name)
    y = class_numbers(y_true, p.shape, axis, name)
    keep = None if ignore_class is None else ops.expand_dims(y != ignore_class, axis)
    s = surprise(p, from_logits, axis, name)
    index = ops.expand_dims(y, axis)
    if keep is not None:
        index = ops.where(keep, index, 0)
    loss = ops.take_along_axis(s, index, axis=axis)
    if keep is not None:
        loss = ops.where(keep, loss, 0.0)
    return ops.squeeze(loss, axis)


def class_numbers(y_true: Any, shape: Shape, axis: int, name: str) -> Tensor:
    """Return labels as int32 (B, ...) for scores of this shape with the classes at the axis."""
    y = as_tensor(y_true)
    expected = shape[:axis] + shape[axis + 1 :]
    if y.ndim == len(shape) and y.shape[axis] == 1:
        y = ops.squeeze(y, axis)
    if y.shape != expected:
        raise ShapeError(
            f"{name}: the labels are class numbers.",
            got=f"y_true {y.shape}, y_pred {shape}",
            expected=f"y_true {expected}",
            hint=f"for one-hot labels use {name.replace('sparse_', '')!r}",
        )
    return y if y.dtype == np.int32 else y.astype("int32")


class CategoricalCrossentropy(Loss):
    """-sum of y ln p: for one of several classes, given one-hot, after a softmax.

    Args:
        from_logits: whether predictions are scores before the softmax; not needed with a softmax
            layer, which is remembered.
        label_smoothing: share of each target that is spread over all classes, in [0, 1].
        axis: of the classes, the last by default.
        reduction, name, dtype: as in every Loss.

    Raises:
        ArgumentError: if from_logits is True and the predictions are a sigmoid's or a softmax's.
        ShapeError: if y_true is not one-hot.

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).item()
    0.6931
    """

    function = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.axis = from_logits, axis
        self.label_smoothing = check_number("label_smoothing", label_smoothing, low=0, high=1)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the cross-entropy of each sample."""
        return categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return the predictions, or their softmax if they are logits."""
        return ops.softmax(y_pred, self.axis) if self.from_logits else y_pred

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are not one-hot for these outputs."""
        check_one_hot(y, output_shape, self.axis, self.name)


class CategoricalFocalCrossentropy(Loss):
    """-sum of alpha (1 - p)^gamma y ln p: what is known already counts less.

    Args:
        alpha: weight, in [0, 1].
        gamma: how strongly easy samples are discounted, 0 or more; 2 as in the paper.
        from_logits, label_smoothing, axis: as in CategoricalCrossentropy.
        reduction, name, dtype: as in every Loss.

    Source: Lin et al. 2017.

    >>> CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).item()
    0.0433
    """

    function = staticmethod(categorical_focal_crossentropy)

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha = check_number("alpha", alpha, low=0, high=1)
        self.gamma = check_number("gamma", gamma, low=0)
        self.from_logits, self.axis = from_logits, axis
        self.label_smoothing = check_number("label_smoothing", label_smoothing, low=0, high=1)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the focal cross-entropy of each sample."""
        return categorical_focal_crossentropy(
            y_true, y_pred, self.alpha, self.gamma,
            self.from_logits, self.label_smoothing, self.axis,
        )  # fmt: skip

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return the predictions, or their softmax if they are logits."""
        return ops.softmax(y_pred, self.axis) if self.from_logits else y_pred

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are not one-hot for these outputs."""
        check_one_hot(y, output_shape, self.axis, self.name)


class SparseCategoricalCrossentropy(Loss):
    """-ln p_y: for one of several classes, given as integers, after a softmax.

    Args:
        from_logits: whether predictions are scores before the softmax; not needed with a softmax
            layer, which is remembered.
        ignore_class: a label that counts for nothing, such as that of padding.
        axis: of the classes, the last by default.
        reduction, name, dtype: as in every Loss; the means are over the samples that count.

    Raises:
        ArgumentError: if from_logits is True and the predictions are a sigmoid's or a softmax's.
        ShapeError: if y_true is not made of class numbers.

    >>> SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [1.0, 0.0]]).numpy().round(4).item()
    0.3466
    """

    function = staticmethod(sparse_categorical_crossentropy)
    class_numbers = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the cross-entropy of each sample."""
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )

    def counted(self, y_true: Tensor) -> Tensor | None:
        """Return which labels are not `ignore_class`."""
        return None if self.ignore_class is None else y_true != self.ignore_class

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return the predictions, or their softmax if they are logits."""
        return ops.softmax(y_pred, self.axis) if self.from_logits else y_pred

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are not class numbers for these outputs."""
        check_classes(y, output_shape, self.axis, self.name, self.ignore_class)
