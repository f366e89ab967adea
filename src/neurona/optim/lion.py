"""Lion: steps of one size, in the direction of the sign of a running mean."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Lion(Optimizer):
    """w <- w - lr * sign(b1 m + (1 - b1) g);  m <- b2 m + (1 - b2) g.

    Every weight moves by lr, so lr should be three to ten times smaller than Adam's, and
    weight_decay as many times larger.

    Args:
        learning_rate: a number or a schedule.
        beta_1: b1, in (0, 1); at 0 only the sign of g would count.
        beta_2: b2, in [0, 1).

    Source: Chen et al. 2023, algorithm 2 (its weight decay is the `weight_decay` of all
    optimisers).

    >>> from neurona import Parameter
    >>> w = Parameter([1.0, 1.0])
    >>> Lion(0.1).apply([[2.0, -0.001]], [w])
    >>> w.numpy()
    array([0.9, 1.1], dtype=float32)
    """

    slots = ("momentum",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = check_memory("beta_1", beta_1)
        self.beta_2 = check_memory("beta_2", beta_2)
        if self.beta_1 == 0:
            raise ArgumentError("beta_1 is out of range.", got="0", expected="a number in (0, 1)")

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and momentum."""
        m = slots[0]
        direction = ops.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        return w - lr * direction, self.beta_2 * m + (1 - self.beta_2) * g
