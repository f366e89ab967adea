"""RMSprop: steps divided by the recent size of the gradient."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class RMSprop(Optimizer):
    """v <- rho * v + (1 - rho) * g^2;  w <- w - lr * g / sqrt(v + eps).

    Centered: a <- rho * a + (1 - rho) * g, and v - a^2, the variance, stands for v in the step.
    With momentum: m <- momentum * m + lr * g / sqrt(v + eps);  w <- w - m.

    Args:
        learning_rate: a number or a schedule.
        rho: memory of the means, in [0, 1).
        momentum: in [0, 1]; without it there is no m.
        epsilon: keeps the division finite.
        centered: divide by the deviation from the mean gradient instead of its size.

    Source: Tieleman and Hinton 2012, lecture 6e; centered: Graves 2013, eq. 38-45; eps within the
    root as in Keras. The variance is kept from rounding below 0, where Keras gives NaN.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> RMSprop(0.1, rho=0.75).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.8], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = check_memory("rho", rho)
        self.momentum = check_number("momentum", momentum, low=0, high=1)
        self.epsilon = check_number("epsilon", epsilon, low=0)
        self.centered = centered
        self.slots = ("velocity",)
        self.slots += ("average_gradient",) if centered else ()
        self.slots += ("momentum",) if self.momentum else ()

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and slots."""
        v, *rest = slots
        v = self.rho * v + (1 - self.rho) * ops.square(g)
        results, size = [v], v
        if self.centered:
            a = self.rho * rest.pop(0) + (1 - self.rho) * g
            results, size = [v, a], ops.maximum(v - ops.square(a), 0.0)
        m = lr * g / ops.sqrt(size + self.epsilon)
        if self.momentum:
            m = self.momentum * rest.pop() + m
            results.append(m)
        return w - m, *results
