"""What recipes that learn by views share: what does not matter of a digit, and who looks."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.layers import Conv2D, Dense, Flatten, RandomRotation, RandomTranslation, RandomZoom
from neurona.models import Sequential
from neurona.zoo import SimCLR


def simclr(quick: bool = False, temperature: float = 0.1) -> SimCLR:
    """Return a network whose views of a digit are shifted, turned and stretched a little."""
    paper: Any = {"fill_mode": "constant"}
    views = Sequential(
        [
            RandomTranslation(0.1, 0.1, **paper),
            RandomRotation(0.05, **paper),  # 18 degrees: a 9 is no 6
            RandomZoom(0.2, 0.2, **paper),
        ],
        name="views",
    )
    return SimCLR(encoder(quick), views, width=16 if quick else 64, temperature=temperature)


def encoder(quick: bool = False) -> Sequential:
    """Return convolutions that halve a digit three times, and a layer: (B, 28, 28, 1) -> (B, D)."""
    filters, width = ((4, 8, 16), 32) if quick else ((32, 64, 128), 128)
    half: Any = {"strides": 2, "padding": "same", "activation": "relu"}
    return Sequential([*(Conv2D(f, 3, **half) for f in filters), Flatten(), Dense(width)])


def seen(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the representations of images (N, 28, 28), (N, D)."""
    return model.predict(x[..., None], batch_size=500, verbose=0)
