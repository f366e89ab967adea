"""Generalised cross-entropy: for labels of which some are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.losses.categorical import class_numbers
from neurona.nn.losses.labels import check_classes
from neurona.nn.losses.logits import known_logits
from neurona.nn.losses.loss import Loss, as_floats

SMALLEST = 1e-30  # of a probability: below, the slope would be infinite


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Tensor:
    """(1 - p_y^q) / q, where y is the class as an integer.

    Towards q = 0 it is the cross-entropy -ln p_y, towards q = 1 the mean absolute error 1 - p_y.
    Shapes: y_true (B, ...), y_pred (B, ..., classes) -> (B, ...).
    Source: Zhang and Sabuncu 2018, eq. 6.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], 0.5).tolist()
    [1.0]
    """
    name = "categorical_generalized_cross_entropy"
    p = as_floats(y_pred)
    y = ops.expand_dims(class_numbers(y_true, p.shape, p.ndim - 1, name), -1)
    logits = known_logits(p, False, p.ndim - 1, name)
    if logits is None:
        right = ops.squeeze(ops.take_along_axis(p, y, axis=-1), -1)
        return (1 - ops.pow(ops.maximum(right, SMALLEST), q)) / q
    right = ops.squeeze(ops.take_along_axis(ops.log_softmax(logits, axis=-1), y, axis=-1), -1)
    return -ops.expm1(q * right) / q


class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - p_y^q) / q: for one of several classes, given as integers of which some are wrong.

    What the model finds impossible is pulled at less than by the cross-entropy.

    Args:
        q: in (0, 1); closer to 1 wrong labels count less, and learning is slower.
        reduction, name, dtype: as in every Loss.

    Source: Zhang and Sabuncu 2018.

    >>> CategoricalGeneralizedCrossEntropy(0.5)([1, 0], [[0.75, 0.25], [1.0, 0.0]]).item()
    0.5
    """

    function = staticmethod(categorical_generalized_cross_entropy)
    class_numbers = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.q = check_number("q", q, low=0, high=1, open=True)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return categorical_generalized_cross_entropy(y_true, y_pred, self.q)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are not class numbers for these outputs."""
        check_classes(y, output_shape, len(output_shape) - 1, self.name)
