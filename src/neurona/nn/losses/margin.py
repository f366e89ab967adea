"""Hinge losses: right by a margin of 1 costs nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.nn.losses.labels import check_hinge, check_one_hot
from neurona.nn.losses.loss import PairedLoss, matched, weighed


def signs(y: Tensor) -> Tensor:
    """Return labels as -1 and 1; labels that are all 0 or 1 become so."""
    binary = ops.all((y == 0.0) | (y == 1.0))
    return ops.where(binary, 2.0 * y - 1.0, y)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of max(1 - y p, 0), for labels y of -1 and 1 (or 0 and 1).

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> hinge([[1.0, -1.0]], [[0.5, 2.0]]).tolist()
    [1.75]
    """
    y, p = matched(y_true, y_pred, "hinge")
    return ops.mean(ops.maximum(1.0 - weighed(signs(y), p), 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean over the last axis of max(1 - y p, 0)^2, for labels y of -1 and 1 (or 0 and 1).

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> squared_hinge([[1.0, -1.0]], [[0.5, 2.0]]).tolist()
    [4.625]
    """
    y, p = matched(y_true, y_pred, "squared_hinge")
    return ops.mean(ops.square(ops.maximum(1.0 - weighed(signs(y), p), 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(largest wrong score - right score + 1, 0), for one-hot labels.

    Shapes: y_true, y_pred (B, ..., classes) -> (B, ...).

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
    [0.5]
    """
    y, p = matched(y_true, y_pred, "categorical_hinge")
    right = ops.sum(weighed(y, p), axis=-1)
    wrong = ops.max(weighed(1.0 - y, p), axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(PairedLoss):
    """max(1 - y p, 0), for labels y of -1 and 1 (or 0 and 1): a margin of 1 is enough.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> Hinge()([[1.0, -1.0]], [[0.5, 2.0]]).item()
    1.75
    """

    function = staticmethod(hinge)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a label is none of -1, 0, 1, or has no output of its own."""
        check_hinge(y, output_shape, self.name)


class SquaredHinge(PairedLoss):
    """max(1 - y p, 0)^2, for labels y of -1 and 1 (or 0 and 1): smooth where the hinge has a kink.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> SquaredHinge()([[1.0, -1.0]], [[0.5, 2.0]]).item()
    4.625
    """

    function = staticmethod(squared_hinge)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a label is none of -1, 0, 1, or has no output of its own."""
        check_hinge(y, output_shape, self.name)


class CategoricalHinge(PairedLoss):
    """max(largest wrong score - right score + 1, 0), for one-hot labels.

    Args:
        reduction, name, dtype: as in every Loss.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]).item()
    0.5
    """

    function = staticmethod(categorical_hinge)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are not one-hot for these outputs."""
        check_one_hot(y, output_shape, -1, self.name)
