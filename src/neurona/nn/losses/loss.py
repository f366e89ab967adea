"""Loss: values for each sample, weighted and reduced to the number that training makes smaller.

A loss function gives one value for each sample, (B, ..., D) -> (B, ...). The classes average these
(or sum, or leave them), weighted by `sample_weight`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from neurona import ops
from neurona.core.notes import carried
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape, as_dtype, is_float
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice
from neurona.frames import door
from neurona.nn.configurable import Configurable
from neurona.nn.losses.labels import check_same_shape
from neurona.ops.notes import Mask

EPSILON = 1e-7  # Keras's epsilon: what stands between a probability and ln 0
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


class Loss(Configurable, namespace="losses"):
    """Base of the losses: `call` gives a value for each sample, the reduction makes one of them.

    Where the outputs have a mask, the mean is over the steps that it leaves; of none it is 0.

    Write `call(y_true, y_pred)` of Tensors, and `__init__` with your arguments, which calls
    `super().__init__(name, reduction)`. Where one has the shape (B,) and the other (B, 1), they
    come as (B, 1) both: broadcasting would compare every sample with every other.

    Args:
        name: for logs; the class's name by default.
        reduction: "sum_over_batch_size" or "mean" (the mean over all values), "sum",
            "mean_with_sample_weight" (divided by the sum of the weights instead), "none" or None.
        dtype: the float type to compute in; that of the predictions by default.

    Raises:
        ArgumentError: if the reduction is unknown.
    """

    function: ClassVar[Callable[..., Tensor] | None] = None  # that means this loss, too
    of_sequences: ClassVar[bool] = False  # one value for a whole sequence, which knows its mask
    class_numbers: ClassVar[bool] = False  # in targets, with an axis less than outputs, as is right
    from_logits = False

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or type(self).__name__
        self.reduction = check_choice("reduction", reduction or "none", REDUCTIONS)
        self.dtype = None if dtype is None else as_dtype(dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return one value for each sample."""
        raise NotImplementedError(f"{type(self).__name__} has no call")

    def counted(self, y_true: Tensor) -> Tensor | None:
        """Return which samples count, as booleans; None when all do."""
        return None

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if these targets are none for outputs of this shape (batch first)."""

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return what predictions mean to metrics that read probabilities.

        Where the loss has `from_logits=True` that is their sigmoid for one output, and else their
        softmax over the last axis. A loss that takes logits in another way says so here.
        """
        if not self.from_logits:
            return y_pred
        return ops.sigmoid(y_pred) if y_pred.shape[-1:] in ((), (1,)) else ops.softmax(y_pred)

    @door
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the reduced loss."""
        y_true, y_pred = as_tensor(y_true), as_floats(y_pred, self.dtype)
        if not self.class_numbers:
            y_true, y_pred = match_ranks(y_true, y_pred)
        values = self.call(y_true, y_pred)
        counted, note = self.counted(y_true), y_pred.note(Mask)
        if note is not None and not self.of_sequences:
            steps = as_real(note.steps, values)
            counted = steps if counted is None else steps & ops.reshape(counted, values.shape)
        return reduce_weighted(values, sample_weight, self.reduction, counted)


class PairedLoss(Loss):
    """A loss by a function, which compares each output with a target of its own.

    Args:
        reduction, name, dtype: as in every Loss; the function's name by default.
    """

    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name or self.function.__name__, reduction, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return self.function(y_true, y_pred)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if there is not one target for each output."""
        check_same_shape(y, output_shape, self.name)


class FunctionLoss(Loss):
    """A plain function (y_true, y_pred) -> values, with a reduction.

    Args:
        fn: the function; it gives one value for each sample, or one for all.
        reduction: as in every Loss.
        name: for logs; the function's name by default.

    >>> FunctionLoss(lambda y, p: ops.abs(y - p))([1.0, 2.0], [2.0, 4.0]).item()
    1.5
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name or str(getattr(fn, "__name__", "loss")), reduction, dtype)
        self.fn = fn

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return what the function gives."""
        return numbers_of(self.name, self.fn(y_true, y_pred))


def numbers_of(name: str, values: Any) -> Tensor:
    """Return what a function of the user gives as a Tensor, or say that it gives none."""
    if isinstance(values, Tensor | np.ndarray | np.generic | int | float):
        return as_tensor(values)
    raise ArgumentError(
        f"{name}: the function returned no numbers.",
        got=repr(values)[:60],
        expected="a Tensor, one value for each sample",
        hint="return ops.mean(ops.square(y_true - y_pred), axis=-1)",
    )


def as_floats(y_pred: Any, dtype: np.dtype | None = None) -> Tensor:
    """Return a prediction as a float Tensor, with its notes."""
    y = as_tensor(y_pred)
    wanted = dtype or (y.dtype if is_float(y.dtype) else as_dtype(None))
    if y.dtype == wanted:
        return y
    return carried(lambda x: x.astype(wanted), y)


