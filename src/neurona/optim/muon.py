"""Muon: steps whose directions are all equally long, by a Newton-Schulz iteration."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import check_integer, check_number
from neurona.nn.parameter import Parameter
from neurona.optim.memory import check_memory
from neurona.optim.optimizer import Optimizer, OptimizerOptions


class Muon(Optimizer):
    """m <- momentum m + g;  w <- w - lr O(g + momentum m) sqrt(max(rows, columns)) rms_rate.

    O brings the singular values of a matrix near 1: X <- a X + (b XX^T + c (XX^T)^2) X, a few
    times. What is no matrix, embeddings, and layers that are excluded take AdamW's step instead.

    Args:
        learning_rate: a number or a schedule.
        adam_beta_1, adam_beta_2, epsilon: of AdamW's step.
        adam_weight_decay: weight decay of what takes AdamW's step.
        weight_decay: weight decay of the matrices.
        exclude_layers: patterns; a parameter in whose path ("output/kernel") one is found takes
            AdamW's step. The last layer should.
        exclude_embeddings: whether parameters with "embedding" in their path do.
        muon_a, muon_b, muon_c: a, b, c.
        adam_lr_ratio: AdamW's rate as a share of the learning rate.
        momentum: in [0, 1).
        ns_steps: how often the iteration is made.
        nesterov: look a step ahead; without it O(m).
        rms_rate: makes steps as long as AdamW's; None leaves them as they are.

    Source: Jordan et al. 2024; Liu et al. 2025 (rms_rate).

    >>> from neurona import Parameter
    >>> w = Parameter([[1.0, 0.0], [0.0, 1.0]])
    >>> Muon(0.1, weight_decay=0.0).apply([[[0.0, 3.0], [-0.5, 0.0]]], [w])
    >>> bool(abs(w.numpy() - [[1.0, -0.028], [0.028, 1.0]]).max() < 0.01)
    True
    """

    slots = ("momentum", "velocity")

    def __init__(  # type: ignore[misc]
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.adam_beta_1 = check_memory("adam_beta_1", adam_beta_1)
        self.adam_beta_2 = check_memory("adam_beta_2", adam_beta_2)
        self.epsilon = check_number("epsilon", epsilon, low=0)
        self.adam_weight_decay, self.weight_decay = (
            None if value is None else check_number(name, value, low=0)
            for name, value in (
                ("adam_weight_decay", adam_weight_decay), ("weight_decay", weight_decay),
            )
        )  # fmt: skip
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = bool(exclude_embeddings)
        self.muon_a, self.muon_b, self.muon_c = (
            check_number(f"muon_{letter}", value)
            for letter, value in (("a", muon_a), ("b", muon_b), ("c", muon_c))
        )
        self.adam_lr_ratio = check_number("adam_lr_ratio", adam_lr_ratio, low=0)
        self.momentum = check_memory("momentum", momentum)
        self.ns_steps = check_integer("ns_steps", ns_steps, minimum=1)
        self.nesterov = bool(nesterov)
        self.rms_rate = None if rms_rate is None else check_number("rms_rate", rms_rate, low=0)

    def update_for(self, p: Parameter) -> Callable[..., Any]:
        """Return the rule of a parameter."""
        return self._adam if self._takes_adam(p) else self._muon

    def decay_of(self, p: Parameter) -> float | None:
        """Return the weight decay of a parameter."""
        return self.adam_weight_decay if self._takes_adam(p) else self.weight_decay

    def _takes_adam(self, p: Parameter) -> bool:
        embedded = self.exclude_embeddings and "embedding" in p.path.lower()
        excluded = any(re.search(pattern, p.path) for pattern in self.exclude_layers)
        return p.ndim != 2 or embedded or excluded

    def _muon(self, w: Tensor, g: Tensor, m: Tensor, v: Tensor, lr: Tensor, t: Tensor) -> Any:
        m = self.momentum * m + g
        step = self._orthogonal(g + self.momentum * m if self.nesterov else m)
        if self.rms_rate is not None:
            step = step * (math.sqrt(max(w.shape)) * self.rms_rate)
        return w - lr * step, m, v

    def _orthogonal(self, x: Tensor) -> Tensor:
        """Return U V^T, near enough, of x = U S V^T."""
        a, b, c = self.muon_a, self.muon_b, self.muon_c
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (ops.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            squares = x @ x.T
            x = a * x + (b * squares + c * squares @ squares) @ x
        return x.T if tall else x

    def _adam(self, w: Tensor, g: Tensor, m: Tensor, v: Tensor, lr: Tensor, t: Tensor) -> Any:
        b1, b2 = self.adam_beta_1, self.adam_beta_2
        lr_t = lr * self.adam_lr_ratio * ops.sqrt(1 - ops.pow(b2, t)) / (1 - ops.pow(b1, t))
        m = m + (g - m) * (1 - b1)
        v = v + (ops.square(g) - v) * (1 - b2)
        return w - lr_t * m / (ops.sqrt(v) + self.epsilon), m, v
