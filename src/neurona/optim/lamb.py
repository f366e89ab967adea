"""LAMB: Adam's step, as long as the weights of a layer are."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Lamb(Optimizer):
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

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = check_memory("beta_1", beta_1)
        self.beta_2 = check_memory("beta_2", beta_2)
        self.epsilon = check_number("epsilon", epsilon, low=0)

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