def match_ranks(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Return both with as many axes: (B,) meets (B, 1), and (..., 1) loses its last axis."""
    mask = y_pred.note(Mask)
    if mask is not None and y_true.ndim == mask.steps.ndim == y_pred.ndim - 1:
        return ops.expand_dims(y_true, -1), y_pred  # the last axis is not one of time
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        if y_pred.ndim == 1:
            y_pred = carried(lambda x: ops.expand_dims(x, -1), y_pred)
        else:
            y_true = ops.squeeze(y_true, -1)
    elif y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        if y_true.ndim == 1:
            y_true = ops.expand_dims(y_true, -1)
        else:
            y_pred = carried(lambda x: ops.squeeze(x, -1), y_pred)
    return y_true, y_pred


def matched(y_true: Any, y_pred: Any, name: str) -> tuple[Tensor, Tensor]:
    """Return targets and predictions as float Tensors of one type and one shape.

    Raises:
        ShapeError: if the shapes differ. Broadcasting (B, 1) against (B,) would compare every
            sample with every other, without an error and without learning.
    """
    y_pred = as_floats(y_pred)
    y_true = as_tensor(y_true)
    y_true, y_pred = match_ranks(
        y_true if y_true.dtype == y_pred.dtype else y_true.astype(y_pred.dtype), y_pred
    )
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: one target for each output.",
            got=f"y_true {y_true.shape}, y_pred {y_pred.shape}",
            expected=f"y_true {y_pred.shape}",
        )
    return y_true, y_pred


def as_real(steps: Tensor, values: Tensor) -> Tensor:
    """Return the mask of a sequence as booleans for its values, (B, T) or (B, T, ...).

    A single value, from a function that has averaged by itself, counts as it is.

    Raises:
        ShapeError: if the values are not those of its steps.
    """
    if not values.ndim:
        return ops.full((), True, "bool")
    if steps.shape != values.shape[: steps.ndim]:
        raise ShapeError(
            "the output has a mask, but there is no value for each of its steps.",
            got=f"mask {steps.shape}, values {values.shape}",
            expected=f"values {steps.shape}: a loss or a metric reduces the last axis only",
        )
    steps = ops.reshape(steps, steps.shape + (1,) * (values.ndim - steps.ndim))
    return ops.broadcast_to(steps, values.shape)


def align_weight(values: Tensor, sample_weight: Any, dtype: Any = None) -> Tensor:
    """Return weights with the axes and the type of the values; (B,) weighs whole samples.

    Args:
        values: what is weighed.
        sample_weight: the weights.
        dtype: another type for them.

    Raises:
        ShapeError: if there is neither one weight for each sample nor one for each value.
    """
    w = as_tensor(sample_weight)
    dtype = dtype or values.dtype
    w = w if w.dtype == dtype else w.astype(dtype)
    if w.ndim == values.ndim + 1 and w.shape[-1] == 1:
        w = ops.squeeze(w, -1)
    if w.ndim > values.ndim or any(
        a not in (1, b) for a, b in zip(w.shape, values.shape, strict=False)
    ):
        raise ShapeError(
            "sample_weight: one weight for each sample, or for each value.",
            got=f"{w.shape} for values {values.shape}",
        )
    return ops.reshape(w, w.shape + (1,) * (values.ndim - w.ndim))


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """Return above / below, and 0 where below is 0."""
    some = below != 0.0
    return ops.where(some, above / ops.where(some, below, 1.0), 0.0)


def weighed(weight: Any, values: Tensor) -> Tensor:
    """Return weight * values, where 0 times infinity is 0: what does not count may be impossible.

    A class that is masked by a logit of -inf has an infinite -ln p, and nothing asks for it.

    >>> weighed(as_tensor([0.0, 2.0]), as_tensor([np.inf, 3.0])).tolist()
    [0.0, 6.0]
    """
    unasked = (weight == 0.0) & (ops.abs(values) == np.inf)
    return weight * ops.where(unasked, 0.0, values)


def reduce_weighted(
    values: Tensor, sample_weight: Any, reduction: str, counted: Tensor | None = None
) -> Tensor:
    """Weight the values and reduce them.

    Args:
        values: (B, ...).
        sample_weight: (B,), or like the values, or None.
        reduction: see Loss.
        counted: booleans like the values; the others weigh 0 and are left out of the mean.
    """
    weight = None if sample_weight is None else align_weight(values, sample_weight)
    valid = None
    if counted is not None:
        valid = ops.reshape(counted, values.shape).astype(values.dtype)
        weight = valid if weight is None else weight * valid
    if weight is not None:
        values = weighed(weight, values)
    if reduction == "none" or values.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ratio(ops.sum(values), ops.sum(ops.broadcast_to(weight, values.shape)))
    return ops.mean(values) if valid is None else ratio(ops.sum(values), ops.sum(valid))
