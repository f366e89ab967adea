"""The cross-entropy that is chosen from the shapes of targets and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.nn.losses.binary import BinaryCrossentropy
from neurona.nn.losses.categorical import CategoricalCrossentropy, SparseCategoricalCrossentropy
from neurona.nn.losses.loss import Loss


class Crossentropy(Loss):
    """The cross-entropy that fits the shapes: what `loss="crossentropy"` (or "ce") means.

    Binary for one output, sparse categorical for targets with one axis less (or a last axis of 1),
    categorical for the others.

    >>> Crossentropy()([1], [[0.5, 0.5]]).numpy().round(4).item()
    0.6931
    """

    class_numbers = True  # or not, as the shapes say

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the cross-entropy of each sample."""
        return self.chosen(y_true.shape, y_pred.shape).call(y_true, y_pred)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the chosen cross-entropy does."""
        self.chosen(y.shape, output_shape).check(y, output_shape)

    def chosen(self, y_true_shape: Shape, y_pred_shape: Shape) -> Loss:
        """Return the loss for targets and predictions of these shapes."""
        binary, sparse = binary_or_sparse(y_true_shape, y_pred_shape)
        if binary:
            return BinaryCrossentropy()
        return SparseCategoricalCrossentropy() if sparse else CategoricalCrossentropy()


def binary_or_sparse(y_true_shape: Shape, y_pred_shape: Shape) -> tuple[bool, bool]:
    """Say whether shapes mean one output, and whether they mean class numbers, as Keras does."""
    classes = y_pred_shape[-1] if y_pred_shape else 1
    last = y_true_shape[-1] if y_true_shape else 1
    sparse = len(y_true_shape) < len(y_pred_shape) or (last == 1 and classes > 1)
    return classes == 1, sparse
