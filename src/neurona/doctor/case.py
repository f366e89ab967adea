"""Case: what is to be examined, and facts of it that several rules need."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from neurona.core.tree import flatten


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A model with its data, before training.

    Attributes:
        model: compiled, or not.
        x, y, sample_weight: as `fit` would be given them, unchecked.
        validation: (x, y), or None.
        batch_size, epochs, shuffle: of the training that is planned.
    """

    model: Any
    x: Any = None
    y: Any = None
    sample_weight: Any = None
    validation: tuple[Any, Any] | None = None
    batch_size: int = 32
    epochs: int | None = None
    shuffle: bool = True

    @functools.cached_property
    def inputs(self) -> list[np.ndarray]:
        """The arrays of x."""
        return _arrays(self.x)

    @functools.cached_property
    def targets(self) -> list[np.ndarray]:
        """The arrays of y."""
        return _arrays(self.y)

    @functools.cached_property
    def layers(self) -> list[Any]:
        """All layers of the model, in the order of the forward pass where that is known."""
        return self.model.all_layers()


def _arrays(value: Any) -> list[np.ndarray]:
    return [] if value is None else [np.asarray(leaf) for leaf in flatten(value)[0]]
