"""Metrics: numbers about predictions, gathered over batches.

A metric holds its totals in Parameters, so that updating it can be part of the training step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, unknown
from neurona.nn import losses
from neurona.nn.parameter import Parameter
from neurona.nn.record import remember


class Metric:
    """Base of the metrics: `update_state` gathers, `result` computes, `reset_state` starts anew.

    Args:
        name: the key in logs.
        dtype: of the totals; float32 by default.
    """

    arguments: dict[str, Any]
    totals: list[Parameter]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        remember(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        self.arguments = {}
        self.totals = []
        return self

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or type(self).__name__
        self.dtype = dtype or "float32"

    def add_total(self, name: str, shape: Any = (), dtype: Any = None) -> Parameter:
        """Create a total that starts at zero."""
        total = Parameter(ops.zeros(shape, dtype or self.dtype), name, trainable=False)
        total.path = f"{self.name}/{name}"
        self.totals.append(total)
        return total

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """Return the value for all that was seen since the start."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all that was seen."""
        for total in self.totals:
            total.assign(ops.zeros(total.shape, total.dtype))

    @property
    def variables(self) -> list[Parameter]:
        """The totals."""
        return self.totals

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take a batch into account and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class Mean(Metric):
    """Weighted mean of values.

    >>> m = Mean()
    >>> m.update_state([1.0, 3.0])
    >>> m.result().item()
    2.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total, self.count = self.add_total("total"), self.add_total("count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add values, each with its weight."""
        values = as_tensor(values).astype(self.dtype)  #
        weights = ops.ones(values.shape, self.dtype)
        if sample_weight is not None:
            w = as_tensor(sample_weight).astype(self.dtype)  #
            w = ops.reshape(w, w.shape + (1,) * (values.ndim - w.ndim))
            weights = ops.broadcast_to(w, values.shape)
        self.total.assign_add(ops.sum(values * weights))
        self.count.assign_add(ops.sum(weights))

    def result(self) -> Tensor:
        """Return total / count, 0 before any value."""
        return ops.where(
            self.count > 0, self.total / ops.where(self.count > 0, self.count, 1.0), 0.0
        )


class MeanMetricWrapper(Mean):
    """Mean of a function (y_true, y_pred) -> values."""

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name or str(getattr(fn, "__name__", "metric")), dtype)
        self.fn = fn

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Add the function's values for a batch."""
        super().update_state(self.fn(y_true, y_pred), sample_weight)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest score is the true class, given as an integer."""
    y, p = as_tensor(y_true), as_tensor(y_pred)
    if y.ndim == p.ndim and y.shape[-1] == 1:
        y = ops.squeeze(y, -1)
    return (ops.argmax(p, axis=-1) == y.astype("int32")).astype("float32")  #


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of samples whose largest score is the true class, given as an integer."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


NAMES: dict[str, Callable[[], Metric]] = {"sparse_categorical_accuracy": SparseCategoricalAccuracy}


def get(
    identifier: Any, y_true_shape: tuple = (), y_pred_shape: tuple = (), loss: Any = None
) -> Metric:
    """Return a metric by name, by class, or around a function.

    "accuracy" is chosen from the shapes, as Keras does: sparse categorical when the labels have
    one axis less (or size 1) and there are several scores, categorical when both have several,
    binary when there is one score.
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        if identifier in ("accuracy", "acc"):
            return SparseCategoricalAccuracy(name=identifier)
        if identifier in NAMES:
            return NAMES[identifier]()
        if identifier in losses.NAMES:
            loss_object = losses.NAMES[identifier]()
            return MeanMetricWrapper(loss_object.call, identifier)
        raise unknown("metric", identifier, [*NAMES, "accuracy", *losses.NAMES])
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier):
        return MeanMetricWrapper(identifier)
    raise ArgumentError(
        "a metric is a name, a Metric or a function (y_true, y_pred).", got=repr(identifier)
    )
