"""Losses: how wrong a prediction is, as a function and as a class with a reduction.

A loss function gives one value for each sample, (B, ..., D) -> (B, ...). The classes average these
(or sum, or leave them), weighted by `sample_weight`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, unknown
from neurona.nn.record import remember

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


class Loss:
    """Base of the losses: `call` gives a value for each sample, the reduction makes one of them.

    Args:
        name: for logs.
        reduction: "sum_over_batch_size" (the mean over all values), "sum", "mean",
            "mean_with_sample_weight" (divided by the weights' sum), or "none".
    """

    arguments: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        self.arguments = {}
        return self

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size"
    ) -> None:
        self.name = name or type(self).__name__
        self.reduction = check_choice("reduction", reduction or "none", REDUCTIONS)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return one value for each sample."""
        raise NotImplementedError(f"{type(self).__name__} has no call")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the reduced loss."""
        y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
        return reduce_weighted(self.call(y_true, y_pred), sample_weight, self.reduction)


def reduce_weighted(values: Tensor, sample_weight: Any, reduction: str) -> Tensor:
    """Weight the values and reduce them."""
    total = None
    if sample_weight is not None:
        w = as_tensor(sample_weight)
        w = w if w.dtype == values.dtype else w.astype(values.dtype)  #
        if w.ndim == values.ndim + 1 and w.shape[-1] == 1:
            w = ops.squeeze(w, -1)
        if w.ndim > values.ndim or w.shape != values.shape[: w.ndim]:
            raise ShapeError(
                "sample_weight: one weight for each sample, or for each value.",
                got=f"{w.shape} for values {values.shape}",
            )
        w = ops.reshape(w, w.shape + (1,) * (values.ndim - w.ndim))
        values = values * w
        total = ops.sum(ops.broadcast_to(w, values.shape))
    if reduction == "none":
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and total is not None:
        return ops.sum(values) / ops.maximum(total, 1e-7)
    return ops.mean(values)


def _like(y_true: Any, y_pred: Tensor) -> Tensor:
    y = as_tensor(y_true)
    return y if y.dtype == y_pred.dtype else y.astype(y_pred.dtype)  #


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of (y_true - y_pred)^2.

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.5]
    """
    y_pred = as_tensor(y_pred)
    return ops.mean(ops.square(_like(y_true, y_pred) - y_pred), axis=-1)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-ln p_y, where y is the class as an integer.

    Computed from logits where they are known (`from_logits`, or y_pred is a softmax's output).
    """
    y_pred = as_tensor(y_pred)
    y = as_tensor(y_true)
    if y.ndim == y_pred.ndim and y.shape[-1] == 1:
        y = ops.squeeze(y, -1)
    if y.shape != y_pred.shape[:-1]:
        raise ShapeError(
            "sparse_categorical_crossentropy: the labels are class numbers.",
            got=f"y_true {y.shape}, y_pred {y_pred.shape}",
            expected=f"y_true {y_pred.shape[:-1]}",
            hint="for one-hot labels use loss='categorical_crossentropy'",
        )
    y = y.astype("int32")  #
    if from_logits or y_pred.logits is not None:
        log_p = ops.log_softmax(y_pred if y_pred.logits is None else y_pred.logits, axis=axis)
    else:
        p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
        log_p = ops.log(ops.clip(p, 1e-7, 1 - 1e-7))
    return -ops.squeeze(ops.take_along_axis(log_p, ops.expand_dims(y, -1), axis=-1), -1)


class MeanSquaredError(Loss):
    """Mean of (y_true - y_pred)^2."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the error of each sample."""
        return mean_squared_error(y_true, y_pred)


class SparseCategoricalCrossentropy(Loss):
    """-ln p_y for classes given as integers."""

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(name, reduction)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the cross-entropy of each sample."""
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )


class FunctionLoss(Loss):
    """A plain function (y_true, y_pred) -> values, with a reduction."""

    def __init__(self, function: Callable, reduction: str | None = "sum_over_batch_size") -> None:
        super().__init__(getattr(function, "__name__", "loss"), reduction)
        self.function = function

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return what the function gives."""
        return as_tensor(self.function(y_true, y_pred))


NAMES: dict[str, Callable[[], Loss]] = {
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
}


def get(identifier: Any) -> Loss | None:
    """Return a loss by name, by class, or around a function; None stays None."""
    if identifier is None or isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, str):
        if identifier in NAMES:
            return NAMES[identifier]()
        named = {maker.__name__: maker for maker in NAMES.values()}
        if identifier in named:
            return named[identifier]()
        raise unknown("loss", identifier, NAMES)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        return FunctionLoss(identifier)
    raise ArgumentError(
        "a loss is a name, a Loss or a function (y_true, y_pred).", got=repr(identifier)
    )


def check_float_prediction(y_pred: Tensor) -> None:
    """Refuse predictions that no loss can follow."""
    if not is_float(y_pred.dtype):
        raise ArgumentError("a prediction is made of floats.", got=y_pred.dtype.name)
