"""Sums and means of values over all batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import product
from neurona.core.tensor import Tensor
from neurona.nn.losses.loss import (
    align_weight,
    as_real,
    match_ranks,
    numbers_of,
    ratio,
    weighed,
)  # fmt: skip
from neurona.nn.metrics.metric import EXACT, Metric
from neurona.nn.parameter import Parameter
from neurona.ops.notes import Mask


def as_type(x: Any, dtype: Any) -> Tensor:
    """Return a Tensor of this type."""
    x = as_tensor(x)
    return x if x.dtype == dtype else x.astype(dtype)


def add_to_mean(total: Parameter, count: Parameter, values: Any, sample_weight: Any) -> None:
    """Add the sum of the values to the total and the number of samples to the count.

    A sample's values (all axes but the first) are averaged, so every sample weighs the same.
    """
    values = as_type(values, total.dtype)
    inner = float(product(values.shape[1:]))
    if sample_weight is None:
        samples = values.shape[0] if values.ndim else 1
        total.assign_add(ops.sum(values) / inner)
        count.assign_add(float(samples))
    else:
        weight = ops.broadcast_to(align_weight(values, sample_weight), values.shape)
        total.assign_add(ops.sum(weighed(weight, values)) / inner)
        count.assign_add(ops.sum(weight) / inner)


def add_mean(total: Parameter, count: Parameter, mean: Any, samples: int) -> None:
    """Add the mean of so many samples."""
    total.assign_add(as_type(mean, total.dtype) * float(samples))
    count.assign_add(float(samples))


def weight_of_real(y_pred: Any, sample_weight: Any, values: Tensor | None = None) -> Any:
    """Return sample weights that are 0 for the steps that the mask of a sequence leaves out.

    Args:
        y_pred: the sequence, with or without a mask.
        sample_weight: as given to `update_state`.
        values: what is weighed; one for each step by default.
    """
    note = y_pred.note(Mask) if isinstance(y_pred, Tensor) else None
    if note is None:
        return sample_weight
    real = (note.steps if values is None else as_real(note.steps, values)).astype(EXACT)
    if sample_weight is None:
        return real
    weight = as_tensor(sample_weight)
    if weight.ndim > real.ndim:
        real = ops.reshape(real, real.shape + (1,) * (weight.ndim - real.ndim))
    return real * align_weight(real, weight)


class Sum(Metric):
    """Weighted sum of values.

    >>> m = Sum()
    >>> m.update_state([1.0, 3.0])
    >>> m.result().item()
    4.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_total(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add values, each times its weight."""
        values = as_type(values, EXACT)
        if sample_weight is not None:
            values = weighed(align_weight(values, sample_weight), values)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Tensor:
        """Return the sum."""
        return self.total.value


class Mean(Metric):
    """Weighted mean of values.

    >>> m = Mean()
    >>> m.update_state([1.0, 3.0])
    >>> m.result().item()
    2.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total, self.count = self.add_total(name="total"), self.add_total(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add values, each with its weight."""
        add_to_mean(self.total, self.count, values, sample_weight)

    def result(self) -> Tensor:
        """Return total / count, 0 before any value."""
        return as_type(ratio(self.total.value, self.count.value), self.dtype)


class MeanMetricWrapper(Metric):
    """Mean of a function (y_true, y_pred) -> values, over the samples of all batches.

    Args:
        fn: the function; it gives one value for each sample.
        name: the key in logs; the function's name by default.
        dtype: of the totals.

    >>> m = MeanMetricWrapper(lambda y, p: ops.abs(y - p), "distance")
    >>> m.update_state([1.0, 2.0], [2.0, 4.0])
    >>> m.result().item()
    1.5
    """

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name or str(getattr(fn, "__name__", "metric")), dtype=dtype)
        self.fn = fn
        self.total, self.count = self.add_total(name="total"), self.add_total(name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add the function's values for a batch."""
        y, p = as_tensor(y_true), as_tensor(y_pred)
        if not self.class_numbers:
            y, p = match_ranks(y, p)
        values = numbers_of(self.name, self.fn(y, p))
        add_to_mean(self.total, self.count, values, weight_of_real(p, sample_weight, values))

    def result(self) -> Tensor:
        """Return the mean so far, 0 before any batch."""
        return as_type(ratio(self.total.value, self.count.value), self.dtype)
