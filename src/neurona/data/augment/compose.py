"""Several augmentations as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.errors import ArgumentError


class Compose:
    """Apply augmentations one after the other, f_n(... f_2(f_1(x))).

    Shapes: x (B, H, W) or (B, H, W, C) -> what the last one returns.
    Args:
        steps: the augmentations in order, each a function of (x, rng).
    Raises:
        ArgumentError: a step that cannot be called.

    >>> from neurona.data.augment import RandomFlip
    >>> Compose(RandomFlip(), lambda x, rng: x / 255)(np.ones((2, 4, 4)), rng=0).shape
    (2, 4, 4)
    """

    def __init__(self, *steps: Callable[[np.ndarray, Any], np.ndarray]) -> None:
        for position, step in enumerate(steps):
            if not callable(step):
                raise ArgumentError(
                    f"step {position} of Compose is not a function.",
                    got=repr(step),
                    expected="functions of (x, rng), not a list of them",
                    hint="Compose(first, second)",
                )
        self.steps = steps

    def __call__(self, x: np.ndarray, rng: Any) -> np.ndarray:
        """Return the batch after all steps; `rng` is a Generator or a seed."""
        rng = np.random.default_rng(rng)  # one generator for all, also if a seed was given
        for step in self.steps:
            x = step(x, rng)
        return x
