"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any, Unpack

from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class SGD(Optimizer):
    """v <- momentum * v - lr * g;  w <- w + v.  Nesterov: w <- w + momentum * v - lr * g.

    Args:
        learning_rate: a number or a schedule.
        momentum: in [0, 1]; without it there is no slot and w <- w - lr * g.
        nesterov: use the gradient a step ahead; without momentum it changes nothing.

    Source: Sutskever et al. 2013, eq. 1-4. Nesterov's method in Keras's form, in which w is the
    point that looks ahead. PyTorch multiplies by lr after the momentum instead, which differs as
    soon as lr changes.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> SGD(0.1).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.8], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.momentum = check_number("momentum", momentum, low=0, high=1)
        self.nesterov = nesterov
        self.slots = ("velocity",) if self.momentum else ()

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and velocity."""
        if not slots:
            return w - lr * g
        v = self.momentum * slots[0] - lr * g
        return w + (self.momentum * v - lr * g if self.nesterov else v), v
