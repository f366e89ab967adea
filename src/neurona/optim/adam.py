"""Adam and its kin: steps scaled by running moments of the gradient."""

from __future__ import annotations

from typing import Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.optimizer import Optimizer


class Adam(Optimizer):
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - lr_t m / (sqrt(v) + eps).

    lr_t = lr * sqrt(1 - b2^t) / (1 - b1^t) undoes the start from zero.

    Args:
        learning_rate: a number or a schedule.
        beta_1, beta_2: b1 and b2, the memories of both moments.
        epsilon: keeps the division finite; the paper's "epsilon hat".
        amsgrad: divide by the largest v so far.

    Source: Kingma and Ba 2014, section 2 (the second, cheaper form); Reddi et al. 2018 (amsgrad).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = check_number("beta_1", beta_1, low=0, high=1)
        self.beta_2 = check_number("beta_2", beta_2, low=0, high=1)
        self.epsilon = check_number("epsilon", epsilon, low=0)
        self.amsgrad = amsgrad
        self.slots = ("momentum", "velocity", "largest") if amsgrad else ("momentum", "velocity")

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and moments."""
        m, v = slots[:2]
        lr_t = lr * ops.sqrt(1 - ops.pow(self.beta_2, t)) / (1 - ops.pow(self.beta_1, t))
        m = m + (g - m) * (1 - self.beta_1)
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        if self.amsgrad:
            largest = ops.maximum(slots[2], v)
            return w - lr_t * m / (ops.sqrt(largest) + self.epsilon), m, v, largest
        return w - lr_t * m / (ops.sqrt(v) + self.epsilon), m, v


class AdamW(Adam):
    """Adam with decoupled weight decay: w <- w - lr * weight_decay * w before each step.

    Source: Loshchilov and Hutter 2017.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad)
        self.weight_decay = check_number("weight_decay", weight_decay, low=0)
