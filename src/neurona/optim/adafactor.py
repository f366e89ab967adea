"""Adafactor: Adam's second moment in the memory of two vectors."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_number
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Adafactor(Optimizer):
    """u = g / sqrt(v);  w <- w - max(e2, rms(w)) min(lr, 1/sqrt(t)) u / max(1, rms(u) / d).

    Of a matrix v = r c^T / mean(r), with r <- b r + (1 - b) mean over columns of (g^2 + e1), c
    likewise over rows; of a vector v <- b v + (1 - b)(g^2 + e1). b = 1 - t^beta_2_decay.

    Args:
        learning_rate: a number or a schedule; the largest step relative to the size of w.
        beta_2_decay: how the memory b grows, below 0.
        epsilon_1: keeps v above 0.
        epsilon_2: the size that w has at least, for its step.
        clip_threshold: d, the size that an update has at most.
        relative_step: as in Keras without an effect: the rate is min(lr, 1/sqrt(t)) in any case.

    Source: Shazeer and Stern 2018, algorithm 4; with more than two axes the last two count.

    >>> from neurona import Parameter
    >>> w = Parameter([1.0])
    >>> Adafactor(0.1).apply([[2.0]], [w])
    >>> w.numpy()
    array([0.9], dtype=float32)
    """

    slots = ("rows", "columns", "velocity")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_2_decay = check_number("beta_2_decay", beta_2_decay)
        if self.beta_2_decay >= 0:
            raise ArgumentError(
                "beta_2_decay is out of range.", got=repr(beta_2_decay), expected="below 0"
            )
        self.epsilon_1 = check_number("epsilon_1", epsilon_1, low=0)
        self.epsilon_2 = check_number("epsilon_2", epsilon_2, low=0)
        self.clip_threshold = check_number("clip_threshold", clip_threshold, low=0, open=True)
        self.relative_step = bool(relative_step)

    def start(self, slot: str, w: Tensor) -> Tensor:
        """Begin with zeros: two factors of a matrix, or all of a vector."""
        factors = {"rows": w.shape[:-1], "columns": w.shape[:-2] + w.shape[-1:], "velocity": ()}
        shape = factors[slot] if w.ndim >= 2 else {"velocity": w.shape}.get(slot, ())
        return ops.zeros(shape, w.dtype)

    def update(self, w: Tensor, g: Tensor, *slots: Tensor, lr: Tensor, t: Tensor) -> Any:
        """Return the new w and second moment."""
        r, c, v = slots
        b = 1 - ops.pow(t, self.beta_2_decay)
        squares = ops.square(g) + self.epsilon_1
        if w.ndim >= 2:
            r = b * r + (1 - b) * ops.mean(squares, axis=-1)
            c = b * c + (1 - b) * ops.mean(squares, axis=-2)
            share = r / ops.mean(r, axis=-1, keepdims=True)
            u = g / ops.sqrt(ops.expand_dims(share, -1))  # the product of both may be 0
            u = u / ops.sqrt(ops.expand_dims(c, -2))
        else:
            v = b * v + (1 - b) * squares
            u = g / ops.sqrt(v)
        u = u / ops.maximum(_rms(u) / self.clip_threshold, 1.0)
        rate = ops.minimum(lr, 1 / ops.sqrt(t)) * ops.maximum(_rms(w), self.epsilon_2)
        return w - rate * u, r, c, v


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(ops.square(x)))
