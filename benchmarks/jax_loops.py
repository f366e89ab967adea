"""Training in JAX: a jitted call per step, and a whole epoch as one `lax.scan`.

Both keep the data on the device and gather the shuffled rows inside the compiled code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import adam
from benchmarks.workload import Run, Task


def per_step(
    task: Task, loss: Callable, weights: list, data: tuple, batch: int, rows: int,
    start: Callable = adam.jax_start, update: Callable = adam.jax_step,
) -> Run:  # fmt: skip
    """Train with `loss(weights, key, *batch)`; the sum of the losses is part of the state."""
    import jax
    import jax.numpy as jnp

    data = tuple(jnp.asarray(a) for a in data)
    step = jax.jit(_step(loss, update), donate_argnums=0)
    state = start(weights)

    def train(steps: int) -> float:
        nonlocal state
        carry = (state, jnp.zeros(()), jax.random.key(task.rng.integers(2**31)))
        order = _order(task, rows, steps, batch)
        for rows_of_batch in order:
            carry = step(carry, data, rows_of_batch)
        state = carry[0]
        return float(carry[1]) / steps

    return train


def scanned(
    task: Task, loss: Callable, weights: list, data: tuple, batch: int, rows: int,
    start: Callable = adam.jax_start, update: Callable = adam.jax_step,
) -> Run:  # fmt: skip
    """The same, with the loop over the batches inside the compiled code."""
    import jax
    import jax.numpy as jnp

    data = tuple(jnp.asarray(a) for a in data)
    step = _step(loss, update)

    @jax.jit
    def epoch(carry: Any, data: Any, order: Any) -> Any:
        return jax.lax.scan(lambda c, rows: (step(c, data, rows), None), carry, order)[0]

    state = start(weights)

    def train(steps: int) -> float:
        nonlocal state
        key = jax.random.key(task.rng.integers(2**31))
        order = _order(task, rows, steps, batch)
        state, total, _ = epoch((state, jnp.zeros(()), key), data, order)
        return float(total) / steps

    return train


def _step(loss: Callable, update: Callable) -> Callable:
    import jax

    def step(carry: Any, data: Any, rows: Any) -> Any:
        state, total, key = carry
        key, now = jax.random.split(key)
        batch = [a[rows] for a in data]
        value, gradients = jax.value_and_grad(loss)(state[0], now, *batch)
        return update(state, gradients), total + value, key

    return step


def _order(task: Task, rows: int, steps: int, batch: int) -> Any:
    return task.order(rows)[: steps * batch].reshape(steps, batch)
