"""Cross-entropies for yes or no: one sigmoid for each question."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.nn.losses.labels import check_binary
from neurona.nn.losses.logits import focus, known_logits, smoothed
from neurona.nn.losses.loss import EPSILON, Loss, matched, weighed


def _binary_entropy(y: Tensor, p: Tensor, logits: Tensor | None) -> Tensor:
    """Return -y ln p - (1 - y) ln(1 - p), element by element."""
    if logits is not None:  # -ln p = softplus(-logits), -ln(1 - p) = softplus(logits)
        return weighed(y, ops.softplus(-logits)) + weighed(1.0 - y, ops.softplus(logits))
    p = ops.clip(p, EPSILON, 1 - EPSILON)
    return -(y * ops.log(p) + (1.0 - y) * ops.log(1.0 - p))


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean over the axis of -y ln p - (1 - y) ln(1 - p).

    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).

    >>> binary_crossentropy([[1.0, 0.0]], [[0.5, 0.5]]).numpy().round(4).tolist()
    [0.6931]
    """
    y, p = matched(y_true, y_pred, "binary_crossentropy")
    y = smoothed(y, label_smoothing, 2)
    logits = known_logits(p, from_logits, None, "binary_crossentropy")
    return ops.mean(_binary_entropy(y, p, logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean over the axis of (1 - p_t)^gamma times the binary cross-entropy.

    p_t = y p + (1 - y)(1 - p) is the probability given to the truth, so what is known already
    counts less. With `apply_class_balancing` also times alpha where y is 1, 1 - alpha where 0.
    Shapes: y_true, y_pred (B, ..., D) -> (B, ...).
    Source: Lin et al. 2017, eq. 4 and 5.

    >>> binary_focal_crossentropy([[1.0]], [[0.5]]).numpy().round(4).tolist()
    [0.1733]
    """
    y, p = matched(y_true, y_pred, "binary_focal_crossentropy")
    y = smoothed(y, label_smoothing, 2)
    logits = known_logits(p, from_logits, None, "binary_focal_crossentropy")
    q = 1.0 - p
    if logits is not None:
        x = ops.clip(logits, -100.0, 100.0)  # beyond, the slope is 0, and 0 * inf would be NaN
        p, q = ops.sigmoid(x), ops.sigmoid(-x)
    loss = focus(y * q + (1.0 - y) * p, gamma) * _binary_entropy(y, p, logits)
    if apply_class_balancing:
        loss = (y * alpha + (1.0 - y) * (1.0 - alpha)) * loss
    return ops.mean(loss, axis=axis)


class BinaryCrossentropy(Loss):
    """-y ln p - (1 - y) ln(1 - p): for yes or no, after one sigmoid for each question.

    Args:
        from_logits: whether predictions are scores before the sigmoid; not needed with a sigmoid
            layer, which is remembered.
        label_smoothing: how far targets move from 0 and 1 towards 1/2, in [0, 1].
        axis: that is averaged, the last by default.
        reduction, name, dtype: as in every Loss.

    Raises:
        ArgumentError: if from_logits is True and the predictions are a sigmoid's or a softmax's.

    >>> BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]]).numpy().round(4).item()
    0.6931
    """

    function = staticmethod(binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits, self.axis = from_logits, axis
        self.label_smoothing = check_number("label_smoothing", label_smoothing, low=0, high=1)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the cross-entropy of each sample."""
        return binary_crossentropy(
            y_true, y_pred, self.from_logits, self.label_smoothing, self.axis
        )

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return the predictions, or their sigmoid if they are logits."""
        return ops.sigmoid(y_pred) if self.from_logits else y_pred

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a target is outside of [0, 1] or has no output of its own."""
        check_binary(y, output_shape, self.name)


class BinaryFocalCrossentropy(Loss):
    """(1 - p_t)^gamma times the binary cross-entropy: what is known already counts less.

    Args:
        apply_class_balancing: also weigh by alpha where y is 1 and 1 - alpha where it is 0.
        alpha: weight of class 1, in [0, 1].
        gamma: how strongly easy samples are discounted, 0 or more; 2 as in the paper.
        from_logits, label_smoothing, axis: as in BinaryCrossentropy.
        reduction, name, dtype: as in every Loss.

    Source: Lin et al. 2017.

    >>> BinaryFocalCrossentropy()([[1.0]], [[0.5]]).numpy().round(4).item()
    0.1733
    """

    function = staticmethod(binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.apply_class_balancing = apply_class_balancing
        self.alpha = check_number("alpha", alpha, low=0, high=1)
        self.gamma = check_number("gamma", gamma, low=0)
        self.from_logits, self.axis = from_logits, axis
        self.label_smoothing = check_number("label_smoothing", label_smoothing, low=0, high=1)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the focal cross-entropy of each sample."""
        return binary_focal_crossentropy(
            y_true, y_pred, self.apply_class_balancing, self.alpha, self.gamma,
            self.from_logits, self.label_smoothing, self.axis,
        )  # fmt: skip

    def probabilities(self, y_pred: Tensor) -> Tensor:
        """Return the predictions, or their sigmoid if they are logits."""
        return ops.sigmoid(y_pred) if self.from_logits else y_pred

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if a target is outside of [0, 1] or has no output of its own."""
        check_binary(y, output_shape, self.name)
