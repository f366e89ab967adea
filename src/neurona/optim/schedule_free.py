"""Schedule-free AdamW: an average of the weights in place of a falling learning rate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_integer, check_number
from neurona.nn.parameter import unchanged
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class ScheduleFreeAdamW(Optimizer):
    """z <- z - lr g / (sqrt(v / (1 - b2^t)) + eps);  x <- x + (z - x) / t;  w = b1 x + (1 - b1) z.

    The gradient is taken at w, between z, which moves, and x, the average of all z so far; v as in
    Adam. The average is what the method is judged by: it stands in the weights within
    `with optimizer.averaged():`, unless `use_ema` asks for another.

    Args:
        learning_rate: a number, larger than Adam's, or a schedule.
        beta_1: b1, where between z and x the gradient is taken, in (0, 1).
        beta_2: b2, the memory of v, in [0, 1).
        epsilon: keeps the division finite.
        warmup_steps: the rate rises to learning_rate in so many steps.

    Source: Defazio et al. 2024, algorithm 1, each z with the same weight, as in Keras.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> ScheduleFreeAdamW(0.1).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = check_memory("beta_1", beta_1)
        if self.beta_1 == 0:
            raise ArgumentError("beta_1 is out of range.", got="0", expected="a number in (0, 1)")
        self.beta_2 = check_memory("beta_2", beta_2)
        self.epsilon = check_number("epsilon", epsilon, low=0)
        self.warmup_steps = check_integer("warmup_steps", warmup_steps, minimum=0)

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Begin where the weights are."""
        return w if slot == "momentum" else ops.zeros(w.shape, w.dtype)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, z and second moment."""
        z, v = slots
        if self.warmup_steps:
            lr = lr * ops.minimum(t / self.warmup_steps, 1.0)
        x = self._average(w, z)
        v = v + (ops.square(g) - v) * (1 - self.beta_2)
        z = z - lr * g / (ops.sqrt(v / (1 - ops.pow(self.beta_2, t))) + self.epsilon)
        x = (1 - 1 / t) * x + z / t
        return (1 - self.beta_1) * z + self.beta_1 * x, z, v

    def _average(self, w: Tensor, z: Tensor) -> Tensor:
        return (w - (1 - self.beta_1) * z) / self.beta_1

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the parameters be their averages x inside."""
        if self.use_ema:
            with super().averaged():
                yield
            return
        with unchanged(self.parameters):
            for p, z in zip(self.parameters, self.state.get("momentum", ()), strict=True):
                p.assign(self._average(p.value, z.value))
            yield
