"""Circle loss: embeddings of one class close together, those of others apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_number
from neurona.nn.losses.labels import check_one_label
from neurona.nn.losses.loss import Loss, as_floats


def _pairs(labels: Tensor, others: Tensor, remove_diagonal: bool) -> tuple[Tensor, Tensor]:
    """Return which pairs (B, R) are of one class, without a sample with itself, and of two."""
    same = ops.expand_dims(labels, 1) == ops.expand_dims(others, 0)
    alike = same
    if remove_diagonal:
        rows, columns = np.arange(labels.size)[:, None], np.arange(others.size)
        alike = same & (rows != columns)
    return alike, ~same


def _labels(y: Any, name: str, count: int) -> Tensor:
    y = as_tensor(y)
    if y.size != count or y.ndim not in (1, 2):
        raise ShapeError(
            f"circle: one class number for each of {name}.",
            got=f"labels {y.shape}",
            expected=f"labels ({count},)",
        )
    return ops.reshape(y, (count,))


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Tensor:
    """softplus(ln sum of e^near over partners + ln sum of e^far over strangers), for each sample.

    With the distance d = max(1 - cos, 0) of two embeddings, near = gamma (d + m) (d - m) of two of
    one class and far = gamma max(1 + m - d, 0) (1 - m - d) of two of different classes: what is
    far from where it should be weighs more.

    Shapes: y_true (B,) class numbers, y_pred (B, D) of length 1 -> (B,).

    Args:
        ref_labels, ref_embeddings: what each sample is compared with, (R,) and (R, D); the batch
            itself by default.
        remove_diagonal: whether sample i is not compared with reference i.
        gamma: how steep, above 0.
        margin: m, in [0, 1].

    A sample without a partner of its class, or of another, has the loss 0.

    >>> circle([0, 0, 1], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], gamma=2.0).numpy().round(4).tolist()
    [0.4518, 0.7763, 0.0]
    """
    p = as_floats(y_pred)
    references = p if ref_embeddings is None else as_floats(ref_embeddings, p.dtype)
    for x in (p, references):
        if x.ndim != 2:
            raise ShapeError(
                "circle: embeddings are vectors.", got=f"{x.shape}", expected="(batch, features)"
            )
    y = _labels(y_true, "y_pred", p.shape[0])
    others = y if ref_labels is None else _labels(ref_labels, "ref_embeddings", references.shape[0])
    alike, unlike = _pairs(y, others, remove_diagonal)
    d = ops.maximum(1.0 - p @ ops.transpose(references), 0.0)  # (B, R)
    near = gamma * (d + margin) * (d - margin)
    far = gamma * ops.maximum(1.0 + margin - d, 0.0) * (1.0 - margin - d)
    positive = ops.logsumexp(ops.where(alike, near, -np.inf), axis=1)
    negative = ops.logsumexp(ops.where(unlike, far, -np.inf), axis=1)
    return ops.softplus(positive + negative)


class Circle(Loss):
    """Embeddings of one class close together and of others apart, by the cosine of their angle.

    Each sample of a batch is compared with all others; far positives and near negatives weigh most.
    Batches need several samples of a class: one without a partner, or without a stranger, is left
    out of the mean. Embeddings have the length 1: end the model with `UnitNormalization()`.

    Args:
        gamma: how steep, above 0; 80 as in the paper for few classes (256 for faces).
        margin: in [0, 1].
        remove_diagonal: whether a sample is not its own partner.
        reduction, name, dtype: as in every Loss.

    Raises:
        ArgumentError: if gamma or the margin is out of range.

    Source: Sun et al. 2020, "Circle loss", eq. 5 to 8.

    >>> Circle(gamma=2.0)([0, 0, 1], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]).numpy().round(4).item()
    0.6141
    """

    function = staticmethod(circle)
    class_numbers = True

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.gamma = check_number("gamma", gamma, low=0, open=True)
        self.margin = check_number("margin", margin, low=0, high=1)
        self.remove_diagonal = bool(remove_diagonal)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return circle(
            y_true, y_pred, remove_diagonal=self.remove_diagonal, gamma=self.gamma,
            margin=self.margin,
        )  # fmt: skip

    def counted(self, y_true: Tensor) -> Tensor:
        """Return which samples have a partner and a stranger."""
        y = ops.reshape(y_true, (y_true.size,))
        alike, unlike = _pairs(y, y, self.remove_diagonal)
        return ops.any(alike, axis=1) & ops.any(unlike, axis=1)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if there is not one whole class number for each sample."""
        check_one_label(y, self.name)
