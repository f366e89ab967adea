"""LAMB: Adam's step, as long as the weights of a layer are."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.optim.adam import _Moments


class Lamb(_Moments):
    """u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps);  w <- w - lr |w| / |u| u.

    m and v as in Adam; where |w| or |u| is 0, their ratio counts as 1. Made for large batches.

    Args:
        learning_rate: a number or a schedule: the step as a share of the weights' size.
        beta_1, beta_2: b1 and b2, the memories of both moments, in [0, 1).
        epsilon: keeps the division finite.

    Source: You et al. 2019, algorithm 2; its weight decay is that of all optimisers, taken before
    the step.

    >>> from neurona import Parameter
    >>> w = Parameter([3.0, 4.0])
    >>> Lamb(0.1).apply([[2.0, 0.0]], [w])
    >>> w.numpy()
    array([2.5, 4. ], dtype=float32)
    """

    slots = ("momentum", "velocity")

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and moments."""
        m, v = slots
        m = m + (g - m) * (1 - self.beta_1)
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        m_hat = m / (1 - ops.pow(self.beta_1, t))
        u = m_hat / (ops.sqrt(v / (1 - ops.pow(self.beta_2, t))) + self.epsilon)
        length, size = ops.norm(w), ops.norm(u)
        known = (length > 0.0) & (size > 0.0)
        ratio = ops.where(known, length / ops.where(known, size, 1.0), 1.0)
        return w - ratio * lr * u, m, v
