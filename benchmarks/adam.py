"""Adam as one writes it by hand, in NumPy and in JAX; Keras's formula (epsilon outside the root).

m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - a m / (sqrt(v) + epsilon)
with a = lr sqrt(1 - b2^t) / (1 - b1^t)
"""

from __future__ import annotations

from typing import Any

import numpy as np

LR, B1, B2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


class NumpyAdam:
    """In place, without an allocation in a step."""

    def __init__(self, weights: list[np.ndarray]) -> None:
        self.weights, self.t = weights, 0
        self.slots = [[np.zeros_like(w) for _ in range(3)] for w in weights]

    def step(self, gradients: list[np.ndarray]) -> None:
        self.t += 1
        a = np.float32(LR * np.sqrt(1 - B2**self.t) / (1 - B1**self.t))
        for w, g, (m, v, s) in zip(self.weights, gradients, self.slots, strict=True):
            m *= np.float32(B1)
            np.multiply(g, np.float32(1 - B1), out=s)
            m += s
            v *= np.float32(B2)
            np.multiply(g, g, out=s)
            s *= np.float32(1 - B2)
            v += s
            np.sqrt(v, out=s)
            s += np.float32(EPSILON)
            np.divide(m, s, out=s)
            s *= a
            w -= s


def jax_start(weights: list[np.ndarray]) -> Any:
    """Return the state of training: weights, m, v, t."""
    import jax.numpy as jnp

    return (
        [jnp.asarray(w) for w in weights],
        [jnp.zeros(w.shape) for w in weights],
        [jnp.zeros(w.shape) for w in weights],
        jnp.zeros((), jnp.int32),
    )


def jax_step(state: Any, gradients: list[Any]) -> Any:
    """Return the next state."""
    import jax.numpy as jnp

    weights, ms, vs, t = state
    t = t + 1
    a = LR * jnp.sqrt(1 - B2**t) / (1 - B1**t)
    ms = [B1 * m + (1 - B1) * g for m, g in zip(ms, gradients, strict=True)]
    vs = [B2 * v + (1 - B2) * g * g for v, g in zip(vs, gradients, strict=True)]
    moved = [w - a * m / (jnp.sqrt(v) + EPSILON) for w, m, v in zip(weights, ms, vs, strict=True)]
    return moved, ms, vs, t
