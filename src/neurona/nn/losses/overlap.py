"""Losses of overlap, for masks of images: how much of two regions is shared."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.axes import checked_axis
from neurona.nn.losses.labels import check_binary
from neurona.nn.losses.loss import EPSILON, PairedLoss, matched


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 - 2 sum y p / (sum y + sum p + 1e-7) over the axes, for probabilities p of a mask y.

    Shapes: y_true, y_pred (B, ...) -> () over all axes, else without those that are given.

    >>> dice([[1.0, 1.0, 0.0]], [[0.5, 1.0, 0.5]], axis=1).numpy().round(4).tolist()
    [0.25]
    """
    y, p = matched(y_true, y_pred, "dice")
    shared, both = ops.sum(y * p, axis=axis), ops.sum(y, axis=axis) + ops.sum(p, axis=axis)
    return 1.0 - 2.0 * shared / (both + EPSILON)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """1 - s / (s + alpha a + beta b + 1e-7), s = sum y p, a = sum y (1 - p), b = sum (1 - y) p.

    Shapes: y_true, y_pred (B, ...) -> () over all axes, else without those that are given.

    As in Keras, and other than in the paper, alpha weighs what is missed and beta what is found
    where nothing is; with both at 1/2 it is the Dice loss.

    >>> tversky([[1.0, 1.0, 0.0]], [[0.5, 1.0, 0.5]], axis=1).numpy().round(4).tolist()
    [0.25]
    """
    y, p = matched(y_true, y_pred, "tversky")
    shared = ops.sum(y * p, axis=axis)
    missed, invented = ops.sum(y * (1.0 - p), axis=axis), ops.sum((1.0 - y) * p, axis=axis)
    return 1.0 - shared / (shared + alpha * missed + beta * invented + EPSILON)


class Dice(PairedLoss):
    """1 - 2 sum y p / (sum y + sum p): a small region counts as much as a large one.

    Args:
        reduction, name, dtype: as in every Loss.
        axis: of a region. None is all of a batch as one, which leaves one value, so there are no
            weights for samples; (1, 2, 3) is a value for each image (B, H, W, C), (1, 2) one for
            each of its classes.

    Source: Milletari et al. 2016, "V-Net", without its squares, as in Keras.

    >>> Dice(axis=1)([[1.0, 1.0, 0.0]], [[0.5, 1.0, 0.5]]).numpy().round(4).item()
    0.25
    """

    function = staticmethod(dice)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.axis = None if axis is None else checked_axis(axis)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each region."""
        return dice(y_true, y_pred, self.axis)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a target is outside of [0, 1] or has no output of its own."""
        check_binary(y, output_shape, self.name)


class Tversky(PairedLoss):
    """The Dice loss with weights: alpha for what is missed, beta for what is found in vain.

    Args:
        alpha, beta: 0 or more; larger alpha finds more of a rare region, at the cost of precision.
        reduction, name, dtype: as in every Loss.
        axis: see Dice.

    Raises:
        ArgumentError: if alpha or beta is below 0.

    Source: Salehi et al. 2017, "Tversky loss function for image segmentation"; see `tversky`.

    >>> Tversky(axis=1)([[1.0, 1.0, 0.0]], [[0.5, 1.0, 0.5]]).numpy().round(4).item()
    0.25
    """

    function = staticmethod(tversky)

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.alpha = check_number("alpha", alpha, low=0)
        self.beta = check_number("beta", beta, low=0)
        self.axis = None if axis is None else checked_axis(axis)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each region."""
        return tversky(y_true, y_pred, self.alpha, self.beta, self.axis)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a target is outside of [0, 1] or has no output of its own."""
        check_binary(y, output_shape, self.name)
