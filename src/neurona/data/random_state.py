"""The seed of everything here that follows scikit-learn draw by draw: `random_state`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import ArgumentError, check_integer


def as_random_state(random_state: Any) -> np.random.RandomState:
    """Return a NumPy RandomState, the generator whose draws scikit-learn's results rest on.

    Args:
        random_state: None for NumPy's global generator, which `np.random.seed` and
            `nn.utils.set_random_seed` start, an integer in [0, 2**32) for the same numbers each
            time, or a RandomState, which is used and moved on.
    Raises:
        ArgumentError: for anything else.

    >>> int(as_random_state(0).randint(10))
    5
    """
    if random_state is None:
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return random_state
    seed = check_integer("random_state", random_state, minimum=0)
    if seed >= 2**32:
        raise ArgumentError(
            "random_state is too large.", got=repr(random_state), expected="less than 2**32"
        )
    return np.random.RandomState(seed)


def seed_or_drawn(seed: int | None) -> int:
    """Return a seed, 0 or more; without one, what NumPy's global generator draws.

    Raises:
        ArgumentError: if it is no such number.

    >>> seed_or_drawn(3)
    3
    """
    if seed is None:
        return int(as_random_state(None).randint(2**31))
    return check_integer("seed", seed, minimum=0)
