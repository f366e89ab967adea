"""Adam and its kin: steps scaled by running moments of the gradient."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Adam(Optimizer):
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - lr_t m / (sqrt(v) + eps).

    lr_t = lr * sqrt(1 - b2^t) / (1 - b1^t) undoes the start from zero: the first step is lr long.

    Args:
        learning_rate: a number or a schedule.
        beta_1, beta_2: b1 and b2, the memories of both moments, in [0, 1).
        epsilon: keeps the division finite; the paper's "epsilon hat".
        amsgrad: divide by the largest v so far, so that steps never grow again.

    Source: Kingma and Ba 2014, section 2 (the second, cheaper form); Reddi et al. 2018 (amsgrad).
    PyTorch has the first form, whose eps weighs more in the first steps.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Adam(0.1).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = check_memory("beta_1", beta_1)
        self.beta_2 = check_memory("beta_2", beta_2)
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

    Args:
        learning_rate: a number or a schedule.
        weight_decay: 0 or more; `exclude_from_weight_decay` spares biases and normalisations.
        beta_1, beta_2, epsilon, amsgrad: see Adam.

    Source: Loshchilov and Hutter 2017, algorithm 2, with lr for the schedule multiplier.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> AdamW(0.1, weight_decay=0.5).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.85], dtype=float32)
    """

    def __init__(  # type: ignore[misc]
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, **common)
        self.weight_decay = check_number("weight_decay", weight_decay, low=0)


class _Moments(Optimizer):
    """A rule with two memories, as Adam's."""

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


class Adamax(_Moments):
    """m <- b1 m + (1 - b1) g;  u <- max(b2 u, |g|);  w <- w - lr m / ((1 - b1^t) (u + eps)).

    Adam with the largest recent gradient in place of the root of the mean square.

    Args:
        learning_rate: a number or a schedule.
        beta_1, beta_2: b1 and b2, in [0, 1).
        epsilon: keeps the division finite; the paper has none.

    Source: Kingma and Ba 2014, algorithm 2.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Adamax(0.1).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    slots = ("momentum", "norm")

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, momentum and norm."""
        m, u = slots
        m = m + (g - m) * (1 - self.beta_1)
        u = ops.maximum(self.beta_2 * u, ops.abs(g))
        return w - lr * m / ((1 - ops.pow(self.beta_1, t)) * (u + self.epsilon)), m, u


class Nadam(_Moments):
    """Adam with Nesterov's look ahead: w <- w - lr m_hat / (sqrt(v / (1 - b2^t)) + eps).

    m and v as in Adam. With u_t = b1 (1 - 0.96^t / 2) and p_t = u_1 u_2 ... u_t,
    m_hat = u_(t+1) m / (1 - p_(t+1)) + (1 - u_t) g / (1 - p_t).

    Args:
        learning_rate: a number or a schedule.
        beta_1, beta_2: b1 and b2, in [0, 1).
        epsilon: keeps the division finite.

    Source: Dozat 2016, algorithm 2, with its schedule of momenta (0.96, one step each).

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Nadam(0.1, beta_1=0.0).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    slots = ("momentum", "velocity", "product")

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Begin with zeros; the product p is a number, 1 at first."""
        return ops.ones((), w.dtype) if slot == "product" else ops.zeros(w.shape, w.dtype)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, moments and product of momenta."""
        m, v, p = slots
        u = self.beta_1 * (1 - 0.5 * ops.pow(0.96, t))
        u_next = self.beta_1 * (1 - 0.5 * ops.pow(0.96, t + 1))
        p = p * u
        m = m + (g - m) * (1 - self.beta_1)
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        m_hat = u_next * m / (1 - p * u_next) + (1 - u) * g / (1 - p)
        v_hat = v / (1 - ops.pow(self.beta_2, t))
        return w - lr * m_hat / (ops.sqrt(v_hat) + self.epsilon), m, v, p
