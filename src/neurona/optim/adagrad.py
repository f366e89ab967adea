"""Adagrad and Adadelta: a step size of its own for every weight."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_number
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Adagrad(Optimizer):
    """a <- a + g^2;  w <- w - lr * g / sqrt(a + eps).

    Weights that rarely get a gradient take large steps; all steps shrink as a grows.

    Args:
        learning_rate: a number or a schedule; the paper's experiments use more, such as 0.01.
        initial_accumulator_value: a at the start; above zero it tames the first steps.
        epsilon: keeps the division finite.

    Source: Duchi et al. 2011, figure 1 with a diagonal matrix; eps within the root as in Keras.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Adagrad(0.1, initial_accumulator_value=0.0).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = check_number(
            "initial_accumulator_value", initial_accumulator_value, low=0
        )
        self.epsilon = check_number("epsilon", epsilon, low=0)

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Begin with the given value."""
        return ops.full(w.shape, self.initial_accumulator_value, w.dtype)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and accumulator."""
        a = slots[0] + ops.square(g)
        return w - lr * g / ops.sqrt(a + self.epsilon), a


class Adadelta(Optimizer):
    """d = -g * sqrt(u + eps) / sqrt(a + eps);  w <- w + lr * d, with a, u running means.

    a <- rho * a + (1 - rho) * g^2 before the step, u <- rho * u + (1 - rho) * d^2 after it: the
    step is measured in the units of w, and 1 is the paper's learning rate.

    Args:
        learning_rate: a number or a schedule; Keras's default of 0.001 is very small here.
        rho: memory of both means, in [0, 1).
        epsilon: starts the first steps, when u is still 0, and keeps the division finite.

    Source: Zeiler 2012, algorithm 1.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Adadelta(1.0, epsilon=1e-6).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9955], dtype=float32)
    """

    slots = ("accumulator", "accumulated_step")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = check_memory("rho", rho)
        self.epsilon = check_number("epsilon", epsilon, low=0)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and both means."""
        a, u = slots
        a = self.rho * a + (1 - self.rho) * ops.square(g)
        d = -g * ops.sqrt(u + self.epsilon) / ops.sqrt(a + self.epsilon)
        u = self.rho * u + (1 - self.rho) * ops.square(d)
        return w + lr * d, a, u
