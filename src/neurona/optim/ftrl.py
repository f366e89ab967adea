"""FTRL: follow the regularised leader, for wide and sparse models."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Ftrl(Optimizer):
    """n' = n + g^2;  z <- z + g - (n'^-p - n^-p) / lr w;  w <- (clip(z) - z) / (n'^-p / lr + 2 l2).

    clip limits z to [-l1, l1], so weights whose z stays there are exactly 0; p is the power.

    Args:
        learning_rate: a number or a schedule, above 0.
        learning_rate_power: p, 0 or less: how the rate falls as n grows; 0 keeps it.
        initial_accumulator_value: n at the start.
        l1_regularization_strength: l1: how far z must go before a weight leaves 0.
        l2_regularization_strength: l2: how strongly weights are kept small.
        l2_shrinkage_regularization_strength: s: the gradient becomes g + 2 s w.
        beta: the paper's; l2 becomes l2 + beta / (2 lr).

    Source: McMahan et al. 2013, algorithm 1.

    >>> from neurona import Parameter
    >>> w = Parameter([0.0, 0.0])
    >>> Ftrl(0.1, l1_regularization_strength=1.0).apply([[2.0, 0.5]], [w])
    >>> w.numpy().round(4)
    array([-0.0494,  0.    ], dtype=float32)
    """

    slots = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.learning_rate_power = check_number("learning_rate_power", learning_rate_power)
        if self.learning_rate_power > 0:
            raise ArgumentError(
                "learning_rate_power is out of range.",
                got=repr(learning_rate_power),
                expected="0 or less",
            )
        given = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for name, value in given.items():
            setattr(self, name, check_number(name, value, low=0))

    initial_accumulator_value: float
    l1_regularization_strength: float
    l2_regularization_strength: float
    l2_shrinkage_regularization_strength: float
    beta: float

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Begin with the given accumulator."""
        value = self.initial_accumulator_value if slot == "accumulator" else 0.0
        return ops.full(w.shape, value, w.dtype)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w, accumulator and linear term."""
        n, z = slots
        l1, power = self.l1_regularization_strength, -self.learning_rate_power
        l2 = self.l2_regularization_strength + self.beta / (2.0 * lr)
        n_new = n + ops.square(g)
        root = ops.pow(n_new, power)
        shrunk = g + 2 * self.l2_shrinkage_regularization_strength * w
        z = z + shrunk - (root - ops.pow(n, power)) / lr * w
        return (ops.clip(z, -l1, l1) - z) / (root / lr + 2 * l2), n_new, z
